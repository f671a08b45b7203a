//! The tables, and how old ones become new ones.

use mem0_core::text::NameRow;
use mem0_core::{Error, ErrorKind, Result};

use super::row::at;
use super::session::{Attempt, Session};
use super::write::{NamedRow, insert_names};
use crate::ledger::common::codec::content_from_json;
use crate::shared::postgres::{Client, quoted, send};

/// The ledger's name in the table of schema versions.
const COMPONENT: &str = "ledger";

/// From each version to the next. A step that has been released never changes.
const STEPS: &[&str] = &[include_str!("version_1.sql"), include_str!("version_2.sql"), include_str!("version_3.sql")];

/// The version with the index of names, which are found here.
const NAMES: i64 = 3;

/// The lock of whatever makes or changes tables in any schema of the database:
/// two servers that start at once do it one after the other.
const LOCK: i64 = 0x6d65_6d30_6c65;

/// Makes the tables, or brings them up to date.
pub(super) async fn prepare(session: &mut Session, schema: &str) -> Attempt<()> {
    let client = session.client()?;
    // Mostly there is nothing to do, and then a user without the right to make
    // tables is enough.
    if !is_current(client, schema).await? {
        let begin = format!("BEGIN; SET LOCAL statement_timeout = 0; SELECT pg_advisory_xact_lock({LOCK})");
        client.batch_execute(&begin).await?;
        migrate(client, schema).await?;
        client.batch_execute("COMMIT").await?;
    }
    session.done();
    Ok(())
}

async fn is_current(client: &tokio_postgres::Client, schema: &str) -> Attempt<bool> {
    let table = format!("{}.mem0_schema", quoted(schema));
    let found =
        client.query_one("SELECT to_regclass($1) IS NOT NULL, current_setting('server_encoding')", &[&table]).await?;
    if at::<&str>(&found, 1)? != "UTF8" {
        return Err(Error::new(ErrorKind::Unsupported, "the database must be encoded in UTF8").into());
    }
    Ok(at(&found, 0)? && stored(client).await? == STEPS.len())
}

/// How many steps the tables have seen.
async fn stored(client: &tokio_postgres::Client) -> Attempt<usize> {
    let found = client.query_opt("SELECT version FROM mem0_schema WHERE component = $1", &[&COMPONENT]).await?;
    let version: i64 = found.as_ref().map(|row| at(row, 0)).transpose()?.unwrap_or(0);
    Ok(known(version)?)
}

fn known(version: i64) -> Result<usize> {
    let stored = usize::try_from(version).map_err(|_| Error::corrupt("a schema version below zero"))?;
    if stored <= STEPS.len() {
        return Ok(stored);
    }
    Err(Error::corrupt(format!(
        "the database was written by a newer version of mem0 ({COMPONENT} schema {stored}, this one knows {}); \
         upgrade mem0 to open it",
        STEPS.len()
    )))
}

async fn migrate(client: &Client, schema: &str) -> Attempt<()> {
    let name = quoted(schema);
    let exists = client.query_one("SELECT to_regnamespace($1) IS NOT NULL", &[&name]).await?;
    if !at::<bool>(&exists, 0)? {
        client.batch_execute(&format!("CREATE SCHEMA {name}")).await?;
    }
    client
        .batch_execute("CREATE TABLE IF NOT EXISTS mem0_schema (component text PRIMARY KEY, version bigint NOT NULL)")
        .await?;
    for (step, version) in STEPS.iter().zip(1_i64..).skip(stored(client).await?) {
        client.batch_execute(step).await?;
        if version == NAMES {
            names(client).await?;
        }
        client
            .execute(
                "INSERT INTO mem0_schema (component, version) VALUES ($1, $2)
                 ON CONFLICT (component) DO UPDATE SET version = excluded.version",
                &[&COMPONENT, &version],
            )
            .await?;
    }
    Ok(())
}

/// Finds the names of memories that were stored before there was an index.
async fn names(client: &Client) -> Attempt<()> {
    let mut after = i64::MIN;
    loop {
        let live = client
            .query(
                "SELECT m.mem_no, m.scope_no, e.content FROM ledger_memories m
                 JOIN ledger_events e ON e.mem_no = m.mem_no AND e.version = m.version
                 WHERE m.state = 0 AND e.content IS NOT NULL AND m.mem_no > $1 ORDER BY m.mem_no LIMIT 1000",
                &[&after],
            )
            .await?;
        let Some(last) = live.last() else { return Ok(()) };
        after = at(last, 0)?;
        let mut found = Vec::new();
        for row in &live {
            let content = content_from_json(at(row, 2)?)?;
            let (mem_no, scope_no) = (at(row, 0)?, at(row, 1)?);
            found.extend(NameRow::of(&content).into_iter().map(|name| NamedRow { scope_no, mem_no, name }));
        }
        let mut steps = Vec::new();
        insert_names(&found, &mut steps)?;
        send(client, &steps).await?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_of_a_newer_version_are_refused() {
        assert_eq!(known(1).unwrap(), 1);
        let newer = known(99).unwrap_err();
        assert_eq!(newer.kind(), ErrorKind::Corrupt);
        assert!(newer.message().contains("newer version"), "{newer}");
        assert!(known(-1).is_err());
    }
}
