//! What scopes have spent.

use mem0_core::{Result, Scope, Spend, SpendOutcome, Timestamp};
use tokio_postgres::Row;

use super::row::counted;
use super::scope::{self, next, one};
use super::session::{Attempt, Session};
use crate::ledger::common::codec::int;
use crate::shared::postgres::{Client, Step};

fn asked(scope: &Scope, period: Timestamp) -> Step {
    Step::new(
        "SELECT p.calls, p.tokens FROM ledger_scopes s JOIN ledger_spending p ON p.scope_no = s.scope_no
         WHERE s.key = $1 AND p.period = $2",
    )
    .bind(scope::key(scope))
    .bind(period.as_micros())
}

fn read(found: &[Row]) -> Result<Spend> {
    match found.first() {
        Some(row) => Ok(Spend { calls: counted(row, 0)?, tokens: counted(row, 1)? }),
        None => Ok(Spend::default()),
    }
}

fn put(scope: &Scope, period: Timestamp, total: Spend) -> Result<Step> {
    Ok(Step::new(
        "INSERT INTO ledger_spending (scope_no, period, calls, tokens)
         SELECT scope_no, $2, $3, $4 FROM ledger_scopes WHERE key = $1
         ON CONFLICT (scope_no, period) DO UPDATE SET calls = excluded.calls, tokens = excluded.tokens",
    )
    .bind(scope::key(scope))
    .bind(period.as_micros())
    .bind(int(total.calls)?)
    .bind(int(total.tokens)?))
}

/// Adds the amount unless that is too much.
pub(super) async fn spend(
    session: &mut Session,
    scope: &Scope,
    period: Timestamp,
    amount: Spend,
    limit: Option<Spend>,
) -> Attempt<SpendOutcome> {
    // A scope that is made for what is then refused is not kept.
    let first = [scope::ensure([scope]), scope::lock(vec![scope::key(scope)]), asked(scope, period)];
    let mut answers = session.begin("BEGIN", &first).await?.into_iter();
    next(&mut answers)?;
    if next(&mut answers)?.is_empty() {
        return Err(scope::erased_meanwhile());
    }
    let before = read(&next(&mut answers)?)?;
    let total = before + amount;
    if limit.is_some_and(|limit| !total.within(limit)) {
        session.roll_back().await;
        return Ok(SpendOutcome::Refused { total: before });
    }
    session.finish(vec![put(scope, period, total)?]).await?;
    Ok(SpendOutcome::Granted { total })
}

/// Takes the amount back.
pub(super) async fn refund(session: &mut Session, scope: &Scope, period: Timestamp, amount: Spend) -> Attempt<()> {
    let first = [scope::lock(vec![scope::key(scope)]), asked(scope, period)];
    let mut answers = session.begin("BEGIN", &first).await?.into_iter();
    next(&mut answers)?;
    let before = read(&next(&mut answers)?)?;
    let steps = match before {
        nothing if nothing == Spend::default() => Vec::new(),
        before => vec![put(scope, period, before.less(amount))?],
    };
    session.finish(steps).await?;
    Ok(())
}

/// What the scope has spent.
pub(super) async fn spent(client: &Client, scope: &Scope, period: Timestamp) -> Result<Spend> {
    read(&one(client, asked(scope, period)).await?)
}
