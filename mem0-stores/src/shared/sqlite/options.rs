//! How a file is opened.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// When a commit counts as done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Synchronous {
    /// When it is on the disk: it survives a loss of power.
    #[default]
    Full,
    /// When the operating system has it: it survives a kill of the process,
    /// but a loss of power or a crash of the machine may take the last few
    /// commits back. The file stays whole either way. Several times faster
    /// for single commits.
    Normal,
}

/// How [`SqliteDb::open`](super::SqliteDb::open) opens a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SqliteOptions {
    /// When a commit counts as done; on the disk by default.
    pub synchronous: Synchronous,
    /// How long to wait for another process that writes; 5 seconds by default.
    pub busy_timeout: Duration,
    /// How many reads run at once, at least 1; 4 by default.
    pub readers: usize,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self { synchronous: Synchronous::Full, busy_timeout: Duration::from_secs(5), readers: 4 }
    }
}

impl SqliteOptions {
    /// Sets when a commit counts as done.
    #[must_use]
    pub fn with_synchronous(mut self, synchronous: Synchronous) -> Self {
        self.synchronous = synchronous;
        self
    }

    /// Sets how long to wait for another process that writes.
    #[must_use]
    pub fn with_busy_timeout(mut self, timeout: Duration) -> Self {
        self.busy_timeout = timeout;
        self
    }

    /// Sets how many reads run at once.
    #[must_use]
    pub fn with_readers(mut self, readers: usize) -> Self {
        self.readers = readers;
        self
    }
}
