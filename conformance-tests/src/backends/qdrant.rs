//! Qdrant: the server at `MEM0_TEST_QDRANT_URL`, else a fake.

use std::sync::Arc;

use async_trait::async_trait;
use mem0_core::{Result, VectorStore};
use mem0_stores::vector::qdrant::{QdrantConfig, QdrantStore};

use crate::fakes::qdrant::{FakeQdrant, Options};
use crate::harness::{Setup, Through, VectorHarness};
use crate::settings::{server_setting, server_url};

/// `qdrant`.
#[derive(Debug)]
pub struct QdrantHarness {
    url: String,
    config: QdrantConfig,
    _fake: Option<FakeQdrant>,
}

#[async_trait]
impl VectorHarness for QdrantHarness {
    async fn start() -> Setup<Self> {
        if let Some(url) = server_url("qdrant") {
            let mut config = QdrantConfig::default().with_url(&url);
            if let Some(key) = server_setting("qdrant", "KEY") {
                config = config.with_api_key(key);
            }
            return Setup::Ready(Self { url, config, _fake: None });
        }
        match FakeQdrant::start(Options::default()) {
            Ok(fake) => {
                let url = fake.url();
                Setup::Ready(Self { config: QdrantConfig::default().with_url(&url), url, _fake: Some(fake) })
            }
            Err(error) => Setup::Skip(format!("no port for a fake: {error}")),
        }
    }

    async fn connect(&self) -> Result<Arc<dyn VectorStore>> {
        Ok(Arc::new(QdrantStore::new(self.config.clone())?))
    }

    async fn connect_to_nothing(&self) -> Option<Result<Arc<dyn VectorStore>>> {
        // A port where nothing listens.
        let store = QdrantStore::new(QdrantConfig::default().with_url("http://127.0.0.1:1"));
        Some(store.map(|store| Arc::new(store) as _))
    }

    async fn through(&self) -> Option<Result<Through>> {
        let mut config = self.config.clone();
        // So that the connection is there when trips are counted.
        config.pool_size = 1;
        let store = |url: &str| Ok(Arc::new(QdrantStore::new(config.with_url(url))?) as _);
        Some(Through::start(&self.url, 6334, store).await)
    }
}
