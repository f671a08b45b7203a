//! Where mem0 keeps memories: ledgers, which are the truth, and vector stores,
//! which are projections of it. One folder and one feature per product.

#[cfg(feature = "sqlite")]
mod history;
pub mod ledger;
mod shared;
pub mod vector;

#[cfg(feature = "sqlite")]
pub use history::python_history;
#[cfg(feature = "sqlite")]
pub use shared::sqlite::{SqliteDb, SqliteOptions, Synchronous};

mod register;
pub use register::register;
