//! Counts.

use mem0_core::{LedgerStats, Result, Scope};

use super::row::{at, counted};
use super::scope::{one, over};
use crate::ledger::common::codec::count;
use crate::shared::postgres::{Client, Step};

/// Counts of what a scope covers, or of everything. Memories and events are
/// counted by each scope as they come.
pub(super) async fn stats(client: &Client, covering: Option<&Scope>) -> Result<LedgerStats> {
    const SUMS: &str = "SELECT count(*), coalesce(sum(s.live), 0)::bigint, coalesce(sum(s.deleted), 0)::bigint,
        coalesce(sum(s.superseded), 0)::bigint, coalesce(sum(s.events), 0)::bigint";
    let step = match covering {
        Some(scope) => over(
            scope,
            &format!(
                "{SUMS}, (SELECT count(*) FROM ledger_messages WHERE scope_no IN (SELECT scope_no FROM s)),
                     (SELECT count(*) FROM ledger_outbox WHERE scope_no IN (SELECT scope_no FROM s)) FROM s"
            ),
        ),
        None => Step::new(format!(
            "{SUMS}, (SELECT count(*) FROM ledger_messages), (SELECT count(*) FROM ledger_outbox) FROM ledger_scopes s"
        )),
    };
    let found = one(client, step).await?;
    let value = |column| found.first().map_or(Ok(0), |row| counted(row, column));
    let erased = match covering {
        Some(covering) => erased(client, covering).await?,
        None => 0,
    };
    Ok(LedgerStats {
        scopes: value(0)?,
        memories: value(1)?,
        deleted: value(2)?,
        superseded: value(3)?,
        events: value(4)?,
        messages: value(5)?,
        pending: value(6)? + erased,
        bytes: Some(bytes(client).await?),
    })
}

/// How many deletions wait of what was erased.
async fn erased(client: &Client, covering: &Scope) -> Result<u64> {
    let found = one(client, Step::new("SELECT scope FROM ledger_outbox WHERE scope_no IS NULL")).await?;
    let mut number = 0;
    for row in &found {
        let scope: Option<Scope> = serde_json::from_str(at(row, 0)?).ok();
        number += u64::from(scope.is_some_and(|scope| covering.covers(&scope)));
    }
    Ok(number)
}

/// What the tables take on the server's disk, with their indexes.
async fn bytes(client: &Client) -> Result<u64> {
    let step = Step::new(
        r"SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_class
          WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) AND relkind = 'r' AND relname LIKE 'ledger\_%'",
    );
    one(client, step).await?.first().map_or(Ok(0), |row| count(at(row, 0)?))
}
