//! The settings of the store.

use std::path::PathBuf;

use mem0_core::{CollectionSpec, Error, ErrorKind, Result, Secret};
use serde::{Deserialize, Serialize};

pub use crate::shared::postgres::SslMode;
use crate::shared::postgres::{Connecting, PoolOptions, check_schema};

/// How the store is set up. Unknown keys are refused; those of the Python
/// library are known.
///
/// ```
/// use mem0_stores::vector::pgvector::{IndexKind, PgvectorConfig};
///
/// let config: PgvectorConfig = serde_json::from_str(r#"{"host": "db", "user": "ada", "password": "hush"}"#)?;
/// assert_eq!(config.index_kind()?, IndexKind::Hnsw);
/// assert!(!format!("{config:?}").contains("hush"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct PgvectorConfig {
    /// `postgres://user:password@host:port/dbname`, or libpq's `key=value`
    /// pairs. Goes before `host`, `port`, `user`, `password` and `dbname`.
    #[serde(alias = "url")]
    pub connection_string: Option<Secret>,
    /// `localhost` by default.
    pub host: String,
    /// 5432 by default.
    pub port: u16,
    /// `postgres` by default.
    pub user: String,
    /// The password, if the server asks for one.
    pub password: Option<Secret>,
    /// The database; `postgres` by default.
    pub dbname: String,
    /// Whether the traffic is secured; by default what the connection string
    /// says, else `prefer`.
    pub sslmode: Option<SslMode>,
    /// A file of PEM certificates of the authorities that are trusted. Where it
    /// is given, the server must show one of theirs that bears its name.
    pub sslrootcert: Option<PathBuf>,
    /// The schema for the tables; `public` by default.
    pub schema: String,
    /// The most connections; 5 by default.
    #[serde(alias = "pool_size")]
    pub maxconn: usize,
    /// Taken since the Python library has it; connections are made when they are
    /// needed. At most `maxconn`.
    pub minconn: usize,
    /// How long to wait for a connection, in seconds; 10 by default.
    pub connect_timeout_s: f64,
    /// How long the server may work on one statement, in seconds; 30 by
    /// default. Making a collection's index has no limit.
    pub statement_timeout_s: f64,
    /// The index that a new collection gets; `hnsw` by default.
    pub index: Option<IndexKind>,
    /// The Python library's way to say `index`: false is `none`.
    pub hnsw: Option<bool>,
    /// The Python library's switch for an extension that this store does not
    /// use: only false is accepted.
    pub diskann: bool,
    /// Neighbours of a vector in an `hnsw` index, 2 to 100; 16 by default.
    pub m: u32,
    /// Candidates while an `hnsw` index is built, 4 to 1,000 and at least twice
    /// `m`; 64 by default.
    pub ef_construction: u32,
    /// Candidates of a search in an `hnsw` index, 1 to 1,000; 100 by default.
    pub ef_search: u32,
    /// Lists of an `ivfflat` index, 1 to 32,768; 100 by default. Such an index
    /// is made when the collection is empty: `REINDEX` it once it is filled.
    pub lists: u32,
    /// Lists that a search in an `ivfflat` index looks at first; 10 by default.
    pub probes: u32,
    /// Whether the index holds half-precision numbers, which it has to above
    /// 2,000 dimensions; by default only there. The table keeps full ones, and
    /// so do similarities.
    pub halfvec: Option<bool>,
    /// A scope of up to so many points is searched without the index, so that
    /// nothing is missed; 10,000 by default.
    pub exact_up_to: u32,
    /// How texts of a new collection are taken apart into words for the search
    /// by words: a configuration of PostgreSQL's full-text search, which also
    /// reduces the words of one language (`english`) to their stems; `simple` by
    /// default, which takes them as they are. 1 to 63 of `a-z A-Z 0-9 _`.
    pub text_search_config: String,
    /// Whether connections go through a pooler that hands each transaction to
    /// another one; by default where the port is 6543. Nothing is then set on a
    /// connection, so that statements have the time limit of the role, not
    /// `statement_timeout_s`.
    pub transaction_pooler: Option<bool>,
    /// Whether statements are prepared once on each connection, which saves
    /// about a third of a search; by default unless `transaction_pooler` is so,
    /// or the port is 6432, as that of PgBouncer. A pooler that hands each
    /// transaction to another connection has to keep track of prepared
    /// statements (PgBouncer's `max_prepared_statements`), or this to be false:
    /// else two programs may take each other's statements for their own.
    pub prepared_statements: Option<bool>,
    /// Where the Python library says it; must be the collection that is opened.
    pub collection_name: Option<String>,
    /// Where the Python library says it; must be the embedder's.
    pub embedding_model_dims: Option<usize>,
}

/// The kinds of index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum IndexKind {
    /// A graph.
    #[default]
    Hnsw,
    /// Lists around centres.
    Ivfflat,
    /// None: every search is exact, and its cost grows with the scope.
    None,
}

/// The port of Supabase's pooler for transactions, and that of PgBouncer, which
/// may be one.
const TRANSACTION_POOLER_PORT: u16 = 6543;
const PGBOUNCER_PORT: u16 = 6432;

/// What pgvector's documentation allows.
const MAX_VECTOR_DIMS: usize = 16_000;
const MAX_INDEXED_DIMS: usize = 2_000;
const MAX_HALF_DIMS: usize = 4_000;

impl Default for PgvectorConfig {
    fn default() -> Self {
        Self {
            connection_string: None,
            host: "localhost".to_owned(),
            port: 5432,
            user: "postgres".to_owned(),
            password: None,
            dbname: "postgres".to_owned(),
            sslmode: None,
            sslrootcert: None,
            schema: "public".to_owned(),
            maxconn: 5,
            minconn: 1,
            connect_timeout_s: 10.0,
            statement_timeout_s: 30.0,
            index: None,
            hnsw: None,
            diskann: false,
            m: 16,
            ef_construction: 64,
            ef_search: 100,
            lists: 100,
            probes: 10,
            halfvec: None,
            exact_up_to: 10_000,
            text_search_config: "simple".to_owned(),
            transaction_pooler: None,
            prepared_statements: None,
            collection_name: None,
            embedding_model_dims: None,
        }
    }
}

impl PgvectorConfig {
    /// With a connection string.
    #[must_use]
    pub fn with_connection_string(mut self, text: impl Into<String>) -> Self {
        self.connection_string = Some(Secret::new(text));
        self
    }

    /// With tables in another schema.
    #[must_use]
    pub fn with_schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = schema.into();
        self
    }

    /// With another index.
    #[must_use]
    pub fn with_index(mut self, index: IndexKind) -> Self {
        self.index = Some(index);
        self
    }

    /// With other scopes that are searched without the index.
    #[must_use]
    pub fn with_exact_up_to(mut self, points: u32) -> Self {
        self.exact_up_to = points;
        self
    }

    /// The index that a new collection gets.
    ///
    /// # Errors
    /// `Config` if two keys contradict each other.
    pub fn index_kind(&self) -> Result<IndexKind> {
        match (self.index, self.hnsw) {
            (Some(index), Some(hnsw)) if (index == IndexKind::Hnsw) != hnsw => {
                Err(Error::config("index and hnsw contradict each other: set one of them"))
            }
            (Some(index), _) => Ok(index),
            (None, Some(false)) => Ok(IndexKind::None),
            (None, _) => Ok(IndexKind::Hnsw),
        }
    }

    /// The longest vector that can be indexed as asked.
    pub(super) fn max_dims(&self) -> Result<usize> {
        Ok(match (self.index_kind()?, self.halfvec) {
            (IndexKind::None, _) => MAX_VECTOR_DIMS,
            (_, Some(false)) => MAX_INDEXED_DIMS,
            _ => MAX_HALF_DIMS,
        })
    }

    /// Whether the index of a collection holds half-precision numbers.
    pub(super) fn half(&self, dims: usize) -> bool {
        self.halfvec.unwrap_or(dims > MAX_INDEXED_DIMS)
    }

    /// How an index is searched, in the server's words. `relaxed_order` goes on
    /// looking until enough is found.
    pub(super) fn search_settings(&self) -> [(&'static str, String); 4] {
        [
            ("hnsw.ef_search", self.ef_search.to_string()),
            ("hnsw.iterative_scan", "relaxed_order".to_owned()),
            ("ivfflat.probes", self.probes.to_string()),
            ("ivfflat.iterative_scan", "relaxed_order".to_owned()),
        ]
    }

    /// Refuses what is out of range.
    pub(super) fn check(&self) -> Result<()> {
        let within = |key: &'static str, value: u32, low: u32, high: u32| {
            let message = || Error::config(format!("{key} must be {low} to {high}"));
            (low..=high).contains(&value).then_some(()).ok_or_else(message)
        };
        self.index_kind()?;
        within("m", self.m, 2, 100)?;
        within("ef_construction", self.ef_construction, 4, 1_000)?;
        within("ef_search", self.ef_search, 1, 1_000)?;
        within("lists", self.lists, 1, 32_768)?;
        within("probes", self.probes, 1, 32_768)?;
        if self.ef_construction < 2 * self.m {
            return Err(Error::config("ef_construction must be at least twice m"));
        }
        if self.diskann {
            return Err(Error::config("diskann is not supported; set index to hnsw, ivfflat or none"));
        }
        if self.maxconn == 0 || self.minconn > self.maxconn {
            return Err(Error::config("maxconn must be at least 1, and at least minconn"));
        }
        let plain = |c: u8| c.is_ascii_alphanumeric() || c == b'_';
        let words = &self.text_search_config;
        if words.is_empty() || words.len() > 63 || !words.bytes().all(plain) {
            return Err(Error::config("text_search_config must be 1 to 63 letters a-z and A-Z, digits and _"));
        }
        check_schema(&self.schema)
    }

    /// Refuses a collection that does not fit these settings.
    pub(super) fn fits(&self, spec: &CollectionSpec, max_dims: usize) -> Result<()> {
        let dims = spec.identity.dims;
        if !(1..=max_dims).contains(&dims) {
            let message = "the dimensions must be 1 to what pgvector can index: 2000, or 4000 with halfvec; \
                           with the index none up to 16000";
            return Err(Error::invalid(message).with_context("dims", dims).with_context("most", max_dims));
        }
        if self.collection_name.as_ref().is_some_and(|name| *name != spec.name) {
            let message = "collection_name is another one than `collection`: set that, or leave this out";
            return Err(Error::config(message).with_context("collection", &spec.name));
        }
        if self.embedding_model_dims.is_some_and(|known| known != dims) {
            let message = "embedding_model_dims is not what the embedder has: leave it out";
            return Err(Error::new(ErrorKind::DimensionMismatch, message).with_context("embedder", dims));
        }
        Ok(())
    }

    /// What the pool of connections is made of.
    pub(super) fn pool(&self) -> Result<PoolOptions> {
        let mut options = Connecting {
            connection_string: self.connection_string.as_ref(),
            host: &self.host,
            port: self.port,
            user: &self.user,
            password: self.password.as_ref(),
            dbname: &self.dbname,
            sslmode: self.sslmode,
            sslrootcert: self.sslrootcert.as_deref(),
            maxconn: self.maxconn,
            connect_timeout_s: self.connect_timeout_s,
            statement_timeout_s: self.statement_timeout_s,
        }
        .pool()?;
        if self.is_behind_a_transaction_pooler(&options) {
            options.greeting.clear();
        }
        Ok(options)
    }

    fn is_behind_a_transaction_pooler(&self, options: &PoolOptions) -> bool {
        self.transaction_pooler.unwrap_or(options.server.get_ports().contains(&TRANSACTION_POOLER_PORT))
    }

    /// Whether statements are prepared, on connections of these options.
    pub(super) fn prepares(&self, options: &PoolOptions) -> bool {
        let pooler =
            self.is_behind_a_transaction_pooler(options) || options.server.get_ports().contains(&PGBOUNCER_PORT);
        self.prepared_statements.unwrap_or(!pooler)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tokio_postgres::config::SslMode as DriverSslMode;

    use super::*;

    fn read(value: serde_json::Value) -> PgvectorConfig {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn the_keys_of_the_python_library_are_read() {
        let config = read(json!({
            "dbname": "d", "collection_name": "mem0", "embedding_model_dims": 1536, "user": "u", "password": "hush",
            "host": "h", "port": 6543, "diskann": false, "hnsw": false, "minconn": 1, "maxconn": 7,
            "sslmode": "verify-ca"
        }));
        config.check().unwrap();
        assert_eq!(config.index_kind().unwrap(), IndexKind::None);
        let pool = config.pool().unwrap();
        assert!(pool.tls.verify && pool.size == 7);
        assert_eq!(pool.server.get_user(), Some("u"));
        assert_eq!(pool.server.get_password(), Some(&b"hush"[..]));
    }

    #[test]
    fn a_connection_string_goes_first_and_is_never_shown() {
        let config = read(json!({"url": "postgres://a:hush@h:1/d?sslmode=require", "user": "b"}));
        let pool = config.pool().unwrap();
        assert_eq!((pool.server.get_user(), pool.server.get_ssl_mode()), (Some("a"), DriverSslMode::Require));
        assert!(!format!("{config:?} {}", serde_json::to_string(&config).unwrap()).contains("hush"));
        let error = read(json!({"url": "postgres://a:hush@h:port/d"})).pool().map(|_| ()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(!format!("{error:?}").contains("hush"));
    }

    #[test]
    fn statements_are_prepared_unless_a_pooler_may_be_in_between() {
        for (config, prepared) in [
            (json!({}), true),
            (json!({"port": 6543}), false),
            (json!({"port": 6432}), false),
            (json!({"url": "postgres://u@h:6432/d"}), false),
            (json!({"port": 6543, "transaction_pooler": false}), true),
            (json!({"transaction_pooler": true}), false),
            (json!({"transaction_pooler": true, "prepared_statements": true}), true),
            (json!({"prepared_statements": false}), false),
        ] {
            let config = read(config);
            assert_eq!(config.prepares(&config.pool().unwrap()), prepared, "{config:?}");
        }
    }

    #[test]
    fn what_is_out_of_range_is_refused() {
        for bad in [
            json!({"m": 1}),
            json!({"m": 64, "ef_construction": 100}),
            json!({"ef_search": 1_001}),
            json!({"lists": 0}),
            json!({"diskann": true}),
            json!({"maxconn": 0}),
            json!({"maxconn": 2, "minconn": 3}),
            json!({"schema": ""}),
            json!({"index": "ivfflat", "hnsw": true}),
        ] {
            assert_eq!(read(bad.clone()).check().unwrap_err().kind(), ErrorKind::Config, "{bad}");
        }
        for bad in [json!({"statement_timeout_s": 0}), json!({"connect_timeout_s": -1})] {
            assert!(read(bad.clone()).pool().is_err(), "{bad}");
        }
        assert!(serde_json::from_value::<PgvectorConfig>(json!({"hots": "h"})).is_err());
    }

    #[test]
    fn an_index_limits_the_dimensions() {
        for (config, dims) in [
            (json!({}), 4_000),
            (json!({"halfvec": false}), 2_000),
            (json!({"index": "none"}), 16_000),
            (json!({"index": "ivfflat", "halfvec": true}), 4_000),
        ] {
            assert_eq!(read(config.clone()).max_dims().unwrap(), dims, "{config}");
        }
        assert!(!read(json!({})).half(2_000) && read(json!({})).half(2_001) && read(json!({"halfvec": true})).half(8));
    }
}
