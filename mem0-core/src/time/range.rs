//! A stretch of time with open ends, and how near a moment is to it.

use serde::{Deserialize, Serialize};

use crate::time::expressions::Interval;
use crate::types::time::Timestamp;

/// Microseconds of a day.
pub(super) const DAY: i64 = 24 * 60 * 60 * 1_000_000;

/// A stretch of time; without an end it has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TimeRange {
    /// The first instant.
    pub from: Option<Timestamp>,
    /// The first instant after it.
    pub to: Option<Timestamp>,
}

impl TimeRange {
    /// Both ends. None if they are in the wrong order.
    #[must_use]
    pub fn between(from: Timestamp, to: Timestamp) -> Option<Self> {
        (from < to).then_some(Self { from: Some(from), to: Some(to) })
    }

    /// From then on.
    #[must_use]
    pub const fn since(from: Timestamp) -> Self {
        Self { from: Some(from), to: None }
    }

    /// Whatever came before.
    #[must_use]
    pub const fn before(to: Timestamp) -> Self {
        Self { from: None, to: Some(to) }
    }

    /// Whether `at` lies in it.
    #[must_use]
    pub fn contains(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at < to)
    }

    /// Whether they share an instant.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        let before =
            |end: Option<Timestamp>, from: Option<Timestamp>| end.zip(from).is_some_and(|(end, from)| end <= from);
        !before(self.to, other.from) && !before(other.to, self.from)
    }

    /// How near `at` is: 1 inside, and outside `2^(-d / h)`, where `d` is the
    /// distance to the nearer end and `h` half the length of the range, at
    /// least a day and at most thirty. So a question for a month still counts
    /// what is half a month off by a half, one for a day nearly nothing after a
    /// week.
    #[must_use]
    pub fn nearness(&self, at: Timestamp) -> f32 {
        let early = self.from.map_or(0, |from| from.as_micros().saturating_sub(at.as_micros()));
        // The last instant is one before the end.
        let late = self.to.map_or(0, |to| at.as_micros().saturating_sub(to.as_micros()).saturating_add(1));
        self.fade(early.max(late))
    }

    /// How near another range is: 1 if it lies inside, a half or more if it
    /// lies there in part (the more, the greater the part), and by the distance
    /// as in [`nearness`](Self::nearness) if they do not meet.
    #[must_use]
    pub fn nearness_of(&self, other: &Self) -> f32 {
        let from = latest(self.from, other.from);
        let to = [self.to, other.to].into_iter().flatten().min();
        if let (Some(from), Some(to)) = (from, to)
            && from >= to
        {
            // A gap lies between the two, so that it has both ends.
            return self.fade(from.as_micros().saturating_sub(to.as_micros()).saturating_add(1));
        }
        match (other.length(), Self { from, to }.length()) {
            (Some(whole), Some(shared)) if whole > 0 => (shared as f32 / whole as f32).clamp(0.0, 1.0) * 0.5 + 0.5,
            // What has no end lies inside only where this has none either.
            _ if (from, to) == (other.from, other.to) => 1.0,
            _ => 0.5,
        }
    }

    fn fade(&self, distance: i64) -> f32 {
        if distance <= 0 {
            return 1.0;
        }
        let half = self.length().map_or(30 * DAY, |length| (length / 2).clamp(DAY, 30 * DAY));
        (-(distance as f64) / half as f64).exp2() as f32
    }

    fn length(&self) -> Option<i64> {
        Some(self.to?.as_micros().saturating_sub(self.from?.as_micros()))
    }
}

fn latest(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    [a, b].into_iter().flatten().max()
}

impl From<Interval> for TimeRange {
    fn from(interval: Interval) -> Self {
        Self { from: Some(interval.start), to: Some(interval.end) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn range(from: &str, to: &str) -> TimeRange {
        TimeRange::between(at(from), at(to)).unwrap()
    }

    #[test]
    fn nearness_fades_by_half_its_length() {
        let may = range("2023-05-01", "2023-05-31");
        for (time, expected) in [
            ("2023-05-01", 1.0),
            ("2023-05-30T23:59:59Z", 1.0),
            ("2023-06-15", 0.5),
            ("2023-06-30", 0.25),
            ("2023-04-16", 0.5),
        ] {
            assert!((may.nearness(at(time)) - expected).abs() < 1e-3, "{time}: {}", may.nearness(at(time)));
        }
        let day = range("2023-05-08", "2023-05-09");
        assert!(day.nearness(at("2023-05-15")) < 0.02);
        assert_eq!(TimeRange::since(at("2023-05-08")).nearness(at("2029-01-01")), 1.0);
        assert!((TimeRange::before(at("2023-05-08")).nearness(at("2023-06-07")) - 0.5).abs() < 1e-3);
    }

    #[test]
    fn a_range_is_near_by_its_part_inside() {
        let may = range("2023-05-01", "2023-06-01");
        assert_eq!(may.nearness_of(&range("2023-05-08", "2023-05-09")), 1.0);
        let year = may.nearness_of(&range("2023-01-01", "2024-01-01"));
        assert!(year > 0.5 && year < 0.6, "{year}");
        assert!(may.nearness_of(&range("2023-06-01", "2023-06-02")) > 0.9);
        assert!(may.nearness_of(&range("2023-12-01", "2023-12-02")) < 0.01);
        assert_eq!(TimeRange::default().nearness_of(&TimeRange::since(at("2023-05-01"))), 1.0);
        assert_eq!(may.nearness_of(&TimeRange::since(at("2023-05-01"))), 0.5);
        assert_eq!(TimeRange::between(at("2023-05-02"), at("2023-05-01")), None);
    }

    proptest! {
        #[test]
        fn nearness_is_a_part_and_1_inside(a in any::<i64>(), b in any::<i64>(), c in any::<i64>(), d in any::<i64>()) {
            let [a, b, c, d] = [a, b, c, d].map(Timestamp::from_micros_clamped);
            for range in [TimeRange::since(a), TimeRange::before(a)].into_iter().chain(TimeRange::between(a, b)) {
                let near = range.nearness(c);
                prop_assert!((0.0..=1.0).contains(&near));
                prop_assert_eq!(near == 1.0 && range.contains(c), range.contains(c));
                let other = TimeRange::between(c, d).unwrap_or(TimeRange::since(c));
                prop_assert!((0.0..=1.0).contains(&range.nearness_of(&other)));
            }
        }
    }
}
