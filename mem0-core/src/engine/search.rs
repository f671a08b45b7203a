//! `search`: candidates by nearness and by words, on one scale.

use std::collections::{HashMap, HashSet};

use crate::engine::cost::{Meter, Part, timed};
use crate::engine::options::SearchOptions;
use crate::engine::project::OVERLAY;
use crate::engine::results::{Degraded, Hit, SearchResult};
use crate::engine::{Mem0, validate};
use crate::error::{Result, Retry};
use crate::filter::Filter;
use crate::text;
use crate::traits::embedder::Purpose;
use crate::traits::ledger::{KeywordHits, KeywordQuery, NearestQuery, Pending, View};
use crate::traits::vector_store::{ScoredPoint, VectorQuery};
use crate::types::ids::MemoryId;
use crate::types::memory::Memory;
use crate::types::scope::Scope;

/// So many candidates are taken from each side before they are ranked
/// together: two per hit that is asked for, and at least this many.
const POOL: usize = 60;

/// What is near to each of several vectors, nearest first, with the cosine.
#[derive(Debug)]
pub(super) struct Near {
    pub(super) hits: Vec<Vec<(Memory, f32)>>,
    pub(super) degraded: Option<Degraded>,
}

impl Mem0 {
    /// Finds the memories that answer a question, among those that the scope
    /// covers.
    ///
    /// Candidates come from the vector store and, by words, from the ledger:
    /// a memory that only one of them knows is found too. The score is that of
    /// [`Fusion`](crate::Fusion); hits below the threshold are left out; ties
    /// are in the order of ids. What has just been added is found at once.
    ///
    /// # Errors
    /// `InvalidInput` for an empty or oversized question, a bad filter, limit
    /// or threshold (before any I/O); those of ledger and embedder. If the
    /// vector store does not answer, the ledger does, and `degraded` says so.
    ///
    /// # Cancel safety
    /// Nothing is held.
    pub async fn search(&self, query: &str, scope: &Scope, options: SearchOptions) -> Result<SearchResult> {
        let query = self.inner.limits.query(query)?;
        self.inner.limits.page(options.limit)?;
        validate::threshold(options.threshold)?;
        validate::filter(&options.filter)?;
        if options.limit == 0 {
            return Ok(SearchResult::default());
        }
        let meter = Meter::new(&self.inner.budget, self.inner.trace_text, &self.inner.ledger, scope, self.now());
        let found = meter.run(Box::pin(self.found(query, scope, &options))).await?;
        Ok(SearchResult { cost: meter.cost(), ..found })
    }

    async fn found(&self, query: &str, scope: &Scope, options: &SearchOptions) -> Result<SearchResult> {
        let view = options.when.view(self.now());
        let pool = options.limit.saturating_mul(2).max(POOL);
        let fusion = self.inner.fusion;
        let words = KeywordQuery {
            scope: scope.clone(),
            terms: text::query_terms(query),
            filter: options.filter.clone(),
            view,
            limit: pool,
            bm25: fusion.bm25,
        };
        let question = self.embed(&[query], Purpose::Query).await?;
        let (near, words) = tokio::join!(
            self.nearest(scope, question.clone(), pool, &options.filter, &view),
            timed(Part::Ledger, self.inner.ledger.keyword(&words)),
        );
        let (mut near, words) = (near?, words?);
        let mut found: HashMap<MemoryId, (Memory, f32)> = near
            .hits
            .pop()
            .unwrap_or_default()
            .into_iter()
            .map(|(memory, cosine)| (memory.id, (memory, cosine)))
            .collect();
        if let Some(question) = question.first() {
            self.complete(&mut found, &words, question, &view).await?;
        }
        let by_words: HashMap<MemoryId, f32> = words.hits.iter().map(|(id, _, bm25)| (*id, *bm25)).collect();
        let mut results: Vec<Hit> = found
            .into_values()
            .map(|(memory, cosine)| {
                let bm25 = by_words.get(&memory.id).copied();
                let (score, breakdown) = fusion.score(cosine, bm25, words.ceiling);
                Hit { memory, score, breakdown: options.explain.then_some(breakdown) }
            })
            .filter(|hit| hit.score >= options.threshold)
            .collect();
        results.sort_unstable_by(|a, b| b.score.total_cmp(&a.score).then(a.memory.id.cmp(&b.memory.id)));
        results.truncate(options.limit);
        Ok(SearchResult { results, degraded: near.degraded.into_iter().collect(), ..SearchResult::default() })
    }

    /// Adds what only the words found, with its similarity.
    async fn complete(
        &self,
        found: &mut HashMap<MemoryId, (Memory, f32)>,
        words: &KeywordHits,
        question: &[f32],
        view: &View,
    ) -> Result<()> {
        let missing: Vec<MemoryId> =
            words.hits.iter().map(|(id, _, _)| *id).filter(|id| !found.contains_key(id)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let (memories, vectors) = tokio::join!(
            timed(Part::Ledger, self.inner.ledger.get(&missing, view)),
            timed(Part::Ledger, self.inner.ledger.vectors(&missing)),
        );
        for (memory, vector) in memories?.into_iter().zip(vectors?) {
            let Some(memory) = memory else { continue };
            // The vector is that of the newest version; of the past only the
            // words are known here.
            let vector = vector.filter(|_| !view.is_past());
            let cosine = vector.map_or(0.0, |vector| dot(&vector, question));
            found.insert(memory.id, (memory, cosine));
        }
        Ok(())
    }

    /// The `limit` memories nearest to each vector that the scope covers, the
    /// filter matches and the view sees.
    pub(super) async fn nearest(
        &self,
        scope: &Scope,
        vectors: Vec<Vec<f32>>,
        limit: usize,
        filter: &Filter,
        view: &View,
    ) -> Result<Near> {
        if vectors.is_empty() {
            return Ok(Near { hits: Vec::new(), degraded: None });
        }
        if view.is_past() || view.include_expired {
            return self.nearest_in_ledger(scope, vectors, limit, filter, view, None).await;
        }
        let pending = self.catch_up(scope).await?;
        self.nearest_over(&pending, scope, vectors, limit, filter, view).await
    }

    /// As [`nearest`](Self::nearest) in the present, where it is known what the
    /// vector store does not have yet.
    pub(super) async fn nearest_over(
        &self,
        pending: &[Pending],
        scope: &Scope,
        vectors: Vec<Vec<f32>>,
        limit: usize,
        filter: &Filter,
        view: &View,
    ) -> Result<Near> {
        if pending.len() > OVERLAY {
            let behind = Some(Degraded::VectorStoreBehind);
            return self.nearest_in_ledger(scope, vectors, limit, filter, view, behind).await;
        }
        match self.nearest_in_store(scope, &vectors, limit, filter, view, pending).await {
            Ok(hits) => Ok(Near { hits, degraded: None }),
            Err(e) if e.retry() != Retry::Never => {
                tracing::warn!(kind = %e.kind(), "the vector store does not answer; searching the ledger");
                let down = Some(Degraded::VectorStoreDown);
                self.nearest_in_ledger(scope, vectors, limit, filter, view, down).await
            }
            Err(e) => Err(e),
        }
    }

    async fn nearest_in_ledger(
        &self,
        scope: &Scope,
        vectors: Vec<Vec<f32>>,
        limit: usize,
        filter: &Filter,
        view: &View,
        degraded: Option<Degraded>,
    ) -> Result<Near> {
        let mut hits = Vec::with_capacity(vectors.len());
        for vector in vectors {
            let query = NearestQuery { scope: scope.clone(), vector, filter: filter.clone(), view: *view, limit };
            let points = timed(Part::Ledger, self.inner.ledger.nearest(&query)).await?;
            let ids: Vec<MemoryId> = points.iter().map(|point| point.id).collect();
            let memories = timed(Part::Ledger, self.inner.ledger.get(&ids, view)).await?;
            hits.push(memories.into_iter().zip(points).filter_map(|(m, p)| Some((m?, p.raw))).collect());
        }
        Ok(Near { hits, degraded })
    }

    /// Asks the vector store, corrects it by what it does not have yet, and
    /// asks for more where the residual filter, expiry or staleness left too
    /// few.
    async fn nearest_in_store(
        &self,
        scope: &Scope,
        vectors: &[Vec<f32>],
        limit: usize,
        filter: &Filter,
        view: &View,
        pending: &[Pending],
    ) -> Result<Vec<Vec<(Memory, f32)>>> {
        let active = self.active();
        let collection = active.collection().await?;
        let capabilities = active.store.capabilities();
        let plan = filter.plan(&capabilities.filter);
        let ceiling = capabilities.max_limit.unwrap_or(usize::MAX);
        let overlaid: HashSet<MemoryId> = pending.iter().map(|p| p.id).collect();
        let mut ask = limit.saturating_add(overlaid.len()).min(ceiling);
        loop {
            let queries: Vec<VectorQuery> = vectors
                .iter()
                .map(|vector| VectorQuery::new(scope.clone(), vector.clone(), ask).with_filter(plan.pushed.clone()))
                .collect();
            let found = timed(Part::Store, collection.search(&queries)).await?;
            let exhausted = ask >= ceiling || found.iter().all(|points| points.len() < ask);
            let memories = self.load(&found, &overlaid, view).await?;
            let mut enough = true;
            let mut answers = Vec::with_capacity(vectors.len());
            for (points, vector) in found.iter().zip(vectors) {
                let mut near: Vec<(Memory, f32)> = points
                    .iter()
                    .filter_map(|point| {
                        let memory = memories.get(&point.id)?;
                        let fits = scope.covers(&memory.scope) && memory.matches(&plan.residual);
                        fits.then(|| (memory.clone(), point.raw))
                    })
                    .collect();
                enough &= near.len() >= limit;
                near.extend(pending.iter().filter_map(|p| {
                    let (memory, stored) = p.head.as_ref()?;
                    let shows = view.include_expired || !memory.is_expired(view.now);
                    (shows && memory.matches(filter)).then(|| (memory.clone(), dot(stored, vector)))
                }));
                near.sort_unstable_by(|(a, x), (b, y)| y.total_cmp(x).then(a.id.cmp(&b.id)));
                near.truncate(limit);
                answers.push(near);
            }
            if enough || exhausted {
                return Ok(answers);
            }
            ask = ask.saturating_mul(4).min(ceiling);
        }
    }

    /// The memories that the store named, as the ledger has them. One that has
    /// changed since the store saw it is left to the overlay.
    async fn load(
        &self,
        found: &[Vec<ScoredPoint>],
        overlaid: &HashSet<MemoryId>,
        view: &View,
    ) -> Result<HashMap<MemoryId, Memory>> {
        let mut ids: Vec<MemoryId> =
            found.iter().flatten().map(|point| point.id).filter(|id| !overlaid.contains(id)).collect();
        ids.sort_unstable();
        ids.dedup();
        let memories = timed(Part::Ledger, self.inner.ledger.get(&ids, view)).await?;
        Ok(memories.into_iter().flatten().map(|memory| (memory.id, memory)).collect())
    }
}

/// The cosine of two vectors of length 1.
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}
