//! Fits the confidence on LOCOMO: were the questions answered that can be?
//!
//! `cargo run --release -p benches --bin calibrate -- locomo10.json [FILE]`
//!
//! Reads the public file as it is (it is not part of this project) and stores
//! every turn as it was said. Questions of categories 1 to 4 can be answered.
//! Two kinds cannot: those of category 5, which ask one speaker about what the
//! other did, and those of another conversation with the names of this one.
//! The kinds weigh as much as if half of all could be answered, and the other
//! half were of both kinds alike.
//!
//! Prints how well held-out conversations are told apart (two folds), fits all
//! conversations, and writes the constants to FILE
//! (`mem0-core/src/engine/confidence/fitted.rs`), or else prints them.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "a measurement is printed")]

use std::error::Error;
use std::fmt::Write as _;

use mem0::{AddOptions, Evidence, Mem0, Message, Scope, SearchOptions};
use serde::Deserialize;
use serde_json::{Map, Value};

const WIDTH: usize = Evidence::NAMES.len();

#[derive(Deserialize)]
struct Sample {
    sample_id: String,
    conversation: Map<String, Value>,
    qa: Vec<Question>,
}

#[derive(Deserialize)]
struct Question {
    question: String,
    category: u8,
}

#[derive(Deserialize)]
struct Turn {
    speaker: String,
    dia_id: String,
    text: String,
    #[serde(default)]
    blip_caption: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Answerable,
    /// Category 5.
    WrongPerson,
    /// Asked of another conversation.
    Elsewhere,
}

/// A question that was asked.
struct Case {
    conversation: usize,
    kind: Kind,
    values: [f64; WIDTH],
}

#[derive(Clone, Copy)]
struct Model {
    bias: f64,
    weights: [f64; WIDTH],
}

impl Model {
    fn confidence(&self, case: &Case) -> f64 {
        let sum: f64 = self.weights.iter().zip(case.values).map(|(weight, value)| weight * value).sum();
        1.0 / (1.0 + (-self.bias - sum).exp())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args().nth(1).ok_or("usage: calibrate FILE [CONSTANTS]")?;
    let samples: Vec<Sample> = serde_json::from_str(&std::fs::read_to_string(file)?)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let cases = runtime.block_on(ask(&samples))?;
    for kind in [Kind::Answerable, Kind::WrongPerson, Kind::Elsewhere] {
        println!("{kind:?}: {} questions; means:", cases.iter().filter(|case| case.kind == kind).count());
        for (index, name) in Evidence::NAMES.iter().enumerate() {
            let all = cases.iter().filter(|case| case.kind == kind);
            println!("  {name} {:.3}", mean(all.filter_map(|case| case.values.get(index).copied())));
        }
    }
    println!("\nheld out | questions | AUROC category 5 | AUROC elsewhere | AUROC both | log loss | of it unfitted");
    for fold in 0..2 {
        let (held, fitted): (Vec<&Case>, Vec<&Case>) = cases.iter().partition(|case| case.conversation % 2 == fold);
        report(&format!("fold {fold}"), &fit(&fitted), &held);
    }
    let all: Vec<&Case> = cases.iter().collect();
    let model = fit(&all);
    report("all (not held out)", &model, &all);
    println!("\nabstain below | answerable kept | category 5 refused | elsewhere refused");
    for limit in [0.1, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6] {
        let below = |kind| share(&all, kind, |case| model.confidence(case) < limit);
        let [kept, wrong, elsewhere] =
            [1.0 - below(Kind::Answerable), below(Kind::WrongPerson), below(Kind::Elsewhere)];
        println!("{limit:.2} | {kept:.3} | {wrong:.3} | {elsewhere:.3}");
    }
    let constants = constants(&model)?;
    match std::env::args().nth(2) {
        Some(file) => std::fs::write(file, constants)?,
        None => println!("\n{constants}"),
    }
    Ok(())
}

fn constants(model: &Model) -> Result<String, std::fmt::Error> {
    let mut text =
        String::from("//! Written by `cargo run --release -p benches --bin calibrate`.\n\nuse super::Calibration;\n\n");
    writeln!(text, "pub(super) const FITTED: Calibration = Calibration {{")?;
    writeln!(text, "    bias: {:.3},", model.bias)?;
    let weights: Vec<String> = model.weights.iter().map(|weight| format!("{weight:.3}")).collect();
    writeln!(text, "    weights: [{}],\n}};", weights.join(", "))?;
    Ok(text)
}

async fn ask(samples: &[Sample]) -> Result<Vec<Case>, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let memory = mem0::open(folder.path()).await?;
    let mut cases = Vec::new();
    for (conversation, sample) in samples.iter().enumerate() {
        let scope = Scope::user(sample.sample_id.as_str())?;
        store(&memory, &scope, sample).await?;
        let other = samples.get((conversation + 1) % samples.len()).ok_or("no conversation")?;
        let here = sample.qa.iter().map(|question| {
            let kind = if question.category == 5 { Kind::WrongPerson } else { Kind::Answerable };
            (question.question.clone(), kind)
        });
        let elsewhere = other.qa.iter().filter(|question| question.category != 5).map(|question| {
            let mut text = question.question.clone();
            for key in ["speaker_a", "speaker_b"] {
                let name = |sample: &Sample| sample.conversation.get(key).and_then(Value::as_str).map(str::to_owned);
                if let (Some(theirs), Some(ours)) = (name(other), name(sample)) {
                    text = text.replace(&theirs, &ours);
                }
            }
            (text, Kind::Elsewhere)
        });
        for (question, kind) in here.chain(elsewhere) {
            let found = memory.search(&question, &scope, SearchOptions::default()).await?;
            let values = Evidence::of(&question, &found.results).map(|evidence| evidence.values());
            cases.push(Case { conversation, kind, values: values.unwrap_or_default().map(f64::from) });
        }
    }
    Ok(cases)
}

async fn store(memory: &Mem0, scope: &Scope, sample: &Sample) -> Result<(), Box<dyn Error>> {
    let mut messages = Vec::new();
    for session in 1.. {
        let Some(turns) = sample.conversation.get(&format!("session_{session}")) else { break };
        for turn in serde_json::from_value::<Vec<Turn>>(turns.clone())? {
            let text = match turn.blip_caption {
                Some(caption) => format!("{} [shares {caption}]", turn.text),
                None => turn.text,
            };
            messages.push(Message::user(text).with_name(turn.speaker).with_id(turn.dia_id));
        }
    }
    memory.add(messages, scope, AddOptions::as_said()).await?;
    Ok(())
}

/// How much each case counts: half for what can be answered, the other half for
/// both other kinds alike, where they occur.
fn weights(cases: &[&Case]) -> Vec<f64> {
    let count = |kind| cases.iter().filter(|case| case.kind == kind).count().max(1);
    let parts = [(Kind::Answerable, 0.5), (Kind::WrongPerson, 0.25), (Kind::Elsewhere, 0.25)];
    cases
        .iter()
        .map(|case| {
            parts.iter().find(|(kind, _)| *kind == case.kind).map_or(0.0, |(_, part)| part / number(count(case.kind)))
        })
        .collect()
}

/// Logistic regression by gradient descent with momentum, lightly held towards
/// zero.
fn fit(cases: &[&Case]) -> Model {
    const ROUNDS: usize = 5_000;
    const RATE: f64 = 1.0;
    const HELD: f64 = 1e-5;
    let weights = weights(cases);
    let mut model = Model { bias: 0.0, weights: [0.0; WIDTH] };
    let mut speed = Model { bias: 0.0, weights: [0.0; WIDTH] };
    for _ in 0..ROUNDS {
        let mut slope = Model { bias: 0.0, weights: model.weights.map(|weight| HELD * weight) };
        for (case, weight) in cases.iter().zip(&weights) {
            let wanted = f64::from(u8::from(case.kind == Kind::Answerable));
            let off = weight * (model.confidence(case) - wanted);
            slope.bias += off;
            slope.weights.iter_mut().zip(case.values).for_each(|(slope, value)| *slope += off * value);
        }
        speed.bias = 0.9 * speed.bias - RATE * slope.bias;
        model.bias += speed.bias;
        for ((weight, speed), slope) in model.weights.iter_mut().zip(&mut speed.weights).zip(slope.weights) {
            *speed = 0.9 * *speed - RATE * slope;
            *weight += *speed;
        }
    }
    model
}

fn report(name: &str, model: &Model, cases: &[&Case]) {
    let auroc = |kinds: &[Kind]| auroc(model, cases, kinds);
    let loss: f64 = cases
        .iter()
        .zip(weights(cases))
        .map(|(case, weight)| {
            let confidence = model.confidence(case);
            let right = if case.kind == Kind::Answerable { confidence } else { 1.0 - confidence };
            -weight * right.max(1e-9).ln()
        })
        .sum();
    println!(
        "{name} | {} | {:.3} | {:.3} | {:.3} | {loss:.3} | {:.3}",
        cases.len(),
        auroc(&[Kind::WrongPerson]),
        auroc(&[Kind::Elsewhere]),
        auroc(&[Kind::WrongPerson, Kind::Elsewhere]),
        2.0_f64.ln()
    );
}

/// How often a question that can be answered is above one that cannot.
fn auroc(model: &Model, cases: &[&Case], kinds: &[Kind]) -> f64 {
    let of = |wanted: &[Kind]| -> Vec<f64> {
        cases.iter().filter(|case| wanted.contains(&case.kind)).map(|case| model.confidence(case)).collect()
    };
    let (good, bad) = (of(&[Kind::Answerable]), of(kinds));
    mean(good.iter().flat_map(|high| {
        bad.iter().map(move |low| match high.total_cmp(low) {
            std::cmp::Ordering::Greater => 1.0,
            std::cmp::Ordering::Equal => 0.5,
            std::cmp::Ordering::Less => 0.0,
        })
    }))
}

fn share(cases: &[&Case], kind: Kind, is: impl Fn(&Case) -> bool) -> f64 {
    mean(cases.iter().filter(|case| case.kind == kind).map(|case| f64::from(u8::from(is(case)))))
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0_usize), |(sum, count), value| (sum + value, count + 1));
    sum / number(count.max(1))
}

#[allow(clippy::cast_precision_loss, reason = "small counts")]
fn number(count: usize) -> f64 {
    count as f64
}
