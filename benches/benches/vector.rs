//! The embedded vector store alone, with its recall beside each latency.
//!
//! `cargo bench -p benches --bench vector`
#![allow(missing_docs, clippy::unwrap_used, reason = "a bench stops at the first error")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use benches::{question, sentence, user};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use mem0::filter::Filter;
use mem0::{BuildContext, CollectionSpec, Embedder, MemoryId, Payload, Point, Purpose, VectorCollection, VectorQuery};
use serde_json::Value;
use tokio::runtime::Runtime;

const LIMIT: usize = 10;

async fn filled(
    context: &BuildContext,
    embedder: &dyn Embedder,
    count: usize,
) -> (Arc<dyn VectorCollection>, Vec<Point>) {
    let store = mem0::registry().make_vector_store("sqlite", Value::Null, context).await.unwrap();
    let collection = store.open(&CollectionSpec::new("bench", embedder.identity().clone())).await.unwrap();
    let texts: Vec<String> = (0..count as u64).map(sentence).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let vectors = embedder.embed(&texts, Purpose::Store).await.unwrap();
    let points: Vec<Point> = (1_u64..)
        .zip(vectors)
        .map(|(number, vector)| {
            let id: MemoryId = format!("00000000-0000-7000-8000-{number:012x}").parse().unwrap();
            let mut payload = Payload::new();
            payload.insert("color".into(), if number % 10 == 0 { "red" } else { "blue" }.into());
            Point { id, version: 1, scope: user(0).unwrap(), vector, payload }
        })
        .collect();
    for batch in points.chunks(10_000) {
        collection.upsert(batch).await.unwrap();
    }
    (collection, points)
}

/// The share of the truly nearest that the store finds.
async fn recall(collection: &dyn VectorCollection, points: &[Point], questions: &[Vec<f32>]) -> f64 {
    let mut found = 0;
    for question in questions {
        let mut all: Vec<(f32, MemoryId)> = points
            .iter()
            .map(|point| (point.vector.iter().zip(question).map(|(a, b)| a * b).sum(), point.id))
            .collect();
        all.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        // Equal up to rounding is equal: the order of summation differs.
        let worst = all.get(LIMIT - 1).unwrap().0 - 1e-5;
        let hits = collection.search(&[VectorQuery::new(user(0).unwrap(), question.clone(), LIMIT)]).await.unwrap();
        found += hits.first().unwrap().iter().filter(|hit| hit.raw >= worst).count();
    }
    #[allow(clippy::cast_precision_loss)]
    let share = found as f64 / (questions.len() * LIMIT) as f64;
    share
}

fn scanning(c: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let mut group = c.benchmark_group("vector");
    for count in [10_000, 100_000] {
        let folder = tempfile::tempdir().unwrap();
        let context = BuildContext::new(folder.path());
        let (collection, questions, recall) = runtime.block_on(async {
            let embedder = mem0::registry().make_embedder("local", Value::Null, &context).await.unwrap();
            let (collection, points) = filled(&context, &*embedder, count).await;
            let texts: Vec<String> = (0..100).map(question).collect();
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let questions = embedder.embed(&texts, Purpose::Query).await.unwrap();
            let recall = recall(&*collection, &points, &questions).await;
            (collection, questions, recall)
        });
        let next = AtomicUsize::new(0);
        for (kind, filter) in [("exact", Filter::All), ("exact_filtered", Filter::eq("color", "red"))] {
            group.bench_function(BenchmarkId::new(format!("{kind}_recall_{recall:.3}"), count), |b| {
                b.to_async(&runtime).iter(|| {
                    let at = next.fetch_add(1, Ordering::Relaxed) % questions.len();
                    let question = questions.get(at).unwrap().clone();
                    let query = VectorQuery::new(user(0).unwrap(), question, LIMIT).with_filter(filter.clone());
                    let collection = &collection;
                    async move { collection.search(&[query]).await.unwrap() }
                });
            });
        }
    }
    group.finish();
}

criterion_group!(benches, scanning);
criterion_main!(benches);
