//! Stems of other languages than English, beside the plain terms of a text.
//!
//! | | languages |
//! |---|---|
//! | by their function words, or else by their letters | Danish, Dutch, Finnish, French, German, Hungarian, Italian, Norwegian, Portuguese, Romanian, Spanish, Swedish, Turkish |
//! | by their script | Arabic, Armenian, Greek, Tamil; Cyrillic as Russian |
//!
//! A text has the stems of its own language: the one that most of its function
//! words belong to. Where English has as many, it is English. A question may be
//! too short to tell, so it has those of every language that is plausible; see
//! [`QueryTerm`](super::QueryTerm). A stem is a term of its language: what is
//! spelt alike in two languages is two terms.
//!
//! The time of a text is read by [`language`](super::language), which votes
//! with other lists: it must be sure, where this one may have several.

mod function_words;

use std::borrow::Cow;
use std::sync::LazyLock;

use qdrant_rust_stemmers::{Algorithm, Stemmer};
use rustc_hash::FxHashMap;
use unicode_normalization::{UnicodeNormalization as _, is_nfc};

use super::analyze::{STOP_WORDS, TermId, first_bytes};

/// A language that has stems.
struct Known {
    code: &'static str,
    algorithm: Algorithm,
    function_words: &'static str,
    /// Letters that English lacks.
    letters: &'static str,
}

const fn known(code: &'static str, algorithm: Algorithm, function_words: &'static str, letters: &'static str) -> Known {
    Known { code, algorithm, function_words, letters }
}

use function_words as lists;

/// The languages that are written in Latin letters come first, English before
/// them; its plain terms are its stems.
#[rustfmt::skip]
const KNOWN: [Known; 19] = [
    known("en", Algorithm::English, lists::ENGLISH, ""),
    known("da", Algorithm::Danish, lists::DANISH, "æøå"),
    known("nl", Algorithm::Dutch, lists::DUTCH, "ëï"),
    known("fi", Algorithm::Finnish, lists::FINNISH, "äö"),
    known("fr", Algorithm::French, lists::FRENCH, "àâçèéêëîïôùûœ"),
    known("de", Algorithm::German, lists::GERMAN, "äöüß"),
    known("hu", Algorithm::Hungarian, lists::HUNGARIAN, "áéíóöőúüű"),
    known("it", Algorithm::Italian, lists::ITALIAN, "àèéìòù"),
    known("no", Algorithm::Norwegian, lists::NORWEGIAN, "æøå"),
    known("pt", Algorithm::Portuguese, lists::PORTUGUESE, "ãõáâàçéêíóôú"),
    known("ro", Algorithm::Romanian, lists::ROMANIAN, "ăâîșțşţ"),
    known("es", Algorithm::Spanish, lists::SPANISH, "áéíñóú"),
    known("sv", Algorithm::Swedish, lists::SWEDISH, "äöå"),
    known("tr", Algorithm::Turkish, lists::TURKISH, "çğışöü"),
    known("ru", Algorithm::Russian, lists::RUSSIAN, ""),
    known("el", Algorithm::Greek, lists::GREEK, ""),
    known("ar", Algorithm::Arabic, lists::ARABIC, ""),
    known("hy", Algorithm::Armenian, "", ""),
    known("ta", Algorithm::Tamil, "", ""),
];

const ENGLISH: Languages = Languages(1);
/// Those in Latin letters, without English.
const LATIN: Languages = Languages(0b11_1111_1111_1110);
const RUSSIAN: Languages = Languages(1 << 14);
const GREEK: Languages = Languages(1 << 15);
const ARABIC: Languages = Languages(1 << 16);
const ARMENIAN: Languages = Languages(1 << 17);
const TAMIL: Languages = Languages(1 << 18);

/// No word that means something is longer, in bytes.
const LONGEST: usize = 80;
/// A function word tells as much as so many letters.
const WORD: u32 = 8;
/// So many function words tell a question's language for sure.
const SURE: u32 = 2;

/// Some of the known languages, each a bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Languages(u32);

impl Languages {
    const NONE: Self = Self(0);

    pub(super) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    fn each(self) -> impl Iterator<Item = usize> {
        (0..KNOWN.len()).filter(move |n| self.0 >> n & 1 == 1)
    }
}

/// The languages of each function word.
static FUNCTION_WORDS: LazyLock<FxHashMap<&str, Languages>> = LazyLock::new(|| {
    let mut words: FxHashMap<_, Languages> = FxHashMap::default();
    let english = STOP_WORDS.iter().map(|word| (0, *word));
    let listed = KNOWN
        .iter()
        .enumerate()
        .flat_map(|(n, known)| known.function_words.split_whitespace().map(move |word| (n, word)));
    for (n, word) in english.chain(listed) {
        words.entry(word).or_default().0 |= 1 << n;
    }
    words
});

/// The languages that a letter tells of.
fn of_letter(letter: char) -> Languages {
    let bits = KNOWN.iter().zip(0..).filter(|(known, _)| known.letters.contains(letter)).map(|(_, n)| 1 << n);
    Languages(bits.sum())
}

/// The languages of which a word in lower case is a function word.
fn of_function_word(word: &str) -> Languages {
    let found = FUNCTION_WORDS.get(word).copied().unwrap_or_default();
    match elided(word) {
        // Its first part is a word as well.
        Some((before, _)) => Languages(found.0 | of_elided(before).0),
        None => found,
    }
}

/// The parts before and after an apostrophe.
fn elided(word: &str) -> Option<(&str, &str)> {
    word.split_once(['\'', '’']).filter(|(_, rest)| !rest.is_empty())
}

/// The languages in which a word loses its end before a vowel.
fn of_elided(before: &str) -> Languages {
    let french = matches!(
        before,
        "c" | "d" | "j" | "jusqu" | "l" | "lorsqu" | "m" | "n" | "puisqu" | "qu" | "quelqu" | "s" | "t"
    );
    let italian = matches!(
        before,
        "all" | "c" | "d" | "dall" | "dell" | "l" | "m" | "nell" | "quell" | "quest" | "s" | "sull" | "t" | "un"
    );
    Languages(if french { 1 << 4 } else { 0 } | if italian { 1 << 7 } else { 0 })
}

/// What the words of a text tell of its language.
#[derive(Debug, Default)]
pub(super) struct Votes {
    words: [u32; KNOWN.len()],
    letters: [u32; KNOWN.len()],
}

impl Votes {
    /// Counts a word in lower case.
    pub(super) fn count(&mut self, word: &str) {
        let of = of_function_word(word);
        if !of.is_empty() {
            add(&mut self.words, of);
        }
        if !word.is_ascii() {
            word.chars().filter(|c| !c.is_ascii()).for_each(|c| add(&mut self.letters, of_letter(c)));
        }
    }

    /// The languages whose stems a text has.
    pub(super) fn of_text(&self) -> Languages {
        let score = |n: usize| {
            let of = |counts: &[u32]| counts.get(n).copied().unwrap_or(0);
            of(&self.words).saturating_mul(WORD).saturating_add(of(&self.letters).min(WORD - 1))
        };
        let most = LATIN.each().map(score).max().unwrap_or(0);
        if most <= score(0) {
            return Languages::NONE;
        }
        Languages(LATIN.each().filter(|n| score(*n) == most).map(|n| 1 << n).sum())
    }

    /// The languages that a question may be in, and whether that is sure: every
    /// one where nothing tells, none if it is English.
    pub(super) fn of_question(&self) -> (Languages, bool) {
        let score = |n: usize| self.words.get(n).copied().unwrap_or(0);
        let (english, most) = (score(0), LATIN.each().map(score).max().unwrap_or(0));
        if english == 0 && most == 0 {
            return (LATIN, false);
        }
        if english > most {
            return (Languages::NONE, true);
        }
        (Languages(LATIN.each().filter(|n| score(*n) * 2 >= most).map(|n| 1 << n).sum()), most >= SURE)
    }
}

fn add(counts: &mut [u32], of: Languages) {
    for n in of.each() {
        counts.iter_mut().skip(n).take(1).for_each(|count| *count = count.saturating_add(1));
    }
}

/// Whether a word in lower case is a function word of one of these languages,
/// or of the one that its script tells.
pub(super) fn is_function_word(word: &str, of: Languages) -> bool {
    !of_function_word(word).without(ENGLISH).without(LATIN.without(of)).is_empty()
}

/// The terms that a word in lower case has beside its plain one: its stem in
/// the language of its script, or in each of `latin`. A function word has none.
pub(super) fn each_stem(word: &str, latin: Languages, mut emit: impl FnMut(TermId)) {
    if latin.is_empty() && word.is_ascii() {
        return;
    }
    let of = match script(word) {
        Some(LATIN) => latin,
        Some(one) => one,
        None => return,
    };
    let of = of.without(FUNCTION_WORDS.get(word).copied().unwrap_or_default());
    if of.is_empty() || word.len() > LONGEST || word.contains(|c: char| c.is_numeric() || matches!(c, '.' | ':' | '_'))
    {
        return;
    }
    let word = composed(word);
    for known in of.each().filter_map(|n| KNOWN.get(n)) {
        let own = match (known.algorithm, elided(&word)) {
            (Algorithm::French | Algorithm::Italian, Some((before, rest))) if !of_elided(before).is_empty() => rest,
            // What follows the apostrophe is an ending.
            (Algorithm::Turkish, Some((before, _))) => before,
            _ => &word,
        };
        emit(term(known.code, &unaccented(&Stemmer::create(known.algorithm).stem(own))));
    }
}

/// The languages that the script of a word may mean.
fn script(word: &str) -> Option<Languages> {
    match word.chars().find(|c| !c.is_ascii()) {
        None | Some('\u{c0}'..='\u{24f}' | '\u{300}'..='\u{36f}' | '\u{1e00}'..='\u{1eff}' | '’') => Some(LATIN),
        Some('\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}') => Some(GREEK),
        Some('\u{400}'..='\u{52f}') => Some(RUSSIAN),
        Some('\u{531}'..='\u{587}') => Some(ARMENIAN),
        Some('\u{600}'..='\u{6ff}' | '\u{750}'..='\u{77f}') => Some(ARABIC),
        Some('\u{b80}'..='\u{bff}') => Some(TAMIL),
        Some(_) => None,
    }
}

/// With each accent and its letter as one, as the stemmers expect it.
fn composed(word: &str) -> Cow<'_, str> {
    // The dot of a Turkish capital I outlives lower case.
    if is_nfc(word) && !word.contains('\u{307}') {
        word.into()
    } else {
        word.nfc().filter(|c| *c != '\u{307}').collect()
    }
}

/// Without the accents of Latin, Greek and Cyrillic letters, which many leave
/// out.
fn unaccented(stem: &str) -> Cow<'_, str> {
    if stem.is_ascii() { stem.into() } else { stem.nfd().filter(|c| !matches!(c, '\u{300}'..='\u{36f}')).collect() }
}

/// A stem as a term of its language. No word has a zero in it.
fn term(code: &str, stem: &str) -> TermId {
    let mut digest = blake3::Hasher::new();
    digest.update(code.as_bytes()).update(&[0]).update(stem.as_bytes());
    first_bytes(&digest.finalize())
}

#[cfg(test)]
mod tests;
