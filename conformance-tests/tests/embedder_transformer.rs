//! The embedder suite on `transformer`, with a model of pseudo-random numbers.
#![allow(clippy::unwrap_used, reason = "a test stops at the first error")]

#[path = "../../mem0-embedders/tests/transformer/tiny.rs"]
mod tiny;

use std::sync::Arc;

use async_trait::async_trait;
use conformance_tests::{EmbedderHarness, Setup, embedder_suite};
use mem0_core::{Embedder, Result};
use mem0_embedders::transformer::{TransformerConfig, TransformerEmbedder};
use tempfile::TempDir;

/// A folder that goes with the harness.
struct TransformerHarness {
    folder: TempDir,
}

#[async_trait]
impl EmbedderHarness for TransformerHarness {
    async fn start() -> Setup<Self> {
        let folder = tempfile::tempdir().unwrap();
        // One of the models in which the paraphrases of the suite are much nearer
        // than the strangers.
        tiny::Tiny::new(6).write(folder.path());
        Setup::Ready(Self { folder })
    }

    async fn connect(&self) -> Result<Arc<dyn Embedder>> {
        let mut config = TransformerConfig::new(self.folder.path());
        config.threads = Some(2);
        Ok(Arc::new(TransformerEmbedder::open(&config).await?))
    }
}

embedder_suite! { name: "transformer", harness: TransformerHarness, xfail: [] }
