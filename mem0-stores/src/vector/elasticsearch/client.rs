//! The official client as the shared code uses it.

use std::error::Error as _;
use std::fmt;

use async_trait::async_trait;
use elasticsearch::http::Method as Verb;
use elasticsearch::http::headers::{CONTENT_TYPE, HeaderMap, HeaderValue};
use elasticsearch::http::transport::Transport;
use mem0_core::{CollectionSpec, Error, ErrorKind, Result};
use mem0_http::{Method, Response};
use serde_json::{Value, json};

use super::NAME;
use super::config::{ElasticsearchConfig, IndexKind};
use crate::shared::lucene::{Call, Layout, Options, Server};

/// The server, and how it is spoken to.
pub(super) struct Elastic {
    transport: Transport,
    options: Options,
    index: IndexKind,
    m: u32,
    ef_construction: u32,
}

impl Elastic {
    pub(super) fn new(config: &ElasticsearchConfig) -> Result<Self> {
        let options = config.options();
        config.check()?;
        options.check()?;
        Ok(Self {
            transport: config.transport()?,
            options,
            index: config.index,
            m: config.m,
            ef_construction: config.ef_construction,
        })
    }
}

#[async_trait]
impl Server for Elastic {
    fn name(&self) -> &'static str {
        NAME
    }

    fn options(&self) -> &Options {
        &self.options
    }

    fn layout(&self) -> Layout {
        Layout { vector: "vector", payload: "metadata", vector_is_field: true }
    }

    fn vector_mapping(&self, spec: &CollectionSpec) -> Value {
        json!({
            "type": "dense_vector",
            "dims": spec.identity.dims,
            "index": true,
            "similarity": "cosine",
            "index_options": {"type": self.index.as_str(), "m": self.m, "ef_construction": self.ef_construction},
        })
    }

    fn index_settings(&self) -> Vec<(&'static str, Value)> {
        Vec::new()
    }

    fn nearest(&self, vector: &[f32], candidates: usize, filter: Value) -> Value {
        let mut knn = json!({
            "field": "vector",
            "query_vector": vector,
            "k": candidates,
            "num_candidates": candidates,
            "filter": filter,
        });
        if let (IndexKind::Int8Hnsw, Some(knn)) = (self.index, knn.as_object_mut()) {
            // Each candidate is compared once more, by its full vector.
            knn.insert("rescore_vector".to_owned(), json!({"oversample": 1.0}));
        }
        json!({"knn": knn})
    }

    async fn send(&self, call: Call) -> Result<Response> {
        let Call { method, path, body } = call;
        let verb = match method {
            Method::Get => Verb::Get,
            Method::Put => Verb::Put,
            Method::Post => Verb::Post,
            Method::Delete => Verb::Delete,
            Method::Head => Verb::Head,
            _ => return Err(Error::internal("a verb that the client has not")),
        };
        let mut headers = HeaderMap::new();
        if let Some((content, _)) = &body {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content.as_str()));
        }
        let body = body.map(|(_, body)| body);
        let answer = self.transport.send(verb, &path, headers, None::<&()>, body, None).await.map_err(classify)?;
        let status = answer.status_code().as_u16();
        let headers = answer
            .headers()
            .iter()
            .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
            .collect();
        Ok(Response::new(status, headers, answer.bytes().await.map_err(classify)?))
    }
}

/// An error on the way. Only what kind it is: an address can hold a key.
fn classify(error: elasticsearch::Error) -> Error {
    if error.is_timeout() {
        return Error::new(ErrorKind::Timeout, "the server did not answer in time");
    }
    let mut cause = error.source();
    while let Some(next) = cause {
        if let Some(io) = next.downcast_ref::<std::io::Error>() {
            return unreachable_server().with_context("cause", io.kind());
        }
        cause = next.source();
    }
    unreachable_server()
}

fn unreachable_server() -> Error {
    Error::new(ErrorKind::Unavailable, "the server cannot be reached")
}

// The transport's own form shows the password.
impl fmt::Debug for Elastic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Elastic").field("index", &self.index).field("options", &self.options).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::lucene::tests::{a_dropped_collection_is_not_found, conversation};

    fn elastic(index: IndexKind) -> Elastic {
        Elastic::new(&ElasticsearchConfig::default().with_index(index)).unwrap()
    }

    #[tokio::test]
    async fn requests_look_like_this() {
        let said = conversation(elastic(IndexKind::Hnsw), elastic(IndexKind::Int8Hnsw)).await;
        insta::assert_snapshot!(said);
    }

    #[tokio::test]
    async fn what_was_dropped_is_not_found() {
        a_dropped_collection_is_not_found(elastic(IndexKind::Hnsw)).await;
    }

    #[tokio::test]
    async fn a_server_that_is_away_is_unavailable() {
        let config = ElasticsearchConfig::default().with_url("http://127.0.0.1:1");
        let call = Call { method: Method::Get, path: "/x".to_owned(), body: None };
        let error = Elastic::new(&config).unwrap().send(call).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(format!("{error:?}").contains("refused"), "{error:?}");
    }
}
