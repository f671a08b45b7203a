//! Cassandra, at `MEM0_TEST_CASSANDRA_URL` (`host:port`); with
//! `MEM0_TEST_CASSANDRA_LOGIN` (`user:password`) as that user, and with
//! `MEM0_TEST_CASSANDRA_CA` (a file of certificates) over TLS.

use std::sync::Arc;

use async_trait::async_trait;
use mem0_core::{Result, VectorStore};
use mem0_stores::vector::cassandra::{CassandraConfig, CassandraStore};

use crate::harness::{Setup, VectorHarness};
use crate::settings::{server_setting, server_url};

/// A port where nothing listens.
const NOBODY: &str = "127.0.0.1:1";

fn config(url: &str) -> CassandraConfig {
    let mut config = CassandraConfig::default().with_contact_points([url]);
    if let Some((user, password)) =
        server_setting("cassandra", "LOGIN").as_deref().and_then(|text| text.split_once(':'))
    {
        config = config.with_login(user, password);
    }
    match server_setting("cassandra", "CA") {
        Some(file) => config.with_tls(file),
        None => config,
    }
}

macro_rules! harnesses {
    ($($(#[$doc:meta])* $harness:ident $keyspace:literal $exact_up_to:expr;)+) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $harness {
            url: String,
        }

        #[async_trait]
        impl VectorHarness for $harness {
            async fn start() -> Setup<Self> {
                match server_url("cassandra") {
                    Some(url) => Setup::Ready(Self { url }),
                    None => Setup::Skip("set MEM0_TEST_CASSANDRA_URL".to_owned()),
                }
            }

            async fn connect(&self) -> Result<Arc<dyn VectorStore>> {
                let mut config = config(&self.url).with_keyspace($keyspace);
                if let Some(points) = $exact_up_to {
                    config = config.with_exact_up_to(points);
                }
                Ok(Arc::new(CassandraStore::new(config)?))
            }

            async fn connect_to_nothing(&self) -> Option<Result<Arc<dyn VectorStore>>> {
                let store = CassandraStore::new(CassandraConfig::default().with_contact_points([NOBODY]));
                Some(store.map(|store| Arc::new(store) as _))
            }
        }
    )+};
}

harnesses! {
    /// A server, as it is set up by default: a scope is scanned while it is
    /// small.
    CassandraHarness "mem0" None;
    /// The same server, where every search goes through the index as far as it
    /// can.
    CassandraIndexHarness "mem0_index" Some(0);
}
