//! The settings of Milvus.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mem0_core::{Error, Result, Secret};
use serde::{Deserialize, Serialize};

/// Where the server is if nothing is configured.
const DEFAULT_URL: &str = "http://localhost:19530";

/// Which writes a read waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ConsistencyLevel {
    /// Every write that returned. A read waits for the next tick of the server's
    /// clock, which is some 200 ms.
    #[default]
    Strong,
    /// Those of the same open collection; others show with the next ticks.
    Session,
    /// All but those of the last seconds.
    Bounded,
    /// None.
    Eventually,
}

impl ConsistencyLevel {
    /// `common.ConsistencyLevel`.
    pub(super) const fn number(self) -> i32 {
        match self {
            Self::Strong => 0,
            Self::Session => 1,
            Self::Bounded => 2,
            Self::Eventually => 3,
        }
    }

    /// The time that a read waits for, in the official clients' numbers for what
    /// has none. `written` is that of the last write here.
    pub(super) const fn guarantee(self, written: u64) -> u64 {
        match self {
            Self::Strong => 0,
            Self::Session if written > 0 => written,
            Self::Session | Self::Eventually => 1,
            Self::Bounded => 2,
        }
    }
}

/// How vectors are indexed. Settled when a collection is created.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[non_exhaustive]
pub enum IndexType {
    /// A graph.
    #[default]
    Hnsw,
    /// Every search is a scan, and exact.
    Flat,
    /// What the server chooses; on Zilliz the only one.
    AutoIndex,
}

impl IndexType {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Hnsw => "HNSW",
            Self::Flat => "FLAT",
            Self::AutoIndex => "AUTOINDEX",
        }
    }
}

/// How a server of Milvus, or Zilliz Cloud, is used. Unknown keys are refused;
/// those of the Python library are known.
///
/// ```
/// use mem0_stores::vector::milvus::MilvusConfig;
///
/// let config: MilvusConfig = serde_json::from_str(r#"{"url": "https://h:19530", "token": "hush"}"#)?;
/// assert!(!format!("{config:?}").contains("hush"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct MilvusConfig {
    /// The server, `http://host:port`, or `https://` over TLS; by default
    /// `http://localhost:19530`. Also `uri`.
    #[serde(alias = "uri")]
    pub url: Option<String>,
    /// A key, or `user:password`.
    #[serde(alias = "api_key")]
    pub token: Option<Secret>,
    /// The user, where there is no token. Also `username`.
    #[serde(alias = "username")]
    pub user: Option<String>,
    /// The password.
    pub password: Option<Secret>,
    /// The database; the server's `default` if there is none. It must be there.
    pub db_name: Option<String>,
    /// Which writes a read waits for; `strong` by default.
    pub consistency_level: ConsistencyLevel,
    /// How vectors are indexed: `HNSW`, the default, `FLAT` or `AUTOINDEX`.
    pub index_type: IndexType,
    /// Links of a node of the graph, 2 to 2048; 16 by default.
    pub hnsw_m: u32,
    /// Candidates while the graph is built, 1 to 32768; 200 by default.
    pub hnsw_ef_construction: u32,
    /// Candidates while the graph is searched, 1 to 32768, and never fewer than
    /// are asked for; 100 by default.
    pub hnsw_ef: u32,
    /// Shards of a new collection, 1 to 16; 1 by default.
    pub shards: i32,
    /// Copies in memory, 1 to 16; 1 by default.
    pub replicas: i32,
    /// Where the Python library says it: only `COSINE` is accepted.
    pub metric_type: Option<String>,
    /// Where the Python library says it; must be the collection that is opened.
    pub collection_name: Option<String>,
    /// If given, opening a collection of other dimensions is an error.
    pub embedding_model_dims: Option<usize>,
    /// How long connecting may take, in milliseconds; 5,000 by default.
    pub connect_timeout_ms: u64,
    /// How long the server may take to answer, in milliseconds; 60,000 by
    /// default. Also how long a new collection may take until it is in memory.
    pub timeout_ms: u64,
}

impl Default for MilvusConfig {
    fn default() -> Self {
        Self {
            url: None,
            token: None,
            user: None,
            password: None,
            db_name: None,
            consistency_level: ConsistencyLevel::default(),
            index_type: IndexType::default(),
            hnsw_m: 16,
            hnsw_ef_construction: 200,
            hnsw_ef: 100,
            shards: 1,
            replicas: 1,
            metric_type: None,
            collection_name: None,
            embedding_model_dims: None,
            connect_timeout_ms: 5_000,
            timeout_ms: 60_000,
        }
    }
}

impl MilvusConfig {
    /// Another server than the default one.
    #[must_use]
    pub fn with_url(mut self, url: impl Into<String>) -> Self {
        self.url = Some(url.into());
        self
    }

    /// Which writes a read waits for.
    #[must_use]
    pub fn with_consistency_level(mut self, level: ConsistencyLevel) -> Self {
        self.consistency_level = level;
        self
    }

    /// How vectors of new collections are indexed.
    #[must_use]
    pub fn with_index_type(mut self, index_type: IndexType) -> Self {
        self.index_type = index_type;
        self
    }

    pub(super) fn url(&self) -> &str {
        self.url.as_deref().unwrap_or(DEFAULT_URL)
    }

    pub(super) fn is_secure(&self) -> bool {
        self.url().starts_with("https://")
    }

    pub(super) fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }

    /// What the server is shown, if anything.
    pub(super) fn authorization(&self) -> Option<Secret> {
        let shown = match (&self.token, &self.user, &self.password) {
            (Some(token), ..) => token.expose().to_owned(),
            (None, Some(user), Some(password)) => format!("{user}:{}", password.expose()),
            _ => return None,
        };
        Some(Secret::new(STANDARD.encode(shown)))
    }

    pub(super) fn check(&self) -> Result<()> {
        let host = self.url().strip_prefix("http://").or_else(|| self.url().strip_prefix("https://"));
        if host.is_none_or(|host| host.is_empty() || host.contains('@')) {
            return Err(Error::config("url is http://host:port or https://host:port; the key goes into token"));
        }
        if self.token.is_some() && self.user.is_some() {
            return Err(Error::config("token and user are two ways to say the same: set one of them"));
        }
        if self.user.is_some() != self.password.is_some() {
            return Err(Error::config("user and password go together"));
        }
        if self.authorization().is_some_and(|shown| shown.expose().is_empty()) {
            return Err(Error::config("token is empty"));
        }
        if self.db_name.as_ref().is_some_and(|name| !name.bytes().all(|c| c.is_ascii_graphic())) {
            return Err(Error::config("db_name is letters, digits and underscores"));
        }
        if self.metric_type.as_ref().is_some_and(|metric| !metric.eq_ignore_ascii_case("cosine")) {
            return Err(Error::config("metric_type is COSINE: set that, or leave it out"));
        }
        let ranges = [
            ("hnsw_m is 2 to 2048", u64::from(self.hnsw_m), 2..=2_048),
            ("hnsw_ef_construction is 1 to 32768", u64::from(self.hnsw_ef_construction), 1..=32_768),
            ("hnsw_ef is 1 to 32768", u64::from(self.hnsw_ef), 1..=32_768),
            ("shards is 1 to 16", u64::try_from(self.shards).unwrap_or(0), 1..=16),
            ("replicas is 1 to 16", u64::try_from(self.replicas).unwrap_or(0), 1..=16),
            ("connect_timeout_ms is at least 1", self.connect_timeout_ms, 1..=u64::MAX),
            ("timeout_ms is at least 1", self.timeout_ms, 1..=u64::MAX),
        ];
        match ranges.into_iter().find(|(_, number, range)| !range.contains(number)) {
            Some((message, ..)) => Err(Error::config(message)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(value: Value) -> Result<MilvusConfig> {
        let config: MilvusConfig = mem0_core::provider_config(value)?;
        config.check().map(|()| config)
    }

    #[test]
    fn the_python_librarys_keys_are_read() {
        let config = read(json!({
            "url": "http://h:1", "token": "t", "collection_name": "mem0", "embedding_model_dims": 1536,
            "metric_type": "COSINE", "db_name": "",
        }));
        let config = config.unwrap();
        assert_eq!((config.url(), config.embedding_model_dims), ("http://h:1", Some(1536)));
    }

    #[test]
    fn a_key_or_a_password_is_shown_to_the_server() {
        let shown = |value| read(value).unwrap().authorization().map(|secret| secret.expose().to_owned());
        assert_eq!(shown(json!({})), None);
        assert_eq!(shown(json!({"token": "key"})).as_deref(), Some("a2V5"));
        assert_eq!(shown(json!({"user": "root", "password": "Milvus"})).as_deref(), Some("cm9vdDpNaWx2dXM="));
    }

    #[test]
    fn what_is_wrong_is_refused() {
        for wrong in [
            json!({"host": "h"}),
            json!({"url": "h:1"}),
            json!({"url": "http://u:p@h:1"}),
            json!({"token": "t", "user": "u", "password": "p"}),
            json!({"user": "u"}),
            json!({"token": ""}),
            json!({"db_name": "a b"}),
            json!({"metric_type": "L2"}),
            json!({"index_type": "IVF"}),
            json!({"hnsw_m": 1}),
            json!({"shards": 0}),
            json!({"timeout_ms": 0}),
            json!({"consistency_level": "weak"}),
        ] {
            let error = read(wrong.clone()).unwrap_err();
            assert_eq!(error.kind(), mem0_core::ErrorKind::Config, "{wrong}");
        }
    }

    #[test]
    fn no_secret_shows() {
        for value in [json!({"token": "hidden"}), json!({"user": "u", "password": "hidden"})] {
            let config = read(value).unwrap();
            let shown = format!("{config:?} {}", serde_json::to_string(&config).unwrap());
            assert!(!shown.contains("hidden"), "{shown}");
        }
    }
}
