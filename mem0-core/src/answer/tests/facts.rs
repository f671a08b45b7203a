use serde_json::{Value, json};

use crate::answer::{Answer, AnswerEvent, AnswerFact, Malformed, Rejected, SourceRef, facts};

fn texts(value: &Value) -> Vec<String> {
    facts(value).unwrap().facts.into_iter().map(|fact| fact.text).collect()
}

fn single(item: Value) -> AnswerFact {
    let answer = facts(&json!([item])).unwrap();
    let [fact] = answer.facts.as_slice() else { panic!("{} facts of {item}", answer.facts.len()) };
    fact.clone()
}

#[test]
fn the_items_are_found() {
    let table = [
        (json!(["a", {"text": "b"}]), vec!["a", "b"]),
        (json!({"facts": ["a", "b"]}), vec!["a", "b"]),
        (json!({"Memory": [{"text": "a"}]}), vec!["a"]),
        (json!({"MEMORIES": ["a"]}), vec!["a"]),
        (json!({"results": [{"memory": "a", "event": "ADD"}]}), vec!["a"]),
        (json!({"items": ["a"], "note": "x"}), vec!["a"]),
        (json!({"facts": null, "memory": ["a"]}), vec!["a"]),
        (json!({"facts": ["a"], "memory": ["b"]}), vec!["a", "b"]),
        (json!({"facts": "a"}), vec!["a"]),
        (json!({"memory": "a"}), vec!["a"]),
        (json!({"text": "a", "sources": [1]}), vec!["a"]),
        (json!({"facts": {"text": "a"}}), vec!["a"]),
        (json!({"memory": {"facts": ["a"]}}), vec!["a"]),
        (json!({"1": "a", "2": {"text": "b"}}), vec!["a", "b"]),
        (json!([{"facts": ["a"]}, {"facts": ["b"]}]), vec!["a", "b"]),
        (json!([" a ", "", "none"]), vec!["a"]),
    ];
    for (value, expected) in table {
        assert_eq!(texts(&value), expected, "{value}");
    }
}

#[test]
fn the_text_has_many_keys() {
    for key in ["text", "fact", "memory", "content", "data", "new_memory", "newMemory", "Text"] {
        assert_eq!(single(json!({key: " a "})).text, "a", "{key}");
    }
    assert_eq!(single(json!({"memory": "old", "new_memory": "new"})).text, "new");
    let numbered = single(json!({"fact": 3, "text": "a"}));
    assert_eq!((numbered.fact, numbered.text.as_str()), (Some(3), "a"));
    assert_eq!(single(json!({"fact": "3", "memory": "a"})).fact, Some(3));
    assert_eq!(single(json!({"fact": "3 cats"})).fact, None);
}

#[test]
fn nothing_to_remember_is_an_answer() {
    for value in [
        json!([]),
        json!({}),
        json!({"facts": []}),
        json!({"facts": null}),
        json!({"facts": {}}),
        json!({"facts": ""}),
        json!({"memory": []}),
        json!({"memory": "None"}),
        json!({"facts": [""]}),
        json!({"facts": [{"text": "", "event": "NONE"}]}),
    ] {
        assert_eq!(facts(&value), Ok(Answer::default()), "{value}");
    }
}

#[test]
fn what_is_no_answer_is_malformed() {
    let table = [
        (json!(null), Malformed::NotAnAnswer),
        (json!("Likes tea"), Malformed::NotAnAnswer),
        (json!(3), Malformed::NotAnAnswer),
        (json!(false), Malformed::NotAnAnswer),
        (json!({"status": "ok"}), Malformed::UnknownKeys),
        (json!({"facts": 3}), Malformed::UnknownKeys),
        (json!({"summary": ["a"]}), Malformed::UnknownKeys),
        (json!({"facts": {"status": "ok"}}), Malformed::UnknownKeys),
        (json!({"step 1": "a"}), Malformed::UnknownKeys),
        (json!([1, 2]), Malformed::NothingUsable(Rejected::NotAnItem)),
        (json!([{"event": "ADD"}]), Malformed::NothingUsable(Rejected::NoText)),
        (json!([{"event": "DELETE"}]), Malformed::NothingUsable(Rejected::NoText)),
        (json!([{"id": 1, "event": "UPDATE"}]), Malformed::NothingUsable(Rejected::NoText)),
        (json!({"facts": [{"text": "a", "event": "EXPLODE"}]}), Malformed::NothingUsable(Rejected::UnknownEvent)),
        (json!({"facts": [{"text": "a", "event": 1}]}), Malformed::NothingUsable(Rejected::UnknownEvent)),
    ];
    for (value, expected) in table {
        assert_eq!(facts(&value), Err(expected), "{value}");
        assert!(!expected.to_string().is_empty());
    }
}

#[test]
fn what_cannot_be_used_is_reported_beside_the_rest() {
    let answer = facts(&json!(["a", 1, {"sources": [1]}, {"text": "b", "event": "MERGE"}, ["c"], null])).unwrap();
    assert_eq!(answer.facts.len(), 1);
    let expected =
        [Rejected::NotAnItem, Rejected::NoText, Rejected::UnknownEvent, Rejected::NotAnItem, Rejected::NotAnItem];
    assert_eq!(answer.rejected, expected);
}

#[test]
fn events_have_many_names() {
    let table = [
        ("ADD", AnswerEvent::Add),
        ("add", AnswerEvent::Add),
        (" Update ", AnswerEvent::Update),
        ("delete", AnswerEvent::Delete),
        ("NONE", AnswerEvent::None),
        ("noop", AnswerEvent::None),
        ("NO_OP", AnswerEvent::None),
        ("NO_CHANGE", AnswerEvent::None),
        ("no change", AnswerEvent::None),
    ];
    for (name, expected) in table {
        for key in ["event", "Action", "operation"] {
            assert_eq!(single(json!({"text": "a", key: name})).event, Some(expected), "{key} {name}");
        }
    }
    for nothing in [json!(null), json!("")] {
        assert_eq!(single(json!({"text": "a", "event": nothing})).event, None);
    }
}

#[test]
fn targets_are_text() {
    let table = [
        (json!(0), vec!["0"]),
        (json!("0"), vec!["0"]),
        (json!(2.0), vec!["2"]),
        (json!("[0]"), vec!["0"]),
        (json!("1, 2"), vec!["1", "2"]),
        (json!([1, "2", null]), vec!["1", "2"]),
        (json!({"id": 4}), vec!["4"]),
        (json!("0198c0de-7a11-7000-8000-000000000001"), vec!["0198c0de-7a11-7000-8000-000000000001"]),
        (json!("none"), vec![]),
        (json!(true), vec![]),
    ];
    for (target, expected) in table {
        for key in ["id", "target", "target_id", "targetId", "memory_id", "targets"] {
            assert_eq!(single(json!({"text": "a", key: target})).targets, expected, "{key} {target}");
        }
    }
    assert_eq!(single(json!({"text": "a", "id": 1, "target": 3})).targets, ["3"]);
    for event in ["DELETE", "NONE"] {
        let fact = single(json!({"id": 1, "event": event}));
        assert_eq!((fact.text.as_str(), fact.targets), ("", vec!["1".to_owned()]));
    }
}

#[test]
fn the_key_is_the_target_of_a_change() {
    let answer = facts(&json!({
        "0": {"event": "DELETE"}, "1": {"event": "UPDATE", "text": "a", "id": 7}, "2": {"event": "ADD", "text": "b"},
    }));
    let targets: Vec<_> = answer.unwrap().facts.into_iter().map(|fact| fact.targets).collect();
    assert_eq!(targets, [vec!["0".to_owned()], vec!["7".to_owned()], vec![]]);
}

#[test]
fn sources_are_numbers_or_ids() {
    let number = |n| SourceRef::Number(n);
    let id = |text: &str| SourceRef::Id(text.to_owned());
    let table = [
        (json!(1), vec![number(1)]),
        (json!("1"), vec![number(1)]),
        (json!("m1"), vec![number(1)]),
        (json!("M12"), vec![number(12)]),
        (json!("[1]"), vec![number(1)]),
        (json!("[m1][2]"), vec![number(1), number(2)]),
        (json!("message 3"), vec![number(3)]),
        (json!("msg_3"), vec![number(3)]),
        (json!("#3"), vec![number(3)]),
        (json!("1, 2"), vec![number(1), number(2)]),
        (json!([1, "m2", {"id": "3"}, null, "x"]), vec![number(1), number(2), number(3), id("x")]),
        (json!(-1), vec![id("-1")]),
        (json!("1-3"), vec![id("1-3")]),
        (json!("mary"), vec![id("mary")]),
        (json!("m-1x"), vec![id("m-1x")]),
        (json!("é1"), vec![id("é1")]),
        (json!(1e30), vec![id("1e+30")]),
        (json!(null), vec![]),
    ];
    for (source, expected) in table {
        for key in ["sources", "source", "source_ids", "sourceIds", "message_ids", "from_messages"] {
            assert_eq!(single(json!({"text": "a", key: source})).sources, expected, "{key} {source}");
        }
    }
}

#[test]
fn the_rest_is_taken_as_given() {
    let fact = single(json!({
        "text": "a", "attributed_to": " Ann ", "categories": "food, , tea", "event_date": "2024-05",
        "valid_to": 2025, "reason": "she said so",
    }));
    assert_eq!(fact.about.as_deref(), Some("Ann"));
    assert_eq!(fact.categories, ["food", "tea"]);
    assert_eq!(fact.from.as_deref(), Some("2024-05"));
    assert_eq!(fact.until.as_deref(), Some("2025"));
    assert_eq!(fact.reason.as_deref(), Some("she said so"));
    for key in ["about", "subject", "who"] {
        assert_eq!(single(json!({"text": "a", key: ["Ann", "Bob"]})).about.as_deref(), Some("Ann, Bob"), "{key}");
        assert_eq!(single(json!({"text": "a", key: "null"})).about, None, "{key}");
    }
    for key in ["date", "from", "valid_from"] {
        assert_eq!(single(json!({"text": "a", key: "2024"})).from.as_deref(), Some("2024"), "{key}");
    }
    for key in ["until", "to", "validTo"] {
        assert_eq!(single(json!({"text": "a", key: "2024"})).until.as_deref(), Some("2024"), "{key}");
    }
    assert_eq!(single(json!({"text": "a", "categories": ["food", "tea"]})).categories, ["food", "tea"]);
}

#[test]
fn text_stays_out_of_logs() {
    let answer = facts(&json!([{"text": "hunter2", "about": "hunter2", "sources": "hunter2", "reason": "hunter2"}]));
    assert!(!format!("{answer:?}").contains("hunter2"));
}
