//! The settings of OpenSearch.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use mem0_core::{Error, Result, Secret};
use mem0_http::ClientOptions;
use mem0_http::aws::{Credentials, Given, region};
use serde::{Deserialize, Serialize};

use crate::shared::lucene::{Options, Refresh, address};

/// What finds near vectors. Settled when a collection is created.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Engine {
    /// Lucene's own graph, in every distribution.
    #[default]
    Lucene,
    /// The native library, for very large collections; cosines need 2.19 or
    /// later.
    Faiss,
}

impl Engine {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Lucene => "lucene",
            Self::Faiss => "faiss",
        }
    }
}

/// Which of Amazon's services requests are signed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum AwsService {
    /// Amazon OpenSearch Service.
    Es,
    /// Amazon OpenSearch Serverless.
    Aoss,
}

impl AwsService {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Es => "es",
            Self::Aoss => "aoss",
        }
    }
}

/// How OpenSearch is used. Unknown keys are refused; those of the Python
/// library that a file can hold are read.
///
/// ```
/// use mem0_stores::vector::opensearch::OpenSearchConfig;
///
/// let config: OpenSearchConfig = serde_json::from_str(r#"{"host": "db", "user": "ada", "password": "hush"}"#)?;
/// assert!(!format!("{config:?}").contains("hush"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct OpenSearchConfig {
    /// The server's address, `https://host:port`. Goes before `host`, `port` and
    /// `use_ssl`.
    pub url: Option<String>,
    /// `localhost` by default.
    pub host: String,
    /// 9200 by default.
    pub port: u16,
    /// Whether `host` is spoken to over TLS.
    pub use_ssl: bool,
    /// Certificates are verified whatever this says; false is refused where
    /// there is TLS.
    pub verify_certs: Option<bool>,
    /// The user, for basic authentication. Also `username`.
    #[serde(alias = "username")]
    pub user: Option<String>,
    /// The user's password.
    pub password: Option<Secret>,
    /// A key that is sent as `ApiKey`.
    pub api_key: Option<Secret>,
    /// Signs requests for Amazon's service: `es`, or `aoss` for Serverless.
    pub aws_service: Option<AwsService>,
    /// The region; else `AWS_REGION`, else `AWS_DEFAULT_REGION`.
    pub aws_region: Option<String>,
    /// Only together with `aws_secret_access_key`; else the usual variables and
    /// files of Amazon's tools.
    pub aws_access_key_id: Option<Secret>,
    /// Only together with `aws_access_key_id`.
    pub aws_secret_access_key: Option<Secret>,
    /// For keys that end by themselves.
    pub aws_session_token: Option<Secret>,
    /// A profile of the shared credentials file.
    pub aws_profile: Option<String>,
    /// What finds near vectors: `lucene`, the default, or `faiss`.
    pub engine: Engine,
    /// Links of a node of the graph, 2 to 100; 16 by default.
    pub m: u32,
    /// Candidates while the graph is built, 2 to 4,096; 100 by default.
    pub ef_construction: u32,
    /// Points that a search looks at in each segment of the index at least, 1 to
    /// 10,000; 1,000 by default. A scope with no more is searched exactly.
    pub candidates: usize,
    /// How the words of a memory are found in its text, and those of a
    /// question: the name of an analyzer; `standard` by default.
    pub analyzer: String,
    /// When a search sees what was written: `immediate`, the default, `wait_for`
    /// or `none`, which is the default of Serverless.
    pub refresh: Option<Refresh>,
    /// The Python library's way to say `refresh`: true is `immediate`, false
    /// `none`.
    pub auto_refresh: Option<bool>,
    /// Shards of a new collection; 1 by default.
    pub number_of_shards: u32,
    /// Copies of each shard; 1 by default.
    pub number_of_replicas: u32,
    /// Where the Python library says it; must be the collection that is opened.
    pub collection_name: Option<String>,
    /// Where the Python library says it; must be the embedder's.
    pub embedding_model_dims: Option<usize>,
    /// Read for the sake of the Python library's files; `vector_store_calls` says
    /// how many requests run at a time.
    pub pool_maxsize: Option<u32>,
    /// Time limits and a proxy. Retries are those of `vector_store_calls`.
    pub http: ClientOptions,
}

impl Default for OpenSearchConfig {
    fn default() -> Self {
        Self {
            url: None,
            host: "localhost".to_owned(),
            port: 9200,
            use_ssl: false,
            verify_certs: None,
            user: None,
            password: None,
            api_key: None,
            aws_service: None,
            aws_region: None,
            aws_access_key_id: None,
            aws_secret_access_key: None,
            aws_session_token: None,
            aws_profile: None,
            engine: Engine::default(),
            m: 16,
            ef_construction: 100,
            candidates: 1_000,
            analyzer: "standard".to_owned(),
            refresh: None,
            auto_refresh: None,
            number_of_shards: 1,
            number_of_replicas: 1,
            collection_name: None,
            embedding_model_dims: None,
            pool_maxsize: None,
            http: ClientOptions::default(),
        }
    }
}

/// With what a request is let in.
#[derive(Clone)]
pub(super) enum Access {
    Open,
    /// The value of `authorization`.
    Header(Secret),
    Signed {
        credentials: Credentials,
        region: String,
        service: AwsService,
    },
}

impl OpenSearchConfig {
    /// With another server.
    #[must_use]
    pub fn with_url(mut self, url: impl Into<String>) -> Self {
        self.url = Some(url.into());
        self
    }

    /// With another engine for new collections.
    #[must_use]
    pub fn with_engine(mut self, engine: Engine) -> Self {
        self.engine = engine;
        self
    }

    /// With another number of candidates.
    #[must_use]
    pub fn with_candidates(mut self, candidates: usize) -> Self {
        self.candidates = candidates;
        self
    }

    /// With another time at which a search sees what was written.
    #[must_use]
    pub fn with_refresh(mut self, refresh: Refresh) -> Self {
        self.refresh = Some(refresh);
        self
    }

    pub(super) fn options(&self) -> Options {
        let said = self.auto_refresh.map(|yes| if yes { Refresh::Immediate } else { Refresh::None });
        let serverless = (self.aws_service == Some(AwsService::Aoss)).then_some(Refresh::None);
        Options {
            shards: self.number_of_shards,
            replicas: self.number_of_replicas,
            refresh: self.refresh.or(said).or(serverless).unwrap_or_default(),
            analyzer: self.analyzer.clone(),
            candidates: self.candidates,
        }
    }

    pub(super) fn base(&self) -> Result<String> {
        address(self.url.as_deref(), &self.host, self.port, self.use_ssl)
    }

    pub(super) fn check(&self) -> Result<()> {
        if !(2..=100).contains(&self.m) || !(2..=4_096).contains(&self.ef_construction) {
            return Err(Error::config("m must be 2 to 100, and ef_construction 2 to 4096"));
        }
        if self.aws_service == Some(AwsService::Aoss) && self.options().refresh != Refresh::None {
            return Err(Error::config("Serverless has no refresh: leave it out"));
        }
        if self.verify_certs == Some(false) && self.base()?.starts_with("https") {
            return Err(Error::config("certificates are always verified: leave verify_certs out"));
        }
        Ok(())
    }

    pub(super) fn access(&self) -> Result<Access> {
        let one = [self.user.is_some(), self.api_key.is_some(), self.aws_service.is_some()];
        if one.into_iter().filter(|is| *is).count() > 1 {
            return Err(Error::config("set one of user, api_key and aws_service"));
        }
        if self.user.is_some() != self.password.is_some() {
            return Err(Error::config("set both user and password, or neither"));
        }
        if let Some(service) = self.aws_service {
            let credentials = Credentials::find(Given {
                access_key_id: self.aws_access_key_id.as_ref(),
                secret_access_key: self.aws_secret_access_key.as_ref(),
                session_token: self.aws_session_token.as_ref(),
                profile: self.aws_profile.as_deref(),
            })?;
            return Ok(Access::Signed { credentials, region: region(self.aws_region.as_deref())?, service });
        }
        Ok(match (&self.user, &self.password, &self.api_key) {
            (Some(user), Some(password), _) => {
                let pair = BASE64_STANDARD.encode(format!("{user}:{}", password.expose()));
                Access::Header(Secret::new(format!("Basic {pair}")))
            }
            (_, _, Some(key)) => Access::Header(Secret::new(format!("ApiKey {}", key.expose()))),
            _ => Access::Open,
        })
    }
}
