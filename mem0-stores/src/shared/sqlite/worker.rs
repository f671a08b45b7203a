//! The threads that own the connections.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::{self, JoinHandle, ThreadId};

use mem0_core::{Error, ErrorKind, Result};
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::connection;
use super::error::{Attempt, Fault};
use super::options::{SqliteOptions, Synchronous};

/// Work for the writer.
type Write = Box<dyn FnOnce(&mut Writer) + Send>;

/// The connection that writes.
pub(super) struct Writer {
    connection: Connection,
    /// What its transactions wait for now.
    level: Synchronous,
}

impl Writer {
    /// The connection, whose next transactions wait for this.
    pub(super) fn waiting_for(&mut self, level: Synchronous) -> rusqlite::Result<&mut Connection> {
        if self.level != level {
            self.connection.pragma_update(None, "synchronous", connection::level(level))?;
            self.level = level;
        }
        Ok(&mut self.connection)
    }
}

/// Work for a reader; it gets the reason if its connection cannot be opened.
type Read = Box<dyn FnOnce(rusqlite::Result<&mut Connection>) + Send>;

/// The writer and the readers of one file.
pub(super) struct Workers {
    path: Option<Arc<Path>>,
    synchronous: Synchronous,
    // Dropping the sender ends the thread behind it once it has caught up.
    writes: Option<mpsc::Sender<Write>>,
    reads: Option<Arc<Inbox>>,
    readers: Vec<JoinHandle<()>>,
    writer: Option<JoinHandle<()>>,
}

impl Workers {
    /// Starts the writer and, for a file, the readers.
    pub(super) fn start(connection: Connection, file: Option<(PathBuf, SqliteOptions)>) -> Result<Self> {
        let (writes, inbox) = mpsc::channel::<Write>();
        let level = file.as_ref().map_or(Synchronous::Normal, |(_, options)| options.synchronous);
        let writer = spawn("mem0-sqlite-write", move || {
            let mut writer = Writer { connection, level };
            for job in inbox {
                job(&mut writer);
            }
            // The last connection to close empties the log into the file.
            let _ = writer.connection.close();
        })?;
        let mut workers = Self {
            path: None,
            synchronous: level,
            writes: Some(writes),
            reads: None,
            readers: Vec::new(),
            writer: Some(writer),
        };
        let Some((path, options)) = file else { return Ok(workers) };

        let reads = Arc::<Inbox>::default();
        for _ in 0..options.readers.max(1) {
            let (inbox, path, options) = (Arc::clone(&reads), path.clone(), options.clone());
            workers.readers.push(spawn("mem0-sqlite-read", move || serve_reads(&inbox, &path, &options))?);
        }
        workers.reads = Some(reads);
        workers.path = Some(path.into());
        Ok(workers)
    }

    pub(super) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    pub(super) fn synchronous(&self) -> Synchronous {
        self.synchronous
    }

    pub(super) fn shared_path(&self) -> Option<Arc<Path>> {
        self.path.clone()
    }

    /// Queues work for the writer.
    pub(super) fn write(&self, job: Write) -> Result<()> {
        let queue = self.writes.as_ref().ok_or_else(|| gone("write"))?;
        queue.send(job).map_err(|_| gone("write"))
    }

    /// Queues work for a reader; for the writer where there are no readers.
    pub(super) fn read(&self, job: Read) -> Result<()> {
        match &self.reads {
            Some(inbox) => {
                inbox.give(job);
                Ok(())
            }
            None => self.write(Box::new(move |writer| job(Ok(&mut writer.connection)))),
        }
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        // Readers first, so that the writer is the last to close.
        if let Some(inbox) = self.reads.take() {
            inbox.close();
        }
        let here = thread::current().id();
        self.readers.drain(..).for_each(|handle| join(handle, here));
        self.writes = None;
        self.writer.take().into_iter().for_each(|handle| join(handle, here));
    }
}

/// Waits for a thread, unless it is this one: the last handle may go inside of
/// a job.
fn join(handle: JoinHandle<()>, here: ThreadId) {
    if handle.thread().id() != here {
        let _ = handle.join();
    }
}

/// What the readers have to do. The one that became free last is asked first:
/// what it has read lately is still in its cache.
#[derive(Default)]
struct Inbox(Mutex<Reads>);

#[derive(Default)]
struct Reads {
    /// Jobs for which no reader was free.
    waiting: VecDeque<Read>,
    /// A place for the next job of each reader that is free.
    free: Vec<oneshot::Sender<Read>>,
    closed: bool,
}

impl Inbox {
    fn give(&self, job: Read) {
        let mut reads = self.lock();
        match reads.free.pop() {
            // A reader that is free waits for just this.
            Some(place) => drop(place.send(job)),
            None => reads.waiting.push_back(job),
        }
    }

    /// Waits for a job. None: all is done, and there will be no more.
    fn take(&self) -> Option<Read> {
        let mut reads = self.lock();
        if let Some(job) = reads.waiting.pop_front() {
            return Some(job);
        }
        if reads.closed {
            return None;
        }
        let (place, job) = oneshot::channel();
        reads.free.push(place);
        drop(reads);
        job.blocking_recv().ok()
    }

    fn close(&self) {
        let mut reads = self.lock();
        reads.closed = true;
        reads.free.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Reads> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn serve_reads(inbox: &Inbox, path: &Path, options: &SqliteOptions) {
    let mut connection = None;
    while let Some(job) = inbox.take() {
        match &mut connection {
            Some(open) => job(Ok(open)),
            // A connection costs memory, so it is opened when it is needed.
            None => match connection::open_reader(path, options) {
                Ok(open) => job(Ok(connection.insert(open))),
                Err(e) => job(Err(e)),
            },
        }
    }
}

/// Runs `f` so that neither a panic nor a transaction that it left open harms
/// whoever comes next.
pub(super) fn guard<T>(connection: &mut Connection, f: impl FnOnce(&mut Connection) -> Attempt<T>) -> Attempt<T> {
    let result = catch_unwind(AssertUnwindSafe(|| f(connection)));
    if !connection.is_autocommit() {
        control(connection, "ROLLBACK")?;
    }
    result.unwrap_or_else(|_| Err(Fault::Core(Error::internal("a panic in a database thread; nothing was written"))))
}

/// Begins or ends a transaction.
pub(super) fn control(connection: &Connection, statement: &'static str) -> rusqlite::Result<()> {
    connection.prepare_cached(statement)?.execute(()).map(|_| ())
}

/// The thread that should have answered has ended.
#[cold]
pub(super) fn gone(op: &'static str) -> Error {
    Error::new(ErrorKind::Unavailable, "the database is closed").with_operation(op).with_provider("sqlite")
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>> {
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(run)
        .map_err(|e| Error::internal("cannot start a thread for the database").with_source(e))
}
