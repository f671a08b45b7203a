//! How well the model finds the turns that answer LOCOMO's questions:
//! `cargo run --release -p mem0-embedders --example locomo -- locomo10.json [MODEL.bin]`.
//!
//! Each question of categories 1 to 4 is searched in its own conversation; a
//! turn's text is `speaker: text [shares image: caption]`. Printed are recall
//! at 5, 10 and 20 and nDCG at 10, for the vectors alone, for BM25 alone and
//! for the sum of BM25's z-score and 0.8 times the vectors'. The data set is
//! CC BY-NC and is not part of this repository.
#![allow(clippy::print_stdout, reason = "the numbers are what it is for")]
#![allow(clippy::indexing_slicing, reason = "indices come from the lengths of the same vectors")]

use std::collections::{BTreeSet, HashMap};
use std::error::Error;

use mem0_core::text::{Bm25, QueryTerm, query_terms, terms};
use mem0_embedders::local::StaticModel;
use serde_json::Value;

const WEIGHT: f32 = 0.8;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let path = args.next().ok_or("usage: locomo FILE.json [MODEL.bin]")?;
    let model = match args.next() {
        Some(path) => StaticModel::from_bytes(std::fs::read(path)?)?,
        None => StaticModel::shipped()?,
    };
    let data: Value = serde_json::from_str(&std::fs::read_to_string(path)?)?;
    let (mut dense, mut lexical, mut fused) = (Totals::default(), Totals::default(), Totals::default());
    for sample in data.as_array().into_iter().flatten() {
        let turns = turns(&sample["conversation"]);
        let at: HashMap<&str, usize> = turns.iter().enumerate().map(|(i, (id, _))| (id.as_str(), i)).collect();
        let vectors: Vec<Vec<f32>> = turns.iter().map(|(_, text)| model.embed(text)).collect();
        let index = Index::new(turns.iter().map(|(_, text)| text.as_str()));
        for qa in sample["qa"].as_array().into_iter().flatten() {
            let wanted: BTreeSet<usize> =
                evidence(&qa["evidence"]).iter().filter_map(|id| at.get(&**id).copied()).collect();
            let question = qa["question"].as_str().unwrap_or_default();
            if qa["category"] == 5 || wanted.is_empty() {
                continue;
            }
            let query = model.embed(question);
            let near: Vec<f32> = vectors.iter().map(|v| v.iter().zip(&query).map(|(a, b)| a * b).sum()).collect();
            let words = index.scores(question);
            let both: Vec<f32> = z(&words).zip(z(&near)).map(|(w, n)| w + WEIGHT * n).collect();
            dense.add(&near, &wanted);
            lexical.add(&words, &wanted);
            fused.add(&both, &wanted);
        }
    }
    println!("{} questions       R@5    R@10   R@20   nDCG@10", dense.count);
    println!("vectors           {dense}\nBM25              {lexical}\nBM25 + 0.8 vectors {fused}");
    Ok(())
}

/// Id and text of every turn, in the order of the sessions.
fn turns(conversation: &Value) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for session in 1.. {
        let Some(turns) = conversation[format!("session_{session}")].as_array() else { break };
        for turn in turns {
            let field = |name: &str| turn[name].as_str().unwrap_or_default();
            let mut text = format!("{}: {}", field("speaker"), field("text"));
            if !field("blip_caption").is_empty() {
                text += &format!(" [shares image: {}]", field("blip_caption"));
            }
            all.push((field("dia_id").to_owned(), text));
        }
    }
    all
}

/// The ids in an evidence list. Some are joined in one string, some are
/// written as `D:11:26` or `D30:05`.
fn evidence(list: &Value) -> Vec<String> {
    let strings = list.as_array().into_iter().flatten().filter_map(Value::as_str);
    let parts = strings.flat_map(|s| s.split(|c: char| !c.is_ascii_digit() && c != ':' && c != 'D'));
    parts
        .filter_map(|id| {
            let (session, turn) = id.strip_prefix('D')?.trim_start_matches(':').split_once(':')?;
            Some(format!("D{}:{}", session.parse::<u32>().ok()?, turn.parse::<u32>().ok()?))
        })
        .collect()
}

struct Index {
    texts: Vec<(HashMap<i64, u32>, u32)>,
    average: f32,
    having: HashMap<i64, u64>,
}

impl Index {
    fn new<'a>(texts: impl Iterator<Item = &'a str>) -> Self {
        let texts: Vec<(HashMap<i64, u32>, u32)> = texts
            .map(|text| {
                let counts: HashMap<i64, u32> = terms(text).into_iter().map(|(id, n)| (id.0, n)).collect();
                let length = counts.values().sum();
                (counts, length)
            })
            .collect();
        let mut having = HashMap::new();
        for id in texts.iter().flat_map(|(counts, _)| counts.keys()) {
            *having.entry(*id).or_default() += 1;
        }
        let average = texts.iter().map(|(_, length)| *length as f32).sum::<f32>() / texts.len() as f32;
        Self { texts, average, having }
    }

    fn scores(&self, query: &str) -> Vec<f32> {
        let bm25 = Bm25::default();
        let mut scores = vec![0.0; self.texts.len()];
        for id in query_terms(query).iter().flat_map(QueryTerm::ids) {
            let Some(&having) = self.having.get(&id.0) else { continue };
            let idf = bm25.idf(self.texts.len() as u64, having);
            for (score, (counts, length)) in scores.iter_mut().zip(&self.texts) {
                if let Some(&count) = counts.get(&id.0) {
                    *score += bm25.score(idf, count, *length, self.average);
                }
            }
        }
        scores
    }
}

fn z(scores: &[f32]) -> impl Iterator<Item = f32> {
    let count = scores.len() as f32;
    let mean = scores.iter().sum::<f32>() / count;
    let spread = (scores.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / count).sqrt().max(1e-9);
    scores.iter().map(move |x| (x - mean) / spread)
}

#[derive(Default)]
struct Totals {
    count: usize,
    recall: [f64; 3],
    ndcg: f64,
}

impl Totals {
    fn add(&mut self, scores: &[f32], wanted: &BTreeSet<usize>) {
        let mut order: Vec<usize> = (0..scores.len()).collect();
        order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
        let gain = |rank: usize| 1.0 / (rank as f64 + 2.0).log2();
        self.count += 1;
        for (sum, k) in self.recall.iter_mut().zip([5, 10, 20]) {
            let found = order.iter().take(k).filter(|turn| wanted.contains(turn)).count();
            *sum += found as f64 / wanted.len() as f64;
        }
        let found = order.iter().take(10).enumerate().filter(|(_, turn)| wanted.contains(turn));
        let best: f64 = (0..wanted.len().min(10)).map(gain).sum();
        self.ndcg += found.map(|(rank, _)| gain(rank)).sum::<f64>() / best;
    }
}

impl std::fmt::Display for Totals {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for sum in self.recall.iter().chain([&self.ndcg]) {
            write!(f, "{:.3}  ", sum / self.count as f64)?;
        }
        Ok(())
    }
}
