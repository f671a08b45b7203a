//! An embedder with layers.

use async_trait::async_trait;

use super::stack::Layered;
use crate::error::Result;
use crate::traits::embedder::{Embedder, EmbedderIdentity, Purpose};

#[async_trait]
impl Embedder for Layered<dyn Embedder> {
    fn identity(&self) -> &EmbedderIdentity {
        self.inner.identity()
    }

    async fn embed(&self, texts: &[&str], purpose: Purpose) -> Result<Vec<Vec<f32>>> {
        self.stack.run("embed", texts.len(), || self.inner.embed(texts, purpose)).await
    }
}
