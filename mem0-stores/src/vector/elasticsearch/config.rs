//! The settings of Elasticsearch.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use elasticsearch::auth::Credentials;
use elasticsearch::cert::{Certificate, CertificateValidation};
use elasticsearch::http::headers::{HeaderMap, HeaderName, HeaderValue};
use elasticsearch::http::transport::{CloudConnectionPool, SingleNodeConnectionPool, Transport, TransportBuilder};
use mem0_core::{Error, Result, Secret};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::shared::lucene::{Options, Refresh, address};

/// How vectors are indexed. Settled when a collection is created.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum IndexKind {
    /// A graph over the full vectors.
    #[default]
    Hnsw,
    /// A graph over vectors of one byte a number, a quarter of the memory; what
    /// it finds is compared by the full ones.
    Int8Hnsw,
}

impl IndexKind {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Hnsw => "hnsw",
            Self::Int8Hnsw => "int8_hnsw",
        }
    }
}

/// How Elasticsearch is used. Unknown keys are refused; those of the Python
/// library that a file can hold are read.
///
/// ```
/// use mem0_stores::vector::elasticsearch::ElasticsearchConfig;
///
/// let config: ElasticsearchConfig = serde_json::from_str(r#"{"host": "db", "user": "ada", "password": "hush"}"#)?;
/// assert!(!format!("{config:?}").contains("hush"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ElasticsearchConfig {
    /// The server's address, `https://host:port`. Goes before `host`, `port` and
    /// `use_ssl`.
    pub url: Option<String>,
    /// `localhost` by default; a whole address is read too.
    pub host: String,
    /// 9200 by default.
    pub port: u16,
    /// Whether `host` is spoken to over TLS; by default where there is a user or
    /// a key.
    pub use_ssl: Option<bool>,
    /// The id of a deployment on Elastic Cloud, in place of an address.
    pub cloud_id: Option<String>,
    /// The user, for basic authentication. Also `username`.
    #[serde(alias = "username")]
    pub user: Option<String>,
    /// The user's password.
    pub password: Option<Secret>,
    /// An API key in its encoded form.
    pub api_key: Option<Secret>,
    /// Whether the server's certificate is verified; true by default.
    pub verify_certs: bool,
    /// A file of PEM certificates of authorities that are trusted beside the
    /// usual ones.
    pub ca_certs: Option<PathBuf>,
    /// Headers of every request, hidden like keys.
    pub headers: BTreeMap<String, Secret>,
    /// A proxy for everything, as a URL. Without it the usual variables of the
    /// environment count, but never for this machine itself.
    pub proxy: Option<Secret>,
    /// The longest that one request may take, in seconds; 60 by default.
    pub timeout_s: f64,
    /// How vectors are indexed: `hnsw`, the default, or `int8_hnsw`.
    pub index: IndexKind,
    /// Links of a node of the graph, 2 to 512; 16 by default.
    pub m: u32,
    /// Candidates while the graph is built, 1 to 3,200; 100 by default.
    pub ef_construction: u32,
    /// Points that a search looks at in each segment of the index at least, 1 to
    /// 10,000; 1,000 by default. A scope with no more is searched exactly.
    pub candidates: usize,
    /// How the words of a memory are found in its text, and those of a
    /// question: the name of an analyzer; `standard` by default.
    pub analyzer: String,
    /// When a search sees what was written: `immediate`, the default, `wait_for`
    /// or `none`.
    pub refresh: Refresh,
    /// Shards of a new collection; 1 by default.
    pub number_of_shards: u32,
    /// Copies of each shard; 1 by default.
    pub number_of_replicas: u32,
    /// Where the Python library says it; must be the collection that is opened.
    pub collection_name: Option<String>,
    /// Where the Python library says it; must be the embedder's.
    pub embedding_model_dims: Option<usize>,
    /// Taken since the Python library has it: an index is made where there is
    /// none, so that false is refused.
    pub auto_create_index: bool,
}

impl Default for ElasticsearchConfig {
    fn default() -> Self {
        Self {
            url: None,
            host: "localhost".to_owned(),
            port: 9200,
            use_ssl: None,
            cloud_id: None,
            user: None,
            password: None,
            api_key: None,
            verify_certs: true,
            ca_certs: None,
            headers: BTreeMap::new(),
            proxy: None,
            timeout_s: 60.0,
            index: IndexKind::default(),
            m: 16,
            ef_construction: 100,
            candidates: 1_000,
            analyzer: "standard".to_owned(),
            refresh: Refresh::default(),
            number_of_shards: 1,
            number_of_replicas: 1,
            collection_name: None,
            embedding_model_dims: None,
            auto_create_index: true,
        }
    }
}

impl ElasticsearchConfig {
    /// With another server.
    #[must_use]
    pub fn with_url(mut self, url: impl Into<String>) -> Self {
        self.url = Some(url.into());
        self
    }

    /// With another index for new collections.
    #[must_use]
    pub fn with_index(mut self, index: IndexKind) -> Self {
        self.index = index;
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
        self.refresh = refresh;
        self
    }

    pub(super) fn options(&self) -> Options {
        Options {
            shards: self.number_of_shards,
            replicas: self.number_of_replicas,
            refresh: self.refresh,
            analyzer: self.analyzer.clone(),
            candidates: self.candidates,
        }
    }

    pub(super) fn check(&self) -> Result<()> {
        if !(2..=512).contains(&self.m) || !(1..=3_200).contains(&self.ef_construction) {
            return Err(Error::config("m must be 2 to 512, and ef_construction 1 to 3200"));
        }
        if !self.auto_create_index {
            return Err(Error::config("an index is made where there is none: leave auto_create_index out"));
        }
        if self.cloud_id.is_some() && self.url.is_some() {
            return Err(Error::config("set one of url and cloud_id"));
        }
        Ok(())
    }

    /// The address, where it is not in a cloud id.
    fn base(&self) -> Result<Url> {
        let tls = self.use_ssl.unwrap_or(self.user.is_some() || self.api_key.is_some());
        let base = address(self.url.as_deref(), &self.host, self.port, tls)?;
        Url::parse(&base).map_err(|_| Error::config("the server's address is none: set url to https://host:port"))
    }

    fn credentials(&self) -> Result<Option<Credentials>> {
        match (&self.user, &self.password, &self.api_key) {
            (None, None, None) => Ok(None),
            (Some(user), Some(password), None) => {
                Ok(Some(Credentials::Basic(user.clone(), password.expose().to_owned())))
            }
            // The client stops at a key that cannot be in a header.
            (None, None, Some(key)) if HeaderValue::from_str(key.expose()).is_ok() => {
                Ok(Some(Credentials::EncodedApiKey(key.expose().to_owned())))
            }
            (None, None, Some(_)) => Err(Error::config("api_key holds a character that no key has")),
            _ => Err(Error::config("set user and password, or api_key, or none of them")),
        }
    }

    /// What sends requests.
    pub(super) fn transport(&self) -> Result<Transport> {
        let mut builder = match &self.cloud_id {
            Some(id) => {
                let pool = CloudConnectionPool::new(id);
                self.by_proxy(TransportBuilder::new(pool.map_err(|_| Error::config("cloud_id is none"))?), false)?
            }
            None => {
                let base = self.base()?;
                let here = is_this_machine(&base);
                self.by_proxy(TransportBuilder::new(SingleNodeConnectionPool::new(base)), here)?
            }
        };
        let timeout = (self.timeout_s > 0.0).then(|| Duration::try_from_secs_f64(self.timeout_s).ok()).flatten();
        let timeout = timeout.ok_or_else(|| Error::config("timeout_s must be a positive number of seconds"))?;
        builder = builder.timeout(timeout).enable_meta_header(false);
        if let Some(credentials) = self.credentials()? {
            builder = builder.auth(credentials);
        }
        if let Some(validation) = self.validation()? {
            builder = builder.cert_validation(validation);
        }
        let client = builder.headers(self.header_map()?).build();
        client.map_err(|_| Error::config("the client of Elasticsearch cannot be set up: check ca_certs and proxy"))
    }

    fn by_proxy(&self, builder: TransportBuilder, here: bool) -> Result<TransportBuilder> {
        let Some(proxy) = &self.proxy else { return Ok(if here { builder.disable_proxy() } else { builder }) };
        let url = Url::parse(proxy.expose()).map_err(|_| Error::config("proxy is not a URL"))?;
        let (user, password) = (url.username().to_owned(), url.password().map(str::to_owned));
        Ok(builder.proxy(url, (!user.is_empty()).then_some(user.as_str()), password.as_deref()))
    }

    fn validation(&self) -> Result<Option<CertificateValidation>> {
        match (&self.ca_certs, self.verify_certs) {
            (_, false) => Ok(Some(CertificateValidation::None)),
            (None, true) => Ok(None),
            (Some(file), true) => {
                let unreadable = |why: String| Error::config("ca_certs cannot be read").with_source(why);
                let pem = std::fs::read(file).map_err(|e| unreadable(e.kind().to_string()))?;
                let chain = Certificate::from_pem(&pem).map_err(|_| unreadable("it is no PEM file".to_owned()))?;
                Ok(Some(CertificateValidation::Full(chain)))
            }
        }
    }

    fn header_map(&self) -> Result<HeaderMap> {
        let mut map = HeaderMap::new();
        for (name, value) in &self.headers {
            let wrong = || Error::config("headers holds what no header can be").with_context("header", name);
            let mut value = HeaderValue::from_str(value.expose()).map_err(|_| wrong())?;
            value.set_sensitive(true);
            map.insert(HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?, value);
        }
        Ok(map)
    }
}

fn is_this_machine(address: &Url) -> bool {
    match address.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mem0_core::ErrorKind;
    use serde_json::{Value, json};

    fn read(value: Value) -> Result<ElasticsearchConfig> {
        let config: ElasticsearchConfig = mem0_core::provider_config(value)?;
        config.check()?;
        config.options().check()?;
        config.transport().map(|_| config)
    }

    #[test]
    fn the_python_librarys_keys_are_read() {
        let config = json!({
            "collection_name": "mem0", "host": "https://search.example.com:9243", "port": 9200, "user": "elastic",
            "password": "hush-password", "embedding_model_dims": 1536, "verify_certs": true, "ca_certs": null,
            "use_ssl": true, "auto_create_index": true, "headers": {"x-tenant": "hush-header"}, "cloud_id": null,
            "api_key": null,
        });
        let config = read(config).unwrap();
        assert_eq!(config.base().unwrap().as_str(), "https://search.example.com:9243/");
        let shown = format!("{config:?} {}", serde_json::to_string(&config).unwrap());
        assert!(!shown.contains("hush"), "{shown}");
    }

    #[test]
    fn a_server_with_users_is_spoken_to_over_tls_unless_said_otherwise() {
        for (config, due) in [
            (json!({}), "http://localhost:9200/"),
            (json!({"host": "h", "api_key": "a2V5"}), "https://h:9200/"),
            (json!({"host": "h", "user": "u", "password": "p"}), "https://h:9200/"),
            (json!({"host": "h", "user": "u", "password": "p", "use_ssl": false}), "http://h:9200/"),
            (json!({"url": "http://h:1", "api_key": "a2V5"}), "http://h:1/"),
        ] {
            assert_eq!(read(config).unwrap().base().unwrap().as_str(), due);
        }
    }

    #[test]
    fn a_cloud_id_is_an_address() {
        // "cloud:" and then the base64 of "eu.example.com$uuid$kibana".
        let id = "cloud:ZXUuZXhhbXBsZS5jb20kdXVpZCRraWJhbmE=";
        read(json!({"cloud_id": id, "api_key": "a2V5"})).unwrap();
    }

    #[test]
    fn what_is_wrong_is_refused() {
        for wrong in [
            json!({"hots": "h"}),
            json!({"index": "flat"}),
            json!({"url": "nowhere"}),
            json!({"url": "http://u:hush@h"}),
            json!({"url": "http://h", "cloud_id": "x"}),
            json!({"cloud_id": "nonsense"}),
            json!({"user": "u"}),
            json!({"password": "hush"}),
            json!({"user": "u", "password": "hush", "api_key": "hush"}),
            json!({"api_key": "hush\n"}),
            json!({"m": 1}),
            json!({"ef_construction": 0}),
            json!({"candidates": 0}),
            json!({"candidates": 10_001}),
            json!({"number_of_shards": 0}),
            json!({"analyzer": ""}),
            json!({"auto_create_index": false}),
            json!({"timeout_s": 0}),
            json!({"proxy": "no url"}),
            json!({"ca_certs": "/does/not/exist"}),
            json!({"headers": {"a b": "hush"}}),
        ] {
            let error = read(wrong.clone()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{wrong}");
            assert!(!format!("{error} {error:?}").contains("hush"), "{error:?}");
        }
    }
}
