//! The harnesses of the backends that need no server.

mod memory;

#[cfg(feature = "local")]
mod local;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(feature = "sqlite")]
mod sqlite_graph;

#[cfg(feature = "local")]
pub use local::LocalHarness;
pub use memory::MemoryHarness;
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteHarness;
#[cfg(feature = "sqlite")]
pub use sqlite_graph::SqliteGraphHarness;
