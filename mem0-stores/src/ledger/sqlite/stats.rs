//! Counts.

use mem0_core::{LedgerStats, Scope, State};
use rusqlite::Connection;

use super::row::{Col, count};
use super::scope;
use crate::shared::sqlite::Attempt;

/// Counts of what a scope covers, or of everything; without the bytes.
pub(super) fn stats(connection: &Connection, covering: Option<&Scope>) -> Attempt<LedgerStats> {
    let mut stats = LedgerStats::default();
    let Some(covering) = covering else {
        stats.scopes = one(connection, "SELECT count(*) FROM ledger_scopes")?;
        stats.events = one(connection, "SELECT count(*) FROM ledger_events")?;
        stats.messages = one(connection, "SELECT count(*) FROM ledger_messages")?;
        stats.pending = one(connection, "SELECT count(*) FROM ledger_outbox")?;
        let mut states = connection.prepare_cached("SELECT state, count(*) FROM ledger_memories GROUP BY state")?;
        add_states(states.query(())?, &mut stats)?;
        return Ok(stats);
    };
    let mut states =
        connection.prepare_cached("SELECT state, count(*) FROM ledger_memories WHERE scope_no = ?1 GROUP BY state")?;
    for scope in scope::covered(connection, covering)? {
        let of = |sql: &str| -> Attempt<u64> {
            Ok(count(connection.prepare_cached(sql)?.query_row([scope.no], |row| row.get(0))?)?)
        };
        stats.scopes += 1;
        // A commit's events are numbered without a gap.
        stats.events +=
            of("SELECT coalesce(sum(last_seq - first_seq + 1), 0) FROM ledger_commits WHERE scope_no = ?1")?;
        stats.messages += of("SELECT count(*) FROM ledger_messages WHERE scope_no = ?1")?;
        stats.pending += of("SELECT count(*) FROM ledger_outbox WHERE scope_no = ?1")?;
        add_states(states.query([scope.no])?, &mut stats)?;
    }
    stats.pending += erased(connection, covering)?;
    Ok(stats)
}

fn one(connection: &Connection, sql: &str) -> Attempt<u64> {
    Ok(count(connection.prepare_cached(sql)?.query_row((), |row| row.get(0))?)?)
}

fn add_states(mut found: rusqlite::Rows<'_>, stats: &mut LedgerStats) -> Attempt<()> {
    while let Some(row) = found.next()? {
        let number = count(row.get(1)?)?;
        match row.get::<_, Col<State>>(0)?.0 {
            State::Deleted => stats.deleted += number,
            State::Superseded => stats.superseded += number,
            _ => stats.memories += number,
        }
    }
    Ok(())
}

/// How many deletions wait of what was erased.
fn erased(connection: &Connection, covering: &Scope) -> Attempt<u64> {
    let mut statement = connection.prepare_cached("SELECT scope FROM ledger_outbox WHERE scope_no IS NULL")?;
    let mut found = statement.query(())?;
    let mut number = 0;
    while let Some(row) = found.next()? {
        let scope: Option<Scope> = serde_json::from_str(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?).ok();
        number += u64::from(scope.is_some_and(|scope| covering.covers(&scope)));
    }
    Ok(number)
}
