//! Scopes and filters as queries, and the terms that they look for.
//!
//! A payload is indexed as [terms](crate::shared::terms) for equality and
//! presence, and each number and each text that reads as a time once more as a
//! term that has its place in the order of terms, which are ordered by bytes.

use std::fmt::Write as _;

use mem0_core::filter::{CompareOp, FilterOp, Kinds, Scalar};
use mem0_core::{Error, ErrorKind, Filter, FilterCapabilities, Payload, Result, Scope};
use serde_json::{Value, json};

use crate::shared::terms::{self, digest, equals, exists};

/// The field of terms.
pub(super) const TERMS: &str = "terms";

/// Everything by terms; the order of texts and parts of texts are narrowed to
/// what has the field, and looked at again by the engine.
pub(crate) const CAPABILITIES: FilterCapabilities = FilterCapabilities::NONE
    .exact(&[FilterOp::Eq, FilterOp::Ne, FilterOp::In, FilterOp::NotIn, FilterOp::Exists, FilterOp::IsNull], Kinds::ALL)
    .exact(
        &[FilterOp::Gt, FilterOp::Gte, FilterOp::Lt, FilterOp::Lte],
        Kinds::FLOAT64.and(Kinds::BIG_INT).and(Kinds::TIME),
    )
    .superset(&[FilterOp::Gt, FilterOp::Gte, FilterOp::Lt, FilterOp::Lte], Kinds::TEXT)
    .superset(&[FilterOp::Contains, FilterOp::IContains], Kinds::ALL)
    .with_or(true)
    .with_not(true);

/// Every term of a payload.
pub(super) fn terms_of(payload: &Payload) -> Vec<String> {
    let mut all = terms::of_payload(payload);
    all.extend(terms::scalars(payload).filter_map(|(field, scalar)| Some(Place::of(&scalar)?.term(field))));
    all.into_iter().collect()
}

/// The points that a scope covers and an accepted filter matches.
pub(super) fn matching(scope: Option<&Scope>, filter: &Filter) -> Result<Value> {
    let mut all: Vec<Value> = match scope {
        Some(scope) => scope.ids().map(|(key, id)| json!({"term": {key.as_str(): id}})).collect(),
        // What a deletion leaves has no such field.
        None => vec![json!({"exists": {"field": "id"}})],
    };
    if !filter.is_all() {
        all.push(condition(filter)?);
    }
    Ok(json!({"bool": {"filter": all}}))
}

fn condition(filter: &Filter) -> Result<Value> {
    let each = |members: &[Filter]| members.iter().map(condition).collect::<Result<Vec<_>>>();
    Ok(match filter {
        Filter::All => json!({"match_all": {}}),
        Filter::And(members) if !members.is_empty() => json!({"bool": {"filter": each(members)?}}),
        Filter::Or(members) if !members.is_empty() => {
            json!({"bool": {"should": each(members)?, "minimum_should_match": 1}})
        }
        Filter::Not(inner) => not(condition(inner)?),
        Filter::Compare { field, op: CompareOp::Eq, value } => term(equals(field, value)),
        Filter::Compare { field, op: CompareOp::Ne, value } => not(term(equals(field, value))),
        Filter::Compare { field, op, value } => match Place::of(value) {
            Some(place) => place.range(field, *op),
            None => term(exists(field)),
        },
        Filter::In { field, values } => any_of(field, values),
        Filter::NotIn { field, values } => not(any_of(field, values)),
        Filter::IsNull { field } => not(term(exists(field))),
        Filter::Exists { field } | Filter::Contains { field, .. } => term(exists(field)),
        _ => return Err(Error::new(ErrorKind::Unsupported, "this condition")),
    })
}

fn term(term: String) -> Value {
    json!({"term": {TERMS: term}})
}

fn any_of(field: &str, values: &[Scalar]) -> Value {
    let terms: Vec<_> = values.iter().map(|value| equals(field, value)).collect();
    json!({"terms": {TERMS: terms}})
}

fn not(condition: Value) -> Value {
    json!({"bool": {"must_not": [condition]}})
}

/// Where a value stands in the order of its kind: texts of one length that are
/// ordered as the values are.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Number(String),
    Time(String),
}

impl Place {
    fn of(value: &Scalar) -> Option<Self> {
        match value {
            Scalar::Bool(_) => None,
            Scalar::Int(int) => Some(Self::int(i128::from(*int))),
            Scalar::UInt(int) => Some(Self::int(i128::from(*int))),
            Scalar::Float(float) => (!float.is_nan()).then(|| Self::number(*float, 0)),
            Scalar::Str(_) => {
                let micros = value.as_time()?.as_micros();
                Some(Self::Time(format!("{:016x}", micros.cast_unsigned() ^ (1 << 63))))
            }
        }
    }

    /// The float at or below it, and how far it is from there.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "what is lost is kept beside it")]
    fn int(int: i128) -> Self {
        let near = int as f64;
        let below = if near as i128 > int { near.next_down() } else { near };
        Self::number(below, int - below as i128)
    }

    fn number(float: f64, rest: i128) -> Self {
        // Adding zero makes -0 the same as 0.
        let bits = (float + 0.0).to_bits();
        let ordered = if bits >> 63 == 1 { !bits } else { bits | (1 << 63) };
        Self::Number(format!("{ordered:016x}{rest:04x}"))
    }

    /// What every place of its kind in a field begins with, and the place.
    fn parts(&self, field: &str) -> (String, &str) {
        match self {
            Self::Number(place) => (digest("number", field, &[]), place),
            Self::Time(place) => (digest("time", field, &[]), place),
        }
    }

    fn term(&self, field: &str) -> String {
        let (mut term, place) = self.parts(field);
        term.push('-');
        term.push_str(place);
        term
    }

    /// What is on one side of it, within its kind and field.
    fn range(&self, field: &str, op: CompareOp) -> Value {
        let (prefix, place) = self.parts(field);
        // `.` comes right after `-`.
        let (first, end) = (format!("{prefix}-"), format!("{prefix}."));
        let mut at = first.clone();
        let _ = write!(at, "{place}");
        let bounds = match op {
            CompareOp::Gt => json!({"gt": at, "lt": end}),
            CompareOp::Gte => json!({"gte": at, "lt": end}),
            CompareOp::Lt => json!({"gte": first, "lt": at}),
            _ => json!({"gte": first, "lte": at}),
        };
        json!({"range": {TERMS: bounds}})
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::collection::accept;
    use proptest::prelude::*;

    fn asked(filter: &Filter) -> Value {
        let scope = Scope::user("alice").unwrap().with_run("7").unwrap();
        matching(Some(&scope), &accept(filter, &CAPABILITIES).unwrap().unwrap()).unwrap()
    }

    #[test]
    fn queries_look_like_this() {
        let red = Filter::eq("color", "red");
        let filters = [
            Filter::All,
            red.clone(),
            !red.clone(),
            Filter::is_in("n", [1, 2]),
            Filter::not_in("n", [1, 2]),
            Filter::exists("n"),
            Filter::is_null("n"),
            Filter::gt("n", 5),
            Filter::lte("n", -0.5),
            !Filter::gte("n", u64::MAX),
            Filter::lt("when", "2023-05-08"),
            Filter::gt("name", "m"),
            Filter::icontains("data", "tea"),
            red.clone().and(Filter::eq("n", 1)).and(!Filter::eq("m", true)),
            red.or(Filter::eq("n", 1).and(Filter::is_null("m"))),
        ];
        let shown: Vec<_> = filters.iter().map(|filter| format!("{filter}\n  {}", asked(filter))).collect();
        insta::assert_snapshot!(shown.join("\n"));
        assert_eq!(matching(None, &Filter::All).unwrap(), json!({"bool": {"filter": [{"exists": {"field": "id"}}]}}));
    }

    #[test]
    fn what_a_filter_says_stays_data() {
        let shape = |text: &str| {
            let filter = Filter::eq(text, text).and(!Filter::is_in("k", [text, "b"])).and(Filter::contains("k", text));
            let asked = condition(&filter).unwrap().to_string();
            asked.chars().filter(|c| !c.is_ascii_hexdigit()).collect::<String>()
        };
        for text in ["*", "\"}}", "{\"match_all\": {}}", "a OR b", "\\", "_exists_:id", "\n", "ключ"] {
            assert_eq!(shape(text), shape("plain"), "{text:?}");
        }
    }

    fn any_scalar() -> impl Strategy<Value = Scalar> {
        let edges = [i64::MIN, i64::MAX, (1 << 53) - 1, 1 << 53, (1 << 53) + 1, (1 << 62) + 1, -(1 << 53) - 1, 0];
        prop_oneof![
            any::<i64>().prop_map(Scalar::Int),
            any::<u64>().prop_map(Scalar::from),
            any::<f64>().prop_filter_map("finite", |x| x.is_finite().then_some(Scalar::Float(x))),
            (-3_i64..3).prop_map(|n| Scalar::Float(n as f64 / 2.0)),
            (-3_i64..3).prop_map(Scalar::Int),
            prop::sample::select(edges.to_vec()).prop_map(Scalar::Int),
            prop::sample::select(edges.to_vec()).prop_map(|n| Scalar::Float(n as f64)),
            Just(Scalar::Float(-0.0)),
            prop::sample::select(vec![
                "2023-05-08",
                "2023-05-08T00:00:00.000001Z",
                "1969-12-31",
                "-0044-03-15",
                "x",
                ""
            ])
            .prop_map(Scalar::from),
        ]
    }

    fn value_of(scalar: &Scalar) -> Value {
        match scalar {
            Scalar::Bool(bool) => json!(bool),
            Scalar::Int(int) => json!(int),
            Scalar::UInt(int) => json!(int),
            Scalar::Float(float) => json!(float),
            Scalar::Str(text) => json!(text),
        }
    }

    /// What the server does with a range of terms.
    fn within(range: &Value, term: &str) -> bool {
        let bounds = &range["range"][TERMS];
        let holds = |name: &str, test: fn(&str, &str) -> bool| bounds[name].as_str().is_none_or(|to| test(term, to));
        holds("gt", |a, b| a > b)
            && holds("gte", |a, b| a >= b)
            && holds("lt", |a, b| a < b)
            && holds("lte", |a, b| a <= b)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn a_range_of_terms_is_what_the_evaluator_says(row in any_scalar(), asked in any_scalar(), other in any_scalar()) {
            let payload = Payload::from_iter([("k".to_owned(), json!([value_of(&row)])), ("l".to_owned(), value_of(&other))]);
            let terms = terms_of(&payload);
            for op in [CompareOp::Gt, CompareOp::Gte, CompareOp::Lt, CompareOp::Lte] {
                let filter = Filter::Compare { field: "k".into(), op, value: asked.clone() };
                let Some(place) = Place::of(&asked) else { continue };
                let range = place.range("k", op);
                prop_assert_eq!(terms.iter().any(|term| within(&range, term)), filter.matches(&payload), "{:?}", range);
            }
        }
    }
}
