//! Opening a connection and telling it how to behave.

use std::path::Path;
use std::time::{Duration, Instant};

use mem0_core::{Error, ErrorKind, Result};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::error::{Attempt, Fault};
use super::options::{SqliteOptions, Synchronous};

const OPEN: &str = "open";

/// Statements kept ready; a commit uses about thirty.
const STATEMENTS: usize = 96;

/// Opens the connection that writes, creating the file if needed.
pub(super) fn open_writer(path: &Path, options: &SqliteOptions) -> Result<Connection> {
    prepare_path(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = || -> Attempt<Connection> {
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(options.busy_timeout)?;
        use_write_ahead_log(&connection, options.busy_timeout)?;
        // SQLite quietly opens a write-protected file for reading.
        if connection.is_readonly("main")? {
            return Err(read_only().into());
        }
        connection.pragma_update(None, "synchronous", level(options.synchronous))?;
        configure_writer(&connection)?;
        Ok(connection)
    };
    open().map_err(|fault| fault.classify(OPEN, Some(path)))
}

/// Opens a connection that only reads, on a file that a writer has open.
pub(super) fn open_reader(path: &Path, options: &SqliteOptions) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(options.busy_timeout)?;
    configure(&connection)?;
    // Enough for the indexes of a scope of ten thousand.
    connection.pragma_update(None, "cache_size", -4096)?;
    Ok(connection)
}

/// Opens a database in memory.
pub(super) fn open_in_memory() -> Result<Connection> {
    let open = || -> Attempt<Connection> {
        let connection = Connection::open_in_memory()?;
        configure_writer(&connection)?;
        Ok(connection)
    };
    open().map_err(|fault| fault.classify(OPEN, None))
}

fn configure_writer(connection: &Connection) -> rusqlite::Result<()> {
    configure(connection)?;
    connection.pragma_update(None, "cache_size", -4096)?;
    // What is erased is overwritten, not only unlinked.
    connection.pragma_update(None, "secure_delete", "ON")?;
    // Adds write the same few hundred pages again and again. The longer the log
    // may grow, the fewer of them go to the file: this is some 12 MB.
    connection.pragma_update(None, "wal_autocheckpoint", 3_000)?;
    // A large commit grows the log; give the space back afterwards.
    connection.pragma_update(None, "journal_size_limit", 16 << 20)
}

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Else a statement that might use a partial index is planned anew each time
    // it is given other values.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    // Nothing of a memory is spilled to a temporary file.
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    // A crafted file cannot make our reads run its functions.
    connection.pragma_update(None, "trusted_schema", "OFF")
}

pub(super) const fn level(synchronous: Synchronous) -> &'static str {
    match synchronous {
        Synchronous::Full => "FULL",
        Synchronous::Normal => "NORMAL",
    }
}

/// Two processes that open a new file at once meet in the change of the journal
/// mode, where SQLite reports a lock without waiting for it.
fn use_write_ahead_log(connection: &Connection, patience: Duration) -> rusqlite::Result<()> {
    let begun = Instant::now();
    loop {
        let result = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0));
        match result {
            Err(e) if super::error::is_locked(&e) && begun.elapsed() < patience => {
                std::thread::sleep(Duration::from_millis(5));
            }
            // On a file system without shared memory the mode stays another;
            // that is slower and as safe.
            other => return other.map(|_| ()),
        }
    }
}

fn read_only() -> Error {
    Error::new(
        ErrorKind::PermissionDenied,
        "the database file is read-only; give this user write permission or choose another path",
    )
}

/// Finds out before SQLite does what is wrong with a path, since SQLite says
/// "unable to open" to everything.
fn prepare_path(path: &Path) -> Result<()> {
    let fail = |error: Error| Err(error.with_operation(OPEN).with_context("path", path.display()));
    if path.as_os_str().is_empty() {
        return fail(Error::config("the path of the database is empty"));
    }
    if path.is_dir() {
        return fail(Error::config("the path of the database is a folder; name a file in it"));
    }
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty())
        && let Err(e) = std::fs::create_dir_all(folder)
    {
        return fail(io_error(e, "the folder of the database cannot be created; choose another path"));
    }
    let mut file = std::fs::OpenOptions::new();
    file.read(true).write(true).create_new(true);
    // Memories are personal: a new file is its owner's. The log and the index
    // of the log take over its permissions.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut file, 0o600);
    match file.open(path) {
        Ok(_) => return Ok(()),
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(e) => return fail(io_error(e, "the database file cannot be created; choose another path")),
    }
    match std::fs::OpenOptions::new().read(true).write(true).open(path) {
        Ok(_) => Ok(()),
        Err(e) => fail(io_error(e, "the database file cannot be opened for reading and writing")),
    }
}

fn io_error(error: std::io::Error, message: &'static str) -> Error {
    use std::io::ErrorKind as Io;
    let kind = match error.kind() {
        Io::PermissionDenied | Io::ReadOnlyFilesystem => ErrorKind::PermissionDenied,
        Io::StorageFull | Io::QuotaExceeded => ErrorKind::QuotaExceeded,
        Io::NotADirectory | Io::AlreadyExists | Io::InvalidFilename | Io::IsADirectory | Io::InvalidInput => {
            ErrorKind::Config
        }
        _ => ErrorKind::Unavailable,
    };
    Error::new(kind, message).with_source(error)
}

impl Fault {
    /// What went wrong, for the caller. The path helps to find the file; the
    /// message never holds a value of a row.
    pub(super) fn classify(self, op: &'static str, path: Option<&Path>) -> Error {
        let error = match self {
            Self::Core(error) => return error,
            Self::Sql(error) => super::error::classify(error),
        };
        let error = error.with_operation(op).with_provider("sqlite");
        match path {
            Some(path) => error.with_context("path", path.display()),
            None => error,
        }
    }
}
