//! Random lives of a queue and of the reference's side by side.

use mem0_core::reference::MemoryLedger;
use mem0_core::{Job, JobEnd, JobId, JobQuery, JobState, Ledger, Result, Scope, Spend, SpendOutcome, Timestamp};
use serde_json::{Value, json};

use super::LedgerContext;
use crate::check::Verdict;
use crate::check_eq;
use crate::data::changes::time;
use crate::data::jobs::{job, job_id};
use crate::random::Rng;
use crate::settings;
use crate::shrink::run_and_shrink;
use crate::suite::cases;

cases! { LedgerContext:
    0 all_random_queues_agree_with_the_reference,
}

/// What happens to a queue and to budgets.
#[derive(Clone, Debug)]
enum Step {
    Enqueue(Vec<Job>),
    Lease { owner: String, now: Timestamp, until: Timestamp },
    End { id: JobId, owner: String, end: JobEnd, at: Timestamp },
    Extend { id: JobId, owner: String, until: Timestamp },
    Cancel { id: JobId, at: Timestamp },
    Prune(Timestamp),
    Spend { scope: Scope, period: Timestamp, amount: Spend, limit: Option<Spend> },
    Refund { scope: Scope, period: Timestamp, amount: Spend },
    Erase(Scope),
}

/// What came of a step, or why it was refused.
async fn take(ledger: &dyn Ledger, step: &Step) -> Value {
    attempt(ledger, step).await.unwrap_or_else(|error| json!(error.kind().as_str()))
}

async fn attempt(ledger: &dyn Ledger, step: &Step) -> Result<Value> {
    Ok(match step.clone() {
        Step::Enqueue(jobs) => json!(ledger.enqueue(jobs).await?),
        Step::Lease { owner, now, until } => json!(ledger.lease_job(&owner, now, until).await?),
        Step::End { id, owner, end, at } => json!(ledger.end_job(id, &owner, end, at).await?),
        Step::Extend { id, owner, until } => json!(ledger.extend_job(id, &owner, until).await?),
        Step::Cancel { id, at } => json!(ledger.cancel_job(id, at).await?),
        Step::Prune(before) => json!(ledger.prune_jobs(before).await?),
        Step::Spend { scope, period, amount, limit } => match ledger.spend(&scope, period, amount, limit).await? {
            SpendOutcome::Granted { total } => json!(["granted", total]),
            SpendOutcome::Refused { total } => json!(["refused", total]),
        },
        Step::Refund { scope, period, amount } => json!(ledger.refund(&scope, period, amount).await?),
        Step::Erase(scope) => json!(ledger.erase(&scope).await?),
    })
}

/// Tells stories, and knows who has leased what.
struct Teller {
    rng: Rng,
    first: Scope,
    scopes: Vec<Scope>,
    second: i64,
    queued: u64,
    held: Vec<(JobId, String)>,
    ledger: MemoryLedger,
}

/// How many periods there are.
const PERIODS: i64 = 2;

impl Teller {
    fn new(rng: Rng, first: Scope, scopes: Vec<Scope>) -> Self {
        Self { rng, first, scopes, second: 0, queued: 0, held: Vec::new(), ledger: MemoryLedger::new() }
    }

    async fn tell(mut self, steps: usize) -> Vec<Step> {
        let mut story = Vec::new();
        for _ in 0..steps {
            self.second += self.seconds(3);
            let step = self.step();
            let came = take(&self.ledger, &step).await;
            if let Step::Lease { owner, .. } = &step
                && let Ok(job) = serde_json::from_value::<Job>(came)
            {
                self.held.push((job.id, owner.clone()));
            }
            story.push(step);
        }
        story
    }

    fn step(&mut self) -> Step {
        match self.rng.below(16) {
            0..=2 => Step::Enqueue((0..self.rng.below(4)).map(|_| self.job()).collect()),
            3..=6 => Step::Lease { owner: self.owner(), now: self.now(), until: self.later(6) },
            7..=9 => {
                let (id, owner) = self.lease();
                let end = match self.rng.below(5) {
                    0 => JobEnd::Failed(json!({"kind": "unavailable"})),
                    1 => JobEnd::Cancelled,
                    2 => JobEnd::Retry { not_before: self.later(5) },
                    _ => JobEnd::Done(json!({"added": self.second})),
                };
                Step::End { id, owner, end, at: self.now() }
            }
            10 => {
                let (id, owner) = self.lease();
                Step::Extend { id, owner, until: self.later(9) }
            }
            11 => Step::Cancel { id: self.id(), at: self.now() },
            12 => Step::Prune(time(self.second - self.seconds(20))),
            13 => {
                let limit = self.rng.one_in(2).then(|| self.amount(30));
                Step::Spend { scope: self.scope(), period: self.period(), amount: self.amount(6), limit }
            }
            14 => Step::Refund { scope: self.scope(), period: self.period(), amount: self.amount(4) },
            _ if self.rng.one_in(4) => Step::Erase(self.scope()),
            _ => Step::Lease { owner: self.owner(), now: self.now(), until: self.now() },
        }
    }

    fn job(&mut self) -> Job {
        // Now and then one that is known, and one that has begun.
        let n = if self.rng.one_in(9) { self.rng.below(20) as u64 } else { self.queued };
        self.queued += 1;
        let mut job = job(n, &self.scope(), self.second - self.seconds(4));
        job.not_before = self.rng.one_in(4).then(|| self.later(5));
        job.attempts = u32::from(self.rng.one_in(40));
        job
    }

    /// Mostly somebody's lease, as it is or was.
    fn lease(&mut self) -> (JobId, String) {
        match self.rng.pick(&self.held).cloned() {
            Some(held) if !self.rng.one_in(5) => held,
            _ => (self.id(), self.owner()),
        }
    }

    fn id(&mut self) -> JobId {
        let known = usize::try_from(self.queued).unwrap_or(0) + 1;
        job_id(self.rng.below(known) as u64)
    }

    fn owner(&mut self) -> String {
        format!("owner {}", self.rng.below(3))
    }

    fn scope(&mut self) -> Scope {
        self.rng.pick(&self.scopes).unwrap_or(&self.first).clone()
    }

    fn amount(&mut self, end: usize) -> Spend {
        Spend { calls: self.rng.below(end) as u64, tokens: self.rng.below(end * 10) as u64 }
    }

    fn period(&mut self) -> Timestamp {
        time(i64::from(self.rng.one_in(2)))
    }

    fn now(&self) -> Timestamp {
        time(self.second)
    }

    fn later(&mut self, end: usize) -> Timestamp {
        time(self.second + self.seconds(end))
    }

    fn seconds(&mut self, end: usize) -> i64 {
        i64::try_from(self.rng.below(end)).unwrap_or(0)
    }
}

/// Every job and every budget.
async fn whole(ledger: &dyn Ledger, scopes: &[Scope]) -> Result<Value> {
    let mut seen = Vec::new();
    for scope in scopes.iter().map(Some).chain([None]) {
        for state in [None, Some(JobState::Queued), Some(JobState::Done)] {
            let query = JobQuery { scope: scope.cloned(), state, limit: 1_000, after: None };
            seen.push(json!(ledger.jobs(&query).await?));
        }
        for period in 0..PERIODS {
            if let Some(scope) = scope {
                seen.push(json!(ledger.spent(scope, time(period)).await?));
            }
        }
        seen.push(json!(ledger.scopes(scope, None, 99).await?));
    }
    Ok(seen.into())
}

async fn run(context: &LedgerContext, scopes: &[Scope], steps: Vec<Step>) -> Verdict {
    let ledger = context.another().await?;
    let reference = MemoryLedger::new();
    for (number, step) in steps.iter().enumerate() {
        let due = take(&reference, step).await;
        check_eq!(take(&*ledger, step).await.to_string(), due.to_string(), "what came of step {number}");
    }
    let due = whole(&reference, scopes).await?;
    check_eq!(whole(&*ledger, scopes).await?.to_string(), due.to_string(), "jobs and spending at the end");
    check_eq!(ledger.check().await?, Vec::<String>::new(), "what `check` finds at the end");
    Ok(())
}

async fn all_random_queues_agree_with_the_reference(context: &LedgerContext) -> Verdict {
    let alice = Scope::user("alice")?;
    let scopes = vec![alice.clone(), Scope::user("bob")?, alice.clone().with_run("1")?];
    for round in 0..settings::random_cases(6) {
        let steps = Teller::new(settings::rng(7_000 + round), alice.clone(), scopes.clone()).tell(80).await;
        let origin = format!("seed {}, round {round}", settings::seed());
        run_and_shrink(&origin, steps, |steps| Box::pin(run(context, &scopes, steps))).await?;
    }
    Ok(())
}
