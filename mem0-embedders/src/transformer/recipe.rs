//! What a model's folder says of embeddings: how the states of a text become a
//! vector, and what stands before the texts.

use std::collections::BTreeMap;

use mem0_core::{ErrorKind, Result};
use mem0_transformer::{Architecture, Folder};
use serde::{Deserialize, Serialize};

use super::config::TransformerConfig;

/// Everything beside weights and tokenizer that decides a stored vector.
#[derive(Debug, Serialize)]
pub(super) struct Recipe {
    architecture: Architecture,
    pub(super) pooling: Pooling,
    max_tokens: usize,
    lower_case: bool,
    pub(super) document_prefix: String,
}

/// How the vectors of a text's tokens become one.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) enum Pooling {
    Mean,
    /// The first token's.
    Cls,
}

impl Recipe {
    /// The recipe, and what stands before questions.
    pub(super) fn read(folder: &Folder, config: &TransformerConfig) -> Result<(Self, String)> {
        let (query_prefix, document_prefix) = prefixes(folder, config)?;
        let recipe = Self {
            architecture: folder.architecture.clone(),
            pooling: pooling(folder)?,
            max_tokens: folder.max_tokens,
            lower_case: folder.lower_case,
            document_prefix,
        };
        Ok((recipe, query_prefix))
    }

    /// blake3 over everything that decides a stored vector.
    pub(super) fn digest(&self, folder: &Folder) -> Result<String> {
        let recipe = serde_json::to_vec(self)
            .map_err(|error| folder.error(ErrorKind::Internal, "config.json", "no digest").with_source(error))?;
        let mut hasher = blake3::Hasher::new();
        for part in [&recipe, &folder.tokenizer, &folder.weights] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        Ok(hasher.finalize().to_hex().to_string())
    }
}

/// By the modules of sentence-transformers, else the mean.
fn pooling(folder: &Folder) -> Result<Pooling> {
    let modules: Vec<Module> = folder.optional("modules.json")?.unwrap_or_default();
    let mut at = "1_Pooling";
    for module in &modules {
        match module.kind.rsplit('.').next().unwrap_or_default() {
            "Transformer" if module.path.is_empty() => {}
            "Transformer" => {
                let message = "the transformer lies in a folder below: give that one as path, with modules.json \
                               and the folder of the pooling moved into it";
                return Err(folder.error(ErrorKind::Config, "modules.json", message));
            }
            "Pooling" => at = &module.path,
            // Every vector gets length 1 here in any case; dropout is for
            // training.
            "Normalize" | "Dropout" => {}
            other => {
                let message = "a module that is not supported; known are Transformer, Pooling, Normalize";
                return Err(folder.error(ErrorKind::Config, "modules.json", message).with_context("module", other));
            }
        }
    }
    let file = format!("{at}/config.json");
    let Some(config): Option<PoolingFile> = folder.optional(&file)? else { return Ok(Pooling::Mean) };
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
            Err(folder.error(ErrorKind::Config, &file, message).with_context("pooling", modes.join(", ")))
        }
    }
}

/// What stands before questions and before stored texts: as configured, else as
/// sentence-transformers has it.
fn prefixes(folder: &Folder, config: &TransformerConfig) -> Result<(String, String)> {
    let file: PromptsFile = folder.optional("config_sentence_transformers.json")?.unwrap_or_default();
    let prompt = |names: &[&str]| {
        let named = names.iter().copied().chain(file.default_prompt_name.as_deref());
        named.filter_map(|name| file.prompts.get(name)).next().cloned().unwrap_or_default()
    };
    let or = |configured: &Option<String>, names: &[&str]| configured.clone().unwrap_or_else(|| prompt(names));
    Ok((or(&config.query_prefix, &["query"]), or(&config.document_prefix, &["document", "passage", "corpus"])))
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
struct PromptsFile {
    prompts: BTreeMap<String, String>,
    default_prompt_name: Option<String>,
}
