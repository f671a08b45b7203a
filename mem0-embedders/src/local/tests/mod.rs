//! What the provider promises, shown.

mod embedding;
mod file;
mod wordpiece;

use super::StaticModel;

fn model() -> StaticModel {
    StaticModel::shipped().unwrap()
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}
