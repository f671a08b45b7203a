//! The layers around one value.

use std::fmt;
use std::sync::Arc;

use super::LayerOptions;
use super::concurrency::Concurrency;
use super::retry::Retries;
use super::timeout::Timeout;
use super::trace::{self, Counted};
use crate::error::Result;

/// A value with layers around every call to it. The traits are implemented in
/// the modules named after them, each method by hand: a method that is left to
/// its default would bypass what the value itself does.
pub(super) struct Layered<T: ?Sized> {
    pub(super) inner: Arc<T>,
    pub(super) stack: Arc<Stack>,
}

impl<T: ?Sized> Layered<T> {
    pub(super) fn new(provider: String, inner: Arc<T>, options: &LayerOptions) -> Self {
        let stack = Stack {
            provider,
            concurrency: Concurrency::new(options.concurrency),
            retries: Retries::new(options),
            timeout: Timeout(options.timeout),
        };
        Self { inner, stack: Arc::new(stack) }
    }
}

impl<T: fmt::Debug + ?Sized> fmt::Debug for Layered<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Layered").field("inner", &self.inner).finish_non_exhaustive()
    }
}

pub(super) struct Stack {
    provider: String,
    concurrency: Concurrency,
    retries: Retries,
    timeout: Timeout,
}

/// A call, as far as it may be shown in a log.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) operation: &'static str,
    pub(super) provider: &'a str,
    /// How many things it is about: points, ids, queries, texts.
    pub(super) items: usize,
}

impl Stack {
    /// Makes a call, as often as it takes.
    ///
    /// If the future is dropped, the try that is under way is dropped with it,
    /// and the place among the concurrent calls is free again.
    pub(super) async fn run<T, F>(&self, operation: &'static str, items: usize, attempt: impl Fn() -> F) -> Result<T>
    where
        T: Counted,
        F: Future<Output = Result<T>>,
    {
        let call = Call { operation, provider: &self.provider, items };
        let limited = async {
            let _place = self.concurrency.enter().await?;
            self.retries.run(call, || self.timeout.limit(call, attempt())).await
        };
        trace::traced(call, limited).await
    }
}
