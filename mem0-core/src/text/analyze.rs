//! A text becomes terms: words, lower case, stemmed.

use std::collections::BTreeMap;

use rust_stemmers::{Algorithm, Stemmer};
use unicode_segmentation::UnicodeSegmentation;

/// A term, as the first eight bytes of its digest: an integer key that every
/// ledger can index. Two terms share one with a probability of 2^-64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TermId(pub i64);

/// English words so common that they rank nothing. A text of nothing but these
/// is still found: they are left out of queries only, and only if another term
/// remains.
const STOP_WORDS: &[&str] = &[
    "a", "about", "after", "all", "also", "am", "an", "and", "any", "are", "as", "at", "be", "been", "before", "but",
    "by", "can", "could", "did", "do", "does", "for", "from", "get", "had", "has", "have", "he", "her", "him", "his",
    "how", "i", "if", "in", "is", "it", "its", "just", "me", "my", "of", "on", "or", "our", "she", "should", "so",
    "some", "that", "the", "their", "them", "then", "there", "they", "this", "to", "up", "was", "we", "were", "what",
    "when", "where", "which", "who", "whom", "why", "will", "with", "would", "you", "your",
];

/// The terms of a text with their counts, in the order of the terms.
///
/// Words are found by Unicode's rules (UAX #29), lower-cased, freed of
/// possessive endings, and stemmed as English where they are written in ASCII
/// letters. Runs of Chinese, Japanese and Korean characters, which have no
/// spaces, become overlapping pairs.
///
/// ```
/// use mem0_core::text::terms;
///
/// assert_eq!(terms("She paints. Painting!"), terms("painted, PAINT she"));
/// assert!(terms("…!?").is_empty());
/// ```
#[must_use]
pub fn terms(text: &str) -> Vec<(TermId, u32)> {
    let mut counts = BTreeMap::new();
    each_term(text, |term| *counts.entry(term_id(term)).or_insert(0_u32) += 1);
    counts.into_iter().collect()
}

/// The distinct terms of a question, without the commonest English words
/// unless nothing else is left.
#[must_use]
pub fn query_terms(text: &str) -> Vec<TermId> {
    let mut content = Vec::new();
    let mut all = Vec::new();
    for word in text.unicode_words() {
        if word.chars().all(is_unspaced) {
            continue;
        }
        let lower = word.to_lowercase();
        let into = if is_stop_word(&lower) { &mut all } else { &mut content };
        each_term(word, |term| into.push(term_id(term)));
    }
    // Scripts without spaces need their neighbours to form pairs.
    each_term(text, |term| {
        if term.chars().any(is_unspaced) {
            content.push(term_id(term));
        }
    });
    let mut terms = if content.is_empty() { all } else { content };
    terms.sort_unstable();
    terms.dedup();
    terms
}

fn each_term(text: &str, mut emit: impl FnMut(&str)) {
    let stemmer = Stemmer::create(Algorithm::English);
    let mut previous: Option<(usize, char)> = None;
    for (start, word) in text.unicode_word_indices() {
        let mut chars = word.chars();
        if let (Some(c), None) = (chars.next(), chars.next())
            && is_unspaced(c)
        {
            // Adjacent characters pair up; one that stands alone is a term.
            let pair = previous.filter(|(end, _)| *end == start).map(|(_, p)| String::from_iter([p, c]));
            emit(pair.as_deref().unwrap_or(word));
            previous = Some((start + word.len(), c));
            continue;
        }
        previous = None;
        let lower = word.to_lowercase();
        let lower = bare(&lower);
        if lower.is_ascii() { emit(&stemmer.stem(lower)) } else { emit(lower) }
    }
}

/// Whether a word in lower case is one of the commonest English ones.
pub(super) fn is_stop_word(word: &str) -> bool {
    STOP_WORDS.binary_search(&word).is_ok()
}

/// A word without a possessive ending.
pub(crate) fn bare(word: &str) -> &str {
    word.strip_suffix("'s").or_else(|| word.strip_suffix("’s")).unwrap_or(word)
}

/// Scripts that are written without spaces between words.
const fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}')
}

fn term_id(term: &str) -> TermId {
    let digest = blake3::hash(term.as_bytes());
    let mut bytes = [0; 8];
    bytes.copy_from_slice(digest.as_bytes().first_chunk::<8>().unwrap_or(&[0; 8]));
    TermId(i64::from_le_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_stop_words_are_sorted() {
        assert!(STOP_WORDS.is_sorted());
    }

    #[test]
    fn questions_lose_common_words_only_if_others_remain() {
        assert_eq!(query_terms("What is the painting?"), query_terms("paint"));
        assert!(!query_terms("who are you").is_empty());
    }

    #[test]
    fn chinese_is_found_by_part_of_a_sentence() {
        let text: Vec<_> = terms("我喜欢喝绿茶").into_iter().map(|(term, _)| term).collect();
        assert!(query_terms("绿茶").iter().any(|term| text.contains(term)));
        assert!(!query_terms("红酒").iter().any(|term| text.contains(term)));
    }

    proptest! {
        #[test]
        fn any_text_has_terms_in_order(text in "\\PC{0,80}") {
            let terms = terms(&text);
            prop_assert!(terms.is_sorted());
            for term in query_terms(&text) {
                prop_assert!(terms.iter().any(|(t, _)| *t == term) || text.chars().any(is_unspaced));
            }
        }
    }
}
