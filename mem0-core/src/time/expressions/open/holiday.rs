//! Holidays that people date things by, in the Gregorian calendar.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

use super::super::calendar::{Days, Granularity};

/// A holiday with the days that are meant by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::time) enum Holiday {
    /// 31 December and 1 January.
    NewYear,
    /// 31 December.
    NewYearsEve,
    /// 14 February.
    Valentine,
    /// 17 March.
    SaintPatrick,
    /// Good Friday to Easter Monday, western.
    Easter,
    /// The second Sunday of May.
    MothersDay,
    /// The third Sunday of June.
    FathersDay,
    /// The last Monday of May (United States).
    MemorialDay,
    /// 4 July (United States).
    IndependenceDay,
    /// The first Monday of September (United States).
    LabourDay,
    /// 31 October.
    Halloween,
    /// The fourth Thursday of November (United States).
    Thanksgiving,
    /// The day behind it.
    BlackFriday,
    /// 24 December.
    ChristmasEve,
    /// 24 to 26 December.
    Christmas,
}

impl Holiday {
    /// Its days in a year; those that begin in it.
    pub(super) fn days(self, year: i16) -> Option<Days> {
        let date = |month, day| Date::new(year, month, day).ok();
        let nth = |month, n, weekday| date(month, 1)?.nth_weekday_of_month(n, weekday).ok();
        let thanksgiving = || nth(11, 4, Weekday::Thursday);
        let (first, length) = match self {
            Self::NewYear => (date(12, 31)?, 2),
            Self::NewYearsEve => (date(12, 31)?, 1),
            Self::Valentine => (date(2, 14)?, 1),
            Self::SaintPatrick => (date(3, 17)?, 1),
            Self::Easter => (easter(year)?.checked_sub(2.days()).ok()?, 4),
            Self::MothersDay => (nth(5, 2, Weekday::Sunday)?, 1),
            Self::FathersDay => (nth(6, 3, Weekday::Sunday)?, 1),
            Self::MemorialDay => (nth(5, -1, Weekday::Monday)?, 1),
            Self::IndependenceDay => (date(7, 4)?, 1),
            Self::LabourDay => (nth(9, 1, Weekday::Monday)?, 1),
            Self::Halloween => (date(10, 31)?, 1),
            Self::Thanksgiving => (thanksgiving()?, 1),
            Self::BlackFriday => (thanksgiving()?.tomorrow().ok()?, 1),
            Self::ChristmasEve => (date(12, 24)?, 1),
            Self::Christmas => (date(12, 24)?, 3),
        };
        Some(Days { first, end: first.checked_add(length.days()).ok()?, granularity: Granularity::Day })
    }
}

/// Easter Sunday: the first Sunday behind the full moon of spring, as the
/// Gregorian calendar of the churches reckons it.
fn easter(year: i16) -> Option<Date> {
    let (number, century) = (i32::from(year), i32::from(year).div_euclid(100));
    let golden = number.rem_euclid(19);
    let leap_years = century - century.div_euclid(4);
    let moon = (century - (century + 8).div_euclid(25) + 1).div_euclid(3);
    let days = match (19 * golden + leap_years - moon + 15).rem_euclid(30) {
        29 => 28,
        28 if golden > 10 => 27,
        days => days,
    };
    let full_moon = Date::new(year, 3, 21).ok()?.checked_add(days.days()).ok()?;
    full_moon.nth_weekday(1, Weekday::Sunday).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holidays_that_move() {
        let first = |holiday: Holiday, year| holiday.days(year).unwrap().first.to_string();
        for (year, sunday) in [
            (1954, "1954-04-18"),
            (1981, "1981-04-19"),
            (2000, "2000-04-23"),
            (2008, "2008-03-23"),
            (2011, "2011-04-24"),
            (2023, "2023-04-09"),
            (2024, "2024-03-31"),
            (2025, "2025-04-20"),
            (2038, "2038-04-25"),
            (2049, "2049-04-18"),
            (2076, "2076-04-19"),
        ] {
            assert_eq!(easter(year).unwrap().to_string(), sunday);
        }
        assert_eq!(first(Holiday::Easter, 2023), "2023-04-07");
        assert_eq!(first(Holiday::Thanksgiving, 2023), "2023-11-23");
        assert_eq!(first(Holiday::BlackFriday, 2023), "2023-11-24");
        assert_eq!(first(Holiday::MothersDay, 2023), "2023-05-14");
        assert_eq!(first(Holiday::FathersDay, 2023), "2023-06-18");
        assert_eq!(first(Holiday::MemorialDay, 2023), "2023-05-29");
        assert_eq!(first(Holiday::LabourDay, 2023), "2023-09-04");
        assert_eq!(Holiday::NewYear.days(2022).unwrap().end.to_string(), "2023-01-02");
    }
}
