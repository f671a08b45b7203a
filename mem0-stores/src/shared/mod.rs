//! What several stores of this crate are built on.

#[cfg(feature = "pgvector")]
pub(crate) mod postgres;
#[cfg(feature = "sqlite")]
pub(crate) mod sqlite;
