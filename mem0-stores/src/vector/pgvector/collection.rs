//! One open collection: arguments are checked here, before any I/O.

use async_trait::async_trait;
use mem0_core::{
    CollectionSpec, Error, ErrorKind, Filter, MemoryId, Point, Result, Scope, ScoredPoint, ScrollQuery, Selector,
    VectorCollection, VectorQuery,
};

use super::schema::Table;
use super::search::Index;
use super::{NAME, read, search, write};
use crate::shared::collection::check_vector;
use crate::shared::postgres::Database;

/// An open collection of a [`PgvectorStore`](super::PgvectorStore).
#[derive(Debug)]
pub(super) struct PgvectorCollection {
    pub(super) db: Database,
    pub(super) spec: CollectionSpec,
    pub(super) table: Table,
    pub(super) index: Option<Index>,
}

impl PgvectorCollection {
    fn check(&self, vector: &[f32]) -> Result<()> {
        check_vector(vector, self.spec.identity.dims)
    }

    async fn write(&self, points: &[Point]) -> Result<()> {
        points.iter().try_for_each(|point| self.check(&point.vector))?;
        if points.is_empty() {
            return Ok(());
        }
        write::upsert(&self.db.client().await?, &self.table, &write::latest(points)).await
    }

    async fn find(&self, queries: &[VectorQuery]) -> Result<Vec<Vec<ScoredPoint>>> {
        queries.iter().try_for_each(|query| self.check(&query.vector))?;
        if queries.is_empty() {
            return Ok(Vec::new());
        }
        search::search(&self.db.client().await?, &self.table, self.index.as_ref(), queries).await
    }

    async fn remove(&self, selector: &Selector) -> Result<u64> {
        match selector {
            Selector::Ids(ids) if ids.is_empty() => Ok(0),
            Selector::Ids(ids) => write::delete_ids(&self.db.client().await?, &self.table, ids).await,
            Selector::Scope(scope) => write::delete_scope(&self.db.client().await?, &self.table, scope).await,
            _ => Err(Error::new(ErrorKind::Unsupported, "this way to select points")),
        }
    }
}

fn said<T>(operation: &'static str, result: Result<T>) -> Result<T> {
    result.map_err(|error| error.with_operation(operation).with_provider(NAME))
}

#[async_trait]
impl VectorCollection for PgvectorCollection {
    fn spec(&self) -> &CollectionSpec {
        &self.spec
    }

    async fn upsert(&self, points: &[Point]) -> Result<()> {
        said("upsert", self.write(points).await)
    }

    async fn get(&self, scope: Option<&Scope>, ids: &[MemoryId]) -> Result<Vec<Option<Point>>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let work = async { read::get(&self.db.client().await?, &self.table, scope, ids).await };
        said("get", work.await)
    }

    async fn search(&self, queries: &[VectorQuery]) -> Result<Vec<Vec<ScoredPoint>>> {
        said("search", self.find(queries).await)
    }

    async fn scroll(&self, query: &ScrollQuery) -> Result<Vec<Point>> {
        let work = async { read::scroll(&self.db.client().await?, &self.table, query).await };
        said("scroll", work.await)
    }

    async fn count(&self, scope: Option<&Scope>, filter: &Filter) -> Result<u64> {
        let work = async { read::count(&self.db.client().await?, &self.table, scope, filter).await };
        said("count", work.await)
    }

    async fn delete(&self, selector: &Selector) -> Result<u64> {
        said("delete", self.remove(selector).await)
    }
}
