//! Work that waits in the ledger, and what calls have spent.

use std::fmt;
use std::ops::Add;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::types::ids::JobId;
use crate::types::scope::Scope;
use crate::types::time::Timestamp;

/// What became of a job.
///
/// | state | becomes |
/// |---|---|
/// | `Queued` | `Running` when it is leased, `Cancelled` |
/// | `Running` | `Done`, `Failed`, `Cancelled`, or `Queued` again; leased anew when its lease has run out |
/// | `Done`, `Failed`, `Cancelled` | stays so: the job has ended |
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// It waits.
    Queued,
    /// Somebody does it, or did until the lease ran out.
    Running,
    /// It was done.
    Done,
    /// It was given up.
    Failed,
    /// It was taken back.
    Cancelled,
}

impl JobState {
    /// Whether it stays so.
    #[must_use]
    pub const fn has_ended(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }

    /// The name, as in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for JobState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A piece of work that waits, is done, or has ended.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Which job.
    pub id: JobId,
    /// The exact scope that it works in.
    pub scope: Scope,
    /// What is to be done; the ledger does not look into it. Null once the job
    /// has ended.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub payload: Value,
    /// What became of it.
    pub state: JobState,
    /// How often it was leased.
    pub attempts: u32,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it was last queued, leased or ended.
    pub updated_at: Timestamp,
    /// Not to be leased before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// While it runs: when somebody else may take it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease_until: Option<Timestamp>,
    /// The result when it is done; why not (`kind`, `message`) when it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Value>,
}

// What was said stays out of logs.
impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job")
            .field("id", &self.id)
            .field("scope", &self.scope)
            .field("state", &self.state)
            .field("attempts", &self.attempts)
            .field("created_at", &self.created_at)
            .field("updated_at", &self.updated_at)
            .field("not_before", &self.not_before)
            .field("lease_until", &self.lease_until)
            .finish_non_exhaustive()
    }
}

impl Job {
    /// A job to put into the queue, that may begin at once.
    #[must_use]
    pub const fn new(id: JobId, scope: Scope, payload: Value, created_at: Timestamp) -> Self {
        Self {
            id,
            scope,
            payload,
            state: JobState::Queued,
            attempts: 0,
            created_at,
            updated_at: created_at,
            not_before: None,
            lease_until: None,
            outcome: None,
        }
    }

    /// Its place in a list of jobs.
    #[must_use]
    pub const fn cursor(&self) -> JobCursor {
        JobCursor { at: self.created_at, id: self.id }
    }
}

/// Refuses to queue what has begun or ended already.
///
/// # Errors
/// `InvalidInput`, with the id.
pub fn check_new_jobs(jobs: &[Job]) -> Result<()> {
    let begun = |job: &&Job| {
        job.state != JobState::Queued || job.attempts > 0 || job.lease_until.is_some() || job.outcome.is_some()
    };
    match jobs.iter().find(begun) {
        Some(job) => Err(Error::invalid("a job that has begun cannot be queued").with_context("id", job.id)),
        None => Ok(()),
    }
}

/// A place in a list of jobs: everything up to and including it has been seen.
/// It holds also when that job is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct JobCursor {
    /// When the last job was asked for.
    pub at: Timestamp,
    /// The last job.
    pub id: JobId,
}

/// Which jobs to list. By default none: set `limit`.
#[derive(Clone, Debug, Default)]
pub struct JobQuery {
    /// Only what this scope covers; everything where there is none.
    pub scope: Option<Scope>,
    /// Only these.
    pub state: Option<JobState>,
    /// How many at most.
    pub limit: usize,
    /// After this place.
    pub after: Option<JobCursor>,
}

/// How a lease ends.
#[derive(Clone, PartialEq)]
pub enum JobEnd {
    /// The job is done, with this result.
    Done(Value),
    /// The job is given up, for this reason.
    Failed(Value),
    /// The job is queued again.
    Retry {
        /// Not to be leased before.
        not_before: Timestamp,
    },
    /// The job is taken back.
    Cancelled,
}

// Results quote memories.
impl fmt::Debug for JobEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done(_) => f.write_str("Done"),
            Self::Failed(_) => f.write_str("Failed"),
            Self::Retry { not_before } => f.debug_struct("Retry").field("not_before", not_before).finish(),
            Self::Cancelled => f.write_str("Cancelled"),
        }
    }
}

/// What calls to a provider cost. Neither number goes beyond
/// [`MAX`](Self::MAX), so that every database can count it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spend {
    /// Calls.
    pub calls: u64,
    /// Tokens, in and out.
    pub tokens: u64,
}

impl Spend {
    /// The most that can be counted: 2^63 - 1.
    pub const MAX: u64 = i64::MAX.unsigned_abs();

    /// This much less, and never below zero.
    #[must_use]
    pub const fn less(self, amount: Self) -> Self {
        Self { calls: self.calls.saturating_sub(amount.calls), tokens: self.tokens.saturating_sub(amount.tokens) }
    }

    /// Whether neither number is above that of the limit.
    #[must_use]
    pub const fn within(self, limit: Self) -> bool {
        self.calls <= limit.calls && self.tokens <= limit.tokens
    }
}

impl Add for Spend {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let sum = |a: u64, b: u64| a.saturating_add(b).min(Self::MAX);
        Self { calls: sum(self.calls, other.calls), tokens: sum(self.tokens, other.tokens) }
    }
}

/// Whether something may be spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpendOutcome {
    /// It was added.
    Granted {
        /// What the scope has spent in the period, this included.
        total: Spend,
    },
    /// It would have been too much, and nothing was added.
    Refused {
        /// What the scope has spent in the period, without this.
        total: Spend,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;
    use uuid::Uuid;

    fn job() -> Job {
        let at = Timestamp::from_micros_clamped(0);
        Job::new(JobId::from_uuid(Uuid::from_u128(7)), Scope::user("ana").unwrap(), json!({"said": "secret"}), at)
    }

    #[test]
    fn nothing_that_was_said_shows() {
        let mut job = job();
        job.outcome = Some(json!("secret"));
        let shown = format!("{job:?} {:?} {:?}", JobEnd::Done(json!("secret")), JobEnd::Failed(json!("secret")));
        assert!(!shown.contains("secret"), "{shown}");
    }

    #[test]
    fn what_has_begun_is_no_new_job() {
        assert!(check_new_jobs(&[job()]).is_ok());
        let at = job().created_at;
        for begun in [
            Job { state: JobState::Running, ..job() },
            Job { attempts: 1, ..job() },
            Job { lease_until: Some(at), ..job() },
            Job { outcome: Some(json!(1)), ..job() },
        ] {
            assert!(check_new_jobs(&[job(), begun]).is_err());
        }
    }

    #[test]
    fn a_job_survives_the_trip() {
        let mut job = job();
        job.not_before = Some(job.created_at);
        let text = serde_json::to_string(&job).unwrap();
        assert_eq!(serde_json::from_str::<Job>(&text).unwrap(), job);
    }

    proptest! {
        #[test]
        fn spending_never_overflows(a: (u64, u64), b: (u64, u64)) {
            let [a, b] = [a, b].map(|(calls, tokens)| Spend { calls: calls >> 1, tokens: tokens >> 1 });
            let sum = a + b;
            prop_assert!(a.within(sum) && b.within(sum));
            prop_assert!(sum.less(b).within(a) && a.less(a) == Spend::default());
        }
    }
}
