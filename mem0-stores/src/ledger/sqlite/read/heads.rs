//! Memories that were read lately, as they are now.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lru::LruCache;
use rustc_hash::FxBuildHasher;

use super::Version;

/// How many memories are kept: some eight megabytes of ordinary ones.
const KEPT: NonZeroUsize = NonZeroUsize::new(12_288).unwrap();

/// Heads of memories by the number of their event. An event never changes and
/// its number is never used again, so what is here is right as long as the
/// tables say that it is the head; they are asked each time.
pub(in crate::ledger::sqlite) struct Heads(Mutex<LruCache<i64, Arc<Version>, FxBuildHasher>>);

impl Heads {
    pub(super) fn get(&self, seq: i64) -> Option<Arc<Version>> {
        self.lock().get(&seq).cloned()
    }

    pub(super) fn put(&self, seq: i64, version: Arc<Version>) {
        self.lock().put(seq, version);
    }

    /// What was erased must not stay in memory either.
    pub(in crate::ledger::sqlite) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, LruCache<i64, Arc<Version>, FxBuildHasher>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Heads {
    fn default() -> Self {
        Self(Mutex::new(LruCache::with_hasher(KEPT, FxBuildHasher)))
    }
}

// Memory text stays out of logs.
impl std::fmt::Debug for Heads {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Heads").field("kept", &self.lock().len()).finish()
    }
}
