//! Supabase on the server at `MEM0_TEST_PGVECTOR_URL`: behind a pooler in
//! transaction mode, and behind a stand-in for PostgREST.

use std::sync::Arc;

use async_trait::async_trait;
use mem0_core::{Result, VectorStore};
use mem0_stores::vector::pgvector::{SUPABASE_FUNCTIONS, SupabaseConfig, supabase};

use crate::fakes::pooler::Pooler;
use crate::fakes::postgrest::PostgRest;
use crate::harness::{Setup, Through, VectorHarness};
use crate::server_url;

/// How many connections the pooler shares among all clients.
const CONNECTIONS: usize = 4;

/// A server behind a pooler of its own.
#[derive(Debug)]
pub struct SupabaseHarness {
    pooler: Pooler,
}

impl SupabaseHarness {
    /// The pooler.
    #[must_use]
    pub fn pooler(&self) -> &Pooler {
        &self.pooler
    }

    /// The settings of a store on it.
    #[must_use]
    pub fn config(&self) -> SupabaseConfig {
        config(&address(self.pooler.port()))
    }
}

fn address(port: u16) -> String {
    format!("postgresql://postgres.abcdefgh:hush@127.0.0.1:{port}/postgres?sslmode=disable")
}

fn config(address: &str) -> SupabaseConfig {
    let mut config = SupabaseConfig::default().with_connection_string(address).with_schema("mem0_supabase");
    config.transaction_pooler = Some(true);
    config
}

#[async_trait]
impl VectorHarness for SupabaseHarness {
    async fn start() -> Setup<Self> {
        let Some(url) = server_url("pgvector") else {
            return Setup::Skip("set MEM0_TEST_PGVECTOR_URL".to_owned());
        };
        let Some((user, server, database)) = parts(&url) else {
            return Setup::Skip("MEM0_TEST_PGVECTOR_URL is not postgres://user@host:port/database".to_owned());
        };
        match Pooler::start(server, user, database, CONNECTIONS).await {
            Ok(pooler) => Setup::Ready(Self { pooler }),
            Err(e) => Setup::Skip(format!("the pooler of this suite cannot use the server: {e}")),
        }
    }

    async fn connect(&self) -> Result<Arc<dyn VectorStore>> {
        supabase(self.config())
    }

    async fn connect_to_nothing(&self) -> Option<Result<Arc<dyn VectorStore>>> {
        Some(supabase(config(&address(1))))
    }

    async fn through(&self) -> Option<Result<Through>> {
        Some(Through::start(&address(self.pooler.port()), 6543, |url| supabase(config(url))).await)
    }
}

/// User, `host:port` and database of an address.
fn parts(url: &str) -> Option<(String, String, String)> {
    let (_, rest) = url.split_once("://")?;
    let (login, rest) = rest.split_once('@')?;
    let (server, database) = rest.split_once('/')?;
    let user = login.split(':').next()?;
    let database = database.split('?').next()?;
    Some((user.to_owned(), server.to_owned(), database.to_owned()))
}

/// The same server behind a stand-in for PostgREST, in a database of its own,
/// since the functions have a schema of their own.
#[derive(Debug)]
pub struct SupabaseRestHarness {
    rest: PostgRest,
}

const KEY: &str = "key-0123456789-must-not-show";

fn rest(url: impl Into<String>) -> SupabaseConfig {
    SupabaseConfig::default().with_rest(url, KEY)
}

#[async_trait]
impl VectorHarness for SupabaseRestHarness {
    async fn start() -> Setup<Self> {
        let Some(url) = server_url("pgvector") else {
            return Setup::Skip("set MEM0_TEST_PGVECTOR_URL".to_owned());
        };
        match PostgRest::start(&url, SUPABASE_FUNCTIONS, KEY).await {
            Ok(rest) => Setup::Ready(Self { rest }),
            Err(e) => Setup::Skip(format!("the functions cannot be installed: {e}")),
        }
    }

    async fn connect(&self) -> Result<Arc<dyn VectorStore>> {
        supabase(rest(self.rest.url()))
    }

    async fn connect_to_nothing(&self) -> Option<Result<Arc<dyn VectorStore>>> {
        Some(supabase(rest("http://127.0.0.1:1")))
    }

    async fn through(&self) -> Option<Result<Through>> {
        let through = Through::start(&self.rest.url(), 80, |url| supabase(rest(url))).await;
        Some(through.map(Through::over_http))
    }
}
