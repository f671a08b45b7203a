//! The settings of Qdrant.

use std::time::Duration;

use mem0_core::{Error, Result, Secret};
use qdrant_client::qdrant::quantization_config::Quantization as Native;
use qdrant_client::qdrant::{
    BinaryQuantization, CompressionRatio, ProductQuantization, QuantizationConfig, QuantizationType, ReadConsistency,
    ReadConsistencyType, ScalarQuantization, read_consistency,
};
use serde::{Deserialize, Serialize};

/// Qdrant's ports for REST, which the Python library uses, and for gRPC.
const REST_PORT: u16 = 6333;
const GRPC_PORT: u16 = 6334;

/// How a Qdrant server is used. Unknown keys are refused. The keys of the
/// Python library are read.
///
/// ```
/// use mem0_stores::vector::qdrant::QdrantConfig;
///
/// let config: QdrantConfig = serde_json::from_str(r#"{"host": "localhost", "port": 6333, "api_key": "secret"}"#)?;
/// assert!(!format!("{config:?}").contains("secret"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct QdrantConfig {
    /// The server, `http://host:port` or `https://host:port`. Port 6333 is
    /// Qdrant's REST and is read as its gRPC, 6334, which is also the default.
    pub url: Option<String>,
    /// The server's name, instead of `url`.
    pub host: Option<String>,
    /// The server's port, beside `host`; 6333 is read as 6334.
    pub port: Option<u16>,
    /// The port for gRPC, where it is neither of Qdrant's own.
    pub grpc_port: Option<u16>,
    /// Whether the server is spoken to over TLS, where `host` says which one.
    pub https: Option<bool>,
    /// The key, if the server asks for one; else `QDRANT_API_KEY` of the
    /// environment.
    pub api_key: Option<Secret>,
    /// The Python library's mode without a server: refused.
    pub path: Option<String>,
    /// Where the Python library says it; must be the collection that is opened.
    pub collection_name: Option<String>,
    /// If given, opening a collection of other dimensions is an error.
    pub embedding_model_dims: Option<usize>,
    /// Whether vectors are served from disk; false by default. Like all that
    /// follows down to `replication`, settled when a collection is created.
    pub on_disk: bool,
    /// Whether payloads are; by default as the server is configured.
    pub on_disk_payload: Option<bool>,
    /// The graph.
    pub hnsw: Hnsw,
    /// Whether vectors are searched in a compressed form; by default not.
    pub quantization: Option<Quantization>,
    /// Shards; by default one for each node.
    pub shard_number: Option<u32>,
    /// Copies of each shard; one by default.
    pub replication_factor: Option<u32>,
    /// Copies that must have a write before it counts; one by default.
    pub write_consistency_factor: Option<u32>,
    /// How many copies a read asks; one by default.
    pub read_consistency: Option<Consistency>,
    /// Whether every search is a scan of the scope, and so exact; false by
    /// default: the server scans small scopes (see `hnsw.full_scan_threshold`)
    /// and uses the graph for large ones.
    pub exact: bool,
    /// Whether the nearest by compressed vectors are compared again by full
    /// ones; by default as the server thinks best.
    pub rescore: Option<bool>,
    /// How many times more of them are looked at than are asked for, 1.0 or
    /// more.
    pub oversampling: Option<f64>,
    /// Whether a collection that another program filled, such as the Python
    /// library, is taken over when it is opened: it is noted as of the
    /// configured model, and each point gets what searching it takes. The
    /// other program can go on reading it.
    pub adopt: bool,
    /// Points in one request, 1 to 10,000; 500 by default.
    pub batch_size: usize,
    /// Connections that are kept open, 1 to 64; 3 by default.
    pub pool_size: usize,
    /// How long connecting may take, in milliseconds; 5,000 by default.
    pub connect_timeout_ms: u64,
    /// How long a request may take, in milliseconds; 60,000 by default.
    pub timeout_ms: u64,
}

/// How the graph is built and searched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Hnsw {
    /// Links of a point among all points; 0 by default: no search goes beyond
    /// a scope, so only links within one are of use.
    pub m: u64,
    /// Links of a point within its scope; 16 by default.
    pub payload_m: u64,
    /// Candidates while the graph is built, 4 or more; 100 by default.
    pub ef_construct: u64,
    /// Candidates while it is searched, 1 or more; by default as the server is
    /// configured.
    pub ef: Option<u64>,
    /// Scopes of so many kilobytes of vectors are scanned, which is exact; by
    /// default as the server is configured (10,000).
    pub full_scan_threshold: Option<u64>,
}

impl Default for Hnsw {
    fn default() -> Self {
        Self { m: 0, payload_m: 16, ef_construct: 100, ef: None, full_scan_threshold: None }
    }
}

/// How vectors are compressed. Full ones are kept beside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Quantization {
    /// Eight bits a number.
    Scalar {
        /// Which part of the numbers is within the eight bits, 0.5 to 1.0.
        #[serde(default)]
        quantile: Option<f32>,
        /// Whether they stay in memory whatever the vectors do.
        #[serde(default)]
        always_ram: Option<bool>,
    },
    /// Parts of vectors are replaced by the nearest of a few.
    Product {
        /// How many times smaller.
        compression: Compression,
        /// Whether they stay in memory whatever the vectors do.
        #[serde(default)]
        always_ram: Option<bool>,
    },
    /// One bit a number; for models of 1,024 dimensions and more.
    Binary {
        /// Whether they stay in memory whatever the vectors do.
        #[serde(default)]
        always_ram: Option<bool>,
    },
}

/// How much smaller vectors get.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Compression {
    /// 4 times.
    X4,
    /// 8 times.
    X8,
    /// 16 times.
    X16,
    /// 32 times.
    X32,
    /// 64 times.
    X64,
}

/// How many copies a read asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Consistency {
    /// All of them; the answer is what all agree on.
    All,
    /// All of them; the answer is what more than half agree on.
    Majority,
    /// More than half of them; the answer is what they agree on.
    Quorum,
}

#[allow(deprecated, reason = "the setting that replaces always_ram is unknown to servers before 1.18")]
impl Quantization {
    pub(super) fn native(&self) -> QuantizationConfig {
        let native = match self {
            Self::Scalar { quantile, always_ram } => Native::Scalar(ScalarQuantization {
                r#type: QuantizationType::Int8.into(),
                quantile: *quantile,
                always_ram: *always_ram,
                ..ScalarQuantization::default()
            }),
            Self::Product { compression, always_ram } => {
                let compression = match compression {
                    Compression::X4 => CompressionRatio::X4,
                    Compression::X8 => CompressionRatio::X8,
                    Compression::X16 => CompressionRatio::X16,
                    Compression::X32 => CompressionRatio::X32,
                    Compression::X64 => CompressionRatio::X64,
                };
                Native::Product(ProductQuantization {
                    compression: compression.into(),
                    always_ram: *always_ram,
                    ..ProductQuantization::default()
                })
            }
            Self::Binary { always_ram } => {
                Native::Binary(BinaryQuantization { always_ram: *always_ram, ..BinaryQuantization::default() })
            }
        };
        QuantizationConfig { quantization: Some(native) }
    }
}

impl Consistency {
    pub(super) fn native(self) -> ReadConsistency {
        let kind = match self {
            Self::All => ReadConsistencyType::All,
            Self::Majority => ReadConsistencyType::Majority,
            Self::Quorum => ReadConsistencyType::Quorum,
        };
        ReadConsistency { value: Some(read_consistency::Value::Type(kind.into())) }
    }
}

impl Default for QdrantConfig {
    fn default() -> Self {
        Self {
            url: None,
            host: None,
            port: None,
            grpc_port: None,
            https: None,
            api_key: None,
            path: None,
            collection_name: None,
            embedding_model_dims: None,
            on_disk: false,
            on_disk_payload: None,
            hnsw: Hnsw::default(),
            quantization: None,
            shard_number: None,
            replication_factor: None,
            write_consistency_factor: None,
            read_consistency: None,
            exact: false,
            rescore: None,
            oversampling: None,
            adopt: false,
            batch_size: 500,
            pool_size: 3,
            connect_timeout_ms: 5_000,
            timeout_ms: 60_000,
        }
    }
}

impl QdrantConfig {
    /// Another server than the one on this machine.
    #[must_use]
    pub fn with_url(mut self, url: impl Into<String>) -> Self {
        self.url = Some(url.into());
        self
    }

    /// A key.
    #[must_use]
    pub fn with_api_key(mut self, key: impl Into<String>) -> Self {
        self.api_key = Some(Secret::new(key));
        self
    }

    /// How long a request may take.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout_ms = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
        self
    }

    /// Points in one request.
    #[must_use]
    pub fn with_batch_size(mut self, points: usize) -> Self {
        self.batch_size = points;
        self
    }

    /// Whether a collection that another program filled is taken over.
    #[must_use]
    pub fn with_adopt(mut self, adopt: bool) -> Self {
        self.adopt = adopt;
        self
    }

    pub(super) fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }

    /// The server's address for gRPC.
    pub(super) fn address(&self) -> Result<String> {
        if self.path.is_some() {
            return Err(Error::config(
                "path is the Python library's mode without a server; give the url of a Qdrant server, or use the \
                 vector store sqlite, which needs none",
            ));
        }
        let port = |given: Option<u16>| match (self.grpc_port, given) {
            (Some(port), _) => port,
            (None, Some(REST_PORT) | None) => GRPC_PORT,
            (None, Some(port)) => port,
        };
        let (secure, host, given) = match (&self.url, &self.host) {
            (Some(_), Some(_)) => return Err(Error::config("give url or host, not both")),
            (Some(url), None) => split(url)?,
            (None, host) => {
                let host = host.as_deref().unwrap_or("localhost");
                if host.is_empty() || host.contains(['/', '@', '?', '#']) || host.contains(char::is_whitespace) {
                    return Err(Error::config("host is a name or an IP address; for an address with http:// use url"));
                }
                (self.https.unwrap_or(false), host, self.port)
            }
        };
        if self.url.is_some() && self.port.is_some() {
            return Err(Error::config("port goes with host; where there is a url it says the port"));
        }
        if self.url.is_some() && self.https.is_some_and(|https| https != secure) {
            return Err(Error::config("https contradicts url"));
        }
        Ok(format!("{}://{host}:{}", if secure { "https" } else { "http" }, port(given)))
    }

    pub(super) fn check(&self) -> Result<()> {
        self.address()?;
        // The client would show a key that cannot stand in a header.
        if self.api_key.as_ref().is_some_and(|key| !key.expose().bytes().all(|c| (0x20..0x7f).contains(&c))) {
            return Err(Error::config("api_key has characters that no key has"));
        }
        let positive = [
            ("shard_number", self.shard_number),
            ("replication_factor", self.replication_factor),
            ("write_consistency_factor", self.write_consistency_factor),
        ];
        for (key, number) in positive {
            if number == Some(0) {
                return Err(Error::config(format!("{key} is at least 1")));
            }
        }
        if self.hnsw.ef_construct < 4 || self.hnsw.ef == Some(0) {
            return Err(Error::config("hnsw.ef_construct is at least 4 and hnsw.ef at least 1"));
        }
        if self.hnsw.m == 0 && self.hnsw.payload_m == 0 {
            return Err(Error::config("hnsw.m and hnsw.payload_m cannot both be 0"));
        }
        if let Some(Quantization::Scalar { quantile: Some(quantile), .. }) = self.quantization
            && !(0.5..=1.0).contains(&quantile)
        {
            return Err(Error::config("quantization.quantile is 0.5 to 1.0"));
        }
        if self.oversampling.is_some_and(|times| !times.is_finite() || times < 1.0) {
            return Err(Error::config("oversampling is at least 1.0"));
        }
        if !(1..=10_000).contains(&self.batch_size) || !(1..=64).contains(&self.pool_size) {
            return Err(Error::config("batch_size is 1 to 10000 and pool_size 1 to 64"));
        }
        if self.connect_timeout_ms == 0 || self.timeout_ms == 0 {
            return Err(Error::config("connect_timeout_ms and timeout_ms are at least 1"));
        }
        Ok(())
    }
}

/// Whether it is over TLS, the host, and the port if there is one.
fn split(url: &str) -> Result<(bool, &str, Option<u16>)> {
    let wrong = || Error::config("url is http://host:port or https://host:port");
    let (secure, rest) = match (url.strip_prefix("http://"), url.strip_prefix("https://")) {
        (Some(rest), _) => (false, rest),
        (_, Some(rest)) => (true, rest),
        _ => return Err(wrong()),
    };
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    if rest.contains(['/', '@', '?', '#']) || rest.contains(char::is_whitespace) {
        return Err(wrong());
    }
    // The colons of an IPv6 address are within brackets.
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port.parse().map_err(|_| wrong())?)),
        _ => (rest, None),
    };
    if host.is_empty() { Err(wrong()) } else { Ok((secure, host, port)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(value: Value) -> Result<QdrantConfig> {
        let config: QdrantConfig = mem0_core::provider_config(value)?;
        config.check().map(|()| config)
    }

    #[test]
    fn the_python_librarys_keys_are_read() {
        let config = json!({
            "collection_name": "mem0", "embedding_model_dims": 1536, "host": "h", "port": 6333, "api_key": "k",
            "https": true, "on_disk": true, "url": null, "path": null,
        });
        let config = read(config).unwrap();
        assert_eq!((config.embedding_model_dims, config.on_disk), (Some(1536), true));
        assert_eq!(config.address().unwrap(), "https://h:6334");
    }

    #[test]
    fn addresses() {
        for (config, address) in [
            (json!({}), "http://localhost:6334"),
            (json!({"host": "h"}), "http://h:6334"),
            (json!({"host": "h", "port": 6334}), "http://h:6334"),
            (json!({"host": "h", "port": 7000}), "http://h:7000"),
            (json!({"host": "h", "port": 6333, "grpc_port": 7001}), "http://h:7001"),
            (json!({"url": "http://h:6333"}), "http://h:6334"),
            (json!({"url": "https://x.cloud.qdrant.io"}), "https://x.cloud.qdrant.io:6334"),
            (json!({"url": "https://x:6333/", "https": true}), "https://x:6334"),
            (json!({"url": "http://[::1]"}), "http://[::1]:6334"),
            (json!({"url": "http://[::1]:9"}), "http://[::1]:9"),
        ] {
            assert_eq!(read(config.clone()).unwrap().address().unwrap(), address, "{config}");
        }
    }

    #[test]
    fn what_is_wrong_is_refused() {
        for wrong in [
            json!({"path": "/tmp/qdrant"}),
            json!({"client": "x"}),
            json!({"url": "localhost:6334"}),
            json!({"url": "http://"}),
            json!({"url": "http://h:x"}),
            json!({"url": "http://h/path"}),
            json!({"url": "http://user:password@h"}),
            json!({"url": "http://h", "host": "h"}),
            json!({"url": "http://h", "port": 1}),
            json!({"url": "http://h", "https": true}),
            json!({"host": "http://h"}),
            json!({"host": ""}),
            json!({"api_key": "a\nb"}),
            json!({"hnsw": {"m": 0, "payload_m": 0}}),
            json!({"hnsw": {"ef_construct": 3}}),
            json!({"hnsw": {"ef": 0}}),
            json!({"hnsw": {"links": 1}}),
            json!({"quantization": {"type": "scalar", "quantile": 0.4}}),
            json!({"quantization": {"type": "scalar", "bits": 4}}),
            json!({"quantization": {"type": "product"}}),
            json!({"quantization": {"type": "ternary"}}),
            json!({"oversampling": 0.5}),
            json!({"shard_number": 0}),
            json!({"read_consistency": "some"}),
            json!({"batch_size": 0}),
            json!({"pool_size": 0}),
            json!({"timeout_ms": 0}),
        ] {
            let error = read(wrong.clone()).unwrap_err();
            assert_eq!(error.kind(), mem0_core::ErrorKind::Config, "{wrong}");
        }
        let error = read(json!({"path": "/tmp/qdrant"})).unwrap_err();
        assert!(error.message().contains("url") && error.message().contains("sqlite"), "{error}");
    }

    #[test]
    fn compression_is_as_it_is_configured() {
        let native = |value| read(json!({"quantization": value})).unwrap().quantization.unwrap().native();
        let scalar = native(json!({"type": "scalar", "quantile": 0.99, "always_ram": true})).quantization.unwrap();
        assert!(matches!(scalar, Native::Scalar(scalar) if scalar.quantile == Some(0.99)));
        let product = native(json!({"type": "product", "compression": "x16"})).quantization.unwrap();
        assert!(matches!(product, Native::Product(product) if product.compression() == CompressionRatio::X16));
        assert!(matches!(native(json!({"type": "binary"})).quantization.unwrap(), Native::Binary(_)));
    }

    #[test]
    fn no_secret_shows() {
        let config = read(json!({"api_key": "hidden"})).unwrap();
        let shown = format!("{config:?} {}", serde_json::to_string(&config).unwrap());
        assert!(!shown.contains("hidden"), "{shown}");
    }
}
