//! The way to the server.

use std::time::Duration;

use mem0_core::{Error, ErrorKind, Result, Secret};
use qdrant_client::qdrant::UpdateStatus;
use qdrant_client::{Qdrant, QdrantError};

use super::config::QdrantConfig;
use super::error::classify;

/// The first version with conditional updates and with notes on collections.
const OLDEST: (u64, u64) = (1, 16);

/// A client that connects when it is first used.
#[derive(Clone)]
pub(super) struct Client {
    qdrant: Qdrant,
    timeout: Duration,
}

impl Client {
    pub(super) fn new(config: &QdrantConfig) -> Result<Self> {
        let key = config.api_key.clone().or_else(|| Secret::from_env("QDRANT_API_KEY"));
        let mut native = Qdrant::from_url(&config.address()?)
            .api_key(key.map(|key| key.expose().to_owned()))
            .timeout(config.timeout())
            .connect_timeout(Duration::from_millis(config.connect_timeout_ms))
            .skip_compatibility_check();
        native.set_pool_size(config.pool_size);
        Ok(Self { qdrant: native.build().map_err(|e| classify(&e))?, timeout: config.timeout() })
    }

    /// Runs a call. The client repeats one whose connection broke once, which
    /// none of ours minds; both together have the time of one.
    pub(super) async fn call<'a, T, F>(&'a self, call: impl FnOnce(&'a Qdrant) -> F) -> Result<T>
    where
        F: Future<Output = Result<T, QdrantError>> + 'a,
    {
        match tokio::time::timeout(self.timeout, call(&self.qdrant)).await {
            Ok(answer) => answer.map_err(|e| classify(&e)),
            Err(_) => Err(Error::new(ErrorKind::Timeout, "the server did not answer in time")),
        }
    }

    /// Refuses a server that would take a condition for none.
    pub(super) async fn check_version(&self) -> Result<()> {
        let reply = self.call(Qdrant::health_check).await?;
        let mut parts = reply.version.split(['.', '-']).map(str::parse::<u64>);
        match (parts.next(), parts.next()) {
            (Some(Ok(major)), Some(Ok(minor))) if (major, minor) >= OLDEST => Ok(()),
            _ => Err(Error::new(ErrorKind::Unsupported, "the server is older than Qdrant 1.16; update it")
                .with_context("version", reply.version.chars().take(32).collect::<String>())),
        }
    }
}

/// What a write that was to be waited for came to.
pub(super) fn done(status: UpdateStatus) -> Result<()> {
    let (kind, message) = match status {
        UpdateStatus::Completed => return Ok(()),
        UpdateStatus::WaitTimeout | UpdateStatus::Acknowledged => {
            (ErrorKind::Timeout, "the server took a write and did not say in time that it is done")
        }
        UpdateStatus::ClockRejected => (ErrorKind::Conflict, "a shard was moved while it was written to"),
        UpdateStatus::UnknownUpdateStatus => (ErrorKind::Internal, "the server's answer has an unknown shape"),
    };
    Err(Error::new(kind, message))
}

// The client's own form shows the key.
impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("address", &self.qdrant.config.uri).finish_non_exhaustive()
    }
}
