//! Events as they were committed, to look at and to replay.

use mem0_core::{Change, Content, EventKind, LoggedChange, MemoryId, Scope, Timestamp, TxnId};
use rusqlite::{Connection, Row};

use super::mem_no;
use crate::ledger::sqlite::identity;
use crate::ledger::sqlite::row::{Col, content_from_json, count, int, rows, sources_from_json, vector_from_bytes};
use crate::ledger::sqlite::scope::{self, ScopeCache};
use crate::shared::sqlite::Attempt;

macro_rules! select_logged {
    ($rest:literal) => {
        concat!(
            "SELECT e.seq, m.scope_no, c.txn, e.at, m.id, e.kind, e.version, e.content, v.vector, e.given_ended_at,
                 e.reason, e.given_dedup_key, e.given_created_at, e.sources
             FROM ledger_events e JOIN ledger_memories m ON m.mem_no = e.mem_no
             JOIN ledger_commits c ON c.commit_no = e.commit_no
             LEFT JOIN ledger_vectors v ON v.seq = e.vector_seq AND v.identity_no = ?1 ",
            $rest
        )
    };
}

/// Every event of a memory, oldest first.
pub(in crate::ledger::sqlite) fn history(connection: &Connection, id: MemoryId) -> Attempt<Vec<LoggedChange>> {
    let Some(mem_no) = mem_no(connection, id)? else { return Ok(Vec::new()) };
    let mut statement = connection.prepare_cached(select_logged!("WHERE e.mem_no = ?2 ORDER BY e.version"))?;
    let mut events = Vec::new();
    collect(connection, statement.query((identity::current_no(connection)?, mem_no))?, &mut events)?;
    Ok(events)
}

/// Every event of a commit, in order.
pub(in crate::ledger::sqlite) fn transaction(connection: &Connection, txn: TxnId) -> Attempt<Vec<LoggedChange>> {
    let mut statement = connection
        .prepare_cached("SELECT first_seq, last_seq FROM ledger_commits WHERE txn = ?1 ORDER BY first_seq")?;
    let ranges = statement.query_map([Col(txn)], |row| Ok((row.get(0)?, row.get(1)?)))?;
    between(connection, ranges.collect::<Result<_, _>>()?, usize::MAX)
}

/// A page of events after number `after`.
pub(in crate::ledger::sqlite) fn log(
    connection: &Connection,
    scope: Option<&Scope>,
    after: u64,
    limit: usize,
) -> Attempt<Vec<LoggedChange>> {
    let after = int(after)?;
    let Some(scope) = scope else {
        return between(connection, vec![(after.saturating_add(1), i64::MAX)], limit);
    };
    // The events of a commit are of one scope, so a scope's events are those
    // of its commits; of each scope no more commits are needed than events.
    let mut statement = connection.prepare_cached(
        "SELECT max(first_seq, ?2 + 1), last_seq FROM ledger_commits
         WHERE scope_no = ?1 AND last_seq > ?2 ORDER BY last_seq LIMIT ?3",
    )?;
    let mut ranges = Vec::new();
    for scope in scope::covered(connection, scope)? {
        for range in statement.query_map((scope.no, after, rows(limit)), |row| Ok((row.get(0)?, row.get(1)?)))? {
            ranges.push(range?);
        }
    }
    ranges.sort_unstable();
    between(connection, ranges, limit)
}

/// The events of these ranges of numbers, in order.
fn between(connection: &Connection, ranges: Vec<(i64, i64)>, limit: usize) -> Attempt<Vec<LoggedChange>> {
    let identity = identity::current_no(connection)?;
    let mut statement =
        connection.prepare_cached(select_logged!("WHERE e.seq BETWEEN ?2 AND ?3 ORDER BY e.seq LIMIT ?4"))?;
    let mut events = Vec::new();
    for (first, last) in ranges {
        let left = limit.saturating_sub(events.len());
        if left == 0 {
            break;
        }
        collect(connection, statement.query((identity, first, last, rows(left)))?, &mut events)?;
    }
    Ok(events)
}

fn collect(connection: &Connection, mut found: rusqlite::Rows<'_>, into: &mut Vec<LoggedChange>) -> Attempt<()> {
    let mut scopes = ScopeCache::default();
    while let Some(row) = found.next()? {
        into.push(LoggedChange {
            seq: count(row.get(0)?)?,
            scope: scopes.get(connection, row.get(1)?)?,
            txn: row.get::<_, Col<TxnId>>(2)?.0,
            at: row.get::<_, Col<Timestamp>>(3)?.0,
            change: read_change(row)?,
        });
    }
    Ok(())
}

fn read_change(row: &Row<'_>) -> Attempt<Change> {
    let time = |i| Ok::<_, rusqlite::Error>(row.get::<_, Option<Col<Timestamp>>>(i)?.map(|col| col.0));
    let content: Option<Content> = match row.get_ref(7)?.as_str_or_null().map_err(rusqlite::Error::from)? {
        Some(json) => Some(content_from_json(json)?),
        None => None,
    };
    let vector = match row.get_ref(8)?.as_blob_or_null().map_err(rusqlite::Error::from)? {
        Some(blob) if content.is_some() => {
            let mut vector = Vec::new();
            vector_from_bytes(blob, &mut vector)?;
            Some(vector)
        }
        _ => None,
    };
    Ok(Change {
        id: row.get::<_, Col<MemoryId>>(4)?.0,
        kind: row.get::<_, Col<EventKind>>(5)?.0,
        base_version: count(row.get::<_, i64>(6)? - 1)?,
        content,
        vector,
        terms: Vec::new(),
        ended_at: time(9)?,
        reason: row.get(10)?,
        sources: sources_from_json(row.get_ref(13)?.as_str_or_null().map_err(rusqlite::Error::from)?)?,
        dedup_key: row.get(11)?,
        created_at: time(12)?,
    })
}
