//! Rules 25, 29 and 30: what a job is, from the queue to its end.

use mem0_core::{ErrorKind, Job, JobEnd, JobQuery, JobState, Ledger, Scope};
use serde_json::{Value, json};

use super::LedgerContext;
use crate::check::{Verdict, refused};
use crate::data::changes::time;
use crate::data::jobs::{job, job_id};
use crate::data::scopes::tricky;
use crate::data::texts::HARD_TEXTS;
use crate::suite::cases;
use crate::suites::abandon;
use crate::{check, check_eq, skip};

cases! { LedgerContext:
    25 r25_jobs_come_back_as_they_were_queued,
    25 r25_enqueue_is_whole_or_not_at_all,
    25 r25_jobs_survive_reopening,
    25 r25_a_dropped_enqueue_is_whole_or_not_begun,
    29 r29_what_has_ended_stays_so,
    29 r29_a_retry_keeps_its_place,
    29 r29_only_what_waits_is_cancelled,
    30 r30_jobs_are_listed_in_order,
    30 r30_jobs_are_listed_by_scope,
    30 r30_only_what_ended_before_is_forgotten,
}

/// Every job of everybody.
fn everything() -> JobQuery {
    JobQuery { limit: 1_000, ..JobQuery::default() }
}

/// Whether the jobs are equal, payload and outcome included.
pub(super) fn same_job(seen: Option<Job>, due: &Job, what: &str) -> Verdict {
    check!(seen.is_some(), "{what} is not there");
    let seen = seen.into_iter().collect::<Vec<_>>();
    check_eq!(json!(seen).to_string(), json!([due]).to_string(), "{what}");
    Ok(())
}

async fn r25_jobs_come_back_as_they_were_queued(context: &LedgerContext) -> Verdict {
    let (ledger, scopes) = (context.ledger(), tricky()?);
    let texts = HARD_TEXTS.iter().zip(scopes.iter().cycle()).zip(0..);
    let jobs: Vec<Job> = texts
        .map(|((text, scope), n)| Job {
            payload: json!({(*text): [text, null, 1.5, i64::MIN, u64::MAX]}),
            not_before: (n % 2 == 0).then(|| time(50)),
            ..job(n, scope, 1)
        })
        .chain([Job { payload: Value::Null, ..job(900, &Scope::user("alice")?, 1) }])
        .collect();
    ledger.enqueue(jobs.clone()).await?;
    for due in &jobs {
        same_job(ledger.job(due.id).await?, due, "a job that was queued")?;
    }
    ledger.enqueue(Vec::new()).await?;
    check_eq!(ledger.jobs(&everything()).await?.len(), jobs.len(), "jobs in the end");
    Ok(())
}

async fn r25_enqueue_is_whole_or_not_at_all(context: &LedgerContext) -> Verdict {
    let (ledger, alice, bob) = (context.ledger(), Scope::user("alice")?, Scope::user("bob")?);
    for begun in [
        Job { state: JobState::Running, ..job(2, &alice, 1) },
        Job { state: JobState::Done, ..job(2, &alice, 1) },
        Job { attempts: 1, ..job(2, &alice, 1) },
        Job { lease_until: Some(time(9)), ..job(2, &alice, 1) },
        Job { outcome: Some(json!(1)), ..job(2, &alice, 1) },
    ] {
        let what = format!("a job that has begun: {begun:?}");
        refused(ledger.enqueue(vec![job(1, &alice, 1), begun]).await, &[ErrorKind::InvalidInput], &what)?;
        check_eq!(ledger.jobs(&everything()).await?, [], "jobs after {what}");
    }
    ledger.enqueue(vec![job(1, &alice, 1)]).await?;
    let again = Job { payload: json!("other"), ..job(1, &bob, 7) };
    ledger.enqueue(vec![job(2, &alice, 2), again.clone(), job(3, &alice, 3)]).await?;
    same_job(ledger.job(job_id(1)).await?, &job(1, &alice, 1), "a job that was queued twice")?;
    let ids: Vec<_> = ledger.jobs(&everything()).await?.into_iter().map(|job| job.id).collect();
    check_eq!(ids, [1, 2, 3].map(job_id), "jobs after one was queued twice");
    check_eq!(ledger.scopes(Some(&bob), None, 9).await?, [], "scopes of who has no job");
    // It is known also after it has begun.
    ledger.lease_job("one", time(10), time(20)).await?;
    ledger.enqueue(vec![again]).await?;
    let state = ledger.job(job_id(1)).await?.map(|job| job.state);
    check_eq!(state, Some(JobState::Running), "the state of a running job that was queued again");
    Ok(())
}

async fn r25_jobs_survive_reopening(context: &LedgerContext) -> Verdict {
    if !context.harness().persistent() {
        skip!("the ledger is in memory");
    }
    let alice = Scope::user("alice")?;
    let (ledger, name) = context.another_named().await?;
    ledger.enqueue((1..5).map(|n| job(n, &alice, 1)).collect()).await?;
    ledger.lease_job("one", time(2), time(9)).await?;
    ledger.end_job(job_id(1), "one", JobEnd::Done(json!({"added": 1})), time(3)).await?;
    ledger.lease_job("one", time(4), time(9)).await?;
    let before = json!(ledger.jobs(&everything()).await?);
    drop(ledger);
    let again = context.harness().open(&name).await?;
    check_eq!(json!(again.jobs(&everything()).await?), before, "jobs after opening again");
    // Who had leased it is gone, and the lease runs out.
    check_eq!(again.lease_job("two", time(8), time(20)).await?, None, "what is leased before the lease has run out");
    let next = again.lease_job("two", time(9), time(20)).await?.map(|job| (job.id, job.attempts));
    check_eq!(next, Some((job_id(2), 2)), "what is leased after the lease has run out");
    check_eq!(again.check().await?, Vec::<String>::new(), "what `check` finds after opening again");
    Ok(())
}

async fn r25_a_dropped_enqueue_is_whole_or_not_begun(context: &LedgerContext) -> Verdict {
    let (ledger, alice) = (context.ledger(), Scope::user("alice")?);
    for polls in 0..8_u64 {
        let jobs = (0..3).map(|n| job(polls * 10 + n, &alice, 1)).collect();
        abandon(ledger.enqueue(jobs), usize::try_from(polls).unwrap_or(0)).await;
        // What waits behind it shows whether it was begun.
        ledger.enqueue(vec![job(polls * 10 + 5, &alice, 1)]).await?;
        let mut there = 0;
        for n in 0..3 {
            there += usize::from(ledger.job(job_id(polls * 10 + n)).await?.is_some());
        }
        check!(there == 0 || there == 3, "{there} of 3 jobs are there after a call that was dropped at poll {polls}");
    }
    Ok(())
}

/// A job, queued and leased by "one".
async fn running(ledger: &dyn Ledger, n: u64) -> Verdict<Job> {
    let scope = Scope::user(format!("user{n}"))?;
    ledger.enqueue(vec![job(n, &scope, 1)]).await?;
    let leased = ledger.lease_job("one", time(10), time(20)).await?;
    check_eq!(leased.as_ref().map(|job| job.id), Some(job_id(n)), "the job that was leased");
    Ok(leased.unwrap_or(job(n, &scope, 1)))
}

async fn r29_what_has_ended_stays_so(context: &LedgerContext) -> Verdict {
    let ledger = context.ledger();
    let result = json!({"added": ["likes tea"]});
    let ends = [
        (JobEnd::Done(result.clone()), JobState::Done, Some(result.clone())),
        (JobEnd::Done(Value::Bool(false)), JobState::Done, Some(Value::Bool(false))),
        (JobEnd::Failed(result.clone()), JobState::Failed, Some(result)),
        (JobEnd::Cancelled, JobState::Cancelled, None),
    ];
    for ((end, state, outcome), n) in ends.into_iter().zip(1..) {
        let leased = running(ledger, n).await?;
        let what = format!("a job that ended with {end:?}");
        check!(ledger.end_job(leased.id, "one", end, time(15)).await?, "{what}: its end is refused");
        let due = Job { state, outcome, payload: Value::Null, updated_at: time(15), lease_until: None, ..leased };
        same_job(ledger.job(due.id).await?, &due, &what)?;
        check!(!ledger.end_job(due.id, "one", JobEnd::Cancelled, time(16)).await?, "{what} ends again");
        let retry = JobEnd::Retry { not_before: time(0) };
        check!(!ledger.end_job(due.id, "one", retry, time(16)).await?, "{what} is tried again");
        check!(!ledger.extend_job(due.id, "one", time(99)).await?, "{what}: its lease is extended");
        check!(!ledger.cancel_job(due.id, time(16)).await?, "{what} is cancelled");
        ledger.enqueue(vec![job(n, &due.scope, 1)]).await?;
        check_eq!(ledger.lease_job("one", time(500), time(600)).await?, None, "what is leased after {what}");
        same_job(ledger.job(due.id).await?, &due, &format!("{what}, after all that"))?;
    }
    Ok(())
}

async fn r29_a_retry_keeps_its_place(context: &LedgerContext) -> Verdict {
    let ledger = context.ledger();
    let leased = running(ledger, 1).await?;
    ledger.enqueue(vec![job(2, &leased.scope, 1), job(3, &Scope::user("bob")?, 1)]).await?;
    let retry = JobEnd::Retry { not_before: time(30) };
    check!(ledger.end_job(leased.id, "one", retry, time(15)).await?, "a retry is refused");
    let (state, not_before) = (JobState::Queued, Some(time(30)));
    let due = Job { state, not_before, updated_at: time(15), lease_until: None, ..leased.clone() };
    same_job(ledger.job(due.id).await?, &due, "a job that is to be tried again")?;
    check!(!ledger.extend_job(due.id, "one", time(99)).await?, "the lease of a job that waits is extended");
    check!(!ledger.end_job(due.id, "one", JobEnd::Cancelled, time(16)).await?, "a job that waits is ended");
    let next = ledger.lease_job("two", time(30), time(40)).await?;
    let (updated_at, lease_until) = (time(30), Some(time(40)));
    let due = Job { attempts: 2, updated_at, lease_until, ..leased };
    same_job(next, &due, "the job that is tried again, before those that came later")
}

async fn r29_only_what_waits_is_cancelled(context: &LedgerContext) -> Verdict {
    let ledger = context.ledger();
    let leased = running(ledger, 1).await?;
    check!(!ledger.cancel_job(leased.id, time(15)).await?, "a running job is cancelled");
    same_job(ledger.job(leased.id).await?, &leased, "a running job that was not cancelled")?;
    let waits = Job { not_before: Some(time(90)), ..job(2, &leased.scope, 1) };
    ledger.enqueue(vec![waits.clone()]).await?;
    check!(ledger.cancel_job(waits.id, time(16)).await?, "a job that waits is not cancelled");
    let (state, payload) = (JobState::Cancelled, Value::Null);
    let due = Job { state, payload, updated_at: time(16), not_before: None, ..waits };
    same_job(ledger.job(due.id).await?, &due, "a job that was cancelled")?;
    check!(!ledger.cancel_job(due.id, time(17)).await?, "a job is cancelled twice");
    check!(!ledger.cancel_job(job_id(99), time(17)).await?, "an unknown job is cancelled");
    Ok(())
}

async fn r30_jobs_are_listed_in_order(context: &LedgerContext) -> Verdict {
    let (ledger, alice, bob) = (context.ledger(), Scope::user("alice")?, Scope::user("bob")?);
    // Created in another order than they arrive in, and three at a time.
    let jobs: Vec<Job> = (0..30_u64)
        .map(|n| (n * 7 % 30, if n % 2 == 0 { &alice } else { &bob }))
        .map(|(n, scope)| job(n, scope, (n / 3).cast_signed()))
        .collect();
    for jobs in jobs.chunks(10) {
        ledger.enqueue(jobs.to_vec()).await?;
    }
    let due: Vec<_> = (0..30).map(job_id).collect();
    for limit in [1, 7, 29, 30, 31] {
        let (mut seen, mut query) = (Vec::new(), JobQuery { limit, ..JobQuery::default() });
        loop {
            let page = ledger.jobs(&query).await?;
            check!(page.len() <= limit, "a page of {limit} jobs has {}", page.len());
            let Some(last) = page.last() else { break };
            check!(seen.len() <= due.len(), "a walk through the jobs repeats some");
            query.after = Some(last.cursor());
            seen.extend(page.into_iter().map(|job| job.id));
        }
        check_eq!(seen, due, "a walk through the jobs, {limit} at a time");
    }
    check_eq!(ledger.jobs(&JobQuery::default()).await?, [], "a page of no jobs");
    let first = ledger.lease_job("one", time(50), time(60)).await?.map(|job| job.id);
    let states = async |state| {
        let query = JobQuery { state: Some(state), ..everything() };
        Ok::<_, mem0_core::Error>(ledger.jobs(&query).await?.into_iter().map(|job| job.id).collect::<Vec<_>>())
    };
    check_eq!(states(JobState::Running).await?, first.into_iter().collect::<Vec<_>>(), "jobs that run");
    let waiting: Vec<_> = due.iter().copied().filter(|id| Some(*id) != first).collect();
    check_eq!(states(JobState::Queued).await?, waiting, "jobs that wait");
    check_eq!(states(JobState::Done).await?, [], "jobs that are done");
    check_eq!(ledger.job(job_id(99)).await?, None, "a job that is not there");
    Ok(())
}

async fn r30_jobs_are_listed_by_scope(context: &LedgerContext) -> Verdict {
    let (ledger, scopes) = (context.ledger(), tricky()?);
    ledger.enqueue(scopes.iter().zip(0..).map(|(scope, n)| job(n, scope, 1)).collect()).await?;
    for scope in scopes.iter().chain(&[Scope::user("nobody")?]) {
        let due: Vec<_> =
            scopes.iter().zip(0..).filter(|(owner, _)| scope.covers(owner)).map(|(_, n)| job_id(n)).collect();
        let query = JobQuery { scope: Some(scope.clone()), ..everything() };
        let seen: Vec<_> = ledger.jobs(&query).await?.into_iter().map(|job| job.id).collect();
        check_eq!(seen, due, "jobs of {scope}");
        let query = JobQuery { state: Some(JobState::Queued), limit: 1, ..query };
        let seen: Vec<_> = ledger.jobs(&query).await?.into_iter().map(|job| job.id).collect();
        check_eq!(seen, due.into_iter().take(1).collect::<Vec<_>>(), "the first job of {scope}");
    }
    Ok(())
}

async fn r30_only_what_ended_before_is_forgotten(context: &LedgerContext) -> Verdict {
    let ledger = context.ledger();
    for (n, second) in [(1, 20), (2, 21), (3, 22)] {
        let leased = running(ledger, n).await?;
        ledger.end_job(leased.id, "one", JobEnd::Done(json!(n)), time(second)).await?;
    }
    running(ledger, 4).await?;
    ledger.enqueue(vec![job(5, &Scope::user("bob")?, 1)]).await?;
    let first = ledger.job(job_id(2)).await?.map(|job| job.cursor());
    check_eq!(ledger.prune_jobs(time(20)).await?, 0, "jobs that were forgotten before anything ended");
    check_eq!(ledger.prune_jobs(time(22)).await?, 2, "jobs that were forgotten");
    let left: Vec<_> = ledger.jobs(&everything()).await?.into_iter().map(|job| job.id).collect();
    check_eq!(left, [3, 4, 5].map(job_id), "jobs that are left");
    let after: Vec<_> =
        ledger.jobs(&JobQuery { after: first, ..everything() }).await?.into_iter().map(|job| job.id).collect();
    check_eq!(after, [3, 4, 5].map(job_id), "jobs after one that is forgotten");
    check_eq!(ledger.prune_jobs(time(1_000)).await?, 1, "jobs that were forgotten later");
    check_eq!(ledger.prune_jobs(time(1_000)).await?, 0, "jobs that were forgotten twice");
    Ok(())
}
