//! Chroma, a server or Chroma Cloud, by its REST API version 2.
//!
//! By Chroma's documentation (docs.trychroma.com: the pages on where filters, on
//! metadata filtering, and on quotas and limits of Chroma Cloud), the OpenAPI
//! description that a server gives of itself at `/openapi.json`, and what one of
//! version 1.5.9 answers. Lists in metadata need server 1.5 or later.
//!
//! A point is a record as the Python library writes it, with more beside it;
//! see the module `rows`. A collection that the Python library made is taken
//! over when it is opened: it gets the identity of the model, and keeps its way
//! to measure, from which the cosine follows as long as vectors have length 1.
//!
//! Chroma searches a graph, which can lose points behind many others that the
//! filter refuses. Where fewer come back than were asked for, it is asked how
//! many there are, and if some are missing they are compared here.

mod api;
mod collection;
mod config;
mod filter;
mod foreign;
mod rows;
mod search;

use std::sync::Arc;

use async_trait::async_trait;
use mem0_core::{
    CollectionSpec, EmbedderIdentity, Error, ErrorKind, Payload, Result, VectorCapabilities, VectorCollection,
    VectorStore,
};
use mem0_http::Refusal;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::shared::collection::{agree, check_identity, check_name};
use crate::shared::http::Server;
use api::{Api, Collection, Selection};
use collection::ChromaCollection;
pub use config::{ChromaConfig, IndexType, KeyHeader};
pub use foreign::ForeignRecords;

/// The provider's name.
const NAME: &str = "chroma";

/// The longest vector; that of Chroma Cloud without other agreement.
const MAX_DIMS: usize = 4_096;

/// Where the identity is in the metadata of a collection.
const MODEL: &str = "mem0:model";
const DIMS: &str = "mem0:dims";
const DIGEST: &str = "mem0:digest";

/// Where it says which field has the terms.
const TERMS: &str = "mem0:terms";

/// Vectors in Chroma.
///
/// ```no_run
/// use mem0_core::{CollectionSpec, EmbedderIdentity, VectorStore};
/// use mem0_stores::vector::chroma::{ChromaConfig, ChromaStore};
///
/// # async fn run() -> mem0_core::Result<()> {
/// let store = ChromaStore::new(ChromaConfig::default().with_url("http://localhost:8000"))?;
/// let identity = EmbedderIdentity { model: "local/x".into(), dims: 256, digest: String::new() };
/// let collection = store.open(&CollectionSpec::new("mem0", identity)).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ChromaStore {
    api: Api,
    config: ChromaConfig,
    capabilities: VectorCapabilities,
}

impl ChromaStore {
    /// A store. Connects when it is first used.
    ///
    /// # Errors
    /// `Config` if a setting is wrong.
    pub fn new(config: ChromaConfig) -> Result<Self> {
        let api = connect(&config).map_err(|e| e.with_provider(NAME))?;
        let mut capabilities = VectorCapabilities::new(filter::capabilities(config.predicates()));
        capabilities.max_dims = Some(MAX_DIMS);
        capabilities.max_limit = config.records_per_read();
        Ok(Self { api, config, capabilities })
    }

    async fn open_collection(&self, spec: &CollectionSpec) -> Result<ChromaCollection> {
        check_name(&spec.name)?;
        agree(self.config.collection_name.as_deref(), self.config.embedding_model_dims, spec)?;
        if !(1..=MAX_DIMS).contains(&spec.identity.dims) {
            return Err(Error::invalid("a collection has 1 to 4096 dimensions"));
        }
        let name = chroma_name(&spec.name);
        let found = self.api.server.find(self.api.lookup(&name)).await?;
        let collection: Collection = match found {
            Some(collection) => collection,
            None => self.create(&name, &spec.identity).await?,
        };
        let terms = self.settle(&collection, &spec.identity).await?;
        Ok(ChromaCollection::new(self.api.clone(), &self.config, spec, &collection, terms))
    }

    /// Makes a collection; if somebody else was faster, theirs.
    async fn create(&self, name: &str, identity: &EmbedderIdentity) -> Result<Collection> {
        let made = self.api.server.ask(self.api.create(&self.config, name, &written(identity, &new_field()))?).await;
        match made {
            Err(error) if error.kind() == ErrorKind::Conflict => self.api.server.ask(self.api.lookup(name)).await,
            made => made,
        }
    }

    /// Refuses a collection of another model; one that has no model yet is that
    /// of this one from now on. Says which field has the terms.
    async fn settle(&self, collection: &Collection, asked: &EmbedderIdentity) -> Result<String> {
        let metadata = collection.metadata.clone().unwrap_or_default();
        if let Some((stored, terms)) = read(&metadata)? {
            return check_identity(&stored, asked).map(|()| terms);
        }
        let dims = collection.dimension.unwrap_or(asked.dims);
        check_identity(&EmbedderIdentity { dims, ..asked.clone() }, asked)?;
        let terms = new_field();
        let metadata: Payload = metadata.into_iter().chain(written(asked, &terms)).collect();
        self.api.server.send(self.api.set_metadata(&collection.id, &metadata)?).await.map(|_| terms)
    }

    async fn remove(&self, name: &str) -> Result<()> {
        check_name(name)?;
        let name = chroma_name(name);
        let gone = async {
            let collection: Collection = self.api.server.ask(self.api.lookup(&name)).await?;
            // A server keeps the lists of records that go with their collection.
            let every = Selection { filter: Some(filter::every()), ..Selection::default() };
            self.api.server.send(self.api.delete(&collection.id, &every)?).await?;
            self.api.server.send(self.api.drop(&name)).await
        };
        match gone.await {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            gone => gone.map(|_| ()),
        }
    }
}

fn connect(config: &ChromaConfig) -> Result<Api> {
    config.check()?;
    let server = Server::new(&config.http, &config.address(), config.headers()?, refine)?;
    Api::new(server, config)
}

/// A field for the terms of a new collection.
fn new_field() -> String {
    format!("{}:{:08x}", rows::TERMS, Uuid::new_v4().as_fields().0)
}

/// What we say in the metadata of a collection.
fn written(identity: &EmbedderIdentity, terms: &str) -> Payload {
    let dims = json!(identity.dims);
    [(MODEL, json!(identity.model)), (DIMS, dims), (DIGEST, json!(identity.digest)), (TERMS, json!(terms))]
        .map(|(key, value)| (key.to_owned(), value))
        .into_iter()
        .collect()
}

fn read(metadata: &Payload) -> Result<Option<(EmbedderIdentity, String)>> {
    let Some(model) = metadata.get(MODEL) else { return Ok(None) };
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let dims = metadata.get(DIMS).and_then(Value::as_u64).and_then(|dims| usize::try_from(dims).ok());
    match (text(Some(model)), dims, text(metadata.get(DIGEST)), text(metadata.get(TERMS))) {
        (Some(model), Some(dims), Some(digest), Some(terms)) => {
            Ok(Some((EmbedderIdentity { model, dims, digest }, terms)))
        }
        _ => Err(Error::corrupt("the collection's metadata does not say which model filled it")),
    }
}

/// The name that a collection has there: Chroma's are 3 to 512 characters, the
/// first and the last a letter or digit. What fits is taken as it is; a name
/// with dots is none of ours, so no two become one.
fn chroma_name(name: &str) -> String {
    let ends = [name.bytes().next(), name.bytes().last()];
    let fits = name.len() >= 3 && ends.iter().flatten().all(u8::is_ascii_alphanumeric);
    if fits { name.to_owned() } else { format!("mem0.{name}.0") }
}

/// What Chroma's errors mean beyond the status.
fn refine(refusal: &Refusal) -> Option<ErrorKind> {
    let quota = ["QuotaError", "QuotaExceededError", "ResourceExhausted"];
    if quota.into_iter().any(|code| refusal.has(code)) {
        return Some(ErrorKind::QuotaExceeded);
    }
    match refusal.status {
        501 => Some(ErrorKind::Unsupported),
        _ => None,
    }
}

#[async_trait]
impl VectorStore for ChromaStore {
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
