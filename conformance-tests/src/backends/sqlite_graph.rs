//! The embedded vector store with graphs, which answer wherever they can: every
//! search waits until those that the one before asked for are built.

use std::sync::Arc;

use async_trait::async_trait;
use mem0_core::{
    CollectionSpec, Filter, MemoryId, Point, Result, Scope, ScoredPoint, ScrollQuery, Selector, VectorCapabilities,
    VectorCollection, VectorQuery, VectorStore,
};
use mem0_stores::vector::sqlite::{SqliteVectorConfig, SqliteVectorStore};
use mem0_stores::{SqliteDb, SqliteOptions, Synchronous};
use tempfile::TempDir;

use crate::harness::{Setup, VectorHarness};

/// Rows of one scope from which a graph is built.
const GRAPH_FROM: usize = 4;

/// A folder that goes with the harness.
#[derive(Debug)]
pub struct SqliteGraphHarness {
    folder: TempDir,
}

#[async_trait]
impl VectorHarness for SqliteGraphHarness {
    async fn start() -> Setup<Self> {
        match tempfile::tempdir() {
            Ok(folder) => Setup::Ready(Self { folder }),
            Err(error) => Setup::Skip(format!("no temporary folder: {error}")),
        }
    }

    async fn connect(&self) -> Result<Arc<dyn VectorStore>> {
        let options = SqliteOptions::default().with_synchronous(Synchronous::Normal);
        let db = SqliteDb::open(self.folder.path().join("vectors.db"), &options)?;
        let config = SqliteVectorConfig::default().with_graph_from(GRAPH_FROM);
        Ok(Arc::new(Patient { store: Arc::new(SqliteVectorStore::new(db, &config)?) }))
    }
}

#[derive(Debug)]
struct Patient {
    store: Arc<SqliteVectorStore>,
}

#[async_trait]
impl VectorStore for Patient {
    fn name(&self) -> &'static str {
        self.store.name()
    }

    fn capabilities(&self) -> &VectorCapabilities {
        self.store.capabilities()
    }

    async fn open(&self, spec: &CollectionSpec) -> Result<Arc<dyn VectorCollection>> {
        let collection = self.store.open(spec).await?;
        Ok(Arc::new(PatientCollection { store: Arc::clone(&self.store), collection }))
    }

    async fn drop_collection(&self, name: &str) -> Result<()> {
        self.store.drop_collection(name).await
    }
}

#[derive(Debug)]
struct PatientCollection {
    store: Arc<SqliteVectorStore>,
    collection: Arc<dyn VectorCollection>,
}

#[async_trait]
impl VectorCollection for PatientCollection {
    fn spec(&self) -> &CollectionSpec {
        self.collection.spec()
    }

    async fn upsert(&self, points: &[Point]) -> Result<()> {
        self.collection.upsert(points).await
    }

    async fn get(&self, scope: Option<&Scope>, ids: &[MemoryId]) -> Result<Vec<Option<Point>>> {
        self.collection.get(scope, ids).await
    }

    async fn search(&self, queries: &[VectorQuery]) -> Result<Vec<Vec<ScoredPoint>>> {
        // The first search sees what has changed and asks for graphs; scan or
        // graph, both have to say the same.
        let scanned = self.collection.search(queries).await?;
        let store = Arc::clone(&self.store);
        let graphs = tokio::task::spawn_blocking(move || store.wait_for_graphs()).await;
        if graphs.is_ok_and(|graphs| graphs == 0) {
            return Ok(scanned);
        }
        self.collection.search(queries).await
    }

    async fn scroll(&self, query: &ScrollQuery) -> Result<Vec<Point>> {
        self.collection.scroll(query).await
    }

    async fn count(&self, scope: Option<&Scope>, filter: &Filter) -> Result<u64> {
        self.collection.count(scope, filter).await
    }

    async fn delete(&self, selector: &Selector) -> Result<u64> {
        self.collection.delete(selector).await
    }
}
