//! What is sent to hosts of OpenAI's shape, and how their answers are read.

use async_openai::types::embeddings::{CreateEmbeddingRequest, EmbeddingInput};
use mem0_core::{Error, ErrorKind, Purpose, Result};
use mem0_http::{Request, Response, Secret, parse_json, variable};
use serde::Serialize;

use super::config::{AzureConfig, OpenAiConfig};
use crate::shared::{Dims, Indexed, Limits, Protocol, base_url};

/// A host, as far as it is known.
#[derive(Debug)]
pub(super) struct Preset {
    pub(super) provider: &'static str,
    /// None where it must be said.
    model: Option<&'static str>,
    url: Option<&'static str>,
    url_env: Option<&'static str>,
    /// None where no key is needed; one that is configured is sent.
    key_env: Option<&'static str>,
    limits: Limits,
}

pub(super) const AZURE: &str = "azure_openai";

/// OpenAI's limits, but for the texts: 2,048 vectors of the large model are
/// more JSON than is worth waiting for.
const OPENAI_LIMITS: Limits = Limits { request_tokens: 300_000, text_tokens: 8_191, ..Limits::texts(512) };

pub(super) const PRESETS: &[Preset] = &[
    Preset {
        provider: "openai",
        model: Some("text-embedding-3-small"),
        url: Some("https://api.openai.com/v1"),
        url_env: Some("OPENAI_BASE_URL"),
        key_env: Some("OPENAI_API_KEY"),
        limits: OPENAI_LIMITS,
    },
    Preset {
        provider: "together",
        model: Some("intfloat/multilingual-e5-large-instruct"),
        url: Some("https://api.together.xyz/v1"),
        url_env: None,
        key_env: Some("TOGETHER_API_KEY"),
        // No limit of a batch is documented; the model's window is 514.
        limits: Limits { text_tokens: 512, ..Limits::texts(128) },
    },
    Preset {
        provider: "mistral",
        model: Some("mistral-embed"),
        url: Some("https://api.mistral.ai/v1"),
        url_env: None,
        key_env: Some("MISTRAL_API_KEY"),
        // 256 texts and 16,384 tokens are what it refuses to exceed.
        limits: Limits { request_tokens: 16_384, text_tokens: 8_192, ..Limits::texts(256) },
    },
    Preset {
        provider: "lmstudio",
        model: Some("nomic-ai/nomic-embed-text-v1.5-GGUF/nomic-embed-text-v1.5.f16.gguf"),
        url: Some("http://localhost:1234/v1"),
        url_env: None,
        key_env: None,
        // None is documented; a large request takes long on a slow machine.
        limits: Limits { text_tokens: 8_192, request_tokens: 32_768, ..Limits::texts(64) },
    },
    Preset {
        provider: "openai_compatible",
        model: None,
        url: None,
        url_env: None,
        key_env: None,
        limits: Limits { text_tokens: 32_768, request_tokens: 300_000, ..Limits::texts(64) },
    },
];

/// The length of a model's vectors, where its maker says it.
fn native_dims(model: &str) -> Option<usize> {
    Some(match model {
        "text-embedding-3-small" | "text-embedding-ada-002" | "codestral-embed" | "codestral-embed-2505" => 1_536,
        "text-embedding-3-large" => 3_072,
        "mistral-embed" | "mistral-embed-2312" | "intfloat/multilingual-e5-large-instruct" => 1_024,
        "BAAI/bge-large-en-v1.5" => 1_024,
        "BAAI/bge-base-en-v1.5" => 768,
        _ => return None,
    })
}

/// Which field asks for dimensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ask {
    /// `dimensions`.
    OpenAi,
    /// `output_dimension`.
    Mistral,
    /// None does.
    Never,
}

fn ask(provider: &str, model: &str) -> Ask {
    match provider {
        "mistral" if model.starts_with("codestral-embed") => Ask::Mistral,
        "openai" | "openai_compatible" if model != "text-embedding-ada-002" => Ask::OpenAi,
        AZURE if model.starts_with("text-embedding-3-") => Ask::OpenAi,
        _ => Ask::Never,
    }
}

#[derive(Debug)]
pub(super) struct OpenAi {
    provider: &'static str,
    model: String,
    dims: Dims,
    ask: Ask,
    url: String,
    headers: Vec<(String, Secret)>,
    limits: Limits,
}

#[derive(Serialize)]
struct Body {
    #[serde(flatten)]
    openai: CreateEmbeddingRequest,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_dimension: Option<usize>,
}

fn bearer(key: &Secret) -> (String, Secret) {
    ("authorization".to_owned(), Secret::new(format!("Bearer {}", key.expose())))
}

impl OpenAi {
    pub(super) fn new(preset: &Preset, config: &OpenAiConfig) -> Result<Self> {
        let model = config.model.as_deref().or(preset.model);
        let model = model.ok_or_else(|| Error::config("`model` is not set, and this provider has no default"))?;
        let url = base_url(config.base_url.as_deref(), preset.url_env, preset.url.unwrap_or_default());
        if url.is_empty() {
            return Err(Error::config("`base_url` is not set, and this provider has no default"));
        }
        let key = match preset.key_env {
            Some(env) => Some(Secret::required(config.api_key.as_ref(), env)?),
            None => config.api_key.clone(),
        };
        let ask = ask(preset.provider, model);
        Ok(Self {
            provider: preset.provider,
            dims: Dims::new(config.embedding_dims, native_dims(model), ask != Ask::Never)?,
            model: model.to_owned(),
            ask,
            url: format!("{url}/embeddings"),
            headers: key.iter().map(bearer).collect(),
            limits: preset.limits,
        })
    }

    pub(super) fn azure(config: &AzureConfig) -> Result<Self> {
        let azure = config.azure_kwargs.clone().unwrap_or_default();
        let of = |configured: &Option<String>, env| configured.clone().or_else(|| variable(env));
        let deployment = of(&azure.azure_deployment, "EMBEDDING_AZURE_DEPLOYMENT").or_else(|| config.model.clone());
        let deployment =
            deployment.ok_or_else(|| Error::config("`azure_deployment` is not set, nor EMBEDDING_AZURE_DEPLOYMENT"))?;
        let endpoint = of(&azure.azure_endpoint, "EMBEDDING_AZURE_ENDPOINT");
        let endpoint =
            endpoint.ok_or_else(|| Error::config("`azure_endpoint` is not set, nor EMBEDDING_AZURE_ENDPOINT"))?;
        let version = of(&azure.api_version, "EMBEDDING_AZURE_API_VERSION").unwrap_or_else(|| "2024-10-21".to_owned());
        let mut headers: Vec<_> = azure.default_headers.into_iter().flatten().collect();
        match (&azure.azure_ad_token, azure.api_key.as_ref().or(config.api_key.as_ref())) {
            (Some(token), None) => headers.push(bearer(token)),
            (_, configured) => {
                let key = Secret::required(configured, "EMBEDDING_AZURE_OPENAI_API_KEY")?;
                headers.push(("api-key".to_owned(), key));
            }
        }
        // A deployment has a name of its own; the model is only known if it
        // is said.
        let model = config.model.clone().unwrap_or_else(|| deployment.clone());
        let ask = ask(AZURE, &model);
        Ok(Self {
            provider: AZURE,
            dims: Dims::new(config.embedding_dims, native_dims(&model), ask != Ask::Never)?,
            model,
            ask,
            url: format!(
                "{}/openai/deployments/{deployment}/embeddings?api-version={version}",
                base_url(Some(&endpoint), None, "")
            ),
            headers,
            limits: OPENAI_LIMITS,
        })
    }
}

impl Protocol for OpenAi {
    fn provider(&self) -> &'static str {
        self.provider
    }

    fn model(&self) -> &str {
        &self.model
    }

    fn dims(&self) -> Option<usize> {
        self.dims.due
    }

    fn limits(&self) -> Limits {
        self.limits
    }

    fn request(&self, texts: &[&str], _: Purpose) -> Result<Request> {
        let asked = |ask: Ask| self.dims.asked.filter(|_| self.ask == ask);
        let openai = CreateEmbeddingRequest {
            model: self.model.clone(),
            input: EmbeddingInput::StringArray(texts.iter().map(|text| (*text).to_owned()).collect()),
            dimensions: asked(Ask::OpenAi).and_then(|dims| u32::try_from(dims).ok()),
            ..CreateEmbeddingRequest::default()
        };
        let request = Request::post_json(&self.url, &Body { openai, output_dimension: asked(Ask::Mistral) })?;
        Ok(self.headers.iter().fold(request, |request, (name, value)| request.with_header(name, value.expose())))
    }

    fn advice(&self, kind: ErrorKind) -> Option<String> {
        let missing = self.provider == "lmstudio" && kind == ErrorKind::Unavailable;
        missing.then(|| "start LM Studio's server and load the model".to_owned())
    }

    fn response(&self, response: &Response) -> Result<Vec<Vec<f32>>> {
        parse_json::<Indexed>(&response.body)?.in_order()
    }
}
