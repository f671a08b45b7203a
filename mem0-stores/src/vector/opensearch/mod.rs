//! OpenSearch with its k-NN plugin, which every distribution of it has; also
//! Amazon OpenSearch Service, whose requests are signed.
//!
//! By the documentation of OpenSearch 2.19 (docs.opensearch.org: "k-NN vector",
//! "k-NN query", "Efficient k-NN filtering", "Spaces", "Bulk", "Multi-search",
//! "Create index", "Index document" for external versions); versions from 2.4
//! on have what is used, and 3.x as well. How a point is kept is shared with
//! Elasticsearch; the vector is in `vector_field` and the payload in `payload`,
//! where the Python library has them.
//!
//! The filter is part of the k-NN query, so that it comes before the limit.
//! A search looks at `candidates` points in each segment at least, and where a
//! scope has no more the server scans it, exactly.
//!
//! Amazon OpenSearch Serverless is signed as `aoss`. Its collections of type
//! vector search give out the ids of documents themselves, so that nothing could
//! be replaced or ordered: the service refuses every write there.

mod config;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use mem0_core::{Clock, CollectionSpec, Result, SystemClock, VectorCapabilities, VectorCollection, VectorStore};
use mem0_http::aws::{Credentials, body_hash, sign};
use mem0_http::{Client, Request, Response};
use serde_json::{Value, json};

pub use crate::shared::lucene::Refresh;
use crate::shared::lucene::{Call, Layout, LuceneStore, Options, Server};
use config::Access;
pub use config::{AwsService, Engine, OpenSearchConfig};

/// The provider's name.
const NAME: &str = "opensearch";

/// The longest vector of a `knn_vector`.
const MAX_DIMS: usize = 16_000;

/// Vectors in OpenSearch.
///
/// ```no_run
/// use mem0_core::{CollectionSpec, EmbedderIdentity, VectorStore};
/// use mem0_stores::vector::opensearch::{OpenSearchConfig, OpenSearchStore};
///
/// # async fn run() -> mem0_core::Result<()> {
/// let store = OpenSearchStore::new(OpenSearchConfig::default().with_url("http://localhost:9200"))?;
/// let identity = EmbedderIdentity { model: "local/x".into(), dims: 256, digest: String::new() };
/// let collection = store.open(&CollectionSpec::new("mem0", identity)).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct OpenSearchStore(LuceneStore);

impl OpenSearchStore {
    /// A store; nothing is connected before the first call.
    ///
    /// # Errors
    /// `Config` if a setting is wrong, `Unauthenticated` if requests are to be
    /// signed and there is nothing to sign with.
    pub fn new(config: OpenSearchConfig) -> Result<Self> {
        Self::with_clock(config, Arc::new(SystemClock))
    }

    /// With a clock that says when a request was signed.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_clock(config: OpenSearchConfig, clock: Arc<dyn Clock>) -> Result<Self> {
        let server = OpenSearch::new(&config, clock).map_err(|error| error.with_provider(NAME))?;
        let (name, dims) = (config.collection_name, config.embedding_model_dims);
        Ok(Self(LuceneStore::new(NAME, Arc::new(server), MAX_DIMS, name, dims)))
    }
}

#[async_trait]
impl VectorStore for OpenSearchStore {
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

/// The server, and how it is spoken to.
struct OpenSearch {
    client: Client,
    /// Without a slash at its end.
    base: String,
    access: Access,
    clock: Arc<dyn Clock>,
    options: Options,
    engine: Engine,
    m: u32,
    ef_construction: u32,
}

impl OpenSearch {
    fn new(config: &OpenSearchConfig, clock: Arc<dyn Clock>) -> Result<Self> {
        let options = config.options();
        config.check()?;
        options.check()?;
        Ok(Self {
            client: Client::new(&config.http)?,
            base: config.base()?,
            access: config.access()?,
            clock,
            options,
            engine: config.engine,
            m: config.m,
            ef_construction: config.ef_construction,
        })
    }

    fn request(&self, call: Call) -> Result<Request> {
        let mut request = Request::new(call.method, format!("{}{}", self.base, call.path));
        if let Some((content, body)) = call.body {
            request.body = body;
            request = request.with_header("content-type", content.as_str());
        }
        match &self.access {
            Access::Open => Ok(request),
            Access::Header(value) => Ok(request.with_header("authorization", value.expose())),
            Access::Signed { credentials, region, service } => self.sign(request, credentials, region, *service),
        }
    }

    fn sign(
        &self,
        mut request: Request,
        credentials: &Credentials,
        region: &str,
        service: AwsService,
    ) -> Result<Request> {
        if service == AwsService::Aoss {
            let hash = body_hash(&request.body);
            request = request.with_header("x-amz-content-sha256", hash);
        }
        sign(request, credentials, region, service.as_str(), self.clock.now())
    }
}

#[async_trait]
impl Server for OpenSearch {
    fn name(&self) -> &'static str {
        NAME
    }

    fn options(&self) -> &Options {
        &self.options
    }

    fn layout(&self) -> Layout {
        Layout { vector: "vector_field", payload: "payload", vector_is_field: false }
    }

    fn vector_mapping(&self, spec: &CollectionSpec) -> Value {
        json!({
            "type": "knn_vector",
            "dimension": spec.identity.dims,
            "method": {
                "name": "hnsw",
                "engine": self.engine.as_str(),
                "space_type": "cosinesimil",
                "parameters": {"m": self.m, "ef_construction": self.ef_construction},
            },
        })
    }

    fn index_settings(&self) -> Vec<(&'static str, Value)> {
        vec![("knn", true.into())]
    }

    fn nearest(&self, vector: &[f32], candidates: usize, filter: Value) -> Value {
        json!({"knn": {"vector_field": {"vector": vector, "k": candidates, "filter": filter}}})
    }

    async fn send(&self, call: Call) -> Result<Response> {
        self.client.send(self.request(call)?).await
    }
}

// What it is sent with can be a key.
impl fmt::Debug for OpenSearch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenSearch")
            .field("engine", &self.engine)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
