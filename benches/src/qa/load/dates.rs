//! Dates as the public files write them. All are taken as UTC.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use mem0::Timestamp;

/// `1:56 pm on 8 May, 2023`
pub(super) const LOCOMO: &str = "%I:%M %p on %d %B, %Y";
/// `2023/05/20 (Sat) 02:21`
pub(super) const LONGMEMEVAL: &str = "%Y/%m/%d (%a) %H:%M";
/// `March-15-2024`
pub(super) const BEAM: &str = "%B-%d-%Y";

/// The time that `text` says in that format, or the midnight of a date.
pub(super) fn parse(format: &str, text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let moment = DateTime::strptime(format, text)
        .or_else(|_| Date::strptime(format, text).map(|date| date.to_datetime(Time::midnight())))
        .ok()?;
    Some(Timestamp::from_jiff(moment.to_zoned(TimeZone::UTC).ok()?.timestamp()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_has_its_way_to_write_a_date() {
        for (format, text, want) in [
            (LOCOMO, "1:56 pm on 8 May, 2023", "2023-05-08T13:56:00Z"),
            (LOCOMO, "12:09 am on 13 September, 2023", "2023-09-13T00:09:00Z"),
            (LOCOMO, "10:04 AM on 19 June, 2023", "2023-06-19T10:04:00Z"),
            (LONGMEMEVAL, "2023/05/20 (Sat) 02:21", "2023-05-20T02:21:00Z"),
            (BEAM, "March-15-2024", "2024-03-15T00:00:00Z"),
        ] {
            assert_eq!(parse(format, text), Some(want.parse().unwrap()), "{text}");
        }
        for text in ["", "yesterday", "25:00 pm on 8 May, 2023", "8 May, 2023"] {
            assert_eq!(parse(LOCOMO, text), None, "{text}");
        }
    }
}
