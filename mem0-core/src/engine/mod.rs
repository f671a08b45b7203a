//! The memory engine: every operation, over any ledger, vector store and
//! embedder.

mod add;
mod adopt;
mod anchor;
mod change;
mod confidence;
mod context;
pub(crate) mod cost;
mod decay;
mod doctor;
mod explain;
mod fuse;
mod open;
mod options;
mod plan;
mod project;
mod queue;
mod read;
mod reindex;
pub(crate) mod rerank;
mod results;
mod search;
mod transfer;
mod validate;
mod walk;
mod window;

use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::{Notify, OnceCell};

use crate::error::Result;
use crate::registry::Policy;
use crate::traits::clock::Clock;
use crate::traits::embedder::Embedder;
use crate::traits::ledger::{Ledger, Projection};
use crate::traits::llm::Llm;
use crate::traits::tokens::TokenCounter;
use crate::traits::vector_store::{CollectionSpec, VectorCollection, VectorStore};
use crate::types::time::Timestamp;

pub use confidence::{Evidence, confidence};
pub use context::{Context, ContextMemory, ContextOptions};
pub use cost::{Budget, Cost, SpendLimit};
pub use decay::{Age, Decay};
pub use explain::{Explanation, Why};
pub use fuse::{Fusion, Signals};
pub use open::Builder;
pub use options::{
    AddInput, AddOptions, AddRequest, AdoptOptions, BatchOptions, ImageHandling, ListOptions, SearchOptions,
    UpdateOptions, UpdateRequest, When,
};
pub use project::Flushed;
pub use queue::{JobList, JobStatus, WorkerOptions};
pub use reindex::Target as ReindexTarget;
pub use results::{
    AddItem, AddResult, Adopted, Breakdown, ChangeResult, Degraded, DeleteAllResult, DoctorReport, EraseReceipt,
    HistoryEntry, Hit, ListResult, Reindexed, SearchResult, Skipped, Stats, Transferred, memory_json,
};
pub use validate::Limits;

/// A memory layer: what an agent asks before and tells after its LLM.
///
/// Cheap to clone; clones share everything. All calls may run concurrently,
/// also from several processes on one ledger.
///
/// Every change is first committed to the ledger, which is the truth, and then
/// projected to the vector store. If the vector store does not answer, writes
/// are queued and reads answered by the ledger, and the result says so in
/// `degraded`.
///
/// # Cancel safety
/// Dropping the future of any call leaves every memory either as before the
/// call or as after it. A change that was committed but not yet projected is
/// projected by a later call, or when the ledger is opened again.
#[derive(Clone, Debug)]
pub struct Mem0 {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    ledger: Arc<dyn Ledger>,
    /// The engine's own first; never empty.
    policies: Vec<Policy>,
    /// For what the engine itself asks: procedures and pictures.
    llm: Option<Arc<dyn Llm>>,
    budget: Budget,
    trace_text: bool,
    /// Wakes a worker of this engine.
    queued: Notify,
    clock: Arc<dyn Clock>,
    limits: Limits,
    fusion: Fusion,
    decay: Decay,
    reranking: rerank::Reranking,
    tokens: Arc<dyn TokenCounter>,
    /// Names this engine in claims on pending memories.
    owner: String,
    /// Where the ledger is projected to; `reindex` replaces it.
    active: RwLock<Arc<Active>>,
}

/// The vector side, which `reindex` swaps as a whole.
#[derive(Debug)]
struct Active {
    store: Arc<dyn VectorStore>,
    embedder: Arc<dyn Embedder>,
    projection: Projection,
    /// Opened at the first use, so that a store that is down when the engine
    /// starts is used as soon as it is up.
    collection: OnceCell<Arc<dyn VectorCollection>>,
}

impl Active {
    fn new(store: Arc<dyn VectorStore>, embedder: Arc<dyn Embedder>, collection: &str) -> Self {
        let projection = Projection {
            store: store.name().to_owned(),
            collection: collection.to_owned(),
            identity: embedder.identity().clone(),
        };
        Self { store, embedder, projection, collection: OnceCell::new() }
    }

    async fn collection(&self) -> Result<&Arc<dyn VectorCollection>> {
        let spec = CollectionSpec::new(self.projection.collection.clone(), self.projection.identity.clone());
        self.collection.get_or_try_init(|| self.store.open(&spec)).await
    }
}

impl Mem0 {
    /// Starts a builder over a ledger, a vector store and an embedder.
    ///
    /// Most callers use `mem0::Mem0::open` or `from_config` of the `mem0`
    /// crate, which pick these by name.
    pub fn builder(ledger: Arc<dyn Ledger>, store: Arc<dyn VectorStore>, embedder: Arc<dyn Embedder>) -> Builder {
        Builder::new(ledger, store, embedder)
    }

    fn active(&self) -> Arc<Active> {
        Arc::clone(&self.inner.active.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }
}
