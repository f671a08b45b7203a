//! How many tokens of a language model a text takes.

use std::fmt;

/// Counts the tokens of a text.
///
/// # Rules
/// 1. The same text always counts the same, and the empty text 0.
/// 2. A text has at most as many tokens as bytes.
pub trait TokenCounter: fmt::Debug + Send + Sync + 'static {
    /// What counts: the name of a vocabulary, or that it is an estimate.
    fn name(&self) -> &'static str;

    /// The tokens of a text.
    fn count(&self, text: &str) -> usize;
}

/// An estimate without a vocabulary, rather too high than too low: one token
/// for every four letters of a word in ASCII, for every three digits and the
/// space before them, for every mark, and for every other character.
///
/// ```
/// use mem0_core::{EstimatedTokens, TokenCounter};
///
/// assert_eq!(EstimatedTokens.count("Ana lives in Lisbon."), 1 + 2 + 1 + 2 + 1);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct EstimatedTokens;

impl TokenCounter for EstimatedTokens {
    fn name(&self) -> &'static str {
        "estimate"
    }

    fn count(&self, text: &str) -> usize {
        let mut tokens = 0;
        // Of the word that is being read.
        let (mut letters, mut digits, mut spaced) = (0_usize, 0_usize, false);
        for c in text.chars() {
            if c.is_ascii_alphabetic() {
                tokens += usize::from(letters.is_multiple_of(4));
                (letters, digits) = (letters + 1, 0);
            } else if c.is_ascii_digit() {
                tokens += usize::from(digits.is_multiple_of(3)) + usize::from(digits == 0 && spaced);
                (letters, digits) = (0, digits + 1);
            } else {
                tokens += usize::from(c == '\n' || !c.is_ascii_whitespace());
                (letters, digits) = (0, 0);
            }
            spaced = c == ' ';
        }
        tokens
    }
}
