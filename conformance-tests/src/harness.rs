//! What a backend brings so that the suites can run on it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use mem0_core::{Embedder, Ledger, Result, VectorStore};

/// Whether a backend is there.
#[derive(Debug)]
pub enum Setup<H> {
    /// It is; the suite runs.
    Ready(H),
    /// It is not, for this reason; the suite shows every case as ignored, and
    /// fails if `MEM0_REQUIRE` names the backend.
    Skip(String),
}

/// A vector store under test.
///
/// A harness is made once for a run and dropped at its end, so it may own a
/// server. Cases run in parallel, each in collections of its own.
#[async_trait]
pub trait VectorHarness: Send + Sync + 'static {
    /// Finds the product, or starts it.
    async fn start() -> Setup<Self>
    where
        Self: Sized;

    /// A fresh handle. All of them see the same data.
    ///
    /// # Errors
    /// If the product cannot be reached.
    async fn connect(&self) -> Result<Arc<dyn VectorStore>>;

    /// Whether the data survives when every handle is gone.
    fn persistent(&self) -> bool {
        true
    }

    /// Tries to connect to a product that is down; `None` if there is no such
    /// thing, as for a store in memory. An error here is as good as a handle
    /// whose every call fails.
    async fn connect_to_nothing(&self) -> Option<Result<Arc<dyn VectorStore>>> {
        None
    }

    /// How long a write may stay unseen where `immediate` is not declared.
    fn patience(&self) -> Duration {
        Duration::from_secs(20)
    }
}

/// A ledger under test.
#[async_trait]
pub trait LedgerHarness: Send + Sync + 'static {
    /// Finds the product, or starts it.
    async fn start() -> Setup<Self>
    where
        Self: Sized;

    /// Opens the ledger of this name, empty where there is none yet. Every
    /// call gives a fresh handle on the same data, as another process would
    /// have it.
    ///
    /// # Errors
    /// If the product cannot be reached.
    async fn open(&self, name: &str) -> Result<Arc<dyn Ledger>>;

    /// Removes the ledger of this name, as well as it can.
    async fn remove(&self, name: &str);

    /// Whether the data survives when every handle is gone.
    fn persistent(&self) -> bool {
        true
    }

    /// Everything that is on the disk of this ledger, where that can be read:
    /// what was erased must not be in it.
    async fn bytes_on_disk(&self, name: &str) -> Option<Vec<u8>> {
        let _ = name;
        None
    }
}

/// An embedder under test.
#[async_trait]
pub trait EmbedderHarness: Send + Sync + 'static {
    /// Finds the provider, or starts it.
    async fn start() -> Setup<Self>
    where
        Self: Sized;

    /// A fresh handle on the same model.
    ///
    /// # Errors
    /// If the provider cannot be reached.
    async fn connect(&self) -> Result<Arc<dyn Embedder>>;

    /// More texts than the provider takes in one request.
    fn beyond_one_batch(&self) -> usize {
        300
    }

    /// How many requests were sent so far, where that can be told.
    fn requests(&self) -> Option<u64> {
        None
    }
}
