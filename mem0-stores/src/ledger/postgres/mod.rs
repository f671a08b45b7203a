//! The ledger in PostgreSQL, for several servers that share one memory.
//!
//! By the documentation of PostgreSQL 18 (explicit locking, transaction
//! isolation, sequences, `VACUUM`) and of tokio-postgres 0.7; versions 13 and
//! later have what is used.
//!
//! The tables are those of the ledger in SQLite, in a schema of their own: each
//! event is a row, and beside the events there is what folding them gives,
//! written in the same transaction; [`check`](mem0_core::Ledger::check) proves
//! that they agree.
//!
//! A commit locks the rows of its scopes and no others, at the isolation level
//! `READ COMMITTED`, so commits in different scopes do not wait for each other.
//! It takes two round trips: one locks and reads, one writes and commits. What
//! comes to a deadlock or finds a key taken is tried again, since nothing of it
//! was committed. The numbers of events come from a sequence; whoever has to
//! know that no lower number can come any more (`log`, `last_seq`,
//! `set_projection`) waits by an advisory lock for the commits that are under
//! way.
//!
//! Connections carry settings (`search_path`, `statement_timeout`) and prepared
//! statements, so a pooler between must pool sessions, not transactions.
//!
//! # What an erasure leaves behind
//! When `erase` returns, no statement and no dump finds anything of what was
//! erased. PostgreSQL keeps deleted rows on the disk until it vacuums, and their
//! bytes until the space is used again; `after_erase` says what is done about
//! that ([`AfterErase`]). Vacuum leaves what an older transaction may still see,
//! so it waits until those have ended, at most for the time limit of a
//! statement; beside longer ones, autovacuum does the rest. `reset` truncates,
//! which removes the files. The write-ahead log, its archive, replicas that lag
//! and backups hold what was written until they are recycled; no client can
//! change that.

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
mod session;
mod spending;
mod stats;
mod uses;
mod write;

use std::time::Duration;

use async_trait::async_trait;
use mem0_core::{
    Around, Commit, EmbedderIdentity, Entity, EntityQuery, Erased, Error, Filter, Head, Job, JobEnd, JobId, JobQuery,
    KeywordHits, KeywordQuery, Ledger, LedgerStats, ListQuery, LoggedChange, Memory, MemoryId, MentionHits,
    MentionQuery, NearestQuery, Page, Pending, PendingQuery, Place, Projection, Receipt, Result, Scope, ScopeInfo,
    ScoredPoint, Spend, SpendOutcome, Standing, StoredMessage, Timestamp, TxnId, Use, View, check_new_jobs,
};
use uuid::Uuid;

use crate::ledger::common::validate;
use crate::shared::postgres::{Client, Database, Step};
use config::{AfterErase, PostgresLedgerConfig};
use session::{Fault, Session, TRIES, transact};

/// The provider's name.
const NAME: &str = "postgres";

/// The ledger in PostgreSQL. Cloning gives another handle on the same pool of
/// connections.
///
/// ```no_run
/// use mem0_stores::ledger::postgres::PostgresLedger;
/// use mem0_stores::ledger::postgres::config::PostgresLedgerConfig;
///
/// # async fn run() -> mem0_core::Result<()> {
/// let config = PostgresLedgerConfig::new("postgres://mem0:secret@db.example/memories");
/// let ledger = PostgresLedger::open(&config).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct PostgresLedger {
    db: Database,
    /// The advisory lock of this ledger.
    lock: i64,
    after_erase: AfterErase,
    /// How long an erasure waits for older transactions before it cleans up.
    patience: Duration,
}

/// An error of an operation.
fn said(operation: &'static str) -> impl Fn(Error) -> Error {
    move |error| error.with_operation(operation).with_provider(NAME)
}

impl PostgresLedger {
    /// Connects, and makes the tables or brings them up to date. Several may do
    /// so at once.
    ///
    /// # Errors
    /// `Config` for a setting that cannot be used, `Corrupt` if the tables were
    /// written by a newer version, `PermissionDenied` if they are not there and
    /// the user may not make them, and those of connecting.
    pub async fn open(config: &PostgresLedgerConfig) -> Result<Self> {
        let work = async {
            let db = Database::new(config.pool()?)?;
            transact!(&db, |session| schema::prepare(session, &config.schema))?;
            let name = format!("mem0 ledger {}", config.schema);
            let lock = Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()).as_u64_pair().0.cast_signed();
            let patience = Duration::from_secs_f64(config.statement_timeout_s);
            Ok(Self { db, lock, after_erase: config.after_erase, patience })
        };
        work.await.map_err(said("open"))
    }

    async fn client(&self) -> Result<Client> {
        self.db.client().await
    }

    /// Runs a statement by itself, again if others come in between.
    async fn run(&self, step: Step) -> Result<()> {
        let steps = [step];
        transact!(&self.db, |session| async {
            crate::shared::postgres::send(session.client()?, &steps).await?;
            session.done();
            Ok(())
        })
    }

    /// After an erasure was committed: what it leaves behind goes, as far as
    /// that was asked for.
    async fn clean(&self) -> Result<()> {
        if self.after_erase == AfterErase::Nothing {
            return Ok(());
        }
        write::erase::clean(&Session::start(&self.db).await?, self.after_erase, self.patience).await
    }
}

#[async_trait]
impl Ledger for PostgresLedger {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn revision(&self, scope: &Scope) -> Result<u64> {
        let work = async { scope::revision(&self.client().await?, scope).await };
        work.await.map_err(said("revision"))
    }

    async fn standing(&self, scope: &Scope, recent: usize, pending: usize) -> Result<Standing> {
        let work = async { scope::standing(&self.client().await?, scope, recent, pending).await };
        work.await.map_err(said("standing"))
    }

    async fn commit(&self, commits: Vec<Commit>) -> Result<Vec<Receipt>> {
        validate::validate(&commits)?;
        fail::fail_point!("ledger::commit::before");
        let work = async { transact!(&self.db, |session, alone| write::commit(session, self.lock, alone, &commits)) };
        let receipts = work.await.map_err(said("commit"))?;
        fail::fail_point!("ledger::commit::after");
        Ok(receipts)
    }

    async fn heads(&self, ids: &[MemoryId]) -> Result<Vec<Option<Head>>> {
        let work = async { read::heads(&self.client().await?, ids).await };
        work.await.map_err(said("heads"))
    }

    async fn get(&self, ids: &[MemoryId], view: &View) -> Result<Vec<Option<Memory>>> {
        let work = async { read::get(&self.client().await?, ids, view).await };
        work.await.map_err(said("get"))
    }

    async fn list(&self, query: &ListQuery) -> Result<Page<Memory>> {
        let work = async { read::list(&self.client().await?, query).await };
        work.await.map_err(said("list"))
    }

    async fn count(&self, scope: &Scope, filter: &Filter, view: &View) -> Result<u64> {
        let work = async { read::count_all(&self.client().await?, scope, filter, view).await };
        work.await.map_err(said("count"))
    }

    async fn history(&self, id: MemoryId) -> Result<Vec<LoggedChange>> {
        let work = async { read::history(&self.client().await?, id).await };
        work.await.map_err(said("history"))
    }

    async fn transaction(&self, txn: TxnId) -> Result<Vec<LoggedChange>> {
        let work = async { read::transaction(&self.client().await?, txn).await };
        work.await.map_err(said("transaction"))
    }

    async fn log(&self, scope: Option<&Scope>, after: u64, limit: usize) -> Result<Vec<LoggedChange>> {
        let work = async { transact!(&self.db, |session| read::log(session, self.lock, scope, after, limit)) };
        work.await.map_err(said("log"))
    }

    async fn keyword(&self, query: &KeywordQuery) -> Result<KeywordHits> {
        let work = async { read::keyword(&self.client().await?, query).await };
        work.await.map_err(said("keyword"))
    }

    async fn entities(&self, query: &EntityQuery) -> Result<Vec<Entity>> {
        let work = async { read::entities(&self.client().await?, query).await };
        work.await.map_err(said("entities"))
    }

    async fn speakers(&self, scope: &Scope, names: &[String]) -> Result<Vec<String>> {
        let work = async { read::speakers(&self.client().await?, scope, names).await };
        work.await.map_err(said("speakers"))
    }

    async fn mentioned(&self, query: &MentionQuery) -> Result<MentionHits> {
        let work = async { read::mentioned(&self.client().await?, query).await };
        work.await.map_err(said("mentioned"))
    }

    async fn nearest(&self, query: &NearestQuery) -> Result<Vec<ScoredPoint>> {
        let work = async { read::nearest(&self.client().await?, query).await };
        work.await.map_err(said("nearest"))
    }

    async fn vectors(&self, ids: &[MemoryId]) -> Result<Vec<Option<Vec<f32>>>> {
        let work = async { read::vectors(&self.client().await?, ids).await };
        work.await.map_err(said("vectors"))
    }

    async fn places(&self, ids: &[MemoryId]) -> Result<Vec<Option<Place>>> {
        let work = async { read::places(&self.client().await?, ids).await };
        work.await.map_err(said("places"))
    }

    async fn around(&self, of: &[Around], view: &View) -> Result<Vec<Vec<(i64, Memory)>>> {
        let work = async { read::around(&self.client().await?, of, view).await };
        work.await.map_err(said("around"))
    }

    async fn pending(&self, query: &PendingQuery) -> Result<Vec<Pending>> {
        validate::check_pending(query)?;
        let work = async {
            match &query.claim {
                Some(claim) => transact!(&self.db, |session| outbox::claim(session, query, claim)),
                None => outbox::pending(&self.client().await?, query).await,
            }
        };
        work.await.map_err(said("pending"))
    }

    async fn mark_projected(&self, done: &[(MemoryId, u64)]) -> Result<()> {
        let work = async { self.run(outbox::projected(done)?).await };
        work.await.map_err(said("mark_projected"))
    }

    async fn mark_failed(&self, failed: &[(MemoryId, u64)], not_before: Timestamp) -> Result<()> {
        let work = async { self.run(outbox::failed(failed, not_before)?).await };
        work.await.map_err(said("mark_failed"))
    }

    async fn projection(&self) -> Result<Option<Projection>> {
        let work = async { identity::projection(&self.client().await?).await };
        work.await.map_err(said("projection"))
    }

    async fn set_projection(&self, expected: Option<&Projection>, new: &Projection, since: u64) -> Result<()> {
        let work =
            async { transact!(&self.db, |session| identity::set_projection(session, self.lock, expected, new, since)) };
        work.await.map_err(said("set_projection"))
    }

    async fn missing_vectors(&self, identity: &EmbedderIdentity, limit: usize) -> Result<Vec<(MemoryId, u64, String)>> {
        let work = async { identity::missing_vectors(&self.client().await?, identity, limit).await };
        work.await.map_err(said("missing_vectors"))
    }

    async fn put_vectors(&self, identity: &EmbedderIdentity, vectors: &[(MemoryId, u64, Vec<f32>)]) -> Result<()> {
        for (id, _, vector) in vectors {
            validate::check_vector(vector, identity).map_err(|e| e.with_context("id", id))?;
        }
        let work = async { transact!(&self.db, |session| identity::put_vectors(session, identity, vectors)) };
        work.await.map_err(said("put_vectors"))
    }

    async fn last_seq(&self) -> Result<u64> {
        let work = async { transact!(&self.db, |session| read::last_seq(session, self.lock)) };
        work.await.map_err(said("last_seq"))
    }

    async fn messages(&self, scope: &Scope, limit: usize) -> Result<Vec<StoredMessage>> {
        let work = async { message::newest(&self.client().await?, scope, limit).await };
        work.await.map_err(said("messages"))
    }

    async fn scopes(&self, covering: Option<&Scope>, after: Option<&Scope>, limit: usize) -> Result<Vec<ScopeInfo>> {
        let work = async { scope::page(&self.client().await?, covering, after, limit).await };
        work.await.map_err(said("scopes"))
    }

    async fn erase(&self, scope: &Scope) -> Result<Erased> {
        let work = async {
            let erased = transact!(&self.db, |session| write::erase::erase(session, self.lock, scope))?;
            self.clean().await?;
            Ok(erased)
        };
        work.await.map_err(said("erase"))
    }

    async fn reset(&self) -> Result<Erased> {
        let work = async { transact!(&self.db, |session| write::erase::reset(session, self.lock)) };
        work.await.map_err(said("reset"))
    }

    async fn enqueue(&self, jobs: Vec<Job>) -> Result<()> {
        check_new_jobs(&jobs)?;
        let work = async { transact!(&self.db, |session| jobs::enqueue(session, &jobs)) };
        work.await.map_err(said("enqueue"))
    }

    async fn lease_job(&self, owner: &str, now: Timestamp, until: Timestamp) -> Result<Option<Job>> {
        let work = async { jobs::lease(&self.client().await?, owner, now, until).await };
        work.await.map_err(said("lease_job"))
    }

    async fn end_job(&self, id: JobId, owner: &str, end: JobEnd, at: Timestamp) -> Result<bool> {
        let work = async { transact!(&self.db, |session| jobs::end(session, id, owner, &end, at)) };
        work.await.map_err(said("end_job"))
    }

    async fn extend_job(&self, id: JobId, owner: &str, until: Timestamp) -> Result<bool> {
        let work = async { jobs::extend(&self.client().await?, id, owner, until).await };
        work.await.map_err(said("extend_job"))
    }

    async fn job(&self, id: JobId) -> Result<Option<Job>> {
        let work = async { jobs::get(&self.client().await?, id).await };
        work.await.map_err(said("job"))
    }

    async fn jobs(&self, query: &JobQuery) -> Result<Vec<Job>> {
        let work = async { jobs::list(&self.client().await?, query).await };
        work.await.map_err(said("jobs"))
    }

    async fn cancel_job(&self, id: JobId, at: Timestamp) -> Result<bool> {
        let work = async { transact!(&self.db, |session| jobs::cancel(session, id, at)) };
        work.await.map_err(said("cancel_job"))
    }

    async fn prune_jobs(&self, ended_before: Timestamp) -> Result<u64> {
        let work = async { jobs::prune(&self.client().await?, ended_before).await };
        work.await.map_err(said("prune_jobs"))
    }

    async fn spend(
        &self,
        scope: &Scope,
        period: Timestamp,
        amount: Spend,
        limit: Option<Spend>,
    ) -> Result<SpendOutcome> {
        let work = async { transact!(&self.db, |session| spending::spend(session, scope, period, amount, limit)) };
        work.await.map_err(said("spend"))
    }

    async fn refund(&self, scope: &Scope, period: Timestamp, amount: Spend) -> Result<()> {
        let work = async { transact!(&self.db, |session| spending::refund(session, scope, period, amount)) };
        work.await.map_err(said("refund"))
    }

    async fn spent(&self, scope: &Scope, period: Timestamp) -> Result<Spend> {
        let work = async { spending::spent(&self.client().await?, scope, period).await };
        work.await.map_err(said("spent"))
    }

    async fn note_uses(&self, ids: &[MemoryId], at: Timestamp) -> Result<()> {
        let work = async { uses::note(&self.client().await?, ids, at).await };
        work.await.map_err(said("note_uses"))
    }

    async fn uses(&self, ids: &[MemoryId]) -> Result<Vec<Option<Use>>> {
        let work = async { uses::uses(&self.client().await?, ids).await };
        work.await.map_err(said("uses"))
    }

    async fn stats(&self, scope: Option<&Scope>) -> Result<LedgerStats> {
        let work = async { stats::stats(&self.client().await?, scope).await };
        work.await.map_err(said("stats"))
    }

    async fn check(&self) -> Result<Vec<String>> {
        let work = async { transact!(&self.db, |session| check::check(session)) };
        work.await.map_err(said("check"))
    }
}
