//! What several stores of this crate are built on. Each store uses its share,
//! so what a build leaves unused is no mistake.
#![allow(dead_code, reason = "which store uses what depends on the features")]

#[cfg(feature = "_collection")]
pub(crate) mod collection;
#[cfg(any(feature = "elasticsearch", feature = "opensearch"))]
pub(crate) mod lucene;
#[cfg(feature = "pgvector")]
pub(crate) mod postgres;
#[cfg(feature = "sqlite")]
pub(crate) mod sqlite;
#[cfg(feature = "_terms")]
pub(crate) mod terms;
