//! Measurements, not run by default: `--ignored --nocapture`, optimised.

use std::time::{Duration, Instant};

use mem0_core::Filter;

use super::*;

const DIMS: usize = 256;

/// Points around topics, with the payload of a short memory.
fn memories(count: usize, scope: &Scope, first: usize, dims: usize) -> Vec<Point> {
    let mut random = Random(first as u64 * 977 + 11);
    let topics: Vec<Vec<f32>> = (0..200).map(|_| random.unit(dims)).collect();
    (first..first + count)
        .map(|n| {
            let vector = random.near(&topics[n % 200], 1.0);
            let mut p = point(n, 1, scope, &vector);
            p.payload.insert("data".into(), format!("Ana said on day {n} that she likes tea and long walks").into());
            p.payload.insert("hash".into(), "d41d8cd98f00b204e9800998ecf8427e".into());
            p.payload.insert("created_at".into(), "2024-05-08T11:56:00.000000Z".into());
            p.payload.insert("user_id".into(), "ana".into());
            p.payload.insert("topic".into(), format!("t{}", n % 10).into());
            p
        })
        .collect()
}

fn spread(mut times: Vec<Duration>) -> String {
    times.sort();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_micros();
    format!("p50 {} µs, p95 {} µs", at(0.5), at(0.95))
}

async fn time_searches(collection: &Arc<dyn VectorCollection>, scope: &Scope, filter: &Filter, dims: usize) -> String {
    let mut random = Random(99);
    let topics = memories(200, scope, 0, dims);
    let mut times = Vec::new();
    for n in 0..300 {
        let vector = random.near(&topics[n % 200].vector, 0.5);
        let query = VectorQuery::new(scope.clone(), vector, 10).with_filter(filter.clone());
        let begun = Instant::now();
        let found = collection.search(&[query]).await.unwrap();
        times.push(begun.elapsed());
        assert!(found[0].len() <= 10);
    }
    spread(times)
}

#[tokio::test]
#[ignore = "a measurement"]
async fn one_scope() {
    for (count, dims) in [(10_000, DIMS), (100_000, DIMS), (100_000, 384)] {
        let folder = TempDir::new().unwrap();
        let (a, config) = (user("a"), SqliteVectorConfig::default());
        let store = store_in(&folder, &config);
        let collection = store.open(&spec(dims)).await.unwrap();
        let points = memories(count, &a, 0, dims);
        let begun = Instant::now();
        for batch in points.chunks(10_000) {
            collection.upsert(batch).await.unwrap();
        }
        println!("{count} × {dims}: upsert {:.1} µs a row", begun.elapsed().as_secs_f64() * 1e6 / count as f64);
        let begun = Instant::now();
        for p in &points[..100] {
            collection.upsert(std::slice::from_ref(p)).await.unwrap();
        }
        println!("  upsert of one: {} µs", begun.elapsed().as_micros() / 100);
        drop((collection, store));

        let begun = Instant::now();
        let store = store_in(&folder, &config);
        let collection = store.open(&spec(dims)).await.unwrap();
        let opened = begun.elapsed();
        nearest(&collection, &a, &points[0].vector, 10).await;
        println!("  open {opened:?}, then first search {:?}", begun.elapsed() - opened);
        println!("  search {}", time_searches(&collection, &a, &Filter::All, dims).await);
        for (name, filter) in [
            ("one in ten", Filter::eq("topic", "t3")),
            ("none", Filter::eq("topic", "t99")),
            ("by time", Filter::gte("created_at", "2024-01-01")),
        ] {
            let begun = Instant::now();
            let query = VectorQuery::new(a.clone(), points[0].vector.clone(), 10).with_filter(filter.clone());
            collection.search(&[query]).await.unwrap();
            let first = begun.elapsed();
            println!(
                "  filter ({name}): first {first:?}, then {}",
                time_searches(&collection, &a, &filter, dims).await
            );
        }
        println!("  in memory: {} bytes", store.cache.kept().1);
    }
}

/// The cost grows with the scope and not with the store.
#[tokio::test]
#[ignore = "a measurement"]
async fn a_million_points_in_ten_thousand_scopes() {
    let folder = TempDir::new().unwrap();
    let store = store_in(&folder, &SqliteVectorConfig::default());
    let collection = store.open(&spec(DIMS)).await.unwrap();
    for scopes in [100_usize, 1_000, 10_000] {
        let done = collection.count(None, &Filter::All).await.unwrap() as usize / 100;
        let begun = Instant::now();
        for group in (done..scopes).collect::<Vec<_>>().chunks(100) {
            let batch: Vec<Point> =
                group.iter().flat_map(|n| memories(100, &user(&n.to_string()), n * 100, DIMS)).collect();
            collection.upsert(&batch).await.unwrap();
        }
        println!("{} points in {scopes} scopes; written in {:?}", scopes * 100, begun.elapsed());
        let (mut cold, mut warm, mut random) = (Vec::new(), Vec::new(), Random(17));
        for n in 0..100 {
            let scope = user(&(n * (scopes / 100)).to_string());
            for times in [&mut cold, &mut warm] {
                let vector = random.unit(DIMS);
                let begun = Instant::now();
                assert_eq!(nearest(&collection, &scope, &vector, 10).await.len(), 10);
                times.push(begun.elapsed());
            }
        }
        println!("  first search of a scope {}; second {}", spread(cold), spread(warm));
    }
}
