use proptest::prelude::*;
use serde_json::{Value, json};

use crate::answer::{facts, fuzz_answer, lenient, prose};

fn any_text() -> impl Strategy<Value = String> {
    let parts = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"",
        "'",
        "“",
        "”",
        "\\",
        "\\u",
        "d83d",
        "`",
        "```",
        "```json\n",
        "~~~\n",
        "\n",
        " ",
        "<think>",
        "</think>",
        "//",
        "/*",
        "*/",
        "#",
        "true",
        "None",
        "1",
        "-",
        ".",
        "e",
        "facts",
        "memory",
        "text",
        "event",
        "DELETE",
        "id",
        "é",
        "\u{feff}",
        "\"facts\": [",
        "{\"text\": \"a\"}",
    ]);
    prop_oneof![".{0,64}", prop::collection::vec(parts, 0..48).prop_map(|parts| parts.concat())]
}

/// A list or an object, with anything in it.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any_text().prop_map(Value::from),
    ];
    let nested = leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(any_text(), inner, 0..5).prop_map(|map| map.into_iter().collect()),
        ]
    });
    prop_oneof![
        prop::collection::vec(nested.clone(), 0..4).prop_map(Value::from),
        prop::collection::btree_map(any_text(), nested, 0..4).prop_map(|map| map.into_iter().collect()),
    ]
}

/// What models put around JSON.
fn wrapped(json: String) -> impl Strategy<Value = String> {
    let plain = Just(json.clone());
    let fenced = prop::sample::select(vec![
        ("```json\n", "\n```"),
        ("```\n", "\n```\n"),
        ("~~~\n", "\n~~~"),
        ("```json ", "```"),
    ])
    .prop_map(move |(before, after)| format!("{before}{json}{after}"));
    let before = prop::sample::select(vec![
        "",
        "\u{feff}",
        "Here's what I found:\n",
        "<think>Is it {\"facts\": []}? Don't [know</think>\n",
        "<think>\n```json\n{\"facts\": []}\n```\n</think>\nSo: \n",
        "As [1] shows, {user} said [this]:\n\n",
        "It's {\"facts\": [ or so\n</think>\n",
    ]);
    let after = prop::sample::select(vec!["", "\n", "\n\nThat's all.", "\nI don't know [more]."]);
    (before, prop_oneof![plain, fenced], after).prop_map(|(before, json, after)| format!("{before}{json}{after}"))
}

fn any_answer() -> impl Strategy<Value = Value> {
    let item = prop_oneof![
        any_text().prop_map(Value::from),
        (any_text(), 0..9u64).prop_map(|(text, id)| json!({"text": text, "event": "UPDATE", "id": id, "sources": [1]})),
        (0..9u64).prop_map(|id| json!({"id": id, "event": "DELETE"})),
    ];
    (prop::collection::vec(item, 0..4), prop::sample::select(vec!["", "facts", "memory"]))
        .prop_map(|(items, key)| if key.is_empty() { Value::from(items) } else { json!({ key: items }) })
}

/// How many facts a text is understood to say.
fn count(text: &str) -> Option<usize> {
    Some(facts(&lenient(text).ok()?).ok()?.facts.len())
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in any_text(), bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        fuzz_answer(text.as_bytes());
        fuzz_answer(&bytes);
    }

    #[test]
    fn no_json_makes_it_panic(value in any_json()) {
        let _ = facts(&value);
        let _ = prose(&value.to_string());
    }

    #[test]
    fn json_reads_back_whatever_is_around_it(
        (value, text) in (any_json(), any::<bool>()).prop_flat_map(|(value, pretty)| {
            let json = if pretty { format!("{value:#}") } else { value.to_string() };
            (Just(value), wrapped(json))
        })
    ) {
        // Between prose, these are check boxes and citations.
        prop_assume!(value.as_array().is_none_or(|items| !items.iter().all(Value::is_number)));
        prop_assume!(value.as_object().is_none_or(|entries| !entries.is_empty()));
        prop_assert_eq!(lenient(&text), Ok(value), "{}", text);
    }

    #[test]
    fn a_cut_answer_never_says_less(
        (value, text) in any_answer().prop_flat_map(|value| (Just(value.clone()), wrapped(value.to_string())))
    ) {
        // Without its end, reasoning that was never begun is an answer in prose.
        prop_assume!(!text.starts_with("It's"));
        let Ok(whole) = facts(&value) else { return Ok(()) };
        for part in text.char_indices().filter_map(|(at, _)| text.get(..at)) {
            if let Some(said) = count(part) {
                prop_assert!(said >= whole.facts.len(), "{:?}", part);
            }
        }
    }
}
