//! Reading points by id, page by page, and counting them.

use std::collections::HashMap;

use mem0_core::{Error, Filter, MemoryId, Point, Result, Scope, ScopeFields, ScopeKey, ScrollQuery};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::filter::condition;
use super::payload;
use super::schema::Table;
use super::session::Session;
use crate::shared::postgres::Sql;

/// The columns of a point, in the order in which `point` reads them.
const COLUMNS: &str = "id, version, org_id, app_id, user_id, agent_id, run_id, vector::real[], payload::text";

/// The condition that a row is a point that the scope covers; a deleted one has
/// no scope.
pub(super) fn covered(sql: &mut Sql, scope: Option<&Scope>) -> String {
    let Some(scope) = scope else { return "vector IS NOT NULL".to_owned() };
    let terms: Vec<_> =
        scope.ids().map(|(key, id)| format!("{} = {}", key.as_str(), sql.bind(id.to_owned(), Type::TEXT))).collect();
    terms.join(" AND ")
}

fn damaged(_: tokio_postgres::Error) -> Error {
    Error::corrupt("a row that this adapter did not write")
}

/// The version in a column.
pub(super) fn version(row: &Row, column: usize) -> Result<u64> {
    Ok(row.try_get::<_, i64>(column).map_err(damaged)?.unsigned_abs())
}

/// The id in a column.
pub(super) fn id(row: &Row, column: usize) -> Result<MemoryId> {
    Ok(MemoryId::from_uuid(row.try_get(column).map_err(damaged)?))
}

fn point(row: &Row) -> Result<Point> {
    const { assert!(ScopeKey::ALL.len() == 5) };
    let text = |column: usize| row.try_get::<_, Option<String>>(column).map_err(damaged);
    let fields =
        ScopeFields { org_id: text(2)?, app_id: text(3)?, user_id: text(4)?, agent_id: text(5)?, run_id: text(6)? };
    let scope =
        Scope::from_fields(fields).map_err(|e| Error::corrupt("a point without a usable scope").with_source(e))?;
    let vector: Vec<f32> = row.try_get(7).map_err(damaged)?;
    let payload: &str = row.try_get(8).map_err(damaged)?;
    Ok(Point { id: id(row, 0)?, version: version(row, 1)?, scope, vector, payload: payload::from_json(payload)? })
}

pub(super) async fn get(
    session: &Session,
    table: &Table,
    scope: Option<&Scope>,
    ids: &[MemoryId],
) -> Result<Vec<Option<Point>>> {
    let mut sql = Sql::default();
    let wanted: Vec<_> = ids.iter().map(|id| id.as_uuid()).collect();
    let wanted = sql.bind(wanted, Type::UUID_ARRAY);
    let covered = covered(&mut sql, scope);
    sql.push(&format!("SELECT {COLUMNS} FROM {} WHERE id = ANY({wanted}) AND {covered}", table.name));
    let rows = session.query(&sql).await?;
    let found = rows.iter().map(|row| point(row).map(|point| (point.id, point)));
    let found = found.collect::<Result<HashMap<_, _>>>()?;
    Ok(ids.iter().map(|id| found.get(id).cloned()).collect())
}

pub(super) async fn scroll(session: &Session, table: &Table, query: &ScrollQuery) -> Result<Vec<Point>> {
    let mut sql = Sql::default();
    let covered = covered(&mut sql, query.scope.as_ref());
    let meets = condition(&mut sql, &query.filter)?;
    let after = match query.after {
        Some(after) => format!("id > {}", sql.bind(after.as_uuid(), Type::UUID)),
        None => "TRUE".to_owned(),
    };
    let limit = sql.bind(i64::try_from(query.limit).unwrap_or(i64::MAX), Type::INT8);
    sql.push(&format!(
        "SELECT {COLUMNS} FROM {} WHERE {covered} AND {after} AND {meets} ORDER BY id LIMIT {limit}",
        table.name
    ));
    session.query(&sql).await?.iter().map(point).collect()
}

pub(super) async fn count(session: &Session, table: &Table, scope: Option<&Scope>, filter: &Filter) -> Result<u64> {
    let mut sql = Sql::default();
    let covered = covered(&mut sql, scope);
    let meets = condition(&mut sql, filter)?;
    sql.push(&format!("SELECT count(*) FROM {} WHERE {covered} AND {meets}", table.name));
    let rows = session.query(&sql).await?;
    match rows.first().map(|row| row.try_get::<_, i64>(0)) {
        Some(Ok(count)) => Ok(count.unsigned_abs()),
        _ => Err(Error::internal("a count without an answer")),
    }
}
