//! The settings of Redis and Valkey.

use mem0_core::{Error, Result, Secret};
use serde::{Deserialize, Serialize};

use super::mem0ai;

/// Where the server is if nothing is configured.
const DEFAULT_URL: &str = "redis://127.0.0.1:6379";

/// How vectors are indexed. Settled when a collection is created.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum IndexType {
    /// A graph: large collections are searched approximately.
    #[default]
    Hnsw,
    /// Every search is a scan, and exact.
    Flat,
}

/// What finds vectors. A collection is searched in the way that it was made for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Mode {
    /// An index of RediSearch.
    #[default]
    Search,
    /// The vector sets of Redis 8, one for each user, agent and run: the cost of
    /// a search grows with its owner alone, and RediSearch is not needed. Points
    /// of several owners are in several sets. Searches by words are left to the
    /// engine.
    VectorSets,
}

/// How points are kept. Settled when a collection is created.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Layout {
    /// In our own way.
    #[default]
    Own,
    /// As the Python library keeps them, which then reads and changes the same
    /// collection: `docs/from-python.md` says what each sees of the other.
    Mem0ai,
}

/// What a vector set keeps of a vector. Settled when a collection is created.
/// Beside it each point has its own vector, which is what is read back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Quantisation {
    /// All of it, 4 bytes a dimension.
    #[default]
    None,
    /// One byte a dimension: may miss what is as near as others to a thousandth.
    /// Similarities are those of the points' own vectors.
    Q8,
    /// One bit a dimension, which misses more. Similarities are those of the
    /// points' own vectors.
    Bin,
}

impl Quantisation {
    /// How the server calls it.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::None => "NOQUANT",
            Self::Q8 => "Q8",
            Self::Bin => "BIN",
        }
    }

    pub(super) fn from_word(word: &str) -> Option<Self> {
        [Self::None, Self::Q8, Self::Bin].into_iter().find(|quantisation| quantisation.word() == word)
    }

    /// How many candidates are looked at for each hit.
    pub(super) const fn more(self) -> usize {
        match self {
            Self::None => 1,
            Self::Q8 => 2,
            Self::Bin => 10,
        }
    }
}

/// How a server of Redis or Valkey is used. Unknown keys are refused. The keys of
/// the Python library for both products are read.
///
/// ```
/// use mem0_stores::vector::redis::RedisVectorConfig;
///
/// let config: RedisVectorConfig =
///     serde_json::from_str(r#"{"redis_url": "redis://localhost:6379", "password": "secret"}"#)?;
/// assert!(!format!("{config:?}").contains("secret"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RedisVectorConfig {
    /// The server, `redis://user:password@host:port/db`; with `rediss://` over
    /// TLS. By default `redis://127.0.0.1:6379`. Also `url` and `valkey_url`.
    #[serde(alias = "url", alias = "valkey_url")]
    pub redis_url: Option<Secret>,
    /// The user, if it is not in the address. Also `user`.
    #[serde(alias = "user")]
    pub username: Option<String>,
    /// The password, if it is not in the address.
    pub password: Option<Secret>,
    /// The number of the database, if it is not in the address. RediSearch
    /// indexes database 0 only.
    pub db: Option<i64>,
    /// Whether to use TLS although the address says `redis://`.
    pub tls: bool,
    /// The first part of every key, so that several applications can share a
    /// server; `mem0` by default. 1 to 128 characters of `a-z A-Z 0-9 _ -`.
    pub collection_name: String,
    /// If given, opening a collection of other dimensions is an error.
    pub embedding_model_dims: Option<usize>,
    /// What finds vectors: `search`, the default, which is RediSearch, or
    /// `vector_sets`, which Redis has from version 8.
    pub mode: Mode,
    /// How points are kept: `own`, the default, or `mem0ai`, which is how the
    /// Python library does it, so that both use one collection of the same
    /// name. With `search` only.
    pub layout: Layout,
    /// What a vector set keeps of a vector: `none`, the default, which is all
    /// of it, `q8`, or `bin`. Also `quantization`.
    #[serde(alias = "quantization")]
    pub quantisation: Quantisation,
    /// How RediSearch indexes vectors: `hnsw`, the default, or `flat`.
    pub index_type: IndexType,
    /// Links of a node of the graph, 2 to 512, in vector sets at least 4; 16 by
    /// default.
    pub hnsw_m: u32,
    /// Candidates while the graph is built, 1 to 4096; 200 by default.
    pub hnsw_ef_construction: u32,
    /// Candidates while the graph is searched, 1 to 4096; by default 10, in
    /// vector sets 100.
    pub hnsw_ef_runtime: Option<u32>,
    /// Collections, or vector sets, of up to so many points are searched by a
    /// scan of the scope, which is exact; 100,000 by default. In larger ones
    /// RediSearch chooses between a scan and the graph by the size of the scope,
    /// and a vector set follows the graph.
    pub exact_up_to: u64,
    /// How long connecting may take, in milliseconds; 5,000 by default.
    pub connect_timeout_ms: u64,
    /// How long the server may take to answer, in milliseconds; 60,000 by
    /// default.
    pub timeout_ms: u64,
    /// Read for the sake of the Python library's files. Times keep their own
    /// offset here, so it changes nothing.
    pub timezone: Option<String>,
    /// Refused if true: RediSearch behind a cluster needs another client.
    pub cluster_mode: bool,
}

impl Default for RedisVectorConfig {
    fn default() -> Self {
        Self {
            redis_url: None,
            username: None,
            password: None,
            db: None,
            tls: false,
            collection_name: "mem0".to_owned(),
            embedding_model_dims: None,
            mode: Mode::default(),
            layout: Layout::default(),
            quantisation: Quantisation::default(),
            index_type: IndexType::default(),
            hnsw_m: 16,
            hnsw_ef_construction: 200,
            hnsw_ef_runtime: None,
            exact_up_to: 100_000,
            connect_timeout_ms: 5_000,
            timeout_ms: 60_000,
            timezone: None,
            cluster_mode: false,
        }
    }
}

impl RedisVectorConfig {
    /// Another server than the default one.
    #[must_use]
    pub fn with_url(mut self, url: impl Into<String>) -> Self {
        self.redis_url = Some(Secret::new(url));
        self
    }

    /// How vectors of new collections are indexed.
    #[must_use]
    pub fn with_index_type(mut self, index_type: IndexType) -> Self {
        self.index_type = index_type;
        self
    }

    /// What finds vectors.
    #[must_use]
    pub fn with_mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// How points are kept.
    #[must_use]
    pub fn with_layout(mut self, layout: Layout) -> Self {
        self.layout = layout;
        self
    }

    /// What the vector sets of new collections keep of a vector.
    #[must_use]
    pub fn with_quantisation(mut self, quantisation: Quantisation) -> Self {
        self.quantisation = quantisation;
        self
    }

    /// Up to how many points a collection is searched exactly.
    #[must_use]
    pub fn with_exact_up_to(mut self, points: u64) -> Self {
        self.exact_up_to = points;
        self
    }

    pub(super) fn url(&self) -> &str {
        self.redis_url.as_ref().map_or(DEFAULT_URL, Secret::expose)
    }

    pub(super) fn check(&self) -> Result<()> {
        if self.cluster_mode {
            return Err(Error::config("cluster_mode is not supported; give the address of one server"));
        }
        if !crate::shared::collection::is_plain_name(&self.collection_name) {
            return Err(Error::config("collection_name is 1 to 128 characters of a-z A-Z 0-9 _ -"));
        }
        if self.layout == Layout::Mem0ai {
            if self.mode != Mode::Search {
                return Err(Error::config("the layout mem0ai is searched in the mode search only"));
            }
            if self.collection_name != mem0ai::PREFIX {
                let message = "in the layout mem0ai every key begins with mem0: leave collection_name out, \
                               and name the library's collection as `collection`";
                return Err(Error::config(message));
            }
        }
        let links = match self.mode {
            Mode::Search => ("hnsw_m is 2 to 512", self.hnsw_m, 2..=512),
            Mode::VectorSets => ("hnsw_m is 4 to 512 in vector sets", self.hnsw_m, 4..=512),
        };
        let graph = [
            links,
            ("hnsw_ef_construction is 1 to 4096", self.hnsw_ef_construction, 1..=4_096),
            ("hnsw_ef_runtime is 1 to 4096", self.hnsw_ef_runtime.unwrap_or(1), 1..=4_096),
        ];
        for (message, number, range) in graph {
            if !range.contains(&number) {
                return Err(Error::config(message));
            }
        }
        if self.connect_timeout_ms == 0 || self.timeout_ms == 0 {
            return Err(Error::config("connect_timeout_ms and timeout_ms are at least 1"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(value: Value) -> Result<RedisVectorConfig> {
        let config: RedisVectorConfig = mem0_core::provider_config(value)?;
        config.check().map(|()| config)
    }

    #[test]
    fn the_python_librarys_keys_are_read() {
        let redis = json!({"redis_url": "redis://h:1", "collection_name": "mem0", "embedding_model_dims": 1536});
        assert_eq!(read(redis).unwrap().embedding_model_dims, Some(1536));
        let valkey = json!({
            "valkey_url": "valkey://h:1", "collection_name": "c", "embedding_model_dims": 8, "timezone": "UTC",
            "index_type": "flat", "hnsw_m": 8, "hnsw_ef_construction": 100, "hnsw_ef_runtime": 20,
            "cluster_mode": false,
        });
        let valkey = read(valkey).unwrap();
        assert_eq!((valkey.url(), valkey.index_type, valkey.hnsw_m), ("valkey://h:1", IndexType::Flat, 8));
    }

    #[test]
    fn what_is_wrong_is_refused() {
        for wrong in [
            json!({"host": "h"}),
            json!({"cluster_mode": true}),
            json!({"collection_name": "a:b"}),
            json!({"hnsw_m": 1}),
            json!({"hnsw_ef_runtime": 0}),
            json!({"timeout_ms": 0}),
            json!({"index_type": "ivf"}),
            json!({"mode": "vector_sets", "hnsw_m": 2}),
            json!({"mode": "sets"}),
            json!({"layout": "python"}),
            json!({"layout": "mem0ai", "mode": "vector_sets"}),
            json!({"layout": "mem0ai", "collection_name": "memories"}),
            json!({"quantisation": "q4"}),
        ] {
            let error = read(wrong.clone()).unwrap_err();
            assert_eq!(error.kind(), mem0_core::ErrorKind::Config, "{wrong}");
        }
    }

    #[test]
    fn no_secret_shows() {
        let config = read(json!({"url": "redis://u:hidden@h", "password": "hidden"})).unwrap();
        let shown = format!("{config:?} {}", serde_json::to_string(&config).unwrap());
        assert!(!shown.contains("hidden"), "{shown}");
    }
}
