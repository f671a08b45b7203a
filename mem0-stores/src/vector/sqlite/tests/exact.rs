//! A search finds exactly what a look at every exact vector finds.

use mem0_core::Filter;
use proptest::prelude::*;
use serde_json::json;
use tokio::runtime::{Builder, Runtime};

use super::*;
use crate::vector::sqlite::quantise::{QueryCode, to_bytes};

/// The definition of a search.
pub(super) fn naive(points: &[Point], query: &VectorQuery) -> Vec<(usize, f32)> {
    let code = QueryCode::new(&query.vector);
    let mut all: Vec<(f32, MemoryId)> = points
        .iter()
        .filter(|p| query.scope.covers(&p.scope) && query.filter.matches(&p.payload))
        .map(|p| (code.cosine(&to_bytes(&p.vector)).unwrap(), p.id))
        .collect();
    all.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    all.truncate(query.limit);
    all.into_iter().map(|(raw, id)| (id.as_uuid().as_u128() as usize, raw)).collect()
}

pub(super) fn found(points: &[ScoredPoint]) -> Vec<(usize, f32)> {
    ids(points).into_iter().zip(points.iter().map(|p| p.raw)).collect()
}

/// Points of several kinds of neighbourhoods: spread out, close together, and
/// equal in direction.
fn points(seed: u64, count: usize, dims: usize) -> Vec<Point> {
    let mut random = Random(seed | 1);
    let scopes = [user("a"), user("a").with_run("1").unwrap(), user("a").with_agent("x").unwrap(), user("b")];
    let centres: Vec<Vec<f32>> = (0..3).map(|_| random.unit(dims)).collect();
    let mut points: Vec<Point> = Vec::new();
    for n in 0..count {
        let vector = match random.below(4) {
            0 => random.unit(dims),
            1 => random.near(&centres[n % 3], 1e-3),
            2 if n > 0 => points[random.below(n)].vector.clone(),
            _ => random.near(&centres[n % 3], 0.3),
        };
        let p = point(random.below(1 << 40), 1, &scopes[random.below(4)], &vector);
        let p = with(p, "n", random.below(10));
        points.push(if random.below(3) == 0 { p } else { with(p, "tag", ["red", "blue"][random.below(2)]) });
    }
    points.sort_by_key(|p| p.id);
    points.dedup_by_key(|p| p.id);
    points
}

fn filters() -> [Filter; 6] {
    [
        Filter::All,
        Filter::eq("tag", "red"),
        !Filter::eq("tag", "red"),
        Filter::gt("n", 8).and(Filter::exists("tag")),
        Filter::from_json(&json!({"OR": [{"n": [1, 2]}, {"tag": {"icontains": "BL"}}]})).unwrap(),
        Filter::Nothing,
    ]
}

pub(super) fn runtime() -> Runtime {
    Builder::new_current_thread().build().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn as_every_exact_vector_says(seed in any::<u64>(), count in 0_usize..600, dims in 1_usize..70, limit in 1_usize..40) {
        let points = points(seed, count, dims);
        let mut random = Random(!seed | 1);
        let mut queries = Vec::new();
        for filter in filters() {
            for scope in [user("a"), user("a").with_run("1").unwrap(), user("c")] {
                let vector = if count > 0 && random.below(2) == 0 {
                    points[random.below(points.len())].vector.clone()
                } else {
                    random.unit(dims)
                };
                let limit = if random.below(8) == 0 { usize::MAX } else { limit };
                queries.push(VectorQuery::new(scope, vector, limit).with_filter(filter.clone()));
            }
        }
        runtime().block_on(async {
            // Once from memory, and once from the file, as a scope beyond the budget is read.
            for budget in [64 << 20, 0] {
                let config = SqliteVectorConfig::default().with_cache_bytes(budget);
                let store = SqliteVectorStore::new(SqliteDb::in_memory().unwrap(), &config).unwrap();
                let collection = store.open(&spec(dims)).await.unwrap();
                collection.upsert(&points).await.unwrap();
                let answers = collection.search(&queries).await.unwrap();
                for (query, answer) in queries.iter().zip(&answers) {
                    prop_assert_eq!(found(answer), naive(&points, query));
                    let count = collection.count(Some(&query.scope), &query.filter).await.unwrap();
                    let mut all = query.clone();
                    all.limit = usize::MAX;
                    prop_assert_eq!(count as usize, naive(&points, &all).len());
                }
            }
            Ok(())
        })?;
    }

    #[test]
    fn also_while_points_come_and_go(seed in any::<u64>()) {
        const DIMS: usize = 16;
        runtime().block_on(async {
            let store = store();
            let collection = store.open(&spec(DIMS)).await.unwrap();
            let (mut random, mut kept) = (Random(seed | 1), Vec::<Point>::new());
            let pool = points(seed, 400, DIMS);
            for step in 0..30_u64 {
                // Small and large batches: new points, new versions, moves to other scopes.
                let mut batch: Vec<Point> = Vec::new();
                for _ in 0..[3, 40, 300][random.below(3)] {
                    let mut p = pool[random.below(pool.len())].clone();
                    p.version = step + 2;
                    p.vector = pool[random.below(pool.len())].vector.clone();
                    p.payload = pool[random.below(pool.len())].payload.clone();
                    if random.below(20) == 0 {
                        p.scope = pool[random.below(pool.len())].scope.clone();
                    }
                    batch.push(p);
                }
                if random.below(3) == 0 {
                    let gone: Vec<_> = batch.iter().map(|p| (p.id, step + 2)).collect();
                    collection.delete(&mem0_core::Selector::Ids(gone)).await.unwrap();
                    kept.retain(|p| batch.iter().all(|b| b.id != p.id));
                } else {
                    collection.upsert(&batch).await.unwrap();
                    kept.retain(|p| batch.iter().all(|b| b.id != p.id));
                    batch.reverse();
                    batch.sort_by_key(|p| p.id);
                    batch.dedup_by_key(|p| p.id);
                    kept.extend(batch);
                }
                if random.below(12) == 0 {
                    let scope = user("a").with_run("1").unwrap();
                    let before = kept.len();
                    kept.retain(|p| !scope.covers(&p.scope));
                    let gone = collection.delete(&mem0_core::Selector::Scope(scope)).await.unwrap();
                    prop_assert_eq!(gone as usize, before - kept.len());
                }
                let filter = filters()[random.below(6)].clone();
                let query = VectorQuery::new(user("a"), random.unit(DIMS), 10).with_filter(filter);
                let answer = collection.search(std::slice::from_ref(&query)).await.unwrap();
                prop_assert_eq!(found(&answer[0]), naive(&kept, &query));
            }
            Ok(())
        })?;
    }
}

#[tokio::test]
async fn also_after_a_long_list_of_changes() {
    const DIMS: usize = 8;
    let collection = store().open(&spec(DIMS)).await.unwrap();
    let (a, mut random) = (user("a"), Random(41));
    let new = |n: usize, version, random: &mut Random| {
        with(point(n, version, &a, &random.unit(DIMS)), "tag", ["red", "blue"][n % 2])
    };
    let mut kept: Vec<Point> = (0..2_000).map(|n| new(n, 1, &mut random)).collect();
    collection.upsert(&kept).await.unwrap();
    let query = VectorQuery::new(a.clone(), random.unit(DIMS), 50).with_filter(Filter::eq("tag", "red"));
    let query = std::slice::from_ref(&query);
    assert_eq!(found(&collection.search(query).await.unwrap()[0]), naive(&kept, &query[0]));

    // Removed, replaced and new points, all since the last search.
    let gone: Vec<_> = (0..600).map(|n| (id(n * 3), 1)).collect();
    collection.delete(&mem0_core::Selector::Ids(gone.clone())).await.unwrap();
    kept.retain(|p| gone.iter().all(|(id, _)| *id != p.id));
    let changed: Vec<Point> = (1_500..2_300).map(|n| new(n, 2, &mut random)).collect();
    collection.upsert(&changed).await.unwrap();
    kept.retain(|p| changed.iter().all(|c| c.id != p.id));
    kept.extend(changed);
    assert_eq!(found(&collection.search(query).await.unwrap()[0]), naive(&kept, &query[0]));
}
