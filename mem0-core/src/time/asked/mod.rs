//! What time a question is about, and what it wants to know of it.

mod anchor;
mod fits;
mod tables;
mod times;
mod wants;

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::text::language::{Language, guess};
use crate::text::words::{Word, words};
use crate::time::expressions::open::{Yearly, open};
use crate::time::range::TimeRange;
use crate::types::time::Timestamp;
use tables::Tables;

/// What a question says about time.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Asked {
    /// The times that it is about; any of them will do.
    pub ranges: Vec<TimeRange>,
    /// Days that come every year ("in May"), of which no year is said.
    pub every: Vec<Every>,
    /// Whether nothing outside `ranges` can be meant, so that they may be used
    /// as a filter: they are definite, over, and the time of an event. Only
    /// where all of that is plain; English only.
    pub sure: bool,
    /// What the time is told by instead ("before she moved").
    pub anchor: Option<Anchor>,
    /// What kind of answer is wanted.
    pub wants: Wants,
    /// Which one is wanted of several.
    pub pick: Pick,
    /// Where the words are that say the time, in bytes, in order; those of an
    /// anchor are not among them.
    pub words: Vec<Range<usize>>,
}

/// An event by which a question tells the time.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Anchor {
    /// Where the time in question lies, seen from the event.
    pub relation: Relation,
    /// Where the question tells the event, in bytes.
    pub phrase: Range<usize>,
}

/// Where a time lies, seen from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// It ends where the other begins.
    Before,
    /// It begins where the other ends.
    After,
    /// It begins with the other.
    Since,
    /// It ends with the other.
    Until,
    /// It is the same time.
    During,
}

impl Relation {
    /// The time that lies so to `range`. None if that has no such end.
    #[must_use]
    pub fn to(self, range: TimeRange) -> Option<TimeRange> {
        Some(match self {
            Self::Before => TimeRange::before(range.from?),
            Self::After => TimeRange::since(range.to?),
            Self::Since => TimeRange::since(range.from?),
            Self::Until => TimeRange::before(range.to?),
            Self::During => range,
        })
    }
}

/// What kind of answer a question wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Wants {
    /// Anything.
    #[default]
    Any,
    /// A date: "when", "which year", "how long ago".
    Date,
    /// A length of time: "how long", "how many weeks".
    Duration,
    /// "How often", "how many times".
    Frequency,
}

/// Which of several a question wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Pick {
    /// Any.
    #[default]
    Any,
    /// What holds now: "currently", "latest", "still".
    Current,
    /// The first one.
    First,
    /// The last one.
    Last,
}

/// Days that come every year: a month, a day, a season or a holiday, or a
/// stretch from one of them to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Every {
    first: Yearly,
    last: Option<Yearly>,
}

impl Every {
    /// Those that begin in a year; none where there are none (29 February).
    #[must_use]
    pub fn of_year(&self, year: i16) -> Option<TimeRange> {
        let first = self.first.of_year(year)?;
        let Some(last) = self.last else { return Some(first) };
        let end = [year, year.checked_add(1)?].into_iter().filter_map(|year| last.of_year(year)?.to);
        let to = end.into_iter().find(|end| Some(*end) > first.from)?;
        TimeRange::between(first.from?, to)
    }
}

/// What a question says about time, asked at `now`.
///
/// ```
/// use mem0_core::Timestamp;
/// use mem0_core::time::{Wants, asked};
///
/// let now: Timestamp = "2024-02-01T09:00:00Z".parse()?;
/// let race = asked("Which races did Anna run in May 2023?", now);
/// assert!(race.sure);
/// assert_eq!(race.ranges[0].from, Some("2023-05-01".parse()?));
/// assert_eq!(race.matches("2023-05-20".parse()?), 1.0);
/// assert_eq!(asked("When did Anna run?", now).wants, Wants::Date);
/// # Ok::<(), mem0_core::Error>(())
/// ```
#[must_use]
pub fn asked(question: &str, now: Timestamp) -> Asked {
    let words = words(question);
    let language = language(&words);
    let found = open(question, &words, language, now);
    let Some(tables) = Tables::of(language) else {
        let told = times::told(question, &words, &Tables::NONE, &found, now);
        return Asked { ranges: told.ranges, every: told.every, words: told.words, ..Asked::default() };
    };
    let told = times::told(question, &words, tables, &found, now);
    let anchor = anchor::find(question, &words, tables, &found);
    let (wants, asking) = wants::kind(&words, tables);
    let sure = told.definite
        && told.every.is_empty()
        && anchor.is_none()
        && wants == Wants::Any
        && language == Language::English
        && told.ranges.iter().all(|range| range.from.is_none_or(|from| from <= now))
        && !wants::is_doubtful(&words, &told.taken);
    // "When did she last run" asks with its first word; the rest may pick.
    let pick = wants::pick(&words, tables, &told.taken, asking);
    Asked { ranges: told.ranges, every: told.every, sure, anchor, wants, pick, words: told.words }
}

/// The language of a question, which may be too short for a vote.
fn language(words: &[Word<'_>]) -> Language {
    guess(words)
        .or_else(|| words.iter().find_map(|word| Tables::by_question_word(&word.lower)))
        .unwrap_or(Language::English)
}

/// A range in a short form, for tests.
#[cfg(test)]
pub(in crate::time) fn shown(range: &TimeRange) -> String {
    let end = |end: Option<Timestamp>| end.map_or(String::new(), |end| end.date());
    // An end within a day shows as the day.
    format!("{}..{}", end(range.from), end(range.to))
}

#[cfg(test)]
mod tests;
