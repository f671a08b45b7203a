//! The `mmr` provider: maximal marginal relevance (Carbonell and Goldstein,
//! SIGIR 1998). It makes hits that say the same thing differ: each next one is
//! the one that is near to the question and far from those before it.
//!
//! It knows no better than a search what answers a question, and moves what is
//! like something above it down, so it is for callers who want variety. The
//! score of a document at its turn is
//!
//! ```text
//! lambda · near to the question + (1 − lambda) · (1 − nearest to one before it)
//! ```
//!
//! which lies in 0 to 1 and never rises from one turn to the next, so that the
//! order by scores is the order of the turns.
//!
//! Nearness is the cosine of the engine's own embedder, clamped to 0..1, which
//! embeds the question and the documents once more in one batch each; or, with
//! `by = "words"`, that of the words in them, for embedders that cost.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use mem0_core::text::topic_terms;
use mem0_core::{Embedder, Error, ErrorKind, Purpose, Registry, Reranked, Reranker, Result, provider_config};
use serde::{Deserialize, Serialize};

/// The name that configurations use for this provider.
pub const PROVIDER: &str = "mmr";

/// What two texts have in common.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum By {
    /// The direction of their embeddings.
    #[default]
    Vectors,
    /// Their words, rare ones more than common ones.
    Words,
}

/// Settings of the `mmr` provider.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct MmrConfig {
    /// How much nearness to the question counts, 0 to 1; the rest counts
    /// variety. 0.7 by default.
    pub lambda: f32,
    /// What nearness is; `vectors` by default.
    pub by: By,
}

impl Default for MmrConfig {
    fn default() -> Self {
        Self { lambda: 0.7, by: By::default() }
    }
}

/// Adds the `mmr` provider.
pub fn register(registry: &mut Registry) {
    registry.reranker(PROVIDER, |config, context| async move {
        let config: MmrConfig = provider_config(config)?;
        let embedder = if config.by == By::Vectors { Some(context.embedder()?) } else { None };
        Ok(Arc::new(Mmr::new(config.lambda, embedder)?) as Arc<dyn Reranker>)
    });
}

/// The reranker of the `mmr` provider.
#[derive(Debug)]
pub struct Mmr {
    lambda: f32,
    embedder: Option<Arc<dyn Embedder>>,
}

impl Mmr {
    /// By the vectors of this embedder, or by words without one.
    ///
    /// # Errors
    /// `Config` if `lambda` is not in 0..=1.
    pub fn new(lambda: f32, embedder: Option<Arc<dyn Embedder>>) -> Result<Self> {
        if !(0.0..=1.0).contains(&lambda) {
            return Err(Error::config("lambda must lie in 0..=1").with_provider(PROVIDER).with_operation("open"));
        }
        Ok(Self { lambda, embedder })
    }

    /// How near each document is to the question, and to each other one.
    async fn nearness(&self, query: &str, documents: &[&str]) -> Result<Nearness> {
        let Some(embedder) = &self.embedder else { return Ok(Nearness::by_words(query, documents)) };
        let question = embedder.embed(&[query], Purpose::Query).await?;
        let vectors = embedder.embed(documents, Purpose::Store).await?;
        match question.into_iter().next() {
            Some(question) if vectors.len() == documents.len() => Ok(Nearness::by_vectors(&question, vectors)),
            _ => Err(Error::new(ErrorKind::BadModelOutput, "the embedder did not return one vector per text")
                .with_provider(PROVIDER)),
        }
    }
}

#[async_trait]
impl Reranker for Mmr {
    fn name(&self) -> &'static str {
        PROVIDER
    }

    async fn rerank(&self, query: &str, documents: &[&str]) -> Result<Reranked> {
        if documents.is_empty() {
            return Ok(Reranked::default());
        }
        let near = self.nearness(query, documents).await?;
        let mut left: Vec<Left> =
            near.question.iter().enumerate().map(|(place, near)| Left { place, near: *near, like: 0.0 }).collect();
        let mut said = Vec::with_capacity(documents.len());
        let score = |left: &Left| self.lambda * left.near + (1.0 - self.lambda) * (1.0 - left.like);
        while !left.is_empty() {
            // The first of the best: what is equal stays in its order.
            let best = left.iter().enumerate().fold(0, |best, (at, next)| match left.get(best) {
                Some(known) if score(next) > score(known) => at,
                _ => best,
            });
            let taken = left.remove(best);
            said.push((taken.place, score(&taken)));
            for other in &mut left {
                other.like = other.like.max(near.between(taken.place, other.place));
            }
        }
        Reranked::of(documents.len(), said)
    }
}

/// A document that waits for its turn.
struct Left {
    place: usize,
    near: f32,
    /// How near it is to the nearest that had its turn.
    like: f32,
}

/// A text as numbers under ascending keys, of length 1.
type Sparse = Vec<(i64, f32)>;

struct Nearness {
    question: Vec<f32>,
    documents: Vec<Sparse>,
}

impl Nearness {
    fn by_vectors(question: &[f32], vectors: Vec<Vec<f32>>) -> Self {
        let sparse = |vector: &[f32]| unit((0..).zip(vector.iter().copied()).collect());
        Self::of(&sparse(question), vectors.iter().map(|vector| sparse(vector)).collect())
    }

    /// A number for each word; it is the larger the fewer documents have it.
    fn by_words(query: &str, documents: &[&str]) -> Self {
        let texts: Vec<Vec<i64>> = documents.iter().map(|text| words(text)).collect();
        let mut having: HashMap<i64, usize> = HashMap::new();
        for word in texts.iter().flatten() {
            *having.entry(*word).or_default() += 1;
        }
        let all = documents.len() as f32;
        let weight = |word: &i64| ((1.0 + all) / (1.0 + having.get(word).copied().unwrap_or(0) as f32)).ln() + 1.0;
        let weighed = |words: &[i64]| unit(words.iter().map(|word| (*word, weight(word))).collect());
        Self::of(&weighed(&words(query)), texts.iter().map(|words| weighed(words)).collect())
    }

    fn of(question: &Sparse, documents: Vec<Sparse>) -> Self {
        Self { question: documents.iter().map(|document| dot(question, document)).collect(), documents }
    }

    fn between(&self, a: usize, b: usize) -> f32 {
        match (self.documents.get(a), self.documents.get(b)) {
            (Some(a), Some(b)) => dot(a, b),
            _ => 0.0,
        }
    }
}

/// The distinct words of a text, ascending.
fn words(text: &str) -> Vec<i64> {
    topic_terms(text).into_iter().map(|term| term.0).collect()
}

fn unit(mut text: Sparse) -> Sparse {
    let length = text.iter().map(|(_, x)| x * x).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
    text.iter_mut().for_each(|(_, x)| *x /= length);
    text
}

/// The cosine, clamped to 0..1.
fn dot(a: &Sparse, b: &Sparse) -> f32 {
    let (mut sum, mut others) = (0.0_f32, b.iter().peekable());
    for (key, x) in a {
        while others.next_if(|(other, _)| other < key).is_some() {}
        if let Some((_, y)) = others.next_if(|(other, _)| other == key) {
            sum += x * y;
        }
    }
    sum.clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests;
