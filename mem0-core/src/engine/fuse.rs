//! One score from all that speaks for a memory.

use serde::{Deserialize, Serialize};

use crate::engine::results::Breakdown;
use crate::error::{Error, Result};
use crate::text::Bm25;

/// What speaks for a memory, or against it: each is 0 to 1. As weights, what
/// each of them counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Signals {
    /// The cosine of the embeddings, negative ones as 0. Names of speakers are
    /// left out of the question's.
    #[serde(serialize_with = "crate::types::decimal::write")]
    pub semantic: f32,
    /// BM25 over what no text can exceed for the question's words.
    #[serde(serialize_with = "crate::types::decimal::write")]
    pub keyword: f32,
    /// The cosines of what was said just before and after.
    #[serde(serialize_with = "crate::types::decimal::write")]
    pub around_semantic: f32,
    /// The share of the question's words, weighed, that it has together with what
    /// was said around it: the farther away, the less. Of a fact, which stands for
    /// itself, those that it has.
    #[serde(serialize_with = "crate::types::decimal::write")]
    pub coverage: f32,
    /// The words of a question that it follows.
    #[serde(serialize_with = "crate::types::decimal::write")]
    pub reply: f32,
    /// The words of the whole session.
    #[serde(serialize_with = "crate::types::decimal::write")]
    pub session: f32,
    /// Whether it is of or about somebody whom the question names.
    #[serde(serialize_with = "crate::types::decimal::write")]
    pub person: f32,
    /// How well its time fits the one that is asked about.
    #[serde(serialize_with = "crate::types::decimal::write")]
    pub time: f32,
    /// Whether it says the kind of thing that is asked for: a time, a number, a
    /// name.
    #[serde(serialize_with = "crate::types::decimal::write")]
    pub kind: f32,
    /// The weight of those whom the question names and it mentions, speakers
    /// apart: more for one whom few mention.
    #[serde(serialize_with = "crate::types::decimal::write")]
    pub entity: f32,
    /// Whether it is a question itself. Counts against it.
    #[serde(serialize_with = "crate::types::decimal::write")]
    pub question: f32,
}

/// How many signals there are.
pub(super) const SIGNALS: usize = 11;

impl Signals {
    /// Their names, in the order of [`to_array`](Self::to_array).
    pub const NAMES: [&str; SIGNALS] = [
        "semantic",
        "keyword",
        "around_semantic",
        "coverage",
        "reply",
        "session",
        "person",
        "time",
        "kind",
        "entity",
        "question",
    ];

    /// All of them.
    #[must_use]
    pub const fn to_array(self) -> [f32; SIGNALS] {
        [
            self.semantic,
            self.keyword,
            self.around_semantic,
            self.coverage,
            self.reply,
            self.session,
            self.person,
            self.time,
            self.kind,
            self.entity,
            self.question,
        ]
    }

    /// From the same order.
    #[must_use]
    pub const fn from_array(all: [f32; SIGNALS]) -> Self {
        let [semantic, keyword, around_semantic, coverage, reply, session, person, time, kind, entity, question] = all;
        Self { semantic, keyword, around_semantic, coverage, reply, session, person, time, kind, entity, question }
    }

    /// Semantic similarity and words, and nothing else.
    #[must_use]
    pub fn plain(semantic: f32, keyword: f32) -> Self {
        Self { semantic, keyword, ..Self::default() }
    }
}

/// What a question asks for: of a memory that has it not, the others of these
/// signals cannot be expected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Expected {
    pub(super) person: bool,
    pub(super) time: bool,
    pub(super) kind: bool,
    pub(super) entity: bool,
}

/// How the signals make one score.
///
/// `score = (Σ weight · signal) / Σ weight`, where `question` is
/// subtracted instead and stays out of the sum below, and so do `person`, `time`,
/// `kind` and `entity` where the question asks for none. Clamped to 0..1, and cut
/// towards 0 where neither meaning nor words, its own or those around it, say
/// anything. It does not depend on the other hits, except by what surrounds it.
///
/// The defaults were fitted by `cargo run --release -p benches --bin fit` on
/// conversations that the project does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Fusion {
    /// What each signal counts; 0 or more. Only their proportions matter.
    pub weights: Signals,
    /// The ranking function for words.
    pub bm25: Bm25,
}

impl Default for Fusion {
    fn default() -> Self {
        let weights = Signals {
            semantic: 4.0,
            keyword: 0.6,
            around_semantic: 2.3,
            coverage: 6.1,
            reply: 3.2,
            session: 1.9,
            person: 2.4,
            time: 2.7,
            kind: 2.1,
            entity: 0.7,
            question: 0.9,
        };
        Self { weights, bm25: Bm25::default() }
    }
}

/// Evidence below this much of the score takes the rest of it down with it.
const FAINT: f32 = 0.02;

impl Fusion {
    /// Semantic similarity alone, or words alone, or anything between, and no
    /// other signal.
    ///
    /// # Errors
    /// `Config` if `semantic` is not in 0..=1.
    pub fn weighted(semantic: f32) -> Result<Self> {
        let fusion = Self { weights: Signals::plain(semantic, 1.0 - semantic), bm25: Bm25::default() };
        fusion.check()?;
        Ok(fusion)
    }

    pub(super) fn check(&self) -> Result<()> {
        self.bm25.check()?;
        let weights = self.weights.to_array();
        let Signals { semantic, keyword, .. } = self.weights;
        if weights.iter().any(|weight| !weight.is_finite() || *weight < 0.0) || semantic + keyword <= 0.0 {
            return Err(Error::config("fusion: weights are 0 or more, and semantic and keyword not both 0"));
        }
        Ok(())
    }

    /// The score and its parts.
    pub(super) fn score(&self, signals: &Signals, expected: Expected) -> (f32, Breakdown) {
        let mut weights = self.weights;
        for (weight, asked) in [
            (&mut weights.person, expected.person),
            (&mut weights.time, expected.time),
            (&mut weights.kind, expected.kind),
            (&mut weights.entity, expected.entity),
        ] {
            if !asked {
                *weight = 0.0;
            }
        }
        let against = Signals { question: -weights.question, ..weights };
        let whole: f32 = Signals { question: 0.0, ..weights }.to_array().iter().sum();
        let mut parts = [0.0; SIGNALS];
        for ((part, weight), signal) in parts.iter_mut().zip(against.to_array()).zip(signals.to_array()) {
            *part = weight / whole * signal;
        }
        let mut parts = Signals::from_array(parts);
        let evidence = parts.semantic + parts.keyword + parts.around_semantic + parts.coverage + parts.session;
        if evidence < FAINT {
            parts = Signals::from_array(parts.to_array().map(|part| part * (evidence / FAINT)));
        }
        let score = parts.to_array().iter().sum::<f32>().clamp(0.0, 1.0);
        (score, Breakdown { signals: *signals, parts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    prop_compose! {
        fn any_signals()(all in prop::array::uniform11(0.0_f32..=1.0)) -> Signals {
            Signals::from_array(all)
        }
    }

    proptest! {
        #[test]
        fn the_score_lies_in_0_to_1_and_more_of_a_signal_never_lowers_it(
            weights in any_signals(), signals in any_signals(), more in 0.0_f32..=1.0, which in 0_usize..10,
            (person, time, kind, entity) in any::<(bool, bool, bool, bool)>(),
        ) {
            let fusion = Fusion { weights: Signals { semantic: weights.semantic + 0.1, ..weights }, ..Fusion::default() };
            let expected = Expected { person, time, kind, entity };
            let (score, Breakdown { parts, .. }) = fusion.score(&signals, expected);
            prop_assert!((0.0..=1.0).contains(&score));
            let sum: f32 = parts.to_array().iter().sum();
            prop_assert!((sum.clamp(0.0, 1.0) - score).abs() < 1e-5);
            let mut raised = signals.to_array();
            raised[which] = raised[which].max(more);
            // Where everything is faint, what speaks against it is faint too.
            if score > 0.0 {
                prop_assert!(fusion.score(&Signals::from_array(raised), expected).0 >= score - 1e-6);
            }
        }

        #[test]
        fn what_has_no_evidence_has_no_score(signals in any_signals()) {
            let silent = Signals { semantic: 0.0, keyword: 0.0, around_semantic: 0.0, coverage: 0.0, session: 0.0, ..signals };
            let expected = Expected { person: true, time: true, kind: true, entity: true };
            prop_assert_eq!(Fusion::default().score(&silent, expected).0, 0.0);
        }
    }

    #[test]
    fn names_and_numbers_agree() {
        let json = serde_json::to_value(Fusion::default().weights).unwrap();
        let named: Vec<f64> = Signals::NAMES.iter().map(|name| json[*name].as_f64().unwrap()).collect();
        let numbers: Vec<f64> = Fusion::default().weights.to_array().map(f64::from).to_vec();
        assert!(named.iter().zip(numbers).all(|(a, b)| (a - b).abs() < 1e-6));
    }

    #[test]
    fn bad_weights_are_refused() {
        for semantic in [-0.1, 1.1, f32::NAN] {
            assert!(Fusion::weighted(semantic).is_err());
        }
        assert!(Fusion { weights: Signals::default(), ..Fusion::default() }.check().is_err());
    }
}
