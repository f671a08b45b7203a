//! What the engine asks of the outside, as traits whose rules are numbered.

pub mod clock;
pub mod embedder;
pub mod extract;
pub mod foreign;
pub mod job;
pub mod ledger;
pub mod llm;
pub mod reranker;
pub mod tokens;
pub mod vector_store;
