//! Who and what a text names: people, places, titles, amounts, tags. Found by
//! how they are written, without a model.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use unicode_segmentation::UnicodeSegmentation;

use super::ordinary::{is_common, is_never, is_ordinary, is_role, is_title, is_within, unit};

/// How a name is mentioned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MentionKind {
    /// The one who said it.
    Speaker,
    /// A person, place, title or the like: a span of capitalised words.
    Name,
    /// Something in quotes.
    Quote,
    /// A number with its unit.
    Quantity,
    /// `#tag` or `@handle`.
    Tag,
}

/// A name that a text mentions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mention {
    /// The name as it is compared: see [`name_key`].
    pub key: String,
    /// The name as it is written there.
    pub name: String,
    /// How it is mentioned.
    pub kind: MentionKind,
}

/// Of one text no more names than this are kept: the first ones.
const MOST: usize = 32;
/// No name has more words.
const LONGEST: usize = 6;
/// No name has more bytes.
const LONGEST_BYTES: usize = 100;

impl Mention {
    pub(super) fn new(name: &str, kind: MentionKind) -> Option<Self> {
        let key = name_key(name);
        let fits = !key.is_empty()
            && !name.contains(char::is_control)
            && key.len() <= LONGEST_BYTES
            && name.len() <= LONGEST_BYTES;
        fits.then(|| Self { key, name: name.to_owned(), kind })
    }

    /// The words by which it is found: those of a longer name, which a shorter
    /// one may stand for, else the whole.
    pub(super) fn words(&self) -> Vec<&str> {
        let own = words_of(&self.key);
        let longer = matches!(self.kind, MentionKind::Speaker | MentionKind::Name) && self.key.contains(' ');
        if longer && !own.is_empty() { own } else { vec![&self.key] }
    }
}

/// The words of a key that can stand for it, without the small ones within.
pub(super) fn words_of(key: &str) -> Vec<&str> {
    key.split(' ').filter(|word| !is_within(word) && word.chars().count() > 1).collect()
}

/// A name as it is compared: its words in lower case with one space between
/// them, without possessive endings. A currency, `%`, `#` and `@` stay.
///
/// ```
/// use mem0_core::text::name_key;
///
/// assert_eq!(name_key("Caroline  Smith's"), "caroline smith");
/// assert_eq!(name_key("$20"), "$20");
/// ```
#[must_use]
pub fn name_key(name: &str) -> String {
    let mut key = String::with_capacity(name.len());
    for token in tokens(name) {
        // Scripts without spaces have a word for each character.
        if !key.is_empty() && token.before.is_some() {
            key.push(' ');
        }
        key.extend(token.before.filter(|c| is_currency(*c) || matches!(c, '#' | '@')));
        key.push_str(&token.lower);
        key.extend(token.after.filter(|c| *c == '%'));
    }
    key
}

/// The names that a text mentions, in the order of their first mention, each
/// once. `speaker` is who said it, by name.
///
/// A capitalised word is a name unless it is an ordinary one at the beginning
/// of a sentence; capitalised words in a row are one name, small words such as
/// "of" within. Days and months are none. Beside names there are quoted strings,
/// numbers with units, tags and handles. Of scripts without capitals only the
/// latter are found. The time is linear in the text.
///
/// ```
/// use mem0_core::text::mentions;
///
/// let found = mentions("Yesterday Caroline Smith ran 5 km in New York.", Some("Mel"));
/// let keys: Vec<_> = found.iter().map(|mention| mention.key.as_str()).collect();
/// assert_eq!(keys, ["mel", "caroline smith", "5 km", "new york"]);
/// ```
#[must_use]
pub fn mentions(text: &str, speaker: Option<&str>) -> Vec<Mention> {
    let mut found = Found::default();
    if let Some(speaker) = speaker.filter(|name| !is_role(&name.trim().to_lowercase())) {
        found.push(Mention::new(speaker.trim(), MentionKind::Speaker), 0);
    }
    quotes(text, &mut found);
    let tokens: Vec<Token<'_>> = tokens(text).collect();
    marked(&tokens, &mut found);
    quantities(text, &tokens, &mut found);
    // A text in capitals has none that say anything.
    let (upper, lower) = text.chars().fold((0_usize, 0_usize), |(upper, lower), c| {
        (upper + usize::from(c.is_uppercase()), lower + usize::from(c.is_lowercase()))
    });
    if upper <= 2 * lower.max(2) {
        names(text, &tokens, &mut found);
    }
    found.sorted()
}

/// What a question may ask for by name: what it [mentions](mentions), and every
/// word and pair of words that is not one of the commonest, since questions are
/// often written in small letters. Most of them name nothing; a ledger knows.
#[must_use]
pub fn asked_names(question: &str) -> Vec<String> {
    /// Nobody asks for more.
    const WORDS: usize = 64;
    let mut asked: Vec<String> = mentions(question, None).into_iter().map(|mention| mention.key).collect();
    let tokens: Vec<Token<'_>> = tokens(question).take(WORDS).collect();
    let uncommon = |token: &&Token<'_>| !is_common(&token.lower) && token.lower.chars().count() > 1;
    asked.extend(tokens.iter().filter(uncommon).map(|token| token.lower.clone()));
    for pair in tokens.windows(2) {
        if pair.iter().all(|token| uncommon(&token)) {
            asked.push(pair.iter().map(|token| token.lower.as_str()).collect::<Vec<_>>().join(" "));
        }
    }
    // Scripts without spaces have a word for each character.
    for length in 2..=4 {
        let adjacent = |run: &&[Token<'_>]| run.iter().skip(1).all(|token| token.before.is_none());
        let runs = tokens.windows(length).filter(adjacent);
        asked.extend(runs.map(|run| run.iter().map(|token| token.lower.as_str()).collect::<String>()));
    }
    let mut seen = HashSet::new();
    asked.retain(|name| seen.insert(name.clone()));
    asked
}

/// What was found so far, with where.
#[derive(Default)]
struct Found {
    mentions: Vec<(usize, Mention)>,
    keys: HashSet<String>,
}

impl Found {
    fn push(&mut self, mention: Option<Mention>, at: usize) {
        if let Some(mention) = mention
            && self.mentions.len() < MOST
            && self.keys.insert(mention.key.clone())
        {
            self.mentions.push((at, mention));
        }
    }

    fn sorted(mut self) -> Vec<Mention> {
        self.mentions.sort_by_key(|(at, mention)| (mention.kind != MentionKind::Speaker, *at));
        self.mentions.into_iter().map(|(_, mention)| mention).collect()
    }
}

/// A word where it stands.
struct Token<'t> {
    start: usize,
    /// Where it ends, without a possessive ending.
    end: usize,
    word: &'t str,
    /// In lower case, without a possessive ending.
    lower: String,
    /// Whether it had such an ending.
    possessive: bool,
    /// The characters right before and after.
    before: Option<char>,
    after: Option<char>,
}

impl Token<'_> {
    fn is_capitalised(&self) -> bool {
        self.word.chars().next().is_some_and(char::is_uppercase)
    }

    fn is_initial(&self) -> bool {
        self.is_capitalised() && self.word.chars().count() == 1
    }
}

fn tokens(text: &str) -> impl Iterator<Item = Token<'_>> {
    let mut end_before = 0;
    // A mark on a character that is none of a word makes that a word.
    let words = text.unicode_word_indices().filter(|(_, word)| word.starts_with(char::is_alphanumeric));
    words.map(move |(start, whole)| {
        let mut word = whole;
        while let Some(rest) = word.strip_suffix(['s', 'S']).and_then(|rest| rest.strip_suffix(['\'', '’'])) {
            word = rest;
        }
        let before = text.get(end_before..start).and_then(|gap| gap.chars().next_back());
        let after = text.get(start + whole.len()..).and_then(|rest| rest.chars().next());
        end_before = start + whole.len();
        Token {
            start,
            end: start + word.len(),
            word,
            lower: word.to_lowercase(),
            possessive: word.len() < whole.len(),
            before,
            after,
        }
    })
}

const fn is_currency(c: char) -> bool {
    matches!(c, '$' | '€' | '£' | '¥' | '₹' | '₩')
}

/// The quote that closes this one.
const fn closing(open: char) -> Option<char> {
    Some(match open {
        '"' => '"',
        '“' => '”',
        '„' => '“',
        '«' => '»',
        '「' => '」',
        '『' => '』',
        '《' => '》',
        _ => return None,
    })
}

/// Short strings in quotes. What is longer is speech.
fn quotes(text: &str, found: &mut Found) {
    let mut open: Option<(usize, char)> = None;
    for (at, c) in text.char_indices() {
        match open {
            Some((start, close)) if c == close => {
                open = None;
                let inside = text.get(start..at).unwrap_or_default();
                if is_title_like(inside) {
                    found.push(Mention::new(inside, MentionKind::Quote), start);
                }
            }
            Some(_) if c == '\n' => open = None,
            Some(_) => {}
            None => open = closing(c).map(|close| (at + c.len_utf8(), close)),
        }
    }
}

fn is_title_like(inside: &str) -> bool {
    let own = inside.len() <= LONGEST_BYTES && inside.trim() == inside && !inside.chars().any(char::is_control);
    if !own || inside.ends_with([',', '.', '!', '?']) {
        return false;
    }
    let (mut words, mut ordinary) = (0, 0);
    for word in inside.unicode_words().take(4 * LONGEST) {
        words += 1;
        ordinary += usize::from(is_ordinary(&word.to_lowercase()));
    }
    // Scripts without spaces have a word for each character.
    let short = words <= LONGEST || !inside.contains(' ') && words <= 3 * LONGEST;
    short && ordinary < words
}

/// `#tags` and `@handles`; not what stands after a letter, as in an address.
fn marked(tokens: &[Token<'_>], found: &mut Found) {
    let mut end_before = None;
    for token in tokens {
        let alone = token.start.checked_sub(1) != end_before;
        if matches!(token.before, Some('#' | '@')) && alone && token.word.chars().any(char::is_alphabetic) {
            let mark = token.before.map(String::from).unwrap_or_default();
            found.push(Mention::new(&(mark + token.word), MentionKind::Tag), token.start);
        }
        end_before = Some(token.end);
    }
}

/// Numbers with a currency, `%`, or a unit.
fn quantities(text: &str, tokens: &[Token<'_>], found: &mut Found) {
    for (index, token) in tokens.iter().enumerate() {
        if !token.word.starts_with(|c: char| c.is_ascii_digit()) {
            continue;
        }
        let digits = token.word.trim_end_matches(char::is_alphabetic);
        let attached = token.lower.get(digits.len()..).unwrap_or_default();
        let next =
            tokens.get(index + 1).filter(|next| matches!(text.get(token.end..next.start), Some(" " | "-" | "\u{a0}")));
        let of = next.and_then(|next| unit(&next.lower));
        let quantity = if token.before.is_some_and(is_currency) {
            let mark = token.before.map(String::from).unwrap_or_default();
            match of.filter(|of| matches!(*of, "million" | "billion")) {
                Some(of) => format!("{mark}{digits}{attached} {of}"),
                None => format!("{mark}{digits}{attached}"),
            }
        } else if token.after == Some('%') {
            format!("{digits}%")
        } else if let Some(of) = unit(attached) {
            format!("{digits} {of}")
        } else if let Some(of) = of.filter(|_| attached.is_empty()) {
            format!("{digits} {of}")
        } else {
            continue;
        };
        found.push(Mention::new(&quantity, MentionKind::Quantity), token.start);
    }
}

/// Whether a sentence ends in what stands between two words.
fn ends_sentence(gap: &str, before: &Token<'_>) -> bool {
    let abbreviated = gap.trim() == "." && (is_title(&before.lower) || before.is_initial());
    !abbreviated && gap.contains(['.', '!', '?', '…', ':', '\n', '\r', '。', '！', '？', '"', '“', '«', '「', '•', '*'])
}

/// Spans of capitalised words.
fn names(text: &str, tokens: &[Token<'_>], found: &mut Found) {
    let gap = |from: &Token<'_>, to: &Token<'_>| text.get(from.end..to.start).unwrap_or_default();
    let joins = |from: &Token<'_>, to: &Token<'_>| {
        let between = gap(from, to);
        !from.possessive && (matches!(between, " " | "-" | " & ") || between == ". " && !ends_sentence(between, from))
    };
    let mut index = 0;
    let mut fresh = true;
    while let Some(first) = tokens.get(index) {
        let before = index.checked_sub(1).and_then(|before| tokens.get(before));
        // An ordinary word at the beginning leaves the next one there: "So Many".
        fresh = before.is_none_or(|before| ends_sentence(gap(before, first), before))
            || fresh && before.is_some_and(|before| before.is_capitalised() && is_ordinary(&before.lower));
        let none = match fresh {
            true => is_ordinary(&first.lower),
            false => is_never(&first.lower),
        };
        let tagged = matches!(first.before, Some('#' | '@'));
        if !first.is_capitalised() || none || is_title(&first.lower) || tagged {
            index += 1;
            continue;
        }
        let mut last = index;
        while let Some(end) = tokens.get(last).filter(|_| last - index + 1 < LONGEST) {
            let joined = |at: usize| {
                let next = tokens.get(at).filter(|next| next.is_capitalised() && !is_never(&next.lower))?;
                tokens.get(at - 1).filter(|before| joins(before, next)).map(|_| at)
            };
            let small = |at: usize| {
                let next = tokens.get(at).filter(|next| is_within(&next.lower))?;
                tokens.get(at - 1).filter(|before| joins(before, next)).map(|_| at)
            };
            let over = || small(last + 1).and_then(|at| joined(at + 1).or_else(|| joined(small(at + 1)? + 1)));
            match joined(last + 1).or_else(over) {
                Some(next) if !end.possessive => last = next,
                _ => break,
            }
        }
        if let Some(end) = tokens.get(last)
            && (last > index || end.word.chars().count() > 1)
        {
            found.push(
                text.get(first.start..end.end).and_then(|name| Mention::new(name, MentionKind::Name)),
                first.start,
            );
        }
        index = last + 1;
        fresh = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn keys(text: &str) -> Vec<String> {
        mentions(text, None).into_iter().map(|mention| mention.key).collect()
    }

    #[test]
    fn names_are_found_by_how_they_are_written() {
        for (text, due) in [
            ("Caroline went to Oslo.", &["caroline", "oslo"][..]),
            ("I met Dr. Smith and Mr. Jones at the University of Oslo.", &["smith", "jones", "university of oslo"]),
            ("Thanks! Painting helps me relax. I think Melanie's dog is called Rex.", &["melanie", "rex"]),
            ("Yesterday Caroline's Toyota Prius broke down", &["caroline", "toyota prius"]),
            ("The kids love Winnie the Pooh and Bank of the West", &["winnie the pooh", "bank of the west"]),
            ("In June, on Monday, I ran 5 km in 2022 for $20 and 3 weeks.", &["5 km", "$20", "3 week"]),
            ("It was 10% off, 2.5 million people, 5km away, a 7-mile run", &["10%", "2.5 million", "5 km", "7 mile"]),
            ("He read \"Becoming Nicole\" and said \"I like it.\"", &["becoming nicole", "nicole"]),
            ("@caroline posted #LoveWins, write to a@b.org", &["@caroline", "#lovewins"]),
            ("WOW THIS IS SO GREAT", &[]),
            ("我在北京读《红楼梦》 for 3 days", &["红楼梦", "3 day"]),
            ("Анна живёт в Москве", &["анна", "москве"]),
            ("I'm happy. I've seen it. So do I", &[]),
            ("J. K. Rowling and Jean-Luc Godard", &["j k rowling", "jean luc godard"]),
            ("", &[]),
        ] {
            assert_eq!(keys(text), due, "{text}");
        }
    }

    #[test]
    fn the_speaker_comes_first_and_once() {
        let found = mentions("Caroline, that is me, met Mel", Some(" Caroline "));
        let seen: Vec<_> = found.iter().map(|mention| (mention.name.as_str(), mention.kind)).collect();
        assert_eq!(seen, [("Caroline", MentionKind::Speaker), ("Mel", MentionKind::Name)]);
        assert!(mentions("hello", Some("user")).is_empty());
    }

    #[test]
    fn questions_in_small_letters_ask_too() {
        let asked = asked_names("where did caroline smith go with Mel in 2022?");
        for name in ["caroline", "smith", "caroline smith", "mel"] {
            assert!(asked.iter().any(|asked| asked == name), "{name} in {asked:?}");
        }
        assert!(!asked.iter().any(|asked| asked == "where" || asked == "did"));
    }

    proptest! {
        #[test]
        fn any_text_gives_few_names_each_once(text in "\\PC{0,200}", speaker in proptest::option::of("\\PC{0,20}")) {
            let found = mentions(&text, speaker.as_deref());
            prop_assert!(found.len() <= MOST);
            let distinct: HashSet<_> = found.iter().map(|mention| &mention.key).collect();
            prop_assert_eq!(distinct.len(), found.len());
            for mention in &found {
                prop_assert!(!mention.key.is_empty() && !mention.words().is_empty());
                prop_assert_eq!(&name_key(&mention.name), &mention.key);
                prop_assert_eq!(&name_key(&mention.key), &mention.key);
            }
        }

        #[test]
        fn a_name_is_found_wherever_it_stands(
            before in "[a-z]{1,8}( [a-z]{1,8}){0,5}", name in "[A-Z][a-z]{4,9}x( [A-Z][a-z]{4,9}x)?", after in "[a-z]{1,8}",
        ) {
            let key = name.to_lowercase();
            let text = format!("{before} {name} {after}");
            prop_assert!(keys(&text).contains(&key));
            let text = format!("{name} {after}. {before}");
            prop_assert!(keys(&text).contains(&key));
            let text = format!("{before}. {name}'s {after}");
            prop_assert!(keys(&text).contains(&key));
        }
    }

    /// A text of one repeated piece takes time in proportion.
    #[test]
    fn long_texts_are_no_trouble() {
        for piece in ["\"", "Aa ", "A. ", "# ", "1 ", "“", "Aa of ", "'s"] {
            let _ = mentions(&piece.repeat(50_000), Some("A"));
        }
    }
}
