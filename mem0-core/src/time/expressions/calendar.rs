//! Days, weeks, months and years as intervals of the civil calendar, in UTC.

use crate::types::time::Timestamp;
use jiff::civil::{Date, Weekday, date};
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan};
use serde::{Deserialize, Serialize};

/// How exact an expression of time is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Granularity {
    /// One day.
    Day,
    /// A Saturday and its Sunday.
    Weekend,
    /// Monday to Sunday.
    Week,
    /// A calendar month.
    Month,
    /// Three months, by the meteorological seasons of the northern half of the
    /// earth: spring is March to May, winter December to February.
    Season,
    /// A calendar year.
    Year,
}

/// A stretch of whole days in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Interval {
    /// The first instant.
    pub start: Timestamp,
    /// The first instant after it.
    pub end: Timestamp,
    /// How exact it is.
    pub granularity: Granularity,
}

impl Interval {
    /// Whether `time` lies in it.
    #[must_use]
    pub fn contains(&self, time: Timestamp) -> bool {
        self.start <= time && time < self.end
    }

    /// Whether all of `other` lies in it.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}

/// What a language counts time in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Hour,
    Day,
    Weekend,
    Week,
    Month,
    Year,
}

/// A season; the month it begins in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::time) enum Season {
    Spring = 3,
    Summer = 6,
    Autumn = 9,
    Winter = 12,
}

/// A stretch of days before it is given instants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Days {
    pub(super) first: Date,
    /// The day behind the last one.
    pub(super) end: Date,
    pub(super) granularity: Granularity,
}

impl Days {
    pub(super) fn day(first: Date) -> Option<Self> {
        Some(Self { first, end: first.tomorrow().ok()?, granularity: Granularity::Day })
    }

    /// The week that `day` is in.
    pub(super) fn week(day: Date) -> Option<Self> {
        let first = monday(day)?;
        Some(Self { first, end: first.checked_add(7.days()).ok()?, granularity: Granularity::Week })
    }

    /// The weekend of the week that `day` is in.
    pub(super) fn weekend(day: Date) -> Option<Self> {
        let first = monday(day)?.checked_add(5.days()).ok()?;
        Some(Self { first, end: first.checked_add(2.days()).ok()?, granularity: Granularity::Weekend })
    }

    /// The month that `day` is in.
    pub(super) fn month(day: Date) -> Option<Self> {
        let first = day.first_of_month();
        Some(Self { first, end: first.checked_add(1.month()).ok()?, granularity: Granularity::Month })
    }

    /// The season that begins in `year`.
    pub(super) fn season(year: i16, season: Season) -> Option<Self> {
        let first = Date::new(year, season as i8, 1).ok()?;
        Some(Self { first, end: first.checked_add(3.months()).ok()?, granularity: Granularity::Season })
    }

    /// The year that `day` is in.
    pub(super) fn year(day: Date) -> Option<Self> {
        let first = day.first_of_year();
        Some(Self { first, end: first.checked_add(1.year()).ok()?, granularity: Granularity::Year })
    }

    /// The unit that is `n` units away from the one that `day` is in.
    pub(super) fn unit(day: Date, unit: Unit, n: i64) -> Option<Self> {
        let span = Span::new();
        let moved = |span: Result<Span, jiff::Error>| day.checked_add(span.ok()?).ok();
        match unit {
            Unit::Hour => None,
            Unit::Day => Self::day(moved(span.try_days(n))?),
            Unit::Weekend => Self::weekend(moved(span.try_weeks(n))?),
            Unit::Week => Self::week(moved(span.try_weeks(n))?),
            Unit::Month => Self::month(day.first_of_month().checked_add(span.try_months(n).ok()?).ok()?),
            Unit::Year => Self::year(day.first_of_year().checked_add(span.try_years(n).ok()?).ok()?),
        }
    }

    pub(super) fn interval(&self) -> Option<Interval> {
        Some(Interval { start: instant(self.first)?, end: instant(self.end)?, granularity: self.granularity })
    }
}

/// The date of an instant in UTC.
pub(super) fn civil(time: Timestamp) -> Date {
    time.to_jiff().to_zoned(TimeZone::UTC).date()
}

pub(super) fn instant(day: Date) -> Option<Timestamp> {
    // Outside the years that a timestamp can hold there is nothing to say.
    if day.year() < 1 || day > date(9999, 12, 30) {
        return None;
    }
    Some(Timestamp::from_jiff(day.to_zoned(TimeZone::UTC).ok()?.timestamp()))
}

fn monday(day: Date) -> Option<Date> {
    day.checked_sub(i64::from(day.weekday().to_monday_zero_offset()).days()).ok()
}

/// The nearest `weekday` before `day`, never `day` itself.
pub(super) fn weekday_before(day: Date, weekday: Weekday) -> Option<Date> {
    day.nth_weekday(-1, weekday).ok()
}

/// The nearest `weekday` behind `day`, never `day` itself.
pub(super) fn weekday_after(day: Date, weekday: Weekday) -> Option<Date> {
    day.nth_weekday(1, weekday).ok()
}

/// The `weekday` of the week that is `weeks` away from that of `day`.
pub(super) fn weekday_of_week(day: Date, weekday: Weekday, weeks: i64) -> Option<Date> {
    let days = weeks.checked_mul(7)?.checked_add(i64::from(weekday.to_monday_zero_offset()))?;
    monday(day)?.checked_add(Span::new().try_days(days).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_count_from_the_unit_that_holds_the_day() {
        let day = date(2023, 3, 31);
        let of = |unit, n| Days::unit(day, unit, n).unwrap();
        assert_eq!(of(Unit::Month, -1).first, date(2023, 2, 1));
        assert_eq!(of(Unit::Week, 0).first, date(2023, 3, 27));
        assert_eq!(of(Unit::Week, -1).end, date(2023, 3, 27));
        assert_eq!(of(Unit::Weekend, -1).first, date(2023, 3, 25));
        assert_eq!(of(Unit::Year, -1).first, date(2022, 1, 1));
        assert_eq!(of(Unit::Day, -31).first, date(2023, 2, 28));
        assert_eq!(of(Unit::Year, -9_000).interval(), None);
        assert_eq!(Days::unit(day, Unit::Year, i64::MAX), None);
    }

    #[test]
    fn nearest_weekdays_exclude_the_day_itself() {
        let saturday = date(2023, 5, 20);
        assert_eq!(weekday_before(saturday, Weekday::Saturday), Some(date(2023, 5, 13)));
        assert_eq!(weekday_after(saturday, Weekday::Saturday), Some(date(2023, 5, 27)));
        assert_eq!(weekday_of_week(saturday, Weekday::Monday, 1), Some(date(2023, 5, 22)));
    }

    #[test]
    fn winter_ends_in_the_next_year() {
        assert_eq!(Days::season(2022, Season::Winter).unwrap().end, date(2023, 3, 1));
    }
}
