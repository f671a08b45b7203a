//! The settings that every store on PostgreSQL has.

use std::path::{Path, PathBuf};
use std::time::Duration;

use mem0_core::{Error, Result, Secret};
use serde::{Deserialize, Serialize};
use tokio_postgres::config::SslMode as DriverSslMode;

use super::{PoolOptions, TlsOptions};

/// Whether the traffic is secured, in libpq's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SslMode {
    /// Never.
    Disable,
    /// If the server can; any certificate will do.
    #[serde(alias = "allow")]
    Prefer,
    /// Always; any certificate will do unless `sslrootcert` is given.
    Require,
    /// Always, and the certificate is trusted by `sslrootcert`, or else by the
    /// operating system, and bears the server's name. `verify-ca` is read as
    /// this too.
    #[serde(alias = "verify-ca", alias = "verify_full", alias = "verify_ca")]
    VerifyFull,
}

/// How to reach the server.
pub(crate) struct Connecting<'c> {
    pub(crate) connection_string: Option<&'c Secret>,
    pub(crate) host: &'c str,
    pub(crate) port: u16,
    pub(crate) user: &'c str,
    pub(crate) password: Option<&'c Secret>,
    pub(crate) dbname: &'c str,
    pub(crate) sslmode: Option<SslMode>,
    pub(crate) sslrootcert: Option<&'c Path>,
    pub(crate) maxconn: usize,
    pub(crate) connect_timeout_s: f64,
    pub(crate) statement_timeout_s: f64,
}

impl Connecting<'_> {
    /// What the pool of connections is made of. The greeting sets the time limit
    /// of statements, and has none of them compiled: that is done anew for each
    /// run of a statement whose costs are guessed to be high, and takes longer
    /// than any of ours.
    ///
    /// # Errors
    /// `Config` for a setting that cannot be used.
    pub(crate) fn pool(&self) -> Result<PoolOptions> {
        let wait = seconds("connect_timeout_s", self.connect_timeout_s)?;
        let limit = seconds("statement_timeout_s", self.statement_timeout_s)?.as_millis().max(1);
        let mut server = match self.connection_string {
            // The driver's words may quote the password.
            Some(text) => text.expose().parse().map_err(|_| {
                Error::config(
                    "connection_string is neither postgres://user:password@host:port/dbname nor key=value pairs",
                )
            })?,
            None => {
                let mut server = tokio_postgres::Config::new();
                server.host(self.host).port(self.port).user(self.user).dbname(self.dbname);
                if let Some(password) = self.password {
                    server.password(password.expose());
                }
                server
            }
        };
        if let Some(mode) = self.sslmode {
            server.ssl_mode(match mode {
                SslMode::Disable => DriverSslMode::Disable,
                SslMode::Prefer => DriverSslMode::Prefer,
                SslMode::Require | SslMode::VerifyFull => DriverSslMode::Require,
            });
        }
        server.connect_timeout(wait);
        if server.get_application_name().is_none() {
            server.application_name("mem0");
        }
        let greeting = format!("SET statement_timeout = {limit}; SET jit = off");
        let roots = self.sslrootcert.map(PathBuf::from);
        let tls = TlsOptions { verify: self.sslmode == Some(SslMode::VerifyFull), roots };
        Ok(PoolOptions { server, tls, size: self.maxconn, wait, greeting })
    }
}

fn seconds(key: &'static str, value: f64) -> Result<Duration> {
    let positive = (value.is_finite() && value > 0.0 && value < 1e6).then(|| Duration::from_secs_f64(value));
    positive.ok_or_else(|| Error::config(format!("{key} must be a positive number of seconds")))
}

/// Refuses a name that no schema can have.
pub(crate) fn check_schema(name: &str) -> Result<()> {
    if name.is_empty() || name.len() > 63 || name.chars().any(char::is_control) {
        return Err(Error::config("schema must be a name of 1 to 63 bytes"));
    }
    Ok(())
}
