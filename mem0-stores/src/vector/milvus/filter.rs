//! Scopes and filters as expressions of Milvus.
//!
//! An expression is made of the names of our own fields, of
//! [terms](crate::shared::terms) and ids, which are letters, digits and hyphens,
//! and of operators; nothing of a caller's is in it as it came.

use mem0_core::filter::{CompareOp, FilterOp, Kinds};
use mem0_core::{Error, ErrorKind, Filter, FilterCapabilities, MemoryId, Result, Scope};

use super::schema::{self, ID};
use crate::shared::collection;
use crate::shared::{scopes, terms};

/// Equality of any value and presence by terms. Whatever else needs the field
/// to be there is narrowed to that and looked at again by the engine.
pub(super) const CAPABILITIES: FilterCapabilities = FilterCapabilities::NONE
    .exact(&[FilterOp::Eq, FilterOp::Ne, FilterOp::In, FilterOp::NotIn, FilterOp::Exists, FilterOp::IsNull], Kinds::ALL)
    .superset(
        &[FilterOp::Gt, FilterOp::Gte, FilterOp::Lt, FilterOp::Lte, FilterOp::Contains, FilterOp::IContains],
        Kinds::ALL,
    )
    .with_or(true)
    .with_not(true)
    .max_conditions(100)
    .max_values(100);

/// The part of a filter that is pushed; none if it can match nothing.
///
/// # Errors
/// `Unsupported` if that is not the whole filter.
pub(super) fn accept(filter: &Filter) -> Result<Option<Filter>> {
    collection::accept(filter, &CAPABILITIES)
}

/// The points that a scope covers and an accepted filter matches; empty for all.
pub(super) fn expression(scope: Option<&Scope>, filter: &Filter) -> Result<String> {
    let mut parts: Vec<String> = scope.map(of_scope).unwrap_or_default();
    if !filter.is_all() {
        parts.push(condition(filter)?);
    }
    Ok(parts.join(" and "))
}

/// Those of an expression with an id after this one.
pub(super) fn after(expression: &str, after: Option<MemoryId>) -> String {
    let after = after.map_or_else(String::new, |after| after.to_string());
    and(&format!("{ID} > \"{after}\""), expression)
}

/// Those of an expression with one of these ids.
pub(super) fn among<'a>(expression: &str, ids: impl IntoIterator<Item = &'a MemoryId>) -> String {
    let ids: Vec<String> = ids.into_iter().map(|id| format!("\"{id}\"")).collect();
    and(&format!("{ID} in [{}]", ids.join(", ")), expression)
}

fn and(first: &str, second: &str) -> String {
    if second.is_empty() { first.to_owned() } else { format!("{first} and {second}") }
}

fn of_scope(scope: &Scope) -> Vec<String> {
    scopes::ids(scope).map(|(field, term)| format!("{field} == \"{term}\"")).collect()
}

fn condition(filter: &Filter) -> Result<String> {
    let joined = |members: &[Filter], with: &str| -> Result<String> {
        let members = members.iter().map(condition).collect::<Result<Vec<_>>>()?;
        Ok(format!("({})", members.join(with)))
    };
    Ok(match filter {
        Filter::And(members) if !members.is_empty() => joined(members, " and ")?,
        Filter::Or(members) if !members.is_empty() => joined(members, " or ")?,
        Filter::Not(inner) => not(&condition(inner)?),
        Filter::Compare { field, op: CompareOp::Eq, value } => any_of(&[terms::equals(field, value)]),
        Filter::Compare { field, op: CompareOp::Ne, value } => not(&any_of(&[terms::equals(field, value)])),
        Filter::In { field, values } if !values.is_empty() => {
            any_of(&values.iter().map(|value| terms::equals(field, value)).collect::<Vec<_>>())
        }
        Filter::NotIn { field, values } if !values.is_empty() => {
            not(&any_of(&values.iter().map(|value| terms::equals(field, value)).collect::<Vec<_>>()))
        }
        Filter::IsNull { field } => not(&any_of(&[terms::exists(field)])),
        Filter::Exists { field } | Filter::Compare { field, .. } | Filter::Contains { field, .. } => {
            any_of(&[terms::exists(field)])
        }
        _ => return Err(Error::new(ErrorKind::Unsupported, "this condition")),
    })
}

fn any_of(terms: &[String]) -> String {
    let has = |term: &String| format!("array_contains({}, \"{term}\")", schema::field_of(term));
    format!("({})", terms.iter().map(has).collect::<Vec<_>>().join(" or "))
}

fn not(condition: &str) -> String {
    format!("(not {condition})")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn alice() -> Scope {
        Scope::user("alice").unwrap().with_run("7").unwrap()
    }

    fn asked(filter: &Filter) -> String {
        expression(Some(&alice()), &accept(filter).unwrap().unwrap()).unwrap()
    }

    #[test]
    fn expressions_look_like_this() {
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
            red.clone().and(Filter::eq("n", 1)),
            red.or(Filter::eq("n", 1).and(Filter::is_null("m"))),
        ];
        let shown: Vec<_> = filters.iter().map(|filter| format!("{filter}\n  {}", asked(filter))).collect();
        insta::assert_snapshot!(shown.join("\n"));
    }

    #[test]
    fn ids_narrow_an_expression() {
        let id: MemoryId = "018f3a5c-0000-7000-8000-000000000001".parse().unwrap();
        assert_eq!(expression(None, &Filter::All).unwrap(), "");
        assert_eq!(after("", None), "id > \"\"");
        assert_eq!(after("a", Some(id)), format!("id > \"{id}\" and a"));
        assert_eq!(among("", &[id, id]), format!("id in [\"{id}\", \"{id}\"]"));
    }

    #[test]
    fn a_filter_is_pushed_whole_or_refused() {
        assert_eq!(accept(&Filter::Nothing).unwrap(), None);
        let both = Filter::eq("a", 1).and(!Filter::gt("b", 2));
        assert_eq!(accept(&both).unwrap_err().kind(), ErrorKind::Unsupported);
    }

    proptest! {
        #[test]
        fn no_text_reaches_an_expression(field in "\\PC{1,8}", value in ".{0,8}", id in "[^\\s\\p{Cc}*]{1,8}") {
            let scope = Scope::agent(id).unwrap();
            // What the planner pushes to nobody, such as NUL, is refused.
            let filter = accept(&Filter::eq(field, value)).ok().flatten().unwrap_or_default();
            let asked = expression(Some(&scope), &filter).unwrap();
            let quoted: Vec<&str> = asked.split('"').skip(1).step_by(2).collect();
            prop_assert!(asked.matches('"').count() == 2 * quoted.len());
            let plain = |term: &&str| term.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
            prop_assert!(quoted.iter().all(plain), "{}", asked);
        }
    }
}
