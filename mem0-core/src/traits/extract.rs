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
    /// The time of the call.
    pub now: Timestamp,
}

impl ExtractRequest {
    /// New messages without a past.
    #[must_use]
    pub fn new(scope: Scope, messages: Vec<StoredMessage>, now: Timestamp) -> Self {
        Self { scope, messages, recent: Vec::new(), now }
    }

    /// With what was said just before.
    #[must_use]
    pub fn with_recent(mut self, recent: Vec<StoredMessage>) -> Self {
        self.recent = recent;
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
}

/// A part of a message that became no memory.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dropped {
    /// The message.
    pub source: String,
    /// The part.
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
}

/// What is to be done with a fact.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Decision {
    /// It is new.
    Add,
    /// It is known.
    None {
        /// The memory that says the same: a neighbour, or the fact with that
        /// number in the same call.
        known: Target,
        /// Why, in words for a person.
        reason: String,
    },
    /// It replaces what a memory says; the old version stays in its history.
    Update {
        /// Which memory: a neighbour, or an earlier fact of the same call.
        target: Target,
        /// What the memory says from now on.
        content: Content,
        /// Why, in words for a person.
        reason: String,
    },
    /// It ends a memory, and is itself new.
    Supersede {
        /// Which memory: a neighbour, or an earlier fact of the same call.
        target: Target,
        /// Why, in words for a person.
        reason: String,
    },
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
/// 1. One decision per candidate, in order.
/// 2. A target is one of that candidate's neighbours or an earlier candidate;
///    the engine refuses any other.
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

    /// One decision per candidate.
    ///
    /// # Errors
    /// As [`Extractor::extract`].
    async fn reconcile(&self, candidates: &[Candidate], now: Timestamp) -> Result<Vec<Decision>>;
}
