//! Backends that break one rule each, and keep the others.

pub(crate) mod embedder;
pub(crate) mod ledger;
pub(crate) mod llm;
pub(crate) mod reranker;
pub(crate) mod vector;

/// A table of faults: the rule that each breaks, and its name.
macro_rules! faults {
    ($($rule:literal $fault:ident,)+) => {
        /// What is broken.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Fault {
            $(#[allow(missing_docs, reason = "the name says it")] $fault,)+
        }

        /// Every fault with the rule that it breaks.
        pub(crate) const FAULTS: &[(u16, Fault)] = &[$(($rule, Fault::$fault),)+];
    };
}
pub(crate) use faults;

/// Lets other tasks run.
pub(crate) async fn pause() {
    for _ in 0..3 {
        tokio::task::yield_now().await;
    }
}
