//! The queue of jobs, and what scopes have spent.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::state::{ScopeRecord, Tables};
use crate::error::Result;
use crate::traits::job::{Job, JobEnd, JobQuery, JobState, Spend, SpendOutcome, check_new_jobs};
use crate::types::ids::JobId;
use crate::types::scope::Scope;
use crate::types::time::Timestamp;

/// Every job, in the order of arrival.
#[derive(Default)]
pub(super) struct Jobs {
    arrivals: u64,
    by_arrival: BTreeMap<u64, Queued>,
    /// The arrival of each.
    known: BTreeMap<JobId, u64>,
}

struct Queued {
    job: Job,
    /// Who leased it last; none unless it runs.
    owner: Option<String>,
}

impl Jobs {
    fn get(&self, id: JobId) -> Option<&Job> {
        Some(&self.by_arrival.get(self.known.get(&id)?)?.job)
    }

    fn get_mut(&mut self, id: JobId) -> Option<&mut Queued> {
        self.by_arrival.get_mut(self.known.get(&id)?)
    }

    /// Removes what answers yes; returns how many.
    pub(super) fn remove(&mut self, gone: impl Fn(&Job) -> bool) -> u64 {
        let before = self.by_arrival.len();
        self.by_arrival.retain(|_, queued| !gone(&queued.job));
        self.known.retain(|_, arrival| self.by_arrival.contains_key(arrival));
        (before - self.by_arrival.len()) as u64
    }
}

impl Tables {
    pub(super) fn enqueue(&mut self, jobs: Vec<Job>) -> Result<()> {
        check_new_jobs(&jobs)?;
        for job in jobs {
            if self.jobs.known.contains_key(&job.id) {
                continue;
            }
            self.scopes.entry(job.scope.clone()).or_default();
            self.jobs.arrivals += 1;
            self.jobs.known.insert(job.id, self.jobs.arrivals);
            self.jobs.by_arrival.insert(self.jobs.arrivals, Queued { job, owner: None });
        }
        Ok(())
    }

    pub(super) fn lease_job(&mut self, owner: &str, now: Timestamp, until: Timestamp) -> Option<Job> {
        let mut busy: BTreeSet<Scope> = BTreeSet::new();
        for Queued { job, owner: held } in self.jobs.by_arrival.values_mut() {
            // The first of a scope that has not ended holds back the others.
            if job.state.has_ended() || !busy.insert(job.scope.clone()) {
                continue;
            }
            let free = match job.state {
                JobState::Queued => job.not_before.is_none_or(|at| at <= now),
                _ => job.lease_until.is_none_or(|end| end <= now),
            };
            if free {
                *held = Some(owner.to_owned());
                job.state = JobState::Running;
                job.attempts = job.attempts.saturating_add(1);
                (job.updated_at, job.not_before, job.lease_until) = (now, None, Some(until));
                return Some(job.clone());
            }
        }
        None
    }

    /// The job, if its lease is this owner's.
    fn leased(&mut self, id: JobId, owner: &str) -> Option<&mut Queued> {
        self.jobs.get_mut(id).filter(|queued| queued.owner.as_deref() == Some(owner))
    }

    pub(super) fn end_job(&mut self, id: JobId, owner: &str, end: JobEnd, at: Timestamp) -> bool {
        let Some(queued) = self.leased(id, owner) else { return false };
        queued.end(end, at);
        true
    }

    pub(super) fn extend_job(&mut self, id: JobId, owner: &str, until: Timestamp) -> bool {
        let Some(queued) = self.leased(id, owner) else { return false };
        queued.job.lease_until = Some(until);
        true
    }

    pub(super) fn cancel_job(&mut self, id: JobId, at: Timestamp) -> bool {
        let found = self.jobs.get_mut(id).filter(|queued| queued.job.state == JobState::Queued);
        let Some(queued) = found else { return false };
        queued.end(JobEnd::Cancelled, at);
        true
    }

    pub(super) fn job(&self, id: JobId) -> Option<Job> {
        self.jobs.get(id).cloned()
    }

    pub(super) fn jobs(&self, query: &JobQuery) -> Vec<Job> {
        let mut found: Vec<&Job> = self
            .jobs
            .by_arrival
            .values()
            .map(|queued| &queued.job)
            .filter(|job| query.scope.as_ref().is_none_or(|scope| scope.covers(&job.scope)))
            .filter(|job| query.state.is_none_or(|state| job.state == state))
            .filter(|job| query.after.is_none_or(|after| job.cursor() > after))
            .collect();
        found.sort_by_key(|job| job.cursor());
        found.into_iter().take(query.limit).cloned().collect()
    }

    pub(super) fn prune_jobs(&mut self, ended_before: Timestamp) -> u64 {
        self.jobs.remove(|job| job.state.has_ended() && job.updated_at < ended_before)
    }

    pub(super) fn spend(
        &mut self,
        scope: &Scope,
        period: Timestamp,
        amount: Spend,
        limit: Option<Spend>,
    ) -> SpendOutcome {
        let spent = self.spent(scope, period);
        let total = spent + amount;
        if limit.is_some_and(|limit| !total.within(limit)) {
            return SpendOutcome::Refused { total: spent };
        }
        self.scopes.entry(scope.clone()).or_default().spending.insert(period, total);
        SpendOutcome::Granted { total }
    }

    pub(super) fn refund(&mut self, scope: &Scope, period: Timestamp, amount: Spend) {
        let spending = self.scopes.get_mut(scope).and_then(|scope| scope.spending.get_mut(&period));
        if let Some(spent) = spending {
            *spent = spent.less(amount);
        }
    }

    pub(super) fn spent(&self, scope: &Scope, period: Timestamp) -> Spend {
        let spending = |scope: &ScopeRecord| scope.spending.get(&period).copied();
        self.scopes.get(scope).and_then(spending).unwrap_or_default()
    }

    /// What is wrong with the queue.
    pub(super) fn check_jobs(&self) -> Vec<String> {
        let mut findings = Vec::new();
        for Queued { job, owner } in self.jobs.by_arrival.values() {
            let running = job.state == JobState::Running;
            if owner.is_some() != running || job.lease_until.is_some() != running {
                findings.push(format!("job {}: it is {} and its lease says otherwise", job.id, job.state));
            }
            if job.state.has_ended() && !job.payload.is_null() {
                findings.push(format!("job {}: it has ended and still has its payload", job.id));
            }
            if !self.scopes.contains_key(&job.scope) {
                findings.push(format!("job {}: its scope is not known", job.id));
            }
        }
        findings
    }
}

impl Queued {
    fn end(&mut self, end: JobEnd, at: Timestamp) {
        let job = &mut self.job;
        self.owner = None;
        (job.updated_at, job.not_before, job.lease_until) = (at, None, None);
        (job.state, job.outcome) = match end {
            JobEnd::Done(result) => (JobState::Done, Some(result)),
            JobEnd::Failed(reason) => (JobState::Failed, Some(reason)),
            JobEnd::Cancelled => (JobState::Cancelled, None),
            JobEnd::Retry { not_before } => {
                job.not_before = Some(not_before);
                (JobState::Queued, None)
            }
        };
        if job.state.has_ended() {
            job.payload = Value::Null;
        }
    }
}
