//! From decisions to changes, and the policy that is used without one.

use std::collections::HashMap;

use async_trait::async_trait;

use crate::error::{Error, ErrorKind, Result};
use crate::text;
use crate::traits::clock::Clock;
use crate::traits::extract::{
    Action, Candidate, Decision, DropReason, Dropped, ExtractRequest, Extraction, Extractor, Neighbour, Reconciler,
    Target,
};
use crate::traits::ledger::{Change, StoredMessage};
use crate::types::ids::MemoryId;
use crate::types::memory::{Content, Event, EventKind, Memory, MemoryKind};
use crate::types::message::Role;
use crate::types::scope::Scope;
use crate::types::time::Timestamp;

/// The policy of an engine without one: every message is a fact, and only
/// exact repeats are known.
#[derive(Clone, Copy, Debug)]
pub(super) struct AsSaid;

#[async_trait]
impl Extractor for AsSaid {
    fn name(&self) -> &'static str {
        "as_said"
    }

    async fn extract(&self, request: &ExtractRequest) -> Result<Extraction> {
        let mut extraction = Extraction::default();
        for message in &request.messages {
            match content_of(message) {
                Ok(fact) => extraction.facts.push(Content { kind: MemoryKind::Fact, ..fact }),
                Err(dropped) => extraction.dropped.push(dropped),
            }
        }
        Ok(extraction)
    }
}

#[async_trait]
impl Reconciler for AsSaid {
    fn name(&self) -> &'static str {
        "as_said"
    }

    async fn reconcile(&self, candidates: &[Candidate], _request: &ExtractRequest) -> Result<Vec<Decision>> {
        Ok(candidates.iter().map(|candidate| candidate.decision.clone().unwrap_or_else(Decision::add)).collect())
    }
}

/// A message as it was said, or why it is none to keep.
pub(super) fn content_of(message: &StoredMessage) -> std::result::Result<Content, Dropped> {
    let reason = match message.role {
        Role::System => DropReason::SystemMessage,
        Role::Tool => DropReason::ToolOutput,
        _ if message.content.trim().is_empty() => DropReason::Empty,
        _ => {
            return Ok(Content {
                kind: MemoryKind::Episode,
                actor: message.name.clone(),
                role: Some(message.role),
                sources: vec![message.id.clone()],
                ..Content::new(message.content.clone())
            });
        }
    };
    Err(Dropped { source: message.id.clone(), text: message.content.clone(), reason })
}

/// Two live memories of one scope with the same key are the same memory: same
/// text, kind and speaker, and for what is kept as said also the same time.
pub(super) fn dedup_key(content: &Content) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    let mut part = |bytes: &[u8]| {
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    part(content.kind.as_str().as_bytes());
    part(content.text.trim().as_bytes());
    part(content.actor.as_deref().unwrap_or_default().as_bytes());
    part(content.role.map_or("", Role::as_str).as_bytes());
    if content.kind == MemoryKind::Episode
        && let Some(at) = content.valid_from
    {
        part(&at.as_micros().to_le_bytes());
    }
    let mut key = [0; 16];
    if let Some(first) = hasher.finalize().as_bytes().first_chunk::<16>() {
        key = *first;
    }
    key
}

/// The first version of a memory.
pub(super) fn addition(id: MemoryId, content: Content, vector: Vec<f32>) -> Change {
    Change {
        id,
        kind: EventKind::Add,
        base_version: 0,
        terms: text::terms(&content.text),
        dedup_key: Some(dedup_key(&content)),
        content: Some(content),
        vector: Some(vector),
        ended_at: None,
        reason: None,
        sources: Vec::new(),
        created_at: None,
    }
}

/// A new version of a memory. Without a vector the text must be the same.
pub(super) fn revision(
    base: &Memory,
    content: Content,
    vector: Option<Vec<f32>>,
    kind: EventKind,
    reason: Option<String>,
) -> Change {
    Change {
        id: base.id,
        kind,
        base_version: base.version,
        terms: text::terms(&content.text),
        dedup_key: Some(dedup_key(&content)),
        ended_at: content.valid_from.filter(|from| *from > base.valid_from()),
        content: Some(content),
        vector,
        reason,
        sources: Vec::new(),
        created_at: None,
    }
}

/// The end of a memory. `sources`: the ids of the messages that it comes from.
pub(super) fn ending(
    id: MemoryId,
    base_version: u64,
    kind: EventKind,
    ended_at: Option<Timestamp>,
    reason: Option<String>,
    sources: Vec<String>,
) -> Change {
    Change {
        id,
        kind,
        base_version,
        content: None,
        vector: None,
        terms: Vec::new(),
        ended_at,
        reason,
        sources,
        dedup_key: None,
        created_at: None,
    }
}

/// A change with what the caller is to be told about it.
#[derive(Clone, Debug)]
pub(super) struct Planned {
    /// The change; none when nothing is to be written.
    pub(super) change: Option<Change>,
    /// The memory as it is now, for anything but an addition.
    pub(super) base: Option<Memory>,
    pub(super) id: MemoryId,
    pub(super) event: Event,
    pub(super) content: Content,
    pub(super) reason: Option<String>,
}

/// Turns the decisions of a reconciler into changes.
pub(super) struct Planner<'a> {
    scope: &'a Scope,
    now: Timestamp,
    clock: &'a dyn Clock,
    /// Between them the vector of every text that a decision may store.
    vectors: [&'a HashMap<String, Vec<f32>>; 3],
    /// The memory that each candidate has become, so far; none of one that was
    /// retracted.
    became: Vec<Option<MemoryId>>,
    /// What the extractor was shown, and then the neighbours of each fact.
    shown: Vec<&'a Neighbour>,
    /// What the plan has made of memories so far; none of one that it ended.
    current: HashMap<MemoryId, Option<Memory>>,
    plan: Vec<Planned>,
}

impl<'a> Planner<'a> {
    pub(super) fn new(
        scope: &'a Scope,
        now: Timestamp,
        clock: &'a dyn Clock,
        vectors: [&'a HashMap<String, Vec<f32>>; 3],
    ) -> Self {
        Self {
            scope,
            now,
            clock,
            vectors,
            became: Vec::new(),
            shown: Vec::new(),
            current: HashMap::new(),
            plan: Vec::new(),
        }
    }

    /// Knows memories that the extractor was shown, beside the neighbours of
    /// the facts.
    pub(super) fn showing(mut self, shown: &'a [Neighbour]) -> Self {
        self.shown.extend(shown);
        self
    }

    /// The changes that the decisions amount to.
    ///
    /// # Errors
    /// `BadModelOutput` if a decision is about a memory that was not shown to
    /// the reconciler, or if the number of decisions is wrong.
    pub(super) fn plan(mut self, candidates: &'a [Candidate], decisions: Vec<Decision>) -> Result<Vec<Planned>> {
        if decisions.len() != candidates.len() {
            return Err(refused("the reconciler did not decide on every fact"));
        }
        for (candidate, decision) in candidates.iter().zip(decisions) {
            self.shown.extend(&candidate.neighbours);
            let id = self.decide(candidate.fact.clone(), decision)?;
            self.became.push(id);
        }
        Ok(self.plan)
    }

    fn decide(&mut self, fact: Content, decision: Decision) -> Result<Option<MemoryId>> {
        let Decision { action, ends, reason } = decision;
        // What the fact replaces ends where the fact begins.
        for target in ends {
            let base = self.resolve(target)?;
            self.current.insert(base.id, None);
            // One that begins later than the fact was never true beside it.
            let ended_at = fact.valid_from.map(|from| from.max(base.valid_from()));
            let sources = fact.sources.clone();
            let change = ending(base.id, base.version, EventKind::Supersede, ended_at, reason.clone(), sources);
            let content = told(&base, &fact);
            self.push(Some(change), Some(base), Event::Delete, content, reason.clone());
        }
        match action {
            Action::Add => self.add(fact, reason).map(Some),
            Action::Known(known) => {
                let base = self.resolve(known)?;
                let content = told(&base, &fact);
                Ok(Some(self.push(None, Some(base), Event::None, content, reason)))
            }
            Action::Update { target, content } => {
                let (base, content) = (self.resolve(target)?, *content);
                if content == base.content {
                    return Ok(Some(self.push(None, Some(base), Event::None, content, reason)));
                }
                let vector = (content.text != base.content.text).then(|| self.vector(&content.text)).transpose()?;
                let change = revision(&base, content.clone(), vector, EventKind::Update, reason.clone());
                let next = Memory { version: base.version + 1, content: content.clone(), ..base.clone() };
                self.current.insert(base.id, Some(next));
                Ok(Some(self.push(Some(change), Some(base), Event::Update, content, reason)))
            }
            Action::Retract => Ok(None),
        }
    }

    fn add(&mut self, fact: Content, reason: Option<String>) -> Result<MemoryId> {
        let id = self.clock.memory_id();
        let mut change = addition(id, fact.clone(), self.vector(&fact.text)?);
        change.reason.clone_from(&reason);
        self.current.insert(id, Some(Memory::new(id, self.scope.clone(), fact.clone(), self.now)));
        Ok(self.push(Some(change), None, Event::Add, fact, reason))
    }

    fn push(
        &mut self,
        change: Option<Change>,
        base: Option<Memory>,
        event: Event,
        content: Content,
        reason: Option<String>,
    ) -> MemoryId {
        let of_change = change.as_ref().map(|change| change.id);
        let id = of_change.or(base.as_ref().map(|base| base.id)).unwrap_or_else(|| self.clock.memory_id());
        self.plan.push(Planned { change, base, id, event, content, reason });
        id
    }

    fn resolve(&self, target: Target) -> Result<Memory> {
        let id = match target {
            Target::Memory(id) => id,
            Target::Candidate(index) => self
                .became
                .get(index)
                .copied()
                .flatten()
                .ok_or_else(|| refused("a decision is about a fact that comes later or is not kept"))?,
        };
        let shown = || self.shown.iter().find(|near| near.memory.id == id).map(|near| near.memory.clone());
        let memory = self.current.get(&id).cloned().unwrap_or_else(shown);
        memory.ok_or_else(|| refused("a decision is about a memory that was not shown, or that has ended"))
    }

    fn vector(&self, text: &str) -> Result<Vec<f32>> {
        let vector = self.vectors.iter().find_map(|vectors| vectors.get(text)).cloned();
        vector.ok_or_else(|| Error::internal("no vector for a text that is to be stored"))
    }
}

/// A memory as the caller is told of it, with the messages of the fact that
/// said it again or ended it.
fn told(base: &Memory, fact: &Content) -> Content {
    Content { sources: fact.sources.clone(), ..base.content.clone() }
}

fn refused(what: &'static str) -> Error {
    Error::new(ErrorKind::BadModelOutput, what)
}
