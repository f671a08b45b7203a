//! The history that the Python library keeps beside its vector store.
//!
//! A SQLite file with one table, `history`, a row for each change of a memory in
//! the order in which they were written; by the library's version 2.2. Who the
//! memory belonged to is not in it.

use std::path::Path;

use mem0_core::{Error, ErrorKind, ForeignEvent, Result, Timestamp};
use rusqlite::{Connection, OpenFlags, Row};

/// Reads such a file (`history.db`) whole; it is not changed. A time that
/// cannot be read is none.
///
/// Waits for the disk, so call it outside of hot asynchronous code.
///
/// # Errors
/// `NotFound` if there is no such file, `InvalidInput` if it is none of the
/// Python library.
pub fn python_history(path: impl AsRef<Path>) -> Result<Vec<ForeignEvent>> {
    let path = path.as_ref();
    let said = |error: Error| error.with_context("path", path.display());
    if !path.is_file() {
        return Err(said(Error::not_found("there is no such file")));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let read = || -> rusqlite::Result<Vec<ForeignEvent>> {
        let connection = Connection::open_with_flags(path, flags)?;
        // Older versions lack the last columns.
        let mut columns = connection.prepare("SELECT name FROM pragma_table_info('history')")?;
        let columns: Vec<String> = columns.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        let column =
            |name: &str| if columns.iter().any(|known| known == name) { name.to_owned() } else { "NULL".into() };
        let wanted = ["memory_id", "event", "old_memory", "new_memory", "created_at", "updated_at", "actor_id", "role"];
        let wanted = wanted.map(column).join(", ");
        let mut rows = connection.prepare(&format!("SELECT {wanted} FROM history ORDER BY rowid"))?;
        rows.query_map([], event)?.collect()
    };
    read().map_err(|cause| {
        let message = "the history of the Python library cannot be read from this file";
        said(Error::new(ErrorKind::InvalidInput, message).with_source(cause))
    })
}

fn event(row: &Row<'_>) -> rusqlite::Result<ForeignEvent> {
    let text = |column: usize| row.get::<_, Option<String>>(column);
    let time =
        |column: usize| -> rusqlite::Result<Option<Timestamp>> { Ok(text(column)?.and_then(|t| t.parse().ok())) };
    let mut event = ForeignEvent::new(text(0)?.unwrap_or_default(), text(1)?.unwrap_or_default());
    event.old_text = text(2)?;
    event.new_text = text(3)?;
    // Every row has the time when its memory was first stored.
    event.at = time(5)?.or(time(4)?);
    (event.actor, event.role) = (text(6)?, text(7)?);
    Ok(event)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(statements: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        Connection::open(file.path()).unwrap().execute_batch(statements).unwrap();
        file
    }

    #[test]
    fn rows_are_read_in_the_order_in_which_they_were_written() {
        let file = file(
            "CREATE TABLE history (id TEXT PRIMARY KEY, memory_id TEXT, old_memory TEXT, new_memory TEXT, event TEXT,
                created_at DATETIME, updated_at DATETIME, is_deleted INTEGER, actor_id TEXT, role TEXT);
             INSERT INTO history VALUES
                ('z', 'm', NULL, 'Likes tea', 'ADD', '2024-05-01T10:00:00+00:00', NULL, 0, NULL, NULL),
                ('a', 'm', 'Likes tea', 'Likes milk', 'UPDATE', '2024-05-01T10:00:00+00:00',
                    '2024-05-02T10:00:00-07:00', 0, 'ana', 'user'),
                ('b', 'm', 'Likes milk', NULL, 'DELETE', 'soon', NULL, 1, NULL, NULL);",
        );
        let events = python_history(file.path()).unwrap();
        let shown: Vec<_> =
            events.iter().map(|event| (event.event.as_str(), event.at.map(|at| at.to_string()))).collect();
        assert_eq!(
            shown,
            [
                ("ADD", Some("2024-05-01T10:00:00.000000Z".to_owned())),
                ("UPDATE", Some("2024-05-02T17:00:00.000000Z".to_owned())),
                ("DELETE", None),
            ]
        );
        let (first, second) = (&events[0], &events[1]);
        assert_eq!((first.new_text.as_deref(), &first.old_text), (Some("Likes tea"), &None));
        assert_eq!((second.actor.as_deref(), second.role.as_deref()), (Some("ana"), Some("user")));
    }

    #[test]
    fn an_older_file_has_fewer_columns() {
        let file = file(
            "CREATE TABLE history (id TEXT, memory_id TEXT, old_memory TEXT, new_memory TEXT, event TEXT,
                created_at DATETIME);
             INSERT INTO history VALUES ('z', 'm', NULL, 'x', 'ADD', '2024-05-01');",
        );
        assert_eq!(python_history(file.path()).unwrap().len(), 1);
    }

    #[test]
    fn what_is_no_history_is_refused() {
        assert_eq!(python_history("/nowhere/history.db").unwrap_err().kind(), ErrorKind::NotFound);
        let empty = file("CREATE TABLE other (id TEXT);");
        assert_eq!(python_history(empty.path()).unwrap_err().kind(), ErrorKind::InvalidInput);
        let text = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(text.path(), "no database at all, though long enough to be one of those").unwrap();
        assert_eq!(python_history(text.path()).unwrap_err().kind(), ErrorKind::InvalidInput);
    }
}
