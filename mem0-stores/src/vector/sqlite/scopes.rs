//! Exact scopes by number, and which of them a scope covers.

use std::sync::Arc;

use mem0_core::{Error, Scope, ScopeFields};
use rusqlite::types::Value;
use rusqlite::{Connection, Row, params_from_iter};

use super::cache::Cache;
use super::schema;
use crate::shared::sqlite::Attempt;

/// An exact scope that has points.
#[derive(Clone, Copy, Debug)]
pub(super) struct ScopeRow {
    pub(super) no: i64,
    /// The last number given to a row.
    pub(super) changes: i64,
    /// How often rows went without a number for it.
    pub(super) epoch: i64,
    /// How many points it has.
    pub(super) points: i64,
}

/// The condition that a row of `vec_scopes AS s` is covered, with parameters
/// from number `first` on, and their values. Never empty: a scope has ids.
pub(super) fn covered_by(scope: &Scope, first: usize) -> (String, Vec<Value>) {
    let (terms, values): (Vec<_>, Vec<_>) = scope
        .ids()
        .enumerate()
        .map(|(n, (key, id))| (format!("s.{} = ?{}", key.as_str(), first + n), Value::from(id.to_owned())))
        .unzip();
    (terms.join(" AND "), values)
}

/// The exact scopes with points that a scope covers, now.
pub(super) fn covered(connection: &Connection, collection: i64, scope: &Scope) -> Attempt<Vec<ScopeRow>> {
    let (condition, values) = covered_by(scope, 2);
    let sql = format!(
        "SELECT s.no, s.changes, s.epoch, s.points FROM vec_scopes AS s
         WHERE s.collection = ?1 AND {condition} AND s.points > 0"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let values = params_from_iter(std::iter::once(Value::from(collection)).chain(values));
    let rows = statement.query_map(values, read_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The same, from memory where that is up to date.
pub(super) fn covered_cached(
    connection: &Connection,
    cache: &Cache,
    collection: i64,
    scope: &Scope,
) -> Attempt<Arc<[ScopeRow]>> {
    let changes = schema::changes(connection, collection)?;
    if let Some(rows) = cache.cover(collection, scope, changes) {
        return Ok(rows);
    }
    let rows = covered(connection, collection, scope)?.into();
    cache.keep_cover(collection, scope, changes, &rows);
    Ok(rows)
}

/// All exact scopes of a collection that have points.
pub(super) fn all(connection: &Connection, collection: i64) -> Attempt<Vec<ScopeRow>> {
    let mut statement = connection
        .prepare_cached("SELECT no, changes, epoch, points FROM vec_scopes WHERE collection = ?1 AND points > 0")?;
    let rows = statement.query_map([collection], read_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn read_row(row: &Row<'_>) -> rusqlite::Result<ScopeRow> {
    Ok(ScopeRow { no: row.get(0)?, changes: row.get(1)?, epoch: row.get(2)?, points: row.get(3)? })
}

/// A scope from `org_id, app_id, user_id, agent_id, run_id`.
pub(super) fn read_scope(row: &Row<'_>) -> Attempt<Scope> {
    let id = |n: usize| row.get(n);
    let fields = ScopeFields { org_id: id(0)?, app_id: id(1)?, user_id: id(2)?, agent_id: id(3)?, run_id: id(4)? };
    Scope::from_fields(fields).map_err(|e| Error::corrupt("a point without a usable scope").with_source(e).into())
}
