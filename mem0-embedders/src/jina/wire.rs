//! What is sent to Jina AI, and how its answers are read.

use mem0_core::{Purpose, Result};
use mem0_http::{Request, Response, Secret, parse_json};
use serde::Serialize;

use super::PROVIDER;
use super::config::JinaConfig;
use crate::shared::{Dims, Indexed, Limits, Protocol, base_url};

#[derive(Debug)]
pub(super) struct Jina {
    model: String,
    dims: Dims,
    url: String,
    key: Secret,
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    task: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dimensions: Option<usize>,
    normalized: bool,
    embedding_type: &'static str,
    truncate: bool,
    input: &'a [&'a str],
}

fn native_dims(model: &str) -> Option<usize> {
    Some(match model {
        "jina-embeddings-v4" => 2_048,
        "jina-code-embeddings-1.5b" => 1_536,
        "jina-embeddings-v3" | "jina-clip-v2" => 1_024,
        "jina-code-embeddings-0.5b" => 896,
        name if name.starts_with("jina-embeddings-v2-base-") => 768,
        "jina-embeddings-v2-small-en" => 512,
        _ => return None,
    })
}

fn is_second_generation(model: &str) -> bool {
    model.starts_with("jina-embeddings-v2-") || model == "jina-clip-v1"
}

impl Jina {
    pub(super) fn new(config: &JinaConfig) -> Result<Self> {
        let model = config.model.clone().unwrap_or_else(|| "jina-embeddings-v3".to_owned());
        let base = base_url(config.base_url.as_deref(), None, "https://api.jina.ai/v1");
        Ok(Self {
            dims: Dims::new(config.embedding_dims, native_dims(&model), !is_second_generation(&model))?,
            model,
            url: format!("{base}/embeddings"),
            key: Secret::required(config.api_key.as_ref(), "JINA_API_KEY")?,
        })
    }

    fn task(&self, purpose: Purpose) -> Option<&'static str> {
        let query = purpose == Purpose::Query;
        if self.model.starts_with("jina-code-embeddings-") {
            return Some(if query { "nl2code.query" } else { "nl2code.passage" });
        }
        match (self.model.as_str(), query) {
            // It has a task for questions only.
            ("jina-clip-v2", false) => None,
            (model, _) if is_second_generation(model) => None,
            (_, true) => Some("retrieval.query"),
            (_, false) => Some("retrieval.passage"),
        }
    }
}

impl Protocol for Jina {
    fn provider(&self) -> &'static str {
        PROVIDER
    }

    fn model(&self) -> &str {
        &self.model
    }

    fn dims(&self) -> Option<usize> {
        self.dims.due
    }

    fn limits(&self) -> Limits {
        // The provider cuts by itself, but need not be sent what no window
        // holds.
        Limits { text_tokens: 64_000, request_tokens: 500_000, ..Limits::texts(512) }
    }

    fn request(&self, texts: &[&str], purpose: Purpose) -> Result<Request> {
        let body = Body {
            model: &self.model,
            task: self.task(purpose),
            dimensions: self.dims.asked,
            normalized: true,
            embedding_type: "float",
            truncate: true,
            input: texts,
        };
        Ok(Request::post_json(&self.url, &body)?.with_bearer(&self.key))
    }

    fn response(&self, response: &Response) -> Result<Vec<Vec<f32>>> {
        parse_json::<Indexed>(&response.body)?.in_order()
    }
}
