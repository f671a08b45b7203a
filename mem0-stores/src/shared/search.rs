//! What is the same in searches on every server that is asked with terms.

use mem0_core::{MemoryId, ScoredPoint};

/// A hit with this cosine.
pub(crate) fn hit(id: MemoryId, version: u64, cosine: f64) -> ScoredPoint {
    #[allow(clippy::cast_possible_truncation, reason = "lies in -1..1")]
    // Adding zero makes -0 the same as 0, so that they are ties in an order.
    let raw = cosine.clamp(-1.0, 1.0) as f32 + 0.0;
    ScoredPoint { id, version, similarity: raw.clamp(0.0, 1.0), raw }
}

/// Hits in order: by cosine, ties by id.
pub(crate) fn sort_hits(hits: &mut [ScoredPoint]) {
    hits.sort_by(|a, b| b.raw.total_cmp(&a.raw).then(a.id.cmp(&b.id)));
}

/// Whether there can be more hits as near as the last one that is within the
/// limit, so that the lowest ids among them may be missing: `asked` were asked
/// for, and these came, in order.
pub(crate) fn may_miss_ties(hits: &[ScoredPoint], limit: usize, asked: usize) -> bool {
    let end = limit.checked_sub(1).and_then(|last| hits.get(last));
    hits.len() >= asked && end.zip(hits.last()).is_some_and(|(end, last)| end.raw <= last.raw)
}
