//! What a model's folder says: its files, and the encoder that they describe.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use candle_core::{DType, Device};
use candle_nn::VarBuilder;
use mem0_core::{Error, ErrorKind, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A folder that was read; the weights are still bytes.
pub struct Folder {
    path: PathBuf,
    pub(crate) provider: &'static str,
    /// `config.json`.
    pub architecture: Architecture,
    /// The longest text, in tokens.
    pub max_tokens: usize,
    /// Whether texts become lower case before they become tokens.
    pub lower_case: bool,
    /// `tokenizer.json`.
    pub tokenizer: Vec<u8>,
    /// `model.safetensors`; empty once they were [loaded](Folder::load).
    pub weights: Vec<u8>,
}

impl fmt::Debug for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Folder")
            .field("path", &self.path)
            .field("architecture", &self.architecture)
            .finish_non_exhaustive()
    }
}

/// `config.json`, as far as it matters here.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Architecture {
    model_type: Family,
    pub(crate) vocab_size: u32,
    pub(crate) hidden_size: usize,
    pub(crate) num_hidden_layers: usize,
    pub(crate) num_attention_heads: usize,
    pub(crate) intermediate_size: usize,
    pub(crate) max_position_embeddings: usize,
    pub(crate) type_vocab_size: usize,
    #[serde(default)]
    pub(crate) hidden_act: Activation,
    #[serde(default = "usual_eps")]
    pub(crate) layer_norm_eps: f64,
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
pub(crate) enum Activation {
    #[default]
    #[serde(rename = "gelu")]
    Gelu,
    #[serde(rename = "gelu_tanh", alias = "gelu_new", alias = "gelu_pytorch_tanh")]
    GeluTanh,
    #[serde(rename = "relu")]
    Relu,
}

fn usual_eps() -> f64 {
    1e-12
}

impl Architecture {
    /// The length of a state.
    #[must_use]
    pub fn hidden_size(&self) -> usize {
        self.hidden_size
    }

    pub(crate) fn padding(&self) -> u32 {
        self.pad_token_id.unwrap_or(u32::from(self.model_type != Family::Bert))
    }

    /// RoBERTa counts its positions from behind the padding token's id.
    pub(crate) fn first_position(&self) -> usize {
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
    /// Reads all files but those that are not there and need not be. Errors are
    /// those of `provider`.
    ///
    /// # Errors
    /// `Config` for a missing file or a model of another kind, `Corrupt` for a
    /// damaged one. Both name the file.
    pub fn read(path: &Path, provider: &'static str) -> Result<Self> {
        let place = Place { folder: path, provider };
        let mut folder = Self {
            path: path.to_owned(),
            provider,
            architecture: architecture(&place)?,
            max_tokens: 0,
            lower_case: false,
            tokenizer: Vec::new(),
            weights: Vec::new(),
        };
        folder.read_lengths()?;
        folder.tokenizer = place.needed("tokenizer.json", "save it with a \"fast\" tokenizer of transformers")?;
        folder.weights = place.needed("model.safetensors", "save the model with safe_serialization, as one file")?;
        Ok(folder)
    }

    /// Makes a model of the weights, in f32.
    ///
    /// # Errors
    /// `Corrupt` if they are not what `build` expects.
    pub fn load<T>(
        &mut self,
        build: impl FnOnce(&Architecture, VarBuilder<'_>) -> candle_core::Result<T>,
    ) -> Result<T> {
        let weights = std::mem::take(&mut self.weights);
        VarBuilder::from_buffered_safetensors(weights, DType::F32, &Device::Cpu)
            .and_then(|weights| build(&self.architecture, weights))
            .map_err(|error| {
                let message = "the weights are damaged, or not those that config.json describes; get both files again";
                self.corrupt("model.safetensors", message, error)
            })
    }

    /// A JSON file that need not be there.
    ///
    /// # Errors
    /// `Corrupt` if it is something else, `Config` if it cannot be read.
    pub fn optional<T: DeserializeOwned>(&self, file: &str) -> Result<Option<T>> {
        self.place().optional(file)
    }

    fn place(&self) -> Place<'_> {
        Place { folder: &self.path, provider: self.provider }
    }

    /// The longest text and the case: as sentence-transformers has it, else as
    /// the tokenizer has it, else all positions.
    fn read_lengths(&mut self) -> Result<()> {
        let sentence: SentenceFile = self.optional("sentence_bert_config.json")?.unwrap_or_default();
        let tokenizer: TokenizerFile = self.optional("tokenizer_config.json")?.unwrap_or_default();
        let architecture = &self.architecture;
        let positions = architecture.max_position_embeddings.saturating_sub(architecture.first_position());
        // Written as 1e30 where there is no limit.
        let wanted = sentence.max_seq_length.or(tokenizer.model_max_length).unwrap_or(f64::INFINITY);
        self.max_tokens = if wanted < positions as f64 { wanted as usize } else { positions };
        self.lower_case = sentence.do_lower_case;
        Ok(())
    }

    /// An error about one of its files.
    #[must_use]
    pub fn error(&self, kind: ErrorKind, file: &str, message: &'static str) -> Error {
        self.place().error(kind, file, message)
    }

    /// An error about a damaged file.
    #[must_use]
    pub fn corrupt(
        &self,
        file: &str,
        message: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Error {
        self.error(ErrorKind::Corrupt, file, message).with_source(source)
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

/// The configured name of a model, else its folder's.
#[must_use]
pub fn label(model: Option<&str>, path: &Path) -> String {
    let folder = || path.file_name().map_or_else(|| "model".to_owned(), |name| name.to_string_lossy().into_owned());
    model.filter(|name| !name.is_empty()).map_or_else(folder, str::to_owned)
}

/// Reads `config.json`, after a look at the one word that says whether the
/// rest can be read at all.
fn architecture(place: &Place<'_>) -> Result<Architecture> {
    #[derive(Deserialize)]
    struct Kind {
        model_type: Option<String>,
        position_embedding_type: Option<String>,
    }
    const FILE: &str = "config.json";
    let bytes = place.needed(FILE, "is this the folder of a transformer model?")?;
    let kind: Kind = place.parse(FILE, &bytes)?;
    let family = serde_json::Value::from(kind.model_type.as_deref().unwrap_or_default());
    if serde_json::from_value::<Family>(family).is_err() {
        return Err(place
            .error(ErrorKind::Config, FILE, "an architecture that is not built in")
            .with_context("model_type", kind.model_type.unwrap_or_default())
            .with_context("known", FAMILIES));
    }
    if kind.position_embedding_type.is_some_and(|kind| kind != "absolute") {
        return Err(place.error(ErrorKind::Config, FILE, "only absolute positions are built in"));
    }
    let architecture: Architecture = place.parse(FILE, &bytes)?;
    architecture.check().map_err(|message| place.error(ErrorKind::Corrupt, FILE, message))?;
    Ok(architecture)
}

/// Where files are, and whose errors theirs are.
struct Place<'a> {
    folder: &'a Path,
    provider: &'static str,
}

impl Place<'_> {
    fn needed(&self, file: &str, hint: &'static str) -> Result<Vec<u8>> {
        let missing =
            || self.error(ErrorKind::Config, file, "the model's folder lacks a file").with_context("hint", hint);
        self.bytes(file)?.ok_or_else(missing)
    }

    fn optional<T: DeserializeOwned>(&self, file: &str) -> Result<Option<T>> {
        self.bytes(file)?.map(|bytes| self.parse(file, &bytes)).transpose()
    }

    fn bytes(&self, file: &str) -> Result<Option<Vec<u8>>> {
        match fs::read(self.folder.join(file)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
            Err(source) => {
                Err(self.error(ErrorKind::Config, file, "a file of the model cannot be read").with_source(source))
            }
        }
    }

    fn parse<T: DeserializeOwned>(&self, file: &str, bytes: &[u8]) -> Result<T> {
        serde_json::from_slice(bytes).map_err(|source| {
            self.error(ErrorKind::Corrupt, file, "not the JSON that is expected; get the file again")
                .with_source(source)
        })
    }

    fn error(&self, kind: ErrorKind, file: &str, message: &'static str) -> Error {
        Error::new(kind, message)
            .with_provider(self.provider)
            .with_operation("open")
            .with_context("file", self.folder.join(file).display())
    }
}
