//! Tokens are counted as tiktoken counts them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first error")]

use mem0_core::{EstimatedTokens, TokenCounter};
use mem0_llms::O200k;
use proptest::prelude::*;
use tiktoken_rs::o200k_base_singleton;

fn oracle(text: &str) -> usize {
    o200k_base_singleton().encode_ordinary(text).len()
}

#[test]
fn known_texts() {
    let long = "a".repeat(5_000);
    for text in [
        "",
        " ",
        "  ",
        "\n",
        "a",
        "Ana lives in Lisbon.\n- [2024-05-01] Ben: Where?\n",
        "  two  spaces   before\tand after  ",
        "spaces before a line end   \n\n  next",
        "I'll, WE'RE, it'ſ",
        "12345678 1.5 ½ Ⅷ",
        "我喜欢喝绿茶。東京に住んでいます。",
        "नमस्ते दुनिया 👩‍👩‍👧 é",
        "https://example.com/a//b?c=d\r\n\r\n",
        "<|endoftext|>",
        "\u{a0}\u{2003}x\u{0}",
        &long,
    ] {
        assert_eq!(O200k.count(text), oracle(text), "{text:?}");
    }
}

proptest! {
    #[test]
    fn any_text_counts_as_with_tiktoken(
        text in "([a-zA-Z]{1,12}|[0-9]{1,5}| |  |\n|\r\n|\t|'s|'RE|[.,!?/-]|\\PC|\\p{M}|\\p{Lu}|\\p{Zs}){0,60}",
    ) {
        prop_assert_eq!(O200k.count(&text), oracle(&text));
    }

    #[test]
    fn the_estimate_stays_above_for_plain_english(
        words in proptest::collection::vec(prop::sample::select(vec![
            "Ana", "Lisbon", "moved", "yesterday", "allergic", "peanuts", "the", "is", "grandmother", "photography",
            "on", "2024-05-01", "likes", "working", "and", "happily", "restaurant", "sister's",
        ]), 1..40),
    ) {
        // Words are counted as they stand in a sentence.
        let text = format!("Ana {}.", words.join(" "));
        prop_assert!(EstimatedTokens.count(&text) >= O200k.count(&text));
        prop_assert!(EstimatedTokens.count(&text) <= text.len());
    }
}
