//! What the vector store may not have yet.

use mem0_core::{Error, MemoryId, Pending, PendingQuery, Scope, Timestamp, View};
use rusqlite::{Connection, Row, ToSql};

use super::identity;
use super::read::Reader;
use super::row::{Col, count, int, rows, vector_from_bytes};
use super::scope::{self, ScopeCache};
use crate::shared::sqlite::Attempt;

/// A row of the outbox.
struct Queued {
    seq: i64,
    id: MemoryId,
    scope: Scope,
    version: i64,
    attempts: u32,
}

macro_rules! select_due {
    ($condition:literal) => {
        concat!(
            "SELECT seq, id, scope_no, scope, version, attempts FROM ledger_outbox WHERE ",
            $condition,
            " AND (?1 IS NULL OR ((not_before IS NULL OR not_before <= ?1)
                 AND (claim_until IS NULL OR claim_until <= ?1 OR claim_owner = ?2)))
             ORDER BY seq LIMIT ?3"
        )
    };
}

/// What is pending, in the order of events. Takes the claim if one is asked
/// for, so it then has to be in a writing transaction.
pub(super) fn pending(connection: &Connection, query: &PendingQuery) -> Attempt<Vec<Pending>> {
    let queued = queued(connection, query)?;
    if let Some(claim) = &query.claim {
        let mut take =
            connection.prepare_cached("UPDATE ledger_outbox SET claim_owner = ?2, claim_until = ?3 WHERE seq = ?1")?;
        for item in &queued {
            take.execute((item.seq, &claim.owner, Col(claim.until)))?;
        }
    }
    // What has expired is in the vector store too; reads leave it out.
    let mut view = View::current(Timestamp::from_micros_clamped(0));
    view.include_expired = true;
    let mut reader = Reader::new(connection, &view);
    let identity = identity::current_no(connection)?;
    queued.into_iter().map(|item| with_head(&mut reader, identity, item)).collect()
}

fn queued(connection: &Connection, query: &PendingQuery) -> Attempt<Vec<Queued>> {
    let due = query.due.map(Col);
    let owner = query.claim.as_ref().map(|claim| &claim.owner);
    let limit = rows(query.limit);
    let mut scopes = ScopeCache::default();
    let mut all = Vec::new();
    let Some(covering) = &query.scope else {
        let mut statement = connection.prepare_cached(select_due!("TRUE"))?;
        collect(connection, &mut scopes, statement.query((due, owner, limit))?, &mut all)?;
        return Ok(all);
    };
    // Mostly nothing is pending, and then a search should not pay for asking.
    let any: bool =
        connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM ledger_outbox)")?.query_row((), |row| row.get(0))?;
    if !any {
        return Ok(all);
    }
    let covered = scope::covered(connection, covering)?;
    let mut statement = connection.prepare_cached(select_due!("scope_no = ?4"))?;
    for scope in &covered {
        collect(connection, &mut scopes, statement.query((due, owner, limit, scope.no))?, &mut all)?;
    }
    let mut statement = connection.prepare_cached(select_due!("scope_no IS NULL"))?;
    let mut erased = Vec::new();
    collect(connection, &mut scopes, statement.query((due, owner, i64::MAX))?, &mut erased)?;
    all.extend(erased.into_iter().filter(|item| covering.covers(&item.scope)));
    all.sort_unstable_by_key(|item| item.seq);
    all.truncate(query.limit);
    Ok(all)
}

fn collect(
    connection: &Connection,
    scopes: &mut ScopeCache,
    mut found: rusqlite::Rows<'_>,
    into: &mut Vec<Queued>,
) -> Attempt<()> {
    while let Some(row) = found.next()? {
        into.push(Queued {
            seq: row.get(0)?,
            id: row.get::<_, Col<MemoryId>>(1)?.0,
            scope: read_scope(connection, scopes, row)?,
            version: row.get(4)?,
            attempts: row.get(5)?,
        });
    }
    Ok(())
}

fn read_scope(connection: &Connection, scopes: &mut ScopeCache, row: &Row<'_>) -> Attempt<Scope> {
    match row.get(2)? {
        Some(scope_no) => scopes.get(connection, scope_no),
        None => {
            let json: String = row.get(3)?;
            let bad = |e| Error::corrupt("a scope in the ledger's outbox cannot be read").with_source(e);
            Ok(serde_json::from_str(&json).map_err(bad)?)
        }
    }
}

/// The live memory with its vector, or that it is to be deleted.
fn with_head(reader: &mut Reader<'_>, identity: i64, item: Queued) -> Attempt<Pending> {
    let mem_no = super::read::mem_no(reader.connection, item.id)?;
    let version = mem_no.map(|mem_no| reader.visible(mem_no)).transpose()?.flatten();
    let head = match version {
        Some(version) => {
            let mut statement = reader
                .connection
                .prepare_cached("SELECT vector FROM ledger_vectors WHERE seq = ?1 AND identity_no = ?2")?;
            let mut found = statement.query((version.vector_seq, identity))?;
            let row = found.next()?.ok_or_else(|| {
                Error::corrupt("a live memory has no vector; run the check").with_context("id", item.id)
            })?;
            let mut vector = Vec::new();
            vector_from_bytes(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?, &mut vector)?;
            Some((version.memory, vector))
        }
        None => None,
    };
    Ok(Pending {
        id: item.id,
        scope: item.scope,
        seq: count(item.seq)?,
        version: count(item.version)?,
        attempts: item.attempts,
        head,
    })
}

/// The vector store has these as of these events. What changed since stays.
pub(super) fn mark_projected(connection: &Connection, done: &[(MemoryId, u64)]) -> Attempt<()> {
    each(connection, "DELETE FROM ledger_outbox WHERE id = ?1 AND seq <= ?2", done, &[])
}

/// Projecting these failed.
pub(super) fn mark_failed(connection: &Connection, failed: &[(MemoryId, u64)], not_before: Timestamp) -> Attempt<()> {
    each(
        connection,
        "UPDATE ledger_outbox SET attempts = attempts + 1, not_before = ?3, claim_owner = NULL, claim_until = NULL
         WHERE id = ?1 AND seq <= ?2",
        failed,
        &[&Col(not_before)],
    )
}

fn each(connection: &Connection, sql: &'static str, items: &[(MemoryId, u64)], more: &[&dyn ToSql]) -> Attempt<()> {
    let mut statement = connection.prepare_cached(sql)?;
    for (id, seq) in items {
        let (id, seq) = (Col(*id), int(*seq)?);
        let bound: Vec<&dyn ToSql> = [&id as &dyn ToSql, &seq].into_iter().chain(more.iter().copied()).collect();
        statement.execute(&bound[..])?;
    }
    Ok(())
}
