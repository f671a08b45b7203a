//! Redis and Valkey, by the search commands of RediSearch (`FT.*`, query dialect
//! 2): Redis 8, Redis Stack, or either server with the module loaded.
//!
//! A point is a hash that the index follows, so a search sees every write that
//! returned before it. Who a point belongs to and what its payload holds are
//! indexed as terms, which scopes and filters ask for in the same `FT.SEARCH`
//! as the nearness. Writes go through scripts on the server, each of which
//! compares versions and writes in one step.
//!
//! By the documentation of RediSearch 2.10 (redis.io, "Search and query": the
//! pages of `FT.CREATE`, `FT.SEARCH`, `FT.AGGREGATE`, `FT.DROPINDEX`, and those
//! on vectors and on the query syntax). `TIMEOUT 0` is in every query, since
//! with a limit the server would answer with a part of the truth; how long is
//! waited is settled on this side.

mod collection;
mod config;
mod connection;
mod error;
mod filter;
mod foreign;
mod schema;
mod scripts;
mod terms;
mod wire;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use async_trait::async_trait;
use mem0_core::{CollectionSpec, Error, ErrorKind, Result, VectorCapabilities, VectorCollection, VectorStore};
use redis::Value;
use uuid::Uuid;

use crate::shared::collection::check_name;
use collection::RedisCollection;
pub use config::{IndexType, RedisVectorConfig};
use connection::Connection;
pub use foreign::ForeignKeys;
use schema::Keys;
use wire::parse;

/// The longest vector of RediSearch.
const MAX_DIMS: usize = 32_768;

/// The largest limit of a search; with the ties at its end it stays below what
/// a server takes, a million by default.
const MAX_LIMIT: usize = 100_000;

/// How the keys are laid out; what another version wrote is not touched.
const LAYOUT: &str = "1";

/// Vectors in Redis or Valkey.
///
/// ```no_run
/// use mem0_core::{CollectionSpec, EmbedderIdentity, VectorStore};
/// use mem0_stores::vector::redis::{RedisVectorConfig, RedisVectorStore};
///
/// # async fn run() -> mem0_core::Result<()> {
/// let store = RedisVectorStore::redis(RedisVectorConfig::default().with_url("redis://localhost:6379"))?;
/// let identity = EmbedderIdentity { model: "local/x".into(), dims: 256, digest: String::new() };
/// let collection = store.open(&CollectionSpec::new("mem0", identity)).await?;
/// # Ok(())
/// # }
/// ```
pub struct RedisVectorStore {
    name: &'static str,
    connection: Connection,
    config: RedisVectorConfig,
    capabilities: VectorCapabilities,
}

impl RedisVectorStore {
    /// A store in Redis. Connects when it is first used.
    ///
    /// # Errors
    /// `Config` if a setting is wrong.
    pub fn redis(config: RedisVectorConfig) -> Result<Self> {
        Self::new("redis", config)
    }

    /// A store in Valkey with RediSearch. The module `valkey-search` answers to
    /// some of the same commands but not to all: what it lacks is `Unsupported`.
    ///
    /// # Errors
    /// `Config` if a setting is wrong.
    pub fn valkey(config: RedisVectorConfig) -> Result<Self> {
        Self::new("valkey", config)
    }

    fn new(name: &'static str, config: RedisVectorConfig) -> Result<Self> {
        let said = |error: Error| error.with_provider(name);
        config.check().map_err(said)?;
        let connection = Connection::new(&config).map_err(said)?;
        let mut capabilities = VectorCapabilities::new(filter::CAPABILITIES);
        capabilities.versioned = true;
        capabilities.max_dims = Some(MAX_DIMS);
        capabilities.max_limit = Some(MAX_LIMIT);
        Ok(Self { name, connection, config, capabilities })
    }

    async fn open_collection(&self, spec: &CollectionSpec) -> Result<RedisCollection> {
        check_name(&spec.name)?;
        let identity = &spec.identity;
        if !(1..=MAX_DIMS).contains(&identity.dims) {
            return Err(Error::invalid("a collection has 1 to 32768 dimensions"));
        }
        if let Some(dims) = self.config.embedding_model_dims.filter(|dims| *dims != identity.dims) {
            return Err(Error::new(ErrorKind::DimensionMismatch, "embedding_model_dims is not the model's")
                .with_context("configured", dims)
                .with_context("model", identity.dims));
        }
        let meta = schema::meta(&self.config.collection_name, &spec.name);
        let mut call = scripts::OPEN.key(&meta);
        call.arg(&meta).arg(Uuid::new_v4().simple().to_string());
        call.arg(&identity.model).arg(identity.dims).arg(&identity.digest);
        call.arg(schema::create(&self.config, spec));
        let reply: Value = self.connection.call(&call).await?;
        let [generation, model, dims, digest, layout, rebuilt, size] = wire::array(&reply)? else {
            return Err(wire::unexpected());
        };
        if parse::<String>(layout)? != LAYOUT {
            return Err(Error::corrupt("the collection was written by another version of this library"));
        }
        let stored: usize = parse(dims)?;
        if stored != identity.dims {
            return Err(Error::new(ErrorKind::DimensionMismatch, "the collection holds vectors of another length")
                .with_context("collection", stored)
                .with_context("model", identity.dims));
        }
        let (model, digest) = (parse::<String>(model)?, parse::<String>(digest)?);
        if (&model, &digest) != (&identity.model, &identity.digest) {
            return Err(Error::new(ErrorKind::IdentityMismatch, "another model filled this collection")
                .with_context("collection", model)
                .with_context("model", &identity.model));
        }
        let keys = Keys::new(meta, parse(generation)?);
        let (Value::Int(rebuilt), Value::Int(size)) = (rebuilt, size) else { return Err(wire::unexpected()) };
        if *rebuilt == 1 {
            self.wait_for_index(&keys).await?;
        }
        Ok(RedisCollection {
            name: self.name,
            connection: self.connection.clone(),
            spec: spec.clone(),
            keys,
            exact_up_to: self.config.exact_up_to,
            size: AtomicU64::new(size.unsigned_abs()),
        })
    }

    /// An index that was made over points that were there already is filled
    /// in the background. Asks until that is done, as the server says.
    async fn wait_for_index(&self, keys: &Keys) -> Result<()> {
        const STEP: Duration = Duration::from_millis(50);
        let mut info = redis::pipe();
        info.cmd("FT.INFO").arg(&keys.index);
        loop {
            let reply: Vec<Value> = self.connection.run(&info).await?;
            let fields = reply.first().map_or_else(|| Err(wire::unexpected()), wire::array)?;
            let indexing = fields.chunks(2).find_map(|field| match field {
                [name, value] if parse::<String>(name).is_ok_and(|name| name == "indexing") => Some(value),
                _ => None,
            });
            match indexing {
                Some(Value::Int(0)) | None => return Ok(()),
                Some(value) if parse::<String>(value).is_ok_and(|text| text == "0") => return Ok(()),
                Some(_) => tokio::time::sleep(STEP).await,
            }
        }
    }
}

#[async_trait]
impl VectorStore for RedisVectorStore {
    fn name(&self) -> &'static str {
        self.name
    }

    fn capabilities(&self) -> &VectorCapabilities {
        &self.capabilities
    }

    async fn open(&self, spec: &CollectionSpec) -> Result<Arc<dyn VectorCollection>> {
        let opened = self.open_collection(spec).await;
        let opened = opened.map_err(|e| e.with_operation("open").with_provider(self.name))?;
        Ok(Arc::new(opened))
    }

    async fn drop_collection(&self, name: &str) -> Result<()> {
        let said = |error: Error| error.with_operation("drop_collection").with_provider(self.name);
        check_name(name).map_err(said)?;
        let meta = schema::meta(&self.config.collection_name, name);
        self.connection.call::<()>(scripts::DROP.key(&meta).arg(&meta)).await.map_err(said)
    }
}

// The client's own form shows the password.
impl fmt::Debug for RedisVectorStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisVectorStore")
            .field("name", &self.name)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
