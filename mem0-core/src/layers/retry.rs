//! Once more, after a while.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use super::LayerOptions;
use super::stack::Call;
use crate::error::{Error, Result, Retry};

/// How many successes give one repetition back.
const PAY_BACK: u32 = 10;

pub(super) struct Retries {
    max: u32,
    longest_wait: Duration,
    backoff: Backoff,
    budget: Budget,
}

impl Retries {
    pub(super) fn new(options: &LayerOptions) -> Self {
        // The standard library's hash keys are random: no dependency is needed
        // to draw one number.
        let seed = options.seed.unwrap_or_else(|| RandomState::new().hash_one(0));
        Self {
            max: options.max_retries,
            longest_wait: options.longest_wait,
            backoff: Backoff { base: options.backoff_base, max: options.backoff_max, random: AtomicU64::new(seed) },
            budget: Budget::new(options.retry_budget),
        }
    }

    pub(super) async fn run<T, F>(&self, call: Call<'_>, attempt: impl Fn() -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        let mut tries = 0_u32;
        loop {
            let error = match attempt().await {
                Ok(done) => {
                    self.budget.succeeded();
                    return Ok(done);
                }
                Err(error) => error,
            };
            if self.max == 0 || error.retry() != Retry::Safe {
                return Err(error);
            }
            let Some(wait) = self.wait(tries, &error) else {
                return Err(error.with_retry(Retry::Exhausted).with_context("tries", tries.saturating_add(1)));
            };
            tries = tries.saturating_add(1);
            tracing::debug!(
                operation = call.operation,
                provider = call.provider,
                error = error.kind().as_str(),
                tries,
                wait_ms = wait.as_millis() as u64,
                "trying again"
            );
            tokio::time::sleep(wait).await;
        }
    }

    /// How long to wait before the next try; none if there is to be none.
    fn wait(&self, retries_so_far: u32, error: &Error) -> Option<Duration> {
        let asked = error.retry_after().unwrap_or_default();
        let allowed = retries_so_far < self.max && asked <= self.longest_wait && self.budget.take();
        // On top of what the backend asked for, so that those who were all told
        // the same do not come back all at once.
        allowed.then(|| asked.saturating_add(self.backoff.next(retries_so_far)))
    }
}

/// Exponential backoff with full jitter: uniformly between zero and an end that
/// doubles. (Brooker, "Exponential Backoff and Jitter", AWS 2015.)
struct Backoff {
    base: Duration,
    max: Duration,
    random: AtomicU64,
}

impl Backoff {
    fn next(&self, retries_so_far: u32) -> Duration {
        let end = self.base.saturating_mul(2_u32.saturating_pow(retries_so_far)).min(self.max);
        end.mul_f64(self.fraction())
    }

    /// Uniform in 0..1, by SplitMix64 (Steele, Lea and Flood, 2014): good
    /// enough to spread retries, and the same in every run of a test.
    fn fraction(&self) -> f64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let z = self.random.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let z = z ^ (z >> 31);
        (z >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// A token bucket that all calls share, counted in tenths of a repetition.
///
/// Retries alone multiply the load of a backend that is in trouble by up to
/// `1 + max_retries`. With the bucket the factor falls to about 1 soon after
/// calls stop succeeding.
struct Budget {
    full: u32,
    left: AtomicU32,
}

impl Budget {
    fn new(retries: u32) -> Self {
        let full = retries.saturating_mul(PAY_BACK);
        Self { full, left: AtomicU32::new(full) }
    }

    fn succeeded(&self) {
        let more = |left: u32| (left < self.full).then(|| left + 1);
        let _ = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
    }

    fn take(&self) -> bool {
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(PAY_BACK)).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn waits_grow_up_to_their_end(seed: u64, retry: u32) {
            let (base, max) = (Duration::from_millis(100), Duration::from_secs(5));
            let backoff = Backoff { base, max, random: AtomicU64::new(seed) };
            let end = if retry < 10 { base * 2_u32.pow(retry) } else { max };
            prop_assert!(backoff.next(retry) <= end.min(max));
        }
    }

    #[test]
    fn waits_are_spread_over_the_whole_range() {
        let base = Duration::from_secs(1);
        let backoff = Backoff { base, max: base, random: AtomicU64::new(7) };
        let mut tenths = [0; 10];
        for _ in 0..10_000 {
            tenths[(backoff.next(3).as_millis() / 100) as usize] += 1;
        }
        assert!(tenths.iter().all(|n| (850..1_150).contains(n)), "{tenths:?}");
    }

    #[test]
    fn ten_successes_pay_for_one_retry() {
        let budget = Budget::new(1);
        assert!(budget.take() && !budget.take());
        (0..9).for_each(|_| budget.succeeded());
        assert!(!budget.take());
        (0..99).for_each(|_| budget.succeeded());
        assert!(budget.take() && !budget.take());
    }
}
