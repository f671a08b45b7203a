//! The reference implementations.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use mem0_core::reference::{HashEmbedder, MemoryLedger, MemoryVectorStore, WordsReranker};
use mem0_core::{Embedder, Ledger, Reranker, Result, VectorStore};

use crate::harness::{EmbedderHarness, LedgerHarness, RerankerHarness, Setup, VectorHarness};

/// The stores in memory, and embedder and reranker without a model.
#[derive(Debug, Default)]
pub struct MemoryHarness {
    store: Arc<MemoryVectorStore>,
    ledgers: Mutex<HashMap<String, Arc<MemoryLedger>>>,
}

#[async_trait]
impl VectorHarness for MemoryHarness {
    async fn start() -> Setup<Self> {
        Setup::Ready(Self::default())
    }

    async fn connect(&self) -> Result<Arc<dyn VectorStore>> {
        Ok(self.store.clone())
    }

    fn persistent(&self) -> bool {
        false
    }
}

#[async_trait]
impl LedgerHarness for MemoryHarness {
    async fn start() -> Setup<Self> {
        Setup::Ready(Self::default())
    }

    async fn open(&self, name: &str) -> Result<Arc<dyn Ledger>> {
        let mut ledgers = self.ledgers.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(ledgers.entry(name.to_owned()).or_default().clone())
    }

    async fn remove(&self, name: &str) {
        self.ledgers.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    fn persistent(&self) -> bool {
        false
    }
}

#[async_trait]
impl EmbedderHarness for MemoryHarness {
    async fn start() -> Setup<Self> {
        Setup::Ready(Self::default())
    }

    async fn connect(&self) -> Result<Arc<dyn Embedder>> {
        Ok(Arc::new(HashEmbedder::default()))
    }
}

#[async_trait]
impl RerankerHarness for MemoryHarness {
    async fn start() -> Setup<Self> {
        Setup::Ready(Self::default())
    }

    async fn connect(&self) -> Result<Arc<dyn Reranker>> {
        Ok(Arc::new(WordsReranker::default()))
    }
}
