//! Bringing the tables of one component to their newest form.
//!
//! Several components keep their tables in one file, so each has its own
//! version, in a table of its own rather than in `user_version`.

use mem0_core::Error;
use rusqlite::{Connection, OptionalExtension as _};

use super::error::Attempt;

/// One step: from the version before (its place in the list) to the next.
pub(crate) type Step = fn(&Connection) -> Attempt<()>;

/// Runs the steps that the file has not seen yet. Call it within
/// [`SqliteDb::transaction`](super::SqliteDb::transaction): then two processes
/// that open a new file at once wait for each other, and a step that fails
/// leaves the file as it was.
///
/// A file that has seen more steps than there are is refused: it was written
/// by a newer version.
pub(crate) fn migrate(connection: &Connection, component: &'static str, steps: &[Step]) -> Attempt<()> {
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS mem0_schema (
             component TEXT NOT NULL PRIMARY KEY,
             version INTEGER NOT NULL
         ) STRICT, WITHOUT ROWID",
    )?;
    let stored: Option<i64> = connection
        .query_row("SELECT version FROM mem0_schema WHERE component = ?1", [component], |row| row.get(0))
        .optional()?;
    let stored = usize::try_from(stored.unwrap_or(0)).map_err(|_| Error::corrupt("a schema version below zero"))?;
    if stored > steps.len() {
        return Err(Error::corrupt(format!(
            "the database was written by a newer version of mem0 ({component} schema {stored}, this one knows {}); \
             upgrade mem0 to open it",
            steps.len()
        ))
        .into());
    }
    for (step, version) in steps.iter().zip(1_i64..).skip(stored) {
        step(connection)?;
        connection.execute(
            "INSERT INTO mem0_schema (component, version) VALUES (?1, ?2)
             ON CONFLICT (component) DO UPDATE SET version = excluded.version",
            (component, version),
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::sqlite::SqliteDb;
    use mem0_core::ErrorKind;

    const ONE: Step = |c| Ok(c.execute_batch("CREATE TABLE a (x INTEGER) STRICT")?);
    const TWO: Step = |c| Ok(c.execute_batch("INSERT INTO a VALUES (7)")?);
    const BROKEN: Step = |c| Ok(c.execute_batch("INSERT INTO a VALUES (8); INSERT INTO nowhere VALUES (1)")?);

    fn run(db: &SqliteDb, steps: &'static [Step]) -> mem0_core::Result<Vec<i64>> {
        db.transaction_blocking("open", move |t| {
            migrate(t, "test", steps)?;
            Ok(t.prepare("SELECT x FROM a")?.query_map((), |row| row.get(0))?.collect::<Result<_, _>>()?)
        })
    }

    #[test]
    fn each_step_runs_once_and_a_failed_one_not_at_all() {
        let db = SqliteDb::in_memory().unwrap();
        assert!(run(&db, &[ONE]).unwrap().is_empty());
        assert_eq!(run(&db, &[ONE, TWO, BROKEN]).unwrap_err().kind(), ErrorKind::Internal);
        assert!(run(&db, &[ONE]).unwrap().is_empty());
        assert_eq!(run(&db, &[ONE, TWO]).unwrap(), [7]);
        assert_eq!(run(&db, &[ONE, TWO]).unwrap(), [7]);
        let newer = run(&db, &[ONE]).unwrap_err();
        assert_eq!(newer.kind(), ErrorKind::Corrupt);
        assert!(newer.message().contains("newer version"), "{newer}");
    }
}
