//! Putting an engine together, and recovery when it opens.

use std::sync::{Arc, RwLock};

use crate::engine::rerank::Reranking;
use crate::engine::{Active, Budget, Decay, Fusion, Inner, Limits, Mem0, cost};
use crate::error::{Error, ErrorKind, Result, Retry};
use crate::registry::Policy;
use crate::traits::clock::{Clock, SystemClock};
use crate::traits::embedder::Embedder;
use crate::traits::extract::{Extractor, Reconciler};
use crate::traits::ledger::{Ledger, Projection};
use crate::traits::llm::Llm;
use crate::traits::reranker::Reranker;
use crate::traits::tokens::{EstimatedTokens, TokenCounter};
use crate::traits::vector_store::VectorStore;

/// Puts a [`Mem0`] together.
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `open` is awaited"]
pub struct Builder {
    ledger: Arc<dyn Ledger>,
    store: Arc<dyn VectorStore>,
    embedder: Arc<dyn Embedder>,
    policies: Vec<Policy>,
    llm: Option<Arc<dyn Llm>>,
    budget: Budget,
    trace_text: bool,
    clock: Arc<dyn Clock>,
    limits: Limits,
    fusion: Fusion,
    decay: Decay,
    reranking: Reranking,
    tokens: Arc<dyn TokenCounter>,
    collection: String,
    move_projection: bool,
}

impl Builder {
    pub(super) fn new(ledger: Arc<dyn Ledger>, store: Arc<dyn VectorStore>, embedder: Arc<dyn Embedder>) -> Self {
        Self {
            ledger,
            store,
            embedder,
            policies: Vec::new(),
            llm: None,
            budget: Budget::default(),
            trace_text: false,
            clock: Arc::new(SystemClock),
            limits: Limits::default(),
            fusion: Fusion::default(),
            decay: Decay::default(),
            reranking: Reranking::default(),
            tokens: Arc::new(EstimatedTokens),
            collection: "mem0".to_owned(),
            move_projection: false,
        }
    }

    /// How facts are extracted and reconciled. The first one is the engine's,
    /// further ones are chosen by [`AddOptions::policy`] with the name of their
    /// extractor; of one name the latest counts. Without any `add` stores every
    /// message as a fact and knows only exact repeats.
    ///
    /// [`AddOptions::policy`]: crate::AddOptions::policy
    pub fn policy(mut self, extractor: Arc<dyn Extractor>, reconciler: Arc<dyn Reconciler>) -> Self {
        match self.policies.iter_mut().find(|(known, _)| known.name() == extractor.name()) {
            Some(known) => *known = (extractor, reconciler),
            None => self.policies.push((extractor, reconciler)),
        }
        self
    }

    /// The model that summarises procedures and describes pictures.
    pub fn llm(mut self, llm: Arc<dyn Llm>) -> Self {
        self.llm = Some(cost::metered(llm));
        self
    }

    /// Limits on what models may be asked.
    pub fn budget(mut self, budget: Budget) -> Self {
        self.budget = budget;
        self
    }

    /// Whether spans may hold what models are asked and answer: memories and
    /// messages. Off by default.
    pub fn trace_text(mut self, yes: bool) -> Self {
        self.trace_text = yes;
        self
    }

    /// Another clock than the machine's.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Other limits on input.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Other weights of semantic similarity and words.
    pub fn fusion(mut self, fusion: Fusion) -> Self {
        self.fusion = fusion;
        self
    }

    /// What counts the tokens of a context; an estimate by default.
    pub fn token_counter(mut self, tokens: Arc<dyn TokenCounter>) -> Self {
        self.tokens = tokens;
        self
    }

    /// How the score of a memory falls with its age; not at all by default.
    pub fn decay(mut self, decay: Decay) -> Self {
        self.decay = decay;
        self
    }

    /// Who looks again at the best hits of a search; nobody by default. What
    /// the reranker may take of the time of a search is up to it, see
    /// [`layered_reranker`](crate::layers::layered_reranker).
    pub fn reranker(mut self, reranker: Arc<dyn Reranker>) -> Self {
        self.reranking.reranker = Some(reranker);
        self
    }

    /// How many of the best hits it is shown where a call does not say; 50 by
    /// default.
    pub fn rerank_pool(mut self, hits: usize) -> Self {
        self.reranking.pool = hits;
        self
    }

    /// Another collection than `mem0`.
    pub fn collection(mut self, name: impl Into<String>) -> Self {
        self.collection = name.into();
        self
    }

    /// If the ledger was projected to another vector store or with another
    /// model, moves it instead of refusing to open: texts are embedded anew
    /// where the model differs, and every memory is written to the store. May
    /// take long.
    pub fn move_projection(mut self, yes: bool) -> Self {
        self.move_projection = yes;
        self
    }

    /// Opens the engine and finishes what an earlier process left pending.
    ///
    /// A vector store that cannot be reached does not prevent it: the engine
    /// then works degraded until the store is back.
    ///
    /// # Errors
    /// `IdentityMismatch` if the ledger's vectors are of another model and
    /// `Config` if they are in another store, each with what to do about it;
    /// `Config` for weights or limits out of range; those of the ledger.
    pub async fn open(self) -> Result<Mem0> {
        self.fusion.check()?;
        self.decay.check()?;
        let mut policies = self.policies;
        if policies.is_empty() {
            policies.push((Arc::new(super::plan::AsSaid), Arc::new(super::plan::AsSaid)));
        }
        let active = Active::new(Arc::clone(&self.store), Arc::clone(&self.embedder), &self.collection);
        let wanted = active.projection.clone();
        let current = self.ledger.projection().await?;
        let owner = self.clock.uuid().simple().to_string();
        let mem0 = Mem0 {
            inner: Arc::new(Inner {
                ledger: self.ledger,
                policies,
                llm: self.llm,
                budget: self.budget,
                trace_text: self.trace_text,
                queued: tokio::sync::Notify::new(),
                clock: self.clock,
                limits: self.limits,
                fusion: self.fusion,
                decay: self.decay,
                reranking: self.reranking,
                tokens: self.tokens,
                owner,
                active: RwLock::new(Arc::new(active)),
            }),
        };
        match current {
            None => match mem0.inner.ledger.set_projection(None, &wanted, 0).await {
                // Another process was first; it must want the same.
                Err(e) if e.kind() == ErrorKind::Conflict => {
                    if let Some(current) = mem0.inner.ledger.projection().await? {
                        same_place(&current, &wanted)?;
                    }
                }
                other => other?,
            },
            Some(current) if current == wanted => {}
            Some(current) if self.move_projection => {
                let here = mem0.active();
                mem0.move_to(here, &current, &|_| ()).await?;
            }
            Some(current) => same_place(&current, &wanted)?,
        }
        match mem0.active().collection().await {
            Ok(_) => {}
            // Down is not wrong: writes queue, reads come from the ledger.
            Err(e) if e.retry() != Retry::Never => {
                tracing::warn!(provider = self.store.name(), kind = %e.kind(), "vector store is down at start");
            }
            Err(e) => return Err(e.with_operation("open")),
        }
        mem0.flush().await?;
        Ok(mem0)
    }
}

fn same_place(current: &Projection, wanted: &Projection) -> Result<()> {
    if current.identity != wanted.identity {
        return Err(Error::new(
            ErrorKind::IdentityMismatch,
            format!(
                "the memories were embedded by {}, the configured embedder is {}: configure the first, or move them \
                 with `mem0 reindex` (library: `Builder::move_projection`)",
                current.identity, wanted.identity
            ),
        ));
    }
    if current != wanted {
        return Err(Error::config(format!(
            "the memories are in {}/{}, the configured vector store is {}/{}: configure the first, or move them with \
             `mem0 reindex` (library: `Builder::move_projection`)",
            current.store, current.collection, wanted.store, wanted.collection
        )));
    }
    Ok(())
}
