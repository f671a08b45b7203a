//! The nearest memories, by looking at every vector of the scope.

use mem0_core::{MemoryId, NearestQuery, ScoredPoint};
use rusqlite::{CachedStatement, Connection};

use super::{Reader, ScopeRow};
use crate::ledger::common::nearness::{Nearest, check_question, cosine, scored};
use crate::ledger::common::top::Score;
use crate::ledger::sqlite::identity;
use crate::ledger::sqlite::row::{Col, count, vector_from_bytes};
use crate::shared::sqlite::Attempt;

/// The nearest memories, exactly.
pub(in crate::ledger::sqlite) fn nearest(connection: &Connection, query: &NearestQuery) -> Attempt<Vec<ScoredPoint>> {
    let Some((identity_no, identity)) = identity::current(connection)? else { return Ok(Vec::new()) };
    check_question(&query.vector, &identity)?;
    let (mut reader, covered) = Reader::within(connection, &query.scope, &query.filter, &query.view)?;
    let mut top = Nearest::new(query.limit);
    if query.view.is_past() {
        past(&mut reader, &covered, identity_no, &query.vector, &mut top)?;
    } else {
        current(&mut reader, &covered, identity_no, &query.vector, &mut top)?;
    }
    Ok(scored(top))
}

fn current(
    reader: &mut Reader<'_>,
    scopes: &[ScopeRow],
    identity_no: i64,
    question: &[f32],
    top: &mut Nearest,
) -> Attempt<()> {
    let mut statement = reader.connection.prepare_cached(
        "SELECT m.mem_no, m.id, m.version, m.expires_at, v.vector FROM ledger_memories m
         JOIN ledger_vectors v ON v.seq = m.vector_seq AND v.identity_no = ?2
         WHERE m.scope_no = ?1 AND m.state = 0",
    )?;
    let now = reader.view.now.as_micros();
    let mut vector = Vec::with_capacity(question.len());
    for scope in scopes {
        let mut found = statement.query((scope.no, identity_no))?;
        while let Some(row) = found.next()? {
            let expired = row.get::<_, Option<i64>>(3)?.is_some_and(|end| end <= now);
            if expired && !reader.view.include_expired {
                continue;
            }
            vector_from_bytes(row.get_ref(4)?.as_blob().map_err(rusqlite::Error::from)?, &mut vector)?;
            let key = (Score(cosine(question, &vector)), row.get::<_, Col<MemoryId>>(1)?.0);
            // The filter needs the text, so only what is near enough is read.
            if top.wants(&key) && (reader.filter.is_none() || reader.admitted(row.get(0)?)?.is_some()) {
                top.push(key, count(row.get(2)?)?);
            }
        }
    }
    Ok(())
}

fn past(
    reader: &mut Reader<'_>,
    scopes: &[ScopeRow],
    identity_no: i64,
    question: &[f32],
    top: &mut Nearest,
) -> Attempt<()> {
    let mut statement =
        reader.connection.prepare_cached("SELECT vector FROM ledger_vectors WHERE seq = ?1 AND identity_no = ?2")?;
    let mut vector = Vec::with_capacity(question.len());
    reader.each(scopes, |reader, mem_no| {
        let Some(version) = reader.visible(mem_no)? else { return Ok(()) };
        if !load(&mut statement, (version.vector_seq, identity_no), &mut vector)? {
            return Ok(());
        }
        let key = (Score(cosine(question, &vector)), version.memory.id);
        if top.wants(&key) && reader.admits(&version.memory) {
            top.push(key, version.memory.version);
        }
        Ok(())
    })
}

fn load(statement: &mut CachedStatement<'_>, which: (i64, i64), into: &mut Vec<f32>) -> Attempt<bool> {
    let mut found = statement.query(which)?;
    let Some(row) = found.next()? else { return Ok(false) };
    vector_from_bytes(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?, into)?;
    Ok(true)
}
