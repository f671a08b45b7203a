//! What is sent to Voyage AI, and how its answers are read.

use mem0_core::{Purpose, Result};
use mem0_http::{Request, Response, Secret, parse_json};
use serde::Serialize;

use super::PROVIDER;
use super::config::VoyageConfig;
use crate::shared::{Dims, Indexed, Limits, Protocol, base_url};

#[derive(Debug)]
pub(super) struct Voyage {
    model: String,
    dims: Dims,
    url: String,
    key: Secret,
}

#[derive(Serialize)]
struct Body<'a> {
    input: &'a [&'a str],
    model: &'a str,
    input_type: &'static str,
    truncation: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_dimension: Option<usize>,
}

fn native_dims(model: &str) -> Option<usize> {
    Some(match model {
        "voyage-4"
        | "voyage-4-lite"
        | "voyage-4-large"
        | "voyage-3.5"
        | "voyage-3.5-lite"
        | "voyage-3-large"
        | "voyage-code-3"
        | "voyage-3"
        | "voyage-finance-2"
        | "voyage-law-2"
        | "voyage-multilingual-2"
        | "voyage-2" => 1_024,
        "voyage-3-lite" => 512,
        "voyage-code-2" | "voyage-large-2" => 1_536,
        _ => return None,
    })
}

/// Models of one length only.
fn is_fixed(model: &str) -> bool {
    model.ends_with("-2") || matches!(model, "voyage-3" | "voyage-3-lite")
}

impl Voyage {
    pub(super) fn new(config: &VoyageConfig) -> Result<Self> {
        let model = config.model.clone().unwrap_or_else(|| "voyage-4".to_owned());
        let base = base_url(config.base_url.as_deref(), None, "https://api.voyageai.com/v1");
        Ok(Self {
            dims: Dims::new(config.embedding_dims, native_dims(&model), !is_fixed(&model))?,
            model,
            url: format!("{base}/embeddings"),
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

    fn dims(&self) -> Option<usize> {
        self.dims.due
    }

    fn limits(&self) -> Limits {
        let request_tokens = match self.model.as_str() {
            "voyage-4-lite" | "voyage-3.5-lite" => 1_000_000,
            "voyage-4" | "voyage-3.5" | "voyage-2" => 320_000,
            _ => 120_000,
        };
        // The provider cuts a text to the window of 32,000 tokens, but counts
        // it whole against the limit of the request.
        Limits { request_tokens, text_tokens: request_tokens.min(64_000), ..Limits::texts(1_000) }
    }

    fn request(&self, texts: &[&str], purpose: Purpose) -> Result<Request> {
        let body = Body {
            input: texts,
            model: &self.model,
            input_type: if purpose == Purpose::Query { "query" } else { "document" },
            truncation: true,
            output_dimension: self.dims.asked,
        };
        Ok(Request::post_json(&self.url, &body)?.with_bearer(&self.key))
    }

    fn response(&self, response: &Response) -> Result<Vec<Vec<f32>>> {
        parse_json::<Indexed>(&response.body)?.in_order()
    }
}
