//! From the ledger to the vector store.

use std::collections::HashMap;
use std::time::Duration;

use serde::Serialize;

use crate::engine::Mem0;
use crate::engine::cost::{Part, timed};
use crate::engine::results::Degraded;
use crate::error::Result;
use crate::traits::ledger::{Claim, Pending, PendingQuery};
use crate::traits::vector_store::{Point, Selector};
use crate::types::ids::MemoryId;
use crate::types::scope::Scope;
use crate::types::time::Timestamp;

/// How many memories are projected at once.
const BATCH: usize = 512;

/// How long a claim on a pending memory keeps other processes away.
const CLAIM: Duration = Duration::from_secs(30);

/// The wait after the first failure; it doubles up to the second.
const BACKOFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// Beyond so many pending memories a read asks the ledger alone.
pub(super) const OVERLAY: usize = 1_000;

/// What `flush` did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Flushed {
    /// Memories that were brought to the vector store.
    pub projected: u64,
    /// Whether the vector store refused or did not answer.
    pub degraded: bool,
}

impl Mem0 {
    /// Brings every committed change that is due to the vector store, and says
    /// how many. A store that does not answer is not an error: what is left
    /// stays queued and is tried again after a pause.
    ///
    /// # Errors
    /// Those of the ledger.
    pub async fn flush(&self) -> Result<Flushed> {
        let mut flushed = Flushed::default();
        let mut last = None;
        loop {
            let due = self.due(None, BATCH).await?;
            // What was projected and is due again could not be marked: enough.
            let first = due.first().map(|pending| (pending.id, pending.seq));
            if first.is_none() || first == last {
                return Ok(flushed);
            }
            last = first;
            let count = due.len() as u64;
            if self.project(due).await.is_some() {
                flushed.degraded = true;
                return Ok(flushed);
            }
            flushed.projected += count;
        }
    }

    /// What the vector store does not have yet of this scope, after trying to
    /// bring it there: at most [`OVERLAY`] + 1.
    pub(super) async fn catch_up(&self, scope: &Scope) -> Result<Vec<Pending>> {
        let pending = timed(Part::Ledger, self.inner.ledger.pending(&all_of(scope))).await?;
        self.bring(scope, pending).await
    }

    /// What is left of what is pending in this scope, after trying to bring it
    /// to the vector store.
    pub(super) async fn bring(&self, scope: &Scope, pending: Vec<Pending>) -> Result<Vec<Pending>> {
        if pending.is_empty() {
            return Ok(pending);
        }
        let due = self.due(Some(scope), BATCH).await?;
        if !due.is_empty() {
            self.project(due).await;
        }
        self.inner.ledger.pending(&all_of(scope)).await
    }

    pub(super) async fn due(&self, scope: Option<&Scope>, limit: usize) -> Result<Vec<Pending>> {
        let now = self.now();
        let query = PendingQuery { scope: scope.cloned(), due: Some(now), claim: self.claim(now), limit };
        self.inner.ledger.pending(&query).await
    }

    /// A store that orders writes by version needs no claims.
    pub(super) fn claim(&self, now: Timestamp) -> Option<Claim> {
        let until = now.plus_micros(i64::try_from(CLAIM.as_micros()).unwrap_or(i64::MAX));
        let versioned = self.active().store.capabilities().versioned;
        (!versioned).then(|| Claim { owner: self.inner.owner.clone(), until })
    }

    /// Brings what was just committed to the vector store.
    ///
    /// A store that orders writes by version gets it at once. For any other
    /// the claim decides: a memory that another process is projecting is left
    /// to that one, and stays pending until then.
    pub(super) async fn project_committed(&self, committed: Vec<Pending>) -> Option<Degraded> {
        let committed = latest(committed);
        if self.active().store.capabilities().versioned {
            return self.project(committed).await;
        }
        let mut scopes: Vec<&Scope> = committed.iter().map(|pending| &pending.scope).collect();
        scopes.sort_unstable();
        scopes.dedup();
        let mut degraded = None;
        for scope in scopes {
            match self.due(Some(scope), committed.len().max(BATCH)).await {
                Ok(due) => degraded = self.project(due).await.or(degraded),
                Err(e) => tracing::warn!(kind = %e.kind(), "what is pending could not be claimed; it stays queued"),
            }
        }
        degraded
    }

    /// Writes these to the vector store and marks them in the ledger. What
    /// fails stays pending.
    pub(super) async fn project(&self, pending: Vec<Pending>) -> Option<Degraded> {
        if pending.is_empty() {
            return None;
        }
        let seqs: Vec<(MemoryId, u64)> = pending.iter().map(|p| (p.id, p.seq)).collect();
        let attempts = pending.iter().map(|p| p.attempts).max().unwrap_or(0);
        let outcome = self.write_points(pending).await;
        fail::fail_point!("engine::project::written");
        let (marked, degraded) = match outcome {
            Ok(()) => (timed(Part::Ledger, self.inner.ledger.mark_projected(&seqs)).await, None),
            Err(error) => {
                tracing::warn!(provider = self.active().store.name(), kind = %error.kind(), count = seqs.len(),
                    "the vector store refused a write; it stays queued");
                let wait = error.retry_after().unwrap_or(BACKOFF.0 * 2_u32.pow(attempts.min(10)));
                let wait = i64::try_from(wait.min(BACKOFF.1).as_micros()).unwrap_or(i64::MAX);
                let not_before = self.now().plus_micros(wait);
                (self.inner.ledger.mark_failed(&seqs, not_before).await, Some(Degraded::VectorStoreDown))
            }
        };
        fail::fail_point!("engine::project::marked");
        if let Err(error) = marked {
            // Projecting is idempotent, so an unmarked memory costs only time.
            tracing::warn!(kind = %error.kind(), "the ledger could not note what was projected");
        }
        degraded
    }

    async fn write_points(&self, pending: Vec<Pending>) -> Result<()> {
        let active = self.active();
        let collection = active.collection().await?;
        let mut points = Vec::with_capacity(pending.len());
        let mut gone = Vec::new();
        for Pending { id, version, scope, head, .. } in pending {
            match head {
                Some((memory, vector)) => {
                    points.push(Point { id, version, scope, vector, payload: memory.to_payload() });
                }
                None => gone.push((id, version)),
            }
        }
        if !points.is_empty() {
            timed(Part::Store, collection.upsert(&points)).await?;
        }
        if !gone.is_empty() {
            timed(Part::Store, collection.delete(&Selector::Ids(gone))).await?;
        }
        Ok(())
    }
}

/// Everything of a scope that an overlay may hold, and one more.
fn all_of(scope: &Scope) -> PendingQuery {
    PendingQuery { scope: Some(scope.clone()), limit: OVERLAY + 1, ..PendingQuery::default() }
}

/// The latest of several changes per memory, which is all that the vector
/// store needs to see.
fn latest(pending: Vec<Pending>) -> Vec<Pending> {
    let mut index: HashMap<MemoryId, usize> = HashMap::with_capacity(pending.len());
    let mut latest: Vec<Pending> = Vec::with_capacity(pending.len());
    for item in pending {
        match index.get(&item.id).and_then(|at| latest.get_mut(*at)) {
            Some(known) => *known = item,
            None => {
                index.insert(item.id, latest.len());
                latest.push(item);
            }
        }
    }
    latest
}
