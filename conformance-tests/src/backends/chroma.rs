//! A server of Chroma, at `MEM0_TEST_CHROMA_URL` (`http://host:port`).

use std::sync::Arc;

use async_trait::async_trait;
use mem0_core::{Result, VectorStore};
use mem0_stores::vector::chroma::{ChromaConfig, ChromaStore};

use crate::harness::{Setup, Through, VectorHarness};
use crate::settings::server_url;

/// A server that runs already.
#[derive(Debug)]
pub struct ChromaHarness {
    url: String,
}

fn store(url: &str) -> Result<Arc<dyn VectorStore>> {
    Ok(Arc::new(ChromaStore::new(ChromaConfig::default().with_url(url))?))
}

#[async_trait]
impl VectorHarness for ChromaHarness {
    async fn start() -> Setup<Self> {
        match server_url("chroma") {
            Some(url) => Setup::Ready(Self { url }),
            None => Setup::Skip("set MEM0_TEST_CHROMA_URL to a server of Chroma".to_owned()),
        }
    }

    async fn connect(&self) -> Result<Arc<dyn VectorStore>> {
        store(&self.url)
    }

    async fn connect_to_nothing(&self) -> Option<Result<Arc<dyn VectorStore>>> {
        // Nobody listens on the first port of this machine.
        Some(store("http://127.0.0.1:1"))
    }

    async fn through(&self) -> Option<Result<Through>> {
        // Chroma keeps what a write does not name, so an update has to read which
        // fields were there.
        let through = Through::start(&self.url, 8000, store).await;
        Some(through.map(|through| through.over_http().with_trips(1, 2)))
    }
}
