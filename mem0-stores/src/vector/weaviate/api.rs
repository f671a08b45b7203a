//! What is sent to Weaviate, and what it answers.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use mem0_core::{EmbedderIdentity, Error, ErrorKind, MemoryId, Result};
use mem0_http::{Method, Request};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::config::{ConsistencyLevel, IndexType, WeaviateConfig};
use super::filter::Where;
use super::objects::{Object, TEXT, properties};
use crate::shared::http::{Server, unexpected};

/// Where the classes are.
#[derive(Clone, Debug)]
pub(super) struct Api {
    pub(super) server: Server,
    level: Option<ConsistencyLevel>,
    /// For GraphQL, which knows no levels of a class with one replica.
    read_level: Option<ConsistencyLevel>,
}

/// A class, as far as it matters here.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Class {
    pub(super) description: Option<String>,
    #[serde(rename = "replicationConfig", default)]
    pub(super) replication: Replication,
}

/// How many replicas a class has.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Replication {
    pub(super) factor: u32,
}

/// Objects that are to be written.
#[derive(Serialize)]
struct Batch<'a> {
    objects: &'a [Object<'a>],
}

/// What a question looks for.
#[derive(Clone, Copy, Debug)]
pub(super) enum By<'a> {
    /// Near to this vector.
    Vector(&'a [f32]),
    /// With a word of this text.
    Words(&'a str),
    /// In the order of ids.
    Id,
    /// Behind this id, in the order of ids; without a condition. Unlike the
    /// other ways, this one does not lose an object that is written meanwhile.
    Behind(MemoryId),
}

/// One question.
#[derive(Debug)]
pub(super) struct Question<'a> {
    pub(super) by: By<'a>,
    pub(super) condition: Option<Where>,
    pub(super) limit: usize,
}

impl Api {
    pub(super) fn new(server: Server, config: &WeaviateConfig) -> Self {
        Self { server, level: config.consistency_level, read_level: None }
    }

    /// For a class with so many replicas.
    pub(super) fn with_replicas(mut self, class: &Class) -> Self {
        self.read_level = self.level.filter(|_| class.replication.factor > 1);
        self
    }

    pub(super) fn lookup(&self, class: &str) -> Request {
        self.server.request(Method::Get, &format!("/v1/schema/{class}"))
    }

    pub(super) fn create(&self, config: &WeaviateConfig, class: &str, identity: &EmbedderIdentity) -> Result<Request> {
        let (kind, index) = match config.index_type {
            IndexType::Flat => ("flat", json!({"distance": "cosine"})),
            IndexType::Hnsw => (
                "hnsw",
                json!({
                    "distance": "cosine",
                    "maxConnections": config.max_connections,
                    "efConstruction": config.ef_construction,
                    "ef": config.ef,
                    "flatSearchCutoff": config.exact_up_to,
                }),
            ),
        };
        let mut body = json!({
            "class": class,
            "description": described(identity),
            "vectorizer": "none",
            "vectorIndexType": kind,
            "vectorIndexConfig": index,
            // Every word counts.
            "invertedIndexConfig": {"stopwords": {"preset": "none"}},
            "properties": properties(config.tokenization),
        });
        if let (Some(factor), Some(body)) = (config.replication_factor, body.as_object_mut()) {
            body.insert("replicationConfig".to_owned(), json!({"factor": factor}));
        }
        self.server.json(Method::Post, "/v1/schema", &body)
    }

    pub(super) fn drop(&self, class: &str) -> Request {
        self.server.request(Method::Delete, &format!("/v1/schema/{class}"))
    }

    fn at_level(&self, path: &str) -> String {
        self.level.map_or_else(|| path.to_owned(), |level| format!("{path}?consistency_level={}", level.as_str()))
    }

    pub(super) fn write(&self, objects: &[Object<'_>]) -> Result<Request> {
        self.server.json(Method::Post, &self.at_level("/v1/batch/objects"), &Batch { objects })
    }

    pub(super) fn delete(&self, class: &str, condition: &Where) -> Result<Request> {
        let body = json!({"match": {"class": class, "where": condition.json()}, "output": "minimal"});
        self.server.json(Method::Delete, &self.at_level("/v1/batch/objects"), &body)
    }

    /// Asks several questions at once.
    pub(super) fn get(&self, class: &str, questions: &[Question<'_>], fields: &str) -> Result<Request> {
        let mut query = String::from("{Get{");
        for (place, question) in questions.iter().enumerate() {
            let (by, limit) = (question.by.graphql(), question.limit);
            // Writing to a String cannot fail.
            let _ = write!(query, "q{place}:{class}({by} limit:{limit}");
            if let Some(condition) = &question.condition {
                let _ = write!(query, " where:{}", condition.graphql());
            }
            if let Some(level) = self.read_level {
                let _ = write!(query, " consistencyLevel:{}", level.as_str());
            }
            let _ = write!(query, "){{{fields}}}");
        }
        query.push_str("}}");
        self.graphql(&query)
    }

    pub(super) fn count(&self, class: &str, condition: Option<&Where>) -> Result<Request> {
        let which = condition.map(|condition| format!("(where:{})", condition.graphql())).unwrap_or_default();
        self.graphql(&format!("{{Aggregate{{q0:{class}{which}{{meta{{count}}}}}}}}"))
    }

    fn graphql(&self, query: &str) -> Result<Request> {
        self.server.json(Method::Post, "/v1/graphql", &json!({"query": query}))
    }

    /// The answers to that, in order.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        class: &str,
        questions: &[Question<'_>],
        fields: &str,
    ) -> Result<Vec<Vec<T>>> {
        let answer: Answer<T> = self.server.ask(self.get(class, questions, fields)?).await?;
        let mut lists = answer.lists()?;
        let list = |place| lists.remove(&format!("q{place}")).ok_or_else(unexpected);
        (0..questions.len()).map(list).collect()
    }
}

impl By<'_> {
    fn graphql(self) -> String {
        match self {
            // Numbers are written in JSON with the digits of an f32, which `Value`
            // does not know.
            Self::Vector(vector) => {
                let vector = serde_json::to_string(vector).unwrap_or_default();
                format!("nearVector:{{vector:{vector}}}")
            }
            // A text in GraphQL is written as in JSON.
            Self::Words(words) => format!("bm25:{{query:{} properties:[\"{TEXT}\"]}}", json!(words)),
            Self::Behind(id) => format!("after:{}", json!(id)),
            Self::Id => "sort:[{path:[\"_id\"] order:asc}]".to_owned(),
        }
    }
}

/// Which model fills a class, in its description.
pub(super) fn described(identity: &EmbedderIdentity) -> String {
    json!({"mem0": {"layout": LAYOUT, "identity": identity_json(identity)}}).to_string()
}

const LAYOUT: u64 = 1;

fn identity_json(identity: &EmbedderIdentity) -> Value {
    json!({"model": identity.model, "dims": identity.dims, "digest": identity.digest})
}

/// The identity in a description.
///
/// # Errors
/// `AlreadyExists` if the class is somebody else's, `Corrupt` if another version
/// of this library made it.
pub(super) fn identity(class: &Class) -> Result<EmbedderIdentity> {
    let described: Option<Value> = class.description.as_deref().and_then(|text| serde_json::from_str(text).ok());
    let Some(ours) = described.as_ref().and_then(|described| described.get("mem0")) else {
        let message = "there is a class of this name that is no collection of this adapter; name another collection";
        return Err(Error::new(ErrorKind::AlreadyExists, message));
    };
    if ours.get("layout").and_then(Value::as_u64) != Some(LAYOUT) {
        return Err(Error::corrupt("the collection was written by another version of this library"));
    }
    let field = |key: &str| ours.get("identity").and_then(|identity| identity.get(key));
    let text = |key: &str| field(key).and_then(Value::as_str).map(str::to_owned);
    let dims = field("dims").and_then(Value::as_u64).and_then(|dims| usize::try_from(dims).ok());
    match (text("model"), dims, text("digest")) {
        (Some(model), Some(dims), Some(digest)) => Ok(EmbedderIdentity { model, dims, digest }),
        _ => Err(Error::corrupt("the collection's description does not say which model filled it")),
    }
}

/// What GraphQL answers.
#[derive(Debug, Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
pub(super) struct Answer<T> {
    data: Option<Data<T>>,
    errors: Option<Vec<Refused>>,
}

#[derive(Debug, Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
struct Data<T> {
    #[serde(alias = "Get", alias = "Aggregate")]
    lists: BTreeMap<String, Option<Vec<T>>>,
}

#[derive(Debug, Deserialize)]
struct Refused {
    message: String,
}

impl<T: DeserializeOwned> Answer<T> {
    /// What was found, by the name of each question.
    pub(super) fn lists(self) -> Result<BTreeMap<String, Vec<T>>> {
        if let Some(error) = self.errors.unwrap_or_default().first() {
            return Err(refused(&error.message));
        }
        let lists = self.data.ok_or_else(unexpected)?.lists;
        Ok(lists.into_iter().map(|(name, list)| (name, list.unwrap_or_default())).collect())
    }
}

/// What a refusal means whose status says nothing. The server's words are not
/// repeated, since they quote what was sent.
pub(super) fn refused(message: &str) -> Error {
    let table: [(&[&str], ErrorKind, &'static str); 5] = [
        (
            &[
                "Cannot query field",
                "no graphql provider",
                "could not find class",
                "class not found",
                "failed to get class",
            ],
            ErrorKind::NotFound,
            "the collection was dropped; open it again",
        ),
        (&["deadline exceeded", "timeout"], ErrorKind::Timeout, "the server did not answer in time"),
        (&["unauthorized"], ErrorKind::Unauthenticated, "the server refuses the key"),
        (&["forbidden"], ErrorKind::PermissionDenied, "the key may not do this"),
        (
            &["connection refused", "not enough memory", "memory pressure", "read-only", "replica"],
            ErrorKind::Unavailable,
            "the server cannot answer now",
        ),
    ];
    let known = table.iter().find(|(words, ..)| words.iter().any(|words| message.contains(words)));
    let (kind, message) =
        known.map_or((ErrorKind::Internal, "the server refused a request"), |(_, kind, message)| (*kind, *message));
    Error::new(kind, message)
}

/// What became of an object that was written.
#[derive(Debug, Deserialize)]
pub(super) struct Written {
    result: Outcome,
}

#[derive(Debug, Deserialize)]
struct Outcome {
    errors: Option<Errors>,
}

#[derive(Debug, Deserialize)]
struct Errors {
    error: Vec<Refused>,
}

impl Written {
    /// # Errors
    /// That of the object.
    pub(super) fn check(self) -> Result<()> {
        match self.result.errors.map(|errors| errors.error).unwrap_or_default().first() {
            Some(error) => Err(refused(&error.message)),
            None => Ok(()),
        }
    }
}

/// What became of a deletion.
#[derive(Debug, Deserialize)]
pub(super) struct Deleted {
    pub(super) results: DeletedResults,
}

#[derive(Debug, Deserialize)]
pub(super) struct DeletedResults {
    pub(super) matches: u64,
    pub(super) limit: u64,
    pub(super) successful: u64,
    pub(super) failed: u64,
}

/// How many there are.
#[derive(Debug, Deserialize)]
pub(super) struct Count {
    pub(super) meta: CountMeta,
}

#[derive(Debug, Deserialize)]
pub(super) struct CountMeta {
    pub(super) count: u64,
}
