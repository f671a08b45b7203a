//! What is done with an `add` before anything is decided.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::engine::Mem0;
use crate::engine::cost::{Meter, Part, timed};
use crate::engine::options::{AddRequest, ImageHandling};
use crate::engine::plan;
use crate::error::{Error, ErrorKind, Result};
use crate::fence::unfence;
use crate::policies;
use crate::registry::Policy;
use crate::traits::extract::{Action, Decision, DropReason, Dropped, ExtractRequest, Extraction};
use crate::traits::ledger::{Idempotency, StoredMessage};
use crate::types::memory::{Content, MemoryKind, Metadata};
use crate::types::message::{Message, Role};
use crate::types::scope::Scope;
use crate::types::time::Timestamp;

/// An `add` that has passed every check.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) scope: Scope,
    pub(super) meter: Arc<Meter>,
    pub(super) deadline: Option<Instant>,
    pub(super) messages: Vec<StoredMessage>,
    pub(super) dropped: Vec<Dropped>,
    pub(super) idempotency: Option<Idempotency>,
    pub(super) dry_run: bool,
    pub(super) common: Common,
    pub(super) work: Work,
}

/// What every new memory of a call has.
#[derive(Debug)]
pub(super) struct Common {
    metadata: Metadata,
    categories: Vec<String>,
    expires_at: Option<Timestamp>,
    kind: Option<MemoryKind>,
}

/// How the facts of a call come about.
#[derive(Debug)]
pub(super) enum Work {
    /// They are there: stored as said, or a procedure.
    Direct(Vec<Content>),
    /// They are there, and still to be reconciled.
    Extracted(Policy, ExtractRequest, Extraction),
    /// They are extracted together with what is known.
    Asked(Policy, ExtractRequest),
}

impl Work {
    /// The facts that are there.
    pub(super) fn facts(&self) -> &[Content] {
        match self {
            Self::Direct(facts) => facts,
            Self::Extracted(_, _, extraction) => &extraction.facts,
            Self::Asked(..) => &[],
        }
    }

    /// The texts by which known memories are found before the extraction.
    pub(super) fn questions(&self) -> impl Iterator<Item = &str> {
        let messages = match self {
            Self::Asked(_, request) => request.messages.as_slice(),
            _ => &[],
        };
        messages.iter().map(|message| message.content.as_str())
    }
}

impl Common {
    pub(super) fn apply(&self, extraction: &mut Extraction) {
        let updated = extraction.decisions.iter_mut().flatten().filter_map(update_of);
        for fact in extraction.facts.iter_mut().chain(updated) {
            self.apply_to(fact);
        }
    }

    pub(super) fn apply_to_updates(&self, decisions: &mut [Decision]) {
        for fact in decisions.iter_mut().filter_map(update_of) {
            self.apply_to(fact);
        }
    }

    fn apply_to(&self, fact: &mut Content) {
        fact.metadata.extend(self.metadata.clone());
        fact.categories.extend(self.categories.iter().cloned());
        fact.categories.sort_unstable();
        fact.categories.dedup();
        fact.expires_at = self.expires_at.or(fact.expires_at);
        fact.kind = self.kind.unwrap_or(fact.kind);
    }
}

fn update_of(decision: &mut Decision) -> Option<&mut Content> {
    match &mut decision.action {
        Action::Update { content, .. } => Some(content),
        _ => None,
    }
}

/// Ends work that is about to take longer than the caller waits. Only what
/// precedes the commit is ended: nothing has changed then.
pub(super) async fn within<T>(deadline: Option<Instant>, work: impl Future<Output = Result<T>>) -> Result<T> {
    let Some(deadline) = deadline else { return work.await };
    match tokio::time::timeout_at(deadline, work).await {
        Ok(done) => done,
        Err(_) => Err(Error::new(ErrorKind::Timeout, "the call took longer than its `timeout`; nothing has changed")),
    }
}

impl Mem0 {
    /// Everything up to the facts, or up to the question for them.
    pub(super) async fn prepare(&self, request: AddRequest, now: Timestamp) -> Result<Prepared> {
        let meter = Meter::new(&self.inner.budget, self.inner.trace_text, &self.inner.ledger, &request.scope, now);
        let deadline = request.options.timeout.map(|timeout| Instant::now() + timeout);
        let work = self.prepared(request, now, Arc::clone(&meter), deadline);
        meter.run(within(deadline, Box::pin(work))).await
    }

    async fn prepared(
        &self,
        request: AddRequest,
        now: Timestamp,
        meter: Arc<Meter>,
        deadline: Option<Instant>,
    ) -> Result<Prepared> {
        let AddRequest { input, scope, options } = request;
        let idempotency = match &options.idempotency_key {
            Some(key) => Some(Idempotency { key: key.clone(), digest: super::digest(&input, &options)? }),
            None => None,
        };
        let infer = options.infer && options.kind != Some(MemoryKind::Procedure);
        let mut dropped = Vec::new();
        let mut said = input.into_messages();
        self.see(&mut said, options.images, &mut dropped).await?;
        let mut times = Vec::with_capacity(said.len());
        let mut messages: Vec<StoredMessage> = Vec::with_capacity(said.len());
        for Message { role, content, name, id, timestamp, .. } in said {
            let stated = timestamp.or(options.timestamp);
            let id = id.unwrap_or_else(|| self.inner.clock.uuid().to_string());
            // What the agent was reminded of is not said again. What is stored
            // as said stays as it was said.
            let content = if options.infer {
                let (content, recalled) = unfence(&content);
                let reason = DropReason::Recalled;
                dropped.extend(recalled.into_iter().map(|text| Dropped { source: id.clone(), text, reason }));
                content
            } else {
                content
            };
            times.push(stated);
            messages.push(StoredMessage { id, role, name, content, at: stated.unwrap_or(now) });
        }
        let common = Common {
            metadata: options.metadata,
            categories: self.inner.limits.categories(options.categories)?,
            expires_at: options.expires_at,
            kind: options.kind,
        };
        let work = if infer {
            let policy = self.policy(options.policy.as_deref())?;
            self.extract_or_ask(policy, &scope, &messages, options.instructions, now, &common, &mut dropped).await?
        } else {
            let mut facts = Vec::new();
            for (message, stated) in messages.iter().zip(times) {
                match plan::content_of(message) {
                    Ok(content) => facts.push(Content { valid_from: stated, ..content }),
                    Err(why) => dropped.push(why),
                }
            }
            if options.kind == Some(MemoryKind::Procedure) {
                let llm = self.inner.llm.as_deref().filter(|_| options.infer);
                if let Some(llm) = llm {
                    let text = policies::summarise(llm, &messages, options.instructions.as_deref()).await?;
                    facts = vec![Content { text, ..whole(facts) }];
                    dropped.clear();
                } else if !facts.is_empty() {
                    let text = facts.iter().map(|fact| fact.text.as_str()).collect::<Vec<_>>().join("\n");
                    facts = vec![Content { text, ..whole(facts) }];
                }
            }
            facts.iter_mut().for_each(|fact| common.apply_to(fact));
            Work::Direct(facts)
        };
        let dry_run = options.dry_run;
        Ok(Prepared { scope, meter, deadline, messages, dropped, idempotency, dry_run, common, work })
    }

    #[allow(clippy::too_many_arguments, reason = "one use; a struct would only rename them")]
    async fn extract_or_ask(
        &self,
        policy: Policy,
        scope: &Scope,
        messages: &[StoredMessage],
        instructions: Option<String>,
        now: Timestamp,
        common: &Common,
        dropped: &mut Vec<Dropped>,
    ) -> Result<Work> {
        let mut said = messages.to_vec();
        if policy.0.asks_model() {
            // What nobody may remember is not shown to a model at all.
            said.retain(|message| match plan::content_of(message) {
                Ok(_) => true,
                Err(why) => {
                    dropped.push(why);
                    false
                }
            });
        }
        if said.is_empty() {
            return Ok(Work::Direct(Vec::new()));
        }
        let request = ExtractRequest::new(scope.clone(), said, now).with_instructions(instructions);
        if policy.0.neighbours() > 0 {
            // What was said before is read together with what is known.
            return Ok(Work::Asked(policy, request));
        }
        let recent = timed(Part::Ledger, self.inner.ledger.messages(scope, super::RECENT)).await?;
        let request = request.with_recent(recent);
        let mut extraction = policy.0.extract(&request).await?;
        common.apply(&mut extraction);
        dropped.append(&mut extraction.dropped);
        Ok(Work::Extracted(policy, request, extraction))
    }

    /// The policy of that name, or the engine's.
    fn policy(&self, name: Option<&str>) -> Result<Policy> {
        let policies = &self.inner.policies;
        let found = match name {
            None => policies.first(),
            Some(name) => policies.iter().find(|(extractor, _)| extractor.name() == name),
        };
        found.cloned().ok_or_else(|| {
            if let Some(known) = name.and_then(|name| policies::NAMES.into_iter().find(|known| *known == name)) {
                return Error::invalid(format!(
                    "the policy {known} asks a language model, and this engine has none: configure one under `llm`"
                ));
            }
            let names = policies.iter().map(|(extractor, _)| extractor.name()).collect::<Vec<_>>().join(", ");
            Error::invalid(format!("this engine does not have that policy; it has: {names}"))
        })
    }

    /// Puts words in the place of pictures.
    async fn see(&self, said: &mut [Message], handling: ImageHandling, dropped: &mut Vec<Dropped>) -> Result<()> {
        if said.iter().all(|message| message.images.is_empty()) {
            return Ok(());
        }
        if handling == ImageHandling::Skip {
            for message in said {
                let source = message.id.clone().unwrap_or_default();
                let skipped = message.images.drain(..);
                dropped.extend(skipped.map(|_| Dropped {
                    source: source.clone(),
                    text: String::new(),
                    reason: DropReason::Image,
                }));
            }
            return Ok(());
        }
        let llm = self.inner.llm.as_deref().filter(|llm| llm.capabilities().vision).ok_or_else(|| {
            Error::new(
                ErrorKind::Unsupported,
                "the messages hold pictures and no configured model sees them: set `vision` for one that does, or \
                 `images` to `skip`",
            )
        })?;
        let mut descriptions = policies::describe(llm, said).await?.into_iter();
        for message in said {
            for description in descriptions.by_ref().take(message.images.len()) {
                if !message.content.is_empty() {
                    message.content.push('\n');
                }
                message.content.push_str(&format!("[picture: {description}]"));
            }
        }
        Ok(())
    }
}

/// Everything that was said as one procedure, without its text.
fn whole(said: Vec<Content>) -> Content {
    let valid_from = said.first().and_then(|first| first.valid_from);
    let sources = said.into_iter().flat_map(|step| step.sources).collect();
    Content { kind: MemoryKind::Procedure, role: Some(Role::Assistant), valid_from, sources, ..Content::default() }
}

/// The longest that a caller may say it waits.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);
