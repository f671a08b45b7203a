//! A store over one of both products.

use std::sync::Arc;

use mem0_core::{CollectionSpec, Result, VectorCapabilities, VectorCollection};

use super::MAX_LIMIT;
use super::open::{drop_collection, open};
use super::query::CAPABILITIES;
use super::server::Server;
use super::setup::check_spec;

/// What the two public stores are.
#[derive(Debug)]
pub(crate) struct LuceneStore {
    provider: &'static str,
    server: Arc<dyn Server>,
    max_dims: usize,
    /// What the configuration says in the Python library's way.
    collection_name: Option<String>,
    embedding_model_dims: Option<usize>,
    pub(crate) capabilities: VectorCapabilities,
}

impl LuceneStore {
    pub(crate) fn new(
        provider: &'static str,
        server: Arc<dyn Server>,
        max_dims: usize,
        collection_name: Option<String>,
        embedding_model_dims: Option<usize>,
    ) -> Self {
        let mut capabilities = VectorCapabilities::new(CAPABILITIES);
        capabilities.versioned = true;
        capabilities.keyword = true;
        capabilities.immediate = server.options().refresh.is_immediate();
        capabilities.max_dims = Some(max_dims);
        capabilities.max_limit = Some(MAX_LIMIT);
        Self { provider, server, max_dims, collection_name, embedding_model_dims, capabilities }
    }

    pub(crate) async fn open(&self, spec: &CollectionSpec) -> Result<Arc<dyn VectorCollection>> {
        let work = async {
            check_spec(spec, self.max_dims, self.collection_name.as_deref(), self.embedding_model_dims)?;
            open(Arc::clone(&self.server), spec).await
        };
        match work.await {
            Ok(collection) => Ok(Arc::new(collection)),
            Err(error) => Err(error.with_operation("open").with_provider(self.provider)),
        }
    }

    pub(crate) async fn drop_collection(&self, name: &str) -> Result<()> {
        let dropped = drop_collection(&*self.server, name).await;
        dropped.map_err(|error| error.with_operation("drop_collection").with_provider(self.provider))
    }
}
