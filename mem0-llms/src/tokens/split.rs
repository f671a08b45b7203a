//! A text in pieces; no token reaches from one into the next.

use std::sync::OnceLock;

use regex::Regex;

/// The pieces of `o200k_base`: words with what stands before them, numbers by
/// three digits, marks, line ends, white space.
///
/// The last alternative is not quite the original's, which leaves the last
/// white space before a word to that word by looking ahead: [`pieces`] does
/// that.
const PIECES: [&str; 6] = [
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
    r"\p{N}{1,3}",
    r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
    r"\s*[\r\n]+",
    r"\s+",
];

fn pattern() -> Option<&'static Regex> {
    static READ: OnceLock<Option<Regex>> = OnceLock::new();
    READ.get_or_init(|| Regex::new(&PIECES.join("|")).ok()).as_ref()
}

/// The pieces of a text, in order and without gaps.
pub(super) fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let found = pattern().and_then(|pattern| pattern.find(rest)).map_or(rest.len(), |found| found.end());
        let (piece, after) = rest.split_at_checked(found)?;
        if piece.is_empty() {
            return None;
        }
        let blank = piece.chars().all(char::is_whitespace) && !piece.ends_with(['\r', '\n']);
        let last = piece.char_indices().next_back().map_or(0, |(start, _)| start);
        // White space before a word: its last character goes with the word.
        let end = if blank && !after.is_empty() && last > 0 { last } else { found };
        let (piece, after) = rest.split_at_checked(end)?;
        rest = after;
        Some(piece)
    })
}
