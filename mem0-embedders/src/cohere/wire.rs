//! What is sent to the Embed API, and how its answers are read.

use mem0_core::{ErrorKind, Purpose, Result};
use mem0_http::{Refusal, Request, Response, Secret, parse_json};
use serde::{Deserialize, Serialize};

use super::PROVIDER;
use super::config::CohereConfig;
use crate::shared::{Dims, Limits, Protocol, base_url, key};

#[derive(Debug)]
pub(super) struct Cohere {
    model: String,
    dims: Dims,
    url: String,
    key: Secret,
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    texts: &'a [&'a str],
    input_type: &'static str,
    embedding_types: [&'static str; 1],
    truncate: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_dimension: Option<usize>,
}

#[derive(Deserialize)]
struct Answer {
    embeddings: Embeddings,
}

#[derive(Deserialize)]
struct Embeddings {
    float: Vec<Vec<f32>>,
}

fn native_dims(model: &str) -> Option<usize> {
    Some(match model {
        "embed-v4.0" => 1_536,
        "embed-english-v3.0" | "embed-multilingual-v3.0" => 1_024,
        "embed-english-light-v3.0" | "embed-multilingual-light-v3.0" => 384,
        _ => return None,
    })
}

impl Cohere {
    pub(super) fn new(config: &CohereConfig) -> Result<Self> {
        let model = config.model.clone().unwrap_or_else(|| "embed-v4.0".to_owned());
        let base = base_url(config.base_url.as_deref(), None, "https://api.cohere.com");
        let key = key(config.api_key.as_ref(), &["COHERE_API_KEY"]);
        Ok(Self {
            // From the fourth generation on.
            dims: Dims::new(config.embedding_dims, native_dims(&model), !model.contains("v3"))?,
            model,
            url: format!("{base}/v2/embed"),
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

    fn dims(&self) -> Option<usize> {
        self.dims.due
    }

    fn limits(&self) -> Limits {
        // The window is 512 tokens or 128,000; the provider cuts by itself,
        // but need not be sent what no window holds.
        Limits { text_tokens: 256_000, request_tokens: 1_000_000, ..Limits::texts(96) }
    }

    fn request(&self, texts: &[&str], purpose: Purpose) -> Result<Request> {
        let body = Body {
            model: &self.model,
            texts,
            input_type: if purpose == Purpose::Query { "search_query" } else { "search_document" },
            embedding_types: ["float"],
            truncate: "END",
            output_dimension: self.dims.asked,
        };
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

    fn response(&self, response: &Response) -> Result<Vec<Vec<f32>>> {
        Ok(parse_json::<Answer>(&response.body)?.embeddings.float)
    }
}
