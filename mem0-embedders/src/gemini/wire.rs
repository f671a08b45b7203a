//! What is sent to the Gemini API, and how its answers are read.

use mem0_core::{ErrorKind, Purpose, Result};
use mem0_http::{Refusal, Request, Response, Secret, parse_json};
use serde::{Deserialize, Serialize};

use super::PROVIDER;
use super::config::GeminiConfig;
use crate::shared::{Dims, Limits, Protocol, base_url, key};

#[derive(Debug)]
pub(super) struct Gemini {
    /// Without `models/`.
    model: String,
    dims: Dims,
    url: String,
    key: Secret,
}

#[derive(Serialize)]
struct Body<'a> {
    requests: Vec<One<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct One<'a> {
    model: &'a str,
    content: Content<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    task_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_dimensionality: Option<usize>,
}

#[derive(Serialize)]
struct Content<'a> {
    parts: [Part<'a>; 1],
}

#[derive(Serialize)]
struct Part<'a> {
    text: &'a str,
}

#[derive(Deserialize)]
struct Answer {
    embeddings: Vec<Values>,
}

#[derive(Deserialize)]
struct Values {
    values: Vec<f32>,
}

/// The Python library's default for models that can be asked.
const DIMS: usize = 768;

impl Gemini {
    pub(super) fn new(config: &GeminiConfig) -> Result<Self> {
        let model = config.model.as_deref().unwrap_or("gemini-embedding-001");
        let model = model.trim_start_matches("models/").to_owned();
        let can_be_asked = model != "embedding-001";
        let (native, default) = match model.as_str() {
            name if name.starts_with("gemini-embedding-") => (Some(3_072), Some(DIMS)),
            "text-embedding-004" | "embedding-001" => (Some(768), None),
            _ => (None, None),
        };
        let configured = config.embedding_dims.or(config.output_dimensionality).or(default);
        let base = base_url(config.base_url.as_deref(), None, "https://generativelanguage.googleapis.com");
        let key = key(config.api_key.as_ref(), &["GOOGLE_API_KEY"]);
        Ok(Self {
            dims: Dims::new(configured, native, can_be_asked)?,
            url: format!("{base}/v1beta/models/{model}:batchEmbedContents"),
            key: Secret::required(key.as_ref(), "GEMINI_API_KEY")?,
            model,
        })
    }

    fn second_generation(&self) -> bool {
        self.model.starts_with("gemini-embedding-2")
    }
}

impl Protocol for Gemini {
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
        let text_tokens = if self.second_generation() { 8_192 } else { 2_048 };
        Limits { text_tokens, ..Limits::texts(100) }
    }

    fn request(&self, texts: &[&str], purpose: Purpose) -> Result<Request> {
        let task = if purpose == Purpose::Query { "RETRIEVAL_QUERY" } else { "RETRIEVAL_DOCUMENT" };
        let model = format!("models/{}", self.model);
        let one = |text| One {
            model: &model,
            content: Content { parts: [Part { text }] },
            task_type: (!self.second_generation()).then_some(task),
            output_dimensionality: self.dims.asked,
        };
        let body = Body { requests: texts.iter().copied().map(one).collect() };
        Ok(Request::post_json(&self.url, &body)?.with_header("x-goog-api-key", self.key.expose()))
    }

    fn refine(&self, refusal: &Refusal) -> Option<ErrorKind> {
        match refusal.status {
            // A wrong key is an argument like any other to this API.
            400 if refusal.has("API_KEY_INVALID") => Some(ErrorKind::Unauthenticated),
            // The free tier does not exist in this country.
            400 if refusal.has("FAILED_PRECONDITION") => Some(ErrorKind::PermissionDenied),
            _ => None,
        }
    }

    fn response(&self, response: &Response) -> Result<Vec<Vec<f32>>> {
        let answer: Answer = parse_json(&response.body)?;
        Ok(answer.embeddings.into_iter().map(|one| one.values).collect())
    }
}
