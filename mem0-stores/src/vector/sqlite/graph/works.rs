//! When graphs are built, and the thread that does it.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock, Weak};
use std::thread;

use super::super::cache::Cache;
use super::super::partition::Partition;
use super::super::rows::Rows;
use super::Graph;
use super::guide::Guide;

/// The graphs of one store: from how many rows on, and who builds them.
#[derive(Debug)]
pub(in super::super) struct Graphs {
    from: Option<usize>,
    works: Arc<Works>,
}

impl Graphs {
    pub(in super::super) fn new(from: Option<usize>) -> Self {
        Self { from, works: Arc::default() }
    }

    /// Returns when nothing is being built.
    pub(in super::super) fn wait(&self) {
        self.works.wait();
    }

    /// The same, also when the store is no more.
    #[cfg(test)]
    pub(in super::super) fn waiter(&self) -> impl FnOnce() + use<> {
        let works = Arc::clone(&self.works);
        move || works.wait()
    }
}

/// Looks after the graph of a partition that has just changed: asks for one,
/// or drops it.
pub(in super::super) fn review(cache: &Arc<Cache>, shared: &Arc<RwLock<Partition>>, partition: &mut Partition) {
    let Some(from) = cache.graphs.from else { return };
    let (count, dims) = (partition.rows().len(), partition.compact().dims());
    if count < from.max(1) {
        partition.shortcut.clear();
        return;
    }
    if partition.shortcut.building.is_some() || !partition.shortcut.is_wanting() {
        return;
    }
    let graph = count * Graph::row_bytes(dims);
    let both = count * Rows::row_bytes(dims) + graph;
    // What is written later has to fit too, or the partition would go at once.
    let room = cache.budget() / 4 * 3;
    if both + partition.shortcut.guide_bytes() > room {
        // Not the old and the new at once.
        partition.shortcut.clear();
    }
    if both > room {
        return;
    }
    partition.shortcut.building = Some(graph);
    cache.graphs.works.ask(Job { partition: Arc::downgrade(shared), cache: Arc::downgrade(cache) });
}

/// Builds one graph after the other while there are some to build.
#[derive(Debug, Default)]
struct Works {
    state: Mutex<State>,
    idle: Condvar,
}

#[derive(Debug, Default)]
struct State {
    jobs: VecDeque<Job>,
    running: bool,
}

impl Works {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait(&self) {
        let mut state = self.lock();
        while state.running {
            state = self.idle.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn ask(self: &Arc<Self>, job: Job) {
        let mut state = self.lock();
        state.jobs.push_back(job);
        if state.running {
            return;
        }
        let works = Arc::clone(self);
        match thread::Builder::new().name("mem0-graph".into()).spawn(move || works.run()) {
            Ok(_) => state.running = true,
            // The job stays for the next thread; until then searches scan.
            Err(error) => tracing::warn!(%error, "no thread to build a graph"),
        }
    }

    fn run(&self) {
        loop {
            let mut state = self.lock();
            let Some(job) = state.jobs.pop_front() else {
                state.running = false;
                self.idle.notify_all();
                return;
            };
            drop(state);
            job.run();
        }
    }
}

/// A graph that is wanted. It holds nothing: when the store is closed or the
/// partition is dropped, nobody wants it any more.
#[derive(Debug)]
struct Job {
    partition: Weak<RwLock<Partition>>,
    cache: Weak<Cache>,
}

impl Job {
    /// None if it was given up.
    fn run(&self) -> Option<()> {
        let rows = copy(&self.partition.upgrade()?.read().unwrap_or_else(PoisonError::into_inner));
        let graph = Graph::build(rows, || self.partition.strong_count() > 0)?;
        let shared = self.partition.upgrade()?;
        let mut partition = shared.write().unwrap_or_else(PoisonError::into_inner);
        let guide = Guide::new(graph, partition.compact());
        let before = partition.shortcut.replace(guide);
        let (scope, bytes) = (partition.scope(), partition.bytes());
        drop(partition);
        drop(before);
        self.cache.upgrade()?.settle(scope, bytes);
        Some(())
    }
}

/// The rows as they are now, in the order in which they were written.
fn copy(partition: &Partition) -> Rows {
    let now = partition.compact();
    let mut rows = Rows::new(now.scope(), now.dims());
    rows.reserve(now.all().len());
    now.by_age().into_iter().for_each(|(_, slot)| rows.push_from(now, slot));
    rows
}

#[cfg(test)]
mod tests {
    use super::super::super::partition::Row;
    use super::super::super::quantise;
    use super::*;
    use mem0_core::MemoryId;
    use uuid::Uuid;

    #[test]
    fn nobody_builds_for_a_partition_that_is_gone() {
        let cache = Arc::new(Cache::new(1 << 20, Graphs::new(Some(1))));
        let partition = Arc::new(RwLock::new(Partition::new(1, 2)));
        let mut code = Vec::new();
        quantise::encode(&[1.0, 0.0], &mut code);
        let row = Row { id: MemoryId::from_uuid(Uuid::nil()), version: 1, local: 1 };
        partition.write().unwrap().push(row, &code).unwrap();
        let job = Job { partition: Arc::downgrade(&partition), cache: Arc::downgrade(&cache) };
        assert!(job.run().is_some() && partition.read().unwrap().shortcut.is_there());
        drop(partition);
        assert!(job.run().is_none());
    }
}
