//! Scopes and filters as Qdrant's.
//!
//! Who a point belongs to is asked of the payload's own `user_id`, `agent_id`
//! and so on. Everything else is asked of [helper fields](super::fields), under
//! fixed paths: no name of a caller's is ever read as a path.

use mem0_core::filter::{CompareOp, FilterOp, Kinds, Scalar};
use mem0_core::{Error, ErrorKind, Filter, FilterCapabilities, Result, Scope};
use qdrant_client::qdrant::{Condition, Filter as Native, Range};

use super::{fields, order};
use crate::shared::terms;

const ORDER: [FilterOp; 4] = [FilterOp::Gt, FilterOp::Gte, FilterOp::Lt, FilterOp::Lte];

/// Equality of any value, presence, and the order of numbers and times are
/// exact. What compares the parts or the order of texts needs the field to be
/// there: it is narrowed to that and looked at again by the engine.
pub(super) const CAPABILITIES: FilterCapabilities = FilterCapabilities::NONE
    .exact(&[FilterOp::Eq, FilterOp::Ne, FilterOp::In, FilterOp::NotIn, FilterOp::Exists, FilterOp::IsNull], Kinds::ALL)
    .exact(&ORDER, Kinds::FLOAT64.and(Kinds::BIG_INT).and(Kinds::TIME))
    .superset(&ORDER, Kinds::TEXT)
    .superset(&[FilterOp::Contains, FilterOp::IContains], Kinds::ALL)
    .with_or(true)
    .with_not(true);

/// The points that a scope covers and a filter matches that was accepted.
pub(super) fn native(scope: Option<&Scope>, filter: &Filter) -> Result<Native> {
    let mut native = covered(scope);
    if !filter.is_all() {
        native.must.push(condition(filter)?);
    }
    Ok(native)
}

/// The points that a scope covers; without one all, but for what is kept of
/// deleted ones.
pub(super) fn covered(scope: Option<&Scope>) -> Native {
    match scope {
        Some(scope) => Native::must(scope.ids().map(|(key, id)| Condition::matches(key.as_str(), id.to_owned()))),
        None => Native::must_not([Condition::matches(fields::TERMS, fields::DELETED.to_owned())]),
    }
}

/// The points whose version is not later than this one.
pub(super) fn up_to_version(version: u64) -> Native {
    let [high, low] = order::halves(version);
    Native::should([
        Condition::range(fields::HIGH, Range { lt: Some(high.into()), ..Range::default() }),
        Native::must([is(fields::HIGH, high), {
            Condition::range(fields::LOW, Range { lte: Some(low.into()), ..Range::default() })
        }])
        .into(),
    ])
}

fn condition(filter: &Filter) -> Result<Condition> {
    let all = |members: &[Filter]| members.iter().map(condition).collect::<Result<Vec<_>>>();
    Ok(match filter {
        Filter::And(members) if !members.is_empty() => Native::must(all(members)?).into(),
        Filter::Or(members) if !members.is_empty() => Native::should(all(members)?).into(),
        Filter::Not(inner) => not(condition(inner)?),
        Filter::Compare { field, op: CompareOp::Eq, value } => any_of(vec![terms::equals(field, value)]),
        Filter::Compare { field, op: CompareOp::Ne, value } => not(any_of(vec![terms::equals(field, value)])),
        Filter::In { field, values } if !values.is_empty() => any_of(equals(field, values)),
        Filter::NotIn { field, values } if !values.is_empty() => not(any_of(equals(field, values))),
        Filter::Compare { field, op, value } => match order::entry(field, value) {
            Some((name, key)) => compare(name, *op, key),
            None => any_of(vec![terms::exists(field)]),
        },
        Filter::IsNull { field } => not(any_of(vec![terms::exists(field)])),
        Filter::Exists { field } | Filter::Contains { field, .. } => any_of(vec![terms::exists(field)]),
        _ => return Err(Error::new(ErrorKind::Unsupported, "this condition")),
    })
}

fn equals(field: &str, values: &[Scalar]) -> Vec<String> {
    values.iter().map(|value| terms::equals(field, value)).collect()
}

/// The points that have one of these terms.
fn any_of(mut terms: Vec<String>) -> Condition {
    match (terms.pop(), terms.is_empty()) {
        (Some(term), true) => Condition::matches(fields::TERMS, term),
        (last, _) => {
            terms.extend(last);
            Condition::matches(fields::TERMS, terms)
        }
    }
}

fn not(condition: Condition) -> Condition {
    Native::must_not([condition]).into()
}

/// The points with a value under this name that is so related to `key`.
fn compare(name: String, op: CompareOp, key: order::Key) -> Condition {
    let greater = matches!(op, CompareOp::Gt | CompareOp::Gte);
    let beyond = |bound: u32| {
        let bound = Some(f64::from(bound));
        if greater { Range { gt: bound, ..Range::default() } } else { Range { lt: bound, ..Range::default() } }
    };
    // Greater in one part, and equal in those before it.
    let mut ways = Vec::new();
    let mut before = Vec::new();
    for (part, bound) in fields::PARTS.into_iter().zip(key) {
        let mut way = before.clone();
        way.push(Condition::range(part, beyond(bound)));
        ways.push(Native::must(way).into());
        before.push(is(part, bound));
    }
    if matches!(op, CompareOp::Gte | CompareOp::Lte) {
        ways.push(Native::must(before).into());
    }
    let mut entry = Native::should(ways);
    entry.must.push(Condition::matches(fields::NAME, name));
    Condition::nested(fields::ORDER, entry)
}

fn is(part: &str, number: u32) -> Condition {
    let number = Some(f64::from(number));
    Condition::range(part, Range { gte: number, lte: number, ..Range::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::collection::accept;

    fn alice() -> Scope {
        Scope::user("alice").unwrap().with_run("7").unwrap()
    }

    fn asked(filter: &Filter) -> Native {
        native(Some(&alice()), &accept(filter, &CAPABILITIES).unwrap().unwrap()).unwrap()
    }

    #[test]
    fn the_scope_is_part_of_every_filter() {
        for filter in [Filter::All, Filter::eq("k", 1), !Filter::gt("k", 1), Filter::eq("a", 1).or(Filter::eq("b", 1))]
        {
            let native = asked(&filter);
            let ours =
                [Condition::matches("user_id", "alice".to_owned()), Condition::matches("run_id", "7".to_owned())];
            assert_eq!(native.must.get(..2), Some(&ours[..]), "{filter}");
            assert!(native.should.is_empty() && native.must_not.is_empty(), "{filter}");
        }
    }

    #[test]
    fn without_a_scope_only_what_is_left_of_deleted_points_is_hidden() {
        let native = native(None, &Filter::All).unwrap();
        assert!(native.must.is_empty() && native.should.is_empty());
        assert_eq!(native.must_not, [Condition::matches("_mem0.terms", "deleted".to_owned())]);
    }

    #[test]
    fn conditions_look_like_this() {
        let condition = |filter: &Filter| asked(filter).must.pop().unwrap();
        let term = |term: String| Condition::matches("_mem0.terms", term);
        let eq = term(terms::equals("k", &Scalar::from(1)));
        assert_eq!(condition(&Filter::eq("k", 1)), eq);
        assert_eq!(condition(&Filter::ne("k", 1)), Native::must_not([eq]).into());
        assert_eq!(condition(&Filter::icontains("k", "x")), term(terms::exists("k")));
        assert_eq!(condition(&Filter::is_in("k", ["a", "b"])), {
            Condition::matches("_mem0.terms", vec![terms::equals("k", &"a".into()), terms::equals("k", &"b".into())])
        });
    }

    #[test]
    fn nothing_of_a_callers_is_a_path() {
        fn paths(filter: &Native, seen: &mut Vec<String>) {
            use qdrant_client::qdrant::condition::ConditionOneOf;
            for condition in filter.must.iter().chain(&filter.should).chain(&filter.must_not) {
                match condition.condition_one_of.as_ref().unwrap() {
                    ConditionOneOf::Field(field) => seen.push(field.key.clone()),
                    ConditionOneOf::Filter(filter) => paths(filter, seen),
                    ConditionOneOf::Nested(nested) => {
                        seen.push(nested.key.clone());
                        paths(nested.filter.as_ref().unwrap(), seen);
                    }
                    other => panic!("{other:?}"),
                }
            }
        }
        let ours = ["user_id", "run_id", "_mem0.terms", "_mem0.order", "name", "high", "low", "rest"];
        for text in ["a.b", "a[]", "a[0]", "\"", "\\", "_mem0.terms", "user_id\u{a0}", "x]", "{", "ключ", " "] {
            for filter in
                [Filter::eq(text, text), Filter::gt(text, 1), !Filter::exists(text), Filter::lte(text, "2024")]
            {
                let mut seen = Vec::new();
                paths(&asked(&filter), &mut seen);
                assert!(seen.iter().all(|path| ours.contains(&path.as_str())), "{seen:?}");
            }
        }
    }
}
