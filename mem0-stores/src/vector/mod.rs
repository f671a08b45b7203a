//! Vector stores.

#[cfg(feature = "sqlite")]
pub mod sqlite;
