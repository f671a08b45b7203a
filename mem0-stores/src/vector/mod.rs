//! Vector stores.

#[cfg(feature = "cassandra")]
pub mod cassandra;
#[cfg(feature = "milvus")]
pub mod milvus;
#[cfg(feature = "pgvector")]
pub mod pgvector;
#[cfg(feature = "redis")]
pub mod redis;
#[cfg(feature = "sqlite")]
pub mod sqlite;
