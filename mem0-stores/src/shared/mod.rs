//! What several stores of this crate are built on.
#![allow(dead_code, reason = "which store uses what depends on the features")]

#[cfg(feature = "_collection")]
pub(crate) mod collection;
#[cfg(any(feature = "chroma", feature = "weaviate"))]
pub(crate) mod http;
#[cfg(any(feature = "elasticsearch", feature = "opensearch"))]
pub(crate) mod lucene;
#[cfg(feature = "_postgres")]
pub(crate) mod postgres;
#[cfg(any(feature = "chroma", feature = "weaviate"))]
pub(crate) mod search;
#[cfg(feature = "sqlite")]
pub(crate) mod sqlite;
#[cfg(feature = "_terms")]
pub(crate) mod terms;
