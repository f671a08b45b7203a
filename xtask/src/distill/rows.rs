//! From the teacher's vectors to weighted rows.

use nalgebra::{DMatrix, SymmetricEigen};

/// The teacher's space cut to its main axes.
pub(crate) struct Space {
    from: usize,
    to: usize,
    mean: Vec<f32>,
    /// `to` axes of `from` numbers each.
    axes: Vec<f32>,
}

impl Space {
    /// Principal components of `vectors`.
    pub(crate) fn fit(vectors: &[f32], from: usize, to: usize) -> Self {
        let mean = mean(vectors, from);
        let mut covariance = DMatrix::<f64>::zeros(from, from);
        let mut centred = vec![0f64; from];
        for vector in vectors.chunks_exact(from) {
            for ((c, x), m) in centred.iter_mut().zip(vector).zip(&mean) {
                *c = f64::from(x - m);
            }
            for (i, &a) in centred.iter().enumerate() {
                for (sum, b) in covariance.column_mut(i).iter_mut().zip(&centred) {
                    *sum += a * b;
                }
            }
        }
        let eigen = SymmetricEigen::new(covariance);
        let mut order: Vec<usize> = (0..from).collect();
        order.sort_by(|&a, &b| eigen.eigenvalues[b].total_cmp(&eigen.eigenvalues[a]));
        let axes = order
            .into_iter()
            .take(to)
            .flat_map(|axis| eigen.eigenvectors.column(axis).iter().map(|&x| x as f32).collect::<Vec<_>>())
            .collect();
        Self { from, to, mean, axes }
    }

    /// Vectors around the mean that the space was fitted with.
    pub(crate) fn project(&self, vectors: &[f32]) -> Vec<f32> {
        self.project_around(vectors, &self.mean)
    }

    /// Vectors around their own mean.
    pub(crate) fn project_centred(&self, vectors: &[f32]) -> Vec<f32> {
        self.project_around(vectors, &mean(vectors, self.from))
    }

    fn project_around(&self, vectors: &[f32], mean: &[f32]) -> Vec<f32> {
        let mut out = Vec::with_capacity(vectors.len() / self.from * self.to);
        let mut centred = vec![0f32; self.from];
        for vector in vectors.chunks_exact(self.from) {
            for ((c, x), m) in centred.iter_mut().zip(vector).zip(mean) {
                *c = x - m;
            }
            out.extend(self.axes.chunks_exact(self.from).map(|axis| dot(axis, &centred)));
        }
        out
    }
}

/// Multiplies each row with a / (a + p), where p is Zipf's probability of the
/// piece's rank in the vocabulary, then brings the mean length to 1 (which
/// changes no direction, and gives the fit's step size a meaning).
pub(crate) fn weigh(rows: &mut [f32], dims: usize, first_id: u32, vocab_size: usize, a: f64) {
    let harmonic: f64 = (1..=vocab_size).map(|rank| 1.0 / rank as f64).sum();
    let mut lengths = 0.0;
    let count = rows.len() / dims;
    for (row, id) in rows.chunks_exact_mut(dims).zip(u64::from(first_id)..) {
        let p = 1.0 / ((id + 1) as f64 * harmonic);
        let weight = (a / (a + p)) as f32;
        row.iter_mut().for_each(|x| *x *= weight);
        lengths += f64::from(dot(row, row).sqrt());
    }
    let scale = (count as f64 / lengths) as f32;
    rows.iter_mut().for_each(|x| *x *= scale);
}

/// Scales each vector to length 1.
pub(crate) fn normalize(vectors: &mut [f32], dims: usize) {
    for vector in vectors.chunks_exact_mut(dims) {
        let length = dot(vector, vector).sqrt().max(1e-9);
        vector.iter_mut().for_each(|x| *x /= length);
    }
}

pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    // Eight sums at a time, so that the compiler may use vector registers.
    let mut sums = [0f32; 8];
    let (a_blocks, a_rest) = a.as_chunks::<8>();
    let (b_blocks, b_rest) = b.as_chunks::<8>();
    for (a, b) in a_blocks.iter().zip(b_blocks) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    sums.iter().sum::<f32>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f32>()
}

fn mean(vectors: &[f32], dims: usize) -> Vec<f32> {
    let mut sums = vec![0f64; dims];
    for vector in vectors.chunks_exact(dims) {
        sums.iter_mut().zip(vector).for_each(|(sum, &x)| *sum += f64::from(x));
    }
    let count = (vectors.len() / dims) as f64;
    sums.into_iter().map(|sum| (sum / count) as f32).collect()
}
