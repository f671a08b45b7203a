//! What is sent to the Rerank API, and how its answers are read.

use mem0_core::{ErrorKind, Reranked, Result, TokenUsage};
use mem0_http::{Refusal, Request, Response, Secret, TextLimits, base_url, key, parse_json};
use serde::{Deserialize, Serialize};

use super::PROVIDER;
use super::config::CohereConfig;
use crate::shared::{Item, Limits, Protocol};

#[derive(Debug)]
pub(super) struct Cohere {
    model: String,
    max_tokens_per_doc: Option<u32>,
    url: String,
    key: Secret,
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    query: &'a str,
    documents: &'a [&'a str],
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens_per_doc: Option<u32>,
}

#[derive(Deserialize)]
struct Answer {
    results: Vec<Item>,
    #[serde(default)]
    meta: Meta,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Meta {
    tokens: Tokens,
}

/// Written as floating numbers.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Tokens {
    input_tokens: f64,
    output_tokens: f64,
}

impl Cohere {
    pub(super) fn new(config: &CohereConfig) -> Result<Self> {
        let base = base_url(config.base_url.as_deref(), None, "https://api.cohere.com");
        let key = key(config.api_key.as_ref(), &["COHERE_API_KEY"]);
        Ok(Self {
            model: config.model.clone().unwrap_or_else(|| "rerank-v3.5".to_owned()),
            max_tokens_per_doc: config.max_tokens_per_doc,
            url: format!("{base}/v2/rerank"),
            key: Secret::required(key.as_ref(), "CO_API_KEY")?,
        })
    }
}

impl Protocol for Cohere {
    fn provider(&self) -> &'static str {
        PROVIDER
    }

    fn model(&self) -> &str {
        &self.model
    }

    fn limits(&self) -> Limits {
        // The provider cuts by itself, but need not be sent what no window holds.
        let documents = TextLimits { text_tokens: 64_000, request_tokens: 1_000_000, ..TextLimits::texts(1_000) };
        Limits { query_tokens: 8_000, documents }
    }

    fn request(&self, query: &str, documents: &[&str]) -> Result<Request> {
        let Self { model, max_tokens_per_doc, .. } = self;
        let body = Body { model, query, documents, max_tokens_per_doc: *max_tokens_per_doc };
        Ok(Request::post_json(&self.url, &body)?.with_bearer(&self.key))
    }

    fn refine(&self, refusal: &Refusal) -> Option<ErrorKind> {
        match refusal.status {
            // Text that the provider blocks.
            498 => Some(ErrorKind::InvalidInput),
            501 => Some(ErrorKind::Unsupported),
            _ => None,
        }
    }

    fn response(&self, response: &Response, documents: usize) -> Result<Reranked> {
        let Answer { results, meta: Meta { tokens } } = parse_json(&response.body)?;
        let usage = TokenUsage { input: tokens.input_tokens as u64, output: tokens.output_tokens as u64 };
        Ok(Item::all(&results, documents)?.with_usage(usage))
    }
}
