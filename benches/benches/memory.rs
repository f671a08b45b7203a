//! Adding and searching, over the embedded defaults.
//!
//! `cargo bench -p benches --bench memory`
#![allow(missing_docs, clippy::unwrap_used, reason = "a bench stops at the first error")]

use std::sync::atomic::{AtomicU64, Ordering};

use benches::{fill, question, sentence, user};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use mem0::filter::Filter;
use mem0::{AddOptions, AddRequest, ListOptions, Mem0, SearchOptions};
use tempfile::TempDir;
use tokio::runtime::Runtime;

fn filled(runtime: &Runtime, scopes: u64, each: u64) -> (TempDir, Mem0) {
    let folder = tempfile::tempdir().unwrap();
    let memory = runtime.block_on(async {
        let memory = mem0::open(folder.path()).await.unwrap();
        for scope in 0..scopes {
            fill(&memory, &user(scope).unwrap(), scope * each..(scope + 1) * each).await.unwrap();
        }
        memory
    });
    (folder, memory)
}

fn adding(c: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let next = AtomicU64::new(1_000_000);
    let mut group = c.benchmark_group("add");
    let (_folder, memory) = filled(&runtime, 1, 1_000);
    let scope = user(0).unwrap();
    group.throughput(Throughput::Elements(1));
    group.bench_function("as_said_durable", |b| {
        b.to_async(&runtime).iter(|| async {
            let number = next.fetch_add(1, Ordering::Relaxed);
            memory.add(sentence(number), &scope, AddOptions::as_said()).await.unwrap()
        });
    });
    group.bench_function("by_rules_durable", |b| {
        b.to_async(&runtime).iter(|| async {
            let number = next.fetch_add(1, Ordering::Relaxed);
            memory.add(sentence(number), &scope, AddOptions::default()).await.unwrap()
        });
    });
    group.throughput(Throughput::Elements(1_000));
    group.sample_size(10);
    group.bench_function("batch_of_1000", |b| {
        b.to_async(&runtime).iter(|| async {
            let first = next.fetch_add(1_000, Ordering::Relaxed);
            let requests = (first..first + 1_000)
                .map(|number| AddRequest::new(sentence(number), scope.clone(), AddOptions::as_said()))
                .collect();
            memory.add_many(requests).await.unwrap()
        });
    });
    // What the disk itself takes, to be subtracted from a durable add.
    let file = std::fs::File::create(_folder.path().join("fsync")).unwrap();
    group.throughput(Throughput::Elements(1));
    group.bench_function("fsync_alone", |b| {
        b.iter(|| {
            use std::io::Write as _;
            (&file).write_all(&[7; 4096]).unwrap();
            file.sync_data().unwrap();
        });
    });
    group.finish();
}

fn searching(c: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let next = AtomicU64::new(0);
    let mut group = c.benchmark_group("search");
    for (scopes, each) in [(1, 1_000), (1, 10_000), (1, 100_000), (100, 1_000)] {
        let (_folder, memory) = filled(&runtime, scopes, each);
        let scope = user(0).unwrap();
        let name = format!("{scopes}x{each}");
        let search = |options: SearchOptions| {
            let (memory, scope) = (&memory, &scope);
            let question = question(next.fetch_add(1, Ordering::Relaxed));
            async move { memory.search(&question, scope, options).await.unwrap() }
        };
        group.bench_function(BenchmarkId::new("plain", &name), |b| {
            b.to_async(&runtime).iter(|| search(SearchOptions::default()));
        });
        if each != 10_000 {
            continue;
        }
        for (kind, filter) in [
            ("eq_10_percent", Filter::eq("color", "red")),
            ("range_1_percent", Filter::lt("number", 100_i64)),
            ("or_not_nested", !(Filter::eq("color", "blue").or(Filter::gt("number", 5_000_i64)))),
            ("contains", Filter::icontains("data", "lisbon")),
        ] {
            group.bench_function(BenchmarkId::new(kind, &name), |b| {
                b.to_async(&runtime).iter(|| search(SearchOptions::default().filter(filter.clone())));
            });
        }
        group.bench_function(BenchmarkId::new("get_all_page_of_100", &name), |b| {
            b.to_async(&runtime).iter(|| async { memory.get_all(&scope, ListOptions::default()).await.unwrap() });
        });
    }
    group.finish();
}

criterion_group!(benches, adding, searching);
criterion_main!(benches);
