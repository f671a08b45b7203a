//! What the vector store may not have yet.

use mem0_core::{Claim, Error, MemoryId, Pending, PendingQuery, Result, Scope, State, Timestamp};
use tokio_postgres::Row;
use uuid::Uuid;

use super::row::{VERSION_COLUMNS, at, bind_scope, coded, counted, id, scope, version, version_columns};
use super::scope::{covering, next, one};
use super::session::{Attempt, Session};
use crate::ledger::common::codec::{int, rows, vector_from_bytes};
use crate::shared::postgres::{Client, Step};

/// What is pending, in the order of events.
pub(super) async fn pending(client: &Client, query: &PendingQuery) -> Result<Vec<Pending>> {
    read_all(&one(client, waiting(query)).await?, query)
}

/// The statement of [`pending`].
pub(super) fn waiting(query: &PendingQuery) -> Step {
    let (which, limit) = which(query);
    let outbox = format!("SELECT o.* FROM ledger_outbox o WHERE {which} ORDER BY o.seq {limit}");
    bind(Step::new(select(&outbox)), query)
}

/// As [`pending`], and takes the claim. What others are changing at the very
/// moment is left to them.
///
/// What is claimed is read after it was claimed, never before: what is written
/// to the vector store is then at least as new as the event that it counts for.
pub(super) async fn claim(session: &mut Session, query: &PendingQuery, claim: &Claim) -> Attempt<Vec<Pending>> {
    let (which, limit) = which(query);
    let due = Step::new(format!(
        "SELECT o.id, o.scope FROM ledger_outbox o WHERE {which} ORDER BY o.seq {limit} FOR UPDATE SKIP LOCKED"
    ));
    let due = next(&mut session.begin("BEGIN", &[bind(due, query)]).await?.into_iter())?;
    let mut ids: Vec<Uuid> = Vec::with_capacity(due.len());
    for row in &due {
        let erased = erased(at(row, 1)?)?;
        if ids.len() < query.limit && erased.is_none_or(|scope| covers(query, &scope)) {
            ids.push(at(row, 0)?);
        }
    }
    let steps = vec![
        Step::new("UPDATE ledger_outbox SET claim_owner = $2, claim_until = $3 WHERE id = ANY($1)")
            .bind(ids.clone())
            .bind(claim.owner.clone().into_bytes())
            .bind(claim.until.as_micros()),
        Step::new(select("SELECT o.* FROM ledger_outbox o WHERE o.id = ANY($1) ORDER BY o.seq")).bind(ids),
    ];
    let mut answers = session.finish(steps).await?.into_iter();
    next(&mut answers)?;
    Ok(read_all(&next(&mut answers)?, query)?)
}

/// What was erased has its scope as JSON, which no index knows.
fn covers(query: &PendingQuery, scope: &Scope) -> bool {
    query.scope.as_ref().is_none_or(|covering| covering.covers(scope))
}

fn erased(json: Option<&str>) -> Result<Option<Scope>> {
    let bad = |e| Error::corrupt("a scope in the ledger's outbox cannot be read").with_source(e);
    json.map(|json| serde_json::from_str(json).map_err(bad)).transpose()
}

/// The answer of [`pending`].
pub(super) fn read_all(found: &[Row], query: &PendingQuery) -> Result<Vec<Pending>> {
    let mut all = found.iter().map(read).collect::<Result<Vec<_>>>()?;
    all.retain(|one| covers(query, &one.scope));
    all.truncate(query.limit);
    Ok(all)
}

/// The condition on rows `o` of the outbox, and their limit. The first five
/// values are the scope, or nothing; then come `due`, the owner and the limit.
fn which(query: &PendingQuery) -> (String, &'static str) {
    let due = "($6::bigint IS NULL OR ((o.not_before IS NULL OR o.not_before <= $6)
         AND (o.claim_until IS NULL OR o.claim_until <= $6 OR o.claim_owner = $7::bytea)))";
    match &query.scope {
        // Which of the erased are covered is only known once they are read.
        Some(scope) => (
            format!(
                "(o.scope_no = ANY(ARRAY(SELECT s.scope_no FROM ledger_scopes s WHERE {})) OR o.scope_no IS NULL) AND {due}",
                covering(scope)
            ),
            "LIMIT CASE WHEN EXISTS (SELECT 1 FROM ledger_outbox WHERE scope_no IS NULL) THEN NULL ELSE $8::bigint END",
        ),
        None => (
            format!("coalesce($1::text, $2::text, $3::text, $4::text, $5::text) IS NULL AND {due}"),
            "LIMIT $8::bigint",
        ),
    }
}

fn bind(step: Step, query: &PendingQuery) -> Step {
    let step = match &query.scope {
        Some(scope) => bind_scope(step, scope),
        None => (0..5).fold(step, |step, _| step.bind(None::<String>)),
    };
    step.bind(query.due.map(Timestamp::as_micros))
        .bind(query.claim.as_ref().map(|claim| claim.owner.clone().into_bytes()))
        .bind(rows(query.limit))
}

/// Rows of the outbox with the heads of their memories.
fn select(outbox: &str) -> String {
    let columns = version_columns();
    format!(
        "SELECT {columns}, o.seq, o.id, o.version, o.attempts, o.scope, v.vector
         FROM ({outbox}) o LEFT JOIN ledger_memories m ON m.id = o.id
         LEFT JOIN ledger_scopes s ON s.scope_no = o.scope_no
         LEFT JOIN ledger_events e ON e.mem_no = m.mem_no AND e.version = m.version
         LEFT JOIN ledger_vectors v ON v.seq = m.vector_seq AND m.state = 0
             AND v.identity_no = (SELECT identity_no FROM ledger_state)
         ORDER BY o.seq"
    )
}

const OUTBOX: usize = VERSION_COLUMNS;

fn read(row: &Row) -> Result<Pending> {
    let seq = counted(row, OUTBOX)?;
    let memory = id(row, OUTBOX + 1)?;
    let state: Option<i16> = at(row, 1)?;
    let head = match state.map(|_| coded::<State>(row, 1)).transpose()? {
        Some(State::Live) => {
            let bytes: Option<&[u8]> = at(row, OUTBOX + 5)?;
            let missing = || Error::corrupt("a live memory has no vector; run the check").with_context("id", memory);
            let mut vector = Vec::new();
            vector_from_bytes(bytes.ok_or_else(missing)?, &mut vector)?;
            Some((version(row)?.memory, vector))
        }
        _ => None,
    };
    let scope = match erased(at(row, OUTBOX + 4)?)? {
        Some(scope) => scope,
        None => scope(row, 9)?,
    };
    Ok(Pending {
        id: memory,
        scope,
        seq,
        version: counted(row, OUTBOX + 2)?,
        attempts: at::<i32>(row, OUTBOX + 3)?.cast_unsigned(),
        head,
    })
}

/// Memories and numbers of events, in the order of ids, so that two who mark the
/// same ones seldom wait for each other in a circle.
fn marks(sql: &'static str, items: &[(MemoryId, u64)]) -> Result<Step> {
    let mut sorted = items.to_vec();
    sorted.sort_unstable();
    let seqs = sorted.iter().map(|(_, seq)| int(*seq)).collect::<Result<Vec<i64>>>()?;
    Ok(Step::new(sql).bind(sorted.iter().map(|(id, _)| id.as_uuid()).collect::<Vec<Uuid>>()).bind(seqs))
}

/// The vector store has these as of these events. What changed since stays.
pub(super) fn projected(done: &[(MemoryId, u64)]) -> Result<Step> {
    marks(
        "DELETE FROM ledger_outbox o USING unnest($1::uuid[], $2::bigint[]) AS u (id, seq)
         WHERE o.id = u.id AND o.seq <= u.seq",
        done,
    )
}

/// Projecting these failed.
pub(super) fn failed(failed: &[(MemoryId, u64)], not_before: Timestamp) -> Result<Step> {
    let step = marks(
        "UPDATE ledger_outbox o SET attempts = attempts + 1, not_before = $3, claim_owner = NULL, claim_until = NULL
         FROM unnest($1::uuid[], $2::bigint[]) AS u (id, seq) WHERE o.id = u.id AND o.seq <= u.seq",
        failed,
    )?;
    Ok(step.bind(not_before.as_micros()))
}
