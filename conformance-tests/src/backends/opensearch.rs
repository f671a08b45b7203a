//! OpenSearch, a server with the k-NN plugin that runs already.

use std::sync::Arc;

use async_trait::async_trait;
use mem0_core::{Result, VectorStore};
use mem0_stores::vector::opensearch::{OpenSearchConfig, OpenSearchStore};

use crate::harness::{Setup, VectorHarness};
use crate::settings::server_url;

/// `opensearch`.
#[derive(Debug)]
pub struct OpenSearchHarness {
    url: String,
}

#[async_trait]
impl VectorHarness for OpenSearchHarness {
    async fn start() -> Setup<Self> {
        match server_url("opensearch") {
            Some(url) => Setup::Ready(Self { url }),
            None => Setup::Skip("set MEM0_TEST_OPENSEARCH_URL to a server with the k-NN plugin".to_owned()),
        }
    }

    async fn connect(&self) -> Result<Arc<dyn VectorStore>> {
        Ok(Arc::new(OpenSearchStore::new(OpenSearchConfig::default().with_url(&self.url))?))
    }

    async fn connect_to_nothing(&self) -> Option<Result<Arc<dyn VectorStore>>> {
        // A port where nothing listens.
        let store = OpenSearchStore::new(OpenSearchConfig::default().with_url("http://127.0.0.1:1"));
        Some(store.map(|store| Arc::new(store) as _))
    }
}
