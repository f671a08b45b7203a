//! Filters and the payloads that they are asked of: every operator with every
//! type of value, on fields of every type, missing and null.

use mem0_core::filter::{CompareOp, Limits, Scalar};
use mem0_core::{Filter, Payload};
use serde_json::{Value, json};

use crate::data::texts::HARD_TEXTS;
use crate::random::Rng;

/// The names of fields that are used, some of them unfriendly.
pub(crate) const FIELDS: &[&str] =
    &["k", "other", "a.b", "with space", "quo\"te", "quo'te", "data", "ключ", "{x}", "a|b", "k)--", "%k", "K"];

/// What a field may hold.
pub(crate) fn values() -> Vec<Value> {
    let mut values = vec![
        Value::Null,
        json!(true),
        json!(false),
        json!(0),
        json!(1),
        json!(-1),
        json!(5),
        json!(10),
        json!(1.0),
        json!(0.5),
        json!(-0.5),
        json!(5.25),
        json!(1e300),
        json!(9_007_199_254_740_991_i64),
        json!(9_007_199_254_740_992_i64),
        json!(9_007_199_254_740_993_i64),
        json!(i64::MIN),
        json!(i64::MAX),
        json!(u64::MAX),
        json!("0"),
        json!("1"),
        json!("5"),
        json!("True"),
        json!("apple"),
        json!("Apple"),
        json!("apple pie"),
        json!("pineapple"),
        json!("2023-05-08"),
        json!("2023-05-08T11:56:00Z"),
        json!("2023-05-08T13:56:00+02:00"),
        json!("2023-05-08T11:56:00.000001Z"),
        json!("2023-05-08T11:56:00.000000Z"),
        json!("2024-01-01T00:00:00Z"),
        json!([]),
        json!([1, 2.5, "apple", true]),
        json!(["apple", "pear"]),
        json!(["Pine apple", "2023-05-08T11:56:00Z"]),
        json!([null]),
        json!([[1], {"a": 1}]),
        json!({}),
        json!({"a": 1, "apple": "apple"}),
    ];
    values.extend(HARD_TEXTS.iter().map(|text| json!(text)));
    values
}

/// What a condition may compare with.
pub(crate) fn scalars() -> Vec<Scalar> {
    let mut scalars: Vec<Scalar> = values()
        .iter()
        .filter_map(|value| match value {
            Value::Bool(bool) => Some(Scalar::Bool(*bool)),
            Value::Number(number) => {
                let int = number.as_i64().map(Scalar::Int).or_else(|| number.as_u64().map(Scalar::UInt));
                int.or_else(|| number.as_f64().map(Scalar::Float))
            }
            Value::String(text) => Some(Scalar::Str(text.clone())),
            _ => None,
        })
        .collect();
    scalars.push(Scalar::Float(9_007_199_254_740_992.0));
    scalars.push(Scalar::from("app"));
    scalars
}

const COMPARE: [CompareOp; 6] =
    [CompareOp::Eq, CompareOp::Ne, CompareOp::Gt, CompareOp::Gte, CompareOp::Lt, CompareOp::Lte];

/// Every condition on one field: each operator with each value.
pub(crate) fn conditions(field: &str) -> Vec<Filter> {
    let scalars = scalars();
    let mut filters = vec![Filter::exists(field), Filter::is_null(field)];
    for op in COMPARE {
        filters.extend(scalars.iter().map(|value| Filter::Compare {
            field: field.to_owned(),
            op,
            value: value.clone(),
        }));
    }
    let lists = [
        vec![],
        vec![Scalar::from(1)],
        vec![Scalar::from(true), Scalar::from("apple")],
        vec![Scalar::from(0.5), Scalar::from(5), Scalar::from("1")],
        scalars.iter().step_by(3).cloned().collect(),
    ];
    for values in lists {
        filters.push(Filter::In { field: field.to_owned(), values: values.clone() });
        filters.push(Filter::NotIn { field: field.to_owned(), values });
    }
    let texts = ["app", "APP", "e p", "straße", "école", "i\u{307}", "чай", "喝"];
    for text in texts.iter().chain(HARD_TEXTS) {
        filters.push(Filter::contains(field, *text));
        filters.push(Filter::icontains(field, *text));
    }
    filters.retain(is_legal);
    filters
}

/// Whether a caller could have asked this at all.
fn is_legal(filter: &Filter) -> bool {
    filter.check(&Limits::default()).is_ok()
}

/// One payload for each value of the field, and one without the field.
pub(crate) fn rows(field: &str) -> Vec<Payload> {
    let mut rows: Vec<Payload> = values()
        .into_iter()
        .map(|value| Payload::from_iter([(field.to_owned(), value), ("other".to_owned(), json!("x"))]))
        .collect();
    rows.push(Payload::new());
    rows
}

/// What random payloads and filters are made of.
#[derive(Debug)]
pub(crate) struct Pool {
    values: Vec<Value>,
    conditions: Vec<Filter>,
}

impl Pool {
    pub(crate) fn new() -> Self {
        Self { values: values(), conditions: FIELDS.iter().flat_map(|field| conditions(field)).collect() }
    }

    /// A payload over a few fields.
    pub(crate) fn row(&self, rng: &mut Rng) -> Payload {
        let mut row = Payload::new();
        for _ in 0..rng.below(6) {
            if let (Some(field), Some(value)) = (rng.pick(FIELDS), rng.pick(&self.values)) {
                row.insert((*field).to_owned(), value.clone());
            }
        }
        row
    }

    /// A filter at most `depth` levels of AND, OR and NOT deep.
    pub(crate) fn filter(&self, rng: &mut Rng, depth: usize) -> Filter {
        if depth == 0 || rng.one_in(3) {
            return rng.pick(&self.conditions).cloned().unwrap_or_default();
        }
        match rng.below(3) {
            0 => Filter::And((0..rng.below(4)).map(|_| self.filter(rng, depth - 1)).collect()),
            1 => Filter::Or((0..rng.below(4)).map(|_| self.filter(rng, depth - 1)).collect()),
            _ => Filter::Not(Box::new(self.filter(rng, depth - 1))),
        }
    }
}
