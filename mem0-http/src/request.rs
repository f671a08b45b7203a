//! Requests and responses as data.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use mem0_core::{Error, Result, Secret};
use serde::Serialize;

/// The verb of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// Reads.
    Get,
    /// Asks or creates.
    Post,
    /// Replaces.
    Put,
    /// Changes a part.
    Patch,
    /// Removes.
    Delete,
    /// Reads the head only.
    Head,
}

impl Method {
    /// The word of the protocol.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Head => "HEAD",
        }
    }
}

/// What is sent.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// The verb.
    pub method: Method,
    /// The whole address.
    pub url: String,
    /// Names in lower case, each at most once.
    pub headers: Vec<(String, String)>,
    /// The body; may be empty.
    pub body: Bytes,
    /// The longest that this one may take, where it is not the client's.
    pub timeout: Option<Duration>,
}

impl Request {
    /// A request without a body.
    #[must_use]
    pub fn new(method: Method, url: impl Into<String>) -> Self {
        Self { method, url: url.into(), headers: Vec::new(), body: Bytes::new(), timeout: None }
    }

    /// A POST of JSON.
    ///
    /// # Errors
    /// `Internal` if the body cannot be written as JSON.
    pub fn post_json(url: impl Into<String>, body: &impl Serialize) -> Result<Self> {
        Self::new(Method::Post, url).with_json(body)
    }

    /// The same with a JSON body.
    ///
    /// # Errors
    /// `Internal` if the body cannot be written as JSON.
    pub fn with_json(mut self, body: &impl Serialize) -> Result<Self> {
        let json = serde_json::to_vec(body);
        self.body = json.map_err(|e| Error::internal("a request could not be written as JSON").with_source(e))?.into();
        Ok(self.with_header("content-type", "application/json"))
    }

    /// Sets a header; an earlier value of it is replaced.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        let name = name.to_ascii_lowercase();
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.into()));
        self
    }

    /// Sets `authorization: Bearer …`.
    #[must_use]
    pub fn with_bearer(self, key: &Secret) -> Self {
        self.with_header("authorization", format!("Bearer {}", key.expose()))
    }

    /// The value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }
}

fn find<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

// Keys are in headers and query strings, memories in bodies.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.url.split(['?', '#']).next().unwrap_or_default();
        let headers: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("url", &url)
            .field("headers", &headers)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .finish_non_exhaustive()
    }
}

/// What came back.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Bytes,
}

impl Response {
    /// A response; also for tests of an adapter.
    #[must_use]
    pub fn new(status: u16, headers: Vec<(String, String)>, body: impl Into<Bytes>) -> Self {
        Self { status, headers, body: body.into() }
    }

    /// The first value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .finish_non_exhaustive()
    }
}
