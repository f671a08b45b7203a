//! What can be seen of a call: never a text, never a vector.

use std::sync::Arc;

use tokio::time::Instant;
use tracing::Instrument as _;
use tracing::field::Empty;

use super::stack::Call;
use crate::error::Result;
use crate::traits::llm::LlmResponse;
use crate::traits::reranker::Reranked;
use crate::traits::vector_store::{Point, ScoredPoint, TextHit, VectorCollection};

/// An answer whose size may be shown.
pub(super) trait Counted {
    /// How many things it holds.
    fn items(&self) -> u64;
}

/// One span per call at `debug`, from the first wait to the last try; a failure
/// is also an event at `warn`.
pub(super) async fn traced<T: Counted>(call: Call<'_>, work: impl Future<Output = Result<T>>) -> Result<T> {
    let span = tracing::debug_span!(
        "mem0.backend",
        operation = call.operation,
        provider = call.provider,
        items = call.items,
        found = Empty,
        duration_ms = Empty,
        error = Empty,
    );
    let began = Instant::now();
    let result = work.instrument(span.clone()).await;
    let duration_ms = began.elapsed().as_millis() as u64;
    span.record("duration_ms", duration_ms);
    match &result {
        Ok(answer) => {
            span.record("found", answer.items());
        }
        Err(error) => {
            let kind = error.kind().as_str();
            span.record("error", kind);
            // The message is left out: a backend's own words may quote what was
            // sent to it.
            tracing::warn!(
                parent: &span,
                operation = call.operation,
                provider = call.provider,
                error = kind,
                duration_ms,
                "call failed"
            );
        }
    }
    result
}

impl Counted for () {
    fn items(&self) -> u64 {
        0
    }
}

impl Counted for u64 {
    fn items(&self) -> u64 {
        *self
    }
}

impl Counted for LlmResponse {
    fn items(&self) -> u64 {
        1
    }
}

impl Counted for Reranked {
    fn items(&self) -> u64 {
        self.scores.len() as u64
    }
}

impl Counted for Arc<dyn VectorCollection> {
    fn items(&self) -> u64 {
        1
    }
}

impl Counted for Vec<Point> {
    fn items(&self) -> u64 {
        self.len() as u64
    }
}

impl Counted for Vec<Option<Point>> {
    fn items(&self) -> u64 {
        self.iter().flatten().count() as u64
    }
}

impl Counted for Vec<Vec<ScoredPoint>> {
    fn items(&self) -> u64 {
        self.iter().map(|hits| hits.len() as u64).sum()
    }
}

impl Counted for Vec<Vec<TextHit>> {
    fn items(&self) -> u64 {
        self.iter().map(|hits| hits.len() as u64).sum()
    }
}

impl Counted for Vec<Vec<f32>> {
    fn items(&self) -> u64 {
        self.len() as u64
    }
}
