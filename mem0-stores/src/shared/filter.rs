//! What a store with a filter language of its own asks of a filter.

use mem0_core::{Error, ErrorKind, Filter, FilterCapabilities, Result};

/// The part of a filter that is pushed; none if it can match nothing.
///
/// # Errors
/// `Unsupported` if that is not the whole filter.
pub(crate) fn accept(filter: &Filter, capabilities: &FilterCapabilities) -> Result<Option<Filter>> {
    let plan = filter.plan(capabilities);
    if plan.matches_nothing() {
        return Ok(None);
    }
    if plan.is_exact() || plan.pushed == *filter || plan.pushed == filter.normalise() {
        return Ok(Some(plan.pushed));
    }
    Err(Error::new(ErrorKind::Unsupported, "the filter is outside the declared capabilities"))
}
