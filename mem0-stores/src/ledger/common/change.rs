//! What a change does to its memory.

use std::borrow::Cow;

use mem0_core::text::{self, TermId};
use mem0_core::{Change, Content, Error, ErrorKind, EventKind, MemoryId, State, Timestamp};

/// What the memory is after the change.
pub(in crate::ledger) const fn state_after(change: &Change) -> State {
    match (&change.content, change.kind) {
        (Some(_), _) => State::Live,
        (None, EventKind::Supersede) => State::Superseded,
        (None, _) => State::Deleted,
    }
}

/// When the version before ceased to be true: as given, else when what replaces
/// it began, else now.
pub(in crate::ledger) fn ended_at(before: &Content, recorded: Timestamp, change: &Change, at: Timestamp) -> Timestamp {
    let since = before.valid_from.unwrap_or(recorded);
    let next = change.content.as_ref().and_then(|content| content.valid_from).filter(|next| *next > since);
    change.ended_at.or(next).unwrap_or(at)
}

/// The words that a change brings, counted here where it does not say: a change
/// that is replayed does not.
pub(in crate::ledger) fn counted<'a>(change: &'a Change, content: &Content) -> Cow<'a, [(TermId, u32)]> {
    if change.terms.is_empty() {
        Cow::Owned(text::terms(&content.text))
    } else {
        Cow::Borrowed(change.terms.as_slice())
    }
}

/// How many words there are.
pub(in crate::ledger) fn length(counted: &[(TermId, u32)]) -> i64 {
    counted.iter().map(|(_, tf)| i64::from(*tf)).sum()
}

/// The end of a memory that has expired and makes room for its successor.
pub(in crate::ledger) fn expired(id: MemoryId, version: u64) -> Change {
    Change {
        id,
        kind: EventKind::Supersede,
        base_version: version,
        content: None,
        vector: None,
        terms: Vec::new(),
        ended_at: None,
        reason: Some("expired".to_owned()),
        sources: Vec::new(),
        dedup_key: None,
        created_at: None,
    }
}

/// Refuses a change that does not fit where its memory stands: its exact scope
/// is `here`, or not, and its version.
pub(in crate::ledger) fn check_base(change: &Change, standing: Option<(bool, i64)>) -> Result<(), Error> {
    let unknown = || Error::not_found("no memory with that id in this scope");
    let version = match (change.kind, standing) {
        (EventKind::Add, Some(_)) => {
            return Err(about(Error::new(ErrorKind::AlreadyExists, "a memory with that id exists"), change));
        }
        (EventKind::Add, None) => 0,
        (_, Some((true, version))) => version,
        (_, _) => return Err(about(unknown(), change)),
    };
    if i64::try_from(change.base_version) != Ok(version) {
        let error = conflict("the memory was changed meanwhile; read it again and retry")
            .with_context("version", version)
            .with_context("base_version", change.base_version);
        return Err(about(error, change));
    }
    Ok(())
}

/// Refuses a commit that was planned on another revision.
pub(in crate::ledger) fn check_revision(expected: Option<u64>, revision: i64) -> Result<(), Error> {
    match expected {
        Some(expected) if i64::try_from(expected) != Ok(revision) => {
            Err(conflict("the scope was changed meanwhile; read it again and retry")
                .with_context("expected_revision", expected)
                .with_context("revision", revision))
        }
        _ => Ok(()),
    }
}

/// A new text without its vector.
#[cold]
pub(in crate::ledger) fn no_vector(change: &Change) -> Error {
    let message = match change.kind {
        EventKind::Undo => "a text that was not there before needs a vector",
        _ => "a new text needs a vector",
    };
    about(Error::invalid(message), change)
}

#[cold]
fn conflict(message: &'static str) -> Error {
    Error::new(ErrorKind::Conflict, message)
}

#[cold]
fn about(error: Error, change: &Change) -> Error {
    error.with_context("id", change.id)
}
