//! What is sent to the rerank API, and how its answers are read.

use mem0_core::{Error, Reranked, Result};
use mem0_http::{Request, Response, Secret, TextLimits, base_url, key, parse_json};
use serde::{Deserialize, Serialize};

use super::PROVIDER;
use super::config::ZeroEntropyConfig;
use crate::shared::{Item, Limits, Protocol, Total};

#[derive(Debug)]
pub(super) struct ZeroEntropy {
    model: String,
    latency: Option<String>,
    url: String,
    key: Secret,
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    query: &'a str,
    documents: &'a [&'a str],
    #[serde(skip_serializing_if = "Option::is_none")]
    latency: Option<&'a str>,
}

#[derive(Deserialize)]
struct Answer {
    results: Vec<Item>,
    #[serde(flatten)]
    total: Total,
}

impl ZeroEntropy {
    pub(super) fn new(config: &ZeroEntropyConfig) -> Result<Self> {
        if config.latency.as_deref().is_some_and(|mode| !["fast", "slow"].contains(&mode)) {
            return Err(Error::config("latency is `fast` or `slow`"));
        }
        let base = base_url(config.base_url.as_deref(), None, "https://api.zeroentropy.dev/v1");
        let key = key(config.api_key.as_ref(), &["ZERO_ENTROPY_API_KEY"]);
        Ok(Self {
            model: config.model.clone().unwrap_or_else(|| "zerank-1".to_owned()),
            latency: config.latency.clone(),
            url: format!("{base}/models/rerank"),
            key: Secret::required(key.as_ref(), "ZEROENTROPY_API_KEY")?,
        })
    }
}

impl Protocol for ZeroEntropy {
    fn provider(&self) -> &'static str {
        PROVIDER
    }

    fn model(&self) -> &str {
        &self.model
    }

    fn limits(&self) -> Limits {
        // Two bytes at most for a token as it is counted here.
        let documents = TextLimits { text_tokens: 64_000, request_tokens: 1_500_000, ..TextLimits::texts(100) };
        Limits { query_tokens: 8_000, documents }
    }

    fn request(&self, query: &str, documents: &[&str]) -> Result<Request> {
        let body = Body { model: &self.model, query, documents, latency: self.latency.as_deref() };
        Ok(Request::post_json(&self.url, &body)?.with_bearer(&self.key))
    }

    fn response(&self, response: &Response, documents: usize) -> Result<Reranked> {
        let Answer { results, total } = parse_json(&response.body)?;
        Ok(Item::all(&results, documents)?.with_usage(total.usage()))
    }
}
