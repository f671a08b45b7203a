//! What the suite does not ask of Elasticsearch and OpenSearch: who creates at
//! once, old handles, other kinds of index, other times of refresh, long
//! questions. On the servers at `MEM0_TEST_ELASTICSEARCH_URL` and
//! `MEM0_TEST_OPENSEARCH_URL`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test stops at the first error")]

mod stores;

use std::process::ExitCode;
use std::sync::Arc;

use conformance_tests::server_url;
use conformance_tests::settings::is_required;
use libtest_mimic::{Arguments, Trial};
use mem0_core::{ErrorKind, Filter, Point, Selector, TextQuery, VectorStore, provider_config};
use mem0_stores::vector::elasticsearch::ElasticsearchStore;
use mem0_stores::vector::opensearch::OpenSearchStore;
use serde_json::{Value, json};
use stores::{alice, finds_exactly, is_not_found, nearest, spec};

#[derive(Clone)]
struct Server {
    name: &'static str,
    url: String,
}

impl Server {
    fn store(&self, mut config: Value) -> Arc<dyn VectorStore> {
        config["url"] = json!(self.url);
        match self.name {
            "elasticsearch" => Arc::new(ElasticsearchStore::new(provider_config(config).unwrap()).unwrap()),
            _ => Arc::new(OpenSearchStore::new(provider_config(config).unwrap()).unwrap()),
        }
    }
}

fn points(count: usize) -> Vec<Point> {
    stores::points(count, "data", |n| json!(format!("w{n} tea")))
}

async fn all_who_create_at_once_get_the_same_collection(server: Server) {
    stores::all_who_create_at_once_get_the_same_collection(|| server.store(json!({})), points(8)).await;
}

async fn an_old_handle_cannot_touch_what_came_after_a_drop(server: Server) {
    let (store, spec) = (server.store(json!({})), spec());
    let old = store.open(&spec).await.unwrap();
    let points = points(3);
    old.upsert(&points).await.unwrap();
    store.drop_collection(&spec.name).await.unwrap();
    // Neither does a write of an old handle make an index anew.
    for again in [false, true] {
        let new = if again { Some(store.open(&spec).await.unwrap()) } else { None };
        is_not_found(&old, &points).await;
        let error = old.search_text(&[TextQuery::new(alice(), "tea", 3)]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
        if let Some(new) = new {
            assert_eq!(new.count(None, &Filter::All).await.unwrap(), 0);
        }
    }
    store.drop_collection(&spec.name).await.unwrap();
}

async fn every_kind_of_index_finds_the_nearest(server: Server) {
    let kinds = match server.name {
        "elasticsearch" => vec![json!({"index": "hnsw"}), json!({"index": "int8_hnsw"})],
        _ => vec![json!({"engine": "lucene"})],
    };
    let points = points(2_000);
    for mut kind in kinds {
        let spec = spec();
        kind["candidates"] = json!(2_000);
        let store = server.store(kind.clone());
        let collection = store.open(&spec).await.unwrap();
        collection.upsert(&points).await.unwrap();
        // As many candidates as there are points: a scan.
        finds_exactly(&collection, &points, 200, &kind.to_string()).await;
        // The graph: a point is nearest to itself, be the rest as near as it may.
        kind["candidates"] = json!(20);
        let collection = server.store(kind.clone()).open(&spec).await.unwrap();
        let mut found = 0;
        for asked in points.iter().step_by(20) {
            let hits = nearest(&collection, &asked.vector, 10).await;
            assert_eq!(hits.len(), 10);
            found += usize::from(hits[0] == asked.id);
        }
        assert!(found >= 90, "the graph of {kind} found {found} of 100 points themselves");
        store.drop_collection(&spec.name).await.unwrap();
    }
}

async fn what_is_not_refreshed_is_deleted_too(server: Server) {
    let (store, spec, points) = (server.store(json!({"refresh": "none"})), spec(), points(30));
    assert!(!store.capabilities().immediate);
    let collection = store.open(&spec).await.unwrap();
    collection.upsert(&points).await.unwrap();
    let ids: Vec<_> = points.iter().take(10).map(|point| (point.id, 1)).collect();
    assert_eq!(collection.delete(&Selector::Ids(ids)).await.unwrap(), 10);
    assert_eq!(collection.delete(&Selector::Scope(alice())).await.unwrap(), 20);
    // Who waits for the index sees what is left, and what was written by the way.
    let waiting = server.store(json!({"refresh": "wait_for"}));
    assert!(waiting.capabilities().immediate);
    let collection = waiting.open(&spec).await.unwrap();
    let late: Vec<_> = points.iter().take(1).map(|point| Point { version: 2, ..point.clone() }).collect();
    collection.upsert(&late).await.unwrap();
    assert_eq!(nearest(&collection, &points[0].vector, 99).await, [points[0].id]);
    assert_eq!(collection.count(None, &Filter::All).await.unwrap(), 1);
    store.drop_collection(&spec.name).await.unwrap();
}

async fn a_question_may_be_long(server: Server) {
    let (store, spec) = (server.store(json!({})), spec());
    let collection = store.open(&spec).await.unwrap();
    collection.upsert(&points(3)).await.unwrap();
    for filler in [" x", "言", "é"] {
        let question = format!("tea {}", filler.repeat(20_000));
        let query = TextQuery::new(alice(), question, 5)
            .with_filter(Filter::is_in("data", (0..1_000).map(i64::from)).or(Filter::exists("data")));
        assert_eq!(collection.search_text(&[query]).await.unwrap()[0].len(), 3);
    }
    store.drop_collection(&spec.name).await.unwrap();
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
        Err(server) if is_required(server) => {
            Trial::test(format!("{server}_{name}"), move || Err(format!("MEM0_REQUIRE names {server}").into()))
        }
        Err(server) => Trial::test(format!("{server}_{name} (no server)"), || Ok(())).with_ignored_flag(true),
    }
}

fn main() -> ExitCode {
    let mut trials = Vec::new();
    for name in ["elasticsearch", "opensearch"] {
        let server = server_url(name).map(|url| Server { name, url }).ok_or(name);
        trials.extend([
            trial(&server, "all_who_create_at_once_get_the_same", all_who_create_at_once_get_the_same_collection),
            trial(&server, "an_old_handle_cannot_touch_what_is_new", an_old_handle_cannot_touch_what_came_after_a_drop),
            trial(&server, "every_kind_of_index_finds_the_nearest", every_kind_of_index_finds_the_nearest),
            trial(&server, "what_is_not_refreshed_is_deleted_too", what_is_not_refreshed_is_deleted_too),
            trial(&server, "a_question_may_be_long", a_question_may_be_long),
        ]);
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
