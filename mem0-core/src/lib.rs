//! Types, filters, traits and the memory engine of mem0. Names no vendor.
#![forbid(unsafe_code)]

pub mod answer;
pub mod config;
pub mod engine;
pub mod error;
mod fence;
pub mod filter;
pub mod layers;
pub mod policies;
pub mod prompts;
pub mod reference;
pub mod registry;
mod secret;
pub mod text;
pub mod time;
pub mod traits;
pub mod types;

pub use config::{Config, RerankConfig, Slot};
pub use engine::{
    AddInput, AddItem, AddOptions, AddRequest, AddResult, AdoptOptions, Adopted, Age, BatchOptions, Breakdown, Budget,
    Builder, ChangeResult, Context, ContextMemory, ContextOptions, Cost, Decay, Degraded, DeleteAllResult,
    DoctorReport, EraseReceipt, Evidence, Explanation, Flushed, Fusion, HistoryEntry, Hit, ImageHandling, JobList,
    JobStatus, Limits, ListOptions, ListResult, Mem0, ReindexTarget, Reindexed, SearchOptions, SearchResult, Signals,
    Skipped, SpendLimit, Stats, Transferred, UpdateOptions, UpdateRequest, When, Why, WorkerOptions, confidence,
    memory_json,
};
pub use error::{Error, ErrorKind, Result, Retry};
pub use fence::fence;
pub use filter::{Filter, FilterCapabilities};
pub use registry::{BuildContext, Policy, Registry, provider_config};
pub use secret::Secret;
pub use text::{Entity, MentionKind};
pub use traits::clock::{Clock, SystemClock};
pub use traits::embedder::{Embedder, EmbedderIdentity, Purpose};
pub use traits::extract::{
    Action, Candidate, Decision, DropReason, Dropped, ExtractRequest, Extraction, Extractor, Neighbour, Reconciler,
    Target,
};
pub use traits::foreign::{ForeignCollection, ForeignEvent, ForeignPage, ForeignPoint};
pub use traits::job::{Job, JobCursor, JobEnd, JobQuery, JobState, Spend, SpendOutcome, check_new_jobs};
pub use traits::ledger::{
    Around, Change, Claim, Commit, Cursor, EntityQuery, Erased, Head, Held, Idempotency, KeywordHits, KeywordQuery,
    Ledger, LedgerStats, ListQuery, LoggedChange, MentionHits, MentionQuery, NearestQuery, OrderBy, Outcome, Page,
    Pending, PendingQuery, Place, Projection, Receipt, ScopeInfo, Standing, State, StoredMessage, Use, View,
};
pub use traits::llm::{
    Finish, Llm, LlmCapabilities, LlmRequest, LlmResponse, OutputSchema, Speaker, StructuredOutput, TokenUsage, Turn,
    check_llm_request,
};
pub use traits::reranker::{Reranked, Reranker};
pub use traits::tokens::{EstimatedTokens, TokenCounter};
pub use traits::vector_store::{
    CollectionSpec, Metric, Point, ScoredPoint, ScrollQuery, Selector, TextHit, TextQuery, VectorCapabilities,
    VectorCollection, VectorQuery, VectorStore,
};
pub use types::ids::{JobId, MemoryId, TxnId};
pub use types::memory::{Content, Event, EventKind, Memory, MemoryKind, Metadata};
pub use types::message::{Image, Message, Role};
pub use types::payload::{Payload, RESERVED_KEYS};
pub use types::scope::{Scope, ScopeFields, ScopeKey};
pub use types::time::Timestamp;
