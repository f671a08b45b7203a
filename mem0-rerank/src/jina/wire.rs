//! What is sent to the Reranker API, and how its answers are read.

use mem0_core::{Reranked, Result};
use mem0_http::{Request, Response, Secret, TextLimits, base_url, parse_json};
use serde::{Deserialize, Serialize};

use super::PROVIDER;
use super::config::JinaConfig;
use crate::shared::{Item, Limits, Protocol, Total};

#[derive(Debug)]
pub(super) struct Jina {
    model: String,
    url: String,
    key: Secret,
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    query: &'a str,
    documents: &'a [&'a str],
    return_documents: bool,
}

#[derive(Deserialize)]
struct Answer {
    results: Vec<Item>,
    #[serde(default)]
    usage: Total,
}

impl Jina {
    pub(super) fn new(config: &JinaConfig) -> Result<Self> {
        let base = base_url(config.base_url.as_deref(), None, "https://api.jina.ai/v1");
        Ok(Self {
            model: config.model.clone().unwrap_or_else(|| "jina-reranker-v2-base-multilingual".to_owned()),
            url: format!("{base}/rerank"),
            key: Secret::required(config.api_key.as_ref(), "JINA_API_KEY")?,
        })
    }
}

impl Protocol for Jina {
    fn provider(&self) -> &'static str {
        PROVIDER
    }

    fn model(&self) -> &str {
        &self.model
    }

    fn limits(&self) -> Limits {
        // The third generation reads all documents in one window of 131,072.
        let documents = TextLimits { text_tokens: 16_000, request_tokens: 120_000, ..TextLimits::texts(64) };
        Limits { query_tokens: 8_000, documents }
    }

    fn request(&self, query: &str, documents: &[&str]) -> Result<Request> {
        let body = Body { model: &self.model, query, documents, return_documents: false };
        Ok(Request::post_json(&self.url, &body)?.with_bearer(&self.key))
    }

    fn response(&self, response: &Response, documents: usize) -> Result<Reranked> {
        let Answer { results, usage } = parse_json(&response.body)?;
        Ok(Item::all(&results, documents)?.with_usage(usage.usage()))
    }
}
