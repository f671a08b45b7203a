//! The weights of the score, fitted to questions with known evidence.
//!
//! `cargo run --release -p benches --bin fit -- locomo10.json [--config FILE.toml]... [--keep DIR]`
//!
//! Prints what the shipped weights give, what those fitted without a conversation
//! give on it, over all conversations the honest figure, and the weights fitted to
//! all. With several configurations (for the embedder `transformer` build with
//! `--features transformer`) also the weights that are fitted to all of them
//! together. `DIR` keeps what was remembered, so that another run need not embed
//! it again.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "a measurement is printed")]

use std::error::Error;
use std::path::{Path, PathBuf};

use benches::qa::fit::{Case, Fitness, cases, fit, fitness};
use benches::qa::{Dataset, Journal, apart, load};
use mem0::{Config, Fusion, Signals};

fn main() -> Result<(), Box<dyn Error>> {
    let (file, configs, keep) = arguments(std::env::args().skip(1))?;
    let dataset = load::locomo(Path::new(&file))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let temporary = tempfile::tempdir()?;
    let folder = keep.as_deref().unwrap_or(temporary.path());
    let mut sets = Vec::new();
    if configs.is_empty() {
        sets.push(runtime.block_on(set("defaults", Config::default(), folder, &dataset))?);
    }
    for path in &configs {
        let name = path.file_stem().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let config = mem0::read_config(Some(path))?;
        sets.push(runtime.block_on(set(&name, config, folder, &dataset))?);
    }
    for set in &sets {
        study(std::slice::from_ref(set), dataset.conversations.len());
    }
    if sets.len() > 1 {
        study(&sets, dataset.conversations.len());
    }
    Ok(())
}

/// The questions as one configuration answers them.
struct Set {
    name: String,
    cases: Vec<Case>,
}

type Arguments = (String, Vec<PathBuf>, Option<PathBuf>);

fn arguments(mut all: impl Iterator<Item = String>) -> Result<Arguments, Box<dyn Error>> {
    const USAGE: &str = "usage: fit FILE [--config FILE.toml]... [--keep DIR]";
    let (mut file, mut configs, mut keep) = (None, Vec::new(), None);
    while let Some(one) = all.next() {
        match one.as_str() {
            "--config" => configs.push(all.next().ok_or(USAGE)?.into()),
            "--keep" => keep = Some(all.next().ok_or(USAGE)?.into()),
            _ => file = Some(one),
        }
    }
    Ok((file.ok_or(USAGE)?, configs, keep))
}

async fn set(name: &str, mut config: Config, folder: &Path, dataset: &Dataset) -> Result<Set, Box<dyn Error>> {
    let folder = folder.join(name);
    std::fs::create_dir_all(&folder)?;
    apart(&mut config, &folder)?;
    let mut journal = Journal::open(&folder)?;
    let memory = mem0::from_config(&config).await?;
    Ok(Set { name: name.to_owned(), cases: cases(&memory, dataset, &mut journal).await? })
}

/// One fit to all of these, and what it gives on each.
fn study(sets: &[Set], conversations: usize) {
    let shipped = Fusion::default().weights;
    let names: Vec<&str> = sets.iter().map(|set| set.name.as_str()).collect();
    println!("\n# {}", names.join(" + "));
    let of = |keep: &dyn Fn(&Case) -> bool| sets.iter().flat_map(|set| &set.cases).filter(|case| keep(case)).collect();
    let mut held: Vec<Vec<(usize, Fitness)>> = vec![Vec::new(); sets.len()];
    for left_out in 0..conversations {
        let known: Vec<&Case> = of(&|case| case.conversation != left_out);
        let weights = fit(&known, shipped);
        for (set, held) in sets.iter().zip(&mut held) {
            let new: Vec<&Case> = set.cases.iter().filter(|case| case.conversation == left_out).collect();
            show(&format!("{}: shipped weights, on conversation {left_out}", set.name), &new, shipped);
            let fitness = show(&format!("{}: fitted without it, on conversation {left_out}", set.name), &new, weights);
            held.push((new.len(), fitness));
        }
    }
    let all: Vec<&Case> = of(&|_| true);
    let fitted = fit(&all, shipped);
    for (set, held) in sets.iter().zip(held) {
        let all: Vec<&Case> = set.cases.iter().collect();
        show(&format!("{}: shipped weights, on all", set.name), &all, shipped);
        let Fitness { recall, ndcg } = Fitness::over(&held);
        println!("{}: each when it was left out: recall@10 {recall:.4}, nDCG@10 {ndcg:.4}", set.name);
        show(&format!("{}: fitted to all, on all", set.name), &all, fitted);
    }
    for (name, weight) in Signals::NAMES.iter().zip(fitted.to_array()) {
        println!("{name}: {weight:.2}");
    }
    for (at, name) in Signals::NAMES.iter().enumerate() {
        let mut without = fitted.to_array();
        if let Some(weight) = without.get_mut(at) {
            *weight = 0.0;
        }
        show(&format!("fitted to all, {name} left out"), &all, Signals::from_array(without));
    }
}

fn show(what: &str, cases: &[&Case], weights: Signals) -> Fitness {
    let fitness = fitness(cases, weights);
    println!("{what}: recall@10 {:.4}, nDCG@10 {:.4} ({} questions)", fitness.recall, fitness.ndcg, cases.len());
    fitness
}
