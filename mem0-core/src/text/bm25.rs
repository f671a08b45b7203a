//! The BM25 ranking function.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// BM25 in the form of Robertson and Zaragoza, "The Probabilistic Relevance
/// Framework" (2009), with the inverse document frequency of Lucene, which is
/// never negative: `ln(1 + (N - df + 0.5) / (df + 0.5))`.
///
/// The defaults suit short texts such as facts and turns of a conversation:
/// term frequency and length say little there.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Bm25 {
    /// How much a repeated term adds; 0 to 10, 0.6 by default.
    #[serde(serialize_with = "crate::types::decimal::write")]
    pub k1: f32,
    /// How much a long text is held against it; 0 to 1, 0.2 by default.
    #[serde(serialize_with = "crate::types::decimal::write")]
    pub b: f32,
}

impl Default for Bm25 {
    fn default() -> Self {
        Self { k1: 0.6, b: 0.2 }
    }
}

impl Bm25 {
    /// Refuses parameters out of range.
    ///
    /// # Errors
    /// `Config`.
    pub fn check(&self) -> Result<()> {
        if (0.0..=10.0).contains(&self.k1) && (0.0..=1.0).contains(&self.b) {
            Ok(())
        } else {
            Err(Error::config("bm25: k1 must lie in 0..=10 and b in 0..=1"))
        }
    }

    /// The weight of a term that `df` of `n` texts hold.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "counts far below 2^24 rank the same")]
    pub fn idf(&self, n: u64, df: u64) -> f32 {
        let (n, df) = (n.max(df) as f32, df as f32);
        (1.0 + (n - df + 0.5) / (df + 0.5)).ln()
    }

    /// What a term of weight `idf` adds to a text of `len` terms that holds it
    /// `tf` times, where texts have `average` terms.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "counts far below 2^24 rank the same")]
    pub fn score(&self, idf: f32, tf: u32, len: u32, average: f32) -> f32 {
        let tf = tf as f32;
        let length = 1.0 - self.b + self.b * len as f32 / average.max(1.0);
        idf * tf * (self.k1 + 1.0) / (tf + self.k1 * length)
    }

    /// What a term of weight `idf` adds at most, whatever the text.
    #[must_use]
    pub fn ceiling(&self, idf: f32) -> f32 {
        idf * (self.k1 + 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn scores_stay_below_the_ceiling_and_grow_with_tf(
            n in 1_u64..1_000_000, df in 0_u64..1_000_000, tf in 1_u32..1_000, len in 0_u32..10_000,
        ) {
            let bm25 = Bm25::default();
            let idf = bm25.idf(n, df.min(n));
            prop_assert!(idf >= 0.0);
            let score = bm25.score(idf, tf, len, 20.0);
            prop_assert!(score <= bm25.ceiling(idf) * 1.000_01);
            prop_assert!(bm25.score(idf, tf + 1, len, 20.0) >= score);
            prop_assert!(bm25.score(idf, tf, len + 1, 20.0) <= score);
        }
    }
}
