//! What a model's folder says: its files, and how they turn a text into a
//! vector.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use mem0_core::{Error, ErrorKind, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::config::TransformerConfig;

/// A folder that was read; the weights are still bytes.
pub(super) struct Folder {
    path: PathBuf,
    pub(super) weights: Vec<u8>,
    pub(super) tokenizer: Vec<u8>,
    pub(super) recipe: Recipe,
    pub(super) query_prefix: String,
}

/// Everything beside weights and tokenizer that decides a stored vector.
#[derive(Debug, Serialize)]
pub(super) struct Recipe {
    pub(super) architecture: Architecture,
    pub(super) pooling: Pooling,
    pub(super) max_tokens: usize,
    pub(super) lower_case: bool,
    pub(super) document_prefix: String,
}

/// `config.json`, as far as it matters here.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Architecture {
    model_type: Family,
    pub(super) vocab_size: u32,
    pub(super) hidden_size: usize,
    pub(super) num_hidden_layers: usize,
    pub(super) num_attention_heads: usize,
    pub(super) intermediate_size: usize,
    pub(super) max_position_embeddings: usize,
    pub(super) type_vocab_size: usize,
    #[serde(default)]
    pub(super) hidden_act: Activation,
    #[serde(default = "usual_eps")]
    pub(super) layer_norm_eps: f64,
    pad_token_id: Option<u32>,
}

/// The architectures that are built in: one encoder, and two ways to count
/// positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Family {
    Bert,
    Roberta,
    XlmRoberta,
    Camembert,
}

const FAMILIES: &str = "bert, roberta, xlm-roberta, camembert";

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) enum Activation {
    #[default]
    #[serde(rename = "gelu")]
    Gelu,
    #[serde(rename = "gelu_tanh", alias = "gelu_new", alias = "gelu_pytorch_tanh")]
    GeluTanh,
    #[serde(rename = "relu")]
    Relu,
}

/// How the vectors of a text's tokens become one.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) enum Pooling {
    Mean,
    /// The first token's.
    Cls,
}

fn usual_eps() -> f64 {
    1e-12
}

impl Architecture {
    pub(super) fn padding(&self) -> u32 {
        self.pad_token_id.unwrap_or(u32::from(self.model_type != Family::Bert))
    }

    /// RoBERTa counts its positions from behind the padding token's id.
    pub(super) fn first_position(&self) -> usize {
        if self.model_type == Family::Bert { 0 } else { (self.padding() as usize).saturating_add(1) }
    }

    /// What would divide by zero or never end is refused here; every other
    /// number is checked against the weights.
    fn check(&self) -> std::result::Result<(), &'static str> {
        if self.hidden_size == 0 || self.num_attention_heads == 0 {
            return Err("hidden_size and num_attention_heads cannot be 0");
        }
        if !self.hidden_size.is_multiple_of(self.num_attention_heads) {
            return Err("hidden_size is no multiple of num_attention_heads");
        }
        if !(self.layer_norm_eps > 0.0 && self.layer_norm_eps < 1.0) {
            return Err("layer_norm_eps is not between 0 and 1");
        }
        if self.first_position() >= self.max_position_embeddings {
            return Err("max_position_embeddings leaves no position");
        }
        if self.padding() >= self.vocab_size {
            return Err("pad_token_id is not in the vocabulary");
        }
        Ok(())
    }
}

impl Folder {
    /// Reads all files but those that are not there and need not be.
    pub(super) fn read(path: &Path, config: &TransformerConfig) -> Result<Self> {
        let mut folder = Self {
            path: path.to_owned(),
            weights: Vec::new(),
            tokenizer: Vec::new(),
            recipe: Recipe {
                architecture: architecture(path)?,
                pooling: Pooling::Mean,
                max_tokens: 0,
                lower_case: false,
                document_prefix: String::new(),
            },
            query_prefix: String::new(),
        };
        folder.recipe.pooling = folder.pooling()?;
        folder.read_lengths()?;
        folder.read_prefixes(config)?;
        folder.tokenizer = needed(path, "tokenizer.json", "save it with a \"fast\" tokenizer of transformers")?;
        folder.weights = needed(path, "model.safetensors", "save the model with safe_serialization, as one file")?;
        Ok(folder)
    }

    /// blake3 over everything that decides a stored vector.
    pub(super) fn digest(&self) -> Result<String> {
        let recipe = serde_json::to_vec(&self.recipe)
            .map_err(|error| self.error(ErrorKind::Internal, "config.json", "no digest").with_source(error))?;
        let mut hasher = blake3::Hasher::new();
        for part in [&recipe, &self.tokenizer, &self.weights] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        Ok(hasher.finalize().to_hex().to_string())
    }

    /// By the modules of sentence-transformers, else the mean.
    fn pooling(&self) -> Result<Pooling> {
        let modules: Vec<Module> = optional(&self.path, "modules.json")?.unwrap_or_default();
        let mut at = "1_Pooling";
        for module in &modules {
            match module.kind.rsplit('.').next().unwrap_or_default() {
                "Transformer" if module.path.is_empty() => {}
                "Transformer" => {
                    let message = "the transformer lies in a folder below: give that one as path, with modules.json \
                                   and the folder of the pooling moved into it";
                    return Err(self.error(ErrorKind::Config, "modules.json", message));
                }
                "Pooling" => at = &module.path,
                // Every vector gets length 1 here in any case; dropout is for
                // training.
                "Normalize" | "Dropout" => {}
                other => {
                    let message = "a module that is not supported; known are Transformer, Pooling, Normalize";
                    return Err(self.error(ErrorKind::Config, "modules.json", message).with_context("module", other));
                }
            }
        }
        let file = format!("{at}/config.json");
        let Some(config): Option<PoolingFile> = optional(&self.path, &file)? else { return Ok(Pooling::Mean) };
        let modes = [
            (config.pooling_mode_cls_token, "cls"),
            (config.pooling_mode_mean_tokens, "mean"),
            (config.pooling_mode_mean_sqrt_len_tokens, "mean_sqrt_len_tokens"),
            (config.pooling_mode_max_tokens, "max"),
            (config.pooling_mode_weightedmean_tokens, "weightedmean"),
            (config.pooling_mode_lasttoken, "lasttoken"),
        ];
        let modes = modes.into_iter().filter(|(on, _)| *on).map(|(_, mode)| mode);
        let modes: Vec<&str> = modes.chain(config.pooling_mode.as_deref()).collect();
        match modes.as_slice() {
            ["cls"] if config.include_prompt => Ok(Pooling::Cls),
            // The two differ by a factor, which goes when the length becomes 1.
            ["mean" | "mean_sqrt_len_tokens"] if config.include_prompt => Ok(Pooling::Mean),
            _ => {
                let message = "a pooling that is not supported; known are cls and mean, one of them, over the whole \
                               text with its prompt";
                Err(self.error(ErrorKind::Config, &file, message).with_context("pooling", modes.join(", ")))
            }
        }
    }

    /// The longest text and the case: as sentence-transformers has it, else as
    /// the tokenizer has it, else all positions.
    fn read_lengths(&mut self) -> Result<()> {
        let sentence: SentenceFile = optional(&self.path, "sentence_bert_config.json")?.unwrap_or_default();
        let tokenizer: TokenizerFile = optional(&self.path, "tokenizer_config.json")?.unwrap_or_default();
        let architecture = &self.recipe.architecture;
        let positions = architecture.max_position_embeddings.saturating_sub(architecture.first_position());
        // Written as 1e30 where there is no limit.
        let wanted = sentence.max_seq_length.or(tokenizer.model_max_length).unwrap_or(f64::INFINITY);
        self.recipe.max_tokens = if wanted < positions as f64 { wanted as usize } else { positions };
        self.recipe.lower_case = sentence.do_lower_case;
        Ok(())
    }

    /// As configured, else as sentence-transformers has it.
    fn read_prefixes(&mut self, config: &TransformerConfig) -> Result<()> {
        let file: PromptsFile = optional(&self.path, "config_sentence_transformers.json")?.unwrap_or_default();
        let prompt = |names: &[&str]| {
            let named = names.iter().copied().chain(file.default_prompt_name.as_deref());
            named.filter_map(|name| file.prompts.get(name)).next().cloned().unwrap_or_default()
        };
        self.query_prefix = config.query_prefix.clone().unwrap_or_else(|| prompt(&["query"]));
        self.recipe.document_prefix =
            config.document_prefix.clone().unwrap_or_else(|| prompt(&["document", "passage", "corpus"]));
        Ok(())
    }

    pub(super) fn error(&self, kind: ErrorKind, file: &str, message: &'static str) -> Error {
        error(kind, &self.path, file, message)
    }

    pub(super) fn corrupt(
        &self,
        file: &str,
        message: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Error {
        self.error(ErrorKind::Corrupt, file, message).with_source(source)
    }
}

#[derive(Deserialize)]
struct Module {
    #[serde(default)]
    path: String,
    #[serde(rename = "type")]
    kind: String,
}

/// Older files have a switch for each mode, newer ones a name.
#[derive(Deserialize)]
#[serde(default)]
struct PoolingFile {
    pooling_mode: Option<String>,
    pooling_mode_cls_token: bool,
    pooling_mode_mean_tokens: bool,
    pooling_mode_mean_sqrt_len_tokens: bool,
    pooling_mode_max_tokens: bool,
    pooling_mode_weightedmean_tokens: bool,
    pooling_mode_lasttoken: bool,
    include_prompt: bool,
}

impl Default for PoolingFile {
    fn default() -> Self {
        Self {
            pooling_mode: None,
            pooling_mode_cls_token: false,
            pooling_mode_mean_tokens: false,
            pooling_mode_mean_sqrt_len_tokens: false,
            pooling_mode_max_tokens: false,
            pooling_mode_weightedmean_tokens: false,
            pooling_mode_lasttoken: false,
            include_prompt: true,
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SentenceFile {
    max_seq_length: Option<f64>,
    do_lower_case: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct TokenizerFile {
    model_max_length: Option<f64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PromptsFile {
    prompts: BTreeMap<String, String>,
    default_prompt_name: Option<String>,
}

/// Reads `config.json`, after a look at the one word that says whether the
/// rest can be read at all.
fn architecture(folder: &Path) -> Result<Architecture> {
    #[derive(Deserialize)]
    struct Kind {
        model_type: Option<String>,
        position_embedding_type: Option<String>,
    }
    const FILE: &str = "config.json";
    let bytes = needed(folder, FILE, "is this the folder of a transformer model?")?;
    let kind: Kind = parse(folder, FILE, &bytes)?;
    let family = serde_json::Value::from(kind.model_type.as_deref().unwrap_or_default());
    if serde_json::from_value::<Family>(family).is_err() {
        return Err(error(ErrorKind::Config, folder, FILE, "an architecture that is not built in")
            .with_context("model_type", kind.model_type.unwrap_or_default())
            .with_context("known", FAMILIES));
    }
    if kind.position_embedding_type.is_some_and(|kind| kind != "absolute") {
        return Err(error(ErrorKind::Config, folder, FILE, "only absolute positions are built in"));
    }
    let architecture: Architecture = parse(folder, FILE, &bytes)?;
    architecture.check().map_err(|message| error(ErrorKind::Corrupt, folder, FILE, message))?;
    Ok(architecture)
}

fn needed(folder: &Path, file: &str, hint: &'static str) -> Result<Vec<u8>> {
    let missing =
        || error(ErrorKind::Config, folder, file, "the model's folder lacks a file").with_context("hint", hint);
    bytes(folder, file)?.ok_or_else(missing)
}

fn optional<T: DeserializeOwned>(folder: &Path, file: &str) -> Result<Option<T>> {
    bytes(folder, file)?.map(|bytes| parse(folder, file, &bytes)).transpose()
}

fn bytes(folder: &Path, file: &str) -> Result<Option<Vec<u8>>> {
    match fs::read(folder.join(file)) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(source) => {
            Err(error(ErrorKind::Config, folder, file, "a file of the model cannot be read").with_source(source))
        }
    }
}

fn parse<T: DeserializeOwned>(folder: &Path, file: &str, bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|source| {
        error(ErrorKind::Corrupt, folder, file, "not the JSON that is expected; get the file again").with_source(source)
    })
}

fn error(kind: ErrorKind, folder: &Path, file: &str, message: &'static str) -> Error {
    Error::new(kind, message)
        .with_provider(super::PROVIDER)
        .with_operation("open")
        .with_context("file", folder.join(file).display())
}
