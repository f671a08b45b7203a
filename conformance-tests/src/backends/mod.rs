//! The harnesses of the backends that need no server.

mod memory;

#[cfg(feature = "local")]
mod local;
#[cfg(feature = "sqlite")]
mod sqlite;

#[cfg(feature = "local")]
pub use local::LocalHarness;
pub use memory::MemoryHarness;
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteHarness;
