//! OpenAI's Chat Completions, and every host that speaks it.
//!
//! | provider | key | address | JSON |
//! |---|---|---|---|
//! | `openai`, `openai_structured` | `OPENAI_API_KEY` | `OPENAI_BASE_URL` | schema |
//! | `azure_openai`, `azure_openai_structured` | `LLM_AZURE_OPENAI_API_KEY`, `AZURE_OPENAI_AD_TOKEN` | `LLM_AZURE_ENDPOINT` | schema |
//! | `groq` | `GROQ_API_KEY` | | by model |
//! | `together` | `TOGETHER_API_KEY` | | schema |
//! | `deepseek` | `DEEPSEEK_API_KEY` | `DEEPSEEK_API_BASE` | JSON |
//! | `xai` | `XAI_API_KEY` | `XAI_API_BASE` | schema |
//! | `minimax` | `MINIMAX_API_KEY` | `MINIMAX_API_BASE` | JSON |
//! | `sarvam` | `SARVAM_API_KEY` | `SARVAM_API_BASE` | in the prompt |
//! | `mistral` | `MISTRAL_API_KEY` | | schema |
//! | `openrouter` | `OPENROUTER_API_KEY` | `OPENROUTER_API_BASE` | schema |
//! | `vllm` | `VLLM_API_KEY`, if any | `VLLM_BASE_URL` | schema |
//! | `lmstudio` | none | | schema |
//! | `litellm` (its proxy) | `LITELLM_API_KEY`, if any | `LITELLM_API_BASE` | schema |
//! | `llama_cpp` (its server) | `LLAMA_API_KEY`, if any | | schema |
//! | `openai_compatible` | `api_key`, if any | `base_url` | JSON |
//!
//! A provider reads its own variables and no others. Where the table is wrong
//! about a model, `structured_output` says how it is brought to answer in a
//! shape: `schema`, `tool`, `json` or `prompt`.
//!
//! Written from OpenAI's API reference (Chat Completions, as of 2026), Azure
//! OpenAI's REST reference (v1 and 2024-10-21) and the API references of the
//! hosts.

pub mod config;

mod models;
mod presets;
mod settings;
#[cfg(test)]
mod tests;
mod wire;

use std::sync::Arc;

use mem0_core::{ErrorKind, Llm, LlmCapabilities, LlmRequest, LlmResponse, Registry, Result, provider_config};
use mem0_http::{Refusal, Request, Response, variable};
use serde_json::Value;

use crate::shared::{Protocol, remote};
use config::OpenAiConfig;
use presets::{PRESETS, Preset};
use settings::Settings;

pub(crate) fn register(registry: &mut Registry) {
    for preset in PRESETS {
        registry.llm(preset.name, move |config, _| async move { open(preset, config) });
    }
}

fn open(preset: &'static Preset, config: Value) -> Result<Arc<dyn Llm>> {
    let config: OpenAiConfig = provider_config(config::own_names(preset, config)?)?;
    let client = config.client()?;
    Ok(remote(ChatCompletions { settings: Settings::resolve(preset, config, &variable)? }, client))
}

/// One model of one host.
#[derive(Debug)]
struct ChatCompletions {
    settings: Settings,
}

impl Protocol for ChatCompletions {
    fn provider(&self) -> &'static str {
        self.settings.preset.name
    }

    fn model(&self) -> &str {
        &self.settings.model
    }

    fn capabilities(&self) -> LlmCapabilities {
        LlmCapabilities::new(self.settings.structured).with_vision(self.settings.vision)
    }

    fn request(&self, request: &LlmRequest) -> Result<Request> {
        let body = wire::body(&self.settings, request);
        let mut ready = Request::post_json(&self.settings.url, &body)?;
        for (name, value) in &self.settings.headers {
            ready = ready.with_header(name, value.expose());
        }
        Ok(ready)
    }

    fn refine(&self, refusal: &Refusal) -> Option<ErrorKind> {
        wire::refine(refusal)
    }

    fn withholds(&self, refusal: &Refusal) -> bool {
        wire::withholds(refusal)
    }

    fn response(&self, response: &Response) -> Result<LlmResponse> {
        wire::response(response)
    }
}
