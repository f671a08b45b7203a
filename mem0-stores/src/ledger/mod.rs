//! Ledgers: the append-only logs that are the truth.

#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod common;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(feature = "sqlite")]
pub mod sqlite;
