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
/// for every four letters or digits of a word in ASCII, for every mark, and for
/// every other character.
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
        let mut word = 0_usize;
        for c in text.chars() {
            if c.is_ascii_alphanumeric() {
                // The first of each four.
                tokens += usize::from(word % 4 == 0);
                word += 1;
                continue;
            }
            word = 0;
            tokens += usize::from(c == '\n' || !c.is_ascii_whitespace());
        }
        tokens
    }
}
