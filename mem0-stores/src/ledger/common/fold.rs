//! Folding the events of a memory, to hold against what the tables say of it.
//! Findings name ids, never text.

use mem0_core::{Content, EventKind, MemoryId, State, Timestamp};

use super::codec::content_from_json;

/// More findings than this help nobody.
pub(in crate::ledger) const ENOUGH: usize = 100;

/// An event as its row has it.
pub(in crate::ledger) struct Event<'r> {
    pub(in crate::ledger) seq: i64,
    pub(in crate::ledger) version: i64,
    pub(in crate::ledger) kind: EventKind,
    pub(in crate::ledger) at: i64,
    pub(in crate::ledger) content: Option<&'r str>,
    pub(in crate::ledger) vector_seq: i64,
    pub(in crate::ledger) superseded_at: Option<i64>,
    pub(in crate::ledger) given_created_at: Option<i64>,
    /// The scope that it is recorded in.
    pub(in crate::ledger) scope_no: Option<i64>,
}

/// Where a memory stands.
#[derive(Debug, PartialEq)]
pub(in crate::ledger) struct Folded {
    pub(in crate::ledger) version: i64,
    pub(in crate::ledger) state: State,
    pub(in crate::ledger) head: i64,
    pub(in crate::ledger) vector_seq: i64,
    pub(in crate::ledger) created_at: i64,
    pub(in crate::ledger) updated_at: i64,
    pub(in crate::ledger) expires_at: Option<i64>,
}

/// What the events so far make of a memory.
pub(in crate::ledger) struct Fold {
    id: MemoryId,
    scope_no: i64,
    folded: Option<Folded>,
    content: Option<Content>,
    /// When the version before was superseded, by its own row.
    ended: Option<Option<i64>>,
    unreadable: bool,
}

impl Fold {
    /// Before the first event of a memory of that scope.
    pub(in crate::ledger) const fn new(id: MemoryId, scope_no: i64) -> Self {
        Self { id, scope_no, folded: None, content: None, ended: None, unreadable: false }
    }

    /// The next event, in the order of versions.
    pub(in crate::ledger) fn event(&mut self, event: &Event<'_>, findings: &mut Vec<String>) {
        let id = self.id;
        let Event { version, kind, at, .. } = *event;
        let content: Option<Content> = match event.content.map(content_from_json).transpose() {
            Ok(content) => content,
            Err(_) => {
                findings.push(format!("memory {id}: version {version} cannot be read"));
                self.unreadable = true;
                return;
            }
        };
        let before = self.folded.as_ref().map_or(0, |folded| folded.version);
        if version != before + 1 || (kind == EventKind::Add) != (version == 1) {
            findings.push(format!("memory {id}: version {version} does not follow version {before}"));
        }
        if self.ended.is_some_and(|end| end != Some(at)) {
            findings.push(format!("memory {id}: version {before} was not ended by version {version}"));
        }
        if event.scope_no != Some(self.scope_no) {
            findings.push(format!("memory {id}: version {version} is not in a commit of its scope"));
        }
        let created_at = match &self.folded {
            Some(folded) => folded.created_at,
            None => event.given_created_at.unwrap_or(at),
        };
        let state = match (&content, kind) {
            (Some(_), _) => State::Live,
            (None, EventKind::Supersede) => State::Superseded,
            (None, _) => State::Deleted,
        };
        self.ended = content.as_ref().map(|_| event.superseded_at);
        self.folded = Some(Folded {
            version,
            state,
            head: event.seq,
            vector_seq: event.vector_seq,
            created_at,
            updated_at: at,
            expires_at: content.as_ref().and_then(|content| content.expires_at).map(Timestamp::as_micros),
        });
        self.content = content;
    }

    /// Holds what was folded against the memory's row, and returns what it says
    /// if it is live.
    pub(in crate::ledger) fn finish(self, stored: &Folded, findings: &mut Vec<String>) -> Option<Content> {
        let id = self.id;
        if self.unreadable {
            findings.push(format!("memory {id}: its row is not what its events give"));
            return None;
        }
        if self.ended.flatten().is_some() {
            findings.push(format!("memory {id}: its last version is ended by nothing"));
        }
        if self.folded.as_ref() != Some(stored) {
            findings.push(format!("memory {id}: its row is not what its events give"));
        }
        self.content.filter(|_| stored.state == State::Live)
    }
}
