//! So many calls at a time.

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::error::{Error, Result};

pub(super) struct Concurrency(Option<Semaphore>);

impl Concurrency {
    pub(super) fn new(limit: Option<usize>) -> Self {
        Self(limit.map(|limit| Semaphore::new(limit.clamp(1, Semaphore::MAX_PERMITS))))
    }

    /// Waits for a place; first come, first served. The place is free when the
    /// permit is dropped.
    pub(super) async fn enter(&self) -> Result<Option<SemaphorePermit<'_>>> {
        let Some(semaphore) = &self.0 else { return Ok(None) };
        let permit = semaphore.acquire().await;
        permit.map(Some).map_err(|e| Error::internal("the limit on concurrency was closed").with_source(e))
    }
}
