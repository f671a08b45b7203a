//! Settings of the `local` provider.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The model that ships inside the crate.
pub const SHIPPED_MODEL: &str = "minilm-static-256";

/// Settings of the `local` provider. All have a default.
///
/// ```
/// use mem0_embedders::local::LocalConfig;
///
/// let config: LocalConfig = serde_json::from_str("{}")?;
/// assert_eq!(config.model, "minilm-static-256");
/// assert!(serde_json::from_str::<LocalConfig>(r#"{"modle": "x"}"#).is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct LocalConfig {
    /// The name of the model; part of the identity that a collection keeps.
    /// Without a `model_path` only [`SHIPPED_MODEL`] exists.
    pub model: String,
    /// A file made by `cargo xtask distill`, to be used in place of the
    /// shipped one. Give it a
    /// `model` name of its own.
    pub model_path: Option<PathBuf>,
    /// The dimensions that the caller counts on. Checked, never changed: a
    /// static model has the dimensions that it was made with.
    pub embedding_dims: Option<usize>,
}

impl Default for LocalConfig {
    fn default() -> Self {
        Self { model: SHIPPED_MODEL.to_owned(), model_path: None, embedding_dims: None }
    }
}
