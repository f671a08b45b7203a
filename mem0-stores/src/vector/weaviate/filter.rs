//! What is asked for, and how Weaviate is told: in GraphQL for reads, in JSON for
//! deletions.
//!
//! A condition is made of the names of our own properties, of
//! [terms](crate::shared::terms), of ids and of numbers; nothing of a caller's is
//! in it as it came.

use mem0_core::filter::{CompareOp, FilterOp, Kinds, Scalar};
use mem0_core::{Error, ErrorKind, Filter, FilterCapabilities, MemoryId, Result, Scope};
use serde_json::{Value, json};

use super::objects::{EVERY, TERMS, VERSION, of_scope};
use crate::shared::terms;

/// Equality of any value and presence by terms. Whatever else needs the field
/// to be there is narrowed to that and looked at again by the engine.
pub(super) const CAPABILITIES: FilterCapabilities = FilterCapabilities::NONE
    .exact(&[FilterOp::Eq, FilterOp::Ne, FilterOp::In, FilterOp::NotIn, FilterOp::Exists, FilterOp::IsNull], Kinds::ALL)
    .superset(
        &[FilterOp::Gt, FilterOp::Gte, FilterOp::Lt, FilterOp::Lte, FilterOp::Contains, FilterOp::IContains],
        Kinds::ALL,
    )
    .with_or(true)
    .with_not(true);

/// A condition on an object.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Where {
    /// All of them hold.
    And(Vec<Where>),
    /// One or more of them hold.
    Or(Vec<Where>),
    /// It has all of these terms.
    All(Vec<String>),
    /// It has one or more of these terms.
    Any(Vec<String>),
    /// It has none of these terms.
    None(Vec<String>),
    /// It has one of these ids.
    Ids(Vec<MemoryId>),
    /// Its id is greater.
    After(MemoryId),
    /// Its version is this one or an earlier one.
    UpTo(i64),
}

/// The points that a scope covers and an accepted filter matches; none where
/// that is every point. There is always a term that a point has: what has none
/// of some terms is more than the points, as the server counts (1.35).
pub(super) fn query(scope: Option<&Scope>, filter: &Filter) -> Result<Option<Where>> {
    let terms = match scope {
        Some(scope) => scope.ids().map(|(key, id)| of_scope(key, id)).collect(),
        None if filter.is_all() => return Ok(None),
        None => vec![EVERY.to_owned()],
    };
    let filter = (!filter.is_all()).then(|| condition(filter)).transpose()?;
    Ok(all_of(std::iter::once(Where::All(terms)).chain(filter).collect()))
}

/// All of the conditions; none if there is none.
pub(super) fn all_of(mut conditions: Vec<Where>) -> Option<Where> {
    match conditions.pop() {
        Some(only) if conditions.is_empty() => Some(only),
        Some(last) => {
            conditions.push(last);
            Some(Where::And(conditions))
        }
        None => None,
    }
}

fn condition(filter: &Filter) -> Result<Where> {
    let each = |members: &[Filter]| members.iter().map(condition).collect::<Result<Vec<_>>>();
    Ok(match filter {
        Filter::And(members) if !members.is_empty() => Where::And(each(members)?),
        Filter::Or(members) if !members.is_empty() => Where::Or(each(members)?),
        Filter::Not(inner) => match condition(inner)? {
            Where::Any(terms) => Where::None(terms),
            Where::None(terms) => Where::Any(terms),
            _ => return Err(unknown()),
        },
        Filter::Compare { field, op: CompareOp::Eq, value } => Where::Any(vec![terms::equals(field, value)]),
        Filter::Compare { field, op: CompareOp::Ne, value } => Where::None(vec![terms::equals(field, value)]),
        Filter::In { field, values } if !values.is_empty() => Where::Any(equal(field, values)),
        Filter::NotIn { field, values } if !values.is_empty() => Where::None(equal(field, values)),
        Filter::IsNull { field } => Where::None(vec![terms::exists(field)]),
        Filter::Exists { field } | Filter::Compare { field, .. } | Filter::Contains { field, .. } => {
            Where::Any(vec![terms::exists(field)])
        }
        _ => return Err(unknown()),
    })
}

fn equal(field: &str, values: &[Scalar]) -> Vec<String> {
    values.iter().map(|value| terms::equals(field, value)).collect()
}

fn unknown() -> Error {
    Error::new(ErrorKind::Unsupported, "this condition")
}

impl Where {
    /// As an argument in GraphQL. Words, numbers and quotes are as in JSON; only
    /// the names and the operators stand without quotes.
    pub(super) fn graphql(&self) -> String {
        match self {
            Self::And(operands) => joined("And", operands),
            Self::Or(operands) => joined("Or", operands),
            Self::All(terms) => leaf("ContainsAll", TERMS, "valueText", &json!(terms)),
            Self::Any(terms) => leaf("ContainsAny", TERMS, "valueText", &json!(terms)),
            Self::None(terms) => leaf("ContainsNone", TERMS, "valueText", &json!(terms)),
            Self::Ids(ids) => leaf("ContainsAny", "id", "valueText", &json!(ids)),
            Self::After(id) => leaf("GreaterThan", "id", "valueText", &json!(id)),
            Self::UpTo(version) => leaf("LessThanEqual", VERSION, "valueInt", &json!(version)),
        }
    }

    /// As an object in JSON.
    pub(super) fn json(&self) -> Value {
        let joined = |operator: &str, operands: &[Self]| json!({"operator": operator, "operands": operands.iter().map(Self::json).collect::<Vec<_>>()});
        let leaf = |operator: &str, path: &str, kind: &str, value: Value| json!({"operator": operator, "path": [path], kind: value});
        match self {
            Self::And(operands) => joined("And", operands),
            Self::Or(operands) => joined("Or", operands),
            Self::All(terms) => leaf("ContainsAll", TERMS, "valueTextArray", json!(terms)),
            Self::Any(terms) => leaf("ContainsAny", TERMS, "valueTextArray", json!(terms)),
            Self::None(terms) => leaf("ContainsNone", TERMS, "valueTextArray", json!(terms)),
            Self::Ids(ids) => leaf("ContainsAny", "id", "valueTextArray", json!(ids)),
            Self::After(id) => leaf("GreaterThan", "id", "valueText", json!(id)),
            Self::UpTo(version) => leaf("LessThanEqual", VERSION, "valueInt", json!(version)),
        }
    }
}

fn joined(operator: &str, operands: &[Where]) -> String {
    let operands: Vec<_> = operands.iter().map(Where::graphql).collect();
    format!("{{operator:{operator} operands:[{}]}}", operands.join(" "))
}

fn leaf(operator: &str, path: &str, kind: &str, value: &Value) -> String {
    format!("{{operator:{operator} path:[\"{path}\"] {kind}:{value}}}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::collection::accept;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn alice() -> Scope {
        Scope::user("alice").unwrap().with_run("7").unwrap()
    }

    fn asked(filter: &Filter) -> Where {
        query(Some(&alice()), &accept(filter, &CAPABILITIES).unwrap().unwrap()).unwrap().unwrap()
    }

    #[test]
    fn conditions_look_like_this() {
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
            red.clone().and(Filter::eq("n", 1)).and(!Filter::eq("m", true)),
            red.or(Filter::eq("n", 1).and(Filter::is_null("m"))),
        ];
        let mut shown: Vec<_> =
            filters.iter().map(|filter| format!("{filter}\n  {}", asked(filter).graphql())).collect();
        let id = MemoryId::from_uuid(Uuid::from_u128(7));
        let more = Where::And(vec![Where::Ids(vec![id]), Where::After(id), Where::UpTo(3)]);
        shown.extend([more.graphql(), more.json().to_string(), asked(&Filter::is_null("n")).json().to_string()]);
        insta::assert_snapshot!(shown.join("\n"));
        assert_eq!(query(None, &Filter::All).unwrap(), None);
    }

    #[test]
    fn a_filter_is_pushed_whole_or_refused() {
        let both = Filter::eq("a", 1).and(!Filter::gt("b", 2));
        assert_eq!(accept(&both, &CAPABILITIES).unwrap_err().kind(), ErrorKind::Unsupported);
    }

    proptest! {
        #[test]
        fn no_text_reaches_a_query(field in "\\PC{1,8}", value in ".{0,8}", id in "[^\\s\\p{Cc}*]{1,8}") {
            let scope = Scope::agent(id).unwrap();
            // What the planner pushes to nobody, such as NUL, is refused.
            let filter = accept(&Filter::eq(field, value), &CAPABILITIES).ok().flatten().unwrap_or_default();
            let text = query(Some(&scope), &filter).unwrap().unwrap().graphql();
            let words: Vec<_> = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
            let ours = ["operator", "operands", "And", "ContainsAll", "ContainsAny", "path", TERMS, "valueText", ""];
            let plain = |word: &&str| {
                let term = word.len() == 33 && word.starts_with('x');
                ours.contains(word) || (term && word.bytes().skip(1).all(|b| b.is_ascii_hexdigit()))
            };
            prop_assert!(words.iter().all(plain) && text.is_ascii(), "{}", text);
        }
    }
}
