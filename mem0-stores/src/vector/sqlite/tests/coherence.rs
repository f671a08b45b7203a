//! What is in memory follows the file.

use mem0_core::Selector;

use super::*;

#[tokio::test]
async fn writes_of_one_handle_are_seen_by_another() {
    let folder = TempDir::new().unwrap();
    let (one, two) = (store_in(&folder, &Default::default()), store_in(&folder, &Default::default()));
    let (one, two) = (one.open(&spec(2)).await.unwrap(), two.open(&spec(2)).await.unwrap());
    let (a, b) = (user("a"), user("b"));
    let query = [1.0, 0.1];

    one.upsert(&[point(1, 1, &a, &[1.0, 0.0])]).await.unwrap();
    assert_eq!(nearest(&two, &a, &query, 5).await, [1]);
    // Another exact scope that the same reading scope covers.
    one.upsert(&[point(2, 1, &a.clone().with_run("r").unwrap(), &[0.0, 1.0])]).await.unwrap();
    assert_eq!(nearest(&two, &a, &query, 5).await, [1, 2]);
    two.upsert(&[point(1, 2, &a, &[-1.0, 0.0])]).await.unwrap();
    assert_eq!(nearest(&one, &a, &query, 5).await, [2, 1]);
    // A move to another scope, and back.
    two.upsert(&[point(1, 3, &b, &[1.0, 0.0])]).await.unwrap();
    assert_eq!(nearest(&one, &a, &query, 5).await, [2]);
    assert_eq!(nearest(&one, &b, &query, 5).await, [1]);
    one.upsert(&[point(1, 4, &a, &[1.0, 0.0])]).await.unwrap();
    assert_eq!((nearest(&two, &a, &query, 5).await, nearest(&two, &b, &query, 5).await), (vec![1, 2], vec![]));
    // Deleted by one handle and written elsewhere before the other looks.
    one.delete(&Selector::Ids(vec![(id(1), 5)])).await.unwrap();
    one.upsert(&[point(1, 6, &b, &[1.0, 0.0])]).await.unwrap();
    assert_eq!(nearest(&two, &a, &query, 5).await, [2]);
    one.delete(&Selector::Scope(a.clone())).await.unwrap();
    assert!(nearest(&two, &a, &query, 5).await.is_empty());
    one.upsert(&[point(3, 1, &a, &[1.0, 0.0])]).await.unwrap();
    assert_eq!(nearest(&two, &a, &query, 5).await, [3]);
}

#[tokio::test]
async fn filters_see_payloads_that_were_replaced() {
    let folder = TempDir::new().unwrap();
    let (one, two) = (store_in(&folder, &Default::default()), store_in(&folder, &Default::default()));
    let (one, two) = (one.open(&spec(2)).await.unwrap(), two.open(&spec(2)).await.unwrap());
    let (a, vector) = (user("a"), [1.0, 0.0]);
    let red = async || {
        let query = VectorQuery::new(a.clone(), vector.to_vec(), 9).with_filter(mem0_core::Filter::eq("k", "red"));
        ids(&two.search(&[query]).await.unwrap()[0])
    };
    let points: Vec<Point> =
        (0..5).map(|n| with(point(n, 1, &a, &vector), "k", if n < 3 { "red" } else { "blue" })).collect();
    one.upsert(&points).await.unwrap();
    assert_eq!(red().await, [0, 1, 2]);
    one.upsert(&[with(point(4, 2, &a, &vector), "k", "red"), point(0, 2, &a, &vector)]).await.unwrap();
    one.delete(&Selector::Ids(vec![(id(1), 1)])).await.unwrap();
    one.upsert(&[with(point(7, 1, &a, &vector), "k", vec!["green", "red"])]).await.unwrap();
    assert_eq!(red().await, [2, 4, 7]);
}

#[tokio::test]
async fn a_small_budget_gives_the_same_answers() {
    let folder = TempDir::new().unwrap();
    // Room for about two of the ten scopes.
    let store = store_in(&folder, &SqliteVectorConfig::default().with_cache_bytes(20_000));
    let collection = store.open(&spec(32)).await.unwrap();
    let mut random = Random(3);
    for name in 0..10 {
        let scope = user(&name.to_string());
        let points: Vec<Point> = (0..100).map(|n| point(name * 100 + n, 1, &scope, &random.unit(32))).collect();
        collection.upsert(&points).await.unwrap();
    }
    for round in 0..3 {
        for name in 0..10 {
            let (scope, query) = (user(&name.to_string()), random.unit(32));
            let found = nearest(&collection, &scope, &query, 100).await;
            assert_eq!(found.len(), 100, "{round}");
            assert!(found.iter().all(|n| n / 100 == name));
            let (partitions, bytes) = store.cache.kept();
            assert!(bytes <= 20_000 && (1..=3).contains(&partitions), "{partitions} {bytes}");
        }
    }
}

#[tokio::test(flavor = "current_thread")]
async fn searches_while_others_write_see_whole_batches() {
    const BATCH: usize = 20;
    let folder = TempDir::new().unwrap();
    let config = SqliteVectorConfig::default();
    let writer = store_in(&folder, &config).open(&spec(8)).await.unwrap();
    let store = store_in(&folder, &config);
    let reader = store.open(&spec(8)).await.unwrap();
    let a = user("a");
    let mut random = Random(5);
    let vectors: Vec<Vec<f32>> = (0..BATCH).map(|_| random.unit(8)).collect();
    let write = async {
        for version in 1..=30_u64 {
            let points: Vec<Point> = vectors.iter().enumerate().map(|(n, v)| point(n, version, &a, v)).collect();
            writer.upsert(&points).await.unwrap();
        }
    };
    let read = async || {
        for _ in 0..100 {
            let queries = [VectorQuery::new(a.clone(), vectors[0].clone(), usize::MAX)];
            let found = reader.search(&queries).await.unwrap().remove(0);
            assert!(found.is_empty() || found.len() == BATCH, "{}", found.len());
            assert!(found.iter().all(|p| p.version == found[0].version), "two versions at once");
        }
    };
    tokio::join!(write, read(), read(), read());
}
