//! Settings of the `cross_encoder` provider.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Settings of the `cross_encoder` provider.
///
/// ```
/// use mem0_rerank::cross_encoder::CrossEncoderConfig;
///
/// let config: CrossEncoderConfig = serde_json::from_str(r#"{"path": "models/ms-marco-MiniLM-L6-v2"}"#)?;
/// assert_eq!(config.batch_tokens, 2_048);
/// assert!(serde_json::from_str::<CrossEncoderConfig>(r#"{"pth": "x"}"#).is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct CrossEncoderConfig {
    /// The folder of the model; needed. The module's documentation says what
    /// is in it and how to get one.
    pub path: Option<PathBuf>,
    /// The name of the model. Without it the name of the folder.
    pub model: Option<String>,
    /// The longest question and document together, in tokens. Without it, or
    /// where the model reads less, what the folder says.
    pub max_length: Option<usize>,
    /// Tokens that are worked on at once: more need more memory, fewer are
    /// slower. At least 1; a longer pair is worked on alone.
    pub batch_tokens: usize,
    /// Threads of this reranker, 1 to 256. Without it one for each core. One
    /// pair is always the work of one thread.
    pub threads: Option<usize>,
    /// The Python library's key; accepted and without effect: the processor
    /// does the work.
    pub device: Option<String>,
    /// As `device`: here `batch_tokens` decides.
    pub batch_size: Option<usize>,
    /// As `device`.
    pub show_progress_bar: Option<bool>,
    /// The Python library's number of documents that are kept; accepted and
    /// without effect: every document has a score here, and a search has its own
    /// limit.
    pub top_k: Option<usize>,
}

impl Default for CrossEncoderConfig {
    fn default() -> Self {
        Self {
            path: None,
            model: None,
            max_length: None,
            batch_tokens: 2_048,
            threads: None,
            device: None,
            batch_size: None,
            show_progress_bar: None,
            top_k: None,
        }
    }
}

impl CrossEncoderConfig {
    /// The model in this folder, everything else by default.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: Some(path.into()), ..Self::default() }
    }
}
