//! What surrounds every call to a backend: tracing, a limit on concurrency,
//! retries and a timeout. Written once, so that no adapter has its own.
//!
//! # The order
//!
//! ```text
//! trace > concurrency > retry > timeout > backend
//! ```
//!
//! - **Trace** is outermost, so that a call is one span, with its waiting and
//!   its retries in it.
//! - **Concurrency** comes before retry: a call that waits for its next try
//!   keeps its place, so a backend that asks to slow down gets less work, not
//!   the next caller's in the meantime.
//! - **Timeout** is inside retry and limits each try. The other way round, one
//!   try that hangs would use up the time of all the others, and the timeout
//!   would cut a retry off in the middle.
//!
//! # What is repeated
//!
//! Only what failed with [`Retry::Safe`](crate::Retry::Safe). Every operation of
//! a vector store can be repeated without harm: reads change nothing, `open` and
//! `drop_collection` find their work done, an `upsert` writes the same points
//! again (rule 11), a `delete` finds nothing left. A repeated write that is
//! overtaken by a newer one changes nothing where the store is `versioned`
//! (rule 14); where it is not, whoever writes must hold the memory's claim, with
//! or without this layer. One number is at stake: the count of a `delete` that
//! was done but whose answer was lost is that of the repetition. Embedding has
//! no effect but its cost.
//!
//! ```
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use mem0_core::VectorStore;
//! use mem0_core::layers::{LayerOptions, layered};
//! use mem0_core::reference::MemoryVectorStore;
//!
//! let mut options = LayerOptions::default();
//! options.timeout = Some(Duration::from_secs(5));
//! let store = layered(Arc::new(MemoryVectorStore::new()), &options);
//! assert_eq!(store.name(), "memory");
//! ```

mod concurrency;
mod embedder;
mod llm;
mod options;
mod reranker;
mod retry;
mod stack;
#[cfg(test)]
mod tests;
mod timeout;
mod trace;
mod vector_store;

use std::sync::Arc;

pub use options::{CallLimits, LayerOptions};

use crate::traits::embedder::Embedder;
use crate::traits::llm::Llm;
use crate::traits::reranker::Reranker;
use crate::traits::vector_store::VectorStore;
use stack::Layered;

/// The same store, and every collection that it opens, with these layers. The
/// limit on concurrency and the retry budget are shared by all of them.
///
/// Its calls need a runtime of tokio with time enabled.
#[must_use]
pub fn layered(store: Arc<dyn VectorStore>, options: &LayerOptions) -> Arc<dyn VectorStore> {
    Arc::new(Layered::new(store.name().to_owned(), store, options))
}

/// The same embedder with these layers.
///
/// Its calls need a runtime of tokio with time enabled.
///
/// ```
/// use std::sync::Arc;
///
/// use mem0_core::Purpose;
/// use mem0_core::layers::{LayerOptions, layered_embedder};
/// use mem0_core::reference::HashEmbedder;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> mem0_core::Result<()> {
/// let embedder = layered_embedder(Arc::new(HashEmbedder::default()), &LayerOptions::default());
/// assert_eq!(embedder.embed(&["tea"], Purpose::Query).await?.len(), 1);
/// # Ok(())
/// # }
/// ```
#[must_use]
pub fn layered_embedder(embedder: Arc<dyn Embedder>, options: &LayerOptions) -> Arc<dyn Embedder> {
    Arc::new(Layered::new(embedder.identity().model.clone(), embedder, options))
}

/// The same model with these layers.
///
/// A call has no effect but its answer, so that repeating one is safe. Its
/// calls need a runtime of tokio with time enabled.
#[must_use]
pub fn layered_llm(llm: Arc<dyn Llm>, options: &LayerOptions) -> Arc<dyn Llm> {
    Arc::new(Layered::new(format!("{}/{}", llm.provider(), llm.model()), llm, options))
}

/// The same reranker with these layers.
///
/// A call has no effect but its answer, so that repeating one is safe. Its
/// calls need a runtime of tokio with time enabled.
#[must_use]
pub fn layered_reranker(reranker: Arc<dyn Reranker>, options: &LayerOptions) -> Arc<dyn Reranker> {
    Arc::new(Layered::new(format!("{}/{}", reranker.name(), reranker.model()), reranker, options))
}
