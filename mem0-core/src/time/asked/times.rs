//! The times of a question, with what stands in front of and between them.

use std::ops::Range;

use super::Every;
use super::tables::{Link, Tables};
use crate::text::words::{Word, part};
use crate::time::expressions::open::{Extent, Open, Sort, Yearly, year_of};
use crate::time::range::TimeRange;
use crate::types::time::Timestamp;

/// What the times of a question come to.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) ranges: Vec<TimeRange>,
    pub(super) every: Vec<Every>,
    /// Whether there is a time and each is definite.
    pub(super) definite: bool,
    /// Which words tell it, by number.
    pub(super) taken: Vec<Range<usize>>,
    /// Where they are, in bytes.
    pub(super) words: Vec<Range<usize>>,
}

/// A time with what belongs to it: one expression, or two that are one stretch.
struct Phrase<'a> {
    first: &'a Open,
    last: Option<&'a Open>,
    link: Option<Link>,
    /// The first word of it, its link included.
    start: usize,
}

pub(super) fn told(text: &str, words: &[Word<'_>], tables: &Tables, found: &[Open], now: Timestamp) -> Told {
    let mut told = Told::default();
    let mut definite = true;
    let mut rest = found;
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        let (link, start) = link(words, tables, first);
        let joined = behind.first().filter(|next| is_joined(text, words, tables, first, next, link));
        if joined.is_some() {
            rest = behind.get(1..).unwrap_or_default();
        }
        let phrase = Phrase { first, last: joined, link, start };
        // May without anything that makes it a time is somebody's name.
        if joined.is_none() && link.is_none() && first.sort == Sort::BareMonth {
            continue;
        }
        // "On Monday, 8 May" is the 8th, and "in May last year" one month.
        if joined.is_none()
            && let Some(next) = behind.first().filter(|next| touches(text, first, next))
        {
            if first.sort == Sort::Weekday {
                told.take(&phrase, words);
                continue;
            }
            if let Some(range) = of_year(first, next).or_else(|| of_year(next, first)) {
                rest = behind.get(1..).unwrap_or_default();
                told.take(&phrase, words);
                told.take(&Phrase { first: next, last: None, link: None, start: next.words.start }, words);
                told.ranges.extend(related(link, range));
                definite &= is_exact(first) && is_exact(next);
                continue;
            }
        }
        definite &= add(&mut told, &phrase, now);
        told.take(&phrase, words);
    }
    told.definite = definite && !told.ranges.is_empty();
    told
}

impl Told {
    fn take(&mut self, phrase: &Phrase<'_>, words: &[Word<'_>]) {
        let last = phrase.last.unwrap_or(phrase.first);
        let start = words.get(phrase.start).map_or(phrase.first.range.start, |word| word.range.start);
        self.words.push(start.min(phrase.first.range.start)..last.range.end);
        self.taken.push(phrase.start..last.words.end);
    }
}

/// Adds what a phrase means; whether that is definite.
fn add(told: &mut Told, phrase: &Phrase<'_>, now: Timestamp) -> bool {
    let Phrase { first, last, link, .. } = phrase;
    if let Some(last) = last {
        return match (first.extent, last.extent) {
            (Extent::Yearly(from), Extent::Yearly(to)) => {
                told.every.push(Every { first: from, last: Some(to) });
                false
            }
            (a, b) => {
                let Some(range) = stretch(a, b) else { return false };
                told.ranges.push(range);
                // The year of one end is that of both.
                is_exact(first) && is_exact(last)
            }
        };
    }
    match (first.extent, link) {
        (Extent::Once(range), link) => {
            told.ranges.extend(related(*link, range));
            let is_year = first.sort == Sort::BareYear && matches!(link, Some(Link::To(_)));
            (first.definite || is_year) && *link != Some(Link::Opens)
        }
        (Extent::Either(a, b), link) => {
            told.ranges.extend(related(*link, a));
            told.ranges.extend(related(*link, b));
            false
        }
        (Extent::Yearly(days), None | Some(Link::Opens)) => {
            told.every.push(Every { first: days, last: None });
            false
        }
        // "Since May" is since the last one.
        (Extent::Yearly(days), link) => {
            told.ranges.extend(days.begun(now).and_then(|range| related(*link, range)));
            false
        }
    }
}

/// The time that a link makes of another. "Photos from 2021" are of that year.
fn related(link: Option<Link>, range: TimeRange) -> Option<TimeRange> {
    match link {
        None | Some(Link::Opens) => Some(range),
        Some(Link::To(relation)) => relation.to(range),
    }
}

/// Whether a time is definite beside another that says its year.
fn is_exact(open: &Open) -> bool {
    match open.extent {
        Extent::Yearly(days) => days.is_exact(),
        Extent::Once(_) => open.definite || open.sort == Sort::BareYear,
        Extent::Either(..) => false,
    }
}

/// From the beginning of one time to the end of another. One without a year
/// takes that which puts it next to the other.
fn stretch(first: Extent, last: Extent) -> Option<TimeRange> {
    let (from, to) = match (first, last) {
        (Extent::Once(first), Extent::Once(last)) => (first.from?, last.to?),
        (Extent::Yearly(first), Extent::Once(last)) => (first.begun(last.from?)?.from?, last.to?),
        (Extent::Once(first), Extent::Yearly(last)) => (first.from?, next(last, first.from?)?),
        _ => return None,
    };
    TimeRange::between(from, to)
}

/// The end of the first of these days that end behind `from`.
fn next(days: Yearly, from: Timestamp) -> Option<Timestamp> {
    let year = year_of(from);
    (0..=8).filter_map(|n| days.of_year(year.checked_add(n)?)?.to).find(|to| *to > from)
}

/// Days without a year beside a year.
fn of_year(days: &Open, year: &Open) -> Option<TimeRange> {
    match (days.extent, year.extent, year.sort) {
        (Extent::Yearly(days), Extent::Once(year), Sort::Year | Sort::BareYear) => days.of_year(year_of(year.from?)),
        _ => None,
    }
}

/// What stands in front of a time, and where that begins. It may be the first
/// word of the expression itself.
fn link(words: &[Word<'_>], tables: &Tables, open: &Open) -> (Option<Link>, usize) {
    let lower = |at: usize| words.get(at).map_or("", |word| word.lower.as_str());
    let ends_at = |phrase: &str, end: usize| {
        let parts: Vec<&str> = phrase.split(' ').collect();
        let start = end.checked_sub(parts.len())?;
        (start..end).zip(&parts).all(|(at, part)| lower(at) == *part).then_some(start)
    };
    let best = |end: usize| {
        let found = tables.links.iter().filter_map(|(phrase, link)| Some((ends_at(phrase, end)?, *link)));
        found.min_by_key(|(start, _)| *start)
    };
    let start = open.words.start;
    let mut before = start;
    // Its own first word, then the words before, articles skipped.
    if let Some((at, link)) = best(start + 1) {
        return (Some(link), at);
    }
    while let Some(at) = before.checked_sub(1).filter(|at| start - at <= 2 && tables.fillers.contains(&lower(*at))) {
        if let Some((at, link)) = best(before) {
            return (Some(link), at);
        }
        before = at;
    }
    match best(before) {
        Some((at, link)) => (Some(link), at),
        None => (None, before),
    }
}

/// Whether two times are the ends of one stretch.
fn is_joined(text: &str, words: &[Word<'_>], tables: &Tables, first: &Open, next: &Open, link: Option<Link>) -> bool {
    let between = part(text, first.range.end..next.range.start).trim();
    if matches!(between, "-" | "–" | "—") {
        return true;
    }
    // "And" joins only what "between" has opened; an expression may begin with
    // the word that joins.
    let opened = link == Some(Link::Opens);
    let is_join = |at: usize| {
        let word = words.get(at).map_or("", |word| word.lower.as_str());
        tables.joins.contains(&word) && (opened || !matches!(word, "and" | "or" | "und" | "et" | "y" | "a"))
    };
    let gap: Vec<usize> = (first.words.end..next.words.start).collect();
    match gap.as_slice() {
        [] => between.is_empty() && is_join(next.words.start),
        [at] => is_join(*at),
        [at, filler] => {
            is_join(*at) && words.get(*filler).is_some_and(|word| tables.fillers.contains(&word.lower.as_str()))
        }
        _ => false,
    }
}

/// Whether nothing but a comma or an article stands between two times.
fn touches(text: &str, first: &Open, next: &Open) -> bool {
    let between = part(text, first.range.end..next.range.start).trim_matches(|c: char| c.is_whitespace() || c == ',');
    matches!(between, "" | "the" | "of" | "in" | "den" | "dem" | "le" | "el" | "de")
}
