//! What the suite does not ask of Qdrant: the exact requests, keys, deadlines,
//! limits, old servers, openings that are interrupted, and collections of other
//! programs. On the fake, some of whose own behaviour is tested here too.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test stops at the first error")]

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use conformance_tests::fakes::qdrant::{Call, FakeQdrant, Fault, Options};
use mem0_core::{
    CollectionSpec, EmbedderIdentity, ErrorKind, Filter, ForeignCollection, MemoryId, Point, Scope, ScrollQuery,
    Selector, TextQuery, VectorCollection, VectorQuery, VectorStore,
};
use mem0_stores::vector::qdrant::{ForeignQdrant, QdrantConfig, QdrantStore};
use qdrant_client::Qdrant;
use qdrant_client::qdrant as q;
use serde_json::{Value, json};
use tonic::{Code, Status};
use uuid::Uuid;

const DIMS: usize = 4;

fn fake() -> FakeQdrant {
    FakeQdrant::start(Options::default()).unwrap()
}

fn config(fake: &FakeQdrant) -> QdrantConfig {
    QdrantConfig::default().with_url(fake.url())
}

fn store(fake: &FakeQdrant) -> QdrantStore {
    QdrantStore::new(config(fake)).unwrap()
}

fn raw(fake: &FakeQdrant) -> Qdrant {
    Qdrant::from_url(&fake.url()).skip_compatibility_check().build().unwrap()
}

fn spec() -> CollectionSpec {
    let identity = EmbedderIdentity { model: "test/model".into(), dims: DIMS, digest: "d".into() };
    CollectionSpec::new("memories", identity)
}

fn alice() -> Scope {
    Scope::user("alice").unwrap().with_run("7").unwrap()
}

fn id(n: u128) -> MemoryId {
    MemoryId::from_uuid(Uuid::from_u128(n))
}

fn point(n: u128, version: u64, payload: Value) -> Point {
    let Value::Object(mut payload) = payload else { panic!("not an object") };
    payload.extend(alice().ids().map(|(key, id)| (key.as_str().to_owned(), json!(id))));
    let mut vector = vec![0.0; DIMS];
    vector[usize::try_from(n).unwrap() % DIMS] = 1.0;
    Point { id: id(n), version, scope: alice(), vector, payload }
}

async fn open(fake: &FakeQdrant) -> Arc<dyn VectorCollection> {
    let collection = store(fake).open(&spec()).await.unwrap();
    fake.take_calls();
    collection
}

fn one(fake: &FakeQdrant) -> Call {
    let mut calls = fake.take_calls();
    assert_eq!(calls.len(), 1, "{calls:?}");
    calls.remove(0)
}

/// Whether a filter can match nothing outside the scope.
fn is_confined(filter: Option<&q::Filter>) -> bool {
    let conditions = &filter.unwrap().must;
    alice().ids().all(|(key, id)| conditions.contains(&q::Condition::matches(key.as_str(), id.to_owned())))
}

#[tokio::test]
async fn the_scope_is_in_the_same_request_as_what_is_asked() {
    let fake = fake();
    let collection = open(&fake).await;
    collection.upsert(&[point(1, 1, json!({"data": "likes tea", "n": 1}))]).await.unwrap();
    fake.take_calls();

    let filters = [Filter::All, Filter::eq("n", 1), !Filter::gt("n", 5), Filter::eq("n", 2).or(Filter::eq("n", 1))];
    let queries = filters.clone().map(|filter| VectorQuery::new(alice(), vec![1.0; DIMS], 3).with_filter(filter));
    assert_eq!(collection.search(&queries).await.unwrap().len(), 4);
    let Call::QueryBatch(batch) = one(&fake) else { panic!("not a batch") };
    assert_eq!(batch.query_points.len(), 4);
    assert!(batch.query_points.iter().all(|query| is_confined(query.filter.as_ref())));

    let queries = filters.map(|filter| TextQuery::new(alice(), "tea", 3).with_filter(filter));
    assert_eq!(collection.search_text(&queries).await.unwrap().len(), 4);
    let Call::QueryBatch(batch) = one(&fake) else { panic!("not a batch") };
    for query in &batch.query_points {
        let corpus = query.params.as_ref().unwrap().idf.as_ref().unwrap().corpus.as_ref();
        assert!(is_confined(query.filter.as_ref()) && is_confined(corpus));
    }

    collection.get(Some(&alice()), &[id(1)]).await.unwrap();
    let Call::Scroll(scroll) = one(&fake) else { panic!("not a scroll") };
    assert!(is_confined(scroll.filter.as_ref()));

    collection.scroll(&ScrollQuery::new(Some(alice()), 5)).await.unwrap();
    let Call::Scroll(scroll) = one(&fake) else { panic!("not a scroll") };
    assert!(is_confined(scroll.filter.as_ref()));

    collection.count(Some(&alice()), &Filter::exists("n")).await.unwrap();
    let Call::Count(count) = one(&fake) else { panic!("not a count") };
    assert!(is_confined(count.filter.as_ref()) && count.exact == Some(true));

    assert_eq!(collection.delete(&Selector::Scope(alice())).await.unwrap(), 1);
    for call in fake.take_calls() {
        if let Call::Scroll(scroll) = call {
            assert!(is_confined(scroll.filter.as_ref()));
        }
    }
}

#[tokio::test]
async fn a_batch_is_one_request_that_is_waited_for_and_has_its_condition() {
    let fake = fake();
    let collection = open(&fake).await;
    let points = [point(1, 1, json!({})), point(2, 7, json!({})), point(3, 1, json!({}))];
    collection.upsert(&points).await.unwrap();
    let Call::UpdateBatch(batch) = one(&fake) else { panic!("not a batch") };
    assert_eq!(batch.wait, Some(true));
    let shapes: Vec<_> = batch
        .operations
        .into_iter()
        .map(|operation| match operation.operation {
            Some(q::points_update_operation::Operation::Upsert(list)) => {
                (list.points.len(), list.update_filter.is_some())
            }
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(shapes, [(2, true), (1, true)]);
}

#[tokio::test]
async fn a_collection_is_made_as_it_is_configured() {
    let fake = fake();
    let settings = json!({
        "url": fake.url(), "on_disk": true, "on_disk_payload": true, "shard_number": 3, "replication_factor": 2,
        "write_consistency_factor": 2, "hnsw": {"m": 8, "payload_m": 24, "ef_construct": 200, "ef": 64},
        "quantization": {"type": "scalar", "quantile": 0.99, "always_ram": true}, "exact": true, "rescore": true,
        "oversampling": 2.5, "read_consistency": "majority",
    });
    let store = QdrantStore::new(mem0_core::provider_config(settings).unwrap()).unwrap();
    let collection = store.open(&spec()).await.unwrap();
    let calls = fake.take_calls();
    let made = calls.iter().find_map(|call| if let Call::Create(create) = call { Some(create) } else { None }).unwrap();
    assert_eq!(
        (made.shard_number, made.replication_factor, made.write_consistency_factor),
        (Some(3), Some(2), Some(2))
    );
    let hnsw = made.hnsw_config.as_ref().unwrap();
    assert_eq!((hnsw.m, hnsw.payload_m, hnsw.ef_construct), (Some(8), Some(24), Some(200)));
    let sparse = made.sparse_vectors_config.as_ref().unwrap();
    assert_eq!(sparse.map["bm25"].modifier(), q::Modifier::Idf);
    assert!(made.quantization_config.is_some() && made.metadata.contains_key("mem0"));
    let indexed: HashMap<_, _> = calls
        .iter()
        .filter_map(|call| match call {
            Call::CreateFieldIndex(index) => {
                Some((index.field_name.as_str(), index.field_index_params.clone().unwrap()))
            }
            _ => None,
        })
        .collect();
    let tenant = |field: &str| match indexed[field].index_params.as_ref().unwrap() {
        q::payload_index_params::IndexParams::KeywordIndexParams(params) => params.is_tenant,
        other => panic!("{other:?}"),
    };
    assert_eq!((tenant("user_id"), tenant("agent_id"), tenant("run_id")), (Some(true), None, None));

    collection.search(&[VectorQuery::new(alice(), vec![1.0; DIMS], 3)]).await.unwrap();
    let Call::QueryBatch(batch) = one(&fake) else { panic!("not a batch") };
    assert!(batch.read_consistency.is_some());
    let params = batch.query_points[0].params.as_ref().unwrap();
    assert_eq!((params.hnsw_ef, params.exact), (Some(64), Some(true)));
    let quantization = params.quantization.as_ref().unwrap();
    assert_eq!((quantization.rescore, quantization.oversampling), (Some(true), Some(2.5)));
}

#[tokio::test]
async fn an_opening_that_was_interrupted_goes_on() {
    let fake = fake();
    // Each call fails once more than the client tries; so it goes on from where
    // it was.
    let broken = Fault::Status(Status::new(Code::FailedPrecondition, "locked"));
    let mut tries = 0;
    loop {
        // The calls before went well, so there is one call more each time.
        fake.take_calls();
        fake.fail_after(tries, broken.clone());
        match store(&fake).open(&spec()).await {
            Ok(_) => break,
            Err(error) => assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}"),
        }
        tries += 1;
        assert!(tries < 40, "an opening does not end");
    }
    assert!(tries > 2, "{tries} openings were interrupted");
    fake.fail_never();
    let collection = open(&fake).await;
    let filter = Filter::eq("n", 1).and(Filter::gt("m", 1));
    assert_eq!(collection.count(Some(&alice()), &filter).await.unwrap(), 0);
}

#[tokio::test]
async fn who_has_no_key_gets_nothing() {
    let options = Options {
        api_key: Some("right-key".into()),
        read_only_api_key: Some("reading-key".into()),
        ..Options::default()
    };
    let fake = FakeQdrant::start(options).unwrap();
    let with = |key: &str| QdrantStore::new(config(&fake).with_api_key(key)).unwrap();
    let error = with("wrong-key").open(&spec()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert!(!format!("{error:?} {:?}", with("wrong-key")).contains("wrong-key"));
    let error = with("reading-key").open(&spec()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    let collection = with("right-key").open(&spec()).await.unwrap();
    collection.upsert(&[point(1, 1, json!({}))]).await.unwrap();
    let reading = with("reading-key").open(&spec()).await.unwrap();
    assert_eq!(reading.count(Some(&alice()), &Filter::All).await.unwrap(), 1);
    let error = reading.upsert(&[point(2, 1, json!({}))]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_given_up() {
    let fake = fake();
    open(&fake).await;
    let hasty = QdrantStore::new(config(&fake).with_timeout(Duration::from_millis(300))).unwrap();
    let collection = hasty.open(&spec()).await.unwrap();
    fake.fail(std::iter::repeat_n(Fault::Hang, 3));
    for error in [
        collection.count(Some(&alice()), &Filter::All).await.unwrap_err(),
        collection.upsert(&[point(1, 1, json!({}))]).await.unwrap_err(),
        collection.search(&[VectorQuery::new(alice(), vec![1.0; DIMS], 3)]).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    }
    assert_eq!(collection.count(Some(&alice()), &Filter::All).await.unwrap(), 0);
}

#[tokio::test]
async fn a_server_that_is_gone_is_an_error() {
    let fake = fake();
    let collection = open(&fake).await;
    drop(fake);
    let error = collection.count(Some(&alice()), &Filter::All).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
}

#[tokio::test]
async fn a_busy_server_says_how_long_to_wait() {
    let fake = fake();
    let collection = open(&fake).await;
    let mut status = Status::new(Code::ResourceExhausted, "Rate limiting exceeded: Read rate limit exceeded");
    status.metadata_mut().insert("retry-after", tonic::metadata::MetadataValue::from_static("7"));
    fake.fail([Fault::Status(status)]);
    let error = collection.count(Some(&alice()), &Filter::All).await.unwrap_err();
    assert_eq!((error.kind(), error.retry_after()), (ErrorKind::RateLimited, Some(Duration::from_secs(7))));
}

#[tokio::test]
async fn a_broken_connection_is_tried_again_once() {
    let fake = fake();
    let collection = open(&fake).await;
    fake.fail([Fault::Status(Status::unavailable("connection reset"))]);
    collection.upsert(&[point(1, 1, json!({}))]).await.unwrap();
    fake.fail(std::iter::repeat_n(Fault::Status(Status::unavailable("connection reset")), 2));
    let error = collection.count(Some(&alice()), &Filter::All).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(fake.has_failed());
}

#[tokio::test]
async fn a_server_that_is_too_old_is_refused() {
    for (version, accepted) in
        [("1.15.5", false), ("1.16.0", true), ("1.19.0-dev", true), ("2.0.0", true), ("?", false)]
    {
        let fake = FakeQdrant::start(Options { version, ..Options::default() }).unwrap();
        let opened = store(&fake).open(&spec()).await;
        assert_eq!(opened.is_ok(), accepted, "{version}");
        if let Err(error) = opened {
            assert_eq!(error.kind(), ErrorKind::Unsupported);
            assert!(fake.take_calls().is_empty(), "nothing is made on a server that cannot be used");
        }
    }
}

#[tokio::test]
async fn all_who_open_at_once_get_the_same_collection() {
    let fake = Arc::new(fake());
    let tasks: Vec<_> = (0..16)
        .map(|n| {
            let fake = Arc::clone(&fake);
            tokio::spawn(async move {
                let collection = store(&fake).open(&spec()).await.unwrap();
                collection.upsert(&[point(n, 1, json!({}))]).await.unwrap();
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(open(&fake).await.count(Some(&alice()), &Filter::All).await.unwrap(), 16);
}

#[tokio::test]
async fn what_strict_mode_forbids_is_unsupported() {
    let strict = |strict: q::StrictModeConfig| Options {
        strict: Some(q::StrictModeConfig { enabled: Some(true), ..strict }),
        ..Options::default()
    };
    let query = || [VectorQuery::new(alice(), vec![1.0; DIMS], 30)];
    let fake =
        FakeQdrant::start(strict(q::StrictModeConfig { max_query_limit: Some(20), ..Default::default() })).unwrap();
    let error = open(&fake).await.search(&query()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let forbidden = q::StrictModeConfig { search_allow_exact: Some(false), ..Default::default() };
    let fake = FakeQdrant::start(strict(forbidden)).unwrap();
    assert!(open(&fake).await.search(&query()).await.is_ok());
    let exact = mem0_core::provider_config(json!({"url": fake.url(), "exact": true})).unwrap();
    let collection = QdrantStore::new(exact).unwrap().open(&spec()).await.unwrap();
    assert_eq!(collection.search(&query()).await.unwrap_err().kind(), ErrorKind::Unsupported);
}

#[tokio::test]
async fn of_a_deleted_point_only_the_version_stays() {
    let fake = fake();
    let collection = open(&fake).await;
    collection.upsert(&[point(1, 3, json!({"data": "a secret", "price": 2.5}))]).await.unwrap();
    let stored = fake.payload("memories", &id(1).to_string()).unwrap();
    assert_eq!(
        (&stored["data"], &stored["price"], &stored["user_id"]),
        (&json!("a secret"), &json!(2.5), &json!("alice"))
    );
    assert_eq!(collection.delete(&Selector::Ids(vec![(id(1), 5)])).await.unwrap(), 1);
    let left = fake.payload("memories", &id(1).to_string()).unwrap();
    assert_eq!(left, json!({"_mem0": {"high": 0, "low": 5, "terms": ["deleted"]}}));
    assert_eq!(collection.count(None, &Filter::All).await.unwrap(), 0);
    collection.upsert(&[point(1, 4, json!({}))]).await.unwrap();
    assert_eq!(collection.get(None, &[id(1)]).await.unwrap(), [None]);
}

/// A collection as the Python library makes and fills it.
async fn python(fake: &FakeQdrant, with_words: bool) {
    let client = raw(fake);
    let vectors = q::VectorParamsBuilder::new(DIMS as u64, q::Distance::Cosine);
    let mut create = q::CreateCollectionBuilder::new("memories").vectors_config(vectors);
    if with_words {
        let words = q::SparseVectorParams { modifier: Some(q::Modifier::Idf.into()), ..Default::default() };
        create =
            create.sparse_vectors_config(q::SparseVectorConfig { map: HashMap::from([("bm25".to_owned(), words)]) });
    }
    client.create_collection(create).await.unwrap();
    let texts = ["Likes green tea", "Lives in Oslo", "Plays chess"];
    let points: Vec<_> = (1..)
        .zip(texts)
        .map(|(n, text)| {
            let payload: HashMap<String, q::Value> = [
                ("data", q::Value::from(text)),
                ("hash", q::Value::from("h")),
                ("user_id", q::Value::from("alice")),
                ("run_id", q::Value::from("7")),
                ("created_at", q::Value::from("2026-03-01T10:00:00.000001+00:00")),
                ("n", q::Value::from(n)),
            ]
            .map(|(key, value)| (key.to_owned(), value))
            .into();
            let mut vector = vec![0.0; DIMS];
            vector[usize::try_from(n).unwrap()] = 1.0;
            let dense = q::NamedVectors::default().add_vector("", q::Vector::new_dense(vector));
            q::PointStruct {
                id: Some(Uuid::from_u128(n as u128).to_string().into()),
                vectors: Some(dense.into()),
                payload,
            }
        })
        .collect();
    client.upsert_points(q::UpsertPointsBuilder::new("memories", points).wait(true)).await.unwrap();
}

#[tokio::test]
async fn a_collection_of_the_python_library_is_taken_over_on_demand() {
    let fake = fake();
    python(&fake, true).await;
    let error = store(&fake).open(&spec()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::IdentityMismatch);
    assert!(error.message().contains("adopt"), "{error}");
    let before = fake.payload("memories", &id(2).to_string()).unwrap();

    // With pages smaller than the collection.
    let adopting = QdrantStore::new(config(&fake).with_adopt(true).with_batch_size(2)).unwrap();
    adopting.open(&spec()).await.unwrap();
    let collection = open(&fake).await;
    let read = collection.get(Some(&alice()), &[id(2)]).await.unwrap().pop().unwrap().unwrap();
    assert_eq!((read.version, Value::Object(read.payload)), (1, before.clone()));
    let late = VectorQuery::new(alice(), vec![0.0, 1.0, 0.0, 0.0], 5).with_filter(Filter::gte("n", 2));
    let found: Vec<_> = collection.search(&[late]).await.unwrap()[0].iter().map(|hit| hit.id).collect();
    assert_eq!(found, [id(2), id(3)]);
    let words = collection.search_text(&[TextQuery::new(alice(), "who drinks tea?", 5)]).await.unwrap();
    assert_eq!(words[0].iter().map(|hit| hit.id).collect::<Vec<_>>(), [id(1)]);
    // What was there is there still.
    let Value::Object(mut after) = fake.payload("memories", &id(2).to_string()).unwrap() else { panic!("no object") };
    after.remove("_mem0");
    assert_eq!(Value::Object(after), before);
}

#[tokio::test]
async fn a_collection_without_a_place_for_words_has_none() {
    let fake = fake();
    python(&fake, false).await;
    let adopting = QdrantStore::new(config(&fake).with_adopt(true)).unwrap();
    let collection = adopting.open(&spec()).await.unwrap();
    assert_eq!(collection.count(Some(&alice()), &Filter::exists("data")).await.unwrap(), 3);
    let error = collection.search_text(&[TextQuery::new(alice(), "tea", 5)]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[tokio::test]
async fn collections_of_others_and_ours_are_read_whole() {
    let read_all = async |fake: &FakeQdrant| {
        let settings = json!({"url": fake.url(), "collection_name": "memories"});
        let foreign = ForeignQdrant::new(mem0_core::provider_config(settings).unwrap()).unwrap();
        let (mut points, mut from) = (Vec::new(), None);
        loop {
            let page = foreign.read(from.as_deref(), 2).await.unwrap();
            points.extend(page.points);
            from = page.next;
            if from.is_none() {
                break points;
            }
        }
    };
    let fake = fake();
    python(&fake, true).await;
    let points = read_all(&fake).await;
    let texts: Vec<_> = points.iter().map(|point| point.payload["data"].as_str().unwrap()).collect();
    assert_eq!(texts, ["Likes green tea", "Lives in Oslo", "Plays chess"]);
    assert_eq!(points[0].id, id(1).to_string());
    assert_eq!(points[0].vector.as_deref(), Some(&[0.0, 1.0, 0.0, 0.0][..]));

    let fake = FakeQdrant::start(Options::default()).unwrap();
    let collection = open(&fake).await;
    let mut bare = point(2, 1, json!({"price": 2.5, "big": u64::MAX}));
    bare.payload.remove("user_id");
    collection.upsert(&[point(1, 1, json!({})), bare]).await.unwrap();
    collection.delete(&Selector::Ids(vec![(id(1), 1)])).await.unwrap();
    let points = read_all(&fake).await;
    assert_eq!(points.len(), 1);
    let due = json!({"price": 2.5, "big": u64::MAX, "user_id": "alice", "run_id": "7"});
    assert_eq!(Value::Object(points[0].payload.clone()), due);
}

#[tokio::test]
async fn an_adoption_that_was_interrupted_goes_on() {
    let fake = fake();
    python(&fake, true).await;
    open_failing_at_the_second_page(&fake).await;
    let adopting = QdrantStore::new(config(&fake).with_adopt(true).with_batch_size(1)).unwrap();
    let collection = adopting.open(&spec()).await.unwrap();
    assert_eq!(collection.count(Some(&alice()), &Filter::exists("data")).await.unwrap(), 3);
}

/// A point that no memory can be read from stops an adoption after the first
/// page; it is put right afterwards.
async fn open_failing_at_the_second_page(fake: &FakeQdrant) {
    let broken = |user: q::Value| {
        let payload = HashMap::from([("data".to_owned(), q::Value::from("x")), ("user_id".to_owned(), user)]);
        let dense = q::NamedVectors::default().add_vector("", q::Vector::new_dense(vec![1.0; DIMS]));
        q::PointStruct { id: Some(id(2).to_string().into()), vectors: Some(dense.into()), payload }
    };
    let write = |point| q::UpsertPointsBuilder::new("memories", vec![point]).wait(true);
    raw(fake).upsert_points(write(broken(q::Value::from(5)))).await.unwrap();
    let adopting = QdrantStore::new(config(fake).with_adopt(true).with_batch_size(1)).unwrap();
    assert_eq!(adopting.open(&spec()).await.unwrap_err().kind(), ErrorKind::Corrupt);
    let mut right = broken(q::Value::from("alice"));
    right.payload.insert("run_id".to_owned(), q::Value::from("7"));
    raw(fake).upsert_points(write(right)).await.unwrap();
}

#[tokio::test]
async fn the_fake_does_late_what_nobody_waits_for() {
    let fake = fake();
    let collection = open(&fake).await;
    collection.upsert(&[point(1, 1, json!({}))]).await.unwrap();
    let Call::UpdateBatch(mut batch) = one(&fake) else { panic!("not a batch") };
    batch.wait = None;
    collection.delete(&Selector::Ids(vec![(id(1), 0)])).await.unwrap();
    let first = collection.count(None, &Filter::All).await.unwrap();
    let mut other = batch.clone();
    if let Some(q::points_update_operation::Operation::Upsert(list)) = &mut other.operations[0].operation {
        list.points[0].id = Some(id(2).to_string().into());
    }
    let status = raw(&fake).update_points_batch(other).await.unwrap().result[0].status();
    assert_eq!(status, q::UpdateStatus::Acknowledged);
    assert_eq!(collection.count(None, &Filter::All).await.unwrap(), first);
    fake.settle();
    assert_eq!(collection.count(None, &Filter::All).await.unwrap(), first + 1);
}

#[tokio::test]
async fn the_fake_takes_nothing_that_it_does_not_implement() {
    let fake = fake();
    open(&fake).await;
    let client = raw(&fake);
    let code = |error: qdrant_client::QdrantError| match error {
        qdrant_client::QdrantError::ResponseError { status } => status.code(),
        other => panic!("{other}"),
    };
    let query = |change: fn(&mut q::QueryPoints)| {
        let nearest = q::Query::new_nearest(vec![1.0; DIMS]);
        let mut query =
            q::QueryPoints { collection_name: "memories".into(), query: Some(nearest), ..Default::default() };
        change(&mut query);
        client.query_batch(q::QueryBatchPoints {
            collection_name: "memories".into(),
            query_points: vec![query],
            ..Default::default()
        })
    };
    query(|_| {}).await.unwrap();
    let changes: [fn(&mut q::QueryPoints); 7] = [
        |query| query.limit = Some(0),
        |query| query.offset = Some(1),
        |query| query.score_threshold = Some(0.5),
        |query| query.using = Some("unknown".into()),
        |query| query.prefetch = vec![q::PrefetchQuery::default()],
        |query| query.query = Some(q::Query::new_nearest(vec![1.0; DIMS + 1])),
        |query| query.filter = Some(q::Filter::must([q::Condition::matches("unindexed", 1)])),
    ];
    for (n, change) in changes.into_iter().enumerate() {
        assert_eq!(code(query(change).await.unwrap_err()), Code::InvalidArgument, "{n}");
    }
    let missing = client.count(q::CountPointsBuilder::new("unknown").exact(true)).await.unwrap_err();
    assert_eq!(code(missing), Code::NotFound);
    let delete = q::DeletePointsBuilder::new("memories").points([q::PointId::from(1)]);
    assert_eq!(code(client.delete_points(delete).await.unwrap_err()), Code::Unimplemented);
    let again = client.create_collection(
        q::CreateCollectionBuilder::new("memories")
            .vectors_config(q::VectorParamsBuilder::new(DIMS as u64, q::Distance::Cosine)),
    );
    assert_eq!(code(again.await.unwrap_err()), Code::AlreadyExists);
    for (name, size, distance) in
        [("a/b", 4, q::Distance::Cosine), ("c", 0, q::Distance::Cosine), ("c", 4, q::Distance::Dot)]
    {
        let vectors = q::VectorParamsBuilder::new(size, distance);
        let made = client.create_collection(q::CreateCollectionBuilder::new(name).vectors_config(vectors)).await;
        assert_eq!(code(made.unwrap_err()), Code::InvalidArgument, "{name} {size}");
    }
}
