//! The ledger in one SQLite file.
//!
//! Each event is a row, with its content as JSON. Beside the events there are
//! tables that hold what folding them gives: where each memory stands, the
//! keyword index, the counters of each scope. They are written in the same
//! transaction, and [`check`](mem0_core::Ledger::check) proves that they agree.

mod check;
pub mod config;
mod identity;
mod jobs;
mod message;
mod outbox;
mod read;
mod row;
mod schema;
mod scope;
mod spending;
mod stats;
#[cfg(test)]
mod tests;
mod uses;
mod write;

use std::sync::Arc;

use async_trait::async_trait;
use mem0_core::{
    Around, Commit, EmbedderIdentity, Entity, EntityQuery, Erased, Error, ErrorKind, Filter, Head, Job, JobEnd, JobId,
    JobQuery, KeywordHits, KeywordQuery, Ledger, LedgerStats, ListQuery, LoggedChange, Memory, MemoryId, MentionHits,
    MentionQuery, NearestQuery, Page, Pending, PendingQuery, Place, Projection, Receipt, Result, Scope, ScopeInfo,
    ScoredPoint, Spend, SpendOutcome, Standing, StoredMessage, Timestamp, TxnId, Use, View, check_new_jobs,
};

use rusqlite::TransactionBehavior;

use crate::SqliteDb;
use crate::ledger::common::validate;
use config::SqliteLedgerConfig;

/// The ledger in one SQLite file. Cloning gives another handle.
///
/// Several processes may have the same file open; their commits are serialised
/// by the file's write lock.
///
/// ```
/// use mem0_stores::SqliteDb;
/// use mem0_stores::ledger::sqlite::SqliteLedger;
///
/// let ledger = SqliteLedger::open(SqliteDb::in_memory()?)?;
/// # Ok::<(), mem0_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct SqliteLedger {
    db: SqliteDb,
    lately: Arc<read::Heads>,
}

impl SqliteLedger {
    /// Uses an open file, creating the tables or bringing them up to date.
    ///
    /// Waits for the disk, so call it outside of hot asynchronous code.
    ///
    /// # Errors
    /// `Corrupt` if the file was written by a newer version or is damaged,
    /// `Unavailable` if it stays locked.
    pub fn open(db: SqliteDb) -> Result<Self> {
        db.transaction_blocking("open", schema::prepare)?;
        Ok(Self { db, lately: Arc::default() })
    }

    /// Opens the file that the configuration names.
    ///
    /// # Errors
    /// As [`SqliteDb::open`] and [`open`](Self::open).
    pub fn from_config(config: &SqliteLedgerConfig) -> Result<Self> {
        Self::open(SqliteDb::open(&config.path, &config.options())?)
    }

    /// The file, for other stores that share it.
    #[must_use]
    pub fn db(&self) -> &SqliteDb {
        &self.db
    }
}

impl SqliteLedger {
    /// Removes what the scope covers, or everything, and its traces.
    async fn remove(&self, op: &'static str, scope: Option<Scope>) -> Result<Erased> {
        let lately = Arc::clone(&self.lately);
        // One job, so that the second step is not lost with the future.
        self.db
            .write(op, move |c| {
                let transaction = c.transaction_with_behavior(TransactionBehavior::Immediate)?;
                let erased = write::erase::erase(&transaction, scope.as_ref())?;
                transaction.commit()?;
                lately.clear();
                write::erase::clean(c)?;
                Ok(erased)
            })
            .await
    }
}

#[async_trait]
impl Ledger for SqliteLedger {
    fn name(&self) -> &'static str {
        "sqlite"
    }

    async fn revision(&self, scope: &Scope) -> Result<u64> {
        let scope = scope.clone();
        self.db.read("revision", move |c| scope::revision(c, &scope)).await
    }

    async fn standing(&self, scope: &Scope, recent: usize, pending: usize) -> Result<Standing> {
        let scope = scope.clone();
        self.db.read("standing", move |c| scope::standing(c, scope, recent, pending)).await
    }

    async fn commit(&self, commits: Vec<Commit>) -> Result<Vec<Receipt>> {
        validate::validate(&commits)?;
        fail::fail_point!("ledger::commit::before");
        let receipts = self.db.transaction("commit", move |c| write::commit(c, &commits)).await?;
        fail::fail_point!("ledger::commit::after");
        Ok(receipts)
    }

    async fn heads(&self, ids: &[MemoryId]) -> Result<Vec<Option<Head>>> {
        let ids = ids.to_vec();
        self.db.read("heads", move |c| read::heads(c, &ids)).await
    }

    async fn get(&self, ids: &[MemoryId], view: &View) -> Result<Vec<Option<Memory>>> {
        let (ids, view, lately) = (ids.to_vec(), *view, Arc::clone(&self.lately));
        self.db.read("get", move |c| read::get(c, &lately, &ids, &view)).await
    }

    async fn list(&self, query: &ListQuery) -> Result<Page<Memory>> {
        let query = query.clone();
        self.db.read("list", move |c| read::list(c, &query)).await
    }

    async fn count(&self, scope: &Scope, filter: &Filter, view: &View) -> Result<u64> {
        let (scope, filter, view) = (scope.clone(), filter.clone(), *view);
        self.db.read("count", move |c| read::count_all(c, &scope, &filter, &view)).await
    }

    async fn history(&self, id: MemoryId) -> Result<Vec<LoggedChange>> {
        self.db.read("history", move |c| read::history(c, id)).await
    }

    async fn transaction(&self, txn: TxnId) -> Result<Vec<LoggedChange>> {
        self.db.read("transaction", move |c| read::transaction(c, txn)).await
    }

    async fn log(&self, scope: Option<&Scope>, after: u64, limit: usize) -> Result<Vec<LoggedChange>> {
        let scope = scope.cloned();
        self.db.read("log", move |c| read::log(c, scope.as_ref(), after, limit)).await
    }

    async fn keyword(&self, query: &KeywordQuery) -> Result<KeywordHits> {
        let (query, lately) = (query.clone(), Arc::clone(&self.lately));
        self.db.read("keyword", move |c| read::keyword(c, &lately, &query)).await
    }

    async fn entities(&self, query: &EntityQuery) -> Result<Vec<Entity>> {
        let query = query.clone();
        self.db.read("entities", move |c| read::entities(c, &query)).await
    }

    async fn speakers(&self, scope: &Scope, names: &[String]) -> Result<Vec<String>> {
        let (scope, names) = (scope.clone(), names.to_vec());
        self.db.read("speakers", move |c| read::speakers(c, &scope, &names)).await
    }

    async fn mentioned(&self, query: &MentionQuery) -> Result<MentionHits> {
        let (query, lately) = (query.clone(), Arc::clone(&self.lately));
        self.db.read("mentioned", move |c| read::mentioned(c, &lately, &query)).await
    }

    async fn nearest(&self, query: &NearestQuery) -> Result<Vec<ScoredPoint>> {
        let query = query.clone();
        self.db.read("nearest", move |c| read::nearest(c, &query)).await
    }

    async fn vectors(&self, ids: &[MemoryId]) -> Result<Vec<Option<Vec<f32>>>> {
        let ids = ids.to_vec();
        self.db.read("vectors", move |c| read::vectors(c, &ids)).await
    }

    async fn places(&self, ids: &[MemoryId]) -> Result<Vec<Option<Place>>> {
        let ids = ids.to_vec();
        self.db.read("places", move |c| read::places(c, &ids)).await
    }

    async fn around(&self, of: &[Around], view: &View) -> Result<Vec<Vec<(i64, Memory)>>> {
        let (of, view, lately) = (of.to_vec(), *view, Arc::clone(&self.lately));
        self.db.read("around", move |c| read::around(c, &lately, &of, &view)).await
    }

    async fn pending(&self, query: &PendingQuery) -> Result<Vec<Pending>> {
        validate::check_pending(query)?;
        let query = query.clone();
        if query.claim.is_some() {
            self.db.following().transaction("pending", move |c| outbox::pending(c, &query)).await
        } else {
            self.db.read("pending", move |c| outbox::pending(c, &query)).await
        }
    }

    async fn mark_projected(&self, done: &[(MemoryId, u64)]) -> Result<()> {
        let done = done.to_vec();
        self.db.following().transaction("mark_projected", move |c| outbox::mark_projected(c, &done)).await
    }

    async fn mark_failed(&self, failed: &[(MemoryId, u64)], not_before: Timestamp) -> Result<()> {
        let failed = failed.to_vec();
        self.db.following().transaction("mark_failed", move |c| outbox::mark_failed(c, &failed, not_before)).await
    }

    async fn projection(&self) -> Result<Option<Projection>> {
        self.db.read("projection", identity::projection).await
    }

    async fn set_projection(&self, expected: Option<&Projection>, new: &Projection, since: u64) -> Result<()> {
        let (expected, new) = (expected.cloned(), new.clone());
        self.db
            .transaction("set_projection", move |c| identity::set_projection(c, expected.as_ref(), &new, since))
            .await
    }

    async fn missing_vectors(&self, identity: &EmbedderIdentity, limit: usize) -> Result<Vec<(MemoryId, u64, String)>> {
        let identity = identity.clone();
        self.db.read("missing_vectors", move |c| identity::missing_vectors(c, &identity, limit)).await
    }

    async fn put_vectors(&self, identity: &EmbedderIdentity, vectors: &[(MemoryId, u64, Vec<f32>)]) -> Result<()> {
        for (id, _, vector) in vectors {
            validate::check_vector(vector, identity).map_err(|e| e.with_context("id", id))?;
        }
        let (identity, vectors) = (identity.clone(), vectors.to_vec());
        self.db.transaction("put_vectors", move |c| identity::put_vectors(c, &identity, &vectors)).await
    }

    async fn last_seq(&self) -> Result<u64> {
        self.db.read("last_seq", |c| Ok(row::count(write::last_seq(c)?)?)).await
    }

    async fn messages(&self, scope: &Scope, limit: usize) -> Result<Vec<StoredMessage>> {
        let scope = scope.clone();
        self.db.read("messages", move |c| message::newest(c, &scope, limit)).await
    }

    async fn scopes(&self, covering: Option<&Scope>, after: Option<&Scope>, limit: usize) -> Result<Vec<ScopeInfo>> {
        let (covering, after) = (covering.cloned(), after.cloned());
        self.db.read("scopes", move |c| scope::page(c, covering.as_ref(), after.as_ref(), limit)).await
    }

    async fn erase(&self, scope: &Scope) -> Result<Erased> {
        self.remove("erase", Some(scope.clone())).await
    }

    async fn reset(&self) -> Result<Erased> {
        self.remove("reset", None).await
    }

    async fn enqueue(&self, jobs: Vec<Job>) -> Result<()> {
        check_new_jobs(&jobs)?;
        self.db.transaction("enqueue", move |c| jobs::enqueue(c, &jobs)).await
    }

    async fn lease_job(&self, owner: &str, now: Timestamp, until: Timestamp) -> Result<Option<Job>> {
        // Mostly there is nothing to do, and then nobody is kept from writing.
        if self.db.read("lease_job", move |c| jobs::next(c, now)).await?.is_none() {
            return Ok(None);
        }
        let owner = owner.to_owned();
        // A lease that a loss of power takes back is given anew.
        self.db.following().transaction("lease_job", move |c| jobs::lease(c, &owner, now, until)).await
    }

    async fn end_job(&self, id: JobId, owner: &str, end: JobEnd, at: Timestamp) -> Result<bool> {
        let owner = owner.to_owned();
        self.db.transaction("end_job", move |c| jobs::end(c, id, &owner, &end, at)).await
    }

    async fn extend_job(&self, id: JobId, owner: &str, until: Timestamp) -> Result<bool> {
        let owner = owner.to_owned();
        self.db.following().transaction("extend_job", move |c| jobs::extend(c, id, &owner, until)).await
    }

    async fn job(&self, id: JobId) -> Result<Option<Job>> {
        self.db.read("job", move |c| jobs::get(c, id)).await
    }

    async fn jobs(&self, query: &JobQuery) -> Result<Vec<Job>> {
        let query = query.clone();
        self.db.read("jobs", move |c| jobs::list(c, &query)).await
    }

    async fn cancel_job(&self, id: JobId, at: Timestamp) -> Result<bool> {
        self.db.transaction("cancel_job", move |c| jobs::cancel(c, id, at)).await
    }

    async fn prune_jobs(&self, ended_before: Timestamp) -> Result<u64> {
        self.db.following().transaction("prune_jobs", move |c| jobs::prune(c, ended_before)).await
    }

    async fn spend(
        &self,
        scope: &Scope,
        period: Timestamp,
        amount: Spend,
        limit: Option<Spend>,
    ) -> Result<SpendOutcome> {
        let scope = scope.clone();
        // A loss of power may forget the last calls, which is not worth waiting
        // for the disk before each.
        self.db.following().transaction("spend", move |c| spending::spend(c, &scope, period, amount, limit)).await
    }

    async fn refund(&self, scope: &Scope, period: Timestamp, amount: Spend) -> Result<()> {
        let scope = scope.clone();
        self.db.following().transaction("refund", move |c| spending::refund(c, &scope, period, amount)).await
    }

    async fn spent(&self, scope: &Scope, period: Timestamp) -> Result<Spend> {
        let scope = scope.clone();
        self.db.read("spent", move |c| spending::spent(c, &scope, period)).await
    }

    async fn note_uses(&self, ids: &[MemoryId], at: Timestamp) -> Result<()> {
        let ids = ids.to_vec();
        // Not worth waiting for the disk in the middle of a search.
        self.db.following().transaction("note_uses", move |c| uses::note(c, &ids, at)).await
    }

    async fn uses(&self, ids: &[MemoryId]) -> Result<Vec<Option<Use>>> {
        let ids = ids.to_vec();
        self.db.read("uses", move |c| uses::uses(c, &ids)).await
    }

    async fn stats(&self, scope: Option<&Scope>) -> Result<LedgerStats> {
        let scope = scope.cloned();
        let mut stats = self.db.read("stats", move |c| stats::stats(c, scope.as_ref())).await?;
        stats.bytes = self.db.path().map(bytes_on_disk).transpose()?;
        Ok(stats)
    }

    async fn check(&self) -> Result<Vec<String>> {
        self.db.read("check", check::check).await
    }
}

/// The file and its log.
fn bytes_on_disk(path: &std::path::Path) -> Result<u64> {
    let file = std::fs::metadata(path)
        .map_err(|e| Error::new(ErrorKind::Unavailable, "the size of the database cannot be read").with_source(e))?;
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    Ok(file.len() + std::fs::metadata(log).map_or(0, |log| log.len()))
}
