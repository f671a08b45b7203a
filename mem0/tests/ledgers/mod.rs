//! The ledgers that the tests of whole processes run on: SQLite, and PostgreSQL
//! where `MEM0_TEST_POSTGRES_URL` or `MEM0_TEST_PGVECTOR_URL` says. The vector
//! store is in a file in any case, which processes can share.
#![allow(dead_code, reason = "each test uses its part")]

use libtest_mimic::{Completion, Failed, Trial};
use mem0::Config;
use serde_json::json;
use tempfile::TempDir;
use tokio_postgres::NoTls;

/// Where a test keeps its memories.
pub(crate) struct Place {
    folder: TempDir,
    server: Option<Server>,
}

struct Server {
    url: String,
    /// The schema, and the name of the connections.
    name: String,
}

impl Place {
    /// Whether the ledger is on a server.
    pub(crate) const fn is_on_a_server(&self) -> bool {
        self.server.is_some()
    }

    /// The configuration, as JSON for a child.
    pub(crate) fn config(&self) -> String {
        let mut config = json!({"data_dir": self.folder.path()});
        if let Some(Server { url, name }) = &self.server {
            let mark = if url.contains('?') { '&' } else { '?' };
            let url = format!("{url}{mark}application_name={name}");
            config["ledger"] = json!({"provider": "postgres", "config": {"url": url, "schema": name}});
        }
        config.to_string()
    }

    /// After a process was killed: a server may still be at what it was told
    /// last, and is not to be found at it by whoever looks next. It has done it
    /// whole, or not at all.
    pub(crate) async fn settle(&self) {
        if let Some(server) = &self.server {
            let end = "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE application_name = $1";
            server.run(async |client| client.query(end, &[&server.name]).await.map(|_| ())).await;
        }
    }

    /// Removes what is not in the folder.
    pub(crate) async fn remove(&self) {
        if let Some(server) = &self.server {
            let drop = format!("DROP SCHEMA IF EXISTS {} CASCADE", server.name);
            server.run(async |client| client.batch_execute(&drop).await).await;
        }
    }
}

impl Server {
    async fn run(&self, work: impl AsyncFnOnce(&tokio_postgres::Client) -> Result<(), tokio_postgres::Error>) {
        let (client, connection) = tokio_postgres::connect(&self.url, NoTls).await.unwrap();
        let driver = tokio::spawn(connection);
        work(&client).await.unwrap();
        driver.abort();
    }
}

/// What a child is told by [`Place::config`].
pub(crate) fn read(config: &str) -> Config {
    Config::from_value(serde_json::from_str(config).unwrap()).unwrap()
}

fn server_url() -> Option<String> {
    ["MEM0_TEST_POSTGRES_URL", "MEM0_TEST_PGVECTOR_URL"].into_iter().find_map(|name| std::env::var(name).ok())
}

/// The same test on each ledger; one whose server is not there shows as ignored.
pub(crate) fn on_each(name: &str, test: impl Fn(&Place) -> Result<(), String> + Clone + Send + 'static) -> [Trial; 2] {
    let file = test.clone();
    [
        Trial::test(format!("sqlite::{name}"), move || {
            file(&Place { folder: tempfile::tempdir()?, server: None }).map_err(Failed::from)
        }),
        Trial::ignorable_test(format!("postgres::{name}"), move || {
            let Some(url) = server_url() else {
                return Ok(Completion::ignored_with("set MEM0_TEST_POSTGRES_URL"));
            };
            // A name of this process and this test.
            let folder = tempfile::tempdir()?;
            let own = folder.path().file_name().map(|name| name.to_string_lossy().to_ascii_lowercase());
            let name: String = own.unwrap_or_default().chars().filter(char::is_ascii_alphanumeric).collect();
            let server = Server { url, name: format!("mem0_test_{}_{name}", std::process::id()) };
            test(&Place { folder, server: Some(server) }).map(|()| Completion::Completed).map_err(Failed::from)
        }),
    ]
}
