//! Weaviate, a server or Weaviate Cloud, by its REST API and GraphQL.
//!
//! By Weaviate's documentation (docs.weaviate.io: the pages on conditional
//! filters and on deleting objects), its OpenAPI schema (`BatchDeleteResponse`),
//! and what a server of version 1.35.2 answers. `ContainsNone` needs 1.33 or
//! later.
//!
//! A collection is a class with vectors of our own and one property of terms,
//! for scopes and filters. A tenant of Weaviate is no scope: an object has one
//! tenant, while a scope of a read covers every memory that carries its ids, so
//! one memory is in the answer to several scopes.
//!
//! The class stands for the collection: a handle that outlives a drop writes to
//! what was made anew under the name. The server makes classes by itself for
//! objects that have none; `AUTOSCHEMA_ENABLED=false` turns that off.

mod api;
mod collection;
mod config;
mod filter;
mod objects;
mod writes;

use std::sync::Arc;

use async_trait::async_trait;
use mem0_core::{CollectionSpec, Error, ErrorKind, Result, VectorCapabilities, VectorCollection, VectorStore};
use mem0_http::Refusal;

use crate::shared::collection::{agree, check_identity, check_name};
use crate::shared::http::Server;
use crate::shared::terms;
use api::{Api, Class};
use collection::WeaviateCollection;
pub use config::{ConsistencyLevel, IndexType, Tokenization, WeaviateConfig};
use writes::Writes;

/// The provider's name.
const NAME: &str = "weaviate";

/// The longest vector.
const MAX_DIMS: usize = 65_535;

/// The largest limit of a search (`QUERY_MAXIMUM_RESULTS` of a server).
const MAX_LIMIT: usize = 10_000;

/// What the names of classes begin with that are not the collection's own.
const CODED: &str = "mem0named_";

/// The longest name of a collection that is that of its class.
const MAX_PLAIN: usize = 128;

/// Vectors in Weaviate.
///
/// ```no_run
/// use mem0_core::{CollectionSpec, EmbedderIdentity, VectorStore};
/// use mem0_stores::vector::weaviate::{WeaviateConfig, WeaviateStore};
///
/// # async fn run() -> mem0_core::Result<()> {
/// let store = WeaviateStore::new(WeaviateConfig::default().with_url("http://localhost:8080"))?;
/// let identity = EmbedderIdentity { model: "local/x".into(), dims: 256, digest: String::new() };
/// let collection = store.open(&CollectionSpec::new("mem0", identity)).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct WeaviateStore {
    api: Api,
    config: WeaviateConfig,
    capabilities: VectorCapabilities,
}

impl WeaviateStore {
    /// A store. Connects when it is first used.
    ///
    /// # Errors
    /// `Config` if a setting is wrong.
    pub fn new(config: WeaviateConfig) -> Result<Self> {
        let made = || {
            config.check()?;
            Ok(Api::new(Server::new(&config.http, &config.address(), config.headers(), refine)?, &config))
        };
        let api = made().map_err(|e: Error| e.with_provider(NAME))?;
        let mut capabilities = VectorCapabilities::new(filter::CAPABILITIES);
        capabilities.max_dims = Some(MAX_DIMS);
        capabilities.max_limit = Some(MAX_LIMIT);
        capabilities.keyword = true;
        // With one replica a read may be answered by another one.
        capabilities.immediate = config.consistency_level != Some(ConsistencyLevel::One);
        Ok(Self { api, config, capabilities })
    }

    async fn open_collection(&self, spec: &CollectionSpec) -> Result<WeaviateCollection> {
        check_name(&spec.name)?;
        agree(self.config.collection_name.as_deref(), self.config.embedding_model_dims, spec)?;
        if !(1..=MAX_DIMS).contains(&spec.identity.dims) {
            return Err(Error::invalid("a collection has 1 to 65535 dimensions"));
        }
        let class = class_name(&spec.name);
        let stored = match self.api.server.find::<Class>(self.api.lookup(&class)).await? {
            Some(stored) => stored,
            None => self.create(&class, spec).await?,
        };
        check_identity(&api::identity(&stored)?, &spec.identity)?;
        let api = self.api.clone().with_replicas(&stored);
        Ok(WeaviateCollection { api, spec: spec.clone(), class, writes: Writes::default() })
    }

    /// Makes a class; if somebody else was faster, theirs.
    async fn create(&self, class: &str, spec: &CollectionSpec) -> Result<Class> {
        let made = self.api.server.ask(self.api.create(&self.config, class, &spec.identity)?).await;
        match made {
            Err(error) if error.kind() == ErrorKind::InvalidInput => {
                self.api.server.find(self.api.lookup(class)).await?.ok_or(error)
            }
            made => made,
        }
    }

    async fn remove(&self, name: &str) -> Result<()> {
        check_name(name)?;
        match self.api.server.send(self.api.drop(&class_name(name))).await {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            gone => gone.map(|_| ()),
        }
    }
}

/// The class of a collection. Weaviate's begin with a capital letter, have
/// letters, digits and `_`, and no two of them differ in case alone. A name in
/// small letters is kept, as the Python library does; any other becomes a digest,
/// with what of it can be read.
fn class_name(name: &str) -> String {
    let small = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let plain = name.len() <= MAX_PLAIN
        && name.bytes().all(small)
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && !name.starts_with(CODED);
    let class = if plain {
        name.to_owned()
    } else {
        let readable: String = name.to_ascii_lowercase().replace('-', "_");
        format!("{CODED}{readable}_{}", terms::digest("name", name, &[]))
    };
    let (first, rest) = class.split_at(1);
    first.to_ascii_uppercase() + rest
}

/// What Weaviate's errors mean beyond the status.
fn refine(refusal: &Refusal) -> Option<ErrorKind> {
    match refusal.status {
        // Not ready, or a replica is not there.
        500 | 502 | 503 => Some(ErrorKind::Unavailable),
        501 => Some(ErrorKind::Unsupported),
        507 => Some(ErrorKind::QuotaExceeded),
        _ => None,
    }
}

#[async_trait]
impl VectorStore for WeaviateStore {
    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> &VectorCapabilities {
        &self.capabilities
    }

    async fn open(&self, spec: &CollectionSpec) -> Result<Arc<dyn VectorCollection>> {
        let opened = self.open_collection(spec).await;
        Ok(Arc::new(opened.map_err(|e| e.with_operation("open").with_provider(NAME))?))
    }

    async fn drop_collection(&self, name: &str) -> Result<()> {
        self.remove(name).await.map_err(|e| e.with_operation("drop_collection").with_provider(NAME))
    }
}

#[cfg(test)]
mod tests;
