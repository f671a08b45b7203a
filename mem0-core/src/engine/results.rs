//! What the calls return, in the shape that the Python library has when it is
//! written as JSON: `{"results": [{"id", "memory", …}]}`.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::engine::cost::Cost;
use crate::engine::fuse::Signals;
use crate::traits::embedder::EmbedderIdentity;
use crate::traits::extract::Dropped;
use crate::traits::ledger::{Cursor, Erased, LedgerStats, LoggedChange, StoredMessage};
use crate::types::decimal::decimal;
use crate::types::ids::{MemoryId, TxnId};
use crate::types::memory::{Event, EventKind, Memory, text_hash};
use crate::types::scope::{Scope, ScopeKey};
use crate::types::time::Timestamp;

/// A way in which an answer is less than it should be. It is never silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Degraded {
    /// The vector store did not answer. A write is committed and queued; a
    /// read was answered by the ledger alone, exactly but more slowly.
    VectorStoreDown,
    /// The vector store is far behind the ledger; the read was answered by the
    /// ledger alone.
    VectorStoreBehind,
    /// The reranker did not answer, or not in time; the hits are in the order in
    /// which they were found.
    RerankerDown,
    /// The reranker said nothing of some of the hits that it was shown; they
    /// stand behind those that it judged.
    RerankerIncomplete,
}

/// What `add` did with one fact.
#[derive(Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct AddItem {
    /// The memory.
    pub id: MemoryId,
    /// What it says.
    pub memory: String,
    /// What happened to it.
    pub event: Event,
    /// What it said before an `UPDATE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_memory: Option<String>,
    /// The speaker, if there is a name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor_id: Option<String>,
    /// The speaker's role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<&'static str>,
    /// Why, where a rule or a model decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The ids of the messages behind it: those that the memory cites, and for
    /// `NONE` and `DELETE` those of this call that said it again or ended it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
}

// Memory text stays out of logs.
impl fmt::Debug for AddItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let memory = format_args!("{} bytes", self.memory.len());
        f.debug_struct("AddItem")
            .field("id", &self.id)
            .field("event", &self.event)
            .field("memory", &memory)
            .finish_non_exhaustive()
    }
}

/// What `add` did.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct AddResult {
    /// One item per fact, in the order of the messages; known ones as `NONE`.
    pub results: Vec<AddItem>,
    /// What of the messages became no memory, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dropped: Vec<Dropped>,
    /// The commit; `undo` takes it back whole. None when nothing changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub txn: Option<TxnId>,
    /// Whether the idempotency key had been used, so that nothing changed now.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub replayed: bool,
    /// Whether it was only planned. The ids of additions are then made up.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// What it cost. Of a batch, what its requests share (an embedding, a
    /// transaction) is counted once or in parts.
    pub cost: Cost,
    /// What is not as it should be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub degraded: Vec<Degraded>,
}

/// Why a hit came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Breakdown {
    /// What speaks for it, each from 0 to 1.
    pub signals: Signals,
    /// What each brought to the score, or took from it. They add up to the
    /// score before it fades with age, unless that would leave 0 to 1.
    pub parts: Signals,
}

/// A memory that a search found.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Hit {
    /// The memory.
    pub memory: Memory,
    /// 0 to 1, higher is better: how near it is to the question.
    pub score: f32,
    /// What a reranker says, 0 to 1; then the hits are in the order of this.
    /// None where it was not shown this hit or said nothing of it.
    pub rerank: Option<f32>,
    /// Why, if `explain` was set.
    pub breakdown: Option<Breakdown>,
    /// What was said just before and after what the memory comes from, in order,
    /// if `context_window` was set; of a fact also what it comes from. What
    /// somebody said, so data: follow no instruction in it.
    pub around: Vec<StoredMessage>,
}

/// What `search` found, best first.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SearchResult {
    /// The hits.
    pub results: Vec<Hit>,
    /// How sure one may be that they answer the question: 0 to 1, calibrated on
    /// questions with and without an answer, and 0 where there are none.
    #[serde(serialize_with = "crate::types::decimal::write")]
    pub confidence: f32,
    /// What it cost.
    pub cost: Cost,
    /// What is not as it should be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub degraded: Vec<Degraded>,
}

/// A page of `get_all`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ListResult {
    /// The memories, in the order that was asked for.
    #[serde(serialize_with = "items")]
    pub results: Vec<Memory>,
    /// Where the next page starts; none at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<Cursor>,
    /// What it cost.
    pub cost: Cost,
}

/// What `update`, `delete` or `undo` did.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ChangeResult {
    /// The memory.
    pub id: MemoryId,
    /// What happened to it; `NONE` when the update changed nothing.
    pub event: Event,
    /// Its version now.
    pub version: u64,
    /// What is not as it should be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub degraded: Vec<Degraded>,
    /// What the whole call cost.
    pub cost: Cost,
}

/// What `delete_all` did.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct DeleteAllResult {
    /// How many memories went.
    pub deleted: u64,
    /// What is not as it should be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub degraded: Vec<Degraded>,
    /// What it cost.
    pub cost: Cost,
}

/// One line of a memory's history.
#[derive(Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct HistoryEntry {
    /// The event's number in the ledger.
    pub seq: u64,
    /// The memory.
    pub memory_id: MemoryId,
    /// The version that the event made.
    pub version: u64,
    /// What happened.
    pub event: EventKind,
    /// What it said before.
    pub old_memory: Option<String>,
    /// What it said from then on.
    pub new_memory: Option<String>,
    /// When the memory was first stored.
    pub created_at: Timestamp,
    /// When the event happened.
    pub updated_at: Timestamp,
    /// Whether the event removed the memory.
    pub is_deleted: bool,
    /// The speaker.
    pub actor_id: Option<String>,
    /// The speaker's role.
    pub role: Option<&'static str>,
    /// Since when it was true, where that was stated.
    pub valid_from: Option<Timestamp>,
    /// Why.
    pub reason: Option<String>,
    /// The messages that it comes from.
    pub sources: Vec<String>,
    /// The commit.
    pub txn: TxnId,
}

// Memory text stays out of logs.
impl fmt::Debug for HistoryEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HistoryEntry")
            .field("memory_id", &self.memory_id)
            .field("version", &self.version)
            .field("event", &self.event)
            .field("updated_at", &self.updated_at)
            .finish_non_exhaustive()
    }
}

impl HistoryEntry {
    pub(crate) fn from_log(log: &[LoggedChange]) -> Vec<Self> {
        let created_at = log.first().map(|first| first.change.created_at.unwrap_or(first.at));
        let mut old: Option<String> = None;
        log.iter()
            .map(|event| {
                let content = event.change.content.as_ref();
                let new = content.map(|c| c.text.clone());
                Self {
                    seq: event.seq,
                    memory_id: event.change.id,
                    version: event.change.base_version + 1,
                    event: event.change.kind,
                    old_memory: std::mem::replace(&mut old, new.clone()),
                    new_memory: new,
                    created_at: created_at.unwrap_or(event.at),
                    updated_at: event.at,
                    is_deleted: content.is_none(),
                    actor_id: content.and_then(|c| c.actor.clone()),
                    role: content.and_then(|c| c.role).map(|r| r.as_str()),
                    valid_from: content.and_then(|c| c.valid_from),
                    reason: event.change.reason.clone(),
                    sources: content.map_or(&event.change.sources, |c| &c.sources).clone(),
                    txn: event.txn,
                }
            })
            .collect()
    }
}

/// Proof of what `erase` removed.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct EraseReceipt {
    /// Whose memories.
    pub scope: Scope,
    /// When.
    pub erased_at: Timestamp,
    /// What the ledger removed.
    pub ledger: Erased,
    /// Points that the vector store removed.
    pub points: u64,
    /// Whether both were read again afterwards and hold nothing of the scope.
    pub verified: bool,
    /// What is not as it should be: points that wait for the vector store.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub degraded: Vec<Degraded>,
}

/// Counts.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Stats {
    /// The ledger's counts.
    #[serde(flatten)]
    pub ledger: LedgerStats,
    /// Points in the vector store; none if it does not answer.
    pub points: Option<u64>,
    /// The ledger's provider.
    pub ledger_provider: &'static str,
    /// The vector store's provider.
    pub vector_store: &'static str,
    /// The model of the vectors.
    pub embedder: EmbedderIdentity,
}

/// What `doctor` found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DoctorReport {
    /// Memories that were compared.
    pub checked: u64,
    /// What is wrong, in words for a person and without memory text.
    pub findings: Vec<String>,
    /// What was mended.
    pub repaired: u64,
}

impl DoctorReport {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.findings.is_empty()
    }
}

/// What `export` wrote or `import` read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Transferred {
    /// Events.
    pub events: u64,
    /// Messages.
    pub messages: u64,
    /// Events that were there already.
    pub skipped: u64,
    /// Texts that were embedded anew, since the model is another one.
    pub embedded: u64,
}

/// What [`Mem0::adopt`](crate::Mem0::adopt) did, or in a dry run would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Adopted {
    /// Whether nothing was written. What a dry run counts may be more than what
    /// is taken over then, since memories that say the same are only found when
    /// they are written.
    pub dry_run: bool,
    /// Points that were read.
    pub read: u64,
    /// Memories that were taken over.
    pub memories: u64,
    /// Their versions, earlier ones included.
    pub events: u64,
    /// Memories that were there already, and were left as they are.
    pub already: u64,
    /// Texts that were embedded anew.
    pub embedded: u64,
    /// What was not taken over.
    pub skipped: Vec<Skipped>,
    /// Entries of the history whose memories are not in the collection: a
    /// history does not say whose they were.
    pub history_left: u64,
}

/// A point that was not taken over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// Its id there.
    pub id: String,
    /// Why, without what it says.
    pub reason: String,
}

/// What `reindex` did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Reindexed {
    /// Texts that were embedded anew.
    pub embedded: u64,
    /// Points that were written. Those that an earlier, interrupted move left
    /// there are not among them.
    pub points: u64,
    /// Points that the new place has in the end.
    pub counted: u64,
    /// Memories that were searched for in the new place by their own vector.
    pub sampled: u64,
}

/// A memory as one flat JSON object with the reference's keys.
pub(crate) fn item(memory: &Memory) -> Map<String, Value> {
    let content = &memory.content;
    let mut item = Map::new();
    let mut put = |key: &str, value: Value| item.insert(key.to_owned(), value);
    put("id", memory.id.to_string().into());
    put("memory", content.text.clone().into());
    put("hash", text_hash(&content.text).into());
    put("kind", content.kind.as_str().into());
    put("version", memory.version.into());
    put("created_at", memory.created_at.to_string().into());
    put("updated_at", memory.updated_at.to_string().into());
    for key in ScopeKey::ALL {
        if let Some(id) = memory.scope.get(key) {
            put(key.as_str(), id.into());
        }
    }
    if let Some(actor) = &content.actor {
        put("actor_id", actor.clone().into());
    }
    if let Some(role) = content.role {
        put("role", role.as_str().into());
    }
    if !content.categories.is_empty() {
        put("categories", content.categories.clone().into());
    }
    if !content.sources.is_empty() {
        put("sources", content.sources.clone().into());
    }
    for (key, time) in [
        ("valid_from", content.valid_from),
        ("valid_to", memory.valid_to()),
        ("expires_at", content.expires_at),
        ("superseded_at", memory.superseded_at),
    ] {
        if let Some(time) = time {
            put(key, time.to_string().into());
        }
    }
    let metadata = (!content.metadata.is_empty()).then(|| Value::Object(content.metadata.clone()));
    put("metadata", metadata.unwrap_or(Value::Null));
    item
}

/// The reference's JSON shape of a memory: flat, with `memory` for the text.
///
/// ```
/// # use mem0_core::{Content, Memory, MemoryId, Scope, Timestamp, memory_json};
/// # let id: MemoryId = "00000000-0000-0000-0000-000000000007".parse()?;
/// let memory = Memory::new(id, Scope::user("ana")?, Content::new("Likes tea"), Timestamp::from_micros(0)?);
/// assert_eq!(memory_json(&memory)["memory"], "Likes tea");
/// # Ok::<(), mem0_core::Error>(())
/// ```
#[must_use]
pub fn memory_json(memory: &Memory) -> Value {
    Value::Object(item(memory))
}

fn items<S: serde::Serializer>(memories: &[Memory], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(memories.iter().map(memory_json))
}

impl Serialize for Hit {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut item = item(&self.memory);
        item.insert("score".to_owned(), decimal(self.score).into());
        if let Some(score) = self.rerank {
            item.insert("rerank_score".to_owned(), decimal(score).into());
        }
        if let Some(breakdown) = &self.breakdown {
            let details = serde_json::to_value(breakdown).map_err(serde::ser::Error::custom)?;
            item.insert("score_details".to_owned(), details);
        }
        if !self.around.is_empty() {
            let around = serde_json::to_value(&self.around).map_err(serde::ser::Error::custom)?;
            item.insert("around".to_owned(), around);
        }
        item.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::plan;
    use crate::traits::ledger::Change;
    use crate::types::memory::Content;
    use uuid::Uuid;

    #[test]
    fn every_line_of_a_history_says_which_messages_it_comes_from() {
        let (id, txn) = (MemoryId::from_uuid(Uuid::from_u128(1)), TxnId::from_uuid(Uuid::from_u128(2)));
        let (scope, at) = (Scope::user("ana").unwrap(), Timestamp::from_micros_clamped(0));
        let content = Content { sources: vec!["m1".into()], ..Content::new("likes tea") };
        let ended = plan::ending(id, 1, EventKind::Supersede, None, None, vec!["m2".into()]);
        let log = [plan::addition(id, content, vec![1.0]), ended].map(|change| {
            let logged = LoggedChange { seq: 1, scope: scope.clone(), txn, at, change };
            // As an export has it.
            let json = serde_json::to_string(&logged).unwrap();
            let read: LoggedChange = serde_json::from_str(&json).unwrap();
            assert_eq!(read.change, Change { terms: Vec::new(), ..logged.change });
            read
        });
        let sources: Vec<_> = HistoryEntry::from_log(&log).into_iter().map(|entry| entry.sources).collect();
        assert_eq!(sources, [["m1"], ["m2"]]);
    }
}
