//! A second look at what a search found.

use std::fmt;

use async_trait::async_trait;

use crate::error::{Error, ErrorKind, Result};
use crate::traits::llm::TokenUsage;

/// What a reranker says of some documents.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Reranked {
    /// One for each document, in the order of the documents; 0 to 1, higher
    /// answers the question better.
    pub scores: Vec<f32>,
    /// The places of the documents that the model said nothing of, ascending.
    /// Their score is 0.
    pub unscored: Vec<usize>,
    /// What it cost. Zeros where the provider does not say.
    pub usage: TokenUsage,
}

impl Reranked {
    /// These scores, of every document one.
    #[must_use]
    pub fn new(scores: Vec<f32>) -> Self {
        Self { scores, ..Self::default() }
    }

    /// Of so many documents, what a model said of some: the place of each and
    /// its score, in any order. Scores below 0 and above 1 count as 0 and 1.
    ///
    /// # Errors
    /// `BadModelOutput` for a place that no document has, one that is named
    /// twice and a score that is no number: nothing may end up at another
    /// document.
    pub fn of(documents: usize, said: impl IntoIterator<Item = (usize, f32)>) -> Result<Self> {
        let bad = |message| Err(Error::new(ErrorKind::BadModelOutput, message));
        let mut scores: Vec<Option<f32>> = vec![None; documents];
        for (place, score) in said {
            match scores.get_mut(place) {
                None => return bad("the reranker speaks of a document that it was not shown"),
                Some(Some(_)) => return bad("the reranker speaks of one document twice"),
                Some(_) if score.is_nan() => return bad("a score of the reranker is no number"),
                Some(slot) => *slot = Some(score.clamp(0.0, 1.0)),
            }
        }
        let silent = scores.iter().enumerate().filter(|(_, score)| score.is_none());
        Ok(Self {
            unscored: silent.map(|(place, _)| place).collect(),
            scores: scores.into_iter().map(Option::unwrap_or_default).collect(),
            usage: TokenUsage::default(),
        })
    }

    /// With what it cost.
    #[must_use]
    pub fn with_usage(mut self, usage: TokenUsage) -> Self {
        self.usage = usage;
        self
    }

    /// The places of the documents, best first. What scores the same stays in
    /// the order in which it came, and what was not scored comes last.
    ///
    /// ```
    /// use mem0_core::Reranked;
    ///
    /// let said = Reranked::of(4, [(3, 0.9), (0, 0.1), (1, 0.1)])?;
    /// assert_eq!(said.order(), [3, 0, 1, 2]);
    /// assert_eq!(said.unscored, [2]);
    /// # Ok::<(), mem0_core::Error>(())
    /// ```
    #[must_use]
    pub fn order(&self) -> Vec<usize> {
        let mut places: Vec<(usize, f32, bool)> = self
            .scores
            .iter()
            .enumerate()
            .map(|(place, score)| (place, *score, self.unscored.binary_search(&place).is_ok()))
            .collect();
        places.sort_by(|(_, a, a_silent), (_, b, b_silent)| a_silent.cmp(b_silent).then(b.total_cmp(a)));
        places.into_iter().map(|(place, _, _)| place).collect()
    }
}

/// Judges how well documents answer a question.
///
/// It only gives scores: what becomes of the documents is the engine's, so that
/// none of them is ever lost here.
///
/// # Rules
/// Each number is a case of the conformance suite.
/// 1. `rerank` gives exactly one score for each document, at its place; a text
///    that occurs twice has two.
/// 2. Every score is a number from 0 to 1.
/// 3. A document that answers the question scores higher than those that do
///    not, wherever it stands.
/// 4. No document: an empty answer, without any I/O.
/// 5. More documents than the provider takes at once are split inside.
/// 6. Any Unicode text is accepted, as the question and as a document, blank
///    ones too; what is beyond the model's window is cut, not refused.
/// 7. A document that the model says nothing of is in `unscored` with the score
///    0, and no other document is.
/// 8. The same question and documents have the same order again, from another
///    handle too, and the name stays.
/// 9. `usage` is what the provider counted, of all requests together.
/// 10. Calls run side by side, each with the answer to its own question.
/// 11. Dropping the future of `rerank` leaves nothing behind.
#[async_trait]
pub trait Reranker: fmt::Debug + Send + Sync + 'static {
    /// The provider's name in the registry.
    fn name(&self) -> &'static str;

    /// The model that judges; the name again where there is no model.
    fn model(&self) -> &str {
        self.name()
    }

    /// A score for each document. They come in the order in which they were
    /// found, best first.
    ///
    /// # Errors
    /// Those of the provider: `Unavailable`, `RateLimited`, `Unauthenticated`,
    /// `Timeout`, `QuotaExceeded`; `BadModelOutput` when what came back is not
    /// an answer of that provider. Never with a key, a question or a document
    /// in it.
    async fn rerank(&self, query: &str, documents: &[&str]) -> Result<Reranked>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_document_has_one_place_in_the_order(
            count in 0_usize..20,
            said in prop::collection::btree_map(0_usize..20, -2.0_f32..3.0, 0..20),
        ) {
            let said: Vec<_> = said.into_iter().filter(|(place, _)| *place < count).collect();
            let reranked = Reranked::of(count, said.clone()).unwrap();
            prop_assert!(reranked.scores.iter().all(|score| (0.0..=1.0).contains(score)));
            let order = reranked.order();
            let mut sorted = order.clone();
            sorted.sort_unstable();
            prop_assert_eq!(sorted, (0..count).collect::<Vec<_>>());
            prop_assert_eq!(reranked.unscored.len(), count - said.len());
            let tail: Vec<usize> = order.into_iter().skip(said.len()).collect();
            prop_assert_eq!(tail, reranked.unscored);
        }
    }

    #[test]
    fn what_could_move_a_score_to_another_document_is_refused() {
        for said in [vec![(2, 0.5)], vec![(0, 0.5), (0, 0.4)], vec![(0, f32::NAN)]] {
            assert_eq!(Reranked::of(2, said).unwrap_err().kind(), ErrorKind::BadModelOutput);
        }
    }
}
