//! Written by `cargo run --release -p benches --bin calibrate`.

use super::Evidence;

pub(super) const BIAS: f32 = -3.443;
pub(super) const WEIGHTS: [f32; Evidence::NAMES.len()] = [6.856, -6.652, 6.181, 1.319, 0.349, 4.107];
