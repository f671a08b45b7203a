//! Ollama's own API.
//!
//! After "Generate a chat message", "Structured outputs", "Thinking" and
//! "Errors" of docs.ollama.com. Thinking is switched off: its words would be
//! thrown away. `truncate: false` (a field of `ChatRequest` in its sources since
//! 0.12.6) makes input that is too long an error; else its beginning is dropped
//! silently. Images go as Base64; a model is never pulled by itself.

mod config;
#[cfg(test)]
mod tests;
mod wire;

use std::sync::Arc;

use mem0_core::{
    Error, ErrorKind, Finish, Llm, LlmCapabilities, LlmRequest, LlmResponse, Registry, Result, Speaker,
    StructuredOutput, Turn, provider_config,
};
use mem0_http::{Request, Response, parse_json, variable};

pub use config::OllamaConfig;

use crate::shared::config::{MAX_TOKENS, TEMPERATURE};
use crate::shared::{Protocol, images, remote};

const DEFAULT_MODEL: &str = "llama3.1:8b";

#[derive(Debug)]
struct Ollama {
    config: OllamaConfig,
    model: String,
    url: String,
}

impl Ollama {
    fn new(config: OllamaConfig) -> Self {
        let base = config.base_url.clone().or_else(|| variable("OLLAMA_HOST"));
        let url = format!("{}/api/chat", address(base.as_deref().unwrap_or("localhost")));
        let model = config.model.clone().unwrap_or_else(|| DEFAULT_MODEL.to_owned());
        Self { model, url, config }
    }
}

/// `OLLAMA_HOST` may leave out scheme and port, and `0.0.0.0` says where the
/// server listens, not where it is.
fn address(host: &str) -> String {
    let host = host.trim().trim_end_matches('/');
    if host.contains("://") {
        return host.to_owned();
    }
    let (name, port) = host.rsplit_once(':').unwrap_or((host, "11434"));
    let name = if matches!(name, "0.0.0.0" | "") { "127.0.0.1" } else { name };
    format!("http://{name}:{port}")
}

#[async_trait::async_trait]
impl Protocol for Ollama {
    fn provider(&self) -> &'static str {
        "ollama"
    }

    fn model(&self) -> &str {
        &self.model
    }

    /// Whether a model sees cannot be told by its name.
    fn capabilities(&self) -> LlmCapabilities {
        LlmCapabilities::new(StructuredOutput::Schema).with_vision(self.config.vision.unwrap_or(false))
    }

    fn request(&self, request: &LlmRequest) -> Result<Request> {
        let system = Some(request.system.as_str()).filter(|system| !system.is_empty());
        let system = system.map(|content| Ok(wire::Message { role: "system", content, images: Vec::new() }));
        let body = wire::Ask {
            model: &self.model,
            messages: system.into_iter().chain(request.turns.iter().map(message)).collect::<Result<_>>()?,
            stream: false,
            think: false,
            truncate: false,
            options: wire::Options {
                temperature: request.temperature.or(self.config.temperature).unwrap_or(TEMPERATURE),
                num_predict: request.max_tokens.or(self.config.max_tokens).unwrap_or(MAX_TOKENS),
                top_p: self.config.top_p,
                top_k: self.config.top_k,
                more: self.config.options.clone().unwrap_or_default(),
            },
            format: request.schema.as_ref().map(|schema| &schema.schema),
            keep_alive: self.config.keep_alive.as_deref(),
        };
        let ask = Request::post_json(&self.url, &body)?;
        Ok(match &self.config.api_key {
            Some(key) => ask.with_bearer(key),
            None => ask,
        })
    }

    fn refusal(&self, error: Error) -> Error {
        match error.kind() {
            ErrorKind::NotFound => {
                Error::not_found("ollama has no such model: fetch it with `ollama pull` and its name")
                    .with_context("model", &self.model)
                    .with_source(error)
            }
            _ => error,
        }
    }

    fn response(&self, response: &Response) -> Result<LlmResponse> {
        let answer: wire::Answer = parse_json(&response.body)?;
        let finish = match answer.done_reason.as_deref() {
            Some("length") => Finish::Length,
            _ => Finish::Complete,
        };
        let response = LlmResponse::new(answer.message.content).with_finish(finish);
        Ok(response.with_usage(answer.prompt_eval_count, answer.eval_count))
    }
}

fn message(turn: &Turn) -> Result<wire::Message<'_>> {
    let role = match turn.speaker {
        Speaker::User => "user",
        Speaker::Assistant => "assistant",
    };
    let images = turn.images.iter().map(|image| images::inline(image).map(|(_, data)| data)).collect::<Result<_>>()?;
    Ok(wire::Message { role, content: &turn.text, images })
}

pub(crate) fn register(registry: &mut Registry) {
    registry.llm("ollama", |config, _| async {
        let config: OllamaConfig = provider_config(config)?;
        let client = config.client()?;
        Ok(remote(Ollama::new(config), client) as Arc<dyn Llm>)
    });
}
