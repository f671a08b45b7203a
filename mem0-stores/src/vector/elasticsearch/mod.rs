//! Elasticsearch, by its official client; also on Elastic Cloud.
//!
//! By the documentation of Elasticsearch 8.19 (elastic.co/docs: "Dense vector field
//! type", "Knn query", "Bulk API", "Multi search", "Create an index", "Document
//! versions"); 8.15 and later have what is used, and 9.x as well. `int8_hnsw`
//! needs 8.18, which compares what it found once more with the full vectors. No
//! script and nothing of a licensed tier is used. How a point is kept is shared
//! with OpenSearch; the vector is in `vector` and the payload in `metadata`,
//! where the Python library has them.
//!
//! The filter is part of the k-NN query, so that it comes before the limit.
//! A search looks at `candidates` points in each segment at least, and where a
//! scope has no more the server scans it, exactly.

mod client;
mod config;

use std::sync::Arc;

use async_trait::async_trait;
use mem0_core::{CollectionSpec, Result, VectorCapabilities, VectorCollection, VectorStore};

use crate::shared::lucene::LuceneStore;
pub use crate::shared::lucene::Refresh;
use client::Elastic;
pub use config::{ElasticsearchConfig, IndexKind};

/// The provider's name.
const NAME: &str = "elasticsearch";

/// The longest vector of a `dense_vector`.
const MAX_DIMS: usize = 4_096;

/// Vectors in Elasticsearch.
///
/// ```no_run
/// use mem0_core::{CollectionSpec, EmbedderIdentity, VectorStore};
/// use mem0_stores::vector::elasticsearch::{ElasticsearchConfig, ElasticsearchStore};
///
/// # async fn run() -> mem0_core::Result<()> {
/// let store = ElasticsearchStore::new(ElasticsearchConfig::default().with_url("http://localhost:9200"))?;
/// let identity = EmbedderIdentity { model: "local/x".into(), dims: 256, digest: String::new() };
/// let collection = store.open(&CollectionSpec::new("mem0", identity)).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ElasticsearchStore(LuceneStore);

impl ElasticsearchStore {
    /// A store; nothing is connected before the first call.
    ///
    /// # Errors
    /// `Config` if a setting is wrong or a file cannot be read.
    pub fn new(config: ElasticsearchConfig) -> Result<Self> {
        let server = Elastic::new(&config).map_err(|error| error.with_provider(NAME))?;
        let (name, dims) = (config.collection_name, config.embedding_model_dims);
        Ok(Self(LuceneStore::new(NAME, Arc::new(server), MAX_DIMS, name, dims)))
    }
}

#[async_trait]
impl VectorStore for ElasticsearchStore {
    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> &VectorCapabilities {
        &self.0.capabilities
    }

    async fn open(&self, spec: &CollectionSpec) -> Result<Arc<dyn VectorCollection>> {
        self.0.open(spec).await
    }

    async fn drop_collection(&self, name: &str) -> Result<()> {
        self.0.drop_collection(name).await
    }
}
