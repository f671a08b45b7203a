//! One open collection.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use mem0_core::{
    CollectionSpec, Error, ErrorKind, Filter, FilterCapabilities, MemoryId, Payload, Point, Result, Scope, ScoredPoint,
    ScrollQuery, Selector, VectorCollection, VectorQuery,
};
use serde_json::Value;

use super::api::{Api, Collection, Deleted, Records, Rows, Selection, Space, WHOLE};
use super::config::ChromaConfig;
use super::filter::Terms;
use super::rows::{self, Row};
use super::{NAME, filter};
use crate::shared::collection::{accept, check_vector, latest};
use crate::shared::http::unexpected;

/// About how many bytes of documents one write takes; a server takes 40 MiB.
const WRITE_BYTES: usize = 4 << 20;

/// Whole records that are read at a time.
pub(super) const WHOLE_RECORDS: usize = 200;

/// Ids that a page of a walk looks at first, at least.
const SAMPLE: usize = 2_000;

/// How often a page of a walk is narrowed down before everything is looked at.
const NARROWINGS: usize = 4;

/// An open collection of a [`ChromaStore`](super::ChromaStore).
#[derive(Debug)]
pub(super) struct ChromaCollection {
    pub(super) api: Api,
    spec: CollectionSpec,
    /// Chroma's own id: of a collection that was dropped and made again it is
    /// another one, so that an old handle finds nothing.
    pub(super) id: String,
    pub(super) space: Space,
    /// The field that has the terms.
    terms: String,
    pub(super) filters: FilterCapabilities,
    records_per_write: usize,
    pub(super) records_per_read: Option<usize>,
}

impl ChromaCollection {
    pub(super) fn new(
        api: Api,
        config: &ChromaConfig,
        spec: &CollectionSpec,
        collection: &Collection,
        terms: String,
    ) -> Self {
        Self {
            api,
            spec: spec.clone(),
            id: collection.id.clone(),
            space: collection.space(),
            terms,
            filters: filter::capabilities(config.predicates()),
            records_per_write: config.records_per_write(),
            records_per_read: config.records_per_read(),
        }
    }

    pub(super) fn check(&self, vector: &[f32]) -> Result<()> {
        check_vector(self.spec.identity.dims, vector)
    }

    fn said<T>(&self, result: Result<T>, operation: &'static str) -> Result<T> {
        result.map_err(|e| e.with_operation(operation).with_provider(NAME).with_context("collection", &self.spec.name))
    }

    async fn write(&self, points: &[Point]) -> Result<()> {
        points.iter().try_for_each(|point| self.check(&point.vector))?;
        let rows = latest(points).into_iter().map(Row::new).collect::<Result<Vec<_>>>()?;
        let mut page = Vec::new();
        let mut bytes = 0;
        for row in rows {
            let size = row.document.len();
            if page.len() == self.records_per_write || (bytes + size > WRITE_BYTES && !page.is_empty()) {
                self.write_page(std::mem::take(&mut page)).await?;
                bytes = 0;
            }
            bytes += size;
            page.push(row);
        }
        if page.is_empty() { Ok(()) } else { self.write_page(page).await }
    }

    async fn write_page(&self, page: Vec<Row<'_>>) -> Result<()> {
        // A first version has nothing to leave behind.
        let again: Vec<_> =
            page.iter().filter(|row| row.point.version > 1).map(|row| row.point.id.to_string()).collect();
        let before = self.metadata_of(&again).await?;
        let mut rows = Rows::default();
        for row in page {
            let id = row.point.id.to_string();
            rows.metadatas.push(row.metadata(&self.terms, before.get(&id)));
            rows.ids.push(id);
            rows.embeddings.push(&row.point.vector);
            rows.documents.push(row.document);
        }
        self.api.server.send(self.api.upsert(&self.id, &rows)?).await.map(|_| ())
    }

    async fn metadata_of(&self, ids: &[String]) -> Result<HashMap<String, Payload>> {
        let mut known = HashMap::new();
        for ids in ids.chunks(self.at_a_time(WHOLE_RECORDS)) {
            let selection =
                Selection { ids: Some(ids.to_vec()), include: Some(&["metadatas"]), ..Selection::default() };
            let records = self.records(&selection).await?;
            let metadatas = records.metadatas.unwrap_or_default().into_iter().map(Option::unwrap_or_default);
            known.extend(records.ids.into_iter().zip(metadatas));
        }
        Ok(known)
    }

    /// What a scope covers and an accepted filter matches, as the server is
    /// asked for it.
    async fn query(&self, scope: Option<&Scope>, filter: &Filter) -> Result<Option<Value>> {
        let long = !filter.is_all() && self.has_long(scope).await?;
        filter::query(self.terms(long), scope, filter)
    }

    pub(super) fn terms(&self, long: bool) -> Terms<'_> {
        Terms { field: &self.terms, long }
    }

    pub(super) async fn has_long(&self, scope: Option<&Scope>) -> Result<bool> {
        Ok(!self.ids(Some(filter::has_long(scope)), Some(1)).await?.is_empty())
    }

    pub(super) fn at_a_time(&self, records: usize) -> usize {
        self.records_per_read.map_or(records, |most| most.min(records))
    }

    pub(super) async fn records(&self, selection: &Selection) -> Result<Records> {
        self.api.server.ask(self.api.get(&self.id, selection)?).await
    }

    async fn points(&self, selection: &Selection) -> Result<Vec<Point>> {
        let records = self.records(selection).await?;
        let (Some(metadatas), Some(documents), Some(vectors)) =
            (records.metadatas, records.documents, records.embeddings)
        else {
            return Err(unexpected());
        };
        if [metadatas.len(), documents.len(), vectors.len()].iter().any(|len| *len != records.ids.len()) {
            return Err(unexpected());
        }
        let mut points = Vec::with_capacity(records.ids.len());
        let rows = metadatas.into_iter().zip(&documents).zip(vectors);
        for (id, ((metadata, document), vector)) in records.ids.iter().zip(rows) {
            let id = rows::id_of(id)?;
            points.push(rows::point(id, metadata.unwrap_or_default(), document.as_deref(), vector)?);
        }
        Ok(points)
    }

    async fn read(&self, scope: Option<&Scope>, ids: &[MemoryId]) -> Result<Vec<Option<Point>>> {
        let wanted: Vec<MemoryId> = ids.iter().copied().collect::<HashSet<_>>().into_iter().collect();
        let filter = filter::query(self.terms(false), scope, &Filter::All)?;
        let mut found: HashMap<MemoryId, Point> = HashMap::with_capacity(wanted.len());
        for page in wanted.chunks(self.at_a_time(WHOLE_RECORDS)) {
            let ids = Some(page.iter().map(MemoryId::to_string).collect());
            let selection = Selection { ids, filter: filter.clone(), include: Some(WHOLE), ..Selection::default() };
            found.extend(self.points(&selection).await?.into_iter().map(|point| (point.id, point)));
        }
        Ok(ids.iter().map(|id| found.get(id).cloned()).collect())
    }

    /// The ids of what matches, in no order; not more than `most`.
    pub(super) async fn ids(&self, filter: Option<Value>, most: Option<usize>) -> Result<Vec<String>> {
        let mut ids = Vec::new();
        loop {
            let left = most.map(|most| most - ids.len());
            let limit = left.into_iter().chain(self.records_per_read).min();
            let offset = (!ids.is_empty()).then_some(ids.len());
            let selection =
                Selection { filter: filter.clone(), limit, offset, include: Some(&[]), ..Selection::default() };
            let page = self.records(&selection).await?.ids;
            let last = limit.is_none_or(|limit| page.len() < limit);
            ids.extend(page);
            if last || most.is_some_and(|most| ids.len() >= most) {
                return Ok(ids);
            }
        }
    }

    async fn page(&self, query: &ScrollQuery) -> Result<Vec<Point>> {
        let Some(filter) = accept(&query.filter, &self.filters)? else { return Ok(Vec::new()) };
        let filter = self.query(query.scope.as_ref(), &filter).await?;
        let (mut after, mut points) = (query.after, Vec::new());
        while points.len() < query.limit {
            let wanted = query.limit - points.len();
            let ids = self.next_ids(&filter, after, wanted).await?;
            // What was deleted in between is left out, and the page goes on.
            points.extend(self.read(query.scope.as_ref(), &ids).await?.into_iter().flatten());
            after = ids.last().copied();
            if ids.len() < wanted {
                break;
            }
        }
        Ok(points)
    }

    /// The first ids behind `after`, in order.
    ///
    /// Chroma gives records in the order in which they came. A part of them
    /// shows which ids cannot be among the first, since so many are less; so
    /// less is asked for, until it comes whole.
    async fn next_ids(&self, filter: &Option<Value>, after: Option<MemoryId>, limit: usize) -> Result<Vec<MemoryId>> {
        let first = |ids: Vec<String>| -> Result<Vec<MemoryId>> {
            let ids = ids.iter().map(|id| rows::id_of(id)).collect::<Result<Vec<_>>>()?;
            let mut ids: Vec<_> = ids.into_iter().filter(|id| after.is_none_or(|after| *id > after)).collect();
            ids.sort_unstable();
            ids.truncate(limit);
            Ok(ids)
        };
        let sample = self.at_a_time(SAMPLE.max(limit.saturating_mul(4)));
        let mut last = None;
        for _ in 0..NARROWINGS {
            let ids = self.ids(filter::within(filter.clone(), after, last), Some(sample)).await?;
            let whole = ids.len() < sample;
            let ids = first(ids)?;
            if whole {
                return Ok(ids);
            }
            if ids.len() < limit {
                break;
            }
            last = ids.last().copied();
        }
        first(self.ids(filter::within(filter.clone(), after, last), None).await?)
    }

    async fn number(&self, scope: Option<&Scope>, filter: &Filter) -> Result<u64> {
        let Some(filter) = accept(filter, &self.filters)? else { return Ok(0) };
        match self.query(scope, &filter).await? {
            None => self.api.server.ask(self.api.count(&self.id)).await,
            query => Ok(self.ids(query, None).await?.len() as u64),
        }
    }

    async fn remove(&self, selector: &Selector) -> Result<u64> {
        match selector {
            Selector::Ids(ids) => self.remove_ids(ids).await,
            Selector::Scope(scope) => {
                let filter = filter::query(self.terms(false), Some(scope), &Filter::All)?;
                self.delete_matching(&Selection { filter, ..Selection::default() }).await
            }
            _ => Err(Error::new(ErrorKind::Unsupported, "this way to select points")),
        }
    }

    /// One request for each version: what is later stays, as the server sees it.
    async fn remove_ids(&self, ids: &[(MemoryId, u64)]) -> Result<u64> {
        let mut versions: HashMap<u64, HashSet<MemoryId>> = HashMap::new();
        for (id, version) in ids {
            versions.entry(*version).or_default().insert(*id);
        }
        let mut gone = 0;
        for (version, ids) in versions {
            let filter = filter::up_to_version(rows::version(version)?);
            let ids: Vec<String> = ids.iter().map(MemoryId::to_string).collect();
            for ids in ids.chunks(self.records_per_write) {
                let (ids, filter) = (Some(ids.to_vec()), Some(filter.clone()));
                gone += self.delete_matching(&Selection { ids, filter, ..Selection::default() }).await?;
            }
        }
        Ok(gone)
    }

    async fn delete_matching(&self, selection: &Selection) -> Result<u64> {
        let gone: Deleted = self.api.server.ask(self.api.delete(&self.id, selection)?).await?;
        Ok(gone.deleted)
    }
}

#[async_trait]
impl VectorCollection for ChromaCollection {
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
