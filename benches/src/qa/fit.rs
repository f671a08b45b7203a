//! Fitting the weights of [`Fusion`](mem0::Fusion) to questions with known evidence.
//!
//! The weights maximise the log-likelihood of the evidence under a softmax over
//! the candidates of its question (ListNet's top-one probability, Cao et al.
//! 2007), each evidence turn against all that is none, with a small L2 penalty,
//! by Adam (Kingma and Ba 2015). `question` counts against a memory; no
//! weight may fall below 0.

use mem0::{Mem0, Result, SearchOptions, Signals};

use super::ingest::{Credits, scope};
use super::metrics::{mean, ndcg, recall};
use super::run::{done, remember};
use super::{Conversation, Dataset, Journal, Options};

/// How many signals there are.
const N: usize = Signals::NAMES.len();

/// How many candidates of a question are looked at.
const CANDIDATES: usize = 200;

const STEPS: u32 = 300;
const RATE: f64 = 0.1;
const PENALTY: f64 = 3e-3;

/// A question with its candidates.
#[derive(Clone, Debug)]
pub struct Case {
    /// The number of its conversation.
    pub conversation: usize,
    /// Each candidate's signals, `question`, which counts against it, negative, and
    /// which evidence turns it stands for.
    candidates: Vec<([f64; N], Vec<usize>)>,
    /// How many evidence turns there are.
    evidence: usize,
}

/// How good an order is.
#[derive(Clone, Copy, Debug)]
pub struct Fitness {
    /// Mean recall among the first ten.
    pub recall: f64,
    /// Mean nDCG of the first ten.
    pub ndcg: f64,
}

impl Fitness {
    /// Of parts with so many questions each that of the whole.
    #[must_use]
    pub fn over(parts: &[(usize, Self)]) -> Self {
        let whole = super::metrics::count(parts.iter().map(|(questions, _)| questions).sum());
        let over = |of: fn(&Self) -> f64| {
            parts.iter().map(|(questions, part)| super::metrics::count(*questions) * of(part)).sum::<f64>() / whole
        };
        Self { recall: over(|part| part.recall), ndcg: over(|part| part.ndcg) }
    }
}

/// Remembers the conversations as they were said and looks for the candidates
/// of every question that has an answer and evidence. What the journal has is
/// not remembered again.
///
/// # Errors
/// Those of the memory and of the journal.
pub async fn cases(memory: &Mem0, dataset: &Dataset, journal: &mut Journal) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for (number, conversation) in dataset.conversations.iter().enumerate() {
        let scope = scope(dataset.name, conversation)?;
        remember(memory, conversation, &scope, &Options::default(), journal, &|_, _, _| ()).await?;
        let sessions = done(conversation, journal);
        let credits = Credits::new(&sessions);
        for question in asked(conversation) {
            let options = SearchOptions::default().limit(CANDIDATES).threshold(0.0).explain();
            let found = memory.search(&question.text, &scope, options).await?;
            let candidates = found.results.iter().filter_map(|hit| {
                let ranks = credits.ranks(std::slice::from_ref(hit), &question.evidence);
                let cited = (0..).zip(ranks).filter_map(|(turn, rank)| rank.map(|_| turn)).collect();
                Some((signed(hit.breakdown?.signals), cited))
            });
            cases.push(Case {
                conversation: number,
                candidates: candidates.collect(),
                evidence: question.evidence.len(),
            });
        }
    }
    Ok(cases)
}

fn asked(conversation: &Conversation) -> impl Iterator<Item = &super::Question> {
    conversation.questions.iter().filter(|question| question.answerable && !question.evidence.is_empty())
}

fn signed(signals: Signals) -> [f64; N] {
    let mut signals = signals;
    signals.question = -signals.question;
    signals.to_array().map(f64::from)
}

/// The weights that fit the cases best, starting from these.
#[must_use]
pub fn fit(cases: &[&Case], start: Signals) -> Signals {
    let mut weights = start.to_array().map(f64::from);
    let (mut first, mut second) = ([0.0; N], [0.0; N]);
    for step in 1..=STEPS {
        let mut gradient = weights.map(|weight| -PENALTY * weight);
        for case in cases {
            for (sum, part) in gradient.iter_mut().zip(slope(case, &weights)) {
                *sum += part / super::metrics::count(cases.len());
            }
        }
        let rate = if step > STEPS / 2 { RATE / 3.0 } else { RATE };
        let step = i32::try_from(step).unwrap_or(i32::MAX);
        for (((weight, slope), first), second) in weights.iter_mut().zip(gradient).zip(&mut first).zip(&mut second) {
            *first = 0.9 * *first + 0.1 * slope;
            *second = 0.99 * *second + 0.01 * slope * slope;
            let (first, second) = (*first / (1.0 - 0.9_f64.powi(step)), *second / (1.0 - 0.99_f64.powi(step)));
            *weight = (*weight + rate * first / (second.sqrt() + 1e-8)).max(0.0);
        }
    }
    #[allow(clippy::cast_possible_truncation, reason = "weights are small")]
    Signals::from_array(weights.map(|weight| weight as f32))
}

/// In which direction the weights make the evidence of a case likelier.
fn slope(case: &Case, weights: &[f64; N]) -> [f64; N] {
    let scores: Vec<f64> = case.candidates.iter().map(|(signals, _)| dot(signals, weights)).collect();
    let best = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let (mut rest, mut weight) = ([0.0; N], 0.0);
    let mut found = Vec::new();
    for ((signals, cited), score) in case.candidates.iter().zip(&scores) {
        let mass = (score - best).exp();
        if cited.is_empty() {
            weight += mass;
            add(&mut rest, signals, mass);
        } else {
            found.push((signals, mass));
        }
    }
    let mut slope = [0.0; N];
    let share = 1.0 / super::metrics::count(found.len().max(1));
    for (signals, mass) in found {
        let whole = weight + mass;
        add(&mut slope, signals, share * (1.0 - mass / whole));
        add(&mut slope, &rest, -share / whole);
    }
    slope
}

fn add(sum: &mut [f64; N], of: &[f64; N], times: f64) {
    for (sum, part) in sum.iter_mut().zip(of) {
        *sum += part * times;
    }
}

fn dot(a: &[f64; N], b: &[f64; N]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// How well these weights order the candidates of the cases.
#[must_use]
pub fn fitness(cases: &[&Case], weights: Signals) -> Fitness {
    let weights = weights.to_array().map(f64::from);
    let ranks: Vec<Vec<Option<usize>>> = cases
        .iter()
        .map(|case| {
            let mut order: Vec<(f64, &Vec<usize>)> =
                case.candidates.iter().map(|(signals, cited)| (dot(signals, &weights), cited)).collect();
            order.sort_by(|(a, _), (b, _)| b.total_cmp(a));
            let rank = |turn| order.iter().position(|(_, cited)| cited.contains(&turn)).map(|at| at + 1);
            (0..case.evidence).map(rank).collect()
        })
        .collect();
    Fitness {
        recall: mean(ranks.iter().map(|ranks| recall(ranks, 10))),
        ndcg: mean(ranks.iter().map(|ranks| ndcg(ranks, 10))),
    }
}
