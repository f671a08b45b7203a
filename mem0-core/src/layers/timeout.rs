//! So long for one try.

use std::time::Duration;

use super::stack::Call;
use crate::error::{Error, ErrorKind, Result};

pub(super) struct Timeout(pub(super) Option<Duration>);

impl Timeout {
    /// Drops the try when its time is up. The backend may have done the work
    /// all the same; see [`super`] on why it may be repeated.
    pub(super) async fn limit<T>(&self, call: Call<'_>, attempt: impl Future<Output = Result<T>>) -> Result<T> {
        let Some(limit) = self.0 else { return attempt.await };
        match tokio::time::timeout(limit, attempt).await {
            Ok(result) => result,
            Err(_) => Err(Error::new(ErrorKind::Timeout, "no answer in time")
                .with_operation(call.operation)
                .with_context("backend", call.provider)
                .with_context("limit", format_args!("{limit:?}"))),
        }
    }
}
