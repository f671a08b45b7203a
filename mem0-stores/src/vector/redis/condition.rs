//! Filters as conditions on [terms](super::terms), which either kind of search
//! writes in its own language.

use mem0_core::filter::{CompareOp, FilterOp, Kinds};
use mem0_core::{Error, ErrorKind, Filter, FilterCapabilities, Result};
use serde_json::{Value, json};

use super::terms;
use crate::shared::collection;

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

/// What has to hold of the terms of a point.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Condition {
    /// It has one of these.
    AnyOf(Vec<String>),
    /// All of these hold.
    All(Vec<Condition>),
    /// One of these holds.
    One(Vec<Condition>),
    /// This does not hold.
    Not(Box<Condition>),
}

/// What a filter asks of a point.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Asked {
    /// Nothing: every point matches.
    Everything,
    /// More than any point can meet.
    Nothing,
    /// This.
    Only(Condition),
}

/// The condition of a filter.
///
/// # Errors
/// `Unsupported` if terms cannot express the whole filter.
pub(super) fn accept(filter: &Filter) -> Result<Asked> {
    match collection::accept(filter, &CAPABILITIES)? {
        None => Ok(Asked::Nothing),
        Some(pushed) if pushed.is_all() => Ok(Asked::Everything),
        Some(pushed) => condition(&pushed).map(Asked::Only),
    }
}

fn condition(filter: &Filter) -> Result<Condition> {
    let each = |members: &[Filter]| members.iter().map(condition).collect::<Result<Vec<_>>>();
    let equal =
        |field: &str, values: &[_]| Condition::AnyOf(values.iter().map(|value| terms::equals(field, value)).collect());
    Ok(match filter {
        Filter::All => Condition::AnyOf(vec![terms::EVERY.to_owned()]),
        Filter::And(members) if !members.is_empty() => Condition::All(each(members)?),
        Filter::Or(members) if !members.is_empty() => Condition::One(each(members)?),
        Filter::Not(inner) => not(condition(inner)?),
        Filter::Compare { field, op: CompareOp::Eq, value } => equal(field, std::slice::from_ref(value)),
        Filter::Compare { field, op: CompareOp::Ne, value } => not(equal(field, std::slice::from_ref(value))),
        Filter::In { field, values } if !values.is_empty() => equal(field, values),
        Filter::NotIn { field, values } if !values.is_empty() => not(equal(field, values)),
        Filter::IsNull { field } => not(Condition::AnyOf(vec![terms::exists(field)])),
        Filter::Exists { field } | Filter::Compare { field, .. } | Filter::Contains { field, .. } => {
            Condition::AnyOf(vec![terms::exists(field)])
        }
        _ => return Err(Error::new(ErrorKind::Unsupported, "this condition")),
    })
}

fn not(condition: Condition) -> Condition {
    Condition::Not(Box::new(condition))
}

impl Condition {
    /// For the scripts that look at points one by one.
    pub(super) fn to_json(&self) -> Value {
        let of = |name: &str, members: Vec<Value>| Value::from_iter(std::iter::once(json!(name)).chain(members));
        match self {
            Self::AnyOf(terms) => of("any", terms.iter().map(|term| json!(term)).collect()),
            Self::All(members) => of("all", members.iter().map(Self::to_json).collect()),
            Self::One(members) => of("one", members.iter().map(Self::to_json).collect()),
            Self::Not(inner) => of("not", vec![inner.to_json()]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_pushed_whole_or_refused() {
        assert_eq!(accept(&Filter::Nothing).unwrap(), Asked::Nothing);
        assert_eq!(accept(&Filter::All).unwrap(), Asked::Everything);
        let both = Filter::eq("a", 1).and(!Filter::gt("b", 2));
        assert_eq!(accept(&both).unwrap_err().kind(), ErrorKind::Unsupported);
    }
}
