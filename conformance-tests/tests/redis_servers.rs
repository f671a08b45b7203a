//! What the suite does not ask of Redis and Valkey: users and passwords, lost
//! connections, lost indexes, old handles, other kinds of index. On the servers
//! at `MEM0_TEST_REDIS_URL` and `MEM0_TEST_VALKEY_URL`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test stops at the first error")]

use std::process::ExitCode;
use std::sync::Arc;

use conformance_tests::server_url;
use conformance_tests::settings::rng;
use libtest_mimic::{Arguments, Trial};
use mem0_core::{
    CollectionSpec, EmbedderIdentity, ErrorKind, Filter, MemoryId, Payload, Point, Scope, Secret, Selector,
    VectorCollection, VectorQuery, VectorStore,
};
use mem0_stores::vector::redis::{IndexType, RedisVectorConfig, RedisVectorStore};
use serde_json::json;
use uuid::Uuid;

const DIMS: usize = 8;

#[derive(Clone)]
struct Server {
    name: &'static str,
    url: String,
}

impl Server {
    fn config(&self) -> RedisVectorConfig {
        RedisVectorConfig::default().with_url(&self.url)
    }

    fn store(&self, config: RedisVectorConfig) -> RedisVectorStore {
        let make = if self.name == "valkey" { RedisVectorStore::valkey } else { RedisVectorStore::redis };
        make(config).unwrap()
    }

    async fn raw(&self, words: &[&str]) -> redis::Value {
        let client = redis::Client::open(self.url.as_str()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        redis::cmd(words[0]).arg(&words[1..]).query_async(&mut connection).await.unwrap()
    }
}

fn spec() -> CollectionSpec {
    let identity = EmbedderIdentity { model: "test/model".into(), dims: DIMS, digest: "d".into() };
    CollectionSpec::new(format!("mem0_{}", Uuid::new_v4().simple()), identity)
}

fn alice() -> Scope {
    Scope::user("alice").unwrap()
}

fn points(count: usize) -> Vec<Point> {
    let mut rng = rng(77);
    let payload = |n: usize| Payload::from_iter([("n".to_owned(), json!(n))]);
    let point = |n| Point { id: rng.id(), version: 1, scope: alice(), vector: rng.unit(DIMS), payload: payload(n) };
    (0..count).map(point).collect()
}

async fn nearest(collection: &Arc<dyn VectorCollection>, vector: &[f32], limit: usize) -> Vec<MemoryId> {
    let query = VectorQuery::new(alice(), vector.to_vec(), limit);
    collection.search(&[query]).await.unwrap()[0].iter().map(|hit| hit.id).collect()
}

async fn all_who_create_at_once_get_the_same_collection(server: Server) {
    let spec = spec();
    let tasks: Vec<_> = points(16)
        .into_iter()
        .map(|point| {
            let (store, spec) = (server.store(server.config()), spec.clone());
            tokio::spawn(async move {
                let collection = store.open(&spec).await.unwrap();
                collection.upsert(&[point]).await.unwrap();
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let store = server.store(server.config());
    let collection = store.open(&spec).await.unwrap();
    assert_eq!(collection.count(None, &Filter::All).await.unwrap(), 16);
    assert_eq!(collection.count(Some(&alice()), &Filter::All).await.unwrap(), 16);
    store.drop_collection(&spec.name).await.unwrap();
}

async fn an_old_handle_cannot_touch_what_came_after_a_drop(server: Server) {
    let (store, spec) = (server.store(server.config()), spec());
    let old = store.open(&spec).await.unwrap();
    let points = points(3);
    old.upsert(&points).await.unwrap();
    store.drop_collection(&spec.name).await.unwrap();
    let new = store.open(&spec).await.unwrap();
    let ids: Vec<_> = points.iter().map(|point| (point.id, 1)).collect();
    let query = VectorQuery::new(alice(), points[0].vector.clone(), 3);
    let errors = [
        old.upsert(&points).await.unwrap_err(),
        old.get(None, &[points[0].id]).await.unwrap_err(),
        old.search(&[query]).await.unwrap_err(),
        old.count(Some(&alice()), &Filter::All).await.unwrap_err(),
        old.delete(&Selector::Ids(ids)).await.unwrap_err(),
        old.delete(&Selector::Scope(alice())).await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    }
    assert_eq!(new.count(None, &Filter::All).await.unwrap(), 0);
    store.drop_collection(&spec.name).await.unwrap();
    let left = server.raw(&["KEYS", &format!("*{}*", spec.name)]).await;
    assert_eq!(left, redis::Value::Array(vec![]), "keys that a drop left");
}

async fn a_lost_index_is_made_again(server: Server) {
    let (store, spec) = (server.store(server.config()), spec());
    let points = points(3_000);
    store.open(&spec).await.unwrap().upsert(&points).await.unwrap();
    let meta = format!("mem0:{{{}}}", spec.name);
    let redis::Value::BulkString(generation) = server.raw(&["HGET", &meta, "generation"]).await else { panic!() };
    let index = format!("{meta}:{}:index", String::from_utf8(generation).unwrap());
    server.raw(&["FT.DROPINDEX", &index]).await;
    let collection = store.open(&spec).await.unwrap();
    assert_eq!(collection.count(Some(&alice()), &Filter::All).await.unwrap(), 3_000);
    assert_eq!(nearest(&collection, &points[2_999].vector, 1).await, [points[2_999].id]);
    store.drop_collection(&spec.name).await.unwrap();
}

async fn every_kind_of_index_finds_the_nearest(server: Server) {
    let points = points(2_000);
    for (index_type, exact_up_to) in [(IndexType::Flat, 0), (IndexType::Flat, 9_999), (IndexType::Hnsw, 9_999)] {
        let config = server.config().with_index_type(index_type).with_exact_up_to(exact_up_to);
        let (store, spec) = (server.store(config), spec());
        let collection = store.open(&spec).await.unwrap();
        collection.upsert(&points).await.unwrap();
        for asked in points.iter().step_by(100) {
            let cosine = |point: &Point| point.vector.iter().zip(&asked.vector).map(|(a, b)| a * b).sum::<f32>();
            let mut due: Vec<_> = points.iter().map(|point| (cosine(point), point.id)).collect();
            due.sort_by(|a, b| b.0.total_cmp(&a.0));
            let due: Vec<_> = due.iter().take(10).map(|(_, id)| *id).collect();
            assert_eq!(nearest(&collection, &asked.vector, 10).await, due, "{index_type:?}");
        }
        store.drop_collection(&spec.name).await.unwrap();
    }
    // The graph: a point is nearest to itself, be the rest as near as it may.
    let (store, spec) = (server.store(server.config().with_exact_up_to(0)), spec());
    let collection = store.open(&spec).await.unwrap();
    collection.upsert(&points).await.unwrap();
    let mut found = 0;
    for asked in points.iter().step_by(20) {
        let hits = nearest(&collection, &asked.vector, 10).await;
        assert_eq!(hits.len(), 10);
        found += usize::from(hits[0] == asked.id);
    }
    assert!(found >= 90, "the graph found {found} of 100 points themselves");
    store.drop_collection(&spec.name).await.unwrap();
}

async fn users_passwords_and_lost_connections(server: Server) {
    let user = format!("mem0-{}", Uuid::new_v4().simple());
    server.raw(&["ACL", "SETUSER", &user, "on", ">right", "~*", "+@all"]).await;
    let with = |password: &str| {
        let mut config = server.config();
        config.username = Some(user.clone());
        config.password = Some(Secret::new(password));
        server.store(config)
    };
    let (spec, points) = (spec(), points(5));
    let error = with("wrong").open(&spec).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error}");
    let store = with("right");
    let collection = store.open(&spec).await.unwrap();
    collection.upsert(&points).await.unwrap();
    // The connection is cut: the call that notices may fail, and the ones after
    // it work, also when the server has forgotten the scripts.
    server.raw(&["CLIENT", "KILL", "USER", &user]).await;
    server.raw(&["SCRIPT", "FLUSH"]).await;
    if let Err(error) = collection.upsert(&points).await {
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        collection.upsert(&points).await.unwrap();
    }
    assert_eq!(nearest(&collection, &points[0].vector, 5).await.len(), 5);
    server.raw(&["ACL", "SETUSER", &user, "-ft.search"]).await;
    let error = collection.count(Some(&alice()), &Filter::All).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
    store.drop_collection(&spec.name).await.unwrap();
    server.raw(&["ACL", "DELUSER", &user]).await;
}

fn trial<F: Future<Output = ()>>(
    server: &Result<Server, &'static str>,
    name: &str,
    case: impl FnOnce(Server) -> F + Send + 'static,
) -> Trial {
    match server.clone() {
        Ok(server) => Trial::test(format!("{}_{name}", server.name), move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            runtime.block_on(case(server));
            Ok(())
        }),
        Err(server) => Trial::test(format!("{server}_{name} (no server)"), || Ok(())).with_ignored_flag(true),
    }
}

fn main() -> ExitCode {
    let mut trials = Vec::new();
    for name in ["redis", "valkey"] {
        let server = server_url(name).map(|url| Server { name, url }).ok_or(name);
        trials.extend([
            trial(&server, "all_who_create_at_once_get_the_same", all_who_create_at_once_get_the_same_collection),
            trial(&server, "an_old_handle_cannot_touch_what_is_new", an_old_handle_cannot_touch_what_came_after_a_drop),
            trial(&server, "a_lost_index_is_made_again", a_lost_index_is_made_again),
            trial(&server, "every_kind_of_index_finds_the_nearest", every_kind_of_index_finds_the_nearest),
            trial(&server, "users_passwords_and_lost_connections", users_passwords_and_lost_connections),
        ]);
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
