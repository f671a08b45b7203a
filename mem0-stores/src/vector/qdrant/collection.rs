//! One open collection.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use mem0_core::{
    CollectionSpec, Error, ErrorKind, Filter, MemoryId, Point, Result, Scope, ScoredPoint, ScrollQuery, Selector,
    TextHit, TextQuery, VectorCollection, VectorQuery,
};
use qdrant_client::qdrant::points_update_operation::{Operation, PointStructList};
use qdrant_client::qdrant::{
    Condition, CountPoints, DenseVector, Filter as Native, IdfParams, PayloadIncludeSelector, PointStruct,
    PointsUpdateOperation, QuantizationSearchParams, Query, QueryBatchPoints, QueryPoints, RetrievedPoint,
    ScrollPoints, SearchParams, SparseVector, UpdateBatchPoints, VectorInput, VectorsSelector, WithPayloadSelector,
    WithVectorsSelector, query, vector_input, with_payload_selector, with_vectors_selector,
};
use uuid::Uuid;

use super::client::{Client, done};
use super::config::QdrantConfig;
use super::words::Words;
use super::{MAX_LIMIT, NAME, fields, filter};
use crate::shared::collection::{accept, check_vector, latest};
use crate::shared::search::{Ranked, may_miss_ties, sort_hits};

/// About how many bytes one request takes.
const PAGE_BYTES: usize = 8 << 20;

/// Searches of one request.
const PAGE_QUERIES: usize = 100;

/// Hits that are asked for beyond the limit, to see where the ties at its end
/// end; with this factor more each time that they do not.
const SLACK: usize = 16;
const MORE: usize = 8;

/// An open collection of a [`QdrantStore`](super::QdrantStore).
#[derive(Debug)]
pub(super) struct QdrantCollection {
    pub(super) client: Client,
    pub(super) config: QdrantConfig,
    pub(super) spec: CollectionSpec,
    /// Whether it has a place for the words of a text.
    pub(super) with_words: bool,
}

/// A question that is being answered.
struct Asked {
    place: usize,
    request: QueryPoints,
    limit: usize,
}

/// An answer as it came.
struct Hit {
    id: MemoryId,
    version: u64,
    score: f32,
}

impl Ranked for Hit {
    fn rank(&self) -> f32 {
        self.score
    }

    fn id(&self) -> MemoryId {
        self.id
    }
}

impl QdrantCollection {
    fn said<T>(&self, result: Result<T>, operation: &'static str) -> Result<T> {
        result.map_err(|e| e.with_operation(operation).with_provider(NAME).with_context("collection", &self.spec.name))
    }

    fn name(&self) -> String {
        self.spec.name.clone()
    }

    async fn write(&self, points: &[Point]) -> Result<()> {
        points.iter().try_for_each(|point| check_vector(self.spec.identity.dims, &point.vector))?;
        let mut page = Vec::new();
        let mut bytes = 0;
        for point in latest(points) {
            let (written, size) = fields::point(point, self.with_words)?;
            if page.len() == self.config.batch_size || (bytes + size > PAGE_BYTES && !page.is_empty()) {
                self.write_page(std::mem::take(&mut page)).await?;
                bytes = 0;
            }
            bytes += size;
            page.push((point.version, written));
        }
        self.write_page(page).await
    }

    /// Writes points, each unless a later version of it is there. The condition
    /// is one for all points of an update, so there is one for each version.
    async fn write_page(&self, page: Vec<(u64, PointStruct)>) -> Result<()> {
        let mut by_version: BTreeMap<u64, Vec<PointStruct>> = BTreeMap::new();
        for (version, point) in page {
            by_version.entry(version).or_default().push(point);
        }
        let operations = by_version.into_iter().map(|(version, points)| {
            let update_filter = Some(filter::up_to_version(version));
            let list = PointStructList { points, update_filter, ..PointStructList::default() };
            PointsUpdateOperation { operation: Some(Operation::Upsert(list)) }
        });
        self.update(operations.collect()).await
    }

    /// Runs updates one after the other and waits for them.
    pub(super) async fn update(&self, operations: Vec<PointsUpdateOperation>) -> Result<()> {
        if operations.is_empty() {
            return Ok(());
        }
        let request =
            UpdateBatchPoints { collection_name: self.name(), wait: Some(true), operations, ..Default::default() };
        let answer = self.client.call(|qdrant| qdrant.update_points_batch(request)).await?;
        answer.result.iter().try_for_each(|result| done(result.status()))
    }

    async fn read(&self, scope: Option<&Scope>, ids: &[MemoryId]) -> Result<Vec<Option<Point>>> {
        let mut found = HashMap::with_capacity(ids.len());
        for page in ids.chunks(self.config.batch_size) {
            let mut filter = filter::covered(scope);
            filter.must.push(Condition::has_id(page.iter().map(|id| fields::id(*id))));
            for retrieved in self.scroll_page(filter, None, page.len(), true).await? {
                let point = fields::read(retrieved, self.spec.identity.dims)?;
                found.insert(point.id, point);
            }
        }
        Ok(ids.iter().map(|id| found.get(id).cloned()).collect())
    }

    /// The first points from `after` on, in the order of ids; whole, or as far
    /// as their versions go.
    pub(super) async fn scroll_page(
        &self,
        filter: Native,
        after: Option<MemoryId>,
        limit: usize,
        whole: bool,
    ) -> Result<Vec<RetrievedPoint>> {
        let offset = match after.map(|after| after.as_uuid().as_u128().checked_add(1)) {
            None => None,
            // There is no id after the last.
            Some(None) => return Ok(Vec::new()),
            Some(Some(next)) => Some(fields::id(MemoryId::from_uuid(Uuid::from_u128(next)))),
        };
        let vector = VectorsSelector { names: vec![fields::DENSE.to_owned()] };
        let vectors = with_vectors_selector::SelectorOptions::Include(vector);
        let everything =
            WithPayloadSelector { selector_options: Some(with_payload_selector::SelectorOptions::Enable(true)) };
        let request = ScrollPoints {
            collection_name: self.name(),
            filter: Some(filter),
            offset,
            limit: Some(u32::try_from(limit).unwrap_or(u32::MAX)),
            with_payload: Some(if whole { everything } else { only_version() }),
            with_vectors: whole.then_some(WithVectorsSelector { selector_options: Some(vectors) }),
            read_consistency: self.config.read_consistency.map(|consistency| consistency.native()),
            ..ScrollPoints::default()
        };
        Ok(self.client.call(|qdrant| qdrant.scroll(request)).await?.result)
    }

    async fn page(&self, query: &ScrollQuery) -> Result<Vec<Point>> {
        let Some(filter) = accept(&query.filter, &filter::CAPABILITIES)? else { return Ok(Vec::new()) };
        let filter = filter::native(query.scope.as_ref(), &filter)?;
        let (mut after, mut points) = (query.after, Vec::new());
        while points.len() < query.limit {
            let wanted = (query.limit - points.len()).min(self.config.batch_size);
            let page = self.scroll_page(filter.clone(), after, wanted, true).await?;
            let end = page.len() < wanted;
            for retrieved in page {
                let point = fields::read(retrieved, self.spec.identity.dims)?;
                after = Some(point.id);
                points.push(point);
            }
            if end {
                break;
            }
        }
        Ok(points)
    }

    async fn number(&self, filter: Native) -> Result<u64> {
        let request = CountPoints {
            collection_name: self.name(),
            filter: Some(filter),
            exact: Some(true),
            read_consistency: self.config.read_consistency.map(|consistency| consistency.native()),
            ..CountPoints::default()
        };
        let answer = self.client.call(|qdrant| qdrant.count(request)).await?;
        answer.result.map(|result| result.count).ok_or_else(unexpected)
    }

    fn ask(&self, place: usize, query: &VectorQuery) -> Result<Option<Asked>> {
        check_vector(self.spec.identity.dims, &query.vector)?;
        let Some(filter) = self.asks(&query.filter, query.limit)? else { return Ok(None) };
        let quantization = QuantizationSearchParams {
            rescore: self.config.rescore,
            oversampling: self.config.oversampling,
            ..QuantizationSearchParams::default()
        };
        let params = SearchParams {
            hnsw_ef: self.config.hnsw.ef,
            exact: self.config.exact.then_some(true),
            quantization: (quantization != QuantizationSearchParams::default()).then_some(quantization),
            ..SearchParams::default()
        };
        let vector = vector_input::Variant::Dense(DenseVector { data: query.vector.clone() });
        let request = QueryPoints {
            params: (params != SearchParams::default()).then_some(params),
            ..self.request(vector, filter::native(Some(&query.scope), &filter)?, query.limit)
        };
        Ok(Some(Asked { place, request, limit: query.limit }))
    }

    /// The filter of a search that can find anything.
    fn asks(&self, filter: &Filter, limit: usize) -> Result<Option<Filter>> {
        if limit > MAX_LIMIT {
            return Err(Error::invalid("a search has a limit of at most 100000"));
        }
        Ok(accept(filter, &filter::CAPABILITIES)?.filter(|_| limit > 0))
    }

    fn request(&self, vector: vector_input::Variant, filter: Native, limit: usize) -> QueryPoints {
        let nearest = query::Variant::Nearest(VectorInput { variant: Some(vector) });
        QueryPoints {
            collection_name: self.name(),
            query: Some(Query { variant: Some(nearest) }),
            filter: Some(filter),
            limit: Some((limit + SLACK) as u64),
            with_payload: Some(only_version()),
            ..QueryPoints::default()
        }
    }

    /// Answers questions in one request, and once more those at whose end there
    /// may be ties that did not come.
    async fn answer(&self, mut open: Vec<Asked>, count: usize) -> Result<Vec<Vec<Hit>>> {
        let mut answers: Vec<Vec<Hit>> = std::iter::repeat_with(Vec::new).take(count).collect();
        while !open.is_empty() {
            let rest = open.split_off(open.len().min(PAGE_QUERIES));
            let request = QueryBatchPoints {
                collection_name: self.name(),
                query_points: open.iter().map(|asked| asked.request.clone()).collect(),
                read_consistency: self.config.read_consistency.map(|consistency| consistency.native()),
                timeout: None,
            };
            let results = self.client.call(|qdrant| qdrant.query_batch(request)).await?.result;
            if results.len() != open.len() {
                return Err(unexpected());
            }
            let mut again = Vec::new();
            for (mut asked, result) in open.into_iter().zip(results) {
                let mut hits = result.result.into_iter().map(hit).collect::<Result<Vec<_>>>()?;
                sort_hits(&mut hits);
                let wanted = asked.request.limit.unwrap_or_default();
                if may_miss_ties(&hits, asked.limit, usize::try_from(wanted).unwrap_or(usize::MAX)) {
                    asked.request.limit = Some(wanted.saturating_mul(MORE as u64));
                    again.push(asked);
                    continue;
                }
                hits.truncate(asked.limit);
                if let Some(answer) = answers.get_mut(asked.place) {
                    *answer = hits;
                }
            }
            open = again;
            open.extend(rest);
        }
        Ok(answers)
    }

    async fn find(&self, queries: &[VectorQuery]) -> Result<Vec<Vec<ScoredPoint>>> {
        let asked = queries.iter().enumerate().map(|(place, query)| self.ask(place, query));
        let asked = asked.filter_map(Result::transpose).collect::<Result<_>>()?;
        let scored = |hit: Hit| {
            // Rounding can lead beyond the ends.
            let raw = hit.score.clamp(-1.0, 1.0);
            ScoredPoint { id: hit.id, version: hit.version, similarity: raw.max(0.0), raw }
        };
        let answers = self.answer(asked, queries.len()).await?;
        Ok(answers.into_iter().map(|hits| hits.into_iter().map(scored).collect()).collect())
    }

    /// How rare a word is, is counted within the scope, by servers that can;
    /// older ones count in the collection.
    fn ask_words(&self, place: usize, query: &TextQuery) -> Result<Option<Asked>> {
        let words = Words::of_question(&query.text);
        let Some(filter) = self.asks(&query.filter, query.limit)?.filter(|_| !words.is_empty()) else {
            return Ok(None);
        };
        let idf = IdfParams { corpus: Some(filter::covered(Some(&query.scope))) };
        let vector = vector_input::Variant::Sparse(SparseVector { values: words.weights, indices: words.indices });
        let request = QueryPoints {
            using: Some(fields::WORDS.to_owned()),
            params: Some(SearchParams { idf: Some(idf), ..SearchParams::default() }),
            ..self.request(vector, filter::native(Some(&query.scope), &filter)?, query.limit)
        };
        Ok(Some(Asked { place, request, limit: query.limit }))
    }

    async fn find_words(&self, queries: &[TextQuery]) -> Result<Vec<Vec<TextHit>>> {
        if !self.with_words {
            let message = "another program made this collection, without a place for words (the sparse vector bm25)";
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        let asked = queries.iter().enumerate().map(|(place, query)| self.ask_words(place, query));
        let asked = asked.filter_map(Result::transpose).collect::<Result<_>>()?;
        let found = |hit: Hit| TextHit { id: hit.id, version: hit.version, score: hit.score };
        let answers = self.answer(asked, queries.len()).await?;
        Ok(answers.into_iter().map(|hits| hits.into_iter().map(found).collect()).collect())
    }

    async fn remove(&self, selector: &Selector) -> Result<u64> {
        let mut gone = 0;
        match selector {
            Selector::Ids(ids) => {
                for page in ids.chunks(self.config.batch_size) {
                    gone += self.remove_page(page).await?;
                }
            }
            Selector::Scope(scope) => loop {
                let page = self.scroll_page(filter::covered(Some(scope)), None, self.config.batch_size, false).await?;
                let seen = |point: RetrievedPoint| {
                    Ok((fields::memory_id(point.id.as_ref())?, fields::version(&point.payload)?))
                };
                let page = page.into_iter().map(seen).collect::<Result<Vec<_>>>()?;
                if page.is_empty() {
                    break;
                }
                gone += self.remove_page(&page).await?;
            },
            _ => return Err(Error::new(ErrorKind::Unsupported, "this way to select points")),
        }
        Ok(gone)
    }

    /// Leaves of each point nothing but the version, unless it has a later one;
    /// of unknown ids too, since their write may still be on its way. How many
    /// points there were is counted before.
    async fn remove_page(&self, page: &[(MemoryId, u64)]) -> Result<u64> {
        let mut last: BTreeMap<MemoryId, u64> = BTreeMap::new();
        for (id, version) in page {
            let seen = last.entry(*id).or_insert(*version);
            *seen = (*seen).max(*version);
        }
        let mut by_version: BTreeMap<u64, Vec<MemoryId>> = BTreeMap::new();
        for (id, version) in &last {
            by_version.entry(*version).or_default().push(*id);
        }
        if by_version.is_empty() {
            return Ok(0);
        }
        let ways = by_version.iter().map(|(version, ids)| {
            let ids = Condition::has_id(ids.iter().map(|id| fields::id(*id)));
            Native::must([ids, filter::up_to_version(*version).into()]).into()
        });
        let mut present = filter::covered(None);
        present.must.push(Native::should(ways.collect::<Vec<Condition>>()).into());
        let gone = self.number(present).await?;
        let left = last.into_iter().map(|(id, version)| (version, fields::tombstone(id, version)));
        self.write_page(left.collect()).await?;
        Ok(gone)
    }
}

/// Of the payload, what says the version.
fn only_version() -> WithPayloadSelector {
    let fields = [fields::HIGH, fields::LOW, "version"].map(str::to_owned).to_vec();
    let include = with_payload_selector::SelectorOptions::Include(PayloadIncludeSelector { fields });
    WithPayloadSelector { selector_options: Some(include) }
}

fn hit(point: qdrant_client::qdrant::ScoredPoint) -> Result<Hit> {
    let id = fields::memory_id(point.id.as_ref())?;
    // Adding zero makes -0 the same as 0, so that they are ties in an order.
    Ok(Hit { id, version: fields::version(&point.payload)?, score: point.score + 0.0 })
}

fn unexpected() -> Error {
    Error::internal("the server's answer has an unknown shape")
}

#[async_trait]
impl VectorCollection for QdrantCollection {
    fn spec(&self) -> &CollectionSpec {
        &self.spec
    }

    async fn upsert(&self, points: &[Point]) -> Result<()> {
        self.said(self.write(points).await, "upsert")
    }

    async fn get(&self, scope: Option<&Scope>, ids: &[MemoryId]) -> Result<Vec<Option<Point>>> {
        self.said(self.read(scope, ids).await, "get")
    }

    async fn search(&self, queries: &[VectorQuery]) -> Result<Vec<Vec<ScoredPoint>>> {
        self.said(self.find(queries).await, "search")
    }

    async fn search_text(&self, queries: &[TextQuery]) -> Result<Vec<Vec<TextHit>>> {
        self.said(self.find_words(queries).await, "search_text")
    }

    async fn scroll(&self, query: &ScrollQuery) -> Result<Vec<Point>> {
        self.said(self.page(query).await, "scroll")
    }

    async fn count(&self, scope: Option<&Scope>, filter: &Filter) -> Result<u64> {
        let counted = async {
            match accept(filter, &filter::CAPABILITIES)? {
                Some(filter) => self.number(filter::native(scope, &filter)?).await,
                None => Ok(0),
            }
        };
        self.said(counted.await, "count")
    }

    async fn delete(&self, selector: &Selector) -> Result<u64> {
        self.said(self.remove(selector).await, "delete")
    }
}
