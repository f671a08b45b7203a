//! The connection: one, shared by all calls, made when the first needs it and
//! made again after it was lost.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use mem0_core::{Error, ErrorKind, Result};
use tokio::sync::OnceCell;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, ClientTlsConfig, Endpoint};
use tonic_prost::ProstCodec;

use super::config::{ConsistencyLevel, MilvusConfig};
use super::error;
use super::proto::{Answer, Call};

/// The longest answer that is taken: what the server sends at most by default.
const MAX_ANSWER: usize = 512 << 20;

pub(super) struct Connection {
    endpoint: Endpoint,
    channel: OnceCell<Channel>,
    authorization: Option<MetadataValue<Ascii>>,
    database: Option<MetadataValue<Ascii>>,
}

impl Connection {
    /// No I/O yet.
    pub(super) fn new(config: &MilvusConfig) -> Result<Self> {
        let wrong = || Error::config("url is http://host:port or https://host:port");
        let mut endpoint = Endpoint::from_shared(config.url().to_owned())
            .map_err(|_| wrong())?
            .connect_timeout(Duration::from_millis(config.connect_timeout_ms))
            .timeout(config.timeout());
        if config.is_secure() {
            let unusable = |_| Error::config("the operating system's certificates cannot be read");
            endpoint = endpoint.tls_config(ClientTlsConfig::new().with_native_roots()).map_err(unusable)?;
        }
        let header = |text: &str| MetadataValue::try_from(text).map_err(|_| Error::config("db_name cannot be sent"));
        let mut authorization = config.authorization().map(|shown| header(shown.expose())).transpose()?;
        authorization.iter_mut().for_each(|value| value.set_sensitive(true));
        let database = config.db_name.as_deref().filter(|name| !name.is_empty()).map(header).transpose()?;
        Ok(Self { endpoint, channel: OnceCell::new(), authorization, database })
    }

    /// Makes a call and gives its answer, if that says that it succeeded.
    pub(super) async fn call<C: Call>(&self, call: C) -> Result<C::Answer> {
        let answer = self.ask(call).await?;
        match answer.status().and_then(error::of_status) {
            Some(error) => Err(error),
            None => Ok(answer),
        }
    }

    /// Makes a call and gives its answer, whatever that says.
    pub(super) async fn ask<C: Call>(&self, call: C) -> Result<C::Answer> {
        // Lazily, since it must happen where there is a runtime.
        let channel = self.channel.get_or_init(async || self.endpoint.connect_lazy()).await;
        let mut request = tonic::Request::new(call);
        for (name, value) in [("authorization", &self.authorization), ("dbname", &self.database)] {
            if let Some(value) = value {
                request.metadata_mut().insert(name, value.clone());
            }
        }
        let mut grpc = Grpc::new(channel.clone()).max_decoding_message_size(MAX_ANSWER);
        let down = || Error::new(ErrorKind::Unavailable, "the server cannot be reached");
        grpc.ready().await.map_err(|_| down())?;
        let codec = ProstCodec::<C, C::Answer>::default();
        let answer = grpc.unary(request, PathAndQuery::from_static(C::PATH), codec).await;
        answer.map(tonic::Response::into_inner).map_err(|status| error::of_transport(&status))
    }
}

/// What reads wait for.
pub(super) struct Reads {
    level: ConsistencyLevel,
    /// The server's time of the last write here.
    written: AtomicU64,
}

impl Reads {
    pub(super) const fn new(level: ConsistencyLevel) -> Self {
        Self { level, written: AtomicU64::new(0) }
    }

    pub(super) fn wrote(&self, time: u64) {
        self.written.fetch_max(time, Ordering::Relaxed);
    }

    /// The level and the time of a read.
    pub(super) fn due(&self) -> (i32, u64) {
        (self.level.number(), self.level.guarantee(self.written.load(Ordering::Relaxed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_waits_for_what_its_level_says() {
        for (level, before, after) in [
            (ConsistencyLevel::Strong, (0, 0), (0, 0)),
            (ConsistencyLevel::Session, (1, 1), (1, 7)),
            (ConsistencyLevel::Bounded, (2, 2), (2, 2)),
            (ConsistencyLevel::Eventually, (3, 1), (3, 1)),
        ] {
            let reads = Reads::new(level);
            assert_eq!(reads.due(), before);
            reads.wrote(7);
            reads.wrote(5);
            assert_eq!(reads.due(), after);
        }
    }

    #[test]
    fn nothing_is_connected_before_the_first_call() {
        assert!(Connection::new(&MilvusConfig::default().with_url("http://127.0.0.1:1")).is_ok());
        assert!(Connection::new(&MilvusConfig::default().with_url("http://a b")).is_err());
    }
}
