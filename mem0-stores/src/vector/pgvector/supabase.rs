//! Supabase: PostgreSQL with pgvector behind its own poolers.
//!
//! By Supabase's guide "Connect to your database" (read in November 2026). The
//! database itself is at `db.[project-ref].supabase.co:5432` as the user
//! `postgres`; both poolers are at `aws-[region].pooler.supabase.com` as the user
//! `postgres.[project-ref]`, on port 5432 for sessions and on port 6543 for
//! transactions. Behind the latter nothing outlasts a transaction: no settings
//! and no prepared statements.

use std::path::PathBuf;

use mem0_core::{Error, Result, Secret};
use mem0_http::ClientOptions;
use serde::{Deserialize, Serialize};

use super::config::{IndexKind, PgvectorConfig, SslMode};

/// Where `supabase start` puts the database on this machine.
const LOCAL: &str = "postgresql://postgres:postgres@127.0.0.1:54322/postgres";

/// How a database of Supabase is used. Unknown keys are refused; those of the
/// Python library are known. What else there is to set is set with the provider
/// `pgvector`, which works there too.
///
/// ```
/// use mem0_stores::vector::pgvector::SupabaseConfig;
///
/// let config: SupabaseConfig = serde_json::from_str(
///     r#"{"connection_string": "postgresql://postgres.abc:hush@aws-0-eu.pooler.supabase.com:6543/postgres"}"#,
/// )?;
/// assert!(!format!("{config:?}").contains("hush"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct SupabaseConfig {
    /// How the database is reached: `postgres`, the default, or `rest`.
    pub transport: Transport,
    /// For `rest`: `https://[project-ref].supabase.co`.
    pub supabase_url: Option<String>,
    /// For `rest`: the project's secret key (`service_role`), which may call the
    /// functions that are installed there.
    #[serde(alias = "supabase_key")]
    pub api_key: Option<Secret>,
    /// For `rest`: how HTTP is spoken. What is repeated is settled for all
    /// vector stores by `vector_store_calls`, not here.
    pub http: ClientOptions,
    /// `postgresql://user:password@host:port/postgres`, as the dashboard shows
    /// it; by default the database that `supabase start` runs on this machine.
    #[serde(alias = "url")]
    pub connection_string: Option<Secret>,
    /// Where the Python library says it; must be the collection that is opened.
    pub collection_name: Option<String>,
    /// Where the Python library says it; must be the embedder's.
    pub embedding_model_dims: Option<usize>,
    /// The index that a new collection gets: `auto`, the default, which is
    /// `hnsw`, or `ivfflat`.
    pub index_method: IndexMethod,
    /// How nearness is measured. Of the measures of the Python library only
    /// `cosine_distance`, the default, gives similarities.
    pub index_measure: IndexMeasure,
    /// The schema for the tables; `mem0` by default. What is in `public` could
    /// be read by everybody through the project's REST interface.
    pub schema: String,
    /// Whether the traffic is secured; by default what the connection string
    /// says, else `require`, or `prefer` on this machine.
    pub sslmode: Option<SslMode>,
    /// The file of the project's certificate, from the dashboard; with it the
    /// server must show one that bears its name.
    pub sslrootcert: Option<PathBuf>,
    /// Whether the connection string is that of the pooler for transactions; by
    /// default where its port is 6543.
    pub transaction_pooler: Option<bool>,
    /// Whether statements are prepared once on each connection; by default
    /// unless `transaction_pooler` is so. See `pgvector`.
    pub prepared_statements: Option<bool>,
    /// The most connections; 5 by default.
    #[serde(alias = "pool_size")]
    pub maxconn: usize,
    /// How long to wait for a connection, in seconds; 10 by default.
    pub connect_timeout_s: f64,
    /// How texts of a new collection are taken apart into words: `simple` by
    /// default; see `pgvector`.
    pub text_search_config: String,
    /// A scope of up to so many points is searched without the index; 10,000 by
    /// default.
    pub exact_up_to: u32,
}

/// How the database is reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Transport {
    /// As PostgreSQL, directly or through a pooler.
    #[default]
    Postgres,
    /// Over HTTPS, by the functions of
    /// [`SUPABASE_FUNCTIONS`](super::SUPABASE_FUNCTIONS).
    Rest,
}

/// The Python library's names of indexes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum IndexMethod {
    /// The best that there is.
    #[default]
    Auto,
    /// A graph.
    Hnsw,
    /// Lists around centres.
    Ivfflat,
}

/// The Python library's names of measures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum IndexMeasure {
    /// One less the cosine.
    #[default]
    CosineDistance,
    /// Refused.
    L2Distance,
    /// Refused.
    L1Distance,
    /// Refused.
    MaxInnerProduct,
}

impl Default for SupabaseConfig {
    fn default() -> Self {
        let PgvectorConfig { maxconn, connect_timeout_s, text_search_config, exact_up_to, .. } =
            PgvectorConfig::default();
        Self {
            transport: Transport::default(),
            supabase_url: None,
            api_key: None,
            http: ClientOptions::default(),
            connection_string: None,
            collection_name: None,
            embedding_model_dims: None,
            index_method: IndexMethod::default(),
            index_measure: IndexMeasure::default(),
            schema: "mem0".to_owned(),
            sslmode: None,
            sslrootcert: None,
            transaction_pooler: None,
            prepared_statements: None,
            maxconn,
            connect_timeout_s,
            text_search_config,
            exact_up_to,
        }
    }
}

impl SupabaseConfig {
    /// With a connection string.
    #[must_use]
    pub fn with_connection_string(mut self, text: impl Into<String>) -> Self {
        self.connection_string = Some(Secret::new(text));
        self
    }

    /// Over HTTPS, with the project's address and secret key.
    #[must_use]
    pub fn with_rest(mut self, url: impl Into<String>, key: impl Into<String>) -> Self {
        (self.supabase_url, self.api_key) = (Some(url.into()), Some(Secret::new(key)));
        self.transport = Transport::Rest;
        self
    }

    /// With tables in another schema.
    #[must_use]
    pub fn with_schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = schema.into();
        self
    }

    /// The same as settings of PostgreSQL.
    pub(super) fn into_pgvector(self) -> Result<PgvectorConfig> {
        if self.index_measure != IndexMeasure::CosineDistance {
            return Err(Error::config("index_measure must be cosine_distance: the others give no similarity"));
        }
        let said = self.connection_string.as_ref().is_some_and(|text| text.expose().contains("sslmode"));
        let secured = self.connection_string.is_some() && !said;
        Ok(PgvectorConfig {
            connection_string: Some(self.connection_string.unwrap_or_else(|| Secret::new(LOCAL))),
            collection_name: self.collection_name,
            embedding_model_dims: self.embedding_model_dims,
            index: Some(match self.index_method {
                IndexMethod::Auto | IndexMethod::Hnsw => IndexKind::Hnsw,
                IndexMethod::Ivfflat => IndexKind::Ivfflat,
            }),
            schema: self.schema,
            sslmode: self.sslmode.or(secured.then_some(SslMode::Require)),
            sslrootcert: self.sslrootcert,
            transaction_pooler: self.transaction_pooler,
            prepared_statements: self.prepared_statements,
            maxconn: self.maxconn,
            connect_timeout_s: self.connect_timeout_s,
            text_search_config: self.text_search_config,
            exact_up_to: self.exact_up_to,
            ..PgvectorConfig::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tokio_postgres::config::SslMode as DriverSslMode;

    use super::*;

    fn read(value: serde_json::Value) -> PgvectorConfig {
        serde_json::from_value::<SupabaseConfig>(value).unwrap().into_pgvector().unwrap()
    }

    #[test]
    fn the_keys_of_the_python_library_are_read() {
        let config = read(json!({
            "connection_string": "postgresql://postgres.abc:hush@aws-0-eu.pooler.supabase.com:6543/postgres",
            "collection_name": "mem0", "embedding_model_dims": 1536, "index_method": "ivfflat",
            "index_measure": "cosine_distance",
        }));
        config.check().unwrap();
        assert_eq!(config.index_kind().unwrap(), IndexKind::Ivfflat);
        let pool = config.pool().unwrap();
        assert_eq!(pool.server.get_user(), Some("postgres.abc"));
        assert_eq!(pool.server.get_ssl_mode(), DriverSslMode::Require);
        assert_eq!(pool.greeting, "", "nothing outlasts a transaction there");
    }

    #[test]
    fn each_way_to_connect() {
        for (config, secured, pooled) in [
            (json!({}), DriverSslMode::Prefer, false),
            (json!({"url": "postgresql://postgres@db.abc.supabase.co:5432/postgres"}), DriverSslMode::Require, false),
            (json!({"url": "postgresql://u@h:6543/d?sslmode=disable"}), DriverSslMode::Disable, true),
            (json!({"url": "postgresql://u@h:6543/d", "transaction_pooler": false}), DriverSslMode::Require, false),
            (json!({"url": "postgresql://u@h/d", "transaction_pooler": true}), DriverSslMode::Require, true),
            (json!({"url": "postgresql://u@h/d?sslmode=disable", "sslmode": "require"}), DriverSslMode::Require, false),
        ] {
            let pool = read(config.clone()).pool().unwrap();
            assert_eq!((pool.server.get_ssl_mode(), pool.greeting.is_empty()), (secured, pooled), "{config}");
        }
    }

    #[test]
    fn what_is_wrong_is_refused_and_no_secret_shows() {
        for measure in ["l2_distance", "l1_distance", "max_inner_product"] {
            let config: SupabaseConfig = serde_json::from_value(json!({"index_measure": measure})).unwrap();
            assert_eq!(config.into_pgvector().unwrap_err().kind(), mem0_core::ErrorKind::Config);
        }
        assert!(serde_json::from_value::<SupabaseConfig>(json!({"conection_string": "h"})).is_err());
        for missing in [json!({"transport": "rest"}), json!({"transport": "rest", "supabase_url": "https://x"})] {
            let error = super::super::supabase(serde_json::from_value(missing).unwrap()).unwrap_err();
            assert_eq!(error.kind(), mem0_core::ErrorKind::Config);
        }
        let config = SupabaseConfig::default().with_connection_string("postgresql://u:hush@h/d");
        let config = config.with_rest("https://abc.supabase.co", "hush");
        assert!(!format!("{config:?} {}", serde_json::to_string(&config).unwrap()).contains("hush"));
    }
}
