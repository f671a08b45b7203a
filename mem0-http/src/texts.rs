//! Texts on their way to a provider: how long they may be and how many go
//! together.
//!
//! No provider's tokenizer is here, so tokens are estimated from above: half a
//! token for a small ASCII letter, a digit or a space, one for every other
//! byte. Tokenizers that fall back to bytes never need more than one token for
//! a byte, and no natural text needs one for every two letters.

/// What a provider takes at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextLimits {
    /// Texts in one request.
    pub texts: usize,
    /// Tokens of all texts of one request.
    pub request_tokens: usize,
    /// Tokens of one text.
    pub text_tokens: usize,
    /// Characters of one text.
    pub text_chars: usize,
}

impl TextLimits {
    /// That many texts of any length.
    #[must_use]
    pub const fn texts(texts: usize) -> Self {
        Self { texts, request_tokens: usize::MAX, text_tokens: usize::MAX, text_chars: usize::MAX }
    }

    /// The part of a text that fits, from its start.
    #[must_use]
    pub fn cut<'a>(&self, text: &'a str) -> &'a str {
        let room = self.text_tokens.saturating_mul(2);
        let mut halves = 0_usize;
        let end = text.char_indices().enumerate().find(|(place, (_, c))| {
            halves = halves.saturating_add(half_tokens(*c));
            *place >= self.text_chars || halves > room
        });
        end.and_then(|(_, (byte, _))| text.get(..byte)).unwrap_or(text)
    }

    /// Texts in order, as many together as fit.
    #[must_use]
    pub fn split<'a, 'b>(&self, mut texts: &'a [&'b str]) -> Vec<&'a [&'b str]> {
        let room = self.request_tokens.saturating_mul(2);
        let mut batches = Vec::new();
        while !texts.is_empty() {
            let mut halves = 0_usize;
            let fitting = texts.iter().take(self.texts.max(1)).take_while(|text| {
                halves = text.chars().map(half_tokens).fold(halves, usize::saturating_add);
                halves <= room
            });
            // One that is alone too long is sent nevertheless: the estimate is
            // from above.
            let (batch, rest) = texts.split_at(fitting.count().max(1));
            batches.push(batch);
            texts = rest;
        }
        batches
    }
}

fn half_tokens(c: char) -> usize {
    match c {
        'a'..='z' | '0'..='9' | ' ' => 1,
        c => 2 * c.len_utf8(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_is_cut_where_its_tokens_or_characters_end() {
        let tokens = TextLimits { text_tokens: 3, ..TextLimits::texts(1) };
        assert_eq!(tokens.cut("abcdefgh"), "abcdef");
        assert_eq!(tokens.cut("abcdef"), "abcdef");
        assert_eq!(tokens.cut("茶茶"), "茶");
        assert_eq!(tokens.cut("aB🍵"), "aB");
        let chars = TextLimits { text_chars: 2, ..TextLimits::texts(1) };
        assert_eq!(chars.cut("茶茶茶"), "茶茶");
        assert_eq!(TextLimits::texts(1).cut("any"), "any");
    }

    #[test]
    fn batches_end_where_texts_or_tokens_do() {
        let limits = TextLimits { request_tokens: 4, ..TextLimits::texts(3) };
        let texts = ["aa", "bb", "cc", "dd", "ABCDEFGH", "e"];
        let batches = limits.split(&texts);
        assert_eq!(batches, [&["aa", "bb", "cc"][..], &["dd"], &["ABCDEFGH"], &["e"]]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_is_too_much(
            texts in prop::collection::vec("\\PC{0,12}", 0..40),
            most in 1_usize..9,
            tokens in 1_usize..40,
        ) {
            let limits = TextLimits { request_tokens: tokens, text_tokens: tokens, ..TextLimits::texts(most) };
            let texts: Vec<&str> = texts.iter().map(|text| limits.cut(text)).collect();
            let batches = limits.split(&texts);
            for batch in &batches {
                prop_assert!((1..=most).contains(&batch.len()));
                prop_assert!(batch.iter().flat_map(|text| text.chars()).map(half_tokens).sum::<usize>() <= 2 * tokens);
            }
            prop_assert_eq!(batches.concat(), texts);
        }
    }
}
