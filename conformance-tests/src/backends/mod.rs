//! The harnesses of the backends: most need no server, or only a fake of it;
//! the others find theirs at `MEM0_TEST_<NAME>_URL`.

#[cfg(feature = "embedders")]
mod embedders;
mod memory;

#[cfg(feature = "llms")]
mod llms;
#[cfg(feature = "local")]
mod local;
#[cfg(feature = "llms")]
pub mod openai;
#[cfg(feature = "pgvector")]
mod pgvector;
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
#[cfg(feature = "pgvector")]
pub use pgvector::{PgvectorHarness, PgvectorIndexHarness};
#[cfg(feature = "redis")]
pub use redis::{RedisHarness, RedisVectorSetsHarness, ValkeyHarness};
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteHarness;
#[cfg(feature = "sqlite")]
pub use sqlite_graph::SqliteGraphHarness;
