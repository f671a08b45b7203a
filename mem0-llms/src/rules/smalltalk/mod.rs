//! Small talk: what carries nothing to remember.
//!
//! A sentence is small talk only if all of it is: it must be a chain of listed
//! phrases ([`phrases`]) and of
//! - the name of somebody who takes part in the conversation, or one
//!   capitalised word behind a greeting, thanks or farewell ("Hi John"),
//! - laughter, emoji and punctuation,
//! - reactions of the form "that('s) (so) great", "how nice", "sounds good".
//!
//! A sentence with a digit or with more than [`MAX_WORDS`] words never is.
//! Letters that are drawn out ("sooo", "thankssss") count once.

mod phrases;

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use phrases::{COURTESIES, INTENSIFIERS, PHRASES, REACTION_OPENERS, VOCATIVES};

pub(super) use phrases::EVALUATIONS;

use super::words::{Word, is_in, lower, words};

/// A longer sentence is never small talk.
const MAX_WORDS: usize = 16;

/// The names that may be called in small talk.
#[derive(Clone, Debug, Default)]
pub(super) struct Participants(HashSet<String>);

impl Participants {
    /// From the names of the speakers.
    pub(super) fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        Self(names.into_iter().flat_map(words).map(|word| word.lower).collect())
    }

    /// Whether a word calls one of them, possibly by a short form (three
    /// letters or more: "Mel" for "Melanie").
    pub(super) fn has(&self, word: &str) -> bool {
        self.0.contains(word) || (word.chars().count() >= 3 && self.0.iter().any(|name| name.starts_with(word)))
    }
}

/// How a phrase may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phrase {
    Plain,
    /// A greeting, thanks or farewell: a name may follow.
    Courtesy,
}

#[derive(Debug)]
struct Phrasebook {
    phrases: HashMap<String, Phrase>,
    vocabulary: HashSet<String>,
    longest: usize,
}

static PHRASEBOOK: LazyLock<Phrasebook> = LazyLock::new(|| {
    let mut book = Phrasebook { phrases: HashMap::new(), vocabulary: HashSet::new(), longest: 0 };
    let plain = PHRASES.iter().map(|phrase| (phrase, Phrase::Plain));
    for (phrase, kind) in plain.chain(COURTESIES.iter().map(|phrase| (phrase, Phrase::Courtesy))) {
        let words: Vec<String> = words(phrase).into_iter().map(|word| word.lower).collect();
        book.longest = book.longest.max(words.len());
        book.phrases.insert(words.join(" "), kind);
        book.vocabulary.extend(words);
    }
    for list in [EVALUATIONS, INTENSIFIERS, VOCATIVES] {
        book.vocabulary.extend(list.iter().map(|word| lower(word)));
    }
    book.vocabulary.extend(REACTION_OPENERS.iter().flat_map(|opener| opener.split(' ')).map(str::to_owned));
    book
});

/// Whether all of a sentence is small talk. With `reactions`, evaluations of
/// what somebody else said ("That's great!") count too.
pub(super) fn is_small_talk(sentence: &str, participants: &Participants, reactions: bool) -> bool {
    let words = words(sentence);
    if words.is_empty() {
        return true;
    }
    if words.len() > MAX_WORDS || words.iter().any(Word::has_digit) {
        return false;
    }
    let forms: Vec<String> = words.iter().map(|word| canonical(&word.lower)).collect();
    covered(&words, &forms, participants, reactions)
}

/// Whether phrases cover the words, and at least one phrase is among them.
fn covered(words: &[Word<'_>], forms: &[String], participants: &Participants, reactions: bool) -> bool {
    // What the words up to each place can be: nothing, only names so far, a
    // chain with a phrase, or one that ends in a courtesy.
    #[derive(Clone, Copy, PartialEq, Eq, PartialOrd)]
    enum Chain {
        Broken,
        Names,
        Phrase,
        Courtesy,
    }
    let mut chains = vec![Chain::Broken; words.len() + 1];
    let reach = |chains: &mut Vec<Chain>, at: usize, chain: Chain| {
        if let Some(slot) = chains.get_mut(at)
            && *slot < chain
        {
            *slot = chain;
        }
    };
    reach(&mut chains, 0, Chain::Names);
    for at in 0..words.len() {
        let chain = chains.get(at).copied().unwrap_or(Chain::Broken);
        if chain == Chain::Broken {
            continue;
        }
        for length in 1..=PHRASEBOOK.longest.min(words.len() - at) {
            let key = forms.get(at..at + length).unwrap_or_default().join(" ");
            match PHRASEBOOK.phrases.get(&key) {
                Some(Phrase::Plain) => reach(&mut chains, at + length, Chain::Phrase),
                Some(Phrase::Courtesy) => reach(&mut chains, at + length, Chain::Courtesy),
                None => {}
            }
        }
        if let Some(length) = forms.get(at..).filter(|_| reactions).and_then(reaction) {
            reach(&mut chains, at + length, Chain::Phrase);
        }
        let (Some(word), Some(form)) = (words.get(at), forms.get(at)) else { continue };
        if is_laughter(form) {
            reach(&mut chains, at + 1, Chain::Phrase);
        }
        let last = at + 1 == words.len();
        let named = participants.has(&word.lower) || is_in(form, VOCATIVES);
        if named || (last && chain == Chain::Courtesy && word.is_capitalised()) {
            reach(&mut chains, at + 1, if chain == Chain::Names { chain } else { Chain::Phrase });
        }
    }
    chains.last().is_some_and(|chain| *chain >= Chain::Phrase)
}

/// How many words a reaction at the start takes: "that's so great", "nice".
fn reaction(forms: &[String]) -> Option<usize> {
    let text = |length: usize| forms.get(..length).map(|words| words.join(" "));
    let opener = (1..=3).rev().find(|n| text(*n).is_some_and(|words| is_in(&words, REACTION_OPENERS))).unwrap_or(0);
    let intensifiers =
        forms.get(opener..)?.iter().take_while(|word| is_in(word, INTENSIFIERS) && !is_in(word, EVALUATIONS)).count();
    let at = opener + intensifiers;
    let evaluation = forms.get(at)?;
    // "Beautiful" alone may be an answer; "so beautiful" is not.
    is_in(evaluation, EVALUATIONS).then_some(at + 1)
}

fn is_laughter(word: &str) -> bool {
    let of = |letters: &[char]| word.chars().all(|c| letters.contains(&c));
    let long = word.chars().count() >= 3;
    (long && (of(&['h', 'a']) || of(&['h', 'e']) || of(&['j', 'a']) || of(&['h', 'i']) || of(&['х', 'а'])))
        || of(&['ㅋ'])
        || of(&['ㅎ'])
        || of(&['哈'])
        || of(&['ه'])
        || of(&['笑'])
}

/// The word with drawn-out letters as in the phrase book.
fn canonical(word: &str) -> String {
    let known = |form: &String| PHRASEBOOK.vocabulary.contains(form);
    let plain = word.to_owned();
    if known(&plain) {
        return plain;
    }
    [2, 1].into_iter().map(|most| squeezed(word, most)).find(known).unwrap_or(plain)
}

/// Runs of three letters and more are cut to `most`.
fn squeezed(word: &str, most: usize) -> String {
    let mut out = String::new();
    let letters: Vec<char> = word.chars().collect();
    for run in letters.chunk_by(|a, b| a == b) {
        let keep = if run.len() >= 3 { most } else { run.len() };
        out.extend(run.iter().take(keep));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names() -> Participants {
        Participants::new(["Melanie", "Caroline Smith"])
    }

    #[test]
    fn small_talk_in_many_languages() {
        let talk = [
            "Hi!",
            "Hello there!",
            "Hey Mel!",
            "Hi John",
            "Hi, John!",
            "Good morning everyone",
            "Thanks!",
            "Thanks a lot, Caroline!",
            "Thank you so much!",
            "thx",
            "You're welcome!",
            "Ok.",
            "okay",
            "Sounds good!",
            "haha",
            "Hahahaha 😂",
            "👍",
            "🎉🎉",
            "Wow, that's cool, Caroline!",
            "That’s so awesome!",
            "That's really inspiring, Mel.",
            "Sooo cool!!!",
            "Yeah!",
            "Got it, thanks!",
            "Bye!",
            "See you later!",
            "Talk to you soon, Mel!",
            "Take care!",
            "Have a great day!",
            "No problem",
            "Sure thing",
            "Congrats!",
            "Good to see you!",
            "Long time no see!",
            "lol",
            "...",
            "!!!",
            "Danke schön!",
            "Vielen Dank, Melanie!",
            "Guten Morgen!",
            "Alles klar.",
            "Tschüss!",
            "Merci beaucoup !",
            "Bonjour !",
            "D'accord.",
            "À bientôt !",
            "¡Hola!",
            "¡Muchas gracias!",
            "De nada",
            "¡Hasta luego!",
            "Obrigado!",
            "Bom dia!",
            "Grazie mille!",
            "Ciao!",
            "Va bene",
            "Dank je wel!",
            "Tot ziens!",
            "Dziękuję!",
            "Dzień dobry",
            "Спасибо!",
            "Привет!",
            "До свидания",
            "你好！",
            "谢谢！",
            "好的，谢谢！",
            "ありがとうございます！",
            "こんにちは。",
            "はい、ありがとう！",
            "안녕하세요!",
            "감사합니다!",
            "ㅋㅋㅋ",
            "नमस्ते!",
            "धन्यवाद",
            "شكرا!",
            "السلام عليكم",
        ];
        for text in talk {
            assert!(is_small_talk(text, &names(), true), "{text}");
        }
    }

    #[test]
    fn content_stays() {
        let content = [
            "Berlin.",
            "Mel!",
            "Thanks for the 3 books!",
            "Hi, I'm Ana.",
            "I'm vegan.",
            "Good luck with your surgery!",
            "Thanks, Anna told me about it.",
            "My name is Mel.",
            "Me too, I love hiking.",
            "Ok, Rome it is.",
            "No, Tuesday.",
            "That's my sister.",
            "It was awesome!",
            "I am happy for you and Peter.",
            "10/10",
            "42",
            "Ich heiße Anna.",
            "Je suis végétarien.",
            "Gracias a Dios me mudé.",
            "我住在北京。",
            "私は東京に住んでいます。",
            "저는 서울에 살아요.",
            "मैं दिल्ली में रहता हूँ।",
            "أنا أسكن في القاهرة",
            "Я живу в Москве.",
            "So Anna",
            "Ok Google sucks",
            "Coffee, thanks.",
        ];
        for text in content {
            assert!(!is_small_talk(text, &names(), true), "{text}");
        }
    }

    #[test]
    fn reactions_count_only_where_they_may() {
        assert!(is_small_talk("That's great!", &names(), true));
        assert!(!is_small_talk("That's great!", &names(), false));
    }

    proptest! {
        #[test]
        fn never_with_a_digit(text in "\\PC{0,30}", digit in 0..10) {
            let text = format!("{text} {digit}");
            prop_assert!(!is_small_talk(&text, &names(), true));
        }
    }
}
