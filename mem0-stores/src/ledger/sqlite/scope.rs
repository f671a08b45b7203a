//! Exact scopes: their rows, and which of them a read covers.

use std::collections::HashMap;

use mem0_core::{Error, PendingQuery, Result, Scope, ScopeFields, ScopeInfo, ScopeKey, Standing};
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::row::{count, rows};
use super::{message, outbox};
use crate::ledger::common::words::owner_key;
use crate::shared::sqlite::Attempt;

/// An exact scope as the tables have it.
#[derive(Clone, Debug)]
pub(super) struct ScopeRow {
    pub(super) no: i64,
    pub(super) owner: i64,
    pub(super) revision: i64,
    /// How many memories were ever added to it.
    pub(super) added: i64,
    /// How many live memories it has.
    pub(super) live: i64,
    /// How many terms their texts have.
    pub(super) terms: i64,
    pub(super) scope: Scope,
}

impl ScopeRow {
    fn read(row: &Row<'_>) -> Attempt<Self> {
        let fields = ScopeFields {
            org_id: row.get(6)?,
            app_id: row.get(7)?,
            user_id: row.get(8)?,
            agent_id: row.get(9)?,
            run_id: row.get(10)?,
        };
        let scope = Scope::from_fields(fields)
            .map_err(|e| Error::corrupt("a scope in the ledger has unusable ids").with_source(e))?;
        Ok(Self {
            no: row.get(0)?,
            owner: row.get(1)?,
            revision: row.get(2)?,
            added: row.get(3)?,
            live: row.get(4)?,
            terms: row.get(5)?,
            scope,
        })
    }

    /// What callers may know of it.
    pub(super) fn info(self) -> Result<ScopeInfo> {
        Ok(ScopeInfo { revision: count(self.revision)?, memories: count(self.live)?, scope: self.scope })
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT scope_no, owner_no, revision, added, live, terms, org_id, app_id, user_id, agent_id, run_id
             FROM ledger_scopes ",
            $rest
        )
    };
}

macro_rules! select_covered {
    ($narrowest:literal) => {
        concat!(
            select!("WHERE "),
            $narrowest,
            " AND (?1 IS NULL OR org_id = ?1) AND (?2 IS NULL OR app_id = ?2) AND (?3 IS NULL OR user_id = ?3)
             AND (?4 IS NULL OR agent_id = ?4) AND (?5 IS NULL OR run_id = ?5) ORDER BY key"
        )
    };
}

/// The row of an exact scope.
pub(super) fn find(connection: &Connection, scope: &Scope) -> Attempt<Option<ScopeRow>> {
    let mut statement = connection.prepare_cached(select!("WHERE key = ?1"))?;
    let mut found = statement.query([scope.key()])?;
    found.next()?.map(ScopeRow::read).transpose()
}

/// The row of an exact scope, made if it is new.
pub(super) fn find_or_create(connection: &Connection, scope: &Scope) -> Attempt<ScopeRow> {
    if let Some(row) = find(connection, scope)? {
        return Ok(row);
    }
    let owner = owner_key(scope);
    connection
        .prepare_cached("INSERT INTO ledger_owners (key) VALUES (?1) ON CONFLICT DO NOTHING")?
        .execute([&owner])?;
    connection
        .prepare_cached(
            "INSERT INTO ledger_scopes (key, owner_no, org_id, app_id, user_id, agent_id, run_id)
             SELECT ?1, owner_no, ?3, ?4, ?5, ?6, ?7 FROM ledger_owners WHERE key = ?2",
        )?
        .execute((
            scope.key(),
            owner,
            scope.get(ScopeKey::OrgId),
            scope.get(ScopeKey::AppId),
            scope.get(ScopeKey::UserId),
            scope.get(ScopeKey::AgentId),
            scope.get(ScopeKey::RunId),
        ))?;
    Ok(find(connection, scope)?.ok_or_else(|| Error::internal("a new scope cannot be read back"))?)
}

/// The exact scopes that `scope` covers, in the order of their keys.
pub(super) fn covered(connection: &Connection, scope: &Scope) -> Attempt<Vec<ScopeRow>> {
    let get = |key| scope.get(key);
    let (run, user) = (get(ScopeKey::RunId), get(ScopeKey::UserId));
    // A session is narrower than a person, a person narrower than an agent.
    let sql = match (run, user) {
        (Some(_), _) => select_covered!("run_id = ?5"),
        (None, Some(_)) => select_covered!("user_id = ?3"),
        (None, None) => select_covered!("agent_id = ?4"),
    };
    let mut statement = connection.prepare_cached(sql)?;
    let bound = (get(ScopeKey::OrgId), get(ScopeKey::AppId), user, get(ScopeKey::AgentId), run);
    collect(statement.query(bound)?)
}

/// Every exact scope, in the order of their keys.
pub(super) fn all(connection: &Connection) -> Attempt<Vec<ScopeRow>> {
    let mut statement = connection.prepare_cached(select!("ORDER BY key"))?;
    collect(statement.query(())?)
}

/// Exact scopes in the order of their keys, after one of them.
pub(super) fn page(
    connection: &Connection,
    covering: Option<&Scope>,
    after: Option<&Scope>,
    limit: usize,
) -> Attempt<Vec<ScopeInfo>> {
    // Every key comes after the empty one.
    let after = after.map(Scope::key).unwrap_or_default();
    let found = match covering {
        Some(scope) => {
            let mut found = covered(connection, scope)?;
            found.retain(|row| row.scope.key() > after);
            found.truncate(limit);
            found
        }
        None => {
            let mut statement = connection.prepare_cached(select!("WHERE key > ?1 ORDER BY key LIMIT ?2"))?;
            collect(statement.query((after, rows(limit)))?)?
        }
    };
    Ok(found.into_iter().map(ScopeRow::info).collect::<Result<_>>()?)
}

fn collect(mut found: rusqlite::Rows<'_>) -> Attempt<Vec<ScopeRow>> {
    let mut all = Vec::new();
    while let Some(row) = found.next()? {
        all.push(ScopeRow::read(row)?);
    }
    Ok(all)
}

/// Scopes by their number, each read once.
#[derive(Debug, Default)]
pub(super) struct ScopeCache(HashMap<i64, Scope>);

impl ScopeCache {
    /// Knows these already.
    pub(super) fn of(known: &[ScopeRow]) -> Self {
        Self(known.iter().map(|row| (row.no, row.scope.clone())).collect())
    }

    /// The scope of that number.
    pub(super) fn get(&mut self, connection: &Connection, no: i64) -> Attempt<Scope> {
        if let Some(scope) = self.0.get(&no) {
            return Ok(scope.clone());
        }
        let mut statement = connection.prepare_cached(select!("WHERE scope_no = ?1"))?;
        let mut found = statement.query([no])?;
        let row = found.next()?.ok_or_else(|| Error::corrupt("a memory in the ledger without its scope"))?;
        let scope = ScopeRow::read(row)?.scope;
        self.0.insert(no, scope.clone());
        Ok(scope)
    }
}

/// Where an exact scope stands, at one moment.
pub(super) fn standing(connection: &Connection, scope: Scope, recent: usize, pending: usize) -> Attempt<Standing> {
    let revision = revision(connection, &scope)?;
    let recent = if recent == 0 { Vec::new() } else { message::newest(connection, &scope, recent)? };
    let pending = PendingQuery { scope: Some(scope), limit: pending, ..PendingQuery::default() };
    Ok(Standing { revision, recent, pending: outbox::pending(connection, &pending)? })
}

/// The revision of an exact scope.
pub(super) fn revision(connection: &Connection, scope: &Scope) -> Attempt<u64> {
    let revision: Option<i64> = connection
        .prepare_cached("SELECT revision FROM ledger_scopes WHERE key = ?1")?
        .query_row([scope.key()], |row| row.get(0))
        .optional()?;
    Ok(count(revision.unwrap_or(0))?)
}
