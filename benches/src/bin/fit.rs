//! The weights of the score, fitted to questions with known evidence.
//!
//! `cargo run --release -p benches --bin fit -- locomo10.json`
//!
//! Prints the weights fitted to all conversations, and what each fold's give on
//! the conversations that were not in it: the honest figure.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "a measurement is printed")]

use std::error::Error;
use std::path::Path;

use benches::qa::fit::{Case, cases, fit, fitness};
use benches::qa::load;
use mem0::{Fusion, Signals};

fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args().nth(1).ok_or("usage: fit FILE")?;
    let dataset = load::locomo(Path::new(&file))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let folder = tempfile::tempdir()?;
    let cases = runtime.block_on(async {
        let memory = mem0::open(folder.path()).await?;
        cases(&memory, &dataset).await
    })?;
    let all: Vec<&Case> = cases.iter().collect();
    let shipped = Fusion::default().weights;
    show("shipped weights", &all, shipped);
    for left_out in 0..dataset.conversations.len() {
        let (known, new): (Vec<&Case>, Vec<&Case>) = cases.iter().partition(|case| case.conversation != left_out);
        show(&format!("fitted without conversation {left_out}, on it"), &new, fit(&known, shipped));
        show(&format!("shipped weights, on conversation {left_out}"), &new, shipped);
    }
    let fitted = fit(&all, shipped);
    show("fitted to all, on all", &all, fitted);
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
    Ok(())
}

fn show(what: &str, cases: &[&Case], weights: Signals) {
    let fitness = fitness(cases, weights);
    println!("{what}: recall@10 {:.4}, nDCG@10 {:.4} ({} questions)", fitness.recall, fitness.ndcg, cases.len());
}
