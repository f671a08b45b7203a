//! So long for one try.

use std::time::Duration;

use super::stack::Call;
use crate::error::{Error, ErrorKind, Result};

pub(super) struct Timeout(pub(super) Option<Duration>);

impl Timeout {
    /// Drops the try when its time is up. The backend may have done the work
    /// all the same; see [`super`] on why it may be repeated.
    pub(super) async fn limit<T>(&self, call: Call<'_>, attempt: impl Future<Output = Result<T>>) -> Result<T> {
        let Some(limit) = self.0.map(|limit| limit.saturating_mul(shares(call))) else { return attempt.await };
        match tokio::time::timeout(limit, attempt).await {
            Ok(result) => result,
            Err(_) => Err(Error::new(ErrorKind::Timeout, "no answer in time")
                .with_operation(call.operation)
                .with_context("backend", call.provider)
                .with_context("limit", format_args!("{limit:?}"))),
        }
    }
}

/// How many times the limit a call has.
fn shares(call: Call<'_>) -> u32 {
    match call.operation {
        "open" | "drop_collection" => 10,
        _ => u32::try_from(call.items / 1_000).unwrap_or(u32::MAX).saturating_add(1),
    }
}
