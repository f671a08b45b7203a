//! A connection in a transaction of its own, and what is done when others come
//! in between.

use deadpool_postgres::Object;
use mem0_core::{Error, Result};
use tokio_postgres::Row;
use tokio_postgres::error::SqlState;

use crate::shared::postgres::{Client, Database, Step, refusal, send, send_after};

/// The result of work in a transaction.
pub(super) type Attempt<T> = Result<T, Fault>;

/// Why work in a transaction ended. It is rolled back in any case.
#[derive(Debug)]
pub(super) enum Fault {
    /// That is the answer.
    Final(Error),
    /// Others came in between: trying again helps.
    Again(Error),
    /// This can only be done while nobody else commits: it is to be tried again
    /// so.
    Alone,
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Final(error)
    }
}

impl From<tokio_postgres::Error> for Fault {
    fn from(error: tokio_postgres::Error) -> Self {
        let between = [
            SqlState::T_R_SERIALIZATION_FAILURE,
            SqlState::T_R_DEADLOCK_DETECTED,
            // Somebody else added the same thing first; it is seen now.
            SqlState::UNIQUE_VIOLATION,
        ];
        match error.code() {
            Some(code) if between.contains(code) => Self::Again(refusal(&error)),
            _ => Self::Final(refusal(&error)),
        }
    }
}

impl Fault {
    /// The scope that was there a moment ago is gone, or the like.
    pub(super) fn again(message: &'static str) -> Self {
        Self::Again(Error::new(mem0_core::ErrorKind::Conflict, message))
    }
}

/// How often work is tried that others come in between.
pub(super) const TRIES: u32 = 20;

/// A connection that may be in a transaction.
pub(super) struct Session {
    client: Option<Client>,
}

impl Session {
    /// Takes a connection for a transaction.
    pub(super) async fn start(db: &Database) -> Result<Self> {
        Ok(Self { client: Some(db.client().await?) })
    }

    /// The connection.
    pub(super) fn client(&self) -> Result<&Client> {
        self.client.as_ref().ok_or_else(|| Error::internal("a session that has ended"))
    }

    /// Begins the transaction by these statements of the program's own, and
    /// sends the first ones together with them.
    pub(super) async fn begin(&self, begin: &str, steps: &[Step]) -> Attempt<Vec<Vec<Row>>> {
        Ok(send_after(self.client()?, begin, steps).await?)
    }

    /// Sends the last statements of the transaction and its commit together.
    pub(super) async fn finish(&mut self, mut steps: Vec<Step>) -> Attempt<Vec<Vec<Row>>> {
        steps.push(Step::new("COMMIT"));
        let answers = send(self.client()?, &steps).await?;
        self.done();
        Ok(answers)
    }

    /// The transaction has ended: the connection goes back to the pool.
    pub(super) fn done(&mut self) {
        self.client = None;
    }

    /// Rolls back.
    pub(super) async fn roll_back(&mut self) {
        if let Some(client) = &self.client
            && client.batch_execute("ROLLBACK").await.is_ok()
        {
            self.done();
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // Nobody knows how far the transaction is, so its connection is closed,
        // and the server ends both.
        if let Some(client) = self.client.take() {
            drop(Object::take(client));
        }
    }
}

/// Runs work in transactions until others do not come in between any more.
/// `$alone` is whether nobody else may commit meanwhile.
macro_rules! transact {
    ($db:expr, |$session:ident| $work:expr) => {
        transact!($db, |$session, _alone| $work)
    };
    ($db:expr, |$session:ident, $alone:ident| $work:expr) => {{
        let (mut tries, mut $alone) = (0, false);
        loop {
            let mut owned = Session::start($db).await?;
            let $session = &mut owned;
            let fault = match $work.await {
                Ok(value) => break Ok(value),
                Err(fault) => fault,
            };
            owned.roll_back().await;
            tries += 1;
            match fault {
                Fault::Alone => $alone = true,
                Fault::Again(_) if tries < TRIES => {}
                Fault::Again(error) | Fault::Final(error) => break Err(error),
            }
        }
    }};
}
pub(super) use transact;
