//! What every vector store asks of a collection's name and of a batch.

use std::collections::HashMap;

use mem0_core::{Error, ErrorKind, Filter, FilterCapabilities, MemoryId, Point, Result};

/// The longest name of a collection, in bytes.
const MAX_NAME: usize = 128;

/// Whether a name can stand in every product without being quoted.
pub(crate) fn is_plain_name(name: &str) -> bool {
    let plain = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'-');
    (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(plain)
}

/// Refuses a name that is none.
pub(crate) fn check_name(name: &str) -> Result<()> {
    if is_plain_name(name) {
        return Ok(());
    }
    Err(Error::invalid("a collection's name is 1 to 128 letters a-z and A-Z, digits, _ and -"))
}

/// Refuses a vector that no collection of this length can hold or compare.
pub(crate) fn check_vector(dims: usize, vector: &[f32]) -> Result<()> {
    if vector.len() != dims {
        return Err(Error::new(ErrorKind::DimensionMismatch, "a vector's length is not the collection's")
            .with_context("collection", dims)
            .with_context("vector", vector.len()));
    }
    if !vector.iter().all(|x| x.is_finite()) {
        return Err(Error::invalid("a vector holds a number that is not finite"));
    }
    if vector.iter().all(|x| *x == 0.0) {
        return Err(Error::invalid("a vector is all zero, so it has no direction"));
    }
    Ok(())
}

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

/// The points of a batch that count: of several with one id the latest version,
/// of equal versions the last.
pub(crate) fn latest(points: &[Point]) -> Vec<&Point> {
    let mut places: HashMap<MemoryId, usize> = HashMap::with_capacity(points.len());
    let mut kept: Vec<&Point> = Vec::with_capacity(points.len());
    for point in points {
        let place = *places.entry(point.id).or_insert(kept.len());
        match kept.get_mut(place) {
            Some(other) if other.version <= point.version => *other = point,
            Some(_) => {}
            None => kept.push(point),
        }
    }
    kept
}
