//! The append-only log that is the truth; everything else is a projection.

use std::fmt;
use std::str::FromStr;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::filter::Filter;
use crate::text::{Bm25, Entity, QueryTerm, TermId};
use crate::traits::embedder::EmbedderIdentity;
use crate::traits::job::{Job, JobEnd, JobQuery, Spend, SpendOutcome};
use crate::traits::vector_store::ScoredPoint;
use crate::types::ids::{JobId, MemoryId, TxnId};
use crate::types::memory::{Content, EventKind, Memory};
use crate::types::message::Role;
use crate::types::scope::Scope;
use crate::types::time::Timestamp;

/// One change of one memory: one event of the ledger.
///
/// | kind | base | content | the memory is then |
/// |---|---|---|---|
/// | `Add` | 0 | required | live |
/// | `Update` | current | required | live |
/// | `Delete` | current | none | deleted |
/// | `Supersede` | current | none | superseded |
/// | `Undo` | current | as before the last change, none where that was `Add` | live, or deleted |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Which memory.
    pub id: MemoryId,
    /// What happens to it.
    pub kind: EventKind,
    /// The version that the change builds on; the new one is one higher.
    pub base_version: u64,
    /// What the memory says from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Content>,
    /// The vector of the text. None where the text stays: the vector of the
    /// version before holds on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vector: Option<Vec<f32>>,
    /// The keyword terms of the text with their counts. Empty without content.
    #[serde(skip)]
    pub terms: Vec<(TermId, u32)>,
    /// When the version before ceased to be true. None where that is not known:
    /// it then ends where the new content begins, if that is stated and later
    /// than its own beginning, else with this change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Why, in words for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The ids of the messages that an ending comes from. What has content says
    /// there where it comes from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// Two live, unexpired memories of one exact scope never share this key. The
    /// log may show it as it was asked for, also where rule 6 left it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dedup_key: Option<[u8; 16]>,
    /// For `Add`: when the memory was first stored elsewhere, for imports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
}

/// A message that was said in a scope, kept for the next extraction and for
/// provenance.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredMessage {
    /// The id that memories cite, unique within the exact scope.
    pub id: String,
    /// Who spoke.
    pub role: Role,
    /// The speaker's own name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What was said.
    pub content: String,
    /// When it was said.
    pub at: Timestamp,
}

// Content stays out of logs.
impl fmt::Debug for StoredMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredMessage").field("id", &self.id).field("role", &self.role).finish_non_exhaustive()
    }
}

/// A caller's key that makes a repeated call harmless.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idempotency {
    /// The caller's key, unique within the exact scope.
    pub key: String,
    /// A digest of the input, so that a key used for something else is found.
    pub digest: [u8; 32],
}

/// What is committed in one scope, whole or not at all.
#[derive(Clone, Debug)]
pub struct Commit {
    /// The exact scope of every change.
    pub scope: Scope,
    /// The identity of the call.
    pub txn: TxnId,
    /// When.
    pub at: Timestamp,
    /// The model that made the vectors.
    pub identity: EmbedderIdentity,
    /// The revision of the scope that the changes were planned on; none where
    /// they do not depend on what else the scope holds.
    pub expected_revision: Option<u64>,
    /// The changes, in order. A memory may occur more than once.
    pub changes: Vec<Change>,
    /// Messages to keep. One whose id the scope already has is left as it is.
    pub messages: Vec<StoredMessage>,
    /// Whether the scope's kept messages go first.
    pub forget_messages: bool,
    /// The caller's key, if any.
    pub idempotency: Option<Idempotency>,
    /// Who will project the changes, if the caller is about to.
    pub claim: Option<Claim>,
}

/// What became of one change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is an event now.
    Applied {
        /// The memory.
        id: MemoryId,
        /// Its new version.
        version: u64,
        /// The event's number.
        seq: u64,
    },
    /// The scope had a live memory with that dedup key: nothing was written.
    Existing {
        /// That memory.
        id: MemoryId,
    },
}

/// What a commit did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The revision of the scope afterwards.
    pub revision: u64,
    /// The commit that the outcomes are from: this one, or the one that used
    /// the idempotency key first.
    pub txn: TxnId,
    /// One per change.
    pub outcomes: Vec<Outcome>,
    /// Whether the key had been used, so that nothing was written now.
    pub replayed: bool,
}

/// Which versions a read sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct View {
    /// The time of the read; decides what has expired.
    pub now: Timestamp,
    /// See what was true then.
    pub as_of: Option<Timestamp>,
    /// See what was known then.
    pub known_at: Option<Timestamp>,
    /// See expired memories too.
    pub include_expired: bool,
}

impl View {
    /// What is live now.
    #[must_use]
    pub const fn current(now: Timestamp) -> Self {
        Self { now, as_of: None, known_at: None, include_expired: false }
    }

    /// Whether the read looks at the past, where only the ledger can answer.
    #[must_use]
    pub const fn is_past(&self) -> bool {
        self.as_of.is_some() || self.known_at.is_some()
    }

    /// Whether this version is one to see. `later` says what ended the memory
    /// after this version, if anything did.
    ///
    /// - Without a time: the head, live and not expired.
    /// - `as_of`: true then, of a memory that the caller has not deleted; not
    ///   expired then.
    /// - `known_at`: recorded by then and not yet superseded then, whatever
    ///   became of it since.
    /// - both: known then to be true then.
    ///
    /// Of several versions of one memory that qualify, the latest counts.
    #[must_use]
    pub fn sees(&self, memory: &Memory, head: State) -> bool {
        let known = self.known_at;
        let recorded = known.is_none_or(|t| memory.updated_at <= t);
        let standing = match (known, memory.superseded_at) {
            (Some(t), Some(end)) => t < end,
            _ => true,
        };
        let live = match (known, self.as_of) {
            (Some(_), _) => true,
            (None, Some(_)) => head != State::Deleted,
            (None, None) => head == State::Live && memory.superseded_at.is_none(),
        };
        let valid_to = match known {
            // What ended it was not known then.
            Some(t) if memory.superseded_at.is_some_and(|end| end > t) => memory.content.valid_to,
            _ => memory.valid_to(),
        };
        let valid = self.as_of.is_none_or(|t| memory.valid_from() <= t && valid_to.is_none_or(|end| t < end));
        let then = self.as_of.or(known).unwrap_or(self.now);
        let fresh = self.include_expired || !memory.is_expired(then);
        recorded && standing && live && valid && fresh
    }
}

/// What became of a memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum State {
    /// It shows.
    Live,
    /// The caller removed it.
    Deleted,
    /// Something newer ended it.
    Superseded,
}

/// Where a memory stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Which memory.
    pub id: MemoryId,
    /// Its exact scope.
    pub scope: Scope,
    /// Its latest version.
    pub version: u64,
    /// What became of it.
    pub state: State,
    /// When it was first stored.
    pub created_at: Timestamp,
}

/// The order of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OrderBy {
    /// By the time when the memory was first stored.
    #[default]
    CreatedAt,
    /// By the time when the version was stored.
    UpdatedAt,
}

/// A place in a list: everything up to and including it has been seen. Written
/// as an opaque text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cursor {
    /// The time of the last item in the list's order.
    pub at: Timestamp,
    /// The last item.
    pub id: MemoryId,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The sign bit is flipped so that the text is always 16 digits.
        let at = self.at.as_micros().cast_unsigned() ^ (1 << 63);
        write!(f, "{at:016x}{}", self.id.as_uuid().simple())
    }
}

impl FromStr for Cursor {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let bad = || Error::invalid("not a cursor; pass the `next` of a page as it came");
        let (at, id) = text.split_at_checked(16).ok_or_else(bad)?;
        if id.len() != 32 {
            return Err(bad());
        }
        let at = u64::from_str_radix(at, 16).map_err(|_| bad())? ^ (1 << 63);
        Ok(Self {
            at: Timestamp::from_micros(at.cast_signed()).map_err(|_| bad())?,
            id: id.parse().map_err(|_| bad())?,
        })
    }
}

impl TryFrom<String> for Cursor {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<Cursor> for String {
    fn from(cursor: Cursor) -> Self {
        cursor.to_string()
    }
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Page<T> {
    /// The items, in order.
    pub items: Vec<T>,
    /// Where the next page starts; none at the end.
    pub next: Option<Cursor>,
}

/// A list of memories.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ListQuery {
    /// Only what this scope covers.
    pub scope: Scope,
    /// Only what matches, evaluated on [`Memory::to_payload`].
    pub filter: Filter,
    /// Which versions.
    pub view: View,
    /// In which order; ties in the order of ids.
    pub order: OrderBy,
    /// Newest first.
    pub descending: bool,
    /// After this place.
    pub after: Option<Cursor>,
    /// How many at most.
    pub limit: usize,
}

impl ListQuery {
    /// The oldest `limit` memories of `scope`.
    #[must_use]
    pub fn new(scope: Scope, view: View, limit: usize) -> Self {
        Self { scope, filter: Filter::All, view, order: OrderBy::CreatedAt, descending: false, after: None, limit }
    }
}

/// A search by words.
#[derive(Clone, Debug)]
pub struct KeywordQuery {
    /// Only what this scope covers.
    pub scope: Scope,
    /// The words of the question; a memory has one if it has any of its terms.
    pub terms: Vec<QueryTerm>,
    /// Only what matches, evaluated on [`Memory::to_payload`].
    pub filter: Filter,
    /// Which versions.
    pub view: View,
    /// How many at most.
    pub limit: usize,
    /// The ranking function. Document frequencies are those of the live
    /// memories of the scope, expired ones included; of the past, those of what
    /// is seen.
    pub bm25: Bm25,
}

/// What a search by words found.
#[derive(Clone, Debug, PartialEq)]
pub struct KeywordHits {
    /// Memory, version and BM25 score, best first, ties in the order of ids.
    pub hits: Vec<(MemoryId, u64, f32)>,
    /// A score that no memory of any text can exceed for these terms; 0 when
    /// there are no terms.
    pub ceiling: f32,
    /// What each distinct term can add at most, in the order of terms; together
    /// they are the ceiling.
    pub weights: Vec<f32>,
    /// Which of these terms the text of each hit holds, in the order of hits.
    pub held: Vec<Held>,
}

/// Some of the first 64 terms of a question, in the order of terms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held(u64);

impl Held {
    /// Adds the term at this place. Of a question of more than 64 the others are
    /// not noted.
    pub fn add(&mut self, place: usize) {
        self.0 |= u32::try_from(place).ok().and_then(|place| 1_u64.checked_shl(place)).unwrap_or_default();
    }

    /// Whether the term at this place is one of them.
    #[must_use]
    pub fn has(self, place: usize) -> bool {
        u32::try_from(place).ok().and_then(|place| self.0.checked_shr(place)).is_some_and(|rest| rest & 1 == 1)
    }
}

/// A list of who and what the memories of a scope name.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EntityQuery {
    /// Only what this scope covers.
    pub scope: Scope,
    /// Only those of whom a name begins so, compared by
    /// [`name_key`](crate::text::name_key).
    pub prefix: Option<String>,
    /// How many at most.
    pub limit: usize,
}

impl EntityQuery {
    /// The `limit` that are mentioned most.
    #[must_use]
    pub const fn new(scope: Scope, limit: usize) -> Self {
        Self { scope, prefix: None, limit }
    }
}

/// A search by names.
#[derive(Clone, Debug)]
pub struct MentionQuery {
    /// Only what this scope covers.
    pub scope: Scope,
    /// The names, compared by [`name_key`](crate::text::name_key). Those that
    /// nothing mentions cost little and find nothing.
    pub names: Vec<String>,
    /// Only what matches, evaluated on [`Memory::to_payload`].
    pub filter: Filter,
    /// Which versions.
    pub view: View,
    /// How many at most.
    pub limit: usize,
}

/// What a search by names found.
#[derive(Clone, Debug, PartialEq)]
pub struct MentionHits {
    /// Memory, version and weight, best first, ties in the order of ids. The
    /// weight is the sum of those of the entities that the memory mentions, see
    /// [`Names::weigh`](crate::text::Names::weigh).
    pub hits: Vec<(MemoryId, u64, f32)>,
    /// The weight of a memory that mentions all that the scope knows of the
    /// names; 0 where it knows none.
    pub ceiling: f32,
}

/// A search by nearness in the ledger itself: exact, and slower than a vector
/// store. It answers for the past, and for a vector store that is down.
#[derive(Clone, Debug)]
pub struct NearestQuery {
    /// Only what this scope covers.
    pub scope: Scope,
    /// The vector to be near to, of length 1.
    pub vector: Vec<f32>,
    /// Only what matches, evaluated on [`Memory::to_payload`].
    pub filter: Filter,
    /// Which versions.
    pub view: View,
    /// How many at most.
    pub limit: usize,
}

/// A memory whose latest change the vector store may not have yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Pending {
    /// Which memory.
    pub id: MemoryId,
    /// Its exact scope.
    pub scope: Scope,
    /// The number of its latest event.
    pub seq: u64,
    /// Its latest version.
    pub version: u64,
    /// How often projecting it failed.
    pub attempts: u32,
    /// The memory with its vector if it is live; none if it is to be deleted.
    pub head: Option<(Memory, Vec<f32>)>,
}

/// Who is projecting, so that two processes do not write the same memory to a
/// store that cannot order writes itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The one who projects.
    pub owner: String,
    /// Until when the others keep away.
    pub until: Timestamp,
}

/// What is pending.
#[derive(Clone, Debug, Default)]
pub struct PendingQuery {
    /// Only what this scope covers; everything where there is none.
    pub scope: Option<Scope>,
    /// Only what may be tried at this time: not put off, not claimed by
    /// another owner. Everything where there is none.
    pub due: Option<Timestamp>,
    /// Take a claim on what is returned. Needs `due`.
    pub claim: Option<Claim>,
    /// How many at most, in the order of events.
    pub limit: usize,
}

/// Where an exact scope stands, for a plan of what is to change in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Standing {
    /// As [`Ledger::revision`].
    pub revision: u64,
    /// As [`Ledger::messages`].
    pub recent: Vec<StoredMessage>,
    /// As [`Ledger::pending`], of what the scope covers.
    pub pending: Vec<Pending>,
}

/// Where the ledger is projected to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Projection {
    /// The vector store's provider.
    pub store: String,
    /// The collection in it.
    pub collection: String,
    /// The model of the vectors.
    pub identity: EmbedderIdentity,
}

/// One event as the ledger keeps it; replaying them rebuilds the ledger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoggedChange {
    /// The event's number.
    pub seq: u64,
    /// The exact scope.
    pub scope: Scope,
    /// The commit that it was part of.
    pub txn: TxnId,
    /// When.
    pub at: Timestamp,
    /// What happened. `terms` is empty.
    #[serde(flatten)]
    pub change: Change,
}

/// What was removed by [`Ledger::erase`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erased {
    /// Memories, in any state.
    pub memories: u64,
    /// Events, which hold every version.
    pub events: u64,
    /// Kept messages.
    pub messages: u64,
    /// Idempotency records.
    pub idempotency_keys: u64,
    /// Vectors.
    pub vectors: u64,
    /// Rows of the keyword index.
    pub postings: u64,
    /// Jobs, in any state.
    #[serde(default)]
    pub jobs: u64,
    /// Periods of which the spending was counted.
    #[serde(default)]
    pub spending: u64,
    /// Rows of the index of names.
    #[serde(default)]
    pub mentions: u64,
}

/// Where a memory stands among those of its exact scope, in the order in which
/// they were added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Place {
    /// Of memories that stand at the same time: the same number where the exact
    /// scope is the same, another one where it is not. It says nothing else.
    pub scope: u64,
    /// The number of its `Add` among those of the scope, from 1. What became of
    /// the memory since changes nothing.
    pub nth: u64,
}

/// A memory whose neighbours are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Around {
    /// Which memory; it need not be one that is seen.
    pub id: MemoryId,
    /// From so many places before it.
    pub before: usize,
    /// To so many places after it.
    pub after: usize,
}

/// How often a memory was recalled, and when last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Use {
    /// How often.
    pub count: u64,
    /// The latest time at which it was.
    pub last: Timestamp,
}

/// A scope that the ledger knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ScopeInfo {
    /// The exact scope.
    pub scope: Scope,
    /// How many commits it has seen.
    pub revision: u64,
    /// How many live memories it has (expired ones included).
    pub memories: u64,
}

/// Counts of the whole ledger or of what a scope covers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LedgerStats {
    /// Exact scopes.
    pub scopes: u64,
    /// Live memories (expired ones included).
    pub memories: u64,
    /// Deleted memories, of which only the history is left.
    pub deleted: u64,
    /// Superseded memories.
    pub superseded: u64,
    /// Events.
    pub events: u64,
    /// Kept messages.
    pub messages: u64,
    /// Memories that wait for the vector store.
    pub pending: u64,
    /// Bytes on disk, where there is a disk. Of the whole ledger.
    pub bytes: Option<u64>,
}

/// The append-only, transactional log.
///
/// # Rules
/// Each number is a case of the conformance suite.
/// 1. A commit is whole or not at all, also across several scopes in one call,
///    also when the process is killed.
/// 2. A commit that returned survives a kill of the process and, unless the
///    ledger was opened otherwise, a loss of power.
/// 3. Each exact scope has a revision, 0 at first, one higher per commit with
///    at least one applied change.
/// 4. `expected_revision` that is not the scope's revision is `Conflict`;
///    nothing of the call is written.
/// 5. `base_version` that is not the memory's version is `Conflict`; a change
///    of an id in another exact scope is `NotFound`; an `Add` of a known id is
///    `AlreadyExists`.
/// 6. An `Add` whose dedup key a live, unexpired memory of the exact scope has
///    is `Existing`, under any concurrency. An expired one is superseded. An
///    `Update` or `Undo` that would collide is applied without a key.
/// 7. A used idempotency key with the same digest writes nothing and returns
///    the first outcomes; with another digest it is `AlreadyExists`.
/// 8. `get`, `list`, `count`, `keyword` and `nearest` see what
///    [`View::sees`] says, at most one version per memory.
/// 9. Every read with a scope returns only what the scope covers.
/// 10. `list` is ordered and paged without gap or repeat, also while memories
///     are added; filters apply before the limit. Descending is ascending read
///     backwards, ids included.
/// 11. `history` is every event of the memory in order, with reason and
///     sources, and stays after a delete. Folding it gives what `get` returns.
/// 12. `keyword` ranks by the given BM25 over the live memories of the scope,
///     and finds new text, not old, after an update; each hit says which of the
///     terms it holds.
/// 13. `nearest` is exact: descending cosine, ties in the order of ids.
/// 14. Every commit leaves its memories pending until `mark_projected` with
///     the latest `seq` or a later one; marking an older one changes nothing.
///     A moved projection gives new numbers.
/// 15. A claim keeps other owners away until it ends; a commit does not take
///     over another owner's.
/// 16. Messages come back in the order in which they were said (time, then
///     arrival), newest last; a repeated id is kept once.
/// 17. `erase` leaves nothing of the scope in any table or index, jobs and
///     spending included; what the vector store still has stays pending as
///     deletions.
/// 18. Replaying `log` into an empty ledger by `commit` gives the same reads.
/// 19. Every text comes back byte for byte: any script, quotes, NUL, 1 MB.
/// 20. Concurrent commits, also of several processes, are serialised.
/// 21. A commit with another identity than the projection's is
///     `IdentityMismatch`; before there is a projection, the first commit
///     decides.
/// 22. A vector of the wrong length is `DimensionMismatch`; a change whose
///     content or vector does not fit its kind is `InvalidInput`.
/// 23. An unknown id reads as nothing; it is not an error.
/// 24. Dropping a future leaves a commit either done whole or not begun.
/// 25. `enqueue` is whole or not at all, and survives as a commit does. A job
///     whose id is known is left as it is; one that has begun is `InvalidInput`.
/// 26. `lease_job` gives the oldest job, by arrival, that is queued and not put
///     off or whose lease has run out, and counts an attempt. Of several that
///     ask at once, also in several processes, one gets it.
/// 27. The jobs of one exact scope run one at a time and in the order of their
///     arrival: one that is put off holds back those behind it, one in another
///     scope does not.
/// 28. A lease that has run out is given to the next who asks, also after a
///     crash. `end_job` and `extend_job` by anybody but the last to lease a
///     running job change nothing.
/// 29. A job that has ended stays so: its payload is gone, its outcome kept. A
///     job that is to be tried again keeps its place and its payload.
///     `cancel_job` ends a queued job only.
/// 30. `jobs` is ordered by creation, then id, paged without gap or repeat, and
///     of what the scope covers. `prune_jobs` removes what ended before, and
///     nothing else.
/// 31. `spend` never lets the sum exceed the limit, under any concurrency. What
///     is refused adds nothing.
/// 32. Spending belongs to one exact scope and one period. A refund never goes
///     below zero.
/// 33. `places` numbers the memories of an exact scope in the order of their
///     `Add`s, from 1 without a gap, whatever became of them. No two memories
///     of a scope share a number, under any concurrency.
/// 34. `around` gives of the memories within the asked places of the same exact
///     scope those that the view sees, in order, each with the difference of
///     the numbers, and never the memory itself.
/// 35. `entities` are those whom the live memories of the scope mention (expired
///     ones included), by the names that [`NameRow::of`](crate::text::NameRow)
///     finds in what they say now, each counted once for each memory. Those come
///     first that most mention, ties in the order of their keys.
/// 36. A name of one word that is part of exactly one longer name, of those that
///     the scope covers, is that entity, in whatever order they were added.
/// 37. `mentioned` finds by any name of an entity, and ranks by the weights of
///     [`Names::weigh`](crate::text::Names::weigh) over the live memories of the
///     scope, expired ones included; of the past, over those that are seen.
///     Filters apply before the limit.
/// 38. `mentioned` sees what [`View::sees`] says, at most one version per memory.
/// 39. `note_uses` counts one use of each memory that it names, however often it
///     names it, under any concurrency, and keeps the latest time. It changes
///     nothing else: no event, no revision, nothing pending. An unknown id is
///     left out.
/// 40. Uses belong to one memory and stay when it changes or is deleted. They go
///     with an erasure: the same id, added anew, has none.
/// 41. `standing` is what `revision`, `messages` and `pending` say, and nothing
///     of it is older than its revision: a plan on it cannot miss a change.
/// 42. `speakers` are those who said any of the live memories of the scope
///     (expired ones included) whose name is an asked word or has it among its
///     words, by their keys, in order, each once.
#[async_trait]
pub trait Ledger: fmt::Debug + Send + Sync + 'static {
    /// The provider's name, as in the configuration.
    fn name(&self) -> &'static str;

    /// The revision of an exact scope.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn revision(&self, scope: &Scope) -> Result<u64>;

    /// The revision of an exact scope, its newest `recent` messages, and at most
    /// `pending` of what waits for the vector store. A ledger that can read them
    /// at once does.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn standing(&self, scope: &Scope, recent: usize, pending: usize) -> Result<Standing> {
        let revision = self.revision(scope).await?;
        let recent = self.messages(scope, recent).await?;
        let pending = PendingQuery { scope: Some(scope.clone()), limit: pending, ..PendingQuery::default() };
        Ok(Standing { revision, recent, pending: self.pending(&pending).await? })
    }

    /// Commits in one transaction; one receipt per commit.
    ///
    /// # Errors
    /// See rules 4 to 7, 21 and 22; `QuotaExceeded` when the disk is full,
    /// `PermissionDenied` when the file is read-only, `Unavailable` when it
    /// stays locked.
    async fn commit(&self, commits: Vec<Commit>) -> Result<Vec<Receipt>>;

    /// Where these memories stand.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn heads(&self, ids: &[MemoryId]) -> Result<Vec<Option<Head>>>;

    /// These memories as the view sees them.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn get(&self, ids: &[MemoryId], view: &View) -> Result<Vec<Option<Memory>>>;

    /// A page of memories.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn list(&self, query: &ListQuery) -> Result<Page<Memory>>;

    /// How many memories there are, exactly.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn count(&self, scope: &Scope, filter: &Filter, view: &View) -> Result<u64>;

    /// Every event of a memory, oldest first, with its vector.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn history(&self, id: MemoryId) -> Result<Vec<LoggedChange>>;

    /// Every event of a commit, in order.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn transaction(&self, txn: TxnId) -> Result<Vec<LoggedChange>>;

    /// A page of all events (of what the scope covers) after number `after`,
    /// with the vectors of the current projection.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn log(&self, scope: Option<&Scope>, after: u64, limit: usize) -> Result<Vec<LoggedChange>>;

    /// The best memories by words.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn keyword(&self, query: &KeywordQuery) -> Result<KeywordHits>;

    /// Who and what the memories name.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn entities(&self, query: &EntityQuery) -> Result<Vec<Entity>>;

    /// Those who spoke, by single words of their names: the
    /// [`name_key`](crate::text::name_key)s of the whole names. Cheap: asked on
    /// each search.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn speakers(&self, scope: &Scope, words: &[String]) -> Result<Vec<String>>;

    /// The best memories by names.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn mentioned(&self, query: &MentionQuery) -> Result<MentionHits>;

    /// The nearest memories, exactly.
    ///
    /// # Errors
    /// `DimensionMismatch`, `Unavailable`.
    async fn nearest(&self, query: &NearestQuery) -> Result<Vec<ScoredPoint>>;

    /// The vectors of the latest versions; none for what is not live.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn vectors(&self, ids: &[MemoryId]) -> Result<Vec<Option<Vec<f32>>>>;

    /// Where these memories stand in the order of their exact scopes; none for an
    /// unknown id.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn places(&self, ids: &[MemoryId]) -> Result<Vec<Option<Place>>>;

    /// What was added to the same exact scope before and after each of these
    /// memories, as the view sees it, with the distance in places: -2, -1, 1, 2.
    /// A place whose memory the view does not see is left out. Empty for an
    /// unknown id.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn around(&self, of: &[Around], view: &View) -> Result<Vec<Vec<(i64, Memory)>>>;

    /// What waits for the vector store.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn pending(&self, query: &PendingQuery) -> Result<Vec<Pending>>;

    /// Says that the vector store has these memories as of these events.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn mark_projected(&self, done: &[(MemoryId, u64)]) -> Result<()>;

    /// Says that projecting these failed, gives up their claims, and when to
    /// try again.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn mark_failed(&self, failed: &[(MemoryId, u64)], not_before: Timestamp) -> Result<()>;

    /// Where the ledger is projected to; none before the first use.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn projection(&self) -> Result<Option<Projection>>;

    /// Moves the projection. Memories changed after event `since` become
    /// pending again (all with 0).
    ///
    /// # Errors
    /// `Conflict` if the current projection is not `expected`, or if a version
    /// has no vector of the new identity yet.
    async fn set_projection(&self, expected: Option<&Projection>, new: &Projection, since: u64) -> Result<()>;

    /// Versions that have no vector of this model yet: memory, version, text.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn missing_vectors(&self, identity: &EmbedderIdentity, limit: usize) -> Result<Vec<(MemoryId, u64, String)>>;

    /// Adds vectors of another model.
    ///
    /// # Errors
    /// `DimensionMismatch`, `Unavailable`.
    async fn put_vectors(&self, identity: &EmbedderIdentity, vectors: &[(MemoryId, u64, Vec<f32>)]) -> Result<()>;

    /// The number of the newest event, 0 when there is none.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn last_seq(&self) -> Result<u64>;

    /// The newest `limit` messages of an exact scope, oldest first.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn messages(&self, scope: &Scope, limit: usize) -> Result<Vec<StoredMessage>>;

    /// The exact scopes that `covering` covers (all where there is none),
    /// in the order of their keys, after that key.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn scopes(&self, covering: Option<&Scope>, after: Option<&Scope>, limit: usize) -> Result<Vec<ScopeInfo>>;

    /// Removes everything that the scope covers, history included, and the
    /// traces of it on disk. What was live stays pending, by id only.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn erase(&self, scope: &Scope) -> Result<Erased>;

    /// [Erases](Self::erase) every scope. A ledger that can do better than one
    /// by one does.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn reset(&self) -> Result<Erased> {
        let mut all = Erased::default();
        loop {
            let scopes = self.scopes(None, None, 1_000).await?;
            if scopes.is_empty() {
                return Ok(all);
            }
            for info in scopes {
                let one = self.erase(&info.scope).await?;
                all.memories += one.memories;
                all.events += one.events;
                all.messages += one.messages;
                all.idempotency_keys += one.idempotency_keys;
                all.vectors += one.vectors;
                all.postings += one.postings;
                all.jobs += one.jobs;
                all.spending += one.spending;
                all.mentions += one.mentions;
            }
        }
    }

    /// Puts jobs into the queue, in this order. They are stored durably when
    /// this returns.
    ///
    /// # Errors
    /// `InvalidInput` for a job that has begun; those of `commit` that are
    /// about the disk.
    async fn enqueue(&self, jobs: Vec<Job>) -> Result<()>;

    /// The next job to do, leased until then. `owner` names one worker: two
    /// that share a name could end each other's jobs.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn lease_job(&self, owner: &str, now: Timestamp, until: Timestamp) -> Result<Option<Job>>;

    /// Ends a lease. False, and nothing has changed, if it is no longer the
    /// owner's. One that has run out still is until somebody else takes the job.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn end_job(&self, id: JobId, owner: &str, end: JobEnd, at: Timestamp) -> Result<bool>;

    /// Moves the end of a lease. False, and nothing has changed, if it is no
    /// longer the owner's.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn extend_job(&self, id: JobId, owner: &str, until: Timestamp) -> Result<bool>;

    /// A job; none if there is none of this id.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn job(&self, id: JobId) -> Result<Option<Job>>;

    /// A page of jobs, oldest first.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn jobs(&self, query: &JobQuery) -> Result<Vec<Job>>;

    /// Takes a queued job back. False, and nothing has changed, if it is not
    /// queued.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn cancel_job(&self, id: JobId, at: Timestamp) -> Result<bool>;

    /// Forgets the jobs that ended before; returns how many.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn prune_jobs(&self, ended_before: Timestamp) -> Result<u64>;

    /// Adds an amount to what an exact scope has spent in the period that
    /// begins at `period`, unless the sum would exceed the limit.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn spend(
        &self,
        scope: &Scope,
        period: Timestamp,
        amount: Spend,
        limit: Option<Spend>,
    ) -> Result<SpendOutcome>;

    /// Gives back what was added and then not used.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn refund(&self, scope: &Scope, period: Timestamp, amount: Spend) -> Result<()>;

    /// What an exact scope has spent in a period.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn spent(&self, scope: &Scope, period: Timestamp) -> Result<Spend>;

    /// Says that these memories were recalled. A loss of power may forget it.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn note_uses(&self, ids: &[MemoryId], at: Timestamp) -> Result<()>;

    /// How often these memories were recalled; none for one that never was.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn uses(&self, ids: &[MemoryId]) -> Result<Vec<Option<Use>>>;

    /// Counts.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn stats(&self, scope: Option<&Scope>) -> Result<LedgerStats>;

    /// Looks for damage: structure, indexes, and that folding the events gives
    /// the current state. One line per finding, without memory text.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn check(&self) -> Result<Vec<String>>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    proptest! {
        #[test]
        fn cursors_survive_the_trip(at in -62_135_596_800_000_000_i64..253_402_207_200_000_000, id: u128) {
            let cursor = Cursor {
                at: Timestamp::from_micros(at).unwrap(),
                id: MemoryId::from_uuid(Uuid::from_u128(id)),
            };
            prop_assert_eq!(cursor.to_string().parse::<Cursor>().unwrap(), cursor);
        }

        #[test]
        fn reading_a_cursor_never_panics(text in "\\PC{0,60}") {
            let _ = text.parse::<Cursor>();
        }
    }
}
