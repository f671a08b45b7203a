//! Writing, reading and deleting points.

use mem0_core::{ErrorKind, Filter, ScrollQuery, Selector};
use serde_json::json;

use super::*;

#[tokio::test]
async fn names_and_dimensions_are_checked() {
    let store = store();
    for name in ["", "a b", "a.b", "é", "a'--", &"x".repeat(129)] {
        let mut spec = spec(2);
        spec.name = name.into();
        assert_eq!(store.open(&spec).await.unwrap_err().kind(), ErrorKind::InvalidInput, "{name}");
        assert_eq!(store.drop_collection(name).await.unwrap_err().kind(), ErrorKind::InvalidInput, "{name}");
    }
    for dims in [0, 65_537] {
        assert_eq!(store.open(&spec(dims)).await.unwrap_err().kind(), ErrorKind::InvalidInput);
    }
    store.open(&spec(2)).await.unwrap();
    assert_eq!(store.open(&spec(3)).await.unwrap_err().kind(), ErrorKind::DimensionMismatch);
    let mut other = spec(2);
    other.identity.digest = "e".into();
    assert_eq!(store.open(&other).await.unwrap_err().kind(), ErrorKind::IdentityMismatch);
}

#[tokio::test]
async fn a_bad_vector_stops_the_whole_batch() {
    let collection = store().open(&spec(2)).await.unwrap();
    let a = user("a");
    let bad: [(&[f32], ErrorKind); 4] = [
        (&[1.0], ErrorKind::DimensionMismatch),
        (&[f32::NAN, 1.0], ErrorKind::InvalidInput),
        (&[f32::INFINITY, 1.0], ErrorKind::InvalidInput),
        (&[0.0, -0.0], ErrorKind::InvalidInput),
    ];
    for (vector, kind) in bad {
        let batch = [point(1, 1, &a, &[1.0, 0.0]), point(2, 1, &a, vector)];
        assert_eq!(collection.upsert(&batch).await.unwrap_err().kind(), kind);
        let query = VectorQuery::new(a.clone(), vector.to_vec(), 1);
        assert_eq!(collection.search(&[query]).await.unwrap_err().kind(), kind);
    }
    assert_eq!(collection.count(None, &Filter::All).await.unwrap(), 0);
}

#[tokio::test]
async fn older_versions_change_nothing() {
    let collection = store().open(&spec(2)).await.unwrap();
    let (a, b) = (user("a"), user("b"));
    let version = async |n| collection.get(None, &[id(n)]).await.unwrap()[0].as_ref().map(|p| p.version);

    collection.upsert(&[point(1, 5, &a, &[1.0, 0.0]), point(1, 4, &b, &[0.0, 1.0])]).await.unwrap();
    collection.upsert(&[point(1, 3, &b, &[0.0, 1.0])]).await.unwrap();
    assert_eq!(version(1).await, Some(5));
    assert_eq!(collection.delete(&Selector::Ids(vec![(id(1), 4)])).await.unwrap(), 0);
    assert_eq!(collection.delete(&Selector::Ids(vec![(id(1), 6), (id(2), 3)])).await.unwrap(), 1);
    // A deletion is remembered, also one that came before its point.
    collection.upsert(&[point(1, 5, &b, &[1.0, 0.0]), point(2, 2, &a, &[1.0, 0.0])]).await.unwrap();
    assert_eq!((version(1).await, version(2).await), (None, None));
    assert_eq!(collection.delete(&Selector::Ids(vec![(id(1), 9)])).await.unwrap(), 0);
    collection.upsert(&[point(1, 8, &b, &[1.0, 0.0]), point(2, u64::MAX, &a, &[1.0, 0.0])]).await.unwrap();
    assert_eq!((version(1).await, version(2).await), (None, Some(u64::MAX)));
    collection.upsert(&[point(1, 10, &b, &[1.0, 0.0])]).await.unwrap();
    assert_eq!(nearest(&collection, &b, &[1.0, 0.0], 5).await, [1]);
    assert_eq!(collection.delete(&Selector::Scope(b.clone())).await.unwrap(), 1);
    collection.upsert(&[point(1, 9, &b, &[1.0, 0.0])]).await.unwrap();
    assert_eq!(collection.count(Some(&b), &Filter::All).await.unwrap(), 0);
}

#[tokio::test]
async fn a_deleted_scope_leaves_no_id_behind() {
    let db = SqliteDb::in_memory().unwrap();
    let store = SqliteVectorStore::new(db.clone(), &SqliteVectorConfig::default()).unwrap();
    let collection = store.open(&spec(2)).await.unwrap();
    let secret = user("secret-user").with_run("secret-run").unwrap();
    collection.upsert(&[with(point(1, 1, &secret, &[1.0, 0.0]), "data", "secret-text")]).await.unwrap();
    assert_eq!(collection.delete(&Selector::Scope(user("secret-user"))).await.unwrap(), 1);
    let left: i64 = db
        .read("test", |connection| {
            let sql = "SELECT (SELECT count(*) FROM vec_data) + (SELECT count(*) FROM vec_scopes
                       WHERE coalesce(key, user_id, run_id) IS NOT NULL)
                       + (SELECT count(*) FROM vec_points WHERE code IS NOT NULL)";
            Ok(connection.query_row(sql, [], |row| row.get(0))?)
        })
        .await
        .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn a_payload_comes_back_equal() {
    let collection = store().open(&spec(2)).await.unwrap();
    let floats: Vec<f64> = vec![0.1, 1e-7, 6.934_698_245_112_694e276, -0.0, f64::MIN_POSITIVE, 0.3, 1.0, 5e-324];
    let value = json!({
        "big": u64::MAX, "small": i64::MIN, "floats": floats, "none": null, "empty": [], "deep": {"a": [{"b": []}]},
        "text": "a\0b\n\"'%_*?\\ \u{2028} 🍵 ключ \u{feff}", "": "empty key", "long": "ж".repeat(50_000),
    });
    let vector = [0.1_f32, -1.0e-7];
    let sent = with(point(1, 1, &user("a"), &vector), "all", value);
    collection.upsert(std::slice::from_ref(&sent)).await.unwrap();
    let got = collection.get(Some(&user("a")), &[id(1)]).await.unwrap();
    assert_eq!(got, [Some(sent)]);
    let page = collection.scroll(&ScrollQuery::new(None, 1)).await.unwrap();
    assert_eq!(page[0].payload["all"]["floats"], json!(floats));
}

#[tokio::test]
async fn a_scope_sees_what_it_covers_and_nothing_else() {
    let collection = store().open(&spec(2)).await.unwrap();
    let scopes = [
        user("alice"),
        user("Alice"),
        user("alice%"),
        user("alic"),
        user("alice").with_run("1").unwrap(),
        user("bob").with_agent("alice").unwrap(),
        Scope::agent("alice").unwrap(),
        user("alice").with_org("o").unwrap().with_app("p").unwrap(),
    ];
    let points: Vec<Point> = scopes.iter().enumerate().map(|(n, scope)| point(n, 1, scope, &[1.0, 0.0])).collect();
    collection.upsert(&points).await.unwrap();
    for reading in &scopes {
        let expected: Vec<usize> = (0..scopes.len()).filter(|n| reading.covers(&scopes[*n])).collect();
        assert_eq!(nearest(&collection, reading, &[1.0, 0.0], 99).await, expected);
        let every: Vec<MemoryId> = (0..scopes.len()).map(id).collect();
        let got = collection.get(Some(reading), &every).await.unwrap();
        assert_eq!((0..got.len()).filter(|n| got[*n].is_some()).collect::<Vec<_>>(), expected);
        let walked = collection.scroll(&ScrollQuery::new(Some(reading.clone()), 99)).await.unwrap();
        assert_eq!(walked.iter().map(|p| &p.scope).collect::<Vec<_>>().len(), expected.len());
        assert!(walked.iter().all(|p| reading.covers(&p.scope)));
        assert_eq!(collection.count(Some(reading), &Filter::All).await.unwrap() as usize, expected.len());
    }
    let elsewhere = collection.get(None, &[id(0), id(99)]).await.unwrap();
    assert!(elsewhere[0].is_some() && elsewhere[1].is_none());
}

#[tokio::test]
async fn a_walk_has_every_point_once_in_the_order_of_ids() {
    let collection = store().open(&spec(2)).await.unwrap();
    let runs: Vec<Scope> = (0..7).map(|n| user("a").with_run(n.to_string()).unwrap()).collect();
    let mut random = Random(7);
    let points: Vec<Point> = (0..700)
        .map(|n| with(point(random.below(1 << 30), 1, &runs[n % 7], &[1.0, n as f32]), "even", n % 2 == 0))
        .collect();
    collection.upsert(&points).await.unwrap();
    let mut expected: Vec<MemoryId> = points.iter().map(|p| p.id).collect();
    expected.sort();
    for (scope, filter, limit) in [
        (Some(user("a")), Filter::All, 64),
        (None, Filter::All, 100),
        (Some(user("a")), Filter::eq("even", true), 9),
        (Some(runs[3].clone()), Filter::All, 700),
    ] {
        let (mut after, mut walked) = (None, Vec::new());
        loop {
            let query = ScrollQuery::new(scope.clone(), limit).after(after).with_filter(filter.clone());
            let page = collection.scroll(&query).await.unwrap();
            let full = page.len() == limit;
            after = page.last().map(|p| p.id).or(after);
            walked.extend(page);
            if !full {
                break;
            }
        }
        let scope = scope.unwrap_or_else(|| user("a"));
        let wanted = |p: &&Point| scope.covers(&p.scope) && filter.matches(&p.payload);
        let matching: Vec<MemoryId> = points.iter().filter(wanted).map(|p| p.id).collect();
        let ordered: Vec<MemoryId> = expected.iter().filter(|id| matching.contains(id)).copied().collect();
        assert_eq!(walked.iter().map(|p| p.id).collect::<Vec<_>>(), ordered);
        assert_eq!(collection.count(Some(&scope), &filter).await.unwrap() as usize, ordered.len());
    }
}

#[tokio::test]
async fn dropped_collections_are_gone_and_not_just_empty() {
    let store = store();
    store.drop_collection("c").await.unwrap();
    let (collection, a) = (store.open(&spec(2)).await.unwrap(), user("a"));
    let other = store.open(&CollectionSpec::new("c2", spec(2).identity)).await.unwrap();
    collection.upsert(&[point(1, 5, &a, &[1.0, 0.0])]).await.unwrap();
    other.upsert(&[point(1, 1, &a, &[0.0, 1.0])]).await.unwrap();
    assert_eq!(nearest(&collection, &a, &[1.0, 0.0], 5).await, [1]);
    store.drop_collection("c").await.unwrap();
    let query = VectorQuery::new(a.clone(), vec![1.0, 0.0], 1);
    assert_eq!(collection.search(&[query]).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(collection.count(None, &Filter::All).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(collection.upsert(&[point(1, 6, &a, &[1.0, 0.0])]).await.unwrap_err().kind(), ErrorKind::NotFound);
    let again = store.open(&spec(2)).await.unwrap();
    again.upsert(&[point(1, 1, &a, &[1.0, 0.0])]).await.unwrap();
    assert_eq!(again.count(None, &Filter::All).await.unwrap(), 1);
    assert_eq!(other.get(None, &[id(1)]).await.unwrap()[0].as_ref().unwrap().vector, [0.0, 1.0]);
}

#[tokio::test]
async fn nothing_asked_is_nothing_answered() {
    let collection = store().open(&spec(2)).await.unwrap();
    let a = user("a");
    collection.upsert(&[]).await.unwrap();
    collection.upsert(&[point(1, 1, &a, &[1.0, 0.0])]).await.unwrap();
    assert_eq!(collection.search(&[]).await.unwrap(), Vec::<Vec<_>>::new());
    assert!(nearest(&collection, &a, &[1.0, 0.0], 0).await.is_empty());
    assert!(collection.scroll(&ScrollQuery::new(None, 0)).await.unwrap().is_empty());
    assert_eq!(collection.delete(&Selector::Ids(vec![])).await.unwrap(), 0);
}
