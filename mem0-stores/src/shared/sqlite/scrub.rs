//! Taking what was deleted out of the file, not only out of the tables.

use mem0_core::{Error, ErrorKind};
use rusqlite::Connection;

use super::error::Attempt;

/// Rewrites the file without anything that was deleted, and empties the log.
/// Outside of any transaction. Costs time and free space in proportion to the
/// whole file.
///
/// `secure_delete` overwrites a row where it lies. But when SQLite moved the
/// row to another page before, to balance a tree, it left the old copy in the
/// unused middle of the old page, and nothing but `VACUUM` clears that. The log
/// has older copies of pages until it is emptied.
pub(crate) fn scrub(connection: &Connection) -> Attempt<()> {
    // The new file is first built aside, which may not fit into memory.
    connection.pragma_update(None, "temp_store", "FILE")?;
    let vacuumed = connection.execute_batch("VACUUM");
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    vacuumed?;
    let busy: bool = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |row| row.get(0))?;
    if busy {
        let message = "everything is erased from the tables, but a reader keeps the file's log from being emptied; \
                       erase again when no other process reads";
        return Err(Error::new(ErrorKind::Unavailable, message).into());
    }
    Ok(())
}
