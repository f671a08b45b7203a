//! How near two vectors are.

use mem0_core::{EmbedderIdentity, Error, ErrorKind, MemoryId, Result, ScoredPoint};

use super::top::{Score, Top};

/// The nearest so far, with their versions.
pub(in crate::ledger) type Nearest = Top<(Score, MemoryId), u64>;

/// Refuses a question whose vector is of another length.
pub(in crate::ledger) fn check_question(vector: &[f32], identity: &EmbedderIdentity) -> Result<()> {
    if vector.len() == identity.dims {
        return Ok(());
    }
    let message = "the question's vector is not as long as the memories' vectors are";
    let error = Error::new(ErrorKind::DimensionMismatch, message);
    Err(error.with_context("length", vector.len()).with_context("dims", identity.dims))
}

/// What was found, nearest first.
pub(in crate::ledger) fn scored(top: Nearest) -> Vec<ScoredPoint> {
    let point = |((Score(raw), id), version)| ScoredPoint { id, version, similarity: f32::clamp(raw, 0.0, 1.0), raw };
    top.into_sorted().map(point).collect()
}

/// The cosine in -1..1; 0 where a vector has no direction. Eight sums at once
/// let the compiler use wide registers, and are the same for every row.
pub(in crate::ledger) fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let (mut dot, mut aa, mut bb) = ([0.0_f32; 8], [0.0_f32; 8], [0.0_f32; 8]);
    let mut add = |a: &[f32], b: &[f32]| {
        let sums = dot.iter_mut().zip(&mut aa).zip(&mut bb);
        for (((dot, aa), bb), (x, y)) in sums.zip(a.iter().zip(b)) {
            *dot += x * y;
            *aa += x * x;
            *bb += y * y;
        }
    };
    let (a8, a_rest) = a.as_chunks::<8>();
    let (b8, b_rest) = b.as_chunks::<8>();
    a8.iter().zip(b8).for_each(|(a, b)| add(a, b));
    add(a_rest, b_rest);
    let sum = |lanes: [f32; 8]| lanes.iter().sum::<f32>();
    let norms = (sum(aa) * sum(bb)).sqrt();
    if norms > 0.0 { (sum(dot) / norms).clamp(-1.0, 1.0) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cosines_of_any_length() {
        for dims in [1, 7, 8, 9, 384] {
            let a: Vec<f32> = (0..dims).map(|i| (i as f32 + 1.0).sin()).collect();
            let minus: Vec<f32> = a.iter().map(|x| -2.0 * x).collect();
            assert!((cosine(&a, &a) - 1.0).abs() < 1e-6);
            assert!((cosine(&a, &minus) + 1.0).abs() < 1e-6);
            assert_eq!(cosine(&a, &vec![0.0; dims]), 0.0);
        }
        assert_eq!(cosine(&[1.0, 0.0], &[0.0, 1.0]), 0.0);
    }
}
