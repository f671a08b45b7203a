//! A reranker without a model.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;

use super::cosine::cosine;
use super::embedder::HashEmbedder;
use crate::error::Result;
use crate::traits::reranker::{Reranked, Reranker};

type Judge = dyn Fn(&str, &[&str]) -> Result<Reranked> + Send + Sync;

/// A reranker for tests: judges by a function, or by the words that question
/// and document share, and counts its calls.
///
/// ```
/// use mem0_core::Reranker;
/// use mem0_core::reference::WordsReranker;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> mem0_core::Result<()> {
/// let reranker = WordsReranker::default();
/// let judged = reranker.rerank("green tea", &["Ana plays chess", "Ana drinks green tea"]).await?;
/// assert_eq!(judged.order(), [1, 0]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct WordsReranker {
    judge: Arc<Judge>,
    calls: Arc<AtomicU64>,
}

impl WordsReranker {
    /// Judges by this function.
    pub fn judging(judge: impl Fn(&str, &[&str]) -> Result<Reranked> + Send + Sync + 'static) -> Self {
        Self { judge: Arc::new(judge), calls: Arc::default() }
    }

    /// How often it was asked about documents.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::SeqCst)
    }
}

impl Default for WordsReranker {
    fn default() -> Self {
        let embedder = HashEmbedder::default();
        Self::judging(move |query, documents| {
            let question = embedder.vector(query);
            let said = documents.iter().map(|text| cosine(&question, &embedder.vector(text)));
            Reranked::of(documents.len(), said.enumerate())
        })
    }
}

impl fmt::Debug for WordsReranker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WordsReranker").field("calls", &self.calls()).finish_non_exhaustive()
    }
}

#[async_trait]
impl Reranker for WordsReranker {
    fn name(&self) -> &'static str {
        "words"
    }

    async fn rerank(&self, query: &str, documents: &[&str]) -> Result<Reranked> {
        if documents.is_empty() {
            return Ok(Reranked::default());
        }
        self.calls.fetch_add(1, Ordering::SeqCst);
        (self.judge)(query, documents)
    }
}
