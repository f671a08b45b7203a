//! The cross-encoder on a model of pseudo-random numbers, against the same
//! computation in plain loops. No weights of a real one are at hand here.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test stops at the first error")]

#[path = "../../../mem0-embedders/tests/transformer/reference.rs"]
#[allow(dead_code, reason = "the embedder's tests need more of it")]
mod reference;
#[path = "../../../mem0-embedders/tests/transformer/tiny.rs"]
mod tiny;

mod files;
mod head;
mod scores;

use mem0_core::{Error, Reranked, Reranker as _};
use mem0_rerank::cross_encoder::{CrossEncoder, CrossEncoderConfig};
use tempfile::TempDir;
use tiny::Tiny;

/// The tiny model with a head, in a folder of its own.
fn tiny() -> (Tiny, TempDir) {
    let (mut tiny, folder) = (Tiny::new(1), tempfile::tempdir().unwrap());
    head::bert(&mut tiny);
    head::write(&tiny, folder.path());
    (tiny, folder)
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn open_with(folder: &TempDir, change: impl FnOnce(&mut CrossEncoderConfig)) -> Result<CrossEncoder, Error> {
    let mut config = CrossEncoderConfig::new(folder.path());
    config.model = Some("tiny".to_owned());
    config.threads = Some(2);
    change(&mut config);
    block_on(CrossEncoder::open(&config))
}

fn open(folder: &TempDir) -> CrossEncoder {
    open_with(folder, |_| ()).unwrap()
}

fn rerank(reranker: &CrossEncoder, query: &str, documents: &[&str]) -> Reranked {
    block_on(reranker.rerank(query, documents)).unwrap()
}
