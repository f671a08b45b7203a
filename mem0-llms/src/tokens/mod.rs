//! Tokens as OpenAI's newer models count them: the vocabulary `o200k_base`.
//!
//! Other vendors' models count a little differently, most of them a few tokens
//! more for the same text; none of them publishes a vocabulary that is newer.
//!
//! The vocabulary ships inside (`VOCABULARY.md`) and is read at the first count,
//! which takes some milliseconds.

mod merge;
mod split;
mod vocabulary;

use mem0_core::TokenCounter;

/// Counts tokens of `o200k_base`. Special tokens are text like any other.
///
/// ```
/// use mem0_core::TokenCounter;
/// use mem0_llms::O200k;
///
/// assert_eq!(O200k.count("Ana lives in Lisbon and likes green tea."), 9);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct O200k;

impl TokenCounter for O200k {
    fn name(&self) -> &'static str {
        "o200k_base"
    }

    fn count(&self, text: &str) -> usize {
        let vocabulary = vocabulary::get();
        split::pieces(text).map(|piece| merge::count(piece.as_bytes(), vocabulary)).sum()
    }
}
