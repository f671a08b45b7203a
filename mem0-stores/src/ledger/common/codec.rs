//! How our values are written in columns.

use mem0_core::{Content, Error, EventKind, JobId, JobState, Result, Role, State};
use serde_json::Value;

/// What a column holds for each value of a type.
pub(in crate::ledger) trait Coded: Copy + PartialEq + 'static {
    /// The values with their codes.
    const CODES: &'static [(Self, i16)];

    /// The code, none for a value that this version does not know.
    fn code(self) -> Option<i16> {
        Self::CODES.iter().find(|(value, _)| *value == self).map(|(_, code)| *code)
    }

    /// The value of a code.
    fn of(code: i64) -> Option<Self> {
        Self::CODES.iter().find(|(_, known)| i64::from(*known) == code).map(|(value, _)| *value)
    }
}

impl Coded for State {
    const CODES: &'static [(Self, i16)] = &[(Self::Live, 0), (Self::Deleted, 1), (Self::Superseded, 2)];
}

impl Coded for EventKind {
    const CODES: &'static [(Self, i16)] =
        &[(Self::Add, 1), (Self::Update, 2), (Self::Delete, 3), (Self::Supersede, 4), (Self::Undo, 5)];
}

impl Coded for JobState {
    const CODES: &'static [(Self, i16)] =
        &[(Self::Queued, 0), (Self::Running, 1), (Self::Done, 2), (Self::Failed, 3), (Self::Cancelled, 4)];
}

const ROLES: [Role; 4] = [Role::User, Role::Assistant, Role::System, Role::Tool];

/// A role by its name.
pub(in crate::ledger) fn role(name: &str) -> Option<Role> {
    ROLES.into_iter().find(|role| role.as_str() == name)
}

/// A count, as a database's signed integers hold it.
pub(in crate::ledger) fn int(value: u64) -> Result<i64> {
    i64::try_from(value).map_err(|_| Error::invalid("a number beyond 2^63"))
}

/// How many rows at most, where more than a database can count means all.
pub(in crate::ledger) fn rows(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// A count that the tables keep and that is never below zero.
pub(in crate::ledger) fn count(value: i64) -> Result<u64> {
    u64::try_from(value).map_err(|_| Error::corrupt("a negative count in the ledger; run the check"))
}

/// What a version says, as it is kept.
pub(in crate::ledger) fn content_to_json(content: &Content) -> Result<String> {
    serde_json::to_string(content).map_err(|e| Error::internal("a memory cannot be written as JSON").with_source(e))
}

/// What a version says. The error keeps no source, since that may quote text.
pub(in crate::ledger) fn content_from_json(json: &str) -> Result<Content> {
    serde_json::from_str(json).map_err(|e| {
        Error::corrupt("a memory in the ledger cannot be read; it is damaged or written by a newer version")
            .with_context("at", format!("line {} column {}", e.line(), e.column()))
    })
}

/// The ids of the messages that an ending comes from; none where there are none.
pub(in crate::ledger) fn sources_to_json(sources: &[String]) -> Result<Option<String>> {
    let json = |e| Error::internal("the ids of messages cannot be written as JSON").with_source(e);
    (!sources.is_empty()).then(|| serde_json::to_string(sources).map_err(json)).transpose()
}

/// The ids of the messages that an ending comes from.
pub(in crate::ledger) fn sources_from_json(json: Option<&str>) -> Result<Vec<String>> {
    let bad = |_| Error::corrupt("the sources of an event in the ledger cannot be read");
    json.map_or(Ok(Vec::new()), |json| serde_json::from_str(json).map_err(bad))
}

/// A job's payload or outcome.
pub(in crate::ledger) fn job_to_json(value: &Value) -> Result<String> {
    serde_json::to_string(value).map_err(|e| Error::internal("a job cannot be written as JSON").with_source(e))
}

/// A job's payload or outcome. The error keeps no source, since that may quote
/// text.
pub(in crate::ledger) fn job_from_json(text: &str, id: JobId) -> Result<Value> {
    serde_json::from_str(text).map_err(|_| {
        Error::corrupt("a job in the ledger cannot be read; it is damaged or written by a newer version")
            .with_context("id", id)
    })
}

/// A vector as bytes: little-endian 32-bit floats.
pub(in crate::ledger) fn vector_to_bytes(vector: &[f32]) -> Vec<u8> {
    vector.iter().flat_map(|x| x.to_le_bytes()).collect()
}

/// A vector from bytes, into a buffer that is used again and again.
pub(in crate::ledger) fn vector_from_bytes(bytes: &[u8], into: &mut Vec<f32>) -> Result<()> {
    let (numbers, rest) = bytes.as_chunks::<4>();
    if !rest.is_empty() {
        return Err(Error::corrupt("a vector in the ledger is cut off"));
    }
    into.clear();
    into.extend(numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)));
    Ok(())
}
