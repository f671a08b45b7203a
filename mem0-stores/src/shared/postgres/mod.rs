//! A pool of connections to PostgreSQL.
//!
//! By the documentation of PostgreSQL 18 (error codes, client connection
//! defaults) and of the crates tokio-postgres 0.7 and deadpool-postgres 0.14.

mod connecting;
mod error;
#[cfg(feature = "postgres")]
mod pipeline;
#[cfg(feature = "pgvector")]
mod sql;
#[cfg(test)]
mod tests;
mod tls;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Pool, PoolError, RecyclingMethod, Runtime, Timeouts};
use mem0_core::{Error, ErrorKind, Result};

pub use connecting::SslMode;
pub(crate) use connecting::{Connecting, check_schema};
pub(crate) use deadpool_postgres::Client;
#[cfg(feature = "pgvector")]
pub(crate) use deadpool_postgres::Transaction;
#[cfg(feature = "pgvector")]
pub(crate) use error::is_missing;
#[cfg(feature = "supabase")]
pub(crate) use error::of_code;
pub(crate) use error::refusal;
#[cfg(feature = "postgres")]
pub(crate) use pipeline::{Step, send, send_after};
#[cfg(feature = "pgvector")]
pub(crate) use sql::{Sql, literal};

/// An identifier as it stands in a statement: quoted, so that it names what it
/// says, whatever it holds.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// How the traffic is secured.
#[derive(Clone, Debug)]
pub(crate) struct TlsOptions {
    /// Whether the server must show a certificate that is trusted and bears its
    /// name.
    pub(crate) verify: bool,
    /// PEM certificates of the authorities that are trusted; none: those of the
    /// operating system.
    pub(crate) roots: Option<PathBuf>,
}

/// What a pool is made of.
pub(crate) struct PoolOptions {
    pub(crate) server: tokio_postgres::Config,
    pub(crate) tls: TlsOptions,
    /// The most connections.
    pub(crate) size: usize,
    /// How long to wait for a connection, free or new.
    pub(crate) wait: Duration,
    /// What is said to the server once on each connection; may be empty.
    pub(crate) greeting: String,
}

/// A pool of connections; cheap to clone. Nothing is connected before the first
/// call.
#[derive(Clone)]
pub(crate) struct Database {
    pool: Pool,
}

impl Database {
    /// # Errors
    /// `Config` if the trusted certificates cannot be read.
    pub(crate) fn new(options: PoolOptions) -> Result<Self> {
        let tls = tls::Connector::new(&options.tls)?;
        let manager =
            Manager::from_config(options.server, tls, ManagerConfig { recycling_method: RecyclingMethod::Fast });
        let greeting = options.greeting;
        let greet = Hook::async_fn(move |client: &mut deadpool_postgres::ClientWrapper, _| {
            let greeting = greeting.clone();
            Box::pin(async move {
                if greeting.is_empty() {
                    return Ok(());
                }
                client.batch_execute(&greeting).await.map_err(HookError::Backend)
            })
        });
        let wait = Some(options.wait);
        let pool = Pool::builder(manager)
            .max_size(options.size)
            .timeouts(Timeouts { wait, create: wait, recycle: wait })
            .runtime(Runtime::Tokio1)
            .post_create(greet)
            .build()
            .map_err(|_| Error::config("the pool of connections cannot be set up"))?;
        Ok(Self { pool })
    }

    /// A connection, for as long as it is held.
    ///
    /// # Errors
    /// `Unavailable`, `Timeout`, or what the server says against the login.
    pub(crate) async fn client(&self) -> Result<Client> {
        self.pool.get().await.map_err(|error| match error {
            PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => refusal(&error),
            PoolError::Timeout(_) => Error::new(ErrorKind::Timeout, "no connection to PostgreSQL in time"),
            _ => Error::new(ErrorKind::Unavailable, "no connection to PostgreSQL"),
        })
    }
}

// The pool knows the password.
impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").field("status", &self.pool.status()).finish_non_exhaustive()
    }
}
