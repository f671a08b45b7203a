//! Where memories stand in the order of their scopes, and what is around them.

use mem0_core::{Around, Memory, MemoryId, Place, View};
use rusqlite::{Connection, OptionalExtension as _};

use super::{Heads, Reader};
use crate::ledger::sqlite::row::{Col, count, rows};
use crate::shared::sqlite::Attempt;

/// Scope, number.
fn find(connection: &Connection, id: MemoryId) -> Attempt<Option<(i64, i64)>> {
    Ok(connection
        .prepare_cached("SELECT scope_no, nth FROM ledger_memories WHERE id = ?1")?
        .query_row([Col(id)], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?)
}

/// Where these memories stand.
pub(in crate::ledger::sqlite) fn places(connection: &Connection, ids: &[MemoryId]) -> Attempt<Vec<Option<Place>>> {
    let mut statement = connection.prepare_cached("SELECT scope_no, nth FROM ledger_memories WHERE id = ?1")?;
    ids.iter()
        .map(|id| {
            let mut found = statement.query([Col(*id)])?;
            let Some(row) = found.next()? else { return Ok(None) };
            Ok(Some(Place { scope: count(row.get(0)?)?, nth: count(row.get(1)?)? }))
        })
        .collect()
}

/// What the view sees around these memories.
pub(in crate::ledger::sqlite) fn around(
    connection: &Connection,
    lately: &Heads,
    of: &[Around],
    view: &View,
) -> Attempt<Vec<Vec<(i64, Memory)>>> {
    let mut reader = Reader::new(connection, view);
    let mut statement = connection.prepare_cached(
        "SELECT nth, mem_no, head, state FROM ledger_memories
         WHERE scope_no = ?1 AND nth BETWEEN ?2 AND ?3 ORDER BY nth",
    )?;
    of.iter()
        .map(|of| {
            let Some((scope_no, nth)) = find(connection, of.id)? else { return Ok(Vec::new()) };
            let (first, last) = (nth.saturating_sub(rows(of.before)), nth.saturating_add(rows(of.after)));
            let mut found = statement.query((scope_no, first, last))?;
            let mut neighbours = Vec::new();
            while let Some(row) = found.next()? {
                let (place, mem_no): (i64, i64) = (row.get(0)?, row.get(1)?);
                if place == nth {
                    continue;
                }
                let memory = if view.is_past() {
                    reader.visible(mem_no)?.map(|version| version.memory)
                } else if row.get::<_, i64>(3)? == 0 {
                    reader.head(lately, mem_no, row.get(2)?)?.map(|version| version.memory.clone())
                } else {
                    None
                };
                neighbours.extend(memory.map(|memory| (place - nth, memory)));
            }
            Ok(neighbours)
        })
        .collect()
}
