//! Events by which a question tells the time.

use super::tables::Tables;
use super::wants::asks_when;
use super::{Anchor, Relation};
use crate::text::words::{Word, is_in, part};
use crate::time::expressions::is_past;
use crate::time::expressions::open::Open;

/// The event that a question tells the time by, if it does: what stands behind
/// "before", "when" and the like, to the end of the clause.
pub(super) fn find(text: &str, words: &[Word<'_>], tables: &Tables, found: &[Open]) -> Option<Anchor> {
    (0..words.len()).find_map(|at| anchor(text, words, tables, found, at))
}

fn anchor(text: &str, words: &[Word<'_>], tables: &Tables, found: &[Open], at: usize) -> Option<Anchor> {
    let (relation, count) = relation(words, tables, at)?;
    let lower = |at: usize| words.get(at).map_or("", |word| word.lower.as_str());
    let before = at.checked_sub(1).map_or("", lower);
    let spoilt = tables.not_behind.iter().any(|(word, list)| *word == lower(at) && is_in(before, list));
    if spoilt || asks_when(words, at, tables) {
        return None;
    }
    let start = at + count;
    // "Since when" asks.
    if is_in(lower(start), tables.when) {
        return None;
    }
    // A time behind it makes it the relation to that time, an article between
    // them or not.
    let times = |at: usize| found.iter().any(|open| open.words.contains(&at));
    let article = usize::from(is_in(lower(start), tables.fillers));
    if times(at) || times(start) || times(start + article) {
        return None;
    }
    let first = words.get(start)?;
    let mut end = start;
    while let Some(word) = words.get(end) {
        let gap = words.get(end.wrapping_sub(1)).map_or(0..0, |before| before.range.end..word.range.start);
        let stops = part(text, gap).contains([',', ';', ':', '?', '!', '.', '\n', '—', '–']);
        // In front of the question its first word ends the clause.
        let asks = at == 0 && end > start && is_in(&word.lower, tables.question_words);
        if end > start && (stops || asks) {
            break;
        }
        end += 1;
    }
    let last = words.get(end.checked_sub(1)?)?;
    // "When she has a bad day" is any of them.
    let clause = words.get(start..end)?;
    if is_in(lower(at), tables.when) && !is_past(clause) {
        return None;
    }
    let tells = clause.iter().any(|word| !is_in(&word.lower, tables.empty));
    // "When in Rome" and "after school" tell little; the search decides.
    (tells && !(at == 0 && end == words.len() && relation == Relation::During && is_in(lower(at), tables.when)))
        .then_some(Anchor { relation, phrase: first.range.start..last.range.end })
}

/// The relation that the words there name, with their number; the longest.
fn relation(words: &[Word<'_>], tables: &Tables, at: usize) -> Option<(Relation, usize)> {
    let stands = |phrase: &str| {
        let count = phrase.split(' ').count();
        let there = words.iter().skip(at).map(|word| word.lower.as_str()).take(count);
        there.eq(phrase.split(' ')).then_some(count)
    };
    let found = tables.anchors.iter().filter_map(|(phrase, relation)| Some((*relation, stands(phrase)?)));
    found.max_by_key(|(_, count)| *count)
}
