//! One open collection.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use futures::{StreamExt, TryStreamExt, stream};
use mem0_core::{
    Clock, CollectionSpec, Error, ErrorKind, Filter, MemoryId, Point, Result, Scope, ScoredPoint, ScrollQuery,
    Selector, VectorCollection, VectorQuery,
};
use scylla::frame::types::Consistency;
use scylla::value::CqlValue;

use super::connection::{Connection, Values};
use super::schema::{Table, text};
use super::search::{kept_dims, vector};
use super::{NAME, error, filter, stamp};
use crate::shared::collection::{check_vector, latest};
use crate::shared::{scopes, terms};

/// Points of one write, and about how many bytes of one.
const PAGE: usize = 200;
const PAGE_BYTES: usize = 1 << 20;

/// Points that are read at once from one partition.
const READ: usize = 50;

/// Ids that are deleted at once.
const DELETED: usize = 1_000;

/// Requests of one call that are under way at once.
const AT_ONCE: usize = 16;

/// An id, a version and the server's similarity.
pub(super) type Found = (String, i64, f32);

/// An id, a version and the timestamp of its write.
type Written = (String, i64, i64);

/// An open collection of a [`CassandraStore`](super::CassandraStore).
pub(super) struct CassandraCollection {
    pub(super) connection: Arc<Connection>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) spec: CollectionSpec,
    pub(super) table: Table,
    pub(super) consistency: Consistency,
    pub(super) exact_up_to: usize,
}

/// What is there of a point.
#[derive(Clone, Copy)]
struct Known {
    id: MemoryId,
    version: u64,
    written: i64,
}

impl CassandraCollection {
    fn said<T>(&self, result: Result<T>, operation: &'static str) -> Result<T> {
        result.map_err(|e| e.with_operation(operation).with_provider(NAME).with_context("collection", &self.spec.name))
    }

    async fn write(&self, points: &[Point]) -> Result<()> {
        points.iter().try_for_each(|point| check_vector(self.spec.identity.dims, &point.vector))?;
        let tick = stamp::tick(&*self.clock);
        let mut parts: BTreeMap<i32, Pages> = BTreeMap::new();
        for point in latest(points) {
            let part = self.table.partition(point.id);
            let (bytes, row) = row(part, point, tick)?;
            parts.entry(part).or_default().add(bytes, row);
        }
        self.run(&self.table.insert(), parts.into_values().flat_map(|pages| pages.0)).await
    }

    /// Writes pages of rows, each of one partition.
    async fn run(&self, cql: &str, pages: impl Iterator<Item = (usize, Vec<Values>)>) -> Result<()> {
        let writes = stream::iter(pages).map(|(_, rows)| self.connection.write(cql, rows));
        writes.buffer_unordered(AT_ONCE).try_collect::<Vec<()>>().await?;
        Ok(())
    }

    async fn read(&self, scope: Option<&Scope>, ids: &[MemoryId]) -> Result<Vec<Option<Point>>> {
        let rows: Vec<Row> = self.by_id(&self.table.points(), ids).await?;
        let points: Vec<Point> = rows.into_iter().map(|row| point(row, &self.spec)).collect::<Result<_>>()?;
        let found: HashMap<MemoryId, Point> = points
            .into_iter()
            .filter(|point| scope.is_none_or(|scope| scope.covers(&point.scope)))
            .map(|point| (point.id, point))
            .collect();
        Ok(ids.iter().map(|id| found.get(id).cloned()).collect())
    }

    /// Rows by id, from each partition its own.
    async fn by_id<R>(&self, cql: &str, ids: &[MemoryId]) -> Result<Vec<R>>
    where
        R: for<'r> scylla::deserialize::row::DeserializeRow<'r, 'r>,
    {
        let mut parts: BTreeMap<i32, Vec<MemoryId>> = BTreeMap::new();
        ids.iter().for_each(|id| parts.entry(self.table.partition(*id)).or_default().push(*id));
        let pages = parts.iter().flat_map(|(part, ids)| ids.chunks(READ).map(|ids| (*part, ids)));
        let requests: Vec<Values> = pages
            .map(|(part, ids)| {
                let ids = ids.iter().map(|id| text(id.to_string())).collect();
                vec![CqlValue::Int(part), CqlValue::List(ids)]
            })
            .collect();
        let rows: Vec<Vec<R>> = stream::iter(requests)
            .map(|values| self.connection.rows(cql, values, self.consistency))
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        Ok(rows.into_iter().flatten().collect())
    }

    async fn page(&self, query: &ScrollQuery) -> Result<Vec<Point>> {
        let Some(terms) = asked(query.scope.as_ref(), &query.filter)? else { return Ok(Vec::new()) };
        let (mut after, mut points) = (query.after, Vec::new());
        while points.len() < query.limit {
            let (known, more) = self.after(&terms, after, query.limit - points.len()).await?;
            let ids: Vec<MemoryId> = known.iter().map(|known| known.id).collect();
            after = ids.last().copied();
            // What was deleted in between is left out, and the page goes on.
            points.extend(self.read(query.scope.as_ref(), &ids).await?.into_iter().flatten());
            if !more {
                break;
            }
        }
        points.truncate(query.limit);
        Ok(points)
    }

    /// The next points with these terms in the order of ids, at most `limit`
    /// and at least one if there is one, and whether there may be more.
    async fn after(&self, terms: &[String], after: Option<MemoryId>, limit: usize) -> Result<(Vec<Known>, bool)> {
        // About as many as each partition has of them, and some more.
        let share = limit.div_ceil(usize::try_from(self.table.partitions).unwrap_or(1).max(1));
        let share = (share + share / 2 + 1).min(limit).min(5_000);
        let cql = self.table.ids_after(terms.len());
        let after = after.map_or_else(String::new, |after| after.to_string());
        let pages: Vec<Vec<Written>> = stream::iter(0..self.table.partitions)
            .map(|part| {
                let mut values = vec![CqlValue::Int(part), text(&after)];
                values.extend(terms.iter().map(text));
                values.push(CqlValue::Int(i32::try_from(share).unwrap_or(i32::MAX)));
                self.connection.rows(&cql, values, self.consistency)
            })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        let pages: Vec<Vec<Known>> =
            pages.into_iter().map(|rows| rows.iter().map(known).collect()).collect::<Result<_>>()?;
        // Beyond the end of a page that is full there may be others.
        let full = pages.iter().filter(|page| page.len() >= share);
        let end = full.filter_map(|page| page.last()).map(|known| known.id).min();
        let mut all: Vec<Known> = pages.into_iter().flatten().collect();
        all.retain(|known| end.is_none_or(|end| known.id <= end));
        all.sort_by_key(|known| known.id);
        let more = end.is_some() || all.len() > limit;
        all.truncate(limit);
        Ok((all, more))
    }

    async fn number(&self, scope: Option<&Scope>, filter: &Filter) -> Result<u64> {
        let Some(terms) = asked(scope, filter)? else { return Ok(0) };
        let cql = self.table.count(terms.len());
        let requests: Vec<Values> = if terms.is_empty() {
            (0..self.table.partitions).map(|part| vec![CqlValue::Int(part)]).collect()
        } else {
            vec![terms.iter().map(text).collect()]
        };
        let counts: Vec<Vec<(i64,)>> = stream::iter(requests)
            .map(|values| self.connection.rows(&cql, values, self.consistency))
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        counts.iter().flatten().map(|(count,)| u64::try_from(*count).map_err(|_| error::unexpected())).sum()
    }

    async fn remove(&self, selector: &Selector) -> Result<u64> {
        match selector {
            Selector::Ids(ids) => {
                let mut wanted: BTreeMap<MemoryId, u64> = BTreeMap::new();
                for (id, version) in ids {
                    let due = wanted.entry(*id).or_default();
                    *due = (*due).max(*version);
                }
                let wanted: Vec<(MemoryId, u64)> = wanted.into_iter().collect();
                let mut gone = 0;
                for page in wanted.chunks(DELETED) {
                    gone += self.remove_ids(page).await?;
                }
                Ok(gone)
            }
            Selector::Scope(scope) => self.remove_scope(scope).await,
            _ => Err(Error::new(ErrorKind::Unsupported, "this way to select points")),
        }
    }

    async fn remove_ids(&self, wanted: &[(MemoryId, u64)]) -> Result<u64> {
        let ids: Vec<MemoryId> = wanted.iter().map(|(id, _)| *id).collect();
        let rows: Vec<Written> = self.by_id(&self.table.versions(), &ids).await?;
        let there: Vec<Known> = rows.iter().map(known).collect::<Result<_>>()?;
        let there: HashMap<MemoryId, Known> = there.into_iter().map(|known| (known.id, known)).collect();
        let tick = stamp::tick(&*self.clock);
        // Unknown ids as well: their write may still be on its way.
        let deletions = wanted.iter().map(|(id, version)| {
            let seen = there.get(id).map(|known| (known.version, known.written));
            (*id, stamp::of_deletion(*version, seen, tick))
        });
        self.bury(deletions).await?;
        let gone = wanted.iter().filter(|(id, version)| there.get(id).is_some_and(|known| known.version <= *version));
        Ok(gone.count() as u64)
    }

    /// The server deletes by key only, so the keys of the scope are read first.
    async fn remove_scope(&self, scope: &Scope) -> Result<u64> {
        let terms = [scopes::covered_by(scope)];
        let (mut after, mut gone) = (None, 0);
        loop {
            let (known, more) = self.after(&terms, after, DELETED).await?;
            let tick = stamp::tick(&*self.clock);
            self.bury(known.iter().map(|known| {
                let seen = Some((known.version, known.written));
                (known.id, stamp::of_deletion(known.version, seen, tick))
            }))
            .await?;
            gone += known.len() as u64;
            after = known.last().map(|known| known.id);
            if !more {
                return Ok(gone);
            }
        }
    }

    /// Deletes ids as of timestamps.
    async fn bury(&self, deletions: impl Iterator<Item = (MemoryId, i64)>) -> Result<()> {
        let mut parts: BTreeMap<i32, Pages> = BTreeMap::new();
        for (id, stamp) in deletions {
            let part = self.table.partition(id);
            let row = vec![CqlValue::BigInt(stamp), CqlValue::Int(part), text(id.to_string())];
            parts.entry(part).or_default().add(0, row);
        }
        self.run(&self.table.delete(), parts.into_values().flat_map(|pages| pages.0)).await
    }
}

/// The rows of one partition, in pages that the server takes, with their sizes.
#[derive(Default)]
struct Pages(Vec<(usize, Vec<Values>)>);

impl Pages {
    fn add(&mut self, bytes: usize, row: Values) {
        match self.0.last_mut() {
            Some((size, rows)) if rows.len() < PAGE && *size + bytes <= PAGE_BYTES => {
                *size += bytes;
                rows.push(row);
            }
            _ => self.0.push((bytes, vec![row])),
        }
    }
}

/// The terms of what a scope covers and a filter matches; none if that is
/// nothing.
fn asked(scope: Option<&Scope>, filter: &Filter) -> Result<Option<Vec<String>>> {
    let conditions = filter::terms_of(filter)?;
    Ok(conditions.map(|conditions| scope.map(scopes::covered_by).into_iter().chain(conditions).collect()))
}

/// The values of a point's row, and about how many bytes they are.
fn row(part: i32, point: &Point, tick: i64) -> Result<(usize, Values)> {
    let unwritable = |e| Error::invalid("a payload that cannot be written as JSON").with_source(e);
    let stamp = stamp::of_write(point.version, tick)?;
    let payload = serde_json::to_string(&point.payload).map_err(unwritable)?;
    let scope = serde_json::to_string(&point.scope).map_err(unwritable)?;
    let mut terms = terms::of_payload(&point.payload);
    terms.extend(scopes::covering(&point.scope));
    let bytes = 100 + payload.len() + scope.len() + 40 * terms.len() + 4 * point.vector.len();
    let row = vec![
        CqlValue::Int(part),
        text(point.id.to_string()),
        CqlValue::BigInt(i64::try_from(point.version).unwrap_or(i64::MAX)),
        text(scope),
        text(payload),
        CqlValue::Set(terms.into_iter().map(text).collect()),
        vector(&point.vector),
        CqlValue::BigInt(stamp),
    ];
    Ok((bytes, row))
}

/// Id, version, scope, payload and vector.
type Row = (String, i64, String, String, Vec<f32>);

fn point((id, version, scope, payload, mut vector): Row, spec: &CollectionSpec) -> Result<Point> {
    if vector.len() != kept_dims(spec.identity.dims) {
        return Err(damaged());
    }
    vector.truncate(spec.identity.dims);
    Ok(Point {
        id: parse(&id)?,
        version: u64::try_from(version).map_err(|_| damaged())?,
        scope: serde_json::from_str(&scope).map_err(|e| damaged().with_source(e))?,
        vector,
        payload: serde_json::from_str(&payload).map_err(|e| damaged().with_source(e))?,
    })
}

fn known((id, version, written): &Written) -> Result<Known> {
    let version = u64::try_from(*version).map_err(|_| damaged())?;
    Ok(Known { id: parse(id)?, version, written: *written })
}

/// An id as it is kept.
pub(super) fn parse(id: &str) -> Result<MemoryId> {
    id.parse().map_err(|_| damaged())
}

fn damaged() -> Error {
    Error::corrupt("a stored point cannot be read")
}

#[async_trait]
impl VectorCollection for CassandraCollection {
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

impl fmt::Debug for CassandraCollection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CassandraCollection")
            .field("spec", &self.spec)
            .field("table", &self.table)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_within_what_the_server_takes() {
        let mut pages = Pages::default();
        (0..450).for_each(|_| pages.add(100, Vec::new()));
        // One that is too large alone is a page of its own.
        [PAGE_BYTES / 2, PAGE_BYTES, 2 * PAGE_BYTES, 1].into_iter().for_each(|bytes| pages.add(bytes, Vec::new()));
        let sizes: Vec<_> = pages.0.iter().map(|(bytes, rows)| (*bytes, rows.len())).collect();
        let half = PAGE_BYTES / 2;
        assert_eq!(
            sizes,
            [(20_000, 200), (20_000, 200), (5_000 + half, 51), (PAGE_BYTES, 1), (2 * PAGE_BYTES, 1), (1, 1)]
        );
    }
}
