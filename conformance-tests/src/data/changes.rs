//! Changes and commits of a ledger.

use mem0_core::text::terms;
use mem0_core::{
    Change, Commit, Content, EmbedderIdentity, EventKind, MemoryId, Role, Scope, StoredMessage, Timestamp, TxnId,
};
use uuid::Uuid;

use super::points::{DIMS, grid, identity};

/// The model of the vectors of most commits.
pub(crate) fn model() -> EmbedderIdentity {
    identity("model", DIMS)
}

/// Some seconds after a fixed time.
pub(crate) fn time(seconds: i64) -> Timestamp {
    Timestamp::from_micros_clamped(1_704_067_200_000_000 + seconds * 1_000_000)
}

/// The same vector for the same text, one of the grid.
pub(crate) fn vector_of(text: &str) -> Vec<f32> {
    grid(text.bytes().fold(7_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into())) % 14)
}

/// The same key for the same text.
pub(crate) fn key_of(text: &str) -> [u8; 16] {
    let mut hash = 0xcbf2_9ce4_8422_2325_6c62_272e_07bb_0142_u128;
    for byte in text.bytes() {
        hash = (hash ^ u128::from(byte)).wrapping_mul(0x0100_0000_0000_0000_0000_013b);
    }
    hash.to_be_bytes()
}

fn change(id: MemoryId, kind: EventKind, base_version: u64, content: Option<Content>) -> Change {
    let text = content.as_ref().map(|content| content.text.as_str());
    Change {
        id,
        kind,
        base_version,
        vector: text.map(vector_of),
        terms: text.map(terms).unwrap_or_default(),
        dedup_key: text.map(key_of),
        content,
        ended_at: None,
        reason: None,
        sources: Vec::new(),
        created_at: None,
    }
}

/// A new memory.
pub(crate) fn add(id: MemoryId, text: impl Into<String>) -> Change {
    add_content(id, Content::new(text))
}

/// A new memory.
pub(crate) fn add_content(id: MemoryId, content: Content) -> Change {
    change(id, EventKind::Add, 0, Some(content))
}

/// A new version.
pub(crate) fn update(id: MemoryId, base: u64, text: impl Into<String>) -> Change {
    change(id, EventKind::Update, base, Some(Content::new(text)))
}

/// A new version.
pub(crate) fn update_content(id: MemoryId, base: u64, content: Content) -> Change {
    change(id, EventKind::Update, base, Some(content))
}

/// A deletion.
pub(crate) fn delete(id: MemoryId, base: u64) -> Change {
    change(id, EventKind::Delete, base, None)
}

/// An end by something newer.
pub(crate) fn supersede(id: MemoryId, base: u64) -> Change {
    change(id, EventKind::Supersede, base, None)
}

/// The last change taken back: the content is what was there before it.
pub(crate) fn undo(id: MemoryId, base: u64, content: Option<Content>) -> Change {
    change(id, EventKind::Undo, base, content)
}

/// A commit at a second.
pub(crate) fn commit(scope: &Scope, seconds: i64, changes: Vec<Change>) -> Commit {
    Commit {
        scope: scope.clone(),
        txn: TxnId::from_uuid(Uuid::new_v4()),
        at: time(seconds),
        identity: model(),
        expected_revision: None,
        changes,
        messages: Vec::new(),
        forget_messages: false,
        idempotency: None,
        claim: None,
    }
}

/// A message that was said at a second.
pub(crate) fn message(id: &str, seconds: i64, content: &str) -> StoredMessage {
    StoredMessage { id: id.to_owned(), role: Role::User, name: None, content: content.to_owned(), at: time(seconds) }
}
