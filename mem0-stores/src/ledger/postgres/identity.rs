//! Which model's vectors are current, and where they are projected to.

use mem0_core::{EmbedderIdentity, Error, ErrorKind, MemoryId, Projection, Result};
use tokio_postgres::Row;
use uuid::Uuid;

use super::row::{at, counted, id};
use super::scope::{next, one};
use super::session::{Attempt, Session};
use super::write::gate;
use crate::ledger::common::codec::{content_from_json, int, rows, vector_to_bytes};
use crate::shared::postgres::{Client, Step};

/// Asks for the current model.
pub(super) fn current_step() -> Step {
    Step::new(
        "SELECT i.identity_no, i.model, i.dims, i.digest FROM ledger_state s
         JOIN ledger_identities i ON i.identity_no = s.identity_no",
    )
}

/// The current model and its number; none in a ledger that never had a vector.
pub(super) fn current(found: &[Row]) -> Result<Option<(i64, EmbedderIdentity)>> {
    let Some(row) = found.first() else { return Ok(None) };
    let dims = usize::try_from(at::<i64>(row, 2)?);
    let dims = dims.map_err(|_| Error::corrupt("a model with a negative number of dimensions"))?;
    Ok(Some((at(row, 0)?, EmbedderIdentity { model: at(row, 1)?, dims, digest: at(row, 3)? })))
}

/// Refuses vectors of another model than the current one.
pub(super) fn check(current: &EmbedderIdentity, given: &EmbedderIdentity) -> Result<()> {
    if current == given {
        return Ok(());
    }
    let message = "the ledger holds vectors of another embedding model; configure that one, or reindex";
    let error = Error::new(ErrorKind::IdentityMismatch, message);
    Err(error.with_context("ledger", current).with_context("given", given))
}

/// Gives a model a number.
pub(super) fn create(identity: &EmbedderIdentity) -> Step {
    named(
        "INSERT INTO ledger_identities (model, dims, digest) SELECT $1, $2, $3
         WHERE NOT EXISTS (SELECT 1 FROM ledger_identities WHERE model = $1 AND dims = $2 AND digest = $3)
         ON CONFLICT DO NOTHING",
        identity,
    )
}

/// Makes a model that has a number the current one.
pub(super) fn make_current(identity: &EmbedderIdentity) -> Step {
    named(
        "UPDATE ledger_state SET identity_no =
             (SELECT identity_no FROM ledger_identities WHERE model = $1 AND dims = $2 AND digest = $3)",
        identity,
    )
}

/// A statement whose first three values are the model.
fn named(sql: &'static str, identity: &EmbedderIdentity) -> Step {
    Step::new(sql).bind(identity.model.clone()).bind(rows(identity.dims)).bind(identity.digest.clone())
}

const PROJECTION: &str = "SELECT projection FROM ledger_state";

/// Where the ledger is projected to.
pub(super) async fn projection(client: &Client) -> Result<Option<Projection>> {
    read_projection(&one(client, Step::new(PROJECTION)).await?)
}

fn read_projection(found: &[Row]) -> Result<Option<Projection>> {
    let json: Option<&str> = found.first().map(|row| at(row, 0)).transpose()?.flatten();
    let bad = |e| Error::corrupt("the ledger's projection cannot be read").with_source(e);
    json.map(|json| serde_json::from_str(json).map_err(bad)).transpose()
}

/// The texts whose vector a model has not made, given by its three values: the
/// events that brought them.
const WITHOUT_VECTOR: &str = "SELECT v.seq FROM ledger_vectors v
     WHERE NOT EXISTS (SELECT 1 FROM ledger_vectors n WHERE n.seq = v.seq AND n.identity_no =
         (SELECT identity_no FROM ledger_identities WHERE model = $1 AND dims = $2 AND digest = $3))
     GROUP BY v.seq ORDER BY v.seq LIMIT $4";

/// Moves the projection, and queues what changed since. Nobody commits
/// meanwhile.
pub(super) async fn set_projection(
    session: &mut Session,
    lock: i64,
    expected: Option<&Projection>,
    new: &Projection,
    since: u64,
) -> Attempt<()> {
    let first = [Step::new(PROJECTION), named(WITHOUT_VECTOR, &new.identity).bind(1_i64)];
    let begin = format!("{}; SET LOCAL statement_timeout = 0", gate(lock, true));
    let mut answers = session.begin(&begin, &first).await?.into_iter();
    if read_projection(&next(&mut answers)?)?.as_ref() != expected {
        let moved = "the projection was moved meanwhile; read it again and retry";
        return Err(Error::new(ErrorKind::Conflict, moved).into());
    }
    if !next(&mut answers)?.is_empty() {
        let missing = "a version has no vector of the new model yet; add the missing vectors and retry";
        return Err(Error::new(ErrorKind::Conflict, missing).with_context("identity", &new.identity).into());
    }
    let json = serde_json::to_string(new).map_err(|e| Error::internal("a projection is not JSON").with_source(e))?;
    let steps = vec![
        create(&new.identity),
        make_current(&new.identity),
        Step::new("UPDATE ledger_state SET projection = $1").bind(json),
        // Numbers of their own, so that a late mark for the old place does not
        // count for the new one.
        Step::new(
            "INSERT INTO ledger_outbox (seq, id, scope_no, version)
             SELECT nextval('ledger_numbers') * 1024, id, scope_no, version
             FROM (SELECT id, scope_no, version FROM ledger_memories WHERE head > $1 ORDER BY head) m
             ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, attempts = 0, not_before = NULL, claim_owner = NULL,
                 claim_until = NULL",
        )
        .bind(int(since)?),
    ];
    session.finish(steps).await?;
    Ok(())
}

/// The texts without a vector of this model, in the order of events. Versions
/// that share a text share its vector, so the first of them stands for all.
pub(super) async fn missing_vectors(
    client: &Client,
    identity: &EmbedderIdentity,
    limit: usize,
) -> Result<Vec<(MemoryId, u64, String)>> {
    let sql = format!(
        "SELECT m.id, e.version, e.content FROM ({WITHOUT_VECTOR}) v JOIN ledger_events e ON e.seq = v.seq
         JOIN ledger_memories m ON m.mem_no = e.mem_no ORDER BY e.seq"
    );
    let step = Step::new(sql).bind(identity.model.clone()).bind(rows(identity.dims)).bind(identity.digest.clone());
    let found = one(client, step.bind(rows(limit))).await?;
    found.iter().map(|row| Ok((id(row, 0)?, counted(row, 1)?, content_from_json(at(row, 2)?)?.text))).collect()
}

/// Adds vectors of a model. What was erased meanwhile is left out.
pub(super) async fn put_vectors(
    session: &mut Session,
    identity: &EmbedderIdentity,
    vectors: &[(MemoryId, u64, Vec<f32>)],
) -> Attempt<()> {
    let ids: Vec<Uuid> = vectors.iter().map(|(id, ..)| id.as_uuid()).collect();
    let versions = vectors.iter().map(|(_, version, _)| int(*version)).collect::<Result<Vec<i64>>>()?;
    let bytes: Vec<Vec<u8>> = vectors.iter().map(|(.., vector)| vector_to_bytes(vector)).collect();
    session.begin("BEGIN", &[create(identity)]).await?;
    let insert = named(
        "INSERT INTO ledger_vectors (seq, identity_no, vector)
         SELECT DISTINCT ON (e.vector_seq) e.vector_seq, i.identity_no, u.vector
         FROM unnest($4::uuid[], $5::bigint[], $6::bytea[]) WITH ORDINALITY AS u (id, version, vector, place)
         JOIN ledger_memories m ON m.id = u.id
         JOIN ledger_events e ON e.mem_no = m.mem_no AND e.version = u.version
         JOIN ledger_identities i ON i.model = $1 AND i.dims = $2 AND i.digest = $3
         ORDER BY e.vector_seq, u.place
         ON CONFLICT DO NOTHING",
        identity,
    );
    session.finish(vec![insert.bind(ids).bind(versions).bind(bytes)]).await?;
    Ok(())
}
