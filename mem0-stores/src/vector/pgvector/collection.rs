//! One open collection: arguments are checked here, before any I/O.

use async_trait::async_trait;
use mem0_core::{
    CollectionSpec, Error, ErrorKind, Filter, MemoryId, Point, Result, Scope, ScoredPoint, ScrollQuery, Selector,
    TextHit, TextQuery, VectorCollection, VectorQuery,
};

use super::schema::Table;
use super::search::Index;
use super::session::Sessions;
use super::sizes::Sizes;
use super::{read, search, words, write};
use crate::shared::collection::check_vector;

/// An open collection of a [`PgvectorStore`](super::PgvectorStore).
#[derive(Debug)]
pub(super) struct PgvectorCollection {
    pub(super) provider: &'static str,
    pub(super) sessions: Sessions,
    pub(super) spec: CollectionSpec,
    pub(super) table: Table,
    pub(super) index: Option<Index>,
    pub(super) sizes: Sizes,
}

impl PgvectorCollection {
    fn said<T>(&self, operation: &'static str, result: Result<T>) -> Result<T> {
        result.map_err(|error| error.with_operation(operation).with_provider(self.provider))
    }

    async fn write(&self, points: &[Point]) -> Result<()> {
        points.iter().try_for_each(|point| check_vector(self.spec.identity.dims, &point.vector))?;
        if points.is_empty() {
            return Ok(());
        }
        write::upsert(&mut self.sessions.get().await?, &self.table, &write::latest(points)).await
    }

    async fn find(&self, queries: &[VectorQuery]) -> Result<Vec<Vec<ScoredPoint>>> {
        queries.iter().try_for_each(|query| check_vector(self.spec.identity.dims, &query.vector))?;
        if queries.is_empty() {
            return Ok(Vec::new());
        }
        search::search(&self.sessions.get().await?, self, queries).await
    }

    async fn remove(&self, selector: &Selector) -> Result<u64> {
        match selector {
            Selector::Ids(ids) if ids.is_empty() => Ok(0),
            Selector::Ids(ids) => write::delete_ids(&self.sessions.get().await?, &self.table, ids).await,
            Selector::Scope(scope) => write::delete_scope(&self.sessions.get().await?, &self.table, scope).await,
            _ => Err(Error::new(ErrorKind::Unsupported, "this way to select points")),
        }
    }
}

#[async_trait]
impl VectorCollection for PgvectorCollection {
    fn spec(&self) -> &CollectionSpec {
        &self.spec
    }

    async fn upsert(&self, points: &[Point]) -> Result<()> {
        self.said("upsert", self.write(points).await)
    }

    async fn get(&self, scope: Option<&Scope>, ids: &[MemoryId]) -> Result<Vec<Option<Point>>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let work = async { read::get(&self.sessions.get().await?, &self.table, scope, ids).await };
        self.said("get", work.await)
    }

    async fn search(&self, queries: &[VectorQuery]) -> Result<Vec<Vec<ScoredPoint>>> {
        self.said("search", self.find(queries).await)
    }

    async fn search_text(&self, queries: &[TextQuery]) -> Result<Vec<Vec<TextHit>>> {
        if queries.is_empty() {
            return Ok(Vec::new());
        }
        let work = async { words::search(&self.sessions.get().await?, &self.table, queries).await };
        self.said("search_text", work.await)
    }

    async fn scroll(&self, query: &ScrollQuery) -> Result<Vec<Point>> {
        let work = async { read::scroll(&self.sessions.get().await?, &self.table, query).await };
        self.said("scroll", work.await)
    }

    async fn count(&self, scope: Option<&Scope>, filter: &Filter) -> Result<u64> {
        let work = async { read::count(&self.sessions.get().await?, &self.table, scope, filter).await };
        self.said("count", work.await)
    }

    async fn delete(&self, selector: &Selector) -> Result<u64> {
        self.said("delete", self.remove(selector).await)
    }
}
