//! What every vector store asks of a collection's name and of a batch.

use std::collections::HashMap;

use mem0_core::{
    CollectionSpec, EmbedderIdentity, Error, ErrorKind, Filter, FilterCapabilities, MemoryId, Point, Result,
};

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

/// Holds what a configuration says in the Python library's way against what is
/// opened.
pub(crate) fn agree(collection_name: Option<&str>, dims: Option<usize>, spec: &CollectionSpec) -> Result<()> {
    if collection_name.is_some_and(|name| name != spec.name) {
        let message = "collection_name is another one than `collection`: set that, or leave this out";
        return Err(Error::config(message).with_context("collection", &spec.name));
    }
    if dims.is_some_and(|dims| dims != spec.identity.dims) {
        let message = "embedding_model_dims is not what the embedder has: leave it out";
        return Err(Error::new(ErrorKind::DimensionMismatch, message).with_context("embedder", spec.identity.dims));
    }
    Ok(())
}

/// Refuses a collection that another model filled.
pub(crate) fn check_identity(stored: &EmbedderIdentity, asked: &EmbedderIdentity) -> Result<()> {
    if stored.dims != asked.dims {
        return Err(Error::new(ErrorKind::DimensionMismatch, "the collection holds vectors of another length")
            .with_context("collection", stored.dims)
            .with_context("model", asked.dims));
    }
    if stored != asked {
        return Err(Error::new(ErrorKind::IdentityMismatch, "another model filled this collection")
            .with_context("collection", &stored.model)
            .with_context("model", &asked.model));
    }
    Ok(())
}

/// Refuses a model whose vectors are too long, or not those that the
/// configuration names.
pub(crate) fn check_dims(spec: &CollectionSpec, configured: Option<usize>, most: usize) -> Result<()> {
    let dims = spec.identity.dims;
    if !(1..=most).contains(&dims) {
        return Err(Error::invalid(format!("a collection has 1 to {most} dimensions")));
    }
    if let Some(configured) = configured.filter(|configured| *configured != dims) {
        return Err(Error::new(ErrorKind::DimensionMismatch, "embedding_model_dims is not the model's")
            .with_context("configured", configured)
            .with_context("model", dims));
    }
    Ok(())
}
