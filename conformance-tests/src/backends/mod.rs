//! The harnesses of the backends: most need no server, or only a fake of it;
//! the others find theirs at `MEM0_TEST_<NAME>_URL`.

#[cfg(feature = "cassandra")]
mod cassandra;
#[cfg(feature = "chroma")]
mod chroma;
#[cfg(feature = "embedders")]
mod embedders;
mod memory;

#[cfg(feature = "llms")]
mod llms;
#[cfg(feature = "local")]
mod local;
#[cfg(any(feature = "elasticsearch", feature = "opensearch"))]
mod lucene;
#[cfg(feature = "milvus")]
mod milvus;
#[cfg(feature = "llms")]
pub mod openai;
#[cfg(feature = "pgvector")]
mod pgvector;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "qdrant")]
mod qdrant;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "rerankers")]
mod rerankers;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(feature = "sqlite")]
mod sqlite_graph;
#[cfg(feature = "pgvector")]
mod supabase;
#[cfg(feature = "weaviate")]
mod weaviate;

#[cfg(feature = "cassandra")]
pub use cassandra::{CassandraHarness, CassandraIndexHarness};
#[cfg(feature = "chroma")]
pub use chroma::ChromaHarness;
#[cfg(feature = "embedders")]
pub use embedders::RemoteEmbedder;
#[cfg(feature = "llms")]
pub use llms::{
    AnthropicHarness, AnthropicToolHarness, BedrockHarness, BedrockPromptHarness, CohereHarness, GeminiHarness,
    OllamaHarness, VertexAiHarness,
};
#[cfg(feature = "local")]
pub use local::LocalHarness;
#[cfg(feature = "elasticsearch")]
pub use lucene::ElasticsearchHarness;
#[cfg(feature = "opensearch")]
pub use lucene::OpenSearchHarness;
pub use memory::MemoryHarness;
#[cfg(feature = "milvus")]
pub use milvus::{MilvusHarness, MilvusStrongHarness};
#[cfg(feature = "pgvector")]
pub use pgvector::{PgvectorHarness, PgvectorIndexHarness};
#[cfg(feature = "postgres")]
pub use postgres::PostgresHarness;
#[cfg(feature = "qdrant")]
pub use qdrant::QdrantHarness;
#[cfg(feature = "redis")]
pub use redis::{RedisHarness, RedisMem0aiHarness, RedisVectorSetsHarness, ValkeyHarness};
#[cfg(feature = "rerankers")]
pub use rerankers::{LlmRerankerHarness, MmrHarness, MmrWordsHarness, RemoteReranker};
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteHarness;
#[cfg(feature = "sqlite")]
pub use sqlite_graph::SqliteGraphHarness;
#[cfg(feature = "pgvector")]
pub use supabase::{SupabaseHarness, SupabaseRestHarness};
#[cfg(feature = "weaviate")]
pub use weaviate::WeaviateHarness;
