//! From messages to facts, and from facts to decisions.

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::traits::ledger::StoredMessage;
use crate::types::ids::MemoryId;
use crate::types::memory::{Content, Memory};
use crate::types::scope::Scope;
use crate::types::time::Timestamp;

/// What an extractor reads.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ExtractRequest {
    /// The exact scope.
    pub scope: Scope,
    /// The new messages, each with its id and its time.
    pub messages: Vec<StoredMessage>,
    /// What was said just before in the same scope, oldest first.
    pub recent: Vec<StoredMessage>,
    /// What the exact scope knows that is near to the new messages, nearest
    /// first: as many as [`Extractor::neighbours`] asks for.
    pub neighbours: Vec<Neighbour>,
    /// What this call wants of the extraction beside what the policy does.
    pub instructions: Option<String>,
    /// The time of the call.
    pub now: Timestamp,
}

impl ExtractRequest {
    /// New messages without a past.
    #[must_use]
    pub fn new(scope: Scope, messages: Vec<StoredMessage>, now: Timestamp) -> Self {
        Self { scope, messages, recent: Vec::new(), neighbours: Vec::new(), instructions: None, now }
    }

    /// With what was said just before.
    #[must_use]
    pub fn with_recent(mut self, recent: Vec<StoredMessage>) -> Self {
        self.recent = recent;
        self
    }

    /// With what is known already.
    #[must_use]
    pub fn with_neighbours(mut self, neighbours: Vec<Neighbour>) -> Self {
        self.neighbours = neighbours;
        self
    }

    /// With what this call wants.
    #[must_use]
    pub fn with_instructions(mut self, instructions: Option<String>) -> Self {
        self.instructions = instructions;
        self
    }
}

/// Why a part of a message became no memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DropReason {
    /// A greeting, thanks, or another phrase without content.
    SmallTalk,
    /// A question that states nothing.
    Question,
    /// Instructions to the agent.
    SystemMessage,
    /// The output of a tool.
    ToolOutput,
    /// There was no text.
    Empty,
    /// It was recalled from memory and stood between the marks of
    /// [`fence`](crate::fence).
    Recalled,
    /// A picture that was not to be described.
    Image,
    /// A fact of a model's that cites no message.
    NoSource,
    /// A model's decision about a memory that it was not shown.
    UnknownMemory,
    /// An item of a model's answer that says nothing, or too much.
    BadItem,
}

/// A part of a message that became no memory.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dropped {
    /// The message; empty where it is not known.
    pub source: String,
    /// The part; empty where it is not text.
    pub text: String,
    /// Why.
    pub reason: DropReason,
}

// What was said stays out of logs.
impl fmt::Debug for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dropped").field("source", &self.source).field("reason", &self.reason).finish_non_exhaustive()
    }
}

/// What an extractor found.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Extraction {
    /// The facts, in the order of the messages. Each cites its sources.
    pub facts: Vec<Content>,
    /// What is decided about them already, by an extractor that saw what is
    /// known. Empty, or one for each fact; none leaves it to the reconciler.
    pub decisions: Vec<Option<Decision>>,
    /// What was left out.
    pub dropped: Vec<Dropped>,
}

/// Turns messages into facts.
///
/// # Rules
/// 1. Each fact cites at least one id of the new messages.
/// 2. Nothing of a message is lost: it is in a fact or reported as dropped.
/// 3. The language and the script of the input are kept.
/// 4. Relative times are resolved against the message's own time.
/// 5. The same input gives the same facts, unless a model is asked.
#[async_trait]
pub trait Extractor: fmt::Debug + Send + Sync + 'static {
    /// The policy's name.
    fn name(&self) -> &'static str;

    /// How many memories near the new messages it wants to see. 0 saves their
    /// embedding and the search.
    fn neighbours(&self) -> usize {
        0
    }

    /// Whether it shows the messages to a model: then those that may not be
    /// remembered (of the system, of tools) are kept from it.
    fn asks_model(&self) -> bool {
        false
    }

    /// How often it is asked about one call at most, when others change what
    /// it has seen before its facts are stored. Counts only where it asks for
    /// neighbours.
    fn rounds(&self) -> u32 {
        64
    }

    /// The facts of the new messages.
    ///
    /// # Errors
    /// Those of the model where one is asked; `BadModelOutput` when its answer
    /// cannot be understood (which is not the same as nothing to remember).
    async fn extract(&self, request: &ExtractRequest) -> Result<Extraction>;
}

/// A memory of the scope that is near to a new fact.
#[derive(Clone, Debug, PartialEq)]
pub struct Neighbour {
    /// The memory; live and of the same exact scope.
    pub memory: Memory,
    /// 0 to 1.
    pub similarity: f32,
}

/// A new fact and what is near to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The new fact.
    pub fact: Content,
    /// Nearest first.
    pub neighbours: Vec<Neighbour>,
    /// What the extractor decided already.
    pub decision: Option<Decision>,
}

impl Candidate {
    /// A fact on which nothing is decided.
    #[must_use]
    pub fn new(fact: Content, neighbours: Vec<Neighbour>) -> Self {
        Self { fact, neighbours, decision: None }
    }
}

/// What is to be done with a fact.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Decision {
    /// What becomes of the fact itself.
    pub action: Action,
    /// The memories that it ends: they stay in the history and show no more.
    /// Neighbours, or earlier facts of the same call.
    pub ends: Vec<Target>,
    /// Why, in words for a person.
    pub reason: Option<String>,
}

/// What becomes of a fact.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Action {
    /// It is new.
    Add,
    /// It is known: this memory says the same.
    Known(Target),
    /// It is the new version of a memory; the old one stays in its history.
    Update {
        /// Which memory: a neighbour, or an earlier fact of the same call.
        target: Target,
        /// What the memory says from now on.
        content: Box<Content>,
    },
    /// It is not kept; it only ends memories.
    Retract,
}

impl Decision {
    /// It is new.
    #[must_use]
    pub const fn add() -> Self {
        Self { action: Action::Add, ends: Vec::new(), reason: None }
    }

    /// It is known.
    #[must_use]
    pub fn known(memory: Target, reason: impl Into<String>) -> Self {
        Self { action: Action::Known(memory), ends: Vec::new(), reason: Some(reason.into()) }
    }

    /// It replaces what a memory says.
    #[must_use]
    pub fn update(target: Target, content: Content, reason: impl Into<String>) -> Self {
        Self {
            action: Action::Update { target, content: Box::new(content) },
            ends: Vec::new(),
            reason: Some(reason.into()),
        }
    }

    /// It is new, and ends a memory.
    #[must_use]
    pub fn supersede(target: Target, reason: impl Into<String>) -> Self {
        Self { action: Action::Add, ends: vec![target], reason: Some(reason.into()) }
    }

    /// It is not kept, and ends memories.
    #[must_use]
    pub fn retract(ends: Vec<Target>, reason: impl Into<String>) -> Self {
        Self { action: Action::Retract, ends, reason: Some(reason.into()) }
    }

    /// Says why.
    #[must_use]
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }
}

/// What a decision is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// A neighbour.
    Memory(MemoryId),
    /// The candidate with this index, which must be lower than the decision's
    /// own.
    Candidate(usize),
}

/// Decides what new facts do to what is known.
///
/// # Rules
/// 1. One decision per candidate, in order. What is decided already stays.
/// 2. A target is one of that candidate's neighbours, one of those that the
///    extractor was shown, or an earlier candidate; the engine refuses any other.
/// 3. The same input gives the same decisions, unless a model is asked.
#[async_trait]
pub trait Reconciler: fmt::Debug + Send + Sync + 'static {
    /// The policy's name.
    fn name(&self) -> &'static str;

    /// How many neighbours it wants to see of each fact, nearest first. 5, as in
    /// the paper (arXiv 2504.19413), where each costs tokens; rules look at
    /// more.
    fn neighbours(&self) -> usize {
        5
    }

    /// How often it decides about one call at most, when others change what it
    /// has seen before its decisions are stored. 64, so that many writers can
    /// contend; a model that is paid for says less.
    fn rounds(&self) -> u32 {
        64
    }

    /// One decision per candidate.
    ///
    /// # Errors
    /// As [`Extractor::extract`].
    async fn reconcile(&self, candidates: &[Candidate], request: &ExtractRequest) -> Result<Vec<Decision>>;
}
