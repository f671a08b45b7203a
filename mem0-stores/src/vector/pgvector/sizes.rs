//! What is remembered of the sizes of scopes.
//!
//! To count a scope and to hold both ways to search it ready takes a statement
//! about as long as to scan a thousand points. Most scopes are small and stay so
//! for long: one that was, is scanned for some searches without being counted
//! again. A scan finds the nearest whatever the size; only its time grows.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use mem0_core::Scope;

/// For so many searches.
const TRUSTED: u32 = 64;

/// The most scopes that are remembered; then all are forgotten.
const MAX_SCOPES: usize = 10_000;

/// The scopes that were small when they were last counted, and for how many
/// searches that is still taken for granted.
#[derive(Debug, Default)]
pub(super) struct Sizes(Mutex<HashMap<String, u32>>);

impl Sizes {
    fn small(&self) -> MutexGuard<'_, HashMap<String, u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a scope is taken to be small for one more search.
    pub(super) fn is_small(&self, scope: &Scope) -> bool {
        let left = self.small().get_mut(&scope.key()).map(|left| {
            *left = left.saturating_sub(1);
            *left
        });
        left.is_some_and(|left| left > 0)
    }

    /// Takes note of a count: at most half of what is scanned is small, so that
    /// there is room to grow. An empty scope has yet to be filled.
    pub(super) fn counted(&self, scope: &Scope, points: i64, exact_up_to: u32) {
        let mut small = self.small();
        if points < 1 || points > i64::from(exact_up_to / 2) {
            small.remove(&scope.key());
            return;
        }
        if small.len() >= MAX_SCOPES {
            small.clear();
        }
        small.insert(scope.key(), TRUSTED);
    }

    pub(super) fn forget(&self, scope: &Scope) {
        self.small().remove(&scope.key());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_scope_is_counted_again_after_some_searches() {
        let (sizes, alice, bob) = (Sizes::default(), Scope::user("alice").unwrap(), Scope::user("bob").unwrap());
        for (points, small) in [(0, false), (1, true), (50, true), (51, false), (101, false)] {
            sizes.counted(&alice, points, 100);
            assert_eq!(sizes.is_small(&alice), small, "{points}");
            assert!(!sizes.is_small(&bob));
        }
        sizes.counted(&alice, 9, 100);
        assert_eq!((0..2 * TRUSTED).filter(|_| sizes.is_small(&alice)).count(), TRUSTED as usize - 1);
        sizes.counted(&alice, 9, 100);
        sizes.forget(&alice);
        assert!(!sizes.is_small(&alice));
        sizes.counted(&alice, 1, 1);
        assert!(!sizes.is_small(&alice), "there is no room to grow");
    }

    #[test]
    fn what_is_remembered_has_a_limit() {
        let sizes = Sizes::default();
        for n in 0..=MAX_SCOPES {
            sizes.counted(&Scope::user(n.to_string()).unwrap(), 1, 100);
        }
        assert_eq!(sizes.small().len(), 1);
    }
}
