//! The settings of the embedded vector store.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// How the embedded vector store is set up. Unknown keys are refused.
///
/// ```
/// use mem0_stores::vector::sqlite::SqliteVectorConfig;
///
/// let config: SqliteVectorConfig = serde_json::from_str(r#"{"cache_bytes": 1048576}"#)?;
/// assert_eq!(config.path, None);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct SqliteVectorConfig {
    /// The database file. None, the default: the same file as the ledger's.
    pub path: Option<PathBuf>,
    /// How many bytes of compact rows stay in memory between searches; 64 MiB
    /// by default, about 220,000 rows of 256 dimensions. A scope that is larger
    /// is read from the file by each search.
    pub cache_bytes: usize,
}

impl Default for SqliteVectorConfig {
    fn default() -> Self {
        Self { path: None, cache_bytes: 64 << 20 }
    }
}

impl SqliteVectorConfig {
    /// Sets how many bytes of compact rows stay in memory.
    #[must_use]
    pub fn with_cache_bytes(mut self, bytes: usize) -> Self {
        self.cache_bytes = bytes;
        self
    }
}
