//! Apache Cassandra 5, by the vector search of its storage-attached indexes.
//!
//! By the documentation of Cassandra 5.0 (CQL: data definition, `vector`,
//! storage-attached indexing, `ORDER BY … ANN OF`, `USING TIMESTAMP`, batches)
//! and the driver `scylla` 1.9, which speaks version 4 of the native protocol.
//! DataStax Astra and Enterprise have the same statements, but Astra connects by
//! a bundle that is refused here, and neither was run. ScyllaDB has other
//! statements for vectors, so it is none of this.
//!
//! A write carries its version as its timestamp, so it reads nothing
//! first and an older one that arrives late changes nothing. What the server
//! forgets is deletions, `gc_grace_seconds` after they were written (ten days,
//! unless the table is changed): a write that is later by more than that is taken
//! for new. Who a point belongs to and what its payload holds are kept as
//! terms in an indexed set, which scopes and filters ask for in the same
//! statement as the nearness. Deletions count what they saw just before.

mod collection;
mod config;
mod connection;
mod error;
mod filter;
mod schema;
mod search;
mod stamp;
mod tunnel;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use mem0_core::{Clock, CollectionSpec, Error, Result, SystemClock, VectorCapabilities, VectorCollection, VectorStore};

use crate::shared::collection::{check_dims, check_name};
use collection::CassandraCollection;
pub use config::{CassandraConfig, Consistency};
use connection::Connection;

/// The provider's name.
const NAME: &str = "cassandra";

/// The longest vector of Cassandra.
const MAX_DIMS: usize = 8_192;

/// The largest limit of a search. The index gives 1,000 hits at most; what is
/// left shows whether there are ties at the end.
const MAX_LIMIT: usize = 900;

/// Vectors in Cassandra.
///
/// ```no_run
/// use mem0_core::{CollectionSpec, EmbedderIdentity, VectorStore};
/// use mem0_stores::vector::cassandra::{CassandraConfig, CassandraStore};
///
/// # async fn run() -> mem0_core::Result<()> {
/// let store = CassandraStore::new(CassandraConfig::default().with_contact_points(["localhost"]))?;
/// let identity = EmbedderIdentity { model: "local/x".into(), dims: 256, digest: String::new() };
/// let collection = store.open(&CollectionSpec::new("mem0", identity)).await?;
/// # Ok(())
/// # }
/// ```
pub struct CassandraStore {
    connection: Arc<Connection>,
    clock: Arc<dyn Clock>,
    config: CassandraConfig,
    capabilities: VectorCapabilities,
}

impl CassandraStore {
    /// A store. Connects when it is first used.
    ///
    /// # Errors
    /// `Config` if a setting is wrong or a file cannot be read.
    pub fn new(config: CassandraConfig) -> Result<Self> {
        config.check().map_err(|error| error.with_provider(NAME))?;
        let mut capabilities = VectorCapabilities::new(filter::CAPABILITIES);
        capabilities.versioned = true;
        capabilities.immediate = config.is_immediate();
        capabilities.max_dims = Some(MAX_DIMS);
        capabilities.max_limit = Some(MAX_LIMIT);
        let connection = Connection::new(config.clone()).map_err(|error| error.with_provider(NAME))?;
        Ok(Self { connection: Arc::new(connection), clock: Arc::new(SystemClock), config, capabilities })
    }

    /// With another clock: of two writes of one version the one that is later
    /// by it stays.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    async fn open_collection(&self, spec: &CollectionSpec) -> Result<CassandraCollection> {
        check_name(&spec.name)?;
        check_dims(spec, self.config.embedding_model_dims, MAX_DIMS)?;
        let table = schema::open(&self.connection, &self.config, spec).await?;
        Ok(CassandraCollection {
            connection: Arc::clone(&self.connection),
            clock: Arc::clone(&self.clock),
            spec: spec.clone(),
            table,
            consistency: self.config.consistency.driver(),
            exact_up_to: usize::try_from(self.config.exact_up_to).unwrap_or(usize::MAX),
        })
    }
}

#[async_trait]
impl VectorStore for CassandraStore {
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
            schema::drop_collection(&self.connection, &self.config, name).await
        };
        work.await.map_err(|error: Error| error.with_operation("drop_collection").with_provider(NAME))
    }
}

// The driver's own form is long, and not ours to keep secrets out of.
impl fmt::Debug for CassandraStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CassandraStore").field("config", &self.config).finish_non_exhaustive()
    }
}
