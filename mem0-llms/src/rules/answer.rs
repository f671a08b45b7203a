//! Short answers, which mean nothing without the question.
//!
//! "Yes." or "Berlin." tells nothing in a memory of its own. Where the message
//! before, of somebody else, ends in a question, a short answer at the start of
//! a message is stored together with it: "Which city do you live in? — Berlin."

use super::question::is_question;
use super::segment::{UnitKind, units};
use super::smalltalk::{Participants, is_small_talk};
use super::words::{Word, is_in, is_unspaced, part, words};
use mem0_core::StoredMessage;

/// Words that answer a question that can be answered by yes or no.
#[rustfmt::skip]
const POLAR: &[&str] = &[
    "yes", "yeah", "yep", "yup", "no", "nope", "nah", "sure", "absolutely", "definitely", "exactly", "correct",
    "never", "always", "not", "both", "neither", "of", "ja", "nein", "doch", "klar", "genau", "oui", "non",
    "si", "sí", "claro", "sim", "não", "sì", "certo", "nee", "tak", "nie", "да", "нет", "конечно", "是", "是的",
    "对", "不是", "没有", "はい", "いいえ", "うん", "네", "아니요", "हाँ", "हां", "जी", "नहीं", "نعم", "لا",
];

/// Questions that nobody wants an answer to.
#[rustfmt::skip]
const POLITE: &[&str] = &[
    "how are you", "how are you doing", "how are you today", "how's it going", "how is it going", "what's up",
    "whats up", "how have you been", "what about you", "how about you", "you", "really", "right",
    "anything else", "makes sense", "ok", "okay", "you know", "what's new", "anything new", "how are things",
    "can i help you", "how can i help", "how can i help you", "how can i help you today",
    "is there anything else i can help you with", "isn't it", "wie geht's", "wie geht es dir", "ça va",
    "comment ça va", "comment vas tu", "qué tal", "cómo estás", "tudo bem", "come stai",
];

/// The question that a message leaves open for the next speaker.
pub(super) fn open_question<'a>(message: &'a StoredMessage, participants: &Participants) -> Option<&'a str> {
    let mut sentences = units(&message.content).into_iter().rev().filter(|unit| unit.kind == UnitKind::Sentence);
    let last = sentences.find_map(|unit| {
        let sentence = part(&message.content, unit.range);
        (is_question(sentence) || !is_small_talk(sentence, participants, true)).then_some(sentence)
    })?;
    (is_question(last) && !is_polite(last, participants)).then_some(last)
}

fn is_polite(question: &str, participants: &Participants) -> bool {
    let words = words(question);
    // Names and openers may stand around it.
    let rest: Vec<_> = words
        .iter()
        .map(|word| word.lower.as_str())
        .filter(|word| {
            !participants.has(word) && !is_in(word, &["so", "hey", "hi", "hello", "oh", "and", "now", "lately"])
        })
        .collect();
    let text = rest.join(" ");
    is_small_talk(question, participants, true) || is_in(&text, POLITE)
}

/// Whether a sentence is an answer that needs its question.
pub(super) fn is_short_answer(sentence: &str, participants: &Participants) -> bool {
    let words = words(sentence);
    let unspaced = words.iter().filter(|word| word.text.chars().all(is_unspaced)).count() * 2 > words.len();
    let short = if unspaced { 6 } else { 4 };
    if words.is_empty() || words.len() > short || is_question(sentence) {
        return false;
    }
    // Without spaces a word is split into its characters.
    let joined: String = words.iter().map(|word| word.text).collect();
    let polar = words.first().is_some_and(|word| is_in(&word.lower, POLAR)) || is_in(&joined, POLAR);
    polar || !is_small_talk(sentence, participants, true) && !words.iter().any(has_subject)
}

/// Whether a word makes a whole statement of the sentence.
fn has_subject(word: &Word<'_>) -> bool {
    is_in(
        &word.lower,
        &[
            "i", "i'm", "i've", "i'd", "i'll", "we", "we're", "he", "she", "it", "it's", "they", "that's", "you",
            "you're", "that", "ich", "wir", "je", "j'ai", "nous", "yo",
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use mem0_core::{Role, Timestamp};

    fn message(content: &str) -> StoredMessage {
        let at: Timestamp = "2023-05-25T13:14:00Z".parse().unwrap();
        StoredMessage { id: "m".into(), role: Role::Assistant, name: None, content: content.into(), at }
    }

    #[test]
    fn a_message_leaves_a_question_open_or_not() {
        let open = |text: &str| open_question(&message(text), &Participants::default()).map(str::to_owned);
        assert_eq!(open("Nice. Which city do you live in?").as_deref(), Some("Which city do you live in?"));
        assert_eq!(open("Do you have a dog? Thanks!").as_deref(), Some("Do you have a dog?"));
        assert_eq!(open("Hello! How are you?"), None);
        assert_eq!(open("Do you have a dog? I have one."), None);
    }

    #[test]
    fn short_answers() {
        let short = |text: &str| is_short_answer(text, &Participants::default());
        for text in
            ["Yes.", "Berlin.", "Three cats!", "No, never.", "Not really.", "是的。", "はい。", "My sister Anna"]
        {
            assert!(short(text), "{text}");
        }
        for text in ["Thanks!", "I do.", "That's great!", "Why?", "Yes, I have lived there for years.", "Wow!"] {
            assert!(!short(text), "{text}");
        }
    }
}
