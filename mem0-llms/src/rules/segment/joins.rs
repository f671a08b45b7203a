//! Where Unicode's rules end a sentence too early.

use crate::rules::words::{is_in, words};

/// Abbreviations that a name or a number follows: they never end a sentence.
#[rustfmt::skip]
const BEFORE_A_NAME: &[&str] = &[
    "dr", "mr", "mrs", "ms", "prof", "st", "rev", "hon", "gen", "col", "sgt", "lt", "capt", "mt", "fig", "vs",
    "approx", "e.g", "i.e", "cf", "z.b", "d.h", "u.a", "bzw", "ca", "nr", "hr", "fr", "p.ex", "mme", "mlle",
    "sra", "dra", "srta", "ud", "uds", "sig", "dott",
];

/// Abbreviations that may also end a sentence; the next word tells.
#[rustfmt::skip]
const MAYBE_AT_THE_END: &[&str] = &[
    "etc", "inc", "ltd", "co", "corp", "jr", "sr", "u.s", "u.s.a", "u.k", "u.n", "d.c", "a.m", "p.m", "ph.d",
    "b.a", "m.a", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec", "usw",
    "no",
];

/// Words that begin a new sentence behind such an abbreviation.
#[rustfmt::skip]
const BEGINNERS: &[&str] = &[
    "i", "i'm", "i've", "i'll", "i'd", "we", "we're", "we've", "you", "he", "she", "it", "it's", "they", "the",
    "this", "that", "that's", "there", "these", "those", "my", "our", "his", "her", "their", "but", "and", "so",
    "then", "what", "when", "where", "who", "why", "how", "do", "did", "is", "are", "was", "were", "ich", "wir",
    "er", "sie", "es", "der", "die", "das", "je", "nous", "il", "elle", "c'est", "el", "la", "yo", "yes",
    "yeah", "no", "thanks", "also",
];

/// Months as they follow a German ordinal: "am 3. Mai".
#[rustfmt::skip]
const GERMAN_MONTHS: &[&str] = &[
    "januar", "jänner", "februar", "märz", "april", "mai", "juni", "juli", "august", "september", "oktober",
    "november", "dezember",
];

/// Whether the cut between two neighbouring pieces is to be undone.
pub(super) fn belong_together(before: &str, after: &str) -> bool {
    if let Some(line) = before.strip_suffix(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']) {
        return is_wrapped(line, after);
    }
    let end = before.trim_end();
    let touching = end.len() == before.len();
    if touching && (is_inside_address(end, after) || after.starts_with(['\'', '’'])) {
        return true;
    }
    let Some(next) = after.chars().next() else { return false };
    // "Really?" she said. (And no space) goes on!
    if end.ends_with(['"', '”', '»', '’', '\'', ')', ']']) && next.is_lowercase() {
        return true;
    }
    end.strip_suffix('.').is_some_and(|stem| is_abbreviation(stem, after))
}

/// A line break inside a sentence: the line does not end in a full stop and
/// the next goes on in lower case.
fn is_wrapped(line: &str, after: &str) -> bool {
    let line = line.strip_suffix('\r').unwrap_or(line);
    let goes_on = line.chars().next_back().is_some_and(|c| c.is_alphanumeric() || matches!(c, ',' | ';' | '-'));
    goes_on && after.chars().next().is_some_and(char::is_lowercase)
}

/// Whether the cut is inside a URL, a path or an e-mail address.
fn is_inside_address(before: &str, after: &str) -> bool {
    let token = before.rsplit(char::is_whitespace).next().unwrap_or_default();
    let address = token.contains("://") || token.starts_with("www.") || token.contains('@') || token.contains('/');
    address && after.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '?' | '&' | '=' | '#' | '/' | '_'))
}

/// Whether the dot behind `stem` is an abbreviation's.
fn is_abbreviation(stem: &str, after: &str) -> bool {
    let token = stem.rsplit(|c: char| c.is_whitespace() || matches!(c, '(' | '"' | '“')).next().unwrap_or_default();
    let lower = token.to_lowercase();
    let next = words(after).into_iter().next().map(|word| word.lower).unwrap_or_default();
    if is_in(&lower, BEFORE_A_NAME) {
        return true;
    }
    if is_in(&lower, MAYBE_AT_THE_END) {
        return !next.is_empty() && !is_in(&next, BEGINNERS);
    }
    let mut chars = token.chars();
    match (chars.next(), chars.next()) {
        // An initial: "J. R. Smith". "I." is a word.
        (Some(letter), None) if letter.is_uppercase() => letter != 'I' && !is_in(&next, BEGINNERS),
        // An ordinal, or the number of an item that stands on its own.
        (Some(first), _) if first.is_ascii_digit() && token.len() <= 2 => {
            token.chars().all(|c| c.is_ascii_digit()) && (is_in(&next, GERMAN_MONTHS) || stem.trim() == token)
        }
        _ => false,
    }
}

/// How many bytes of emoji, with the space behind them, a piece starts with.
pub(super) fn leading_emoji(piece: &str) -> usize {
    let rest = piece.trim_start_matches(is_emoji);
    if rest.len() == piece.len() {
        return 0;
    }
    piece.len() - rest.trim_start_matches([' ', '\t']).len()
}

fn is_emoji(c: char) -> bool {
    matches!(c, '\u{1f000}'..='\u{1faff}' | '\u{2600}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}' | '\u{2190}'..='\u{21ff}'
        | '\u{fe0f}' | '\u{200d}' | '\u{20e3}' | '\u{e0020}'..='\u{e007f}')
}
