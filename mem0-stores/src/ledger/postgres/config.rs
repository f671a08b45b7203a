//! The section of the configuration that opens this ledger.

use std::path::PathBuf;

use mem0_core::{Error, Result, Secret};
use serde::{Deserialize, Serialize};

pub use crate::shared::postgres::SslMode;
use crate::shared::postgres::{Connecting, PoolOptions, check_schema, quoted};

/// How the ledger is reached. Unknown keys are refused.
///
/// ```
/// use mem0_stores::ledger::postgres::config::PostgresLedgerConfig;
///
/// let config: PostgresLedgerConfig = serde_json::from_str(r#"{"url": "postgres://ada:hush@db/memories"}"#)?;
/// assert_eq!(config.schema, "mem0");
/// assert!(!format!("{config:?}").contains("hush"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct PostgresLedgerConfig {
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
    /// The schema of the ledger's tables, made if needed; `mem0` by default.
    /// Two ledgers in one database have two schemas.
    pub schema: String,
    /// The most connections of this process; 10 by default.
    #[serde(alias = "pool_size")]
    pub maxconn: usize,
    /// How long to wait for a connection, in seconds; 10 by default.
    pub connect_timeout_s: f64,
    /// How long the server may work on one statement, or wait for another
    /// server's commit in the same scope, in seconds; 30 by default.
    pub statement_timeout_s: f64,
    /// What is done after an erasure with what PostgreSQL leaves behind of
    /// deleted rows; `vacuum` by default.
    pub after_erase: AfterErase,
}

/// What is done after an erasure has been committed. In any case no read and no
/// dump finds anything of it any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AfterErase {
    /// Nothing: autovacuum comes by in its own time. For large ledgers.
    Nothing,
    /// `VACUUM`, which frees the space of the rows for others. Their bytes may
    /// stay on the disk until it is used again. Reads every index of the ledger.
    #[default]
    Vacuum,
    /// `VACUUM FULL`, which writes the tables anew without them. Nobody can read
    /// or write meanwhile, and it needs space for a second copy.
    Rewrite,
}

impl Default for PostgresLedgerConfig {
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
            schema: "mem0".to_owned(),
            maxconn: 10,
            connect_timeout_s: 10.0,
            statement_timeout_s: 30.0,
            after_erase: AfterErase::default(),
        }
    }
}

impl PostgresLedgerConfig {
    /// With this connection string, and the defaults.
    #[must_use]
    pub fn new(connection_string: impl Into<String>) -> Self {
        Self { connection_string: Some(Secret::new(connection_string)), ..Self::default() }
    }

    /// With tables in another schema.
    #[must_use]
    pub fn with_schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = schema.into();
        self
    }

    /// With another limit of connections.
    #[must_use]
    pub const fn with_maxconn(mut self, connections: usize) -> Self {
        self.maxconn = connections;
        self
    }

    /// With something else to do after an erasure.
    #[must_use]
    pub const fn with_after_erase(mut self, after: AfterErase) -> Self {
        self.after_erase = after;
        self
    }

    /// What the pool of connections is made of.
    pub(super) fn pool(&self) -> Result<PoolOptions> {
        check_schema(&self.schema)?;
        if self.maxconn == 0 {
            return Err(Error::config("maxconn must be at least 1"));
        }
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
        // Statements name tables alone, so each has one text and is prepared
        // once on each connection.
        options.greeting = format!("{}; SET search_path = {}", options.greeting, quoted(&self.schema));
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use mem0_core::ErrorKind;
    use serde_json::json;

    use super::*;

    fn read(value: serde_json::Value) -> PostgresLedgerConfig {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn the_keys_are_those_of_the_vector_store() {
        let config = read(json!({
            "host": "h", "port": 6543, "user": "u", "password": "hush", "dbname": "d", "sslmode": "verify-full",
            "schema": "of \"mem0\"", "pool_size": 3, "after_erase": "rewrite"
        }));
        let pool = config.pool().unwrap();
        assert!(pool.tls.verify && pool.size == 3);
        assert_eq!((pool.server.get_user(), pool.server.get_dbname()), (Some("u"), Some("d")));
        assert!(pool.greeting.ends_with(r#"search_path = "of ""mem0""""#), "{}", pool.greeting);
    }

    #[test]
    fn no_secret_shows() {
        for config in [json!({"url": "postgres://a:hush@h:1/d"}), json!({"password": "hush"})] {
            let config = read(config);
            assert!(!format!("{config:?} {}", serde_json::to_string(&config).unwrap()).contains("hush"));
        }
    }

    #[test]
    fn what_is_out_of_range_is_refused() {
        for bad in [
            json!({"maxconn": 0}),
            json!({"schema": ""}),
            json!({"schema": "a\nb"}),
            json!({"statement_timeout_s": 0}),
            json!({"connect_timeout_s": -1}),
            json!({"url": "postgres://a:hush@h:port/d"}),
        ] {
            let error = read(bad.clone()).pool().map(|_| ()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{bad}");
            assert!(!format!("{error:?}").contains("hush"));
        }
        assert!(serde_json::from_value::<PostgresLedgerConfig>(json!({"shcema": "x"})).is_err());
    }
}
