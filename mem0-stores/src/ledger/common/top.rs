//! The best of many, in bounded space.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Keeps the `limit` items with the smallest keys.
pub(in crate::ledger) struct Top<K, T> {
    limit: usize,
    heap: BinaryHeap<Entry<K, T>>,
}

impl<K: Ord, T> Top<K, T> {
    pub(in crate::ledger) fn new(limit: usize) -> Self {
        Self { limit, heap: BinaryHeap::new() }
    }

    /// Whether an item with this key would be kept now.
    pub(in crate::ledger) fn wants(&self, key: &K) -> bool {
        self.heap.len() < self.limit || self.heap.peek().is_some_and(|worst| *key < worst.key)
    }

    pub(in crate::ledger) fn push(&mut self, key: K, item: T) {
        if self.wants(&key) {
            self.heap.push(Entry { key, item });
            if self.heap.len() > self.limit {
                self.heap.pop();
            }
        }
    }

    /// What was kept, in the order of keys.
    pub(in crate::ledger) fn into_sorted(self) -> impl Iterator<Item = (K, T)> {
        self.heap.into_sorted_vec().into_iter().map(|entry| (entry.key, entry.item))
    }
}

struct Entry<K, T> {
    key: K,
    item: T,
}

impl<K: Ord, T> Ord for Entry<K, T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key)
    }
}

impl<K: Ord, T> PartialOrd for Entry<K, T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<K: Ord, T> PartialEq for Entry<K, T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<K: Ord, T> Eq for Entry<K, T> {}

/// A score as a key: the highest first, in a total order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::ledger) struct Score(pub(in crate::ledger) f32);

impl Eq for Score {}

impl Ord for Score {
    fn cmp(&self, other: &Self) -> Ordering {
        other.0.total_cmp(&self.0)
    }
}

impl PartialOrd for Score {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn keeps_the_smallest(keys in proptest::collection::vec(0_u8..50, 0..60), limit in 0_usize..20) {
            let mut top = Top::new(limit);
            keys.iter().for_each(|key| top.push(*key, ()));
            let mut sorted = keys;
            sorted.sort_unstable();
            sorted.truncate(limit);
            prop_assert_eq!(top.into_sorted().map(|(key, ())| key).collect::<Vec<_>>(), sorted);
        }
    }

    #[test]
    fn the_highest_score_comes_first() {
        assert!(Score(0.9) < Score(0.1) && Score(0.1) < Score(-0.1));
    }
}
