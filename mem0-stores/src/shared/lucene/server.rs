//! What one product has that the other has not.

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use mem0_core::{CollectionSpec, Error, Result};
use mem0_http::{Method, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::MAX_LIMIT;

/// When a search sees what was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Refresh {
    /// A write makes itself visible before it returns.
    #[default]
    Immediate,
    /// A write waits until the index refreshes by itself, by default within a
    /// second. Easier on a server with many writers.
    WaitFor,
    /// A write does not wait, and a search may not see it for a while.
    None,
}

impl Refresh {
    /// Whether a search sees every write that returned before it.
    pub(crate) fn is_immediate(self) -> bool {
        self != Self::None
    }

    pub(super) fn parameter(self) -> &'static str {
        match self {
            Self::Immediate => "true",
            Self::WaitFor => "wait_for",
            Self::None => "false",
        }
    }
}

/// What both products are set up with.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) shards: u32,
    pub(crate) replicas: u32,
    pub(crate) refresh: Refresh,
    pub(crate) analyzer: String,
    /// How many candidates a search looks at in each segment at least; a scope
    /// with no more matches there is searched exactly.
    pub(crate) candidates: usize,
}

impl Options {
    /// Refuses what is out of range.
    pub(crate) fn check(&self) -> Result<()> {
        let within = |key: &'static str, value: usize, low: usize, high: usize| {
            let message = || Error::config(format!("{key} must be {low} to {high}"));
            (low..=high).contains(&value).then_some(()).ok_or_else(message)
        };
        within("number_of_shards", self.shards as usize, 1, 1_024)?;
        within("number_of_replicas", self.replicas as usize, 0, 1_024)?;
        within("candidates", self.candidates, 1, MAX_LIMIT)?;
        if self.analyzer.is_empty() || self.analyzer.chars().any(char::is_control) {
            return Err(Error::config("analyzer must be the name of an analyzer"));
        }
        Ok(())
    }
}

/// How the body of a request is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// One JSON value.
    Json,
    /// One JSON value a line.
    Lines,
}

impl Content {
    /// The name of the type in a header.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Lines => "application/x-ndjson",
        }
    }
}

/// One request, below the server's address.
pub(crate) struct Call {
    pub(crate) method: Method,
    /// With a leading slash, and the query string.
    pub(crate) path: String,
    pub(crate) body: Option<(Content, Bytes)>,
}

impl Call {
    pub(super) fn new(method: Method, path: String) -> Self {
        Self { method, path, body: None }
    }

    pub(super) fn with_json(self, body: &Value) -> Self {
        self.with(Content::Json, body.to_string().into())
    }

    pub(super) fn with(mut self, content: Content, body: Bytes) -> Self {
        self.body = Some((content, body));
        self
    }
}

/// Where things are in a document: as the Python library has them on that
/// product.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    pub(crate) vector: &'static str,
    pub(crate) payload: &'static str,
    /// Whether a stored vector is asked for as a field, since the server may
    /// keep it out of the source.
    pub(crate) vector_is_field: bool,
}

/// A product, at an address.
#[async_trait]
pub(crate) trait Server: fmt::Debug + Send + Sync + 'static {
    /// The provider's name.
    fn name(&self) -> &'static str;

    fn options(&self) -> &Options;

    fn layout(&self) -> Layout;

    /// The mapping of the field of vectors.
    fn vector_mapping(&self, spec: &CollectionSpec) -> Value;

    /// The settings of an index beyond those that both have.
    fn index_settings(&self) -> Vec<(&'static str, Value)>;

    /// The query for the `candidates` nearest to a vector of those that
    /// `filter` matches, whose scores are half of one more than the cosine.
    fn nearest(&self, vector: &[f32], candidates: usize, filter: Value) -> Value;

    /// Sends a request and reads the answer, whatever its status.
    async fn send(&self, call: Call) -> Result<Response>;
}
