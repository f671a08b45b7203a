//! What a question asks for, beyond its words.

use std::collections::HashSet;
use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation as _;

use crate::engine::fuse::Expected;
use crate::engine::search::rank::Candidate;
use crate::text::{self, QueryTerm, asked_names, bare, mentions, name_key};
use crate::time::{Asked, Wants, asked};
use crate::types::memory::{Content, MemoryKind};
use crate::types::time::Timestamp;

/// What fits the time that is asked about less than this is of another time:
/// more than three halves of its length away from it.
const ELSEWHERE: f32 = 0.1;

/// A question, understood.
#[derive(Debug)]
pub(super) struct Question {
    /// What is embedded: without the names of those who speak.
    pub(super) text: String,
    /// What is looked up: likewise.
    pub(super) terms: Vec<QueryTerm>,
    /// The keys of the speakers that it names.
    pub(super) people: Vec<String>,
    /// The time that it is about.
    pub(super) asked: Asked,
    wants: Kind,
}

/// The kind of thing that an answer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Any,
    Time,
    Number,
    Name,
}

impl Question {
    /// `speakers`: the keys of those who speak in the scope.
    pub(super) fn new(question: &str, speakers: &[String], now: Timestamp) -> Self {
        let words: Vec<(usize, &str)> = question.unicode_word_indices().collect();
        let speakers: Vec<(&String, Vec<String>)> = speakers.iter().map(|name| (name, folded(name))).collect();
        let (mut people, mut taken): (Vec<String>, Vec<Range<usize>>) = (Vec::new(), Vec::new());
        for (index, (start, word)) in words.iter().enumerate() {
            for (name, parts) in &speakers {
                let said = words.iter().skip(index).map(|(_, word)| bare(word).to_lowercase());
                let whole = !parts.is_empty() && said.take(parts.len()).eq(parts.iter().cloned());
                // By one of several names: Caroline is Caroline Smith.
                let partly = parts.len() > 1 && parts.contains(&bare(word).to_lowercase());
                if whole || (partly && word.chars().next().is_some_and(char::is_uppercase)) {
                    let length = if whole { parts.len() } else { 1 };
                    let last = words.get(index + length - 1).map_or(start + word.len(), |(at, word)| at + word.len());
                    taken.push(*start..last);
                    people.push((*name).clone());
                }
            }
        }
        people.sort_unstable();
        people.dedup();
        let text = without(question, &taken);
        let terms = text::query_terms(&text);
        let (text, terms) =
            if terms.is_empty() { (question.to_owned(), text::query_terms(question)) } else { (text, terms) };
        let asked = asked(question, now);
        let wants = match asked.wants {
            Wants::Date => Kind::Time,
            Wants::Duration | Wants::Frequency => Kind::Number,
            Wants::Any if counts(&words) => Kind::Number,
            Wants::Any if asks_for_name(&words) => Kind::Name,
            Wants::Any => Kind::Any,
        };
        Self { text, terms, people, asked, wants }
    }

    /// The event that it tells the time by.
    pub(super) fn phrase<'q>(&self, question: &'q str) -> Option<&'q str> {
        question.get(self.asked.anchor.as_ref()?.phrase.clone())
    }

    /// Which signals can be expected of an answer; `named`: whether the scope
    /// knows any of the names.
    pub(super) fn expected(&self, named: bool) -> Expected {
        let (person, time) = (!self.people.is_empty(), self.asked.is_timed());
        Expected { person, time, kind: self.wants != Kind::Any, entity: named }
    }

    /// What it names beside the speakers: what is written as a name, or where
    /// nothing is, as in small letters, what may be one.
    pub(super) fn named_beside(&self, question: &str) -> Vec<String> {
        let is_speaker =
            |name: &str| self.people.iter().any(|one| one == name || one.split(' ').any(|part| part == name));
        let written = mentions(question, None).into_iter().map(|mention| mention.key);
        let mut names: Vec<String> = written.filter(|name| !is_speaker(name)).collect();
        if names.is_empty() && !question.trim_start().chars().skip(1).any(char::is_uppercase) {
            names = asked_names(question);
            names.retain(|name| !is_speaker(name));
        }
        names
    }

    /// Whether a memory is of or about one of those who are named.
    pub(super) fn names_person_of(&self, content: &Content) -> bool {
        if self.people.is_empty() {
            return false;
        }
        let named = |name: &Option<String>| name.as_ref().is_some_and(|name| self.people.contains(&name_key(name)));
        if named(&content.actor) || named(&content.about) {
            return true;
        }
        // A fact says in its text whom it is about.
        content.kind != MemoryKind::Episode && {
            let text = content.text.to_lowercase();
            self.people.iter().any(|name| text.contains(name.as_str()))
        }
    }

    /// Without those that are clearly of another time, where nothing outside the
    /// time that is asked about can be meant; but never without all of them.
    pub(super) fn within_time(&self, mut candidates: Vec<Candidate>) -> Vec<Candidate> {
        let fits = |one: &Candidate| self.asked.fits_memory(&one.memory) >= ELSEWHERE;
        if self.asked.sure && candidates.iter().any(fits) {
            candidates.retain(fits);
        }
        candidates
    }

    /// Whether a text says the kind of thing that is asked for; `speakers`: the
    /// names of those who speak, in small letters, which are no answer.
    pub(super) fn is_answered_in_kind_by(&self, text: &str, speakers: &HashSet<String>) -> bool {
        match self.wants {
            Kind::Any => false,
            Kind::Time => words_of(text).any(|word| is_time(&word)),
            Kind::Number => words_of(text).any(|word| is_number(&word)),
            Kind::Name => has_name(text, speakers),
        }
    }
}

fn words_of(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase)
}

fn folded(name: &str) -> Vec<String> {
    name.unicode_words().map(str::to_lowercase).collect()
}

/// "How many", "how much", "how old".
fn counts(words: &[(usize, &str)]) -> bool {
    words.windows(2).any(|pair| {
        matches!(pair, [(_, how), (_, what)] if how.eq_ignore_ascii_case("how")
            && ["many", "much", "old", "far", "big", "tall"].iter().any(|word| what.eq_ignore_ascii_case(word)))
    })
}

/// Where, which or who: what is mostly answered by a name; or what it is called,
/// or which of the things that have names of their own.
fn asks_for_name(words: &[(usize, &str)]) -> bool {
    let words: Vec<String> = words.iter().map(|(_, word)| bare(&word.to_lowercase()).to_owned()).collect();
    let is_in = |list: &[&str], word: &String| list.binary_search(&word.as_str()).is_ok();
    let of_named = |rest: &[String]| matches!(rest, [what, things @ ..] if what == "what" && things.iter().any(|word| is_in(NAMED, word)));
    words.iter().any(|word| is_in(NAMING, word)) || words.windows(3).any(of_named)
}

/// Whether a word is written as a name: with a capital letter, and not at the
/// beginning of a sentence.
fn has_name(text: &str, speakers: &HashSet<String>) -> bool {
    let mut begins = true;
    text.split_whitespace().any(|word| {
        let begun = std::mem::replace(&mut begins, ends_sentence(word));
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        let mut letters = word.chars();
        let capital = letters.next().is_some_and(char::is_uppercase) && letters.next().is_some_and(char::is_alphabetic);
        !begun && capital && !speakers.contains(&bare(word).to_lowercase())
    })
}

fn ends_sentence(word: &str) -> bool {
    word.trim_end_matches(['"', '\'', ')', ']', '”', '’', '*']).ends_with(['.', '!', '?', ':', ';', '…'])
}

/// The text without these parts of it, in order.
fn without(text: &str, parts: &[Range<usize>]) -> String {
    let (mut rest, mut end) = (String::with_capacity(text.len()), 0);
    for part in parts {
        rest.push_str(text.get(end..part.start).unwrap_or_default());
        end = part.end.max(end);
    }
    rest.push_str(text.get(end..).unwrap_or_default());
    rest.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// English words for times, sorted. Other languages have the digits.
const TIMES: &[&str] = &[
    "afternoon",
    "ago",
    "april",
    "august",
    "autumn",
    "christmas",
    "day",
    "days",
    "december",
    "easter",
    "evening",
    "february",
    "friday",
    "january",
    "july",
    "june",
    "just",
    "last",
    "march",
    "monday",
    "month",
    "months",
    "morning",
    "next",
    "november",
    "october",
    "recently",
    "saturday",
    "september",
    "since",
    "soon",
    "spring",
    "summer",
    "sunday",
    "thursday",
    "today",
    "tomorrow",
    "tonight",
    "tuesday",
    "wednesday",
    "week",
    "weekend",
    "weeks",
    "winter",
    "year",
    "years",
    "yesterday",
];

fn is_time(word: &str) -> bool {
    TIMES.binary_search(&word).is_ok() || (word.len() == 4 && word.bytes().all(|b| b.is_ascii_digit()))
}

/// English words for numbers, sorted.
const NUMBERS: &[&str] = &[
    "both", "couple", "dozen", "eight", "eleven", "few", "five", "four", "hundred", "nine", "once", "one", "seven",
    "several", "six", "ten", "thousand", "three", "twelve", "twice", "two",
];

/// English words that ask for a name, sorted.
const NAMING: &[&str] =
    &["called", "name", "named", "names", "title", "titles", "where", "which", "who", "whom", "whose"];

/// English words for what has a name of its own, sorted.
const NAMED: &[&str] = &[
    "artist",
    "artists",
    "author",
    "authors",
    "band",
    "bands",
    "book",
    "books",
    "brand",
    "brands",
    "cities",
    "city",
    "companies",
    "company",
    "countries",
    "country",
    "film",
    "films",
    "game",
    "games",
    "movie",
    "movies",
    "musician",
    "musicians",
    "place",
    "places",
    "restaurant",
    "restaurants",
    "school",
    "schools",
    "series",
    "show",
    "shows",
    "singer",
    "singers",
    "song",
    "songs",
    "state",
    "states",
    "store",
    "stores",
    "team",
    "teams",
    "town",
    "towns",
    "university",
];

fn is_number(word: &str) -> bool {
    NUMBERS.binary_search(&word).is_ok() || word.chars().next().is_some_and(char::is_numeric)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn asked_of(question: &str, speakers: &[&str]) -> Question {
        let speakers: Vec<String> = speakers.iter().map(|name| name_key(name)).collect();
        Question::new(question, &speakers, Timestamp::from_micros_clamped(1_700_000_000_000_000))
    }

    #[test]
    fn the_lists_are_sorted() {
        assert!([TIMES, NUMBERS, NAMING, NAMED].iter().all(|list| list.is_sorted()));
    }

    #[test]
    fn names_of_speakers_are_left_out() {
        for (question, rest, people) in [
            ("What did Ann's sister paint?", "What did sister paint?", vec!["ann"]),
            ("Where does ann live?", "Where does live?", vec!["ann"]),
            ("Did Smith call?", "Did call?", vec!["bob smith"]),
            ("Did Bob Smith call Ann?", "Did call ?", vec!["ann", "bob smith"]),
            ("What is Anna's job?", "What is Anna's job?", vec![]),
            ("Ann?", "Ann?", vec!["ann"]),
        ] {
            let asked = asked_of(question, &["Ann", "Bob Smith"]);
            assert_eq!((asked.text.as_str(), asked.people), (rest, people.into_iter().map(str::to_owned).collect()));
        }
    }

    #[test]
    fn the_kind_of_answer() {
        let speakers = HashSet::from(["ann".to_owned()]);
        for (question, yes, no) in [
            ("When did she leave?", "We left last Friday.", "We left."),
            ("How many cats are there?", "We have three.", "We like cats."),
            ("Where does she live?", "We moved to Oslo, Ann!", "Thanks, Ann! She lives where I'd like to live."),
            ("What is her dog called?", "This is “Rex”.", "It's a dog."),
            ("What new book did she read?", "I read \"Emma\".", "The one you read."),
        ] {
            let asked = asked_of(question, &[]);
            assert!(asked.expected(false).kind, "{question}");
            assert!(asked.is_answered_in_kind_by(yes, &speakers), "{yes}");
            assert!(!asked.is_answered_in_kind_by(no, &speakers), "{no}");
        }
        for question in ["Why?", "What does she like about the books?", "How did it end?"] {
            assert!(!asked_of(question, &[]).expected(false).kind, "{question}");
        }
    }

    proptest! {
        #[test]
        fn any_question_can_be_asked(question in "\\PC{0,60}", speaker in "\\PC{0,12}") {
            let asked = asked_of(&question, &[&speaker]);
            prop_assert!(asked.text.len() <= question.len().max(1));
        }
    }
}
