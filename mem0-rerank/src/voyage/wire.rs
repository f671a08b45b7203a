//! What is sent to the reranker API, and how its answers are read.

use mem0_core::{Reranked, Result};
use mem0_http::{Request, Response, Secret, TextLimits, base_url, parse_json};
use serde::{Deserialize, Serialize};

use super::PROVIDER;
use super::config::VoyageConfig;
use crate::shared::{Item, Limits, Protocol, Total};

#[derive(Debug)]
pub(super) struct Voyage {
    model: String,
    url: String,
    key: Secret,
}

#[derive(Serialize)]
struct Body<'a> {
    query: &'a str,
    documents: &'a [&'a str],
    model: &'a str,
    truncation: bool,
}

#[derive(Deserialize)]
struct Answer {
    data: Vec<Item>,
    #[serde(default)]
    usage: Total,
}

impl Voyage {
    pub(super) fn new(config: &VoyageConfig) -> Result<Self> {
        let base = base_url(config.base_url.as_deref(), None, "https://api.voyageai.com/v1");
        Ok(Self {
            model: config.model.clone().unwrap_or_else(|| "rerank-2.5".to_owned()),
            url: format!("{base}/rerank"),
            key: Secret::required(config.api_key.as_ref(), "VOYAGE_API_KEY")?,
        })
    }
}

impl Protocol for Voyage {
    fn provider(&self) -> &'static str {
        PROVIDER
    }

    fn model(&self) -> &str {
        &self.model
    }

    fn limits(&self) -> Limits {
        // The longest question for each of the documents, and the documents:
        // 600,000 in all.
        let documents = TextLimits { text_tokens: 32_000, request_tokens: 200_000, ..TextLimits::texts(100) };
        Limits { query_tokens: 4_000, documents }
    }

    fn request(&self, query: &str, documents: &[&str]) -> Result<Request> {
        let body = Body { query, documents, model: &self.model, truncation: true };
        Ok(Request::post_json(&self.url, &body)?.with_bearer(&self.key))
    }

    fn response(&self, response: &Response, documents: usize) -> Result<Reranked> {
        let Answer { data, usage } = parse_json(&response.body)?;
        Ok(Item::all(&data, documents)?.with_usage(usage.usage()))
    }
}
