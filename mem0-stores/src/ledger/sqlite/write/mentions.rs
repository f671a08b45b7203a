//! The index of names of live memories.

use mem0_core::Content;
use mem0_core::text::NameRow;
use rusqlite::Connection;

use crate::ledger::sqlite::row::{Col, content_from_json, rows};
use crate::shared::sqlite::Attempt;

/// Adds the names of what became live.
pub(super) fn insert(connection: &Connection, scope_no: i64, mem_no: i64, names: &[NameRow]) -> Attempt<()> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO ledger_mentions (scope_no, word, longer, mem_no, kind, written) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for NameRow { word, longer, kind, written } in names {
        statement.execute((scope_no, word, longer, mem_no, Col(*kind), written))?;
    }
    Ok(())
}

/// Removes the names of what is live no more. They are found through the
/// content; where that does not find them all (they were found by another
/// version), the whole index of the scope is searched.
pub(super) fn remove(
    connection: &Connection,
    scope_no: i64,
    mem_no: i64,
    content: &Content,
    stored: i64,
) -> Attempt<()> {
    let mut statement = connection.prepare_cached(
        "DELETE FROM ledger_mentions WHERE scope_no = ?1 AND word = ?2 AND longer = ?3 AND mem_no = ?4",
    )?;
    let mut removed = 0;
    for NameRow { word, longer, .. } in NameRow::of(content) {
        removed += statement.execute((scope_no, word, longer, mem_no))?;
    }
    if rows(removed) != stored {
        connection
            .prepare_cached("DELETE FROM ledger_mentions WHERE scope_no = ?1 AND mem_no = ?2")?
            .execute((scope_no, mem_no))?;
    }
    Ok(())
}

/// Finds the names of memories that were stored before there was an index.
pub(in crate::ledger::sqlite) fn backfill(connection: &Connection) -> Attempt<()> {
    let mut live = connection.prepare(
        "SELECT m.scope_no, m.mem_no, e.content FROM ledger_memories m JOIN ledger_events e ON e.seq = m.head
         WHERE m.state = 0 AND e.content IS NOT NULL ORDER BY m.mem_no",
    )?;
    let mut count = connection.prepare("UPDATE ledger_memories SET mentions = ?2 WHERE mem_no = ?1")?;
    let mut found = live.query(())?;
    while let Some(row) = found.next()? {
        let (scope_no, mem_no): (i64, i64) = (row.get(0)?, row.get(1)?);
        let content = content_from_json(row.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?)?;
        let names = NameRow::of(&content);
        insert(connection, scope_no, mem_no, &names)?;
        count.execute((mem_no, rows(names.len())))?;
    }
    Ok(())
}
