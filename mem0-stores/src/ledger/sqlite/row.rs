//! How our values are written in columns.

use mem0_core::{Content, Error, EventKind, JobId, JobState, MemoryId, Result, Role, State, Timestamp, TxnId};
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use uuid::Uuid;

use crate::shared::sqlite::Attempt;

/// A column of a value that is ours.
#[derive(Clone, Copy)]
pub(super) struct Col<T>(pub(super) T);

macro_rules! id_column {
    ($id:ty) => {
        impl ToSql for Col<$id> {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(ToSqlOutput::Borrowed(ValueRef::Blob(self.0.as_bytes())))
            }
        }

        impl FromSql for Col<$id> {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                <[u8; 16]>::column_result(value).map(|bytes| Self(<$id>::from_uuid(Uuid::from_bytes(bytes))))
            }
        }
    };
}

id_column!(MemoryId);
id_column!(TxnId);
id_column!(JobId);

impl ToSql for Col<Timestamp> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.as_micros().into())
    }
}

impl FromSql for Col<Timestamp> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let micros = i64::column_result(value)?;
        Timestamp::from_micros(micros).map(Self).map_err(|_| FromSqlError::OutOfRange(micros))
    }
}

const STATES: [(State, i64); 3] = [(State::Live, 0), (State::Deleted, 1), (State::Superseded, 2)];

impl ToSql for Col<State> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        code(&STATES, self.0)
    }
}

impl FromSql for Col<State> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        decode(&STATES, value).map(Self)
    }
}

const KINDS: [(EventKind, i64); 5] = [
    (EventKind::Add, 1),
    (EventKind::Update, 2),
    (EventKind::Delete, 3),
    (EventKind::Supersede, 4),
    (EventKind::Undo, 5),
];

impl ToSql for Col<EventKind> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        code(&KINDS, self.0)
    }
}

impl FromSql for Col<EventKind> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        decode(&KINDS, value).map(Self)
    }
}

const JOB_STATES: [(JobState, i64); 5] = [
    (JobState::Queued, 0),
    (JobState::Running, 1),
    (JobState::Done, 2),
    (JobState::Failed, 3),
    (JobState::Cancelled, 4),
];

impl ToSql for Col<JobState> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        code(&JOB_STATES, self.0)
    }
}

impl FromSql for Col<JobState> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        decode(&JOB_STATES, value).map(Self)
    }
}

fn code<T: PartialEq + Copy>(codes: &[(T, i64)], value: T) -> rusqlite::Result<ToSqlOutput<'static>> {
    let found = codes.iter().find(|(v, _)| *v == value);
    found
        .map(|(_, code)| (*code).into())
        .ok_or_else(|| rusqlite::Error::ToSqlConversionFailure("a value that this schema has no code for".into()))
}

fn decode<T: Copy>(codes: &[(T, i64)], value: ValueRef<'_>) -> FromSqlResult<T> {
    let code = i64::column_result(value)?;
    codes.iter().find(|(_, c)| *c == code).map(|(v, _)| *v).ok_or(FromSqlError::OutOfRange(code))
}

const ROLES: [Role; 4] = [Role::User, Role::Assistant, Role::System, Role::Tool];

impl ToSql for Col<Role> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.as_str().into())
    }
}

impl FromSql for Col<Role> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let name = value.as_str()?;
        ROLES.into_iter().find(|role| role.as_str() == name).map(Self).ok_or(FromSqlError::InvalidType)
    }
}

/// A count, as SQLite's signed integers hold it.
pub(super) fn int(value: u64) -> Result<i64> {
    i64::try_from(value).map_err(|_| Error::invalid("a number beyond 2^63"))
}

/// How many rows at most, where more than SQLite can count means all.
pub(super) fn rows(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// A count that the tables keep and that is never below zero.
pub(super) fn count(value: i64) -> Result<u64> {
    u64::try_from(value).map_err(|_| Error::corrupt("a negative count in the ledger; run the check"))
}

/// What a version says, as it is kept.
pub(super) fn content_to_json(content: &Content) -> Result<String> {
    serde_json::to_string(content).map_err(|e| Error::internal("a memory cannot be written as JSON").with_source(e))
}

/// The ids of the messages that an ending comes from; none where there are none.
pub(super) fn sources_to_json(sources: &[String]) -> Result<Option<String>> {
    let json = |e| Error::internal("the ids of messages cannot be written as JSON").with_source(e);
    (!sources.is_empty()).then(|| serde_json::to_string(sources).map_err(json)).transpose()
}

/// The ids of the messages that an ending comes from.
pub(super) fn sources_from_json(json: Option<&str>) -> Result<Vec<String>> {
    let bad = |_| Error::corrupt("the sources of an event in the ledger cannot be read");
    json.map_or(Ok(Vec::new()), |json| serde_json::from_str(json).map_err(bad))
}

/// What a version says. The error keeps no source, since that may quote text.
pub(super) fn content_from_json(json: &str) -> Result<Content> {
    serde_json::from_str(json).map_err(|e| {
        Error::corrupt("a memory in the ledger cannot be read; it is damaged or written by a newer version")
            .with_context("at", format!("line {} column {}", e.line(), e.column()))
    })
}

/// A vector as bytes.
pub(super) fn vector_to_blob(vector: &[f32]) -> Vec<u8> {
    vector.iter().flat_map(|x| x.to_le_bytes()).collect()
}

/// A vector from bytes, into a buffer that is used again and again.
pub(super) fn vector_from_blob(blob: &[u8], into: &mut Vec<f32>) -> Attempt<()> {
    let (numbers, rest) = blob.as_chunks::<4>();
    if !rest.is_empty() {
        return Err(Error::corrupt("a vector in the ledger is cut off").into());
    }
    into.clear();
    into.extend(numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)));
    Ok(())
}
