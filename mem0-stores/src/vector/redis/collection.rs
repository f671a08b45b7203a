//! One open collection.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use mem0_core::{
    CollectionSpec, Error, ErrorKind, Filter, MemoryId, Point, Result, Scope, ScoredPoint, ScrollQuery, Selector,
    VectorCollection, VectorQuery,
};
use redis::{Pipeline, ScriptInvocation, Value};

use super::connection::Connection;
use super::schema::Keys;
use super::wire::{self, Entry};
use super::{MAX_LIMIT, filter, scripts, terms};
use crate::shared::collection::{check_vector, latest};

/// Points of one script: while it runs nothing else does.
const PAGE: usize = 500;

/// About how many bytes one script takes.
const PAGE_BYTES: usize = 4 << 20;

/// Hits that are asked for beyond the limit, to see where the ties at its end
/// end; with this factor more each time that they do not.
const SLACK: usize = 16;
const MORE: usize = 8;

/// The most hits that a server takes.
const MOST: usize = 1_000_000;

/// An open collection of a [`RedisVectorStore`](super::RedisVectorStore).
pub(super) struct RedisCollection {
    pub(super) name: &'static str,
    pub(super) connection: Connection,
    pub(super) spec: CollectionSpec,
    pub(super) keys: Keys,
    pub(super) exact_up_to: u64,
    /// How many points there were when it was last asked.
    pub(super) size: AtomicU64,
}

/// A query that is being answered.
struct Asked {
    place: usize,
    query: String,
    vector: Vec<u8>,
    limit: usize,
    /// How many hits are asked for.
    nearest: usize,
}

impl RedisCollection {
    fn said<T>(&self, result: Result<T>, operation: &'static str) -> Result<T> {
        result.map_err(|e| {
            e.with_operation(operation).with_provider(self.name).with_context("collection", &self.spec.name)
        })
    }

    async fn write(&self, points: &[Point]) -> Result<()> {
        points.iter().try_for_each(|point| check_vector(self.spec.identity.dims, &point.vector))?;
        let mut page = Vec::new();
        let mut bytes = 0;
        for point in latest(points) {
            let entry = Entry::new(point)?;
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
        let mut call = scripts::UPSERT.prepare_invoke();
        self.address(&mut call);
        page.iter().for_each(|entry| entry.add_to(&mut call));
        self.connection.call(&call).await
    }

    /// The keys and the first arguments of a script that writes.
    fn address(&self, call: &mut ScriptInvocation<'_>) {
        let keys = &self.keys;
        call.key(&keys.meta).key(&keys.ids).key(&keys.deleted).arg(&keys.generation).arg(&keys.points);
    }

    async fn read(&self, scope: Option<&Scope>, ids: &[MemoryId]) -> Result<Vec<Option<Point>>> {
        let mut points = Vec::with_capacity(ids.len());
        let scope: Vec<_> = scope.map(|scope| terms::of_scope(scope).collect()).unwrap_or_default();
        for page in ids.chunks(PAGE) {
            let mut call = scripts::GET.prepare_invoke();
            call.key(&self.keys.meta).arg(&self.keys.generation).arg(&self.keys.points).arg(scope.len());
            for (field, term) in &scope {
                call.arg(*field).arg(term);
            }
            for id in page {
                call.arg(id.to_string());
            }
            let reply: Vec<Value> = self.connection.call(&call).await?;
            if reply.len() != page.len() {
                return Err(wire::unexpected());
            }
            for value in &reply {
                points.push(wire::point(value, self.spec.identity.dims)?);
            }
        }
        Ok(points)
    }

    fn ask(&self, place: usize, query: &VectorQuery) -> Result<Option<Asked>> {
        check_vector(self.spec.identity.dims, &query.vector)?;
        if query.limit > MAX_LIMIT {
            return Err(Error::invalid("a search has a limit of at most 100000"));
        }
        let Some(filter) = filter::accept(&query.filter)?.filter(|_| query.limit > 0) else { return Ok(None) };
        Ok(Some(Asked {
            place,
            query: filter::query(Some(&query.scope), &filter)?,
            vector: wire::vector(&query.vector),
            limit: query.limit,
            nearest: query.limit + SLACK,
        }))
    }

    async fn find(&self, queries: &[VectorQuery]) -> Result<Vec<Vec<ScoredPoint>>> {
        let asked = queries.iter().enumerate().map(|(place, query)| self.ask(place, query));
        let mut open: Vec<Asked> = asked.filter_map(Result::transpose).collect::<Result<_>>()?;
        let mut answers = vec![Vec::new(); queries.len()];
        while !open.is_empty() {
            let mut pipeline = redis::pipe();
            open.iter().for_each(|asked| self.add_search(&mut pipeline, asked));
            pipeline.cmd("ZCARD").arg(&self.keys.ids);
            let mut replies: Vec<Value> = self.connection.run(&pipeline).await?;
            let Some(Value::Int(size)) = replies.pop() else { return Err(wire::unexpected()) };
            self.size.store(size.unsigned_abs(), Ordering::Relaxed);
            if replies.len() != open.len() {
                return Err(wire::unexpected());
            }
            let mut again = Vec::new();
            for (mut asked, reply) in open.into_iter().zip(&replies) {
                let mut hits = wire::hits(reply, &self.keys)?;
                if may_miss_ties(&hits, &asked) {
                    asked.nearest = asked.nearest.saturating_mul(MORE).min(MOST);
                    again.push(asked);
                    continue;
                }
                hits.truncate(asked.limit);
                if let Some(answer) = answers.get_mut(asked.place) {
                    *answer = hits;
                }
            }
            open = again;
        }
        Ok(answers)
    }

    fn add_search(&self, pipeline: &mut Pipeline, asked: &Asked) {
        let exact = self.size.load(Ordering::Relaxed) <= self.exact_up_to;
        let policy = if exact { " HYBRID_POLICY ADHOC_BF" } else { "" };
        pipeline
            .cmd("FT.SEARCH")
            .arg(&self.keys.index)
            .arg(format!("{}=>[KNN $k @vector $q{policy} AS distance]", asked.query))
            .arg(&["PARAMS", "4", "k"])
            .arg(asked.nearest)
            .arg("q")
            .arg(&asked.vector)
            .arg(&["SORTBY", "distance", "ASC", "RETURN", "2", "version", "distance", "LIMIT", "0"])
            .arg(asked.nearest)
            .arg(&["TIMEOUT", "0", "DIALECT", "2"]);
    }

    async fn page(&self, query: &ScrollQuery) -> Result<Vec<Point>> {
        let Some(filter) = filter::accept(&query.filter)? else { return Ok(Vec::new()) };
        let (mut after, mut points) = (query.after, Vec::new());
        while points.len() < query.limit {
            let wanted = (query.limit - points.len()).min(PAGE);
            let ids = match &query.scope {
                None if filter.is_all() => self.ids_after(after, wanted).await?,
                scope => self.matching_after(&filter::query(scope.as_ref(), &filter)?, after, wanted).await?,
            };
            // What was deleted in between is left out, and the page goes on.
            points.extend(self.read(query.scope.as_ref(), &ids).await?.into_iter().flatten());
            after = ids.last().copied();
            if ids.len() < wanted {
                break;
            }
        }
        Ok(points)
    }

    async fn ids_after(&self, after: Option<MemoryId>, limit: usize) -> Result<Vec<MemoryId>> {
        let first = after.map_or_else(|| "-".to_owned(), |after| format!("({after}"));
        let mut pipeline = redis::pipe();
        pipeline.cmd("ZRANGEBYLEX").arg(&self.keys.ids).arg(first).arg(&["+", "LIMIT", "0"]).arg(limit);
        let [ids]: [Vec<Value>; 1] = self.connection.run(&pipeline).await?;
        ids.iter().map(wire::parse).collect()
    }

    async fn matching_after(&self, query: &str, after: Option<MemoryId>, limit: usize) -> Result<Vec<MemoryId>> {
        let mut pipeline = redis::pipe();
        let search = pipeline.cmd("FT.AGGREGATE").arg(&self.keys.index).arg(query);
        if let Some(after) = after {
            search.arg("FILTER").arg(format!("@id > '{after}'"));
        }
        search.arg(&["SORTBY", "2", "@id", "ASC", "LIMIT", "0"]).arg(limit).arg(&["TIMEOUT", "0", "DIALECT", "2"]);
        let [reply]: [Value; 1] = self.connection.run(&pipeline).await?;
        wire::aggregated_ids(&reply)
    }

    async fn number(&self, scope: Option<&Scope>, filter: &Filter) -> Result<u64> {
        let Some(filter) = filter::accept(filter)? else { return Ok(0) };
        let mut pipeline = redis::pipe();
        if scope.is_none() && filter.is_all() {
            pipeline.cmd("ZCARD").arg(&self.keys.ids);
            let [size]: [u64; 1] = self.connection.run(&pipeline).await?;
            return Ok(size);
        }
        let query = filter::query(scope, &filter)?;
        pipeline.cmd("FT.SEARCH").arg(&self.keys.index).arg(query).arg(&["LIMIT", "0", "0"]);
        pipeline.arg(&["TIMEOUT", "0", "DIALECT", "2"]);
        let [reply]: [Value; 1] = self.connection.run(&pipeline).await?;
        wire::total(&reply)
    }

    async fn remove(&self, selector: &Selector) -> Result<u64> {
        let mut gone = 0;
        match selector {
            Selector::Ids(ids) => {
                for page in ids.chunks(PAGE) {
                    let mut call = scripts::DELETE_IDS.prepare_invoke();
                    self.address(&mut call);
                    for (id, version) in page {
                        call.arg(id.to_string()).arg(wire::version(*version));
                    }
                    gone += self.connection.call::<u64>(&call).await?;
                }
            }
            Selector::Scope(scope) => {
                let query = filter::query(Some(scope), &Filter::All)?;
                loop {
                    let mut call = scripts::DELETE_SCOPE.prepare_invoke();
                    self.address(&mut call);
                    call.arg(&self.keys.index).arg(&query).arg(PAGE);
                    let page = self.connection.call::<u64>(&call).await?;
                    gone += page;
                    if page == 0 {
                        break;
                    }
                }
            }
            _ => return Err(Error::new(ErrorKind::Unsupported, "this way to select points")),
        }
        Ok(gone)
    }
}

/// Whether there can be more hits as near as the last one that is within the
/// limit, so that the lowest ids among them may be missing.
fn may_miss_ties(hits: &[ScoredPoint], asked: &Asked) -> bool {
    let full = hits.len() >= asked.nearest && asked.nearest < MOST;
    let end = asked.limit.checked_sub(1).and_then(|last| hits.get(last));
    full && end.zip(hits.last()).is_some_and(|(end, last)| end.raw <= last.raw)
}

#[async_trait]
impl VectorCollection for RedisCollection {
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

impl fmt::Debug for RedisCollection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisCollection")
            .field("provider", &self.name)
            .field("spec", &self.spec)
            .finish_non_exhaustive()
    }
}
