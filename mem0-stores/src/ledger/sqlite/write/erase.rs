//! Erasing: nothing of a scope stays in any table, nor in the file.

use mem0_core::{Erased, Error, Scope};
use rusqlite::Connection;

use super::{last_seq, set_last_seq};
use crate::ledger::sqlite::scope::{self, ScopeRow};
use crate::shared::sqlite::{Attempt, scrub};

/// Removes what the scope covers, or everything, within a transaction.
pub(in crate::ledger::sqlite) fn erase(connection: &Connection, scope: Option<&Scope>) -> Attempt<Erased> {
    let mut erased = Erased::default();
    let mut seq = last_seq(connection)?;
    let covered = match scope {
        Some(scope) => scope::covered(connection, scope)?,
        None => scope::all(connection)?,
    };
    if !covered.is_empty() {
        connection.execute("INSERT OR REPLACE INTO ledger_meta (key, value) VALUES ('unscrubbed', 1)", ())?;
    }
    for row in covered {
        seq = queue_deletions(connection, &row, seq)?;
        erase_one(connection, &row, &mut erased)?;
    }
    connection.execute(
        "DELETE FROM ledger_owners WHERE NOT EXISTS
             (SELECT 1 FROM ledger_scopes s WHERE s.owner_no = ledger_owners.owner_no)",
        (),
    )?;
    set_last_seq(connection, seq)?;
    Ok(erased)
}

/// The vector store has the live memories, and those that are pending anyhow.
/// Their deletion is newer than anything that is under way.
fn queue_deletions(connection: &Connection, row: &ScopeRow, mut seq: i64) -> Attempt<i64> {
    let json = serde_json::to_string(&row.scope).map_err(|e| Error::internal("a scope is not JSON").with_source(e))?;
    let mut select = connection.prepare_cached(
        "SELECT m.id, m.version FROM ledger_memories m
         WHERE m.scope_no = ?1 AND (m.state = 0 OR EXISTS (SELECT 1 FROM ledger_outbox o WHERE o.id = m.id))
         ORDER BY m.mem_no",
    )?;
    let mut insert = connection.prepare_cached(
        "INSERT INTO ledger_outbox (seq, id, scope, version) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, scope_no = NULL, scope = excluded.scope,
             version = excluded.version, attempts = 0, not_before = NULL",
    )?;
    let queued: Vec<([u8; 16], i64)> =
        select.query_map([row.no], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    for (id, version) in queued {
        seq += 1;
        insert.execute((seq, id, &json, version + 1))?;
    }
    Ok(seq)
}

fn erase_one(connection: &Connection, row: &ScopeRow, erased: &mut Erased) -> Attempt<()> {
    let delete = |sql: &str| -> Attempt<u64> { Ok(connection.prepare_cached(sql)?.execute([row.no])? as u64) };
    erased.postings += connection
        .prepare_cached("DELETE FROM ledger_postings WHERE owner_no = ?1 AND scope_no = ?2")?
        .execute((row.owner, row.no))? as u64;
    erased.vectors += delete(
        "DELETE FROM ledger_vectors WHERE seq IN
             (SELECT e.seq FROM ledger_memories m JOIN ledger_events e ON e.mem_no = m.mem_no WHERE m.scope_no = ?1)",
    )?;
    erased.events +=
        delete("DELETE FROM ledger_events WHERE mem_no IN (SELECT mem_no FROM ledger_memories WHERE scope_no = ?1)")?;
    delete("DELETE FROM ledger_uses WHERE mem_no IN (SELECT mem_no FROM ledger_memories WHERE scope_no = ?1)")?;
    erased.memories += delete("DELETE FROM ledger_memories WHERE scope_no = ?1")?;
    erased.messages += delete("DELETE FROM ledger_messages WHERE scope_no = ?1")?;
    erased.idempotency_keys += delete("DELETE FROM ledger_idempotency WHERE scope_no = ?1")?;
    erased.jobs += delete("DELETE FROM ledger_jobs WHERE scope_no = ?1")?;
    erased.spending += delete("DELETE FROM ledger_spending WHERE scope_no = ?1")?;
    erased.mentions += delete("DELETE FROM ledger_mentions WHERE scope_no = ?1")?;
    delete("DELETE FROM ledger_commits WHERE scope_no = ?1")?;
    delete("DELETE FROM ledger_scopes WHERE scope_no = ?1")?;
    Ok(())
}

/// Takes the traces out of the file, outside of any transaction. What could not
/// be done the last time is done now.
pub(in crate::ledger::sqlite) fn clean(connection: &Connection) -> Attempt<()> {
    let due: bool =
        connection
            .query_row("SELECT EXISTS (SELECT 1 FROM ledger_meta WHERE key = 'unscrubbed')", (), |row| row.get(0))?;
    if due {
        scrub(connection)?;
        connection.execute("DELETE FROM ledger_meta WHERE key = 'unscrubbed'", ())?;
    }
    Ok(())
}
