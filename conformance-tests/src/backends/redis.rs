//! Redis and Valkey, with RediSearch, also in the layout of the Python library, or
//! with vector sets.

use std::sync::Arc;

use async_trait::async_trait;
use mem0_core::{Result, VectorStore};
use mem0_stores::vector::redis::{Layout, Mode, RedisVectorConfig, RedisVectorStore};

use crate::harness::{Setup, Through, VectorHarness};
use crate::servers::{Server, server};

/// A port where nothing listens.
const NOBODY: &str = "redis://127.0.0.1:1";

macro_rules! servers {
    ($($(#[$doc:meta])* $harness:ident $name:ident $mode:ident $layout:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $harness {
            server: Server,
        }

        impl $harness {
            fn config(url: &str) -> RedisVectorConfig {
                RedisVectorConfig::default().with_url(url).with_mode(Mode::$mode).with_layout(Layout::$layout)
            }
        }

        #[async_trait]
        impl VectorHarness for $harness {
            async fn start() -> Setup<Self> {
                match server(stringify!($name)).await {
                    Setup::Ready(server) => Setup::Ready(Self { server }),
                    Setup::Skip(reason) => Setup::Skip(reason),
                }
            }

            async fn connect(&self) -> Result<Arc<dyn VectorStore>> {
                Ok(Arc::new(RedisVectorStore::$name(Self::config(self.server.url()))?))
            }

            async fn connect_to_nothing(&self) -> Option<Result<Arc<dyn VectorStore>>> {
                let store = RedisVectorStore::$name(Self::config(NOBODY));
                Some(store.map(|store| Arc::new(store) as _))
            }

            async fn through(&self) -> Option<Result<Through>> {
                let store = |url: &str| Ok(Arc::new(RedisVectorStore::$name(Self::config(url))?) as _);
                Some(Through::start(self.server.url(), 6379, store).await.map(Through::with_scopes_digested))
            }
        }
    )+};
}

servers! {
    /// `redis`.
    RedisHarness redis Search Own;
    /// `redis`, as the Python library keeps points.
    RedisMem0aiHarness redis Search Mem0ai;
    /// `redis`, with vector sets.
    RedisVectorSetsHarness redis VectorSets Own;
    /// `valkey`.
    ValkeyHarness valkey Search Own;
}
