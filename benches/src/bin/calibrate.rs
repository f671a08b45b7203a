//! Fits the confidence on LOCOMO.
//!
//! `cargo run --release -p benches --bin calibrate -- locomo10.json [FILE]`
//!
//! Reads the public file as it is (it is not part of this project) and stores
//! every turn as it was said. Prints how well held-out conversations are told
//! apart (two folds), fits all conversations, and writes the constants to FILE
//! (`mem0-core/src/engine/confidence/fitted.rs`), or else prints them. To be run
//! again whenever the score or the search changes.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "a measurement is printed")]

use std::error::Error;
use std::path::Path;

use benches::qa::calibrate::{Apart, Case, Kind, Model, cases, fit};
use benches::qa::{load, metrics};
use mem0::Evidence;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let file = args.next().ok_or("usage: calibrate FILE [CONSTANTS]")?;
    let dataset = load::locomo(Path::new(&file))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let folder = tempfile::tempdir()?;
    let cases = runtime.block_on(async {
        let memory = mem0::open(folder.path()).await?;
        cases(&memory, &dataset).await
    })?;
    for kind in Kind::ALL {
        let of = || cases.iter().filter(move |case| case.kind == kind);
        println!("{kind:?}: {} questions; means:", of().count());
        for (index, name) in Evidence::NAMES.iter().enumerate() {
            println!("  {name} {:.3}", metrics::mean(of().filter_map(|case| case.values.get(index).copied())));
        }
    }
    println!("\nheld out | questions | AUROC unanswerable | AUROC elsewhere | AUROC both | log loss | of it unfitted");
    for fold in 0..2 {
        let (held, fitted): (Vec<&Case>, Vec<&Case>) = cases.iter().partition(|case| case.conversation % 2 == fold);
        show(&format!("fold {fold}"), &fit(&fitted), &held);
    }
    let all: Vec<&Case> = cases.iter().collect();
    let model = fit(&all);
    show("all (not held out)", &model, &all);
    println!("\nabstain below | answerable kept | unanswerable refused | elsewhere refused");
    for limit in [0.1, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6] {
        let [lost, unanswerable, elsewhere] = Kind::ALL.map(|kind| model.below(&all, kind, limit));
        println!("{limit:.2} | {:.3} | {unanswerable:.3} | {elsewhere:.3}", 1.0 - lost);
    }
    let constants = constants(&model);
    match args.next() {
        Some(file) => std::fs::write(file, constants)?,
        None => println!("\n{constants}"),
    }
    Ok(())
}

fn show(name: &str, model: &Model, cases: &[&Case]) {
    let Apart { unanswerable, elsewhere, both, loss } = model.apart(cases);
    let unfitted = 2.0_f64.ln();
    println!("{name} | {} | {unanswerable:.3} | {elsewhere:.3} | {both:.3} | {loss:.3} | {unfitted:.3}", cases.len());
}

/// The file, as rustfmt would leave it.
fn constants(model: &Model) -> String {
    let weights: Vec<String> = model.weights.iter().map(|weight| format!("{weight:.3}")).collect();
    let weights = weights.join(", ");
    format!(
        "//! Written by `cargo run --release -p benches --bin calibrate`.\n\n\
         use super::Evidence;\n\n\
         pub(super) const BIAS: f32 = {:.3};\n\
         pub(super) const WEIGHTS: [f32; Evidence::NAMES.len()] = [{weights}];\n",
        model.bias
    )
}
