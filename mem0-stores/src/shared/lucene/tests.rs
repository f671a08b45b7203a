//! Every request of a collection, as a product sends it.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use mem0_core::{
    CollectionSpec, EmbedderIdentity, Error, ErrorKind, Filter, MemoryId, Payload, Point, Result, Scope, ScrollQuery,
    Selector, TextQuery, VectorCollection, VectorQuery,
};
use mem0_http::{Method, Response};
use serde_json::{Value, json};
use uuid::Uuid;

use super::server::{Call, Layout, Options, Server};

/// A server that answers as if its index was there or not, and writes down what
/// it is asked.
#[derive(Debug)]
struct Recorder<S> {
    product: S,
    exists: bool,
    asked: Mutex<Vec<String>>,
}

fn id(n: u128) -> MemoryId {
    MemoryId::from_uuid(Uuid::from_u128(n))
}

fn spec() -> CollectionSpec {
    CollectionSpec::new("notes", EmbedderIdentity { model: "m".into(), dims: 2, digest: "d".into() })
}

fn point(n: u128, version: u64, payload: Value) -> Point {
    let Value::Object(payload) = payload else { panic!("no payload") };
    let payload: Payload = payload;
    let scope = Scope::user("alice").unwrap().with_run("7").unwrap();
    Point { id: id(n), version, scope, vector: vec![0.1, -1.0], payload }
}

fn gone() -> Value {
    json!({"error": {"type": "index_not_found_exception", "reason": "hidden"}, "status": 404})
}

fn answer(path: &str, body: &str, exists: bool) -> (u16, Value) {
    let about = json!({"layout": 1, "generation": "g1", "model": "m", "dims": 2, "digest": "d"});
    let found = json!({"timed_out": false, "_shards": {"failed": 0}, "hits": {"hits": []}});
    let value = if path.ends_with("/_mapping") && exists {
        json!({"notes": {"mappings": {"_meta": {"mem0": about}}}})
    } else if path.ends_with("/_mapping") {
        return (404, gone());
    } else if path.contains("/_bulk") {
        let items =
            body.lines().filter(|line| line.starts_with("{\"index\"")).map(|_| json!({"index": {"status": 200}}));
        json!({"items": items.collect::<Vec<_>>()})
    } else if path.contains("/_msearch") {
        json!({"responses": body.lines().skip(1).step_by(2).map(|_| found.clone()).collect::<Vec<_>>()})
    } else if path.contains("/_search") {
        found
    } else if path.contains("/_mget") {
        json!({"docs": [{"_id": id(1), "found": true, "_source": {}}, {"_id": id(2), "found": true, "_source": {"deleted": true}}]})
    } else if path.contains("/_count") {
        json!({"count": 3, "_shards": {"failed": 0}})
    } else {
        json!({})
    };
    (200, value)
}

#[async_trait]
impl<S: Server> Server for Recorder<S> {
    fn name(&self) -> &'static str {
        self.product.name()
    }

    fn options(&self) -> &Options {
        self.product.options()
    }

    fn layout(&self) -> Layout {
        self.product.layout()
    }

    fn vector_mapping(&self, spec: &CollectionSpec) -> Value {
        self.product.vector_mapping(spec)
    }

    fn index_settings(&self) -> Vec<(&'static str, Value)> {
        self.product.index_settings()
    }

    fn nearest(&self, vector: &[f32], candidates: usize, filter: Value) -> Value {
        self.product.nearest(vector, candidates, filter)
    }

    async fn send(&self, call: Call) -> Result<Response> {
        let (content, body) = call.body.map_or(("", String::new()), |(content, body)| {
            (content.as_str(), String::from_utf8(body.to_vec()).unwrap())
        });
        let line = format!("{} {} {content}\n{body}", call.method.as_str(), call.path);
        self.asked.lock().unwrap().push(line.trim_end().to_owned());
        let (status, value) = answer(&call.path, &body, self.exists);
        // The index is there once it was made.
        assert!(call.path != "/notes" || call.method != Method::Put || !self.exists, "an index is made twice");
        Ok(Response::new(status, Vec::new(), value.to_string()))
    }
}

/// What a product is asked from the making of a collection to its end.
pub(crate) async fn conversation(product: impl Server, again: impl Server) -> String {
    let new = Arc::new(Recorder { product, exists: false, asked: Mutex::default() });
    super::open::open(new.clone(), &spec()).await.unwrap();
    let made = new.asked.lock().unwrap().join("\n");
    let body: Value = serde_json::from_str(made.lines().last().unwrap()).unwrap();
    let generation = body["mappings"]["_meta"]["mem0"]["generation"].as_str().unwrap().to_owned();
    let server = Arc::new(Recorder { product: again, exists: true, asked: Mutex::default() });
    let collection = super::open::open(server.clone(), &spec()).await.unwrap();
    let alice = Scope::user("alice").unwrap();
    let first = point(1, 3, json!({"data": "Likes tea", "n": 5, "tags": ["a", 1.5], "none": null}));
    collection.upsert(&[first, point(2, 1, json!({"data": 7}))]).await.unwrap();
    let near = VectorQuery::new(alice.clone(), vec![1.0, 0.5], 5).with_filter(Filter::gt("n", 1));
    let nothing = VectorQuery::new(alice.clone(), vec![1.0, 0.5], 0);
    let found = collection.search(&[near.clone(), nothing, near]).await.unwrap();
    assert_eq!(found, [vec![], vec![], vec![]]);
    collection.search_text(&[TextQuery::new(alice.clone(), "green \"tea\"", 4)]).await.unwrap();
    collection.get(Some(&alice), &[id(2), id(1), id(2)]).await.unwrap();
    collection.scroll(&ScrollQuery::new(None, 9).after(Some(id(1)))).await.unwrap();
    assert_eq!(collection.count(Some(&alice), &Filter::All).await.unwrap(), 3);
    // One is a point, one was deleted already.
    assert_eq!(collection.delete(&Selector::Ids(vec![(id(1), 3)])).await.unwrap(), 1);
    assert_eq!(collection.delete(&Selector::Ids(vec![(id(2), 1)])).await.unwrap(), 0);
    collection.delete(&Selector::Scope(alice)).await.unwrap();
    super::open::drop_collection(&*server, "notes").await.unwrap();
    let used = server.asked.lock().unwrap().join("\n");
    format!("{}\n{used}", made.replace(&generation, "GENERATION"))
}

/// A server whose every answer says that the index is gone.
#[derive(Debug)]
struct Gone<S>(S);

#[async_trait]
impl<S: Server> Server for Gone<S> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn options(&self) -> &Options {
        self.0.options()
    }

    fn layout(&self) -> Layout {
        self.0.layout()
    }

    fn vector_mapping(&self, spec: &CollectionSpec) -> Value {
        self.0.vector_mapping(spec)
    }

    fn index_settings(&self) -> Vec<(&'static str, Value)> {
        self.0.index_settings()
    }

    fn nearest(&self, vector: &[f32], candidates: usize, filter: Value) -> Value {
        self.0.nearest(vector, candidates, filter)
    }

    async fn send(&self, call: Call) -> Result<Response> {
        let error = gone()["error"].clone();
        let part = json!({"status": 404, "error": error});
        let (status, value) = if call.path.contains("/_bulk") {
            (200, json!({"errors": true, "items": [{"index": part}]}))
        } else if call.path.contains("/_msearch") {
            (200, json!({"responses": [part]}))
        } else if call.path.contains("/_mget") {
            (200, json!({"docs": [{"_id": id(1), "error": error}]}))
        } else {
            (404, gone())
        };
        Ok(Response::new(status, Vec::new(), value.to_string()))
    }
}

/// A collection that was dropped is an error in every call.
pub(crate) async fn a_dropped_collection_is_not_found(product: impl Server) {
    let collection =
        super::LuceneCollection { server: Arc::new(Gone(product)), spec: spec(), alias: "notes.old".to_owned() };
    let alice = Scope::user("alice").unwrap();
    let near = VectorQuery::new(alice.clone(), vec![1.0, 0.5], 5);
    let errors: Vec<Error> = vec![
        collection.upsert(&[point(1, 1, json!({}))]).await.unwrap_err(),
        collection.search(&[near]).await.unwrap_err(),
        collection.search_text(&[TextQuery::new(alice.clone(), "tea", 4)]).await.unwrap_err(),
        collection.get(None, &[id(1)]).await.unwrap_err(),
        collection.scroll(&ScrollQuery::new(None, 9)).await.unwrap_err(),
        collection.count(None, &Filter::All).await.unwrap_err(),
        collection.delete(&Selector::Ids(vec![(id(1), 1)])).await.unwrap_err(),
        collection.delete(&Selector::Scope(alice)).await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
        assert!(!format!("{error:?}").contains("hidden"));
    }
    super::open::drop_collection(&*collection.server, "notes").await.unwrap();
}
