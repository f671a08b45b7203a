//! What an adapter costs beside the product's own client: the same search and
//! the same write of 100 points by both, by turns.
//!
//! `MEM0_TEST_REDIS_URL=… MEM0_TEST_PGVECTOR_URL=… MEM0_TEST_OPENSEARCH_URL=… \
//!     cargo run --release -p benches --features adapters --bin adapters -- [POINTS] [ROUNDS] [WRITES]`
//!
//! For each: the median of the time on the clock with the range from the tenth
//! to the ninetieth percentile, the time that this process computed (the
//! client's share and ours, without the server), and the share of the ten truly
//! nearest that was found.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a bench stops at the first error"
)]
#![allow(missing_docs, reason = "a program")]

mod opensearch;
mod postgres;
mod redis;

use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use benches::{Random, cpu_ms, percentile, sentence, user};
use mem0::{
    BuildContext, CollectionSpec, EmbedderIdentity, MemoryId, Payload, Point, VectorCollection, VectorQuery,
    VectorStore,
};
use serde_json::{Value, json};

const DIMS: usize = 256;
const LIMIT: usize = 10;
const BATCH: usize = 100;

/// The client of a product, as one would use it by hand.
#[async_trait]
trait Raw: Send {
    /// The ids of the nearest in the first scope.
    async fn search(&mut self, vector: &[f32]) -> Vec<MemoryId>;

    /// Writes points whole.
    async fn upsert(&mut self, points: &[Point]);
}

/// A raw client that is being connected.
type Opening<'a> = Pin<Box<dyn Future<Output = Box<dyn Raw>> + 'a>>;

/// What is measured: the name of the row, the provider, its configuration at an
/// address, and the client on a collection that the provider made.
struct Row {
    name: &'static str,
    provider: &'static str,
    config: fn(&str) -> Value,
    raw: for<'a> fn(&'a str, &'a str) -> Opening<'a>,
}

const ROWS: &[Row] = &[
    Row {
        name: "pgvector",
        provider: "pgvector",
        config: |url| json!({"connection_string": url}),
        raw: |url, collection| Box::pin(postgres::connect(url, collection)),
    },
    Row {
        name: "redis",
        provider: "redis",
        config: |url| json!({"redis_url": url}),
        raw: |url, collection| Box::pin(redis::index(url, collection)),
    },
    Row {
        name: "redis, vector sets",
        provider: "redis",
        config: |url| json!({"redis_url": url, "mode": "vector_sets"}),
        raw: |url, collection| Box::pin(redis::sets(url, collection)),
    },
    Row {
        name: "opensearch",
        provider: "opensearch",
        config: |url| json!({"url": url}),
        raw: |url, collection| Box::pin(opensearch::connect(url, collection)),
    },
];

/// Points with vectors of length 1 around a thousand centres, as texts have
/// subjects.
struct Source(Random);

impl Source {
    fn unit(&mut self, seed: u64) -> Vec<f32> {
        let mut centre = Random::new(seed % 1_000);
        #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "only some number")]
        let next = |random: &mut Random| (random.next_u64() >> 40) as f32 / (1_u64 << 24) as f32 - 0.5;
        let mut vector: Vec<f32> = (0..DIMS).map(|_| next(&mut centre) + next(&mut self.0)).collect();
        let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
        vector.iter_mut().for_each(|x| *x /= length);
        vector
    }

    fn point(&mut self, number: u64, version: u64) -> Point {
        let payload = json!({"data": sentence(number), "color": "blue", "number": number});
        let Value::Object(payload) = payload else { unreachable!() };
        let id: MemoryId = format!("00000000-0000-7000-8000-{number:012x}").parse().unwrap();
        // A thousand memories in each scope.
        let scope = user(number / 1_000).unwrap();
        Point { id, version, scope, vector: self.unit(number), payload: Payload::from_iter(payload) }
    }
}

#[derive(Default)]
struct Times {
    clock: Vec<f64>,
    computed: Vec<f64>,
}

impl Times {
    async fn take<T>(&mut self, call: impl Future<Output = T>) -> T {
        let (computed, start) = (cpu_ms().unwrap(), Instant::now());
        let answer = call.await;
        self.clock.push(start.elapsed().as_secs_f64() * 1e6);
        self.computed.push((cpu_ms().unwrap() - computed) * 1e3);
        answer
    }

    fn show(&mut self) -> String {
        self.clock.sort_by(f64::total_cmp);
        self.computed.sort_by(f64::total_cmp);
        let of = |share| percentile(&self.clock, share);
        let computed = percentile(&self.computed, 0.5);
        format!("{:.0} ({:.0} to {:.0}) µs, computed {computed:.0} µs", of(0.5), of(0.1), of(0.9))
    }
}

/// The user that a point belongs to.
fn user_of(point: &Point) -> &str {
    point.scope.get(mem0::ScopeKey::UserId).unwrap()
}

/// How many of the truly nearest were found.
fn found(points: &[Point], asked: &Point, ids: &[MemoryId]) -> usize {
    let mine = points.iter().filter(|point| point.scope == asked.scope);
    let cosine = |point: &Point| point.vector.iter().zip(&asked.vector).map(|(a, b)| a * b).sum::<f32>();
    let mut all: Vec<(f32, MemoryId)> = mine.map(|point| (cosine(point), point.id)).collect();
    all.sort_by(|a, b| b.0.total_cmp(&a.0));
    all.iter().take(LIMIT).filter(|(_, id)| ids.contains(id)).count()
}

async fn fill(store: &dyn VectorStore, name: &str, points: &[Point]) -> Arc<dyn VectorCollection> {
    let identity = EmbedderIdentity { model: "bench".into(), dims: DIMS, digest: String::new() };
    store.drop_collection(name).await.unwrap();
    let collection = store.open(&CollectionSpec::new(name, identity)).await.unwrap();
    for page in points.chunks(1_000) {
        collection.upsert(page).await.unwrap();
    }
    collection
}

async fn measure(row: &Row, url: &str, points: &[Point], rounds: usize, writes: usize) {
    let folder = tempfile::tempdir().unwrap();
    let context = BuildContext::new(folder.path());
    let store = mem0::registry().make_vector_store(row.provider, (row.config)(url), &context).await.unwrap();
    let ours = fill(&*store, "bench_adapter", points).await;
    fill(&*store, "bench_raw", points).await;
    let mut raw = (row.raw)(url, "bench_raw").await;

    let (mut adapter, mut client, mut hits) =
        ([Times::default(), Times::default()], [Times::default(), Times::default()], [0, 0]);
    let mut source = Source(Random::new(99));
    for round in 0..rounds {
        let asked = &points[round * 7 % points.len().min(1_000)];
        let query = [VectorQuery::new(asked.scope.clone(), asked.vector.clone(), LIMIT)];
        let mut seen = [Vec::new(), Vec::new()];
        for turn in [round % 2, 1 - round % 2] {
            seen[turn] = if turn == 0 {
                let answer = adapter[0].take(ours.search(&query)).await.unwrap();
                answer[0].iter().map(|hit| hit.id).collect()
            } else {
                client[0].take(raw.search(&asked.vector)).await
            };
        }
        hits[0] += found(points, asked, &seen[0]);
        hits[1] += found(points, asked, &seen[1]);
    }
    for round in 0..writes {
        let last = points.len() as u64;
        let owner = points[0].scope.clone();
        let point = |n| Point { scope: owner.clone(), ..source.point(last + n, 2 + round as u64) };
        let batch: Vec<_> = (0..BATCH as u64).map(point).collect();
        for turn in [round % 2, 1 - round % 2] {
            if turn == 0 {
                adapter[1].take(ours.upsert(&batch)).await.unwrap();
            } else {
                client[1].take(raw.upsert(&batch)).await;
            }
        }
    }
    for (what, place) in [("search", 0), ("upsert of 100", 1)] {
        println!("| {} | {what} | adapter {} | client {} |", row.name, adapter[place].show(), client[place].show());
    }
    #[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
    let recall = hits.map(|hits| hits as f64 / (rounds * LIMIT) as f64);
    println!("| {} | recall@10 | adapter {:.3} | client {:.3} |", row.name, recall[0], recall[1]);
    for name in ["bench_adapter", "bench_raw"] {
        store.drop_collection(name).await.unwrap();
    }
}

// One thread, so that what it computed is all there is.
#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<usize>().unwrap());
    let (count, rounds) = (arguments.next().unwrap_or(10_000), arguments.next().unwrap_or(500));
    let writes = arguments.next().unwrap_or(rounds.div_ceil(5)).max(1);
    let mut source = Source(Random::new(1));
    let points: Vec<_> = (0..count as u64).map(|number| source.point(number, 1)).collect();
    for row in ROWS {
        let variable = format!("MEM0_TEST_{}_URL", row.provider.to_uppercase());
        #[allow(clippy::disallowed_methods, reason = "where the server is")]
        match std::env::var(&variable) {
            Ok(url) => measure(row, &url, &points, rounds, writes).await,
            Err(_) => println!("| {} | skipped: set {variable} |", row.name),
        }
    }
}
