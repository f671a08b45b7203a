//! The reranker suite on `cross_encoder`, with a model of pseudo-random numbers:
//! no weights of a real one are at hand here.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops at the first error")]

#[path = "../../mem0-rerank/tests/cross_encoder/head.rs"]
#[allow(dead_code, reason = "the reranker's own tests need more of it")]
mod head;
#[path = "../../mem0-embedders/tests/transformer/tiny.rs"]
#[allow(dead_code, reason = "the embedder's tests need more of it")]
mod tiny;

use std::sync::Arc;

use async_trait::async_trait;
use conformance_tests::{RerankerHarness, Setup, reranker_suite};
use mem0_core::{Reranker, Result};
use mem0_rerank::cross_encoder::{CrossEncoder, CrossEncoderConfig};
use tempfile::TempDir;

/// A folder that goes with the harness.
struct CrossEncoderHarness {
    folder: TempDir,
}

#[async_trait]
impl RerankerHarness for CrossEncoderHarness {
    async fn start() -> Setup<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut tiny = tiny::Tiny::new(1);
        head::bert(&mut tiny);
        head::write(&tiny, folder.path());
        Setup::Ready(Self { folder })
    }

    async fn connect(&self) -> Result<Arc<dyn Reranker>> {
        let mut config = CrossEncoderConfig::new(self.folder.path());
        config.threads = Some(2);
        Ok(Arc::new(CrossEncoder::open(&config).await?))
    }

    fn understands_nothing(&self) -> Option<&'static str> {
        Some("a model of pseudo-random numbers; its scores are compared with plain loops beside it")
    }
}

reranker_suite! { name: "cross_encoder", harness: CrossEncoderHarness, xfail: [] }
