//! Words as the index keeps them: the terms of [`mem0_core::text`], each as the
//! digits of its number.
//!
//! The module's own analysis lowers ASCII letters only and does not part
//! scripts without spaces; so it is given terms, and told not to change them.
//! No text is in a query as it came.

use mem0_core::text::{QueryTerm, TermId, query_terms, terms};
use mem0_core::{Payload, Point};
use serde_json::Value;

/// The words of a point's text, each as often as it occurs.
pub(in super::super) fn of(point: &Point) -> String {
    of_payload(&point.payload)
}

/// The words of a payload's text.
pub(super) fn of_payload(payload: &Payload) -> String {
    let text = payload.get("data").and_then(Value::as_str).unwrap_or_default();
    let mut words = String::new();
    for (term, count) in terms(text) {
        for _ in 0..count {
            if !words.is_empty() {
                words.push(' ');
            }
            words.push_str(&word(term));
        }
    }
    words
}

/// The query for the points of a scope's query whose text has a word of a
/// question; none if the question has no words.
///
/// Who is asked for and which points have a word count nothing (`$weight: 0`):
/// a rare owner would weigh more than any word, and of several words in a union
/// the server may count but one. What counts is each word once more as an
/// optional one.
pub(super) fn query(question: &str, scope: &str) -> Option<String> {
    let words: Vec<_> = query_terms(question).iter().flat_map(QueryTerm::ids).map(word).collect();
    let optional: String = words.iter().map(|word| format!(" ~@words:{word}")).collect();
    let any = words.join("|");
    (!words.is_empty())
        .then(|| format!("(@words:({any}))=>{{$weight: 0}} ({scope} @terms:{{every}})=>{{$weight: 0}}{optional}"))
}

/// A letter first: digits alone would be a number.
fn word(term: TermId) -> String {
    format!("x{:016x}", term.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn words(text: &str) -> String {
        of_payload(&Payload::from_iter([("data".to_owned(), json!(text))]))
    }

    #[test]
    fn words_are_terms_as_often_as_they_occur() {
        assert_eq!(words("Teas, tea!"), format!("{0} {0}", words("TEA")));
        assert_eq!(words("…"), "");
        assert_eq!(of_payload(&Payload::from_iter([("data".to_owned(), json!(7))])), "");
        assert_eq!(words("Łódź"), words("łódź"));
    }

    #[test]
    fn queries_look_like_this() {
        insta::assert_snapshot!(query("What is green tea?", "(@user_id:{x61})").unwrap());
        assert_eq!(query("…!?", "(@user_id:{x61})"), None);
    }

    #[test]
    fn nothing_hostile_reaches_a_query() {
        for text in ["*", "a|b", "-tea", "@user_id:{x}", ") | (@terms:{every}", "\"tea\"", "~x => {$weight: 5}", "\0"] {
            let query = query(text, "S").unwrap_or_default();
            let bare = query.replace("@words:", "").replace("=>{$weight: 0}", "").replace("@terms:{every}", "");
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "S()|~ ".contains(c);
            assert!(bare.chars().all(plain), "{query}");
        }
    }
}
