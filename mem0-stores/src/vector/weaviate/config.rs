//! The settings of Weaviate.

use std::collections::BTreeMap;

use mem0_core::{Error, Result, Secret};
use mem0_http::ClientOptions;
use serde::{Deserialize, Serialize};

/// Where the server is if nothing is configured.
const DEFAULT_URL: &str = "http://localhost:8080";

/// How vectors of new collections are indexed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum IndexType {
    /// A graph in memory; a scope of up to `exact_up_to` points is scanned.
    #[default]
    Hnsw,
    /// No index: every search is a scan from the disk.
    Flat,
}

/// How many replicas of a shard a request waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[non_exhaustive]
pub enum ConsistencyLevel {
    /// One.
    One,
    /// More than half.
    Quorum,
    /// All.
    All,
}

impl ConsistencyLevel {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::One => "ONE",
            Self::Quorum => "QUORUM",
            Self::All => "ALL",
        }
    }
}

/// What counts as a word in a search by words. Weaviate's documentation has what
/// each of them does; the last four must be switched on in the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Tokenization {
    /// Letters and digits, in lower case.
    #[default]
    Word,
    /// What is between spaces, in lower case.
    Lowercase,
    /// What is between spaces.
    Whitespace,
    /// Three characters each.
    Trigram,
    /// Chinese and Japanese words.
    Gse,
    /// Chinese words.
    GseCh,
    /// Japanese words.
    KagomeJa,
    /// Korean words.
    KagomeKr,
}

/// How Weaviate is used. Unknown keys are refused; those of the Python library
/// are read.
///
/// ```
/// use mem0_stores::vector::weaviate::WeaviateConfig;
///
/// let config: WeaviateConfig =
///     serde_json::from_str(r#"{"cluster_url": "x.weaviate.cloud", "auth_client_secret": "hush"}"#)?;
/// assert_eq!(config.address(), "https://x.weaviate.cloud");
/// assert!(!format!("{config:?}").contains("hush"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct WeaviateConfig {
    /// The server; `http://localhost:8080` by default. Without a scheme it is
    /// reached over TLS, unless it is this machine. Also `url`.
    #[serde(alias = "url")]
    pub cluster_url: Option<String>,
    /// The API key. Also `api_key`.
    #[serde(alias = "api_key")]
    pub auth_client_secret: Option<Secret>,
    /// More headers.
    pub additional_headers: BTreeMap<String, Secret>,
    /// If given, it must be the name of the collection.
    pub collection_name: Option<String>,
    /// If given, opening a collection of other dimensions is an error.
    pub embedding_model_dims: Option<usize>,
    /// How vectors of new collections are indexed: `hnsw`, the default, or
    /// `flat`.
    pub index_type: IndexType,
    /// Links of a node of the graph, 4 to 2047; 32 by default.
    pub max_connections: u32,
    /// Candidates while the graph is built, 4 to 2047; 128 by default.
    pub ef_construction: u32,
    /// Candidates while the graph is searched; -1, the default, leaves it to
    /// the server.
    pub ef: i32,
    /// Searches over up to so many points are scans, which are exact; 40,000 by
    /// default.
    pub exact_up_to: u32,
    /// What counts as a word in new collections; `word` by default.
    pub tokenization: Tokenization,
    /// How many servers have a copy of new collections; the server's own
    /// setting by default.
    pub replication_factor: Option<u32>,
    /// How many replicas a request waits for: `ONE`, `QUORUM` or `ALL`; the
    /// server's own setting by default. With less than `QUORUM` a read may not
    /// see the last write.
    pub consistency_level: Option<ConsistencyLevel>,
    /// The timeouts, the longest answer and the proxy. Its `retry` is not for
    /// stores: `vector_store_calls` says how often a call is repeated.
    pub http: ClientOptions,
}

impl Default for WeaviateConfig {
    fn default() -> Self {
        Self {
            cluster_url: None,
            auth_client_secret: None,
            additional_headers: BTreeMap::new(),
            collection_name: None,
            embedding_model_dims: None,
            index_type: IndexType::default(),
            max_connections: 32,
            ef_construction: 128,
            ef: -1,
            exact_up_to: 40_000,
            tokenization: Tokenization::default(),
            replication_factor: None,
            consistency_level: None,
            http: ClientOptions::default(),
        }
    }
}

impl WeaviateConfig {
    /// A server at this address.
    #[must_use]
    pub fn with_url(mut self, url: impl Into<String>) -> Self {
        self.cluster_url = Some(url.into());
        self
    }

    /// How vectors of new collections are indexed.
    #[must_use]
    pub fn with_index_type(mut self, index_type: IndexType) -> Self {
        self.index_type = index_type;
        self
    }

    /// How many replicas a request waits for.
    #[must_use]
    pub fn with_consistency_level(mut self, level: ConsistencyLevel) -> Self {
        self.consistency_level = Some(level);
        self
    }

    /// Where the server is.
    #[must_use]
    pub fn address(&self) -> String {
        let url = self.cluster_url.as_deref().unwrap_or(DEFAULT_URL);
        if url.contains("://") {
            return url.to_owned();
        }
        let here = ["localhost", "127.0.0.1", "[::1]"].iter().any(|host| url.starts_with(host));
        format!("{}://{url}", if here { "http" } else { "https" })
    }

    /// What every request says of who asks.
    pub(super) fn headers(&self) -> Vec<(String, Secret)> {
        let key = self.auth_client_secret.as_ref();
        let key = key.map(|key| ("authorization".to_owned(), Secret::new(format!("Bearer {}", key.expose()))));
        let more = self.additional_headers.iter().map(|(name, value)| (name.clone(), value.clone()));
        more.chain(key).collect()
    }

    pub(super) fn check(&self) -> Result<()> {
        for (message, number) in [
            ("max_connections is 4 to 2047", self.max_connections),
            ("ef_construction is 4 to 2047", self.ef_construction),
        ] {
            if !(4..=2_047).contains(&number) {
                return Err(Error::config(message));
            }
        }
        if self.ef < -1 || self.ef == 0 {
            return Err(Error::config("ef is at least 1, or -1"));
        }
        if self.replication_factor == Some(0) {
            return Err(Error::config("replication_factor is at least 1"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mem0_core::ErrorKind;
    use serde_json::{Value, json};

    fn read(value: Value) -> Result<WeaviateConfig> {
        let config: WeaviateConfig = mem0_core::provider_config(value)?;
        config.check().map(|()| config)
    }

    #[test]
    fn the_python_librarys_keys_are_read() {
        let config = read(json!({
            "collection_name": "mem0", "embedding_model_dims": 1536, "cluster_url": "http://localhost:9090",
            "auth_client_secret": "k", "additional_headers": {"X-OpenAI-Api-Key": "o"},
        }));
        let config = config.unwrap();
        assert_eq!(config.address(), "http://localhost:9090");
        let headers: Vec<_> =
            config.headers().into_iter().map(|(name, value)| (name, value.expose().to_owned())).collect();
        let due = [("X-OpenAI-Api-Key", "o"), ("authorization", "Bearer k")];
        assert_eq!(headers, due.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn an_address_without_a_scheme_gets_one() {
        for (url, address) in
            [("localhost:8080", "http://localhost:8080"), ("x.weaviate.cloud", "https://x.weaviate.cloud")]
        {
            assert_eq!(WeaviateConfig::default().with_url(url).address(), address);
        }
    }

    #[test]
    fn what_is_wrong_is_refused() {
        for wrong in [
            json!({"host": "h"}),
            json!({"max_connections": 1}),
            json!({"ef": 0}),
            json!({"replication_factor": 0}),
            json!({"consistency_level": "SOME"}),
            json!({"tokenization": "field"}),
        ] {
            assert_eq!(read(wrong.clone()).unwrap_err().kind(), ErrorKind::Config, "{wrong}");
        }
    }

    #[test]
    fn no_secret_shows() {
        let config = read(json!({"api_key": "hidden", "additional_headers": {"a": "hidden"}})).unwrap();
        let shown = format!("{config:?} {}", serde_json::to_string(&config).unwrap());
        assert!(!shown.contains("hidden"), "{shown}");
    }
}
