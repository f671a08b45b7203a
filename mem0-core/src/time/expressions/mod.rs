//! Expressions of time in running text, resolved against the time at which
//! they were said.
//!
//! "Last Saturday" is a different day for every reader, so it is resolved while
//! the time of the message is known. Nothing here asks what time it is now.
//! Days, weeks (from Monday), months and years are those of the civil calendar
//! in UTC.
//!
//! | language | understood |
//! |---|---|
//! | English | yesterday, today, tonight, last night, tomorrow, the day before yesterday, three weeks ago, in "from now" too, last/this/next week, weekend, month, year, weekday, month name, season; "on Friday", "in May" and "May 8th" where the tense of the sentence decides |
//! | German, French, Spanish | the same without what needs the tense |
//! | all four | 8 May 2023, May 2023, summer 2023, in 2023 |
//! | any | 2023-05-08 |
//!
//! Left alone, because nobody can be sure: "a few days ago", "over two years
//! ago", "the other day", "the last week" (seven days, or the calendar week?),
//! "next Friday" said on a Monday (this week's, or the one after?), "last week"
//! said in English on a Sunday (does the week begin on Sunday or on Monday?),
//! 5/8/2023 (May or August?), holidays, times of the day.

mod annotate;
mod calendar;
mod english;
mod french;
mod german;
mod lexicon;
pub(super) mod open;
mod pattern;
mod spanish;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

use crate::types::time::Timestamp;
use jiff::civil::{Date, Weekday};

pub use annotate::{Annotated, annotate, annotate_as};
pub use calendar::{Granularity, Interval};

use crate::text::language::{Language, guess};
use crate::text::words::{Word, is_in, part, words};
use calendar::{Days, Season, Unit, civil, weekday_after, weekday_before, weekday_of_week};
use english::{Tense, tense};

pub(super) use english::is_past;
use lexicon::{Lexicon, Meaning, Rule};
use pattern::{Match, Pattern};

/// An expression of time in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TimeExpression {
    /// Where it stands, in bytes, with the date that was added to it.
    pub range: Range<usize>,
    /// What it means.
    pub interval: Interval,
    /// Whether its words alone say when ("8 May 2023"), or only together with
    /// the time at which they were said ("last week").
    pub absolute: bool,
    /// Whether it is the end of something ("until Friday").
    pub is_end: bool,
    /// Whether a date was added to it already ("last week (week of
    /// 2023-05-15)"); the interval is then the one that was added.
    pub annotated: bool,
    /// What [`annotate`] adds.
    label: String,
}

/// The expressions of time in `text`, said at `at`, in order.
///
/// ```
/// use mem0_core::Timestamp;
/// use mem0_core::time::{Granularity, resolve};
///
/// let said: Timestamp = "2023-05-25T13:14:00Z".parse()?;
/// let found = resolve("I ran a charity race last Saturday.", said);
/// assert_eq!(found[0].interval.start.date(), "2023-05-20");
/// assert_eq!(found[0].interval.granularity, Granularity::Day);
/// # Ok::<(), mem0_core::Error>(())
/// ```
#[must_use]
pub fn resolve(text: &str, at: Timestamp) -> Vec<TimeExpression> {
    resolve_as(text, at, None)
}

/// As [`resolve`], with the language of the whole message for a part of it
/// that is too short to tell.
pub fn resolve_as(text: &str, at: Timestamp, fallback: Option<Language>) -> Vec<TimeExpression> {
    let words = words(text);
    let language = guess(&words).or(fallback).unwrap_or(Language::English);
    sure(text, &words, language, at)
}

/// As [`resolve`], of words in a language that is known.
pub(super) fn sure(text: &str, words: &[Word<'_>], language: Language, at: Timestamp) -> Vec<TimeExpression> {
    let mut found = Vec::new();
    let mut next = 0;
    while let Some(word) = words.get(next) {
        if let Some(expression) = iso_date(text, word) {
            next += words.iter().skip(next).take_while(|word| word.range.end <= expression.range.end).count().max(1);
            found.push(expression);
            continue;
        }
        let (taken, expression) =
            grammar(language).and_then(|grammar| grammar.read(text, words, next, at)).unwrap_or((1, None));
        let end = expression.as_ref().map_or(0, |expression| expression.range.end);
        found.extend(expression);
        next += taken.max(1);
        // The date that was added to an expression is not another one.
        next += words.iter().skip(next).take_while(|word| word.range.end <= end).count();
    }
    found
}

/// The compiled rules of a language.
#[derive(Debug)]
struct Grammar {
    language: Language,
    lexicon: &'static Lexicon,
    patterns: Vec<Pattern>,
    /// Which patterns can begin with a word, in order; most words begin none.
    by_first_word: HashMap<Option<&'static str>, Vec<usize>>,
}

/// The languages that have a lexicon.
const LEXICONS: [(Language, &Lexicon); 4] = [
    (Language::English, &english::ENGLISH),
    (Language::German, &german::GERMAN),
    (Language::French, &french::FRENCH),
    (Language::Spanish, &spanish::SPANISH),
];

static GRAMMARS: LazyLock<[Grammar; 4]> =
    LazyLock::new(|| LEXICONS.map(|(language, lexicon)| Grammar::new(language, lexicon, lexicon.rules)));

fn grammar(language: Language) -> Option<&'static Grammar> {
    GRAMMARS.iter().find(|grammar| grammar.language == language)
}

impl Grammar {
    fn new(language: Language, lexicon: &'static Lexicon, rules: impl IntoIterator<Item = &'static Rule>) -> Self {
        let patterns: Vec<_> = rules.into_iter().map(Pattern::new).collect();
        let mut by_first_word: HashMap<_, Vec<usize>> = HashMap::new();
        for (number, pattern) in patterns.iter().enumerate() {
            for word in pattern.beginnings(lexicon) {
                let numbers = by_first_word.entry(word).or_default();
                if numbers.last() != Some(&number) {
                    numbers.push(number);
                }
            }
        }
        Self { language, lexicon, patterns, by_first_word }
    }

    /// The rule that takes the most of these words, from the first on. Of two
    /// that take as many the first of the list wins.
    fn longest(&self, text: &str, words: &[Word<'_>]) -> Option<(&Pattern, Match)> {
        let word = words.first()?.bare();
        let key = (!word.starts_with(|c: char| c.is_ascii_digit())).then_some(word);
        let numbers: &[usize] = self.by_first_word.get(&key).map_or(&[], Vec::as_slice);
        numbers
            .iter()
            .filter_map(|number| self.patterns.get(*number))
            .filter_map(|pattern| Some((pattern, pattern.matches(text, words, self.lexicon)?)))
            .reduce(|best, next| if next.1.words > best.1.words { next } else { best })
    }

    /// Reads the expression that starts with word `at_word`: how many words
    /// the longest matching rule takes, and what they mean if that is sure.
    fn read(
        &self,
        text: &str,
        words: &[Word<'_>],
        at_word: usize,
        at: Timestamp,
    ) -> Option<(usize, Option<TimeExpression>)> {
        let rest = words.get(at_word..)?;
        let (pattern, found) = self.longest(text, rest)?;
        if is_spoilt(pattern.rule, text, words, at_word, found.words) {
            return Some((found.words, None));
        }
        Some((found.words, self.expression(text, words, at_word, pattern, &found, at)))
    }

    fn expression(
        &self,
        text: &str,
        words: &[Word<'_>],
        at_word: usize,
        pattern: &Pattern,
        found: &Match,
        at: Timestamp,
    ) -> Option<TimeExpression> {
        let first = words.get(at_word)?;
        let last = words.get(at_word + found.words - 1)?;
        let meaning = pattern.rule.meaning;
        // "Today's world" is an age.
        if meaning == Meaning::Away(Unit::Day, 0) && last.bare() != last.lower {
            return None;
        }
        let tense = if self.language == Language::English { tense(words) } else { Tense::Unknown };
        let mut end = last.range.end;
        let added = annotate::read_annotation(part(text, end..text.len()), self.lexicon, found.season);
        let annotated = added.is_some();
        let days = match added {
            Some((days, length)) => {
                end += length;
                days
            }
            None => {
                let today = civil(at);
                let unsure = self.lexicon.sunday_is_unsure && today.weekday() == Weekday::Sunday;
                if unsure && is_by_the_week(meaning, found) {
                    return None;
                }
                days(meaning, found, today, at, tense)?
            }
        };
        let before = at_word.checked_sub(1).and_then(|at| words.get(at)).map_or("", |word| word.lower.as_str());
        Some(TimeExpression {
            range: first.range.start..end,
            interval: days.interval()?,
            absolute: meaning.is_absolute(),
            is_end: is_in(before, self.lexicon.until)
                || is_in(&first.lower, self.lexicon.until) && meaning.is_absolute(),
            annotated,
            label: annotate::label(&days, self.lexicon),
        })
    }
}

/// Whether what stands around a match of so many words makes it mean something
/// else.
fn is_spoilt(rule: &Rule, text: &str, words: &[Word<'_>], at_word: usize, count: usize) -> bool {
    let before = at_word.checked_sub(1).and_then(|at| words.get(at)).map_or("", |word| word.lower.as_str());
    let behind = words.get(at_word + count).map_or("", |word| word.lower.as_str());
    // "2-3 weeks ago" is as vague as "two or three".
    let counts = matches!(rule.meaning, Meaning::Ago | Meaning::Ahead);
    let start = words.get(at_word).map_or(0, |word| word.range.start);
    let is_span = counts && part(text, 0..start).ends_with(['-', '–', '—', '~', '/']);
    is_span || is_in(before, rule.not_behind) || is_in(behind, rule.not_before)
}

/// What a match means, if that is sure.
fn days(meaning: Meaning, found: &Match, today: Date, at: Timestamp, tense: Tense) -> Option<Days> {
    match meaning {
        Meaning::Away(unit, n) => Days::unit(today, unit, n),
        Meaning::UnitAway(n) => unit_away(found.unit?, n, today, tense),
        Meaning::Ago => away(found, -1, today, at),
        Meaning::Ahead => away(found, 1, today, at),
        Meaning::LastWeekday => Days::day(weekday_before(today, found.weekday?)?),
        Meaning::NextWeekday => {
            let nearest = weekday_after(today, found.weekday?)?;
            Days::day(nearest).filter(|_| weekday_of_week(today, nearest.weekday(), 1) == Some(nearest))
        }
        Meaning::ThisWeekday => {
            let day = weekday_of_week(today, found.weekday?, 0)?;
            Days::day(day).filter(|_| day >= today || tense == Tense::Past)
        }
        Meaning::OnWeekday => {
            let weekday = found.weekday?;
            match tense {
                _ if weekday == today.weekday() => None,
                Tense::Past => Days::day(weekday_before(today, weekday)?),
                Tense::Future => Days::day(weekday_after(today, weekday)?),
                Tense::Unknown => None,
            }
        }
        Meaning::WeekdayOfLastWeek => Days::day(weekday_of_week(today, found.weekday?, -1)?),
        Meaning::LastMonth => month(today, found.month?, -1),
        Meaning::NextMonth => month(today, found.month?, 1),
        Meaning::ThisMonth => Days::month(Date::new(today.year(), found.month?, 1).ok()?),
        Meaning::InMonth => match tense {
            _ if found.month? == today.month() => None,
            Tense::Past => month(today, found.month?, -1),
            Tense::Future => month(today, found.month?, 1),
            Tense::Unknown => None,
        },
        Meaning::LastSeason => {
            let seasons = |year: i16| Days::season(year, found.season?);
            [today.year(), today.year() - 1, today.year() - 2]
                .into_iter()
                .filter_map(seasons)
                .find(|season| season.end <= today)
        }
        Meaning::ThisSeason => {
            let season = found.season?;
            let seasons = [today.year() - 1, today.year()].into_iter().filter_map(|year| Days::season(year, season));
            let current = seasons.into_iter().find(|days| days.first <= today && today < days.end);
            // In spring "this winter" may be over or to come.
            let sure = season != Season::Winter || today.month() > 5;
            current.or_else(|| Days::season(today.year(), season).filter(|_| sure))
        }
        Meaning::NextSeason => {
            let seasons = |year: i16| Days::season(year, found.season?);
            [today.year(), today.year().checked_add(1)?].into_iter().filter_map(seasons).find(|days| days.first > today)
        }
        Meaning::DayOfMonth => {
            let of_year = |year: i16| Date::new(year, found.month?, found.day?).ok();
            let day = match tense {
                Tense::Past => of_year(today.year()).filter(|day| *day <= today).or_else(|| of_year(today.year() - 1)),
                Tense::Future => {
                    of_year(today.year()).filter(|day| *day >= today).or_else(|| of_year(today.year().checked_add(1)?))
                }
                Tense::Unknown => None,
            };
            Days::day(day?)
        }
        Meaning::Date => Days::day(Date::new(found.year?, found.month?, found.day?).ok()?),
        Meaning::MonthOfYear => Days::month(Date::new(found.year?, found.month?, 1).ok()?),
        Meaning::SeasonOfYear => Days::season(found.year?, found.season?),
        Meaning::Year => Days::year(Date::new(found.year?, 1, 1).ok()?),
        // The rest is read in questions only.
        _ => None,
    }
}

/// Whether the meaning depends on the day on which the week begins.
fn is_by_the_week(meaning: Meaning, found: &Match) -> bool {
    match meaning {
        Meaning::UnitAway(_) => found.unit == Some(Unit::Week),
        Meaning::WeekdayOfLastWeek | Meaning::ThisWeekday => true,
        _ => false,
    }
}

/// Last, this and next week, weekend, month and year.
fn unit_away(unit: Unit, n: i64, today: Date, tense: Tense) -> Option<Days> {
    let is_weekend = matches!(today.weekday(), Weekday::Saturday | Weekday::Sunday);
    match (unit, n) {
        // "Last day", "next hour" are not counted from now.
        (Unit::Day | Unit::Hour, _) => None,
        // Said before Saturday, the coming one or the one after it?
        (Unit::Weekend, 1) if !is_weekend => None,
        // Told on a Monday, the one that is over.
        (Unit::Weekend, 0) if !is_weekend && tense == Tense::Past => match today.weekday() {
            Weekday::Monday | Weekday::Tuesday | Weekday::Wednesday => Days::unit(today, unit, -1),
            _ => None,
        },
        _ => Days::unit(today, unit, n),
    }
}

/// So many units back or ahead.
fn away(found: &Match, sign: i64, today: Date, at: Timestamp) -> Option<Days> {
    let n = found.number?.checked_mul(sign)?;
    match found.unit? {
        Unit::Hour => Days::day(civil(at.plus_micros(n.checked_mul(3_600_000_000)?))),
        unit => Days::unit(today, unit, n),
    }
}

/// The nearest month of that name before or behind the one of `today`.
fn month(today: Date, month: i8, direction: i16) -> Option<Days> {
    let of_year = |year: i16| Days::month(Date::new(year, month, 1).ok()?);
    let this_year = if direction < 0 { month < today.month() } else { month > today.month() };
    of_year(if this_year { today.year() } else { today.year().checked_add(direction)? })
}

/// A date as ISO 8601 writes it, that starts with this word.
fn iso_date(text: &str, word: &Word<'_>) -> Option<TimeExpression> {
    const LENGTH: usize = "2023-05-08".len();
    if !word.starts_with_digit() {
        return None;
    }
    let range = word.range.start..word.range.start + LENGTH;
    let written = text.get(range.clone())?;
    let before = part(text, 0..range.start).chars().next_back();
    let behind = part(text, range.end..text.len()).chars().next();
    let glued = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() && c != 'T' || matches!(c, '-' | '/' | '_'));
    let shaped = written.char_indices().all(|(at, c)| if at == 4 || at == 7 { c == '-' } else { c.is_ascii_digit() });
    if !shaped || glued(before) || glued(behind) {
        return None;
    }
    let days = Days::day(written.parse().ok()?)?;
    Some(TimeExpression {
        range,
        interval: days.interval()?,
        absolute: true,
        is_end: false,
        annotated: false,
        label: written.to_owned(),
    })
}

#[cfg(test)]
mod tests;
