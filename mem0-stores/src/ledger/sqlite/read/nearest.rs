//! The nearest memories, by looking at every vector of the scope.

use mem0_core::{Error, ErrorKind, MemoryId, NearestQuery, ScoredPoint};
use rusqlite::{CachedStatement, Connection};

use super::top::{Score, Top};
use super::{Reader, ScopeRow};
use crate::ledger::sqlite::identity;
use crate::ledger::sqlite::row::{Col, count, vector_from_blob};
use crate::shared::sqlite::Attempt;

type Best = Top<(Score, MemoryId), u64>;

/// The nearest memories, exactly.
pub(in crate::ledger::sqlite) fn nearest(connection: &Connection, query: &NearestQuery) -> Attempt<Vec<ScoredPoint>> {
    let Some((identity_no, identity)) = identity::current(connection)? else { return Ok(Vec::new()) };
    if query.vector.len() != identity.dims {
        let message = "the question's vector is not as long as the memories' vectors are";
        let error = Error::new(ErrorKind::DimensionMismatch, message);
        return Err(error.with_context("length", query.vector.len()).with_context("dims", identity.dims).into());
    }
    let (mut reader, covered) = Reader::within(connection, &query.scope, &query.filter, &query.view)?;
    let mut top = Best::new(query.limit);
    if query.view.is_past() {
        past(&mut reader, &covered, identity_no, &query.vector, &mut top)?;
    } else {
        current(&mut reader, &covered, identity_no, &query.vector, &mut top)?;
    }
    let found = top.into_sorted().map(|((Score(raw), id), version)| ScoredPoint {
        id,
        version,
        similarity: raw.clamp(0.0, 1.0),
        raw,
    });
    Ok(found.collect())
}

fn current(
    reader: &mut Reader<'_>,
    scopes: &[ScopeRow],
    identity_no: i64,
    question: &[f32],
    top: &mut Best,
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
            vector_from_blob(row.get_ref(4)?.as_blob().map_err(rusqlite::Error::from)?, &mut vector)?;
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
    top: &mut Best,
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
    vector_from_blob(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?, into)?;
    Ok(true)
}

/// The cosine in -1..1; 0 where a vector has no direction. Eight sums at once
/// let the compiler use wide registers, and are the same for every row.
fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let (mut dot, mut aa, mut bb) = ([0.0_f32; 8], [0.0_f32; 8], [0.0_f32; 8]);
    let mut add = |a: &[f32], b: &[f32]| {
        let sums = dot.iter_mut().zip(&mut aa).zip(&mut bb);
        for (((dot, aa), bb), (x, y)) in sums.zip(a.iter().zip(b)) {
            *dot += x * y;
            *aa += x * x;
            *bb += y * y;
        }
    };
    let (a8, a_rest) = a.as_chunks::<8>();
    let (b8, b_rest) = b.as_chunks::<8>();
    a8.iter().zip(b8).for_each(|(a, b)| add(a, b));
    add(a_rest, b_rest);
    let sum = |lanes: [f32; 8]| lanes.iter().sum::<f32>();
    let norms = (sum(aa) * sum(bb)).sqrt();
    if norms > 0.0 { (sum(dot) / norms).clamp(-1.0, 1.0) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cosines_of_any_length() {
        for dims in [1, 7, 8, 9, 384] {
            let a: Vec<f32> = (0..dims).map(|i| (i as f32 + 1.0).sin()).collect();
            let minus: Vec<f32> = a.iter().map(|x| -2.0 * x).collect();
            assert!((cosine(&a, &a) - 1.0).abs() < 1e-6);
            assert!((cosine(&a, &minus) + 1.0).abs() < 1e-6);
            assert_eq!(cosine(&a, &vec![0.0; dims]), 0.0);
        }
        assert_eq!(cosine(&[1.0, 0.0], &[0.0, 1.0]), 0.0);
    }
}
