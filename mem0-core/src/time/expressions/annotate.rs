//! Adding the date to an expression that only the day of speaking explains.

use crate::types::time::Timestamp;
use jiff::civil::{Date, Weekday};

use super::calendar::{Days, Granularity, Season};
use super::lexicon::Lexicon;
use super::{TimeExpression, resolve_as};
use crate::text::language::Language;
use crate::text::words::part;

/// A text whose relative expressions of time are followed by their dates.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Annotated {
    /// The text. Without what was added it is what was given.
    pub text: String,
    /// The expressions in it, in order; the ranges are those of the new text.
    pub expressions: Vec<TimeExpression>,
}

/// Adds the date, in brackets, behind each relative expression of time.
///
/// A day is written `(2023-05-20)`, a week `(week of 2023-05-15)` with its
/// Monday, a weekend with its Saturday, a month `(2023-05)`, a year `(2023)`, a
/// season by its year. An expression that has its date already is left alone,
/// so that doing it twice changes nothing, whenever the second time is.
///
/// ```
/// use mem0_core::Timestamp;
/// use mem0_core::time::annotate;
///
/// let said: Timestamp = "2023-05-25T13:14:00Z".parse()?;
/// let done = annotate("I ran a race last Saturday and rested this week.", said);
/// assert_eq!(
///     done.text,
///     "I ran a race last Saturday (2023-05-20) and rested this week (week of 2023-05-22)."
/// );
/// assert_eq!(annotate("Je suis rentrée hier.", said).text, "Je suis rentrée hier (2023-05-24).");
/// # Ok::<(), mem0_core::Error>(())
/// ```
#[must_use]
pub fn annotate(text: &str, at: Timestamp) -> Annotated {
    annotate_as(text, at, None)
}

/// As [`annotate`], with the language of the whole message.
pub fn annotate_as(text: &str, at: Timestamp, fallback: Option<Language>) -> Annotated {
    let mut annotated = Annotated { text: String::with_capacity(text.len() + 16), expressions: Vec::new() };
    let mut copied = 0;
    for mut expression in resolve_as(text, at, fallback) {
        annotated.text.push_str(part(text, copied..expression.range.start));
        let start = annotated.text.len();
        annotated.text.push_str(part(text, expression.range.clone()));
        copied = expression.range.end;
        if !expression.absolute && !expression.annotated {
            annotated.text.push_str(" (");
            annotated.text.push_str(&expression.label);
            annotated.text.push(')');
            expression.annotated = true;
        }
        expression.range = start..annotated.text.len();
        annotated.expressions.push(expression);
    }
    annotated.text.push_str(part(text, copied..text.len()));
    annotated
}

/// What is written between the brackets.
pub(super) fn label(days: &Days, lexicon: &Lexicon) -> String {
    let first = days.first;
    match days.granularity {
        Granularity::Day => first.to_string(),
        Granularity::Weekend => format!("{} {first}", lexicon.weekend_of),
        Granularity::Week => format!("{} {first}", lexicon.week_of),
        Granularity::Month => format!("{:04}-{:02}", first.year(), first.month()),
        Granularity::Season if days.end.year() > first.year() => format!("{:04}/{:04}", first.year(), days.end.year()),
        Granularity::Season | Granularity::Year => format!("{:04}", first.year()),
    }
}

/// Reads what [`label`] wrote, right behind an expression: what it says and
/// how many bytes it takes.
pub(super) fn read_annotation(behind: &str, lexicon: &Lexicon, season: Option<Season>) -> Option<(Days, usize)> {
    let inside = behind.strip_prefix(" (")?;
    let (inside, _) = inside.split_once(')')?;
    let length = inside.len() + " ()".len();
    let date = |text: &str| text.parse::<Date>().ok();
    let days = if let Some(saturday) = inside.strip_prefix(lexicon.weekend_of) {
        Days::weekend(date(saturday.trim())?)
    } else if let Some(monday) = inside.strip_prefix(lexicon.week_of) {
        Days::week(date(monday.trim()).filter(|day| day.weekday() == Weekday::Monday)?)
    } else {
        match inside.len() {
            4 => match season {
                Some(season) => Days::season(year(inside)?, season),
                None => Days::year(Date::new(year(inside)?, 1, 1).ok()?),
            },
            7 => Days::month(date(&format!("{inside}-01"))?),
            9 => Days::season(year(inside.split_once('/')?.0)?, season?),
            10 => Days::day(date(inside)?),
            _ => None,
        }
    };
    // What reads back otherwise was not written here.
    days.filter(|days| label(days, lexicon) == inside).map(|days| (days, length))
}

fn year(text: &str) -> Option<i16> {
    text.chars().all(|c| c.is_ascii_digit()).then(|| text.parse().ok())?
}
