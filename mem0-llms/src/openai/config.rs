//! The configuration of OpenAI and of the hosts of its shape.

use std::collections::BTreeMap;

use async_openai::types::chat::{ReasoningEffort, ResponseFormat};
use mem0_core::{Error, Result, StructuredOutput};
use mem0_http::Secret;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::presets::Preset;
use crate::shared::llm_config;

llm_config! {
    /// How a model of OpenAI, or of a host of its shape, is asked.
    ///
    /// The Python library's keys for the address (`openai_base_url`,
    /// `deepseek_base_url`, …) are other names of `base_url`, each for its own
    /// provider.
    OpenAiConfig {
        /// The address up to `/chat/completions`; the provider's own variable,
        /// else its own address, where it is not set.
        base_url: Option<String>,
        /// How the model is brought to answer in a shape: `schema`, `tool`,
        /// `json` or `prompt`; what is known of the model where it is not set.
        structured_output: Option<StructuredOutput>,
        /// How JSON is asked for where there is no schema to ask with, as
        /// `response_format` of the API.
        response_format: Option<ResponseFormat>,
        /// How long the model thinks: `none`, `minimal`, `low`, `medium`,
        /// `high`, `xhigh` or `max`; only of models that reason.
        reasoning_effort: Option<ReasoningEffort>,
        /// Whether the model takes no temperature and no nucleus sampling; known
        /// by its name where it is not set.
        is_reasoning_model: Option<bool>,
        /// Whether OpenAI keeps the answers; it decides where this is not set.
        store: Option<bool>,
        /// More headers. Their values are kept secret.
        headers: BTreeMap<String, Secret>,
        /// More of the body, as the provider documents it.
        extra: Map<String, Value>,
        /// OpenRouter: the models to fall back on.
        models: Option<Vec<String>>,
        /// OpenRouter: how it chooses, `fallback`.
        route: Option<String>,
        /// OpenRouter: the address of the application, for its statistics.
        site_url: Option<String>,
        /// OpenRouter: the name of the application.
        app_name: Option<String>,
        /// Accepted of a configuration of the Python library for `openai`, which
        /// used it only when it went to OpenRouter instead; that is a provider
        /// of its own here.
        openrouter_base_url: Option<String>,
        /// Azure: where the deployment is.
        azure_kwargs: Option<AzureConfig>,
        /// Azure: a token of Entra ID instead of a key; `AZURE_OPENAI_AD_TOKEN`
        /// where it is not set.
        azure_ad_token: Option<Secret>,
    }
}

/// A deployment of Azure OpenAI.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct AzureConfig {
    /// The key; `LLM_AZURE_OPENAI_API_KEY` where it is not set.
    pub api_key: Option<Secret>,
    /// The name of the deployment; `LLM_AZURE_DEPLOYMENT`, else `model`, where it
    /// is not set.
    pub azure_deployment: Option<String>,
    /// `https://NAME.openai.azure.com`; `LLM_AZURE_ENDPOINT` where it is not set.
    pub azure_endpoint: Option<String>,
    /// A dated version of the API, `LLM_AZURE_API_VERSION` where it is not set.
    /// Without either the v1 API is asked, which has no versions.
    pub api_version: Option<String>,
    /// More headers.
    pub default_headers: Option<BTreeMap<String, Secret>>,
}

/// Gives the provider's own names of keys their common ones, and what the
/// Python library accepts for it its place here. Names of other providers are
/// left to be refused.
pub(super) fn own_names(preset: &Preset, config: Value) -> Result<Value> {
    let Value::Object(mut keys) = config else { return Ok(config) };
    for key in ["base_url", "response_format"] {
        let theirs = format!("{}_{key}", preset.prefix);
        if preset.name == "openai" && theirs == "openrouter_base_url" {
            continue;
        }
        if let Some(value) = keys.remove(&theirs) {
            let twice = keys.get(key).is_some_and(|known| !known.is_null() && *known != value);
            if twice && !value.is_null() {
                return Err(Error::config(format!("\"{theirs}\" and \"{key}\" say different things")));
            }
            if !value.is_null() {
                keys.insert(key.to_owned(), value);
            }
        }
    }
    // A model with its options in one map.
    if preset.name == "sarvam"
        && let Some(Value::Object(options)) = keys.get("model")
    {
        let options = options.clone();
        keys.remove("model");
        const KNOWN: &[&str] = &["temperature", "top_p", "max_tokens", "reasoning_effort"];
        let mut extra = Map::new();
        for (key, value) in options {
            match key.as_str() {
                "name" => {
                    keys.insert("model".to_owned(), value);
                }
                known if KNOWN.contains(&known) => {
                    keys.entry(key).or_insert(value);
                }
                _ => {
                    extra.insert(key, value);
                }
            }
        }
        keys.entry("extra").or_insert(Value::Object(extra));
    }
    // Nulls of a configuration that was written by a program say nothing.
    keys.retain(|_, value| !value.is_null());
    Ok(Value::Object(keys))
}
