//! A reranker with layers.

use async_trait::async_trait;

use super::stack::Layered;
use crate::error::Result;
use crate::traits::reranker::{Reranked, Reranker};

#[async_trait]
impl Reranker for Layered<dyn Reranker> {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn model(&self) -> &str {
        self.inner.model()
    }

    async fn rerank(&self, query: &str, documents: &[&str]) -> Result<Reranked> {
        self.stack.run("rerank", documents.len(), || self.inner.rerank(query, documents)).await
    }
}
