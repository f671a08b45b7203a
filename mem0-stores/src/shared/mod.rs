//! What several stores of this crate are built on.

#[cfg(any(feature = "pgvector", feature = "redis", feature = "sqlite"))]
pub(crate) mod collection;
#[cfg(feature = "postgres-pool")]
pub(crate) mod postgres;
#[cfg(feature = "sqlite")]
pub(crate) mod sqlite;
