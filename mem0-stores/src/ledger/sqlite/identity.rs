//! Which model's vectors are current, and where they are projected to.

use mem0_core::{EmbedderIdentity, Error, ErrorKind, MemoryId, Projection};
use rusqlite::{Connection, OptionalExtension as _};

use super::row::{Col, content_from_json, count, int, rows, vector_to_bytes};
use super::write::{last_seq, set_last_seq};
use crate::shared::sqlite::Attempt;

/// The current model and its number; none in a ledger that never had a vector.
pub(super) fn current(connection: &Connection) -> Attempt<Option<(i64, EmbedderIdentity)>> {
    let found: Option<(i64, String, i64, String)> = connection
        .prepare_cached(
            "SELECT identity_no, model, dims, digest FROM ledger_identities
             WHERE identity_no = (SELECT value FROM ledger_meta WHERE key = 'identity')",
        )?
        .query_row((), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .optional()?;
    let Some((no, model, dims, digest)) = found else { return Ok(None) };
    let dims = usize::try_from(dims).map_err(|_| Error::corrupt("a model with a negative number of dimensions"))?;
    Ok(Some((no, EmbedderIdentity { model, dims, digest })))
}

/// The number of the current model, 0 where there is none: no vector has it.
pub(super) fn current_no(connection: &Connection) -> Attempt<i64> {
    Ok(current(connection)?.map_or(0, |(no, _)| no))
}

/// Refuses vectors of another model than the current one. The first that comes
/// becomes the current one.
pub(super) fn require(connection: &Connection, identity: &EmbedderIdentity, has_changes: bool) -> Attempt<i64> {
    match current(connection)? {
        Some((no, current)) if current == *identity => Ok(no),
        Some((_, current)) => {
            let message = "the ledger holds vectors of another embedding model; configure that one, or reindex";
            let error = Error::new(ErrorKind::IdentityMismatch, message);
            Err(error.with_context("ledger", current).with_context("given", identity).into())
        }
        None if has_changes => {
            let no = find_or_create(connection, identity)?;
            set_current(connection, no)?;
            Ok(no)
        }
        None => Ok(0),
    }
}

fn find(connection: &Connection, identity: &EmbedderIdentity) -> Attempt<Option<i64>> {
    let EmbedderIdentity { model, dims, digest } = identity;
    Ok(connection
        .prepare_cached("SELECT identity_no FROM ledger_identities WHERE model = ?1 AND dims = ?2 AND digest = ?3")?
        .query_row((model, rows(*dims), digest), |row| row.get(0))
        .optional()?)
}

fn find_or_create(connection: &Connection, identity: &EmbedderIdentity) -> Attempt<i64> {
    if let Some(no) = find(connection, identity)? {
        return Ok(no);
    }
    let EmbedderIdentity { model, dims, digest } = identity;
    Ok(connection
        .prepare_cached("INSERT INTO ledger_identities (model, dims, digest) VALUES (?1, ?2, ?3)")?
        .insert((model, rows(*dims), digest))?)
}

fn set_current(connection: &Connection, no: i64) -> Attempt<()> {
    connection.execute("INSERT OR REPLACE INTO ledger_meta (key, value) VALUES ('identity', ?1)", [no])?;
    Ok(())
}

/// Where the ledger is projected to.
pub(super) fn projection(connection: &Connection) -> Attempt<Option<Projection>> {
    let json: Option<String> = connection
        .query_row("SELECT value FROM ledger_meta WHERE key = 'projection'", (), |row| row.get(0))
        .optional()?;
    let read = |json: String| {
        serde_json::from_str(&json).map_err(|e| Error::corrupt("the ledger's projection cannot be read").with_source(e))
    };
    Ok(json.map(read).transpose()?)
}

/// Moves the projection, and queues what changed since.
pub(super) fn set_projection(
    connection: &Connection,
    expected: Option<&Projection>,
    new: &Projection,
    since: u64,
) -> Attempt<()> {
    if projection(connection)?.as_ref() != expected {
        let moved = "the projection was moved meanwhile; read it again and retry";
        return Err(Error::new(ErrorKind::Conflict, moved).into());
    }
    let identity = find_or_create(connection, &new.identity)?;
    if !seqs_without_vector(connection, identity, 1)?.is_empty() {
        let missing = "a version has no vector of the new model yet; add the missing vectors and retry";
        return Err(Error::new(ErrorKind::Conflict, missing).with_context("identity", &new.identity).into());
    }
    set_current(connection, identity)?;
    let json = serde_json::to_string(new).map_err(|e| Error::internal("a projection is not JSON").with_source(e))?;
    connection.execute("INSERT OR REPLACE INTO ledger_meta (key, value) VALUES ('projection', ?1)", [json])?;
    // Numbers of their own, so that a late mark for the old place does not count
    // for the new one.
    let last = last_seq(connection)?;
    connection.execute(
        "INSERT INTO ledger_outbox (seq, id, scope_no, version)
         SELECT ?2 + row_number() OVER (ORDER BY head), id, scope_no, version FROM ledger_memories WHERE head > ?1
         ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, attempts = 0, not_before = NULL, claim_owner = NULL,
             claim_until = NULL",
        (int(since)?, last),
    )?;
    let newest: Option<i64> = connection.query_row("SELECT max(seq) FROM ledger_outbox", (), |row| row.get(0))?;
    set_last_seq(connection, newest.unwrap_or(last).max(last))?;
    Ok(())
}

/// The events that brought a text whose vector this model has not made.
fn seqs_without_vector(connection: &Connection, identity_no: i64, limit: usize) -> Attempt<Vec<i64>> {
    let mut statement = connection.prepare_cached(
        "SELECT seq FROM ledger_vectors GROUP BY seq HAVING max(identity_no = ?1) = 0 ORDER BY seq LIMIT ?2",
    )?;
    let found = statement.query_map((identity_no, rows(limit)), |row| row.get(0))?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// The texts without a vector of this model, in the order of events. Versions
/// that share a text share its vector, so the first of them stands for all.
pub(super) fn missing_vectors(
    connection: &Connection,
    identity: &EmbedderIdentity,
    limit: usize,
) -> Attempt<Vec<(MemoryId, u64, String)>> {
    // A model that is not known yet has made no vector.
    let identity_no = find(connection, identity)?.unwrap_or(0);
    let mut statement = connection.prepare_cached(
        "SELECT m.id, e.version, e.content FROM ledger_events e JOIN ledger_memories m ON m.mem_no = e.mem_no
         WHERE e.seq = ?1",
    )?;
    let mut missing = Vec::new();
    for seq in seqs_without_vector(connection, identity_no, limit)? {
        let (id, version, json): (Col<MemoryId>, i64, String) =
            statement.query_row([seq], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        missing.push((id.0, count(version)?, content_from_json(&json)?.text));
    }
    Ok(missing)
}

/// Adds vectors of a model. What was erased meanwhile is left out.
pub(super) fn put_vectors(
    connection: &Connection,
    identity: &EmbedderIdentity,
    vectors: &[(MemoryId, u64, Vec<f32>)],
) -> Attempt<()> {
    let identity_no = find_or_create(connection, identity)?;
    let mut insert = connection.prepare_cached(
        "INSERT INTO ledger_vectors (seq, identity_no, vector)
         SELECT e.vector_seq, ?3, ?4 FROM ledger_memories m JOIN ledger_events e ON e.mem_no = m.mem_no
         WHERE m.id = ?1 AND e.version = ?2
         ON CONFLICT DO NOTHING",
    )?;
    for (id, version, vector) in vectors {
        insert.execute((Col(*id), int(*version)?, identity_no, vector_to_bytes(vector)))?;
    }
    Ok(())
}
