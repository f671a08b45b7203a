//! Writes that are whole for whoever searches afterwards.
//!
//! A server that loses the connection while it writes keeps the objects without
//! a place in the index, where no search finds them, and does not make good for
//! it when the same is written again, since nothing has changed (1.35). So a
//! write that has begun goes on although nobody waits for it, the next one waits
//! for it, and what may have been lost on the way is deleted before it is
//! written again.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mem0_core::{Error, MemoryId, Result};
use mem0_http::Request;
use tokio::sync::RwLock;

use super::api::{Api, Written};
use super::filter::Where;

/// The writes of a handle.
#[derive(Debug, Default)]
pub(super) struct Writes {
    /// Whoever writes holds it for reading.
    running: Arc<RwLock<()>>,
    /// Whether a write may be running that nobody waits for.
    abandoned: AtomicBool,
    doubtful: Doubtful,
}

/// Points whose last write had no answer.
#[derive(Clone, Debug, Default)]
struct Doubtful(Arc<Mutex<HashSet<MemoryId>>>);

impl Doubtful {
    fn lock(&self) -> MutexGuard<'_, HashSet<MemoryId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn among(&self, ids: &[MemoryId]) -> Vec<MemoryId> {
        let doubtful = self.lock();
        ids.iter().copied().filter(|id| doubtful.contains(id)).collect()
    }

    fn settle(&self, ids: Vec<MemoryId>, answered: bool) {
        let mut doubtful = self.lock();
        for id in ids {
            if answered {
                doubtful.remove(&id);
            } else {
                doubtful.insert(id);
            }
        }
    }
}

/// Says so if it is dropped while a write runs.
struct Waiting<'a> {
    abandoned: &'a AtomicBool,
    over: bool,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if !self.over {
            self.abandoned.store(true, Ordering::Release);
        }
    }
}

impl Writes {
    /// Makes a request that writes these points of a class.
    pub(super) async fn make(
        &self,
        api: &Api,
        class: &str,
        ids: Vec<MemoryId>,
        request: Request,
    ) -> Result<Vec<Written>> {
        if self.abandoned.swap(false, Ordering::AcqRel) {
            drop(self.running.write().await);
        }
        let place = Arc::clone(&self.running).read_owned().await;
        let again = self.doubtful.among(&ids);
        if !again.is_empty() {
            api.server.send(api.delete(class, &Where::Ids(again))?).await?;
        }
        let (server, doubtful) = (api.server.clone(), self.doubtful.clone());
        let mut waiting = Waiting { abandoned: &self.abandoned, over: false };
        let written = tokio::spawn(async move {
            let written = server.ask(request).await;
            doubtful.settle(ids, written.is_ok());
            drop(place);
            written
        });
        let written = written.await;
        waiting.over = true;
        written.map_err(|e| Error::internal("a write ended without an answer").with_source(e))?
    }
}
