//! What a caller may say beside the arguments that every call needs.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::filter::Filter;
use crate::traits::foreign::ForeignEvent;
use crate::traits::ledger::{Cursor, OrderBy, View};
use crate::types::ids::MemoryId;
use crate::types::memory::{MemoryKind, Metadata};
use crate::types::message::Message;
use crate::types::scope::Scope;
use crate::types::time::Timestamp;

/// What to remember: one text, one message, or a conversation.
///
/// ```
/// use mem0_core::{AddInput, Message};
///
/// let text: AddInput = "I like tea.".into();
/// let talk: AddInput = vec![Message::user("Hi"), Message::assistant("Hello")].into();
/// assert_eq!((text.messages().len(), talk.messages().len()), (1, 2));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AddInput(Vec<Message>);

impl AddInput {
    /// The messages, oldest first.
    #[must_use]
    pub fn messages(&self) -> &[Message] {
        &self.0
    }

    pub(crate) fn into_messages(self) -> Vec<Message> {
        self.0
    }
}

impl From<&str> for AddInput {
    fn from(text: &str) -> Self {
        Self(vec![Message::user(text)])
    }
}

impl From<String> for AddInput {
    fn from(text: String) -> Self {
        Self(vec![Message::user(text)])
    }
}

impl From<Message> for AddInput {
    fn from(message: Message) -> Self {
        Self(vec![message])
    }
}

impl From<Vec<Message>> for AddInput {
    fn from(messages: Vec<Message>) -> Self {
        Self(messages)
    }
}

impl From<&[Message]> for AddInput {
    fn from(messages: &[Message]) -> Self {
        Self(messages.to_vec())
    }
}

/// What to do with pictures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ImageHandling {
    /// A model that sees describes them, in one call for all of them; an error
    /// where there is none.
    #[default]
    Describe,
    /// They are left out and reported as dropped.
    Skip,
}

/// How to remember it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct AddOptions {
    /// Extract facts and reconcile them with what is known (the default), or
    /// store each message as it was said.
    pub infer: bool,
    /// `Procedure` stores the whole input as one procedure of the agent; the
    /// scope then needs an `agent_id`.
    pub kind: Option<MemoryKind>,
    /// Key-value pairs for every new memory.
    pub metadata: Metadata,
    /// Labels for every new memory.
    pub categories: Vec<String>,
    /// From this time on the new memories no longer show.
    pub expires_at: Option<Timestamp>,
    /// When it was said, for messages that carry no time of their own.
    pub timestamp: Option<Timestamp>,
    /// A key of the caller, unique in the scope: the same call with the same
    /// key does nothing the second time and returns the first result.
    pub idempotency_key: Option<String>,
    /// Another policy than the engine's, by its name.
    pub policy: Option<String>,
    /// What this call wants of the extraction, in words for a model; for a
    /// procedure the prompt itself.
    #[serde(alias = "prompt")]
    pub instructions: Option<String>,
    /// What to do with pictures.
    pub images: ImageHandling,
    /// Plan only: the result says what would happen, and nothing is stored.
    /// Exact repeats of what is stored as said show as `ADD`, since only a
    /// commit finds them.
    pub dry_run: bool,
    /// How long the call may take before it commits; at most a day. What the
    /// provider's own limits allow by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
}

impl Default for AddOptions {
    fn default() -> Self {
        Self {
            infer: true,
            kind: None,
            metadata: Metadata::new(),
            categories: Vec::new(),
            expires_at: None,
            timestamp: None,
            idempotency_key: None,
            policy: None,
            instructions: None,
            images: ImageHandling::default(),
            dry_run: false,
            timeout: None,
        }
    }
}

impl AddOptions {
    /// Stores each message as it was said.
    #[must_use]
    pub fn as_said() -> Self {
        Self { infer: false, ..Self::default() }
    }

    /// Stores the input as one procedure of an agent.
    #[must_use]
    pub fn procedure() -> Self {
        Self { kind: Some(MemoryKind::Procedure), ..Self::default() }
    }

    /// Sets whether facts are extracted.
    #[must_use]
    pub fn infer(mut self, infer: bool) -> Self {
        self.infer = infer;
        self
    }

    /// Adds key-value pairs for every new memory.
    #[must_use]
    pub fn metadata(mut self, metadata: Metadata) -> Self {
        self.metadata = metadata;
        self
    }

    /// Adds labels for every new memory.
    #[must_use]
    pub fn categories<I: IntoIterator<Item: Into<String>>>(mut self, categories: I) -> Self {
        self.categories = categories.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the time from which the new memories no longer show.
    #[must_use]
    pub fn expires_at(mut self, at: Timestamp) -> Self {
        self.expires_at = Some(at);
        self
    }

    /// Says when it was said.
    #[must_use]
    pub fn timestamp(mut self, at: Timestamp) -> Self {
        self.timestamp = Some(at);
        self
    }

    /// Sets the caller's key.
    #[must_use]
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.idempotency_key = Some(key.into());
        self
    }
}

impl AddOptions {
    /// Names another policy than the engine's.
    #[must_use]
    pub fn policy(mut self, name: impl Into<String>) -> Self {
        self.policy = Some(name.into());
        self
    }

    /// Says what this call wants of the extraction.
    #[must_use]
    pub fn instructions(mut self, instructions: impl Into<String>) -> Self {
        self.instructions = Some(instructions.into());
        self
    }

    /// Says what to do with pictures.
    #[must_use]
    pub fn images(mut self, handling: ImageHandling) -> Self {
        self.images = handling;
        self
    }

    /// Plans only.
    #[must_use]
    pub fn dry_run(mut self, yes: bool) -> Self {
        self.dry_run = yes;
        self
    }

    /// Limits the time before the commit.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }
}

/// How a batch is worked off.
#[derive(Clone)]
#[non_exhaustive]
pub struct BatchOptions {
    /// How many requests are worked on side by side; 4 by default, 0 counts
    /// as 1.
    pub concurrency: usize,
    /// Is told how many requests are finished, and of how many.
    pub progress: Option<Arc<dyn Fn(usize, usize) + Send + Sync>>,
}

impl Default for BatchOptions {
    fn default() -> Self {
        Self { concurrency: 4, progress: None }
    }
}

impl BatchOptions {
    /// Sets how many requests are worked on side by side.
    #[must_use]
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.concurrency = requests;
        self
    }

    /// Sets who is told of the progress.
    #[must_use]
    pub fn progress(mut self, progress: impl Fn(usize, usize) + Send + Sync + 'static) -> Self {
        self.progress = Some(Arc::new(progress));
        self
    }
}

impl fmt::Debug for BatchOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchOptions").field("concurrency", &self.concurrency).finish_non_exhaustive()
    }
}

/// One `add` of a batch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AddRequest {
    /// What to remember.
    pub input: AddInput,
    /// Whose memory.
    pub scope: Scope,
    /// How.
    pub options: AddOptions,
}

impl AddRequest {
    /// What to remember, of whom and how.
    #[must_use]
    pub fn new(input: impl Into<AddInput>, scope: Scope, options: AddOptions) -> Self {
        Self { input: input.into(), scope, options }
    }
}

/// Which moment a read looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct When {
    /// What was true then.
    pub as_of: Option<Timestamp>,
    /// What was known then.
    pub known_at: Option<Timestamp>,
    /// Expired memories too.
    pub include_expired: bool,
}

impl When {
    /// What was true at `time`.
    #[must_use]
    pub fn as_of(time: Timestamp) -> Self {
        Self { as_of: Some(time), ..Self::default() }
    }

    /// What was known at `time`.
    #[must_use]
    pub fn known_at(time: Timestamp) -> Self {
        Self { known_at: Some(time), ..Self::default() }
    }

    /// Now, expired memories included.
    #[must_use]
    pub fn with_expired() -> Self {
        Self { include_expired: true, ..Self::default() }
    }

    /// The same moment, expired memories included.
    #[must_use]
    pub fn and_expired(mut self) -> Self {
        self.include_expired = true;
        self
    }

    /// The same, but what was known at `time` of it.
    #[must_use]
    pub fn and_known_at(mut self, time: Timestamp) -> Self {
        self.known_at = Some(time);
        self
    }

    pub(crate) fn view(self, now: Timestamp) -> View {
        View { as_of: self.as_of, known_at: self.known_at, include_expired: self.include_expired, ..View::current(now) }
    }
}

/// How to search.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SearchOptions {
    /// How many hits at most; 20 by default, at most 10,000.
    pub limit: usize,
    /// Hits below this score are left out; 0 to 1. 0.02 by default: what a
    /// cosine of 0.07 is worth where no word is shared.
    pub threshold: f32,
    /// Only memories that match.
    pub filter: Filter,
    /// Which moment to look at.
    pub when: When,
    /// Say why each hit came.
    pub explain: bool,
    /// Whether the reranker looks at the best hits again. None, the default: if
    /// there is one. An error if it is asked for and there is none.
    pub rerank: Option<bool>,
    /// How many of the best hits the reranker is shown; the others stay behind
    /// them. None, the default: what the engine is configured with, 50 where
    /// nothing is said.
    pub rerank_pool: Option<usize>,
    /// How many messages that were said before and after come along with each
    /// hit; 0 by default, at most 100. The newest thousand messages of a scope
    /// are looked at.
    pub context_window: usize,
}

impl Default for SearchOptions {
    fn default() -> Self {
        Self {
            limit: 20,
            threshold: 0.02,
            filter: Filter::All,
            when: When::default(),
            explain: false,
            rerank: None,
            rerank_pool: None,
            context_window: 0,
        }
    }
}

impl SearchOptions {
    /// Sets how many hits at most.
    #[must_use]
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    /// Sets whether the reranker looks at the best hits again.
    #[must_use]
    pub fn rerank(mut self, yes: bool) -> Self {
        self.rerank = Some(yes);
        self
    }

    /// Sets how many of the best hits the reranker is shown.
    #[must_use]
    pub fn rerank_pool(mut self, hits: usize) -> Self {
        self.rerank_pool = Some(hits);
        self
    }

    /// Lets each hit bring along so many messages from before and after.
    #[must_use]
    pub fn context_window(mut self, messages: usize) -> Self {
        self.context_window = messages;
        self
    }

    /// Sets the lowest score.
    #[must_use]
    pub fn threshold(mut self, threshold: f32) -> Self {
        self.threshold = threshold;
        self
    }

    /// Only memories that match.
    #[must_use]
    pub fn filter(mut self, filter: Filter) -> Self {
        self.filter = filter;
        self
    }

    /// Looks at another moment than now.
    #[must_use]
    pub fn when(mut self, when: When) -> Self {
        self.when = when;
        self
    }

    /// Says why each hit came.
    #[must_use]
    pub fn explain(mut self) -> Self {
        self.explain = true;
        self
    }
}

/// How to take over a collection that was written elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AdoptOptions {
    /// What the other program's history tells of earlier versions, in the order
    /// in which it was written; none by default.
    pub history: Vec<ForeignEvent>,
    /// Keep the vectors instead of embedding the texts anew: right only if the
    /// very same model made them. Off by default.
    pub keep_vectors: bool,
    /// Only say what would be done. Off by default.
    pub dry_run: bool,
}

impl AdoptOptions {
    /// With a history.
    #[must_use]
    pub fn history(mut self, history: Vec<ForeignEvent>) -> Self {
        self.history = history;
        self
    }

    /// Whether the vectors are kept.
    #[must_use]
    pub const fn keep_vectors(mut self, keep: bool) -> Self {
        self.keep_vectors = keep;
        self
    }

    /// Whether nothing is written.
    #[must_use]
    pub const fn dry_run(mut self, dry_run: bool) -> Self {
        self.dry_run = dry_run;
        self
    }
}

/// How to list.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ListOptions {
    /// How many at most; 100 by default, at most 10,000.
    pub limit: usize,
    /// Only memories that match.
    pub filter: Filter,
    /// Which moment to look at.
    pub when: When,
    /// In which order.
    pub order: OrderBy,
    /// Newest first (the default) or oldest first.
    pub descending: bool,
    /// The `next` of the page before.
    pub after: Option<Cursor>,
}

impl Default for ListOptions {
    fn default() -> Self {
        Self {
            limit: 100,
            filter: Filter::All,
            when: When::default(),
            order: OrderBy::CreatedAt,
            descending: true,
            after: None,
        }
    }
}

impl ListOptions {
    /// Sets how many at most.
    #[must_use]
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    /// Only memories that match.
    #[must_use]
    pub fn filter(mut self, filter: Filter) -> Self {
        self.filter = filter;
        self
    }

    /// Looks at another moment than now.
    #[must_use]
    pub fn when(mut self, when: When) -> Self {
        self.when = when;
        self
    }

    /// Oldest first.
    #[must_use]
    pub fn ascending(mut self) -> Self {
        self.descending = false;
        self
    }

    /// Sets the order.
    #[must_use]
    pub fn order(mut self, order: OrderBy) -> Self {
        self.order = order;
        self
    }

    /// Goes on after a page.
    #[must_use]
    pub fn after(mut self, cursor: Option<Cursor>) -> Self {
        self.after = cursor;
        self
    }
}

/// What to change. What is not set stays.
#[derive(Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct UpdateOptions {
    /// The memory must belong to what this scope covers, else it is not found.
    pub scope: Option<Scope>,
    /// The new text.
    pub text: Option<String>,
    /// Merged into the metadata; null removes a key (RFC 7396, top level).
    pub metadata: Option<Metadata>,
    /// The new labels.
    pub categories: Option<Vec<String>>,
    /// The new expiry; `Some(None)` clears it.
    pub expires_at: Option<Option<Timestamp>>,
    /// Since when the new content is true; the time of the call by default.
    pub valid_from: Option<Timestamp>,
    /// Why, for the history.
    pub reason: Option<String>,
    /// The version that the change was made on; another one is a `Conflict`.
    pub expected_version: Option<u64>,
}

// Memory text stays out of logs.
impl fmt::Debug for UpdateOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpdateOptions")
            .field("scope", &self.scope)
            .field("text", &self.text.as_ref().map(|text| format!("{} bytes", text.len())))
            .field("metadata_keys", &self.metadata.as_ref().map(serde_json::Map::len))
            .field("expected_version", &self.expected_version)
            .finish_non_exhaustive()
    }
}

impl UpdateOptions {
    /// A new text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: Some(text.into()), ..Self::default() }
    }

    /// Changed metadata.
    #[must_use]
    pub fn metadata(metadata: Metadata) -> Self {
        Self { metadata: Some(metadata), ..Self::default() }
    }

    /// Merges metadata as well.
    #[must_use]
    pub fn with_metadata(mut self, metadata: Metadata) -> Self {
        self.metadata = Some(metadata);
        self
    }

    /// Replaces the labels.
    #[must_use]
    pub fn with_categories<I: IntoIterator<Item: Into<String>>>(mut self, categories: I) -> Self {
        self.categories = Some(categories.into_iter().map(Into::into).collect());
        self
    }

    /// Sets the expiry, or clears it.
    #[must_use]
    pub fn with_expiry(mut self, at: Option<Timestamp>) -> Self {
        self.expires_at = Some(at);
        self
    }

    /// Says since when the new content is true.
    #[must_use]
    pub fn valid_from(mut self, at: Timestamp) -> Self {
        self.valid_from = Some(at);
        self
    }

    /// Only if the memory still has this version.
    #[must_use]
    pub fn if_version(mut self, version: u64) -> Self {
        self.expected_version = Some(version);
        self
    }

    /// Only within this scope.
    #[must_use]
    pub fn in_scope(mut self, scope: Scope) -> Self {
        self.scope = Some(scope);
        self
    }

    /// Says why.
    #[must_use]
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }
}

/// One `update` of a batch.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct UpdateRequest {
    /// Which memory.
    pub id: MemoryId,
    /// What to change.
    pub options: UpdateOptions,
}

impl UpdateRequest {
    /// Which memory and what to change.
    #[must_use]
    pub fn new(id: MemoryId, options: UpdateOptions) -> Self {
        Self { id, options }
    }
}
