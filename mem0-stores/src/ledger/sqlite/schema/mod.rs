//! The tables, and how old files become new ones.

use rusqlite::Connection;

use super::write::{mentions, postings};
use crate::shared::sqlite::{Attempt, Step, migrate};

/// The ledger's name in the table of schema versions.
const COMPONENT: &str = "ledger";

/// From each version to the next. A step that has been released never changes;
/// `tests/fixtures` has a file of every version that it starts from.
const STEPS: &[Step] = &[version_1, version_2, version_3, version_4, version_5];

/// Creates or migrates the tables, within a transaction.
pub(super) fn prepare(connection: &Connection) -> Attempt<()> {
    migrate(connection, COMPONENT, STEPS)
}

fn version_1(connection: &Connection) -> Attempt<()> {
    Ok(connection.execute_batch(include_str!("version_1.sql"))?)
}

fn version_2(connection: &Connection) -> Attempt<()> {
    Ok(connection.execute_batch(include_str!("version_2.sql"))?)
}

fn version_3(connection: &Connection) -> Attempt<()> {
    Ok(connection.execute_batch(include_str!("version_3.sql"))?)
}

fn version_4(connection: &Connection) -> Attempt<()> {
    connection.execute_batch(include_str!("version_4.sql"))?;
    mentions::backfill(connection)
}

/// The tables are those of version 4; the index has stems of more languages.
fn version_5(connection: &Connection) -> Attempt<()> {
    postings::backfill(connection)
}
