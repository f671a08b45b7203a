//! Candidates and what speaks for them.

use std::collections::HashMap;

use crate::engine::fuse::{Fusion, Signals};
use crate::engine::results::Hit;
use crate::engine::search::question::Question;
use crate::traits::ledger::Place;
use crate::types::memory::Memory;
use crate::types::time::Timestamp;

/// What was said within so long of each other is one session.
const SESSION: i64 = 30 * 60 * 1_000_000;

/// How far the neighbours of a memory reach, with what each counts of the
/// whole: what was said next to it says most.
const AROUND: [(i64, f32); 4] = [(-2, 0.15), (-1, 0.35), (1, 0.35), (2, 0.15)];

/// How many neighbours are looked at on each side.
pub(super) const REACH: usize = 2;

/// A memory that may be an answer.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) memory: Memory,
    /// The cosine to the question.
    pub(super) semantic: f32,
    /// Its words over their ceiling.
    pub(super) keyword: f32,
    /// The names that it mentions, over their ceiling.
    pub(super) named: f32,
    /// Where it stands; none where that is not known.
    pub(super) place: Option<Place>,
}

impl Candidate {
    fn said_at(&self) -> Timestamp {
        self.memory.content.valid_from.unwrap_or(self.memory.created_at)
    }

    fn asks(&self) -> bool {
        self.memory.content.text.trim_end().ends_with(['?', '？', '؟', '՞', ';'])
    }
}

/// The candidates as hits, in no order.
pub(super) fn hits(
    candidates: Vec<Candidate>,
    question: &Question,
    named: bool,
    fusion: &Fusion,
    explain: bool,
) -> Vec<Hit> {
    let surroundings = Surroundings::new(&candidates);
    let signals: Vec<Signals> = (0..candidates.len()).map(|at| surroundings.signals(at, question)).collect();
    let expected = question.expected(named);
    candidates
        .into_iter()
        .zip(signals)
        .map(|(candidate, signals)| {
            let (score, breakdown) = fusion.score(&signals, expected);
            Hit {
                memory: candidate.memory,
                score,
                rerank: None,
                breakdown: explain.then_some(breakdown),
                around: Vec::new(),
            }
        })
        .collect()
}

/// Who stands next to whom, and who spoke together.
struct Surroundings<'a> {
    candidates: &'a [Candidate],
    at: HashMap<Place, usize>,
    /// The number of each candidate's session, and how much its words say.
    session: Vec<usize>,
    words: Vec<f32>,
    /// What is not among the candidates is no nearer than this.
    farthest: f32,
}

impl<'a> Surroundings<'a> {
    fn new(candidates: &'a [Candidate]) -> Self {
        let at = candidates.iter().enumerate().filter_map(|(at, one)| Some((one.place?, at))).collect();
        let mut in_time: Vec<(Option<u64>, Timestamp, usize)> = candidates
            .iter()
            .enumerate()
            .map(|(at, one)| (one.place.map(|place| place.scope), one.said_at(), at))
            .collect();
        in_time.sort_unstable();
        let mut session = vec![0; candidates.len()];
        let mut words: Vec<f32> = Vec::new();
        let mut before: Option<(Option<u64>, Timestamp)> = None;
        for (scope, said_at, at) in in_time {
            let goes_on = before.is_some_and(|(last_scope, last)| {
                last_scope == scope && said_at.as_micros() - last.as_micros() <= SESSION
            });
            if !goes_on {
                words.push(0.0);
            }
            before = Some((scope, said_at));
            if let (Some(number), Some(sum), Some(one)) = (session.get_mut(at), words.last_mut(), candidates.get(at)) {
                *sum += one.keyword * one.keyword;
                *number = words.len() - 1;
            }
        }
        let words = words.into_iter().map(|sum| sum.sqrt().min(1.0)).collect();
        let farthest = candidates.iter().map(|one| one.semantic).fold(1.0, f32::min).max(0.0);
        Self { candidates, at, session, words, farthest }
    }

    /// The one so many places away, if it is of the same session.
    fn neighbour(&self, of: usize, away: i64) -> Option<&Candidate> {
        let place = self.candidates.get(of)?.place?;
        let nth = place.nth.checked_add_signed(away)?;
        let at = *self.at.get(&Place { nth, ..place })?;
        (self.session.get(at)? == self.session.get(of)?).then(|| self.candidates.get(at))?
    }

    fn signals(&self, at: usize, question: &Question) -> Signals {
        let Some(one) = self.candidates.get(at) else { return Signals::default() };
        let content = &one.memory.content;
        let (mut around_semantic, mut around_keyword) = (0.0, 0.0);
        for (away, share) in AROUND {
            let neighbour = self.neighbour(at, away);
            around_semantic += share * neighbour.map_or(self.farthest, |other| other.semantic.max(0.0));
            around_keyword += share * neighbour.map_or(0.0, |other| other.keyword);
        }
        let reply = self.neighbour(at, -1).filter(|other| other.asks()).map_or(0.0, |other| other.keyword);
        let session = self.session.get(at).and_then(|number| self.words.get(*number)).copied().unwrap_or_default();
        let flag = |yes: bool| f32::from(u8::from(yes));
        Signals {
            semantic: one.semantic.clamp(0.0, 1.0),
            keyword: one.keyword.clamp(0.0, 1.0),
            around_semantic: around_semantic.clamp(0.0, 1.0),
            around_keyword: around_keyword.clamp(0.0, 1.0),
            reply: reply.clamp(0.0, 1.0),
            session,
            person: flag(question.names_person_of(content)),
            time: question.asked.fits_memory(&one.memory).clamp(0.0, 1.0),
            kind: flag(question.is_answered_in_kind_by(&content.text)),
            entity: one.named.clamp(0.0, 1.0),
            question: flag(one.asks()),
        }
    }
}
