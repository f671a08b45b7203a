//! The one place that does the I/O.

use std::error::Error as _;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use mem0_core::layers::LayerOptions;
use mem0_core::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

use crate::request::{Method, Request, Response};

/// How the client behaves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ClientOptions {
    /// The longest that one request may take from its first byte to the last
    /// of the answer, in seconds; 60 by default.
    pub timeout_s: f64,
    /// The longest that connecting may take, in seconds; 10 by default.
    pub connect_timeout_s: f64,
    /// The longest answer that is read, in bytes; 64 MiB by default.
    pub max_answer_bytes: usize,
    /// A proxy for everything, as a URL. Without it the usual variables of the
    /// environment count (`HTTPS_PROXY`, `NO_PROXY`), but never for this
    /// machine itself.
    pub proxy: Option<String>,
    /// What happens when a request fails in a way that may pass.
    pub retry: RetryOptions,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            timeout_s: 60.0,
            connect_timeout_s: 10.0,
            max_answer_bytes: 64 << 20,
            proxy: None,
            retry: RetryOptions::default(),
        }
    }
}

/// How often and when a call is repeated. Counts and waits are for all calls of
/// one handle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RetryOptions {
    /// How often one call is repeated at most; 3 by default, 0 for never.
    pub max_retries: u32,
    /// The wait before the first repetition is random between zero and this
    /// many seconds, and the upper end doubles with each; 0.1 by default.
    pub backoff_s: f64,
    /// Where the doubling ends, in seconds; 5 by default.
    pub backoff_max_s: f64,
    /// How long a provider may ask to wait, in seconds. If it asks for longer,
    /// the call fails at once with the time in the error; 60 by default.
    pub longest_wait_s: f64,
    /// How many calls run at a time, others wait for their turn; 32 by default.
    pub concurrency: usize,
}

impl Default for RetryOptions {
    fn default() -> Self {
        Self { max_retries: 3, backoff_s: 0.1, backoff_max_s: 5.0, longest_wait_s: 60.0, concurrency: 32 }
    }
}

impl RetryOptions {
    /// As layers around an adapter. The client has the time limit of one try,
    /// so that the layers have none.
    fn layers(&self) -> Result<LayerOptions> {
        let seconds = |key: &str, value: f64| {
            Duration::try_from_secs_f64(value).map_err(|_| Error::config(format!("{key} must be a number of seconds")))
        };
        let mut layers = LayerOptions::default();
        layers.timeout = None;
        layers.max_retries = self.max_retries;
        layers.backoff_base = seconds("retry.backoff_s", self.backoff_s)?;
        layers.backoff_max = seconds("retry.backoff_max_s", self.backoff_max_s)?;
        layers.longest_wait = seconds("retry.longest_wait_s", self.longest_wait_s)?;
        layers.concurrency = Some(self.concurrency);
        Ok(layers)
    }
}

/// Sends requests. Cheap to clone; clones share their connections.
///
/// Redirects are not followed: a key would go to an address that nobody
/// configured.
#[derive(Clone, Debug)]
pub struct Client {
    /// One that may go through a proxy of the environment, and one that never
    /// does, for this machine itself.
    outside: reqwest::Client,
    here: reqwest::Client,
    max_answer_bytes: usize,
    layers: LayerOptions,
}

impl Client {
    /// A client.
    ///
    /// # Errors
    /// `Config` for a time limit that is not a positive number of seconds, a
    /// wait that is none or a proxy that is not a URL.
    pub fn new(options: &ClientOptions) -> Result<Self> {
        // Somebody else may have installed one already; either will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let seconds = |key: &str, value: f64| {
            let positive = value.is_finite() && value > 0.0;
            let limit = positive.then(|| Duration::try_from_secs_f64(value).ok()).flatten();
            limit.ok_or_else(|| Error::config(format!("{key} must be a positive number of seconds")))
        };
        let timeout = seconds("timeout_s", options.timeout_s)?;
        let connect_timeout = seconds("connect_timeout_s", options.connect_timeout_s)?;
        let builder = || {
            reqwest::Client::builder()
                .timeout(timeout)
                .connect_timeout(connect_timeout)
                .redirect(reqwest::redirect::Policy::none())
                .user_agent(concat!("mem0-rust/", env!("CARGO_PKG_VERSION")))
        };
        let built = |builder: reqwest::ClientBuilder| {
            builder.build().map_err(|e| Error::config("the HTTP client cannot be set up").with_source(plain(e)))
        };
        let here = built(builder().no_proxy())?;
        let outside = match &options.proxy {
            None => builder(),
            Some(proxy) => {
                let proxy = reqwest::Proxy::all(proxy).map_err(|_| Error::config("proxy is not a URL"))?;
                builder().proxy(proxy)
            }
        };
        let layers = options.retry.layers()?;
        Ok(Self { outside: built(outside)?, here, max_answer_bytes: options.max_answer_bytes, layers })
    }

    /// The layers that its adapter is to have: retries, and how many calls run
    /// at a time.
    #[must_use]
    pub fn layers(&self) -> &LayerOptions {
        &self.layers
    }

    /// Sends a request and reads the whole answer, whatever its status.
    ///
    /// # Errors
    /// `Timeout`; `Unavailable` if nobody answers or the connection breaks;
    /// `BadModelOutput` for an answer that is longer than the limit; `Config`
    /// for an address that is none. Never with a query string or a header.
    ///
    /// # Cancel safety
    /// Dropping the future closes the request.
    pub async fn send(&self, request: Request) -> Result<Response> {
        let Request { method, url, headers, body, timeout } = request;
        let address = url::Url::parse(&url).map_err(|_| Error::config("the address is not a URL: check `base_url`"))?;
        let method = match method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Patch => reqwest::Method::PATCH,
            Method::Delete => reqwest::Method::DELETE,
            Method::Head => reqwest::Method::HEAD,
        };
        let client = if is_this_machine(&address) { &self.here } else { &self.outside };
        let mut call = client.request(method, address).body(body);
        if let Some(timeout) = timeout {
            call = call.timeout(timeout);
        }
        for (name, value) in headers {
            call = call.header(name, value);
        }
        let mut answer = call.send().await.map_err(transport)?;
        let status = answer.status().as_u16();
        let headers = answer
            .headers()
            .iter()
            .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
            .collect();
        let mut body = BytesMut::new();
        while let Some(chunk) = answer.chunk().await.map_err(transport)? {
            if body.len() + chunk.len() > self.max_answer_bytes {
                return Err(Error::new(ErrorKind::BadModelOutput, "the answer is longer than `max_answer_bytes`")
                    .with_context("limit", self.max_answer_bytes));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Response::new(status, headers, Bytes::from(body)))
    }
}

fn is_this_machine(address: &url::Url) -> bool {
    match address.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

fn transport(error: reqwest::Error) -> Error {
    let (kind, message) = if error.is_timeout() {
        (ErrorKind::Timeout, "the provider did not answer in time")
    } else if error.is_connect() {
        (ErrorKind::Unavailable, "the provider cannot be reached")
    } else if error.is_builder() {
        (ErrorKind::Config, "the request cannot be sent: check `base_url`")
    } else {
        (ErrorKind::Unavailable, "the connection broke before the answer was whole")
    };
    Error::new(kind, message).with_source(plain(error))
}

/// The causes in words, without the address: its query string may hold a key.
fn plain(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        words = format!("{words}: {next}");
        cause = next.source();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_retries_of_a_configuration_are_those_of_the_layers() {
        let options: ClientOptions = serde_json::from_str(
            r#"{"retry": {"max_retries": 7, "backoff_s": 0.25, "backoff_max_s": 2, "longest_wait_s": 9, "concurrency": 4}}"#,
        )
        .unwrap();
        let client = Client::new(&options).unwrap();
        let layers = client.layers();
        assert_eq!((layers.timeout, layers.max_retries, layers.concurrency), (None, 7, Some(4)));
        let waits = (layers.backoff_base, layers.backoff_max, layers.longest_wait);
        assert_eq!(waits, (Duration::from_millis(250), Duration::from_secs(2), Duration::from_secs(9)));
    }

    #[test]
    fn times_that_are_none_are_refused() {
        for odd in [
            r#"{"timeout_s": 0}"#,
            r#"{"connect_timeout_s": -1}"#,
            r#"{"timeout_s": 1e300}"#,
            r#"{"retry": {"backoff_s": -1}}"#,
            r#"{"retry": {"backoff_max_s": 1e300}}"#,
            r#"{"retry": {"longest_wait_s": -0.5}}"#,
        ] {
            let options: ClientOptions = serde_json::from_str(odd).unwrap();
            assert_eq!(Client::new(&options).unwrap_err().kind(), ErrorKind::Config, "{odd}");
        }
        assert!(serde_json::from_str::<ClientOptions>(r#"{"retry": {"max_retry": 1}}"#).is_err());
    }
}
