//! Vector stores.

#[cfg(feature = "elasticsearch")]
pub mod elasticsearch;
#[cfg(feature = "opensearch")]
pub mod opensearch;
#[cfg(feature = "pgvector")]
pub mod pgvector;
#[cfg(feature = "redis")]
pub mod redis;
#[cfg(feature = "sqlite")]
pub mod sqlite;
