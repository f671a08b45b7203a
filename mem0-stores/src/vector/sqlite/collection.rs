//! One open collection: arguments are checked here, before any I/O, and work
//! goes to the threads of the database.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use mem0_core::{
    CollectionSpec, Error, ErrorKind, Filter, MemoryId, Point, Result, Scope, ScoredPoint, ScrollQuery, Selector,
    VectorCollection, VectorQuery,
};

use super::quantise::QueryCode;
use super::read::Reader;
use super::search::{Query, Searcher, Source};
use super::write::{self, Entry};
use crate::SqliteDb;
use crate::shared::collection::{check_vector, latest};

/// Points that are prepared at a time before other tasks get their turn.
const TURN: usize = 256;

/// How often a search may be overtaken before it reads the file itself.
const TRIES: usize = 8;

/// An open collection of a [`SqliteVectorStore`](super::SqliteVectorStore).
pub(super) struct SqliteCollection {
    pub(super) db: SqliteDb,
    pub(super) spec: CollectionSpec,
    pub(super) searcher: Searcher,
}

impl SqliteCollection {
    fn check(&self, vector: &[f32]) -> Result<()> {
        check_vector(self.spec.identity.dims, vector)
    }

    fn query(&self, query: &VectorQuery) -> Result<Query> {
        self.check(&query.vector)?;
        Ok(Query {
            scope: query.scope.clone(),
            code: QueryCode::new(&query.vector),
            limit: query.limit,
            condition: Query::condition(&query.filter),
        })
    }

    fn said(error: Error, operation: &'static str) -> Error {
        error.with_operation(operation).with_provider(super::NAME)
    }
}

#[async_trait]
impl VectorCollection for SqliteCollection {
    fn spec(&self) -> &CollectionSpec {
        &self.spec
    }

    async fn upsert(&self, points: &[Point]) -> Result<()> {
        const OP: &str = "upsert";
        points.iter().try_for_each(|point| self.check(&point.vector)).map_err(|e| Self::said(e, OP))?;
        if points.is_empty() {
            return Ok(());
        }
        let points = latest(points);
        let mut entries = Vec::with_capacity(points.len());
        for some in points.chunks(TURN) {
            for point in some {
                entries.push(Entry::new(point).map_err(|e| Self::said(e, OP))?);
            }
            tokio::task::yield_now().await;
        }
        let collection = self.searcher.collection;
        let work = self.db.transaction(OP, move |connection| write::upsert(connection, collection, &entries));
        work.await.map_err(|e| Self::said(e, OP))
    }

    async fn get(&self, scope: Option<&Scope>, ids: &[MemoryId]) -> Result<Vec<Option<Point>>> {
        const OP: &str = "get";
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let (collection, dims) = (self.searcher.collection, self.searcher.dims);
        let (scope, ids) = (scope.cloned(), ids.to_vec());
        let work =
            self.db.read(OP, move |connection| Reader::new(connection, collection, dims)?.get(scope.as_ref(), &ids));
        work.await.map_err(|e| Self::said(e, OP))
    }

    async fn search(&self, queries: &[VectorQuery]) -> Result<Vec<Vec<ScoredPoint>>> {
        const OP: &str = "search";
        if queries.is_empty() {
            return Ok(Vec::new());
        }
        let queries = queries.iter().map(|query| self.query(query)).collect::<Result<Vec<_>>>();
        let queries = Arc::new(queries.map_err(|e| Self::said(e, OP))?);
        for attempt in 1_usize.. {
            let source = if attempt <= TRIES { Source::Cache } else { Source::File };
            let (searcher, queries) = (self.searcher.clone(), Arc::clone(&queries));
            let work = self.db.read(OP, move |connection| searcher.search(connection, &queries, source));
            if let Some(found) = work.await.map_err(|e| Self::said(e, OP))? {
                return Ok(found);
            }
        }
        Err(Self::said(Error::internal("a search of the file gave up"), OP))
    }

    async fn scroll(&self, query: &ScrollQuery) -> Result<Vec<Point>> {
        const OP: &str = "scroll";
        let (collection, dims) = (self.searcher.collection, self.searcher.dims);
        let query = query.clone();
        let work = self.db.read(OP, move |connection| {
            let mut reader = Reader::new(connection, collection, dims)?;
            reader.scroll(query.scope.as_ref(), &query.filter, query.after, query.limit)
        });
        work.await.map_err(|e| Self::said(e, OP))
    }

    async fn count(&self, scope: Option<&Scope>, filter: &Filter) -> Result<u64> {
        const OP: &str = "count";
        let (collection, dims) = (self.searcher.collection, self.searcher.dims);
        let (scope, filter) = (scope.cloned(), filter.clone());
        let work = self
            .db
            .read(OP, move |connection| Reader::new(connection, collection, dims)?.count(scope.as_ref(), &filter));
        work.await.map_err(|e| Self::said(e, OP))
    }

    async fn delete(&self, selector: &Selector) -> Result<u64> {
        const OP: &str = "delete";
        let collection = self.searcher.collection;
        let result = match selector {
            Selector::Ids(ids) if ids.is_empty() => return Ok(0),
            Selector::Ids(ids) => {
                let ids = ids.clone();
                self.db.transaction(OP, move |connection| write::delete_ids(connection, collection, &ids)).await
            }
            Selector::Scope(scope) => {
                let scope = scope.clone();
                let work =
                    self.db.transaction(OP, move |connection| write::delete_scope(connection, collection, &scope));
                work.await.map(|(count, gone)| {
                    self.searcher.cache.forget(&gone);
                    count
                })
            }
            _ => Err(Error::new(ErrorKind::Unsupported, "this way to select points")),
        };
        result.map_err(|e| Self::said(e, OP))
    }
}

impl fmt::Debug for SqliteCollection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteCollection").field("spec", &self.spec).field("db", &self.db).finish_non_exhaustive()
    }
}
