//! The queue of jobs.

use mem0_core::{Job, JobEnd, JobId, JobQuery, JobState, Scope, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, Row};
use serde_json::Value;

use super::row::{Col, job_from_json, job_to_json, rows};
use super::scope::{self, ScopeCache};
use crate::shared::sqlite::Attempt;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, scope_no, state, payload, attempts, created_at, updated_at, not_before, lease_until, outcome
             FROM ledger_jobs ",
            $rest
        )
    };
}

macro_rules! select_page {
    ($condition:literal) => {
        concat!(
            select!("WHERE "),
            $condition,
            " AND (?1 IS NULL OR state = ?1) AND (created_at, id) > (?2, ?3) ORDER BY created_at, id LIMIT ?4"
        )
    };
}

/// Puts jobs into the queue, within a transaction.
pub(super) fn enqueue(connection: &Connection, jobs: &[Job]) -> Attempt<()> {
    let mut known = connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM ledger_jobs WHERE id = ?1)")?;
    let mut insert = connection.prepare_cached(
        "INSERT INTO ledger_jobs (id, scope_no, state, leads, payload, attempts, created_at, updated_at, not_before)
         VALUES (?1, ?2, 0, NOT EXISTS (SELECT 1 FROM ledger_jobs WHERE scope_no = ?2 AND state < 2), ?3, 0, ?4, ?5, ?6)",
    )?;
    for job in jobs {
        if known.query_row([Col(job.id)], |row| row.get(0))? {
            continue;
        }
        let scope = scope::find_or_create(connection, &job.scope)?;
        let payload = (!job.payload.is_null()).then(|| job_to_json(&job.payload)).transpose()?;
        insert.execute((
            Col(job.id),
            scope.no,
            payload,
            Col(job.created_at),
            Col(job.updated_at),
            job.not_before.map(Col),
        ))?;
    }
    Ok(())
}

/// The number of the job that is next. Only the first of each scope is looked
/// at, however many wait behind it.
pub(super) fn next(connection: &Connection, now: Timestamp) -> Attempt<Option<i64>> {
    Ok(connection
        .prepare_cached(
            "SELECT job_no FROM ledger_jobs WHERE leads = 1
                 AND iif(state = 0, not_before IS NULL OR not_before <= ?1, lease_until <= ?1)
             ORDER BY job_no LIMIT 1",
        )?
        .query_row([Col(now)], |row| row.get(0))
        .optional()?)
}

/// Leases the next job, within a transaction.
pub(super) fn lease(connection: &Connection, owner: &str, now: Timestamp, until: Timestamp) -> Attempt<Option<Job>> {
    let Some(job_no) = next(connection, now)? else { return Ok(None) };
    connection
        .prepare_cached(
            "UPDATE ledger_jobs SET state = 1, attempts = attempts + 1, updated_at = ?2, not_before = NULL,
                 lease_owner = ?3, lease_until = ?4
             WHERE job_no = ?1",
        )?
        .execute((job_no, Col(now), owner, Col(until)))?;
    let mut statement = connection.prepare_cached(select!("WHERE job_no = ?1"))?;
    first(connection, statement.query([job_no])?)
}

/// Ends the owner's lease, within a transaction.
pub(super) fn end(connection: &Connection, id: JobId, owner: &str, end: &JobEnd, at: Timestamp) -> Attempt<bool> {
    let held = connection
        .prepare_cached("SELECT job_no FROM ledger_jobs WHERE id = ?1 AND lease_owner = ?2")?
        .query_row((Col(id), owner), |row| row.get(0))
        .optional()?;
    match held {
        Some(job_no) => settle(connection, job_no, end, at).map(|()| true),
        None => Ok(false),
    }
}

/// Takes a queued job back, within a transaction.
pub(super) fn cancel(connection: &Connection, id: JobId, at: Timestamp) -> Attempt<bool> {
    let queued = connection
        .prepare_cached("SELECT job_no FROM ledger_jobs WHERE id = ?1 AND state = 0")?
        .query_row([Col(id)], |row| row.get(0))
        .optional()?;
    match queued {
        Some(job_no) => settle(connection, job_no, &JobEnd::Cancelled, at).map(|()| true),
        None => Ok(false),
    }
}

fn settle(connection: &Connection, job_no: i64, end: &JobEnd, at: Timestamp) -> Attempt<()> {
    let (state, outcome, not_before) = match end {
        JobEnd::Done(result) => (JobState::Done, Some(result), None),
        JobEnd::Failed(reason) => (JobState::Failed, Some(reason), None),
        JobEnd::Cancelled => (JobState::Cancelled, None, None),
        JobEnd::Retry { not_before } => (JobState::Queued, None, Some(Col(*not_before))),
    };
    connection
        .prepare_cached(
            "UPDATE ledger_jobs SET state = ?2, outcome = ?3, not_before = ?4, updated_at = ?5,
                 leads = leads AND ?2 < 2, payload = iif(?2 < 2, payload, NULL), lease_owner = NULL, lease_until = NULL
             WHERE job_no = ?1",
        )?
        .execute((job_no, Col(state), outcome.map(job_to_json).transpose()?, not_before, Col(at)))?;
    // The one behind it is the first now.
    connection
        .prepare_cached(
            "UPDATE ledger_jobs SET leads = 1 WHERE leads = 0 AND job_no = (SELECT min(job_no) FROM ledger_jobs
                 WHERE state < 2 AND scope_no = (SELECT scope_no FROM ledger_jobs WHERE job_no = ?1))",
        )?
        .execute([job_no])?;
    Ok(())
}

/// Moves the end of the owner's lease.
pub(super) fn extend(connection: &Connection, id: JobId, owner: &str, until: Timestamp) -> Attempt<bool> {
    let moved = connection
        .prepare_cached("UPDATE ledger_jobs SET lease_until = ?3 WHERE id = ?1 AND lease_owner = ?2")?
        .execute((Col(id), owner, Col(until)))?;
    Ok(moved > 0)
}

/// One job.
pub(super) fn get(connection: &Connection, id: JobId) -> Attempt<Option<Job>> {
    let mut statement = connection.prepare_cached(select!("WHERE id = ?1"))?;
    first(connection, statement.query([Col(id)])?)
}

/// A page of jobs, oldest first.
pub(super) fn list(connection: &Connection, query: &JobQuery) -> Attempt<Vec<Job>> {
    let state = query.state.map(Col);
    let (at, id) = query.after.map_or((i64::MIN, [0; 16]), |after| (after.at.as_micros(), *after.id.as_bytes()));
    let limit = rows(query.limit);
    let mut scopes = ScopeCache::default();
    let mut found = Vec::new();
    let Some(covering) = &query.scope else {
        let mut statement = connection.prepare_cached(select_page!("TRUE"))?;
        collect(connection, &mut scopes, statement.query((state, at, id, limit))?, &mut found)?;
        return Ok(found);
    };
    let mut statement = connection.prepare_cached(select_page!("scope_no = ?5"))?;
    for scope in scope::covered(connection, covering)? {
        collect(connection, &mut scopes, statement.query((state, at, id, limit, scope.no))?, &mut found)?;
    }
    found.sort_unstable_by_key(Job::cursor);
    found.truncate(query.limit);
    Ok(found)
}

/// Forgets what ended before.
pub(super) fn prune(connection: &Connection, ended_before: Timestamp) -> Attempt<u64> {
    let gone = connection
        .prepare_cached("DELETE FROM ledger_jobs WHERE state >= 2 AND updated_at < ?1")?
        .execute([Col(ended_before)])?;
    Ok(gone as u64)
}

fn first(connection: &Connection, found: rusqlite::Rows<'_>) -> Attempt<Option<Job>> {
    let mut jobs = Vec::new();
    collect(connection, &mut ScopeCache::default(), found, &mut jobs)?;
    Ok(jobs.pop())
}

fn collect(
    connection: &Connection,
    scopes: &mut ScopeCache,
    mut found: rusqlite::Rows<'_>,
    into: &mut Vec<Job>,
) -> Attempt<()> {
    while let Some(row) = found.next()? {
        into.push(read(row, scopes.get(connection, row.get(1)?)?)?);
    }
    Ok(())
}

fn read(row: &Row<'_>, scope: Scope) -> Attempt<Job> {
    let id = row.get::<_, Col<JobId>>(0)?.0;
    let time = |i| Ok::<_, rusqlite::Error>(row.get::<_, Option<Col<Timestamp>>>(i)?.map(|col| col.0));
    let json = |i| -> Attempt<Option<Value>> {
        let text = row.get_ref(i)?.as_str_or_null().map_err(rusqlite::Error::from)?;
        Ok(text.map(|text| job_from_json(text, id)).transpose()?)
    };
    Ok(Job {
        id,
        scope,
        state: row.get::<_, Col<JobState>>(2)?.0,
        payload: json(3)?.unwrap_or_default(),
        attempts: row.get(4)?,
        created_at: row.get::<_, Col<Timestamp>>(5)?.0,
        updated_at: row.get::<_, Col<Timestamp>>(6)?.0,
        not_before: time(7)?,
        lease_until: time(8)?,
        outcome: json(9)?,
    })
}
