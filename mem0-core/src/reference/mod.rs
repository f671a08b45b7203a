//! Implementations that live in memory: the oracles that every adapter is
//! compared with, and what tests and first steps run on.
//!
//! They are plain on purpose. A search looks at everything, an index is an
//! ordered map, and a lock is held for the length of one call; what they answer
//! should be clear from reading them.
//!
//! - [`MemoryVectorStore`]: the rules of
//!   [`VectorCollection`](crate::traits::vector_store::VectorCollection).
//! - [`MemoryLedger`]: the rules of [`Ledger`](crate::traits::ledger::Ledger).
//! - [`HashEmbedder`]: texts that share words get near vectors, without a model.
//! - [`ScriptedLlm`]: answers what it was told to answer.
//! - [`WordsReranker`]: judges by shared words, or as it was told to.
//! - [`ManualClock`]: the time stands still until a test moves it.

mod clock;
mod cosine;
mod embedder;
mod ledger;
mod llm;
mod reranker;
mod vector_store;

pub use clock::ManualClock;
pub use embedder::HashEmbedder;
pub use ledger::MemoryLedger;
pub use llm::ScriptedLlm;
pub use reranker::WordsReranker;
pub use vector_store::MemoryVectorStore;
