//! The queue of jobs.

use std::collections::HashSet;

use mem0_core::{Job, JobEnd, JobId, JobQuery, JobState, Result, Timestamp};
use serde_json::Value;
use tokio_postgres::Row;
use uuid::Uuid;

use super::row::{SCOPE, at, code, coded, counted, opt_time, scope, time};
use super::scope::{self as scopes, next, one};
use super::session::{Attempt, Session};
use crate::ledger::common::codec::{job_from_json, job_to_json, rows};
use crate::shared::postgres::{Client, Step};

/// A job `j` and its scope `s`, as they are selected.
fn columns() -> String {
    format!(
        "j.id, j.state, j.payload, j.attempts, j.created_at, j.updated_at, j.not_before, j.lease_until, j.outcome, {SCOPE}"
    )
}

fn uuid(id: JobId) -> Uuid {
    Uuid::from_bytes(*id.as_bytes())
}

/// Puts jobs into the queue. The scopes are locked, so that nobody ends the job
/// before them at the same time.
pub(super) async fn enqueue(session: &mut Session, jobs: &[Job]) -> Attempt<()> {
    // A job that is known leaves no trace in the scope that it now names.
    let ids: Vec<Uuid> = jobs.iter().map(|job| uuid(job.id)).collect();
    let found = one(session.client()?, Step::new("SELECT id FROM ledger_jobs WHERE id = ANY($1)").bind(ids)).await?;
    let mut known = found.iter().map(|row| Ok(JobId::from_uuid(at(row, 0)?))).collect::<Result<HashSet<JobId>>>()?;
    let jobs: Vec<&Job> = jobs.iter().filter(|job| known.insert(job.id)).collect();
    if jobs.is_empty() {
        session.done();
        return Ok(());
    }
    let keys: HashSet<Vec<u8>> = jobs.iter().map(|job| scopes::key(&job.scope)).collect();
    let number = keys.len();
    let first = [scopes::ensure(jobs.iter().map(|job| &job.scope)), scopes::lock(keys.into_iter().collect())];
    let mut answers = session.begin("BEGIN", &first).await?.into_iter();
    next(&mut answers)?;
    if next(&mut answers)?.len() != number {
        return Err(scopes::erased_meanwhile());
    }
    let payloads = jobs
        .iter()
        .map(|job| (!job.payload.is_null()).then(|| job_to_json(&job.payload)).transpose())
        .collect::<Result<Vec<Option<String>>>>()?;
    let insert = Step::new(
        "INSERT INTO ledger_jobs (id, scope_no, state, leads, payload, attempts, created_at, updated_at, not_before)
         SELECT u.id, s.scope_no, 0,
             row_number() OVER (PARTITION BY s.scope_no ORDER BY u.place) = 1
                 AND NOT EXISTS (SELECT 1 FROM ledger_jobs j WHERE j.scope_no = s.scope_no AND j.state < 2),
             u.payload, 0, u.created_at, u.updated_at, u.not_before
         FROM unnest($1::uuid[], $2::bytea[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[])
             WITH ORDINALITY AS u (id, key, payload, created_at, updated_at, not_before, place)
         JOIN ledger_scopes s ON s.key = u.key ORDER BY u.place",
    )
    .bind(jobs.iter().map(|job| uuid(job.id)).collect::<Vec<_>>())
    .bind(jobs.iter().map(|job| scopes::key(&job.scope)).collect::<Vec<_>>())
    .bind(payloads)
    .bind(jobs.iter().map(|job| job.created_at.as_micros()).collect::<Vec<_>>())
    .bind(jobs.iter().map(|job| job.updated_at.as_micros()).collect::<Vec<_>>())
    .bind(jobs.iter().map(|job| job.not_before.map(Timestamp::as_micros)).collect::<Vec<_>>());
    session.finish(vec![insert]).await?;
    Ok(())
}

/// Leases the next job. Only the first of each scope is looked at, however many
/// wait behind it, and none that another worker takes at the moment.
pub(super) async fn lease(client: &Client, owner: &str, now: Timestamp, until: Timestamp) -> Result<Option<Job>> {
    let columns = columns();
    let step = Step::new(format!(
        "WITH j AS (
             UPDATE ledger_jobs SET state = 1, attempts = attempts + 1, updated_at = $1, not_before = NULL,
                 lease_owner = $2, lease_until = $3
             WHERE job_no = (
                 SELECT job_no FROM ledger_jobs WHERE leads
                     AND CASE WHEN state = 0 THEN not_before IS NULL OR not_before <= $1 ELSE lease_until <= $1 END
                 ORDER BY job_no LIMIT 1 FOR UPDATE SKIP LOCKED)
             RETURNING *)
         SELECT {columns} FROM j JOIN ledger_scopes s ON s.scope_no = j.scope_no"
    ));
    let step = step.bind(now.as_micros()).bind(owner.as_bytes().to_vec()).bind(until.as_micros());
    one(client, step).await?.first().map(read).transpose()
}

/// Ends the owner's lease.
pub(super) async fn end(session: &mut Session, id: JobId, owner: &str, end: &JobEnd, at: Timestamp) -> Attempt<bool> {
    settle(session, id, Some(owner), end, at).await
}

/// Takes a queued job back.
pub(super) async fn cancel(session: &mut Session, id: JobId, at: Timestamp) -> Attempt<bool> {
    settle(session, id, None, &JobEnd::Cancelled, at).await
}

/// Ends a job that is leased to the owner, or queued where there is none; the
/// one behind it is the first of its scope then. One round trip.
async fn settle(session: &mut Session, id: JobId, owner: Option<&str>, end: &JobEnd, at: Timestamp) -> Attempt<bool> {
    let (state, outcome, not_before) = match end {
        JobEnd::Done(result) => (JobState::Done, Some(result), None),
        JobEnd::Failed(reason) => (JobState::Failed, Some(reason), None),
        JobEnd::Cancelled => (JobState::Cancelled, None, None),
        JobEnd::Retry { not_before } => (JobState::Queued, None, Some(not_before.as_micros())),
    };
    let lock = Step::new(
        "SELECT 1 FROM ledger_scopes WHERE scope_no = (SELECT scope_no FROM ledger_jobs WHERE id = $1)
         FOR NO KEY UPDATE",
    );
    let settled = Step::new(
        "UPDATE ledger_jobs SET state = $2::smallint, outcome = $3, not_before = $4, updated_at = $5, leads = leads AND $2::smallint < 2,
             payload = CASE WHEN $2::smallint < 2 THEN payload END, lease_owner = NULL, lease_until = NULL
         WHERE id = $1 AND CASE WHEN $6::bytea IS NULL THEN state = 0 ELSE lease_owner = $6 END
         RETURNING job_no",
    );
    let promote = Step::new(
        "UPDATE ledger_jobs SET leads = true WHERE NOT leads AND job_no = (SELECT min(job_no) FROM ledger_jobs
             WHERE state < 2 AND scope_no = (SELECT scope_no FROM ledger_jobs WHERE id = $1))",
    );
    let first = [
        lock.bind(uuid(id)),
        settled
            .bind(uuid(id))
            .bind(code(state)?)
            .bind(outcome.map(job_to_json).transpose()?)
            .bind(not_before)
            .bind(at.as_micros())
            .bind(owner.map(|owner| owner.as_bytes().to_vec())),
        promote.bind(uuid(id)),
        Step::new("COMMIT"),
    ];
    let mut answers = session.begin("BEGIN", &first).await?.into_iter();
    session.done();
    next(&mut answers)?;
    Ok(!next(&mut answers)?.is_empty())
}

/// Moves the end of the owner's lease.
pub(super) async fn extend(client: &Client, id: JobId, owner: &str, until: Timestamp) -> Result<bool> {
    let step = Step::new("UPDATE ledger_jobs SET lease_until = $3 WHERE id = $1 AND lease_owner = $2 RETURNING 1");
    let step = step.bind(uuid(id)).bind(owner.as_bytes().to_vec()).bind(until.as_micros());
    Ok(!one(client, step).await?.is_empty())
}

/// One job.
pub(super) async fn get(client: &Client, id: JobId) -> Result<Option<Job>> {
    let columns = columns();
    let step = Step::new(format!(
        "SELECT {columns} FROM ledger_jobs j JOIN ledger_scopes s ON s.scope_no = j.scope_no WHERE j.id = $1"
    ));
    one(client, step.bind(uuid(id))).await?.first().map(read).transpose()
}

/// A page of jobs, oldest first. Of each exact scope no more are read than are
/// asked for.
pub(super) async fn list(client: &Client, query: &JobQuery) -> Result<Vec<Job>> {
    let columns = columns();
    let step = match &query.scope {
        None => {
            let page = page(1);
            Step::new(format!(
                "SELECT {columns} FROM ledger_jobs j JOIN ledger_scopes s ON s.scope_no = j.scope_no WHERE {page}"
            ))
        }
        Some(scope) => {
            let page = page(6);
            scopes::over(
                scope,
                &format!(
                    "SELECT {columns} FROM s CROSS JOIN LATERAL (SELECT * FROM ledger_jobs j
                         WHERE j.scope_no = s.scope_no AND {page}) j
                     ORDER BY j.created_at, j.id LIMIT $9"
                ),
            )
        }
    };
    let (after, id) = query.after.map_or((i64::MIN, Uuid::nil()), |after| (after.at.as_micros(), uuid(after.id)));
    let step = step.bind(query.state.map(code).transpose()?).bind(after).bind(id).bind(rows(query.limit));
    one(client, step).await?.iter().map(read).collect()
}

/// The condition on jobs `j` of a page with its order and limit; its values
/// begin with `first`.
fn page(first: usize) -> String {
    let [state, at, id, limit] = [0, 1, 2, 3].map(|place| format!("${}", first + place));
    format!(
        "({state}::smallint IS NULL OR j.state = {state}) AND (j.created_at, j.id) > ({at}, {id})
         ORDER BY j.created_at, j.id LIMIT {limit}"
    )
}

/// Forgets what ended before.
pub(super) async fn prune(client: &Client, ended_before: Timestamp) -> Result<u64> {
    let step = Step::new(
        "WITH gone AS (DELETE FROM ledger_jobs WHERE state >= 2 AND updated_at < $1 RETURNING 1)
         SELECT count(*) FROM gone",
    );
    let found = one(client, step.bind(ended_before.as_micros())).await?;
    found.first().map_or(Ok(0), |row| counted(row, 0))
}

fn read(row: &Row) -> Result<Job> {
    let id = JobId::from_uuid(at(row, 0)?);
    let json = |column| -> Result<Option<Value>> {
        at::<Option<&str>>(row, column)?.map(|text| job_from_json(text, id)).transpose()
    };
    Ok(Job {
        id,
        scope: scope(row, 9)?,
        state: coded(row, 1)?,
        payload: json(2)?.unwrap_or_default(),
        attempts: at::<i32>(row, 3)?.cast_unsigned(),
        created_at: time(row, 4)?,
        updated_at: time(row, 5)?,
        not_before: opt_time(row, 6)?,
        lease_until: opt_time(row, 7)?,
        outcome: json(8)?,
    })
}
