//! Points by id, in the order of ids, and counted: straight from the file.

use std::collections::HashMap;

use mem0_core::filter::CompiledFilter;
use mem0_core::{Filter, MemoryId, Point, Scope};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::columns::project;
use super::load::damaged;
use super::{quantise, schema, scopes};
use crate::shared::sqlite::Attempt;

/// Points that a walk looks up at a time where a filter may refuse some.
const PAGE: usize = 256;

/// Reads points of one collection within one job.
pub(super) struct Reader<'c> {
    connection: &'c Connection,
    collection: i64,
    dims: usize,
    /// The exact scopes that were read already.
    known: HashMap<i64, Scope>,
}

/// Where a point is.
#[derive(Clone, Copy)]
struct Place {
    id: MemoryId,
    no: i64,
    scope: i64,
    version: i64,
}

impl<'c> Reader<'c> {
    /// Fails if the collection was dropped.
    pub(super) fn new(connection: &'c Connection, collection: i64, dims: usize) -> Attempt<Self> {
        schema::changes(connection, collection)?;
        Ok(Self { connection, collection, dims, known: HashMap::new() })
    }

    /// One entry per id.
    pub(super) fn get(&mut self, scope: Option<&Scope>, ids: &[MemoryId]) -> Attempt<Vec<Option<Point>>> {
        let mut sql = "SELECT p.id, p.no, p.scope, p.version FROM vec_points AS p".to_owned();
        let mut covered = Vec::new();
        let mut condition = String::new();
        if let Some(scope) = scope {
            let (terms, values) = scopes::covered_by(scope, 3);
            // CROSS JOIN: the id leads, whatever the planner thinks of scopes.
            sql.push_str(" CROSS JOIN vec_scopes AS s ON s.no = p.scope");
            condition = format!(" AND {terms}");
            covered = values;
        }
        sql.push_str(" WHERE p.collection = ?1 AND p.id = ?2 AND p.code IS NOT NULL");
        sql.push_str(&condition);
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut points = Vec::with_capacity(ids.len());
        for id in ids {
            let key = [Value::from(self.collection), Value::from(id.as_bytes().to_vec())];
            let mut rows = statement.query(params_from_iter(key.iter().chain(&covered)))?;
            let place = rows.next()?.map(read_place).transpose()?;
            points.push(place.map(|place| self.point(place)).transpose()?);
        }
        Ok(points)
    }

    /// Up to `limit` points in the order of ids, from the one after `after`.
    pub(super) fn scroll(
        &mut self,
        scope: Option<&Scope>,
        filter: &Filter,
        after: Option<MemoryId>,
        limit: usize,
    ) -> Attempt<Vec<Point>> {
        let scopes = self.covered(scope)?;
        let compiled = filter.compile();
        let page = if filter.is_all() { limit } else { limit.max(PAGE) };
        let mut after = after.map(|id| id.as_bytes().to_vec()).unwrap_or_default();
        let mut points = Vec::new();
        while points.len() < limit {
            let places = self.page(scopes.as_deref(), &after, page)?;
            let Some(last) = places.last() else { break };
            after = last.id.as_bytes().to_vec();
            let is_last = places.len() < page;
            for place in places {
                let point = self.point(place)?;
                if points.len() < limit && compiled.matches(&point.payload) {
                    points.push(point);
                }
            }
            if is_last {
                break;
            }
        }
        Ok(points)
    }

    /// How many points a scope covers and a filter accepts.
    pub(super) fn count(&self, scope: Option<&Scope>, filter: &Filter) -> Attempt<u64> {
        let rows = match scope {
            Some(scope) => scopes::covered(self.connection, self.collection, scope)?,
            None => scopes::all(self.connection, self.collection)?,
        };
        if filter.is_all() {
            return Ok(rows.iter().map(|row| row.points.cast_unsigned()).sum());
        }
        let (compiled, names) = (filter.compile(), filter.fields().into_iter().collect::<Vec<_>>());
        let mut count = 0;
        for row in rows {
            count += self.count_matches(row.no, &compiled, &names)?;
        }
        Ok(count)
    }

    fn count_matches(&self, scope: i64, filter: &CompiledFilter, names: &[&str]) -> Attempt<u64> {
        let mut statement =
            self.connection.prepare_cached("SELECT payload FROM vec_data WHERE no BETWEEN ?1 AND ?2")?;
        let (first, last) = schema::row_range(scope, 0);
        let mut rows = statement.query([first, last])?;
        let mut count = 0;
        while let Some(row) = rows.next()? {
            let payload = row.get_ref(0)?.as_str().map_err(|_| damaged())?;
            let values = project(payload, names).map_err(|e| damaged().with_source(e))?;
            let fields = names.iter().zip(values).filter_map(|(name, value)| Some(((*name).to_owned(), value?)));
            count += u64::from(filter.matches(&fields.collect::<serde_json::Map<_, _>>()));
        }
        Ok(count)
    }

    fn covered(&self, scope: Option<&Scope>) -> Attempt<Option<Vec<i64>>> {
        let Some(scope) = scope else { return Ok(None) };
        let rows = scopes::covered(self.connection, self.collection, scope)?;
        Ok(Some(rows.iter().map(|row| row.no).collect()))
    }

    /// Up to `limit` places in the order of ids: from each scope so many, and
    /// of these the first.
    fn page(&self, scopes: Option<&[i64]>, after: &[u8], limit: usize) -> Attempt<Vec<Place>> {
        let most = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut places = Vec::new();
        let mut read = |sql: &str, key: i64| -> Attempt<()> {
            let mut statement = self.connection.prepare_cached(sql)?;
            let mut rows = statement.query(rusqlite::params![key, after, most])?;
            while let Some(row) = rows.next()? {
                places.push(read_place(row)?);
            }
            Ok(())
        };
        match scopes {
            None => read(
                "SELECT id, no, scope, version FROM vec_points
                 WHERE collection = ?1 AND id > ?2 AND code IS NOT NULL ORDER BY id LIMIT ?3",
                self.collection,
            )?,
            Some(scopes) => scopes.iter().try_for_each(|scope| {
                read(
                    "SELECT id, no, scope, version FROM vec_points
                     WHERE scope = ?1 AND id > ?2 AND code IS NOT NULL ORDER BY id LIMIT ?3",
                    *scope,
                )
            })?,
        }
        places.sort_unstable_by_key(|place| place.id);
        places.truncate(limit);
        Ok(places)
    }

    fn point(&mut self, place: Place) -> Attempt<Point> {
        let scope = self.scope(place.scope)?;
        let mut statement = self.connection.prepare_cached("SELECT vector, payload FROM vec_data WHERE no = ?1")?;
        let mut rows = statement.query([place.no])?;
        let row = rows.next()?.ok_or_else(damaged)?;
        let vector = row.get_ref(0)?.as_blob().map_err(|_| damaged())?;
        let payload = row.get_ref(1)?.as_str().map_err(|_| damaged())?;
        Ok(Point {
            id: place.id,
            version: place.version.cast_unsigned(),
            scope,
            vector: quantise::from_bytes(vector, self.dims).ok_or_else(damaged)?,
            payload: serde_json::from_str(payload).map_err(|e| damaged().with_source(e))?,
        })
    }

    fn scope(&mut self, no: i64) -> Attempt<Scope> {
        if let Some(scope) = self.known.get(&no) {
            return Ok(scope.clone());
        }
        let mut statement = self
            .connection
            .prepare_cached("SELECT org_id, app_id, user_id, agent_id, run_id FROM vec_scopes WHERE no = ?1")?;
        let mut rows = statement.query([no])?;
        let scope = scopes::read_scope(rows.next()?.ok_or_else(damaged)?)?;
        self.known.insert(no, scope.clone());
        Ok(scope)
    }
}

fn read_place(row: &rusqlite::Row<'_>) -> Attempt<Place> {
    Ok(Place { id: schema::read_id(row, 0)?, no: row.get(1)?, scope: row.get(2)?, version: row.get(3)? })
}
