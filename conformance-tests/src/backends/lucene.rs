//! Elasticsearch and OpenSearch, each a server that runs already.

use std::sync::Arc;

use async_trait::async_trait;
use mem0_core::{Result, VectorStore};
#[cfg(feature = "elasticsearch")]
use mem0_stores::vector::elasticsearch::{ElasticsearchConfig, ElasticsearchStore};
#[cfg(feature = "opensearch")]
use mem0_stores::vector::opensearch::{OpenSearchConfig, OpenSearchStore};

use crate::harness::{Setup, Through, VectorHarness};
use crate::settings::server_url;

/// A port where nothing listens.
const NOBODY: &str = "http://127.0.0.1:1";

macro_rules! servers {
    ($($(#[$doc:meta])* $name:literal $harness:ident $variable:literal $store:ident $config:ident;)+) => {$(
        $(#[$doc])*
        #[cfg(feature = $name)]
        #[derive(Debug)]
        pub struct $harness {
            url: String,
        }

        #[cfg(feature = $name)]
        impl $harness {
            fn store(url: &str) -> Result<Arc<dyn VectorStore>> {
                Ok(Arc::new($store::new($config::default().with_url(url))?))
            }
        }

        #[cfg(feature = $name)]
        #[async_trait]
        impl VectorHarness for $harness {
            async fn start() -> Setup<Self> {
                match server_url($name) {
                    Some(url) => Setup::Ready(Self { url }),
                    None => Setup::Skip(concat!("set ", $variable, " to a server").to_owned()),
                }
            }

            async fn connect(&self) -> Result<Arc<dyn VectorStore>> {
                Self::store(&self.url)
            }

            async fn connect_to_nothing(&self) -> Option<Result<Arc<dyn VectorStore>>> {
                Some(Self::store(NOBODY))
            }

            async fn through(&self) -> Option<Result<Through>> {
                Some(Through::start(&self.url, 9200, Self::store).await.map(Through::over_http))
            }
        }
    )+};
}

servers! {
    /// `elasticsearch`.
    "elasticsearch" ElasticsearchHarness "MEM0_TEST_ELASTICSEARCH_URL" ElasticsearchStore ElasticsearchConfig;
    /// `opensearch`.
    "opensearch" OpenSearchHarness "MEM0_TEST_OPENSEARCH_URL" OpenSearchStore OpenSearchConfig;
}
