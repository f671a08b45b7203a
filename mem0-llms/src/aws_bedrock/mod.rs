//! Amazon Bedrock by its Converse API, version `2023-09-30`, for every model.
//!
//! After `Converse`, `ToolChoice` and "Common errors" of the Amazon Bedrock API
//! Reference, and "Supported models and model features" of its user guide.
//! Converse takes images as bytes only.

mod config;
mod family;
#[cfg(test)]
mod tests;
mod wire;

use std::sync::Arc;

use mem0_core::{
    Clock, Error, ErrorKind, Finish, Llm, LlmCapabilities, LlmRequest, LlmResponse, OutputSchema, Registry, Result,
    Speaker, SystemClock, Turn, provider_config,
};
use mem0_http::aws::{Credentials, Given, region, sign};
use mem0_http::{Client, Refusal, Request, Response, parse_json};

pub use config::BedrockConfig;

use crate::shared::config::TEMPERATURE;
use crate::shared::{Protocol, claude, images, prompt, remote};

const DEFAULT_MODEL: &str = "anthropic.claude-3-5-sonnet-20240620-v1:0";

#[derive(Debug)]
struct Bedrock {
    config: BedrockConfig,
    credentials: Credentials,
    region: String,
    model: String,
    url: String,
    clock: Arc<dyn Clock>,
}

impl Bedrock {
    fn new(config: BedrockConfig, clock: Arc<dyn Clock>) -> Result<Self> {
        if config.api_key.is_some() {
            return Err(Error::config("aws_bedrock takes no `api_key`: set `aws_access_key_id` or `aws_profile`"));
        }
        let credentials = Credentials::find(Given {
            access_key_id: config.aws_access_key_id.as_ref(),
            secret_access_key: config.aws_secret_access_key.as_ref(),
            session_token: config.aws_session_token.as_ref(),
            profile: config.aws_profile.as_deref(),
        })?;
        let region = region(config.aws_region.as_deref())?;
        let base = config.base_url.clone().unwrap_or_else(|| {
            // China has a domain of its own.
            let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
            format!("https://bedrock-runtime.{region}.{domain}")
        });
        let model = config.model.clone().unwrap_or_else(|| DEFAULT_MODEL.to_owned());
        let url = format!("{}/model/{}/converse", base.trim_end_matches('/'), escaped(&model));
        Ok(Self { credentials, region, model, url, clock, config })
    }

    /// By what the family of the model is told.
    fn maker(&self) -> &str {
        self.config.provider_override.as_deref().unwrap_or(&self.model)
    }

    fn inference(&self, request: &LlmRequest) -> wire::InferenceConfig {
        let max_tokens = request.max_tokens.or(self.config.max_tokens);
        if !claude::samples(&self.model) {
            return wire::InferenceConfig { max_tokens, temperature: None, top_p: None };
        }
        // Newer Claude models refuse both together.
        let asked = request.temperature.or(self.config.temperature);
        let top_p = self.config.top_p.filter(|_| asked.is_none());
        let temperature = if top_p.is_some() { None } else { Some(asked.unwrap_or(TEMPERATURE).min(1.0)) };
        wire::InferenceConfig { max_tokens, temperature, top_p }
    }
}

/// A model's name, or the ARN of one, as one part of a path.
fn escaped(model: &str) -> String {
    model.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}

#[async_trait::async_trait]
impl Protocol for Bedrock {
    fn provider(&self) -> &'static str {
        "aws_bedrock"
    }

    fn model(&self) -> &str {
        &self.model
    }

    fn capabilities(&self) -> LlmCapabilities {
        let vision = self.config.vision.unwrap_or_else(|| family::sees(self.maker()));
        LlmCapabilities::new(family::structured_output(self.maker())).with_vision(vision)
    }

    fn request(&self, request: &LlmRequest) -> Result<Request> {
        let schema = request.schema.as_ref();
        let tool_config = schema.and_then(|schema| tool(self.maker(), schema));
        let system = prompt::system(request, self.capabilities().structured_output);
        let system = Some(system).filter(|system| !system.is_empty()).map(wire::Block::Text);
        let mut additional = self.config.model_kwargs.clone().unwrap_or_default();
        if let Some(top_k) = self.config.top_k.filter(|_| claude::samples(&self.model)) {
            additional.entry("top_k").or_insert_with(|| top_k.into());
        }
        let body = wire::Ask {
            messages: request.turns.iter().map(message).collect::<Result<_>>()?,
            system: system.into_iter().collect(),
            inference_config: self.inference(request),
            tool_config,
            guardrail_config: self.config.guardrail_id.as_deref().map(|id| wire::GuardrailConfig {
                guardrail_identifier: id,
                guardrail_version: self.config.guardrail_version.as_deref().unwrap_or("DRAFT"),
            }),
            additional_model_request_fields: additional,
        };
        Request::post_json(&self.url, &body)
    }

    async fn authorize(&self, _: &Client, request: Request) -> Result<Request> {
        sign(request, &self.credentials, &self.region, "bedrock", self.clock.now())
    }

    fn refine(&self, refusal: &Refusal) -> Option<ErrorKind> {
        let kinds = [
            ("UnrecognizedClientException", ErrorKind::Unauthenticated),
            ("InvalidSignatureException", ErrorKind::Unauthenticated),
            ("IncompleteSignature", ErrorKind::Unauthenticated),
            ("MissingAuthenticationToken", ErrorKind::Unauthenticated),
            ("ExpiredToken", ErrorKind::Unauthenticated),
            ("ExpiredTokenException", ErrorKind::Unauthenticated),
            ("AccessDeniedException", ErrorKind::PermissionDenied),
            ("ThrottlingException", ErrorKind::RateLimited),
            ("ServiceQuotaExceededException", ErrorKind::QuotaExceeded),
            ("ModelTimeoutException", ErrorKind::Timeout),
            // The model is being loaded, or it failed: 429 and 424.
            ("ModelNotReadyException", ErrorKind::Unavailable),
            ("ModelErrorException", ErrorKind::Unavailable),
        ];
        kinds.iter().find(|(code, _)| refusal.has(code)).map(|(_, kind)| *kind)
    }

    fn response(&self, response: &Response) -> Result<LlmResponse> {
        let answer: wire::Answer = parse_json(&response.body)?;
        let mut text = String::new();
        let mut called = None;
        for part in answer.output.message.content {
            text.push_str(&part.text.unwrap_or_default());
            called = part.tool_use.map(|call| call.input.to_string()).or(called);
        }
        let finish = match answer.stop_reason.as_str() {
            "max_tokens" | "model_context_window_exceeded" => Finish::Length,
            "guardrail_intervened" | "content_filtered" => Finish::Filtered,
            _ => Finish::Complete,
        };
        let usage = answer.usage;
        let cached = usage.cache_read_input_tokens.saturating_add(usage.cache_write_input_tokens);
        let input = usage.input_tokens.saturating_add(cached);
        Ok(LlmResponse::new(called.unwrap_or(text)).with_finish(finish).with_usage(input, usage.output_tokens))
    }
}

fn tool<'a>(maker: &str, schema: &'a OutputSchema) -> Option<wire::ToolConfig<'a>> {
    let tool_choice = family::tool_choice(maker, schema.name)?;
    let tool = wire::Tool::ToolSpec(wire::ToolSpec {
        name: schema.name,
        description: "Takes the answer.",
        input_schema: wire::InputSchema { json: &schema.schema },
    });
    Some(wire::ToolConfig { tools: [tool], tool_choice })
}

fn message(turn: &Turn) -> Result<wire::Message<'_>> {
    let role = match turn.speaker {
        Speaker::User => "user",
        Speaker::Assistant => "assistant",
    };
    let mut content = Vec::new();
    for image in &turn.images {
        let (media_type, bytes) = images::inline(image)?;
        let format = media_type.strip_prefix("image/").unwrap_or(media_type);
        if !["png", "jpeg", "gif", "webp"].contains(&format) {
            return Err(Error::new(ErrorKind::Unsupported, "Bedrock takes images as PNG, JPEG, GIF or WebP"));
        }
        content.push(wire::Block::Image(wire::Image { format, source: wire::Source { bytes } }));
    }
    if !turn.text.is_empty() {
        content.push(wire::Block::Text(turn.text.as_str().into()));
    }
    Ok(wire::Message { role, content })
}

pub(crate) fn register(registry: &mut Registry) {
    registry.llm("aws_bedrock", |config, _| async {
        let config: BedrockConfig = provider_config(config)?;
        let client = config.client()?;
        Ok(remote(Bedrock::new(config, Arc::new(SystemClock))?, client) as Arc<dyn Llm>)
    });
}
