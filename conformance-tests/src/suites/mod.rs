//! The cases, one folder for each family.

pub mod embedder;
pub(crate) mod faults;
pub mod ledger;
pub mod llm;
pub mod vector;

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
