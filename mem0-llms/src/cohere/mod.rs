//! Cohere's Chat API, version 2.
//!
//! After "Chat", "Structured outputs", "Using vision models" and "Errors" of
//! docs.cohere.com.

mod config;
#[cfg(test)]
mod tests;
mod wire;

use std::sync::Arc;

use mem0_core::{
    Error, ErrorKind, Finish, Llm, LlmCapabilities, LlmRequest, LlmResponse, Registry, Result, Speaker,
    StructuredOutput, Turn, provider_config,
};
use mem0_http::{Refusal, Request, Response, Secret, parse_json};

pub use config::CohereConfig;

use crate::shared::config::TEMPERATURE;
use crate::shared::{Protocol, remote};

const DEFAULT_MODEL: &str = "command-a-03-2025";

#[derive(Debug)]
struct Cohere {
    config: CohereConfig,
    key: Secret,
    model: String,
    url: String,
}

impl Cohere {
    fn new(config: CohereConfig) -> Result<Self> {
        let key = config.api_key.clone().or_else(|| Secret::from_env("COHERE_API_KEY"));
        let key = Secret::required(key.as_ref(), "CO_API_KEY")?;
        let base = config.base_url.as_deref().unwrap_or("https://api.cohere.com");
        let url = format!("{}/v2/chat", base.trim_end_matches('/'));
        let model = config.model.clone().unwrap_or_else(|| DEFAULT_MODEL.to_owned());
        Ok(Self { key, url, model, config })
    }

    fn message<'a>(&'a self, turn: &'a Turn) -> wire::Message<'a> {
        let role = match turn.speaker {
            Speaker::User => "user",
            Speaker::Assistant => "assistant",
        };
        if turn.images.is_empty() {
            return wire::Message { role, content: wire::Content::Text(&turn.text) };
        }
        let text = Some(turn.text.as_str()).filter(|text| !text.is_empty()).map(|text| wire::Part::Text { text });
        let images = turn.images.iter().map(|image| wire::Part::ImageUrl {
            image_url: wire::ImageUrl { url: image.url(), detail: self.config.vision_details.as_deref() },
        });
        wire::Message { role, content: wire::Content::Parts(text.into_iter().chain(images).collect()) }
    }
}

#[async_trait::async_trait]
impl Protocol for Cohere {
    fn provider(&self) -> &'static str {
        "cohere"
    }

    fn model(&self) -> &str {
        &self.model
    }

    fn capabilities(&self) -> LlmCapabilities {
        let sees = || ["vision", "command-a-plus"].iter().any(|name| self.model.contains(name));
        LlmCapabilities::new(StructuredOutput::Schema).with_vision(self.config.vision.unwrap_or_else(sees))
    }

    fn request(&self, request: &LlmRequest) -> Result<Request> {
        let system = Some(request.system.as_str()).filter(|system| !system.is_empty());
        let system = system.map(|text| wire::Message { role: "system", content: wire::Content::Text(text) });
        let body = wire::Ask {
            model: &self.model,
            messages: system.into_iter().chain(request.turns.iter().map(|turn| self.message(turn))).collect(),
            stream: false,
            max_tokens: request.max_tokens.or(self.config.max_tokens),
            temperature: request.temperature.or(self.config.temperature).unwrap_or(TEMPERATURE).min(1.0),
            p: self.config.top_p,
            k: self.config.top_k,
            response_format: request
                .schema
                .as_ref()
                .map(|schema| wire::Format::JsonObject { json_schema: schema.schema.clone() }),
        };
        Ok(Request::post_json(&self.url, &body)?.with_bearer(&self.key))
    }

    /// 498 is a key that is blocked by the vendor's own rules, 499 a request
    /// that was given up.
    fn refine(&self, refusal: &Refusal) -> Option<ErrorKind> {
        match refusal.status {
            498 => Some(ErrorKind::PermissionDenied),
            _ => None,
        }
    }

    fn response(&self, response: &Response) -> Result<LlmResponse> {
        let answer: wire::Answer = parse_json(&response.body)?;
        let finish = match answer.finish_reason.to_ascii_uppercase().as_str() {
            "MAX_TOKENS" | "ERROR_LIMIT" => Finish::Length,
            "ERROR_TOXIC" => Finish::Filtered,
            // The answer is a success by its status only.
            "ERROR" => return Err(Error::new(ErrorKind::Unavailable, "the provider failed while it answered")),
            "TIMEOUT" => return Err(Error::new(ErrorKind::Timeout, "the provider took too long")),
            _ => Finish::Complete,
        };
        let parts = answer.message.content.unwrap_or_default().into_iter();
        let text = parts.filter_map(|part| match part {
            wire::SaidPart::Text { text } => Some(text),
            wire::SaidPart::Hidden => None,
        });
        let tokens = answer.usage.tokens.or(answer.usage.billed_units).unwrap_or_default();
        // A cast saturates, and what is no number becomes zero.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
        let (input, output) = (tokens.input_tokens as u64, tokens.output_tokens as u64);
        Ok(LlmResponse::new(text.collect::<String>()).with_finish(finish).with_usage(input, output))
    }
}

pub(crate) fn register(registry: &mut Registry) {
    registry.llm("cohere", |config, _| async {
        let config: CohereConfig = provider_config(config)?;
        let client = config.client()?;
        Ok(remote(Cohere::new(config)?, client) as Arc<dyn Llm>)
    });
}
