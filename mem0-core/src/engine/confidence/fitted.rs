//! Written by `cargo run --release -p benches --bin calibrate`.

use super::Evidence;

pub(super) const BIAS: f32 = -6.952;
pub(super) const WEIGHTS: [f32; Evidence::NAMES.len()] = [12.139, -5.186, 7.254, 0.817, 0.409, 2.767];
