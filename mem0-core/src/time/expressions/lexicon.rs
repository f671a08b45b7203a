//! What the word lists of a language look like, and how patterns are written.
//!
//! A pattern is a row of words: `last|past {unit}`. A bar separates
//! alternatives, a question mark makes a place optional, and braces are slots
//! that the lists below fill.

use jiff::civil::Weekday;

use super::calendar::{Season, Unit};
use super::open::Holiday;

/// The lists of one language. All lower case.
#[derive(Debug)]
pub(super) struct Lexicon {
    /// Units in the singular: `{one}`.
    pub(super) units: &'static [(&'static str, Unit)],
    /// Units in the plural: `{unit}` is either.
    pub(super) plurals: &'static [(&'static str, Unit)],
    pub(super) numbers: &'static [(&'static str, i64)],
    pub(super) weekdays: &'static [(&'static str, Weekday)],
    pub(super) months: &'static [(&'static str, i8)],
    pub(super) seasons: &'static [(&'static str, Season)],
    /// Parts of a day, that leave the date as it is.
    pub(super) parts: &'static [&'static str],
    /// Names of months and days that are other words without a capital.
    pub(super) needs_capital: &'static [&'static str],
    /// Behind these a date is an end, not a beginning.
    pub(super) until: &'static [&'static str],
    /// Whether some of its speakers begin the week on Sunday, so that nobody
    /// knows which week is the last one when it is Sunday.
    pub(super) sunday_is_unsure: bool,
    /// "week of", in front of a Monday.
    pub(super) week_of: &'static str,
    /// "weekend of", in front of a Saturday.
    pub(super) weekend_of: &'static str,
    pub(super) rules: &'static [Rule],
    /// Names of holidays: `{holiday}`.
    pub(super) holidays: &'static [(&'static str, Holiday)],
    /// What is read in a question only, where less has to be sure; these go
    /// before `rules`.
    pub(super) open: &'static [Rule],
}

/// What a pattern means, seen from the day on which it is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// So many units away: yesterday is one day back.
    Away(Unit, i64),
    /// `{one}` unit, so many away.
    UnitAway(i64),
    /// `{n} {unit}` back.
    Ago,
    /// `{n} {unit}` ahead.
    Ahead,
    /// The nearest `{weekday}` before.
    LastWeekday,
    /// The `{weekday}` of next week, if that is also the nearest.
    NextWeekday,
    /// The `{weekday}` of this week that is still to come, or that has been if
    /// the sentence is in the past.
    ThisWeekday,
    /// The nearest `{weekday}`, before or behind by the tense.
    OnWeekday,
    /// The `{weekday}` of the week before this.
    WeekdayOfLastWeek,
    /// The nearest `{month}` that is over.
    LastMonth,
    /// The nearest `{month}` to come.
    NextMonth,
    /// The `{month}` of this year.
    ThisMonth,
    /// The nearest `{month}`, before or behind by the tense.
    InMonth,
    /// The nearest `{season}` that is over.
    LastSeason,
    /// The `{season}` that it is, or that of this year.
    ThisSeason,
    /// The nearest `{season}` to come.
    NextSeason,
    /// `{day} {month}`, before or behind by the tense.
    DayOfMonth,
    /// `{day} {month} {year}`.
    Date,
    /// `{month} {year}`.
    MonthOfYear,
    /// `{season} {year}`.
    SeasonOfYear,
    /// `{year}`.
    Year,
    /// Looks like an expression of time and must be left alone.
    Nothing,
    /// `{month}`, `{day} {month}`, `{season}` or `{holiday}` of any year.
    EveryYear,
    /// The `{holiday}` of `{year}`.
    HolidayOfYear,
    /// The `{holiday}` that is over (-1), of this year (0) or to come (1).
    HolidayAway(i16),
    /// The ten years of `{decade}`.
    Decade,
    /// A third of the `{month}` of `{year}`, or of the `{year}`: 0 to 2.
    Part(i8),
    /// About so many `{unit}` back; the number where `{n}` has none.
    AboutAgo(i64),
    /// The so many `{unit}` that end now; the number where `{n}` has none.
    Past(i64),
    /// The days that are just over.
    Recently,
    /// `{year}` without a word that says that it is one.
    BareYear,
    /// `{month}` without a word that says that it is one.
    BareMonth,
}

impl Meaning {
    /// Whether the expression says the year itself, so that nothing has to be
    /// added to it.
    pub(super) const fn is_absolute(self) -> bool {
        matches!(self, Self::Date | Self::MonthOfYear | Self::SeasonOfYear | Self::Year)
    }
}

/// A pattern with its meaning.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    pub(super) pattern: &'static str,
    pub(super) meaning: Meaning,
    /// Words right before it that make it mean something else.
    pub(super) not_behind: &'static [&'static str],
    /// Words right behind it that make it mean something else.
    pub(super) not_before: &'static [&'static str],
}

impl Rule {
    pub(super) const fn new(pattern: &'static str, meaning: Meaning) -> Self {
        Self { pattern, meaning, not_behind: &[], not_before: &[] }
    }

    pub(super) const fn not_behind(mut self, words: &'static [&'static str]) -> Self {
        self.not_behind = words;
        self
    }

    pub(super) const fn not_before(mut self, words: &'static [&'static str]) -> Self {
        self.not_before = words;
        self
    }
}
