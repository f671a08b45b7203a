//! Milvus, and Zilliz Cloud, which speaks the same.
//!
//! By the protocol buffers of `milvus-proto` and the documentation of Milvus
//! 2.3 and later (limits, consistency levels, boolean expressions, arrays,
//! upsert). Zilliz was not run.
//!
//! The server has no write on a condition, so writes of one id must come in
//! their order; a deletion first looks which of its ids are there and not
//! later. With the level `strong` every read sees every write that returned
//! before it, and waits some 200 ms for that; with the others `immediate` is not
//! declared. No partition key: a scope is any choice of its ids, so none of them
//! is in every search.
//!
//! The server's own search by words (BM25, from 2.5 on) is not used.

mod collection;
mod config;
mod connection;
mod error;
mod filter;
mod proto;
mod rows;
mod schema;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use mem0_core::{CollectionSpec, Error, Result, VectorCapabilities, VectorCollection, VectorStore};

use crate::shared::collection::{check_dims, check_name};
use collection::MilvusCollection;
pub use config::{ConsistencyLevel, IndexType, MilvusConfig};
use connection::{Connection, Reads};

/// The provider's name.
const NAME: &str = "milvus";

/// The longest vector of Milvus.
const MAX_DIMS: usize = 32_768;

/// The largest limit of a search. The server gives 16,384 hits at most; what is
/// left shows whether there are ties at the end.
const MAX_LIMIT: usize = 16_000;

/// Vectors in Milvus.
///
/// ```no_run
/// use mem0_core::{CollectionSpec, EmbedderIdentity, VectorStore};
/// use mem0_stores::vector::milvus::{MilvusConfig, MilvusStore};
///
/// # async fn run() -> mem0_core::Result<()> {
/// let store = MilvusStore::new(MilvusConfig::default().with_url("http://localhost:19530"))?;
/// let identity = EmbedderIdentity { model: "local/x".into(), dims: 256, digest: String::new() };
/// let collection = store.open(&CollectionSpec::new("mem0", identity)).await?;
/// # Ok(())
/// # }
/// ```
pub struct MilvusStore {
    connection: Arc<Connection>,
    config: MilvusConfig,
    capabilities: VectorCapabilities,
}

impl MilvusStore {
    /// A store. Connects when it is first used.
    ///
    /// # Errors
    /// `Config` if a setting is wrong.
    pub fn new(config: MilvusConfig) -> Result<Self> {
        let said = |error: Error| error.with_provider(NAME);
        config.check().map_err(said)?;
        let connection = Arc::new(Connection::new(&config).map_err(said)?);
        let mut capabilities = VectorCapabilities::new(filter::CAPABILITIES);
        capabilities.immediate = config.consistency_level == ConsistencyLevel::Strong;
        capabilities.max_dims = Some(MAX_DIMS);
        capabilities.max_limit = Some(MAX_LIMIT);
        Ok(Self { connection, config, capabilities })
    }

    async fn open_collection(&self, spec: &CollectionSpec) -> Result<MilvusCollection> {
        check_name(&spec.name)?;
        check_dims(spec, self.config.embedding_model_dims, MAX_DIMS)?;
        if self.config.collection_name.as_ref().is_some_and(|name| *name != spec.name) {
            let message = "collection_name is another one than `collection`: set that, or leave this out";
            return Err(Error::config(message).with_context("collection", &spec.name));
        }
        let name = schema::open(&self.connection, &self.config, spec).await?;
        Ok(MilvusCollection {
            connection: Arc::clone(&self.connection),
            config: self.config.clone(),
            spec: spec.clone(),
            name,
            reads: Reads::new(self.config.consistency_level),
        })
    }
}

#[async_trait]
impl VectorStore for MilvusStore {
    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> &VectorCapabilities {
        &self.capabilities
    }

    async fn open(&self, spec: &CollectionSpec) -> Result<Arc<dyn VectorCollection>> {
        match self.open_collection(spec).await {
            Ok(collection) => Ok(Arc::new(collection)),
            Err(error) => Err(error.with_operation("open").with_provider(NAME)),
        }
    }

    async fn drop_collection(&self, name: &str) -> Result<()> {
        let work = async {
            check_name(name)?;
            schema::drop_collection(&self.connection, name).await
        };
        work.await.map_err(|error: Error| error.with_operation("drop_collection").with_provider(NAME))
    }
}

// The headers of the connection hold the key.
impl fmt::Debug for MilvusStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MilvusStore").field("config", &self.config).finish_non_exhaustive()
    }
}
