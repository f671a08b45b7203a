//! Rules 26 to 28: who does which job, and when.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::try_join_all;
use mem0_core::{Job, JobEnd, JobId, JobQuery, JobState, Ledger, Scope};
use serde_json::json;

use super::LedgerContext;
use super::jobs::same_job;
use crate::check::{Stop, Verdict};
use crate::data::changes::time;
use crate::data::jobs::{job, job_id};
use crate::suite::cases;
use crate::{check, check_eq};

cases! { LedgerContext:
    26 r26_the_oldest_that_may_begin_is_leased,
    26 r26_one_of_many_gets_it,
    27 r27_a_scope_does_one_job_at_a_time,
    27 r27_what_is_put_off_holds_back_its_scope,
    28 r28_a_lease_that_ran_out_is_given_on,
    28 r28_a_lease_is_its_owners,
}

/// What this owner gets at this second, for ten more.
async fn lease(ledger: &dyn Ledger, owner: &str, second: i64) -> Verdict<Option<JobId>> {
    Ok(ledger.lease_job(owner, time(second), time(second + 10)).await?.map(|job| job.id))
}

async fn r26_the_oldest_that_may_begin_is_leased(context: &LedgerContext) -> Verdict {
    let ledger = context.ledger();
    check_eq!(lease(ledger, "one", 10).await?, None, "what is leased of an empty queue");
    // What counts is the arrival, neither the time nor the id.
    let scopes = (0..4).map(|n| Scope::user(format!("user{n}"))).collect::<Result<Vec<_>, _>>()?;
    let mut jobs: Vec<Job> =
        scopes.iter().zip(0..4_i64).map(|(scope, n)| job(9 - n.cast_unsigned(), scope, 5 - n)).collect();
    if let Some(second) = jobs.get_mut(1) {
        second.not_before = Some(time(12));
    }
    ledger.enqueue(jobs.clone()).await?;
    let first = ledger.lease_job("one", time(10), time(20)).await?;
    let due = jobs.first().cloned().unwrap_or(job(0, &Scope::user("x")?, 0));
    let (state, lease_until) = (JobState::Running, Some(time(20)));
    let due = Job { state, attempts: 1, updated_at: time(10), lease_until, ..due };
    same_job(first, &due, "the job that is leased")?;
    same_job(context.reopen().await?.job(due.id).await?, &due, "the job as another handle sees it")?;
    check_eq!(lease(ledger, "two", 11).await?, Some(job_id(7)), "what is leased while a job is put off");
    check_eq!(lease(ledger, "one", 12).await?, Some(job_id(8)), "what is leased at the time that it was put off to");
    let not_before = ledger.job(job_id(8)).await?.and_then(|job| job.not_before);
    check_eq!(not_before, None, "until when a running job is put off");
    check_eq!(lease(ledger, "one", 12).await?, Some(job_id(6)), "what is leased last");
    check_eq!(lease(ledger, "one", 13).await?, None, "what is leased when everything runs");
    Ok(())
}

/// What the workers of a crowd see of each other.
#[derive(Default)]
struct Seen {
    /// Scopes that somebody works in.
    busy: BTreeSet<Scope>,
    /// What was done in each, in this order.
    done: BTreeMap<Scope, Vec<JobId>>,
    /// What is wrong.
    wrong: Vec<String>,
}

impl Seen {
    fn begin(&mut self, job: &Job) {
        if job.attempts != 1 {
            self.wrong.push(format!("job {} was leased {} times", job.id, job.attempts));
        }
        if !self.busy.insert(job.scope.clone()) {
            self.wrong.push(format!("job {} began while another of {} was running", job.id, job.scope));
        }
        self.done.entry(job.scope.clone()).or_default().push(job.id);
    }
}

async fn r26_one_of_many_gets_it(context: &LedgerContext) -> Verdict {
    const WORKERS: usize = 16;
    const SCOPES: u64 = 8;
    const JOBS: u64 = 80;
    let scopes = (0..SCOPES).map(|n| Scope::user(format!("user{n}"))).collect::<Result<Vec<_>, _>>()?;
    let jobs: Vec<Job> = (0..JOBS).zip(scopes.iter().cycle()).map(|(n, scope)| job(n, scope, 1)).collect();
    context.ledger().enqueue(jobs).await?;
    let seen = Arc::new(Mutex::new(Seen::default()));
    let mut tasks = Vec::new();
    for worker in 0..WORKERS {
        let (ledger, seen) = (context.reopen().await?, Arc::clone(&seen));
        tasks.push(tokio::spawn(async move {
            let owner = format!("worker {worker}");
            let look = || seen.lock().unwrap_or_else(PoisonError::into_inner);
            loop {
                let Some(job) = ledger.lease_job(&owner, time(10), time(20)).await? else {
                    let done = look().done.values().map(Vec::len).sum::<usize>() as u64;
                    if done >= JOBS || !look().wrong.is_empty() {
                        return Ok::<_, mem0_core::Error>(());
                    }
                    tokio::task::yield_now().await;
                    continue;
                };
                look().begin(&job);
                tokio::task::yield_now().await;
                look().busy.remove(&job.scope);
                if !ledger.end_job(job.id, &owner, JobEnd::Done(json!(worker)), time(11)).await? {
                    look().wrong.push(format!("job {} could not be ended by who had leased it", job.id));
                }
            }
        }));
    }
    for ended in try_join_all(tasks).await.map_err(|error| Stop::Failed(error.to_string()))? {
        ended?;
    }
    let seen = std::mem::take(&mut *seen.lock().unwrap_or_else(PoisonError::into_inner));
    check_eq!(seen.wrong, Vec::<String>::new(), "what {WORKERS} workers saw");
    for (scope, n) in scopes.iter().zip(0..) {
        let due: Vec<_> = (0..JOBS).filter(|job| job % SCOPES == n).map(job_id).collect();
        check_eq!(seen.done.get(scope), Some(&due), "what was done for {scope}, in this order");
    }
    let query = JobQuery { state: Some(JobState::Done), limit: 1_000, ..JobQuery::default() };
    check_eq!(context.ledger().jobs(&query).await?.len() as u64, JOBS, "jobs that are done");
    Ok(())
}

async fn r27_a_scope_does_one_job_at_a_time(context: &LedgerContext) -> Verdict {
    let (ledger, alice, bob) = (context.ledger(), Scope::user("alice")?, Scope::user("bob")?);
    let run = alice.clone().with_run("7")?;
    let jobs = vec![
        job(1, &alice, 9),
        job(2, &alice, 1),
        job(3, &run, 1),
        job(4, &bob, 1),
        job(5, &alice, 1),
        job(6, &bob, 1),
    ];
    ledger.enqueue(jobs).await?;
    for due in [Some(1), Some(3), Some(4), None] {
        check_eq!(lease(ledger, "one", 10).await?, due.map(job_id), "what is leased while others of the scope run");
    }
    for (ended, end, due) in [
        (1, JobEnd::Done(json!(1)), [Some(2), None]),
        (3, JobEnd::Done(json!(1)), [None, None]),
        (4, JobEnd::Failed(json!(1)), [Some(6), None]),
        (2, JobEnd::Cancelled, [Some(5), None]),
    ] {
        check!(ledger.end_job(job_id(ended), "one", end, time(11)).await?, "the end of job {ended} is refused");
        for due in due {
            check_eq!(lease(ledger, "one", 12).await?, due.map(job_id), "what is leased after job {ended} has ended");
        }
    }
    Ok(())
}

async fn r27_what_is_put_off_holds_back_its_scope(context: &LedgerContext) -> Verdict {
    let (ledger, alice, bob) = (context.ledger(), Scope::user("alice")?, Scope::user("bob")?);
    let put_off = Job { not_before: Some(time(50)), ..job(1, &alice, 1) };
    ledger.enqueue(vec![put_off, job(2, &alice, 1), job(3, &bob, 1), job(4, &bob, 1)]).await?;
    check_eq!(lease(ledger, "one", 10).await?, Some(job_id(3)), "what is leased while another scope is put off");
    let retry = JobEnd::Retry { not_before: time(40) };
    ledger.end_job(job_id(3), "one", retry, time(11)).await?;
    check_eq!(lease(ledger, "one", 12).await?, None, "what is leased while both scopes are put off");
    // One that is taken back from the middle or the front lets the next pass.
    check!(ledger.cancel_job(job_id(1), time(13)).await?, "a job that is put off is not cancelled");
    check_eq!(lease(ledger, "one", 13).await?, Some(job_id(2)), "what is leased after the first was cancelled");
    check_eq!(lease(ledger, "one", 20).await?, None, "what is leased while one runs and one is put off");
    check!(ledger.cancel_job(job_id(4), time(21)).await?, "a job that waits behind another is not cancelled");
    ledger.enqueue(vec![job(5, &bob, 1)]).await?;
    check!(ledger.end_job(job_id(2), "one", JobEnd::Done(json!(1)), time(21)).await?, "an end is refused");
    check_eq!(lease(ledger, "one", 39).await?, None, "what is leased before the retry");
    check_eq!(lease(ledger, "one", 40).await?, Some(job_id(3)), "what is leased at the time of the retry");
    Ok(())
}

async fn r28_a_lease_that_ran_out_is_given_on(context: &LedgerContext) -> Verdict {
    let (ledger, alice) = (context.ledger(), Scope::user("alice")?);
    ledger.enqueue(vec![job(1, &alice, 1), job(2, &alice, 1)]).await?;
    check_eq!(lease(ledger, "one", 10).await?, Some(job_id(1)), "what is leased at first");
    for (owner, second, attempts) in [("two", 20, 2), ("two", 30, 3), ("one", 40, 4)] {
        // Another handle, as after a crash.
        let handle = context.reopen().await?;
        check_eq!(lease(&*handle, owner, second - 1).await?, None, "what is leased while the lease before holds");
        let again = handle.lease_job(owner, time(second), time(second + 10)).await?;
        let again = again.map(|job| (job.id, job.attempts, job.lease_until, job.payload));
        let due = (job_id(1), attempts, Some(time(second + 10)), job(1, &alice, 1).payload);
        check!(again == Some(due), "what {owner} gets when the lease before has run out, at second {second}");
    }
    Ok(())
}

async fn r28_a_lease_is_its_owners(context: &LedgerContext) -> Verdict {
    let (ledger, alice) = (context.ledger(), Scope::user("alice")?);
    ledger.enqueue(vec![job(1, &alice, 1)]).await?;
    let ends =
        || [JobEnd::Done(json!(1)), JobEnd::Failed(json!(1)), JobEnd::Retry { not_before: time(0) }, JobEnd::Cancelled];
    // Nobody's, while it waits.
    let nobody = async |owner: &str, what: &str| {
        let before = ledger.job(job_id(1)).await?;
        for end in ends() {
            check!(!ledger.end_job(job_id(1), owner, end.clone(), time(12)).await?, "{end:?} by {owner:?}, {what}");
            check!(!ledger.end_job(job_id(9), owner, end, time(12)).await?, "an unknown job is ended");
        }
        check!(!ledger.extend_job(job_id(1), owner, time(99)).await?, "{owner:?} extends a lease, {what}");
        check!(!ledger.extend_job(job_id(9), owner, time(99)).await?, "the lease of an unknown job is extended");
        check!(ledger.job(job_id(1)).await? == before, "what {owner:?} may not do has changed the job, {what}");
        Ok::<_, Stop>(())
    };
    nobody("one", "who has leased nothing").await?;
    check_eq!(lease(ledger, "one", 10).await?, Some(job_id(1)), "what is leased");
    for owner in ["two", "ONE", "on", ""] {
        nobody(owner, "while another has the lease").await?;
    }
    check!(ledger.extend_job(job_id(1), "one", time(15)).await?, "the owner's lease is not extended");
    check_eq!(lease(ledger, "two", 14).await?, None, "what is leased before the new end");
    // Late, and still nobody else's.
    check!(ledger.extend_job(job_id(1), "one", time(17)).await?, "a lease that ran out is not extended");
    check_eq!(lease(ledger, "two", 17).await?, Some(job_id(1)), "what is leased at the new end");
    nobody("one", "who has lost the lease").await?;
    check!(
        ledger.end_job(job_id(1), "two", JobEnd::Done(json!(2)), time(90)).await?,
        "the end comes late and is refused"
    );
    let ended = ledger.job(job_id(1)).await?.map(|job| (job.state, job.attempts, job.outcome));
    check!(ended == Some((JobState::Done, 2, Some(json!(2)))), "the job is not as it was ended");
    Ok(())
}
