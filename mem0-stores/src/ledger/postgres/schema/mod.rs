//! The tables, and how old ones become new ones.

use mem0_core::text::{NameRow, TermId};
use mem0_core::{Error, ErrorKind, Result};

use super::row::at;
use super::session::{Attempt, Session};
use super::write::{NamedRow, insert_names};
use crate::ledger::common::codec::{content_from_json, rows};
use crate::ledger::common::words::recounted;
use crate::shared::postgres::{Client, Step, quoted, send};

/// The ledger's name in the table of schema versions.
const COMPONENT: &str = "ledger";

/// From each version to the next. A step that has been released never changes.
const STEPS: &[&str] = &[
    include_str!("version_1.sql"),
    include_str!("version_2.sql"),
    include_str!("version_3.sql"),
    include_str!("version_4.sql"),
];

/// The version with the index of names, which are found here.
const NAMES: i64 = 3;

/// The version whose index has the stems of more languages.
const STEMS: i64 = 4;

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
        if version == STEMS {
            stems(client).await?;
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

/// Adds the terms that texts did not have when they were written: the stems of
/// other languages. A text keeps every term that it had.
async fn stems(client: &Client) -> Attempt<()> {
    let mut after = i64::MIN;
    loop {
        let live = client
            .query(
                "SELECT m.mem_no, m.scope_no, s.owner_no, e.content, m.terms, m.postings FROM ledger_memories m
                 JOIN ledger_events e ON e.mem_no = m.mem_no AND e.version = m.version
                 JOIN ledger_scopes s ON s.scope_no = m.scope_no
                 WHERE m.state = 0 AND e.content IS NOT NULL AND m.mem_no > $1 ORDER BY m.mem_no LIMIT 1000",
                &[&after],
            )
            .await?;
        let Some(last) = live.last() else { return Ok(()) };
        after = at(last, 0)?;
        let (mut memories, mut due, mut postings): (Vec<i64>, Vec<i64>, Vec<i64>) = Default::default();
        let (mut of, mut terms, mut counts): (Vec<i64>, Vec<i64>, Vec<i32>) = Default::default();
        for row in &live {
            let content = content_from_json(at(row, 3)?)?;
            let Some((counted, length)) = recounted(&content.text, at(row, 4)?, at(row, 5)?) else { continue };
            memories.push(at(row, 0)?);
            due.push(length);
            postings.push(rows(counted.len()));
            for (TermId(term), count) in counted {
                of.push(at(row, 0)?);
                terms.push(term);
                counts.push(count.cast_signed());
            }
        }
        if memories.is_empty() {
            continue;
        }
        let scopes = Step::new(
            "UPDATE ledger_scopes s SET terms = s.terms + u.more
             FROM (SELECT m.scope_no, sum(u.due - m.terms)::bigint AS more
                   FROM unnest($1::bigint[], $2::bigint[]) AS u (mem_no, due)
                   JOIN ledger_memories m ON m.mem_no = u.mem_no GROUP BY m.scope_no) u
             WHERE s.scope_no = u.scope_no",
        );
        let counted = Step::new(
            "UPDATE ledger_memories m SET terms = u.due, postings = u.postings
             FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS u (mem_no, due, postings)
             WHERE m.mem_no = u.mem_no",
        );
        let index = Step::new(
            "INSERT INTO ledger_postings (owner_no, term, scope_no, mem_no, tf, len)
             SELECT s.owner_no, u.term, m.scope_no, m.mem_no, u.tf, m.terms
             FROM unnest($1::bigint[], $2::bigint[], $3::integer[]) AS u (mem_no, term, tf)
             JOIN ledger_memories m ON m.mem_no = u.mem_no JOIN ledger_scopes s ON s.scope_no = m.scope_no
             ON CONFLICT (owner_no, term, scope_no, mem_no) DO UPDATE SET tf = excluded.tf, len = excluded.len",
        );
        let steps = [
            scopes.bind(memories.clone()).bind(due.clone()),
            counted.bind(memories).bind(due).bind(postings),
            index.bind(of).bind(terms).bind(counts),
        ];
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
