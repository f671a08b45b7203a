//! The harnesses of the backends that need no server, or only a fake of it.

mod memory;

#[cfg(feature = "local")]
mod local;
#[cfg(feature = "llms")]
pub mod openai;
#[cfg(feature = "sqlite")]
mod sqlite;

#[cfg(feature = "local")]
pub use local::LocalHarness;
pub use memory::MemoryHarness;
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteHarness;
