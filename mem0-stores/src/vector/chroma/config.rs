//! The settings of Chroma.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mem0_core::{Error, Result, Secret};
use mem0_http::ClientOptions;
use serde::{Deserialize, Serialize};

/// Where Chroma Cloud is.
const CLOUD: &str = "https://api.trychroma.com";

/// What Chroma Cloud takes at most where nothing else was agreed on.
const CLOUD_RECORDS: usize = 300;
const CLOUD_PREDICATES: usize = 8;

/// Records of one write to a server of one's own; it takes some 5,000.
const RECORDS_PER_WRITE: usize = 1_000;

/// Where a key is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum KeyHeader {
    /// `x-chroma-token: KEY`.
    #[default]
    XChromaToken,
    /// `authorization: Bearer KEY`.
    Authorization,
}

/// How vectors of new collections are indexed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum IndexType {
    /// A graph in memory: a server of one's own.
    Hnsw,
    /// Lists on object storage: Chroma Cloud and distributed servers.
    Spann,
}

/// How Chroma is used. Unknown keys are refused; those of the Python library are
/// read, but for `path` and `client`: Chroma inside the program is Python's.
///
/// A key without an address is that of Chroma Cloud, as in the Python library.
///
/// ```
/// use mem0_stores::vector::chroma::ChromaConfig;
///
/// let config: ChromaConfig = serde_json::from_str(r#"{"api_key": "secret", "tenant": "t", "database": "d"}"#)?;
/// assert_eq!(config.address(), "https://api.trychroma.com");
/// assert!(!format!("{config:?}").contains("secret"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ChromaConfig {
    /// The address, `http://host:8000`. Goes before `host`, `port` and `ssl`.
    pub url: Option<String>,
    /// The host; `localhost` by default.
    pub host: Option<String>,
    /// The port; 8000 by default.
    pub port: Option<u16>,
    /// Whether `host` is reached over TLS.
    pub ssl: bool,
    /// The key or token.
    pub api_key: Option<Secret>,
    /// Where the key is sent: `x-chroma-token`, the default, or
    /// `authorization`.
    pub key_header: KeyHeader,
    /// The user of basic authentication.
    pub username: Option<String>,
    /// The password of basic authentication.
    pub password: Option<Secret>,
    /// More headers, for instance those of a proxy before the server.
    pub headers: std::collections::BTreeMap<String, Secret>,
    /// The tenant; `default_tenant` by default. Chroma Cloud needs one.
    pub tenant: Option<String>,
    /// The database; `default_database` by default, on Chroma Cloud `mem0`.
    pub database: Option<String>,
    /// If given, it must be the name of the collection.
    pub collection_name: Option<String>,
    /// If given, opening a collection of other dimensions is an error.
    pub embedding_model_dims: Option<usize>,
    /// How vectors of new collections are indexed: `hnsw`, on Chroma Cloud
    /// `spann` by default.
    pub index_type: Option<IndexType>,
    /// Links of a node of the graph; 16 by default.
    pub hnsw_m: Option<u32>,
    /// Candidates while the graph is built; 200 by default.
    pub hnsw_ef_construction: Option<u32>,
    /// Candidates while the graph is searched; 200 by default.
    pub hnsw_ef_search: Option<u32>,
    /// Records of one write; 1,000 by default, on Chroma Cloud 300.
    pub records_per_write: Option<usize>,
    /// The most records that the server gives at a time; no limit by default,
    /// on Chroma Cloud 300. It is also the largest limit of a search.
    pub records_per_read: Option<usize>,
    /// The most conditions of one query; no limit by default, on Chroma Cloud
    /// 8. What does not fit is checked after the search.
    pub predicates: Option<usize>,
    /// The timeouts, the longest answer and the proxy. Its `retry` is not for
    /// stores: `vector_store_calls` says how often a call is repeated.
    pub http: ClientOptions,
}

impl ChromaConfig {
    /// A server at this address.
    #[must_use]
    pub fn with_url(mut self, url: impl Into<String>) -> Self {
        self.url = Some(url.into());
        self
    }

    /// The tenant and its database.
    #[must_use]
    pub fn with_database(mut self, tenant: impl Into<String>, database: impl Into<String>) -> Self {
        self.tenant = Some(tenant.into());
        self.database = Some(database.into());
        self
    }

    /// Where the server is.
    #[must_use]
    pub fn address(&self) -> String {
        if let Some(url) = &self.url {
            return url.clone();
        }
        if self.is_cloud() {
            return CLOUD.to_owned();
        }
        let scheme = if self.ssl { "https" } else { "http" };
        let host = self.host.as_deref().unwrap_or("localhost");
        format!("{scheme}://{host}:{}", self.port.unwrap_or(8_000))
    }

    fn is_cloud(&self) -> bool {
        match &self.url {
            Some(url) => url.trim_end_matches('/') == CLOUD,
            None => self.host.is_none() && self.api_key.is_some(),
        }
    }

    pub(super) fn tenant(&self) -> Result<&str> {
        match &self.tenant {
            Some(tenant) => Ok(tenant),
            None if self.is_cloud() => Err(Error::config("Chroma Cloud needs a tenant: set `tenant`")),
            None => Ok("default_tenant"),
        }
    }

    pub(super) fn database(&self) -> &str {
        let default = if self.is_cloud() { "mem0" } else { "default_database" };
        self.database.as_deref().unwrap_or(default)
    }

    pub(super) fn index_type(&self) -> IndexType {
        self.index_type.unwrap_or(if self.is_cloud() { IndexType::Spann } else { IndexType::Hnsw })
    }

    pub(super) fn records_per_write(&self) -> usize {
        self.records_per_write.unwrap_or(if self.is_cloud() { CLOUD_RECORDS } else { RECORDS_PER_WRITE })
    }

    pub(super) fn records_per_read(&self) -> Option<usize> {
        self.records_per_read.or_else(|| self.is_cloud().then_some(CLOUD_RECORDS))
    }

    pub(super) fn predicates(&self) -> Option<usize> {
        self.predicates.or_else(|| self.is_cloud().then_some(CLOUD_PREDICATES))
    }

    /// What every request says of who asks.
    pub(super) fn headers(&self) -> Result<Vec<(String, Secret)>> {
        let mut headers: Vec<_> = self.headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        if let Some(key) = &self.api_key {
            headers.push(match self.key_header {
                KeyHeader::XChromaToken => ("x-chroma-token".to_owned(), key.clone()),
                KeyHeader::Authorization => bearer("Bearer", key.expose()),
            });
        }
        match (&self.username, &self.password) {
            (Some(user), Some(password)) => {
                headers.push(bearer("Basic", &STANDARD.encode(format!("{user}:{}", password.expose()))));
            }
            (None, None) => {}
            _ => return Err(Error::config("username and password are given together")),
        }
        Ok(headers)
    }

    pub(super) fn check(&self) -> Result<()> {
        self.tenant()?;
        self.headers()?;
        if self.records_per_write == Some(0) || self.records_per_read == Some(0) {
            return Err(Error::config("records_per_write and records_per_read are at least 1"));
        }
        for number in [self.hnsw_m, self.hnsw_ef_construction, self.hnsw_ef_search] {
            if number.is_some_and(|number| !(2..=10_000).contains(&number)) {
                return Err(Error::config("hnsw_m, hnsw_ef_construction and hnsw_ef_search are 2 to 10000"));
            }
        }
        Ok(())
    }
}

fn bearer(scheme: impl fmt::Display, key: &str) -> (String, Secret) {
    ("authorization".to_owned(), Secret::new(format!("{scheme} {key}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use mem0_core::ErrorKind;
    use serde_json::{Value, json};

    fn read(value: Value) -> Result<ChromaConfig> {
        let config: ChromaConfig = mem0_core::provider_config(value)?;
        config.check().map(|()| config)
    }

    #[test]
    fn the_python_librarys_keys_are_read() {
        let server = read(json!({"collection_name": "mem0", "host": "h", "port": 9000})).unwrap();
        assert_eq!(server.address(), "http://h:9000");
        assert_eq!((server.tenant().unwrap(), server.database()), ("default_tenant", "default_database"));
        let cloud = read(json!({"api_key": "k", "tenant": "t"})).unwrap();
        assert_eq!((cloud.address().as_str(), cloud.tenant().unwrap(), cloud.database()), (CLOUD, "t", "mem0"));
        assert_eq!((cloud.index_type(), cloud.records_per_write()), (IndexType::Spann, 300));
    }

    #[test]
    fn what_is_wrong_is_refused() {
        for wrong in [
            json!({"path": "/tmp/db"}),
            json!({"api_key": "k"}),
            json!({"username": "u"}),
            json!({"records_per_read": 0}),
            json!({"hnsw_m": 1}),
            json!({"index_type": "flat"}),
        ] {
            assert_eq!(read(wrong.clone()).unwrap_err().kind(), ErrorKind::Config, "{wrong}");
        }
    }

    #[test]
    fn who_asks_is_said_in_a_header() {
        let headers = |value: Value| -> Vec<(String, String)> {
            let headers = read(value).unwrap().headers().unwrap();
            headers.into_iter().map(|(name, value)| (name, value.expose().to_owned())).collect()
        };
        let of = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
        assert_eq!(headers(json!({"host": "h", "api_key": "k"})), of("x-chroma-token", "k"));
        let bearer = json!({"host": "h", "api_key": "k", "key_header": "authorization"});
        assert_eq!(headers(bearer), of("authorization", "Bearer k"));
        let basic = json!({"host": "h", "username": "ada", "password": "hush"});
        assert_eq!(headers(basic), of("authorization", "Basic YWRhOmh1c2g="));
        assert_eq!(headers(json!({"headers": {"x-team": "a"}})), of("x-team", "a"));
    }

    #[test]
    fn no_secret_shows() {
        let config = read(
            json!({"host": "h", "api_key": "hidden", "username": "u", "password": "hidden", "headers": {"a": "hidden"}}),
        );
        let config = config.unwrap();
        let shown = format!("{config:?} {}", serde_json::to_string(&config).unwrap());
        assert!(!shown.contains("hidden"), "{shown}");
    }
}
