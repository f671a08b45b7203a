//! Google's Gemini API, version `v1beta`.
//!
//! After "Generating content", "Structured outputs", "API keys" and
//! "Troubleshooting" of ai.google.dev. The key travels in a header, never in
//! the address. Images go as bytes: an address that came with a message is not
//! handed on.

mod config;
pub(crate) mod content;
#[cfg(test)]
mod tests;
mod wire;

use std::sync::Arc;

use mem0_core::{
    ErrorKind, Llm, LlmCapabilities, LlmRequest, LlmResponse, Registry, Result, StructuredOutput, provider_config,
};
use mem0_http::{Refusal, Request, Response, Secret};

pub use config::GeminiConfig;

use crate::shared::{Protocol, remote};

pub(crate) const DEFAULT_MODEL: &str = "gemini-3.5-flash";

#[derive(Debug)]
struct Gemini {
    config: GeminiConfig,
    key: Secret,
    model: String,
    url: String,
}

impl Gemini {
    fn new(config: GeminiConfig) -> Result<Self> {
        let key = config.api_key.clone().or_else(|| Secret::from_env("GOOGLE_API_KEY"));
        let key = Secret::required(key.as_ref(), "GEMINI_API_KEY")?;
        let base = config.base_url.as_deref().unwrap_or("https://generativelanguage.googleapis.com");
        let model = config.model.clone().unwrap_or_else(|| DEFAULT_MODEL.to_owned());
        // `models/x` is how the API itself lists them.
        let name = model.strip_prefix("models/").unwrap_or(&model);
        let url = format!("{}/v1beta/models/{name}:generateContent", base.trim_end_matches('/'));
        Ok(Self { key, url, model, config })
    }
}

#[async_trait::async_trait]
impl Protocol for Gemini {
    fn provider(&self) -> &'static str {
        "gemini"
    }

    fn model(&self) -> &str {
        &self.model
    }

    fn capabilities(&self) -> LlmCapabilities {
        LlmCapabilities::new(StructuredOutput::Schema).with_vision(self.config.vision.unwrap_or(true))
    }

    fn request(&self, request: &LlmRequest) -> Result<Request> {
        let sampling = content::Sampling {
            temperature: content::temperature(&self.model, self.config.temperature),
            max_tokens: self.config.max_tokens,
            top_p: self.config.top_p,
            top_k: self.config.top_k,
        };
        let ask = Request::post_json(&self.url, &content::ask(request, &sampling)?)?;
        Ok(ask.with_header("x-goog-api-key", self.key.expose()))
    }

    fn refine(&self, refusal: &Refusal) -> Option<ErrorKind> {
        content::refine(refusal)
    }

    fn response(&self, response: &Response) -> Result<LlmResponse> {
        content::answer(response)
    }
}

pub(crate) fn register(registry: &mut Registry) {
    // The TypeScript library calls it `google`.
    for name in ["gemini", "google"] {
        registry.llm(name, |config, _| async {
            let config: GeminiConfig = provider_config(config)?;
            let client = config.client()?;
            Ok(remote(Gemini::new(config)?, client) as Arc<dyn Llm>)
        });
    }
}
