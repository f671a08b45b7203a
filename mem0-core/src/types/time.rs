//! A point in time, as this project stores it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::error::{Error, Result};

/// A point in time: microseconds since 1970-01-01T00:00:00Z.
///
/// Written as RFC 3339 in UTC with microseconds; read from any RFC 3339 time
/// (an offset is converted), from a time without offset (taken as UTC) and
/// from a bare date (its midnight, UTC). Years 0001 to 9999.
///
/// ```
/// use mem0_core::Timestamp;
///
/// let t: Timestamp = "2023-05-08T13:56:00+02:00".parse()?;
/// assert_eq!(t.to_string(), "2023-05-08T11:56:00.000000Z");
/// assert_eq!("2023-05-08".parse::<Timestamp>()?.to_string(), "2023-05-08T00:00:00.000000Z");
/// # Ok::<(), mem0_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// 0001-01-01T00:00:00Z and 9999-12-30T22:00:00Z (the last that the calendar
/// crate converts in every zone), in microseconds.
const RANGE: std::ops::RangeInclusive<i64> = -62_135_596_800_000_000..=253_402_207_200_000_000;

impl Timestamp {
    /// From microseconds since 1970.
    ///
    /// # Errors
    /// `InvalidInput` outside the years 0001 to 9999.
    pub fn from_micros(micros: i64) -> Result<Self> {
        if RANGE.contains(&micros) {
            Ok(Self(micros))
        } else {
            Err(Error::invalid("time outside the years 0001 to 9999"))
        }
    }

    /// From microseconds, brought into range.
    #[must_use]
    pub fn from_micros_clamped(micros: i64) -> Self {
        Self(micros.clamp(*RANGE.start(), *RANGE.end()))
    }

    /// Microseconds since 1970.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// This time moved by `micros`, kept in range.
    #[must_use]
    pub fn plus_micros(self, micros: i64) -> Self {
        Self::from_micros_clamped(self.0.saturating_add(micros))
    }

    /// The same time as the calendar crate has it.
    #[must_use]
    pub fn to_jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0).unwrap_or_default()
    }

    /// From the calendar crate's time, cut to microseconds.
    #[must_use]
    pub fn from_jiff(time: jiff::Timestamp) -> Self {
        Self::from_micros_clamped(time.as_microsecond())
    }

    /// The beginning of the day in UTC.
    #[must_use]
    pub const fn day(self) -> Self {
        const DAY: i64 = 24 * 60 * 60 * 1_000_000;
        Self(self.0 - self.0.rem_euclid(DAY))
    }

    /// The date in UTC, `YYYY-MM-DD`.
    #[must_use]
    pub fn date(self) -> String {
        self.to_jiff().to_zoned(jiff::tz::TimeZone::UTC).date().to_string()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.6}", self.to_jiff())
    }
}

impl FromStr for Timestamp {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let text = text.trim();
        let parsed = text
            .parse::<jiff::Timestamp>()
            .or_else(|_| {
                let local = text.parse::<jiff::civil::DateTime>().or_else(|_| {
                    text.parse::<jiff::civil::Date>().map(|d| d.to_datetime(jiff::civil::Time::midnight()))
                })?;
                local.to_zoned(jiff::tz::TimeZone::UTC).map(|z| z.timestamp())
            })
            .map_err(|e| Error::invalid("not a time; write it as 2023-05-08T13:56:00Z or 2023-05-08").with_source(e))?;
        Self::from_micros(parsed.as_microsecond())
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(|e: Error| de::Error::custom(e.message()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn writes_and_reads_back_every_time(micros in RANGE) {
            let time = Timestamp::from_micros(micros).unwrap();
            prop_assert_eq!(time.to_string().parse::<Timestamp>().unwrap(), time);
            prop_assert_eq!(Timestamp::from_jiff(time.to_jiff()), time);
        }

        #[test]
        fn text_order_is_time_order(a in 0_i64..253_402_207_200_000_000, b in 0_i64..253_402_207_200_000_000) {
            let (a, b) = (Timestamp(a), Timestamp(b));
            prop_assert_eq!(a.to_string().cmp(&b.to_string()), a.cmp(&b));
        }

        #[test]
        fn reading_never_panics(text in ".{0,40}") {
            let _ = text.parse::<Timestamp>();
        }
    }

    #[test]
    fn refuses_what_is_not_a_time() {
        for text in ["", "yesterday", "2023-13-01", "12000-01-01", "1e9"] {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
    }
}
