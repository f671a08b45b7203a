//! What is sent to Chroma, and what it answers.

use mem0_core::{Payload, Result};
use mem0_http::{Method, Request};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::config::{ChromaConfig, IndexType};
use crate::shared::http::{Server, segment};

/// How Chroma measures; settled when a collection is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Space {
    /// One less the cosine.
    Cosine,
    /// The square of the distance: twice as much, for vectors of length 1.
    L2,
    /// One less the product: the same, for vectors of length 1.
    Ip,
}

impl Space {
    pub(super) fn cosine(self, distance: f64) -> f64 {
        match self {
            Self::Cosine | Self::Ip => 1.0 - distance,
            Self::L2 => 1.0 - distance / 2.0,
        }
    }
}

/// A collection, as far as it matters here.
#[derive(Debug, Deserialize)]
pub(super) struct Collection {
    pub(super) id: String,
    pub(super) metadata: Option<Payload>,
    pub(super) dimension: Option<usize>,
    configuration_json: Configuration,
}

#[derive(Debug, Deserialize)]
struct Configuration {
    hnsw: Option<Index>,
    spann: Option<Index>,
}

#[derive(Debug, Deserialize)]
struct Index {
    space: Option<Space>,
}

impl Collection {
    /// Where none is said, it is the one that collections have by default.
    pub(super) fn space(&self) -> Space {
        let index = self.configuration_json.hnsw.as_ref().or(self.configuration_json.spann.as_ref());
        index.and_then(|index| index.space).unwrap_or(Space::L2)
    }
}

/// Points that are to be written, each at its place in every list.
#[derive(Debug, Default, Serialize)]
pub(super) struct Rows<'a> {
    pub(super) ids: Vec<String>,
    pub(super) embeddings: Vec<&'a [f32]>,
    pub(super) metadatas: Vec<Payload>,
    pub(super) documents: Vec<String>,
}

/// Which records are meant.
#[derive(Debug, Default, Serialize)]
pub(super) struct Selection {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ids: Option<Vec<String>>,
    #[serde(rename = "where", skip_serializing_if = "Option::is_none")]
    pub(super) filter: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) limit: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) offset: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) include: Option<&'static [&'static str]>,
}

/// Everything of a record.
pub(super) const WHOLE: &[&str] = &["metadatas", "documents", "embeddings"];

/// Records that were asked for.
#[derive(Debug, Deserialize)]
pub(super) struct Records {
    pub(super) ids: Vec<String>,
    pub(super) metadatas: Option<Vec<Option<Payload>>>,
    pub(super) documents: Option<Vec<Option<String>>>,
    pub(super) embeddings: Option<Vec<Vec<f32>>>,
}

/// What to be near to.
#[derive(Debug, Serialize)]
pub(super) struct Nearest<'a> {
    pub(super) query_embeddings: Vec<&'a [f32]>,
    pub(super) n_results: usize,
    #[serde(rename = "where", skip_serializing_if = "Option::is_none")]
    pub(super) filter: Option<&'a Value>,
    pub(super) include: [&'static str; 2],
}

/// What is near, a list for each question.
#[derive(Debug, Deserialize)]
pub(super) struct Found {
    pub(super) ids: Vec<Vec<String>>,
    pub(super) distances: Vec<Vec<Option<f64>>>,
    pub(super) metadatas: Vec<Vec<Option<Payload>>>,
}

/// How many went.
#[derive(Debug, Deserialize)]
pub(super) struct Deleted {
    pub(super) deleted: u64,
}

/// The database.
#[derive(Clone, Debug)]
pub(super) struct Api {
    pub(super) server: Server,
    collections: String,
}

impl Api {
    pub(super) fn new(server: Server, config: &ChromaConfig) -> Result<Self> {
        let (tenant, database) = (segment(config.tenant()?), segment(config.database()));
        Ok(Self { server, collections: format!("/api/v2/tenants/{tenant}/databases/{database}/collections") })
    }

    /// The collection of this name.
    pub(super) fn lookup(&self, name: &str) -> Request {
        self.server.request(Method::Get, &format!("{}/{}", self.collections, segment(name)))
    }

    pub(super) fn create(&self, config: &ChromaConfig, name: &str, metadata: &Payload) -> Result<Request> {
        let index = match config.index_type() {
            IndexType::Hnsw => json!({"hnsw": {
                "space": "cosine",
                "max_neighbors": config.hnsw_m.unwrap_or(16),
                "ef_construction": config.hnsw_ef_construction.unwrap_or(200),
                "ef_search": config.hnsw_ef_search.unwrap_or(200),
            }}),
            IndexType::Spann => json!({"spann": {"space": "cosine"}}),
        };
        let body = json!({"name": name, "metadata": metadata, "configuration": index});
        self.server.json(Method::Post, &self.collections, &body)
    }

    pub(super) fn set_metadata(&self, id: &str, metadata: &Payload) -> Result<Request> {
        let path = format!("{}/{}", self.collections, segment(id));
        self.server.json(Method::Put, &path, &json!({"new_metadata": metadata}))
    }

    pub(super) fn drop(&self, name: &str) -> Request {
        self.server.request(Method::Delete, &format!("{}/{}", self.collections, segment(name)))
    }

    fn call(&self, id: &str, what: &str, body: &impl Serialize) -> Result<Request> {
        self.server.json(Method::Post, &format!("{}/{}/{what}", self.collections, segment(id)), body)
    }

    pub(super) fn upsert(&self, id: &str, rows: &Rows<'_>) -> Result<Request> {
        self.call(id, "upsert", rows)
    }

    pub(super) fn get(&self, id: &str, selection: &Selection) -> Result<Request> {
        self.call(id, "get", selection)
    }

    pub(super) fn query(&self, id: &str, nearest: &Nearest<'_>) -> Result<Request> {
        self.call(id, "query", nearest)
    }

    pub(super) fn delete(&self, id: &str, selection: &Selection) -> Result<Request> {
        self.call(id, "delete", selection)
    }

    pub(super) fn count(&self, id: &str) -> Request {
        self.server.request(Method::Get, &format!("{}/{}/count", self.collections, segment(id)))
    }
}
