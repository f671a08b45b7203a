//! Dates in digits.

use std::ops::Range;

use jiff::civil::Date;

use super::super::calendar::Days;
use super::Extent;
use crate::text::words::{Word, part};
use crate::time::range::TimeRange;

/// A date in digits that starts with this word: 2023-05, 8.5.2023 (the day
/// first), or 5/8/2023, which is the fifth of August or the eighth of May.
pub(super) fn date(text: &str, word: &Word<'_>) -> Option<(Range<usize>, Extent, bool)> {
    if !word.starts_with_digit() {
        return None;
    }
    let before = part(text, 0..word.range.start).chars().next_back();
    let behind = part(text, word.range.start..text.len());
    if before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '-' | '/' | '.' | ',')) {
        return None;
    }
    let written = behind.split(|c: char| !c.is_ascii_digit() && !matches!(c, '-' | '/' | '.')).next()?;
    // A full stop may end the sentence.
    let written = written.trim_end_matches(['.', '-', '/']);
    if part(behind, written.len()..behind.len()).starts_with(char::is_alphanumeric) {
        return None;
    }
    let range = word.range.start..word.range.start + written.len();
    let sign = written.chars().find(|c| !c.is_ascii_digit())?;
    let numbers: Vec<&str> = written.split(sign).collect();
    let once = |days: Days| Some(TimeRange::from(days.interval()?));
    match numbers.as_slice() {
        [year, month] if sign == '-' && year.len() == 4 && month.len() == 2 => {
            let month = Days::month(Date::new(year.parse().ok()?, month.parse().ok()?, 1).ok()?)?;
            Some((range, Extent::Once(once(month)?), true))
        }
        [first, second, year] if year.len() == 4 && first.len() <= 2 && second.len() <= 2 => {
            let (first, second, year) = (first.parse().ok()?, second.parse().ok()?, year.parse().ok()?);
            let day = |month, day| once(Days::day(Date::new(year, month, day).ok()?)?);
            let (british, american) = (day(second, first), day(first, second).filter(|_| sign != '.'));
            match (british, american) {
                (Some(a), Some(b)) if a != b => Some((range, Extent::Either(a, b), false)),
                (Some(day), _) | (None, Some(day)) => Some((range, Extent::Once(day), true)),
                (None, None) => None,
            }
        }
        _ => None,
    }
}

/// Whether a number is a part of something longer, like a telephone number.
/// Two years with a dash between them are not.
pub(super) fn is_glued(text: &str, word: &Word<'_>) -> bool {
    let is_sign = |c: char| matches!(c, '-' | '/' | '.' | ',' | ':');
    let four = |digits: usize| digits == 4;
    let before = part(text, 0..word.range.start);
    let behind = part(text, word.range.end..text.len());
    let (left, right) = (before.strip_suffix(is_sign), behind.strip_prefix(is_sign));
    let digits = |c: &char| c.is_ascii_digit();
    let left = left.map(|rest| rest.chars().rev().take_while(digits).count()).filter(|count| *count > 0);
    let right = right.map(|rest| rest.chars().take_while(digits).count()).filter(|count| *count > 0);
    left.is_some_and(|count| !four(count)) || right.is_some_and(|count| !four(count))
}
