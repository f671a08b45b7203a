//! The harnesses of the backends that need no server, or bring their own fake.

#[cfg(feature = "embedders")]
mod embedders;
mod memory;

#[cfg(feature = "local")]
mod local;
#[cfg(feature = "sqlite")]
mod sqlite;

#[cfg(feature = "embedders")]
pub use embedders::RemoteEmbedder;
#[cfg(feature = "local")]
pub use local::LocalHarness;
pub use memory::MemoryHarness;
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteHarness;
