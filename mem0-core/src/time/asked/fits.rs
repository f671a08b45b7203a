//! How well a time, or a memory, fits what is asked.

use super::Asked;
use crate::time::expressions::open::year_of;
use crate::time::range::TimeRange;
use crate::time::said;
use crate::types::memory::{Memory, MemoryKind};
use crate::types::time::Timestamp;

/// What it counts that something was said in the time that is asked about, if
/// it speaks of another time itself.
const SAID_ONLY: f32 = 0.5;

impl Asked {
    /// Whether the question names a time at all.
    #[must_use]
    pub fn is_timed(&self) -> bool {
        !self.ranges.is_empty() || !self.every.is_empty()
    }

    /// How near `at` is to the nearest of the times that are asked about, as
    /// [`TimeRange::nearness`] has it; a month without a year counts in every
    /// year. 0 if the question names no time.
    #[must_use]
    pub fn matches(&self, at: Timestamp) -> f32 {
        self.best(year_of(at), |range| range.nearness(at))
    }

    /// As [`matches`](Self::matches), of a time that has a length.
    #[must_use]
    pub fn matches_range(&self, time: &TimeRange) -> f32 {
        let year = time.from.or(time.to).map_or(0, year_of);
        self.best(year, |range| range.nearness_of(time))
    }

    /// How well something fits that was said at `said_at`, holds since
    /// `valid_from` and says `text`: 0 to 1, and 0 if the question names no
    /// time.
    ///
    /// What counts is the best of the times of the event: that since which it
    /// holds, and those that the text speaks of ("yesterday", seen from
    /// `said_at`). If there is none, it is when it was said; else that counts
    /// half.
    #[must_use]
    pub fn fits(&self, said_at: Timestamp, valid_from: Option<Timestamp>, text: &str) -> f32 {
        if !self.is_timed() {
            return 0.0;
        }
        let said_then = self.matches(said_at);
        // What holds since it was said, for want of another time, says nothing
        // more.
        let held = valid_from.filter(|from| *from != said_at).map(|from| self.matches(from));
        let spoken = said(text, said_at);
        let events = spoken.iter().map(|time| self.matches_range(time)).chain(held);
        match events.reduce(f32::max) {
            Some(event) => event.max(said_then * SAID_ONLY),
            None => said_then,
        }
    }

    /// As [`fits`](Self::fits), of a memory: what was stored as it was said was
    /// said when it begins to hold, anything else when it was stored. One that
    /// has ended fits wholly where any of the time in which it held is asked
    /// about.
    #[must_use]
    pub fn fits_memory(&self, memory: &Memory) -> f32 {
        let held = memory.valid_to().and_then(|to| TimeRange::between(memory.valid_from(), to));
        if held.is_some_and(|held| self.meets(&held)) {
            return 1.0;
        }
        let content = &memory.content;
        match content.kind {
            MemoryKind::Episode => self.fits(memory.valid_from(), None, &content.text),
            _ => self.fits(memory.updated_at, content.valid_from, &content.text),
        }
    }

    /// Whether any of the time that is asked about lies in `time`.
    #[must_use]
    pub fn meets(&self, time: &TimeRange) -> bool {
        self.best(time.from.or(time.to).map_or(0, year_of), |range| f32::from(u8::from(range.meets(time)))) > 0.0
    }

    fn best(&self, year: i16, near: impl Fn(&TimeRange) -> f32) -> f32 {
        // The 29th of February is eight years off at most.
        let years = (-8..=8).filter_map(|away: i16| year.checked_add(away));
        let every = years.flat_map(|year| self.every.iter().filter_map(move |days| days.of_year(year)));
        self.ranges.iter().copied().chain(every).map(|range| near(&range)).fold(0.0, f32::max)
    }
}
