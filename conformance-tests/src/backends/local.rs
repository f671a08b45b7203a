//! The model that ships inside.

use std::sync::Arc;

use async_trait::async_trait;
use mem0_core::{Embedder, Result};
use mem0_embedders::local::LocalEmbedder;

use crate::harness::{EmbedderHarness, Setup};

/// The embedder `local`, as it ships.
#[derive(Debug)]
pub struct LocalHarness;

#[async_trait]
impl EmbedderHarness for LocalHarness {
    async fn start() -> Setup<Self> {
        Setup::Ready(Self)
    }

    async fn connect(&self) -> Result<Arc<dyn Embedder>> {
        Ok(Arc::new(LocalEmbedder::shipped()?))
    }
}
