//! What SQLite's errors mean to a caller.

use mem0_core::{Error, ErrorKind};
use rusqlite::ErrorCode;

/// The result of work on a connection, before its error is classified.
pub(crate) type Attempt<T> = Result<T, Fault>;

/// Either SQLite failed or the work itself found something wrong.
#[derive(Debug)]
pub(crate) enum Fault {
    /// SQLite's own error.
    Sql(rusqlite::Error),
    /// An error that is already in our terms.
    Core(Error),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Core(error)
    }
}

/// Whether somebody else holds a lock.
pub(super) fn is_locked(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// SQLite's error in our terms; kept as the source.
pub(super) fn classify(error: rusqlite::Error) -> Error {
    let (kind, message) = match &error {
        rusqlite::Error::SqliteFailure(failure, _) => of_code(failure.code, failure.extended_code),
        rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::Utf8Error(..) => {
            (ErrorKind::Corrupt, "the database holds a value of the wrong type; restore it from a backup")
        }
        _ => (ErrorKind::Internal, "a statement does not fit the database"),
    };
    Error::new(kind, message).with_source(error)
}

fn of_code(code: ErrorCode, extended: i32) -> (ErrorKind, &'static str) {
    use rusqlite::ffi;
    match code {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed => (
            ErrorKind::Unavailable,
            "the database stayed locked by another process; try again, or raise busy_timeout_ms",
        ),
        ErrorCode::DiskFull => {
            (ErrorKind::QuotaExceeded, "the disk is full; free some space and try again: nothing was written")
        }
        ErrorCode::ReadOnly if extended == ffi::SQLITE_READONLY_DBMOVED => {
            (ErrorKind::Unavailable, "the database file was moved or deleted while it was open; open it again")
        }
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::AuthorizationForStatementDenied => (
            ErrorKind::PermissionDenied,
            "the database is read-only; give this user write permission to the file and its folder",
        ),
        ErrorCode::CannotOpen => (
            ErrorKind::PermissionDenied,
            "the database cannot be opened; check that its folder exists and that this user may write there",
        ),
        ErrorCode::NotADatabase => {
            (ErrorKind::Corrupt, "the file is not a SQLite database; choose another path, it was left untouched")
        }
        ErrorCode::DatabaseCorrupt => (
            ErrorKind::Corrupt,
            "the database file is damaged; restore it from a backup, or save what is left with `sqlite3 FILE .recover`",
        ),
        ErrorCode::SystemIoFailure => (ErrorKind::Unavailable, "reading or writing the disk failed; check the disk"),
        ErrorCode::OutOfMemory => (ErrorKind::Unavailable, "there is not enough memory"),
        ErrorCode::OperationInterrupted | ErrorCode::OperationAborted => {
            (ErrorKind::Unavailable, "the statement was interrupted; try again")
        }
        ErrorCode::TooBig => (ErrorKind::InvalidInput, "a text or a list is larger than SQLite takes (1 GB)"),
        _ => (ErrorKind::Internal, "a statement does not fit the database"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mem0_core::Retry;
    use rusqlite::ffi;

    #[test]
    fn every_code_has_a_kind() {
        use ErrorKind::{Corrupt, Internal, InvalidInput, PermissionDenied, QuotaExceeded, Unavailable};
        for (code, kind, retry) in [
            (ffi::SQLITE_BUSY, Unavailable, Retry::Safe),
            (ffi::SQLITE_BUSY_SNAPSHOT, Unavailable, Retry::Safe),
            (ffi::SQLITE_LOCKED, Unavailable, Retry::Safe),
            (ffi::SQLITE_PROTOCOL, Unavailable, Retry::Safe),
            (ffi::SQLITE_FULL, QuotaExceeded, Retry::Never),
            (ffi::SQLITE_READONLY, PermissionDenied, Retry::Never),
            (ffi::SQLITE_READONLY_DIRECTORY, PermissionDenied, Retry::Never),
            (ffi::SQLITE_READONLY_DBMOVED, Unavailable, Retry::Safe),
            (ffi::SQLITE_PERM, PermissionDenied, Retry::Never),
            (ffi::SQLITE_AUTH, PermissionDenied, Retry::Never),
            (ffi::SQLITE_CANTOPEN, PermissionDenied, Retry::Never),
            (ffi::SQLITE_NOTADB, Corrupt, Retry::Never),
            (ffi::SQLITE_CORRUPT, Corrupt, Retry::Never),
            (ffi::SQLITE_CORRUPT_INDEX, Corrupt, Retry::Never),
            (ffi::SQLITE_IOERR, Unavailable, Retry::Safe),
            (ffi::SQLITE_IOERR_FSYNC, Unavailable, Retry::Safe),
            (ffi::SQLITE_NOMEM, Unavailable, Retry::Safe),
            (ffi::SQLITE_INTERRUPT, Unavailable, Retry::Safe),
            (ffi::SQLITE_TOOBIG, InvalidInput, Retry::Never),
            (ffi::SQLITE_CONSTRAINT_UNIQUE, Internal, Retry::Never),
            (ffi::SQLITE_ERROR, Internal, Retry::Never),
        ] {
            let error = classify(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None));
            assert_eq!((error.kind(), error.retry()), (kind, retry), "{code}");
        }
        assert_eq!(classify(rusqlite::Error::IntegralValueOutOfRange(0, -1)).kind(), Corrupt);
        assert_eq!(classify(rusqlite::Error::QueryReturnedNoRows).kind(), Internal);
    }
}
