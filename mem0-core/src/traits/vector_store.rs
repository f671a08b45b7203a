//! Vectors with payloads, found by nearness within a scope.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use serde::Serialize;

use crate::error::{Error, ErrorKind, Result};
use crate::filter::{Filter, FilterCapabilities};
use crate::traits::embedder::EmbedderIdentity;
use crate::types::ids::MemoryId;
use crate::types::payload::Payload;
use crate::types::scope::Scope;

/// How nearness is measured. Adapters may offer only some.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Metric {
    /// The cosine of the angle; the similarity is the cosine, clamped to 0..1.
    #[default]
    Cosine,
}

/// The collection that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CollectionSpec {
    /// 1 to 128 characters of `a-z A-Z 0-9 _ -`.
    pub name: String,
    /// The model whose vectors it holds.
    pub identity: EmbedderIdentity,
    /// How nearness is measured.
    pub metric: Metric,
}

impl CollectionSpec {
    /// A cosine collection.
    #[must_use]
    pub fn new(name: impl Into<String>, identity: EmbedderIdentity) -> Self {
        Self { name: name.into(), identity, metric: Metric::Cosine }
    }
}

/// One memory as a vector store keeps it.
#[derive(Clone, PartialEq)]
pub struct Point {
    /// Which memory.
    pub id: MemoryId,
    /// Which version of it.
    pub version: u64,
    /// Whose memory: the exact scope.
    pub scope: Scope,
    /// The vector, of length 1.
    pub vector: Vec<f32>,
    /// Everything else; see [`crate::types::payload`].
    pub payload: Payload,
}

// What a memory says stays out of logs.
impl fmt::Debug for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Point")
            .field("id", &self.id)
            .field("version", &self.version)
            .field("scope", &self.scope)
            .field("dims", &self.vector.len())
            .field("keys", &self.payload.len())
            .finish()
    }
}

/// A point that a search found.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoredPoint {
    /// Which memory.
    pub id: MemoryId,
    /// Which version of it.
    pub version: u64,
    /// 0 to 1, higher is nearer; the metric's map is in [`Metric`].
    pub similarity: f32,
    /// The metric's own number, for instance the cosine in -1..1.
    pub raw: f32,
}

/// One search.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct VectorQuery {
    /// Only memories that this scope covers.
    pub scope: Scope,
    /// The vector to be near to, of length 1.
    pub vector: Vec<f32>,
    /// How many at most.
    pub limit: usize,
    /// Only memories whose payload matches. Within the declared capabilities.
    pub filter: Filter,
}

impl VectorQuery {
    /// The `limit` nearest in `scope`.
    #[must_use]
    pub fn new(scope: Scope, vector: Vec<f32>, limit: usize) -> Self {
        Self { scope, vector, limit, filter: Filter::All }
    }

    /// Only what matches `filter`.
    #[must_use]
    pub fn with_filter(mut self, filter: Filter) -> Self {
        self.filter = filter;
        self
    }
}

/// One search by words.
#[derive(Clone)]
#[non_exhaustive]
pub struct TextQuery {
    /// Only memories that this scope covers.
    pub scope: Scope,
    /// The question, in plain words: nothing in it is query syntax.
    pub text: String,
    /// How many at most.
    pub limit: usize,
    /// Only memories whose payload matches. Within the declared capabilities.
    pub filter: Filter,
}

impl TextQuery {
    /// The `limit` texts in `scope` that answer best.
    #[must_use]
    pub fn new(scope: Scope, text: impl Into<String>, limit: usize) -> Self {
        Self { scope, text: text.into(), limit, filter: Filter::All }
    }

    /// Only what matches `filter`.
    #[must_use]
    pub fn with_filter(mut self, filter: Filter) -> Self {
        self.filter = filter;
        self
    }
}

// What a user asks stays out of logs.
impl fmt::Debug for TextQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TextQuery")
            .field("scope", &self.scope)
            .field("limit", &self.limit)
            .field("filter", &self.filter)
            .finish_non_exhaustive()
    }
}

/// A point that a search by words found.
#[derive(Clone, Debug, PartialEq)]
pub struct TextHit {
    /// Which memory.
    pub id: MemoryId,
    /// Which version of it.
    pub version: u64,
    /// More than 0, higher is better, on the product's own scale: it compares
    /// with the other hits of the same answer only.
    pub score: f32,
}

/// A walk through a collection, in the order of ids.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ScrollQuery {
    /// Only memories that this scope covers; the whole collection where there
    /// is none (for maintenance, never for a user's request).
    pub scope: Option<Scope>,
    /// Only memories whose payload matches. Within the declared capabilities.
    pub filter: Filter,
    /// Only ids greater than this one.
    pub after: Option<MemoryId>,
    /// How many at most.
    pub limit: usize,
}

impl ScrollQuery {
    /// The first `limit` points of `scope`.
    #[must_use]
    pub fn new(scope: Option<Scope>, limit: usize) -> Self {
        Self { scope, filter: Filter::All, after: None, limit }
    }

    /// Only ids greater than `after`.
    #[must_use]
    pub fn after(mut self, after: Option<MemoryId>) -> Self {
        self.after = after;
        self
    }

    /// Only what matches `filter`.
    #[must_use]
    pub fn with_filter(mut self, filter: Filter) -> Self {
        self.filter = filter;
        self
    }
}

/// What to delete.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Selector {
    /// These memories, each as of this version: a later version stays, and
    /// where the store is [`versioned`](VectorCapabilities::versioned), an
    /// earlier one that arrives afterwards is ignored.
    Ids(Vec<(MemoryId, u64)>),
    /// Everything that this scope covers.
    Scope(Scope),
}

/// What an adapter can do. The suite checks each both ways: what is declared
/// works, what is not declared is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VectorCapabilities {
    /// What it evaluates itself, in the same request as the search.
    pub filter: FilterCapabilities,
    /// A write that is older than what the store has seen for that id changes
    /// nothing. Where it is not, the caller must order writes.
    pub versioned: bool,
    /// A search sees every write that returned before it.
    pub immediate: bool,
    /// It searches by words too, with [`search_text`](VectorCollection::search_text).
    pub keyword: bool,
    /// The most points in one request; the adapter splits larger batches.
    pub max_batch: Option<usize>,
    /// The largest `limit` of a search; a larger one is an error.
    pub max_limit: Option<usize>,
    /// The longest vector.
    pub max_dims: Option<usize>,
}

impl VectorCapabilities {
    /// These filters, no limits, immediate, not versioned, no words.
    #[must_use]
    pub const fn new(filter: FilterCapabilities) -> Self {
        Self {
            filter,
            versioned: false,
            immediate: true,
            keyword: false,
            max_batch: None,
            max_limit: None,
            max_dims: None,
        }
    }
}

/// A product that holds collections of vectors.
///
/// # Rules
/// Each number is a case of the conformance suite; those of the collection are
/// on [`VectorCollection`].
/// 1. `open` creates the collection if it does not exist, and otherwise
///    changes nothing in it.
/// 2. `open` of a collection with other dimensions is `DimensionMismatch`,
///    with another model or digest `IdentityMismatch`.
/// 3. `open` refuses a name outside `[A-Za-z0-9_-]{1,128}` and zero or too
///    many dimensions with `InvalidInput`, before any I/O.
/// 4. Two collections do not see each other, also where one name is the
///    beginning of the other.
/// 5. `drop_collection` removes the points and the identity; dropping what
///    does not exist succeeds; afterwards `open` starts empty.
/// 6. Data survives closing and opening again, unless the store declares
///    itself in-memory by its name.
#[async_trait]
pub trait VectorStore: fmt::Debug + Send + Sync + 'static {
    /// The provider's name, as in the configuration.
    fn name(&self) -> &'static str;

    /// What it can do. Does not change during the life of the value.
    fn capabilities(&self) -> &VectorCapabilities;

    /// Opens a collection, creating it if needed.
    ///
    /// # Errors
    /// See the rules; `Unavailable` if the product cannot be reached.
    async fn open(&self, spec: &CollectionSpec) -> Result<Arc<dyn VectorCollection>>;

    /// Removes a collection with everything in it.
    ///
    /// # Errors
    /// `Unavailable` if the product cannot be reached.
    async fn drop_collection(&self, name: &str) -> Result<()>;
}

/// An open collection.
///
/// Every read and write is confined to a scope by the store itself, in the
/// same request.
///
/// # Rules
/// 10. `upsert` replaces vector and payload of an id whole; keys that are
///     absent now are gone.
/// 11. `upsert` is idempotent; an empty batch does nothing.
/// 12. Of two points with one id in a batch the later version wins; of equal
///     versions the last.
/// 13. A vector of the wrong length is `DimensionMismatch`; one that holds NaN
///     or infinity, or is all zero, is `InvalidInput`; nothing of the batch is
///     written.
/// 14. Where `versioned` is declared, a write that is older than the stored
///     point or deletion of that id changes nothing.
/// 15. `get` returns one entry per id in order, `None` for what does not exist
///     or is not covered by the scope.
/// 16. A payload comes back equal: nested values, empty lists, null, integers
///     beyond 2^53, any Unicode, 100 KB of text.
/// 17. `search` returns the `limit` nearest that the scope covers and the
///     filter matches, all of them if fewer match, however many others there
///     are (the filter comes before the limit).
/// 18. Results are in descending order of `raw`, ties in the order of ids.
/// 19. Similarity is the cosine clamped to 0..1 (within 1e-3): 1 for the same
///     vector, 0 for orthogonal and opposite ones; `raw` keeps the sign.
/// 20. A row's similarity does not depend on the other rows.
/// 21. A batch of queries gives what the same queries give one by one; an
///     empty batch gives an empty answer; `limit` 0 gives none.
/// 22. Every pushed filter gives what the reference evaluator gives.
/// 23. A filter outside the declared capabilities is `Unsupported`.
/// 24. No scope sees another's rows: not by prefix, case, wildcard, quoting,
///     or id; in search, get, scroll, count and delete.
/// 25. `scroll` walks in ascending id order without gap or repeat, also while
///     points are added elsewhere.
/// 26. `count` is exact and agrees with a full scroll.
/// 27. `delete` by ids ignores unknown ids and later versions and says how
///     many points went; it never touches other ids.
/// 28. `delete` by scope removes all it covers, also beyond one page, and
///     nothing else, and says how many.
/// 29. Concurrent writers of distinct ids all succeed; of one id exactly one
///     version stays, whole.
/// 30. Filter values and scope ids with quotes, braces, operators, NUL,
///     newlines and wildcards are plain data.
/// 31. A batch of 10,001 points is taken in one call.
/// 32. Text and ids in any script come back byte for byte.
/// 33. A backend that is down is an error, never an empty success.
/// 34. Dropping a future leaves each point either as before or as after.
/// 35. Where `keyword` is declared, `search_text` finds the points whose text
///     (the payload's `data`) has at least one of the question's words, and no
///     others; which words count as one is the product's analysis. Where it is
///     not, it is `Unsupported`.
/// 36. Its hits are in descending order of a score above 0, ties in the order
///     of ids; of two texts of one length the one with more of the question's
///     words comes first; a question without words finds nothing.
/// 37. Scope, filter, limit, batches, writes and deletions hold for
///     `search_text` as for `search`; nothing in a question is query syntax.
/// 38. A search, a batch of searches and a batch of writes within the product's
///     limits are one round trip each, where the product has a request for it.
#[async_trait]
pub trait VectorCollection: fmt::Debug + Send + Sync + 'static {
    /// What was opened.
    fn spec(&self) -> &CollectionSpec;

    /// Writes points; see rules 10 to 14.
    ///
    /// # Errors
    /// `DimensionMismatch`, `InvalidInput`, `Unavailable`, `QuotaExceeded`.
    async fn upsert(&self, points: &[Point]) -> Result<()>;

    /// The points with these ids; see rule 15. Without a scope any id is read
    /// (for maintenance, never for a user's request).
    ///
    /// # Errors
    /// `Unavailable`.
    async fn get(&self, scope: Option<&Scope>, ids: &[MemoryId]) -> Result<Vec<Option<Point>>>;

    /// The nearest points of each query; see rules 17 to 24.
    ///
    /// # Errors
    /// `DimensionMismatch`, `InvalidInput`, `Unsupported`, `Unavailable`.
    async fn search(&self, queries: &[VectorQuery]) -> Result<Vec<Vec<ScoredPoint>>>;

    /// The points whose text answers each question best by its words; see
    /// rules 35 to 37.
    ///
    /// # Errors
    /// `Unsupported` where `keyword` is not declared; those of `search`.
    async fn search_text(&self, queries: &[TextQuery]) -> Result<Vec<Vec<TextHit>>> {
        let _ = queries;
        Err(Error::new(ErrorKind::Unsupported, "this store does not search by words").with_operation("search_text"))
    }

    /// A page of points in ascending id order; shorter than `limit` only at
    /// the end.
    ///
    /// # Errors
    /// `Unsupported`, `Unavailable`.
    async fn scroll(&self, query: &ScrollQuery) -> Result<Vec<Point>>;

    /// How many points the scope covers and the filter matches. Without a
    /// scope all (for maintenance).
    ///
    /// # Errors
    /// `Unsupported`, `Unavailable`.
    async fn count(&self, scope: Option<&Scope>, filter: &Filter) -> Result<u64>;

    /// Deletes, and says how many points went.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn delete(&self, selector: &Selector) -> Result<u64>;
}
