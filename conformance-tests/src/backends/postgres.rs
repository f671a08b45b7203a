//! PostgreSQL, at `MEM0_TEST_POSTGRES_URL`
//! (`postgres://user:password@host:port/dbname`), or where the vector store is
//! looked for. Each ledger has a schema of its own.

use std::sync::Arc;

use async_trait::async_trait;
use mem0_core::{Ledger, Result};
use mem0_stores::ledger::postgres::PostgresLedger;
use mem0_stores::ledger::postgres::config::PostgresLedgerConfig;
use tokio_postgres::NoTls;
use uuid::Uuid;

use crate::harness::{LedgerHarness, Setup};
use crate::server_url;

/// A server, and what the schemas of this run are called.
#[derive(Debug)]
pub struct PostgresHarness {
    url: String,
    run: Uuid,
}

impl PostgresHarness {
    /// A name that has to be quoted, and is not longer than names may be.
    fn schema(&self, name: &str) -> String {
        let number = Uuid::new_v5(&self.run, name.as_bytes()).simple().to_string();
        format!("Mem0 \"{number}\"")
    }

    async fn drop_schema(&self, name: &str) -> std::result::Result<(), tokio_postgres::Error> {
        let (client, connection) = tokio_postgres::connect(&self.url, NoTls).await?;
        let driver = tokio::spawn(connection);
        let schema = self.schema(name).replace('"', "\"\"");
        let dropped = client.batch_execute(&format!("DROP SCHEMA IF EXISTS \"{schema}\" CASCADE")).await;
        driver.abort();
        dropped
    }
}

#[async_trait]
impl LedgerHarness for PostgresHarness {
    async fn start() -> Setup<Self> {
        match server_url("postgres").or_else(|| server_url("pgvector")) {
            Some(url) => Setup::Ready(Self { url, run: Uuid::new_v4() }),
            None => Setup::Skip("set MEM0_TEST_POSTGRES_URL".to_owned()),
        }
    }

    async fn open(&self, name: &str) -> Result<Arc<dyn Ledger>> {
        let config = PostgresLedgerConfig::new(&self.url).with_schema(self.schema(name)).with_maxconn(4);
        Ok(Arc::new(PostgresLedger::open(&config).await?))
    }

    async fn remove(&self, name: &str) {
        // It is left behind where the server is gone, and harms nobody.
        let _ = self.drop_schema(name).await;
    }
}
