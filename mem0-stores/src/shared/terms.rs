//! What of a payload the server can be asked for: one term for each value that
//! a field equals and one for each field that is there.
//!
//! A term is a digest of field and value, so every name, type and text takes
//! the same form, which holds nothing that a query could mistake for syntax,
//! and two values have one term exactly if the filter language calls them
//! equal (128 bits keep the others apart).

use std::collections::BTreeSet;
use std::fmt::Write as _;

use mem0_core::filter::Scalar;
use mem0_core::{Payload, Scope};
#[cfg(any(feature = "cassandra", feature = "milvus"))]
use mem0_core::{ScopeFields, ScopeKey};
use serde_json::Value;

/// The term of every point.
#[cfg(feature = "redis")]
pub(crate) const EVERY: &str = "every";

/// The terms of a payload, separated by commas.
#[cfg(feature = "redis")]
pub(crate) fn of_payload(payload: &Payload) -> String {
    let mut terms = list(payload);
    terms.insert(EVERY.to_owned());
    terms.into_iter().collect::<Vec<_>>().join(",")
}

/// The terms of a payload.
pub(crate) fn list(payload: &Payload) -> BTreeSet<String> {
    let mut terms = BTreeSet::new();
    for (field, value) in payload {
        if value.is_null() {
            continue;
        }
        terms.insert(exists(field));
        let elements = if let Value::Array(elements) = value { elements } else { std::slice::from_ref(value) };
        terms.extend(elements.iter().filter_map(scalar).map(|scalar| equals(field, &scalar)));
    }
    terms
}

/// The term of every point that a scope covers.
#[cfg(feature = "cassandra")]
pub(crate) fn covered_by(scope: &Scope) -> String {
    digest("scope", &scope.key(), &[])
}

/// The terms of all scopes that cover what belongs to this one: one for each
/// choice of its ids, so that any of them is asked for by one term.
#[cfg(feature = "cassandra")]
pub(crate) fn covering(scope: &Scope) -> impl Iterator<Item = String> {
    let ids: Vec<_> = scope.ids().collect();
    (1..1_u32 << ids.len()).filter_map(move |chosen| {
        let mut fields = ScopeFields::default();
        for (_, (key, id)) in ids.iter().enumerate().filter(|(place, _)| chosen >> place & 1 == 1) {
            put(&mut fields, *key, (*id).to_owned());
        }
        // An organisation or an application alone is no scope.
        Scope::from_fields(fields).ok().map(|scope| covered_by(&scope))
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

/// The ids of a scope by field, as terms: the bytes in hexadecimal, so that
/// neither case nor script nor punctuation can make two of them one.
#[cfg(any(feature = "milvus", feature = "redis"))]
pub(crate) fn of_scope(scope: &Scope) -> impl Iterator<Item = (&'static str, String)> {
    scope.ids().map(|(key, id)| (key.as_str(), scope_id(id)))
}

#[cfg(any(feature = "milvus", feature = "redis"))]
fn scope_id(id: &str) -> String {
    // A letter first: a term of digits alone would be a number.
    let mut term = String::with_capacity(1 + 2 * id.len());
    term.push('x');
    hex(&mut term, id.as_bytes());
    term
}

/// The scope that such terms are of; an empty term stands for no id.
#[cfg(feature = "milvus")]
pub(crate) fn scope<'a>(terms: impl IntoIterator<Item = (ScopeKey, &'a str)>) -> Option<Scope> {
    let mut fields = ScopeFields::default();
    for (key, term) in terms.into_iter().filter(|(_, term)| !term.is_empty()) {
        let digits = term.strip_prefix('x')?.as_bytes();
        let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let byte =
            |pair: &[u8]| Some(pair.iter().map(digit).collect::<Option<Vec<_>>>()?.iter().fold(0, |n, d| n << 4 | d));
        let id: Option<Vec<u8>> = digits.chunks(2).map(byte).collect();
        put(&mut fields, key, String::from_utf8(id?).ok()?);
    }
    Scope::from_fields(fields).ok()
}

#[cfg(any(feature = "cassandra", feature = "milvus"))]
fn put(fields: &mut ScopeFields, key: ScopeKey, id: String) {
    let field = match key {
        ScopeKey::OrgId => &mut fields.org_id,
        ScopeKey::AppId => &mut fields.app_id,
        ScopeKey::UserId => &mut fields.user_id,
        ScopeKey::AgentId => &mut fields.agent_id,
        ScopeKey::RunId => &mut fields.run_id,
    };
    *field = Some(id);
}

fn scalar(value: &Value) -> Option<Scalar> {
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

fn digest(kind: &str, field: &str, value: &[u8]) -> String {
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

fn hex(text: &mut String, bytes: &[u8]) {
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
            let terms = list(&payload);
            let has = |term: String| terms.contains(&term);
            prop_assert_eq!(has(exists("k")), Filter::exists("k").matches(&payload));
            if let Some(asked) = scalar(&asked) {
                prop_assert_eq!(has(equals("k", &asked)), Filter::eq("k", asked.clone()).matches(&payload));
                prop_assert!(!has(equals("other", &asked)));
            }
        }

        #[cfg(feature = "cassandra")]
        #[test]
        fn a_scope_is_covered_by_its_parts_and_no_other(
            a in proptest::collection::vec("[ab]?", 5),
            b in proptest::collection::vec("[ab]?", 5),
        ) {
            let scope = |ids: Vec<String>| {
                let mut ids = ids.into_iter().map(|id| Some(id).filter(|id| !id.is_empty()));
                let mut next = || ids.next().flatten();
                Scope::from_fields(ScopeFields {
                    org_id: next(), app_id: next(), user_id: next(), agent_id: next(), run_id: next(),
                })
            };
            if let (Ok(a), Ok(b)) = (scope(a), scope(b)) {
                prop_assert_eq!(covering(&b).any(|term| term == covered_by(&a)), a.covers(&b));
            }
        }

        #[cfg(feature = "milvus")]
        #[test]
        fn a_scope_is_read_from_its_terms(user in "[^\\s\\p{Cc}*]{1,6}", run in "[^\\s\\p{Cc}*]{1,6}") {
            let due = Scope::user(user).unwrap().with_run(run).unwrap();
            let terms: Vec<_> = due.ids().map(|(key, _)| key).zip(of_scope(&due).map(|(_, term)| term)).collect();
            let read = terms.iter().map(|(key, term)| (*key, term.as_str())).chain([(ScopeKey::AppId, "")]);
            prop_assert_eq!(scope(read), Some(due));
        }

        #[cfg(any(feature = "milvus", feature = "redis"))]
        #[test]
        fn ids_of_scopes_are_apart_and_without_syntax(a in "\\PC{1,6}", b in "\\PC{1,6}") {
            prop_assert_eq!(scope_id(&a) == scope_id(&b), a == b);
            prop_assert!(scope_id(&a).bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()));
        }
    }
}
