//! Which questions are dropped, and which state something.
//!
//! A sentence is a question if it ends in a question mark of any script, or if
//! it starts in English with an auxiliary or question word in front of "you",
//! "he", "she" or "they" ("do you know him") without one.
//!
//! A question is kept, as said, where it states something. The rules, in order:
//!
//! 1. It reports: "Did I tell you …", "Did you know (that) …", "Guess what,
//!    …", "Remember when …" and their German, French, Spanish, Portuguese,
//!    Italian and Dutch forms, with three words or more behind.
//! 2. It starts as a first-person statement: "I moved to Rome, is it nice?",
//!    "My wife is vegan, what can we eat?".
//! 3. A first-person clause is inside: "I", "we" in front of a verb, where no
//!    auxiliary stands before it ("should I" asks, "now that I moved" states).
//! 4. It names something of the speaker's along the way: "for my vegan
//!    girlfriend", "my sister Anna".
//! 5. A statement of three words or more stands before the last comma, colon,
//!    semicolon or dash and the question behind it: "Anna is allergic to nuts,
//!    what should she eat?", also a tag: "You live in Rome, right?".
//! 6. In other languages: it has a first-person word and more than five words,
//!    or more than fourteen words.
//!
//! Rules 2 to 5 read English. What they keep too much is the lesser harm.

use super::language::{Language, guess};
use super::smalltalk::{Participants, is_small_talk};
use super::words::{Word, is_in, is_unspaced, part, words};

#[rustfmt::skip]
const AUXILIARIES: &[&str] = &[
    "do", "does", "did", "don't", "doesn't", "didn't", "am", "is", "are", "was", "were", "isn't", "aren't",
    "wasn't", "weren't", "can", "can't", "could", "couldn't", "should", "shouldn't", "would", "wouldn't",
    "will", "won't", "shall", "may", "might", "must", "have", "haven't", "has", "hasn't", "had", "hadn't",
    "ain't",
];

#[rustfmt::skip]
const QUESTION_WORDS: &[&str] = &[
    "what", "where", "who", "whom", "whose", "why", "how", "which", "when", "what's", "where's", "who's",
    "how's", "when's", "why's", "whats", "hows", "wheres",
];

/// Openers that say nothing before a question.
#[rustfmt::skip]
const OPENERS: &[&str] = &[
    "so", "and", "but", "well", "oh", "ok", "okay", "hey", "hi", "hello", "wow", "also", "anyway", "btw",
    "then", "or", "by", "the", "way", "please", "now", "hmm", "yeah", "yes", "no", "cool", "nice", "great",
    "any", "anything", "ah",
];

const FIRST_PERSON: &[&str] =
    &["i", "i'm", "i've", "i'd", "i'll", "im", "ive", "we", "we're", "we've", "we'd", "we'll"];

#[rustfmt::skip]
const REPORTS: &[&str] = &[
    "did i tell you", "did i mention", "have i told you", "have i mentioned", "did you know", "did you hear",
    "have you heard", "didn't i tell you", "guess what", "guess who", "do you remember when",
    "do you remember that", "remember when", "remember that", "remember how", "don't you remember",
    "you know what", "you know how", "can you believe", "would you believe", "habe ich dir erzählt",
    "hab ich dir erzählt", "habe ich dir gesagt", "wusstest du", "wussten sie", "hast du gehört",
    "weißt du noch", "je t'ai dit", "est ce que je t'ai dit", "tu savais que", "savais tu que",
    "saviez vous que", "tu te souviens", "te conté", "te dije", "sabías que", "sabes que", "te acuerdas",
    "eu te contei", "você sabia", "sabia que", "ti ho detto", "lo sapevi", "sapevi che", "wist je",
    "heb ik je verteld",
];

/// "Did you hear any news" reports none.
const VAGUE_REPORTS: &[&str] = &["about", "any", "anything", "something", "from", "of", "back", "it", "what", "who"];

/// Words of the first person in other languages than English.
#[rustfmt::skip]
const FIRST_PERSON_ELSEWHERE: &[&str] = &[
    "ich", "mein", "meine", "meinen", "meinem", "meiner", "mir", "mich", "wir", "unser", "unsere", "je", "j'ai",
    "mon", "ma", "mes", "moi", "nous", "notre", "nos", "yo", "mi", "mis", "me", "nosotros", "nuestro",
    "nuestra", "eu", "meu", "minha", "meus", "minhas", "nós", "io", "mio", "mia", "miei", "noi", "nostro", "ik",
    "mijn", "wij", "onze", "ja", "mój", "moja", "я", "мой", "моя", "моё", "мои", "мне", "меня", "мы", "我", "私",
    "僕", "俺", "나", "내", "저", "제", "우리", "मैं", "मेरा", "मेरी", "मेरे", "मुझे", "أنا", "نحن",
];

/// Whether a sentence asks.
pub(super) fn is_question(sentence: &str) -> bool {
    if has_question_mark(sentence) {
        return true;
    }
    if sentence.trim_end().ends_with(['.', '!', ':', ';', '。', '！']) {
        return false;
    }
    let words = words(sentence);
    let mut lower = words.iter().map(|word| word.lower.as_str()).skip_while(|word| is_in(word, OPENERS));
    let mut first = lower.next().unwrap_or_default();
    if is_in(first, QUESTION_WORDS) {
        if first.ends_with("'s") {
            return lower.next().is_some_and(|next| is_in(next, &["your", "his", "her", "their", "up"]));
        }
        first = lower.next().unwrap_or_default();
    }
    let asks = is_in(first, AUXILIARIES) && !is_in(first, &["had", "may", "don't", "must"]);
    asks && lower.next().is_some_and(|next| is_in(next, &["you", "he", "she", "they", "your"]))
}

/// Whether a sentence ends in a question mark, behind closing marks and emoji.
fn has_question_mark(sentence: &str) -> bool {
    let end = sentence.trim_end_matches(|c: char| !c.is_alphanumeric() && !is_question_mark(c));
    end.ends_with(is_question_mark)
}

const fn is_question_mark(c: char) -> bool {
    matches!(c, '?' | '？' | '؟' | '⁇' | '⁈' | '⁉' | '‽' | '❓' | '❔' | '՞' | '፧')
}

/// The rule by which a question states something, if one does.
pub(super) fn states(question: &str, participants: &Participants) -> Option<u8> {
    let words = words(question);
    let text = words.iter().map(|word| word.lower.as_str()).collect::<Vec<_>>().join(" ");
    if reports(&text) {
        return Some(1);
    }
    let english = match guess(&words) {
        Some(language) => language == Language::English,
        None => words.iter().any(|word| is_in(&word.lower, AUXILIARIES) || is_in(&word.lower, QUESTION_WORDS)),
    };
    if !english {
        return states_elsewhere(&words).then_some(6);
    }
    let rules: [(u8, bool); 4] = [
        (2, starts_in_first_person(&words)),
        (3, has_first_person_clause(&words)),
        (4, names_something_of_mine(&words)),
        (5, has_statement_before(question, participants)),
    ];
    rules.into_iter().find(|(_, holds)| *holds).map(|(rule, _)| rule)
}

fn reports(text: &str) -> bool {
    REPORTS.iter().any(|report| {
        text.find(report).is_some_and(|at| {
            // "What did I tell you" and "did I tell you about" do not say what.
            let before = part(text, 0..at).split_whitespace().next_back();
            let starts = at == 0 || part(text, 0..at).ends_with(' ');
            let asks = before.is_some_and(|word| is_in(word, QUESTION_WORDS));
            let behind = part(text, at + report.len()..text.len());
            let vague = behind.split_whitespace().next().is_none_or(|word| is_in(word, VAGUE_REPORTS));
            let whole = behind.starts_with(' ') && !vague;
            starts && !asks && whole && behind.split_whitespace().count() >= 3
        })
    })
}

fn starts_in_first_person(words: &[Word<'_>]) -> bool {
    let mut rest = words.iter().map(|word| word.lower.as_str()).skip_while(|word| is_in(word, OPENERS));
    let first = rest.next().unwrap_or_default();
    (is_in(first, FIRST_PERSON) || is_in(first, &["my", "our"])) && rest.count() >= 2
}

fn has_first_person_clause(words: &[Word<'_>]) -> bool {
    words.iter().enumerate().skip(1).any(|(at, word)| {
        let before = words.get(at - 1).map_or("", |word| word.lower.as_str());
        let behind = words.len() - at - 1;
        let next = words.get(at + 1).map_or("", |word| word.lower.as_str());
        // "Anything I can do?" and "since we last talked" are said to everybody.
        let polite =
            is_in(next, &["can", "could", "should", "might", "may"]) || (before == "since" && word.lower == "we");
        is_in(&word.lower, FIRST_PERSON)
            && !polite
            && !is_in(before, AUXILIARIES)
            && !is_in(before, &["what", "how", "if", "when", "where", "who", "which", "whether"])
            && behind >= 2
    })
}

fn names_something_of_mine(words: &[Word<'_>]) -> bool {
    words.iter().enumerate().any(|(at, word)| {
        if !is_in(&word.lower, &["my", "our"]) {
            return false;
        }
        let before = at.checked_sub(1).and_then(|at| words.get(at)).map_or("", |word| word.lower.as_str());
        let in_passing = ["for", "with", "from", "to", "at", "in", "since", "because", "that", "as", "while", "after"];
        let named =
            words.iter().skip(at + 1).take(3).any(|word| word.is_capitalised() && !is_in(&word.lower, FIRST_PERSON));
        is_in(before, &in_passing) || named
    })
}

/// Whether the part before the question itself is a statement.
fn has_statement_before(question: &str, participants: &Participants) -> bool {
    let marks = [",", ";", ":", " - ", "–", "—", "…", "..."];
    let cut = marks.iter().filter_map(|mark| question.rfind(mark)).max();
    let Some(head) = cut.and_then(|at| question.get(..at)) else { return false };
    let head_words = words(head);
    let rest: Vec<&str> =
        head_words.iter().map(|word| word.lower.as_str()).skip_while(|word| is_in(word, OPENERS)).collect();
    let first = rest.first().copied().unwrap_or_default();
    let subordinate =
        ["if", "when", "in", "for", "as", "speaking", "besides", "since", "with", "of", "on", "apart", "other"];
    rest.len() >= 3
        && !is_in(first, AUXILIARIES)
        && !is_in(first, QUESTION_WORDS)
        && !is_in(first, &subordinate)
        && !is_small_talk(head, participants, true)
        && rest.iter().any(|word| is_verb_or_subject(word))
}

/// Words that a statement has and a mere list of things has not.
fn is_verb_or_subject(word: &str) -> bool {
    is_in(word, AUXILIARIES)
        || is_in(word, FIRST_PERSON)
        || is_in(
            word,
            &["he", "she", "they", "it", "you", "we", "you're", "he's", "she's", "it's", "they're", "there's"],
        )
        || word.ends_with("ed")
}

fn states_elsewhere(words: &[Word<'_>]) -> bool {
    let mine = words.iter().any(|word| is_in(&word.lower, FIRST_PERSON_ELSEWHERE));
    // Scripts without spaces count a word for each character or two.
    let unspaced = words.iter().filter(|word| word.text.chars().all(is_unspaced)).count() * 2 > words.len();
    let (short, long) = if unspaced { (10, 24) } else { (5, 14) };
    words.len() > long || (mine && words.len() > short)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nobody() -> Participants {
        Participants::new(["Mel"])
    }

    #[test]
    fn questions_by_their_mark_or_their_order() {
        for text in [
            "How are you?",
            "really?!",
            "Really? 😀",
            "(You know him?)",
            "你呢？",
            "هل أنت هنا؟",
            "do you know him",
            "what do you think",
            "so how are you",
            "where's your car",
            "Are you ok",
        ] {
            assert!(is_question(text), "{text}");
        }
        for text in [
            "What I like is tea.",
            "Do it.",
            "Have it your way",
            "When I was young I sang",
            "Will is my brother",
            "I asked why",
            "What a day!",
            "May you live long",
            "",
            "Do you mind.",
        ] {
            assert!(!is_question(text), "{text}");
        }
    }

    #[test]
    fn bare_questions_state_nothing() {
        for text in [
            "What's my name?",
            "Where do I live?",
            "Who is my dentist?",
            "How are you?",
            "Should I go?",
            "What's up, Mel?",
            "Hey Mel, what's up?",
            "If you could travel anywhere, where would you go?",
            "What is the name of my dog?",
            "What did I tell you about my job?",
            "Wow, that's awesome, what did you do?",
            "Wie geht es dir?",
            "¿Cómo estás?",
            "Ça va ?",
            "你叫什么名字？",
            "Kann ich mitkommen?",
            "Tea, coffee or milk?",
            "Can you help me?",
            "Is there anything else I can help you with?",
            "What's been up since we last talked?",
            "Did you hear any news lately?",
        ] {
            assert_eq!(states(text, &nobody()), None, "{text}");
        }
    }

    #[test]
    fn questions_that_state_are_kept() {
        for (text, rule) in [
            ("Did I tell you I moved to Berlin?", 1),
            ("Did you know that Anna got engaged?", 1),
            ("Wusstest du, dass Anna jetzt in Rom wohnt?", 1),
            ("¿Sabías que me mudé a Berlín?", 1),
            ("I just moved to Berlin, do you know good cafes?", 2),
            ("My wife is vegan, what can we eat?", 2),
            ("What should we do now that I moved to Rome?", 3),
            ("What should be cooked for my vegan girlfriend?", 4),
            ("Do you remember my sister Anna?", 4),
            ("Anna is allergic to nuts, what should she eat?", 5),
            ("You live in Rome, right?", 5),
            ("Kannst du mir ein Lokal nennen, ich bin Veganer?", 6),
            ("我昨天搬到了北京，你知道哪里有好吃的吗？", 6),
        ] {
            assert_eq!(states(text, &nobody()), Some(rule), "{text}");
        }
    }
}
