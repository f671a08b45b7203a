//! What is sent to a Text Embeddings Inference server, and how its answers are
//! read.

use mem0_core::{Error, Reranked, Result};
use mem0_http::{Request, Response, Secret, TextLimits, base_url, parse_json};
use serde::Serialize;

use super::PROVIDER;
use super::config::HuggingFaceConfig;
use crate::shared::{Item, Limits, Protocol};

#[derive(Debug)]
pub(super) struct HuggingFace {
    model: String,
    batch_size: usize,
    url: String,
    key: Option<Secret>,
}

#[derive(Serialize)]
struct Body<'a> {
    query: &'a str,
    texts: &'a [&'a str],
    raw_scores: bool,
    return_text: bool,
    truncate: bool,
}

impl HuggingFace {
    pub(super) fn new(config: &HuggingFaceConfig) -> Result<Self> {
        let server = config.base_url.as_deref().or(config.huggingface_base_url.as_deref());
        let server = server.ok_or_else(|| {
            Error::config(
                "huggingface reranks on a Text Embeddings Inference server: set `base_url`, or use `cross_encoder` for a \
                 model from a folder",
            )
        })?;
        if config.batch_size == Some(0) {
            return Err(Error::config("batch_size must be at least 1"));
        }
        let server = base_url(Some(server), None, "");
        let server = server.trim_end_matches("/v1");
        Ok(Self {
            model: config.model.clone().unwrap_or_else(|| "tei".to_owned()),
            batch_size: config.batch_size.unwrap_or(32),
            url: format!("{server}/rerank"),
            key: config.api_key.clone(),
        })
    }
}

impl Protocol for HuggingFace {
    fn provider(&self) -> &'static str {
        PROVIDER
    }

    fn model(&self) -> &str {
        &self.model
    }

    fn limits(&self) -> Limits {
        // The server cuts by itself, but takes at most 2 MB in one request.
        let documents =
            TextLimits { text_tokens: 32_000, request_tokens: 400_000, ..TextLimits::texts(self.batch_size) };
        Limits { query_tokens: 16_000, documents }
    }

    fn request(&self, query: &str, documents: &[&str]) -> Result<Request> {
        let body = Body { query, texts: documents, raw_scores: false, return_text: false, truncate: true };
        let request = Request::post_json(&self.url, &body)?;
        Ok(match &self.key {
            Some(key) => request.with_bearer(key),
            None => request,
        })
    }

    fn response(&self, response: &Response, documents: usize) -> Result<Reranked> {
        Item::all(&parse_json::<Vec<Item>>(&response.body)?, documents)
    }
}
