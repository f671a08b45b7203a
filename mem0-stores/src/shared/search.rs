//! Hits as servers bring them, in order.

use mem0_core::{MemoryId, ScoredPoint, TextHit};

/// What stands in an order: higher first, ties by id.
pub(crate) trait Ranked {
    fn rank(&self) -> f32;
    fn id(&self) -> MemoryId;
}

impl Ranked for ScoredPoint {
    fn rank(&self) -> f32 {
        self.raw
    }

    fn id(&self) -> MemoryId {
        self.id
    }
}

impl Ranked for TextHit {
    fn rank(&self) -> f32 {
        self.score
    }

    fn id(&self) -> MemoryId {
        self.id
    }
}

/// A hit with this cosine.
pub(crate) fn hit(id: MemoryId, version: u64, cosine: f64) -> ScoredPoint {
    #[allow(clippy::cast_possible_truncation, reason = "lies in -1..1")]
    // Adding zero makes -0 the same as 0, so that they are ties in an order.
    let raw = cosine.clamp(-1.0, 1.0) as f32 + 0.0;
    ScoredPoint { id, version, similarity: raw.clamp(0.0, 1.0), raw }
}

/// Puts hits in order.
pub(crate) fn sort_hits(hits: &mut [impl Ranked]) {
    hits.sort_by(|a, b| b.rank().total_cmp(&a.rank()).then(a.id().cmp(&b.id())));
}

/// Whether there can be more hits with the rank of the last one that is within
/// the limit, so that the lowest ids among them may be missing: `asked` were
/// asked for, and these came, in order.
pub(crate) fn may_miss_ties(hits: &[impl Ranked], limit: usize, asked: usize) -> bool {
    let end = limit.checked_sub(1).and_then(|last| hits.get(last));
    hits.len() >= asked && end.zip(hits.last()).is_some_and(|(end, last)| end.rank() <= last.rank())
}
