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
//! No statement needs a setting of the connection it runs on, and each can be run
//! without a name, so that a pooler may hand each to another connection.
//!
//! A deletion empties the row; PostgreSQL takes what was in it from the disk
//! when it next vacuums the table.

mod collection;
mod config;
mod filter;
mod foreign;
mod payload;
mod read;
#[cfg(feature = "supabase")]
mod rest;
mod schema;
mod search;
mod session;
mod sizes;
#[cfg(feature = "supabase")]
mod supabase;
mod words;
mod write;

use std::sync::Arc;

use async_trait::async_trait;
use mem0_core::{CollectionSpec, Error, FilterCapabilities, Result, VectorCapabilities, VectorCollection, VectorStore};

use crate::shared::collection::check_name;
use crate::shared::postgres::Database;
use collection::PgvectorCollection;
pub use config::{IndexKind, PgvectorConfig, SslMode};
pub use foreign::ForeignTable;
#[cfg(feature = "supabase")]
pub use rest::SUPABASE_FUNCTIONS;
use search::Index;
use session::Sessions;
use sizes::Sizes;
#[cfg(feature = "supabase")]
pub use supabase::{IndexMeasure, IndexMethod, SupabaseConfig, Transport};

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
    name: &'static str,
    sessions: Sessions,
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
        Self::named("pgvector", config)
    }

    fn named(name: &'static str, config: PgvectorConfig) -> Result<Self> {
        let said = |error: Error| error.with_provider(name);
        config.check().map_err(said)?;
        let max_dims = config.max_dims().map_err(said)?;
        let mut capabilities = VectorCapabilities::new(FilterCapabilities::ALL);
        capabilities.versioned = true;
        capabilities.keyword = true;
        capabilities.max_dims = Some(max_dims);
        let options = config.pool().map_err(said)?;
        let prepares = config.prepares(&options);
        let sessions = Sessions::new(Database::new(options).map_err(said)?, prepares);
        Ok(Self { name, sessions, config, max_dims, capabilities })
    }

    async fn open_table(&self, spec: &CollectionSpec) -> Result<PgvectorCollection> {
        check_name(&spec.name)?;
        let dims = spec.identity.dims;
        self.config.fits(spec, self.max_dims)?;
        let mut session = self.sessions.get().await?;
        let table = schema::open(&mut session.client, &self.config, spec).await?;
        let kind = match self.config.index_kind()? {
            IndexKind::None => None,
            _ if self.config.half(dims) => Some(format!("halfvec({dims})")),
            _ => Some("vector".to_owned()),
        };
        let column = schema::indexed(&self.config, i32::try_from(dims).unwrap_or(i32::MAX));
        let exact_up_to = self.config.exact_up_to;
        let index = kind.map(|kind| Index { column, kind, exact_up_to, settings: self.config.search_settings() });
        let (sessions, sizes) = (self.sessions.clone(), Sizes::default());
        Ok(PgvectorCollection { provider: self.name, sessions, spec: spec.clone(), table, index, sizes })
    }
}

/// Vectors in Supabase, by the transport of the configuration; nothing is
/// connected before the first call.
///
/// # Errors
/// `Config` if a setting is out of range or missing, or a file cannot be read.
#[cfg(feature = "supabase")]
pub fn supabase(config: SupabaseConfig) -> Result<Arc<dyn VectorStore>> {
    const NAME: &str = "supabase";
    let made = match config.transport {
        Transport::Postgres => {
            let config = config.into_pgvector();
            config.and_then(|config| PgvectorStore::named(NAME, config)).map(|store| Arc::new(store) as _)
        }
        Transport::Rest => rest::open(config),
    };
    made.map_err(|error| error.with_provider(NAME))
}

#[async_trait]
impl VectorStore for PgvectorStore {
    fn name(&self) -> &'static str {
        self.name
    }

    fn capabilities(&self) -> &VectorCapabilities {
        &self.capabilities
    }

    async fn open(&self, spec: &CollectionSpec) -> Result<Arc<dyn VectorCollection>> {
        match self.open_table(spec).await {
            Ok(collection) => Ok(Arc::new(collection)),
            Err(error) => Err(error.with_operation("open").with_provider(self.name)),
        }
    }

    async fn drop_collection(&self, name: &str) -> Result<()> {
        let work = async {
            check_name(name)?;
            schema::drop_collection(&mut self.sessions.get().await?.client, &self.config, name).await
        };
        work.await.map_err(|error: Error| error.with_operation("drop_collection").with_provider(self.name))
    }
}
