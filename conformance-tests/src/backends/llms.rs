//! Language models with protocols of their own, each over a fake of it.

use std::sync::Arc;

use async_trait::async_trait;
use mem0_core::{Error, Llm, Result};
use serde_json::{Value, json};

use super::openai::made;
use crate::fakes::llm::{Fake, Speaks};
use crate::fakes::{Reply, anthropic, aws, bedrock, cohere, gemini, google, ollama};
use crate::harness::{FAKE_KEY, FakeLlm, LlmHarness, Setup};

/// Starts the fake, and a handle on it with the provider's own keys and those
/// that were asked for.
async fn open(
    provider: &str,
    speaks: Box<Speaks>,
    own: fn(&str) -> Value,
    asked: Value,
) -> Result<(Arc<dyn Llm>, Arc<dyn FakeLlm>)> {
    let start = Fake::start(speaks).await;
    let fake = start.map_err(|e| Error::internal("no port for the fake").with_source(e))?;
    let llm = made(provider, own(&fake.url()), asked).await?;
    Ok((llm, Arc::new(fake)))
}

macro_rules! harness {
    ($(#[$meta:meta])* $name:ident: $provider:literal, $speaks:expr, $own:expr, $too_long:expr) => {
        $(#[$meta])*
        #[derive(Debug)]
        pub struct $name;

        #[async_trait]
        impl LlmHarness for $name {
            async fn start() -> Setup<Self> {
                Setup::Ready(Self)
            }

            async fn open(&self, config: Value) -> Result<(Arc<dyn Llm>, Arc<dyn FakeLlm>)> {
                open($provider, Box::new($speaks), $own, config).await
            }

            fn too_long(&self) -> Reply {
                $too_long
            }
        }
    };
}

harness! {
    /// `anthropic`, whose model is forced into the schema.
    AnthropicHarness: "anthropic", anthropic::speak,
    |url| json!({"api_key": FAKE_KEY, "anthropic_base_url": url, "model": "claude-sonnet-4-5"}),
    anthropic::refusal(400, "invalid_request_error", "prompt is too long: 208310 tokens > 200000 maximum")
}

harness! {
    /// `anthropic` with a model from before constrained answers, which is made
    /// to call a tool.
    AnthropicToolHarness: "anthropic", anthropic::speak,
    |url| json!({"api_key": FAKE_KEY, "base_url": url, "model": "claude-3-5-haiku-20241022"}),
    anthropic::refusal(400, "invalid_request_error", "prompt is too long: 208310 tokens > 200000 maximum")
}

harness! {
    /// `gemini`.
    GeminiHarness: "gemini", gemini::speak,
    |url| json!({"api_key": FAKE_KEY, "base_url": url}),
    gemini::refusal(
        400, "INVALID_ARGUMENT",
        "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
    )
}

harness! {
    /// `vertexai`, which fetches a token for a service account first.
    VertexAiHarness: "vertexai",
    |seen: &_, answer: &_| {
        if let Some(reply) = google::token(seen) {
            return Err(reply);
        }
        if !google::is_let_in(seen) {
            return Err(gemini::refusal(401, "UNAUTHENTICATED", "Request had invalid authentication credentials."));
        }
        let place = "/v1/projects/my-project/locations/europe-west4/publishers/google/models/";
        gemini::generate(seen, answer, place)
    },
    |url| json!({
        "project": "my-project", "location": "europe-west4", "base_url": url, "credentials": google::account(url),
    }),
    gemini::refusal(
        400, "INVALID_ARGUMENT",
        "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
    )
}

harness! {
    /// `aws_bedrock`, whose model is made to call a tool.
    BedrockHarness: "aws_bedrock", |seen: &_, answer: &_| bedrock::speak(seen, answer, CLAUDE),
    |url| on_bedrock(url, CLAUDE),
    aws::refusal(400, "ValidationException", "Input is too long for requested model.")
}

harness! {
    /// `aws_bedrock` with a model that can be asked in the prompt only.
    BedrockPromptHarness: "aws_bedrock", |seen: &_, answer: &_| bedrock::speak(seen, answer, LLAMA),
    |url| on_bedrock(url, LLAMA),
    aws::refusal(400, "ValidationException", "Input is too long for requested model.")
}

/// Their names have a colon, which is escaped in the path.
const CLAUDE: &str = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0";
const LLAMA: &str = "meta.llama4-maverick-17b-instruct-v1:0";

fn on_bedrock(url: &str, model: &str) -> Value {
    json!({
        "aws_access_key_id": aws::ACCESS_KEY_ID, "aws_secret_access_key": FAKE_KEY, "aws_region": aws::REGION,
        "base_url": url, "model": model,
    })
}

harness! {
    /// `ollama`, behind a gateway that asks for a key.
    OllamaHarness: "ollama", ollama::speak,
    |url| json!({"api_key": FAKE_KEY, "ollama_base_url": url, "model": ollama::MODEL}),
    ollama::refusal(400, "request (8889 tokens) exceeds the available context size (4096 tokens), try increasing it")
}

harness! {
    /// `cohere`.
    CohereHarness: "cohere", cohere::speak,
    |url| json!({"api_key": FAKE_KEY, "base_url": url}),
    cohere::refusal(400, "too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 4292.")
}
