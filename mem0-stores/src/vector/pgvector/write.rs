//! Writing and deleting points.

use std::collections::HashMap;

use mem0_core::{Error, MemoryId, Point, Result, Scope, ScopeKey};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::payload;
use super::read::covered;
use super::schema::Table;
use super::session::Session;
use crate::shared::collection;
use crate::shared::postgres::{Sql, refusal};

/// The most points, and about the most bytes, of one statement.
pub(super) const MAX_POINTS: usize = 1_000;
pub(super) const MAX_BYTES: usize = 8 << 20;

/// The points of a batch that count, in the order of ids so that two batches
/// never wait for each other: of several with one id the latest version, of
/// equal versions the last.
pub(super) fn latest(points: &[Point]) -> Vec<&Point> {
    let mut kept = collection::latest(points);
    kept.sort_unstable_by_key(|point| point.id);
    kept
}

/// The columns of some points.
#[derive(Default)]
struct Columns {
    ids: Vec<uuid::Uuid>,
    versions: Vec<i64>,
    scopes: [Vec<Option<String>>; 5],
    /// One after the other.
    vectors: Vec<f32>,
    payloads: Vec<String>,
    times: Vec<Option<String>>,
    bytes: usize,
}

impl Columns {
    fn push(&mut self, point: &Point) -> Result<()> {
        let payload = payload::to_json(&point.payload)?;
        self.bytes += payload.len() + point.vector.len() * size_of::<f32>();
        self.ids.push(point.id.as_uuid());
        self.versions.push(stored_version(point.version)?);
        for (column, key) in self.scopes.iter_mut().zip(ScopeKey::ALL) {
            column.push(point.scope.get(key).map(str::to_owned));
        }
        self.vectors.extend_from_slice(&point.vector);
        self.payloads.push(payload);
        self.times.push(payload::times(&point.payload)?);
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.ids.len() >= MAX_POINTS || self.bytes >= MAX_BYTES
    }
}

pub(super) fn stored_version(version: u64) -> Result<i64> {
    i64::try_from(version).map_err(|_| Error::invalid("a version beyond 2^63 - 1"))
}

/// Somebody dropped the collection while it was open here: not the same as an
/// empty one.
pub(super) fn dropped() -> Error {
    Error::not_found("the collection was dropped; open it again")
}

/// Writes points that are checked and of distinct ids, each whole; a large batch
/// in several statements of one transaction.
pub(super) async fn upsert(session: &mut Session, table: &Table, points: &[&Point]) -> Result<()> {
    let mut statements = vec![Columns::default()];
    for point in points {
        if statements.last().is_none_or(Columns::is_full) {
            statements.push(Columns::default());
        }
        if let Some(columns) = statements.last_mut() {
            columns.push(point)?;
        }
    }
    if statements.len() == 1 {
        for columns in statements {
            written(&session.one(&insertion(table, columns)).await?)?;
        }
        return Ok(());
    }
    let transaction = session.client.transaction().await.map_err(|e| refusal(&e))?;
    for columns in statements {
        written(&insertion(table, columns).one(&*transaction).await?)?;
    }
    transaction.commit().await.map_err(|e| refusal(&e))
}

fn insertion(table: &Table, columns: Columns) -> Sql {
    let Table { name, list, no, .. } = table;
    let mut sql = Sql::default();
    let no = sql.bind(*no, Type::INT8);
    let dims = columns.vectors.len() / columns.ids.len().max(1);
    let ids = sql.bind(columns.ids, Type::UUID_ARRAY);
    let versions = sql.bind(columns.versions, Type::INT8_ARRAY);
    let [org, app, user, agent, run] = columns.scopes.map(|column| sql.bind(column, Type::TEXT_ARRAY));
    let vectors = sql.bind(columns.vectors, Type::FLOAT4_ARRAY);
    let payloads = sql.bind(columns.payloads, Type::TEXT_ARRAY);
    let times = sql.bind(columns.times, Type::TEXT_ARRAY);
    // The row of the list is held, so that a collection cannot be dropped and
    // made again in between.
    sql.push(&format!(
        "WITH mine AS (SELECT no FROM {list} WHERE no = {no} FOR KEY SHARE),
         written AS (
            INSERT INTO {name} AS old
                (id, version, org_id, app_id, user_id, agent_id, run_id, vector, payload, times)
            SELECT u.id, u.version, u.org_id, u.app_id, u.user_id, u.agent_id, u.run_id,
                ({vectors})[(u.place - 1) * {dims} + 1 : u.place * {dims}]::vector, u.payload::jsonb, u.times::jsonb
            FROM mine, unnest({ids}, {versions}, {org}, {app}, {user}, {agent}, {run}, {payloads}, {times})
                WITH ORDINALITY
                AS u(id, version, org_id, app_id, user_id, agent_id, run_id, payload, times, place)
            ORDER BY u.id
            ON CONFLICT (id) DO UPDATE SET
                version = excluded.version, org_id = excluded.org_id, app_id = excluded.app_id,
                user_id = excluded.user_id, agent_id = excluded.agent_id, run_id = excluded.run_id,
                vector = excluded.vector, payload = excluded.payload, times = excluded.times
            WHERE excluded.version >= old.version)
         SELECT count(*) FROM mine"
    ));
    sql
}

fn written(row: &Row) -> Result<()> {
    match row.try_get::<_, i64>(0) {
        Ok(1) => Ok(()),
        _ => Err(dropped()),
    }
}

/// Deletes points unless they have got later versions, and returns how many
/// there were. What has not arrived yet must not come back when it does, so an
/// id that is not there is noted as deleted as well.
pub(super) async fn delete_ids(session: &Session, table: &Table, ids: &[(MemoryId, u64)]) -> Result<u64> {
    let mut latest: HashMap<MemoryId, u64> = HashMap::with_capacity(ids.len());
    for &(id, version) in ids {
        let known = latest.entry(id).or_insert(version);
        *known = version.max(*known);
    }
    let mut wanted: Vec<_> = latest.into_iter().collect();
    wanted.sort_unstable();
    let ids: Vec<_> = wanted.iter().map(|(id, _)| id.as_uuid()).collect();
    let versions = wanted.iter().map(|(_, version)| stored_version(*version)).collect::<Result<Vec<_>>>()?;
    let Table { name, list, .. } = table;
    let mut sql = Sql::default();
    let no = sql.bind(table.no, Type::INT8);
    let (ids, versions) = (sql.bind(ids, Type::UUID_ARRAY), sql.bind(versions, Type::INT8_ARRAY));
    // The points are locked, in order, before the deletions are noted: the
    // answer depends on `gone`, which therefore comes first.
    sql.push(&format!(
        "WITH mine AS (SELECT no FROM {list} WHERE no = {no} FOR KEY SHARE),
         wanted AS (SELECT * FROM unnest({ids}, {versions}) AS u(id, version)),
         gone AS (
            SELECT old.id FROM {name} AS old JOIN wanted USING (id)
            WHERE old.vector IS NOT NULL AND old.version <= wanted.version
            ORDER BY old.id FOR UPDATE OF old),
         noted AS (
            INSERT INTO {name} AS old (id, version)
            SELECT wanted.id, wanted.version FROM mine, wanted ORDER BY wanted.id
            ON CONFLICT (id) DO UPDATE SET
                version = excluded.version, org_id = NULL, app_id = NULL, user_id = NULL, agent_id = NULL,
                run_id = NULL, vector = NULL, payload = NULL, times = NULL
            WHERE excluded.version >= old.version)
         SELECT (SELECT count(*) FROM mine), (SELECT count(*) FROM gone)"
    ));
    let row = session.one(&sql).await?;
    match (row.try_get::<_, i64>(0), row.try_get::<_, i64>(1)) {
        (Ok(1), Ok(gone)) => Ok(gone.unsigned_abs()),
        _ => Err(dropped()),
    }
}

/// Deletes everything that a scope covers, and returns how many points there
/// were. What stays are ids and versions.
pub(super) async fn delete_scope(session: &Session, table: &Table, scope: &Scope) -> Result<u64> {
    let mut sql = Sql::default();
    let mine = sql.bind(table.no, Type::INT8);
    let covered = covered(&mut sql, Some(scope));
    let Table { name, list, .. } = table;
    sql.push(&format!(
        "WITH mine AS (SELECT no FROM {list} WHERE no = {mine} FOR KEY SHARE),
         gone AS (
            UPDATE {name} SET org_id = NULL, app_id = NULL, user_id = NULL, agent_id = NULL, run_id = NULL,
                vector = NULL, payload = NULL, times = NULL
            WHERE EXISTS (SELECT FROM mine) AND {covered} RETURNING id)
         SELECT (SELECT count(*) FROM mine), (SELECT count(*) FROM gone)"
    ));
    let row = session.one(&sql).await?;
    match (row.try_get::<_, i64>(0), row.try_get::<_, i64>(1)) {
        (Ok(1), Ok(gone)) => Ok(gone.unsigned_abs()),
        _ => Err(dropped()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(id: u128, version: u64, x: f32) -> Point {
        let id = MemoryId::from_uuid(uuid::Uuid::from_u128(id));
        Point { id, version, scope: Scope::user("a").unwrap(), vector: vec![x], payload: payload_of() }
    }

    fn payload_of() -> mem0_core::Payload {
        mem0_core::Payload::new()
    }

    #[test]
    fn the_latest_of_each_id_is_kept_in_order() {
        let points = [point(2, 1, 0.1), point(1, 3, 0.2), point(1, 2, 0.3), point(2, 1, 0.4), point(1, 3, 0.5)];
        let kept: Vec<_> = latest(&points).iter().map(|point| (point.version, point.vector.clone())).collect();
        assert_eq!(kept, [(3, vec![0.5]), (1, vec![0.4])]);
    }
}
