//! Milvus, at `MEM0_TEST_MILVUS_URL` (`http://host:port`).

use std::sync::Arc;

use async_trait::async_trait;
use mem0_core::{Result, VectorStore};
use mem0_stores::vector::milvus::{ConsistencyLevel, MilvusConfig, MilvusStore};

use crate::harness::{Setup, VectorHarness};
use crate::settings::server_url;

/// A port where nothing listens.
const NOBODY: &str = "http://127.0.0.1:1";

macro_rules! harnesses {
    ($($(#[$doc:meta])* $harness:ident $level:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $harness {
            url: String,
        }

        #[async_trait]
        impl VectorHarness for $harness {
            async fn start() -> Setup<Self> {
                match server_url("milvus") {
                    Some(url) => Setup::Ready(Self { url }),
                    None => Setup::Skip("set MEM0_TEST_MILVUS_URL".to_owned()),
                }
            }

            async fn connect(&self) -> Result<Arc<dyn VectorStore>> {
                let config = MilvusConfig::default().with_url(&self.url);
                Ok(Arc::new(MilvusStore::new(config.with_consistency_level(ConsistencyLevel::$level))?))
            }

            async fn connect_to_nothing(&self) -> Option<Result<Arc<dyn VectorStore>>> {
                let store = MilvusStore::new(MilvusConfig::default().with_url(NOBODY));
                Some(store.map(|store| Arc::new(store) as _))
            }
        }
    )+};
}

harnesses! {
    /// A server, where a read sees the writes of its own handle.
    MilvusHarness Session;
    /// The same server as it is set up by default: every read sees every write,
    /// and waits for that, which makes a run of the suite long.
    MilvusStrongHarness Strong;
}
