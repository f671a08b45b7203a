//! Vector stores.

#[cfg(feature = "pgvector")]
pub mod pgvector;
#[cfg(feature = "sqlite")]
pub mod sqlite;
