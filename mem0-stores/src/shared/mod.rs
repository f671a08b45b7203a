//! What several stores of this crate are built on.
// A store uses its share; with all of them nothing here may be left over.
#![cfg_attr(
    not(all(
        feature = "cassandra",
        feature = "chroma",
        feature = "milvus",
        feature = "opensearch",
        feature = "pgvector",
        feature = "qdrant",
        feature = "redis",
        feature = "sqlite",
        feature = "weaviate"
    )),
    allow(dead_code, reason = "which store uses what depends on the features")
)]

#[cfg(feature = "_collection")]
pub(crate) mod collection;
#[cfg(any(feature = "chroma", feature = "weaviate"))]
pub(crate) mod http;
#[cfg(any(feature = "elasticsearch", feature = "opensearch"))]
pub(crate) mod lucene;
#[cfg(feature = "_postgres")]
pub(crate) mod postgres;
#[cfg(any(feature = "cassandra", feature = "milvus", feature = "redis"))]
pub(crate) mod scopes;
#[cfg(feature = "_collection")]
pub(crate) mod search;
#[cfg(feature = "sqlite")]
pub(crate) mod sqlite;
#[cfg(feature = "_terms")]
pub(crate) mod terms;
#[cfg(any(feature = "cassandra", feature = "_postgres"))]
pub(crate) mod tls;
