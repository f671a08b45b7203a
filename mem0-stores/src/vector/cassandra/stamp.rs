//! Versions as write timestamps.
//!
//! Of two writes of a cell the server keeps the one with the greater timestamp,
//! whichever arrives first, and a deletion counts as a write. A timestamp here
//! is the version and, below it, the time: so an older version never replaces
//! a later one, of one version the last write stays, and no write has to read
//! first.

use std::sync::atomic::{AtomicI64, Ordering};

use mem0_core::{Clock, Error, Result};

/// Bits of the time: milliseconds for 34 years.
const TIME_BITS: u32 = 40;

/// The largest version; what is left of the 63 bits of a timestamp.
pub(super) const MAX_VERSION: u64 = (1 << (63 - TIME_BITS)) - 1;

/// 2026-01-01T00:00:00Z, in milliseconds since 1970.
const EPOCH: i64 = 1_767_225_600_000;

/// The last time that was given out. One for the process, so that two writes of
/// it are never of the same time.
static LAST: AtomicI64 = AtomicI64::new(0);

/// The time below the versions of one call: later than that of every call before.
pub(super) fn tick(clock: &dyn Clock) -> i64 {
    let now = clock.now().as_micros().div_euclid(1_000).saturating_sub(EPOCH);
    let next = |last: i64| now.max(last.saturating_add(1)).clamp(1, (1 << TIME_BITS) - 1);
    let (mut last, mut time) = (LAST.load(Ordering::Relaxed), 0);
    loop {
        time = next(last).max(time);
        match LAST.compare_exchange_weak(last, time, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => return time,
            Err(seen) => last = seen,
        }
    }
}

/// The timestamp of a write.
///
/// # Errors
/// `InvalidInput` if the version does not fit.
pub(super) fn of_write(version: u64, tick: i64) -> Result<i64> {
    if version > MAX_VERSION {
        return Err(Error::invalid("Cassandra keeps versions up to 8388607").with_context("version", version));
    }
    Ok(stamp(version, tick))
}

/// The timestamp of a deletion as of a version. `seen` is what is there: its
/// version and timestamp. Where the deletion is to go over that, it does so also
/// if the writer's clock was ahead of this one.
pub(super) fn of_deletion(version: u64, seen: Option<(u64, i64)>, tick: i64) -> i64 {
    let due = stamp(version.min(MAX_VERSION), tick);
    match seen {
        Some((there, written)) if there <= version => due.max(written.saturating_add(1)),
        _ => due,
    }
}

fn stamp(version: u64, tick: i64) -> i64 {
    i64::try_from(version.min(MAX_VERSION)).unwrap_or(i64::MAX) << TIME_BITS | tick
}

#[cfg(test)]
mod tests {
    use mem0_core::{ErrorKind, SystemClock};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_later_version_goes_over_an_earlier_one(
            (a, b) in (0..=MAX_VERSION, 0..=MAX_VERSION), (x, y) in (1_i64..1 << 40, 1_i64..1 << 40),
        ) {
            let (first, second) = (of_write(a, x).unwrap(), of_write(b, y).unwrap());
            prop_assert_eq!(first.cmp(&second), (a, x).cmp(&(b, y)));
            prop_assert!(first >= 0);
            // A deletion goes over what it has seen, and over nothing later.
            let deletion = of_deletion(b, Some((a, first)), y);
            prop_assert_eq!(deletion > first, a <= b);
            prop_assert!(b == MAX_VERSION || deletion <= stamp(b + 1, 1));
        }
    }

    #[test]
    fn times_only_rise() {
        let times: Vec<_> = (0..1_000).map(|_| tick(&SystemClock)).collect();
        assert!(times.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert!(of_write(MAX_VERSION, 1).is_ok());
        assert_eq!(of_write(MAX_VERSION + 1, 1).unwrap_err().kind(), ErrorKind::InvalidInput);
        assert_eq!(of_deletion(u64::MAX, None, 7), stamp(MAX_VERSION, 7));
    }
}
