//! What an event does to its memory.

use std::sync::Arc;

use super::state::{Record, Row, Standing};
use crate::text::{NameRow, TermId};
use crate::traits::embedder::EmbedderIdentity;
use crate::traits::ledger::{Change, LoggedChange, State};
use crate::types::memory::{EventKind, Memory};

/// What an event carries that is not in the log.
#[derive(Default)]
pub(super) struct Load {
    pub(super) terms: Vec<(TermId, u32)>,
    pub(super) vector: Option<(Arc<EmbedderIdentity>, Vec<f32>)>,
}

/// What the memory is after the change.
pub(super) fn state_after(change: &Change) -> State {
    match change.kind {
        EventKind::Add | EventKind::Update => State::Live,
        EventKind::Supersede => State::Superseded,
        EventKind::Undo if change.content.is_some() => State::Live,
        EventKind::Undo | EventKind::Delete => State::Deleted,
    }
}

impl Standing {
    /// Where a memory stands after the event, if it stood at `before`.
    pub(super) fn after(before: Option<&Self>, event: &LoggedChange) -> Self {
        let change = &event.change;
        let state = state_after(change);
        let said = |standing: &Self| standing.text.clone();
        Self {
            scope: event.scope.clone(),
            version: change.base_version + 1,
            state,
            created_at: before.map_or(change.created_at.unwrap_or(event.at), |standing| standing.created_at),
            key: change.dedup_key.filter(|_| state == State::Live),
            expires_at: change.content.as_ref().and_then(|content| content.expires_at),
            text: match &change.content {
                Some(content) => content.text.as_str().into(),
                None => before.map(said).unwrap_or_default(),
            },
        }
    }
}

impl Record {
    /// The record after the event, from the one before.
    pub(super) fn after(before: Option<Self>, event: &LoggedChange, load: Load) -> Self {
        let standing = Standing::after(before.as_ref().map(|record| &record.standing), event);
        let (mut events, mut rows) = before.map(|record| (record.events, record.rows)).unwrap_or_default();
        if let Some(last) = rows.last_mut() {
            end(&mut last.memory, event);
        }
        if let Some(content) = &event.change.content {
            let mut memory = Memory::new(event.change.id, event.scope.clone(), content.clone(), event.at);
            memory.version = standing.version;
            memory.created_at = standing.created_at;
            let same_text = |last: &&Row| last.memory.content.text == content.text;
            let held = rows.last().filter(same_text).map(|last| last.vector_row);
            // A replayed event brings the vector again where the text stayed.
            let known = held.and_then(|row| rows.get(row)).map(|row| row.vectors.as_slice()).unwrap_or_default();
            let vectors: Vec<_> = load.vector.into_iter().filter(|vector| !known.contains(vector)).collect();
            let vector_row = held.filter(|_| vectors.is_empty()).unwrap_or(rows.len());
            let names = NameRow::of(content);
            rows.push(Row { memory, terms: load.terms, names, vector_row, vectors });
        }
        events.push(event.seq);
        Self { standing, events, rows }
    }
}

/// Ends a version, unless something ended it before: after a deletion, the
/// version before it has ended already.
fn end(version: &mut Memory, event: &LoggedChange) {
    if version.superseded_at.is_some() {
        return;
    }
    // A version that says since when it is true says until when the one before
    // was, provided that leaves it any time at all.
    let next = event.change.content.as_ref().and_then(|content| content.valid_from);
    let stated = event.change.ended_at.or(next.filter(|from| *from > version.valid_from()));
    version.ended_at = Some(stated.unwrap_or(event.at));
    version.superseded_at = Some(event.at);
}
