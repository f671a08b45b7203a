//! One score from semantic similarity and words.

use serde::{Deserialize, Serialize};

use crate::engine::results::Breakdown;
use crate::error::{Error, Result};
use crate::text::Bm25;

/// How semantic similarity and words make one score.
///
/// `score = semantic · cosine⁺ + keyword · (bm25 / ceiling)`, where `cosine⁺`
/// is the cosine clamped to 0..1 and `ceiling` is what no text can exceed for
/// the question's words. With weights that add up to 1 the score lies in 0..1;
/// it does not depend on the other hits, so scores of one question compare
/// and a word in common never lowers a rank.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Fusion {
    /// The weight of the similarity; 0 to 1.
    #[serde(serialize_with = "crate::types::decimal::write")]
    pub semantic: f32,
    /// The weight of the words; 0 to 1. Both add up to 1.
    #[serde(serialize_with = "crate::types::decimal::write")]
    pub keyword: f32,
    /// The ranking function for words.
    pub bm25: Bm25,
}

impl Default for Fusion {
    fn default() -> Self {
        Self { semantic: 0.3, keyword: 0.7, bm25: Bm25::default() }
    }
}

impl Fusion {
    /// Semantic similarity alone, or words alone, or anything between.
    ///
    /// # Errors
    /// `Config` if `semantic` is not in 0..=1.
    pub fn weighted(semantic: f32) -> Result<Self> {
        let fusion = Self { semantic, keyword: 1.0 - semantic, bm25: Bm25::default() };
        fusion.check()?;
        Ok(fusion)
    }

    pub(super) fn check(&self) -> Result<()> {
        self.bm25.check()?;
        let sum = self.semantic + self.keyword;
        if self.semantic < 0.0 || self.keyword < 0.0 || (sum - 1.0).abs() > 1e-3 || sum.is_nan() {
            return Err(Error::config("fusion: semantic and keyword must be 0 or more and add up to 1"));
        }
        Ok(())
    }

    /// The score and its parts. `bm25` and `ceiling` are those of the ledger.
    pub(super) fn score(&self, cosine: f32, bm25: Option<f32>, ceiling: f32) -> (f32, Breakdown) {
        let semantic = cosine.clamp(0.0, 1.0);
        let keyword = bm25.filter(|_| ceiling > 0.0).map(|raw| (raw / ceiling).clamp(0.0, 1.0));
        let breakdown = Breakdown {
            semantic,
            keyword,
            semantic_part: self.semantic * semantic,
            keyword_part: self.keyword * keyword.unwrap_or(0.0),
        };
        ((breakdown.semantic_part + breakdown.keyword_part).min(1.0), breakdown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_score_lies_in_0_to_1_and_words_never_lower_it(
            cosine in -1.0_f32..=1.0, raw in 0.0_f32..30.0, extra in 0.0_f32..30.0, weight in 0.0_f32..=1.0,
        ) {
            let fusion = Fusion::weighted(weight).unwrap();
            let ceiling = raw + extra;
            let (without, _) = fusion.score(cosine, None, ceiling);
            let (with, parts) = fusion.score(cosine, Some(raw), ceiling);
            prop_assert!((0.0..=1.0).contains(&with));
            prop_assert!(with >= without);
            prop_assert!((parts.semantic_part + parts.keyword_part - with).abs() < 1e-5);
        }
    }

    #[test]
    fn bad_weights_are_refused() {
        for semantic in [-0.1, 1.1, f32::NAN] {
            assert!(Fusion::weighted(semantic).is_err());
        }
    }
}
