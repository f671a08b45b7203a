//! Filters as terms that a point must have.

use mem0_core::filter::{CompareOp, FilterOp, Kinds};
use mem0_core::{Error, ErrorKind, Filter, FilterCapabilities, Result};

use crate::shared::collection;
use crate::shared::terms;

/// Equality of any value and presence by terms, joined by AND: the server has no
/// OR and no NOT. Whatever else needs the field to be there is narrowed to that
/// and looked at again by the engine.
pub(super) const CAPABILITIES: FilterCapabilities = FilterCapabilities::NONE
    .exact(&[FilterOp::Eq, FilterOp::Exists], Kinds::ALL)
    .superset(
        &[
            FilterOp::In,
            FilterOp::Gt,
            FilterOp::Gte,
            FilterOp::Lt,
            FilterOp::Lte,
            FilterOp::Contains,
            FilterOp::IContains,
        ],
        Kinds::ALL,
    )
    .max_conditions(16);

/// The terms of what a filter matches; none if it can match nothing.
///
/// # Errors
/// `Unsupported` if the filter is outside the capabilities.
pub(super) fn terms_of(filter: &Filter) -> Result<Option<Vec<String>>> {
    let Some(filter) = collection::accept(filter, &CAPABILITIES)? else { return Ok(None) };
    let mut terms = Vec::new();
    add(&filter, &mut terms)?;
    terms.sort_unstable();
    terms.dedup();
    Ok(Some(terms))
}

fn add(filter: &Filter, into: &mut Vec<String>) -> Result<()> {
    match filter {
        Filter::All => {}
        Filter::And(members) => members.iter().try_for_each(|member| add(member, into))?,
        Filter::Compare { field, op: CompareOp::Eq, value } => into.push(terms::equals(field, value)),
        Filter::Compare { op: CompareOp::Ne, .. } => return Err(unsupported()),
        Filter::Exists { field }
        | Filter::Compare { field, .. }
        | Filter::In { field, .. }
        | Filter::Contains { field, .. } => into.push(terms::exists(field)),
        _ => return Err(unsupported()),
    }
    Ok(())
}

fn unsupported() -> Error {
    Error::new(ErrorKind::Unsupported, "this condition")
}

#[cfg(test)]
mod tests {
    use mem0_core::filter::Scalar;

    use super::*;

    #[test]
    fn a_filter_becomes_the_terms_of_its_conditions() {
        let red = terms::equals("color", &Scalar::from("red"));
        let terms = |filter: &Filter| terms_of(filter).unwrap();
        assert_eq!(terms(&Filter::All), Some(vec![]));
        assert_eq!(terms(&Filter::Nothing), None);
        assert_eq!(terms(&Filter::eq("color", "red")), Some(vec![red.clone()]));
        assert_eq!(terms(&Filter::gt("n", 5)), Some(vec![terms::exists("n")]));
        assert_eq!(terms(&Filter::is_in("n", [1, 2])), Some(vec![terms::exists("n")]));
        let mut both = vec![red, terms::exists("n")];
        both.sort();
        assert_eq!(terms(&Filter::eq("color", "red").and(Filter::exists("n"))), Some(both.clone()));
        assert_eq!(terms(&Filter::gt("n", 5).and(Filter::eq("color", "red")).and(Filter::lt("n", 9))), Some(both));
    }

    #[test]
    fn what_the_server_cannot_ask_is_refused() {
        let red = Filter::eq("color", "red");
        for filter in [!red.clone(), Filter::ne("n", 1), Filter::is_null("n"), red.clone().or(Filter::eq("n", 1))] {
            assert_eq!(terms_of(&filter).unwrap_err().kind(), ErrorKind::Unsupported, "{filter}");
        }
        // Nor is a part of it taken for the whole.
        assert_eq!(terms_of(&red.and(Filter::ne("n", 1))).unwrap_err().kind(), ErrorKind::Unsupported);
    }
}
