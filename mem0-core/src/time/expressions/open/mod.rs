//! Expressions of time as a question uses them: without a year, or only about.
//!
//! What a text says is kept for good and has to be sure; what a question says
//! is a preference. So more is read here than in [`resolve`](super::resolve).

pub(super) mod english;
pub(super) mod french;
pub(super) mod german;
mod holiday;
mod numeric;
pub(super) mod spanish;

use std::ops::Range;
use std::sync::LazyLock;

use jiff::Span;
use jiff::civil::{Date, Weekday};

use super::calendar::{Days, Granularity, Season, Unit, civil, instant, weekday_after, weekday_before};
use super::english::{Tense, tense};
use super::lexicon::Meaning;
use super::pattern::Match;
use super::{Grammar, LEXICONS, is_by_the_week, is_spoilt, iso_date};
use crate::text::language::Language;
use crate::text::words::{Word, part};
use crate::time::range::TimeRange;
use crate::types::time::Timestamp;

pub(in crate::time) use holiday::Holiday;

/// An expression of time in a question.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::time) struct Open {
    /// Where it stands, in bytes.
    pub(in crate::time) range: Range<usize>,
    /// Which words it is.
    pub(in crate::time) words: Range<usize>,
    pub(in crate::time) extent: Extent,
    /// Whether nobody could take it for another stretch of time.
    pub(in crate::time) definite: bool,
    /// What it names.
    pub(in crate::time) sort: Sort,
}

/// What an expression means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::time) enum Extent {
    Once(TimeRange),
    /// A date of which nobody knows which number is the day.
    Either(TimeRange, TimeRange),
    Yearly(Yearly),
}

/// What matters of an expression beside its extent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::time) enum Sort {
    /// A weekday, that says less than a date beside it.
    Weekday,
    /// A whole year, that a month without a year can belong to.
    Year,
    /// A number that may be a year.
    BareYear,
    /// A name that may be a month's.
    BareMonth,
    /// "Recently".
    Recent,
    Other,
}

/// Days that come every year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::time) enum Yearly {
    Month(i8),
    Day(i8, i8),
    Season(Season),
    Holiday(Holiday),
}

impl Yearly {
    /// Whether nobody doubts where it begins and ends.
    pub(in crate::time) const fn is_exact(self) -> bool {
        matches!(self, Self::Month(_) | Self::Day(..))
    }

    /// Those of one year, by the year in which they begin.
    fn days(self, year: i16) -> Option<Days> {
        match self {
            Self::Month(month) => Days::month(Date::new(year, month, 1).ok()?),
            Self::Day(month, day) => Days::day(Date::new(year, month, day).ok()?),
            Self::Season(season) => Days::season(year, season),
            Self::Holiday(holiday) => holiday.days(year),
        }
    }

    /// As [`Self::days`], in instants.
    pub(in crate::time) fn of_year(self, year: i16) -> Option<TimeRange> {
        Some(self.days(year)?.interval()?.into())
    }

    /// The nearest that have begun by then.
    pub(in crate::time) fn begun(self, by: Timestamp) -> Option<TimeRange> {
        let year = civil(by).year();
        // The 29th of February is eight years off at most.
        (0..=8).filter_map(|back| self.of_year(year.checked_sub(back)?)).find(|range| range.from <= Some(by))
    }
}

/// The year of an instant, in UTC.
pub(in crate::time) fn year_of(at: Timestamp) -> i16 {
    civil(at).year()
}

/// The rules for questions: their own, then those for texts.
static GRAMMARS: LazyLock<[Grammar; 4]> = LazyLock::new(|| {
    LEXICONS.map(|(language, lexicon)| Grammar::new(language, lexicon, lexicon.open.iter().chain(lexicon.rules)))
});

/// The expressions of time in a text, in order.
pub(in crate::time) fn open(text: &str, words: &[Word<'_>], language: Language, now: Timestamp) -> Vec<Open> {
    let grammar = GRAMMARS.iter().find(|grammar| grammar.language == language);
    // Looked for only where there is a time.
    let tense = || if language == Language::English { tense(words) } else { Tense::Unknown };
    let mut found: Vec<Open> = Vec::new();
    let mut next = 0;
    while let Some(word) = words.get(next) {
        let written = iso_date(text, word)
            .map(|date| (date.range, Extent::Once(date.interval.into()), true))
            .or_else(|| numeric::date(text, word));
        if let Some((range, extent, definite)) = written {
            let count = words.iter().skip(next).take_while(|word| word.range.end <= range.end).count().max(1);
            found.push(Open { range, words: next..next + count, extent, definite, sort: Sort::Other });
            next += count;
            continue;
        }
        let rest = words.get(next..).unwrap_or_default();
        let Some((grammar, (pattern, matched))) =
            grammar.and_then(|grammar| Some((grammar, grammar.longest(text, rest)?)))
        else {
            next += 1;
            continue;
        };
        let meaning = pattern.rule.meaning;
        let end = next + matched.words;
        let whole = words.get(next..end).and_then(|words| Some((words.first()?, words.last()?)));
        let is_year = matches!(meaning, Meaning::Year | Meaning::BareYear);
        if is_year && whole.is_some_and(|(_, last)| numeric::is_glued(text, last)) {
            // Its number may begin something else.
            next += 1;
            continue;
        }
        let spoilt = is_spoilt(pattern.rule, text, words, next, matched.words)
            // "Today's world" is an age.
            || meaning == Meaning::Away(Unit::Day, 0) && whole.is_some_and(|(_, last)| last.bare() != last.lower);
        if !spoilt
            && let Some((first, last)) = whole
            && let Some((extent, definite)) = extent(grammar, meaning, &matched, now, tense())
        {
            let range = first.range.start..last.range.end;
            found.push(Open { range, words: next..end, extent, definite, sort: sort(meaning, &matched) });
        }
        next = end;
    }
    found
}

fn sort(meaning: Meaning, found: &Match) -> Sort {
    match meaning {
        Meaning::OnWeekday => Sort::Weekday,
        Meaning::Year | Meaning::Away(Unit::Year, _) => Sort::Year,
        Meaning::UnitAway(_) if found.unit == Some(Unit::Year) => Sort::Year,
        Meaning::BareYear => Sort::BareYear,
        Meaning::BareMonth => Sort::BareMonth,
        Meaning::Recently => Sort::Recent,
        _ => Sort::Other,
    }
}

/// What a match means in a question, and whether that is definite.
fn extent(grammar: &Grammar, meaning: Meaning, found: &Match, now: Timestamp, tense: Tense) -> Option<(Extent, bool)> {
    let today = civil(now);
    let days = |days: Days, definite| Some((Extent::Once(days.interval()?.into()), definite));
    let span = |first: Date, end: Date, definite| {
        Some((Extent::Once(TimeRange::between(instant(first)?, instant(end)?)?), definite))
    };
    match meaning {
        Meaning::EveryYear | Meaning::BareMonth => Some((Extent::Yearly(yearly(found)?), false)),
        Meaning::HolidayOfYear => days(found.holiday?.days(found.year?)?, false),
        Meaning::HolidayAway(n) => days(holiday_away(found.holiday?, n, today)?, false),
        Meaning::Decade => {
            let first = Date::new(found.year?, 1, 1).ok()?;
            span(first, first.checked_add(Span::new().years(10)).ok()?, false)
        }
        Meaning::Part(third) => {
            let (first, length, months) = match found.month {
                Some(month) => (Date::new(found.year?, month, 1).ok()?, 10, 0),
                None => (Date::new(found.year?, 1, 1).ok()?, 0, 4),
            };
            let step = |n: i8| first.checked_add(Span::new().days(n * length).months(n * months)).ok();
            // The last third of a month takes what is left.
            let end = if third == 2 && length > 0 { Days::month(first)?.end } else { step(third + 1)? };
            span(step(third)?, end, false)
        }
        Meaning::AboutAgo(n) => {
            let n = found.number.unwrap_or(n);
            let centre = back(today, found.unit?, n)?;
            // A third off to both sides, and half a unit at least.
            let length = length(found.unit?);
            let off = (length * n / 3).max(length / 2).max(1);
            let moved = |days: i64| centre.checked_add(Span::new().try_days(days).ok()?).ok();
            span(moved(-off)?, moved(off + 1)?.min(today.tomorrow().ok()?), false)
        }
        Meaning::Past(n) => {
            // Rolling lengths are clear; "a few" is not.
            let first = back(today, found.unit?, found.number.unwrap_or(n))?;
            span(first, today.tomorrow().ok()?, found.number.is_some() || n == 1)
        }
        Meaning::Recently => span(back(today, Unit::Day, 30)?, today.tomorrow().ok()?, false),
        Meaning::BareYear => days(Days::year(Date::new(found.year?, 1, 1).ok()?)?, false),
        Meaning::OnWeekday | Meaning::NextWeekday => {
            let weekday = found.weekday?;
            let ahead = tense == Tense::Future || meaning == Meaning::NextWeekday;
            let day = if ahead { weekday_after(today, weekday)? } else { weekday_before(today, weekday)? };
            days(Days::day(day)?, false)
        }
        _ => {
            let mut meant = super::days(meaning, found, today, now, tense)?;
            let unsure = grammar.lexicon.sunday_is_unsure && today.weekday() == Weekday::Sunday;
            let unsure = unsure && is_by_the_week(meaning, found);
            if unsure && meaning == Meaning::UnitAway(-1) {
                // Either week that was the last.
                meant = Days { end: today, ..meant };
            }
            days(meant, !unsure && is_definite(meaning, found, &meant))
        }
    }
}

fn is_definite(meaning: Meaning, found: &Match, days: &Days) -> bool {
    match meaning {
        Meaning::Date | Meaning::MonthOfYear | Meaning::Year => true,
        Meaning::Away(..) | Meaning::UnitAway(_) => days.granularity != Granularity::Season,
        // "A month ago" need not be in the month before this.
        Meaning::Ago => matches!(found.unit, Some(Unit::Day | Unit::Hour)),
        _ => false,
    }
}

fn yearly(found: &Match) -> Option<Yearly> {
    match (found.holiday, found.month, found.day, found.season) {
        (Some(holiday), ..) => Some(Yearly::Holiday(holiday)),
        (_, Some(month), Some(day), _) => Date::new(2000, month, day).is_ok().then_some(Yearly::Day(month, day)),
        (_, Some(month), None, _) => Some(Yearly::Month(month)),
        (.., Some(season)) => Some(Yearly::Season(season)),
        _ => None,
    }
}

fn holiday_away(holiday: Holiday, n: i16, today: Date) -> Option<Days> {
    let years = match n {
        ..0 => [0, -1, -2],
        0 => return holiday.days(today.year()),
        1.. => [0, 1, 2],
    };
    years
        .into_iter()
        .filter_map(|away| holiday.days(today.year().checked_add(away)?))
        .find(|days| if n < 0 { days.end <= today } else { days.first > today })
}

/// The day so many units before.
fn back(day: Date, unit: Unit, n: i64) -> Option<Date> {
    let span = Span::new();
    let span = match unit {
        Unit::Hour => return Some(day),
        Unit::Day => span.try_days(n),
        Unit::Weekend | Unit::Week => span.try_weeks(n),
        Unit::Month => span.try_months(n),
        Unit::Year => span.try_years(n),
    };
    day.checked_sub(span.ok()?).ok()
}

/// About how many days a unit has.
const fn length(unit: Unit) -> i64 {
    match unit {
        Unit::Hour | Unit::Day => 1,
        Unit::Weekend | Unit::Week => 7,
        Unit::Month => 30,
        Unit::Year => 365,
    }
}

/// Decades that have a name.
pub(super) const DECADES: &[(&str, i16)] = &[
    ("sixties", 1960),
    ("seventies", 1970),
    ("eighties", 1980),
    ("nineties", 1990),
    ("sechziger", 1960),
    ("siebziger", 1970),
    ("achtziger", 1980),
    ("neunziger", 1990),
];

/// The first year of "90s", "1990s", "90er" or "nineties". Two digits mean the
/// century in which most that is told lies: 30 and later are of the last one.
pub(super) fn decade(word: &str) -> Option<i16> {
    if let Some((_, year)) = DECADES.iter().find(|(name, _)| *name == word) {
        return Some(*year);
    }
    let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    if !matches!(part(word, digits.len()..word.len()), "s" | "er" | "ern") {
        return None;
    }
    let number: i16 = digits.parse().ok().filter(|number| number % 10 == 0)?;
    match digits.len() {
        2 if number >= 30 => Some(1900 + number),
        2 => Some(2000 + number),
        4 => Some(number).filter(|year| (1900..=2090).contains(year)),
        _ => None,
    }
}
