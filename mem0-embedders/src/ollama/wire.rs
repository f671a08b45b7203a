//! What is sent to Ollama, and how its answers are read.

use mem0_core::{ErrorKind, Purpose, Result};
use mem0_http::{Request, Response, Secret, parse_json};
use serde::{Deserialize, Serialize};

use super::PROVIDER;
use super::config::OllamaConfig;
use crate::shared::{Dims, Limits, Protocol, base_url};

#[derive(Debug)]
pub(super) struct Ollama {
    model: String,
    dims: Dims,
    url: String,
    /// For a gateway before it; Ollama itself has no keys.
    key: Option<Secret>,
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    input: &'a [&'a str],
    truncate: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    dimensions: Option<usize>,
}

#[derive(Deserialize)]
struct Answer {
    embeddings: Vec<Vec<f32>>,
}

/// Without a tag: the sizes of some models differ.
fn native_dims(model: &str) -> Option<usize> {
    Some(match model.trim_end_matches(":latest") {
        "nomic-embed-text" | "embeddinggemma" => 768,
        "mxbai-embed-large" | "bge-m3" | "snowflake-arctic-embed" | "snowflake-arctic-embed2" => 1_024,
        "all-minilm" => 384,
        _ => return None,
    })
}

impl Ollama {
    pub(super) fn new(config: &OllamaConfig) -> Result<Self> {
        let model = config.model.clone().unwrap_or_else(|| "nomic-embed-text".to_owned());
        let base = base_url(config.ollama_base_url.as_deref(), None, "http://localhost:11434");
        Ok(Self {
            dims: Dims::new(config.embedding_dims, native_dims(&model), true)?,
            model,
            url: format!("{base}/api/embed"),
            key: config.api_key.clone(),
        })
    }
}

impl Protocol for Ollama {
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
        // No limit is documented. It cuts by itself, and works through a
        // request text by text: on a slow machine a large one takes long.
        Limits { text_tokens: 32_768, request_tokens: 32_768, ..Limits::texts(64) }
    }

    fn request(&self, texts: &[&str], _: Purpose) -> Result<Request> {
        let body = Body { model: &self.model, input: texts, truncate: true, dimensions: self.dims.asked };
        let request = Request::post_json(&self.url, &body)?;
        Ok(match &self.key {
            Some(key) => request.with_bearer(key),
            None => request,
        })
    }

    fn advice(&self, kind: ErrorKind) -> Option<String> {
        match kind {
            ErrorKind::NotFound => Some(format!("ollama pull {}", self.model)),
            ErrorKind::Unavailable => Some("ollama serve".to_owned()),
            _ => None,
        }
    }

    fn response(&self, response: &Response) -> Result<Vec<Vec<f32>>> {
        Ok(parse_json::<Answer>(&response.body)?.embeddings)
    }
}
