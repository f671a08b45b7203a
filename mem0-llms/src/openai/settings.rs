//! What a preset, a configuration and the environment amount to.

use async_openai::types::chat::{ImageDetail, ReasoningEffort, ResponseFormat};
use mem0_core::{Error, ErrorKind, Result, StructuredOutput};
use mem0_http::Secret;
use serde_json::{Map, Value};

use super::config::{AzureConfig, OpenAiConfig};
use super::models;
use super::presets::Preset;
use crate::shared::config::{MAX_TOKENS, TEMPERATURE};

/// Everything that requests are made of, decided once.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) preset: &'static Preset,
    pub(super) model: String,
    pub(super) url: String,
    pub(super) headers: Vec<(String, Secret)>,
    pub(super) structured: StructuredOutput,
    pub(super) response_format: Option<ResponseFormat>,
    pub(super) vision: bool,
    pub(super) detail: Option<ImageDetail>,
    /// Whether the model takes no temperature.
    pub(super) reasons: bool,
    pub(super) reasoning_effort: Option<ReasoningEffort>,
    pub(super) temperature: f32,
    pub(super) top_p: Option<f32>,
    pub(super) max_tokens: u32,
    pub(super) store: Option<bool>,
    /// What the body has beside OpenAI's own fields.
    pub(super) extra: Map<String, Value>,
}

/// The value of a variable, if it is set.
type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

impl Settings {
    /// The configuration comes first, then the provider's own variables, then
    /// what the preset says.
    pub(super) fn resolve(preset: &'static Preset, config: OpenAiConfig, env: Environment<'_>) -> Result<Self> {
        refuse_strangers(preset, &config)?;
        let (model, url, mut headers) = match is_azure(preset) {
            true => azure(preset, &config, env)?,
            false => host(preset, &config, env)?,
        };
        let site = [("http-referer", &config.site_url), ("x-title", &config.app_name)];
        for (name, value) in site.into_iter().filter(|_| preset.name == "openrouter") {
            headers.extend(value.as_ref().map(|value| (name.to_owned(), Secret::new(value))));
        }
        headers.extend(config.headers.iter().map(|(name, value)| (name.clone(), value.clone())));
        sendable(&headers)?;
        let known = models::structured(preset.name, &model).unwrap_or(preset.structured);
        Ok(Self {
            structured: config.structured_output.unwrap_or(known),
            vision: config.vision.unwrap_or_else(|| models::sees(&model)),
            detail: config.vision_details.as_deref().map(detail).transpose()?,
            reasons: config.is_reasoning_model.unwrap_or_else(|| models::reasons(&model)),
            temperature: config.temperature.unwrap_or(TEMPERATURE),
            max_tokens: config.max_tokens.unwrap_or(MAX_TOKENS),
            top_p: config.top_p,
            store: config.store,
            extra: extra(preset, &config),
            reasoning_effort: config.reasoning_effort,
            response_format: config.response_format,
            preset,
            model,
            url,
            headers,
        })
    }
}

fn is_azure(preset: &Preset) -> bool {
    preset.prefix == "azure"
}

/// Keys that only another provider has would be ignored in silence.
fn refuse_strangers(preset: &Preset, config: &OpenAiConfig) -> Result<()> {
    let openrouter = preset.name == "openrouter" || preset.prefix == "openai";
    for (key, set, own) in [
        ("azure_kwargs", config.azure_kwargs.is_some(), is_azure(preset)),
        ("azure_ad_token", config.azure_ad_token.is_some(), is_azure(preset)),
        ("models", config.models.is_some(), openrouter),
        ("route", config.route.is_some(), openrouter),
        ("site_url", config.site_url.is_some(), openrouter),
        ("app_name", config.app_name.is_some(), openrouter),
        ("openrouter_base_url", config.openrouter_base_url.is_some(), openrouter),
    ] {
        if set && !own {
            return Err(Error::config(format!("unknown key \"{key}\": {} has none", preset.name)));
        }
    }
    Ok(())
}

type Place = (String, String, Vec<(String, Secret)>);

fn host(preset: &Preset, config: &OpenAiConfig, env: Environment<'_>) -> Result<Place> {
    let model = config.model.as_deref().or(preset.model);
    let model = model.ok_or_else(|| Error::config(format!("{} needs a `model`", preset.name)))?.to_owned();
    let base = config.base_url.clone().or_else(|| env(preset.address?)).or_else(|| preset.base_url.map(str::to_owned));
    let base = base.ok_or_else(|| Error::config(format!("{} needs a `base_url`", preset.name)))?;
    let key = config.api_key.clone().or_else(|| preset.key.and_then(env).map(Secret::new));
    if key.is_none() && !preset.open {
        return Err(no_key(preset));
    }
    let headers = key.map(|key| bearer(&key)).into_iter().collect();
    Ok((model, format!("{}/chat/completions", address(&base)?), headers))
}

fn azure(preset: &Preset, config: &OpenAiConfig, env: Environment<'_>) -> Result<Place> {
    let nothing = AzureConfig::default();
    let own = config.azure_kwargs.as_ref().unwrap_or(&nothing);
    let deployment = own.azure_deployment.clone().or_else(|| env("LLM_AZURE_DEPLOYMENT")).or(config.model.clone());
    let deployment = deployment.ok_or_else(|| Error::config("azure_openai needs `azure_kwargs.azure_deployment`"))?;
    let endpoint = own.azure_endpoint.clone().or_else(|| config.base_url.clone()).or_else(|| env(preset.address?));
    let endpoint = endpoint.ok_or_else(|| Error::config("azure_openai needs `azure_kwargs.azure_endpoint`"))?;
    let version = own.api_version.clone().or_else(|| env("LLM_AZURE_API_VERSION"));
    // Both end up in the address.
    let plain = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)) && !text.is_empty();
    for (key, value) in [("azure_deployment", Some(&deployment)), ("api_version", version.as_ref())] {
        if !value.is_none_or(|value| plain(value)) {
            return Err(Error::config(format!("`azure_kwargs.{key}` is of letters, digits, `-`, `_` and `.`")));
        }
    }
    let endpoint = address(&endpoint)?;
    let endpoint = endpoint.strip_suffix("/openai/v1").unwrap_or(&endpoint);
    let url = match &version {
        Some(v) => format!("{endpoint}/openai/deployments/{deployment}/chat/completions?api-version={v}"),
        None => format!("{endpoint}/openai/v1/chat/completions"),
    };
    // What is configured comes before what is in the environment, whether it
    // is a key or a token.
    let key = |key: &Secret| ("api-key".to_owned(), key.clone());
    let credential = own.api_key.as_ref().or(config.api_key.as_ref()).map(key);
    let credential = credential.or_else(|| config.azure_ad_token.as_ref().map(bearer));
    let credential = credential.or_else(|| env(preset.key?).map(|found| key(&Secret::new(found))));
    let credential = credential.or_else(|| env("AZURE_OPENAI_AD_TOKEN").map(|found| bearer(&Secret::new(found))));
    let mut headers = vec![credential.ok_or_else(|| no_key(preset))?];
    headers.extend(own.default_headers.iter().flatten().map(|(name, value)| (name.clone(), value.clone())));
    Ok((deployment, url, headers))
}

fn no_key(preset: &Preset) -> Error {
    let variable = preset.key.unwrap_or_default();
    Error::new(ErrorKind::Unauthenticated, format!("there is no key: set `api_key` or the variable {variable}"))
}

fn bearer(key: &Secret) -> (String, Secret) {
    ("authorization".to_owned(), Secret::new(format!("Bearer {}", key.expose())))
}

/// An address without its last slash. A password or a query in it would end up
/// in errors.
fn address(url: &str) -> Result<String> {
    let web = ["https://", "http://"].iter().any(|scheme| url.starts_with(scheme));
    if !web || url.contains(['?', '#', '@']) || url.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(Error::config("`base_url` is an http(s) address without a query and without a password"));
    }
    Ok(url.trim_end_matches('/').to_owned())
}

/// What cannot be a header is refused here and not at the first call.
fn sendable(headers: &[(String, Secret)]) -> Result<()> {
    let token = |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    let visible = |value: &str| value.bytes().all(|b| (0x20..0x7f).contains(&b));
    match headers.iter().all(|(name, value)| token(name) && visible(value.expose())) {
        true => Ok(()),
        false => Err(Error::config("a key or a header has a character that cannot be sent")),
    }
}

fn detail(word: &str) -> Result<ImageDetail> {
    match word {
        "auto" => Ok(ImageDetail::Auto),
        "low" => Ok(ImageDetail::Low),
        "high" => Ok(ImageDetail::High),
        _ => Err(Error::config("vision_details is `auto`, `low` or `high`")),
    }
}

fn extra(preset: &Preset, config: &OpenAiConfig) -> Map<String, Value> {
    let mut extra = config.extra.clone();
    let mut add = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            extra.entry(key).or_insert(value);
        }
    };
    add("top_k", config.top_k.filter(|_| preset.top_k).map(Value::from));
    if preset.name == "openrouter" {
        add("models", config.models.clone().map(Value::from));
        add("route", config.route.clone().map(Value::from));
    }
    extra
}
