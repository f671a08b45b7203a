//! What of a payload the server can be asked for: one term for each value that
//! a field equals and one for each field that is there.
//!
//! A term is a digest of field and value, so every name, type and text takes
//! the same form, which holds nothing that a query could mistake for syntax,
//! and two values have one term exactly if the filter language calls them
//! equal (128 bits keep the others apart).

use std::collections::BTreeSet;
use std::fmt::Write as _;

use mem0_core::Payload;
use mem0_core::filter::Scalar;
use serde_json::Value;

/// The term of every point.
pub(crate) const EVERY: &str = "every";

/// The terms of a payload.
pub(crate) fn of_payload(payload: &Payload) -> BTreeSet<String> {
    let mut terms: BTreeSet<String> =
        payload.iter().filter(|(_, value)| !value.is_null()).map(|(field, _)| exists(field)).collect();
    terms.extend(scalars(payload).map(|(field, scalar)| equals(field, &scalar)));
    terms
}

/// The values that a condition on a field can meet: of a list its elements.
pub(crate) fn scalars(payload: &Payload) -> impl Iterator<Item = (&str, Scalar)> {
    payload.iter().flat_map(|(field, value)| {
        let elements = if let Value::Array(elements) = value { elements } else { std::slice::from_ref(value) };
        elements.iter().filter_map(scalar).map(move |scalar| (field.as_str(), scalar))
    })
}

/// The term of a field that is there.
pub(crate) fn exists(field: &str) -> String {
    digest("exists", field, &[])
}

/// The term of a field that equals a value, or has an element that does.
pub(crate) fn equals(field: &str, value: &Scalar) -> String {
    match value {
        Scalar::Bool(bool) => digest("bool", field, &[u8::from(*bool)]),
        Scalar::Str(text) => digest("text", field, text.as_bytes()),
        Scalar::Int(int) => number(field, i128::from(*int)),
        Scalar::UInt(int) => number(field, i128::from(*int)),
        Scalar::Float(float) => match whole(*float) {
            Some(int) => number(field, int),
            None => digest("float", field, &float.to_bits().to_be_bytes()),
        },
    }
}

/// A value as a filter compares with it, if it can.
pub(crate) fn scalar(value: &Value) -> Option<Scalar> {
    match value {
        Value::Bool(bool) => Some(Scalar::Bool(*bool)),
        Value::String(text) => Some(Scalar::Str(text.clone())),
        Value::Number(number) => {
            let int = number.as_i64().map(Scalar::Int).or_else(|| number.as_u64().map(Scalar::UInt));
            int.or_else(|| number.as_f64().map(Scalar::Float))
        }
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The whole number that a float is exactly, as far as an integer may equal it.
fn whole(float: f64) -> Option<i128> {
    #[allow(clippy::cast_possible_truncation, reason = "whole and below 2^65")]
    (float.fract() == 0.0 && float.abs() < 36_893_488_147_419_103_232.0).then_some(float as i128)
}

fn number(field: &str, int: i128) -> String {
    digest("int", field, &int.to_be_bytes())
}

/// A term for a field and a value of some kind.
pub(crate) fn digest(kind: &str, field: &str, value: &[u8]) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(kind.as_bytes());
    hasher.update(&(field.len() as u64).to_be_bytes());
    hasher.update(field.as_bytes());
    hasher.update(value);
    let hash = hasher.finalize();
    let mut term = String::with_capacity(33);
    term.push('x');
    hex(&mut term, hash.as_bytes().get(..16).unwrap_or_default());
    term
}

/// Appends bytes in hexadecimal.
pub(crate) fn hex(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mem0_core::Filter;
    use proptest::prelude::*;
    use serde_json::json;

    fn any_value() -> impl Strategy<Value = Value> {
        let scalar = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-3_i64..3).prop_map(Value::from),
            (-3_i64..3).prop_map(|n| json!(n as f64 / 2.0)),
            prop::sample::select(vec![i64::MAX, i64::MIN, 1 << 53, (1 << 53) + 1]).prop_map(Value::from),
            Just(json!(u64::MAX)),
            Just(json!(-0.0)),
            Just(json!(9_007_199_254_740_992.0)),
            Just(json!(1e300)),
            "[a,01. ]{0,2}".prop_map(Value::from),
        ];
        scalar.prop_recursive(2, 6, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                inner.prop_map(|value| json!({"a": value})),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_term_is_there_exactly_if_the_filter_holds(row in any_value(), asked in any_value()) {
            let payload = Payload::from_iter([("k".to_owned(), row)]);
            let terms = of_payload(&payload);
            let has = |term: String| terms.contains(&term);
            prop_assert_eq!(has(exists("k")), Filter::exists("k").matches(&payload));
            if let Some(asked) = scalar(&asked) {
                prop_assert_eq!(has(equals("k", &asked)), Filter::eq("k", asked.clone()).matches(&payload));
                prop_assert!(!has(equals("other", &asked)));
            }
        }
    }
}
