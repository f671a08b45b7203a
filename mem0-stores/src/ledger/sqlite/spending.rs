//! What scopes have spent.

use mem0_core::{Scope, Spend, SpendOutcome, Timestamp};
use rusqlite::{Connection, OptionalExtension as _};

use super::row::{Col, count, int};
use super::scope;
use crate::shared::sqlite::Attempt;

/// Adds the amount unless that is too much, within a transaction.
pub(super) fn spend(
    connection: &Connection,
    scope: &Scope,
    period: Timestamp,
    amount: Spend,
    limit: Option<Spend>,
) -> Attempt<SpendOutcome> {
    let before = spent(connection, scope, period)?;
    let total = before + amount;
    if limit.is_some_and(|limit| !total.within(limit)) {
        return Ok(SpendOutcome::Refused { total: before });
    }
    let row = scope::find_or_create(connection, scope)?;
    put(connection, row.no, period, total)?;
    Ok(SpendOutcome::Granted { total })
}

/// Takes the amount back, within a transaction.
pub(super) fn refund(connection: &Connection, scope: &Scope, period: Timestamp, amount: Spend) -> Attempt<()> {
    let before = spent(connection, scope, period)?;
    match scope::find(connection, scope)? {
        Some(row) if before != Spend::default() => put(connection, row.no, period, before.less(amount)),
        _ => Ok(()),
    }
}

/// What the scope has spent.
pub(super) fn spent(connection: &Connection, scope: &Scope, period: Timestamp) -> Attempt<Spend> {
    let found: Option<(i64, i64)> = connection
        .prepare_cached(
            "SELECT calls, tokens FROM ledger_spending
             WHERE scope_no = (SELECT scope_no FROM ledger_scopes WHERE key = ?1) AND period = ?2",
        )?
        .query_row((scope.key(), Col(period)), |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((calls, tokens)) = found else { return Ok(Spend::default()) };
    Ok(Spend { calls: count(calls)?, tokens: count(tokens)? })
}

fn put(connection: &Connection, scope_no: i64, period: Timestamp, total: Spend) -> Attempt<()> {
    connection
        .prepare_cached(
            "INSERT INTO ledger_spending (scope_no, period, calls, tokens) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (scope_no, period) DO UPDATE SET calls = excluded.calls, tokens = excluded.tokens",
        )?
        .execute((scope_no, Col(period), int(total.calls)?, int(total.tokens)?))?;
    Ok(())
}
