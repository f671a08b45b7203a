//! Each documented rule of the evaluator.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::filter::{FieldRef, Fields, Filter, Scalar};
use crate::types::time::Timestamp;

fn parse(filter: &Value) -> Filter {
    Filter::from_json(filter).unwrap()
}

/// Holds for `{"k": stored}`; `()` in the table is a missing field.
fn holds(filter: &Value, stored: Option<&Value>) -> bool {
    let mut record = json!({});
    if let Some(stored) = stored {
        record["k"] = stored.clone();
    }
    let filter = parse(filter);
    let holds = filter.matches(&record);
    assert_eq!(filter.normalise().matches(&record), holds, "{filter} in normal form");
    assert_ne!((!filter.clone()).matches(&record), holds, "NOT {filter}");
    holds
}

fn table(rows: &[(Value, &[Value], &[Value])]) {
    for (filter, matching, other) in rows {
        let filter = json!({"k": filter});
        for value in *matching {
            assert!(holds(&filter, Some(value)), "{filter} should hold for {value}");
        }
        for value in *other {
            assert!(!holds(&filter, Some(value)), "{filter} should not hold for {value}");
        }
    }
}

#[test]
fn null_and_missing_are_the_same() {
    for filter in [
        json!({"k": null}),
        json!({"k": {"is_null": true}}),
        json!({"k": {"exists": false}}),
        json!({"k": {"eq": null}}),
        json!({"k": [null, 7]}),
        json!({"k": {"ne": 1}}),
        json!({"k": {"nin": [1, 2]}}),
        json!({"k": {"nin": []}}),
        json!({"NOT": [{"k": {"gt": 1}}]}),
        json!({"NOT": [{"k": {"contains": ""}}]}),
    ] {
        assert!(holds(&filter, None), "{filter}");
        assert!(holds(&filter, Some(&Value::Null)), "{filter}");
    }
    for filter in [
        json!({"k": "*"}),
        json!({"k": {"exists": true}}),
        json!({"k": {"is_null": false}}),
        json!({"k": {"ne": null}}),
        json!({"k": {"nin": [null]}}),
        json!({"k": 1}),
        json!({"k": ""}),
        json!({"k": "null"}),
        json!({"k": false}),
        json!({"k": [0, false, ""]}),
        json!({"k": []}),
        json!({"k": {"gt": -1}}),
        json!({"k": {"lte": ""}}),
        json!({"k": {"lt": "2023-05-08"}}),
        json!({"k": {"contains": ""}}),
        json!({"k": {"icontains": ""}}),
    ] {
        assert!(!holds(&filter, None), "{filter}");
        assert!(!holds(&filter, Some(&Value::Null)), "{filter}");
    }
    table(&[(json!("*"), &[json!(0), json!(""), json!(false), json!([]), json!([null]), json!({})], &[])]);
}

#[test]
fn types_never_mix() {
    table(&[
        (json!(true), &[json!(true)], &[json!(1), json!(1.0), json!("true"), json!(false), json!("True")]),
        (json!(false), &[json!(false)], &[json!(0), json!(""), json!("false"), json!([])]),
        (json!(0), &[json!(0), json!(-0.0), json!(0.0)], &[json!(false), json!(""), json!("0")]),
        (json!(1), &[json!(1), json!(1.0)], &[json!(true), json!("1"), json!(1.5)]),
        (json!(""), &[json!("")], &[json!(0), json!(false), json!(" "), json!([]), json!({})]),
        (json!("1"), &[json!("1")], &[json!(1), json!("1.0")]),
        (json!({"gt": 5}), &[json!(6), json!(5.1)], &[json!(5), json!("6"), json!(true), json!("high"), json!({})]),
        (json!({"gt": "5"}), &[json!("6"), json!("high")], &[json!(6), json!("5"), json!("10")]),
        (json!({"contains": "1"}), &[json!("10")], &[json!(10), json!(true), json!({"1": "1"})]),
        (json!({"in": [1, "a", true]}), &[json!(1.0), json!("a"), json!(true)], &[json!("1"), json!(false), json!({})]),
        (json!({"nin": [1]}), &[json!("1"), json!(true), json!({}), json!([])], &[json!(1.0)]),
    ]);
}

#[test]
fn numbers_are_exact() {
    let big = 1_i64 << 53;
    table(&[
        (json!(big + 1), &[json!(big + 1)], &[json!(big), json!(big as f64), json!(big + 2)]),
        (json!({"gt": big as f64}), &[json!(big + 1), json!(u64::MAX)], &[json!(big), json!(big as f64)]),
        (json!({"lt": big + 1}), &[json!(big), json!(big as f64), json!(-1e300)], &[json!(big + 1)]),
        (json!({"gte": u64::MAX}), &[json!(u64::MAX), json!(1e300)], &[json!(i64::MAX)]),
        (json!([0.1, big + 1]), &[json!(0.1), json!(big + 1)], &[json!(0.100_000_000_000_000_02), json!(big)]),
        (json!({"gte": 5, "lt": 10}), &[json!(5), json!(9.99)], &[json!(4.99), json!(10)]),
    ]);
}

#[test]
fn text_and_times() {
    table(&[
        (json!("é"), &[json!("é")], &[json!("e\u{301}"), json!("É")]),
        (
            json!({"gte": "b"}),
            &[json!("b"), json!("ba"), json!("é"), json!("😀")],
            &[json!("a"), json!("B"), json!("")],
        ),
        (
            json!({"gte": "2023-05-08T00:00:00Z"}),
            &[json!("2023-05-08"), json!("2023-05-08T02:00:00+02:00"), json!("2024-01-01")],
            &[
                json!("2023-05-07T23:59:59.999999Z"),
                json!("2023-05-08T01:59:59+02:00"),
                json!("tomorrow"),
                json!("zzz"),
            ],
        ),
        (json!({"gt": "2023-05-08T00:00:00.000001Z"}), &[json!("2023-05-08T00:00:00.000002Z")], &[json!("2023-05-08")]),
        // Equality is of the text.
        (json!("2023-05-08"), &[json!("2023-05-08")], &[json!("2023-05-08T00:00:00Z")]),
        (
            json!({"gte": "2023-05-08", "lte": "2023-05-08"}),
            &[json!("2023-05-08T00:00:00Z"), json!("2023-05-07T22:00:00-02:00")],
            &[json!("2023-05-08T00:00:01Z")],
        ),
    ]);
}

#[test]
fn contains_is_literal() {
    table(&[
        (json!({"contains": "%"}), &[json!("50%")], &[json!("50")]),
        (json!({"contains": "_"}), &[json!("a_b")], &[json!("ab"), json!("axb")]),
        (json!({"contains": "*"}), &[json!("a*b")], &[json!("ab")]),
        (json!({"contains": "?"}), &[json!("a?")], &[json!("ab")]),
        (json!({"contains": "\\"}), &[json!("a\\b")], &[json!("ab")]),
        (json!({"contains": "'\""}), &[json!("x'\"y")], &[json!("x\"'y")]),
        (json!({"contains": "Red"}), &[json!("DarkRed")], &[json!("darkred")]),
        (json!({"contains": ""}), &[json!(""), json!("x"), json!(["x"])], &[json!(1), json!({}), json!([])]),
        (json!({"icontains": "rEd"}), &[json!("DARKRED"), json!("red")], &[json!("re d")]),
        (json!({"icontains": "ÉCOLE"}), &[json!("l'école")], &[json!("ecole")]),
        (json!({"icontains": "σας"}), &[json!("ΣΑς"), json!("σας")], &[json!("ΣΑΣ")]),
        (json!({"icontains": "ß"}), &[json!("STRAẞE"), json!("straße")], &[json!("STRASSE")]),
    ]);
}

#[test]
fn one_element_of_a_list_is_enough() {
    let tags = json!(["a", "B", 3, null, ["deep"], {"x": 1}]);
    let same: &[Value] = std::slice::from_ref(&tags);
    table(&[
        (json!("a"), same, &[]),
        (json!("deep"), &[], same),
        (json!({"eq": 3.0}), same, &[]),
        (json!(["z", "B"]), same, &[]),
        (json!({"ne": "a"}), &[json!(["b"]), json!([])], same),
        (json!({"nin": ["a", "z"]}), &[json!(["b"]), json!([])], same),
        (json!({"gt": 2}), same, &[]),
        (json!({"gt": 3}), &[], same),
        (json!({"icontains": "b"}), same, &[]),
        (json!(null), &[], same),
        // Each operator asks for an element of its own.
        (json!({"gt": 5, "lt": 2}), &[json!([1, 9])], &[json!([3, 4])]),
    ]);
}

#[test]
fn and_or_not() {
    let row = json!({"a": 1, "b": 2, "and": 3, "c.d": 4, "c": {"d": 5}});
    for (filter, expected) in [
        (json!({}), true),
        (json!({"AND": []}), true),
        (json!({"a": 1, "b": 2}), true),
        (json!({"a": 1, "b": 3}), false),
        (json!({"AND": [{"a": 1}, {"a": 2}]}), false),
        (json!({"OR": [{"a": 2}, {"b": 2}]}), true),
        (json!({"NOT": [{"a": 2}, {"b": 3}]}), true),
        // None of them may match, not: not all of them.
        (json!({"NOT": [{"a": 1}, {"b": 3}]}), false),
        (json!({"NOT": {"a": 1, "b": 3}}), true),
        (json!({"NOT": [{}]}), false),
        (json!({"OR": [{"AND": [{"a": 2}, {"b": 2}]}, {"NOT": [{"OR": [{"a": 1}]}]}]}), false),
        (json!({"AND": [{"OR": [{"a": 1}]}, {"OR": [{"b": 9}]}]}), false),
        (json!({"$and": [{"$or": [{"a": 1}]}, {"$not": [{"b": 9}]}]}), true),
        (json!({"and": 3}), true),
        (json!({"c.d": 4}), true),
        (json!({"c.d": 5}), false),
    ] {
        assert_eq!(parse(&filter).matches(&row), expected, "{filter}");
    }
}

#[test]
fn trees_built_by_hand() {
    let row = json!({});
    assert!(Filter::And(vec![]).matches(&row));
    assert!(!Filter::Or(vec![]).matches(&row));
    assert!(!Filter::is_in("k", Vec::<Scalar>::new()).matches(&row));
    // A bool has no order, NaN equals nothing; the filter is refused by `check`.
    let (bools, nans) = (json!({"k": false}), FieldsOf(FieldRef::Float(f64::NAN)));
    assert!(!Filter::lt("k", true).matches(&bools));
    assert!(!Filter::eq("k", f64::NAN).matches(&nans));
    assert!(Filter::ne("k", f64::NAN).matches(&nans));
    assert!(!Filter::gte("k", 1).or(Filter::lte("k", 1)).or(Filter::is_in("k", [1.0])).matches(&nans));
    assert!(Filter::exists("k").matches(&nans));
}

struct FieldsOf<'a>(FieldRef<'a>);

impl Fields for FieldsOf<'_> {
    fn field(&self, _: &str) -> FieldRef<'_> {
        self.0
    }
}

#[test]
fn a_store_answers_as_json_does() {
    let time: Timestamp = "2023-05-08T02:00:00+02:00".parse().unwrap();
    let texts = ["a".to_owned(), "B".to_owned()];
    let filters = [
        Filter::eq("k", time),
        Filter::ne("k", time),
        Filter::eq("k", "2023-05-08"),
        Filter::gte("k", "2023-05-08"),
        Filter::lt("k", "2023-05-08T00:00:00.000001Z"),
        Filter::gt("k", "a"),
        Filter::lt("k", "a"),
        Filter::contains("k", "T00"),
        Filter::icontains("k", "b"),
        Filter::is_in("k", ["a", "2023-05-08T00:00:00.000000Z"]),
        Filter::exists("k"),
        Filter::eq("k", 7),
    ];
    for (native, json) in [
        (FieldRef::Time(time), json!("2023-05-08T00:00:00.000000Z")),
        (FieldRef::Texts(&texts), json!(["a", "B"])),
        (FieldRef::UInt(7), json!(7)),
        (FieldRef::Missing, Value::Null),
    ] {
        let map = BTreeMap::from([("k".to_owned(), json)]);
        for filter in &filters {
            assert_eq!(filter.matches(&FieldsOf(native)), filter.matches(&map), "{filter} {native:?}");
        }
    }
}
