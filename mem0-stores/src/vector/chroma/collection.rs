//! One open collection.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use futures::future::try_join_all;
use mem0_core::{
    CollectionSpec, Error, ErrorKind, Filter, FilterCapabilities, MemoryId, Payload, Point, Result, Scope, ScoredPoint,
    ScrollQuery, Selector, VectorCollection, VectorQuery,
};
use serde_json::Value;

use super::api::{Api, Collection, Deleted, Found, Nearest, Records, Rows, Selection, Space, WHOLE};
use super::config::ChromaConfig;
use super::filter::Terms;
use super::rows::{self, Row};
use super::{NAME, filter};
use crate::shared::collection::{check_vector, latest};
use crate::shared::http::unexpected;
use crate::shared::search::{accept, hit, may_miss_ties, sort_hits};

/// About how many bytes of documents one write takes; a server takes 40 MiB.
const WRITE_BYTES: usize = 4 << 20;

/// Whole records that are read at a time.
const WHOLE_RECORDS: usize = 200;

/// Ids that a page of a walk looks at first, at least.
const SAMPLE: usize = 2_000;

/// How often a page of a walk is narrowed down before everything is looked at.
const NARROWINGS: usize = 4;

/// Hits that are asked for beyond the limit, to see where the ties at its end
/// end; with this factor more each time that they do not.
const SLACK: usize = 16;
const MORE: usize = 8;

/// The most hits that are asked for.
const MOST: usize = 1_000_000;

/// An open collection of a [`ChromaStore`](super::ChromaStore).
#[derive(Debug)]
pub(super) struct ChromaCollection {
    api: Api,
    spec: CollectionSpec,
    /// Chroma's own id: of a collection that was dropped and made again it is
    /// another one, so that an old handle finds nothing.
    id: String,
    space: Space,
    /// The field that has the terms.
    terms: String,
    filters: FilterCapabilities,
    records_per_write: usize,
    records_per_read: Option<usize>,
}

/// Questions that one request can ask: they differ in their vectors.
#[derive(Debug)]
struct Asked<'a> {
    scope: &'a Scope,
    filter: Filter,
    /// Whether terms are looked for in documents as well.
    long: bool,
    /// The place of each answer, and how many hits it has at most.
    places: Vec<(usize, usize)>,
    vectors: Vec<&'a [f32]>,
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

    fn check(&self, vector: &[f32]) -> Result<()> {
        check_vector(vector, self.spec.identity.dims)
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

    fn terms(&self, long: bool) -> Terms<'_> {
        Terms { field: &self.terms, long }
    }

    async fn has_long(&self, scope: Option<&Scope>) -> Result<bool> {
        Ok(!self.ids(Some(filter::has_long(scope)), Some(1)).await?.is_empty())
    }

    /// The same for a search; a scope is asked once.
    async fn looks_into_documents(&self, scope: &Scope, filter: &Filter, before: &[Asked<'_>]) -> Result<bool> {
        if filter.is_all() {
            return Ok(false);
        }
        match before.iter().find(|group| group.scope == scope && !group.filter.is_all()) {
            Some(group) => Ok(group.long),
            None => self.has_long(Some(scope)).await,
        }
    }

    fn at_a_time(&self, records: usize) -> usize {
        self.records_per_read.map_or(records, |most| most.min(records))
    }

    async fn records(&self, selection: &Selection) -> Result<Records> {
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

    async fn find(&self, queries: &[VectorQuery]) -> Result<Vec<Vec<ScoredPoint>>> {
        let mut groups: Vec<Asked<'_>> = Vec::new();
        for (place, query) in queries.iter().enumerate() {
            self.check(&query.vector)?;
            if self.records_per_read.is_some_and(|most| query.limit > most) {
                return Err(Error::invalid("the limit of a search is more than the server gives at a time"));
            }
            let accepted = accept(&query.filter, &self.filters)?.filter(|_| query.limit > 0);
            let Some(filter) = accepted else { continue };
            let (scope, limit) = (&query.scope, query.limit);
            let long = self.looks_into_documents(scope, &filter, &groups).await?;
            let same = |group: &&mut Asked<'_>| (group.scope, &group.filter) == (scope, &filter);
            match groups.iter_mut().find(same) {
                Some(group) => {
                    group.places.push((place, limit));
                    group.vectors.push(&query.vector);
                }
                None => {
                    let (places, vectors) = (vec![(place, limit)], vec![query.vector.as_slice()]);
                    groups.push(Asked { scope, filter, long, places, vectors });
                }
            }
        }
        let found = try_join_all(groups.iter().map(|group| self.nearest(group))).await?;
        let mut answers = vec![Vec::new(); queries.len()];
        for (group, found) in groups.iter().zip(found) {
            for ((place, _), hits) in group.places.iter().zip(found) {
                if let Some(answer) = answers.get_mut(*place) {
                    *answer = hits;
                }
            }
        }
        Ok(answers)
    }

    /// The hits of each question of a group.
    async fn nearest(&self, group: &Asked<'_>) -> Result<Vec<Vec<ScoredPoint>>> {
        let filter = filter::query(self.terms(group.long), Some(group.scope), &group.filter)?;
        let most = self.records_per_read.unwrap_or(MOST);
        let limits = || group.places.iter().map(|(_, limit)| *limit);
        let mut asked = limits().max().unwrap_or(0).saturating_add(SLACK).min(most);
        loop {
            let mut answers = self.ask(group, filter.as_ref(), asked).await?;
            let mut lists = answers.iter().zip(limits());
            if asked < most && lists.any(|(hits, limit)| may_miss_ties(hits, limit, asked)) {
                asked = asked.saturating_mul(MORE).min(most);
                continue;
            }
            if let Some(fewest) = answers.iter().map(Vec::len).min()
                && fewest < asked
                && self.ids(filter.clone(), Some(fewest + 1)).await?.len() > fewest
            {
                answers = self.compare(group, filter.as_ref()).await?;
            }
            answers.iter_mut().zip(limits()).for_each(|(hits, limit)| hits.truncate(limit));
            return Ok(answers);
        }
    }

    async fn ask(&self, group: &Asked<'_>, filter: Option<&Value>, n_results: usize) -> Result<Vec<Vec<ScoredPoint>>> {
        let (query_embeddings, include) = (group.vectors.clone(), ["distances", "metadatas"]);
        let nearest = Nearest { query_embeddings, n_results, filter, include };
        let found: Found = self.api.server.ask(self.api.query(&self.id, &nearest)?).await?;
        if [found.ids.len(), found.distances.len(), found.metadatas.len()] != [group.vectors.len(); 3] {
            return Err(unexpected());
        }
        let lists = found.ids.iter().zip(found.distances.iter().zip(&found.metadatas));
        lists.map(|(ids, (distances, metadatas))| self.hits(ids, distances, metadatas)).collect()
    }

    fn hits(
        &self,
        ids: &[String],
        distances: &[Option<f64>],
        metadatas: &[Option<Payload>],
    ) -> Result<Vec<ScoredPoint>> {
        let mut hits = Vec::with_capacity(ids.len());
        for (id, (distance, metadata)) in ids.iter().zip(distances.iter().zip(metadatas)) {
            let distance = distance.ok_or_else(unexpected)?;
            let version = metadata.as_ref().map_or(Ok(1), rows::version_of)?;
            hits.push(hit(rows::id_of(id)?, version, self.space.cosine(distance)));
        }
        sort_hits(&mut hits);
        Ok(hits)
    }

    /// Compares every point that matches, for each question of a group.
    async fn compare(&self, group: &Asked<'_>, filter: Option<&Value>) -> Result<Vec<Vec<ScoredPoint>>> {
        let mut answers = vec![Vec::new(); group.vectors.len()];
        let page = self.at_a_time(WHOLE_RECORDS);
        for offset in (0..).step_by(page) {
            let selection = Selection {
                filter: filter.cloned(),
                limit: Some(page),
                offset: Some(offset),
                include: Some(&["metadatas", "embeddings"]),
                ..Selection::default()
            };
            let records = self.records(&selection).await?;
            let (Some(metadatas), Some(vectors)) = (&records.metadatas, &records.embeddings) else {
                return Err(unexpected());
            };
            for (id, (metadata, vector)) in records.ids.iter().zip(metadatas.iter().zip(vectors)) {
                let (id, version) = (rows::id_of(id)?, metadata.as_ref().map_or(Ok(1), rows::version_of)?);
                for (answer, asked) in answers.iter_mut().zip(&group.vectors) {
                    answer.push(hit(id, version, cosine(asked, vector)));
                }
            }
            if records.ids.len() < page {
                break;
            }
        }
        answers.iter_mut().for_each(|hits| sort_hits(hits));
        Ok(answers)
    }

    /// The ids of what matches, in no order; not more than `most`.
    async fn ids(&self, filter: Option<Value>, most: Option<usize>) -> Result<Vec<String>> {
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

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum::<f64>();
    product(a, b) / (product(a, a) * product(b, b)).sqrt().max(f64::MIN_POSITIVE)
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
