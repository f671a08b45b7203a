//! How often memories were recalled.

use std::collections::BTreeSet;

use mem0_core::{MemoryId, Timestamp, Use};
use rusqlite::{Connection, OptionalExtension as _};

use super::row::{Col, count};
use crate::shared::sqlite::Attempt;

/// Counts one use of each, within a transaction.
pub(super) fn note(connection: &Connection, ids: &[MemoryId], at: Timestamp) -> Attempt<()> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO ledger_uses (mem_no, uses, used_at) SELECT mem_no, 1, ?2 FROM ledger_memories WHERE id = ?1
         ON CONFLICT (mem_no) DO UPDATE SET uses = uses + 1, used_at = max(used_at, excluded.used_at)",
    )?;
    for id in ids.iter().collect::<BTreeSet<_>>() {
        statement.execute((Col(*id), Col(at)))?;
    }
    Ok(())
}

/// How often they were recalled.
pub(super) fn uses(connection: &Connection, ids: &[MemoryId]) -> Attempt<Vec<Option<Use>>> {
    let mut statement = connection.prepare_cached(
        "SELECT u.uses, u.used_at FROM ledger_memories m JOIN ledger_uses u ON u.mem_no = m.mem_no WHERE m.id = ?1",
    )?;
    ids.iter()
        .map(|id| {
            let found: Option<(i64, Col<Timestamp>)> =
                statement.query_row([Col(*id)], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
            let Some((uses, Col(last))) = found else { return Ok(None) };
            Ok(Some(Use { count: count(uses)?, last }))
        })
        .collect()
}
