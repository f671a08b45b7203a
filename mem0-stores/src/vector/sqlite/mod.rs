//! The embedded vector store: exact search in a SQLite file, and graphs over
//! large scopes where they are asked for.
//!
//! A search reads the compact rows of its scope from memory (an `i8` for each
//! component, and a bound on what that leaves out) and then the exact vectors
//! of the few rows that may be among the best. The answer is that of a scan of
//! all exact vectors; its cost grows with the scope, not with the store. What is
//! in memory follows the file, also where other processes write to it.

mod cache;
mod collection;
mod columns;
mod config;
mod graph;
mod load;
mod partition;
mod quantise;
mod read;
mod rows;
mod schema;
mod scopes;
mod search;
mod simd;
#[cfg(test)]
mod tests;
mod topk;
mod write;

use std::sync::Arc;

use async_trait::async_trait;
use mem0_core::{CollectionSpec, Error, FilterCapabilities, Result, VectorCapabilities, VectorCollection, VectorStore};

use crate::SqliteDb;
use crate::shared::collection::check_name;
use cache::Cache;
use collection::SqliteCollection;
pub use config::SqliteVectorConfig;
use graph::Graphs;
use search::Searcher;

/// The provider's name.
const NAME: &str = "sqlite";

/// The longest vector.
const MAX_DIMS: usize = 65_536;

/// Vectors in a SQLite file, alone or beside the ledger. The default.
///
/// ```
/// use mem0_core::{CollectionSpec, EmbedderIdentity, VectorStore};
/// use mem0_stores::SqliteDb;
/// use mem0_stores::vector::sqlite::{SqliteVectorConfig, SqliteVectorStore};
///
/// # async fn run() -> mem0_core::Result<()> {
/// let store = SqliteVectorStore::new(SqliteDb::in_memory()?, &SqliteVectorConfig::default())?;
/// let identity = EmbedderIdentity { model: "local/x".into(), dims: 256, digest: String::new() };
/// let collection = store.open(&CollectionSpec::new("mem0", identity)).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct SqliteVectorStore {
    db: SqliteDb,
    cache: Arc<Cache>,
    capabilities: VectorCapabilities,
}

impl SqliteVectorStore {
    /// A store in an open file; the tables are made when a collection is
    /// opened. The configuration's `path` is for whoever opens the file.
    ///
    /// # Errors
    /// `Config` if a setting is out of range.
    pub fn new(db: SqliteDb, config: &SqliteVectorConfig) -> Result<Self> {
        let graphs = Graphs::new(config.graph_from);
        let mut capabilities = VectorCapabilities::new(FilterCapabilities::ALL);
        capabilities.versioned = true;
        capabilities.max_dims = Some(MAX_DIMS);
        Ok(Self { db, cache: Arc::new(Cache::new(config.cache_bytes, graphs)), capabilities })
    }
}

/// Beside the trait, for measurements and tests.
impl SqliteVectorStore {
    /// Waits until no graph is being built, and returns how many there are in
    /// memory. It blocks the thread; searches need not wait for anything.
    #[must_use]
    pub fn wait_for_graphs(&self) -> usize {
        self.cache.graphs.wait();
        self.cache.graph_count()
    }
}

#[async_trait]
impl VectorStore for SqliteVectorStore {
    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> &VectorCapabilities {
        &self.capabilities
    }

    async fn open(&self, spec: &CollectionSpec) -> Result<Arc<dyn VectorCollection>> {
        const OP: &str = "open";
        let said = |error: Error| error.with_operation(OP).with_provider(NAME);
        check_name(&spec.name).map_err(said)?;
        let dims = spec.identity.dims;
        if !(1..=MAX_DIMS).contains(&dims) {
            return Err(said(Error::invalid("a collection has 1 to 65536 dimensions")));
        }
        let asked = spec.clone();
        let work = self.db.transaction(OP, move |connection| schema::open(connection, &asked));
        let collection = work.await.map_err(said)?;
        let searcher = Searcher { cache: Arc::clone(&self.cache), collection, dims };
        Ok(Arc::new(SqliteCollection { db: self.db.clone(), spec: spec.clone(), searcher }))
    }

    async fn drop_collection(&self, name: &str) -> Result<()> {
        const OP: &str = "drop_collection";
        let said = |error: Error| error.with_operation(OP).with_provider(NAME);
        check_name(name).map_err(said)?;
        let name = name.to_owned();
        let work = self.db.transaction(OP, move |connection| schema::drop_collection(connection, &name));
        let gone = work.await.map_err(said)?;
        self.cache.forget(&gone);
        Ok(())
    }
}
