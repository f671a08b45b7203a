use serde_json::{Value, json};

use crate::answer::{Unreadable, lenient, prose};

fn reads(table: Vec<(&str, Value)>) {
    for (text, expected) in table {
        assert_eq!(lenient(text), Ok(expected), "{text}");
    }
}

fn fails(table: &[(&str, Unreadable)]) {
    for (text, expected) in table {
        assert_eq!(lenient(text), Err(*expected), "{text}");
    }
}

const fn syntax(line: usize, column: usize) -> Unreadable {
    Unreadable::Syntax { line, column }
}

#[test]
fn strict_json_is_taken_as_it_is() {
    reads(vec![
        (r#"{"facts": ["a"]}"#, json!({"facts": ["a"]})),
        ("\u{feff} [1] \n", json!([1])),
        (r#""bare""#, json!("bare")),
        ("null", Value::Null),
        (r#"{"facts": ["says <think> and ```json and [1"]}"#, json!({"facts": ["says <think> and ```json and [1"]})),
        (r#"{"a": 1, "a": 2}"#, json!({"a": 2})),
    ]);
}

#[test]
fn the_syntax_may_be_loose() {
    reads(vec![
        ("[1, 2,]", json!([1, 2])),
        (r#"{"a": 1,}"#, json!({"a": 1})),
        ("{'a': 'b'}", json!({"a": "b"})),
        ("{'a': 'User doesn't like tea'}", json!({"a": "User doesn't like tea"})),
        (r"{'a': 'it\'s'}", json!({"a": "it's"})),
        ("{a: 1, $b_c-d: 2, 7: 'x'}", json!({"a": 1, "$b_c-d": 2, "7": "x"})),
        ("[True, False, None, TRUE, null]", json!([true, false, null, true, null])),
        ("[+1, 1., .5, -.5, 007, -0, 1.e2]", json!([1, 1, 0.5, -0.5, 7, -0.0, 1e2])),
        ("[1, // one\n /* two */ 2, # three\n 3]", json!([1, 2, 3])),
        ("[\"a // b\", \"/* c */\", \"# d\"]x", json!(["a // b", "/* c */", "# d"])),
        ("{\"a\": \"two\nlines\tand a tab\u{1}\"}", json!({"a": "two\nlines\tand a tab\u{1}"})),
        ("{“a”: “b”, „c“: ‘d’}", json!({"a": "b", "c": "d"})),
        ("[“he said \"hi\"”]", json!(["he said \"hi\""])),
        (r#"["\d \_ C:\data \u00e9 \ud83d\ude00 \ud83d!",]"#, json!(["\\d _ C:\\data é 😀 \u{fffd}!"])),
        ("[{\"a\": 1}\n{\"a\": 2}]", json!([{"a": 1}, {"a": 2}])),
        ("{'a': 1, 'a': 2}", json!({"a": 2})),
    ]);
}

#[test]
fn the_json_is_found_in_prose() {
    reads(vec![
        ("Here you are: {\"facts\": []} Anything else?", json!({"facts": []})),
        ("As [1] and [see there] say, {user}: [\"a\"] and [\"b\"]", json!(["a"])),
        ("- [ ] check\n- [x] done\n{\"facts\": [\"a\"]}", json!({"facts": ["a"]})),
        ("Nothing: []", json!([])),
        ("Only [1, 2].", json!([1, 2])),
        ("I don't know. `{\"facts\": [\"it's\"]}`", json!({"facts": ["it's"]})),
        (
            "{\"text\": \"a\"}\n{\"text\": \"b\"},\n{\"text\": \"c\"}",
            json!([{"text": "a"}, {"text": "b"}, {"text": "c"}]),
        ),
        ("{\"facts\": [\"a\"]} and so on [", json!({"facts": ["a"]})),
    ]);
}

#[test]
fn the_last_fence_that_reads_comes_before_prose() {
    reads(vec![
        ("```json\n{\"a\": 1}\n```", json!({"a": 1})),
        ("```\r\n[\"x\"]\r\n```\r\n", json!(["x"])),
        ("~~~JSON\n{'a': 1}\n~~~", json!({"a": 1})),
        ("  ````json\n{\"a\": \"```\"}\n````", json!({"a": "```"})),
        ("```json {\"a\": 1}```", json!({"a": 1})),
        ("```json\n// the facts\n```\n{\"a\": 1}", json!({"a": 1})),
        ("Draft {\"a\": 0}:\n```json\n{\"a\": 1}\n```\nBetter:\n```json\n{\"a\": 2}\n```\nDone.", json!({"a": 2})),
        ("```json\n{\"a\": 1}\n```\nbroken:\n```json\n{\"a\": oops}\n```", json!({"a": 1})),
        ("```json\n{\"a\": oops}\n```\nagain:\n```json\n{\"a\": 1}\n```", json!({"a": 1})),
        ("```json\n{\"a\": 1}", json!({"a": 1})),
        ("```json\n[]\n```", json!([])),
        ("{\"a\": 1}\n```python\nrows[0]\n```", json!({"a": 1})),
        ("Sure: {'a': 'raw\n```json\n{\"b\": 2}\n```\n'}", json!({"a": "raw\n```json\n{\"b\": 2}\n```\n"})),
    ]);
}

#[test]
fn reasoning_is_no_answer() {
    reads(vec![
        ("<think>maybe {\"a\": 0}?</think>{\"a\": 1}", json!({"a": 1})),
        ("<THINKING>\n```json\n{\"a\": 0}\n```\n</thinking>\n```json\n{\"a\": 1}\n```", json!({"a": 1})),
        ("<reasoning>don't [</reasoning> {'a': '<think>'}", json!({"a": "<think>"})),
        ("<think><think>x</think>{\"a\": 1}", json!({"a": 1})),
        // It began before the answer did.
        ("maybe {\"a\": 0}? no.\n</think>\n{\"a\": 1}", json!({"a": 1})),
        ("maybe {\"a\": oops\n</think>\n{\"a\": 1}", json!({"a": 1})),
        ("{\"a\": 1}</think>", json!({"a": 1})),
        ("{\"a\": 1} <think>and now", json!({"a": 1})),
        ("a <thinker> or <b>: {\"a\": 1}", json!({"a": 1})),
    ]);
    fails(&[
        ("<think>so {\"facts\": []} it is", Unreadable::Truncated),
        ("Nothing: [] <think>wait", Unreadable::Truncated),
        ("<think>done</think>", Unreadable::NoJson),
    ]);
}

#[test]
fn what_is_cut_is_not_completed() {
    fails(&[
        ("[", Unreadable::Truncated),
        ("{\"facts\": [\"a\", \"b", Unreadable::Truncated),
        ("{\"facts\": [\"a\"]", Unreadable::Truncated),
        ("{\"facts\": [\"a\", tr", Unreadable::Truncated),
        ("{\"facts\": [-", Unreadable::Truncated),
        ("{\"facts\": [\"\\u00", Unreadable::Truncated),
        ("[1, /* two", Unreadable::Truncated),
        ("Sure:\n```json\n{\"facts\": [", Unreadable::Truncated),
        ("```json\n{\"facts\": [\"a\"]}\n```\nor rather\n```json\n{\"facts\": [\"a\", ", Unreadable::Truncated),
        ("{\"text\": \"a\"}\n{\"text\": \"b", Unreadable::Truncated),
        ("{\"facts\": [\"a </think> []", Unreadable::Truncated),
        ("Sure: {\"facts\": [\"a </think> []", Unreadable::Truncated),
    ]);
}

#[test]
fn no_part_is_taken_out_of_what_is_broken() {
    fails(&[
        ("{\"facts\": [{\"text\": \"a\"}, oops {\"text\": \"b\"}]}", syntax(1, 27)),
        ("{\"facts\": [\"said \"hi\" to Bob\"]}", syntax(1, 19)),
        ("Hm:\n{\"é\": }", syntax(2, 7)),
        ("[1, \"a\", ...]", syntax(1, 10)),
        ("```json\n{\"facts\": [\"a\"\n```\n", syntax(3, 1)),
        ("{\"a\": 1e999}", syntax(1, 7)),
        ("{\"a\": 2024-01-02}", syntax(1, 7)),
        ("{\"a\": 1} {\"b\": oops}", syntax(1, 16)),
        ("{\"a\" = 1}", Unreadable::NoJson),
    ]);
}

#[test]
fn what_holds_no_json_says_so() {
    fails(&[
        ("", Unreadable::Empty),
        ("\u{feff} \n", Unreadable::Empty),
        ("There is nothing to remember.", Unreadable::NoJson),
        ("[see there] {user}", Unreadable::NoJson),
        ("```\nnothing\n```", Unreadable::NoJson),
    ]);
}

#[test]
fn depth_and_length_have_limits() {
    let nested = |depth: usize, inside: &str| format!("{}{inside}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(lenient(&nested(64, "")).is_ok());
    assert!(lenient(&nested(64, "'a'")).is_ok());
    for text in [nested(65, ""), nested(65, "'a'"), nested(200, ""), nested(64, "{}{}")] {
        assert_eq!(lenient(&text), Err(Unreadable::TooDeep));
    }
    let object = |depth: usize| format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
    assert_eq!(lenient(&format!("{0}\n{0}", object(64))), Err(Unreadable::TooDeep));
    assert_eq!(lenient(&" ".repeat((4 << 20) + 1)), Err(Unreadable::TooLong));
}

/// A reader that went over the same text again and again would need hours.
#[test]
fn hostile_text_takes_one_pass() {
    let patterns = [
        "[",
        "{",
        "]",
        "`",
        "~",
        "\"",
        "'",
        "“",
        "<",
        "[\"",
        "[“",
        "['",
        "{\"a\":",
        "[1,",
        "[{",
        "{}",
        "{} ",
        "[]",
        "[/*",
        "/*",
        "//",
        "#",
        "```\n",
        "```[",
        "```{",
        "\n```json\n[1]",
        "<think>",
        "</think>",
        "<think></think>",
        "</think>[",
        "</think> {\"a\":",
        "[\\",
        "[\"\\",
        "\\u",
        "1",
        "[1",
        "-",
        "[.",
        " ",
        "\n",
        "[ ",
        "{a",
        "[a",
        "{“",
        "{“a",
        "{\"a\":1}{“",
        "{\"a\":1},",
        "[\u{feff}",
        "é",
    ];
    for pattern in patterns {
        let around = [("", ""), ("x ", ""), ("x ", "*/”\" x"), ("[\"a\", [", "]]"), ("```json\n", "\n```")];
        for (index, (before, after)) in around.into_iter().enumerate() {
            let length = if index == 0 { 1 << 20 } else { 1 << 17 };
            let text = format!("{before}{}{after}", pattern.repeat(length / pattern.len()));
            let _ = (lenient(&text), prose(&text));
        }
    }
}

#[test]
fn errors_quote_nothing() {
    let secret = "hunter2";
    for text in [format!("{{\"{secret}\": {secret}}}"), format!("[\"{secret}"), secret.to_owned()] {
        let error = lenient(&text).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(secret));
    }
    assert_eq!(syntax(2, 7).to_string(), "the JSON of the answer is broken at line 2, column 7");
}
