//! Redis and Valkey, each a server with RediSearch that runs already.

use std::sync::Arc;

use async_trait::async_trait;
use mem0_core::{Result, VectorStore};
use mem0_stores::vector::redis::{RedisVectorConfig, RedisVectorStore};

use crate::harness::{Setup, Through, VectorHarness};
use crate::settings::server_url;

/// A port where nothing listens.
const NOBODY: &str = "redis://127.0.0.1:1";

macro_rules! servers {
    ($($(#[$doc:meta])* $harness:ident $name:ident $variable:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $harness {
            url: String,
        }

        #[async_trait]
        impl VectorHarness for $harness {
            async fn start() -> Setup<Self> {
                match server_url(stringify!($name)) {
                    Some(url) => Setup::Ready(Self { url }),
                    None => Setup::Skip(concat!("set ", $variable, " to a server with RediSearch").to_owned()),
                }
            }

            async fn connect(&self) -> Result<Arc<dyn VectorStore>> {
                let config = RedisVectorConfig::default().with_url(&self.url);
                Ok(Arc::new(RedisVectorStore::$name(config)?))
            }

            async fn connect_to_nothing(&self) -> Option<Result<Arc<dyn VectorStore>>> {
                let store = RedisVectorStore::$name(RedisVectorConfig::default().with_url(NOBODY));
                Some(store.map(|store| Arc::new(store) as _))
            }

            async fn through(&self) -> Option<Result<Through>> {
                let store = |url: &str| {
                    let store = RedisVectorStore::$name(RedisVectorConfig::default().with_url(url))?;
                    Ok(Arc::new(store) as _)
                };
                Some(Through::start(&self.url, 6379, store).await.map(Through::with_scopes_digested))
            }
        }
    )+};
}

servers! {
    /// `redis`.
    RedisHarness redis "MEM0_TEST_REDIS_URL";
    /// `valkey`.
    ValkeyHarness valkey "MEM0_TEST_VALKEY_URL";
}
