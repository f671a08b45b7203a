//! The threads on which a model works.
//!
//! A forward pass takes milliseconds to seconds, which is no work for the
//! threads of an async runtime. Each thread here is a pool of one, because the
//! matrix library splits large products over the pool that it runs in: in a
//! pool of several, a thread that waits for its parts would take up another
//! batch meanwhile, one inside the other.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};

use mem0_core::{Error, ErrorKind, Result};
use rayon::{ThreadPool, ThreadPoolBuilder};
use tokio::sync::oneshot;

/// Threads that end when they are dropped and have nothing left to do.
pub(crate) struct Workers {
    provider: &'static str,
    pools: Vec<ThreadPool>,
    next: AtomicUsize,
}

impl Workers {
    pub(crate) fn start(threads: usize, provider: &'static str) -> Result<Self> {
        let pool = |n| {
            let pool = ThreadPoolBuilder::new().num_threads(1).thread_name(move |_| format!("mem0-{provider}-{n}"));
            pool.build().map_err(|error| {
                let kind = ErrorKind::Unavailable;
                Error::new(kind, "no thread for the model").with_provider(provider).with_source(error)
            })
        };
        Ok(Self { provider, pools: (0..threads.max(1)).map(pool).collect::<Result<_>>()?, next: AtomicUsize::new(0) })
    }

    pub(crate) fn threads(&self) -> usize {
        self.pools.len()
    }

    /// Starts `job` now; the future waits for it. A job that has not begun
    /// when its future is dropped never begins.
    pub(crate) fn run<T, F>(&self, job: F) -> impl Future<Output = Result<T>> + Send + use<T, F>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T> + Send + 'static,
    {
        let (answer, waiting) = oneshot::channel();
        let provider = self.provider;
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.pools.len();
        if let Some(pool) = self.pools.get(turn) {
            pool.spawn(move || {
                if !answer.is_closed() {
                    // A panic would end the process. Files are checked as far
                    // as they can be; the rest is up to the libraries.
                    let done = catch_unwind(AssertUnwindSafe(job)).unwrap_or_else(|_| Err(panicked(provider)));
                    // Whoever asked may be gone by now.
                    let _ = answer.send(done);
                }
            });
        }
        async move { waiting.await.unwrap_or_else(|_| Err(panicked(provider))) }
    }
}

fn panicked(provider: &'static str) -> Error {
    Error::new(ErrorKind::Corrupt, "the model panicked: its files are probably damaged; get them again")
        .with_provider(provider)
}
