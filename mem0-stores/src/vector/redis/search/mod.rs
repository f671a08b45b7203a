//! Searching with RediSearch: an index follows the hashes of the points, so a
//! search sees every write that returned before it.

mod query;
mod schema;
mod words;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use mem0_core::{
    CollectionSpec, Error, ErrorKind, Filter, MemoryId, Point, Result, Scope, ScoredPoint, ScrollQuery, Selector,
    TextHit, TextQuery, VectorCollection, VectorQuery,
};
use redis::{Pipeline, Value};

use super::condition::{Asked, accept};
use super::config::Layout;
use super::handle::Handle;
use super::round::{NEAR_SLACK, Question, Round, WORDS_SLACK};
use super::{mem0ai, wire};
pub(super) use schema::create;
pub(super) use words::of as words;

/// Points of one script: while it runs nothing else does.
const PAGE: usize = 500;

/// An open collection with an index.
pub(super) struct IndexedCollection {
    handle: Handle,
    /// The field of a point's version.
    version: String,
    exact_up_to: u64,
    /// How many points there were when it was last asked.
    size: AtomicU64,
}

/// A query for vectors.
struct Near {
    query: String,
    vector: Vec<u8>,
}

impl IndexedCollection {
    pub(super) fn new(handle: Handle, exact_up_to: u64, size: u64) -> Self {
        let version = schema::field(handle.layout, "version");
        Self { handle, version, exact_up_to, size: AtomicU64::new(size) }
    }

    async fn write(&self, points: &[Point]) -> Result<()> {
        let script = || self.handle.address_points(self.handle.scripts().upsert);
        let rest = |point: &Point, _: &str| match self.handle.layout {
            Layout::Own => Ok(words::of(point)),
            Layout::Mem0ai => mem0ai::rest(point, words::of(point)),
        };
        self.handle.write(points, PAGE, script, rest).await
    }

    fn near(&self, query: &VectorQuery) -> Result<Option<(Near, usize)>> {
        self.handle.check(&query.vector)?;
        Handle::check_limit(query.limit)?;
        let asked = accept(&query.filter)?;
        let text = query::query(Some(&query.scope), &asked);
        let near = Near { query: text, vector: wire::vector(&query.vector) };
        Ok((asked != Asked::Nothing && query.limit > 0).then_some((near, query.limit)))
    }

    async fn find(&self, queries: &[VectorQuery]) -> Result<Vec<Vec<ScoredPoint>>> {
        let mut round = Round::new(queries.iter().map(|query| self.near(query)), 1, NEAR_SLACK)?;
        while !round.open.is_empty() {
            let mut pipeline = redis::pipe();
            round.open.iter().for_each(|question| self.add_near(&mut pipeline, question));
            pipeline.cmd("ZCARD").arg(&self.handle.keys.ids);
            let mut replies: Vec<Value> = self.handle.connection.run(&pipeline).await?;
            let Some(Value::Int(size)) = replies.pop() else { return Err(wire::unexpected()) };
            self.size.store(size.unsigned_abs(), Ordering::Relaxed);
            let keys = &self.handle.keys;
            round.take(replies.iter().map(|reply| wire::near_hits(reply, keys)).collect::<Result<_>>()?)?;
        }
        Ok(round.into_answers())
    }

    fn add_near(&self, pipeline: &mut Pipeline, question: &Question<Near>) {
        let exact = self.size.load(Ordering::Relaxed) <= self.exact_up_to;
        let policy = if exact { " HYBRID_POLICY ADHOC_BF" } else { "" };
        pipeline
            .cmd("FT.SEARCH")
            .arg(&self.handle.keys.index)
            .arg(format!("{}=>[KNN $k @vector $q{policy} AS distance]", question.ask.query))
            .arg(&["PARAMS", "4", "k"])
            .arg(question.nearest)
            .arg("q")
            .arg(&question.ask.vector)
            .arg(&["RETURN", "4", &self.version, "AS", "version", "distance"])
            .arg(&["SORTBY", "distance", "ASC", "LIMIT", "0"])
            .arg(question.nearest)
            .arg(&["TIMEOUT", "0", "DIALECT", "2"]);
    }

    async fn find_text(&self, queries: &[TextQuery]) -> Result<Vec<Vec<TextHit>>> {
        let asked = queries.iter().map(|query| {
            Handle::check_limit(query.limit)?;
            let asked = accept(&query.filter)?;
            let scope = query::query(Some(&query.scope), &asked);
            let text = words::query(&query.text, &scope).filter(|_| asked != Asked::Nothing && query.limit > 0);
            Ok(text.map(|text| (text, query.limit)))
        });
        let mut round = Round::new(asked, 1, WORDS_SLACK)?;
        while !round.open.is_empty() {
            let mut pipeline = redis::pipe();
            for Question { ask, nearest, .. } in &round.open {
                pipeline.cmd("FT.SEARCH").arg(&self.handle.keys.index).arg(ask);
                pipeline.arg(&["VERBATIM", "WITHSCORES", "SCORER", "BM25STD"]);
                pipeline.arg(&["RETURN", "3", &self.version, "AS", "version", "LIMIT", "0"]);
                pipeline.arg(*nearest).arg(&["TIMEOUT", "0", "DIALECT", "2"]);
            }
            let replies: Vec<Value> = self.handle.connection.run(&pipeline).await?;
            let keys = &self.handle.keys;
            round.take(replies.iter().map(|reply| wire::text_hits(reply, keys)).collect::<Result<_>>()?)?;
        }
        Ok(round.into_answers())
    }

    async fn page(&self, query: &ScrollQuery) -> Result<Vec<Point>> {
        let asked = accept(&query.filter)?;
        let (mut after, mut points) = (query.after, Vec::new());
        while points.len() < query.limit && asked != Asked::Nothing {
            let wanted = (query.limit - points.len()).min(PAGE);
            let ids = match &query.scope {
                None if asked == Asked::Everything => self.ids_after(after, wanted).await?,
                scope => self.matching_after(&query::query(scope.as_ref(), &asked), after, wanted).await?,
            };
            // What was deleted in between is left out, and the page goes on.
            points.extend(self.handle.read(query.scope.as_ref(), &ids).await?.into_iter().flatten());
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
        pipeline.cmd("ZRANGEBYLEX").arg(&self.handle.keys.ids).arg(first).arg(&["+", "LIMIT", "0"]).arg(limit);
        let [ids]: [Vec<Value>; 1] = self.handle.connection.run(&pipeline).await?;
        ids.iter().map(wire::parse).collect()
    }

    async fn matching_after(&self, query: &str, after: Option<MemoryId>, limit: usize) -> Result<Vec<MemoryId>> {
        let mut pipeline = redis::pipe();
        let search = pipeline.cmd("FT.AGGREGATE").arg(&self.handle.keys.index).arg(query);
        if let Some(after) = after {
            search.arg("FILTER").arg(format!("@id > '{after}'"));
        }
        search.arg(&["SORTBY", "2", "@id", "ASC", "LIMIT", "0"]).arg(limit).arg(&["TIMEOUT", "0", "DIALECT", "2"]);
        let [reply]: [Value; 1] = self.handle.connection.run(&pipeline).await?;
        wire::aggregated_ids(&reply)
    }

    async fn number(&self, scope: Option<&Scope>, filter: &Filter) -> Result<u64> {
        let mut pipeline = redis::pipe();
        match accept(filter)? {
            Asked::Nothing => return Ok(0),
            // Where others delete, the list of ids has more than there are points.
            Asked::Everything if scope.is_none() && self.handle.layout == Layout::Own => {
                pipeline.cmd("ZCARD").arg(&self.handle.keys.ids);
                let [size]: [u64; 1] = self.handle.connection.run(&pipeline).await?;
                return Ok(size);
            }
            asked => pipeline.cmd("FT.SEARCH").arg(&self.handle.keys.index).arg(query::query(scope, &asked)),
        };
        pipeline.arg(&["LIMIT", "0", "0", "TIMEOUT", "0", "DIALECT", "2"]);
        let [reply]: [Value; 1] = self.handle.connection.run(&pipeline).await?;
        wire::total(&reply)
    }

    async fn remove(&self, selector: &Selector) -> Result<u64> {
        let scope = match selector {
            Selector::Ids(ids) => {
                let script = || self.handle.address_points(self.handle.scripts().delete_ids);
                return self.handle.delete_ids(ids, PAGE, script).await;
            }
            Selector::Scope(scope) => scope,
            _ => return Err(Error::new(ErrorKind::Unsupported, "this way to select points")),
        };
        let query = query::query(Some(scope), &Asked::Everything);
        let mut gone = 0;
        loop {
            let mut call = self.handle.address_points(self.handle.scripts().delete_scope);
            call.arg(&self.handle.keys.index).arg(&query).arg(PAGE);
            let page = self.handle.connection.call::<u64>(&call).await?;
            gone += page;
            if page == 0 {
                return Ok(gone);
            }
        }
    }
}

#[async_trait]
impl VectorCollection for IndexedCollection {
    fn spec(&self) -> &CollectionSpec {
        &self.handle.spec
    }

    async fn upsert(&self, points: &[Point]) -> Result<()> {
        self.handle.said(self.write(points).await, "upsert")
    }

    async fn get(&self, scope: Option<&Scope>, ids: &[MemoryId]) -> Result<Vec<Option<Point>>> {
        self.handle.said(self.handle.read(scope, ids).await, "get")
    }

    async fn search(&self, queries: &[VectorQuery]) -> Result<Vec<Vec<ScoredPoint>>> {
        self.handle.said(self.find(queries).await, "search")
    }

    async fn search_text(&self, queries: &[TextQuery]) -> Result<Vec<Vec<TextHit>>> {
        self.handle.said(self.find_text(queries).await, "search_text")
    }

    async fn scroll(&self, query: &ScrollQuery) -> Result<Vec<Point>> {
        self.handle.said(self.page(query).await, "scroll")
    }

    async fn count(&self, scope: Option<&Scope>, filter: &Filter) -> Result<u64> {
        self.handle.said(self.number(scope, filter).await, "count")
    }

    async fn delete(&self, selector: &Selector) -> Result<u64> {
        self.handle.said(self.remove(selector).await, "delete")
    }
}

impl fmt::Debug for IndexedCollection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.handle.fmt(f)
    }
}
