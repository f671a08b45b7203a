//! A text becomes terms: words, lower case, stemmed.

use std::collections::BTreeMap;

use qdrant_rust_stemmers::{Algorithm, Stemmer};
use unicode_segmentation::UnicodeSegmentation;

use super::stems::{Votes, each_stem};

/// A term, as the first eight bytes of its digest: an integer key that every
/// ledger can index. Two terms share one with a probability of 2^-64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TermId(pub i64);

/// English words so common that they rank nothing. A text of nothing but these
/// is still found: they are left out of queries only, and only if another term
/// remains.
pub(super) const STOP_WORDS: &[&str] = &[
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
/// letters: that is the plain term of a word. A text in another language that
/// is known (the table is in `stems`: thirteen in Latin letters, and Arabic,
/// Armenian, Greek, Tamil and Cyrillic by their script) has beside them the
/// stems of its words in that language. Runs of Chinese, Japanese and Korean
/// characters, which have no spaces, become overlapping pairs.
///
/// Whoever changes what a text's terms are gives the ledgers a new schema
/// version that brings their index up to date.
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
    let mut count = |term| *counts.entry(term).or_insert(0_u32) += 1;
    let mut votes = Votes::default();
    let mut ascii = true;
    each_piece(text, |piece| match piece {
        Piece::Signs(signs) => count(term_id(signs)),
        Piece::Word(word) => {
            votes.count(word);
            ascii &= word.is_ascii();
            count(plain(bare(word)));
        }
    });
    let languages = votes.of_text();
    if !languages.is_empty() || !ascii {
        each_piece(text, |piece| {
            if let Piece::Word(word) = piece {
                each_stem(bare(word), languages, &mut count);
            }
        });
    }
    counts.into_iter().collect()
}

/// A part of a text that is a term, or has some.
pub(super) enum Piece<'a> {
    /// One or two characters of a script without spaces.
    Signs(&'a str),
    /// A word in lower case.
    Word(&'a str),
}

pub(super) fn each_piece(text: &str, mut emit: impl FnMut(Piece<'_>)) {
    let mut previous: Option<(usize, char)> = None;
    for (start, word) in text.unicode_word_indices() {
        let mut chars = word.chars();
        if let (Some(c), None) = (chars.next(), chars.next())
            && is_unspaced(c)
        {
            // Adjacent characters pair up; one that stands alone is a term.
            let pair = previous.filter(|(end, _)| *end == start).map(|(_, p)| String::from_iter([p, c]));
            emit(Piece::Signs(pair.as_deref().unwrap_or(word)));
            previous = Some((start + word.len(), c));
            continue;
        }
        previous = None;
        emit(Piece::Word(&word.to_lowercase()));
    }
}

/// The plain term of a word in lower case.
pub(super) fn plain(word: &str) -> TermId {
    if word.is_ascii() { term_id(&Stemmer::create(Algorithm::English).stem(word)) } else { term_id(word) }
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

pub(super) fn term_id(term: &str) -> TermId {
    first_bytes(&blake3::hash(term.as_bytes()))
}

pub(super) fn first_bytes(digest: &blake3::Hash) -> TermId {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(digest.as_bytes().first_chunk::<8>().unwrap_or(&[0; 8]));
    TermId(i64::from_le_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{query_terms, topic_terms};
    use proptest::prelude::*;

    #[test]
    fn the_stop_words_are_sorted() {
        assert!(STOP_WORDS.is_sorted());
    }

    #[test]
    fn questions_lose_common_words_only_if_others_remain() {
        assert_eq!(topic_terms("What is the painting?"), topic_terms("paint"));
        assert!(!query_terms("who are you").is_empty());
    }

    #[test]
    fn chinese_is_found_by_part_of_a_sentence() {
        let text: Vec<_> = terms("我喜欢喝绿茶").into_iter().map(|(term, _)| term).collect();
        assert!(query_terms("绿茶").iter().any(|word| text.contains(&word.term)));
        assert!(!query_terms("红酒").iter().any(|word| text.contains(&word.term)));
    }

    proptest! {
        #[test]
        fn any_text_has_terms_in_order(text in "\\PC{0,80}") {
            let terms = terms(&text);
            prop_assert!(terms.is_sorted());
            for term in query_terms(&text) {
                prop_assert!(terms.iter().any(|(t, _)| *t == term.term) || text.chars().any(is_unspaced));
            }
        }
    }
}
