//! `add`: messages to memories.

use std::collections::HashMap;
use std::time::Duration;

use serde::Serialize;

use crate::engine::Mem0;
use crate::engine::options::{AddInput, AddOptions, AddRequest};
use crate::engine::plan::{self, Planned, Planner};
use crate::engine::results::{AddItem, AddResult, Degraded};
use crate::error::{Error, ErrorKind, Result};
use crate::filter::Filter;
use crate::traits::embedder::{Embedder, Purpose};
use crate::traits::extract::{Candidate, Decision, Dropped, ExtractRequest, Neighbour};
use crate::traits::ledger::{Commit, Idempotency, Outcome, Pending, Receipt, StoredMessage, View};
use crate::types::ids::MemoryId;
use crate::types::memory::{Content, Event, EventKind, Memory, MemoryKind, Metadata};
use crate::types::message::{Message, Role};
use crate::types::scope::{Scope, ScopeKey};
use crate::types::time::Timestamp;

/// How many messages said before are shown to the extractor.
const RECENT: usize = 10;

/// How often a plan is made anew because others changed the scope meanwhile.
/// Each round somebody got through, so this many writers can contend.
const REPLANS: u32 = 64;

/// An `add` that has passed every check and waits for vectors.
#[derive(Debug)]
struct Prepared {
    scope: Scope,
    messages: Vec<StoredMessage>,
    facts: Vec<Content>,
    dropped: Vec<Dropped>,
    idempotency: Option<Idempotency>,
    reconcile: bool,
}

impl Mem0 {
    /// Remembers what was said.
    ///
    /// With `infer` (the default) facts are extracted by the engine's policy
    /// and reconciled with what the exact scope knows: an item says `ADD`,
    /// `UPDATE` (the version before stays in the history), `DELETE` (ended by
    /// a newer fact) or `NONE` (known). With `infer = false` each message is
    /// stored as it was said, with speaker, time and source; system and tool
    /// messages are reported as dropped. The same text of the same speaker
    /// (and time, where given) in one scope is stored once.
    ///
    /// Embeds all texts in one batch. The commit is durable when the call
    /// returns.
    ///
    /// # Errors
    /// `InvalidInput` for empty or oversized text, reserved metadata keys, a
    /// procedure without `agent_id` (before any I/O); `Conflict` if the scope
    /// is changed by others all the time; `AlreadyExists` if the idempotency
    /// key was used for other input; those of ledger and embedder. Not those
    /// of the vector store: see `degraded` in the result.
    ///
    /// # Cancel safety
    /// Dropping the future leaves either nothing or the whole result.
    pub async fn add(&self, input: impl Into<AddInput>, scope: &Scope, options: AddOptions) -> Result<AddResult> {
        let request = AddRequest::new(input, scope.clone(), options);
        let mut results = self.add_many(vec![request]).await?;
        results.pop().ok_or_else(|| Error::internal("no result for an add"))
    }

    /// Many `add`s at once: one embedding batch, and for those that do not
    /// reconcile one transaction. Results are in the order of the requests.
    ///
    /// # Errors
    /// As [`Mem0::add`]; bad input in any request refuses all of them before
    /// any I/O. Requests that reconcile commit one by one: an error in one
    /// leaves those before it done.
    pub async fn add_many(&self, requests: Vec<AddRequest>) -> Result<Vec<AddResult>> {
        self.inner.limits.batch(requests.len())?;
        let now = self.now();
        for request in &requests {
            self.check_add(request)?;
        }
        let mut prepared = Vec::with_capacity(requests.len());
        for request in requests {
            prepared.push(self.prepare(request, now).await?);
        }
        let vectors = self.embed_texts(prepared.iter().flat_map(|p| &p.facts)).await?;
        let (reconciled, direct): (Vec<_>, Vec<_>) =
            prepared.into_iter().enumerate().partition(|(_, prepared)| prepared.reconcile);
        let mut results: Vec<(usize, AddResult)> = self.add_direct(direct, &vectors, now).await?;
        for (index, prepared) in reconciled {
            results.push((index, self.add_reconciled(prepared, &vectors).await?));
        }
        results.sort_unstable_by_key(|(index, _)| *index);
        Ok(results.into_iter().map(|(_, result)| result).collect())
    }

    fn check_add(&self, request: &AddRequest) -> Result<()> {
        let limits = &self.inner.limits;
        let options = &request.options;
        let messages = request.input.messages();
        limits.messages(messages.len())?;
        for message in messages {
            limits.text("a message", &message.content)?;
        }
        limits.metadata(&options.metadata)?;
        limits.categories(options.categories.clone())?;
        if options.idempotency_key.as_deref().is_some_and(|key| key.is_empty() || key.len() > 256) {
            return Err(Error::invalid("an idempotency key is 1 to 256 bytes"));
        }
        if options.kind == Some(MemoryKind::Procedure) && request.scope.get(ScopeKey::AgentId).is_none() {
            return Err(Error::invalid("a procedure belongs to an agent: the scope needs an agent_id"));
        }
        Ok(())
    }

    async fn prepare(&self, request: AddRequest, now: Timestamp) -> Result<Prepared> {
        let AddRequest { input, scope, options } = request;
        let idempotency = match &options.idempotency_key {
            Some(key) => Some(Idempotency { key: key.clone(), digest: digest(&input, &options)? }),
            None => None,
        };
        let mut times = Vec::new();
        let messages: Vec<StoredMessage> = input
            .into_messages()
            .into_iter()
            .map(|Message { role, content, name, id, timestamp, .. }| {
                let stated = timestamp.or(options.timestamp);
                times.push(stated);
                let id = id.unwrap_or_else(|| self.inner.clock.uuid().to_string());
                StoredMessage { id, role, name, content, at: stated.unwrap_or(now) }
            })
            .collect();
        let mut dropped = Vec::new();
        let reconcile = options.infer && options.kind != Some(MemoryKind::Procedure);
        let mut facts = if reconcile {
            let recent = self.inner.ledger.messages(&scope, RECENT).await?;
            let request = ExtractRequest::new(scope.clone(), messages.clone(), now).with_recent(recent);
            let extraction = self.inner.extractor.extract(&request).await?;
            dropped = extraction.dropped;
            extraction.facts
        } else {
            let mut said = Vec::new();
            for (message, stated) in messages.iter().zip(times) {
                match plan::content_of(message) {
                    Ok(content) => said.push(Content { valid_from: stated, ..content }),
                    Err(why) => dropped.push(why),
                }
            }
            if options.kind == Some(MemoryKind::Procedure) { procedure(said) } else { said }
        };
        let categories = self.inner.limits.categories(options.categories)?;
        for fact in &mut facts {
            fact.metadata.extend(options.metadata.clone());
            fact.categories.extend(categories.iter().cloned());
            fact.categories.sort_unstable();
            fact.categories.dedup();
            fact.expires_at = fact.expires_at.or(options.expires_at);
            fact.kind = options.kind.unwrap_or(fact.kind);
        }
        Ok(Prepared { scope, messages, facts, dropped, idempotency, reconcile })
    }

    /// The vector of each distinct text, in one batch.
    async fn embed_texts<'a>(&self, facts: impl Iterator<Item = &'a Content>) -> Result<HashMap<String, Vec<f32>>> {
        let mut texts: Vec<&str> = facts.map(|fact| fact.text.as_str()).collect();
        texts.sort_unstable();
        texts.dedup();
        let vectors = self.embed(&texts, Purpose::Store).await?;
        Ok(texts.into_iter().map(str::to_owned).zip(vectors).collect())
    }

    /// What does not depend on what the scope holds: one transaction for all.
    async fn add_direct(
        &self,
        prepared: Vec<(usize, Prepared)>,
        vectors: &HashMap<String, Vec<f32>>,
        now: Timestamp,
    ) -> Result<Vec<(usize, AddResult)>> {
        let mut commits = Vec::with_capacity(prepared.len());
        let mut plans = Vec::with_capacity(prepared.len());
        for (index, prepared) in prepared {
            let mut planner = Vec::with_capacity(prepared.facts.len());
            for content in &prepared.facts {
                let vector = vectors.get(&content.text).cloned();
                let vector = vector.ok_or_else(|| Error::internal("no vector for a text that is to be stored"))?;
                let id = self.inner.clock.memory_id();
                planner.push(Planned {
                    change: Some(plan::addition(id, content.clone(), vector)),
                    base: None,
                    id,
                    event: Event::Add,
                    content: content.clone(),
                    reason: None,
                });
            }
            let Prepared { scope, messages, dropped, idempotency, .. } = prepared;
            commits.push(self.commit_of(scope, now, None, &planner, messages, idempotency));
            plans.push((index, planner, dropped));
        }
        if commits.is_empty() {
            return Ok(Vec::new());
        }
        let scopes: Vec<Scope> = commits.iter().map(|commit| commit.scope.clone()).collect();
        fail::fail_point!("engine::add::before_commit");
        let receipts = self.inner.ledger.commit(commits).await?;
        fail::fail_point!("engine::add::committed");
        let mut pending = Vec::new();
        for ((_, planned, _), (receipt, scope)) in plans.iter().zip(receipts.iter().zip(&scopes)) {
            self.pending_of(planned, receipt, scope, now, &mut pending).await?;
        }
        let degraded = self.project_committed(pending).await;
        let mut results = Vec::with_capacity(plans.len());
        for ((index, planned, dropped), receipt) in plans.into_iter().zip(receipts) {
            results.push((index, self.add_result(planned, dropped, receipt, degraded).await?));
        }
        Ok(results)
    }

    /// What is reconciled with what the scope knows: planned on a revision of
    /// the scope, and planned again if others changed it before the commit.
    async fn add_reconciled(&self, prepared: Prepared, vectors: &HashMap<String, Vec<f32>>) -> Result<AddResult> {
        let Prepared { scope, messages, facts, dropped, idempotency, .. } = prepared;
        for round in 0..=REPLANS {
            let now = self.now();
            let revision = self.inner.ledger.revision(&scope).await?;
            let candidates = self.candidates(&scope, &facts, vectors, now).await?;
            let decisions = self.inner.reconciler.reconcile(&candidates, now).await?;
            let decided = self.decided_texts(&decisions, vectors).await?;
            let planned =
                Planner::new(&scope, now, &*self.inner.clock, [vectors, &decided]).plan(candidates, decisions)?;
            // A plan that changes nothing is right whatever happened since.
            let expected = planned.iter().any(|p| p.change.is_some()).then_some(revision);
            let commit = self.commit_of(scope.clone(), now, expected, &planned, messages.clone(), idempotency.clone());
            fail::fail_point!("engine::add::before_commit");
            let receipt = match self.inner.ledger.commit(vec![commit]).await {
                Err(e) if e.kind() == ErrorKind::Conflict && round < REPLANS => {
                    tracing::debug!(round, "the scope changed while the plan was made; planning again");
                    tokio::time::sleep(self.pause(round)).await;
                    continue;
                }
                other => other?.pop().ok_or_else(|| Error::internal("no receipt for a commit"))?,
            };
            fail::fail_point!("engine::add::committed");
            let mut pending = Vec::new();
            self.pending_of(&planned, &receipt, &scope, now, &mut pending).await?;
            let degraded = self.project_committed(pending).await;
            return self.add_result(planned, dropped, receipt, degraded).await;
        }
        Err(Error::new(ErrorKind::Conflict, "others change this scope all the time; try again later"))
    }

    /// A random wait, so that contending writers do not meet again: up to
    /// 1 ms, growing to 32 ms.
    fn pause(&self, round: u32) -> Duration {
        let ceiling = 1_000_u64 << round.min(5);
        let (_, random) = self.inner.clock.uuid().as_u64_pair();
        Duration::from_micros(random % ceiling)
    }

    /// Each fact with the nearest memories of the exact scope.
    async fn candidates(
        &self,
        scope: &Scope,
        facts: &[Content],
        vectors: &HashMap<String, Vec<f32>>,
        now: Timestamp,
    ) -> Result<Vec<Candidate>> {
        // A read covers wider scopes; a memory of exactly this scope has none
        // of the other ids.
        let exact = ScopeKey::ALL.into_iter().filter(|key| scope.get(*key).is_none());
        let exact = Filter::all_of(exact.map(|key| Filter::is_null(key.as_str())));
        let questions: Vec<Vec<f32>> = facts.iter().filter_map(|fact| vectors.get(&fact.text).cloned()).collect();
        let found =
            self.nearest(scope, questions, self.inner.reconciler.neighbours(), &exact, &View::current(now)).await?;
        Ok(facts
            .iter()
            .zip(found.hits)
            .map(|(fact, near)| Candidate {
                fact: fact.clone(),
                neighbours: near
                    .into_iter()
                    .map(|(memory, cosine)| Neighbour { memory, similarity: cosine.clamp(0.0, 1.0) })
                    .collect(),
            })
            .collect())
    }

    /// The vectors of the texts that only the decisions brought.
    async fn decided_texts(
        &self,
        decisions: &[Decision],
        vectors: &HashMap<String, Vec<f32>>,
    ) -> Result<HashMap<String, Vec<f32>>> {
        let new = decisions.iter().filter_map(|decision| match decision {
            Decision::Update { content, .. } if !vectors.contains_key(&content.text) => Some(content),
            _ => None,
        });
        self.embed_texts(new).await
    }

    fn commit_of(
        &self,
        scope: Scope,
        at: Timestamp,
        expected_revision: Option<u64>,
        planned: &[Planned],
        messages: Vec<StoredMessage>,
        idempotency: Option<Idempotency>,
    ) -> Commit {
        Commit {
            scope,
            txn: self.inner.clock.txn_id(),
            at,
            identity: self.active().projection.identity.clone(),
            expected_revision,
            changes: planned.iter().filter_map(|p| p.change.clone()).collect(),
            messages,
            forget_messages: false,
            idempotency,
            claim: self.claim(at),
        }
    }

    /// What of the plan the vector store has to see.
    pub(super) async fn pending_of(
        &self,
        planned: &[Planned],
        receipt: &Receipt,
        scope: &Scope,
        at: Timestamp,
        pending: &mut Vec<Pending>,
    ) -> Result<()> {
        if receipt.replayed {
            return Ok(());
        }
        let changes = planned.iter().filter_map(|p| Some((p.change.as_ref()?, p.base.as_ref())));
        for ((change, base), outcome) in changes.zip(&receipt.outcomes) {
            let Outcome::Applied { id, version, seq } = *outcome else { continue };
            let head = match &change.content {
                None => None,
                Some(content) => {
                    let vector = match &change.vector {
                        Some(vector) => Some(vector.clone()),
                        None => self.inner.ledger.vectors(&[id]).await?.pop().flatten(),
                    };
                    let created_at = base.map_or(change.created_at.unwrap_or(at), |base| base.created_at);
                    let memory = Memory {
                        version,
                        updated_at: at,
                        ..Memory::new(id, scope.clone(), content.clone(), created_at)
                    };
                    // Gone already: a later change of another process won.
                    let Some(vector) = vector else { continue };
                    Some((memory, vector))
                }
            };
            pending.push(Pending { id, scope: scope.clone(), seq, version, attempts: 0, head });
        }
        Ok(())
    }

    async fn add_result(
        &self,
        planned: Vec<Planned>,
        dropped: Vec<Dropped>,
        receipt: Receipt,
        degraded: Option<Degraded>,
    ) -> Result<AddResult> {
        let degraded: Vec<Degraded> = degraded.into_iter().collect();
        if receipt.replayed {
            let results = self.replayed(&receipt).await?;
            return Ok(AddResult { results, dropped, txn: Some(receipt.txn), replayed: true, degraded });
        }
        let mut outcomes = receipt.outcomes.iter();
        let mut changed = false;
        let mut results = Vec::with_capacity(planned.len());
        for Planned { change, base, id, event, content, reason } in planned {
            let (id, event) = match change.and_then(|_| outcomes.next()) {
                Some(Outcome::Existing { id }) => (*id, Event::None),
                Some(Outcome::Applied { id, .. }) => {
                    changed = true;
                    (*id, event)
                }
                None => (id, event),
            };
            let previous_memory = base.filter(|_| event == Event::Update).map(|base| base.content.text);
            results.push(add_item(id, event, content, previous_memory, reason));
        }
        let txn = changed.then_some(receipt.txn);
        Ok(AddResult { results, dropped, txn, replayed: false, degraded })
    }

    /// The items of the call that used the idempotency key first.
    async fn replayed(&self, receipt: &Receipt) -> Result<Vec<AddItem>> {
        let log = self.inner.ledger.transaction(receipt.txn).await?;
        let mut results: Vec<AddItem> = log
            .into_iter()
            .filter_map(|logged| {
                let event = match logged.change.kind {
                    EventKind::Add => Event::Add,
                    EventKind::Update | EventKind::Undo => Event::Update,
                    EventKind::Delete | EventKind::Supersede => Event::Delete,
                };
                Some(add_item(logged.change.id, event, logged.change.content?, None, logged.change.reason))
            })
            .collect();
        let known: Vec<MemoryId> = receipt
            .outcomes
            .iter()
            .filter_map(|outcome| match outcome {
                Outcome::Existing { id } => Some(*id),
                Outcome::Applied { .. } => None,
            })
            .collect();
        let memories = self.inner.ledger.get(&known, &View::current(self.now())).await?;
        results.extend(memories.into_iter().flatten().map(|m| add_item(m.id, Event::None, m.content, None, None)));
        Ok(results)
    }

    pub(super) async fn embed(&self, texts: &[&str], purpose: Purpose) -> Result<Vec<Vec<f32>>> {
        embed_checked(&*self.active().embedder, texts, purpose).await
    }
}

/// One vector per text, checked: a provider that breaks its promise must not
/// reach the ledger.
pub(super) async fn embed_checked(embedder: &dyn Embedder, texts: &[&str], purpose: Purpose) -> Result<Vec<Vec<f32>>> {
    if texts.is_empty() {
        return Ok(Vec::new());
    }
    let vectors = embedder.embed(texts, purpose).await?;
    let dims = embedder.identity().dims;
    if vectors.len() != texts.len() {
        return Err(Error::new(ErrorKind::BadModelOutput, "the embedder did not return one vector per text")
            .with_context("texts", texts.len())
            .with_context("vectors", vectors.len()));
    }
    for vector in &vectors {
        if vector.len() != dims {
            return Err(Error::new(ErrorKind::DimensionMismatch, "the embedder returned a vector of another length")
                .with_context("expected", dims)
                .with_context("got", vector.len()));
        }
        if !vector.iter().all(|x| x.is_finite()) {
            return Err(Error::new(ErrorKind::BadModelOutput, "the embedder returned a number that is not finite"));
        }
    }
    Ok(vectors)
}

fn add_item(
    id: MemoryId,
    event: Event,
    content: Content,
    previous_memory: Option<String>,
    reason: Option<String>,
) -> AddItem {
    let Content { text, actor, role, .. } = content;
    AddItem { id, memory: text, event, previous_memory, actor_id: actor, role: role.map(Role::as_str), reason }
}

/// Everything that was said as one procedure.
fn procedure(said: Vec<Content>) -> Vec<Content> {
    let mut said = said.into_iter();
    let Some(mut whole) = said.next() else { return Vec::new() };
    for step in said {
        whole.text.push('\n');
        whole.text.push_str(&step.text);
        whole.sources.extend(step.sources);
    }
    whole.actor = None;
    whole.role = Some(Role::Assistant);
    vec![whole]
}

/// A digest of everything that decides what an `add` does.
fn digest(input: &AddInput, options: &AddOptions) -> Result<[u8; 32]> {
    #[derive(Serialize)]
    struct Digested<'a> {
        input: &'a AddInput,
        infer: bool,
        kind: Option<MemoryKind>,
        metadata: &'a Metadata,
        categories: &'a [String],
        expires_at: Option<Timestamp>,
        timestamp: Option<Timestamp>,
    }
    let AddOptions { infer, kind, metadata, categories, expires_at, timestamp, idempotency_key: _ } = options;
    let digested = Digested {
        input,
        infer: *infer,
        kind: *kind,
        metadata,
        categories,
        expires_at: *expires_at,
        timestamp: *timestamp,
    };
    let json = serde_json::to_vec(&digested)
        .map_err(|e| Error::internal("an add could not be written as JSON").with_source(e))?;
    Ok(*blake3::hash(&json).as_bytes())
}
