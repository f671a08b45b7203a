//! How our values are read from columns.

use mem0_core::{Error, Memory, MemoryId, Result, Scope, ScopeFields, ScopeKey, State, Timestamp};
use tokio_postgres::Row;
use tokio_postgres::types::FromSql;
use uuid::Uuid;

use crate::ledger::common::codec::{Coded, content_from_json, count};
use crate::shared::postgres::Step;

/// A column as the driver has it.
pub(super) fn at<'r, T: FromSql<'r>>(row: &'r Row, column: usize) -> Result<T> {
    row.try_get(column).map_err(|_| Error::corrupt("a column of the ledger is not of the type that it should be"))
}

/// A column of a time.
pub(super) fn time(row: &Row, column: usize) -> Result<Timestamp> {
    Timestamp::from_micros(at(row, column)?)
}

/// A column of a time that may be missing.
pub(super) fn opt_time(row: &Row, column: usize) -> Result<Option<Timestamp>> {
    at::<Option<i64>>(row, column)?.map(Timestamp::from_micros).transpose()
}

/// A column of a memory's id.
pub(super) fn id(row: &Row, column: usize) -> Result<MemoryId> {
    Ok(MemoryId::from_uuid(at::<Uuid>(row, column)?))
}

/// A column of a count.
pub(super) fn counted(row: &Row, column: usize) -> Result<u64> {
    count(at(row, column)?)
}

/// A column of a value that has a code.
pub(super) fn coded<T: Coded>(row: &Row, column: usize) -> Result<T> {
    let unknown = || Error::corrupt("a code in the ledger that this version does not know");
    T::of(i64::from(at::<i16>(row, column)?)).ok_or_else(unknown)
}

/// The code of a value.
pub(super) fn code<T: Coded>(value: T) -> Result<i16> {
    value.code().ok_or_else(|| Error::internal("a value that this schema has no code for"))
}

/// A column of bytes that are a text.
pub(super) fn text(row: &Row, column: usize) -> Result<String> {
    utf8(at(row, column)?)
}

/// A column of bytes that are a text, if there are any.
pub(super) fn opt_text(row: &Row, column: usize) -> Result<Option<String>> {
    at::<Option<&[u8]>>(row, column)?.map(utf8).transpose()
}

fn utf8(bytes: &[u8]) -> Result<String> {
    let text = std::str::from_utf8(bytes).map_err(|_| Error::corrupt("a text in the ledger is not UTF-8"))?;
    Ok(text.to_owned())
}

/// A column of 16 bytes that may be missing.
pub(super) fn opt_key(row: &Row, column: usize) -> Result<Option<[u8; 16]>> {
    let wrong = |_| Error::corrupt("a key in the ledger is not 16 bytes long");
    at::<Option<&[u8]>>(row, column)?.map(<[u8; 16]>::try_from).transpose().map_err(wrong)
}

/// The ids of a scope, as they are selected.
pub(super) const SCOPE: &str = "s.org_id, s.app_id, s.user_id, s.agent_id, s.run_id";

/// Five columns of a scope, from `first`.
pub(super) fn scope(row: &Row, first: usize) -> Result<Scope> {
    let fields = ScopeFields {
        org_id: at(row, first)?,
        app_id: at(row, first + 1)?,
        user_id: at(row, first + 2)?,
        agent_id: at(row, first + 3)?,
        run_id: at(row, first + 4)?,
    };
    Scope::from_fields(fields).map_err(|e| Error::corrupt("a scope in the ledger has unusable ids").with_source(e))
}

/// Binds the five ids of a scope.
pub(super) fn bind_scope(step: Step, scope: &Scope) -> Step {
    ScopeKey::ALL.into_iter().fold(step, |step, key| step.bind(scope.get(key).map(str::to_owned)))
}

/// A version of a memory.
pub(super) struct Version {
    pub(super) memory: Memory,
    /// What became of the memory since.
    pub(super) state: State,
    /// The number of the memory.
    pub(super) mem_no: i64,
}

/// How many columns a version has.
pub(super) const VERSION_COLUMNS: usize = 14;

/// A version, as it is selected from memories `m`, events `e` and scopes `s`.
pub(super) fn version_columns() -> String {
    format!("m.id, m.state, m.created_at, e.version, e.at, e.content, e.superseded_at, e.ended_at, m.mem_no, {SCOPE}")
}

/// A version, from the first columns of a row.
pub(super) fn version(row: &Row) -> Result<Version> {
    let content = content_from_json(at(row, 5)?)?;
    let mut memory = Memory::new(id(row, 0)?, scope(row, 9)?, content, time(row, 2)?);
    memory.version = counted(row, 3)?;
    memory.updated_at = time(row, 4)?;
    memory.superseded_at = opt_time(row, 6)?;
    memory.ended_at = opt_time(row, 7)?;
    Ok(Version { memory, state: coded(row, 1)?, mem_no: at(row, 8)? })
}
