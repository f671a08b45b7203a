//! A vector store with layers, and its collections with the same ones.

use std::sync::Arc;

use async_trait::async_trait;

use super::stack::Layered;
use crate::error::Result;
use crate::filter::Filter;
use crate::traits::vector_store::{
    CollectionSpec, Point, ScoredPoint, ScrollQuery, Selector, TextHit, TextQuery, VectorCapabilities,
    VectorCollection, VectorQuery, VectorStore,
};
use crate::types::ids::MemoryId;
use crate::types::scope::Scope;

#[async_trait]
impl VectorStore for Layered<dyn VectorStore> {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn capabilities(&self) -> &VectorCapabilities {
        self.inner.capabilities()
    }

    async fn open(&self, spec: &CollectionSpec) -> Result<Arc<dyn VectorCollection>> {
        let inner = self.stack.run("open", 1, || self.inner.open(spec)).await?;
        Ok(Arc::new(Layered { inner, stack: self.stack.clone() }))
    }

    async fn drop_collection(&self, name: &str) -> Result<()> {
        self.stack.run("drop_collection", 1, || self.inner.drop_collection(name)).await
    }
}

#[async_trait]
impl VectorCollection for Layered<dyn VectorCollection> {
    fn spec(&self) -> &CollectionSpec {
        self.inner.spec()
    }

    async fn upsert(&self, points: &[Point]) -> Result<()> {
        self.stack.run("upsert", points.len(), || self.inner.upsert(points)).await
    }

    async fn get(&self, scope: Option<&Scope>, ids: &[MemoryId]) -> Result<Vec<Option<Point>>> {
        self.stack.run("get", ids.len(), || self.inner.get(scope, ids)).await
    }

    async fn search(&self, queries: &[VectorQuery]) -> Result<Vec<Vec<ScoredPoint>>> {
        self.stack.run("search", queries.len(), || self.inner.search(queries)).await
    }

    async fn search_text(&self, queries: &[TextQuery]) -> Result<Vec<Vec<TextHit>>> {
        self.stack.run("search_text", queries.len(), || self.inner.search_text(queries)).await
    }

    async fn scroll(&self, query: &ScrollQuery) -> Result<Vec<Point>> {
        self.stack.run("scroll", 1, || self.inner.scroll(query)).await
    }

    async fn count(&self, scope: Option<&Scope>, filter: &Filter) -> Result<u64> {
        self.stack.run("count", 1, || self.inner.count(scope, filter)).await
    }

    async fn delete(&self, selector: &Selector) -> Result<u64> {
        let items = match selector {
            Selector::Ids(ids) => ids.len(),
            Selector::Scope(_) => 1,
        };
        self.stack.run("delete", items, || self.inner.delete(selector)).await
    }
}
