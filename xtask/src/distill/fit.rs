//! Fitting the rows to whole sentences.
//!
//! The loss of a sentence is one minus the cosine between its summed rows and
//! the teacher's vector; Adam walks down it in batches, its step shrinking to
//! zero. There is no term that pulls towards the first rows: with few passes
//! the rows stay near where they began, and those of pieces that the corpus
//! does not have stay exactly there.

use std::time::Instant;

use super::rows::dot;

/// More passes fit the corpus better and other text worse.
pub(crate) const EPOCHS: usize = 3;
/// The size of the first steps; rows have a mean length of 1.
pub(crate) const RATE: f32 = 0.005;

const BATCH: usize = 2_048;
const BETA1: f32 = 0.9;
const BETA2: f32 = 0.999;

/// `targets` are of length 1, one per sentence.
pub(crate) fn run(rows: &mut [f32], dims: usize, sentences: &[Vec<u32>], targets: &[f32], epochs: usize, rate: f32) {
    let batch_size = BATCH.min(sentences.len());
    let steps = epochs * (sentences.len() / batch_size);
    let mut adam = Adam::new(rows.len());
    let mut gradient = vec![0f32; rows.len()];
    let mut order: Vec<usize> = (0..sentences.len()).collect();
    let mut random = SplitMix(0);
    let start = Instant::now();
    for epoch in 1..=epochs {
        random.shuffle(&mut order);
        let mut cosines = 0.0;
        for batch in order.chunks_exact(batch_size) {
            gradient.fill(0.0);
            for &i in batch {
                let target = &targets[i * dims..][..dims];
                cosines += add_gradient(rows, dims, &sentences[i], target, &mut gradient);
            }
            let left = 1.0 - adam.steps as f32 / steps as f32;
            adam.step(rows, &gradient, batch_size as f32, rate * left);
        }
        let mean = cosines / (sentences.len() / batch_size * batch_size) as f64;
        println!("fit {epoch}/{epochs}: mean cosine {mean:.4}, {:.0?}", start.elapsed());
    }
}

/// Adds the loss's gradient and answers the cosine.
fn add_gradient(rows: &[f32], dims: usize, sentence: &[u32], target: &[f32], gradient: &mut [f32]) -> f64 {
    let mut sum = vec![0f32; dims];
    for &row in sentence {
        let row = &rows[row as usize * dims..][..dims];
        sum.iter_mut().zip(row).for_each(|(s, x)| *s += x);
    }
    let length = dot(&sum, &sum).sqrt().max(1e-9);
    let cosine = dot(&sum, target) / length;
    // d(-cos)/d(sum) = (cos * sum/|sum| - target) / |sum|
    for (s, t) in sum.iter_mut().zip(target) {
        *s = (cosine * *s / length - t) / length;
    }
    for &row in sentence {
        let row = &mut gradient[row as usize * dims..][..dims];
        row.iter_mut().zip(&sum).for_each(|(g, s)| *g += s);
    }
    f64::from(cosine)
}

struct Adam {
    mean: Vec<f32>,
    square: Vec<f32>,
    steps: i32,
}

impl Adam {
    fn new(count: usize) -> Self {
        Self { mean: vec![0.0; count], square: vec![0.0; count], steps: 0 }
    }

    fn step(&mut self, rows: &mut [f32], gradient: &[f32], batch: f32, rate: f32) {
        self.steps += 1;
        let unbias1 = 1.0 - BETA1.powi(self.steps);
        let unbias2 = 1.0 - BETA2.powi(self.steps);
        let moments = self.mean.iter_mut().zip(&mut self.square);
        for ((x, g), (m, v)) in rows.iter_mut().zip(gradient).zip(moments) {
            let g = g / batch;
            *m = BETA1 * *m + (1.0 - BETA1) * g;
            *v = BETA2 * *v + (1.0 - BETA2) * g * g;
            *x -= rate * (*m / unbias1) / ((*v / unbias2).sqrt() + 1e-8);
        }
    }
}

/// A fixed stream of numbers, so that a run can be repeated.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn shuffle(&mut self, items: &mut [usize]) {
        for last in (1..items.len()).rev() {
            items.swap(last, (self.next() % (last as u64 + 1)) as usize);
        }
    }
}
