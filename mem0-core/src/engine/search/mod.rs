//! `search`: candidates by nearness and by words, on one scale.

mod question;
mod rank;

use std::collections::{HashMap, HashSet};

use crate::engine::confidence::confidence;
use crate::engine::cost::{Meter, Part, timed};
use crate::engine::options::SearchOptions;
use crate::engine::project::OVERLAY;
use crate::engine::results::{Degraded, SearchResult};
use crate::engine::{Mem0, validate, window};
use crate::error::{Result, Retry};
use crate::filter::Filter;
use crate::text::asked_names;
use crate::traits::embedder::Purpose;
use crate::traits::ledger::{
    Around, KeywordHits, KeywordQuery, MentionHits, MentionQuery, NearestQuery, Pending, Place, View,
};
use crate::traits::vector_store::{ScoredPoint, VectorQuery};
use crate::types::ids::MemoryId;
use crate::types::memory::Memory;
use crate::types::scope::Scope;
use question::Question;
use rank::{Candidate, REACH};

/// So many candidates are taken from each side before they are ranked
/// together: two per hit that is asked for, and at least this many.
const POOL: usize = 100;

/// What stands next to so many of the best is a candidate too.
const BEST: usize = 30;

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
    /// Candidates come from the vector store and, by words and by names, from
    /// the ledger, with what was said next to the best of them: a memory that
    /// only one of them knows is found too. The score is that of
    /// [`Fusion`](crate::Fusion), times what is left by
    /// [`Decay`](crate::Decay); hits below the threshold are left out; ties are
    /// in the order of ids. What has just been added is found at once.
    ///
    /// Where a question leaves no doubt about its time ("in May 2023"), what is
    /// clearly of another time is left out, unless everything is. `confidence`
    /// says how sure one may be that the hits answer the question, and with
    /// `context_window` each brings along what was said around it.
    ///
    /// Where a reranker is configured the best of them (`rerank_pool`) are put
    /// into its order; the threshold is still that of the score. If it fails the
    /// order stays, and `degraded` says so.
    ///
    /// # Errors
    /// `InvalidInput` for an empty or oversized question, a bad filter, limit,
    /// threshold or window (before any I/O); those of ledger and embedder. If the
    /// vector store does not answer, the ledger does, and `degraded` says so.
    ///
    /// # Cancel safety
    /// Nothing is held.
    pub async fn search(&self, query: &str, scope: &Scope, options: SearchOptions) -> Result<SearchResult> {
        let query = self.inner.limits.query(query)?;
        self.inner.limits.page(options.limit)?;
        validate::threshold(options.threshold)?;
        validate::filter(&options.filter)?;
        self.check_rerank(&options)?;
        window::check(options.context_window)?;
        self.metered(scope, async {
            let mut found = self.found(query, scope, &options).await?;
            self.bring_windows(&mut found.results, options.context_window).await?;
            let ids: Vec<MemoryId> = found.results.iter().map(|hit| hit.memory.id).collect();
            self.note_recalled(&ids).await;
            Ok(found)
        })
        .await
    }

    /// What a search would find, without its having been asked: that is no use
    /// of the memories.
    pub(super) async fn looked_up(&self, query: &str, scope: &Scope, options: &SearchOptions) -> Result<SearchResult> {
        let query = self.inner.limits.query(query)?;
        self.metered(scope, self.found(query, scope, options)).await
    }

    async fn metered(&self, scope: &Scope, search: impl Future<Output = Result<SearchResult>>) -> Result<SearchResult> {
        let meter = Meter::new(&self.inner.budget, self.inner.trace_text, &self.inner.ledger, scope, self.now());
        let found = meter.run(Box::pin(search)).await?;
        Ok(SearchResult { cost: meter.cost(), ..found })
    }

    async fn found(&self, query: &str, scope: &Scope, options: &SearchOptions) -> Result<SearchResult> {
        if options.limit == 0 {
            return Ok(SearchResult::default());
        }
        let now = self.now();
        let view = options.when.view(now);
        let pool = options.limit.saturating_mul(2).max(POOL).max(self.rerank_pool(options));
        let mut question = Question::new(query, &self.speakers(&asked_names(query), scope).await?, now);
        let words = KeywordQuery {
            scope: scope.clone(),
            terms: question.terms.clone(),
            filter: options.filter.clone(),
            view,
            limit: pool,
            bm25: self.inner.fusion.bm25,
        };
        let named = MentionQuery {
            scope: scope.clone(),
            names: question.named_beside(query),
            filter: options.filter.clone(),
            view,
            limit: BEST,
        };
        let phrase = question.phrase(query);
        let texts: Vec<&str> = [Some(question.text.as_str()), phrase].into_iter().flatten().collect();
        let vectors = self.embed(&texts, Purpose::Query).await?;
        let vector = vectors.first().cloned().unwrap_or_default();
        let (near, words, named, told) = tokio::join!(
            self.nearest(scope, vectors, pool, &options.filter, &view),
            timed(Part::Ledger, self.inner.ledger.keyword(&words)),
            self.mentioned(&named),
            self.told(phrase, &words),
        );
        let (Near { mut hits, degraded }, words, named) = (near?, words?, named?);
        let of_phrase = if hits.len() > 1 { hits.pop() } else { None };
        if let (Some(anchor), Some(near)) = (&question.asked.anchor, of_phrase) {
            let event = self.anchored(anchor.relation, told?, near, &view).await?;
            question.asked.ranges.extend(event);
        }
        let near = hits.pop().unwrap_or_default();
        let candidates = self.gathered(near, &words, &named, &vector, &options.filter, &view).await?;
        let candidates = question.within_time(candidates);
        let fusion = &self.inner.fusion;
        let mut results = rank::hits(candidates, &question, named.ceiling > 0.0, fusion, options.explain);
        let fade = self.faded(&results.iter().map(|hit| &hit.memory).collect::<Vec<_>>(), now).await?;
        results.iter_mut().zip(fade).for_each(|(hit, factor)| hit.score *= factor);
        results.retain(|hit| hit.score >= options.threshold);
        results.sort_unstable_by(|a, b| b.score.total_cmp(&a.score).then(a.memory.id.cmp(&b.memory.id)));
        let (mut results, reranked) = self.rerank(query, results, options).await;
        results.truncate(options.limit);
        let degraded = degraded.into_iter().chain(reranked).collect();
        let confidence = confidence(query, &results);
        Ok(SearchResult { results, confidence, degraded, ..SearchResult::default() })
    }

    /// The keys of those among the names who speak in the scope.
    async fn speakers(&self, names: &[String], scope: &Scope) -> Result<Vec<String>> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        timed(Part::Ledger, self.inner.ledger.speakers(scope, names)).await
    }

    /// What mentions those whom the question names.
    async fn mentioned(&self, query: &MentionQuery) -> Result<MentionHits> {
        if query.names.is_empty() {
            return Ok(MentionHits { hits: Vec::new(), ceiling: 0.0 });
        }
        timed(Part::Ledger, self.inner.ledger.mentioned(query)).await
    }

    /// What the vectors, the words and the names found, and what stands next to
    /// the best of it, each with its similarity and its words.
    async fn gathered(
        &self,
        near: Vec<(Memory, f32)>,
        words: &KeywordHits,
        named: &MentionHits,
        question: &[f32],
        filter: &Filter,
        view: &View,
    ) -> Result<Vec<Candidate>> {
        let mut found: HashMap<MemoryId, (Memory, f32)> =
            near.into_iter().map(|(memory, cosine)| (memory.id, (memory, cosine))).collect();
        let others = words.hits.iter().chain(&named.hits).map(|(id, _, _)| *id);
        let mut missing: Vec<MemoryId> = others.filter(|id| !found.contains_key(id)).collect();
        missing.sort_unstable();
        missing.dedup();
        let ids: Vec<MemoryId> = found.keys().chain(&missing).copied().collect();
        let (memories, vectors, places) = tokio::join!(
            timed(Part::Ledger, self.inner.ledger.get(&missing, view)),
            self.vectors_of(&missing, view),
            timed(Part::Ledger, self.inner.ledger.places(&ids)),
        );
        for (memory, vector) in memories?.into_iter().zip(vectors?) {
            let Some(memory) = memory else { continue };
            found.insert(memory.id, (memory, vector.map_or(0.0, |vector| dot(&vector, question))));
        }
        let mut places: HashMap<MemoryId, Place> =
            ids.into_iter().zip(places?).filter_map(|(id, place)| Some((id, place?))).collect();
        let by_words = shares(&words.hits, words.ceiling);
        let by_names = shares(&named.hits, named.ceiling);
        let keyword = |id: &MemoryId| by_words.get(id).copied().unwrap_or_default();
        let mut best: Vec<(f32, MemoryId)> =
            found.iter().map(|(id, (_, cosine))| (cosine.max(0.0) + keyword(id), *id)).collect();
        best.sort_unstable_by(|(a, x), (b, y)| b.total_cmp(a).then(x.cmp(y)));
        best.truncate(BEST);
        for (memory, cosine, place) in self.beside(&best, &found, &places, question, view).await? {
            if memory.matches(filter) {
                places.insert(memory.id, place);
                found.insert(memory.id, (memory, cosine));
            }
        }
        let candidate = |(id, (memory, semantic))| Candidate {
            memory,
            semantic,
            keyword: keyword(&id),
            named: by_names.get(&id).copied().unwrap_or_default(),
            place: places.get(&id).copied(),
        };
        Ok(found.into_iter().map(candidate).collect())
    }

    /// What stands next to the best and was not found, with its similarity.
    async fn beside(
        &self,
        best: &[(f32, MemoryId)],
        found: &HashMap<MemoryId, (Memory, f32)>,
        places: &HashMap<MemoryId, Place>,
        question: &[f32],
        view: &View,
    ) -> Result<Vec<(Memory, f32, Place)>> {
        let known: HashSet<Place> = found.keys().filter_map(|id| places.get(id).copied()).collect();
        let reach = |place: Place, back: bool| {
            let farthest = (1..=REACH).rev().find(|away| {
                let away = *away as u64;
                let nth = if back { place.nth.checked_sub(away) } else { place.nth.checked_add(away) };
                nth.is_some_and(|nth| nth > 0 && !known.contains(&Place { nth, ..place }))
            });
            farthest.unwrap_or(0)
        };
        let of: Vec<(Place, Around)> = best
            .iter()
            .filter_map(|(_, id)| {
                let place = *places.get(id)?;
                Some((place, Around { id: *id, before: reach(place, true), after: reach(place, false) }))
            })
            .filter(|(_, around)| around.before + around.after > 0)
            .collect();
        let asked: Vec<Around> = of.iter().map(|(_, around)| *around).collect();
        let around = timed(Part::Ledger, self.inner.ledger.around(&asked, view)).await?;
        let mut new: HashMap<MemoryId, (Memory, Place)> = HashMap::new();
        for ((place, _), neighbours) in of.iter().zip(around) {
            for (away, memory) in neighbours {
                if let Some(nth) = place.nth.checked_add_signed(away)
                    && !found.contains_key(&memory.id)
                {
                    new.insert(memory.id, (memory, Place { nth, ..*place }));
                }
            }
        }
        let ids: Vec<MemoryId> = new.keys().copied().collect();
        let vectors = self.vectors_of(&ids, view).await?;
        Ok(ids
            .into_iter()
            .zip(vectors)
            .filter_map(|(id, vector)| {
                let (memory, place) = new.remove(&id)?;
                Some((memory, vector.map_or(0.0, |vector| dot(&vector, question)), place))
            })
            .collect())
    }

    /// The vectors of these memories. They are those of the newest versions: of
    /// the past only the words are known here.
    async fn vectors_of(&self, ids: &[MemoryId], view: &View) -> Result<Vec<Option<Vec<f32>>>> {
        if view.is_past() || ids.is_empty() {
            return Ok(vec![None; ids.len()]);
        }
        timed(Part::Ledger, self.inner.ledger.vectors(ids)).await
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

/// Each weight as a share of the highest that there can be.
fn shares(hits: &[(MemoryId, u64, f32)], ceiling: f32) -> HashMap<MemoryId, f32> {
    hits.iter().map(|(id, _, weight)| (*id, weight / ceiling.max(f32::MIN_POSITIVE))).collect()
}

/// The cosine of two vectors of length 1.
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}
