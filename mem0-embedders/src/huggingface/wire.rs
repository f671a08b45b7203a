//! What is sent to a server of Hugging Face's, and how its answers are read.

use mem0_core::{ErrorKind, Purpose, Result};
use mem0_http::{Request, Response, Secret, parse_json};
use serde::Serialize;

use super::PROVIDER;
use super::config::HuggingFaceConfig;
use crate::shared::{Dims, Limits, Protocol, base_url};

#[derive(Debug)]
pub(super) struct HuggingFace {
    model: String,
    dims: Dims,
    url: String,
    key: Option<Secret>,
    hosted: bool,
}

/// The same for both: the hosted API's task is generated from the server's.
#[derive(Serialize)]
struct Body<'a> {
    inputs: &'a [&'a str],
    normalize: bool,
    truncate: bool,
}

fn native_dims(model: &str) -> Option<usize> {
    Some(match model {
        "sentence-transformers/multi-qa-MiniLM-L6-cos-v1"
        | "sentence-transformers/all-MiniLM-L6-v2"
        | "sentence-transformers/all-MiniLM-L12-v2"
        | "BAAI/bge-small-en-v1.5"
        | "thenlper/gte-small" => 384,
        "sentence-transformers/all-mpnet-base-v2" | "BAAI/bge-base-en-v1.5" | "thenlper/gte-base" => 768,
        "BAAI/bge-large-en-v1.5"
        | "BAAI/bge-m3"
        | "thenlper/gte-large"
        | "intfloat/multilingual-e5-large"
        | "intfloat/multilingual-e5-large-instruct" => 1_024,
        _ => return None,
    })
}

impl HuggingFace {
    pub(super) fn new(config: &HuggingFaceConfig) -> Result<Self> {
        if let Some(server) = config.huggingface_base_url.as_deref() {
            let server = base_url(Some(server), None, "");
            // The Python library speaks OpenAI's shape to it, which cannot cut
            // a text that is too long.
            let server = server.trim_end_matches("/v1");
            return Ok(Self {
                model: config.model.clone().unwrap_or_else(|| "tei".to_owned()),
                dims: Dims::new(config.embedding_dims, None, false)?,
                url: format!("{server}/embed"),
                key: config.api_key.clone(),
                hosted: false,
            });
        }
        let model = config.model.as_deref().unwrap_or("multi-qa-MiniLM-L6-cos-v1");
        // The Python library allows the short names of sentence-transformers.
        let model = if model.contains('/') { model.to_owned() } else { format!("sentence-transformers/{model}") };
        let base = base_url(config.inference_base_url.as_deref(), None, "https://router.huggingface.co/hf-inference");
        Ok(Self {
            dims: Dims::new(config.embedding_dims, native_dims(&model), false)?,
            url: format!("{base}/models/{model}/pipeline/feature-extraction"),
            model,
            key: Some(Secret::required(config.api_key.as_ref(), "HF_TOKEN")?),
            hosted: true,
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

    fn dims(&self) -> Option<usize> {
        self.dims.due
    }

    fn limits(&self) -> Limits {
        // The server cuts by itself, but takes at most 2 MB in one request.
        Limits { text_tokens: 64_000, request_tokens: 400_000, ..Limits::texts(32) }
    }

    fn request(&self, texts: &[&str], _: Purpose) -> Result<Request> {
        let body = Body { inputs: texts, normalize: true, truncate: true };
        let request = Request::post_json(&self.url, &body)?;
        Ok(match &self.key {
            Some(key) => request.with_bearer(key),
            None => request,
        })
    }

    fn advice(&self, kind: ErrorKind) -> Option<String> {
        let absent = self.hosted && kind == ErrorKind::NotFound;
        absent.then(|| "a model that the hosted API serves, or a server at `huggingface_base_url`".to_owned())
    }

    fn response(&self, response: &Response) -> Result<Vec<Vec<f32>>> {
        parse_json(&response.body)
    }
}
