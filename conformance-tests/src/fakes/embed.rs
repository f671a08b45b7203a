//! What the fakes of all embedding APIs share.

use mem0_core::reference::HashEmbedder;
use serde_json::{Value, json};

pub(crate) use super::asked::*;
use super::{Reply, Seen};

/// The far end of an embedder: an API as its vendor documents it.
pub trait EmbedFake: Send + Sync + 'static {
    /// The name of the provider in a configuration.
    const PROVIDER: &'static str;
    /// More texts than one request takes.
    const BEYOND_ONE_BATCH: usize;

    /// What it answers.
    fn answer(seen: &Seen) -> Reply;

    /// The configuration of a handle on the server at `url`, but for `http`.
    fn config(url: &str) -> Value;
}

/// The vector of a text, as the model behind the API would make it; with a
/// length of 1 only if the API promises that.
pub(crate) fn vector(text: &str, dims: usize, normalised: bool) -> Vec<f32> {
    let length = if normalised { 1.0 } else { 7.5 };
    HashEmbedder::new(dims).vector(text).into_iter().map(|x| x * length).collect()
}

/// The dimensions that are asked for, else the model's own.
pub(crate) fn dims(object: &Value, name: &str, own: usize, refusal: &dyn Fn(u16, &str) -> Reply) -> Asked<usize> {
    match object.get(name) {
        None => Ok(own),
        Some(asked) => match asked.as_u64().and_then(|n| usize::try_from(n).ok()) {
            Some(n) if (1..=own).contains(&n) => Ok(n),
            _ => Err(refusal(400, &format!("{name} must be from 1 to {own}"))),
        },
    }
}

/// No text has more tokens than the window; a token is at most one byte, and in
/// these suites at least one for every four.
pub(crate) fn short(texts: &[String], window: usize, refused: impl FnOnce() -> Reply) -> Asked<()> {
    if texts.iter().all(|text| text.len() / 4 <= window) { Ok(()) } else { Err(refused()) }
}

/// OpenAI's shape, last text first: the order of the list means nothing.
pub(crate) fn indexed(texts: &[String], dims: usize, normalised: bool) -> Value {
    let item = |(index, text): (usize, &String)| json!({"object": "embedding", "index": index, "embedding": vector(text, dims, normalised)});
    let data: Vec<Value> = texts.iter().enumerate().rev().map(item).collect();
    json!({"object": "list", "data": data, "model": "fake"})
}
