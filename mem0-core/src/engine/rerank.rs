//! The second look of a reranker at the best of what a search found.

use std::sync::Arc;

use crate::engine::Mem0;
use crate::engine::cost::{Part, note_rerank, timed};
use crate::engine::options::SearchOptions;
use crate::engine::results::{Degraded, Hit};
use crate::error::{Error, ErrorKind, Result};
use crate::traits::reranker::{Reranked, Reranker};

/// So many of the best hits are shown to a reranker where nothing else is said:
/// more than what a search gives by default, so that it can bring something up,
/// and few enough for one or two requests of every provider.
pub(crate) const POOL: usize = 50;

/// Who looks again, and at how much.
#[derive(Clone, Debug)]
pub(super) struct Reranking {
    pub(super) reranker: Option<Arc<dyn Reranker>>,
    pub(super) pool: usize,
}

impl Default for Reranking {
    fn default() -> Self {
        Self { reranker: None, pool: POOL }
    }
}

impl Mem0 {
    /// Refuses, before any I/O, what cannot be done.
    ///
    /// # Errors
    /// `InvalidInput` if reranking is asked for and there is no reranker, and
    /// for a pool beyond the limit of a page.
    pub(super) fn check_rerank(&self, options: &SearchOptions) -> Result<()> {
        if options.rerank == Some(true) && self.inner.reranking.reranker.is_none() {
            return Err(Error::invalid("there is no reranker: configure one under `reranker`, or leave `rerank` out"));
        }
        self.inner.limits.page(options.rerank_pool.unwrap_or(0))
    }

    /// How many of the best hits are looked at again; 0 for none.
    pub(super) fn rerank_pool(&self, options: &SearchOptions) -> usize {
        let Reranking { reranker, pool } = &self.inner.reranking;
        let wanted = reranker.is_some() && options.rerank != Some(false);
        if wanted { options.rerank_pool.unwrap_or(*pool) } else { 0 }
    }

    /// Puts the best of the hits, which come in fused order, into the order of
    /// the reranker. The others stay behind them. If it fails, nothing moves and
    /// the answer says so.
    pub(super) async fn rerank(
        &self,
        query: &str,
        mut hits: Vec<Hit>,
        options: &SearchOptions,
    ) -> (Vec<Hit>, Option<Degraded>) {
        let behind = hits.split_off(self.rerank_pool(options).min(hits.len()));
        let Some(reranker) = self.inner.reranking.reranker.as_ref().filter(|_| !hits.is_empty()) else {
            hits.extend(behind);
            return (hits, None);
        };
        let texts: Vec<&str> = hits.iter().map(|hit| hit.memory.content.text.as_str()).collect();
        let judged = timed(Part::Reranker, reranker.rerank(query, &texts)).await;
        let degraded = match judged.and_then(|judged| checked(judged, texts.len())) {
            Ok(judged) => {
                note_rerank(judged.usage);
                let degraded = (!judged.unscored.is_empty()).then_some(Degraded::RerankerIncomplete);
                hits = ordered(hits, &judged);
                degraded
            }
            Err(error) => {
                tracing::warn!(
                    provider = reranker.name(),
                    kind = %error.kind(),
                    "the reranker does not answer; the hits stay in fused order"
                );
                Some(Degraded::RerankerDown)
            }
        };
        hits.extend(behind);
        (hits, degraded)
    }
}

/// A reranker that breaks its promise must not lose a memory.
fn checked(judged: Reranked, documents: usize) -> Result<Reranked> {
    let in_range = |score: &f32| (0.0..=1.0).contains(score);
    if judged.scores.len() != documents || !judged.scores.iter().all(in_range) {
        return Err(Error::new(
            ErrorKind::BadModelOutput,
            "the reranker did not give one score from 0 to 1 per document",
        )
        .with_context("documents", documents)
        .with_context("scores", judged.scores.len()));
    }
    Ok(judged)
}

fn ordered(hits: Vec<Hit>, judged: &Reranked) -> Vec<Hit> {
    let mut places: Vec<Option<Hit>> = hits
        .into_iter()
        .zip(&judged.scores)
        .enumerate()
        .map(|(place, (hit, score))| {
            let scored = judged.unscored.binary_search(&place).is_err();
            Some(Hit { rerank: scored.then_some(*score), ..hit })
        })
        .collect();
    judged.order().into_iter().filter_map(|place| places.get_mut(place)?.take()).collect()
}
