//! Whole-process figures: cold start, peak memory, and that the cost of a
//! search grows with the scope and not with the store.
//!
//! `cargo run --release -p benches --bin scale -- fill FOLDER SCOPES EACH`
//! `cargo run --release -p benches --bin scale -- search FOLDER SCOPES QUESTIONS`
//! `cargo run --release -p benches --bin scale -- add FOLDER COUNT [POLICY]`
//! `cargo run --release -p benches --bin scale -- rate FOLDER SCOPES TASKS SECONDS`
//!
//! In place of a folder a configuration (`FILE.toml`) may stand; `--features
//! postgres` builds PostgreSQL in, as a ledger and as a vector store.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "a measurement is printed")]

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use benches::{cpu_ms, fill, instant_llm, peak_memory_mib, percentile, question, sentence, user};
use mem0::filter::Filter;
use mem0::policies::{self, PolicyConfig};
use mem0::{AddOptions, Config, Mem0, SearchOptions};

fn main() -> Result<(), Box<dyn Error>> {
    let started = Instant::now();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["fill", folder, scopes, each] => runtime.block_on(fill_all(folder, scopes.parse()?, each.parse()?)),
        ["search", folder, scopes, questions] => {
            runtime.block_on(search_all(started, folder, scopes.parse()?, questions.parse()?))
        }
        ["add", folder, count] => runtime.block_on(add_all(folder, count.parse()?, "")),
        ["add", folder, count, policy] => runtime.block_on(add_all(folder, count.parse()?, policy)),
        ["rate", folder, scopes, tasks, seconds] => {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            let span = Duration::from_secs(seconds.parse()?);
            runtime.block_on(rate_all(folder, scopes.parse()?, tasks.parse()?, span))
        }
        _ => {
            Err("usage: scale add FOLDER COUNT [POLICY] | scale fill FOLDER SCOPES EACH | scale search FOLDER SCOPES \
                 QUESTIONS | scale rate FOLDER SCOPES TASKS SECONDS"
                .into())
        }
    }
}

/// The configuration of a folder, or the one in a file.
fn config(place: &str) -> Result<Config, Box<dyn Error>> {
    let path = Path::new(place);
    if path.extension().is_some_and(|extension| extension == "toml") {
        return Ok(mem0::read_config(Some(path))?);
    }
    let mut config = Config::default();
    config.data_dir = Some(path.into());
    Ok(config)
}

/// Adds as said, then searches, by many tasks at once, each in one scope after
/// the other: how many a second.
async fn rate_all(place: &str, scopes: u64, tasks: u64, span: Duration) -> Result<(), Box<dyn Error>> {
    let memory = mem0::from_config(&config(place)?).await?;
    let next = Arc::new(AtomicU64::new(memory.stats(None).await?.ledger.events + 20_000_000));
    for (name, adds) in [("adds", true), ("searches", false)] {
        let began = Instant::now();
        let work =
            (0..tasks).map(|task| tokio::spawn(one_task(memory.clone(), Arc::clone(&next), adds, task, scopes, span)));
        let mut times = Vec::new();
        for task in work.collect::<Vec<_>>() {
            times.extend(task.await??);
        }
        let seconds = began.elapsed().as_secs_f64();
        times.sort_unstable_by(f64::total_cmp);
        let (p50, p99) = (percentile(&times, 0.5), percentile(&times, 0.99));
        #[allow(clippy::cast_precision_loss)]
        let rate = times.len() as f64 / seconds;
        println!("{tasks} tasks: {rate:.0} {name}/s, p50 {p50:.2} ms, p99 {p99:.2} ms, in {scopes} scopes");
    }
    Ok(())
}

async fn one_task(
    memory: Mem0,
    next: Arc<AtomicU64>,
    adds: bool,
    task: u64,
    scopes: u64,
    span: Duration,
) -> mem0::Result<Vec<f64>> {
    let began = Instant::now();
    let mut times = Vec::new();
    let mut turn = task;
    while began.elapsed() < span {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let scope = user(turn % scopes)?;
        turn += 1;
        let one = Instant::now();
        if adds {
            memory.add(sentence(number), &scope, AddOptions::as_said()).await?;
        } else {
            memory.search(&question(number), &scope, SearchOptions::default().threshold(0.0)).await?;
        }
        times.push(one.elapsed().as_secs_f64() * 1e3);
    }
    Ok(times)
}

async fn fill_all(folder: &str, scopes: u64, each: u64) -> Result<(), Box<dyn Error>> {
    let started = Instant::now();
    let memory = mem0::from_config(&config(folder)?).await?;
    for scope in 0..scopes {
        fill(&memory, &user(scope)?, scope * each..(scope + 1) * each).await?;
    }
    let seconds = started.elapsed().as_secs_f64();
    #[allow(clippy::cast_precision_loss)]
    let per_memory = seconds * 1e6 / (scopes * each) as f64;
    println!("filled {scopes} x {each} in {seconds:.1} s, {per_memory:.0} us each");
    println!("peak memory {} MiB", peak_memory_mib().unwrap_or_default());
    Ok(())
}

/// Single durable adds to the scope of user 0: as said, by rules, and by the
/// policies that ask a model, with one that answers at once (three facts each);
/// or by one of them only.
async fn add_all(folder: &str, count: u64, only: &str) -> Result<(), Box<dyn Error>> {
    let mut builder = mem0::builder(&config(folder)?).await?;
    let llm = instant_llm();
    for policy in [policies::single_pass, policies::two_phase, policies::additive] {
        let (extractor, reconciler) = policy(Arc::clone(&llm), PolicyConfig::default())?;
        builder = builder.policy(extractor, reconciler);
    }
    let memory = builder.open().await?;
    let scope = user(0)?;
    let by = |policy: &str| AddOptions::default().policy(policy);
    for (name, options) in [
        ("as said", AddOptions::as_said()),
        ("by rules", by("rules")),
        ("by single_pass", by("single_pass")),
        ("by two_phase", by("two_phase")),
        ("by additive", by("additive")),
    ] {
        if !name.ends_with(only) {
            continue;
        }
        let mut times = Vec::new();
        let first = memory.stats(None).await?.ledger.events + 10_000_000;
        let computed = cpu_ms().unwrap_or(f64::NAN);
        for number in first..first + count {
            let began = Instant::now();
            memory.add(sentence(number), &scope, options.clone()).await?;
            times.push(began.elapsed().as_secs_f64() * 1e3);
        }
        times.sort_unstable_by(f64::total_cmp);
        let (p50, p99) = (percentile(&times, 0.5), percentile(&times, 0.99));
        #[allow(clippy::cast_precision_loss)]
        let cpu = (cpu_ms().unwrap_or(f64::NAN) - computed) / count as f64;
        println!("add {name}: p50 {p50:.2} ms, p99 {p99:.2} ms, CPU {cpu:.2} ms over {count} adds");
    }
    Ok(())
}

async fn search_all(started: Instant, folder: &str, scopes: u64, questions: u64) -> Result<(), Box<dyn Error>> {
    let memory = mem0::from_config(&config(folder)?).await?;
    memory.search(&question(0), &user(0)?, SearchOptions::default()).await?;
    println!("start to first answer {:.1} ms", started.elapsed().as_secs_f64() * 1e3);
    let filtered = SearchOptions::default().threshold(0.0).filter(Filter::eq("color", "red"));
    for (name, options) in [("plain", SearchOptions::default().threshold(0.0)), ("filtered", filtered)] {
        let mut times = Vec::new();
        for number in 1..=questions {
            let (question, scope) = (question(number), user(number % scopes)?);
            let began = Instant::now();
            let found = memory.search(&question, &scope, options.clone()).await?;
            times.push(began.elapsed().as_secs_f64() * 1e3);
            if found.results.is_empty() {
                return Err("a search found nothing".into());
            }
        }
        times.sort_unstable_by(f64::total_cmp);
        let (p50, p99) = (percentile(&times, 0.5), percentile(&times, 0.99));
        println!("{name}: p50 {p50:.2} ms, p99 {p99:.2} ms over {questions} searches in {scopes} scopes");
    }
    println!("peak memory {} MiB", peak_memory_mib().unwrap_or_default());
    Ok(())
}
