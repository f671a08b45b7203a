//! The entry point of the fuzzer, which CI runs over mutated answers too.

use super::{facts, lenient, prose};

/// Reads bytes in every way that there is, and checks what must hold of any.
pub fn fuzz_answer(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(value) = lenient(&text) {
        // What was understood is written in a form that means the same.
        assert_eq!(lenient(&value.to_string()).as_ref(), Ok(&value));
        if let Ok(answer) = facts(&value) {
            assert!(answer.facts.iter().all(|fact| !fact.text.is_empty() || !fact.targets.is_empty()));
            assert!(!answer.facts.is_empty() || answer.rejected.is_empty());
        }
    }
    assert!(prose(&text).is_none_or(|text| !text.trim().is_empty()));
}
