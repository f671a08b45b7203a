//! A search by a graph says the truth about what it finds, and misses little.

use std::collections::BTreeMap;
use std::sync::Arc;

use mem0_core::{ErrorKind, Filter, Selector};
use proptest::prelude::*;

use super::exact::{found, naive, runtime};
use super::*;

const DIMS: usize = 16;
const FROM: usize = 64;

fn graph_store(cache_bytes: usize) -> SqliteVectorStore {
    let config = SqliteVectorConfig::default().with_cache_bytes(cache_bytes).with_graph_from(FROM);
    SqliteVectorStore::new(SqliteDb::in_memory().unwrap(), &config).unwrap()
}

/// A store beside a plain account of what it must hold.
struct Account {
    store: SqliteVectorStore,
    collection: Arc<dyn VectorCollection>,
    kept: BTreeMap<MemoryId, Point>,
    centres: Vec<Vec<f32>>,
    random: Random,
    version: u64,
}

impl Account {
    async fn new(seed: u64) -> Self {
        let store = graph_store(64 << 20);
        let collection = store.open(&spec(DIMS)).await.unwrap();
        let mut random = Random(seed | 1);
        let centres = (0..12).map(|_| random.unit(DIMS)).collect();
        Self { store, collection, kept: BTreeMap::new(), centres, random, version: 0 }
    }

    fn vector(&mut self) -> Vec<f32> {
        let centre = self.random.below(self.centres.len());
        self.random.near(&self.centres[centre], 0.7)
    }

    /// New rows, and new versions of old ones.
    async fn upsert(&mut self, ids: std::ops::Range<usize>) {
        self.version += 1;
        let mut batch = Vec::new();
        for n in ids {
            let vector = self.vector();
            batch.push(with(point(n, self.version, &user("a"), &vector), "n", n % 10));
        }
        self.collection.upsert(&batch).await.unwrap();
        self.kept.extend(batch.into_iter().map(|p| (p.id, p)));
    }

    async fn delete(&mut self, ids: impl Iterator<Item = usize>) {
        self.version += 1;
        let gone: Vec<_> = ids.map(|n| (id(n), self.version)).collect();
        gone.iter().for_each(|(id, _)| drop(self.kept.remove(id)));
        self.collection.delete(&Selector::Ids(gone)).await.unwrap();
    }

    /// The graph is there: a search sees to it.
    async fn built(&self) -> usize {
        nearest(&self.collection, &user("a"), &self.centres[0], 1).await;
        self.store.wait_for_graphs()
    }

    /// What is found is there and scores exactly, in order, and is nearly all
    /// that there is to find. Where a scan answers it is exactly that.
    async fn check(&mut self) {
        let points: Vec<Point> = self.kept.values().cloned().collect();
        let (mut hits, mut of) = (0, 0);
        for round in 0..12 {
            let limit = [1, 10, 60][round % 3];
            let query = VectorQuery::new(user("a"), self.vector(), limit);
            let answer = found(&self.collection.search(std::slice::from_ref(&query)).await.unwrap()[0]);
            let mut all = query.clone();
            all.limit = usize::MAX;
            let truth = naive(&points, &all);
            let places: Vec<usize> =
                answer.iter().map(|one| truth.iter().position(|true_one| true_one == one).unwrap()).collect();
            assert!(places.is_sorted_by(|a, b| a < b), "order, ties too");
            assert_eq!(answer.len(), limit.min(points.len()));
            hits += places.iter().filter(|&&place| place < limit).count();
            of += answer.len();
        }
        assert!(hits * 10 >= of * 9, "{hits} of {of}");
        for (filter, limit) in [(Filter::eq("n", 3), 10), (Filter::lt("n", 9), 60), (Filter::All, 201)] {
            let query = VectorQuery::new(user("a"), self.vector(), limit).with_filter(filter);
            let answer = self.collection.search(std::slice::from_ref(&query)).await.unwrap();
            assert_eq!(found(&answer[0]), naive(&points, &query));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]

    #[test]
    fn what_a_graph_finds_is_there_and_scores_exactly(seed in any::<u64>()) {
        runtime().block_on(async {
            let mut account = Account::new(seed).await;
            account.upsert(0..500).await;
            assert_eq!(account.built().await, 1);
            account.check().await;
            for _ in 0..6 {
                // Few changes stay beside the graph, many have it built again.
                let (first, count) = (account.random.below(600), [5, 60, 200][account.random.below(3)]);
                match account.random.below(3) {
                    0 => account.delete(first..first + count).await,
                    _ => account.upsert(first..first + count).await,
                }
                account.check().await;
                if account.random.below(2) == 0 {
                    account.built().await;
                }
                account.check().await;
            }
        });
    }
}

#[tokio::test]
async fn rows_near_the_question_may_all_be_gone() {
    let mut account = Account::new(5).await;
    account.upsert(0..600).await;
    account.built().await;
    let query = account.centres[3].clone();
    // Fewer than a quarter, so that the graph stays; more than a search looks at.
    let near = nearest(&account.collection, &user("a"), &query, 145).await;
    account.delete(near.into_iter()).await;
    let points: Vec<Point> = account.kept.values().cloned().collect();
    let truth = naive(&points, &VectorQuery::new(user("a"), query.clone(), 5));
    let truth: Vec<usize> = truth.into_iter().map(|(id, _)| id).collect();
    assert_eq!(nearest(&account.collection, &user("a"), &query, 5).await, truth);
    assert_eq!(account.store.wait_for_graphs(), 1);
}

#[tokio::test]
async fn a_graph_goes_with_its_rows() {
    let mut account = Account::new(7).await;
    account.upsert(0..FROM - 1).await;
    assert_eq!(account.built().await, 0);
    account.upsert(FROM - 1..FROM).await;
    let (_, scanned) = (account.built().await, account.store.cache.kept().1);
    assert_eq!(account.store.wait_for_graphs(), 1);
    account.delete(0..1).await;
    assert_eq!(account.built().await, 0);
    assert!(account.store.cache.kept().1 < scanned / 2, "what a graph takes is counted");
    account.upsert(0..FROM).await;
    assert_eq!(account.built().await, 1);
    account.collection.delete(&Selector::Scope(user("a"))).await.unwrap();
    assert_eq!((account.store.wait_for_graphs(), account.store.cache.kept()), (0, (0, 0)));
    account.kept.clear();
    account.upsert(0..100).await;
    assert_eq!(account.built().await, 1);
    account.check().await;
}

#[tokio::test]
async fn graphs_keep_to_the_budget() {
    // Room for the rows of four scopes, or for one or two of them with a graph.
    const BUDGET: usize = 40_000;
    let store = graph_store(BUDGET);
    let collection = store.open(&spec(DIMS)).await.unwrap();
    let mut random = Random(9);
    for name in 0..6 {
        let scope = user(&name.to_string());
        let points: Vec<Point> = (0..100).map(|n| point(name * 100 + n, 1, &scope, &random.unit(DIMS))).collect();
        collection.upsert(&points).await.unwrap();
    }
    for name in (0..6).chain(0..6) {
        let found = nearest(&collection, &user(&name.to_string()), &random.unit(DIMS), 100).await;
        assert!(found.len() == 100 && found.iter().all(|n| n / 100 == name));
        let graphs = store.wait_for_graphs();
        assert!((1..=2).contains(&graphs) && store.cache.kept().1 <= BUDGET, "{graphs} {:?}", store.cache.kept());
    }
    // One that would not fit is not built.
    let big: Vec<Point> = (1_000..1_300).map(|n| point(n, 1, &user("big"), &random.unit(DIMS))).collect();
    collection.upsert(&big).await.unwrap();
    assert_eq!(nearest(&collection, &user("big"), &big[7].vector, 1).await, [1_007]);
    assert_eq!(store.wait_for_graphs(), 0);
}

#[tokio::test]
async fn closing_ends_a_build() {
    let store = graph_store(64 << 20);
    let collection = store.open(&spec(DIMS)).await.unwrap();
    let mut random = Random(11);
    let points: Vec<Point> = (0..1_000).map(|n| point(n, 1, &user("a"), &random.unit(DIMS))).collect();
    collection.upsert(&points).await.unwrap();
    nearest(&collection, &user("a"), &points[0].vector, 1).await;
    let (cache, wait) = (Arc::downgrade(&store.cache), store.cache.graphs.waiter());
    drop((store, collection));
    wait();
    assert!(cache.upgrade().is_none(), "a build holds nothing of the store");
}

#[tokio::test]
async fn a_graph_is_built_beside_writers() {
    // So few rows that all are in view, so that a graph finds what a scan does.
    const LIMIT: usize = 60;
    let mut account = Account::new(13).await;
    account.upsert(0..100).await;
    let write = async |first: usize| {
        let mut random = Random(first as u64 + 21);
        let mut written = Vec::new();
        for n in first..first + 40 {
            let p = with(point(n, 9, &user("a"), &random.unit(DIMS)), "n", n % 10);
            account.collection.upsert(std::slice::from_ref(&p)).await.unwrap();
            // What is written is found at once, whoever answers.
            assert_eq!(nearest(&account.collection, &user("a"), &p.vector, LIMIT).await[0], n);
            written.push((p.id, p));
        }
        written
    };
    let (old, new, newer) = tokio::join!(write(40), write(140), write(240));
    account.kept.extend(old.into_iter().chain(new).chain(newer));
    assert_eq!(account.built().await, 1);
    let points: Vec<Point> = account.kept.values().cloned().collect();
    let query = VectorQuery::new(user("a"), account.centres[0].clone(), LIMIT);
    let answer = account.collection.search(std::slice::from_ref(&query)).await.unwrap();
    assert_eq!(found(&answer[0]), naive(&points, &query));
}

#[tokio::test]
async fn many_equal_rows_do_not_hide_the_rest() {
    let mut account = Account::new(17).await;
    let mut points: Vec<Point> = (0..300).map(|n| point(n, 1, &user("a"), &[1.0; DIMS])).collect();
    points.extend((300..330).map(|n| point(n, 1, &user("a"), &account.random.unit(DIMS))));
    account.collection.upsert(&points).await.unwrap();
    assert_eq!(account.built().await, 1);
    for p in &points[300..] {
        assert_eq!(nearest(&account.collection, &user("a"), &p.vector, 1).await, ids_of(p));
    }
    // All rows are in view of so wide a search.
    let query = VectorQuery::new(user("a"), account.centres[0].clone(), 110);
    let answer = account.collection.search(std::slice::from_ref(&query)).await.unwrap();
    assert_eq!(found(&answer[0]), naive(&points, &query));
}

fn ids_of(point: &Point) -> [usize; 1] {
    [point.id.as_uuid().as_u128() as usize]
}

#[tokio::test]
async fn the_setting_is_an_ordinary_one() {
    let config: SqliteVectorConfig = serde_json::from_str(r#"{"graph_from": 5}"#).unwrap();
    assert_eq!(config, SqliteVectorConfig::default().with_graph_from(5));
    assert_eq!(SqliteVectorConfig::default().graph_from, None);
    // Nothing is asked for where it is not set.
    let collection = store();
    let open = collection.open(&spec(DIMS)).await.unwrap();
    assert_eq!(open.upsert(&[point(1, 1, &user("a"), &[1.0])]).await.unwrap_err().kind(), ErrorKind::DimensionMismatch);
    assert_eq!(collection.wait_for_graphs(), 0);
}
