//! Memories that fade.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::engine::Mem0;
use crate::error::{Error, Result};
use crate::traits::ledger::Use;
use crate::types::ids::MemoryId;
use crate::types::memory::Memory;
use crate::types::time::Timestamp;

/// How the score of a memory falls with its age. Off by default: what is true
/// does not become less so by waiting.
///
/// `factor = minimum + (1 - minimum) · 2^(-age / half-life)`, by which the score
/// is multiplied. The age counts from [`Age`], and with `by_use` from the last
/// recall if that was later. What is to come has no age.
///
/// ```
/// use mem0_core::Decay;
///
/// let decay: Decay = serde_json::from_value(serde_json::json!({
///     "half_life_days": 90,
///     "categories": { "plans": 7, "health": 0 },
///     "minimum": 0.2,
///     "by_use": true,
/// }))?;
/// assert!(!decay.is_off() && Decay::default().is_off());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Decay {
    /// After so many days a memory counts half; 0, the default, for never.
    pub half_life_days: f64,
    /// The same for memories with these categories, in place of the above; 0
    /// for never. Of several the longest counts.
    pub categories: BTreeMap<String, f64>,
    /// What even the oldest memory still counts; 0 to 1, 0.1 by default.
    #[serde(serialize_with = "crate::types::decimal::write")]
    pub minimum: f32,
    /// What the age counts from.
    pub age: Age,
    /// Whether a memory that was recalled lately counts as younger. Each search
    /// is then noted in the ledger, which is one more write.
    pub by_use: bool,
}

/// What the age of a memory counts from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Age {
    /// When it was stored or last changed.
    #[default]
    Stored,
    /// When it began to be true: the time of the event, where it is known. For
    /// memories that were imported with their times.
    Valid,
}

impl Default for Decay {
    fn default() -> Self {
        Self { half_life_days: 0.0, categories: BTreeMap::new(), minimum: 0.1, age: Age::default(), by_use: false }
    }
}

impl Decay {
    /// Half after so many days.
    ///
    /// # Errors
    /// `Config` for a number below 0 or that is none.
    pub fn half_life(days: f64) -> Result<Self> {
        let decay = Self { half_life_days: days, ..Self::default() };
        decay.check()?;
        Ok(decay)
    }

    /// Whether no memory fades.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.half_life_days == 0.0 && self.categories.values().all(|days| *days == 0.0)
    }

    pub(super) fn check(&self) -> Result<()> {
        let days = self.categories.values().chain([&self.half_life_days]);
        if days.into_iter().any(|days| !days.is_finite() || *days < 0.0) {
            return Err(Error::config("decay: a half-life is a number of days, 0 for none"));
        }
        if !(0.0..=1.0).contains(&self.minimum) {
            return Err(Error::config("decay: minimum must be between 0 and 1"));
        }
        Ok(())
    }

    /// What the score of a memory is multiplied by, `minimum` to 1; `used` is
    /// what the ledger knows of its recalls.
    #[must_use]
    pub fn factor(&self, memory: &Memory, used: Option<Use>, now: Timestamp) -> f32 {
        let Some(half_life) = self.days_of(memory) else { return 1.0 };
        let since = match self.age {
            Age::Stored => memory.updated_at,
            Age::Valid => memory.valid_from(),
        };
        let since = used.filter(|_| self.by_use).map_or(since, |used| since.max(used.last));
        let age = now.as_micros().saturating_sub(since.as_micros()).max(0) as f64 / MICROS_A_DAY;
        self.minimum + (1.0 - self.minimum) * (-age / half_life).exp2() as f32
    }

    /// The half-life of a memory; none if it does not fade.
    fn days_of(&self, memory: &Memory) -> Option<f64> {
        let own = memory.content.categories.iter().filter_map(|category| self.categories.get(category).copied());
        // 0 is the longest.
        let longest = own.reduce(|a, b| if a == 0.0 || b == 0.0 { 0.0 } else { a.max(b) });
        Some(longest.unwrap_or(self.half_life_days)).filter(|days| *days > 0.0)
    }
}

const MICROS_A_DAY: f64 = 24.0 * 60.0 * 60.0 * 1e6;

impl Mem0 {
    /// What the scores of these memories are multiplied by.
    pub(super) async fn faded(&self, memories: &[&Memory], now: Timestamp) -> Result<Vec<f32>> {
        let decay = &self.inner.decay;
        if decay.is_off() {
            return Ok(vec![1.0; memories.len()]);
        }
        let uses = if decay.by_use {
            let ids: Vec<MemoryId> = memories.iter().map(|memory| memory.id).collect();
            self.inner.ledger.uses(&ids).await?
        } else {
            vec![None; memories.len()]
        };
        Ok(memories.iter().zip(uses).map(|(memory, used)| decay.factor(memory, used, now)).collect())
    }

    /// Notes that these memories were recalled, where that counts. A search is
    /// not refused because this fails.
    pub(super) async fn note_recalled(&self, ids: &[MemoryId]) {
        let decay = &self.inner.decay;
        if decay.is_off() || !decay.by_use || ids.is_empty() {
            return;
        }
        if let Err(e) = self.inner.ledger.note_uses(ids, self.now()).await {
            tracing::warn!(kind = %e.kind(), "what was recalled is not noted");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::memory::Content;
    use crate::types::scope::Scope;
    use proptest::prelude::*;

    fn memory(categories: &[&str], stored: i64, valid: Option<i64>) -> Memory {
        let at = |day: i64| Timestamp::from_micros_clamped(day * MICROS_A_DAY as i64);
        let mut content = Content::new("tea");
        content.categories = categories.iter().map(|&name| name.to_owned()).collect();
        content.valid_from = valid.map(at);
        Memory {
            id: MemoryId::from_uuid(uuid::Uuid::from_u128(1)),
            scope: Scope::user("ana").unwrap(),
            version: 1,
            content,
            created_at: at(0),
            updated_at: at(stored),
            superseded_at: None,
            ended_at: None,
        }
    }

    fn day(day: i64) -> Timestamp {
        Timestamp::from_micros_clamped(day * MICROS_A_DAY as i64)
    }

    fn near(a: f32, b: f32) -> bool {
        (a - b).abs() < 1e-4
    }

    #[test]
    fn nothing_fades_by_default() {
        assert!(near(Decay::default().factor(&memory(&[], 0, None), None, day(10_000)), 1.0));
    }

    #[test]
    fn a_half_life_halves_what_is_above_the_minimum() {
        let mut decay = Decay::half_life(10.0).unwrap();
        decay.minimum = 0.2;
        for (age, expected) in [(0, 1.0), (10, 0.6), (20, 0.4), (100_000, 0.2), (-5, 1.0)] {
            let factor = decay.factor(&memory(&[], 100, None), None, day(100 + age));
            assert!(near(factor, expected), "{age} days: {factor}");
        }
    }

    #[test]
    fn categories_have_their_own_and_the_longest_counts() {
        let mut decay = Decay::half_life(10.0).unwrap();
        decay.minimum = 0.0;
        decay.categories =
            [("plans", 5.0), ("work", 20.0), ("health", 0.0)].map(|(name, days)| (name.into(), days)).into();
        for (categories, expected) in [
            (&["other"][..], 0.5),
            (&["plans"], 0.25),
            (&["plans", "work"], 0.5_f32.sqrt()),
            (&["health", "plans"], 1.0),
            (&["other", "plans"], 0.25),
        ] {
            let factor = decay.factor(&memory(categories, 0, None), None, day(10));
            assert!(near(factor, expected), "{categories:?}: {factor}");
        }
    }

    #[test]
    fn the_age_counts_from_what_is_asked_for() {
        let mut decay = Decay::half_life(10.0).unwrap();
        decay.minimum = 0.0;
        let old = memory(&[], 20, Some(0));
        assert!(near(decay.factor(&old, None, day(20)), 1.0));
        decay.age = Age::Valid;
        assert!(near(decay.factor(&old, None, day(20)), 0.25));
        let used = Some(Use { count: 1, last: day(10) });
        assert!(near(decay.factor(&old, used, day(20)), 0.25), "uses do not count unless asked for");
        decay.by_use = true;
        assert!(near(decay.factor(&old, used, day(20)), 0.5));
        let before = Some(Use { count: 9, last: day(-10) });
        assert!(near(decay.factor(&old, before, day(20)), 0.25), "a use before it began makes it no older");
    }

    #[test]
    fn bad_numbers_are_refused() {
        for days in [-1.0, f64::NAN, f64::INFINITY] {
            assert!(Decay::half_life(days).is_err());
        }
        assert!(Decay { minimum: 1.5, ..Decay::default() }.check().is_err());
        assert!(Decay { categories: [("a".to_owned(), -1.0)].into(), ..Decay::default() }.check().is_err());
        assert!(serde_json::from_str::<Decay>(r#"{"halflife": 3}"#).is_err());
    }

    proptest! {
        #[test]
        fn a_factor_is_between_the_minimum_and_1_and_never_grows(
            days in 0.0_f64..1e6, minimum in 0.0_f32..=1.0, stored in -70_000_i64..70_000, a in -70_000_i64..70_000,
            b in -70_000_i64..70_000,
        ) {
            let decay = Decay { half_life_days: days, minimum, ..Decay::default() };
            let memory = memory(&[], stored, None);
            let (early, late) = (a.min(b), a.max(b));
            let [early, late] = [early, late].map(|at| decay.factor(&memory, None, day(at)));
            prop_assert!((minimum - 1e-6..=1.000_001).contains(&early));
            prop_assert!(late <= early + 1e-6);
        }
    }
}
