//! Candidates and what speaks for them.

use std::collections::{HashMap, HashSet};

use crate::engine::fuse::{Fusion, Signals};
use crate::engine::results::Hit;
use crate::engine::search::question::Question;
use crate::traits::ledger::{Held, Place};
use crate::types::memory::{Memory, MemoryKind};
use crate::types::time::Timestamp;

/// What was said within so long of each other is one session.
const SESSION: i64 = 30 * 60 * 1_000_000;

/// How far the neighbours of a memory reach, with what each counts of the
/// whole: what was said next to it says most.
const AROUND: [(i64, f32); 4] = [(-2, 0.15), (-1, 0.35), (1, 0.35), (2, 0.15)];

/// What is left of a word for each place that it was said before or after.
const FADE: f32 = 0.75;

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
    /// Which words of the question it has.
    pub(super) held: Held,
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

/// The candidates as hits, in no order; `words`: what each word of the question
/// weighs, in the order of `held`.
pub(super) fn hits(
    candidates: Vec<Candidate>,
    question: &Question,
    words: &[f32],
    named: bool,
    fusion: &Fusion,
    explain: bool,
) -> Vec<Hit> {
    let surroundings = Surroundings::new(&candidates, words);
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
    /// The share of the question's words that were said there or not long before
    /// or after.
    coverage: Vec<f32>,
    /// Those who speak, in small letters.
    speakers: HashSet<String>,
    /// What is not among the candidates is no nearer than this.
    farthest: f32,
}

impl<'a> Surroundings<'a> {
    fn new(candidates: &'a [Candidate], weights: &[f32]) -> Self {
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
        let coverage = coverage(candidates, &session, weights);
        let actors: HashSet<&str> = candidates.iter().filter_map(|one| one.memory.content.actor.as_deref()).collect();
        // By one of several names too.
        let speakers = actors.iter().flat_map(|name| name.split_whitespace().map(str::to_lowercase)).collect();
        Self { candidates, at, session, words, coverage, speakers, farthest }
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
        let mut around_semantic = 0.0;
        for (away, share) in AROUND {
            let neighbour = self.neighbour(at, away);
            around_semantic += share * neighbour.map_or(self.farthest, |other| other.semantic.max(0.0));
        }
        let reply = self.neighbour(at, -1).filter(|other| other.asks()).map_or(0.0, |other| other.keyword);
        let session = self.session.get(at).and_then(|number| self.words.get(*number)).copied().unwrap_or_default();
        let flag = |yes: bool| f32::from(u8::from(yes));
        Signals {
            semantic: one.semantic.clamp(0.0, 1.0),
            keyword: one.keyword.clamp(0.0, 1.0),
            around_semantic: around_semantic.clamp(0.0, 1.0),
            coverage: self.coverage.get(at).copied().unwrap_or_default().clamp(0.0, 1.0),
            reply: reply.clamp(0.0, 1.0),
            session,
            person: flag(question.names_person_of(content)),
            time: question.asked.fits_memory(&one.memory).clamp(0.0, 1.0),
            kind: flag(question.is_answered_in_kind_by(&content.text, &self.speakers)),
            entity: one.named.clamp(0.0, 1.0),
            question: flag(one.asks()),
        }
    }
}

/// How much of the question's words each candidate and those around it in its
/// session have together: a word counts once, where it was said nearest. A fact
/// stands for itself: what was said next to it is about something else.
fn coverage(candidates: &[Candidate], session: &[usize], weights: &[f32]) -> Vec<f32> {
    let whole: f32 = weights.iter().sum();
    let mut in_order: Vec<(usize, Option<u64>, usize)> = candidates
        .iter()
        .zip(session)
        .enumerate()
        .map(|(at, (one, session))| (*session, one.place.map(|place| place.nth), at))
        .collect();
    in_order.sort_unstable();
    let mut covered = vec![0.0; candidates.len()];
    for (word, weight) in weights.iter().enumerate() {
        let own = |at: usize| candidates.get(at).is_some_and(|one| one.held.has(word));
        let forth = carried(in_order.iter(), own);
        let back = carried(in_order.iter().rev(), own);
        for (((_, _, at), before), after) in in_order.iter().zip(forth).zip(back.into_iter().rev()) {
            let was_said = candidates.get(*at).is_some_and(|one| one.memory.content.kind == MemoryKind::Episode);
            let share = if was_said { before.max(after) } else { f32::from(u8::from(own(*at))) };
            if let Some(sum) = covered.get_mut(*at) {
                *sum += weight / whole.max(f32::MIN_POSITIVE) * share;
            }
        }
    }
    covered
}

/// What is left of a word at each of these (session, place, candidate), said
/// there or earlier in this order. Whose place is not known stands alone.
fn carried<'a>(order: impl Iterator<Item = &'a (usize, Option<u64>, usize)>, own: impl Fn(usize) -> bool) -> Vec<f32> {
    let (mut left, mut last) = (0.0_f32, None);
    order
        .map(|(session, nth, at)| {
            let before = last.filter(|(of, _)| of == session).and_then(|(_, before): (_, Option<u64>)| before);
            let away = nth.zip(before).map(|(nth, before)| nth.abs_diff(before));
            let away = away.and_then(|away| i32::try_from(away).ok());
            left = if own(*at) { 1.0 } else { away.map_or(0.0, |away| left * FADE.powi(away)) };
            last = Some((*session, *nth));
            left
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::ids::MemoryId;
    use crate::types::memory::Content;
    use crate::types::scope::Scope;

    #[test]
    fn what_was_said_takes_words_from_beside_it_and_a_fact_stands_for_itself() {
        let candidate = |nth: u64, kind: MemoryKind, has: bool| {
            let id = MemoryId::from_uuid(uuid::Uuid::from_u128(nth.into()));
            let content = Content { kind, ..Content::new("tea") };
            let memory = Memory::new(id, Scope::user("ana").unwrap(), content, Timestamp::from_micros_clamped(0));
            let mut held = Held::default();
            if has {
                held.add(0);
            }
            Candidate { memory, semantic: 0.0, keyword: 0.0, held, named: 0.0, place: Some(Place { scope: 1, nth }) }
        };
        for (kind, beside) in [(MemoryKind::Episode, FADE), (MemoryKind::Fact, 0.0), (MemoryKind::Procedure, 0.0)] {
            let both = [candidate(1, kind, true), candidate(2, kind, false)];
            assert_eq!(coverage(&both, &[0, 0], &[2.0]), [1.0, beside], "{kind:?}");
        }
    }

    #[test]
    fn a_word_is_carried_over_to_what_is_said_near_it() {
        let near = [(0, Some(1), 0), (0, Some(2), 1), (0, Some(4), 2), (1, Some(5), 3)];
        assert_eq!(carried(near.iter(), |at| at == 0), [1.0, FADE, FADE * FADE.powi(2), 0.0]);
        assert_eq!(carried(near.iter().rev(), |at| at == 2), [0.0, 1.0, FADE.powi(2), FADE.powi(2) * FADE]);
        let nowhere = [(0, None, 0), (0, None, 1)];
        assert_eq!(carried(nowhere.iter(), |at| at == 0), [1.0, 0.0]);
    }
}
