//! What the suite does not ask of PostgreSQL: tables of older versions and of
//! other programs, every kind of index, large batches, languages, poolers. On
//! the server at `MEM0_TEST_PGVECTOR_URL`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test stops at the first error")]

use std::process::ExitCode;

use conformance_tests::backends::SupabaseHarness;
use conformance_tests::proxy::{Proxy, Seen};
use conformance_tests::settings::{is_required, rng};
use conformance_tests::{Setup, VectorHarness, server_url};
use futures::future::join_all;
use libtest_mimic::{Arguments, Trial};
use mem0_core::{
    CollectionSpec, EmbedderIdentity, ErrorKind, Filter, ForeignCollection, MemoryId, Payload, Point, Scope, Selector,
    TextQuery, VectorCollection, VectorQuery, VectorStore,
};
use mem0_stores::vector::pgvector::{ForeignTable, IndexKind, PgvectorConfig, PgvectorStore, supabase};
use serde_json::{Value, json};
use uuid::Uuid;

const DIMS: usize = 8;

/// A server, and a schema of the case's own on it.
struct World {
    url: String,
    schema: String,
    raw: tokio_postgres::Client,
}

impl World {
    async fn new(url: String) -> Self {
        let (raw, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        Self { url, schema: format!("t_{}", Uuid::new_v4().simple()), raw }
    }

    fn config(&self) -> PgvectorConfig {
        PgvectorConfig::default().with_connection_string(&self.url).with_schema(&self.schema)
    }

    fn store(&self) -> PgvectorStore {
        PgvectorStore::new(self.config()).unwrap()
    }

    async fn sql(&self, text: &str) {
        self.raw.batch_execute(&text.replace("{s}", &self.schema)).await.unwrap();
    }
}

fn spec() -> CollectionSpec {
    CollectionSpec::new("mem0", EmbedderIdentity { model: "test/model".into(), dims: DIMS, digest: "d".into() })
}

fn alice() -> Scope {
    Scope::user("alice").unwrap()
}

fn payload(value: Value) -> Payload {
    let Value::Object(payload) = value else { unreachable!() };
    payload
}

fn points(count: usize) -> Vec<Point> {
    let mut rng = rng(78);
    let point = |n| {
        let payload = payload(json!({"data": format!("zorblat number{n}"), "n": n}));
        Point { id: rng.id(), version: 1, scope: alice(), vector: rng.unit(DIMS), payload }
    };
    (0..count).map(point).collect()
}

async fn found(collection: &dyn VectorCollection, text: &str) -> Vec<MemoryId> {
    let answers = collection.search_text(&[TextQuery::new(alice(), text, 10_000)]).await.unwrap();
    answers[0].iter().map(|hit| hit.id).collect()
}

async fn count(collection: &dyn VectorCollection) -> u64 {
    collection.count(None, &Filter::All).await.unwrap()
}

async fn a_table_of_an_older_version_gets_words_in_place(world: World) {
    let points = points(20);
    world.store().open(&spec()).await.unwrap().upsert(&points).await.unwrap();
    // As it was before there were words.
    world.sql("ALTER TABLE {s}.mem0 DROP COLUMN words; ALTER TABLE {s}.mem0_collections DROP COLUMN words").await;
    let stores: Vec<_> = (0..4).map(|_| world.store()).collect();
    let spec = spec();
    let opened = join_all(stores.iter().map(|store| store.open(&spec))).await;
    for collection in opened {
        let collection = collection.unwrap();
        assert_eq!(found(&*collection, "number7").await, [points[7].id]);
        assert_eq!(found(&*collection, "ZORBLAT").await.len(), 20);
        assert_eq!(count(&*collection).await, 20);
    }
    // One that was opened before goes on writing, without knowing of words.
    world.sql("INSERT INTO {s}.mem0 (id, version, user_id, vector, payload) SELECT gen_random_uuid(), 1, 'alice', vector, \
               '{\"data\": \"quimbo\"}' FROM {s}.mem0 LIMIT 1").await;
    assert_eq!(found(&*world.store().open(&spec).await.unwrap(), "quimbo").await.len(), 1);
}

async fn a_language_has_stems(world: World) {
    let mut config = world.config();
    config.text_search_config = "english".to_owned();
    let collection = PgvectorStore::new(config).unwrap().open(&spec()).await.unwrap();
    let mut point = points(1).remove(0);
    point.payload = payload(json!({"data": "She was running the marathons"}));
    collection.upsert(std::slice::from_ref(&point)).await.unwrap();
    assert_eq!(found(&*collection, "run").await, [point.id]);
    assert!(found(&*collection, "was the").await.is_empty(), "stop words are no words");
    // It is settled when the collection is made.
    assert_eq!(found(&*world.store().open(&spec()).await.unwrap(), "run").await, [point.id]);
    let mut unknown = world.config().with_schema(format!("{}_x", world.schema));
    unknown.text_search_config = "klingon".to_owned();
    let error = PgvectorStore::new(unknown).unwrap().open(&spec()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
}

async fn a_text_of_any_length_is_taken(world: World) {
    let collection = world.store().open(&spec()).await.unwrap();
    let mut point = points(1).remove(0);
    // More different words than a tsvector holds, in a script of four bytes a letter.
    let letters: Vec<char> = ('\u{10400}'..'\u{10428}').collect();
    let words = (0..120_000_usize).map(|n| {
        let letter = |place: u32| letters[n / 40_usize.pow(place) % 40];
        format!("{}{}-{}{}{}", letter(0), letter(1), letter(2), letter(3), letter(0))
    });
    point.payload = payload(json!({"data": format!("first {}", words.collect::<Vec<_>>().join(" "))}));
    collection.upsert(std::slice::from_ref(&point)).await.unwrap();
    assert_eq!(found(&*collection, "first").await, [point.id]);
}

async fn a_large_batch_is_whole_or_not_at_all(world: World) {
    let collection = world.store().open(&spec()).await.unwrap();
    world.sql("ALTER TABLE {s}.mem0 ADD CHECK (payload ->> 'n' <> '2400')").await;
    let mut points = points(2_500);
    // The last statement has the point that the server refuses.
    points.sort_unstable_by_key(|point| point.id);
    for (n, point) in points.iter_mut().enumerate() {
        point.payload.insert("n".to_owned(), json!(n));
    }
    collection.upsert(&points).await.unwrap_err();
    assert_eq!(count(&*collection).await, 0);
    points[2_400].payload.insert("n".to_owned(), json!(0));
    collection.upsert(&points).await.unwrap();
    assert_eq!(count(&*collection).await, 2_500);
}

async fn every_kind_of_index_finds_the_nearest(world: World) {
    let points = points(400);
    for (kind, half) in [
        (IndexKind::None, false),
        (IndexKind::Hnsw, false),
        (IndexKind::Hnsw, true),
        (IndexKind::Ivfflat, false),
        (IndexKind::Ivfflat, true),
    ] {
        let mut config = world.config().with_index(kind).with_exact_up_to(0);
        config.schema = format!("{}_{kind:?}_{half}", world.schema).to_lowercase();
        config.halfvec = Some(half);
        config.lists = 10;
        let store = PgvectorStore::new(config.clone()).unwrap();
        let collection = store.open(&spec()).await.unwrap();
        collection.upsert(&points).await.unwrap();
        // Lists are made around what is there.
        world.sql(&format!("REINDEX TABLE {}.mem0", config.schema)).await;
        let by = if kind == IndexKind::None { "gin".to_owned() } else { format!("{kind:?}").to_lowercase() };
        let made: i64 = world
            .raw
            .query_one(
                "SELECT count(*) FROM pg_indexes WHERE schemaname = $1 AND indexdef LIKE $2 AND indexdef LIKE $3",
                &[&config.schema, &format!("%USING {by} %"), &if half { "%halfvec%" } else { "%" }],
            )
            .await
            .unwrap()
            .get(0);
        assert_eq!(made, 1, "{kind:?} {half}");
        for limit in [1, 10, 300] {
            let queries: Vec<_> =
                points.iter().take(20).map(|point| VectorQuery::new(alice(), point.vector.clone(), limit)).collect();
            for (point, hits) in points.iter().zip(collection.search(&queries).await.unwrap()) {
                assert_eq!((hits.len(), hits[0].id), (limit, point.id), "{kind:?} {half}");
                assert!((hits[0].similarity - 1.0).abs() < 1e-3, "{kind:?} {half}: {}", hits[0].similarity);
            }
        }
        world.sql(&format!("DROP SCHEMA {} CASCADE", config.schema)).await;
    }
}

async fn nothing_is_left_on_a_connection_of_a_pooler(_: World) {
    let Setup::Ready(harness) = SupabaseHarness::start().await else { panic!("the server is there") };
    let mut config = harness.config();
    config.exact_up_to = 0;
    config.schema = format!("t_{}", Uuid::new_v4().simple());
    let store = supabase(config).unwrap();
    assert_eq!(store.name(), "supabase");
    let collection = store.open(&spec()).await.unwrap();
    let points = points(1_500);
    collection.upsert(&points).await.unwrap();
    let query = || VectorQuery::new(alice(), points[0].vector.clone(), 500);
    // More than the index looks at first: what makes it go on is in the statement.
    for _ in 0..8 {
        let hits = collection.search(&[query()]).await.unwrap();
        assert_eq!((hits[0].len(), hits[0][0].id), (500, points[0].id));
    }
    assert_eq!(found(&*collection, "number7").await, [points[7].id]);
    collection.get(None, &[points[3].id]).await.unwrap()[0].as_ref().unwrap();
    assert_eq!(collection.delete(&Selector::Ids(vec![(points[3].id, 1)])).await.unwrap(), 1);
    assert_eq!(collection.delete(&Selector::Scope(alice())).await.unwrap(), 1_499);
    store.drop_collection("mem0").await.unwrap();
    assert!(harness.pooler().transactions() > 12);
    assert_eq!(harness.pooler().kept(), 0);
}

/// Three searches, of which the second no longer counts the scope, and what the
/// server is sent for the third.
async fn third_search(config: PgvectorConfig, url: &str) -> Seen {
    let (proxy, url) = Proxy::in_front_of_url(url, 5432).await.unwrap();
    let collection = PgvectorStore::new(config.with_connection_string(url)).unwrap().open(&spec()).await.unwrap();
    let points = points(20);
    collection.upsert(&points).await.unwrap();
    for point in &points[..3] {
        proxy.forget();
        let hits = collection.search(&[VectorQuery::new(alice(), point.vector.clone(), 5)]).await.unwrap();
        assert_eq!((hits[0].len(), hits[0][0].id), (5, point.id));
    }
    proxy.seen()
}

async fn a_statement_is_sent_once_to_a_connection(world: World) {
    let seen = third_search(world.config(), &world.url).await;
    assert!(seen.has(b"alice") && !seen.has(b"SELECT"));
    let mut config = world.config();
    config.prepared_statements = Some(false);
    let seen = third_search(config, &world.url).await;
    assert!(seen.has(b"alice") && seen.has(b"SELECT") && !seen.has(b"count("));
}

async fn a_column_of_another_type_is_read_by_the_same_connection(world: World) {
    let mut config = world.config();
    config.maxconn = 1;
    let collection = PgvectorStore::new(config).unwrap().open(&spec()).await.unwrap();
    let point = points(1).remove(0);
    collection.upsert(std::slice::from_ref(&point)).await.unwrap();
    for change in ["SELECT", "SELECT", "ALTER TABLE {s}.mem0 ALTER COLUMN user_id TYPE varchar(99)", "SELECT"] {
        world.sql(change).await;
        assert_eq!(collection.get(None, &[point.id]).await.unwrap(), [Some(point.clone())], "{change}");
    }
}

async fn a_pooler_that_nobody_spoke_of_is_noticed(_: World) {
    let Setup::Ready(harness) = SupabaseHarness::start().await else { panic!("the server is there") };
    let mut config = harness.config();
    config.transaction_pooler = Some(false);
    config.schema = format!("t_{}", Uuid::new_v4().simple());
    let store = supabase(config).unwrap();
    let collection = store.open(&spec()).await.unwrap();
    let points = points(20);
    let mut kept = 0;
    for round in 0..12 {
        let point = &points[round];
        collection.upsert(&points).await.unwrap();
        let hits = collection.search(&[VectorQuery::new(alice(), point.vector.clone(), 5)]).await.unwrap();
        assert_eq!((hits[0].len(), hits[0][0].id), (5, point.id));
        assert_eq!(collection.get(None, &[point.id]).await.unwrap(), [Some(point.clone())]);
        if round == 5 {
            kept = harness.pooler().kept();
        }
    }
    assert_eq!(harness.pooler().kept(), kept, "statements that are prepared although they are not kept");
    assert!(kept > 0);
    store.drop_collection("mem0").await.unwrap();
}

async fn walk(config: PgvectorConfig) -> Vec<(String, Option<usize>, Payload)> {
    let table = ForeignTable::pgvector(config).unwrap();
    let (mut all, mut place) = (Vec::new(), None);
    loop {
        let page = table.read(place.as_deref(), 2).await.unwrap();
        all.extend(page.points.into_iter().map(|point| (point.id, point.vector.map(|v| v.len()), point.payload)));
        place = page.next;
        if place.is_none() {
            return all;
        }
    }
}

async fn tables_of_other_programs_are_read(world: World) {
    world.store().open(&spec()).await.unwrap().upsert(&points(5)).await.unwrap();
    world
        .sql(
            "CREATE TABLE {s}.python (id UUID PRIMARY KEY, vector vector(2), payload JSONB);
             INSERT INTO {s}.python SELECT gen_random_uuid(), '[1,2]', jsonb_build_object('n', n) FROM generate_series(1, 5) n;
             CREATE TABLE {s}.vecs (id VARCHAR PRIMARY KEY, vec vector(3) NOT NULL, metadata JSONB NOT NULL);
             INSERT INTO {s}.vecs SELECT 'it''s ' || n, '[1,2,3]', jsonb_build_object('n', n) FROM generate_series(1, 4) n;
             CREATE TABLE {s}.other (id UUID PRIMARY KEY, note text)",
        )
        .await;
    let named = |name: &str| {
        let mut config = world.config();
        config.collection_name = Some(name.to_owned());
        config
    };
    for (name, count, dims) in [("mem0", 5, DIMS), ("python", 5, 2), ("vecs", 4, 3)] {
        let all = walk(named(name)).await;
        assert_eq!(all.len(), count, "{name}");
        assert!(all.iter().all(|(_, length, payload)| *length == Some(dims) && payload.contains_key("n")), "{all:?}");
    }
    for (name, kind) in [("other", ErrorKind::Unsupported), ("nothing", ErrorKind::NotFound)] {
        let error = ForeignTable::pgvector(named(name)).unwrap().read(None, 2).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
    }
    // A store does not take such a table for its own.
    let error = world.store().open(&CollectionSpec::new("python", spec().identity)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
}

fn trial<F: Future<Output = ()>>(name: &str, case: impl FnOnce(World) -> F + Send + 'static) -> Trial {
    match server_url("pgvector") {
        Some(url) => Trial::test(name.to_owned(), move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            runtime.block_on(async {
                let world = World::new(url).await;
                let (schema, url) = (world.schema.clone(), world.url.clone());
                case(world).await;
                World::new(url).await.sql(&format!("DROP SCHEMA IF EXISTS {schema} CASCADE")).await;
            });
            Ok(())
        }),
        None if is_required("pgvector") => Trial::test(name, || Err("MEM0_REQUIRE names pgvector".into())),
        None => Trial::test(format!("{name} (set MEM0_TEST_PGVECTOR_URL)"), || Ok(())).with_ignored_flag(true),
    }
}

fn main() -> ExitCode {
    let trials = vec![
        trial("an_older_table_gets_words_in_place", a_table_of_an_older_version_gets_words_in_place),
        trial("a_language_has_stems", a_language_has_stems),
        trial("a_text_of_any_length_is_taken", a_text_of_any_length_is_taken),
        trial("a_large_batch_is_whole_or_not_at_all", a_large_batch_is_whole_or_not_at_all),
        trial("every_kind_of_index_finds_the_nearest", every_kind_of_index_finds_the_nearest),
        trial("nothing_is_left_on_a_connection_of_a_pooler", nothing_is_left_on_a_connection_of_a_pooler),
        trial("a_statement_is_sent_once_to_a_connection", a_statement_is_sent_once_to_a_connection),
        trial(
            "a_column_of_another_type_is_read_by_the_same_connection",
            a_column_of_another_type_is_read_by_the_same_connection,
        ),
        trial("a_pooler_that_nobody_spoke_of_is_noticed", a_pooler_that_nobody_spoke_of_is_noticed),
        trial("tables_of_other_programs_are_read", tables_of_other_programs_are_read),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
