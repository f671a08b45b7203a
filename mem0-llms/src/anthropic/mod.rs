//! Anthropic's Messages API, version `2023-06-01`.
//!
//! After "Messages", "Structured outputs", "Tool use", "Vision" and "Errors" of
//! platform.claude.com/docs. From Claude 4.5 on a shape is asked for by
//! `output_config.format`, which is generally available and needs no beta
//! header; older models, and names that say no version, get a tool that they
//! must call.

mod config;
#[cfg(test)]
mod tests;
mod wire;

use std::sync::Arc;

use mem0_core::{
    Error, ErrorKind, Finish, Llm, LlmCapabilities, LlmRequest, LlmResponse, Registry, Result, Speaker,
    StructuredOutput, Turn, provider_config,
};
use mem0_http::{Refusal, Request, Response, Secret, parse_json, variable};

pub use config::AnthropicConfig;

use crate::shared::config::{MAX_TOKENS, TEMPERATURE};
use crate::shared::{Protocol, claude, remote, schema};

const DEFAULT_MODEL: &str = "claude-sonnet-4-6";

/// What constrained answers know of JSON Schema; anything else is refused.
const KEYWORDS: &[&str] = &[
    "$defs",
    "$ref",
    "type",
    "format",
    "title",
    "description",
    "enum",
    "const",
    "default",
    "items",
    "anyOf",
    "allOf",
    "properties",
    "additionalProperties",
    "required",
];

#[derive(Debug)]
struct Anthropic {
    config: AnthropicConfig,
    key: Secret,
    model: String,
    url: String,
}

impl Anthropic {
    fn new(config: AnthropicConfig) -> Result<Self> {
        if !matches!(config.structured_output, None | Some(StructuredOutput::Schema | StructuredOutput::Tool)) {
            return Err(Error::config("`structured_output` of anthropic is `schema` or `tool`"));
        }
        let key = Secret::required(config.api_key.as_ref(), "ANTHROPIC_API_KEY")?;
        let base = config.base_url.clone().or_else(|| variable("ANTHROPIC_BASE_URL"));
        let base = base.unwrap_or_else(|| "https://api.anthropic.com".to_owned());
        let model = config.model.clone().unwrap_or_else(|| DEFAULT_MODEL.to_owned());
        Ok(Self { key, model, url: format!("{}/v1/messages", base.trim_end_matches('/')), config })
    }

    /// Temperature and `top_p` are never sent together, which newer models
    /// refuse; `top_p` is sent only where no temperature was asked for.
    fn sampling(&self, request: &LlmRequest) -> wire::Sampling {
        if !claude::samples(&self.model) {
            return wire::Sampling::default();
        }
        let asked = request.temperature.or(self.config.temperature);
        let top_p = self.config.top_p.filter(|_| asked.is_none());
        let temperature = if top_p.is_some() { None } else { Some(asked.unwrap_or(TEMPERATURE).min(1.0)) };
        wire::Sampling { temperature, top_p, top_k: self.config.top_k }
    }
}

#[async_trait::async_trait]
impl Protocol for Anthropic {
    fn provider(&self) -> &'static str {
        "anthropic"
    }

    fn model(&self) -> &str {
        &self.model
    }

    fn capabilities(&self) -> LlmCapabilities {
        let constrained = claude::version(&self.model).is_some_and(|version| version >= (4, 5));
        let usual = if constrained { StructuredOutput::Schema } else { StructuredOutput::Tool };
        let structured = self.config.structured_output.unwrap_or(usual);
        LlmCapabilities::new(structured).with_vision(self.config.vision.unwrap_or(true))
    }

    fn request(&self, request: &LlmRequest) -> Result<Request> {
        let constrained = self.capabilities().structured_output == StructuredOutput::Schema;
        let schema = request.schema.as_ref();
        let output_config = schema.filter(|_| constrained).map(|schema| wire::OutputConfig {
            format: wire::Format::JsonSchema { schema: schema::keep(&schema.schema, KEYWORDS) },
        });
        let tool = schema.filter(|_| !constrained);
        let usual = || claude::longest_answer(&self.model, MAX_TOKENS);
        let body = wire::Ask {
            model: &self.model,
            max_tokens: request.max_tokens.or(self.config.max_tokens).unwrap_or_else(usual),
            system: &request.system,
            messages: request.turns.iter().map(message).collect(),
            sampling: self.sampling(request),
            output_config,
            tools: tool.map(|schema| {
                [wire::Tool { name: schema.name, description: "Takes the answer.", input_schema: &schema.schema }]
            }),
            tool_choice: tool.map(|schema| wire::ToolChoice::Tool { name: schema.name }),
        };
        let request = Request::post_json(&self.url, &body)?;
        Ok(request.with_header("x-api-key", self.key.expose()).with_header("anthropic-version", "2023-06-01"))
    }

    fn refine(&self, refusal: &Refusal) -> Option<ErrorKind> {
        if refusal.has("overloaded_error") {
            return Some(ErrorKind::Unavailable);
        }
        refusal.has("request_too_large").then_some(ErrorKind::ContextLength)
    }

    fn response(&self, response: &Response) -> Result<LlmResponse> {
        let answer: wire::Answer = parse_json(&response.body)?;
        let mut text = String::new();
        let mut called = None;
        for part in answer.content {
            match part {
                wire::Part::Text { text: more } => text.push_str(&more),
                wire::Part::ToolUse { input } => called = Some(input.to_string()),
                wire::Part::Hidden => {}
            }
        }
        let finish = match answer.stop_reason.as_deref() {
            Some("max_tokens" | "model_context_window_exceeded") => Finish::Length,
            Some("refusal") => Finish::Filtered,
            _ => Finish::Complete,
        };
        let usage = answer.usage;
        let cached = [usage.cache_creation_input_tokens, usage.cache_read_input_tokens];
        let input = cached.into_iter().flatten().fold(usage.input_tokens, u64::saturating_add);
        Ok(LlmResponse::new(called.unwrap_or(text)).with_finish(finish).with_usage(input, usage.output_tokens))
    }
}

fn message(turn: &Turn) -> wire::Message<'_> {
    let role = match turn.speaker {
        Speaker::User => "user",
        Speaker::Assistant => "assistant",
    };
    // An empty text is refused; pictures come first, as the vendor advises.
    let images = turn.images.iter().map(|image| {
        let source = match image.data() {
            Some((media_type, data)) => wire::ImageSource::Base64 { media_type, data },
            None => wire::ImageSource::Url { url: image.url() },
        };
        wire::Block::Image { source }
    });
    let text = Some(turn.text.as_str()).filter(|text| !text.is_empty()).map(|text| wire::Block::Text { text });
    wire::Message { role, content: images.chain(text).collect() }
}

pub(crate) fn register(registry: &mut Registry) {
    registry.llm("anthropic", |config, _| async {
        let config: AnthropicConfig = provider_config(config)?;
        let client = config.client()?;
        Ok(remote(Anthropic::new(config)?, client) as Arc<dyn Llm>)
    });
}
