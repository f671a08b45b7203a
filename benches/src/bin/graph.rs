//! The embedded vector store with a graph over one scope, against the exact scan
//! of the same rows: time and recall, and what the graph costs.
//!
//! `cargo run --release -p benches --bin graph -- ROWS…`
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "a measurement is printed")]

use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use benches::{peak_memory_mib, percentile, question, sentence, user};
use mem0::{
    BuildContext, CollectionSpec, Embedder, MemoryId, Payload, Point, Purpose, Result, ScoredPoint, VectorCollection,
    VectorQuery, VectorStore,
};
use mem0_stores::vector::sqlite::{SqliteVectorConfig, SqliteVectorStore};
use mem0_stores::{SqliteDb, SqliteOptions, Synchronous};
use serde_json::Value;

const QUESTIONS: u64 = 200;

/// The best of so many is taken: other work on the machine only adds.
const ROUNDS: usize = 5;

/// Enough for a million rows with a graph.
const CACHE_BYTES: usize = 2 << 30;

fn main() -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    println!("|     rows | limit | scan p50 / p99 ms | graph p50 / p99 ms | recall |");
    for rows in std::env::args().skip(1) {
        runtime.block_on(compare(rows.parse()?))?;
    }
    Ok(())
}

async fn compare(rows: u64) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let context = BuildContext::new(folder.path());
    let embedder = mem0::registry().make_embedder("local", Value::Null, &context).await?;
    let spec = CollectionSpec::new("bench", embedder.identity().clone());
    let options = SqliteOptions::default().with_synchronous(Synchronous::Normal);
    let db = SqliteDb::open(folder.path().join("vectors.db"), &options)?;
    let config = SqliteVectorConfig::default().with_cache_bytes(CACHE_BYTES);
    let scanning = SqliteVectorStore::new(db.clone(), &config)?;
    let guided = SqliteVectorStore::new(db, &config.with_graph_from(1))?;
    let (scan, graph) = (scanning.open(&spec).await?, guided.open(&spec).await?);

    fill(&*scan, &*embedder, rows).await?;
    let texts: Vec<String> = (0..QUESTIONS).map(question).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let questions = embedder.embed(&texts, Purpose::Query).await?;

    // Both read their rows with the first search; that of one asks for the graph.
    ask(&scan, questions.first().ok_or("no question")?, 1).await?;
    let before = peak_memory_mib();
    ask(&graph, questions.first().ok_or("no question")?, 1).await?;
    let begun = Instant::now();
    let graphs = guided.wait_for_graphs();
    let (built, memory) = (begun.elapsed().as_secs_f64(), peak_memory_mib());

    for limit in [10, 60] {
        let (mut scans, mut ways) = (Times::default(), Times::default());
        let (mut hits, mut of) = (0, 0);
        for round in 0..ROUNDS {
            for question in &questions {
                let (time, exact) = ask(&scan, question, limit).await?;
                scans.add(round, time);
                let (time, found) = ask(&graph, question, limit).await?;
                ways.add(round, time);
                let worst = exact.last().map_or(0.0, |hit| hit.raw);
                hits += found.iter().filter(|hit| hit.raw >= worst).count();
                of += exact.len();
            }
        }
        #[allow(clippy::cast_precision_loss, reason = "small numbers")]
        let recall = hits as f64 / of as f64;
        println!("| {rows:8} | {limit:5} | {:>17} | {:>18} | {recall:.4} |", scans.best(), ways.best());
    }
    println!("  {graphs} graph, built in {built:.1} s; peak memory before {before:?}, after {memory:?} MiB");
    Ok(())
}

async fn fill(collection: &dyn VectorCollection, embedder: &dyn Embedder, rows: u64) -> Result<(), Box<dyn Error>> {
    for start in (0..rows).step_by(10_000) {
        let numbers = start..rows.min(start + 10_000);
        let texts: Vec<String> = numbers.clone().map(sentence).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let vectors = embedder.embed(&texts, Purpose::Store).await?;
        let mut points = Vec::with_capacity(vectors.len());
        for (number, vector) in numbers.zip(vectors) {
            let id: MemoryId = format!("00000000-0000-7000-8000-{number:012x}").parse()?;
            points.push(Point { id, version: 1, scope: user(0)?, vector, payload: Payload::new() });
        }
        collection.upsert(&points).await?;
    }
    Ok(())
}

async fn ask(
    collection: &Arc<dyn VectorCollection>,
    question: &[f32],
    limit: usize,
) -> Result<(f64, Vec<ScoredPoint>)> {
    let query = VectorQuery::new(user(0)?, question.to_vec(), limit);
    let begun = Instant::now();
    let found = collection.search(&[query]).await?;
    Ok((begun.elapsed().as_secs_f64() * 1e3, found.into_iter().flatten().collect()))
}

/// Milliseconds by round.
#[derive(Default)]
struct Times([Vec<f64>; ROUNDS]);

impl Times {
    fn add(&mut self, round: usize, time: f64) {
        if let Some(times) = self.0.get_mut(round) {
            times.push(time);
        }
    }

    /// The median and the 99th percentile of the best round.
    fn best(mut self) -> String {
        let mut of = |share: f64| {
            let at = |times: &mut Vec<f64>| {
                times.sort_by(f64::total_cmp);
                percentile(times, share)
            };
            self.0.iter_mut().map(at).fold(f64::INFINITY, f64::min)
        };
        format!("{:.2} / {:.2}", of(0.5), of(0.99))
    }
}
