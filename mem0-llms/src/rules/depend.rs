//! Which sentences mean nothing without the one before.
//!
//! "It was great." is joined to "I went to the museum.", because on its own
//! nobody finds it or understands it. A sentence needs its predecessor if
//! - it starts with a pronoun that points back (it, that, they, she …; behind
//!   "and", "but", "so" and the like too), in English, German, French or
//!   Spanish, and has at most [`MAX_WORDS`] words, or
//! - it is a scrap of at most three words without a subject in the first person
//!   ("So cool!"; not "I'm vegan."); in other letters than the English ones of
//!   one word, or of four characters in scripts without spaces, because there
//!   few words can be a whole statement.
//!
//! Facts stay small: a joined fact has at most three sentences and
//! [`MAX_JOINED`] bytes.

use super::words::{Word, is_in, is_unspaced, words};

/// A longer sentence stands on its own, whatever it starts with.
const MAX_WORDS: usize = 14;

/// The longest fact that joining makes, in bytes.
pub(super) const MAX_JOINED: usize = 400;

/// The most sentences in one fact.
pub(super) const MAX_SENTENCES: usize = 3;

#[rustfmt::skip]
const POINTERS: &[&str] = &[
    "it", "it's", "it'd", "it'll", "its", "that", "that's", "this", "these", "those", "they", "they're",
    "they've", "they'd", "their", "them", "he", "he's", "his", "him", "she", "she's", "her", "which", "both",
    "er", "sie", "es", "das", "ihn", "ihm", "dort", "il", "elle", "ils", "elles", "c'est", "c'était", "cela",
    "ça", "eso", "esto", "ella", "ellos", "él", "there", "there's", "same",
];

#[rustfmt::skip]
/// Subjects of statements that need nothing before them.
const SUBJECTS: &[&str] = &[
    "i", "i'm", "i've", "i'll", "i'd", "im", "my", "we", "we're", "we've", "our", "ich", "wir", "mein", "meine", "je",
    "j'ai", "nous", "mon", "ma", "yo", "mi", "soy", "tengo", "vivo",
];

const CONNECTORS: &[&str] = &[
    "and", "but", "so", "because", "also", "plus", "then", "or", "well", "yeah", "yes", "honestly", "actually",
    "though", "und", "aber", "weil", "denn", "et", "mais", "car", "y", "pero", "porque", "oh", "wow", "luckily",
    "sadly", "since", "i", "think", "guess",
];

/// Behind these, "this" and "that" do not point back: "this week".
#[rustfmt::skip]
const OWN_NOUNS: &[&str] = &[
    "week", "weekend", "month", "year", "morning", "afternoon", "evening", "summer", "winter", "spring", "fall",
    "autumn", "time", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "is",
    "past", "coming",
];

/// Whether a sentence needs the one before it.
pub(super) fn needs_predecessor(sentence: &str) -> bool {
    let words = words(sentence);
    let unspaced = words.iter().filter(|word| word.text.chars().all(is_unspaced)).count() * 2 > words.len();
    let short = match (unspaced, sentence.chars().all(|c| c.is_ascii() || !c.is_alphabetic())) {
        (true, _) => 4,
        (false, true) => 3,
        (false, false) => 1,
    };
    let states = words.first().is_some_and(|word| is_in(&word.lower, SUBJECTS));
    (words.len() <= short && !states) || (words.len() <= MAX_WORDS && points_back(&words))
}

fn points_back(words: &[Word<'_>]) -> bool {
    let mut rest = words.iter().map(|word| word.lower.as_str()).skip_while(|word| is_in(word, CONNECTORS));
    let first = rest.next().unwrap_or_default();
    let second = rest.next().unwrap_or_default();
    let own = is_in(first, &["this", "that"]) && is_in(second, OWN_NOUNS) && (first, second) != ("that", "is");
    is_in(first, POINTERS) && !own
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_points_back_and_what_stands_alone() {
        for text in [
            "It was great!",
            "They loved it there.",
            "And she came along too.",
            "So cool!",
            "Three of them.",
            "That is why I left.",
            "I think it was worth the money.",
            "Es war sehr schön dort.",
            "C'était vraiment très bien.",
            "很好。",
        ] {
            assert!(needs_predecessor(text), "{text}");
        }
        for text in [
            "I'm vegan.",
            "I paint.",
            "Я врач.",
            "저는 의사예요.",
            "I moved to Berlin in 2019.",
            "This week I start a new job.",
            "This is my dog Rex.",
            "My wife is a doctor.",
            "But I moved to Berlin later.",
            "我住在北京，喜欢喝茶。",
            "It took us more than five hours to get from the airport to the small hotel downtown.",
        ] {
            assert!(!needs_predecessor(text), "{text}");
        }
    }
}
