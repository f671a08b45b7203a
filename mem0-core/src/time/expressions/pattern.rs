//! Patterns of words, and where they match.

use jiff::civil::Weekday;

use super::calendar::{Season, Unit};
use super::lexicon::{Lexicon, Meaning, Rule};
use super::open::{self, Holiday};
use crate::text::words::{Word, is_in, part};

/// A rule in the form that is matched.
#[derive(Debug)]
pub(super) struct Pattern {
    pub(super) rule: &'static Rule,
    places: Vec<Place>,
}

#[derive(Debug)]
struct Place {
    slot: Slot,
    optional: bool,
}

#[derive(Debug)]
enum Slot {
    Words(Vec<&'static str>),
    Number,
    One,
    Unit,
    Weekday,
    Month,
    /// A month, with a capital letter or without.
    AnyMonth,
    Season,
    Part,
    Day,
    Year,
    Holiday,
    Decade,
}

/// What the slots of a match hold, and how many words it took.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Match {
    pub(super) words: usize,
    pub(super) number: Option<i64>,
    pub(super) unit: Option<Unit>,
    pub(super) weekday: Option<Weekday>,
    pub(super) month: Option<i8>,
    pub(super) season: Option<Season>,
    pub(super) day: Option<i8>,
    pub(super) year: Option<i16>,
    pub(super) holiday: Option<Holiday>,
}

impl Pattern {
    pub(super) fn new(rule: &'static Rule) -> Self {
        let place = |written: &'static str| {
            let (name, optional) = written.strip_suffix('?').map_or((written, false), |name| (name, true));
            let slot = match name {
                "{n}" => Slot::Number,
                "{one}" => Slot::One,
                "{unit}" => Slot::Unit,
                "{weekday}" => Slot::Weekday,
                "{month}" => Slot::Month,
                "{anymonth}" => Slot::AnyMonth,
                "{season}" => Slot::Season,
                "{part}" => Slot::Part,
                "{day}" => Slot::Day,
                "{year}" => Slot::Year,
                "{holiday}" => Slot::Holiday,
                "{decade}" => Slot::Decade,
                words => Slot::Words(words.split('|').collect()),
            };
            Place { slot, optional }
        };
        Self { rule, places: rule.pattern.split(' ').map(place).collect() }
    }

    /// The words that a match can begin with; none stands for any word with a
    /// digit first.
    pub(super) fn beginnings(&self, lexicon: &Lexicon) -> Vec<Option<&'static str>> {
        let mut beginnings = Vec::new();
        for place in &self.places {
            match &place.slot {
                Slot::Words(list) => beginnings.extend(list.iter().copied().map(Some)),
                Slot::Number => beginnings.extend(names(lexicon.numbers).chain([None])),
                Slot::One => beginnings.extend(names(lexicon.units)),
                Slot::Unit => beginnings.extend(names(lexicon.units).chain(names(lexicon.plurals))),
                Slot::Weekday => beginnings.extend(names(lexicon.weekdays)),
                Slot::Month | Slot::AnyMonth => beginnings.extend(names(lexicon.months)),
                Slot::Season => beginnings.extend(names(lexicon.seasons)),
                Slot::Part => beginnings.extend(lexicon.parts.iter().copied().map(Some)),
                Slot::Day | Slot::Year => beginnings.push(None),
                Slot::Holiday => {
                    beginnings.extend(lexicon.holidays.iter().map(|(name, _)| name.split(' ').next()));
                }
                Slot::Decade => beginnings.extend(names(open::DECADES).chain([None])),
            }
            if !place.optional {
                break;
            }
        }
        beginnings
    }

    /// The match at the first of these words, if there is one.
    pub(super) fn matches(&self, text: &str, words: &[Word<'_>], lexicon: &Lexicon) -> Option<Match> {
        let mut found = Match::default();
        for place in &self.places {
            let next = found.words;
            let taken = words.get(next..).and_then(|rest| {
                let gap_ok = next == 0 || self.may_follow(text, words, next, &place.slot);
                if gap_ok { fill(&place.slot, rest, lexicon, &mut found) } else { None }
            });
            match taken {
                Some(count) => found.words += count,
                None if place.optional => {}
                None => return None,
            }
        }
        (found.words > 0).then_some(found)
    }

    /// Whether only white space, a hyphen, or in dates a comma or full stop
    /// stands between the word before and this one.
    fn may_follow(&self, text: &str, words: &[Word<'_>], at: usize, slot: &Slot) -> bool {
        let Some([before, word]) = at.checked_sub(1).and_then(|from| words.get(from..=at)) else { return false };
        let is_date =
            self.rule.meaning.is_absolute() || matches!(self.rule.meaning, Meaning::DayOfMonth | Meaning::EveryYear);
        match part(text, before.range.end..word.range.start).trim() {
            "" | "-" => true,
            "," => is_date && matches!(slot, Slot::Year),
            "." => is_date && (before.has_digit() || (before.text.len() <= 4 && before.lower != "may")),
            _ => false,
        }
    }
}

/// Fills a slot with the first word or words; how many it took.
fn fill(slot: &Slot, words: &[Word<'_>], lexicon: &Lexicon, found: &mut Match) -> Option<usize> {
    let word = words.first()?;
    let bare = word.bare();
    let is_name = word.is_capitalised() || !is_in(bare, lexicon.needs_capital);
    match slot {
        Slot::Words(list) => (is_in(&word.lower, list) || is_in(bare, list)).then_some(1),
        Slot::Part => is_in(bare, lexicon.parts).then_some(1),
        Slot::Number => {
            let (number, count) = number(words, lexicon)?;
            found.number = Some(number);
            Some(count)
        }
        Slot::One => {
            found.unit = Some(lookup(lexicon.units, bare)?);
            Some(1)
        }
        Slot::Unit => {
            found.unit = Some(lookup(lexicon.units, bare).or_else(|| lookup(lexicon.plurals, bare))?);
            Some(1)
        }
        Slot::Weekday => {
            found.weekday = Some(lookup(lexicon.weekdays, bare).filter(|_| is_name)?);
            Some(1)
        }
        Slot::Month => {
            found.month = Some(lookup(lexicon.months, bare).filter(|_| is_name)?);
            Some(1)
        }
        Slot::AnyMonth => {
            found.month = Some(lookup(lexicon.months, bare)?);
            Some(1)
        }
        Slot::Season => {
            found.season = Some(lookup(lexicon.seasons, bare)?);
            Some(1)
        }
        Slot::Day => {
            found.day = Some(day(&word.lower)?);
            Some(1)
        }
        Slot::Year => {
            found.year = Some(year(bare)?);
            Some(1)
        }
        Slot::Holiday => {
            let (holiday, count) = holiday(words, lexicon)?;
            found.holiday = Some(holiday);
            Some(count)
        }
        Slot::Decade => {
            found.year = Some(open::decade(&word.lower)?);
            Some(1)
        }
    }
}

fn names<T>(list: &'static [(&'static str, T)]) -> impl Iterator<Item = Option<&'static str>> {
    list.iter().map(|(name, _)| Some(*name))
}

fn lookup<T: Copy>(list: &[(&str, T)], word: &str) -> Option<T> {
    list.iter().find(|(name, _)| *name == word).map(|(_, value)| *value)
}

/// A count in digits or words: "12", "twelve", "twenty-one".
fn number(words: &[Word<'_>], lexicon: &Lexicon) -> Option<(i64, usize)> {
    let word = words.first()?;
    if word.lower.chars().all(|c| c.is_ascii_digit()) {
        return (word.lower.len() <= 4).then(|| word.lower.parse().ok().map(|n| (n, 1)))?;
    }
    let number = lookup(lexicon.numbers, &word.lower)?;
    if number >= 20
        && let Some(ones) = words.get(1).and_then(|word| lookup(lexicon.numbers, &word.lower))
        && ones < 10
    {
        return Some((number + ones, 2));
    }
    Some((number, 1))
}

/// The longest name of a holiday that stands here.
fn holiday(words: &[Word<'_>], lexicon: &Lexicon) -> Option<(Holiday, usize)> {
    let stands = |name: &str| {
        let mut count = 0;
        for (part, word) in name.split(' ').zip(words.iter().map(Some).chain(std::iter::repeat(None))) {
            let word = word?;
            count += 1;
            (word.lower == part || word.bare() == part).then_some(())?;
        }
        Some(count)
    };
    let names = lexicon.holidays.iter().filter_map(|(name, holiday)| Some((*holiday, stands(name)?)));
    names.max_by_key(|(_, count)| *count)
}

/// A day of the month: "8", "8th", "1er", "1º".
fn day(word: &str) -> Option<i8> {
    let digits = word.trim_end_matches(|c: char| !c.is_ascii_digit());
    let ending = word.get(digits.len()..)?;
    let day = digits.parse().ok().filter(|day| (1..=31).contains(day))?;
    is_in(ending, &["", "st", "nd", "rd", "th", "er", "º"]).then_some(day)
}

/// A year of four digits, 1900 to 2099.
fn year(word: &str) -> Option<i16> {
    (word.len() == 4).then(|| word.parse().ok())?.filter(|year| (1900..=2099).contains(year))
}
