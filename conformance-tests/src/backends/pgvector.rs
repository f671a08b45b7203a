//! PostgreSQL with pgvector, at an address like
//! `postgres://user:password@host:port/dbname`.

use std::sync::Arc;

use async_trait::async_trait;
use mem0_core::{Result, VectorStore};
use mem0_stores::vector::pgvector::{PgvectorConfig, PgvectorStore};

use crate::harness::{Setup, Through, VectorHarness};
use crate::servers::{Server, server};

/// A server, as it is set up by default: a scope is scanned while it is small.
#[derive(Debug)]
pub struct PgvectorHarness {
    config: PgvectorConfig,
    _server: Server,
}

/// The same server, where every search goes through the index.
#[derive(Debug)]
pub struct PgvectorIndexHarness {
    config: PgvectorConfig,
    _server: Server,
}

fn store(config: PgvectorConfig) -> Result<Arc<dyn VectorStore>> {
    Ok(Arc::new(PgvectorStore::new(config)?))
}

/// Nobody listens on the first port of this machine.
fn nothing() -> Result<Arc<dyn VectorStore>> {
    store(PgvectorConfig::default().with_connection_string("postgres://mem0:mem0@127.0.0.1:1/mem0"))
}

#[async_trait]
impl VectorHarness for PgvectorHarness {
    async fn start() -> Setup<Self> {
        match server("pgvector").await {
            Setup::Ready(server) => Setup::Ready(Self {
                config: PgvectorConfig::default().with_connection_string(server.url()),
                _server: server,
            }),
            Setup::Skip(reason) => Setup::Skip(reason),
        }
    }

    async fn connect(&self) -> Result<Arc<dyn VectorStore>> {
        store(self.config.clone())
    }

    async fn connect_to_nothing(&self) -> Option<Result<Arc<dyn VectorStore>>> {
        Some(nothing())
    }

    async fn through(&self) -> Option<Result<Through>> {
        let url = self.config.connection_string.as_ref()?.expose();
        let through = Through::start(url, 5432, |url| store(PgvectorConfig::default().with_connection_string(url)));
        Some(through.await)
    }
}

#[async_trait]
impl VectorHarness for PgvectorIndexHarness {
    async fn start() -> Setup<Self> {
        match server("pgvector").await {
            Setup::Ready(server) => {
                let url = server.url();
                // So that the server prefers the index also where there is
                // little; and a schema with a name that has to be quoted.
                let mark = if url.contains('?') { '&' } else { '?' };
                let url = format!("{url}{mark}options=-c%20enable_sort%3Doff%20-c%20enable_bitmapscan%3Doff");
                let config = PgvectorConfig::default().with_connection_string(url);
                let config = config.with_exact_up_to(0).with_schema("Mem0 \"index\"");
                Setup::Ready(Self { config, _server: server })
            }
            Setup::Skip(reason) => Setup::Skip(reason),
        }
    }

    async fn connect(&self) -> Result<Arc<dyn VectorStore>> {
        store(self.config.clone())
    }

    async fn connect_to_nothing(&self) -> Option<Result<Arc<dyn VectorStore>>> {
        Some(nothing())
    }
}
