//! The threads that own the connections.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::{self, JoinHandle, ThreadId};

use mem0_core::{Error, ErrorKind, Result};
use rusqlite::Connection;

use super::connection;
use super::error::{Attempt, Fault};
use super::options::{SqliteOptions, Synchronous};

/// Work for the writer.
type Write = Box<dyn FnOnce(&mut Connection) + Send>;

/// Work for a reader; it gets the reason if its connection cannot be opened.
type Read = Box<dyn FnOnce(rusqlite::Result<&mut Connection>) + Send>;

/// The writer and the readers of one file.
pub(super) struct Workers {
    path: Option<Arc<Path>>,
    synchronous: Synchronous,
    // Dropping a sender ends the threads behind it once they have caught up.
    writes: Option<mpsc::Sender<Write>>,
    reads: Option<mpsc::Sender<Read>>,
    readers: Vec<JoinHandle<()>>,
    writer: Option<JoinHandle<()>>,
}

impl Workers {
    /// Starts the writer and, for a file, the readers.
    pub(super) fn start(connection: Connection, file: Option<(PathBuf, SqliteOptions)>) -> Result<Self> {
        let (writes, inbox) = mpsc::channel::<Write>();
        let writer = spawn("mem0-sqlite-write", move || {
            let mut connection = connection;
            for job in inbox {
                job(&mut connection);
            }
            // The last connection to close empties the log into the file.
            let _ = connection.close();
        })?;
        let mut workers = Self {
            path: None,
            synchronous: Synchronous::Normal,
            writes: Some(writes),
            reads: None,
            readers: Vec::new(),
            writer: Some(writer),
        };
        let Some((path, options)) = file else { return Ok(workers) };

        let (reads, inbox) = mpsc::channel::<Read>();
        let inbox = Arc::new(Mutex::new(inbox));
        for _ in 0..options.readers.max(1) {
            let (inbox, path, options) = (Arc::clone(&inbox), path.clone(), options.clone());
            workers.readers.push(spawn("mem0-sqlite-read", move || serve_reads(&inbox, &path, &options))?);
        }
        workers.reads = Some(reads);
        workers.path = Some(path.into());
        workers.synchronous = options.synchronous;
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
            Some(queue) => queue.send(job).map_err(|_| gone("read")),
            None => self.write(Box::new(move |connection| job(Ok(connection)))),
        }
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        // Readers first, so that the writer is the last to close.
        self.reads = None;
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

fn serve_reads(inbox: &Mutex<mpsc::Receiver<Read>>, path: &Path, options: &SqliteOptions) {
    let mut connection = None;
    loop {
        // The lock is held while waiting: whoever has it takes the next job.
        let job = inbox.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
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
        connection.execute_batch("ROLLBACK")?;
    }
    result.unwrap_or_else(|_| Err(Fault::Core(Error::internal("a panic in a database thread; nothing was written"))))
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
