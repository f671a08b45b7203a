//! The shape of an answer that most providers have: a list of places and
//! scores, best first, and the tokens of them all.

use mem0_core::{Reranked, Result};
use serde::Deserialize;

/// The place of a document in the request, and its score.
#[derive(Deserialize)]
pub(crate) struct Item {
    index: usize,
    #[serde(alias = "score")]
    relevance_score: f32,
}

impl Item {
    /// A score for each document that was sent.
    ///
    /// # Errors
    /// As [`Reranked::of`].
    pub(crate) fn all(items: &[Self], documents: usize) -> Result<Reranked> {
        Reranked::of(documents, items.iter().map(|item| (item.index, item.relevance_score)))
    }
}

/// All tokens, most of which are read.
#[cfg(any(feature = "jina", feature = "voyage", feature = "zero_entropy"))]
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Total {
    total_tokens: u64,
}

#[cfg(any(feature = "jina", feature = "voyage", feature = "zero_entropy"))]
impl Total {
    pub(crate) fn usage(&self) -> mem0_core::TokenUsage {
        mem0_core::TokenUsage { input: self.total_tokens, output: 0 }
    }
}
