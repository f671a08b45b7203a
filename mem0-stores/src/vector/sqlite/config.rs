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
    /// From how many rows of one exact scope on a graph is built over them, beside
    /// the running service; None, the default: never.
    ///
    /// With a graph, a search without a filter for up to 200 points may miss a few
    /// (less than one in a hundred where it was measured); what it finds has
    /// exact scores. Any other search scans as before. It pays from about
    /// 100,000 rows on (`benches/README.md`). A graph takes about 440 bytes a row
    /// of 256 dimensions, beside 300 for the row itself, and is only built where
    /// both take up to three quarters of [`cache_bytes`](Self::cache_bytes): set
    /// that to 1,000 bytes for each row. A graph is not kept in the file.
    pub graph_from: Option<usize>,
}

impl Default for SqliteVectorConfig {
    fn default() -> Self {
        Self { path: None, cache_bytes: 64 << 20, graph_from: None }
    }
}

impl SqliteVectorConfig {
    /// Sets how many bytes of compact rows stay in memory.
    #[must_use]
    pub fn with_cache_bytes(mut self, bytes: usize) -> Self {
        self.cache_bytes = bytes;
        self
    }

    /// Sets from how many rows of one exact scope on a graph is built.
    #[must_use]
    pub fn with_graph_from(mut self, rows: usize) -> Self {
        self.graph_from = Some(rows);
        self
    }
}
