//! What the tests of servers that are beside the suite have in common.

use std::sync::Arc;

use conformance_tests::settings::rng;
use mem0_core::{
    CollectionSpec, EmbedderIdentity, ErrorKind, Filter, MemoryId, Payload, Point, Scope, Selector, VectorCollection,
    VectorQuery, VectorStore,
};
use serde_json::Value;
use uuid::Uuid;

const DIMS: usize = 8;

/// A collection that nobody else has.
pub(crate) fn spec() -> CollectionSpec {
    let identity = EmbedderIdentity { model: "test/model".into(), dims: DIMS, digest: "d".into() };
    CollectionSpec::new(format!("mem0_{}", Uuid::new_v4().simple()), identity)
}

pub(crate) fn alice() -> Scope {
    Scope::user("alice").unwrap()
}

/// Points of alice's in all directions, with `key` as their payload says.
pub(crate) fn points(count: usize, key: &str, value: impl Fn(usize) -> Value) -> Vec<Point> {
    let mut rng = rng(77);
    let payload = |n: usize| Payload::from_iter([(key.to_owned(), value(n))]);
    let point = |n| Point { id: rng.id(), version: 1, scope: alice(), vector: rng.unit(DIMS), payload: payload(n) };
    (0..count).map(point).collect()
}

pub(crate) async fn nearest(collection: &Arc<dyn VectorCollection>, vector: &[f32], limit: usize) -> Vec<MemoryId> {
    let query = VectorQuery::new(alice(), vector.to_vec(), limit);
    collection.search(&[query]).await.unwrap()[0].iter().map(|hit| hit.id).collect()
}

/// Whoever creates a collection at the same time as others gets theirs: each
/// point is written by a store of its own.
pub(crate) async fn all_who_create_at_once_get_the_same_collection(
    store: impl Fn() -> Arc<dyn VectorStore>,
    points: Vec<Point>,
) {
    let (spec, count) = (spec(), points.len() as u64);
    let tasks: Vec<_> = points
        .into_iter()
        .map(|point| {
            let (store, spec) = (store(), spec.clone());
            tokio::spawn(async move { store.open(&spec).await.unwrap().upsert(&[point]).await.unwrap() })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let store = store();
    let collection = store.open(&spec).await.unwrap();
    assert_eq!(collection.count(None, &Filter::All).await.unwrap(), count);
    assert_eq!(collection.count(Some(&alice()), &Filter::All).await.unwrap(), count);
    store.drop_collection(&spec.name).await.unwrap();
}

/// Every call on a handle to what was dropped is an error.
pub(crate) async fn is_not_found(old: &Arc<dyn VectorCollection>, points: &[Point]) {
    let ids: Vec<_> = points.iter().map(|point| (point.id, 1)).collect();
    let query = VectorQuery::new(alice(), points[0].vector.clone(), 3);
    let errors = [
        old.upsert(points).await.unwrap_err(),
        old.get(None, &[points[0].id]).await.unwrap_err(),
        old.search(&[query]).await.unwrap_err(),
        old.count(Some(&alice()), &Filter::All).await.unwrap_err(),
        old.delete(&Selector::Ids(ids)).await.unwrap_err(),
        old.delete(&Selector::Scope(alice())).await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    }
}

/// The ten nearest of each `step`th point are those that are computed here.
pub(crate) async fn finds_exactly(collection: &Arc<dyn VectorCollection>, points: &[Point], step: usize, what: &str) {
    for asked in points.iter().step_by(step) {
        let cosine = |point: &Point| point.vector.iter().zip(&asked.vector).map(|(a, b)| a * b).sum::<f32>();
        let mut due: Vec<_> = points.iter().map(|point| (cosine(point), point.id)).collect();
        due.sort_by(|a, b| b.0.total_cmp(&a.0));
        let due: Vec<_> = due.iter().take(10).map(|(_, id)| *id).collect();
        assert_eq!(nearest(collection, &asked.vector, 10).await, due, "{what}");
    }
}
