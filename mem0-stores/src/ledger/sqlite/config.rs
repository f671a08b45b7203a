//! The section of the configuration that opens this ledger.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{SqliteOptions, Synchronous};

/// How the ledger is opened.
///
/// ```
/// use mem0_stores::ledger::sqlite::config::SqliteLedgerConfig;
///
/// let config: SqliteLedgerConfig = serde_json::from_str(r#"{"path": "mem0.db"}"#)?;
/// assert_eq!(config.busy_timeout_ms, 5000);
/// assert!(serde_json::from_str::<SqliteLedgerConfig>(r#"{"path": "x", "wal": true}"#).is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct SqliteLedgerConfig {
    /// The file, `mem0.db` by default; it and its folder are created if needed.
    /// `:memory:` keeps everything in memory.
    pub path: PathBuf,
    /// `full`, the default: a commit that returned survives a loss of power.
    /// `normal`: it survives a kill of the process; a loss of power may take
    /// the last few commits back. Faster.
    pub synchronous: Synchronous,
    /// How long to wait for another process that writes, in milliseconds;
    /// 5000 by default.
    pub busy_timeout_ms: u64,
}

impl Default for SqliteLedgerConfig {
    fn default() -> Self {
        Self { path: "mem0.db".into(), synchronous: Synchronous::default(), busy_timeout_ms: 5000 }
    }
}

impl SqliteLedgerConfig {
    /// This file, with the defaults.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), ..Self::default() }
    }

    /// How to open the file.
    #[must_use]
    pub fn options(&self) -> SqliteOptions {
        SqliteOptions::default()
            .with_synchronous(self.synchronous)
            .with_busy_timeout(Duration::from_millis(self.busy_timeout_ms))
    }
}
