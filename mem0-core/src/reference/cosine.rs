//! Nearness of two vectors, and which vectors have one.

use crate::error::{Error, ErrorKind, Result};
use crate::traits::vector_store::ScoredPoint;
use crate::types::ids::MemoryId;

/// Refuses what has no cosine: a vector of the wrong length, one that holds NaN
/// or infinity, and one without a direction.
pub(super) fn check(vector: &[f32], dims: usize) -> Result<()> {
    if vector.len() != dims {
        return Err(Error::new(ErrorKind::DimensionMismatch, "the vector's length is not the collection's")
            .with_context("expected", dims)
            .with_context("got", vector.len()));
    }
    if !vector.iter().all(|x| x.is_finite()) {
        return Err(Error::invalid("a vector holds NaN or infinity"));
    }
    if vector.iter().all(|x| *x == 0.0) {
        return Err(Error::invalid("a vector is all zero, so it has no direction"));
    }
    Ok(())
}

/// The cosine of the angle between two vectors of one length, in -1..1.
///
/// Summed in 64 bits, so that neither the order of magnitude nor the length of
/// the vectors shows in the result.
pub(super) fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum::<f64>();
    let lengths = (dot(a, a) * dot(b, b)).sqrt();
    if lengths == 0.0 {
        return 0.0;
    }
    // Adding zero makes -0 the same as 0, so that they are ties in an order.
    (dot(a, b) / lengths).clamp(-1.0, 1.0) as f32 + 0.0
}

/// A hit with its similarity: the cosine clamped to 0..1.
pub(super) fn scored(id: MemoryId, version: u64, raw: f32) -> ScoredPoint {
    ScoredPoint { id, version, similarity: raw.clamp(0.0, 1.0), raw }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_angles_that_have_names() {
        let a = [0.6, 0.8];
        assert_eq!(cosine(&a, &a), 1.0);
        assert_eq!(cosine(&a, &[-0.6, -0.8]), -1.0);
        assert_eq!(cosine(&a, &[0.8, -0.6]), 0.0);
        assert_eq!(cosine(&a, &[6e30, 8e30]), 1.0);
    }

    #[test]
    fn refuses_what_has_no_direction() {
        let kind = |vector: &[f32]| check(vector, 2).map_err(|e| e.kind());
        assert_eq!(kind(&[1.0, 0.0]), Ok(()));
        assert_eq!(kind(&[1.0]), Err(ErrorKind::DimensionMismatch));
        for bad in [[0.0, -0.0], [f32::NAN, 1.0], [f32::INFINITY, 1.0]] {
            assert_eq!(kind(&bad), Err(ErrorKind::InvalidInput));
        }
    }
}
