//! Retrieval on LOCOMO: are the turns found that answer the question?
//!
//! `cargo run --release -p benches --bin locomo -- locomo10.json [THRESHOLD]`
//!
//! Reads the public file as it is (it is not part of this project), stores
//! every turn as it was said, and asks the questions of categories 1 to 4.
//! Evidence ids are repaired by one rule: every `D<n>:<n>` in them, leading
//! zeros dropped, duplicates and ids that do not exist left out.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "a measurement is printed")]

use std::collections::{BTreeSet, HashMap};
use std::error::Error;
use std::time::Instant;

use benches::percentile;
use mem0::{AddOptions, Fusion, Mem0, Message, Scope, SearchOptions};
use serde::Deserialize;
use serde_json::{Map, Value};

#[derive(Deserialize)]
struct Sample {
    sample_id: String,
    conversation: Map<String, Value>,
    qa: Vec<Question>,
}

#[derive(Deserialize)]
struct Question {
    question: String,
    #[serde(default)]
    evidence: Vec<String>,
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

#[derive(Default)]
struct Totals {
    questions: f64,
    recall: [f64; 4],
    ndcg: f64,
    milliseconds: Vec<f64>,
}

const CUTS: [usize; 4] = [1, 5, 10, 20];

fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args().nth(1).ok_or("usage: locomo FILE [THRESHOLD]")?;
    let threshold: f32 = std::env::args().nth(2).map_or(Ok(0.0), |text| text.parse())?;
    let samples: Vec<Sample> = serde_json::from_str(&std::fs::read_to_string(file)?)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    println!("weight of similarity | recall@1 | recall@5 | recall@10 | recall@20 | nDCG@10 | search p50 ms");
    for weight in [0.0, 0.2, 0.3, 0.4, 0.45, 0.5, 0.6, 0.8, 1.0] {
        let totals = runtime.block_on(measure(&samples, weight, threshold))?;
        let mean = |sum: f64| sum / totals.questions;
        let [r1, r5, r10, r20] = totals.recall.map(mean);
        let mut times = totals.milliseconds;
        times.sort_unstable_by(f64::total_cmp);
        println!(
            "{weight:.2} | {r1:.3} | {r5:.3} | {r10:.3} | {r20:.3} | {:.3} | {:.2}",
            totals.ndcg / totals.questions,
            percentile(&times, 0.5)
        );
    }
    Ok(())
}

async fn measure(samples: &[Sample], weight: f32, threshold: f32) -> Result<Totals, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let mut config = mem0::Config::default();
    config.data_dir = Some(folder.path().to_owned());
    config.fusion = Fusion::weighted(weight)?;
    let memory = mem0::from_config(&config).await?;
    let mut totals = Totals::default();
    for sample in samples {
        let scope = Scope::user(sample.sample_id.as_str())?;
        let known = store(&memory, &scope, sample).await?;
        for question in sample.qa.iter().filter(|question| (1..=4).contains(&question.category)) {
            let evidence: BTreeSet<String> =
                question.evidence.iter().flat_map(|text| dialog_ids(text)).filter(|id| known.contains(id)).collect();
            if evidence.is_empty() {
                continue;
            }
            let began = Instant::now();
            let options = SearchOptions::default().limit(20).threshold(threshold);
            let found = memory.search(&question.question, &scope, options).await?;
            totals.milliseconds.push(began.elapsed().as_secs_f64() * 1e3);
            let ranks: HashMap<&str, usize> = found
                .results
                .iter()
                .enumerate()
                .flat_map(|(rank, hit)| hit.memory.content.sources.iter().map(move |id| (id.as_str(), rank)))
                .collect();
            score(&mut totals, &evidence, &ranks);
        }
    }
    Ok(totals)
}

async fn store(memory: &Mem0, scope: &Scope, sample: &Sample) -> Result<BTreeSet<String>, Box<dyn Error>> {
    let mut known = BTreeSet::new();
    let mut messages = Vec::new();
    for session in 1.. {
        let Some(turns) = sample.conversation.get(&format!("session_{session}")) else { break };
        for turn in serde_json::from_value::<Vec<Turn>>(turns.clone())? {
            let text = match turn.blip_caption {
                Some(caption) => format!("{} [shares {caption}]", turn.text),
                None => turn.text,
            };
            known.insert(turn.dia_id.clone());
            // Two equal turns of one speaker are one memory, which cites the first.
            messages.push(Message::user(text).with_name(turn.speaker).with_id(turn.dia_id));
        }
    }
    memory.add(messages, scope, AddOptions::as_said()).await?;
    Ok(known)
}

#[allow(clippy::cast_precision_loss, reason = "small counts")]
fn score(totals: &mut Totals, evidence: &BTreeSet<String>, ranks: &HashMap<&str, usize>) {
    let found: Vec<usize> = evidence.iter().filter_map(|id| ranks.get(id.as_str()).copied()).collect();
    totals.questions += 1.0;
    for (sum, cut) in totals.recall.iter_mut().zip(CUTS) {
        *sum += found.iter().filter(|rank| **rank < cut).count() as f64 / evidence.len() as f64;
    }
    let gain = |rank: usize| 1.0 / (rank as f64 + 2.0).log2();
    let ideal: f64 = (0..evidence.len().min(10)).map(gain).sum();
    totals.ndcg += found.iter().filter(|rank| **rank < 10).map(|rank| gain(*rank)).sum::<f64>() / ideal;
}

/// Every `D<n>:<n>` (also `D:<n>:<n>`), leading zeros dropped.
fn dialog_ids(text: &str) -> Vec<String> {
    text.split('D')
        .skip(1)
        .filter_map(|part| {
            let mut numbers = part.trim_start_matches(':').split(|c: char| !c.is_ascii_digit());
            let (session, turn): (u32, u32) = (numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?);
            Some(format!("D{session}:{turn}"))
        })
        .collect()
}
