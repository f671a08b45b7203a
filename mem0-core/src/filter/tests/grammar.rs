//! The JSON grammar: what it accepts, what it refuses, and how it says so.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::ErrorKind;
use crate::filter::{Filter, Limits};

fn error(filter: &Value) -> String {
    let error = Filter::from_json(filter).expect_err(&filter.to_string());
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    error.to_string().trim_start_matches("invalid_input: ").to_owned()
}

#[test]
fn every_form_is_read() {
    for (text, filter) in [
        ("{}", Filter::All),
        (r#"{"k": 1}"#, Filter::eq("k", 1)),
        (r#"{"k": "x"}"#, Filter::eq("k", "x")),
        (r#"{"k": true}"#, Filter::eq("k", true)),
        (r#"{"k": 1.5}"#, Filter::eq("k", 1.5)),
        (r#"{"k": 18446744073709551615}"#, Filter::eq("k", u64::MAX)),
        (r#"{"k": null}"#, Filter::is_null("k")),
        (r#"{"k": "*"}"#, Filter::exists("k")),
        (r#"{"k": {"eq": "*"}}"#, Filter::eq("k", "*")),
        (r#"{"k": ["*", 2]}"#, Filter::In { field: "k".into(), values: vec!["*".into(), 2.into()] }),
        (r#"{"k": []}"#, Filter::is_in("k", Vec::<i64>::new())),
        (r#"{"k": [null]}"#, Filter::is_null("k").or(Filter::is_in("k", Vec::<i64>::new()))),
        (r#"{"k": {"ne": 1}}"#, Filter::ne("k", 1)),
        (r#"{"k": {"gt": 1, "gte": 2, "lt": 3, "lte": "x"}}"#, {
            Filter::gt("k", 1).and(Filter::gte("k", 2)).and(Filter::lt("k", 3)).and(Filter::lte("k", "x"))
        }),
        (r#"{"k": {"in": [1], "nin": [2]}}"#, Filter::is_in("k", [1]).and(Filter::not_in("k", [2]))),
        (r#"{"k": {"nin": [2, null]}}"#, Filter::exists("k").and(Filter::not_in("k", [2]))),
        (r#"{"k": {"contains": "a"}}"#, Filter::contains("k", "a")),
        (r#"{"k": {"icontains": "a"}}"#, Filter::icontains("k", "a")),
        (r#"{"k": {"exists": true}}"#, Filter::exists("k")),
        (r#"{"k": {"exists": false}}"#, Filter::is_null("k")),
        (r#"{"k": {"is_null": true}}"#, Filter::is_null("k")),
        (r#"{"k": {"is_null": false}}"#, Filter::exists("k")),
        (r#"{"AND": {"a": 1}}"#, Filter::eq("a", 1)),
        (r#"{"NOT": {"a": 1}}"#, !Filter::eq("a", 1)),
        (r#"{"NOT": [{"a": 1}, {"b": 2}]}"#, !(Filter::eq("a", 1).or(Filter::eq("b", 2)))),
        (r#"{"$or": [{"a": 1}, {"b": 2}]}"#, Filter::eq("a", 1).or(Filter::eq("b", 2))),
    ] {
        assert_eq!(Filter::from_json_str(text).unwrap().to_json().unwrap(), filter.to_json().unwrap(), "{text}");
    }
}

#[test]
fn a_key_that_comes_twice_counts_twice() {
    for (text, filter) in [
        (r#"{"k": 1, "k": 2}"#, Filter::eq("k", 1).and(Filter::eq("k", 2))),
        (r#"{"k": {"gt": 1, "gt": 5}}"#, Filter::gt("k", 1).and(Filter::gt("k", 5))),
        (r#"{"OR": [{"a": 1}], "OR": [{"b": 2}]}"#, Filter::eq("a", 1).and(Filter::eq("b", 2))),
        (r#"{"AND": [{"k": 1}, {"k": 2}], "k": 3}"#, {
            Filter::eq("k", 1).and(Filter::eq("k", 2)).and(Filter::eq("k", 3))
        }),
    ] {
        assert_eq!(Filter::from_json_str(text).unwrap(), filter, "{text}");
        assert_eq!(serde_json::from_str::<Filter>(text).unwrap(), filter, "{text}");
    }

    #[derive(Deserialize)]
    struct Request {
        filters: Option<Filter>,
    }
    let request: Request = serde_json::from_str(r#"{"filters": {"k": 1, "k": 2}}"#).unwrap();
    assert_eq!(request.filters, Some(Filter::eq("k", 1).and(Filter::eq("k", 2))));
    assert!(serde_json::from_str::<Request>(r#"{"filters": null}"#).unwrap().filters.is_none());
}

#[test]
fn errors_name_the_place_and_never_the_value() {
    for (filter, message) in [
        (json!([]), "a filter is an object such as {\"field\": \"value\"}"),
        (json!("secret"), "a filter is an object such as {\"field\": \"value\"}"),
        (json!({"OR": []}), "OR: takes a list of one or more filters (at=filter.OR)"),
        (json!({"OR": {"a": 1}}), "OR: takes a list of one or more filters (at=filter.OR)"),
        (json!({"NOT": []}), "NOT: takes one or more filters (at=filter.NOT)"),
        (json!({"AND": ["secret"]}), "AND[0]: a filter is an object such as {\"field\": \"value\"} (at=filter.AND[0])"),
        (json!({"$nor": [{"a": "secret"}]}), "unknown operator $nor; known here are AND, OR and NOT (at=filter.$nor)"),
        (json!({"p": {"in": "secret"}}), "in: takes a list (at=filter.p.in)"),
        (
            json!({"p": {"eq": ["secret"]}}),
            "eq: takes a single value; for several there are in and nin (at=filter.p.eq)",
        ),
        (json!({"p": {"gt": null}}), "gt: takes a number or a text, not null (at=filter.p.gt)"),
        (json!({"p": {"gt": true}}), "p: gt takes a number or a text, not a bool (at=filter.p.gt)"),
        (json!({"p": {"contains": 5}}), "contains: takes a text (at=filter.p.contains)"),
        (json!({"p": {"exists": "secret"}}), "exists: takes true or false (at=filter.p.exists)"),
        (json!({"p": [["secret"]]}), "p[0]: a list here holds single values only (at=filter.p[0])"),
        (
            json!({"AND": [{}, {"OR": [{"user_id": "secret"}]}]}),
            "user_id: scope ids go in the scope, not the filter (at=filter.AND[1].OR[0].user_id)",
        ),
        (json!({"a\nb": "secret"}), "a\\nb: a field's name has no control characters (at=filter.a\\nb)"),
    ] {
        assert_eq!(error(&filter), message, "{filter}");
    }
    assert!(error(&json!({"p": {}})).starts_with("p: needs an operator: eq, ne, gt, gte, lt, lte, in, nin, "));
    let not_json = Filter::from_json_str(r#"{"name": "secret"#).unwrap_err().to_string();
    assert!(!not_json.contains("secret") && not_json.contains("line 1"), "{not_json}");
    let trailing = Filter::from_json_str(r#"{} {"a": "secret"}"#).unwrap_err().to_string();
    assert!(!trailing.contains("secret"), "{trailing}");
    let serde = serde_json::from_str::<Filter>(r#"{"p": {"in": "secret"}}"#).unwrap_err().to_string();
    assert!(serde.starts_with("in: takes a list, at filter.p.in"), "{serde}");
}

#[test]
fn an_unknown_operator_is_refused_with_the_nearest_name() {
    for (op, nearest) in [
        ("$gte", Some("gte")),
        ("GT", Some("gt")),
        ("equal", Some("eq")),
        ("neq", Some("ne")),
        ("isnull", Some("is_null")),
        ("contain", Some("contains")),
        ("i_contains", Some("icontains")),
        ("exist", Some("exists")),
        ("regex", None),
        ("🙂", None),
    ] {
        let message = error(&json!({"k": {op: 1}}));
        assert!(message.starts_with(&format!("unknown operator {op}")), "{message}");
        assert!(message.contains("known are eq, ne, gt"), "{message}");
        match nearest {
            Some(name) => assert!(message.contains(&format!("(did you mean {name}?)")), "{message}"),
            None => assert!(!message.contains("did you mean"), "{message}"),
        }
    }
}

#[test]
fn input_that_is_too_large_is_refused_before_it_is_walked() {
    let nested = |depth: usize| format!("{}{{}}{}", r#"{"AND":["#.repeat(depth), "]}".repeat(depth));
    let not = |depth: usize| format!("{}{{\"k\":1}}{}", r#"{"NOT":["#.repeat(depth), "]}".repeat(depth));
    assert!(Filter::from_json_str(&nested(10)).is_ok());
    for text in [nested(60), nested(5_000), not(60), format!("{{\"k\": {}", "[".repeat(60_000))] {
        assert!(Filter::from_json_str(&text).is_err());
        assert!(serde_json::from_str::<Filter>(&text).is_err());
    }
    // Not JSON's own limit: a value that is built by code.
    let deep = (0..300).fold(json!({"k": 1}), |inner, _| json!({"AND": [inner]}));
    assert_eq!(error(&deep), "filter is nested more than 16 deep");

    let long = "x".repeat(70_000);
    assert_eq!(error(&json!({"k": long})), "filter is larger than 65536 bytes");
    assert!(Filter::from_json_str(&json!({"k": long}).to_string()).is_err());
    assert!(serde_json::from_value::<Filter>(json!({ long: 1 })).is_err());

    // Many small parts that mean nothing are as long as one large one.
    let empties = json!({"AND": vec![json!({}); 70_000]});
    assert_eq!(error(&empties), "filter is larger than 65536 bytes");
    let from_value = serde_json::from_value::<Filter>(empties).unwrap_err();
    assert_eq!(from_value.to_string(), "filter is larger than 65536 bytes");

    let list: Vec<i32> = (0..1_025).collect();
    assert_eq!(error(&json!({"k": list})), "k: in has 1025 values, more than 1024 (at=filter.k)");
    let many: Vec<Value> = (0..513).map(|i| json!({"k": i})).collect();
    assert_eq!(error(&json!({"OR": many})), "filter has more than 512 conditions");

    let limits = Limits { conditions: 600, ..Limits::default() };
    assert!(Filter::from_json_within(&json!({"OR": many}), &limits).is_ok());
}

#[test]
fn what_cannot_be_written_is_an_error() {
    for filter in [Filter::eq("k", f64::NAN), Filter::eq("AND", 1), Filter::eq("run_id", "x")] {
        assert!(filter.to_json().is_err());
        assert!(serde_json::to_string(&filter).is_err());
    }
}

#[test]
fn scope_ids_are_split_off() {
    let (scope, filter) = Filter::split_scope_json(&json!({
        "user_id": "ada",
        "AND": [{"agent_id": {"eq": "bot"}}, {"AND": [{"run_id": 7, "topic": "maths"}]}, {"user_id": "ada"}],
        "OR": [{"n": 1}, {"n": 2}],
    }))
    .unwrap();
    let scope: Vec<_> = scope.iter().map(|(key, id)| (key.as_str(), id.as_str())).collect();
    assert_eq!(scope, [("agent_id", "bot"), ("run_id", "7"), ("user_id", "ada")]);
    assert_eq!(filter, Filter::eq("topic", "maths").and(Filter::eq("n", 1).or(Filter::eq("n", 2))));

    let (scope, filter) = Filter::split_scope_json(&json!({})).unwrap();
    assert!(scope.is_empty() && filter.is_all());

    for refused in [
        json!({"user_id": "*"}),
        json!({"user_id": {"eq": "*"}}),
        json!({"user_id": null}),
        json!({"user_id": ""}),
        json!({"user_id": true}),
        json!({"user_id": 1.5}),
        json!({"user_id": ["a"]}),
        json!({"user_id": {"in": ["a"]}}),
        json!({"user_id": {"ne": "a"}}),
        json!({"user_id": {"eq": "a", "ne": "b"}}),
        json!({"user_id": {}}),
        json!({"user_id": "a", "AND": [{"user_id": "b"}]}),
        json!({"OR": [{"user_id": "a"}]}),
        json!({"NOT": {"org_id": "a"}}),
        json!({"AND": [{"NOT": [{"AND": [{"user_id": "a"}]}]}]}),
    ] {
        assert!(Filter::split_scope_json(&refused).is_err(), "{refused}");
    }
    assert!(Filter::split_scope_json_str(r#"{"user_id": "a", "user_id": "b"}"#).is_err());
    let (scope, _) = Filter::split_scope_json_str(r#"{"user_id": "a", "user_id": "a"}"#).unwrap();
    assert_eq!(scope["user_id"], "a");
}
