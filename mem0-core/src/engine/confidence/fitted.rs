//! Written by `cargo run --release -p benches --bin calibrate`.

use super::Evidence;

pub(super) const BIAS: f32 = -3.470;
pub(super) const WEIGHTS: [f32; Evidence::NAMES.len()] = [10.586, -8.123, 6.722, 1.231, -0.457, 2.724];
