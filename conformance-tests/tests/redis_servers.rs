//! What the suite does not ask of Redis and Valkey: users and passwords, lost
//! connections, lost indexes, old layouts, the layout that is shared with the Python
//! library, old handles, other kinds of index, quantised vector sets.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test stops at the first error")]

mod stores;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use conformance_tests::settings::is_required;
use conformance_tests::{Setup, server};
use libtest_mimic::{Arguments, Trial};
use mem0_core::{
    CollectionSpec, ErrorKind, Filter, Point, Scope, ScrollQuery, Secret, Selector, TextQuery, VectorQuery, VectorStore,
};
use mem0_stores::vector::redis::{IndexType, Layout, Mode, Quantisation, RedisVectorConfig, RedisVectorStore};
use serde_json::json;
use stores::{alice, finds_exactly, is_not_found, nearest, spec};
use uuid::Uuid;

#[derive(Clone)]
struct Server {
    name: &'static str,
    url: String,
    mode: Mode,
    layout: Layout,
}

impl Server {
    fn config(&self) -> RedisVectorConfig {
        RedisVectorConfig::default().with_url(&self.url).with_mode(self.mode).with_layout(self.layout)
    }

    fn store(&self, config: RedisVectorConfig) -> RedisVectorStore {
        let make = if self.name.starts_with("valkey") { RedisVectorStore::valkey } else { RedisVectorStore::redis };
        make(config).unwrap()
    }

    fn searching(&self, mode: Mode) -> Self {
        Self { mode, ..self.clone() }
    }

    fn shared(&self) -> Self {
        let name = if self.name == "valkey" { "valkey_mem0ai" } else { "redis_mem0ai" };
        Self { name, layout: Layout::Mem0ai, ..self.clone() }
    }

    /// The base of a collection's keys.
    async fn base(&self, spec: &CollectionSpec) -> String {
        let meta = format!("mem0:{{{}}}", spec.name);
        let redis::Value::BulkString(generation) = self.raw(&["HGET", &meta, "generation"]).await else { panic!() };
        format!("{meta}:{}", String::from_utf8(generation).unwrap())
    }

    async fn raw(&self, words: &[&str]) -> redis::Value {
        let client = redis::Client::open(self.url.as_str()).unwrap();
        let patient = redis::AsyncConnectionConfig::new().set_response_timeout(Some(Duration::from_secs(60)));
        let mut connection = client.get_multiplexed_async_connection_with_config(&patient).await.unwrap();
        redis::cmd(words[0]).arg(&words[1..]).query_async(&mut connection).await.unwrap()
    }
}

fn points(count: usize) -> Vec<Point> {
    stores::points(count, "n", |n| json!(n))
}

async fn all_who_create_at_once_get_the_same_collection(server: Server) {
    let store = || Arc::new(server.store(server.config())) as Arc<dyn VectorStore>;
    stores::all_who_create_at_once_get_the_same_collection(store, points(16)).await;
}

async fn an_old_handle_cannot_touch_what_came_after_a_drop(server: Server) {
    let (store, spec) = (server.store(server.config()), spec());
    let old = store.open(&spec).await.unwrap();
    let points = points(3);
    old.upsert(&points).await.unwrap();
    store.drop_collection(&spec.name).await.unwrap();
    let new = store.open(&spec).await.unwrap();
    is_not_found(&old, &points).await;
    assert_eq!(new.count(None, &Filter::All).await.unwrap(), 0);
    store.drop_collection(&spec.name).await.unwrap();
    let left = server.raw(&["KEYS", &format!("*{}*", spec.name)]).await;
    assert_eq!(left, redis::Value::Array(vec![]), "keys that a drop left");
}

async fn a_lost_index_is_made_again(server: Server) {
    let (store, spec) = (server.store(server.config()), spec());
    let points = points(3_000);
    store.open(&spec).await.unwrap().upsert(&points).await.unwrap();
    server.raw(&["FT.DROPINDEX", &format!("{}:index", server.base(&spec).await)]).await;
    let collection = store.open(&spec).await.unwrap();
    assert_eq!(collection.count(Some(&alice()), &Filter::All).await.unwrap(), 3_000);
    assert_eq!(nearest(&collection, &points[2_999].vector, 1).await, [points[2_999].id]);
    store.drop_collection(&spec.name).await.unwrap();
}

async fn the_first_layout_gets_its_words(server: Server) {
    let (store, spec) = (server.store(server.config()), spec());
    let mut points = points(700);
    for (n, point) in points.iter_mut().enumerate() {
        let text = if n % 7 == 0 { "green tea" } else { "black coffee" };
        point.payload.insert("data".to_owned(), json!(text));
    }
    store.open(&spec).await.unwrap().upsert(&points).await.unwrap();
    let base = server.base(&spec).await;
    let forget = "local gone = 0
        for _, key in ipairs(redis.call('KEYS', ARGV[1])) do gone = gone + redis.call('HDEL', key, 'words') end
        return gone";
    let gone = server.raw(&["EVAL", forget, "0", &format!("{base}:point:*")]).await;
    assert_eq!(gone, redis::Value::Int(700));
    server.raw(&["HSET", &format!("mem0:{{{}}}", spec.name), "layout", "1"]).await;
    let collection = store.open(&spec).await.unwrap();
    let found = collection.search_text(&[TextQuery::new(alice(), "TEA", 1_000)]).await.unwrap();
    assert_eq!(found[0].len(), 100);
    assert_eq!(store.open(&spec).await.unwrap().count(None, &Filter::All).await.unwrap(), 700);
    store.drop_collection(&spec.name).await.unwrap();
}

async fn every_kind_of_index_finds_the_nearest(server: Server) {
    let points = points(2_000);
    for (index_type, exact_up_to) in [(IndexType::Flat, 0), (IndexType::Flat, 9_999), (IndexType::Hnsw, 9_999)] {
        let config = server.config().with_index_type(index_type).with_exact_up_to(exact_up_to);
        let (store, spec) = (server.store(config), spec());
        let collection = store.open(&spec).await.unwrap();
        collection.upsert(&points).await.unwrap();
        finds_exactly(&collection, &points, 100, &format!("{index_type:?}")).await;
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
    server.raw(&["ACL", "SETUSER", &user, "-ft.search", "-evalsha"]).await;
    let error = collection.count(Some(&alice()), &Filter::All).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
    server.store(server.config()).drop_collection(&spec.name).await.unwrap();
    server.raw(&["ACL", "DELUSER", &user]).await;
}

async fn vector_sets_find_the_nearest(server: Server) {
    let points = points(2_000);
    // How many of the ten nearest have to be found, in ten thousandths.
    for (quantisation, exact_up_to, least) in [
        (Quantisation::None, 9_999, 10_000),
        (Quantisation::None, 0, 9_500),
        (Quantisation::Q8, 9_999, 9_900),
        (Quantisation::Q8, 0, 9_500),
        (Quantisation::Bin, 9_999, 4_000),
    ] {
        let config = server.config().with_quantisation(quantisation).with_exact_up_to(exact_up_to);
        let (store, spec) = (server.store(config), spec());
        let collection = store.open(&spec).await.unwrap();
        collection.upsert(&points).await.unwrap();
        let (mut found, mut due) = (0, 0);
        for asked in points.iter().step_by(50) {
            let cosine = |point: &Point| point.vector.iter().zip(&asked.vector).map(|(a, b)| a * b).sum::<f32>();
            let mut all: Vec<_> = points.iter().map(|point| (cosine(point), point.id)).collect();
            all.sort_by(|a, b| b.0.total_cmp(&a.0));
            let hits = &collection.search(&[VectorQuery::new(alice(), asked.vector.clone(), 10)]).await.unwrap()[0];
            for hit in hits {
                let (exact, _) = all.iter().find(|(_, id)| *id == hit.id).unwrap();
                assert!((hit.raw - exact).abs() < 1e-5, "{quantisation:?}: {} is {exact}", hit.raw);
            }
            due += 10;
            found += all.iter().take(10).filter(|(_, id)| hits.iter().any(|hit| hit.id == *id)).count();
        }
        let share = found * 10_000 / due;
        assert!(share >= least, "{quantisation:?} to {exact_up_to}: {share} of {least} ten thousandths");
        store.drop_collection(&spec.name).await.unwrap();
    }
}

async fn a_graph_goes_on_until_a_filter_has_enough(server: Server) {
    let (store, spec) = (server.store(server.config().with_exact_up_to(0)), spec());
    let collection = store.open(&spec).await.unwrap();
    let points = points(2_000);
    collection.upsert(&points).await.unwrap();
    let filter = Filter::is_in("n", [3, 700, 1_500, 1_999]);
    let query = VectorQuery::new(alice(), points[0].vector.clone(), 10).with_filter(filter);
    assert_eq!(collection.search(&[query]).await.unwrap()[0].len(), 4);
    store.drop_collection(&spec.name).await.unwrap();
}

async fn a_point_that_moves_leaves_its_owner(server: Server) {
    let (store, spec) = (server.store(server.config()), spec());
    let collection = store.open(&spec).await.unwrap();
    let bot = Scope::agent("bot").unwrap();
    let both = alice().with_agent("bot").unwrap();
    let mut points = points(1);
    points[0].scope = both.clone();
    let query = |scope: &Scope| VectorQuery::new(scope.clone(), points[0].vector.clone(), 9);
    let queries = [query(&alice()), query(&bot), query(&both)];
    let seen = async || collection.search(&queries).await.unwrap().iter().map(Vec::len).collect::<Vec<_>>();
    collection.upsert(&points).await.unwrap();
    assert_eq!(seen().await, [1, 1, 1]);
    let moved = Point { version: 2, scope: bot.clone(), ..points[0].clone() };
    collection.upsert(&[moved]).await.unwrap();
    assert_eq!(seen().await, [0, 1, 0]);
    assert_eq!(collection.delete(&Selector::Scope(alice())).await.unwrap(), 0);
    assert_eq!(collection.delete(&Selector::Scope(bot.clone())).await.unwrap(), 1);
    assert_eq!(seen().await, [0, 0, 0]);
    let left = server.raw(&["KEYS", &format!("*{}*:near:*", spec.name)]).await;
    assert_eq!(left, redis::Value::Array(vec![]), "sets of nobody");
    store.drop_collection(&spec.name).await.unwrap();
}

/// A point of the layout that is shared as the Python library rewrites it, and
/// what is seen of that here.
async fn what_the_library_changes_is_seen(server: Server) {
    let (store, spec) = (server.store(server.config()), spec());
    let collection = store.open(&spec).await.unwrap();
    let mut points = points(4);
    for point in &mut points {
        point.version = 5;
        point.payload.insert("data".to_owned(), json!("likes tea"));
        point.payload.insert("created_at".to_owned(), json!("2023-11-14T22:13:20.123456Z"));
    }
    collection.upsert(&points).await.unwrap();
    let key = |n: usize| format!("mem0:{}:{}", spec.name, points[n].id);
    // As it updates, with the nearness of another point; as it deletes; and as it
    // writes what only it knows of.
    let bytes: Vec<u8> = points[3].vector.iter().flat_map(|x| x.to_le_bytes()).collect();
    let client = redis::Client::open(server.url.as_str()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let fields =
        [("memory", "likes coffee"), ("hash", "h"), ("created_at", "1700000000"), ("updated_at", "1700000060")];
    let mut update = redis::cmd("HSET");
    update.arg(key(0)).arg(&fields).arg("metadata").arg(r#"{"n": 7}"#).arg("embedding").arg(&bytes);
    update.query_async::<()>(&mut connection).await.unwrap();
    server.raw(&["DEL", &key(1)]).await;
    let stranger = format!("mem0:{}:{}", spec.name, Uuid::new_v4());
    server.raw(&["HSET", &stranger, "memory_id", "x", "memory", "new", "user_id", "alice"]).await;

    let seen = collection.get(None, &[points[0].id]).await.unwrap()[0].clone().unwrap();
    assert_eq!((seen.version, &seen.scope, &seen.vector), (5, &points[0].scope, &points[3].vector));
    let due = json!({"data": "likes coffee", "hash": "h", "created_at": "2023-11-14T22:13:20.123456Z",
        "updated_at": "2023-11-14T22:14:20.000000Z", "n": 7});
    assert_eq!(serde_json::Value::Object(seen.payload), due);
    let (first, last) = (points[0].id.min(points[3].id), points[0].id.max(points[3].id));
    assert_eq!(nearest(&collection, &points[3].vector, 2).await, [first, last]);
    assert_eq!(collection.get(None, &[points[1].id]).await.unwrap(), [None]);
    let everything = ScrollQuery::new(None, 9);
    assert_eq!(collection.scroll(&everything).await.unwrap().len(), 3);
    for scope in [None, Some(&alice())] {
        assert_eq!(collection.count(scope, &Filter::All).await.unwrap(), 3);
    }
    // What comes too late stays refused, also for what was deleted there.
    let late: Vec<Point> = points[..2].iter().map(|point| Point { version: 4, ..point.clone() }).collect();
    collection.upsert(&late).await.unwrap();
    assert_eq!(collection.get(None, &[points[1].id]).await.unwrap(), [None]);
    assert_eq!(collection.get(None, &[points[0].id]).await.unwrap()[0].as_ref().unwrap().version, 5);
    // Written again it is as it was, with nothing of the change.
    collection.upsert(&points[..2]).await.unwrap();
    let again: Vec<Option<Point>> = points[..2].iter().cloned().map(Some).collect();
    assert_eq!(collection.get(None, &[points[0].id, points[1].id]).await.unwrap(), again);
    // What only the library wrote outlives a drop.
    store.drop_collection(&spec.name).await.unwrap();
    let left = server.raw(&["KEYS", &format!("*{}*", spec.name)]).await;
    assert_eq!(left, redis::Value::Array(vec![redis::Value::BulkString(stranger.clone().into_bytes())]));
    server.raw(&["DEL", &stranger]).await;
}

async fn another_layout_is_refused(server: Server) {
    let (spec, own) = (spec(), Server { layout: Layout::Own, ..server.clone() });
    for (first, second) in [(&server, &own), (&own, &server)] {
        first.store(first.config()).open(&spec).await.unwrap();
        let error = second.store(second.config()).open(&spec).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        second.store(second.config()).drop_collection(&spec.name).await.unwrap();
    }
}

async fn the_other_mode_is_refused(server: Server) {
    let (spec, other) = (spec(), server.searching(Mode::Search));
    for (first, second) in [(&server, &other), (&other, &server)] {
        first.store(first.config()).open(&spec).await.unwrap();
        let error = second.store(second.config()).open(&spec).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        second.store(second.config()).drop_collection(&spec.name).await.unwrap();
    }
    words_are_unsupported(&server, &spec).await;
}

async fn words_are_unsupported(server: &Server, spec: &CollectionSpec) {
    let store = server.store(server.config());
    let collection = store.open(spec).await.unwrap();
    let error = collection.search_text(&[TextQuery::new(alice(), "tea", 1)]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    store.drop_collection(&spec.name).await.unwrap();
}

async fn a_server_without_vector_sets_says_so(server: Server) {
    let server = server.searching(Mode::VectorSets);
    let error = server.store(server.config()).open(&spec()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("Redis 8"), "{error}");
}

fn trial<F: Future<Output = ()>>(
    server: &Result<Server, String>,
    name: &str,
    case: impl FnOnce(Server) -> F + Send + 'static,
) -> Trial {
    match server.clone() {
        Ok(server) => Trial::test(format!("{}_{name}", server.name), move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            runtime.block_on(case(server));
            Ok(())
        }),
        Err(reason) => Trial::test(format!("{name} ({reason})"), || Ok(())).with_ignored_flag(true),
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { panic!("no runtime") };
    let (mut trials, mut held) = (Vec::new(), Vec::new());
    for name in ["redis", "valkey"] {
        let setup = if arguments.list { Setup::Skip("only listed".into()) } else { runtime.block_on(server(name)) };
        let index = match setup {
            Setup::Ready(server) => {
                let url = server.url().to_owned();
                held.push(server);
                Ok(Server { name, url, mode: Mode::Search, layout: Layout::Own })
            }
            Setup::Skip(reason) => {
                assert!(arguments.list || !is_required(name), "MEM0_REQUIRE names {name}: {reason}");
                Err(format!("{name}: {reason}"))
            }
        };
        trials.extend([
            trial(&index, "all_who_create_at_once_get_the_same", all_who_create_at_once_get_the_same_collection),
            trial(&index, "an_old_handle_cannot_touch_what_is_new", an_old_handle_cannot_touch_what_came_after_a_drop),
            trial(&index, "a_lost_index_is_made_again", a_lost_index_is_made_again),
            trial(&index, "the_first_layout_gets_its_words", the_first_layout_gets_its_words),
            trial(&index, "every_kind_of_index_finds_the_nearest", every_kind_of_index_finds_the_nearest),
            trial(&index, "users_passwords_and_lost_connections", users_passwords_and_lost_connections),
        ]);
        let shared = index.clone().map(|server| server.shared());
        trials.extend([
            trial(&shared, "all_who_create_at_once_get_the_same", all_who_create_at_once_get_the_same_collection),
            trial(&shared, "an_old_handle_cannot_touch_what_is_new", an_old_handle_cannot_touch_what_came_after_a_drop),
            trial(&shared, "a_lost_index_is_made_again", a_lost_index_is_made_again),
            trial(&shared, "what_the_library_changes_is_seen", what_the_library_changes_is_seen),
            trial(&shared, "another_layout_is_refused", another_layout_is_refused),
        ]);
        if name == "valkey" {
            trials.push(trial(&index, "a_server_without_vector_sets_says_so", a_server_without_vector_sets_says_so));
            continue;
        }
        let sets = index.map(|server| Server { name: "redis_sets", ..server.searching(Mode::VectorSets) });
        trials.extend([
            trial(&sets, "all_who_create_at_once_get_the_same", all_who_create_at_once_get_the_same_collection),
            trial(&sets, "an_old_handle_cannot_touch_what_is_new", an_old_handle_cannot_touch_what_came_after_a_drop),
            trial(&sets, "users_passwords_and_lost_connections", users_passwords_and_lost_connections),
            trial(&sets, "vector_sets_find_the_nearest", vector_sets_find_the_nearest),
            trial(&sets, "a_graph_goes_on_until_a_filter_has_enough", a_graph_goes_on_until_a_filter_has_enough),
            trial(&sets, "a_point_that_moves_leaves_its_owner", a_point_that_moves_leaves_its_owner),
            trial(&sets, "the_other_mode_is_refused", the_other_mode_is_refused),
        ]);
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    // Their containers end here.
    drop(held);
    conclusion.exit_code()
}
