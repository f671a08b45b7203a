//! Reads of one moment: each runs in one transaction.

mod heads;
mod keyword;
mod list;
mod log;
mod names;
mod nearest;
mod place;

use std::sync::Arc;

use mem0_core::filter::CompiledFilter;
use mem0_core::{Filter, Head, Memory, MemoryId, Scope, State, Timestamp, View};
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::identity;
use super::row::{Col, content_from_json, count, vector_from_bytes};
use super::scope::{self, ScopeCache, ScopeRow};
use crate::shared::sqlite::Attempt;

pub(super) use heads::Heads;
pub(super) use keyword::keyword;
pub(super) use list::list;
pub(super) use log::{history, log, transaction};
pub(super) use names::{entities, mentioned, speakers};
pub(super) use nearest::nearest;
pub(super) use place::{around, places};

/// A version of a memory that a view sees.
pub(super) struct Version {
    pub(super) memory: Memory,
    /// The event that brought the vector of its text.
    pub(super) vector_seq: i64,
}

macro_rules! select_version {
    ($rest:literal) => {
        concat!(
            "SELECT m.id, m.scope_no, m.state, m.created_at, e.version, e.at, e.content, e.superseded_at,
                 e.ended_at, e.vector_seq
             FROM ledger_memories m JOIN ledger_events e ",
            $rest
        )
    };
}

/// A read under way.
pub(super) struct Reader<'c> {
    pub(super) connection: &'c Connection,
    scopes: ScopeCache,
    view: View,
    filter: Option<CompiledFilter>,
}

impl<'c> Reader<'c> {
    /// A read of everything that the view sees.
    pub(super) fn new(connection: &'c Connection, view: &View) -> Self {
        Self { connection, scopes: ScopeCache::default(), view: *view, filter: None }
    }

    /// A read of what the scope covers and the filter matches, with the exact
    /// scopes.
    fn within(
        connection: &'c Connection,
        scope: &Scope,
        filter: &Filter,
        view: &View,
    ) -> Attempt<(Self, Vec<ScopeRow>)> {
        let covered = scope::covered(connection, scope)?;
        let filter = (!filter.is_all()).then(|| filter.compile());
        Ok((Self { connection, scopes: ScopeCache::of(&covered), view: *view, filter }, covered))
    }

    /// The version of a memory that the view sees, if any.
    pub(super) fn visible(&mut self, mem_no: i64) -> Attempt<Option<Version>> {
        // Only the head can be seen now; in the past, the latest that fits.
        let sql = if self.view.is_past() {
            select_version!(
                "ON e.mem_no = m.mem_no WHERE m.mem_no = ?1 AND e.content IS NOT NULL ORDER BY e.version DESC"
            )
        } else {
            select_version!("ON e.seq = m.head WHERE m.mem_no = ?1 AND m.state = 0")
        };
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut versions = statement.query([mem_no])?;
        while let Some(row) = versions.next()? {
            let (version, state) = read_version(self.connection, &mut self.scopes, row)?;
            if self.view.sees(&version.memory, state) {
                return Ok(Some(version));
            }
        }
        Ok(None)
    }

    /// The live head with that event, if the view sees it: from what was read
    /// lately, else from the file.
    fn head(&mut self, lately: &Heads, mem_no: i64, seq: i64) -> Attempt<Option<Arc<Version>>> {
        if let Some(version) = lately.get(seq) {
            return Ok(self.view.sees(&version.memory, State::Live).then_some(version));
        }
        let Some(version) = self.visible(mem_no)?.map(Arc::new) else { return Ok(None) };
        lately.put(seq, Arc::clone(&version));
        Ok(Some(version))
    }

    /// Whether the filter lets it through.
    fn admits(&self, memory: &Memory) -> bool {
        self.filter.as_ref().is_none_or(|filter| filter.matches(&memory.fields()))
    }

    /// As [`visible`](Self::visible), and the filter lets it through.
    fn admitted(&mut self, mem_no: i64) -> Attempt<Option<Version>> {
        Ok(self.visible(mem_no)?.filter(|version| self.admits(&version.memory)))
    }

    /// Every memory of these scopes that the view may see.
    fn each(&mut self, scopes: &[ScopeRow], mut f: impl FnMut(&mut Self, i64) -> Attempt<()>) -> Attempt<()> {
        let sql = if self.view.is_past() {
            "SELECT mem_no FROM ledger_memories WHERE scope_no = ?1"
        } else {
            "SELECT mem_no FROM ledger_memories WHERE scope_no = ?1 AND state = 0"
        };
        let mut statement = self.connection.prepare_cached(sql)?;
        for scope in scopes {
            let mut found = statement.query([scope.no])?;
            while let Some(row) = found.next()? {
                f(self, row.get(0)?)?;
            }
        }
        Ok(())
    }
}

fn read_version(connection: &Connection, scopes: &mut ScopeCache, row: &Row<'_>) -> Attempt<(Version, State)> {
    let time = |i| Ok::<_, rusqlite::Error>(row.get::<_, Option<Col<Timestamp>>>(i)?.map(|col| col.0));
    let id = row.get::<_, Col<MemoryId>>(0)?.0;
    let scope = scopes.get(connection, row.get(1)?)?;
    let content = content_from_json(row.get_ref(6)?.as_str().map_err(rusqlite::Error::from)?)?;
    let mut memory = Memory::new(id, scope, content, row.get::<_, Col<Timestamp>>(3)?.0);
    memory.version = count(row.get(4)?)?;
    memory.updated_at = row.get::<_, Col<Timestamp>>(5)?.0;
    memory.superseded_at = time(7)?;
    memory.ended_at = time(8)?;
    Ok((Version { memory, vector_seq: row.get(9)? }, row.get::<_, Col<State>>(2)?.0))
}

/// The internal number of a memory.
pub(super) fn mem_no(connection: &Connection, id: MemoryId) -> Attempt<Option<i64>> {
    Ok(connection
        .prepare_cached("SELECT mem_no FROM ledger_memories WHERE id = ?1")?
        .query_row([Col(id)], |row| row.get(0))
        .optional()?)
}

/// These memories as the view sees them.
pub(super) fn get(
    connection: &Connection,
    lately: &Heads,
    ids: &[MemoryId],
    view: &View,
) -> Attempt<Vec<Option<Memory>>> {
    let mut reader = Reader::new(connection, view);
    if !view.is_past() {
        let mut statement =
            connection.prepare_cached("SELECT mem_no, head FROM ledger_memories WHERE id = ?1 AND state = 0")?;
        let places =
            ids.iter().map(|id| statement.query_row([Col(*id)], |row| Ok((row.get(0)?, row.get(1)?))).optional());
        return places
            .map(|place| match place? {
                Some((mem_no, seq)) => Ok(reader.head(lately, mem_no, seq)?.map(|version| version.memory.clone())),
                None => Ok(None),
            })
            .collect();
    }
    ids.iter()
        .map(|id| match mem_no(connection, *id)? {
            Some(mem_no) => Ok(reader.visible(mem_no)?.map(|version| version.memory)),
            None => Ok(None),
        })
        .collect()
}

/// Where these memories stand.
pub(super) fn heads(connection: &Connection, ids: &[MemoryId]) -> Attempt<Vec<Option<Head>>> {
    let mut scopes = ScopeCache::default();
    let mut statement =
        connection.prepare_cached("SELECT scope_no, version, state, created_at FROM ledger_memories WHERE id = ?1")?;
    ids.iter()
        .map(|id| {
            let mut found = statement.query([Col(*id)])?;
            let Some(row) = found.next()? else { return Ok(None) };
            Ok(Some(Head {
                id: *id,
                scope: scopes.get(connection, row.get(0)?)?,
                version: count(row.get(1)?)?,
                state: row.get::<_, Col<State>>(2)?.0,
                created_at: row.get::<_, Col<Timestamp>>(3)?.0,
            }))
        })
        .collect()
}

/// How many memories there are.
pub(super) fn count_all(connection: &Connection, scope: &Scope, filter: &Filter, view: &View) -> Attempt<u64> {
    let (mut reader, covered) = Reader::within(connection, scope, filter, view)?;
    let mut total = 0;
    if reader.filter.is_some() || view.is_past() {
        reader.each(&covered, |reader, mem_no| {
            total += u64::from(reader.admitted(mem_no)?.is_some());
            Ok(())
        })?;
        return Ok(total);
    }
    let mut expired = connection.prepare_cached(
        "SELECT count(*) FROM ledger_memories
         WHERE scope_no = ?1 AND state = 0 AND expires_at IS NOT NULL AND expires_at <= ?2",
    )?;
    for scope in &covered {
        let hidden: i64 = match view.include_expired {
            true => 0,
            false => expired.query_row((scope.no, Col(view.now)), |row| row.get(0))?,
        };
        total += count(scope.live - hidden)?;
    }
    Ok(total)
}

/// The vectors of the current model for the latest versions of live memories.
pub(super) fn vectors(connection: &Connection, ids: &[MemoryId]) -> Attempt<Vec<Option<Vec<f32>>>> {
    let identity = identity::current_no(connection)?;
    let mut statement = connection.prepare_cached(
        "SELECT v.vector FROM ledger_memories m JOIN ledger_vectors v ON v.seq = m.vector_seq AND v.identity_no = ?2
         WHERE m.id = ?1 AND m.state = 0",
    )?;
    ids.iter()
        .map(|id| {
            let mut found = statement.query((Col(*id), identity))?;
            let Some(row) = found.next()? else { return Ok(None) };
            let mut vector = Vec::new();
            vector_from_bytes(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?, &mut vector)?;
            Ok(Some(vector))
        })
        .collect()
}
