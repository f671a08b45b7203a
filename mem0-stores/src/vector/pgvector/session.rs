//! A connection that keeps its statements prepared.
//!
//! A statement is planned anew each time that it comes without a name, which for
//! a search takes about as long as the search. One that has a name on its
//! connection is planned a few times, and then no more.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use futures::future::join;
use mem0_core::Result;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Error, Row};

use crate::shared::postgres::{Client, Database, Sql, refusal};

/// The longest text that gets a name: the next batch of many is another text.
const MAX_TEXT: usize = 16 << 10;

/// The most names on one connection; then all are dropped. The server keeps some
/// tens of kilobytes for each.
const MAX_NAMES: usize = 64;

/// A pool of connections; cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Sessions {
    db: Database,
    /// Whether statements get names.
    named: Arc<AtomicBool>,
}

impl Sessions {
    pub(super) fn new(db: Database, named: bool) -> Self {
        Self { db, named: Arc::new(named.into()) }
    }

    /// A connection, for as long as it is held.
    ///
    /// # Errors
    /// As [`Database::client`].
    pub(super) async fn get(&self) -> Result<Session> {
        Ok(Session { client: self.db.client().await?, named: Arc::clone(&self.named) })
    }
}

/// A connection.
pub(super) struct Session {
    pub(super) client: Client,
    named: Arc<AtomicBool>,
}

impl Session {
    /// Runs a statement by its name on this connection. One that has none gets
    /// it on the way, in the same round trip.
    ///
    /// Names that turn out not to be kept, as behind a pooler that nobody spoke
    /// of, are given up for the whole pool; the statement has then done nothing
    /// and is run without.
    ///
    /// # Errors
    /// As [`Sql::query`].
    pub(super) async fn query(&self, sql: &Sql) -> Result<Vec<Row>> {
        let unnamed = async || sql.query(&**self.client).await;
        if !self.named.load(Ordering::Relaxed) || sql.text().len() > MAX_TEXT {
            return unnamed().await;
        }
        let names = &self.client.statement_cache;
        if names.size() >= MAX_NAMES {
            names.clear();
        }
        let types = sql.types();
        let mut preparing = pin!(self.client.prepare_typed_cached(sql.text(), &types));
        let failed = match futures::poll!(preparing.as_mut()) {
            Poll::Ready(Ok(statement)) => match self.client.query(&statement, &sql.values()).await {
                Ok(rows) => return Ok(rows),
                Err(error) => error,
            },
            Poll::Ready(Err(error)) => error,
            Poll::Pending => {
                let (prepared, rows) = join(preparing, unnamed()).await;
                if prepared.is_err_and(|error| are_not_kept(&error)) {
                    self.named.store(false, Ordering::Relaxed);
                }
                return rows;
            }
        };
        if are_not_kept(&failed) {
            self.named.store(false, Ordering::Relaxed);
        } else if failed.code() != Some(&SqlState::FEATURE_NOT_SUPPORTED) {
            return Err(refusal(&failed));
        }
        // Or somebody made the table again, with columns of other types.
        names.clear();
        unnamed().await
    }

    /// The same for a statement whose answer is one row.
    ///
    /// # Errors
    /// As [`Sql::one`].
    pub(super) async fn one(&self, sql: &Sql) -> Result<Row> {
        Sql::first(self.query(sql).await?)
    }
}

/// Whether the server does not know a name, or knows it as that of another
/// statement.
fn are_not_kept(error: &Error) -> bool {
    let codes = [SqlState::INVALID_SQL_STATEMENT_NAME, SqlState::DUPLICATE_PSTATEMENT, SqlState::PROTOCOL_VIOLATION];
    error.code().is_some_and(|code| codes.contains(code))
}
