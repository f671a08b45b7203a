//! Vector stores.

#[cfg(feature = "chroma")]
pub mod chroma;
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
#[cfg(feature = "weaviate")]
pub mod weaviate;
