//! What several stores of this crate are built on.

#[cfg(any(
    feature = "chroma",
    feature = "elasticsearch",
    feature = "opensearch",
    feature = "pgvector",
    feature = "redis",
    feature = "sqlite",
    feature = "weaviate"
))]
pub(crate) mod collection;
#[cfg(any(feature = "chroma", feature = "weaviate"))]
pub(crate) mod http;
#[cfg(any(feature = "elasticsearch", feature = "opensearch"))]
pub(crate) mod lucene;
#[cfg(feature = "pgvector")]
pub(crate) mod postgres;
#[cfg(any(feature = "chroma", feature = "redis", feature = "weaviate"))]
pub(crate) mod search;
#[cfg(feature = "sqlite")]
pub(crate) mod sqlite;
#[cfg(any(
    feature = "chroma",
    feature = "elasticsearch",
    feature = "opensearch",
    feature = "redis",
    feature = "weaviate"
))]
pub(crate) mod terms;
