//! The cases, one folder for each family.

pub mod embedder;
pub(crate) mod faults;
pub mod ledger;
pub mod llm;
pub mod reranker;
pub mod vector;

use std::sync::Arc;

use futures::future::try_join_all;
use tokio::sync::Barrier;

use crate::check::{Stop, Verdict};

/// Polls a future some times, then drops it.
pub(crate) async fn abandon<F: Future>(future: F, polls: usize) {
    let mut future = Box::pin(future);
    for _ in 0..polls {
        if futures::poll!(future.as_mut()).is_ready() {
            return;
        }
        tokio::task::yield_now().await;
    }
}

/// Runs the futures on tasks of their own, none before all are there, and
/// gives what they return in order.
pub(crate) async fn together<T, F>(futures: impl IntoIterator<Item = F>) -> Verdict<Vec<T>>
where
    T: Send + 'static,
    F: Future<Output = mem0_core::Result<T>> + Send + 'static,
{
    let futures: Vec<F> = futures.into_iter().collect();
    let start = Arc::new(Barrier::new(futures.len()));
    let tasks = futures.into_iter().map(|future| {
        let start = Arc::clone(&start);
        tokio::spawn(async move {
            start.wait().await;
            future.await
        })
    });
    let ended = try_join_all(tasks).await.map_err(|error| Stop::Failed(error.to_string()))?;
    Ok(ended.into_iter().collect::<mem0_core::Result<_>>()?)
}
