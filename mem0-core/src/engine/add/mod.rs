//! `add`: messages to memories.

mod commit;
mod decide;
mod prepare;

use std::sync::Arc;
use std::time::Instant;

use futures::{StreamExt as _, stream};
use serde::Serialize;

use crate::engine::Mem0;
use crate::engine::cost::{self, Part, timed};
use crate::engine::options::{AddInput, AddOptions, AddRequest, BatchOptions, ImageHandling};
use crate::engine::plan::{self, Planned};
use crate::engine::results::AddResult;
use crate::error::{Error, ErrorKind, Result};
use crate::traits::embedder::{Embedder, Purpose};
use crate::types::memory::{Event, MemoryKind, Metadata};
use crate::types::scope::ScopeKey;
use crate::types::time::Timestamp;
use decide::Vectors;
use prepare::{LONGEST_WAIT, Prepared, Work, within};

/// How many messages said before are shown to the extractor.
const RECENT: usize = 10;

impl Mem0 {
    /// Remembers what was said.
    ///
    /// With `infer` (the default) facts are extracted by the engine's policy,
    /// or by the one that the options name, and reconciled with what the exact
    /// scope knows: an item says `ADD`, `UPDATE` (the version before stays in
    /// the history), `DELETE` (ended by a newer fact) or `NONE` (known). With
    /// `infer = false` each message is stored as it was said, with speaker,
    /// time and source; system and tool messages are reported as dropped. The
    /// same text of the same speaker (and time, where given) in one scope is
    /// stored once. A policy that asks a language model takes back nothing for
    /// good: [`undo_commit`](Mem0::undo_commit) with the result's `txn` undoes
    /// the whole call.
    ///
    /// Embeds in at most two batches. The commit is durable when the call
    /// returns.
    ///
    /// # Errors
    /// `InvalidInput` for empty or oversized text, reserved metadata keys, an
    /// unknown policy, a procedure without `agent_id` (before any I/O);
    /// `Unsupported` for pictures that no model can see; `QuotaExceeded` where
    /// a model would go beyond the budget; `BadModelOutput` if its answer
    /// cannot be read, which is not the same as nothing to remember; `Timeout`
    /// after the options' `timeout`; `Conflict` if the scope is changed by
    /// others all the time; `AlreadyExists` if the idempotency key was used
    /// for other input; those of model, ledger and embedder. In all of these
    /// memory is as before. Not those of the vector store: see `degraded` in
    /// the result.
    ///
    /// # Cancel safety
    /// Dropping the future leaves either nothing or the whole result.
    pub async fn add(
        &self,
        input: impl Into<AddInput>,
        scope: &crate::types::scope::Scope,
        options: AddOptions,
    ) -> Result<AddResult> {
        let request = AddRequest::new(input, scope.clone(), options);
        let mut results = self.add_many(vec![request]).await?;
        results.pop().ok_or_else(|| Error::internal("no result for an add"))?
    }

    /// Many `add`s at once, with the default [`BatchOptions`].
    ///
    /// # Errors
    /// As [`Mem0::add_many_with`].
    pub async fn add_many(&self, requests: Vec<AddRequest>) -> Result<Vec<Result<AddResult>>> {
        self.add_many_with(requests, &BatchOptions::default()).await
    }

    /// Many `add`s at once: their texts are embedded together, those that do
    /// not reconcile are one transaction, and models are asked side by side.
    /// Requests of one scope are done in order. Results are in the order of the
    /// requests.
    ///
    /// # Errors
    /// Bad input in any request refuses all of them before any I/O. An error
    /// of the embedder, or of the transaction of those that do not reconcile,
    /// is one of the whole batch; any other is in the place of its own result.
    ///
    /// # Cancel safety
    /// Dropping the future leaves each request either done or not.
    pub async fn add_many_with(
        &self,
        requests: Vec<AddRequest>,
        options: &BatchOptions,
    ) -> Result<Vec<Result<AddResult>>> {
        self.inner.limits.batch(requests.len())?;
        let now = self.now();
        for request in &requests {
            self.check_add(request)?;
        }
        let total = requests.len();
        let concurrency = options.concurrency.max(1);
        let prepared: Vec<Result<Prepared>> =
            stream::iter(requests).map(|request| self.prepare(request, now)).buffered(concurrency).collect().await;
        let (vectors, questions) = self.embed_batch(&prepared).await?;
        let mut results: Vec<(usize, Result<AddResult>)> = Vec::with_capacity(total);
        let mut direct = Vec::new();
        // One lane a scope: a conversation is remembered in order.
        let mut lanes: Vec<Vec<(usize, Prepared)>> = Vec::new();
        for (index, prepared) in prepared.into_iter().enumerate() {
            match prepared {
                Err(e) => results.push((index, Err(e))),
                Ok(prepared) if matches!(prepared.work, Work::Direct(_)) => direct.push((index, prepared)),
                Ok(prepared) => {
                    let same = |lane: &&mut Vec<(usize, Prepared)>| {
                        lane.first().is_some_and(|(_, first)| first.scope == prepared.scope)
                    };
                    match lanes.iter_mut().find(same) {
                        Some(lane) => lane.push((index, prepared)),
                        None => lanes.push(vec![(index, prepared)]),
                    }
                }
            }
        }
        for (index, result) in self.add_direct(direct, &vectors, now).await? {
            results.push((index, Ok(result)));
        }
        let report = |done: usize| {
            if let Some(progress) = &options.progress {
                progress(done, total);
            }
        };
        report(results.len());
        let (vectors, questions) = (&vectors, &questions);
        let lanes = stream::iter(lanes).map(|lane| {
            let one = move |(index, prepared): (usize, Prepared)| async move {
                let meter = Arc::clone(&prepared.meter);
                (index, meter.run(Box::pin(self.add_reconciled(prepared, vectors, questions))).await)
            };
            stream::iter(lane).then(one).boxed()
        });
        let mut lanes = std::pin::pin!(lanes.flatten_unordered(concurrency));
        while let Some(result) = lanes.next().await {
            results.push(result);
            report(results.len());
        }
        results.sort_unstable_by_key(|(index, _)| *index);
        Ok(results.into_iter().map(|(_, result)| result).collect())
    }

    pub(in crate::engine) fn check_add(&self, request: &AddRequest) -> Result<()> {
        let limits = &self.inner.limits;
        let options = &request.options;
        let messages = request.input.messages();
        limits.messages(messages.len())?;
        for message in messages {
            if message.images.is_empty() {
                limits.text("a message", &message.content)?;
            } else if !message.content.is_empty() {
                limits.text("the text of a message", &message.content)?;
            }
        }
        limits.metadata(&options.metadata)?;
        limits.categories(options.categories.clone())?;
        if options.idempotency_key.as_deref().is_some_and(|key| key.is_empty() || key.len() > 256) {
            return Err(Error::invalid("an idempotency key is 1 to 256 bytes"));
        }
        if let Some(instructions) = &options.instructions {
            limits.text("instructions", instructions)?;
        }
        if options.timeout.is_some_and(|timeout| timeout > LONGEST_WAIT) {
            return Err(Error::invalid("a timeout is at most a day"));
        }
        if options.kind == Some(MemoryKind::Procedure) && request.scope.get(ScopeKey::AgentId).is_none() {
            return Err(Error::invalid("a procedure belongs to an agent: the scope needs an agent_id"));
        }
        Ok(())
    }

    /// The vectors of all facts that are there, and of the messages by which
    /// known memories are found, in one batch each.
    async fn embed_batch(&self, prepared: &[Result<Prepared>]) -> Result<(Vectors, Vectors)> {
        let all = || prepared.iter().flatten();
        // The nearest deadline counts for the batch that all of them wait for.
        let deadline = all().filter_map(|prepared| prepared.deadline).min();
        let began = Instant::now();
        let facts = all().flat_map(|prepared| prepared.work.facts()).map(|fact| fact.text.as_str());
        let vectors = within(deadline, self.embed_texts(facts, Purpose::Store)).await?;
        let questions = all().flat_map(|prepared| prepared.work.questions());
        let questions = within(deadline, self.embed_texts(questions, Purpose::Query)).await?;
        for prepared in all() {
            let texts = prepared.work.facts().len() + prepared.work.questions().count();
            if texts > 0 {
                prepared.meter.embedded(texts, began.elapsed());
            }
        }
        Ok((vectors, questions))
    }

    /// The vector of each distinct text, in one batch.
    async fn embed_texts<'a>(&self, texts: impl Iterator<Item = &'a str>, purpose: Purpose) -> Result<Vectors> {
        let mut texts: Vec<&str> = texts.collect();
        texts.sort_unstable();
        texts.dedup();
        let vectors = self.embed(&texts, purpose).await?;
        Ok(texts.into_iter().map(str::to_owned).zip(vectors).collect())
    }

    /// What does not depend on what the scope holds: one transaction for all.
    async fn add_direct(
        &self,
        prepared: Vec<(usize, Prepared)>,
        vectors: &Vectors,
        now: Timestamp,
    ) -> Result<Vec<(usize, AddResult)>> {
        let mut commits = Vec::with_capacity(prepared.len());
        let mut plans = Vec::with_capacity(prepared.len());
        let mut results = Vec::with_capacity(prepared.len());
        for (index, prepared) in prepared {
            let Prepared { scope, meter, messages, dropped, idempotency, dry_run, work, .. } = prepared;
            let mut planned = Vec::with_capacity(work.facts().len());
            for content in work.facts() {
                let vector = vectors.get(&content.text).cloned();
                let vector = vector.ok_or_else(|| Error::internal("no vector for a text that is to be stored"))?;
                let id = self.inner.clock.memory_id();
                planned.push(Planned {
                    change: Some(plan::addition(id, content.clone(), vector)),
                    base: None,
                    id,
                    event: Event::Add,
                    content: content.clone(),
                    reason: None,
                });
            }
            if dry_run {
                results.push((index, AddResult { cost: meter.cost(), ..Self::dry_result(planned, dropped) }));
                continue;
            }
            commits.push(self.commit_of(scope, now, None, &planned, messages, idempotency));
            plans.push((index, planned, dropped, meter));
        }
        if commits.is_empty() {
            return Ok(results);
        }
        let scopes: Vec<_> = commits.iter().map(|commit| commit.scope.clone()).collect();
        fail::fail_point!("engine::add::before_commit");
        // The first of them answers for the transaction that all share.
        let meter = plans.first().map(|(_, _, _, meter)| Arc::clone(meter));
        let meter = meter.ok_or_else(|| Error::internal("a commit without a plan"))?;
        let receipts = meter.run(timed(Part::Ledger, self.inner.ledger.commit(commits))).await?;
        fail::fail_point!("engine::add::committed");
        let mut pending = Vec::new();
        for ((_, planned, _, _), (receipt, scope)) in plans.iter().zip(receipts.iter().zip(&scopes)) {
            self.pending_of(planned, receipt, scope, now, &mut pending).await?;
        }
        let degraded = meter.run(self.project_committed(pending)).await;
        for ((index, planned, dropped, meter), receipt) in plans.into_iter().zip(receipts) {
            let result = self.add_result(planned, dropped, receipt, degraded).await?;
            results.push((index, AddResult { cost: meter.cost(), ..result }));
        }
        Ok(results)
    }

    pub(super) async fn embed(&self, texts: &[&str], purpose: Purpose) -> Result<Vec<Vec<f32>>> {
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        let began = Instant::now();
        let vectors = embed_checked(&*self.active().embedder, texts, purpose).await;
        cost::note_embedding(texts.len(), began.elapsed());
        vectors
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
        // Left out where they are not set, so that keys of earlier versions
        // keep their digest.
        #[serde(skip_serializing_if = "Option::is_none")]
        policy: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        instructions: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        images: Option<ImageHandling>,
    }
    let AddOptions {
        infer,
        kind,
        metadata,
        categories,
        expires_at,
        timestamp,
        policy,
        instructions,
        images,
        idempotency_key: _,
        dry_run: _,
        timeout: _,
    } = options;
    let digested = Digested {
        input,
        infer: *infer,
        kind: *kind,
        metadata,
        categories,
        expires_at: *expires_at,
        timestamp: *timestamp,
        policy: policy.as_deref(),
        instructions: instructions.as_deref(),
        images: Some(*images).filter(|images| *images != ImageHandling::default()),
    };
    let json = serde_json::to_vec(&digested)
        .map_err(|e| Error::internal("an add could not be written as JSON").with_source(e))?;
    Ok(*blake3::hash(&json).as_bytes())
}
