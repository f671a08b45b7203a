//! Changes by the caller's own words: update, delete, undo, erase, reset.

use futures::FutureExt as _;
use futures::future::BoxFuture;

use crate::engine::cost::{self, Cost, Part, timed};
use crate::engine::options::{ListOptions, UpdateOptions, UpdateRequest, When};
use crate::engine::plan::{self, Planned};
use crate::engine::results::{ChangeResult, Degraded, DeleteAllResult, EraseReceipt};
use crate::engine::{Mem0, validate};
use crate::error::{Error, ErrorKind, Result, Retry};
use crate::filter::Filter;
use crate::traits::embedder::Purpose;
use crate::traits::ledger::{Commit, LoggedChange, Outcome, Receipt, View};
use crate::traits::vector_store::Selector;
use crate::types::ids::{MemoryId, TxnId};
use crate::types::memory::{Event, EventKind, Memory, Metadata};
use crate::types::scope::Scope;
use crate::types::time::Timestamp;

/// How many memories one transaction of `delete_all` removes.
const PAGE: usize = 1_000;

/// How often a change of one memory is tried again when somebody else changed
/// it at the same moment.
const RETRIES: u32 = 16;

/// Plans as of a moment, as often as it takes. A boxed future, since that of an
/// async closure could not be sent to another thread.
type Planner<'p> = &'p (dyn Fn(Timestamp) -> BoxFuture<'p, Result<Vec<Planned>>> + Send + Sync);

impl Mem0 {
    /// Changes a memory; the version before stays in its history.
    ///
    /// A change of metadata alone does not embed anything. An update that
    /// changes nothing is `NONE` and writes nothing.
    ///
    /// # Errors
    /// `NotFound` if the memory does not exist, was deleted, or is not in the
    /// scope; `Conflict` if `expected_version` is not its version;
    /// `InvalidInput` as for `add`; those of ledger and embedder.
    pub async fn update(&self, id: MemoryId, options: UpdateOptions) -> Result<ChangeResult> {
        let mut results = self.update_many(vec![UpdateRequest::new(id, options)]).await?;
        results.pop().ok_or_else(|| Error::internal("no result for an update"))
    }

    /// Many updates in one embedding batch and one transaction: all or none.
    ///
    /// # Errors
    /// As [`Mem0::update`]; `InvalidInput` if an id occurs twice.
    pub async fn update_many(&self, requests: Vec<UpdateRequest>) -> Result<Vec<ChangeResult>> {
        self.inner.limits.batch(requests.len())?;
        distinct(requests.iter().map(|request| request.id))?;
        for request in &requests {
            self.check_update(&request.options)?;
        }
        let texts: Vec<&str> = requests.iter().filter_map(|request| request.options.text.as_deref()).collect();
        let (vectors, embedding) = cost::counted(self.embed(&texts, Purpose::Store)).await?;
        let ids: Vec<MemoryId> = requests.iter().map(|request| request.id).collect();
        let explicit = requests.iter().any(|request| request.options.expected_version.is_some());
        let retries = if explicit { 0 } else { RETRIES };
        let (vectors, ids, requests) = (&vectors, &ids, &requests);
        let plan = |now| {
            async move {
                let mut vectors = vectors.iter();
                let bases = self.live(ids, now).await?;
                let mut planned = Vec::with_capacity(requests.len());
                for (UpdateRequest { id, options }, base) in requests.iter().zip(bases) {
                    let vector = options.text.is_some().then(|| vectors.next().cloned()).flatten();
                    let base = in_scope(*id, base, options.scope.as_ref())?;
                    planned.push(self.plan_update(base, options, vector, now)?);
                }
                Ok(planned)
            }
            .boxed()
        };
        let mut changed = self.commit_changes(retries, &plan).await?;
        for change in &mut changed {
            change.cost = change.cost + embedding;
        }
        Ok(changed)
    }

    fn check_update(&self, options: &UpdateOptions) -> Result<()> {
        let UpdateOptions { text, metadata, categories, expires_at, .. } = options;
        if text.is_none() && metadata.is_none() && categories.is_none() && expires_at.is_none() {
            return Err(Error::invalid("nothing to update: give a text, metadata, categories or an expiry"));
        }
        if let Some(text) = text {
            self.inner.limits.text("the new text", text)?;
        }
        if let Some(metadata) = metadata {
            self.inner.limits.metadata(metadata)?;
        }
        if let Some(categories) = categories {
            self.inner.limits.categories(categories.clone())?;
        }
        Ok(())
    }

    fn plan_update(
        &self,
        base: Memory,
        options: &UpdateOptions,
        vector: Option<Vec<f32>>,
        now: Timestamp,
    ) -> Result<Planned> {
        if let Some(expected) = options.expected_version
            && expected != base.version
        {
            return Err(Error::new(ErrorKind::Conflict, "the memory has another version; read it again")
                .with_context("id", base.id)
                .with_context("version", base.version));
        }
        let mut content = base.content.clone();
        if let Some(text) = &options.text {
            content.text.clone_from(text);
        }
        if let Some(patch) = &options.metadata {
            merge(&mut content.metadata, patch);
            self.inner.limits.metadata(&content.metadata)?;
        }
        if let Some(categories) = &options.categories {
            content.categories = self.inner.limits.categories(categories.clone())?;
        }
        if let Some(expires_at) = options.expires_at {
            content.expires_at = expires_at;
        }
        let same_text = content.text == base.content.text;
        if content == base.content && options.valid_from.is_none() {
            let id = base.id;
            return Ok(Planned { change: None, base: Some(base), id, event: Event::None, content, reason: None });
        }
        // A new text is a new truth from now on; the rest describes the old.
        if !same_text || options.valid_from.is_some() {
            content.valid_from = Some(options.valid_from.unwrap_or(now));
        }
        let vector = vector.filter(|_| !same_text);
        let reason = options.reason.clone();
        let change = plan::revision(&base, content.clone(), vector, EventKind::Update, reason.clone());
        let id = base.id;
        Ok(Planned { change: Some(change), base: Some(base), id, event: Event::Update, content, reason })
    }

    /// Removes a memory. Its history stays readable until `erase`, and `undo`
    /// brings it back.
    ///
    /// # Errors
    /// `NotFound` if it does not exist, was deleted, or is not in the scope;
    /// those of the ledger.
    pub async fn delete(&self, id: MemoryId, scope: Option<&Scope>) -> Result<ChangeResult> {
        let mut results = self.delete_many(&[id], scope).await?;
        results.pop().ok_or_else(|| Error::internal("no result for a delete"))
    }

    /// Removes many memories in one transaction: all or none.
    ///
    /// # Errors
    /// As [`Mem0::delete`]; `InvalidInput` if an id occurs twice.
    pub async fn delete_many(&self, ids: &[MemoryId], scope: Option<&Scope>) -> Result<Vec<ChangeResult>> {
        self.inner.limits.batch(ids.len())?;
        distinct(ids.iter().copied())?;
        let plan = |now| {
            async move {
                let bases = self.live(ids, now).await?;
                let mut planned = Vec::with_capacity(ids.len());
                for (id, base) in ids.iter().zip(bases) {
                    planned.push(deletion(in_scope(*id, base, scope)?));
                }
                Ok(planned)
            }
            .boxed()
        };
        self.commit_changes(RETRIES, &plan).await
    }

    /// Removes every memory that the scope covers and the filter matches, and
    /// says how many; the scope itself is required. Without a filter the kept
    /// messages of the scope go too.
    ///
    /// Works in transactions of 1,000. Histories stay until `erase`.
    ///
    /// # Errors
    /// `InvalidInput` for a bad filter; those of the ledger, with what was
    /// removed before staying removed.
    pub async fn delete_all(&self, scope: &Scope, filter: &Filter) -> Result<DeleteAllResult> {
        validate::filter(filter)?;
        let mut result = DeleteAllResult { deleted: 0, degraded: Vec::new(), cost: Cost::default() };
        loop {
            let page = ListOptions::default()
                .limit(PAGE.min(self.inner.limits.page))
                .filter(filter.clone())
                .when(When::with_expired());
            let page = self.get_all(scope, page).await?;
            result.cost = result.cost + page.cost;
            if page.results.is_empty() {
                break;
            }
            let ids: Vec<MemoryId> = page.results.iter().map(|memory| memory.id).collect();
            let ids = &ids;
            // Somebody else may have removed some meanwhile.
            let plan = |now| {
                async move { Ok(self.live(ids, now).await?.into_iter().flatten().map(deletion).collect()) }.boxed()
            };
            let gone = self.commit_changes(RETRIES, &plan).await?;
            result.deleted += gone.len() as u64;
            result.cost = result.cost + gone.first().map(|change| change.cost).unwrap_or_default();
            for degraded in gone.into_iter().flat_map(|change| change.degraded) {
                if !result.degraded.contains(&degraded) {
                    result.degraded.push(degraded);
                }
            }
        }
        if filter.is_all() {
            self.forget_messages(scope).await?;
        }
        Ok(result)
    }

    async fn forget_messages(&self, scope: &Scope) -> Result<()> {
        let mut after: Option<Scope> = None;
        loop {
            let scopes = self.inner.ledger.scopes(Some(scope), after.as_ref(), PAGE).await?;
            let Some(last) = scopes.last() else { return Ok(()) };
            after = Some(last.scope.clone());
            let now = self.now();
            let commits = scopes
                .into_iter()
                .map(|info| Commit {
                    forget_messages: true,
                    ..self.empty_commit(info.scope, now, self.inner.clock.txn_id())
                })
                .collect();
            self.inner.ledger.commit(commits).await?;
        }
    }

    /// Takes the last change of a memory back: an update, a supersession, a
    /// deletion, an addition, or an undo. The undone version stays in the
    /// history.
    ///
    /// # Errors
    /// `NotFound` if there never was such a memory in the scope; `Conflict` if
    /// it changes at this moment; those of the ledger.
    pub async fn undo(&self, id: MemoryId, scope: Option<&Scope>) -> Result<ChangeResult> {
        self.head(id, scope).await?;
        let plan = |_| async move { Ok(vec![undo_last(&self.inner.ledger.history(id).await?)?]) }.boxed();
        let mut results = self.commit_changes(RETRIES, &plan).await?;
        results.pop().ok_or_else(|| Error::internal("no result for an undo"))
    }

    /// Takes a whole commit back, for instance everything that one `add` did.
    /// Only the memories that were not changed since: if any was, nothing is
    /// taken back.
    ///
    /// # Errors
    /// `NotFound` if there is no such commit in the scope; `Conflict` if a
    /// memory of it was changed since; those of the ledger.
    pub async fn undo_commit(&self, txn: TxnId, scope: Option<&Scope>) -> Result<Vec<ChangeResult>> {
        let log = self.inner.ledger.transaction(txn).await?;
        let seen = |event: &&LoggedChange| scope.is_none_or(|scope| scope.covers(&event.scope));
        let mut ids: Vec<MemoryId> = log.iter().filter(seen).map(|event| event.change.id).collect();
        if ids.is_empty() {
            return Err(Error::not_found("no such commit in this scope").with_context("txn", txn));
        }
        ids.sort_unstable();
        ids.dedup();
        let ids = &ids;
        let plan = |_| {
            async move {
                let mut planned = Vec::with_capacity(ids.len());
                for id in ids {
                    let history = self.inner.ledger.history(*id).await?;
                    planned.push(undo_commit(&history, txn)?);
                }
                Ok(planned)
            }
            .boxed()
        };
        self.commit_changes(0, &plan).await
    }

    /// Removes everything that the scope covers for good: memories, every
    /// version, vectors, kept messages and the traces of them in indexes and
    /// on disk; reads again; and returns what went. There is no undo.
    ///
    /// # Errors
    /// Those of the ledger. If the vector store does not answer, its points
    /// are queued for deletion and the receipt says so.
    pub async fn erase(&self, scope: &Scope) -> Result<EraseReceipt> {
        let active = self.active();
        // The vectors first, so that a ledger in the same file takes their
        // traces out with its own.
        let removed = match active.collection().await {
            Ok(collection) => collection.delete(&Selector::Scope(scope.clone())).await,
            Err(e) => Err(e),
        };
        let (points, mut degraded) = match removed {
            Ok(points) => (points, Vec::new()),
            Err(e) if e.retry() != Retry::Never => (0, vec![Degraded::VectorStoreDown]),
            Err(e) => return Err(e),
        };
        fail::fail_point!("engine::erase::points_gone");
        let ledger = self.inner.ledger.erase(scope).await?;
        // What another writer projected in between is queued as deletions.
        if self.flush().await?.degraded && degraded.is_empty() {
            degraded.push(Degraded::VectorStoreDown);
        }
        let left = self.inner.ledger.stats(Some(scope)).await?;
        let in_ledger = left.memories + left.deleted + left.superseded + left.events + left.messages;
        let in_store = match active.collection().await {
            Ok(collection) => collection.count(Some(scope), &Filter::All).await.ok(),
            Err(_) => None,
        };
        Ok(EraseReceipt {
            scope: scope.clone(),
            erased_at: self.now(),
            ledger,
            points,
            verified: in_ledger == 0 && in_store == Some(0) && degraded.is_empty(),
            degraded,
        })
    }

    /// Removes everything of everybody, for good, and says how many memories
    /// went.
    ///
    /// # Errors
    /// Those of ledger and vector store.
    pub async fn reset(&self) -> Result<u64> {
        let active = self.active();
        active.store.drop_collection(&active.projection.collection).await?;
        let fresh = super::Active::new(
            std::sync::Arc::clone(&active.store),
            std::sync::Arc::clone(&active.embedder),
            &active.projection.collection,
        );
        self.swap(std::sync::Arc::new(fresh));
        let erased = self.inner.ledger.reset().await?;
        self.flush().await?;
        Ok(erased.memories)
    }

    /// Gives memories a new version with the same content.
    pub(super) async fn touch(&self, memories: Vec<Memory>) -> Result<()> {
        let reason = "imported again after an erasure".to_owned();
        let planned: Vec<Planned> = memories
            .into_iter()
            .map(|base| {
                let content = base.content.clone();
                let change = plan::revision(&base, content.clone(), None, EventKind::Update, Some(reason.clone()));
                let id = base.id;
                Planned { change: Some(change), base: Some(base), id, event: Event::Update, content, reason: None }
            })
            .collect();
        let planned = &planned;
        self.commit_changes(0, &|_| async move { Ok(planned.clone()) }.boxed()).await?;
        Ok(())
    }

    async fn live(&self, ids: &[MemoryId], now: Timestamp) -> Result<Vec<Option<Memory>>> {
        let view = View { include_expired: true, ..View::current(now) };
        timed(Part::Ledger, self.inner.ledger.get(ids, &view)).await
    }

    pub(super) fn empty_commit(&self, scope: Scope, at: Timestamp, txn: TxnId) -> Commit {
        Commit {
            scope,
            txn,
            at,
            identity: self.active().projection.identity.clone(),
            expected_revision: None,
            changes: Vec::new(),
            messages: Vec::new(),
            forget_messages: false,
            idempotency: None,
            claim: self.claim(at),
        }
    }

    /// Plans, commits all scopes in one transaction, and projects. Plans again
    /// when somebody else was faster.
    async fn commit_changes(&self, retries: u32, plan: Planner<'_>) -> Result<Vec<ChangeResult>> {
        let (mut results, cost) = cost::counted(self.changed(retries, plan)).await?;
        for result in &mut results {
            result.cost = cost;
        }
        Ok(results)
    }

    async fn changed(&self, retries: u32, plan: Planner<'_>) -> Result<Vec<ChangeResult>> {
        let mut round = 0;
        let (planned, groups, receipts, now) = loop {
            let now = self.now();
            let planned = plan(now).await?;
            let txn = self.inner.clock.txn_id();
            let groups = by_scope(&planned);
            let commits: Vec<Commit> = groups
                .iter()
                .map(|(scope, members)| Commit {
                    changes: members.iter().filter_map(|index| planned.get(*index)?.change.clone()).collect(),
                    ..self.empty_commit(scope.clone(), now, txn)
                })
                .collect();
            fail::fail_point!("engine::change::before_commit");
            match timed(Part::Ledger, self.inner.ledger.commit(commits)).await {
                Err(e) if e.kind() == ErrorKind::Conflict && round < retries => round += 1,
                other => break (planned, groups, other?, now),
            }
        };
        fail::fail_point!("engine::change::committed");
        let mut pending = Vec::new();
        let mut versions: Vec<Option<u64>> = vec![None; planned.len()];
        for ((scope, members), receipt) in groups.iter().zip(&receipts) {
            let group: Vec<Planned> = members.iter().filter_map(|index| planned.get(*index).cloned()).collect();
            self.pending_of(&group, receipt, scope, now, &mut pending).await?;
            note_versions(&mut versions, members, receipt);
        }
        let degraded: Vec<Degraded> = self.project_committed(pending).await.into_iter().collect();
        Ok(planned
            .into_iter()
            .zip(versions)
            .map(|(planned, version)| {
                let version = version.or(planned.base.map(|base| base.version)).unwrap_or_default();
                let degraded = degraded.clone();
                ChangeResult { id: planned.id, event: planned.event, version, degraded, cost: Cost::default() }
            })
            .collect())
    }
}

/// The members of the plan that write, by exact scope.
fn by_scope(planned: &[Planned]) -> Vec<(Scope, Vec<usize>)> {
    let mut groups: Vec<(Scope, Vec<usize>)> = Vec::new();
    for (index, member) in planned.iter().enumerate() {
        let (Some(_), Some(base)) = (&member.change, &member.base) else { continue };
        match groups.iter_mut().find(|(scope, _)| *scope == base.scope) {
            Some((_, members)) => members.push(index),
            None => groups.push((base.scope.clone(), vec![index])),
        }
    }
    groups
}

fn note_versions(versions: &mut [Option<u64>], members: &[usize], receipt: &Receipt) {
    for (index, outcome) in members.iter().zip(&receipt.outcomes) {
        if let (Some(slot), Outcome::Applied { version, .. }) = (versions.get_mut(*index), outcome) {
            *slot = Some(*version);
        }
    }
}

fn deletion(base: Memory) -> Planned {
    let change = plan::ending(base.id, base.version, EventKind::Delete, None, None, Vec::new());
    let content = base.content.clone();
    Planned { change: Some(change), id: base.id, event: Event::Delete, content, reason: None, base: Some(base) }
}

/// The change that takes the last event of a history back.
fn undo_last(log: &[LoggedChange]) -> Result<Planned> {
    let (last, before) = log.split_last().ok_or_else(|| Error::not_found("no such memory"))?;
    undo_to(last, before, format!("took back {}", last.change.kind.as_str()))
}

/// The change that takes every event of a commit back, if they are the last.
fn undo_commit(log: &[LoggedChange], txn: TxnId) -> Result<Planned> {
    let last = log.last().ok_or_else(|| Error::not_found("no such memory"))?;
    if last.txn != txn {
        return Err(Error::new(ErrorKind::Conflict, "a memory of this commit was changed since; undo that first")
            .with_context("id", last.change.id)
            .with_retry(Retry::Never));
    }
    let first = log.iter().position(|event| event.txn == txn).unwrap_or(0);
    let before = log.get(..first).unwrap_or_default();
    undo_to(last, before, format!("took back commit {txn}"))
}

fn undo_to(last: &LoggedChange, before: &[LoggedChange], reason: String) -> Result<Planned> {
    let id = last.change.id;
    let content = before.last().and_then(|event| event.change.content.clone());
    // The text that holds again was embedded when it was written.
    let vector = content.as_ref().and_then(|content| {
        let same = |event: &&LoggedChange| {
            event.change.vector.is_some() && event.change.content.as_ref().is_some_and(|c| c.text == content.text)
        };
        before.iter().rev().find(same)?.change.vector.clone()
    });
    if content.is_some() && vector.is_none() {
        return Err(Error::corrupt("the ledger has no vector for the version before").with_context("id", id));
    }
    let first = before.first().unwrap_or(last);
    let created_at = first.change.created_at.unwrap_or(first.at);
    let shown = content.clone().unwrap_or_default();
    let base = Memory {
        version: last.change.base_version + 1,
        ..Memory::new(id, last.scope.clone(), last.change.content.clone().unwrap_or_default(), created_at)
    };
    let (event, change) = match content {
        Some(content) => (
            if last.change.content.is_some() { Event::Update } else { Event::Add },
            plan::revision(&base, content, vector, EventKind::Undo, Some(reason.clone())),
        ),
        None => {
            (Event::Delete, plan::ending(id, base.version, EventKind::Undo, None, Some(reason.clone()), Vec::new()))
        }
    };
    Ok(Planned { change: Some(change), base: Some(base), id, event, content: shown, reason: Some(reason) })
}

fn in_scope(id: MemoryId, memory: Option<Memory>, scope: Option<&Scope>) -> Result<Memory> {
    memory
        .filter(|memory| scope.is_none_or(|scope| scope.covers(&memory.scope)))
        .ok_or_else(|| Error::not_found("no such memory in this scope").with_context("id", id))
}

fn distinct(ids: impl Iterator<Item = MemoryId>) -> Result<()> {
    let mut ids: Vec<MemoryId> = ids.collect();
    ids.sort_unstable();
    match ids.iter().zip(ids.iter().skip(1)).find(|(a, b)| a == b) {
        Some((id, _)) => Err(Error::invalid("an id occurs twice in the batch").with_context("id", id)),
        None => Ok(()),
    }
}

/// JSON merge patch (RFC 7396), top level: null removes a key, nested objects
/// merge, everything else replaces.
fn merge(target: &mut Metadata, patch: &Metadata) {
    use serde_json::Value;
    for (key, value) in patch {
        match (value, target.get_mut(key)) {
            (Value::Null, _) => {
                target.remove(key);
            }
            (Value::Object(patch), Some(Value::Object(inner))) => merge(inner, patch),
            (Value::Object(patch), _) => {
                let mut inner = Metadata::new();
                merge(&mut inner, patch);
                target.insert(key.clone(), Value::Object(inner));
            }
            (value, _) => {
                target.insert(key.clone(), value.clone());
            }
        }
    }
}
