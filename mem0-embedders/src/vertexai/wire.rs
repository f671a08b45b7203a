//! What is sent to Vertex AI, and how its answers are read.

use std::sync::Arc;

use async_trait::async_trait;
use mem0_core::{Error, Purpose, Result, SystemClock};
use mem0_http::google::TokenSource;
use mem0_http::{Client, Request, Response, parse_json, variable};
use serde::{Deserialize, Serialize};

use super::PROVIDER;
use super::config::{TaskType, VertexAiConfig};
use crate::shared::{Dims, Limits, Protocol, base_url};

#[derive(Debug)]
pub(super) struct VertexAi {
    model: String,
    dims: Dims,
    url: String,
    tokens: TokenSource,
    store: TaskType,
    query: TaskType,
}

#[derive(Serialize)]
struct Body<'a> {
    instances: Vec<Instance<'a>>,
    parameters: Parameters,
}

#[derive(Serialize)]
struct Instance<'a> {
    task_type: TaskType,
    content: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    auto_truncate: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_dimensionality: Option<usize>,
}

#[derive(Deserialize)]
struct Answer {
    predictions: Vec<Prediction>,
}

#[derive(Deserialize)]
struct Prediction {
    embeddings: Values,
}

#[derive(Deserialize)]
struct Values {
    values: Vec<f32>,
}

/// The Python library's default for models that can be asked.
const DIMS: usize = 256;

impl VertexAi {
    pub(super) fn new(config: &VertexAiConfig) -> Result<Self> {
        if config.api_key.is_some() {
            return Err(Error::config("vertexai takes no `api_key`: set `vertex_credentials_json` or `access_token`"));
        }
        let model = config.model.clone().unwrap_or_else(|| "gemini-embedding-001".to_owned());
        let (native, default) = match model.as_str() {
            name if name.starts_with("gemini-embedding-") => (Some(3_072), Some(DIMS)),
            "text-embedding-004" | "text-embedding-005" | "text-multilingual-embedding-002" => (Some(768), Some(DIMS)),
            name if name.starts_with("textembedding-gecko") => (Some(768), None),
            _ => (None, None),
        };
        let store = config.memory_add_embedding_type.unwrap_or(TaskType::RetrievalDocument);
        if config.memory_update_embedding_type.is_some_and(|update| update != store) {
            return Err(Error::config("memory_update_embedding_type must be that of memory_add_embedding_type"));
        }
        let account = config.vertex_credentials_json.as_ref();
        let tokens = TokenSource::find(config.access_token.as_ref(), account, Arc::new(SystemClock))?;
        let project = config.project.clone().or_else(|| variable("GOOGLE_CLOUD_PROJECT"));
        let project = project
            .or_else(|| tokens.project_id().map(str::to_owned))
            .ok_or_else(|| Error::config("`project` is not set, nor GOOGLE_CLOUD_PROJECT"))?;
        let location = config.location.clone().or_else(|| variable("GOOGLE_CLOUD_LOCATION"));
        let location = location.unwrap_or_else(|| "us-central1".to_owned());
        let host = match location.as_str() {
            "global" => "https://aiplatform.googleapis.com".to_owned(),
            region => format!("https://{region}-aiplatform.googleapis.com"),
        };
        let base = base_url(config.base_url.as_deref(), None, &host);
        Ok(Self {
            dims: Dims::new(config.embedding_dims.or(default), native, default.is_some() || native.is_none())?,
            url: format!("{base}/v1/projects/{project}/locations/{location}/publishers/google/models/{model}:predict"),
            model,
            tokens,
            store,
            query: config.memory_search_embedding_type.unwrap_or(TaskType::RetrievalQuery),
        })
    }
}

#[async_trait]
impl Protocol for VertexAi {
    fn provider(&self) -> &'static str {
        PROVIDER
    }

    fn model(&self) -> &str {
        &self.model
    }

    fn dims(&self) -> Option<usize> {
        self.dims.due
    }

    fn limits(&self) -> Limits {
        let texts = if self.model.starts_with("gemini-embedding-") { 1 } else { 250 };
        // A text is cut to 2,048 tokens, but counts whole.
        Limits { text_tokens: 8_192, request_tokens: 20_000, ..Limits::texts(texts) }
    }

    fn request(&self, texts: &[&str], purpose: Purpose) -> Result<Request> {
        let task_type = if purpose == Purpose::Query { self.query } else { self.store };
        let body = Body {
            instances: texts.iter().map(|content| Instance { task_type, content }).collect(),
            parameters: Parameters { auto_truncate: true, output_dimensionality: self.dims.asked },
        };
        Request::post_json(&self.url, &body)
    }

    async fn authorize(&self, client: &Client, request: Request) -> Result<Request> {
        Ok(request.with_bearer(&self.tokens.token(client).await?))
    }

    fn response(&self, response: &Response) -> Result<Vec<Vec<f32>>> {
        let answer: Answer = parse_json(&response.body)?;
        Ok(answer.predictions.into_iter().map(|one| one.embeddings.values).collect())
    }
}
