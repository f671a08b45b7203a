//! Who may be among the best, and who is.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use mem0_core::{MemoryId, ScoredPoint};

/// A row that may be among the best.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    /// Its cosine is not above this.
    pub(super) upper: f32,
    /// Where its exact vector is.
    pub(super) no: i64,
    pub(super) id: MemoryId,
    pub(super) version: u64,
}

/// The rows whose bounds allow them to be among the `limit` best.
#[derive(Debug)]
pub(super) struct Shortlist {
    limit: usize,
    /// The `limit` highest lower bounds so far, the lowest on top.
    lowers: BinaryHeap<Reverse<Score>>,
    candidates: Vec<Candidate>,
    prune_at: usize,
}

impl Shortlist {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, lowers: BinaryHeap::new(), candidates: Vec::new(), prune_at: 1_024 }
    }

    /// How many are looked for.
    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// `limit` rows are at least this near: a row whose upper bound is lower
    /// is none of the best.
    pub(super) fn floor(&self) -> f32 {
        if self.lowers.len() < self.limit {
            return f32::NEG_INFINITY;
        }
        self.lowers.peek().map_or(f32::INFINITY, |lowest| lowest.0.0)
    }

    /// Adds a row; `lower` is the least that its cosine can be.
    pub(super) fn add(&mut self, candidate: Candidate, lower: f32) {
        self.lowers.push(Reverse(Score(lower)));
        if self.lowers.len() > self.limit {
            self.lowers.pop();
        }
        self.candidates.push(candidate);
        if self.candidates.len() >= self.prune_at {
            self.prune();
            self.prune_at = (self.candidates.len() * 2).max(1_024);
        }
    }

    fn prune(&mut self) {
        let floor = self.floor();
        self.candidates.retain(|candidate| candidate.upper >= floor);
    }

    /// The candidates that are left, the most promising first.
    pub(super) fn finish(mut self) -> Vec<Candidate> {
        self.prune();
        self.candidates.sort_unstable_by(|a, b| b.upper.total_cmp(&a.upper));
        self.candidates
    }
}

/// The `limit` best by exact cosine, ties in the order of ids.
#[derive(Debug)]
pub(super) struct Best {
    limit: usize,
    /// The worst on top.
    heap: BinaryHeap<Found>,
}

impl Best {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, heap: BinaryHeap::new() }
    }

    /// Whether a row with this upper bound can still change the result.
    pub(super) fn admits(&self, upper: f32) -> bool {
        self.heap.len() < self.limit || self.heap.peek().is_some_and(|worst| upper >= worst.raw.0)
    }

    pub(super) fn add(&mut self, candidate: &Candidate, raw: f32) {
        self.heap.push(Found { raw: Score(raw), id: candidate.id, version: candidate.version });
        if self.heap.len() > self.limit {
            self.heap.pop();
        }
    }

    /// In descending order of the cosine, ties in the order of ids.
    pub(super) fn finish(self) -> Vec<ScoredPoint> {
        let mut found = self.heap.into_vec();
        found.sort_unstable_by(|a, b| b.raw.0.total_cmp(&a.raw.0).then(a.id.cmp(&b.id)));
        found
            .into_iter()
            .map(|found| ScoredPoint {
                id: found.id,
                version: found.version,
                similarity: found.raw.0.clamp(0.0, 1.0),
                raw: found.raw.0,
            })
            .collect()
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Found {
    raw: Score,
    id: MemoryId,
    version: u64,
}

/// The greatest is the worst: the lowest score, and the highest id among equals.
impl Ord for Found {
    fn cmp(&self, other: &Self) -> Ordering {
        other.raw.cmp(&self.raw).then(self.id.cmp(&other.id))
    }
}

impl PartialOrd for Found {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A number in its total order.
#[derive(Clone, Copy, Debug)]
struct Score(f32);

impl Ord for Score {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Score {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Score {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Score {}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn candidate(id: u128, upper: f32) -> Candidate {
        Candidate { upper, no: 0, id: MemoryId::from_uuid(Uuid::from_u128(id)), version: 1 }
    }

    #[test]
    fn the_floor_is_the_limit_th_lower_bound() {
        let mut list = Shortlist::new(2);
        for (id, lower) in [(1, 0.1), (2, 0.5), (3, 0.3)] {
            list.add(candidate(id, lower + 0.1), lower);
        }
        assert_eq!(list.floor(), 0.3);
        let ids: Vec<_> = list.finish().iter().map(|c| c.id.as_uuid().as_u128()).collect();
        assert_eq!(ids, [2, 3]);
    }

    #[test]
    fn a_limit_of_zero_admits_nobody() {
        assert_eq!(Shortlist::new(0).floor(), f32::INFINITY);
        assert!(!Best::new(0).admits(1.0));
    }

    #[test]
    fn the_cosine_decides_also_below_zero_and_ids_break_ties() {
        let mut best = Best::new(4);
        for (id, raw) in [(9, 0.5), (3, -0.1), (1, -0.2), (2, -0.9), (4, 0.5)] {
            best.add(&candidate(id, raw), raw);
        }
        let ids: Vec<_> = best.finish().iter().map(|p| p.id.as_uuid().as_u128()).collect();
        assert_eq!(ids, [4, 9, 3, 1]);
    }
}
