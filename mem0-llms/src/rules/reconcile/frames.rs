//! Statements whose later value replaces the earlier one.
//!
//! | frame | examples | the value must be |
//! |---|---|---|
//! | name | My name is X | a name |
//! | home | I live in X, I'm based in X, I moved to X, I relocated to X | a name; and not once a city, once a country |
//! | employer | I work at X, I work for X, I started working at X | a name |
//! | occupation | I work as a X | anything short |
//! | age | I am N years old, I'm N years old, I turned N | a higher number |
//! | status | I'm single, engaged, married, divorced, widowed | one of these |
//! | my own | My age, birthday, phone number, email, address, employer, job title, … is X | by the attribute: with digits, with an @, a name |
//! | favourite | My favourite N is X | anything short but mere praise, for the same N; never for "thing", "part", "moment" and the like |
//! | ended | I no longer …, I don't … anymore, I stopped …ing, I quit …ing | what an earlier statement says in the same words |
//!
//! A sentence fits only if it starts with the frame (fillers aside) and has
//! none of the [`DOUBTS`] in it: "I used to live in X", "I might move to X",
//! "I also work at X", "My other phone number is X" fit no frame.
//!
//! English only, first person only.

use super::doubts::{DOUBTS, NO_PLACES, NOW, OPENINGS, STATUS, VAGUE_FAVOURITES};
use super::places::is_region;
use super::same::{essential, stem};
use crate::rules::smalltalk::EVALUATIONS;
use crate::rules::words::{Word, is_in, lower, part, words};

/// What a sentence claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// A value of an attribute that has one at a time.
    Value {
        /// The attribute, such as "home" or "favourite colour".
        attribute: String,
        /// Its value, normalised.
        value: String,
        /// The rule's name.
        rule: &'static str,
        /// Whether the sentence says nothing else.
        is_all: bool,
        /// Whether it tells of a change ("moved", "turned"), which may have a
        /// date; a state with a date ("I live in Rome this summer") may be
        /// one for that time only.
        is_event: bool,
    },
    /// The end of what these words said.
    Ended {
        /// The words of the statement, without "I".
        what: Vec<String>,
    },
}

/// What a value must look like, so that "my height is a problem" gives none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// With a digit.
    Digits,
    /// With an "@".
    Email,
    /// Starting with a capital letter or a digit.
    Name,
    /// One of [`STATUS`].
    Status,
    /// With one of "he", "she" and "they".
    Pronouns,
}

/// Attributes of which a person has one at a time.
const OWN: &[(&str, Shape)] = &[
    ("age", Shape::Digits),
    ("birthday", Shape::Digits),
    ("birth date", Shape::Digits),
    ("date of birth", Shape::Digits),
    ("phone number", Shape::Digits),
    ("mobile number", Shape::Digits),
    ("address", Shape::Digits),
    ("home address", Shape::Digits),
    ("postal address", Shape::Digits),
    ("postcode", Shape::Digits),
    ("zip code", Shape::Digits),
    ("height", Shape::Digits),
    ("weight", Shape::Digits),
    ("shoe size", Shape::Digits),
    ("email", Shape::Email),
    ("email address", Shape::Email),
    ("employer", Shape::Name),
    ("job title", Shape::Name),
    ("first name", Shape::Name),
    ("last name", Shape::Name),
    ("middle name", Shape::Name),
    ("full name", Shape::Name),
    ("surname", Shape::Name),
    ("hometown", Shape::Name),
    ("time zone", Shape::Name),
    ("timezone", Shape::Name),
    ("nationality", Shape::Name),
    ("native language", Shape::Name),
    ("mother tongue", Shape::Name),
    ("marital status", Shape::Status),
    ("relationship status", Shape::Status),
    ("pronouns", Shape::Pronouns),
];

/// Frames whose value is a name, by the words that they start with.
const NAMED: &[(&str, &str, &str)] = &[
    ("my name is", "name", "name"),
    ("i live in", "home", "home"),
    ("i am living in", "home", "home"),
    ("i am based in", "home", "home"),
    ("i reside in", "home", "home"),
    ("i moved to", "home", "home"),
    ("i have moved to", "home", "home"),
    ("i relocated to", "home", "home"),
    ("i have relocated to", "home", "home"),
    ("i work at", "employer", "employer"),
    ("i work for", "employer", "employer"),
    ("i am working at", "employer", "employer"),
    ("i am working for", "employer", "employer"),
    ("i started working at", "employer", "employer"),
    ("i started working for", "employer", "employer"),
];

/// What a sentence claims, if one of the frames fits. Expressions of time
/// must have been taken out of it.
pub(super) fn claim(sentence: &str) -> Option<Claim> {
    if sentence.contains(['?', '"', '“', '”', '«', '»', '„']) {
        return None;
    }
    let terms = terms(sentence);
    let opening = terms.iter().take_while(|term| is_in(&term.lower, OPENINGS)).count();
    let terms = terms.get(opening..)?;
    if let Some(what) = ended(terms) {
        return Some(Claim::Ended { what });
    }
    // "Years old" is sure.
    let years_old = terms.windows(2).any(|pair| matches!(pair, [a, b] if a.lower == "years" && b.lower == "old"));
    let is_doubt = |term: &Term| match term.lower.as_str() {
        "old" => !years_old,
        // "May" is a month.
        "may" => !term.is_name,
        word => is_in(word, DOUBTS),
    };
    if terms.iter().any(is_doubt) {
        return None;
    }
    named(terms)
        .or_else(|| age(terms))
        .or_else(|| status(terms))
        .or_else(|| occupation(terms))
        .or_else(|| own(sentence, terms))
}

/// Whether a later value can stand in the place of an earlier one.
pub(super) fn replaces(rule: &str, new: &str, old: &str) -> bool {
    match rule {
        _ if new == old => false,
        // A city lies in its country: "I live in Italy" does not end "I live in Rome".
        "home" => is_region(new) == is_region(old),
        "age" => match (new.parse::<u32>(), old.parse::<u32>()) {
            (Ok(new), Ok(old)) => new > old,
            _ => false,
        },
        _ => true,
    }
}

/// A word of the sentence with what a frame looks at.
struct Term {
    lower: String,
    /// Whether it may be part of a name: a capital letter or a digit first.
    is_name: bool,
    /// Whether a comma or another mark stands behind it.
    before_mark: bool,
}

fn terms(sentence: &str) -> Vec<Term> {
    let found = words(sentence);
    let mut terms = Vec::new();
    for (at, word) in found.iter().enumerate() {
        let next = found.get(at + 1).map_or(sentence.len(), |next| next.range.start);
        let gap = part(sentence, word.range.end..next);
        // Addresses and numbers are written with marks inside.
        let before_mark =
            gap.chars().any(|c| !c.is_whitespace() && !matches!(c, '-' | '@' | '.' | '_' | '+' | '/' | '&'))
                || (gap.contains('.') && (gap.trim() != gap || next == sentence.len()));
        push(&mut terms, word, before_mark);
    }
    terms
}

fn push(terms: &mut Vec<Term>, word: &Word<'_>, before_mark: bool) {
    let long = essential(word.text);
    let is_name = word.is_capitalised() || word.text.starts_with(|c: char| c.is_numeric());
    if is_in(&word.lower, NOW)
        || (long.len() == 1 && is_in(&word.lower, &["well", "oh", "hey", "hi", "yes", "yeah", "so", "btw"]))
    {
        return;
    }
    // "I'm" is two words to a frame.
    let count = long.len();
    if count > 1 {
        for (at, lower) in long.into_iter().enumerate() {
            terms.push(Term { lower, is_name: is_name && at == 0, before_mark: before_mark && at + 1 == count });
        }
    } else {
        let lower = long.into_iter().next().filter(|_| !word.lower.contains('\'')).unwrap_or_else(|| lower(word.text));
        terms.push(Term { lower, is_name, before_mark });
    }
}

fn starts<'t>(terms: &'t [Term], frame: &str) -> Option<&'t [Term]> {
    let mut rest = terms;
    for word in frame.split(' ') {
        let (first, behind) = rest.split_first()?;
        if first.lower != word || (first.before_mark && !behind.is_empty()) {
            return None;
        }
        rest = behind;
    }
    Some(rest)
}

/// A value that is a name: up to four capitalised words in a row.
fn named(terms: &[Term]) -> Option<Claim> {
    let (rest, attribute, rule) =
        NAMED.iter().find_map(|(frame, attribute, rule)| Some((starts(terms, frame)?, attribute, rule)))?;
    let mut length = 0;
    for term in rest {
        let particle = length > 0 && is_in(&term.lower, &["of", "de", "la", "del", "du", "am", "upon"]);
        if !term.is_name && !particle {
            break;
        }
        length += 1;
        if term.before_mark {
            break;
        }
    }
    let value = rest.get(..length).filter(|value| !value.is_empty() && value.len() <= 4)?;
    if !value.last()?.is_name {
        return None;
    }
    let behind = rest.get(length..)?;
    if *attribute == "home" && value.iter().any(|term| is_in(&term.lower, NO_PLACES)) {
        return None;
    }
    // "For the semester" is for a while.
    if behind.first().is_some_and(|term| term.lower == "for") {
        return None;
    }
    // Another name in an enumeration: two values, and none is the one.
    let enumerates = behind.first().is_some_and(|term| is_in(&term.lower, &["and", "&", "plus"]))
        && behind.get(1).is_some_and(|term| term.is_name && term.lower != "i");
    if enumerates {
        return None;
    }
    Some(Claim::Value {
        attribute: (*attribute).to_owned(),
        value: join(value),
        rule,
        is_all: behind.is_empty() || is_country_behind(value, behind),
        is_event: terms.iter().any(|term| is_in(&term.lower, &["moved", "relocated", "started"])),
    })
}

/// "Berlin, Germany": the second name only places the first.
fn is_country_behind(value: &[Term], behind: &[Term]) -> bool {
    value.last().is_some_and(|term| term.before_mark) && is_region(&join(behind))
}

fn age(terms: &[Term]) -> Option<Claim> {
    let (rest, turned) = starts(terms, "i am")
        .map(|rest| (rest, false))
        .or_else(|| starts(terms, "i turned").map(|rest| (rest, true)))?;
    let (number, behind) = rest.split_first()?;
    let years: u32 = number.lower.parse().ok().filter(|years| (1..=130).contains(years))?;
    let behind = match starts(behind, "years old") {
        Some(behind) => behind,
        None if turned && behind.is_empty() => behind,
        None => return None,
    };
    Some(Claim::Value {
        attribute: "age".into(),
        value: years.to_string(),
        rule: "age",
        is_all: behind.is_empty(),
        is_event: turned,
    })
}

fn status(terms: &[Term]) -> Option<Claim> {
    let rest = ["i am", "i got", "i have got"].into_iter().find_map(|frame| starts(terms, frame))?;
    match rest {
        [status] if is_in(&status.lower, STATUS) => Some(Claim::Value {
            attribute: "relationship status".into(),
            value: status.lower.clone(),
            rule: "status",
            is_all: true,
            is_event: terms.iter().any(|term| term.lower == "got"),
        }),
        _ => None,
    }
}

fn occupation(terms: &[Term]) -> Option<Claim> {
    let rest = ["i work as", "i am working as"].into_iter().find_map(|frame| starts(terms, frame))?;
    let rest =
        rest.split_first().filter(|(first, _)| is_in(&first.lower, &["a", "an", "the"])).map_or(rest, |(_, rest)| rest);
    short_value("occupation".into(), "occupation", rest)
}

/// "My phone number is X", "My favourite colour is X".
fn own(sentence: &str, terms: &[Term]) -> Option<Claim> {
    let rest = starts(terms, "my")?;
    let is =
        rest.iter().position(|term| term.lower == "is" || term.lower == "are").filter(|at| (1..=4).contains(at))?;
    let (attribute, value) = rest.split_at(is);
    let (verb, value) = value.split_first()?;
    if attribute.iter().any(|term| term.before_mark) {
        return None;
    }
    let noun = attribute.last()?;
    let attribute = join(attribute);
    if attribute.starts_with("favourite ") {
        let praises = value.iter().any(|term| is_in(&term.lower, EVALUATIONS));
        let sure = verb.lower == "is" && !praises && !is_in(&noun.lower, VAGUE_FAVOURITES);
        return sure.then(|| short_value(attribute, "favourite", value))?;
    }
    let (_, shape) = OWN.iter().find(|(name, _)| *name == attribute)?;
    let fits = match shape {
        Shape::Digits => value.iter().any(|term| term.lower.chars().any(char::is_numeric)),
        Shape::Email => sentence.contains('@'),
        Shape::Name => value.first()?.is_name,
        Shape::Status => value.len() == 1 && is_in(&value.first()?.lower, STATUS),
        Shape::Pronouns => value.iter().any(|term| is_in(&term.lower, &["he", "she", "they"])),
    };
    fits.then(|| short_value(attribute, "my own", value))?
}

/// A value of any words, up to eight, that runs to the end of the sentence and
/// has no "and" in it.
fn short_value(attribute: String, rule: &'static str, value: &[Term]) -> Option<Claim> {
    let ends = value.iter().position(|term| term.before_mark).map_or(value.len(), |at| at + 1);
    let joined = |term: &Term| is_in(&term.lower, &["and", "but", "because", "since", "which", "that", "who", "as"]);
    let is_all = ends == value.len();
    let value = value.get(..ends).filter(|value| (1..=8).contains(&value.len()))?;
    if value.iter().any(joined) {
        return None;
    }
    Some(Claim::Value { attribute, value: join(value), rule, is_all, is_event: false })
}

/// "I no longer work at X", "I don't drink coffee anymore", "I stopped smoking".
fn ended(terms: &[Term]) -> Option<Vec<String>> {
    let lower: Vec<&str> = terms.iter().map(|term| term.lower.as_str()).collect();
    let sure = |words: &[&str]| !words.is_empty() && !words.iter().any(|word| is_in(word, DOUBTS) && *word != "part");
    let what = match lower.as_slice() {
        ["i", "no", "longer", rest @ ..] => rest.to_vec(),
        ["i", "am", "no", "longer", rest @ ..] => [&["am"], rest].concat(),
        ["i", "do", "not", rest @ .., "anymore"] => rest.to_vec(),
        ["i", "do", "not", rest @ .., "any", "more" | "longer"] => rest.to_vec(),
        ["i", "am", "not", rest @ .., "anymore"] => [&["am"], rest].concat(),
        ["i", "am", "not", rest @ .., "any", "more" | "longer"] => [&["am"], rest].concat(),
        ["i", "stopped" | "quit", rest @ ..] | ["i", "have", "stopped" | "quit", rest @ ..]
            if rest.first().is_some_and(|verb| verb.ends_with("ing")) =>
        {
            rest.to_vec()
        }
        _ => return None,
    };
    sure(&what).then(|| stems(what.iter().copied()))
}

/// The words of a first-person statement without the "I", as [`Claim::Ended`]
/// holds them.
pub(super) fn first_person_words(sentence: &str) -> Option<Vec<String>> {
    let terms = terms(sentence);
    let (first, rest) = terms.split_first()?;
    (first.lower == "i").then(|| stems(rest.iter().map(|term| term.lower.as_str())))
}

fn stems<'a>(words: impl Iterator<Item = &'a str>) -> Vec<String> {
    words.filter(|word| !is_in(word, &["a", "an", "the"])).map(stem).collect()
}

fn join(terms: &[Term]) -> String {
    terms.iter().map(|term| term.lower.as_str()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(sentence: &str) -> Option<(String, String, bool)> {
        match claim(sentence)? {
            Claim::Value { attribute, value, is_all, .. } => Some((attribute, value, is_all)),
            Claim::Ended { .. } => None,
        }
    }

    #[test]
    fn what_fits() {
        for (sentence, attribute, expected, is_all) in [
            ("My name is Ana Lopez.", "name", "ana lopez", true),
            ("my name's Ana", "", "", false),
            ("I live in Rome.", "home", "rome", true),
            ("I'm now living in New York City!", "home", "new york city", true),
            ("I just moved to Rio de Janeiro.", "home", "rio de janeiro", true),
            ("I live in Berlin, Germany.", "home", "berlin", true),
            ("I live in Berlin, near Anna.", "home", "berlin", false),
            ("I live in Rome with my wife.", "home", "rome", false),
            ("Yes, I work at Acme now.", "employer", "acme", true),
            ("I started working at Acme and I like it.", "employer", "acme", false),
            ("I work as a nurse.", "occupation", "nurse", true),
            ("I am 31 years old.", "age", "31", true),
            ("I turned 31!", "age", "31", true),
            ("I’m married now.", "relationship status", "married", true),
            ("My favorite color is dark blue.", "favourite colour", "dark blue", true),
            ("My phone number is 555-0199.", "phone number", "555 0199", true),
            ("My email is ana.lopez@example.org.", "email", "ana lopez example org", true),
            ("My job title is Head of Sales.", "job title", "head of sales", true),
            ("Please remember that my name is Ana.", "name", "ana", true),
            ("FYI: I live in Rome now.", "home", "rome", true),
            ("My pronouns are they/them.", "pronouns", "they them", true),
            ("My birthday is May 8th.", "birthday", "may 8th", true),
        ] {
            let expected = (!attribute.is_empty()).then(|| (attribute.to_owned(), expected.to_owned(), is_all));
            assert_eq!(value(sentence), expected, "{sentence}");
        }
    }

    #[test]
    fn what_does_not() {
        for sentence in [
            "I used to live in Rome.",
            "I lived in Rome.",
            "I might move to Rome.",
            "I will live in Rome.",
            "If I live in Rome",
            "I want to live in Rome.",
            "I live in a big house.",
            "I live in fear.",
            "I also work at Acme.",
            "I live in Rome and Paris.",
            "I live in Rome or Paris.",
            "Anna lives in Rome.",
            "Do I live in Rome?",
            "She said \"I live in Rome\".",
            "I work at home.",
            "I work for money.",
            "My other phone number is 5.",
            "My second favourite colour is blue.",
            "My car is red.",
            "My dog is Rex.",
            "My favourite colours are red and blue.",
            "I am 30.",
            "I am 30 minutes late.",
            "I was 30 years old.",
            "I'm engaged in politics.",
            "I'm almost 30 years old.",
            "Ich wohne in Rom.",
            "I do not live in Rome.",
            "I live in Rome during the summer.",
            "I live like a king.",
            "I moved to a new flat.",
            "I joined Anna for lunch.",
            "I moved to Linux.",
            "I live in Rome for the semester.",
            "My height is a problem.",
            "My employer is great.",
            "My birthday is soon.",
            "My favourite part is the end.",
            "My favourite book is amazing.",
            "My phone is broken.",
            "",
        ] {
            assert_eq!(claim(sentence), None, "{sentence}");
        }
    }

    #[test]
    fn what_ends() {
        for (sentence, was) in [
            ("I no longer work at Acme.", "I work at Acme."),
            ("I don't drink coffee anymore.", "I drink the coffee"),
            ("I do not drink coffee any more!", "I drink coffee."),
            ("I stopped drinking coffee.", "I drink coffee."),
            ("I'm no longer a vegan.", "I'm a vegan."),
            ("I'm not vegan anymore.", "I am vegan."),
        ] {
            let Some(Claim::Ended { what }) = claim(sentence) else { panic!("{sentence}") };
            assert_eq!(Some(what), first_person_words(was), "{sentence}");
        }
        for sentence in ["I don't drink coffee.", "I no longer know if I like tea", "I stopped at the shop."] {
            assert!(!matches!(claim(sentence), Some(Claim::Ended { .. })), "{sentence}");
        }
    }

    #[test]
    fn a_region_does_not_replace_a_city_nor_a_lower_age_a_higher() {
        assert!(replaces("home", "rome", "paris"));
        assert!(replaces("home", "italy", "france"));
        assert!(!replaces("home", "italy", "rome"));
        assert!(!replaces("home", "rome", "italy"));
        assert!(!replaces("home", "rome", "rome"));
        assert!(replaces("age", "31", "30") && !replaces("age", "30", "31"));
    }
}
