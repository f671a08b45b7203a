//! Settings of the `transformer` provider.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Settings of the `transformer` provider.
///
/// ```
/// use mem0_embedders::transformer::TransformerConfig;
///
/// let config: TransformerConfig = serde_json::from_str(r#"{"path": "models/all-MiniLM-L6-v2"}"#)?;
/// assert_eq!(config.batch_tokens, 2_048);
/// assert!(serde_json::from_str::<TransformerConfig>(r#"{"pth": "x"}"#).is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct TransformerConfig {
    /// The folder of the model; needed. The module's documentation says what
    /// is in it and how to get one.
    pub path: Option<PathBuf>,
    /// The name of the model; part of the identity that a collection keeps.
    /// Without it the name of the folder.
    pub model: Option<String>,
    /// The dimensions that the caller counts on. Checked, never changed.
    pub embedding_dims: Option<usize>,
    /// What stands before every question. Without it what the folder says,
    /// else nothing.
    pub query_prefix: Option<String>,
    /// What stands before every stored text. Without it what the folder says,
    /// else nothing. Part of the identity, since it changes what is stored.
    pub document_prefix: Option<String>,
    /// Tokens that are worked on at once: more need more memory, fewer are
    /// slower. At least 1; a longer text is worked on alone.
    pub batch_tokens: usize,
    /// Threads of this embedder, 1 to 256. Without it one for each core. One
    /// text is always the work of one thread.
    pub threads: Option<usize>,
}

impl Default for TransformerConfig {
    fn default() -> Self {
        Self {
            path: None,
            model: None,
            embedding_dims: None,
            query_prefix: None,
            document_prefix: None,
            batch_tokens: 2_048,
            threads: None,
        }
    }
}

impl TransformerConfig {
    /// The model in this folder, everything else by default.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: Some(path.into()), ..Self::default() }
    }
}
