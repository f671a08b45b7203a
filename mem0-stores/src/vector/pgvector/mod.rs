//! PostgreSQL with the extension pgvector.
//!
//! By pgvector's README at version 0.8 (types, limits, indexes, iterative scans)
//! and the documentation of PostgreSQL 18 (JSON functions, `INSERT … ON
//! CONFLICT`, error codes); versions 13 and later have what is used. An index
//! needs pgvector 0.8.
//!
//! A collection is a table of its name with the columns `id`, `vector` and
//! `payload` of the Python library, which can read it. Scope ids, versions and
//! the times of a payload have columns of their own. Every value is bound; a
//! write carries its version, and the server keeps the later one.
//!
//! A deletion empties the row; PostgreSQL takes what was in it from the disk
//! when it next vacuums the table.

mod collection;
mod config;
mod filter;
mod payload;
mod read;
mod schema;
mod search;
mod write;

use std::sync::Arc;

use async_trait::async_trait;
use mem0_core::{
    CollectionSpec, Error, ErrorKind, FilterCapabilities, Result, VectorCapabilities, VectorCollection, VectorStore,
};

use crate::shared::collection::check_name;
use crate::shared::postgres::Database;
pub use crate::shared::postgres::SslMode;
use collection::PgvectorCollection;
pub use config::{IndexKind, PgvectorConfig};
use search::Index;

/// The provider's name.
const NAME: &str = "pgvector";

/// Vectors in PostgreSQL.
///
/// ```no_run
/// use mem0_core::{CollectionSpec, EmbedderIdentity, VectorStore};
/// use mem0_stores::vector::pgvector::{PgvectorConfig, PgvectorStore};
///
/// # async fn run() -> mem0_core::Result<()> {
/// let config = PgvectorConfig::default().with_connection_string("postgres://localhost/memories");
/// let store = PgvectorStore::new(config)?;
/// let identity = EmbedderIdentity { model: "local/x".into(), dims: 256, digest: String::new() };
/// let collection = store.open(&CollectionSpec::new("mem0", identity)).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct PgvectorStore {
    db: Database,
    config: PgvectorConfig,
    max_dims: usize,
    capabilities: VectorCapabilities,
}

impl PgvectorStore {
    /// A store; nothing is connected before the first call.
    ///
    /// # Errors
    /// `Config` if a setting is out of range or a file cannot be read.
    pub fn new(config: PgvectorConfig) -> Result<Self> {
        let said = |error: Error| error.with_provider(NAME);
        config.check().map_err(said)?;
        let max_dims = config.max_dims().map_err(said)?;
        let mut capabilities = VectorCapabilities::new(FilterCapabilities::ALL);
        capabilities.versioned = true;
        capabilities.max_dims = Some(max_dims);
        let db = config.pool().and_then(Database::new).map_err(said)?;
        Ok(Self { db, config, max_dims, capabilities })
    }

    async fn open_table(&self, spec: &CollectionSpec) -> Result<PgvectorCollection> {
        check_name(&spec.name)?;
        let dims = spec.identity.dims;
        if !(1..=self.max_dims).contains(&dims) {
            let message = "the dimensions must be 1 to what pgvector can index: 2000, or 4000 with halfvec; \
                           with the index none up to 16000";
            return Err(Error::invalid(message).with_context("dims", dims).with_context("most", self.max_dims));
        }
        self.agree(spec)?;
        let mut client = self.db.client().await?;
        let table = schema::open(&mut client, &self.config, spec).await?;
        let kind = match self.config.index_kind()? {
            IndexKind::None => None,
            _ if self.config.half(dims) => Some(format!("halfvec({dims})")),
            _ => Some("vector".to_owned()),
        };
        let column = schema::indexed(&self.config, i32::try_from(dims).unwrap_or(i32::MAX));
        let index = kind.map(|kind| Index { column, kind, exact_up_to: self.config.exact_up_to });
        Ok(PgvectorCollection { db: self.db.clone(), spec: spec.clone(), table, index })
    }

    /// Holds what the configuration says in the Python library's way against
    /// what is opened.
    fn agree(&self, spec: &CollectionSpec) -> Result<()> {
        if self.config.collection_name.as_ref().is_some_and(|name| *name != spec.name) {
            let message = "collection_name is another one than `collection`: set that, or leave this out";
            return Err(Error::config(message).with_context("collection", &spec.name));
        }
        if self.config.embedding_model_dims.is_some_and(|dims| dims != spec.identity.dims) {
            let message = "embedding_model_dims is not what the embedder has: leave it out";
            return Err(Error::new(ErrorKind::DimensionMismatch, message).with_context("embedder", spec.identity.dims));
        }
        Ok(())
    }
}

#[async_trait]
impl VectorStore for PgvectorStore {
    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> &VectorCapabilities {
        &self.capabilities
    }

    async fn open(&self, spec: &CollectionSpec) -> Result<Arc<dyn VectorCollection>> {
        match self.open_table(spec).await {
            Ok(collection) => Ok(Arc::new(collection)),
            Err(error) => Err(error.with_operation("open").with_provider(NAME)),
        }
    }

    async fn drop_collection(&self, name: &str) -> Result<()> {
        let work = async {
            check_name(name)?;
            schema::drop_collection(&mut self.db.client().await?, &self.config, name).await
        };
        work.await.map_err(|error: Error| error.with_operation("drop_collection").with_provider(NAME))
    }
}
