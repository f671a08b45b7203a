//! What several stores of this crate are built on.

#[cfg(feature = "sqlite")]
pub(crate) mod sqlite;
