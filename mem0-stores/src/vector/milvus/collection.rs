//! One open collection.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use futures::{StreamExt, TryStreamExt, stream};
use mem0_core::{
    CollectionSpec, Error, ErrorKind, Filter, MemoryId, Point, Result, Scope, ScoredPoint, ScrollQuery, Selector,
    VectorCollection, VectorQuery,
};
use prost::Message as _;

use super::config::{ConsistencyLevel, MilvusConfig};
use super::connection::{Connection, Reads};
use super::error::unexpected;
use super::proto::{
    BOOL_EXPR, Delete, FLOAT_VECTOR, FieldData, Hits, Placeholder, PlaceholderGroup, Query, Search, Upsert, pair,
};
use super::rows::{self, Columns, Entry, parse};
use super::schema::{ID, VECTOR, VERSION, search_params};
use super::{MAX_LIMIT, NAME, filter};
use crate::shared::collection::{check_vector, latest};
use crate::shared::search::{hit, may_miss_ties, sort_hits};

/// Points of one write, and about how many bytes of one.
const PAGE: usize = 1_000;
const PAGE_BYTES: usize = 4 << 20;

/// Points of one read.
const READ: usize = 200;

/// Ids of one read or deletion.
const IDS: usize = 1_000;

/// The most hits that a server takes.
const MOST: usize = 16_384;

/// Hits that are asked for beyond the limit, to see where the ties at its end
/// end; with this factor more each time that they do not.
const SLACK: usize = 16;
const MORE: usize = 8;

/// Searches with different conditions that are under way at once.
const AT_ONCE: usize = 8;

/// An open collection of a [`MilvusStore`](super::MilvusStore).
pub(super) struct MilvusCollection {
    pub(super) connection: Arc<Connection>,
    pub(super) config: MilvusConfig,
    pub(super) spec: CollectionSpec,
    /// The server's name of it.
    pub(super) name: String,
    pub(super) reads: Reads,
}

/// Queries with the same conditions and limit: one search of the server.
#[derive(Default)]
struct Group {
    places: Vec<usize>,
    vectors: Vec<Vec<u8>>,
}

impl MilvusCollection {
    fn said<T>(&self, result: Result<T>, operation: &'static str) -> Result<T> {
        result.map_err(|e| e.with_operation(operation).with_provider(NAME).with_context("collection", &self.spec.name))
    }

    async fn write(&self, points: &[Point]) -> Result<()> {
        points.iter().try_for_each(|point| check_vector(self.spec.identity.dims, &point.vector))?;
        let entries: Vec<Entry> = latest(points).into_iter().map(Entry::new).collect::<Result<_>>()?;
        let (mut page, mut bytes) = (Vec::new(), 0);
        for entry in entries {
            if page.len() == PAGE || (bytes + entry.size() > PAGE_BYTES && !page.is_empty()) {
                self.write_page(&page).await?;
                page.clear();
                bytes = 0;
            }
            bytes += entry.size();
            page.push(entry);
        }
        if page.is_empty() { Ok(()) } else { self.write_page(&page).await }
    }

    async fn write_page(&self, page: &[Entry]) -> Result<()> {
        let call = Upsert {
            collection_name: self.name.clone(),
            fields_data: rows::columns(page, self.spec.identity.dims),
            num_rows: u32::try_from(page.len()).unwrap_or(u32::MAX),
        };
        self.reads.wrote(self.connection.call(call).await?.timestamp);
        Ok(())
    }

    /// The columns of the rows that an expression matches.
    async fn query(&self, expr: String, columns: Vec<String>, limit: Option<usize>) -> Result<Vec<FieldData>> {
        self.query_as_of(expr, columns, limit, self.reads.due()).await
    }

    async fn query_as_of(
        &self,
        expr: String,
        columns: Vec<String>,
        limit: Option<usize>,
        (consistency_level, guarantee_timestamp): (i32, u64),
    ) -> Result<Vec<FieldData>> {
        // Those with the lowest ids, as the official clients walk.
        let lowest = [pair("reduce_stop_for_best", "true"), pair("iterator", "True")];
        let call = Query {
            collection_name: self.name.clone(),
            expr,
            output_fields: columns,
            guarantee_timestamp,
            query_params: limit
                .map(|limit| pair("limit", limit))
                .into_iter()
                .flat_map(|limit| [vec![limit], lowest.to_vec()].concat())
                .collect(),
            consistency_level,
        };
        Ok(self.connection.call(call).await?.fields_data)
    }

    async fn read(&self, scope: Option<&Scope>, ids: &[MemoryId]) -> Result<Vec<Option<Point>>> {
        let confined = filter::expression(scope, &Filter::All)?;
        let mut found: HashMap<MemoryId, Point> = HashMap::new();
        for page in ids.chunks(READ) {
            let fields = self.query(filter::among(&confined, page), rows::of_points(), None).await?;
            let points = Columns::new(&fields).points(self.spec.identity.dims)?;
            found.extend(points.into_iter().map(|point| (point.id, point)));
        }
        Ok(ids.iter().map(|id| found.get(id).cloned()).collect())
    }

    async fn find(&self, queries: &[VectorQuery]) -> Result<Vec<Vec<ScoredPoint>>> {
        let mut groups: BTreeMap<(String, usize), Group> = BTreeMap::new();
        for (place, query) in queries.iter().enumerate() {
            check_vector(self.spec.identity.dims, &query.vector)?;
            if query.limit > MAX_LIMIT {
                return Err(Error::invalid(format!("a search has a limit of at most {MAX_LIMIT}")));
            }
            let Some(filter) = filter::accept(&query.filter)?.filter(|_| query.limit > 0) else { continue };
            let group = groups.entry((filter::expression(Some(&query.scope), &filter)?, query.limit)).or_default();
            group.places.push(place);
            group.vectors.push(query.vector.iter().flat_map(|x| x.to_le_bytes()).collect());
        }
        let answered: Vec<Vec<(usize, Vec<ScoredPoint>)>> = stream::iter(groups)
            .map(|((expr, limit), group)| self.answer(expr, limit, group))
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        let mut answers = vec![Vec::new(); queries.len()];
        for (place, hits) in answered.into_iter().flatten() {
            if let Some(answer) = answers.get_mut(place) {
                *answer = hits;
            }
        }
        Ok(answers)
    }

    async fn answer(&self, expr: String, limit: usize, mut group: Group) -> Result<Vec<(usize, Vec<ScoredPoint>)>> {
        let (mut answers, mut nearest) = (Vec::new(), limit + SLACK);
        while !group.places.is_empty() {
            let found = self.nearest(&expr, nearest, &group.vectors).await?;
            if found.len() != group.places.len() {
                return Err(unexpected());
            }
            let mut again = Group::default();
            for ((place, vector), mut hits) in group.places.into_iter().zip(group.vectors).zip(found) {
                if nearest < MOST && may_miss_ties(&hits, limit, nearest) {
                    again.places.push(place);
                    again.vectors.push(vector);
                } else {
                    hits.truncate(limit);
                    answers.push((place, hits));
                }
            }
            group = again;
            nearest = nearest.saturating_mul(MORE).min(MOST);
        }
        Ok(answers)
    }

    async fn nearest(&self, expr: &str, nearest: usize, vectors: &[Vec<u8>]) -> Result<Vec<Vec<ScoredPoint>>> {
        let placeholder = Placeholder { tag: "$0".to_owned(), data_type: FLOAT_VECTOR, values: vectors.to_vec() };
        let (consistency_level, guarantee_timestamp) = self.reads.due();
        let call = Search {
            collection_name: self.name.clone(),
            dsl: expr.to_owned(),
            placeholder_group: PlaceholderGroup { placeholders: vec![placeholder] }.encode_to_vec(),
            dsl_type: BOOL_EXPR,
            output_fields: vec![VERSION.to_owned()],
            search_params: vec![
                pair("anns_field", VECTOR),
                pair("topk", nearest),
                pair("metric_type", "COSINE"),
                pair("params", search_params(&self.config, nearest)),
                pair("round_decimal", -1),
            ],
            guarantee_timestamp,
            nq: i64::try_from(vectors.len()).unwrap_or(i64::MAX),
            consistency_level,
        };
        match self.connection.call(call).await?.results {
            Some(hits) => read_hits(&hits, vectors.len()),
            None => Ok(vec![Vec::new(); vectors.len()]),
        }
    }

    async fn page(&self, query: &ScrollQuery) -> Result<Vec<Point>> {
        let Some(accepted) = filter::accept(&query.filter)? else { return Ok(Vec::new()) };
        let confined = filter::expression(query.scope.as_ref(), &accepted)?;
        let (mut after, mut points) = (query.after, Vec::new());
        while points.len() < query.limit {
            let wanted = (query.limit - points.len()).min(READ);
            let fields = self.query(filter::after(&confined, after), rows::of_points(), Some(wanted)).await?;
            let mut page = Columns::new(&fields).points(self.spec.identity.dims)?;
            page.sort_by_key(|point| point.id);
            after = page.last().map(|point| point.id);
            let last = page.len() < wanted;
            points.extend(page);
            if last {
                break;
            }
        }
        Ok(points)
    }

    async fn number(&self, scope: Option<&Scope>, filter: &Filter) -> Result<u64> {
        const COUNT: &str = "count(*)";
        let Some(accepted) = filter::accept(filter)? else { return Ok(0) };
        let expr = filter::expression(scope, &accepted)?;
        let fields = self.query(expr, vec![COUNT.to_owned()], None).await?;
        Columns::new(&fields).number(COUNT)
    }

    async fn remove(&self, selector: &Selector) -> Result<u64> {
        match selector {
            Selector::Ids(ids) => {
                let mut wanted: BTreeMap<MemoryId, u64> = BTreeMap::new();
                for (id, version) in ids {
                    let due = wanted.entry(*id).or_default();
                    *due = (*due).max(*version);
                }
                let all: Vec<MemoryId> = wanted.keys().copied().collect();
                let mut gone = 0;
                for page in all.chunks(IDS) {
                    let mut there = self.versions(filter::among("", page), None).await?;
                    there.retain(|(id, version)| wanted.get(id).is_some_and(|due| version <= due));
                    gone += self.remove_ids(&there).await?;
                }
                Ok(gone)
            }
            Selector::Scope(scope) => {
                let confined = filter::expression(Some(scope), &Filter::All)?;
                let (mut after, mut gone) = (None, 0);
                loop {
                    let mut there = self.versions(filter::after(&confined, after), Some(IDS)).await?;
                    there.sort_unstable();
                    gone += self.remove_ids(&there).await?;
                    if there.len() < IDS {
                        return Ok(gone);
                    }
                    after = there.last().map(|(id, _)| *id);
                }
            }
            _ => Err(Error::new(ErrorKind::Unsupported, "this way to select points")),
        }
    }

    /// What is there, whatever reads wait for otherwise: what a deletion does
    /// not see would stay.
    async fn versions(&self, expr: String, limit: Option<usize>) -> Result<Vec<(MemoryId, u64)>> {
        let now = Reads::new(ConsistencyLevel::Strong).due();
        let fields = self.query_as_of(expr, vec![ID.to_owned(), VERSION.to_owned()], limit, now).await?;
        let columns = Columns::new(&fields);
        let (ids, versions) = (columns.ids()?, columns.versions()?);
        if ids.len() != versions.len() {
            return Err(unexpected());
        }
        Ok(ids.into_iter().zip(versions).collect())
    }

    async fn remove_ids(&self, ids: &[(MemoryId, u64)]) -> Result<u64> {
        if !ids.is_empty() {
            let expr = filter::among("", ids.iter().map(|(id, _)| id));
            let call = Delete { collection_name: self.name.clone(), expr };
            self.reads.wrote(self.connection.call(call).await?.timestamp);
        }
        Ok(ids.len() as u64)
    }
}

/// The hits of each query of a search, in order: by cosine, ties by id.
fn read_hits(hits: &Hits, queries: usize) -> Result<Vec<Vec<ScoredPoint>>> {
    let ids = hits.ids.as_ref().and_then(|ids| ids.str_id.as_ref()).map_or(&[][..], |ids| &ids.data);
    let versions = if ids.is_empty() { Vec::new() } else { Columns::new(&hits.fields_data).versions()? };
    let counts: Vec<usize> = hits.topks.iter().filter_map(|count| usize::try_from(*count).ok()).collect();
    let all: usize = counts.iter().sum();
    if ids.len() != all || hits.scores.len() != all || versions.len() != all || (all > 0 && counts.len() != queries) {
        return Err(unexpected());
    }
    let mut rows = ids
        .iter()
        .zip(versions)
        .zip(&hits.scores)
        .map(|((id, version), score)| Ok(hit(parse(id)?, version, f64::from(*score))));
    let mut answers = Vec::with_capacity(queries);
    for count in counts {
        let mut answer: Vec<ScoredPoint> = rows.by_ref().take(count).collect::<Result<_>>()?;
        sort_hits(&mut answer);
        answers.push(answer);
    }
    answers.resize(queries, Vec::new());
    Ok(answers)
}

#[async_trait]
impl VectorCollection for MilvusCollection {
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

    async fn scroll(&self, query: &ScrollQuery) -> Result<Vec<Point>> {
        self.said(self.page(query).await, "scroll")
    }

    async fn count(&self, scope: Option<&Scope>, filter: &Filter) -> Result<u64> {
        self.said(self.number(scope, filter).await, "count")
    }

    async fn delete(&self, selector: &Selector) -> Result<u64> {
        self.said(self.remove(selector).await, "delete")
    }
}

impl fmt::Debug for MilvusCollection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MilvusCollection").field("spec", &self.spec).field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::super::proto::{Ids, LongArray, ScalarField, StringArray};
    use super::*;

    fn hits(rows: &[(u8, f32)], topks: &[i64]) -> Hits {
        let ids = rows.iter().map(|(n, _)| format!("018f3a5c-0000-7000-8000-00000000000{n}")).collect();
        let long_data = Some(LongArray { data: rows.iter().map(|(n, _)| i64::from(*n)).collect() });
        Hits {
            fields_data: vec![FieldData {
                field_name: VERSION.to_owned(),
                scalars: Some(ScalarField { long_data, ..ScalarField::default() }),
                ..FieldData::default()
            }],
            scores: rows.iter().map(|(_, score)| *score).collect(),
            ids: Some(Ids { str_id: Some(StringArray { data: ids }) }),
            topks: topks.to_vec(),
        }
    }

    #[test]
    fn hits_are_in_order_and_ties_by_id() {
        let answer = hits(&[(2, 0.5), (1, 0.5), (3, -1.0), (4, 1.000_001), (5, -0.0)], &[3, 2]);
        let seen: Vec<Vec<_>> = read_hits(&answer, 2)
            .unwrap()
            .iter()
            .map(|hits| hits.iter().map(|hit| (hit.version, hit.raw, hit.similarity)).collect())
            .collect();
        assert_eq!(seen, [vec![(1, 0.5, 0.5), (2, 0.5, 0.5), (3, -1.0, 0.0)], vec![(4, 1.0, 1.0), (5, 0.0, 0.0)]]);
        assert_eq!(read_hits(&Hits::default(), 2).unwrap(), [vec![], vec![]]);
    }

    #[test]
    fn what_has_another_shape_is_an_error() {
        let whole = hits(&[(1, 0.5), (2, 0.5)], &[2]);
        assert!(read_hits(&whole, 1).is_ok());
        assert!(read_hits(&whole, 2).is_err());
        assert!(read_hits(&Hits { scores: vec![0.5], ..whole.clone() }, 1).is_err());
        assert!(read_hits(&Hits { fields_data: vec![], ..whole.clone() }, 1).is_err());
        assert!(read_hits(&Hits { topks: vec![1], ..whole }, 1).is_err());
    }
}
