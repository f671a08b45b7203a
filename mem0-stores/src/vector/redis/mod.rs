//! Redis and Valkey, in one of two ways:
//!
//! - `search`: the search commands of RediSearch (`FT.*`, query dialect 2), as
//!   Redis 8 and Redis Stack have them, or either server with the module loaded;
//! - `vector_sets`: the vector sets of Redis 8 (`VADD`, `VSIM`).
//!
//! A point is a hash. Who it belongs to and what its payload holds are terms,
//! which scopes and filters ask for in the same command as the nearness. Writes
//! go through scripts on the server, each of which compares versions and writes
//! in one step.
//!
//! By the documentation of RediSearch 2.10 (redis.io, "Search and query": the
//! pages of `FT.CREATE`, `FT.SEARCH`, `FT.AGGREGATE`, `FT.DROPINDEX`, and those
//! on vectors, on scoring and on the query syntax) and of Redis 8.2 ("Vector
//! sets", with "Filter expressions", and the pages of `VADD`, `VSIM`, `VREM` and
//! `VSETATTR`). `TIMEOUT 0` is in every query of RediSearch, since with a limit
//! the server would answer with a part of the truth; how long is waited is
//! settled on this side.

mod condition;
mod config;
mod connection;
mod error;
mod foreign;
mod handle;
mod keys;
mod mem0ai;
mod round;
mod scripts;
mod search;
mod terms;
mod vector_sets;
mod wire;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use mem0_core::{
    CollectionSpec, EmbedderIdentity, Error, MemoryId, Result, VectorCapabilities, VectorCollection, VectorStore,
};
use redis::{ScriptInvocation, Value};
use uuid::Uuid;

use crate::shared::collection::{check_dims, check_identity, check_name};
pub use config::{IndexType, Layout, Mode, Quantisation, RedisVectorConfig};
use connection::Connection;
pub use foreign::ForeignKeys;
use handle::Handle;
use keys::Keys;
use search::IndexedCollection;
use vector_sets::SetsCollection;
use wire::parse;

/// The longest vector of RediSearch.
const MAX_DIMS: usize = 32_768;

/// The largest limit of a search; with the ties at its end it stays below what
/// a server takes, a million by default.
const MAX_LIMIT: usize = 100_000;

/// How the keys are laid out, for each way of searching; what another version
/// of this library wrote is not touched. In the first layout for an index, `1`,
/// points had no words.
const WITHOUT_WORDS: &str = "1";
const INDEXED: &str = "2";
const SETS: &str = "sets";

/// Points that get their words in one step.
const FILL_PAGE: usize = 500;

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

    /// A store in Valkey with RediSearch; it has no vector sets. The module `valkey-search` answers to
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
        let mut capabilities = VectorCapabilities::new(condition::CAPABILITIES);
        capabilities.versioned = true;
        capabilities.keyword = config.mode == Mode::Search;
        capabilities.max_dims = Some(MAX_DIMS);
        capabilities.max_limit = Some(MAX_LIMIT);
        Ok(Self { name, connection, config, capabilities })
    }

    async fn open_collection(&self, spec: &CollectionSpec) -> Result<Arc<dyn VectorCollection>> {
        check_name(&spec.name)?;
        check_dims(spec, self.config.embedding_model_dims, MAX_DIMS)?;
        match self.config.mode {
            Mode::Search => Ok(Arc::new(self.open_index(spec).await?)),
            Mode::VectorSets => Ok(Arc::new(self.open_sets(spec).await?)),
        }
    }

    async fn open_index(&self, spec: &CollectionSpec) -> Result<IndexedCollection> {
        let meta = keys::meta(&self.config.collection_name, &spec.name);
        let (layout, points) = match self.config.layout {
            Layout::Own => (INDEXED, None),
            Layout::Mem0ai => (mem0ai::NAME, Some(mem0ai::points(&spec.name))),
        };
        let mut filled = "";
        loop {
            let mut call = scripts::OPEN.key(&meta);
            self.add_identity(&mut call, &meta, spec);
            call.arg(filled).arg(layout).arg(points.as_deref().unwrap_or_default());
            call.arg(search::create(&self.config, spec));
            let reply: Value = self.connection.call(&call).await?;
            let [stored @ .., rebuilt, Value::Int(size)] = wire::array(&reply)? else { return Err(wire::unexpected()) };
            let found = stored.last().map(parse::<String>).transpose()?;
            let old = layout == INDEXED && found.is_some_and(|found| found == WITHOUT_WORDS);
            let handle = self.handle(spec, &meta, stored, if old { WITHOUT_WORDS } else { layout }, points.clone())?;
            if old {
                self.fill(&handle).await?;
                filled = "filled";
                continue;
            }
            if *rebuilt == Value::Int(1) {
                self.wait_for_index(&handle.keys).await?;
            }
            return Ok(IndexedCollection::new(handle, self.config.exact_up_to, size.unsigned_abs()));
        }
    }

    async fn open_sets(&self, spec: &CollectionSpec) -> Result<SetsCollection> {
        let meta = keys::meta(&self.config.collection_name, &spec.name);
        let mut call = scripts::SETS_OPEN.key(&meta);
        self.add_identity(&mut call, &meta, spec);
        call.arg(self.config.quantisation.word());
        let reply: Value = self.connection.call(&call).await?;
        let [stored @ .., quantisation] = wire::array(&reply)? else { return Err(wire::unexpected()) };
        let handle = self.handle(spec, &meta, stored, SETS, None)?;
        let quantisation = Quantisation::from_word(&parse::<String>(quantisation)?).ok_or_else(wire::damaged)?;
        Ok(SetsCollection::new(handle, quantisation, &self.config))
    }

    fn add_identity(&self, call: &mut ScriptInvocation<'_>, meta: &str, spec: &CollectionSpec) {
        let identity = &spec.identity;
        call.arg(meta).arg(Uuid::new_v4().simple().to_string());
        call.arg(&identity.model).arg(identity.dims).arg(&identity.digest);
    }

    /// The collection that is there, if it is the one that was asked for.
    fn handle(
        &self,
        spec: &CollectionSpec,
        meta: &str,
        stored: &[Value],
        layout: &str,
        points: Option<String>,
    ) -> Result<Handle> {
        let [generation, model, dims, digest, found] = stored else { return Err(wire::unexpected()) };
        let found = parse::<String>(found)?;
        if found != layout {
            let known = [WITHOUT_WORDS, INDEXED, SETS, mem0ai::NAME].contains(&found.as_str());
            return Err(if known {
                Error::config("the collection was made in another `mode` or `layout`; use those, or another name")
            } else {
                Error::corrupt("the collection was written by another version of this library")
            });
        }
        let stored = EmbedderIdentity { model: parse(model)?, dims: parse(dims)?, digest: parse(digest)? };
        check_identity(&stored, &spec.identity)?;
        let keys = Keys::new(meta.to_owned(), parse(generation)?, points);
        let (connection, layout) = (self.connection.clone(), self.config.layout);
        Ok(Handle { name: self.name, connection, spec: spec.clone(), keys, layout })
    }

    /// Gives every point of the first layout its words.
    async fn fill(&self, handle: &Handle) -> Result<()> {
        let mut first = "-".to_owned();
        loop {
            let mut pipeline = redis::pipe();
            pipeline.cmd("ZRANGEBYLEX").arg(&handle.keys.ids).arg(&first).arg(&["+", "LIMIT", "0"]).arg(FILL_PAGE);
            let [ids]: [Vec<Value>; 1] = self.connection.run(&pipeline).await?;
            let ids = ids.iter().map(parse::<MemoryId>).collect::<Result<Vec<_>>>()?;
            let Some(last) = ids.last() else { return Ok(()) };
            first = format!("({last}");
            let mut call = handle.address_points(&scripts::FILL);
            for point in handle.read(None, &ids).await?.iter().flatten() {
                call.arg(point.id.to_string()).arg(wire::version(point.version)).arg(search::words(point));
            }
            self.connection.call::<()>(&call).await?;
        }
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
        opened.map_err(|e| e.with_operation("open").with_provider(self.name))
    }

    async fn drop_collection(&self, name: &str) -> Result<()> {
        let said = |error: Error| error.with_operation("drop_collection").with_provider(self.name);
        check_name(name).map_err(said)?;
        let meta = keys::meta(&self.config.collection_name, name);
        self.connection.call::<()>(scripts::DROP.key(&meta).arg(&meta).arg(mem0ai::points(name))).await.map_err(said)
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
