//! What the fakes of all reranking APIs share.

use mem0_core::TokenUsage;
use mem0_core::reference::HashEmbedder;
use serde_json::{Value, json};

pub(crate) use super::asked::*;
use super::{Reply, Seen};

/// The far end of a reranker: an API as its vendor documents it.
pub trait RerankFake: Send + Sync + 'static {
    /// The name of the provider in a configuration.
    const PROVIDER: &'static str;
    /// More documents than one request takes.
    const BEYOND_ONE_BATCH: usize;

    /// What it answers.
    fn answer(seen: &Seen) -> Reply;

    /// The configuration of a handle on the server at `url`, but for `http`.
    fn config(url: &str) -> Value;

    /// What it counts for these documents.
    fn usage(documents: &[&str]) -> Option<TokenUsage> {
        Some(TokenUsage { input: documents.iter().map(|text| tokens(text)).sum(), output: 0 })
    }
}

/// It says nothing of a document with this word.
pub const LEFT_OUT: &str = "zzz-nothing-is-said-of-this";

/// The tokens of a text, of four bytes each.
pub(crate) fn tokens(text: &str) -> u64 {
    (text.len() / 4 + 1) as u64
}

/// How well a text answers a question, as the model behind the API would judge
/// it: by the words that they share.
pub(crate) fn relevance(query: &str, text: &str) -> f32 {
    let embedder = HashEmbedder::default();
    let (query, text) = (embedder.vector(query), embedder.vector(text));
    query.iter().zip(&text).map(|(x, y)| x * y).sum::<f32>().clamp(0.0, 1.0)
}

/// The places of the documents and their scores under these names, best first;
/// those that it says nothing of are missing.
pub(crate) fn results(query: &str, texts: &[String], score: &str) -> Vec<Value> {
    let judged = texts.iter().enumerate().filter(|(_, text)| !text.contains(LEFT_OUT));
    let mut judged: Vec<(usize, f32)> = judged.map(|(place, text)| (place, relevance(query, text))).collect();
    judged.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    judged.into_iter().map(|(place, relevance)| json!({"index": place, score: relevance})).collect()
}

/// All tokens of the documents.
pub(crate) fn counted(texts: &[String]) -> u64 {
    texts.iter().map(|text| tokens(text)).sum()
}

/// The question; it is not blank.
pub(crate) fn question(body: &Value, refusal: &dyn Fn(u16, &str) -> Reply) -> Asked<String> {
    match body.get("query").and_then(Value::as_str) {
        Some(query) if !query.trim().is_empty() => Ok(query.to_owned()),
        _ => Err(refusal(400, "query is required")),
    }
}
