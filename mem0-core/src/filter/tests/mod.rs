//! The documented rules one by one, and properties over random filters.

mod grammar;
mod planner;
mod properties;
mod rules;

use std::fmt;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{CompareOp, Filter, Scalar};

/// A filter whose `Debug` shows everything, for the reports of failed tests.
#[derive(Clone)]
pub(super) struct Shown(pub(super) Filter);

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.to_json() {
            Ok(json) => write!(f, "{json}"),
            Err(e) => write!(f, "{:?}: {e}", self.0),
        }
    }
}

/// Few fields, so that filters and records meet.
pub(super) fn field() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "c.d", "and", "eq"]).prop_map(str::to_owned)
}

/// Values that are easily confused with each other.
fn values() -> Vec<Value> {
    let big = 1_i64 << 53;
    vec![
        json!(true),
        json!(false),
        json!(0),
        json!(-0.0),
        json!(1),
        json!(1.0),
        json!(1.5),
        json!(-3),
        json!(big),
        json!(big + 1),
        json!(big as f64),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(1e300),
        json!(""),
        json!("1"),
        json!("true"),
        json!("*"),
        json!("null"),
        json!("red"),
        json!("Red"),
        json!("darkred"),
        json!("50%_\\*?"),
        json!("O'Neil \"x\"\n|{$ne}"),
        json!("nul\0"),
        json!("ΣΑΣ"),
        json!("σας"),
        json!("İi"),
        json!("ẞß"),
        json!("2023-05-08"),
        json!("2023-05-08T02:00:00+02:00"),
        json!("2023-05-08T00:00:00.000001Z"),
        json!("2023"),
        json!("9"),
    ]
}

pub(super) fn scalar_json() -> impl Strategy<Value = Value> {
    prop_oneof![
        8 => prop::sample::select(values()),
        1 => any::<i64>().prop_map(Value::from),
        // Short enough that JSON text keeps them whatever features its crate has.
        1 => any::<i32>().prop_map(|eighths| Value::from(f64::from(eighths) / 8.0)),
        1 => "[a-zA-Z0-9 ]{0,4}".prop_map(Value::from),
    ]
}

pub(super) fn scalar() -> impl Strategy<Value = Scalar> {
    scalar_json().prop_map(|value| match value {
        Value::Bool(bool) => Scalar::Bool(bool),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(int), _) => Scalar::Int(int),
            (_, Some(uint)) => Scalar::UInt(uint),
            _ => Scalar::Float(number.as_f64().unwrap()),
        },
        Value::String(text) => Scalar::Str(text),
        other => unreachable!("{other}"),
    })
}

fn leaf() -> impl Strategy<Value = Filter> {
    let op = prop::sample::select(vec![
        CompareOp::Eq,
        CompareOp::Ne,
        CompareOp::Gt,
        CompareOp::Gte,
        CompareOp::Lt,
        CompareOp::Lte,
    ]);
    let part = prop_oneof![
        prop::sample::select(vec!["", "r", "R", "red", "%", "_", "\\", "*", "σ", "ς", "i", "ß", "2", "\0"])
            .prop_map(str::to_owned),
        ".{0,2}",
    ];
    let list = || prop::collection::vec(scalar(), 0..5);
    prop_oneof![
        1 => Just(Filter::All),
        1 => Just(Filter::Nothing),
        12 => (field(), op, scalar()).prop_map(|(field, op, value)| {
            let op = if op.is_order() && matches!(value, Scalar::Bool(_)) { CompareOp::Eq } else { op };
            Filter::Compare { field, op, value }
        }),
        3 => (field(), list()).prop_map(|(field, values)| Filter::In { field, values }),
        3 => (field(), list()).prop_map(|(field, values)| Filter::NotIn { field, values }),
        4 => (field(), part, any::<bool>())
            .prop_map(|(field, text, ignore_case)| Filter::Contains { field, text, ignore_case }),
        2 => field().prop_map(Filter::exists),
        2 => field().prop_map(Filter::is_null),
    ]
}

/// Any tree, also ones that no constructor would make.
pub(super) fn filter() -> impl Strategy<Value = Shown> {
    leaf()
        .prop_recursive(5, 24, 4, |inner| {
            prop_oneof![
                3 => prop::collection::vec(inner.clone(), 0..4).prop_map(Filter::And),
                3 => prop::collection::vec(inner.clone(), 0..4).prop_map(Filter::Or),
                2 => inner.prop_map(|inner| Filter::Not(Box::new(inner))),
            ]
        })
        .prop_map(Shown)
}

fn stored() -> impl Strategy<Value = Value> {
    let one = || prop_oneof![6 => scalar_json(), 1 => Just(Value::Null), 1 => Just(json!({"a": 1}))];
    prop_oneof![
        6 => one(),
        2 => prop::collection::vec(one(), 0..4).prop_map(Value::from),
        1 => Just(json!([["red", 1]])),
    ]
}

pub(super) fn record() -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::btree_map(field(), stored(), 0..5).prop_map(|map| map.into_iter().collect())
}
