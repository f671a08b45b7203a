//! A memory from its events, by the words of the contract alone: what every
//! read of a ledger must agree with.

use mem0_core::{EventKind, LoggedChange, Memory, State, View};

/// Every version of one memory, and what became of it.
#[derive(Clone, Debug)]
pub(super) struct Folded {
    /// The versions that say something, oldest first.
    pub versions: Vec<Memory>,
    /// The vector of each of them.
    pub vectors: Vec<Vec<f32>>,
    /// What became of the memory.
    pub state: State,
    /// The number of the last change.
    pub version: u64,
}

impl Folded {
    /// None for a history that no ledger may give, empty ones included.
    pub(super) fn of(history: &[LoggedChange]) -> Option<Self> {
        let mut folded = Self { versions: Vec::new(), vectors: Vec::new(), state: State::Deleted, version: 0 };
        for event in history {
            let change = &event.change;
            if change.base_version != folded.version || (change.kind == EventKind::Add) != (folded.version == 0) {
                return None;
            }
            folded.version += 1;
            if let Some(before) = folded.versions.last_mut().filter(|version| version.superseded_at.is_none()) {
                before.superseded_at = Some(event.at);
                before.ended_at = Some(change.ended_at.unwrap_or(event.at));
            }
            folded.state = match (change.kind, &change.content) {
                (EventKind::Supersede, _) => State::Superseded,
                (_, Some(_)) => State::Live,
                (_, None) => State::Deleted,
            };
            let Some(content) = &change.content else { continue };
            let created = folded.versions.first().map(|first| first.created_at);
            let created = created.or(change.created_at).unwrap_or(event.at);
            let mut memory = Memory::new(change.id, event.scope.clone(), content.clone(), event.at);
            memory.version = folded.version;
            memory.created_at = created;
            folded.vectors.push(change.vector.clone().or_else(|| folded.vectors.last().cloned())?);
            folded.versions.push(memory);
        }
        (folded.version > 0).then_some(folded)
    }

    /// The version that the view sees, with its vector.
    pub(super) fn seen(&self, view: &View) -> Option<(&Memory, &[f32])> {
        let both = self.versions.iter().zip(&self.vectors).rev();
        both.map(|(memory, vector)| (memory, vector.as_slice())).find(|(memory, _)| view.sees(memory, self.state))
    }
}
