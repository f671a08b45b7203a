//! Words with their place in the text.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

/// One word of a text (UAX #29), without the punctuation around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word<'a> {
    /// Where it stands, in bytes.
    pub range: Range<usize>,
    /// As it is written.
    pub text: &'a str,
    /// In lower case, with a straight apostrophe.
    pub lower: String,
}

impl Word<'_> {
    /// Whether it is written with a capital letter first.
    pub fn is_capitalised(&self) -> bool {
        self.text.chars().next().is_some_and(char::is_uppercase)
    }

    /// Whether its first character is one of the digits 0 to 9.
    pub fn starts_with_digit(&self) -> bool {
        self.text.starts_with(|c: char| c.is_ascii_digit())
    }

    /// Whether a digit occurs in it.
    pub fn has_digit(&self) -> bool {
        self.text.chars().any(char::is_numeric)
    }

    /// The word without a possessive ending: "yesterday" of "yesterday's".
    pub fn bare(&self) -> &str {
        self.lower.strip_suffix("'s").unwrap_or(&self.lower)
    }
}

/// The words of a text, in order.
pub fn words(text: &str) -> Vec<Word<'_>> {
    text.unicode_word_indices()
        .map(|(start, word)| Word { range: start..start + word.len(), text: word, lower: lower(word) })
        .collect()
}

/// Lower case with straight apostrophes, so that "That’s" is "that's".
pub fn lower(text: &str) -> String {
    let lower = text.to_lowercase();
    if lower.contains(['’', '‘', 'ʼ']) { lower.replace(['’', '‘', 'ʼ'], "'") } else { lower }
}

/// The part of a text, empty where the range is not one of its parts.
pub fn part(text: &str, range: Range<usize>) -> &str {
    text.get(range).unwrap_or_default()
}

/// Scripts that are written without spaces between words.
pub const fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}')
}

/// Whether a word is one of a lower-case list.
pub fn is_in(word: &str, list: &[&str]) -> bool {
    list.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_keep_their_place() {
        let text = "That’s Ana, naïve?";
        for word in words(text) {
            assert_eq!(part(text, word.range.clone()), word.text);
        }
        assert_eq!(words(text).iter().map(|w| w.lower.as_str()).collect::<Vec<_>>(), ["that's", "ana", "naïve"]);
        assert_eq!(words("yesterday’s game")[0].bare(), "yesterday");
    }

    #[test]
    fn a_range_outside_the_text_is_empty() {
        assert_eq!(part("é", 1..2), "");
        assert_eq!(part("a", 0..9), "");
    }
}
