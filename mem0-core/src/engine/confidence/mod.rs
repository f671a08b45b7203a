//! How sure one may be that what was found answers the question.

mod fitted;

use std::collections::BTreeSet;

use unicode_segmentation::UnicodeSegmentation as _;

use crate::engine::results::Hit;
use crate::text::{QueryTerm, TermId, bare, query_terms, terms};
use crate::types::memory::Memory;
use crate::types::message::Role;
use crate::types::scope::ScopeKey;

/// So many of the best hits are looked at.
const LOOKED_AT: usize = 10;
/// So many of them answer together.
const TOGETHER: usize = 5;

/// What the confidence is made of; each number from 0 to 1, higher is better.
///
/// Who said something counts as much as what was said: a question about one
/// person finds what another one did. The persons asked about are the speakers
/// of the hits whom the question names, or else its words in capitals. A memory
/// is *theirs* if one of them said it or it is about one of them; where no
/// speaker is known, or nobody is named, every memory counts as theirs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Evidence {
    /// The score of the best hit that is theirs.
    pub score: f32,
    /// That score over the best of all.
    pub theirs: f32,
    /// The share of the best five hits that is theirs.
    pub share: f32,
    /// The share of the question's words, names left out, that their best hit
    /// has.
    pub words: f32,
    /// The share of those words that the best five hits have together.
    pub words_together: f32,
    /// How far the best hit is ahead of those behind it.
    pub lead: f32,
}

impl Evidence {
    /// What the numbers are called, in the order of [`values`](Self::values).
    pub const NAMES: [&'static str; 6] = ["score", "theirs", "share", "words", "words_together", "lead"];

    /// The evidence in these hits, best first; none if there are no hits.
    #[must_use]
    pub fn of(question: &str, hits: &[Hit]) -> Option<Self> {
        let asked = Asked::of(question, hits);
        let hits = hits.get(..LOOKED_AT).unwrap_or(hits);
        let (best, behind) = hits.split_first()?;
        let words = asked.words(question);
        let held: Vec<BTreeSet<TermId>> = hits.iter().map(held).collect();
        let together: BTreeSet<TermId> = held.iter().take(TOGETHER).flatten().copied().collect();
        let theirs: Vec<bool> = hits.iter().map(|hit| asked.is_theirs(&hit.memory)).collect();
        let their_best = hits.iter().zip(&held).zip(&theirs).find_map(|(hit, theirs)| theirs.then_some(hit));
        let among = theirs.iter().take(TOGETHER);
        let mean = over(behind.iter().map(|hit| hit.score).sum(), number(behind.len()));
        Some(Self {
            score: their_best.map_or(0.0, |(hit, _)| hit.score),
            theirs: their_best.map_or(0.0, |(hit, _)| over(hit.score, best.score)),
            share: over(number(among.clone().filter(|theirs| **theirs).count()), number(among.len())),
            words: their_best.map_or(0.0, |(_, held)| covered(&words, held)),
            words_together: covered(&words, &together),
            lead: if behind.is_empty() { 0.0 } else { over(best.score - mean, best.score) },
        })
    }

    /// The numbers, in the order of [`NAMES`](Self::NAMES).
    #[must_use]
    pub const fn values(&self) -> [f32; Self::NAMES.len()] {
        [self.score, self.theirs, self.share, self.words, self.words_together, self.lead]
    }

    /// How sure one may be that these hits answer the question: 0 to 1.
    #[must_use]
    pub fn confidence(&self) -> f32 {
        let sum: f32 = self.values().iter().zip(fitted::WEIGHTS).map(|(value, weight)| value * weight).sum();
        1.0 / (1.0 + (-(fitted::BIAS + sum)).exp())
    }
}

/// How sure one may be that these hits, best first, answer the question: 0 to
/// 1, and 0 where there are none. At 0.5 a question of which half could be
/// answered and half could not is as likely answered as not.
#[must_use]
pub fn confidence(question: &str, hits: &[Hit]) -> f32 {
    Evidence::of(question, hits).map_or(0.0, |evidence| evidence.confidence())
}

#[allow(clippy::cast_precision_loss, reason = "a few hits or words")]
fn number(count: usize) -> f32 {
    count as f32
}

fn over(part: f32, whole: f32) -> f32 {
    if whole > 0.0 { (part / whole).clamp(0.0, 1.0) } else { 0.0 }
}

/// The terms of what a memory says.
fn held(hit: &Hit) -> BTreeSet<TermId> {
    terms(&hit.memory.content.text).into_iter().map(|(term, _)| term).collect()
}

/// The share of these words that are held. A question of nothing but names asks
/// for no other word.
fn covered(words: &[QueryTerm], held: &BTreeSet<TermId>) -> f32 {
    if words.is_empty() {
        return 1.0;
    }
    over(number(words.iter().filter(|word| word.ids().any(|term| held.contains(&term))).count()), number(words.len()))
}

/// Whom a question asks about.
#[derive(Debug)]
struct Asked {
    /// Their names in lower case.
    names: BTreeSet<String>,
    /// Whether they are among the speakers of the hits.
    speakers: bool,
}

impl Asked {
    fn of(question: &str, hits: &[Hit]) -> Self {
        let said: BTreeSet<String> = question.unicode_words().map(name).collect();
        let speakers: BTreeSet<String> = hits.iter().flat_map(|hit| speakers(&hit.memory)).collect();
        let known: BTreeSet<String> = said.intersection(&speakers).cloned().collect();
        if !known.is_empty() {
            return Self { names: known, speakers: true };
        }
        let capitals = question.unicode_words().skip(1).filter(|word| {
            // "I" and its forms are nobody's name.
            word.chars().next().is_some_and(char::is_uppercase) && !word.starts_with("I'") && *word != "I"
        });
        Self { names: capitals.map(name).collect(), speakers: false }
    }

    /// The question's words without the names.
    fn words(&self, question: &str) -> Vec<QueryTerm> {
        let names: BTreeSet<TermId> = self.names.iter().flat_map(|name| terms(name)).map(|(term, _)| term).collect();
        query_terms(question).into_iter().filter(|word| !names.contains(&word.term)).collect()
    }

    fn is_theirs(&self, memory: &Memory) -> bool {
        if self.names.is_empty() {
            return true;
        }
        let speakers = speakers(memory);
        if speakers.is_empty() || speakers.iter().any(|speaker| self.names.contains(speaker)) {
            return true;
        }
        !self.speakers && memory.content.text.unicode_words().any(|word| self.names.contains(&name(word)))
    }
}

/// A word as a name: lower case, without a possessive ending.
fn name(word: &str) -> String {
    bare(&word.to_lowercase()).to_owned()
}

/// The names of who said it and whom it is about.
fn speakers(memory: &Memory) -> Vec<String> {
    let content = &memory.content;
    let about = content.about.as_deref().filter(|about| !matches!(*about, "user" | "assistant"));
    let named: Vec<&str> = content.actor.as_deref().into_iter().chain(about).collect();
    let user = memory.scope.get(ScopeKey::UserId).filter(|_| named.is_empty() && content.role == Some(Role::User));
    named.into_iter().chain(user).flat_map(|names| names.unicode_words().map(name).collect::<Vec<_>>()).collect()
}
