//! What a text costs a model.

use tiktoken_rs::cl100k_base_singleton;

/// By whose count: the vocabulary of GPT-4. Other models' counts differ by some
/// percent, their ratios hardly.
pub const TOKENIZER: &str = "cl100k_base";

/// The tokens of a text.
#[must_use]
pub fn count(text: &str) -> usize {
    cl100k_base_singleton().encode_ordinary(text).len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_those_of_the_public_vocabulary() {
        assert_eq!(count(""), 0);
        assert_eq!(count("hello world"), 2);
        // The vocabulary's own example.
        assert_eq!(count("tiktoken is great!"), 6);
    }
}
