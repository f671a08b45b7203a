//! Google's Vertex AI, version `v1`: the body of the Gemini API on another
//! host, with an access token instead of a key.
//!
//! After `projects.locations.publishers.models.generateContent` of
//! cloud.google.com/vertex-ai. Only the models that Google publishes itself
//! speak this protocol.

mod config;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use mem0_core::{
    Clock, Error, ErrorKind, Llm, LlmCapabilities, LlmRequest, LlmResponse, Registry, Result, StructuredOutput,
    SystemClock, provider_config,
};
use mem0_http::google::TokenSource;
use mem0_http::{Client, Refusal, Request, Response, variable};

pub use config::VertexAiConfig;

use crate::gemini::{DEFAULT_MODEL, content};
use crate::shared::{Protocol, remote};

#[derive(Debug)]
struct VertexAi {
    config: VertexAiConfig,
    tokens: TokenSource,
    model: String,
    url: String,
}

impl VertexAi {
    fn new(config: VertexAiConfig, clock: Arc<dyn Clock>) -> Result<Self> {
        if config.api_key.is_some() {
            return Err(Error::config("vertexai takes no `api_key`: set `credentials` or `access_token`"));
        }
        let tokens = TokenSource::find(config.access_token.as_ref(), config.credentials.as_ref(), clock)?;
        let project = config.project.clone().or_else(|| variable("GOOGLE_CLOUD_PROJECT"));
        let project = project.or_else(|| tokens.project_id().map(str::to_owned));
        let project =
            project.ok_or_else(|| Error::config("there is no project: set `project` or GOOGLE_CLOUD_PROJECT"))?;
        let location = config.location.clone().or_else(|| variable("GOOGLE_CLOUD_LOCATION"));
        let location = location.unwrap_or_else(|| "us-central1".to_owned());
        for (key, value) in [("project", &project), ("location", &location)] {
            if value.is_empty() || !value.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.:".contains(&b)) {
                return Err(Error::config(format!("`{key}` is not a name of Google Cloud")));
            }
        }
        let base = config.base_url.clone().unwrap_or_else(|| match location.as_str() {
            "global" => "https://aiplatform.googleapis.com".to_owned(),
            _ => format!("https://{location}-aiplatform.googleapis.com"),
        });
        let model = config.model.clone().unwrap_or_else(|| DEFAULT_MODEL.to_owned());
        let path = format!("projects/{project}/locations/{location}/publishers/google/models/{model}");
        let url = format!("{}/v1/{path}:generateContent", base.trim_end_matches('/'));
        Ok(Self { tokens, model, url, config })
    }
}

#[async_trait::async_trait]
impl Protocol for VertexAi {
    fn provider(&self) -> &'static str {
        "vertexai"
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
        Request::post_json(&self.url, &content::ask(request, &sampling)?)
    }

    async fn authorize(&self, client: &Client, request: Request) -> Result<Request> {
        Ok(request.with_bearer(&self.tokens.token(client).await?))
    }

    fn refine(&self, refusal: &Refusal) -> Option<ErrorKind> {
        content::refine(refusal)
    }

    fn response(&self, response: &Response) -> Result<LlmResponse> {
        content::answer(response)
    }
}

pub(crate) fn register(registry: &mut Registry) {
    registry.llm("vertexai", |config, _| async {
        let config: VertexAiConfig = provider_config(config)?;
        let client = config.client()?;
        Ok(remote(VertexAi::new(config, Arc::new(SystemClock))?, client) as Arc<dyn Llm>)
    });
}
