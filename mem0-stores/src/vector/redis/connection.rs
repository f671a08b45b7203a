//! The connection: one, shared by all calls, made when the first needs it and
//! made again after it was lost.

use std::time::Duration;

use mem0_core::{Result, Secret};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, ConnectionAddr, FromRedisValue, IntoConnectionInfo, Pipeline, RedisResult, ScriptInvocation};

use super::config::RedisVectorConfig;
use super::error::classify;

/// Further tries to connect within one call; the engine has its own.
const RECONNECTS: usize = 1;

#[derive(Clone)]
pub(super) struct Connection(ConnectionManager);

impl Connection {
    /// No I/O yet.
    pub(super) fn new(config: &RedisVectorConfig) -> Result<Self> {
        let options = ConnectionManagerConfig::new()
            .set_number_of_retries(RECONNECTS)
            .set_connection_timeout(Some(Duration::from_millis(config.connect_timeout_ms)))
            .set_response_timeout(Some(Duration::from_millis(config.timeout_ms)));
        let open = || client(config)?.get_connection_manager_lazy(options);
        open().map(Self).map_err(|e| classify(&e))
    }

    pub(super) async fn run<T: FromRedisValue>(&self, pipeline: &Pipeline) -> Result<T> {
        pipeline.query_async(&mut self.0.clone()).await.map_err(|e| classify(&first(e)))
    }

    pub(super) async fn call<T: FromRedisValue>(&self, script: &ScriptInvocation<'_>) -> Result<T> {
        script.invoke_async(&mut self.0.clone()).await.map_err(|e| classify(&e))
    }
}

/// Of the errors of a pipeline the first.
fn first(error: redis::RedisError) -> redis::RedisError {
    match error.clone().into_server_errors() {
        Some(errors) => errors.first().map_or(error, |(_, first)| first.clone().into()),
        None => error,
    }
}

fn client(config: &RedisVectorConfig) -> RedisResult<Client> {
    // One TLS for the whole process; if somebody chose another, that one stays.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut info = config.url().into_connection_info()?;
    if config.tls
        && let ConnectionAddr::Tcp(host, port) = info.addr().clone()
    {
        info = info.set_addr(ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None });
    }
    let mut settings = info.redis_settings().clone();
    if let Some(username) = &config.username {
        settings = settings.set_username(username);
    }
    if let Some(password) = config.password.as_ref().map(Secret::expose) {
        settings = settings.set_password(password);
    }
    if let Some(db) = config.db {
        settings = settings.set_db(db);
    }
    Client::open(info.set_redis_settings(settings))
}

#[cfg(test)]
mod tests {
    use super::*;
    use mem0_core::ErrorKind;

    fn read(json: &str) -> RedisVectorConfig {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn settings_go_over_the_address() {
        let config = read(r#"{"url": "redis://h:7/3", "user": "u", "password": "p", "db": 0, "tls": true}"#);
        let client = client(&config).unwrap();
        let (info, settings) = (client.get_connection_info(), client.get_connection_info().redis_settings());
        assert_eq!(info.addr().to_string(), "h:7");
        assert!(matches!(info.addr(), ConnectionAddr::TcpTls { insecure: false, .. }));
        assert_eq!((settings.username(), settings.password(), settings.db()), (Some("u"), Some("p"), 0));
    }

    #[test]
    fn a_bad_address_is_refused_without_showing_it() {
        let Err(error) = Connection::new(&read(r#"{"url": "http://u:hidden@h"}"#)) else { panic!("accepted") };
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(!format!("{error} {error:?}").contains("hidden"));
    }
}
