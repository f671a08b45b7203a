//! What stays in memory between searches: partitions, within a budget, and
//! which exact scopes a scope covers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use mem0_core::Scope;

use super::graph::Graphs;
use super::partition::Partition;
use super::scopes::ScopeRow;

/// The most covers that are kept.
const COVERS: usize = 1_024;

/// The most exact scopes of a cover that is kept.
const COVER_ROWS: usize = 16_384;

/// The cache of one store, for all of its collections.
#[derive(Debug)]
pub(super) struct Cache {
    budget: usize,
    pub(super) graphs: Graphs,
    partitions: Mutex<Partitions>,
    covers: Mutex<HashMap<(i64, Scope), Cover>>,
}

#[derive(Debug, Default)]
struct Partitions {
    slots: HashMap<i64, Slot>,
    bytes: usize,
    clock: u64,
}

#[derive(Debug)]
struct Slot {
    partition: Arc<RwLock<Partition>>,
    bytes: usize,
    used: u64,
}

#[derive(Debug)]
struct Cover {
    /// The collection's change counter when the rows were read.
    changes: i64,
    rows: Arc<[ScopeRow]>,
}

impl Cache {
    pub(super) fn new(budget: usize, graphs: Graphs) -> Self {
        Self { budget, graphs, partitions: Mutex::default(), covers: Mutex::default() }
    }

    /// How many bytes it keeps.
    pub(super) fn budget(&self) -> usize {
        self.budget
    }

    /// The partition of a scope, empty if it is not in memory.
    pub(super) fn partition(&self, scope: i64, dims: usize) -> Arc<RwLock<Partition>> {
        let mut all = lock(&self.partitions);
        all.clock += 1;
        let used = all.clock;
        let slot = all.slots.entry(scope).or_insert_with(|| Slot {
            partition: Arc::new(RwLock::new(Partition::new(scope, dims))),
            bytes: 0,
            used,
        });
        slot.used = used;
        Arc::clone(&slot.partition)
    }

    /// Notes what a partition takes now, and drops those that were not used
    /// for the longest time if that is too much.
    pub(super) fn settle(&self, scope: i64, bytes: usize) {
        let mut all = lock(&self.partitions);
        let Some(slot) = all.slots.get_mut(&scope) else { return };
        let before = std::mem::replace(&mut slot.bytes, bytes);
        all.bytes = all.bytes + bytes - before;
        if all.bytes > self.budget {
            all.shrink_to(self.budget / 8 * 7);
        }
    }

    /// Drops what it has of scopes that are no more: deleted memories leave
    /// the memory too.
    pub(super) fn forget(&self, scopes: &[i64]) {
        lock(&self.covers).clear();
        let mut all = lock(&self.partitions);
        for scope in scopes {
            if let Some(slot) = all.slots.remove(scope) {
                all.bytes -= slot.bytes;
            }
        }
    }

    /// The exact scopes that `scope` covered when the collection was at this
    /// change, if they are known.
    pub(super) fn cover(&self, collection: i64, scope: &Scope, changes: i64) -> Option<Arc<[ScopeRow]>> {
        let covers = lock(&self.covers);
        let cover = covers.get(&(collection, scope.clone()))?;
        (cover.changes == changes).then(|| Arc::clone(&cover.rows))
    }

    /// Keeps a cover.
    pub(super) fn keep_cover(&self, collection: i64, scope: &Scope, changes: i64, rows: &Arc<[ScopeRow]>) {
        if rows.len() > COVER_ROWS {
            return;
        }
        let mut covers = lock(&self.covers);
        if covers.len() >= COVERS {
            // They are cheap to read again; an order of use would cost more.
            covers.clear();
        }
        covers.insert((collection, scope.clone()), Cover { changes, rows: Arc::clone(rows) });
    }

    /// How many partitions have a graph.
    pub(super) fn graph_count(&self) -> usize {
        // Not with both locks at once.
        let all: Vec<_> = lock(&self.partitions).slots.values().map(|slot| Arc::clone(&slot.partition)).collect();
        let has = |p: &&Arc<RwLock<Partition>>| p.read().unwrap_or_else(PoisonError::into_inner).shortcut.is_there();
        all.iter().filter(has).count()
    }

    #[cfg(test)]
    pub(super) fn kept(&self) -> (usize, usize) {
        let all = lock(&self.partitions);
        (all.slots.len(), all.bytes)
    }
}

impl Partitions {
    fn shrink_to(&mut self, bytes: usize) {
        let mut by_use: Vec<(u64, i64)> = self.slots.iter().map(|(scope, slot)| (slot.used, *scope)).collect();
        by_use.sort_unstable();
        for (_, scope) in by_use {
            if self.bytes <= bytes {
                break;
            }
            if let Some(slot) = self.slots.remove(&scope) {
                self.bytes -= slot.bytes;
            }
        }
    }
}

/// A panic elsewhere leaves nothing half changed here.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_used_for_the_longest_time_goes_first() {
        let cache = Cache::new(800, Graphs::new(None));
        for scope in 1..=8 {
            cache.partition(scope, 4);
            cache.settle(scope, 100);
        }
        let first = cache.partition(1, 4);
        cache.partition(9, 4);
        cache.settle(9, 100);
        assert_eq!(cache.kept(), (7, 700));
        assert!(Arc::ptr_eq(&first, &cache.partition(1, 4)));
        cache.settle(1, 50);
        assert_eq!(cache.kept().1, 650);
        cache.forget(&[1, 77]);
        assert_eq!(cache.kept(), (6, 600));
    }

    #[test]
    fn a_cover_holds_for_one_state_of_the_collection() {
        let cache = Cache::new(0, Graphs::new(None));
        let scope = Scope::user("a").unwrap();
        let rows: Arc<[ScopeRow]> = Arc::new([ScopeRow { no: 1, changes: 2, epoch: 0, points: 1 }]);
        cache.keep_cover(5, &scope, 7, &rows);
        assert!(cache.cover(5, &scope, 7).is_some());
        assert!(cache.cover(5, &scope, 8).is_none() && cache.cover(6, &scope, 7).is_none());
    }
}
