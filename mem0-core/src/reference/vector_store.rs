//! The reference vector store: every point in an ordered map, every search a
//! look at all of them.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use async_trait::async_trait;

use super::cosine::{check, cosine, scored};
use crate::error::{Error, ErrorKind, Result};
use crate::filter::{CompiledFilter, Filter, FilterCapabilities};
use crate::text::{Bm25, TermId, query_terms, terms};
use crate::traits::vector_store::{
    CollectionSpec, Point, ScoredPoint, ScrollQuery, Selector, TextHit, TextQuery, VectorCapabilities,
    VectorCollection, VectorQuery, VectorStore,
};
use crate::types::ids::MemoryId;
use crate::types::scope::Scope;

const NAME: &str = "memory";

/// Keeps collections in memory, for as long as the value lives.
///
/// It can do everything a store can declare: every filter, ordered writes,
/// immediate reads. The `with` functions take abilities away, so that what the
/// engine does for weaker stores can be tried too.
///
/// ```
/// use mem0_core::reference::{HashEmbedder, MemoryVectorStore};
/// use mem0_core::{CollectionSpec, Embedder, VectorStore};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> mem0_core::Result<()> {
/// let store = MemoryVectorStore::new();
/// let spec = CollectionSpec::new("notes", HashEmbedder::default().identity().clone());
/// let collection = store.open(&spec).await?;
/// assert_eq!(collection.spec(), &spec);
/// # Ok(())
/// # }
/// ```
pub struct MemoryVectorStore {
    capabilities: VectorCapabilities,
    collections: Mutex<BTreeMap<String, Arc<Collection>>>,
}

impl MemoryVectorStore {
    /// An empty store that can do everything.
    #[must_use]
    pub fn new() -> Self {
        let mut capabilities = VectorCapabilities::new(FilterCapabilities::ALL);
        capabilities.versioned = true;
        capabilities.keyword = true;
        Self { capabilities, collections: Mutex::default() }
    }

    /// A store that takes writes in the order in which they arrive: an older
    /// version that comes late replaces a newer one.
    #[must_use]
    pub fn unversioned() -> Self {
        let mut store = Self::new();
        store.capabilities.versioned = false;
        store
    }

    /// Answers only these filters and refuses the others as `Unsupported`.
    #[must_use]
    pub fn with_filter_capabilities(mut self, filter: FilterCapabilities) -> Self {
        self.capabilities.filter = filter;
        self
    }

    /// A store that knows nothing of words.
    #[must_use]
    pub fn without_keyword(mut self) -> Self {
        self.capabilities.keyword = false;
        self
    }

    fn collections(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Collection>>> {
        self.collections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryVectorStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryVectorStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryVectorStore").field("capabilities", &self.capabilities).finish_non_exhaustive()
    }
}

#[async_trait]
impl VectorStore for MemoryVectorStore {
    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> &VectorCapabilities {
        &self.capabilities
    }

    async fn open(&self, spec: &CollectionSpec) -> Result<Arc<dyn VectorCollection>> {
        check_spec(spec).map_err(|e| e.with_operation("open").with_provider(NAME))?;
        let mut collections = self.collections();
        if let Some(open) = collections.get(&spec.name) {
            check_identity(&open.spec, spec).map_err(|e| e.with_operation("open").with_provider(NAME))?;
            return Ok(open.clone());
        }
        let new = Arc::new(Collection {
            spec: spec.clone(),
            filter: self.capabilities.filter,
            versioned: self.capabilities.versioned,
            keyword: self.capabilities.keyword,
            shelf: RwLock::default(),
        });
        collections.insert(spec.name.clone(), new.clone());
        Ok(new)
    }

    async fn drop_collection(&self, name: &str) -> Result<()> {
        let dropped = self.collections().remove(name);
        if let Some(collection) = dropped {
            // Whoever still holds the collection gets errors, not old points.
            *collection.write() = Shelf { dropped: true, ..Shelf::default() };
        }
        Ok(())
    }
}

fn check_spec(spec: &CollectionSpec) -> Result<()> {
    let named = (1..=128).contains(&spec.name.len())
        && spec.name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if !named {
        return Err(Error::invalid("a collection's name is 1 to 128 characters of a-z A-Z 0-9 _ -"));
    }
    if spec.identity.dims == 0 {
        return Err(Error::invalid("a collection needs at least one dimension"));
    }
    Ok(())
}

fn check_identity(has: &CollectionSpec, asked: &CollectionSpec) -> Result<()> {
    if has.identity.dims != asked.identity.dims {
        return Err(Error::new(ErrorKind::DimensionMismatch, "the collection holds vectors of another length")
            .with_context("expected", has.identity.dims)
            .with_context("got", asked.identity.dims));
    }
    if has.identity != asked.identity {
        return Err(Error::new(ErrorKind::IdentityMismatch, "another model filled this collection")
            .with_context("expected", &has.identity)
            .with_context("got", &asked.identity));
    }
    Ok(())
}

struct Collection {
    spec: CollectionSpec,
    filter: FilterCapabilities,
    versioned: bool,
    keyword: bool,
    shelf: RwLock<Shelf>,
}

#[derive(Default)]
struct Shelf {
    points: BTreeMap<MemoryId, Point>,
    /// The version as of which an id was deleted; only where writes are
    /// ordered.
    deleted: BTreeMap<MemoryId, u64>,
    dropped: bool,
}

// Points hold memory text, which stays out of logs.
impl fmt::Debug for Collection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collection").field("spec", &self.spec).finish_non_exhaustive()
    }
}

impl Collection {
    fn read(&self) -> Result<RwLockReadGuard<'_, Shelf>> {
        let shelf = self.shelf.read().unwrap_or_else(PoisonError::into_inner);
        if shelf.dropped { Err(self.gone()) } else { Ok(shelf) }
    }

    fn write(&self) -> RwLockWriteGuard<'_, Shelf> {
        self.shelf.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_unless_dropped(&self) -> Result<RwLockWriteGuard<'_, Shelf>> {
        let shelf = self.write();
        if shelf.dropped { Err(self.gone()) } else { Ok(shelf) }
    }

    fn gone(&self) -> Error {
        Error::not_found("the collection was dropped; open it again").with_context("collection", &self.spec.name)
    }

    /// The filter, ready to use, if a store with these capabilities takes it.
    fn accept(&self, filter: &Filter) -> Result<CompiledFilter> {
        let plan = filter.plan(&self.filter);
        // What is pushed whole counts as declared, be it exact or a superset.
        let declared =
            plan.is_exact() || plan.matches_nothing() || plan.pushed == *filter || plan.pushed == filter.normalise();
        if declared {
            Ok(filter.compile())
        } else {
            Err(Error::new(ErrorKind::Unsupported, "the filter is outside the store's declared capabilities"))
        }
    }
}

impl Shelf {
    /// The points that the scope covers and the filter matches, by id.
    fn matching(&self, scope: Option<&Scope>, filter: &CompiledFilter) -> impl Iterator<Item = &Point> {
        self.matching_after(None, scope, filter)
    }

    fn matching_after(
        &self,
        after: Option<MemoryId>,
        scope: Option<&Scope>,
        filter: &CompiledFilter,
    ) -> impl Iterator<Item = &Point> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let points = self.points.range((start, Bound::Unbounded)).map(|(_, point)| point);
        points.filter(move |point| covered(scope, point) && filter.matches(&point.payload))
    }

    fn put(&mut self, point: &Point, versioned: bool) {
        let newest = self.points.get(&point.id).map(|stored| stored.version);
        let newest = newest.max(self.deleted.get(&point.id).copied());
        if versioned && newest.is_some_and(|newest| point.version < newest) {
            return;
        }
        self.deleted.remove(&point.id);
        self.points.insert(point.id, point.clone());
    }

    /// Whether a point went.
    fn delete(&mut self, id: MemoryId, as_of: u64, versioned: bool) -> bool {
        if self.points.get(&id).is_some_and(|stored| stored.version > as_of) {
            return false;
        }
        if versioned {
            // Kept for unknown ids too: their write may still be on its way.
            let deleted = self.deleted.entry(id).or_default();
            *deleted = as_of.max(*deleted);
        }
        self.points.remove(&id).is_some()
    }
}

fn covered(scope: Option<&Scope>, point: &Point) -> bool {
    scope.is_none_or(|scope| scope.covers(&point.scope))
}

/// Ranks texts by BM25, with the statistics of these texts.
fn by_words<'a>(question: &str, limit: usize, points: impl Iterator<Item = &'a Point>) -> Vec<TextHit> {
    let texts: Vec<(&Point, Terms)> = points.map(|point| (point, terms_of(point))).collect();
    let total: u64 = texts.iter().map(|(_, terms)| u64::from(terms.len)).sum();
    let (bm25, count) = (Bm25::default(), texts.len() as u64);
    #[allow(clippy::cast_precision_loss, reason = "counts far below 2^24 rank the same")]
    let average = total as f32 / count.max(1) as f32;
    let mut scores = vec![0.0_f32; texts.len()];
    for word in query_terms(question) {
        let often = |terms: &Terms| word.ids().filter_map(|term| terms.counts.get(&term).copied()).max();
        let with_it = texts.iter().filter(|(_, terms)| often(terms).is_some()).count() as u64;
        let idf = bm25.idf(count, with_it);
        for ((_, terms), score) in texts.iter().zip(&mut scores) {
            *score += often(terms).map_or(0.0, |tf| bm25.score(idf, tf, terms.len, average));
        }
    }
    let hits = texts.iter().zip(scores).filter(|(_, score)| *score > 0.0);
    let mut hits: Vec<TextHit> =
        hits.map(|((point, _), score)| TextHit { id: point.id, version: point.version, score }).collect();
    hits.sort_by(|a, b| b.score.total_cmp(&a.score));
    hits.truncate(limit);
    hits
}

struct Terms {
    counts: BTreeMap<TermId, u32>,
    len: u32,
}

fn terms_of(point: &Point) -> Terms {
    let text = point.payload.get("data").and_then(serde_json::Value::as_str).unwrap_or_default();
    let counts: BTreeMap<TermId, u32> = terms(text).into_iter().collect();
    Terms { len: counts.values().sum(), counts }
}

#[async_trait]
impl VectorCollection for Collection {
    fn spec(&self) -> &CollectionSpec {
        &self.spec
    }

    async fn upsert(&self, points: &[Point]) -> Result<()> {
        // All are checked before one is written.
        for point in points {
            check(&point.vector, self.spec.identity.dims)
                .map_err(|e| e.with_context("id", point.id).with_operation("upsert").with_provider(NAME))?;
        }
        // Within a batch the later version wins everywhere, also where the
        // store takes writes as they come.
        let mut latest: BTreeMap<MemoryId, &Point> = BTreeMap::new();
        for point in points {
            let slot = latest.entry(point.id).or_insert(point);
            if point.version >= slot.version {
                *slot = point;
            }
        }
        let mut shelf = self.write_unless_dropped()?;
        for point in latest.into_values() {
            shelf.put(point, self.versioned);
        }
        Ok(())
    }

    async fn get(&self, scope: Option<&Scope>, ids: &[MemoryId]) -> Result<Vec<Option<Point>>> {
        let shelf = self.read()?;
        let get = |id| shelf.points.get(id).filter(|point| covered(scope, point)).cloned();
        Ok(ids.iter().map(get).collect())
    }

    async fn search(&self, queries: &[VectorQuery]) -> Result<Vec<Vec<ScoredPoint>>> {
        let shelf = self.read()?;
        let answer = |query: &VectorQuery| {
            check(&query.vector, self.spec.identity.dims)?;
            let filter = self.accept(&query.filter)?;
            let mut hits: Vec<ScoredPoint> = shelf
                .matching(Some(&query.scope), &filter)
                .map(|point| scored(point.id, point.version, cosine(&query.vector, &point.vector)))
                .collect();
            // By the cosine itself, so that what points away is in order too,
            // where every similarity is 0. The points come by id, and the sort
            // keeps that order among ties.
            hits.sort_by(|a, b| b.raw.total_cmp(&a.raw));
            hits.truncate(query.limit);
            Ok(hits)
        };
        let answers: Result<_> = queries.iter().map(answer).collect();
        answers.map_err(|e: Error| e.with_operation("search").with_provider(NAME))
    }

    async fn search_text(&self, queries: &[TextQuery]) -> Result<Vec<Vec<TextHit>>> {
        let answer = |query: &TextQuery| {
            if !self.keyword {
                return Err(Error::new(ErrorKind::Unsupported, "this store was told not to search by words"));
            }
            let filter = self.accept(&query.filter)?;
            let shelf = self.read()?;
            Ok(by_words(&query.text, query.limit, shelf.matching(Some(&query.scope), &filter)))
        };
        let answers: Result<_> = queries.iter().map(answer).collect();
        answers.map_err(|e: Error| e.with_operation("search_text").with_provider(NAME))
    }

    async fn scroll(&self, query: &ScrollQuery) -> Result<Vec<Point>> {
        let filter = self.accept(&query.filter)?;
        let shelf = self.read()?;
        let rest = shelf.matching_after(query.after, query.scope.as_ref(), &filter);
        Ok(rest.take(query.limit).cloned().collect())
    }

    async fn count(&self, scope: Option<&Scope>, filter: &Filter) -> Result<u64> {
        let filter = self.accept(filter)?;
        Ok(self.read()?.matching(scope, &filter).count() as u64)
    }

    async fn delete(&self, selector: &Selector) -> Result<u64> {
        let mut shelf = self.write_unless_dropped()?;
        let targets = match selector {
            Selector::Ids(ids) => ids.clone(),
            Selector::Scope(scope) => {
                shelf.matching(Some(scope), &Filter::All.compile()).map(|point| (point.id, point.version)).collect()
            }
        };
        let went = targets.into_iter().filter(|(id, version)| shelf.delete(*id, *version, self.versioned)).count();
        Ok(went as u64)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::filter::{FilterOp, Kinds};
    use crate::traits::embedder::EmbedderIdentity;
    use crate::types::payload::Payload;

    fn spec(name: &str) -> CollectionSpec {
        CollectionSpec::new(name, EmbedderIdentity { model: "m".into(), dims: 2, digest: String::new() })
    }

    fn id(n: u128) -> MemoryId {
        MemoryId::from_uuid(Uuid::from_u128(n))
    }

    fn ana() -> Scope {
        Scope::user("ana").unwrap()
    }

    fn point(n: u128, version: u64, vector: [f32; 2]) -> Point {
        let mut payload = Payload::new();
        payload.insert("n".into(), json!(n as u64));
        payload.insert("v".into(), json!(version));
        Point { id: id(n), version, scope: ana(), vector: vector.into(), payload }
    }

    async fn open(store: &MemoryVectorStore) -> Arc<dyn VectorCollection> {
        store.open(&spec("c")).await.unwrap()
    }

    async fn versions(collection: &Arc<dyn VectorCollection>) -> Vec<(MemoryId, u64)> {
        let all = collection.scroll(&ScrollQuery::new(None, usize::MAX)).await.unwrap();
        all.into_iter().map(|point| (point.id, point.version)).collect()
    }

    #[tokio::test]
    async fn collections_open_once_and_only_as_they_are() {
        let store = MemoryVectorStore::new();
        let collection = open(&store).await;
        collection.upsert(&[point(1, 1, [1.0, 0.0])]).await.unwrap();
        assert_eq!(versions(&open(&store).await).await.len(), 1);
        let mut other = spec("c");
        other.identity.digest = "d".into();
        assert_eq!(store.open(&other).await.unwrap_err().kind(), ErrorKind::IdentityMismatch);
        other.identity.dims = 3;
        assert_eq!(store.open(&other).await.unwrap_err().kind(), ErrorKind::DimensionMismatch);
        other.identity.dims = 0;
        assert_eq!(store.open(&other).await.unwrap_err().kind(), ErrorKind::InvalidInput);
        for name in ["", "a b", "ä", "a/b", &"x".repeat(129)] {
            assert_eq!(store.open(&spec(name)).await.unwrap_err().kind(), ErrorKind::InvalidInput, "{name}");
        }
        store.drop_collection("c").await.unwrap();
        store.drop_collection("c").await.unwrap();
        assert_eq!(collection.count(None, &Filter::All).await.unwrap_err().kind(), ErrorKind::NotFound);
        assert!(versions(&open(&store).await).await.is_empty());
    }

    #[tokio::test]
    async fn old_writes_change_nothing() {
        let store = MemoryVectorStore::new();
        let collection = open(&store).await;
        let write = async |points: &[Point]| collection.upsert(points).await.unwrap();
        write(&[point(1, 3, [1.0, 0.0]), point(1, 2, [0.0, 1.0])]).await;
        write(&[point(1, 2, [0.0, 1.0])]).await;
        assert_eq!(versions(&collection).await, [(id(1), 3)]);
        // Deletions count too, also of what has not arrived yet.
        let deletion = Selector::Ids(vec![(id(1), 2), (id(2), 5), (id(3), 1)]);
        assert_eq!(collection.delete(&deletion).await.unwrap(), 0);
        assert_eq!(collection.delete(&Selector::Ids(vec![(id(1), 4)])).await.unwrap(), 1);
        write(&[point(1, 3, [1.0, 0.0]), point(2, 4, [1.0, 0.0]), point(3, 2, [1.0, 0.0])]).await;
        assert_eq!(versions(&collection).await, [(id(3), 2)]);
        write(&[point(1, 5, [1.0, 0.0])]).await;
        assert_eq!(versions(&collection).await.len(), 2);
    }

    #[tokio::test]
    async fn a_store_without_versions_takes_writes_as_they_come() {
        let store = MemoryVectorStore::unversioned();
        assert!(!store.capabilities().versioned);
        let collection = open(&store).await;
        collection.upsert(&[point(1, 3, [1.0, 0.0]), point(1, 2, [0.0, 1.0])]).await.unwrap();
        assert_eq!(versions(&collection).await, [(id(1), 3)]);
        collection.upsert(&[point(1, 2, [0.0, 1.0])]).await.unwrap();
        assert_eq!(versions(&collection).await, [(id(1), 2)]);
        assert_eq!(collection.delete(&Selector::Ids(vec![(id(1), 1)])).await.unwrap(), 0);
        assert_eq!(collection.delete(&Selector::Ids(vec![(id(1), 9)])).await.unwrap(), 1);
        collection.upsert(&[point(1, 2, [0.0, 1.0])]).await.unwrap();
        assert_eq!(versions(&collection).await, [(id(1), 2)]);
    }

    #[tokio::test]
    async fn a_bad_vector_keeps_the_whole_batch_out() {
        let collection = open(&MemoryVectorStore::new()).await;
        for (bad, kind) in [
            (vec![1.0], ErrorKind::DimensionMismatch),
            (vec![f32::NAN, 0.0], ErrorKind::InvalidInput),
            (vec![0.0, 0.0], ErrorKind::InvalidInput),
        ] {
            let bad = Point { vector: bad, ..point(2, 1, [1.0, 0.0]) };
            let error = collection.upsert(&[point(1, 1, [1.0, 0.0]), bad]).await.unwrap_err();
            assert_eq!(error.kind(), kind);
        }
        assert!(versions(&collection).await.is_empty());
    }

    #[tokio::test]
    async fn the_scope_and_the_filter_come_before_the_limit() {
        let collection = open(&MemoryVectorStore::new()).await;
        let mut points: Vec<_> = (0..100).map(|n| point(n, 1, [1.0, n as f32 / 100.0])).collect();
        points.push(Point { scope: Scope::user("anais").unwrap(), ..point(200, 1, [1.0, 0.0]) });
        points.push(Point { scope: ana().with_run("7").unwrap(), ..point(150, 1, [-1.0, 0.0]) });
        collection.upsert(&points).await.unwrap();
        let query = VectorQuery::new(ana(), vec![1.0, 0.0], 2);
        let filtered = query.clone().with_filter(Filter::gte("n", 50));
        let none = VectorQuery::new(ana(), vec![1.0, 0.0], 0);
        let found = collection.search(&[query.clone(), filtered, none]).await.unwrap();
        let ids = |n: usize| found[n].iter().map(|hit| hit.id).collect::<Vec<_>>();
        assert_eq!((ids(0), ids(1), ids(2)), (vec![id(0), id(1)], vec![id(50), id(51)], vec![]));
        assert_eq!((found[0][0].similarity, found[0][0].raw), (1.0, 1.0));
        let mut all = query;
        all.limit = 1_000;
        let all = &collection.search(&[all]).await.unwrap()[0];
        assert_eq!(all.len(), 101);
        assert_eq!((all[100].id, all[100].similarity, all[100].raw), (id(150), 0.0, -1.0));
        assert_eq!(collection.get(Some(&ana()), &[id(200), id(3)]).await.unwrap()[0], None);
        assert_eq!(collection.count(Some(&ana()), &Filter::lt("n", 10)).await.unwrap(), 10);
        assert_eq!(collection.delete(&Selector::Scope(ana())).await.unwrap(), 101);
        assert_eq!(versions(&collection).await, [(id(200), 1)]);
    }

    #[tokio::test]
    async fn pages_walk_every_id_once() {
        let collection = open(&MemoryVectorStore::new()).await;
        let points: Vec<_> = (0..10_001).rev().map(|n| point(n, 1, [1.0, 0.0])).collect();
        collection.upsert(&points).await.unwrap();
        let mut after = None;
        let mut seen = Vec::new();
        loop {
            let page = collection.scroll(&ScrollQuery::new(Some(ana()), 10).after(after)).await.unwrap();
            seen.extend(page.iter().map(|point| point.id));
            after = seen.last().copied();
            if page.len() < 10 {
                break;
            }
        }
        assert!(seen.is_sorted());
        assert_eq!(seen.len(), 10_001);
    }

    #[tokio::test]
    async fn a_filter_that_is_not_declared_is_refused() {
        let weak = FilterCapabilities::NONE
            .exact(&[FilterOp::Eq], Kinds::ALL)
            .superset(&[FilterOp::Contains], Kinds::TEXT)
            .with_not(true);
        let collection = open(&MemoryVectorStore::new().with_filter_capabilities(weak)).await;
        let wanted = Filter::eq("n", 1).and(Filter::contains("t", "x")).and(Filter::gt("n", 2));
        let pushed = wanted.plan(&weak).pushed;
        for accepted in [Filter::All, Filter::eq("n", 1), Filter::contains("t", "x"), pushed, Filter::Nothing] {
            collection.count(None, &accepted).await.unwrap();
        }
        for refused in [Filter::gt("n", 2), wanted, Filter::eq("n", 1).or(Filter::eq("n", 2))] {
            let error = collection.count(None, &refused).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{refused}");
            let query = VectorQuery::new(ana(), vec![1.0, 0.0], 1).with_filter(refused);
            assert_eq!(collection.search(&[query]).await.unwrap_err().kind(), ErrorKind::Unsupported);
        }
    }
}
