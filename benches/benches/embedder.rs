//! The embedding model that ships inside.
//!
//! `cargo bench -p benches --bench embedder`
#![allow(missing_docs, clippy::unwrap_used, reason = "a bench stops at the first error")]

use benches::sentence;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use mem0::{BuildContext, Purpose};
use serde_json::Value;
use tokio::runtime::Runtime;

fn embedding(c: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let context = BuildContext::new(".");
    let make = || runtime.block_on(mem0::registry().make_embedder("local", Value::Null, &context)).unwrap();
    let embedder = make();
    let texts: Vec<String> = (0..1_000).map(sentence).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let mut group = c.benchmark_group("embedder");
    group.bench_function("start", |b| b.iter(make));
    group.throughput(Throughput::Elements(1));
    group.bench_function("one_text", |b| {
        b.to_async(&runtime).iter(|| embedder.embed(&["Which city does she live in?"], Purpose::Query));
    });
    group.throughput(Throughput::Elements(1_000));
    group.bench_function("1000_texts", |b| {
        b.to_async(&runtime).iter(|| embedder.embed(&texts, Purpose::Store));
    });
    group.finish();
}

criterion_group!(benches, embedding);
criterion_main!(benches);
