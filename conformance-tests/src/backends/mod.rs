//! The harnesses of the backends that need no server, or only a fake of it.

#[cfg(feature = "embedders")]
mod embedders;
mod memory;

#[cfg(feature = "llms")]
mod llms;
#[cfg(feature = "local")]
mod local;
#[cfg(feature = "llms")]
pub mod openai;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(feature = "sqlite")]
mod sqlite_graph;

#[cfg(feature = "embedders")]
pub use embedders::RemoteEmbedder;
#[cfg(feature = "llms")]
pub use llms::{
    AnthropicHarness, AnthropicToolHarness, BedrockHarness, BedrockPromptHarness, CohereHarness, GeminiHarness,
    OllamaHarness, VertexAiHarness,
};
#[cfg(feature = "local")]
pub use local::LocalHarness;
pub use memory::MemoryHarness;
#[cfg(feature = "redis")]
pub use redis::{RedisHarness, ValkeyHarness};
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteHarness;
#[cfg(feature = "sqlite")]
pub use sqlite_graph::SqliteGraphHarness;
