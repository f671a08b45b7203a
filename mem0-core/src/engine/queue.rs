//! `add` in the background: jobs that the ledger keeps until they are done.

use std::fmt;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use crate::engine::Mem0;
use crate::engine::options::AddRequest;
use crate::error::{Error, ErrorKind, Result, Retry};
use crate::traits::job::{Job, JobCursor, JobEnd, JobQuery, JobState};
use crate::types::ids::JobId;
use crate::types::scope::Scope;
use crate::types::time::Timestamp;

/// How long a worker may be silent before another takes its job.
const LEASE: Duration = Duration::from_secs(60);

/// A worker says three times in this time that it is still there.
const BEATS: u32 = 3;

/// How a worker works.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct WorkerOptions {
    /// How many jobs it does side by side; 4 by default, 0 counts as 1.
    pub concurrency: usize,
    /// How often a job is tried at most, if trying again can help; 5 by
    /// default.
    pub attempts: u32,
    /// How long it waits before it looks again when there was nothing to do;
    /// 1 second by default. What the same engine queues is done at once.
    pub idle: Duration,
    /// How long ended jobs are kept; 7 days by default.
    pub keep: Duration,
}

impl Default for WorkerOptions {
    fn default() -> Self {
        Self { concurrency: 4, attempts: 5, idle: Duration::from_secs(1), keep: Duration::from_secs(7 * 24 * 60 * 60) }
    }
}

/// Where a job stands.
#[derive(Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct JobStatus {
    /// Which job.
    pub id: JobId,
    /// Whose memory it is about.
    pub scope: Scope,
    /// What became of it.
    pub state: JobState,
    /// How often it was begun.
    pub attempts: u32,
    /// When it was queued.
    pub created_at: Timestamp,
    /// When it was last queued, begun or ended.
    pub updated_at: Timestamp,
    /// The result of `add` when it is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
    /// Why it failed: `kind` and `message`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Value>,
}

// Results quote memories.
impl fmt::Debug for JobStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobStatus")
            .field("id", &self.id)
            .field("state", &self.state)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

impl From<Job> for JobStatus {
    fn from(job: Job) -> Self {
        let Job { id, scope, state, attempts, created_at, updated_at, outcome, .. } = job;
        let (result, error) = match state {
            JobState::Done => (outcome, None),
            JobState::Failed => (None, outcome),
            _ => (None, None),
        };
        Self { id, scope, state, attempts, created_at, updated_at, result, error }
    }
}

/// A page of jobs, oldest first.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct JobList {
    /// The jobs.
    pub results: Vec<JobStatus>,
    /// Where the next page starts; none at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<JobCursor>,
}

impl Mem0 {
    /// Queues `add`s. They are in the ledger when this returns and are done by
    /// a [`work`](Mem0::work) of any process on it, those of one exact scope
    /// one after another in this order. A job that is begun twice because its
    /// worker died changes memory once.
    ///
    /// # Errors
    /// As for [`add`](Mem0::add) before any I/O, and `InvalidInput` for a dry
    /// run; those of the ledger.
    ///
    /// # Cancel safety
    /// Dropping the future leaves all of them queued, or none.
    pub async fn enqueue(&self, requests: Vec<AddRequest>) -> Result<Vec<JobId>> {
        self.inner.limits.batch(requests.len())?;
        for request in &requests {
            self.check_add(request)?;
            if request.options.dry_run {
                return Err(Error::invalid("a dry run is answered at once: it cannot be queued"));
            }
        }
        let now = self.now();
        let mut jobs = Vec::with_capacity(requests.len());
        for mut request in requests {
            // "Yesterday" counts from when it was said, not from when a worker
            // gets to it.
            request.options.timestamp.get_or_insert(now);
            let payload = serde_json::to_value(&request)
                .map_err(|e| Error::internal("a request could not be written as JSON").with_source(e))?;
            jobs.push(Job::new(JobId::from_uuid(self.inner.clock.uuid()), request.scope, payload, now));
        }
        let ids = jobs.iter().map(|job| job.id).collect();
        self.inner.ledger.enqueue(jobs).await?;
        self.inner.queued.notify_one();
        Ok(ids)
    }

    /// Where a job stands.
    ///
    /// # Errors
    /// `NotFound` if there is no such job (any more); those of the ledger.
    pub async fn job(&self, id: JobId) -> Result<JobStatus> {
        let job = self.inner.ledger.job(id).await?;
        let job = job.ok_or_else(|| Error::not_found("there is no such job").with_context("job", id))?;
        Ok(job.into())
    }

    /// Jobs, oldest first: of what the scope covers and in that state, where
    /// they are given.
    ///
    /// # Errors
    /// `InvalidInput` for a limit that is too large; those of the ledger.
    pub async fn jobs(&self, query: &JobQuery) -> Result<JobList> {
        self.inner.limits.page(query.limit)?;
        let jobs = self.inner.ledger.jobs(query).await?;
        let next = jobs.last().filter(|_| jobs.len() == query.limit).map(Job::cursor);
        Ok(JobList { results: jobs.into_iter().map(Into::into).collect(), next })
    }

    /// Takes a queued job back. False if it has begun or ended.
    ///
    /// # Errors
    /// Those of the ledger.
    pub async fn cancel_job(&self, id: JobId) -> Result<bool> {
        self.inner.ledger.cancel_job(id, self.now()).await
    }

    /// Does what is queued, now and until the future is dropped.
    ///
    /// # Errors
    /// Those of the ledger when it cannot be used at all; a ledger that is busy
    /// is tried again.
    ///
    /// # Cancel safety
    /// Dropping the future leaves what was begun to the next worker, after the
    /// lease of a minute; what had been committed is not done twice.
    pub async fn work(&self, options: &WorkerOptions) -> Result<()> {
        loop {
            match self.work_off(options).await {
                Ok(_) => {}
                Err(e) if e.retry() == Retry::Safe => {
                    tracing::warn!(kind = %e.kind(), "the queue cannot be read; trying again");
                }
                Err(e) => return Err(e),
            }
            // Whatever comes first: somebody queued something, or it is time
            // to look what other processes have queued.
            let _ = tokio::time::timeout(options.idle, self.inner.queued.notified()).await;
        }
    }

    /// Does what is queued and may begin now, and says how many jobs ended.
    ///
    /// # Errors
    /// Those of the ledger. A job that fails is no error: its status says so.
    ///
    /// # Cancel safety
    /// As [`work`](Mem0::work).
    pub async fn work_off(&self, options: &WorkerOptions) -> Result<u64> {
        let keep = i64::try_from(options.keep.as_micros()).unwrap_or(i64::MAX);
        self.inner.ledger.prune_jobs(self.now().plus_micros(keep.saturating_neg())).await?;
        let lanes = (0..options.concurrency.max(1)).map(|_| self.lane(options));
        let ended = futures::future::try_join_all(lanes).await?;
        Ok(ended.into_iter().sum())
    }

    /// One job after another until there is none.
    async fn lane(&self, options: &WorkerOptions) -> Result<u64> {
        // One name for each lease, so that a lane that comes back late cannot
        // end what another has taken over.
        let mut ended = 0;
        loop {
            let owner = self.inner.clock.uuid().simple().to_string();
            let now = self.now();
            let Some(job) = self.inner.ledger.lease_job(&owner, now, after(now, LEASE)).await? else {
                return Ok(ended);
            };
            ended += u64::from(self.do_job(job, &owner, options).await?);
        }
    }

    /// Whether the job has ended with this.
    async fn do_job(&self, job: Job, owner: &str, options: &WorkerOptions) -> Result<bool> {
        let (id, attempts) = (job.id, job.attempts);
        let outcome = {
            let work = std::pin::pin!(self.add_of(job));
            let beat = std::pin::pin!(self.keep_lease(id, owner));
            match futures::future::select(work, beat).await {
                futures::future::Either::Left((outcome, _)) => outcome,
                // Somebody else has the job now.
                futures::future::Either::Right((lost, _)) => {
                    lost?;
                    return Ok(false);
                }
            }
        };
        let now = self.now();
        let end = match outcome {
            Ok(result) => JobEnd::Done(result),
            Err(e) if e.retry() != Retry::Never && attempts < options.attempts => {
                let wait = e.retry_after().unwrap_or(Duration::from_secs(1 << attempts.min(8)));
                JobEnd::Retry { not_before: after(now, wait) }
            }
            Err(e) => JobEnd::Failed(json!({"kind": e.kind().as_str(), "message": e.to_string()})),
        };
        let ends = !matches!(end, JobEnd::Retry { .. });
        Ok(self.inner.ledger.end_job(id, owner, end, now).await? && ends)
    }

    async fn add_of(&self, job: Job) -> Result<Value> {
        let request: AddRequest = serde_json::from_value(job.payload)
            .map_err(|e| Error::new(ErrorKind::Corrupt, "a job that this version cannot read").with_source(e))?;
        let AddRequest { input, scope, mut options } = request;
        // Done again after a crash it must change nothing.
        options.idempotency_key.get_or_insert_with(|| format!("job:{}", job.id));
        let result = self.add(input, &scope, options).await?;
        serde_json::to_value(&result).map_err(|e| Error::internal("a result is not JSON").with_source(e))
    }

    /// Ends when the lease is lost.
    async fn keep_lease(&self, id: JobId, owner: &str) -> Result<()> {
        loop {
            tokio::time::sleep(LEASE / BEATS).await;
            if !self.inner.ledger.extend_job(id, owner, after(self.now(), LEASE)).await? {
                return Ok(());
            }
        }
    }
}

fn after(now: Timestamp, wait: Duration) -> Timestamp {
    now.plus_micros(i64::try_from(wait.as_micros()).unwrap_or(i64::MAX))
}
