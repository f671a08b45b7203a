//! Searching with vector sets: each user, agent and run has a set of its own,
//! in which all its points are, so the cost of a search grows with the smallest
//! owner that it names and not with the store. What else a scope names and what
//! a filter asks are attributes of the points, which the server looks at in the
//! same `VSIM`.

mod expression;

use std::fmt;

use async_trait::async_trait;
use mem0_core::{
    CollectionSpec, Error, ErrorKind, Filter, MemoryId, Point, Result, Scope, ScoredPoint, ScrollQuery, Selector,
    VectorCollection, VectorQuery,
};
use redis::Value;

use super::condition::{Asked, accept};
use super::config::{Quantisation, RedisVectorConfig};
use super::handle::{Handle, add_scope};
use super::round::{NEAR_SLACK, Question, Round};
use super::{scripts, wire};
use crate::shared::search::hit;

/// Points that one script writes: while it runs nothing else does, and each is
/// linked into a graph.
const PAGE: usize = 200;

/// Points that one script looks at.
const LOOK: usize = 2_000;

/// Candidates while a graph is searched; the server has this too.
const EF_RUNTIME: u32 = 100;

/// An open collection with vector sets.
pub(super) struct SetsCollection {
    handle: Handle,
    quantisation: Quantisation,
    exact_up_to: u64,
    m: u32,
    ef_construction: u32,
    ef_runtime: u32,
}

/// A query.
struct Near {
    scope: Scope,
    vector: Vec<f32>,
    expression: String,
}

/// What a walk is for.
enum Walk {
    Points,
    Count,
    Delete,
}

impl SetsCollection {
    pub(super) fn new(handle: Handle, quantisation: Quantisation, config: &RedisVectorConfig) -> Self {
        Self {
            handle,
            quantisation,
            exact_up_to: config.exact_up_to,
            m: config.hnsw_m,
            ef_construction: config.hnsw_ef_construction,
            ef_runtime: config.hnsw_ef_runtime.unwrap_or(EF_RUNTIME),
        }
    }

    async fn write(&self, points: &[Point]) -> Result<()> {
        let script = || {
            let mut call = self.handle.address(&scripts::SETS_UPSERT);
            call.arg(self.quantisation.word()).arg(self.ef_construction).arg(self.m);
            call
        };
        self.handle.write(points, PAGE, script, expression::attributes).await
    }

    fn near(&self, query: &VectorQuery) -> Result<Option<(Near, usize)>> {
        self.handle.check(&query.vector)?;
        Handle::check_limit(query.limit)?;
        let asked = accept(&query.filter)?;
        let expression = expression::expression(&query.scope, &asked);
        let near = Near { scope: query.scope.clone(), vector: query.vector.clone(), expression };
        Ok((asked != Asked::Nothing && query.limit > 0).then_some((near, query.limit)))
    }

    async fn find(&self, queries: &[VectorQuery]) -> Result<Vec<Vec<ScoredPoint>>> {
        let rough = self.quantisation != Quantisation::None;
        let asked = queries.iter().map(|query| self.near(query));
        let mut round = Round::new(asked, self.quantisation.more(), NEAR_SLACK)?;
        while !round.open.is_empty() {
            let mut call = self.handle.address(&scripts::SETS_SEARCH);
            call.arg(self.exact_up_to).arg(self.ef_runtime).arg(u8::from(rough));
            for Question { ask, nearest, .. } in &round.open {
                add_scope(&mut call, Some(&ask.scope));
                call.arg(wire::vector(&ask.vector)).arg(&ask.expression).arg(*nearest);
            }
            let replies: Vec<Value> = self.handle.connection.call(&call).await?;
            let found =
                round.open.iter().zip(&replies).map(|(question, reply)| hits(reply, &question.ask.vector, rough));
            let found = found.collect::<Result<_>>()?;
            round.take(found)?;
        }
        Ok(round.into_answers())
    }

    /// Walks to the end, or until so many are found; each reply goes to `take`,
    /// which says how many it held.
    async fn walk(
        &self,
        scope: Option<&Scope>,
        asked: &Asked,
        after: Option<MemoryId>,
        most: Option<usize>,
        what: Walk,
        mut take: impl FnMut(&Value) -> Result<u64> + Send,
    ) -> Result<u64> {
        let condition = match asked {
            Asked::Nothing => return Ok(0),
            Asked::Everything => String::new(),
            Asked::Only(condition) => condition.to_json().to_string(),
        };
        let what = match what {
            Walk::Points => "points",
            Walk::Count => "count",
            Walk::Delete => "delete",
        };
        let mut after = after.map(|id| id.to_string()).unwrap_or_default();
        let mut found = 0;
        loop {
            let left = most.map_or(LOOK, |most| most.saturating_sub(usize::try_from(found).unwrap_or(most)).min(LOOK));
            if left == 0 {
                return Ok(found);
            }
            let mut call = self.handle.address(&scripts::SETS_WALK);
            add_scope(&mut call, scope);
            call.arg(&condition).arg(&after).arg(left).arg(LOOK).arg(what);
            let reply: Value = self.handle.connection.call(&call).await?;
            let [next, page] = wire::array(&reply)? else { return Err(wire::unexpected()) };
            found += take(page)?;
            match next {
                Value::Nil => return Ok(found),
                id => after = wire::parse(id)?,
            }
        }
    }

    async fn page(&self, query: &ScrollQuery) -> Result<Vec<Point>> {
        let (asked, dims) = (accept(&query.filter)?, self.handle.spec.identity.dims);
        let mut points = Vec::new();
        let take = |page: &Value| {
            let page = wire::array(page)?;
            for value in page {
                points.extend(wire::point(value, Some(dims))?);
            }
            Ok(page.len() as u64)
        };
        self.walk(query.scope.as_ref(), &asked, query.after, Some(query.limit), Walk::Points, take).await?;
        Ok(points)
    }

    async fn remove(&self, selector: &Selector) -> Result<u64> {
        match selector {
            Selector::Ids(ids) => {
                self.handle.delete_ids(ids, PAGE, || self.handle.address(&scripts::SETS_DELETE_IDS)).await
            }
            Selector::Scope(scope) => {
                self.walk(Some(scope), &Asked::Everything, None, None, Walk::Delete, number).await
            }
            _ => Err(Error::new(ErrorKind::Unsupported, "this way to select points")),
        }
    }
}

fn number(reply: &Value) -> Result<u64> {
    match reply {
        Value::Int(number) => u64::try_from(*number).map_err(|_| wire::unexpected()),
        _ => Err(wire::unexpected()),
    }
}

/// The hits of one query: id, version, and either the server's score, which is
/// (1 + cosine) / 2, or the point's own vector, where the set has a rough one.
fn hits(reply: &Value, asked: &[f32], rough: bool) -> Result<Vec<ScoredPoint>> {
    let mut hits = Vec::new();
    for row in wire::array(reply)?.chunks(3) {
        let [id, version, score] = row else { return Err(wire::unexpected()) };
        let cosine = if rough { cosine(asked, wire::bytes(score)?) } else { 2.0 * wire::parse::<f64>(score)? - 1.0 };
        hits.push(hit(wire::parse(id)?, wire::parse(version)?, cosine));
    }
    Ok(hits)
}

fn cosine(asked: &[f32], kept: &[u8]) -> f64 {
    let (mut dot, mut a2, mut b2) = (0.0, 0.0, 0.0);
    for (a, b) in asked.iter().zip(kept.as_chunks().0) {
        let (a, b) = (f64::from(*a), f64::from(f32::from_le_bytes(*b)));
        dot += a * b;
        a2 += a * a;
        b2 += b * b;
    }
    dot / (a2 * b2).sqrt()
}

#[async_trait]
impl VectorCollection for SetsCollection {
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

    async fn scroll(&self, query: &ScrollQuery) -> Result<Vec<Point>> {
        self.handle.said(self.page(query).await, "scroll")
    }

    async fn count(&self, scope: Option<&Scope>, filter: &Filter) -> Result<u64> {
        let counted = async { self.walk(scope, &accept(filter)?, None, None, Walk::Count, number).await };
        self.handle.said(counted.await, "count")
    }

    async fn delete(&self, selector: &Selector) -> Result<u64> {
        self.handle.said(self.remove(selector).await, "delete")
    }
}

impl fmt::Debug for SetsCollection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.handle.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::BulkString(text.as_bytes().to_vec())
    }

    #[test]
    fn hits_have_the_cosine() {
        let id = text("018f3a5c-0000-7000-8000-000000000001");
        let served = hits(&Value::Array(vec![id.clone(), text("3"), text("0.75")]), &[1.0, 0.0], false).unwrap();
        assert_eq!((served[0].version, served[0].raw), (3, 0.5));
        let kept = Value::BulkString(wire::vector(&[-0.6, 0.8]));
        let own = hits(&Value::Array(vec![id.clone(), text("3"), kept]), &[1.0, 0.0], true).unwrap();
        assert_eq!((own[0].raw, own[0].similarity), (-0.6, 0.0));
        assert!(hits(&Value::Array(vec![id, text("3")]), &[1.0, 0.0], false).is_err());
    }
}
