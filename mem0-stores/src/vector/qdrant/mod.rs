//! Qdrant, over gRPC: a server of one's own or Qdrant Cloud, 1.16 or newer.
//!
//! A collection has one dense vector without a name, measured by cosine, and
//! one sparse one, `bm25`, for the words of the text; so the Python library has
//! it. Who a point belongs to is in the payload and indexed (`user_id` as the
//! tenant); searches, reads and counts ask for it in the same request.
//!
//! A write is an update on condition that the stored version is not later, so
//! writes may come in any order, on any replica. A deleted point leaves its
//! version behind for the same reason. Which model filled a collection is in
//! the collection's metadata.
//!
//! By the documentation of Qdrant 1.16 to 1.19 (qdrant.tech/documentation: the
//! pages on collections, points, payload, indexing, filtering, hybrid queries,
//! text search, multitenancy, quantization, strict mode, security) and by its
//! published protocol (`collections.proto`, `points.proto`).

mod adopt;
mod client;
mod collection;
mod config;
mod error;
mod fields;
mod filter;
mod foreign;
mod order;
mod schema;
mod words;

use std::sync::Arc;

use async_trait::async_trait;
use mem0_core::{CollectionSpec, Error, ErrorKind, Metric, Result, VectorCapabilities, VectorCollection, VectorStore};
use qdrant_client::qdrant::{CollectionInfo, DeleteCollection, GetCollectionInfoRequest};

use crate::shared::collection::{agree, check_name};
use client::{Client, done};
use collection::QdrantCollection;
pub use config::{Compression, Consistency, Hnsw, QdrantConfig, Quantization};
pub use foreign::ForeignQdrant;

const NAME: &str = "qdrant";

/// The longest vector of Qdrant.
const MAX_DIMS: usize = 65_536;

/// The largest limit of a search.
const MAX_LIMIT: usize = 100_000;

/// Vectors in Qdrant.
///
/// ```no_run
/// use mem0_core::{CollectionSpec, EmbedderIdentity, VectorStore};
/// use mem0_stores::vector::qdrant::{QdrantConfig, QdrantStore};
///
/// # async fn run() -> mem0_core::Result<()> {
/// let store = QdrantStore::new(QdrantConfig::default().with_url("http://localhost:6334"))?;
/// let identity = EmbedderIdentity { model: "local/x".into(), dims: 256, digest: String::new() };
/// let collection = store.open(&CollectionSpec::new("mem0", identity)).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct QdrantStore {
    client: Client,
    config: QdrantConfig,
    capabilities: VectorCapabilities,
}

impl QdrantStore {
    /// A store; nothing is connected before the first call.
    ///
    /// # Errors
    /// `Config` if a setting is wrong.
    pub fn new(config: QdrantConfig) -> Result<Self> {
        let said = |error: Error| error.with_provider(NAME);
        config.check().map_err(said)?;
        let client = Client::new(&config).map_err(said)?;
        let mut capabilities = VectorCapabilities::new(filter::CAPABILITIES);
        capabilities.versioned = true;
        capabilities.keyword = true;
        capabilities.max_dims = Some(MAX_DIMS);
        capabilities.max_limit = Some(MAX_LIMIT);
        Ok(Self { client, config, capabilities })
    }

    async fn open_collection(&self, spec: &CollectionSpec) -> Result<QdrantCollection> {
        check_name(&spec.name)?;
        if !(1..=MAX_DIMS).contains(&spec.identity.dims) {
            return Err(Error::invalid("a collection has 1 to 65536 dimensions"));
        }
        if spec.metric != Metric::Cosine {
            return Err(Error::new(ErrorKind::Unsupported, "this metric"));
        }
        agree(self.config.collection_name.as_deref(), self.config.embedding_model_dims, spec)?;
        self.client.check_version().await?;
        let info = match self.describe(&spec.name).await {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let made =
                    self.client.call(|qdrant| qdrant.create_collection(schema::create(&self.config, spec))).await;
                match (made, self.describe(&spec.name).await) {
                    // Or somebody else was faster.
                    (_, Ok(info)) => info,
                    (Err(error), Err(_)) | (Ok(_), Err(error)) => return Err(error),
                }
            }
            described => described?,
        };
        let opened = schema::check(&info, spec, self.config.adopt)?;
        // Whoever made it may have been stopped before its indexes were there.
        for index in schema::missing_indexes(&info, &spec.name) {
            let answer = self.client.call(|qdrant| qdrant.create_field_index(index)).await?;
            done(answer.result.unwrap_or_default().status())?;
        }
        let collection = QdrantCollection {
            client: self.client.clone(),
            config: self.config.clone(),
            spec: spec.clone(),
            with_words: opened.with_words,
        };
        if !opened.noted {
            adopt::adopt(&collection).await?;
        }
        Ok(collection)
    }

    async fn describe(&self, name: &str) -> Result<CollectionInfo> {
        let request = GetCollectionInfoRequest { collection_name: name.to_owned() };
        let answer = self.client.call(|qdrant| qdrant.collection_info(request)).await?;
        answer.result.ok_or_else(|| Error::internal("the server's answer has an unknown shape"))
    }
}

#[async_trait]
impl VectorStore for QdrantStore {
    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> &VectorCapabilities {
        &self.capabilities
    }

    async fn open(&self, spec: &CollectionSpec) -> Result<Arc<dyn VectorCollection>> {
        let opened = self.open_collection(spec).await;
        let opened = opened.map_err(|e| e.with_operation("open").with_provider(NAME))?;
        Ok(Arc::new(opened))
    }

    async fn drop_collection(&self, name: &str) -> Result<()> {
        let said = |error: Error| error.with_operation("drop_collection").with_provider(NAME);
        check_name(name).map_err(said)?;
        let request = DeleteCollection { collection_name: name.to_owned(), timeout: None };
        match self.client.call(|qdrant| qdrant.delete_collection(request)).await {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(said(error)),
            _ => Ok(()),
        }
    }
}
