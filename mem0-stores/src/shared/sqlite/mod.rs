//! One SQLite file, shared by everything of this crate that keeps data in it:
//! one thread that writes, a few that read.
//!
//! SQLite is synchronous and knows one writer at a time. So writing belongs to
//! one thread that owns the writing connection: nothing ever waits for a lock
//! inside the process, and a write that has begun ends, also when the future
//! that asked for it is dropped. Reads go to a small pool of read-only
//! connections; the write-ahead log lets them read while somebody writes.

mod connection;
mod error;
mod migrate;
mod options;
mod scrub;
mod worker;

use std::fmt;
use std::path::Path;
use std::sync::{Arc, mpsc};

use mem0_core::Result;
use rusqlite::Connection;
use tokio::sync::oneshot;

pub(crate) use error::{Attempt, Fault};
pub(crate) use migrate::{Step, migrate};
pub use options::{SqliteOptions, Synchronous};
pub(crate) use scrub::scrub;
use worker::Workers;

/// An open SQLite file. Cloning gives another handle to the same threads and
/// connections; the last handle that goes waits for what is under way, and
/// closes the file.
///
/// Any number of these may be open on one file, in one process or several.
///
/// ```
/// use mem0_stores::{SqliteDb, SqliteOptions};
///
/// let folder = tempfile::tempdir()?;
/// let db = SqliteDb::open(folder.path().join("mem0.db"), &SqliteOptions::default())?;
/// assert!(db.path().is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct SqliteDb {
    workers: Arc<Workers>,
    /// Whether transactions wait for the disk; see [`following`](Self::following).
    follows: bool,
}

impl SqliteDb {
    /// Opens the file, creating it and its folder if needed. A new file is
    /// readable by its owner only. `:memory:` is [`in_memory`](Self::in_memory).
    ///
    /// Waits for the disk, so call it outside of hot asynchronous code.
    ///
    /// # Errors
    /// `Config` for a path that names a folder, `PermissionDenied` if it may
    /// not be read and written, `Corrupt` if it is not a SQLite file,
    /// `Unavailable` if it stays locked.
    pub fn open(path: impl AsRef<Path>, options: &SqliteOptions) -> Result<Self> {
        let path = path.as_ref();
        if path.as_os_str() == ":memory:" {
            return Self::in_memory();
        }
        let writer = connection::open_writer(path, options)?;
        let workers = Workers::start(writer, Some((path.to_owned(), options.clone())))?;
        Ok(Self { workers: Arc::new(workers), follows: false })
    }

    /// A database that nobody else sees and that ends with its last handle.
    /// Reads and writes share its one connection, so they do wait for each
    /// other.
    ///
    /// # Errors
    /// `Internal` if the machine has no memory or thread left.
    pub fn in_memory() -> Result<Self> {
        let writer = connection::open_in_memory()?;
        Ok(Self { workers: Arc::new(Workers::start(writer, None)?), follows: false })
    }

    /// The file; none for a database in memory.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.workers.path()
    }

    /// A handle on the same file whose transactions do not wait for the disk:
    /// a loss of power may take the last ones back, though never without
    /// everything that was committed after them. For what follows from a ledger
    /// in the same file and can be done again from it, such as a vector store.
    #[must_use]
    pub fn following(&self) -> Self {
        Self { workers: Arc::clone(&self.workers), follows: true }
    }

    /// Runs `f` on the writing connection, outside of any transaction: for
    /// maintenance that no transaction may hold. Everything else is
    /// [`transaction`](Self::transaction).
    ///
    /// Once it has begun it runs to its end, also if this future is dropped.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        op: &'static str,
        f: impl FnOnce(&mut Connection) -> Attempt<T> + Send + 'static,
    ) -> Result<T> {
        let level = if self.follows { Synchronous::Normal } else { self.workers.synchronous() };
        let (reply, answer) = oneshot::channel();
        let path = self.workers.shared_path();
        self.workers.write(Box::new(move |writer| {
            let connection = writer.waiting_for(level).map_err(Fault::from);
            let result = connection.and_then(|connection| worker::guard(connection, f));
            let result = result.map_err(|fault| fault.classify(op, path.as_deref()));
            // Nobody to tell means that the caller went away; the work is done.
            let _ = reply.send(result);
        }))?;
        answer.await.map_err(|_| worker::gone(op))?
    }

    /// Runs `f` in a transaction that holds the file's write lock from its
    /// beginning, and commits it if `f` succeeds.
    ///
    /// Once it has begun it runs to its end, also if this future is dropped.
    pub(crate) async fn transaction<T: Send + 'static>(
        &self,
        op: &'static str,
        f: impl FnOnce(&Connection) -> Attempt<T> + Send + 'static,
    ) -> Result<T> {
        self.write(op, move |connection| in_transaction(connection, f)).await
    }

    /// As [`transaction`](Self::transaction), for code that may wait: opening.
    pub(crate) fn transaction_blocking<T: Send + 'static>(
        &self,
        op: &'static str,
        f: impl FnOnce(&Connection) -> Attempt<T> + Send + 'static,
    ) -> Result<T> {
        let (reply, answer) = mpsc::sync_channel(1);
        let path = self.workers.shared_path();
        let level = self.workers.synchronous();
        self.workers.write(Box::new(move |writer| {
            let connection = writer.waiting_for(level).map_err(Fault::from);
            let result =
                connection.and_then(|connection| worker::guard(connection, |connection| in_transaction(connection, f)));
            let _ = reply.send(result.map_err(|fault| fault.classify(op, path.as_deref())));
        }))?;
        answer.recv().map_err(|_| worker::gone(op))?
    }

    /// Runs `f` on one of the reading connections. All that it reads is from
    /// one moment: it is one transaction.
    ///
    /// A read whose future is dropped before it has begun does not run.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        op: &'static str,
        f: impl FnOnce(&Connection) -> Attempt<T> + Send + 'static,
    ) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        let path = self.workers.shared_path();
        self.workers.read(Box::new(move |connection| {
            if reply.is_closed() {
                return;
            }
            let result = connection.map_err(Fault::from).and_then(|connection| {
                // The guard ends the transaction.
                worker::guard(connection, |connection| {
                    worker::control(connection, "BEGIN DEFERRED")?;
                    f(connection)
                })
            });
            let _ = reply.send(result.map_err(|fault| fault.classify(op, path.as_deref())));
        }))?;
        answer.await.map_err(|_| worker::gone(op))?
    }
}

/// What `f` writes is committed if it succeeds; else the guard rolls it back.
fn in_transaction<T>(connection: &Connection, f: impl FnOnce(&Connection) -> Attempt<T>) -> Attempt<T> {
    worker::control(connection, "BEGIN IMMEDIATE")?;
    let value = f(connection)?;
    worker::control(connection, "COMMIT")?;
    Ok(value)
}

impl fmt::Debug for SqliteDb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteDb").field("path", &self.path()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
