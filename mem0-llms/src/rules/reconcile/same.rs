//! Whether two texts of one speaker say the same.
//!
//! Losing a fact is worse than keeping it twice, so a text counts as known only
//! by one of these rules, and never if a number, a name, a negation or a date
//! differs (each is a word, and the words are compared in order):
//!
//! - *same text*: equal but for case, punctuation, emoji and white space. Any
//!   language.
//! - *same words*: equal in order after short forms are written out ("I'm" is
//!   "I am") and words that change nothing are left out ("really", "just", "by
//!   the way", articles). English.
//! - *same stems*: as before, but "hiking" equals "to hike", if the similarity
//!   of the two is at least [`SURE`] too. English.
//! - *said within*: the new text is, as a whole, one of the sentences of the
//!   known one, by the rules above.

use crate::rules::language::{Language, guess};
use crate::rules::segment::units;
use crate::rules::words::{is_in, part, words};

/// From this similarity on, stems may differ.
pub(super) const SURE: f32 = 0.9;

/// Words that change nothing in a statement.
#[rustfmt::skip]
const FILLERS: &[&str] = &[
    "a", "an", "the", "really", "very", "so", "just", "actually", "honestly", "basically", "literally",
    "totally", "absolutely", "definitely", "truly", "well", "oh", "yes", "yeah", "yep", "hey", "hi", "ok",
    "okay", "please", "btw", "anyway", "wow", "hmm", "haha",
];

/// Openings that change nothing.
const LEAD_INS: &[&[&str]] = &[
    &["by", "way"],
    &["as", "i", "said"],
    &["like", "i", "said"],
    &["you", "know"],
    &["as", "you", "know"],
    &["fun", "fact"],
    &["did", "you", "know", "that"],
];

const SHORT_FORMS: &[(&str, &str)] = &[
    ("i'm", "i am"),
    ("im", "i am"),
    ("i've", "i have"),
    ("ive", "i have"),
    ("i'll", "i will"),
    ("we're", "we are"),
    ("we've", "we have"),
    ("we'll", "we will"),
    ("they're", "they are"),
    ("you're", "you are"),
    ("don't", "do not"),
    ("dont", "do not"),
    ("doesn't", "does not"),
    ("didn't", "did not"),
    ("isn't", "is not"),
    ("aren't", "are not"),
    ("wasn't", "was not"),
    ("weren't", "were not"),
    ("can't", "can not"),
    ("cannot", "can not"),
    ("won't", "will not"),
    ("haven't", "have not"),
    ("hasn't", "has not"),
    ("hadn't", "had not"),
    ("couldn't", "could not"),
    ("wouldn't", "would not"),
    ("shouldn't", "should not"),
    ("favorite", "favourite"),
    ("color", "colour"),
    ("e-mail", "email"),
    ("cellphone", "phone"),
    ("mum", "mom"),
];

/// A text in the forms that are compared, made once.
#[derive(Debug)]
pub(super) struct Wording {
    whole: Form,
    /// Its sentences, where there are several.
    sentences: Vec<Form>,
}

#[derive(Debug)]
struct Form {
    /// As written, for texts without words.
    text: String,
    plain: Vec<String>,
    /// The other forms are English only.
    english: Option<English>,
}

#[derive(Debug)]
struct English {
    asks: bool,
    essential: Vec<String>,
    stems: Vec<String>,
}

impl Wording {
    pub(super) fn of(text: &str) -> Self {
        let sentences = units(text);
        let several = sentences.len() > 1;
        Self {
            whole: Form::of(text),
            sentences: sentences.into_iter().filter(|_| several).map(|unit| Form::of(part(text, unit.range))).collect(),
        }
    }

    /// The rule by which this text is known, if `known` says it already.
    pub(super) fn known_by(&self, known: &Self, similarity: f32) -> Option<&'static str> {
        self.whole.same(&known.whole, similarity).or_else(|| {
            let within = known.sentences.iter().any(|sentence| self.whole.same(sentence, similarity).is_some());
            within.then_some("said within")
        })
    }
}

impl Form {
    fn of(text: &str) -> Self {
        let english = is_english(text).then(|| {
            let essential = essential(text);
            let stems = essential.iter().filter(|word| *word != "to").map(|word| stem(word)).collect();
            English { asks: text.contains('?'), essential, stems }
        });
        Self { text: text.trim().to_owned(), plain: plain(text), english }
    }

    fn same(&self, other: &Self, similarity: f32) -> Option<&'static str> {
        if self.plain == other.plain {
            // Texts without words are the same only to the letter.
            return (!self.plain.is_empty() || self.text == other.text).then_some("same text");
        }
        let (a, b) = (self.english.as_ref()?, other.english.as_ref()?);
        if a.asks != b.asks || a.essential.is_empty() {
            return None;
        }
        if a.essential == b.essential {
            return Some("same words");
        }
        (similarity >= SURE && !a.stems.is_empty() && a.stems == b.stems).then_some("same stems")
    }
}

fn is_english(text: &str) -> bool {
    matches!(guess(&words(text)), Some(Language::English))
}

/// Numbers keep what belongs to them: "-5", "3.50", "$5", "50%". Letters keep
/// nothing but themselves.
fn plain(text: &str) -> Vec<String> {
    let lower = crate::rules::words::lower(text);
    let meaningful = |c: char| c.is_alphanumeric() || is_mark(c) || c == '\'';
    let chars: Vec<char> = lower.chars().collect();
    let mut tokens = vec![String::new()];
    for (at, c) in chars.iter().enumerate() {
        let near =
            |offset: isize| at.checked_add_signed(offset).and_then(|at| chars.get(at)).is_some_and(|c| c.is_numeric());
        let numeric = matches!(c, '.' | ',' | ':' | '/') && near(-1) && near(1)
            || matches!(c, '-' | '+' | '$' | '€' | '£' | '¥' | '#' | '<' | '>' | '=' | '~') && near(1)
            || matches!(c, '%' | '°' | '$' | '€' | '£' | '¥' | '+') && near(-1)
            || matches!(c, '@' | '_' | '+' | '#' | '=' | '<' | '>' | '&');
        if meaningful(*c) || numeric {
            if let Some(last) = tokens.last_mut() {
                last.push(*c);
            }
        } else if tokens.last().is_some_and(|last| !last.is_empty()) {
            tokens.push(String::new());
        }
    }
    tokens.retain(|token| !token.is_empty());
    tokens
}

/// Vowel signs and accents that are characters of their own.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{5b0}'..='\u{5c7}' | '\u{610}'..='\u{61a}' | '\u{64b}'..='\u{65f}' | '\u{670}'
        | '\u{900}'..='\u{903}' | '\u{93a}'..='\u{94f}' | '\u{981}'..='\u{dff}' | '\u{e31}'..='\u{e4e}' | '\u{1ab0}'..='\u{1aff}' | '\u{200c}' | '\u{200d}')
}

/// The words of a statement, short forms written out, fillers left out.
pub(super) fn essential(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    for token in plain(text) {
        match SHORT_FORMS.iter().find(|(short, _)| *short == token) {
            Some((_, long)) => out.extend(long.split(' ').map(str::to_owned)),
            None => out.push(token),
        }
    }
    // A filler that is all of a sentence, or the name of something, stays.
    let kept: Vec<String> = out.iter().filter(|word| !is_in(word, FILLERS)).cloned().collect();
    let kept = if kept.is_empty() { out } else { kept };
    let lead = LEAD_INS.iter().find(|lead| kept.len() > lead.len() && kept.iter().zip(**lead).all(|(a, b)| a == b));
    kept.into_iter().skip(lead.map_or(0, |lead| lead.len())).collect()
}

/// "hiking" and "hike" without their endings. Plurals and pasts stay: "a cat"
/// is not "cats", "I live" is not "I lived".
pub(super) fn stem(word: &str) -> String {
    let base = word.strip_suffix("ing").filter(|base| base.len() >= 3 && base.contains(['a', 'e', 'i', 'o', 'u', 'y']));
    let base = match base {
        // "running" is "run".
        Some(base) => {
            let mut letters = base.chars().rev();
            match (letters.next(), letters.next()) {
                (Some(a), Some(b)) if a == b && !matches!(a, 'l' | 's' | 'e' | 'o') => {
                    base.strip_suffix(a).unwrap_or(base)
                }
                _ => base,
            }
        }
        None => word,
    };
    base.strip_suffix('e').filter(|stem| stem.len() >= 3).unwrap_or(base).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn known_by(new: &str, known: &str, similarity: f32) -> Option<&'static str> {
        Wording::of(new).known_by(&Wording::of(known), similarity)
    }

    #[test]
    fn what_is_the_same() {
        for (a, b, rule) in [
            ("I love tea.", "i love TEA!!! 🍵", "same text"),
            ("I’m Ana", "I'm Ana.", "same text"),
            ("我喜欢喝茶。", "我喜欢喝茶！", "same text"),
            ("Ich mag Tee.", "ich mag tee", "same text"),
            ("I'm a nurse.", "I am a nurse", "same words"),
            ("I really love tea.", "By the way, I love tea!", "same words"),
            ("As I said, I live in the Rome area.", "I live in Rome area", "same words"),
            ("I love to hike in the Alps.", "I love hiking in the Alps.", "same stems"),
            ("I love tea.", "I love tea. It keeps me awake.", "said within"),
        ] {
            assert_eq!(known_by(a, b, 0.95), Some(rule), "{a} / {b}");
        }
    }

    #[test]
    fn what_is_not() {
        for (a, b) in [
            ("I have 2 cats.", "I have 3 cats."),
            ("I have a cat.", "I have cats."),
            ("I weigh 3.5 kg", "I weigh 35 kg"),
            ("It is -5 degrees", "It is 5 degrees"),
            ("I live in Rome.", "I lived in Rome."),
            ("I love tea.", "I do not love tea."),
            ("I can eat nuts.", "I can't eat nuts."),
            ("Anna loves Bob.", "Bob loves Anna."),
            ("I flew from Rome to Paris.", "I flew to Rome from Paris."),
            ("I ran yesterday (2023-05-24).", "I ran yesterday (2023-05-25)."),
            ("I am allergic to peanuts.", "I am allergic to walnuts."),
            ("I love tea.", "If it rains, I love tea."),
            ("I love tea and coffee.", "I love tea."),
            ("Do I love tea?", "Do I love the tea."),
            ("Ich mag den Tee.", "Ich mag Tee."),
            ("My email is a_b@x.org", "My email is ab@x.org"),
            ("I know C++.", "I know C#."),
            ("मैं", "मे"),
            ("👍", "👎"),
        ] {
            assert_eq!(known_by(a, b, 0.99), None, "{a} / {b}");
        }
        assert_eq!(known_by("I love to hike.", "I love hiking.", 0.5), None);
    }

    #[test]
    fn stems() {
        for (word, expected) in [
            ("running", "run"),
            ("hiking", "hik"),
            ("hike", "hik"),
            ("sing", "sing"),
            ("king", "king"),
            ("selling", "sell"),
            ("cats", "cats"),
        ] {
            assert_eq!(stem(word), expected);
        }
    }

    proptest! {
        #[test]
        fn a_text_is_the_same_as_itself(text in "\\PC{0,60}", similarity in 0.0_f32..1.0) {
            prop_assert_eq!(known_by(&text, &text, similarity), Some("same text"));
        }

        #[test]
        fn another_number_is_never_the_same(a in 0_u32..10_000, b in 0_u32..10_000, text in "[a-z ]{0,30}") {
            prop_assume!(a != b);
            prop_assert_eq!(known_by(&format!("{text} {a}"), &format!("{text} {b}"), 1.0), None);
        }
    }
}
