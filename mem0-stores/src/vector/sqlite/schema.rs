//! The tables, and how a row's number is made.
//!
//! A row's number starts with that of its scope, so the rows of a scope lie
//! side by side in the file. The rest counts the changes of the scope: a point
//! that is written or deleted gets a new number, so what has happened in a
//! scope since some moment is a range of numbers, which is how memory keeps up
//! with the file, whichever process wrote it.
//!
//! `vec_points` has what a search reads of every row and `vec_data` what it
//! reads of a few. A point that was deleted stays as a row without code, so
//! that an older version of it that arrives late is known to be old.

use mem0_core::{CollectionSpec, Error, ErrorKind, MemoryId, Metric};
use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use crate::shared::sqlite::{Attempt, migrate};

/// The name of these tables among those of the file.
const COMPONENT: &str = "vector";

const TABLES: &str = "
    CREATE TABLE vec_collections(
        no INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE,
        model TEXT NOT NULL,
        dims INTEGER NOT NULL,
        digest TEXT NOT NULL,
        metric TEXT NOT NULL,
        changes INTEGER NOT NULL DEFAULT 0   -- one more with each transaction that changed points
    ) STRICT;

    CREATE TABLE vec_scopes(
        no INTEGER PRIMARY KEY AUTOINCREMENT, -- never used twice: memory knows scopes by it
        collection INTEGER NOT NULL,
        key TEXT,                             -- the exact scope; null where it was deleted,
                                              -- '' for the deletions of ids that never were
        org_id TEXT, app_id TEXT, user_id TEXT, agent_id TEXT, run_id TEXT,
        changes INTEGER NOT NULL DEFAULT 0,   -- the last number given to a row
        epoch INTEGER NOT NULL DEFAULT 0,     -- how often rows went without a number for it
        points INTEGER NOT NULL DEFAULT 0,    -- points that are not deleted
        UNIQUE(collection, key)
    ) STRICT;
    CREATE INDEX vec_scopes_user ON vec_scopes(collection, user_id, run_id) WHERE user_id IS NOT NULL;
    CREATE INDEX vec_scopes_run ON vec_scopes(collection, run_id, agent_id) WHERE run_id IS NOT NULL;
    CREATE INDEX vec_scopes_agent ON vec_scopes(collection, agent_id, user_id) WHERE agent_id IS NOT NULL;

    CREATE TABLE vec_points(
        no INTEGER PRIMARY KEY,               -- scope << 31 | number within the scope
        collection INTEGER NOT NULL,
        scope INTEGER NOT NULL,
        id BLOB NOT NULL,
        version INTEGER NOT NULL,             -- the bits of a u64
        code BLOB                             -- scale and error, f32 each, and one i8 a component; null: deleted
    ) STRICT;
    CREATE UNIQUE INDEX vec_points_id ON vec_points(collection, id);
    CREATE INDEX vec_points_walk ON vec_points(scope, id) WHERE code IS NOT NULL;

    CREATE TABLE vec_data(
        no INTEGER PRIMARY KEY,               -- as in vec_points
        vector BLOB NOT NULL,                 -- f32, little endian
        payload TEXT NOT NULL                 -- a JSON object
    ) STRICT;
";

const LOCAL_BITS: u32 = 31;

/// The highest number within a scope.
pub(super) const MAX_LOCAL: i64 = (1 << LOCAL_BITS) - 1;

/// The number of a row.
pub(super) fn row_no(scope: i64, local: u32) -> i64 {
    (scope << LOCAL_BITS) | i64::from(local)
}

/// The numbers that rows of a scope can have, from the one after `after`.
pub(super) fn row_range(scope: i64, after: i64) -> (i64, i64) {
    ((scope << LOCAL_BITS) + after + 1, (scope << LOCAL_BITS) | MAX_LOCAL)
}

/// The number of a row within its scope.
pub(super) fn local(no: i64) -> u32 {
    (no & MAX_LOCAL) as u32
}

/// The id in a column.
pub(super) fn read_id(row: &Row<'_>, column: usize) -> rusqlite::Result<MemoryId> {
    Ok(MemoryId::from_uuid(Uuid::from_bytes(row.get(column)?)))
}

/// Makes the tables if they are not there.
fn prepare(connection: &Connection) -> Attempt<()> {
    migrate(connection, COMPONENT, &[|connection| Ok(connection.execute_batch(TABLES)?)])
}

/// The number of a collection, which is created if it is not there.
pub(super) fn open(connection: &Connection, spec: &CollectionSpec) -> Attempt<i64> {
    prepare(connection)?;
    let identity = &spec.identity;
    let metric = metric_name(spec.metric);
    connection.execute(
        "INSERT OR IGNORE INTO vec_collections(name, model, dims, digest, metric) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![spec.name, identity.model, identity.dims as i64, identity.digest, metric],
    )?;
    let (no, dims, same) = connection.query_row(
        "SELECT no, dims, model = ?2 AND digest = ?3 AND metric = ?4 FROM vec_collections WHERE name = ?1",
        params![spec.name, identity.model, identity.digest, metric],
        |row| Ok((row.get(0)?, row.get::<_, i64>(1)?, row.get(2)?)),
    )?;
    let error = if dims != identity.dims as i64 {
        Error::new(ErrorKind::DimensionMismatch, "the collection holds vectors of another length")
            .with_context("stored", dims)
            .with_context("asked", identity.dims)
    } else if same {
        return Ok(no);
    } else {
        Error::new(
            ErrorKind::IdentityMismatch,
            "the collection was filled by another model; open it with that one, or fill another collection",
        )
    };
    Err(error.with_context("collection", &spec.name).into())
}

/// Removes a collection, if it is there, with everything in it. Returns the
/// numbers of its scopes.
pub(super) fn drop_collection(connection: &Connection, name: &str) -> Attempt<Vec<i64>> {
    prepare(connection)?;
    let no: Option<i64> =
        connection.query_row("SELECT no FROM vec_collections WHERE name = ?1", [name], |row| row.get(0)).optional()?;
    let Some(no) = no else { return Ok(Vec::new()) };
    let mut scopes = connection.prepare_cached("SELECT no FROM vec_scopes WHERE collection = ?1")?;
    let scopes = scopes.query_map([no], |row| row.get(0))?.collect::<Result<Vec<i64>, _>>()?;
    for &scope in &scopes {
        let (first, last) = row_range(scope, 0);
        connection.prepare_cached("DELETE FROM vec_data WHERE no BETWEEN ?1 AND ?2")?.execute([first, last])?;
        connection.prepare_cached("DELETE FROM vec_points WHERE no BETWEEN ?1 AND ?2")?.execute([first, last])?;
    }
    connection.execute("DELETE FROM vec_scopes WHERE collection = ?1", [no])?;
    connection.execute("DELETE FROM vec_collections WHERE no = ?1", [no])?;
    Ok(scopes)
}

/// The change counter of a collection.
pub(super) fn changes(connection: &Connection, collection: i64) -> Attempt<i64> {
    let changes = connection
        .prepare_cached("SELECT changes FROM vec_collections WHERE no = ?1")?
        .query_row([collection], |row| row.get(0))
        .optional()?;
    changes.ok_or_else(|| dropped().into())
}

/// Counts a change of a collection.
pub(super) fn count_change(connection: &Connection, collection: i64) -> Attempt<()> {
    let known = connection
        .prepare_cached("UPDATE vec_collections SET changes = changes + 1 WHERE no = ?1")?
        .execute([collection])?;
    if known == 0 { Err(dropped().into()) } else { Ok(()) }
}

/// Somebody dropped the collection while it was open here: not the same as an
/// empty one.
fn dropped() -> Error {
    Error::not_found("the collection was dropped; open it again")
}

const fn metric_name(metric: Metric) -> &'static str {
    match metric {
        Metric::Cosine => "cosine",
        _ => "unknown",
    }
}
