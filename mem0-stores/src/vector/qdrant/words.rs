//! The words of a text as a sparse vector.
//!
//! Terms are those of [`mem0_core::text`], numbered by 32 bits of their digest.
//! A text's weights are those of BM25 without the inverse document frequency,
//! which the server multiplies in (`modifier: idf`); a question's are 1. What a
//! long text is has to be settled without looking at the others: one of more
//! than [`AVERAGE`] terms.

use std::collections::BTreeMap;

use mem0_core::Payload;
use mem0_core::text::{Bm25, QueryTerm, TermId, query_terms, terms};
use serde_json::Value;

/// How many terms a memory has on average, for BM25.
pub(super) const AVERAGE: f32 = 20.0;

/// The numbers of terms, each once, with their weights.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Words {
    pub(super) indices: Vec<u32>,
    pub(super) weights: Vec<f32>,
}

impl Words {
    /// Those of the text of a memory.
    pub(super) fn of_payload(payload: &Payload) -> Self {
        let text = payload.get("data").and_then(Value::as_str).unwrap_or_default();
        let terms = terms(text);
        let length = terms.iter().map(|(_, count)| count).sum();
        let bm25 = Bm25::default();
        Self::new(terms.iter().map(|(term, count)| (*term, bm25.score(1.0, *count, length, AVERAGE))))
    }

    /// Those of a question: of each word its plain term and its stems.
    pub(super) fn of_question(text: &str) -> Self {
        Self::new(query_terms(text).iter().flat_map(QueryTerm::ids).map(|term| (term, 1.0)))
    }

    fn new(terms: impl Iterator<Item = (TermId, f32)>) -> Self {
        let mut weights = BTreeMap::new();
        for (term, weight) in terms {
            *weights.entry(index(term)).or_insert(0.0) += weight;
        }
        let (indices, weights) = weights.into_iter().unzip();
        Self { indices, weights }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.indices.is_empty()
    }
}

fn index(term: TermId) -> u32 {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "32 bits of a digest")]
    let index = term.0 as u32;
    index
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn text(text: &str) -> Words {
        Words::of_payload(&Payload::from_iter([("data".to_owned(), json!(text))]))
    }

    #[test]
    fn a_text_has_the_words_of_its_question() {
        let words = text("She paints, and she swims.");
        for question in ["the painting", "who is SWIMMING?"] {
            let asked = Words::of_question(question);
            assert_eq!(asked.weights, [1.0], "{question}");
            assert!(words.indices.contains(&asked.indices[0]), "{question}");
        }
        assert!(Words::of_question("…!?").is_empty());
        assert!(text("").is_empty() && Words::of_payload(&Payload::new()).is_empty());
    }

    /// The numbers are in collections that exist, so they may not change.
    #[test]
    fn numbers_stay() {
        assert_eq!(Words::of_question("the tea").indices, [index(query_terms("tea")[0].term)]);
        let words = text("tea tea green");
        insta::assert_snapshot!(format!("{words:?}"));
    }

    proptest! {
        #[test]
        fn indices_are_sorted_and_unique(words in "[a-f ]{0,60}") {
            let words = text(&words);
            prop_assert!(words.indices.is_sorted_by(|a, b| a < b));
            prop_assert!(words.weights.iter().all(|weight| *weight > 0.0 && weight.is_finite()));
        }
    }
}
