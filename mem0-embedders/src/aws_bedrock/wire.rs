//! What is sent to Bedrock, and how its answers are read.

use std::fmt::Write as _;

use async_trait::async_trait;
use mem0_core::{Clock as _, Error, ErrorKind, Purpose, Result, SystemClock};
use mem0_http::aws::{Credentials, Given, region, sign};
use mem0_http::{Client, Refusal, Request, Response, Secret, parse_json, variable};
use serde::{Deserialize, Serialize};

use super::PROVIDER;
use super::config::BedrockConfig;
use crate::shared::{Dims, Limits, Protocol, base_url, key};

#[derive(Debug)]
pub(super) struct Bedrock {
    model: String,
    family: Family,
    dims: Dims,
    url: String,
    region: String,
    access: Access,
}

#[derive(Debug)]
enum Access {
    Bearer(Secret),
    Signed(Credentials),
}

/// Whose format the body has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    TitanV1,
    TitanV2,
    CohereV3,
    CohereV4,
}

impl Family {
    /// By the name that every identifier of a model holds, whatever region or
    /// profile is before it.
    fn of(model: &str) -> Option<Self> {
        let known = [
            ("amazon.titan-embed-text-v2", Self::TitanV2),
            ("amazon.titan-embed-", Self::TitanV1),
            ("cohere.embed-v4", Self::CohereV4),
            ("cohere.embed-", Self::CohereV3),
        ];
        known.into_iter().find(|(name, _)| model.contains(name)).map(|(_, family)| family)
    }

    const fn native_dims(self) -> usize {
        match self {
            Self::TitanV1 | Self::CohereV4 => 1_536,
            Self::TitanV2 | Self::CohereV3 => 1_024,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Titan<'a> {
    input_text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    dimensions: Option<usize>,
}

#[derive(Serialize)]
struct Cohere<'a> {
    texts: &'a [&'a str],
    input_type: &'static str,
    truncate: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_dimension: Option<usize>,
}

#[derive(Deserialize)]
struct TitanAnswer {
    embedding: Vec<f32>,
}

#[derive(Deserialize)]
struct CohereAnswer {
    embeddings: CohereVectors,
}

/// The second shape is the answer of models that can give several types.
#[derive(Deserialize)]
#[serde(untagged)]
enum CohereVectors {
    Plain(Vec<Vec<f32>>),
    ByType { float: Vec<Vec<f32>> },
}

/// A model's identifier may hold what a path may not: `:` and `/`.
fn escaped(model: &str) -> String {
    let mut path = String::with_capacity(model.len());
    for byte in model.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            path.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(path, "%{byte:02X}");
        }
    }
    path
}

impl Bedrock {
    pub(super) fn new(config: &BedrockConfig) -> Result<Self> {
        let model = config.model.clone().unwrap_or_else(|| "amazon.titan-embed-text-v1".to_owned());
        let family = Family::of(&model).ok_or_else(|| {
            Error::config("unknown model; known are amazon.titan-embed-text-* and cohere.embed-*")
                .with_context("model", model.clone())
        })?;
        let nowhere = variable("AWS_REGION").is_none() && variable("AWS_DEFAULT_REGION").is_none();
        // The Python library's default.
        let region = region(config.aws_region.as_deref().or(nowhere.then_some("us-west-2")))?;
        let given = Given {
            access_key_id: config.aws_access_key_id.as_ref(),
            secret_access_key: config.aws_secret_access_key.as_ref(),
            session_token: config.aws_session_token.as_ref(),
            profile: config.aws_profile.as_deref(),
        };
        let signs = given.access_key_id.is_some() || given.secret_access_key.is_some() || given.profile.is_some();
        let bearer =
            if signs { config.api_key.clone() } else { key(config.api_key.as_ref(), &["AWS_BEARER_TOKEN_BEDROCK"]) };
        let access = match bearer {
            Some(token) => Access::Bearer(token),
            None => Access::Signed(Credentials::find(given)?),
        };
        let host = format!("https://bedrock-runtime.{region}.amazonaws.com");
        let base = base_url(config.base_url.as_deref(), None, &host);
        let can_be_asked = matches!(family, Family::TitanV2 | Family::CohereV4);
        Ok(Self {
            dims: Dims::new(config.embedding_dims, Some(family.native_dims()), can_be_asked)?,
            url: format!("{base}/model/{}/invoke", escaped(&model)),
            model,
            family,
            region,
            access,
        })
    }
}

#[async_trait]
impl Protocol for Bedrock {
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
        match self.family {
            Family::TitanV1 | Family::TitanV2 => Limits { text_tokens: 8_192, text_chars: 50_000, ..Limits::texts(1) },
            Family::CohereV3 => Limits { text_chars: 2_048, ..Limits::texts(96) },
            Family::CohereV4 => Limits { text_tokens: 128_000, request_tokens: 1_000_000, ..Limits::texts(96) },
        }
    }

    fn request(&self, texts: &[&str], purpose: Purpose) -> Result<Request> {
        let input_type = if purpose == Purpose::Query { "search_query" } else { "search_document" };
        let request = match (self.family, texts) {
            (Family::TitanV1 | Family::TitanV2, [text]) => {
                Request::post_json(&self.url, &Titan { input_text: text, dimensions: self.dims.asked })
            }
            (Family::TitanV1 | Family::TitanV2, _) => Err(Error::internal("titan takes one text in a request")),
            (Family::CohereV3 | Family::CohereV4, texts) => {
                // The same end of the text, which they call by two names.
                let truncate = if self.family == Family::CohereV4 { "RIGHT" } else { "END" };
                let body = Cohere { texts, input_type, truncate, output_dimension: self.dims.asked };
                Request::post_json(&self.url, &body)
            }
        };
        Ok(request?.with_header("accept", "application/json"))
    }

    async fn authorize(&self, _: &Client, request: Request) -> Result<Request> {
        match &self.access {
            Access::Bearer(token) => Ok(request.with_bearer(token)),
            Access::Signed(credentials) => sign(request, credentials, &self.region, "bedrock", SystemClock.now()),
        }
    }

    fn refine(&self, refusal: &Refusal) -> Option<ErrorKind> {
        let table = [
            ("ServiceQuotaExceededException", ErrorKind::QuotaExceeded),
            ("UnrecognizedClientException", ErrorKind::Unauthenticated),
            ("InvalidSignatureException", ErrorKind::Unauthenticated),
            ("IncompleteSignatureException", ErrorKind::Unauthenticated),
            ("MissingAuthenticationTokenException", ErrorKind::Unauthenticated),
            ("ExpiredTokenException", ErrorKind::Unauthenticated),
            ("ThrottlingException", ErrorKind::RateLimited),
            // It is being loaded.
            ("ModelNotReadyException", ErrorKind::Unavailable),
        ];
        table.into_iter().find(|(code, _)| refusal.has(code)).map(|(_, kind)| kind)
    }

    fn response(&self, response: &Response) -> Result<Vec<Vec<f32>>> {
        match self.family {
            Family::TitanV1 | Family::TitanV2 => Ok(vec![parse_json::<TitanAnswer>(&response.body)?.embedding]),
            Family::CohereV3 | Family::CohereV4 => Ok(match parse_json::<CohereAnswer>(&response.body)?.embeddings {
                CohereVectors::Plain(vectors) | CohereVectors::ByType { float: vectors } => vectors,
            }),
        }
    }
}
