//! The reference ledger.

mod decide;
mod fold;
mod jobs;
mod names;
mod place;
mod project;
mod read;
mod state;
#[cfg(test)]
mod tests;
mod upkeep;
mod uses;
mod write;

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::error::Result;
use crate::filter::Filter;
use crate::text::Entity;
use crate::traits::embedder::EmbedderIdentity;
use crate::traits::job::{Job, JobEnd, JobQuery, Spend, SpendOutcome};
use crate::traits::ledger::{
    Around, Commit, EntityQuery, Erased, Head, KeywordHits, KeywordQuery, Ledger, LedgerStats, ListQuery, LoggedChange,
    MentionHits, MentionQuery, NearestQuery, Page, Pending, PendingQuery, Place, Projection, Receipt, ScopeInfo,
    StoredMessage, Use, View,
};
use crate::traits::vector_store::ScoredPoint;
use crate::types::ids::{JobId, MemoryId, TxnId};
use crate::types::memory::Memory;
use crate::types::scope::Scope;
use crate::types::time::Timestamp;
use state::Tables;

const NAME: &str = "memory";

/// Keeps the log in memory, for as long as the value lives. Everything that the
/// [`Ledger`] rules say holds, except that nothing survives the process.
///
/// One lock makes every call atomic; it is never held across an await.
///
/// ```
/// use mem0_core::reference::{ManualClock, MemoryLedger};
/// use mem0_core::{Clock, Ledger, Scope};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> mem0_core::Result<()> {
/// let ledger = MemoryLedger::new();
/// assert_eq!(ledger.revision(&Scope::user("ana")?).await?, 0);
/// assert!(ledger.check().await?.is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Default)]
pub struct MemoryLedger {
    tables: Mutex<Tables>,
}

impl MemoryLedger {
    /// An empty ledger.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// Memory text stays out of logs.
impl fmt::Debug for MemoryLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryLedger").finish_non_exhaustive()
    }
}

#[async_trait]
impl Ledger for MemoryLedger {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn revision(&self, scope: &Scope) -> Result<u64> {
        Ok(self.tables().scopes.get(scope).map_or(0, |scope| scope.revision))
    }

    async fn commit(&self, commits: Vec<Commit>) -> Result<Vec<Receipt>> {
        self.tables().commit(commits).map_err(|e| e.with_operation("commit").with_provider(NAME))
    }

    async fn heads(&self, ids: &[MemoryId]) -> Result<Vec<Option<Head>>> {
        let tables = self.tables();
        Ok(ids.iter().map(|id| Some(tables.memories.get(id)?.head(*id))).collect())
    }

    async fn get(&self, ids: &[MemoryId], view: &View) -> Result<Vec<Option<Memory>>> {
        let tables = self.tables();
        Ok(ids.iter().map(|id| tables.get(*id, view)).collect())
    }

    async fn list(&self, query: &ListQuery) -> Result<Page<Memory>> {
        Ok(self.tables().list(query))
    }

    async fn count(&self, scope: &Scope, filter: &Filter, view: &View) -> Result<u64> {
        Ok(self.tables().count(scope, filter, view))
    }

    async fn history(&self, id: MemoryId) -> Result<Vec<LoggedChange>> {
        Ok(self.tables().history(id))
    }

    async fn transaction(&self, txn: TxnId) -> Result<Vec<LoggedChange>> {
        Ok(self.tables().transaction(txn))
    }

    async fn log(&self, scope: Option<&Scope>, after: u64, limit: usize) -> Result<Vec<LoggedChange>> {
        Ok(self.tables().page_of_log(scope, after, limit))
    }

    async fn keyword(&self, query: &KeywordQuery) -> Result<KeywordHits> {
        Ok(self.tables().keyword(query))
    }

    async fn entities(&self, query: &EntityQuery) -> Result<Vec<Entity>> {
        Ok(self.tables().entities(query))
    }

    async fn speakers(&self, scope: &Scope, names: &[String]) -> Result<Vec<String>> {
        Ok(self.tables().speakers(scope, names))
    }

    async fn mentioned(&self, query: &MentionQuery) -> Result<MentionHits> {
        Ok(self.tables().mentioned(query))
    }

    async fn nearest(&self, query: &NearestQuery) -> Result<Vec<ScoredPoint>> {
        self.tables().nearest(query).map_err(|e| e.with_operation("nearest").with_provider(NAME))
    }

    async fn vectors(&self, ids: &[MemoryId]) -> Result<Vec<Option<Vec<f32>>>> {
        let tables = self.tables();
        let vector = |id| {
            let record = tables.memories.get(id)?;
            Some(tables.vector(record, record.live()?)?.to_vec())
        };
        Ok(ids.iter().map(vector).collect())
    }

    async fn places(&self, ids: &[MemoryId]) -> Result<Vec<Option<Place>>> {
        let tables = self.tables();
        Ok(ids.iter().map(|id| tables.place(*id)).collect())
    }

    async fn around(&self, of: &[Around], view: &View) -> Result<Vec<Vec<(i64, Memory)>>> {
        let tables = self.tables();
        Ok(of.iter().map(|of| tables.around(of, view)).collect())
    }

    async fn pending(&self, query: &PendingQuery) -> Result<Vec<Pending>> {
        self.tables().pending(query).map_err(|e| e.with_operation("pending").with_provider(NAME))
    }

    async fn mark_projected(&self, done: &[(MemoryId, u64)]) -> Result<()> {
        self.tables().mark_projected(done);
        Ok(())
    }

    async fn mark_failed(&self, failed: &[(MemoryId, u64)], not_before: Timestamp) -> Result<()> {
        self.tables().mark_failed(failed, not_before);
        Ok(())
    }

    async fn projection(&self) -> Result<Option<Projection>> {
        Ok(self.tables().projection.clone())
    }

    async fn set_projection(&self, expected: Option<&Projection>, new: &Projection, since: u64) -> Result<()> {
        let set = self.tables().set_projection(expected, new, since);
        set.map_err(|e| e.with_operation("set_projection").with_provider(NAME))
    }

    async fn missing_vectors(&self, identity: &EmbedderIdentity, limit: usize) -> Result<Vec<(MemoryId, u64, String)>> {
        Ok(self.tables().missing_vectors(identity, limit))
    }

    async fn put_vectors(&self, identity: &EmbedderIdentity, vectors: &[(MemoryId, u64, Vec<f32>)]) -> Result<()> {
        let put = self.tables().put_vectors(identity, vectors);
        put.map_err(|e| e.with_operation("put_vectors").with_provider(NAME))
    }

    async fn last_seq(&self) -> Result<u64> {
        Ok(self.tables().last_seq)
    }

    async fn messages(&self, scope: &Scope, limit: usize) -> Result<Vec<StoredMessage>> {
        let tables = self.tables();
        let Some(scope) = tables.scopes.get(scope) else { return Ok(Vec::new()) };
        let mut newest: Vec<_> = scope.messages.values().rev().take(limit).cloned().collect();
        newest.reverse();
        Ok(newest)
    }

    async fn scopes(&self, covering: Option<&Scope>, after: Option<&Scope>, limit: usize) -> Result<Vec<ScopeInfo>> {
        Ok(self.tables().scope_infos(covering, after, limit))
    }

    async fn erase(&self, scope: &Scope) -> Result<Erased> {
        Ok(self.tables().erase(scope))
    }

    async fn enqueue(&self, jobs: Vec<Job>) -> Result<()> {
        self.tables().enqueue(jobs).map_err(|e| e.with_operation("enqueue").with_provider(NAME))
    }

    async fn lease_job(&self, owner: &str, now: Timestamp, until: Timestamp) -> Result<Option<Job>> {
        Ok(self.tables().lease_job(owner, now, until))
    }

    async fn end_job(&self, id: JobId, owner: &str, end: JobEnd, at: Timestamp) -> Result<bool> {
        Ok(self.tables().end_job(id, owner, end, at))
    }

    async fn extend_job(&self, id: JobId, owner: &str, until: Timestamp) -> Result<bool> {
        Ok(self.tables().extend_job(id, owner, until))
    }

    async fn job(&self, id: JobId) -> Result<Option<Job>> {
        Ok(self.tables().job(id))
    }

    async fn jobs(&self, query: &JobQuery) -> Result<Vec<Job>> {
        Ok(self.tables().jobs(query))
    }

    async fn cancel_job(&self, id: JobId, at: Timestamp) -> Result<bool> {
        Ok(self.tables().cancel_job(id, at))
    }

    async fn prune_jobs(&self, ended_before: Timestamp) -> Result<u64> {
        Ok(self.tables().prune_jobs(ended_before))
    }

    async fn spend(
        &self,
        scope: &Scope,
        period: Timestamp,
        amount: Spend,
        limit: Option<Spend>,
    ) -> Result<SpendOutcome> {
        Ok(self.tables().spend(scope, period, amount, limit))
    }

    async fn refund(&self, scope: &Scope, period: Timestamp, amount: Spend) -> Result<()> {
        self.tables().refund(scope, period, amount);
        Ok(())
    }

    async fn spent(&self, scope: &Scope, period: Timestamp) -> Result<Spend> {
        Ok(self.tables().spent(scope, period))
    }

    async fn note_uses(&self, ids: &[MemoryId], at: Timestamp) -> Result<()> {
        self.tables().note_uses(ids, at);
        Ok(())
    }

    async fn uses(&self, ids: &[MemoryId]) -> Result<Vec<Option<Use>>> {
        let tables = self.tables();
        Ok(ids.iter().map(|id| tables.uses.get(id).copied()).collect())
    }

    async fn stats(&self, scope: Option<&Scope>) -> Result<LedgerStats> {
        Ok(self.tables().stats(scope))
    }

    async fn check(&self) -> Result<Vec<String>> {
        Ok(self.tables().check())
    }
}
