//! What several stores of this crate are built on.

#[cfg(any(feature = "cassandra", feature = "milvus", feature = "pgvector", feature = "redis", feature = "sqlite"))]
pub(crate) mod collection;
#[cfg(feature = "pgvector")]
pub(crate) mod postgres;
#[cfg(feature = "sqlite")]
pub(crate) mod sqlite;
#[cfg(any(feature = "cassandra", feature = "milvus", feature = "redis"))]
pub(crate) mod terms;
#[cfg(any(feature = "cassandra", feature = "pgvector"))]
pub(crate) mod tls;
