//! What several stores of this crate are built on.

#[cfg(any(
    feature = "elasticsearch",
    feature = "opensearch",
    feature = "pgvector",
    feature = "redis",
    feature = "sqlite"
))]
pub(crate) mod collection;
#[cfg(any(feature = "elasticsearch", feature = "opensearch"))]
pub(crate) mod lucene;
#[cfg(feature = "postgres-pool")]
pub(crate) mod postgres;
#[cfg(feature = "sqlite")]
pub(crate) mod sqlite;
#[cfg(any(feature = "elasticsearch", feature = "opensearch", feature = "redis"))]
pub(crate) mod terms;
