//! Equality with the teacher's tokeniser.

use proptest::prelude::*;
use serde::Deserialize;

use super::model;

/// The teacher's vocabulary begins with 999 special and unused entries that
/// have no row here; the rest keeps its order.
const FIRST_ROW: u32 = 999;
/// The teacher's id of `[UNK]`.
const UNKNOWN: u32 = 100;

#[derive(Deserialize)]
struct Case {
    text: String,
    ids: Vec<u32>,
}

#[test]
fn ids_equal_the_reference() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("../../../tests/fixtures/wordpiece.json")).unwrap();
    let model = model();
    assert!(cases.len() >= 50);
    for case in cases {
        let ids: Vec<u32> =
            model.tokens(&case.text).into_iter().map(|row| row.map_or(UNKNOWN, |row| row + FIRST_ROW)).collect();
        assert_eq!(ids, case.ids, "for {:?}", case.text);
    }
}

#[test]
fn a_hostile_word_costs_no_memory_and_is_unknown() {
    assert_eq!(model().tokens(&"x".repeat(5_000_000)), [None]);
}

proptest! {
    /// What ends a word on both sides can be glued or cut without effect.
    #[test]
    fn texts_split_at_spaces(a in "\\PC{0,40}", b in "\\PC{0,40}") {
        let model = model();
        let mut apart = model.tokens(&a);
        apart.extend(model.tokens(&b));
        prop_assert_eq!(model.tokens(&format!("{a} {b}")), apart);
    }

    #[test]
    fn ascii_case_does_not_matter(text in "[ -~]{0,60}") {
        let model = model();
        prop_assert_eq!(model.tokens(&text), model.tokens(&text.to_ascii_uppercase()));
    }
}
