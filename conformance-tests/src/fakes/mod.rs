//! Our own servers of protocols whose products exist only as a cloud, written
//! from the vendors' documentation. Each speaks HTTP on this machine (that of
//! Qdrant gRPC), keeps what it was sent, refuses what the documentation refuses, and fails on
//! demand.

#[cfg(feature = "llms")]
pub(crate) mod anthropic;
#[cfg(any(feature = "embedders", feature = "rerankers"))]
pub(crate) mod asked;
#[cfg(any(feature = "embedders", feature = "llms"))]
pub(crate) mod aws;
#[cfg(feature = "llms")]
pub(crate) mod bedrock;
#[cfg(feature = "llms")]
pub(crate) mod cohere;
#[cfg(feature = "embedders")]
pub mod embed;
#[cfg(feature = "embedders")]
pub mod embed_aws_bedrock;
#[cfg(feature = "embedders")]
pub mod embed_cohere;
#[cfg(feature = "embedders")]
pub mod embed_gemini;
#[cfg(feature = "embedders")]
pub mod embed_huggingface;
#[cfg(feature = "embedders")]
pub mod embed_jina;
#[cfg(feature = "embedders")]
pub mod embed_ollama;
#[cfg(feature = "embedders")]
pub mod embed_openai;
#[cfg(feature = "embedders")]
pub mod embed_vertexai;
#[cfg(feature = "embedders")]
pub mod embed_voyage;
#[cfg(feature = "llms")]
pub(crate) mod gemini;
#[cfg(any(feature = "embedders", feature = "llms"))]
pub(crate) mod google;
#[cfg(feature = "llms")]
pub(crate) mod llm;
#[cfg(feature = "llms")]
pub(crate) mod ollama;
pub mod openai;
#[cfg(feature = "qdrant")]
pub mod qdrant;
#[cfg(feature = "rerankers")]
pub mod rerank;
#[cfg(feature = "rerankers")]
pub mod rerank_cohere;
#[cfg(feature = "rerankers")]
pub mod rerank_huggingface;
#[cfg(feature = "rerankers")]
pub mod rerank_jina;
#[cfg(feature = "rerankers")]
pub mod rerank_voyage;
#[cfg(feature = "rerankers")]
pub mod rerank_zero_entropy;

#[cfg(feature = "pgvector")]
pub mod pooler;
#[cfg(feature = "pgvector")]
pub mod postgrest;
mod server;

pub use server::{FakeServer, Fault, MARK, Reply, Seen, Traffic};
