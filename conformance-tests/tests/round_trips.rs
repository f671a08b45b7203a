//! No store asks its server more than once for a search, for a batch of them,
//! or for a write within the server's limit. Counted by a proxy, on the server
//! that each backend's suite has too.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test stops at the first error")]

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use conformance_tests::proxy::CountingProxy;
use conformance_tests::settings::{is_required, rng};
use conformance_tests::{Setup, server};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use mem0_core::{
    CollectionSpec, EmbedderIdentity, Filter, Payload, Point, Scope, Selector, TextQuery, VectorQuery, VectorStore,
};
use serde_json::json;
use uuid::Uuid;

type Connect = fn(&str) -> Arc<dyn VectorStore>;

/// The backends: how to name the case, whose server it is, and a store at an
/// address.
const BACKENDS: &[(&str, &str, Connect)] = &[
    #[cfg(feature = "pgvector")]
    ("pgvector", "pgvector", pgvector),
    #[cfg(feature = "redis")]
    ("redis", "redis", |url| redis(url, mem0_stores::vector::redis::Mode::Search)),
    #[cfg(feature = "redis")]
    ("redis_sets", "redis", |url| redis(url, mem0_stores::vector::redis::Mode::VectorSets)),
];

#[cfg(feature = "pgvector")]
fn pgvector(url: &str) -> Arc<dyn VectorStore> {
    use mem0_stores::vector::pgvector::{PgvectorConfig, PgvectorStore};
    Arc::new(PgvectorStore::new(PgvectorConfig::default().with_connection_string(url)).unwrap())
}

#[cfg(feature = "redis")]
fn redis(url: &str, mode: mem0_stores::vector::redis::Mode) -> Arc<dyn VectorStore> {
    use mem0_stores::vector::redis::{RedisVectorConfig, RedisVectorStore};
    Arc::new(RedisVectorStore::redis(RedisVectorConfig::default().with_url(url).with_mode(mode)).unwrap())
}

/// The address with its host and port, and how it looks with others.
fn through(url: &str, other: SocketAddr) -> (String, String) {
    let start = url.find("://").map_or(0, |at| at + 3);
    let end = url[start..].find('/').map_or(url.len(), |at| start + at);
    let start = url[start..end].rfind('@').map_or(start, |at| start + at + 1);
    (url[start..end].to_owned(), format!("{}{other}{}", &url[..start], &url[end..]))
}

const DIMS: usize = 8;

fn points(count: usize) -> Vec<Point> {
    let mut rng = rng(5);
    // Texts of different lengths: where many are as good as the last one within
    // the limit, the server may be asked for more.
    let text = |n: usize| format!("note number {n}{}", " more".repeat(n));
    let payload = |n: usize| Payload::from_iter([("data".to_owned(), json!(text(n)))]);
    let scope = Scope::user("alice").unwrap();
    let point =
        |n| Point { id: rng.id(), version: 1, scope: scope.clone(), vector: rng.unit(DIMS), payload: payload(n) };
    (0..count).map(point).collect()
}

async fn one_trip_each(server: &str, connect: Connect) {
    let (place, _) = through(server, SocketAddr::from(([127, 0, 0, 1], 0)));
    let proxy = CountingProxy::before(place).await.unwrap();
    let store = connect(&through(server, proxy.address()).1);
    let identity = EmbedderIdentity { model: "test/model".into(), dims: DIMS, digest: "d".into() };
    let name = format!("mem0_{}", Uuid::new_v4().simple());
    let collection = store.open(&CollectionSpec::new(name, identity)).await.unwrap();
    let (points, alice) = (points(100), Scope::user("alice").unwrap());
    let near: Vec<_> = points.iter().take(10).map(|p| VectorQuery::new(alice.clone(), p.vector.clone(), 10)).collect();
    let words: Vec<_> = (0..10).map(|n| TextQuery::new(alice.clone(), format!("number {n}"), 10)).collect();
    let ids: Vec<_> = points.iter().map(|point| (point.id, 1)).collect();
    // What a connection asks once: scripts, statements, types.
    collection.upsert(&points).await.unwrap();
    collection.search(&near).await.unwrap();
    collection.search(&near[..1]).await.unwrap();
    if store.capabilities().keyword {
        collection.search_text(&words).await.unwrap();
        collection.search_text(&words[..1]).await.unwrap();
    }
    collection.delete(&Selector::Ids(ids.clone())).await.unwrap();

    macro_rules! in_one_trip {
        ($what:literal, $call:expr) => {{
            let before = proxy.flights();
            let answer = $call.await.unwrap();
            assert_eq!(proxy.flights() - before, 1, $what);
            answer
        }};
    }
    let later: Vec<_> = points.iter().cloned().map(|point| Point { version: 2, ..point }).collect();
    in_one_trip!("a write of 100 points", collection.upsert(&later));
    assert_eq!(in_one_trip!("a search", collection.search(&near[..1]))[0].len(), 10);
    let filtered = near[0].clone().with_filter(Filter::exists("data"));
    assert_eq!(in_one_trip!("a search with a filter", collection.search(&[filtered]))[0].len(), 10);
    assert_eq!(in_one_trip!("a batch of searches", collection.search(&near)).len(), 10);
    if store.capabilities().keyword {
        assert_eq!(in_one_trip!("a search by words", collection.search_text(&words[..1]))[0].len(), 10);
        assert_eq!(in_one_trip!("a batch of searches by words", collection.search_text(&words)).len(), 10);
    }
    let ids: Vec<_> = ids.into_iter().map(|(id, _)| (id, 2)).collect();
    assert_eq!(in_one_trip!("a deletion of 100 points", collection.delete(&Selector::Ids(ids))), 100);
    store.drop_collection(&collection.spec().name).await.unwrap();
}

fn main() -> ExitCode {
    let trial = |(case, name, connect): &(&'static str, &'static str, Connect)| {
        let (name, connect) = (*name, *connect);
        Trial::ignorable_test(*case, move || {
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(async {
                match server(name).await {
                    Setup::Ready(server) => {
                        one_trip_each(server.url(), connect).await;
                        Ok(Completion::Completed)
                    }
                    Setup::Skip(reason) if is_required(name) => Err(Failed::from(reason)),
                    Setup::Skip(reason) => Ok(Completion::ignored_with(reason)),
                }
            })
        })
    };
    libtest_mimic::run(&Arguments::from_args(), BACKENDS.iter().map(trial).collect()).exit_code()
}
