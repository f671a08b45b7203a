//! What the suite does not ask of Chroma: collections that the Python library
//! made and changed, long lists, old handles. On the server at
//! `MEM0_TEST_CHROMA_URL`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test stops at the first error")]

use std::sync::Arc;

use conformance_tests::server_url;
use conformance_tests::settings::is_required;
use mem0_core::{
    CollectionSpec, EmbedderIdentity, ErrorKind, Filter, ForeignCollection, MemoryId, Payload, Point, Scope,
    ScrollQuery, Selector, VectorCollection, VectorQuery, VectorStore,
};
use mem0_http::{Client, ClientOptions, Method, Request};
use mem0_stores::vector::chroma::{ChromaConfig, ChromaStore, ForeignRecords};
use serde_json::{Value, json};
use uuid::Uuid;

struct Server {
    url: String,
    client: Client,
}

impl Server {
    /// The server; none, and said so, where it need not be there.
    fn find() -> Option<Self> {
        let Some(url) = server_url("chroma") else {
            assert!(!is_required("chroma"), "MEM0_REQUIRE names chroma");
            return None;
        };
        Some(Self { url, client: Client::new(&ClientOptions::default()).unwrap() })
    }

    fn store(&self) -> ChromaStore {
        ChromaStore::new(ChromaConfig::default().with_url(&self.url)).unwrap()
    }

    async fn open(&self, name: &str) -> Arc<dyn VectorCollection> {
        self.store().open(&spec(name)).await.unwrap()
    }

    /// A request as the Python library's client makes it.
    async fn raw(&self, path: &str, body: &Value) -> Value {
        let url = format!("{}/api/v2/tenants/default_tenant/databases/default_database/collections{path}", self.url);
        let request = Request::new(Method::Post, url).with_json(body).unwrap();
        let response = self.client.send(request).await.unwrap();
        assert!((200..300).contains(&response.status), "{path}: {}", response.status);
        serde_json::from_slice(&response.body).unwrap()
    }

    async fn drop(&self, name: &str) {
        self.store().drop_collection(name).await.unwrap();
    }
}

fn name() -> String {
    format!("mem0_{}", Uuid::new_v4().simple())
}

fn spec(name: &str) -> CollectionSpec {
    CollectionSpec::new(name, EmbedderIdentity { model: "test/model".into(), dims: 2, digest: "d".into() })
}

fn alice() -> Scope {
    Scope::user("alice").unwrap()
}

fn object(value: Value) -> Payload {
    let Value::Object(object) = value else { unreachable!() };
    object
}

fn point(n: u128, payload: Value) -> Point {
    let id = MemoryId::from_uuid(Uuid::from_u128(n));
    Point { id, version: 1, scope: alice(), vector: vec![1.0, 0.0], payload: object(payload) }
}

async fn found(collection: &Arc<dyn VectorCollection>, filter: Filter) -> Vec<MemoryId> {
    let query = VectorQuery::new(alice(), vec![0.6, 0.8], 10).with_filter(filter);
    collection.search(&[query]).await.unwrap().remove(0).iter().map(|hit| hit.id).collect()
}

/// A collection as the Python library makes it: no metric, so the server's own.
#[tokio::test]
async fn a_collection_of_the_python_library_is_taken_over() {
    let Some(server) = Server::find() else { return };
    let name = name();
    let made = server.raw("", &json!({"name": name, "get_or_create": true, "metadata": {"team": "a"}})).await;
    let id = made["id"].as_str().unwrap().to_owned();
    let ids: Vec<_> = (1..=3).map(|n| Uuid::from_u128(n).to_string()).collect();
    let at = "2026-03-01T10:00:00.000001+00:00";
    let rows = json!([
        {"data": "likes tea", "hash": "1", "created_at": at, "user_id": "alice", "color": "red", "n": 1},
        {"data": "likes rain", "hash": "2", "created_at": at, "user_id": "alice", "color": "blue", "n": 2.5},
        {"data": "likes sun", "hash": "3", "created_at": at, "user_id": "bob", "color": "red", "n": 1},
    ]);
    let vectors = json!([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]]);
    server.raw(&format!("/{id}/add"), &json!({"ids": ids, "embeddings": vectors, "metadatas": rows})).await;

    let collection = server.open(&name).await;
    let [tea, rain] = [1, 2].map(|n| MemoryId::from_uuid(Uuid::from_u128(n)));
    let hits = collection.search(&[VectorQuery::new(alice(), vec![0.6, 0.8], 10)]).await.unwrap().remove(0);
    let near: Vec<_> = hits.iter().map(|hit| (hit.id, hit.version, (hit.similarity * 100.0).round())).collect();
    assert_eq!(near, [(rain, 1, 80.0), (tea, 1, 60.0)]);
    let first = collection.get(Some(&alice()), &[tea]).await.unwrap().remove(0).unwrap();
    assert_eq!((first.payload, first.vector), (object(rows[0].clone()), vec![1.0, 0.0]));
    for (filter, due) in [
        (Filter::eq("color", "red"), vec![tea]),
        (!Filter::eq("color", "red"), vec![rain]),
        (Filter::is_in("n", [1.0, 7.0]), vec![tea]),
        (Filter::not_in("n", [1, 7]), vec![rain]),
        (Filter::ne("missing", true), vec![rain, tea]),
        // What Chroma cannot say of such a row is left to the engine.
        (Filter::gt("n", 100), vec![rain, tea]),
        (Filter::exists("missing"), vec![rain, tea]),
    ] {
        assert_eq!(found(&collection, filter.clone()).await, due, "{filter}");
        assert_eq!(collection.count(Some(&alice()), &filter).await.unwrap(), due.len() as u64, "{filter}");
    }
    // Ours go beside them, in the order of ids.
    let ours = point(0, json!({"data": "mine", "user_id": "alice", "color": "red"}));
    collection.upsert(std::slice::from_ref(&ours)).await.unwrap();
    let page = collection.scroll(&ScrollQuery::new(None, 3)).await.unwrap();
    assert_eq!(page.iter().map(|point| point.id).collect::<Vec<_>>(), [ours.id, tea, rain]);
    let rest = collection.scroll(&ScrollQuery::new(None, 3).after(Some(rain))).await.unwrap();
    assert_eq!(rest.len(), 1);
    assert_eq!(found(&collection, Filter::eq("color", "red")).await, [ours.id, tea]);
    // Another model is refused from now on, and what was there is kept.
    let mut other = spec(&name);
    other.identity.model = "other".into();
    assert_eq!(server.store().open(&other).await.unwrap_err().kind(), ErrorKind::IdentityMismatch);
    other.identity.dims = 3;
    assert_eq!(server.store().open(&other).await.unwrap_err().kind(), ErrorKind::DimensionMismatch);
    assert_eq!(collection.delete(&Selector::Ids(vec![(tea, 1), (ours.id, 1)])).await.unwrap(), 2);
    assert_eq!(collection.delete(&Selector::Scope(alice())).await.unwrap(), 1);
    assert_eq!(collection.count(None, &Filter::All).await.unwrap(), 1);
    server.drop(&name).await;
}

#[tokio::test]
async fn both_ways_to_write_are_adopted() {
    let Some(server) = Server::find() else { return };
    let name = name();
    let collection = server.open(&name).await;
    let ours = point(1, json!({"data": "ours", "user_id": "alice", "list": [1, null]}));
    collection.upsert(std::slice::from_ref(&ours)).await.unwrap();
    let made = server.raw("", &json!({"name": name, "get_or_create": true})).await;
    let theirs = json!({"data": "theirs", "user_id": "alice"});
    let add = json!({"ids": ["their own"], "embeddings": [[0.0, 1.0]], "metadatas": [theirs]});
    server.raw(&format!("/{}/add", made["id"].as_str().unwrap()), &add).await;
    let config = |name: &str| {
        let config = json!({"url": server.url, "collection_name": name});
        ForeignRecords::new(&mem0_core::provider_config(config).unwrap()).unwrap()
    };
    let foreign = config(&name);
    let (mut points, mut from) = (Vec::new(), None);
    loop {
        let page = foreign.read(from.as_deref(), 1).await.unwrap();
        points.extend(page.points);
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    points.sort_by_key(|point| point.payload["data"].to_string());
    let seen: Vec<_> =
        points.iter().map(|point| (point.id.as_str(), &point.payload, point.vector.as_deref())).collect();
    let (id, theirs) = (ours.id.to_string(), object(theirs));
    let due = [(id.as_str(), &ours.payload, Some(&[1.0, 0.0][..])), ("their own", &theirs, Some(&[0.0, 1.0][..]))];
    assert_eq!(seen, due);
    assert_eq!(config("nobody_made_this").read(None, 1).await.unwrap_err().kind(), ErrorKind::NotFound);
    server.drop(&name).await;
}

/// A server gives the lists of a dropped collection to records of another one.
#[tokio::test]
async fn nothing_of_a_dropped_collection_is_left() {
    let Some(server) = Server::find() else { return };
    let (ours, theirs) = (name(), name());
    let collection = server.open(&ours).await;
    let many: Vec<_> = (0..50).map(|n| point(n, json!({"data": "x", "user_id": "alice", "color": "red"}))).collect();
    collection.upsert(&many).await.unwrap();
    server.drop(&ours).await;
    let made = server.raw("", &json!({"name": theirs, "get_or_create": true})).await;
    let path = |what: &str| format!("/{}/{what}", made["id"].as_str().unwrap());
    let ids: Vec<_> = many.iter().map(|point| point.id.to_string()).collect();
    let rows = vec![json!({"data": "y", "user_id": "alice", "color": "blue"}); 50];
    let all = json!({"ids": ids, "embeddings": vec![[1.0, 0.0]; 50], "metadatas": rows});
    server.raw(&path("add"), &all).await;
    let collection = server.open(&theirs).await;
    assert_eq!(found(&collection, Filter::eq("color", "red")).await, []);
    assert_eq!(collection.count(None, &Filter::eq("color", "blue")).await.unwrap(), 50);
    server.drop(&theirs).await;
}

#[tokio::test]
async fn the_python_library_reads_and_changes_what_is_ours() {
    let Some(server) = Server::find() else { return };
    let name = name();
    let collection = server.open(&name).await;
    let payload = json!({"data": "likes tea", "hash": "1", "user_id": "alice", "mood": "good", "categories": ["food"]});
    let old = point(7, payload);
    collection.upsert(std::slice::from_ref(&old)).await.unwrap();
    let made = server.raw("", &json!({"name": name, "get_or_create": true})).await;
    let path = |what: &str| format!("/{}/{what}", made["id"].as_str().unwrap());
    let wanted = json!({"where": {"user_id": "alice"}, "include": ["metadatas"]});
    let seen = server.raw(&path("get"), &wanted).await;
    assert_eq!(seen["ids"], json!([old.id.to_string()]));
    for key in ["data", "hash", "user_id", "mood"] {
        assert_eq!(seen["metadatas"][0][key], old.payload[key], "{key}");
    }
    // A field that went is gone for the Python library as well.
    let newer = Point { version: 2, payload: object(json!({"data": "likes tea", "user_id": "alice"})), ..old.clone() };
    collection.upsert(&[newer]).await.unwrap();
    let seen = server.raw(&path("get"), &wanted).await;
    assert_eq!((&seen["metadatas"][0]["mood"], &seen["metadatas"][0]["data"]), (&Value::Null, &json!("likes tea")));
    collection.upsert(&[Point { version: 3, ..old.clone() }]).await.unwrap();
    let change = json!({"data": "likes coffee", "hash": "2", "updated_at": "2026-03-01T10:00:00+00:00"});
    let update = json!({"ids": [old.id.to_string()], "embeddings": [[0.0, 1.0]], "metadatas": [change]});
    server.raw(&path("update"), &update).await;
    let read = collection.get(None, &[old.id]).await.unwrap().remove(0).unwrap();
    assert_eq!((&read.payload["data"], &read.payload["categories"]), (&json!("likes coffee"), &json!(["food"])));
    assert_eq!((read.vector, read.version), (vec![0.0, 1.0], 3));
    server.drop(&name).await;
}

#[tokio::test]
async fn lists_of_thousands_can_be_asked_for() {
    let Some(server) = Server::find() else { return };
    let name = name();
    let collection = server.open(&name).await;
    let ids: Vec<_> = (0..10_000).map(|n| format!("m{n}")).collect();
    let long = point(1, json!({"data": "long", "user_id": "alice", "sources": ids}));
    let short = point(2, json!({"data": "short", "user_id": "alice", "sources": ["m7"]}));
    collection.upsert(&[long.clone(), short.clone()]).await.unwrap();
    for (filter, due) in [
        (Filter::eq("sources", "m7"), vec![long.id, short.id]),
        (Filter::eq("sources", "m9999"), vec![long.id]),
        (Filter::ne("sources", "m9999"), vec![short.id]),
        (Filter::eq("sources", "m10000"), vec![]),
        (Filter::eq("data", "long"), vec![long.id]),
        (Filter::is_null("sources"), vec![]),
    ] {
        assert_eq!(found(&collection, filter.clone()).await, due, "{filter}");
    }
    // And no more once it is short.
    let now = Point { version: 2, payload: short.payload.clone(), ..long.clone() };
    collection.upsert(std::slice::from_ref(&now)).await.unwrap();
    assert_eq!(found(&collection, Filter::eq("sources", "m9999")).await, []);
    assert_eq!(collection.get(None, &[long.id]).await.unwrap(), [Some(now)]);
    server.drop(&name).await;
}

#[tokio::test]
async fn an_old_handle_finds_nothing() {
    let Some(server) = Server::find() else { return };
    let name = name();
    let old = server.open(&name).await;
    server.drop(&name).await;
    let new = server.open(&name).await;
    let refused = old.upsert(&[point(1, json!({"user_id": "alice"}))]).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::NotFound);
    assert_eq!(new.count(None, &Filter::All).await.unwrap(), 0);
    server.drop(&name).await;
}
