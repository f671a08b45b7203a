//! The transformer embedder on a model of pseudo-random numbers, against the
//! same computation in plain loops.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test stops at the first error")]

mod damage;
mod files;
mod reference;
mod tiny;
mod vectors;

use mem0_core::{Embedder as _, Error, Purpose};
use mem0_embedders::transformer::{TransformerConfig, TransformerEmbedder};
use tempfile::TempDir;
use tiny::Tiny;

/// The tiny model in a folder of its own.
fn tiny() -> (Tiny, TempDir) {
    let (tiny, folder) = (Tiny::new(1), tempfile::tempdir().unwrap());
    tiny.write(folder.path());
    (tiny, folder)
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn open_with(folder: &TempDir, change: impl FnOnce(&mut TransformerConfig)) -> Result<TransformerEmbedder, Error> {
    let mut config = TransformerConfig::new(folder.path());
    config.model = Some("tiny".to_owned());
    config.threads = Some(2);
    change(&mut config);
    block_on(TransformerEmbedder::open(&config))
}

fn open(folder: &TempDir) -> TransformerEmbedder {
    open_with(folder, |_| ()).unwrap()
}

fn embed(embedder: &TransformerEmbedder, texts: &[&str]) -> Vec<Vec<f32>> {
    block_on(embedder.embed(texts, Purpose::Store)).unwrap()
}

fn one(embedder: &TransformerEmbedder, text: &str, purpose: Purpose) -> Vec<f32> {
    block_on(embedder.embed(&[text], purpose)).unwrap().remove(0)
}

#[track_caller]
fn assert_near(a: &[f32], b: impl IntoIterator<Item = impl Into<f64>>, within: f64) {
    let b: Vec<f64> = b.into_iter().map(Into::into).collect();
    assert_eq!(a.len(), b.len());
    let most = a.iter().zip(&b).map(|(a, b)| (f64::from(*a) - b).abs()).fold(0.0, f64::max);
    assert!(most <= within, "differs by {most}");
}
