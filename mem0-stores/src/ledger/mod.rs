//! Ledgers: the append-only logs that are the truth.

#[cfg(feature = "sqlite")]
pub mod sqlite;
