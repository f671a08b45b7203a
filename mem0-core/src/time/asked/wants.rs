//! What kind of answer a question wants.

use std::ops::Range;

use super::tables::Tables;
use super::{Pick, Wants};
use crate::text::words::{Word, is_in};

/// The kind of answer, and the words that ask for it.
pub(super) fn kind(words: &[Word<'_>], tables: &Tables) -> (Wants, Range<usize>) {
    let longest = tables
        .wants
        .iter()
        .filter_map(|(phrase, wants)| Some((find(words, phrase)?, *wants)))
        .max_by_key(|(range, _)| range.len());
    if let Some((range, wants)) = longest {
        let ago = words.iter().skip(range.end).any(|word| is_in(&word.lower, tables.ago));
        return (if wants == Wants::Duration && ago { Wants::Date } else { wants }, range);
    }
    match (0..words.len()).find(|at| asks_when(words, *at, tables)) {
        Some(at) => (Wants::Date, at..at + 1),
        None => (Wants::Any, 0..0),
    }
}

/// Whether the word there is a "when" that asks for a time, and not one that
/// tells it.
pub(super) fn asks_when(words: &[Word<'_>], at: usize, tables: &Tables) -> bool {
    let Some(word) = words.get(at) else { return false };
    if !is_in(&word.lower, tables.when) {
        return false;
    }
    let before = at.checked_sub(1).and_then(|at| words.get(at));
    tables.auxiliaries.is_empty()
        || word.bare() != word.lower
        || before.is_some_and(|word| is_in(&word.lower, tables.knowing))
        || words.get(at + 1).is_none_or(|word| is_in(&word.lower, tables.auxiliaries))
}

/// Which of several is wanted; what says a time or asks for one does not count.
pub(super) fn pick(words: &[Word<'_>], tables: &Tables, taken: &[Range<usize>], asking: Range<usize>) -> Pick {
    let free = |range: &Range<usize>| {
        let meets = |other: &Range<usize>| other.start < range.end && range.start < other.end;
        !taken.iter().any(meets) && !meets(&asking)
    };
    let named = |range: &Range<usize>| words.get(range.end).is_some_and(|word| is_in(&word.lower, tables.no_pick));
    let ended = |range: &Range<usize>| {
        let before = range.start.checked_sub(1).and_then(|at| words.get(at));
        before.is_some_and(|word| is_in(&word.lower, &["by", "until", "till", "from", "at", "before"]))
    };
    tables
        .picks
        .iter()
        .filter_map(|(phrase, pick)| Some((find(words, phrase)?, *pick)))
        .filter(|(range, pick)| match pick {
            Pick::First | Pick::Last => free(range) && !named(range) && !ended(range),
            _ => free(range) && (range.len() > 1 || !ended(range)),
        })
        // The first word of the question that picks.
        .min_by_key(|(range, _)| range.start)
        .map_or(Pick::Any, |(_, pick)| pick)
}

/// Where a phrase stands first, in words.
fn find(words: &[Word<'_>], phrase: &str) -> Option<Range<usize>> {
    let parts: Vec<&str> = phrase.split(' ').collect();
    let stands =
        |at: &usize| words.iter().skip(*at).map(|word| word.lower.as_str()).take(parts.len()).eq(parts.iter().copied());
    (0..words.len()).find(stands).map(|at| at..at + parts.len())
}

/// Whether the time of an English question may not be that of an event: it asks
/// for a state, which has begun long before, or for a plan or for words, which
/// are told at another time than they speak of.
pub(super) fn is_doubtful(words: &[Word<'_>], taken: &[Range<usize>]) -> bool {
    let doubtful = words.iter().any(|word| is_in(&word.lower, DOUBTFUL));
    let topic = taken.iter().any(|range| {
        let before = range.start.checked_sub(1).and_then(|at| words.get(at));
        let first = words.get(range.start);
        [before, first].into_iter().flatten().any(|word| is_in(&word.lower, &["about", "for", "of", "regarding"]))
    });
    doubtful || topic
}

/// Verbs of states, plans and words, and what denies.
#[rustfmt::skip]
const DOUBTFUL: &[&str] = &[
    "am", "is", "are", "was", "were", "be", "been", "being", "have", "has", "had", "live", "lives", "lived",
    "living", "work", "works", "worked", "working", "own", "owned", "know", "knew", "like", "liked", "love",
    "loved", "prefer", "preferred", "stay", "stayed", "want", "wanted", "need", "needed", "believe", "believed",
    "think", "feel", "felt", "seem", "seemed", "use", "used", "keep", "kept", "study", "studied", "attend",
    "attended", "still", "what's", "who's", "where's",
    "plan", "plans", "planned", "planning", "will", "going", "would", "hope", "hoped", "intend", "intended",
    "schedule", "scheduled", "upcoming", "expect", "expected",
    "say", "says", "said", "tell", "tells", "told", "mention", "mentioned", "talk", "talked", "discuss",
    "discussed", "ask", "asked", "speak", "spoke", "write", "wrote", "remember", "promise", "promised",
    "not", "never", "didn't", "don't", "doesn't", "wasn't", "except", "besides", "other", "since",
];
