//! A clock that a test moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use uuid::{Builder, Uuid};

use crate::traits::clock::Clock;
use crate::types::time::Timestamp;

/// 2024-01-01T00:00:00Z, where a clock starts that is not told otherwise.
const START: i64 = 1_704_067_200_000_000;

/// Stands still until it is moved, and makes up the same identities in every
/// run. Clones are one clock.
///
/// Identities look like version 7: they sort by the time that the clock showed,
/// and within one time in the order in which they were asked for. Two clocks
/// give out the same ones unless their [`seeded`](Self::seeded) numbers differ.
///
/// ```
/// use std::time::Duration;
///
/// use mem0_core::Clock;
/// use mem0_core::reference::ManualClock;
///
/// let clock = ManualClock::default();
/// let (start, first) = (clock.now(), clock.memory_id());
/// assert_eq!(clock.now(), start);
/// clock.advance(Duration::from_secs(60));
/// assert_eq!(clock.now().as_micros() - start.as_micros(), 60_000_000);
/// assert!(first < clock.memory_id());
/// ```
#[derive(Clone, Debug)]
pub struct ManualClock {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    micros: AtomicI64,
    given_out: AtomicU64,
    seed: u16,
}

impl ManualClock {
    /// A clock that shows this time.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self::seeded(now, 0)
    }

    /// A clock whose identities differ from those of clocks with other seeds;
    /// the low 12 bits of `seed` count.
    #[must_use]
    pub fn seeded(now: Timestamp, seed: u16) -> Self {
        Self {
            shared: Arc::new(Shared {
                micros: AtomicI64::new(now.as_micros()),
                given_out: AtomicU64::new(0),
                seed: seed & 0x0fff,
            }),
        }
    }

    /// Shows this time from now on; it may lie in the past.
    pub fn set(&self, now: Timestamp) {
        self.shared.micros.store(now.as_micros(), Ordering::SeqCst);
    }

    /// Moves forward by whole microseconds.
    pub fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        self.set(self.now().plus_micros(by));
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new(Timestamp::from_micros_clamped(START))
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros_clamped(self.shared.micros.load(Ordering::SeqCst))
    }

    fn uuid(&self) -> Uuid {
        // The count never starts over, so an identity is new even if the time
        // was set back.
        let count = self.shared.given_out.fetch_add(1, Ordering::SeqCst);
        let millis = u64::try_from(self.now().as_micros().div_euclid(1_000)).unwrap_or(0);
        let [seed_high, seed_low] = self.shared.seed.to_be_bytes();
        let [a, b, c, d, e, f, g, h] = count.to_be_bytes();
        Builder::from_unix_timestamp_millis(millis, &[seed_high, seed_low, a, b, c, d, e, f, g, h]).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn identities_are_new_sorted_and_the_same_in_every_run() {
        let run = || {
            let clock = ManualClock::default();
            let mut ids: Vec<_> = (0..300).map(|_| clock.uuid()).collect();
            clock.advance(Duration::from_millis(1));
            ids.extend((0..300).map(|_| clock.uuid()));
            ids
        };
        let ids = run();
        assert!(ids.is_sorted());
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 600);
        assert!(ids.iter().all(|id| id.get_version_num() == 7));
        assert_eq!(run(), ids);
    }

    #[test]
    fn setting_the_time_back_repeats_no_identity() {
        let clock = ManualClock::default();
        let start = clock.now();
        let first = clock.uuid();
        clock.advance(Duration::from_secs(1));
        clock.set(start);
        assert_ne!(clock.uuid(), first);
        assert_ne!(ManualClock::seeded(start, 1).uuid(), first);
    }
}
