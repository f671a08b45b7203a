//! What a text costs a model.

/// By whose count: the vocabulary of OpenAI's newer models. Other models' counts
/// differ by some percent, their ratios hardly.
pub const TOKENIZER: &str = "o200k_base";

/// The tokens of a text.
#[must_use]
pub fn count(text: &str) -> usize {
    mem0::token_counter().count(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_those_of_the_named_vocabulary() {
        assert_eq!(mem0::token_counter().name(), TOKENIZER);
        assert_eq!(count(""), 0);
        assert_eq!(count("hello world"), 2);
    }
}
