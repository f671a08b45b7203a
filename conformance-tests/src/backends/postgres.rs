//! PostgreSQL, at `MEM0_TEST_POSTGRES_URL`
//! (`postgres://user:password@host:port/dbname`), or where the vector store is
//! looked for. Each ledger has a schema of its own.

use std::sync::Arc;

use async_trait::async_trait;
use mem0_core::{Ledger, Result};
use mem0_stores::ledger::postgres::PostgresLedger;
use mem0_stores::ledger::postgres::config::{AfterErase, PostgresLedgerConfig};
use tokio_postgres::{Client, NoTls};
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

    /// Does something on the server that no ledger does.
    async fn aside<T>(
        &self,
        work: impl AsyncFnOnce(&Client) -> std::result::Result<T, tokio_postgres::Error>,
    ) -> std::result::Result<T, tokio_postgres::Error> {
        let (client, connection) = tokio_postgres::connect(&self.url, NoTls).await?;
        let driver = tokio::spawn(connection);
        let done = work(&client).await;
        driver.abort();
        done
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
        // The files are looked at.
        let config = config.with_after_erase(AfterErase::Rewrite);
        Ok(Arc::new(PostgresLedger::open(&config).await?))
    }

    async fn remove(&self, name: &str) {
        // It is left behind where the server is gone, and harms nobody.
        let schema = self.schema(name).replace('"', "\"\"");
        let drop = format!("DROP SCHEMA IF EXISTS \"{schema}\" CASCADE");
        let _ = self.aside(async |client| client.batch_execute(&drop).await).await;
    }

    async fn bytes_on_disk(&self, name: &str) -> Option<Vec<u8>> {
        // Every table and index with what is stored out of line; only a
        // superuser may read the files, and tell the server to write them.
        let files = "SELECT pg_read_binary_file(pg_relation_filepath(file)) FROM pg_class c
             CROSS JOIN LATERAL (VALUES (c.oid), (nullif(c.reltoastrelid, 0))) AS f (file)
             WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1) AND c.relkind IN ('r', 'i')
                 AND file IS NOT NULL";
        let schema = self.schema(name);
        let read = self.aside(async |client| {
            client.batch_execute("CHECKPOINT").await?;
            client.query(files, &[&schema]).await
        });
        let rows = read.await.ok()?;
        let bytes = rows.iter().map(|row| row.try_get::<_, Vec<u8>>(0)).collect::<std::result::Result<Vec<_>, _>>();
        Some(bytes.ok()?.concat())
    }
}
