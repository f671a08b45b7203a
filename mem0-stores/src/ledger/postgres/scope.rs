//! Exact scopes: their rows, and which of them a read covers.

use mem0_core::{Error, PendingQuery, Result, Scope, ScopeInfo, ScopeKey, Standing};
use tokio_postgres::Row;
use uuid::Uuid;

use super::row::{SCOPE, at, bind_scope, counted, scope};
use super::session::{Attempt, Fault};
use super::{message, outbox};
use crate::ledger::common::codec::rows;
use crate::ledger::common::words::owner_key;
use crate::shared::postgres::{Client, Step, refusal, send};

/// An exact scope as the tables have it, locked.
#[derive(Clone, Debug)]
pub(super) struct ScopeRow {
    pub(super) no: i64,
    pub(super) owner: i64,
    pub(super) revision: i64,
    pub(super) events: i64,
    pub(super) live: i64,
    pub(super) deleted: i64,
    pub(super) superseded: i64,
    pub(super) terms: i64,
}

impl ScopeRow {
    /// How many memories were ever added to it.
    pub(super) const fn added(&self) -> i64 {
        self.live + self.deleted + self.superseded
    }
}

/// Whose keyword index it is, as a number. Two owners may share one, which
/// costs them time and nothing else: each posting has its scope.
fn owner(scope: &Scope) -> i64 {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, owner_key(scope).as_bytes()).as_u64_pair().0.cast_signed()
}

/// The text of a scope's key, as bytes, so that their order is Rust's.
pub(super) fn key(scope: &Scope) -> Vec<u8> {
    scope.key().into_bytes()
}

/// Makes the scopes that are not there, in the order of their keys, so that two
/// who do it never wait for each other in a circle.
pub(super) fn ensure<'s>(scopes: impl IntoIterator<Item = &'s Scope>) -> Step {
    let mut sorted: Vec<(Vec<u8>, &Scope)> = scopes.into_iter().map(|scope| (key(scope), scope)).collect();
    sorted.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    sorted.dedup_by(|a, b| a.0 == b.0);
    let column =
        |name| -> Vec<Option<String>> { sorted.iter().map(|(_, scope)| scope.get(name).map(str::to_owned)).collect() };
    let [org, app, user, agent, run] = ScopeKey::ALL.map(column);
    let owners: Vec<i64> = sorted.iter().map(|(_, scope)| owner(scope)).collect();
    let keys: Vec<Vec<u8>> = sorted.into_iter().map(|(key, _)| key).collect();
    Step::new(
        "INSERT INTO ledger_scopes (key, owner_no, org_id, app_id, user_id, agent_id, run_id)
         SELECT u.* FROM unnest($1::bytea[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
             AS u (key, owner_no, org_id, app_id, user_id, agent_id, run_id)
         WHERE NOT EXISTS (SELECT 1 FROM ledger_scopes s WHERE s.key = u.key) ORDER BY u.key
         ON CONFLICT (key) DO NOTHING",
    )
    .bind(keys)
    .bind(owners)
    .bind(org)
    .bind(app)
    .bind(user)
    .bind(agent)
    .bind(run)
}

/// Locks these scopes until the transaction ends, in the order of their keys.
pub(super) fn lock(keys: Vec<Vec<u8>>) -> Step {
    Step::new(
        "SELECT scope_no, owner_no, revision, events, live, deleted, superseded, terms, key FROM ledger_scopes
         WHERE key = ANY($1) ORDER BY key FOR NO KEY UPDATE",
    )
    .bind(keys)
}

/// A locked scope with its key.
pub(super) fn locked(row: &Row) -> Result<(Vec<u8>, ScopeRow)> {
    let scope = ScopeRow {
        no: at(row, 0)?,
        owner: at(row, 1)?,
        revision: at(row, 2)?,
        events: at(row, 3)?,
        live: at(row, 4)?,
        deleted: at(row, 5)?,
        superseded: at(row, 6)?,
        terms: at(row, 7)?,
    };
    Ok((at(row, 8)?, scope))
}

/// What is said when a scope that was there, or was just made, is erased before
/// it could be locked.
pub(super) fn erased_meanwhile() -> Fault {
    Fault::again("the scope was erased meanwhile; retry")
}

/// The condition on scopes `s` that a scope covers them, whose ids are the
/// values 1 to 5.
pub(super) fn covering(scope: &Scope) -> String {
    // A session is narrower than a person, a person narrower than an agent.
    let narrowest = match (scope.get(ScopeKey::RunId), scope.get(ScopeKey::UserId)) {
        (Some(_), _) => "s.run_id = $5",
        (None, Some(_)) => "s.user_id = $3",
        (None, None) => "s.agent_id = $4",
    };
    format!(
        "{narrowest} AND ($1::text IS NULL OR s.org_id = $1) AND ($2::text IS NULL OR s.app_id = $2) \
         AND ($3::text IS NULL OR s.user_id = $3) AND ($4::text IS NULL OR s.agent_id = $4) \
         AND ($5::text IS NULL OR s.run_id = $5)"
    )
}

/// A statement over the scopes `s` that `scope` covers; `rest` begins with what
/// is selected, and its values begin with 6.
pub(super) fn over(scope: &Scope, rest: &str) -> Step {
    let covering = covering(scope);
    let sql = format!("WITH s AS MATERIALIZED (SELECT * FROM ledger_scopes s WHERE {covering}) {rest}");
    bind_scope(Step::new(sql), scope)
}

/// Exact scopes in the order of their keys, after one of them.
pub(super) async fn page(
    client: &Client,
    covering: Option<&Scope>,
    after: Option<&Scope>,
    limit: usize,
) -> Result<Vec<ScopeInfo>> {
    // Every key comes after the empty one.
    let after = after.map(key).unwrap_or_default();
    let step = match covering {
        Some(scope) => {
            over(scope, &format!("SELECT {SCOPE}, s.revision, s.live FROM s WHERE s.key > $6 ORDER BY s.key LIMIT $7"))
        }
        None => Step::new(format!(
            "SELECT {SCOPE}, s.revision, s.live FROM ledger_scopes s WHERE s.key > $1 ORDER BY s.key LIMIT $2"
        )),
    };
    let found = one(client, step.bind(after).bind(rows(limit))).await?;
    found
        .iter()
        .map(|row| Ok(ScopeInfo { scope: scope(row, 0)?, revision: counted(row, 5)?, memories: counted(row, 6)? }))
        .collect()
}

/// The revision of an exact scope.
pub(super) async fn revision(client: &Client, scope: &Scope) -> Result<u64> {
    read_revision(&one(client, select_revision(scope)).await?)
}

fn select_revision(scope: &Scope) -> Step {
    Step::new("SELECT revision FROM ledger_scopes WHERE key = $1").bind(key(scope))
}

fn read_revision(found: &[Row]) -> Result<u64> {
    found.first().map_or(Ok(0), |row| counted(row, 0))
}

/// Where an exact scope stands, in one round trip. The statements see what is
/// committed when each begins, and the revision is read first.
pub(super) async fn standing(client: &Client, scope: &Scope, recent: usize, pending: usize) -> Result<Standing> {
    let pending = PendingQuery { scope: Some(scope.clone()), limit: pending, ..PendingQuery::default() };
    let steps = [select_revision(scope), message::select(scope, recent), outbox::waiting(&pending)];
    match send(client, &steps).await.map_err(|e| refusal(&e))?.as_slice() {
        [revision, recent, waiting] => Ok(Standing {
            revision: read_revision(revision)?,
            recent: message::read(recent)?,
            pending: outbox::read_all(waiting, &pending)?,
        }),
        _ => Err(Error::internal("a statement without an answer")),
    }
}

/// The rows of one statement by itself.
pub(super) async fn one(client: &Client, step: Step) -> Result<Vec<Row>> {
    let answers = send(client, &[step]).await.map_err(|e| refusal(&e))?;
    Ok(answers.into_iter().next().unwrap_or_default())
}

/// The answer to one step.
pub(super) fn next(answers: &mut impl Iterator<Item = Vec<Row>>) -> Attempt<Vec<Row>> {
    Ok(answers.next().ok_or_else(|| Error::internal("a statement without an answer"))?)
}
