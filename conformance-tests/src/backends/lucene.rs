//! Elasticsearch and OpenSearch, each a server that runs already.

use std::sync::Arc;

use async_trait::async_trait;
use mem0_core::{Result, VectorStore};

use crate::harness::{Setup, VectorHarness};
use crate::settings::server_url;

/// A port where nothing listens.
const NOBODY: &str = "http://127.0.0.1:1";

macro_rules! servers {
    ($($(#[$doc:meta])* $feature:literal $harness:ident $name:literal $variable:literal $store:expr;)+) => {$(
        $(#[$doc])*
        #[cfg(feature = $feature)]
        #[derive(Debug)]
        pub struct $harness {
            url: String,
        }

        #[cfg(feature = $feature)]
        #[async_trait]
        impl VectorHarness for $harness {
            async fn start() -> Setup<Self> {
                match server_url($name) {
                    Some(url) => Setup::Ready(Self { url }),
                    None => Setup::Skip(concat!("set ", $variable, " to a server").to_owned()),
                }
            }

            async fn connect(&self) -> Result<Arc<dyn VectorStore>> {
                Ok(Arc::new($store(&self.url)?))
            }

            async fn connect_to_nothing(&self) -> Option<Result<Arc<dyn VectorStore>>> {
                Some($store(NOBODY).map(|store| Arc::new(store) as _))
            }
        }
    )+};
}

#[cfg(feature = "elasticsearch")]
fn elasticsearch(url: &str) -> Result<mem0_stores::vector::elasticsearch::ElasticsearchStore> {
    use mem0_stores::vector::elasticsearch::{ElasticsearchConfig, ElasticsearchStore};
    ElasticsearchStore::new(ElasticsearchConfig::default().with_url(url))
}

/// Few candidates, so that the graph answers and not a scan.
#[cfg(feature = "elasticsearch")]
fn by_graph(url: &str) -> Result<mem0_stores::vector::elasticsearch::ElasticsearchStore> {
    use mem0_stores::vector::elasticsearch::{ElasticsearchConfig, ElasticsearchStore, IndexKind};
    let config = ElasticsearchConfig::default().with_url(url).with_index(IndexKind::Int8Hnsw).with_candidates(50);
    ElasticsearchStore::new(config)
}

#[cfg(feature = "opensearch")]
fn opensearch(url: &str) -> Result<mem0_stores::vector::opensearch::OpenSearchStore> {
    use mem0_stores::vector::opensearch::{OpenSearchConfig, OpenSearchStore};
    OpenSearchStore::new(OpenSearchConfig::default().with_url(url))
}

servers! {
    /// `elasticsearch`.
    "elasticsearch" ElasticsearchHarness "elasticsearch" "MEM0_TEST_ELASTICSEARCH_URL" elasticsearch;
    /// `elasticsearch` with vectors of one byte a number, searched by the graph.
    "elasticsearch" ElasticsearchInt8Harness "elasticsearch" "MEM0_TEST_ELASTICSEARCH_URL" by_graph;
    /// `opensearch`.
    "opensearch" OpenSearchHarness "opensearch" "MEM0_TEST_OPENSEARCH_URL" opensearch;
}
