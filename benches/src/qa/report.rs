//! What a run found.

use std::collections::{BTreeMap, BTreeSet};

use mem0::TokenUsage;
use serde::Serialize;
use serde_json::Value;

use super::metrics::{self, count, mean};
use super::run::Options;
use super::{Record, SessionDone};

/// Where recall and hits are counted, as far as the limit goes.
const CUTS: [usize; 5] = [1, 5, 10, 20, 50];

/// How often the questions are drawn anew for the interval.
const ROUNDS: usize = 5_000;

/// Everything that a run found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// What was run.
    pub settings: Value,
    /// The seed of what was drawn at random.
    pub seed: u64,
    /// One row for each category, then all questions that have an answer, and
    /// all questions.
    pub rows: Vec<Row>,
    /// The whole conversation in place of a search.
    pub full_context: FullContext,
    /// How sure the recall at 10 is of all questions that have an answer.
    pub interval: Option<Interval>,
    /// Whether the confidence of a search tells the questions without an
    /// answer; none where every question has one.
    pub abstaining: Option<Abstaining>,
    /// How long it took.
    pub times: Times,
    /// What models cost.
    pub spent: Spent,
}

/// The measures over some questions, each the mean. Those of the search are
/// over the questions that name evidence, and not a number (null) where there
/// is none.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// Which questions.
    pub name: String,
    /// How many.
    pub questions: usize,
    /// How many of them name evidence.
    pub with_evidence: usize,
    /// The share of the evidence among the first so many memories.
    pub recall: BTreeMap<usize, f64>,
    /// The share of questions with any evidence among the first so many.
    pub hit: BTreeMap<usize, f64>,
    /// The mean reciprocal rank of the first evidence.
    pub mrr: f64,
    /// The normalised discounted gain of the first ten.
    pub ndcg_10: f64,
    /// The tokens of the ten best memories.
    pub tokens_10: f64,
    /// Their share of the tokens of the conversation.
    pub share_10: f64,
    /// The tokens of all memories that were found.
    pub tokens: f64,
    /// Recall at 10 for each 1,000 tokens of the ten.
    pub recall_10_per_1000_tokens: f64,
    /// What models made of it.
    pub quality: Option<Quality>,
}

/// How good the answers are.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Quality {
    /// How many questions were answered, or left open.
    pub questions: usize,
    /// The share that is right to the lenient judge. A question without an
    /// answer is right if it was left open.
    pub lenient: f64,
    /// The share that is right to the strict judge.
    pub strict: f64,
    /// How many one of the judges did not mark.
    pub unmarked: usize,
    /// F1 of the words, over the questions that have an answer.
    pub f1: f64,
    /// BLEU-1, over the questions that have an answer.
    pub bleu1: f64,
    /// The share that was left open.
    pub abstained: f64,
}

/// What the whole conversation would cost in each question.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct FullContext {
    /// Its tokens, the mean over the questions.
    pub tokens: f64,
    /// All evidence is in it.
    pub recall: f64,
    /// That recall for each 1,000 tokens.
    pub recall_per_1000_tokens: f64,
}

/// Between which values a mean lies in 95 of 100 draws.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// The mean.
    pub mean: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// Whether the confidence of a search tells when there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Abstaining {
    /// Questions that have an answer.
    pub answerable: usize,
    /// Questions that have none.
    pub unanswerable: usize,
    /// The area under the curve; 0.5 is chance.
    pub area: f64,
    /// The threshold that is right most often.
    pub threshold: f64,
    /// How often it is right.
    pub accuracy: f64,
    /// How often it is right to do the same with every question.
    pub baseline: f64,
}

/// How long it took.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Times {
    /// One call of `add`: a session.
    pub add: Timing,
    /// Turns that were remembered in a second.
    pub turns_per_second: f64,
    /// One search.
    pub search: Timing,
}

/// Milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Timing {
    /// How many.
    pub calls: usize,
    /// The median.
    pub p50: f64,
    /// What 95 of 100 do not exceed.
    pub p95: f64,
    /// What 99 of 100 do not exceed.
    pub p99: f64,
}

/// What models cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Spent {
    /// Memories that were made.
    pub memories: usize,
    /// Calls of a model to make them.
    pub extracting_calls: u32,
    /// Tokens to make them.
    pub extracting: TokenUsage,
    /// Tokens to answer.
    pub answering: TokenUsage,
    /// Tokens to judge.
    pub judging: TokenUsage,
}

impl Report {
    pub(super) fn new(settings: Value, options: &Options, sessions: &[SessionDone], records: &[Record]) -> Self {
        let cuts: Vec<usize> = CUTS.into_iter().filter(|cut| *cut <= options.limit).collect();
        let row = |name: &str, pass: &dyn Fn(&Record) -> bool| {
            let records: Vec<&Record> = records.iter().filter(|record| pass(record)).collect();
            Row::new(name, &records, &cuts)
        };
        let categories: BTreeSet<&str> = records.iter().map(|record| record.category.as_str()).collect();
        let mut rows: Vec<Row> =
            categories.iter().map(|category| row(category, &|record| record.category == *category)).collect();
        let kinds: BTreeSet<bool> = records.iter().map(|record| record.answerable).collect();
        if kinds.len() > 1 {
            rows.push(row("with an answer", &|record| record.answerable));
        }
        rows.push(row("all", &|_| true));
        let tokens = mean(records.iter().map(|record| count(record.full_tokens)));
        Self {
            settings,
            seed: options.seed,
            rows,
            full_context: FullContext { tokens, recall: 1.0, recall_per_1000_tokens: 1_000.0 / tokens },
            interval: interval(records, options.seed),
            abstaining: abstaining(records),
            times: times(sessions, records),
            spent: spent(sessions, records),
        }
    }
}

impl Row {
    fn new(name: &str, records: &[&Record], cuts: &[usize]) -> Self {
        let found: Vec<&&Record> = records.iter().filter(|record| !record.ranks.is_empty()).collect();
        let over = |measure: &dyn Fn(&Record) -> f64| mean(found.iter().map(|record| measure(record)));
        let at = |measure: fn(metrics::Ranks<'_>, usize) -> f64| -> BTreeMap<usize, f64> {
            cuts.iter().map(|cut| (*cut, over(&|record| measure(&record.ranks, *cut)))).collect()
        };
        let tokens_10 = mean(records.iter().map(|record| count(record.tokens_10)));
        let recall = at(metrics::recall);
        let recall_10 = recall.get(&10).copied().unwrap_or(f64::NAN);
        let share = |record: &&Record| count(record.tokens_10) / count(record.full_tokens);
        Self {
            name: name.to_owned(),
            questions: records.len(),
            with_evidence: found.len(),
            recall,
            hit: at(metrics::hit),
            mrr: over(&|record| metrics::reciprocal_rank(&record.ranks)),
            ndcg_10: over(&|record| metrics::ndcg(&record.ranks, 10)),
            tokens_10,
            share_10: mean(records.iter().map(share)),
            tokens: mean(records.iter().map(|record| count(record.tokens))),
            recall_10_per_1000_tokens: recall_10 * 1_000.0 / tokens_10,
            quality: Quality::new(records),
        }
    }
}

impl Quality {
    fn new(records: &[&Record]) -> Option<Self> {
        let replies: Vec<_> = records.iter().filter_map(|record| record.reply.as_ref()).collect();
        if replies.is_empty() {
            return None;
        }
        let share = |marks: &mut dyn Iterator<Item = bool>| mean(marks.map(f64::from));
        let unmarked =
            replies.iter().filter(|reply| reply.verdict.lenient.is_none() || reply.verdict.strict.is_none()).count();
        Some(Self {
            questions: replies.len(),
            lenient: share(&mut replies.iter().filter_map(|reply| reply.verdict.lenient)),
            strict: share(&mut replies.iter().filter_map(|reply| reply.verdict.strict)),
            unmarked,
            f1: mean(replies.iter().filter_map(|reply| reply.f1)),
            bleu1: mean(replies.iter().filter_map(|reply| reply.bleu1)),
            abstained: share(&mut replies.iter().map(|reply| reply.answer.is_none())),
        })
    }
}

fn interval(records: &[Record], seed: u64) -> Option<Interval> {
    let records = records.iter().filter(|record| record.answerable && !record.ranks.is_empty());
    let recalls: Vec<f64> = records.map(|record| metrics::recall(&record.ranks, 10)).collect();
    let (low, high) = metrics::bootstrap(&recalls, ROUNDS, seed)?;
    Some(Interval { mean: mean(recalls), low, high })
}

fn abstaining(records: &[Record]) -> Option<Abstaining> {
    let scores = |answerable: bool| -> Vec<f64> {
        records.iter().filter(|record| record.answerable == answerable).map(|record| record.confidence).collect()
    };
    let (with, without) = (scores(true), scores(false));
    let metrics::Separation { area, threshold, accuracy, baseline } = metrics::separation(&with, &without)?;
    Some(Abstaining { answerable: with.len(), unanswerable: without.len(), area, threshold, accuracy, baseline })
}

fn times(sessions: &[SessionDone], records: &[Record]) -> Times {
    let timed = || sessions.iter().filter_map(|session| Some((session.turns, session.ms?)));
    let (turns, ms) = timed().fold((0, 0.0), |(turns, ms), (more, took)| (turns + more, ms + took));
    Times {
        add: timing(timed().map(|(_, ms)| ms)),
        turns_per_second: count(turns) * 1_000.0 / ms,
        search: timing(records.iter().map(|record| record.ms)),
    }
}

fn timing(ms: impl Iterator<Item = f64>) -> Timing {
    let mut ms: Vec<f64> = ms.collect();
    ms.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| crate::percentile(&ms, share);
    Timing { calls: ms.len(), p50: at(0.5), p95: at(0.95), p99: at(0.99) }
}

fn spent(sessions: &[SessionDone], records: &[Record]) -> Spent {
    let mut spent = Spent::default();
    for session in sessions {
        spent.memories += session.memories;
        spent.extracting_calls += session.llm_calls;
        spent.extracting += TokenUsage { input: session.input_tokens, output: session.output_tokens };
    }
    for reply in records.iter().filter_map(|record| record.reply.as_ref()) {
        spent.answering += reply.answering;
        spent.judging += reply.judging;
    }
    spent
}
