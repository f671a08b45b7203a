//! Writing and deleting points, each batch in one transaction.

use std::collections::HashMap;

use mem0_core::{Error, ErrorKind, MemoryId, Point, Result, Scope, ScopeKey};
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};

use super::schema::{self, MAX_LOCAL};
use super::{quantise, scopes};
use crate::shared::sqlite::Attempt;

/// The key of the scope of deletions whose points never were.
const NOWHERE: &str = "";

/// One point in the form in which it is stored.
#[derive(Debug)]
pub(super) struct Entry {
    id: MemoryId,
    version: u64,
    scope: Scope,
    vector: Vec<f32>,
    payload: String,
}

impl Entry {
    pub(super) fn new(point: &Point) -> Result<Self> {
        let payload = serde_json::to_string(&point.payload)
            .map_err(|e| Error::invalid("a payload that cannot be written as JSON").with_source(e))?;
        Ok(Self {
            id: point.id,
            version: point.version,
            scope: point.scope.clone(),
            vector: point.vector.clone(),
            payload,
        })
    }
}

/// Writes points that are checked and of distinct ids.
pub(super) fn upsert(connection: &Connection, collection: i64, entries: &[Entry]) -> Attempt<()> {
    schema::count_change(connection, collection)?;
    let mut writer = Writer::new(connection, collection)?;
    let mut code = Vec::new();
    for entry in entries {
        let old = writer.find(entry.id)?;
        if old.as_ref().is_some_and(|old| old.version > entry.version) {
            continue;
        }
        let scope = writer.scope(&entry.scope)?;
        if let Some(old) = old {
            writer.remove(&old, scope)?;
        }
        code.clear();
        quantise::encode(&entry.vector, &mut code);
        let no = writer.insert(scope, entry.id, entry.version, Some(&code))?;
        connection
            .prepare_cached("INSERT INTO vec_data(no, vector, payload) VALUES (?1, ?2, ?3)")?
            .execute(params![no, quantise::to_bytes(&entry.vector), entry.payload])?;
    }
    writer.finish()
}

/// Deletes points unless they have got later versions, and returns how many
/// there were.
pub(super) fn delete_ids(connection: &Connection, collection: i64, ids: &[(MemoryId, u64)]) -> Attempt<u64> {
    schema::count_change(connection, collection)?;
    let mut writer = Writer::new(connection, collection)?;
    let mut count = 0;
    for &(id, version) in ids {
        match writer.find(id)? {
            Some(old) if old.version > version => {}
            Some(old) if old.live => {
                writer.remove(&old, old.scope)?;
                writer.insert(old.scope, id, version, None)?;
                count += 1;
            }
            Some(old) => {
                connection
                    .prepare_cached("UPDATE vec_points SET version = ?2 WHERE no = ?1")?
                    .execute(params![old.no, version.cast_signed()])?;
            }
            // What has not arrived yet must not come back when it does.
            None => {
                let nowhere = writer.nowhere()?;
                writer.insert(nowhere, id, version, None)?;
            }
        }
    }
    writer.finish()?;
    Ok(count)
}

/// Deletes everything that a scope covers, and returns how many points there
/// were and the numbers of the scopes that are gone. The ids of those scopes go
/// too; what stays are the versions of the points.
pub(super) fn delete_scope(connection: &Connection, collection: i64, scope: &Scope) -> Attempt<(u64, Vec<i64>)> {
    schema::count_change(connection, collection)?;
    let (condition, values) = scopes::covered_by(scope, 2);
    let sql = format!("SELECT s.no FROM vec_scopes AS s WHERE s.collection = ?1 AND {condition}");
    let mut statement = connection.prepare_cached(&sql)?;
    let values = params_from_iter(std::iter::once(collection.into()).chain(values));
    let gone = statement.query_map(values, |row| row.get(0))?.collect::<Result<Vec<i64>, _>>()?;
    let mut count = 0;
    for &scope in &gone {
        let (first, last) = schema::row_range(scope, 0);
        connection.prepare_cached("DELETE FROM vec_data WHERE no BETWEEN ?1 AND ?2")?.execute([first, last])?;
        count += connection
            .prepare_cached("UPDATE vec_points SET code = NULL WHERE no BETWEEN ?1 AND ?2 AND code IS NOT NULL")?
            .execute([first, last])?;
        connection
            .prepare_cached(
                "UPDATE vec_scopes SET key = NULL, org_id = NULL, app_id = NULL, user_id = NULL, agent_id = NULL,
                 run_id = NULL, epoch = epoch + 1, points = 0 WHERE no = ?1",
            )?
            .execute([scope])?;
    }
    Ok((count as u64, gone))
}

/// A row that is there already.
struct Old {
    no: i64,
    scope: i64,
    version: u64,
    live: bool,
}

/// The counters of a scope while a transaction changes it.
#[derive(Clone, Copy)]
struct Counters {
    changes: i64,
    epoch: i64,
    points: i64,
}

/// Gives rows their numbers and keeps count, for one transaction.
struct Writer<'c> {
    connection: &'c Connection,
    collection: i64,
    known: HashMap<String, i64>,
    counters: HashMap<i64, Counters>,
}

impl<'c> Writer<'c> {
    fn new(connection: &'c Connection, collection: i64) -> Attempt<Self> {
        Ok(Self { connection, collection, known: HashMap::new(), counters: HashMap::new() })
    }

    fn find(&self, id: MemoryId) -> Attempt<Option<Old>> {
        let old = self
            .connection
            .prepare_cached(
                "SELECT no, scope, version, code IS NOT NULL FROM vec_points WHERE collection = ?1 AND id = ?2",
            )?
            .query_row(params![self.collection, id.as_bytes()], |row| {
                let version: i64 = row.get(2)?;
                Ok(Old { no: row.get(0)?, scope: row.get(1)?, version: version.cast_unsigned(), live: row.get(3)? })
            })
            .optional()?;
        Ok(old)
    }

    /// The number of an exact scope, which is created if it is not there.
    fn scope(&mut self, scope: &Scope) -> Attempt<i64> {
        let ids = ScopeKey::ALL.map(|key| scope.get(key));
        self.scope_of(&scope.key(), ids)
    }

    fn nowhere(&mut self) -> Attempt<i64> {
        self.scope_of(NOWHERE, [None; 5])
    }

    fn scope_of(&mut self, key: &str, [org, app, user, agent, run]: [Option<&str>; 5]) -> Attempt<i64> {
        if let Some(&no) = self.known.get(key) {
            return Ok(no);
        }
        let found = self
            .connection
            .prepare_cached("SELECT no FROM vec_scopes WHERE collection = ?1 AND key = ?2")?
            .query_row(params![self.collection, key], |row| row.get(0))
            .optional()?;
        let no = match found {
            Some(no) => no,
            None => {
                self.connection
                    .prepare_cached(
                        "INSERT INTO vec_scopes(collection, key, org_id, app_id, user_id, agent_id, run_id)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                    )?
                    .execute(params![self.collection, key, org, app, user, agent, run])?;
                self.connection.last_insert_rowid()
            }
        };
        self.known.insert(key.to_owned(), no);
        Ok(no)
    }

    fn counters(&mut self, scope: i64) -> Attempt<&mut Counters> {
        use std::collections::hash_map::Entry;
        match self.counters.entry(scope) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(place) => {
                let counters = self
                    .connection
                    .prepare_cached("SELECT changes, epoch, points FROM vec_scopes WHERE no = ?1")?
                    .query_row([scope], |row| {
                        Ok(Counters { changes: row.get(0)?, epoch: row.get(1)?, points: row.get(2)? })
                    })?;
                Ok(place.insert(counters))
            }
        }
    }

    /// Takes a row out, so that the same id can be written to `new_scope`.
    fn remove(&mut self, old: &Old, new_scope: i64) -> Attempt<()> {
        let counters = self.counters(old.scope)?;
        if old.scope != new_scope {
            // No row with a new number will tell of it in the old scope.
            counters.epoch += 1;
        }
        if old.live {
            counters.points -= 1;
            self.connection.prepare_cached("DELETE FROM vec_data WHERE no = ?1")?.execute([old.no])?;
        }
        self.connection.prepare_cached("DELETE FROM vec_points WHERE no = ?1")?.execute([old.no])?;
        Ok(())
    }

    /// Adds a row with the next number of its scope, which is returned.
    fn insert(&mut self, scope: i64, id: MemoryId, version: u64, code: Option<&[u8]>) -> Attempt<i64> {
        let counters = self.counters(scope)?;
        if counters.changes >= MAX_LOCAL {
            return Err(Error::new(
                ErrorKind::QuotaExceeded,
                "two thousand million changes of one scope; fill another collection",
            )
            .into());
        }
        counters.changes += 1;
        counters.points += i64::from(code.is_some());
        let no = schema::row_no(scope, counters.changes as u32);
        self.connection
            .prepare_cached(
                "INSERT INTO vec_points(no, collection, scope, id, version, code) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![no, self.collection, scope, id.as_bytes(), version.cast_signed(), code])?;
        Ok(no)
    }

    fn finish(self) -> Attempt<()> {
        let mut statement = self
            .connection
            .prepare_cached("UPDATE vec_scopes SET changes = ?2, epoch = ?3, points = ?4 WHERE no = ?1")?;
        for (scope, counters) in &self.counters {
            statement.execute(params![scope, counters.changes, counters.epoch, counters.points])?;
        }
        Ok(())
    }
}
