//! How often memories were recalled.

use std::collections::HashMap;

use mem0_core::{MemoryId, Result, Timestamp, Use};
use uuid::Uuid;

use super::row::{counted, id, time};
use super::scope::one;
use crate::shared::postgres::{Client, Step};

/// Counts one use of each. The order keeps two that count the same memories
/// from a deadlock; who is erasing one of them wins.
pub(super) async fn note(client: &Client, ids: &[MemoryId], at: Timestamp) -> Result<()> {
    let note = Step::new(
        "INSERT INTO ledger_uses (mem_no, uses, used_at)
         SELECT m.mem_no, 1, $2 FROM (SELECT mem_no FROM ledger_memories WHERE id = ANY($1)
             ORDER BY mem_no FOR KEY SHARE) m
         ON CONFLICT (mem_no) DO UPDATE SET uses = ledger_uses.uses + 1,
             used_at = greatest(ledger_uses.used_at, excluded.used_at)",
    );
    one(client, note.bind(uuids(ids)).bind(at.as_micros())).await?;
    Ok(())
}

/// How often they were recalled.
pub(super) async fn uses(client: &Client, ids: &[MemoryId]) -> Result<Vec<Option<Use>>> {
    let asked = Step::new(
        "SELECT m.id, u.uses, u.used_at FROM ledger_memories m JOIN ledger_uses u ON u.mem_no = m.mem_no
         WHERE m.id = ANY($1)",
    );
    let found: HashMap<MemoryId, Use> = one(client, asked.bind(uuids(ids)))
        .await?
        .iter()
        .map(|row| Ok((id(row, 0)?, Use { count: counted(row, 1)?, last: time(row, 2)? })))
        .collect::<Result<_>>()?;
    Ok(ids.iter().map(|id| found.get(id).copied()).collect())
}

fn uuids(ids: &[MemoryId]) -> Vec<Uuid> {
    ids.iter().map(|id| id.as_uuid()).collect()
}
