//! Vectors as bytes: the exact one that is kept, and the compact one that is
//! searched, with a bound on what the compact one loses.
//!
//! A compact row holds the unit vector as `scale` times one `i8` a component,
//! and `error`, the length of what that leaves out. The cosine of a row with a
//! query then differs from the product of their compact forms by no more than
//! [`QueryCode::margin`], by Cauchy and Schwarz. So a search may drop a row on
//! its compact form alone and still find exactly what a search of the exact
//! vectors finds.

use super::simd;

/// Covers the rounding of the few `f32` operations on a score, which stays
/// under 5e-7.
const SLACK: f32 = 1e-6;

/// Bytes before the components: scale and error, both `f32`.
const HEADER: usize = 8;

/// How many bytes a row of this many dimensions takes in memory.
pub(super) fn stride(dims: usize) -> usize {
    dims.next_multiple_of(simd::LANES)
}

/// Appends the compact form of a vector that is finite and not zero.
pub(super) fn encode(vector: &[f32], out: &mut Vec<u8>) {
    let length = norm(vector);
    let unit = || vector.iter().map(|&x| f64::from(x) / length);
    let largest = unit().fold(0.0, |max: f64, x| max.max(x.abs()));
    let scale = (largest / 127.0) as f32;
    let step = f64::from(scale);
    out.extend(scale.to_le_bytes());
    let error_at = out.len();
    out.extend([0; 4]);
    let mut error = 0.0;
    for x in unit() {
        let level = (x / step).round().clamp(-127.0, 127.0);
        error += (x - level * step).powi(2);
        out.push((level as i8).cast_unsigned());
    }
    if let Some(slot) = out.get_mut(error_at..error_at + 4) {
        slot.copy_from_slice(&(error.sqrt() as f32).next_up().to_le_bytes());
    }
}

/// The scale, the error and the components of a compact row; none if it is not
/// one of `dims` dimensions.
pub(super) fn decode(code: &[u8], dims: usize) -> Option<(f32, f32, &[u8])> {
    let (header, levels) = code.split_at_checked(HEADER)?;
    let (scale, error) = header.split_at_checked(4)?;
    let number = |bytes: &[u8]| Some(f32::from_le_bytes(bytes.try_into().ok()?));
    (levels.len() == dims).then_some((number(scale)?, number(error)?, levels))
}

/// A vector as the file keeps it: `f32`, little endian.
pub(super) fn to_bytes(vector: &[f32]) -> Vec<u8> {
    vector.iter().flat_map(|x| x.to_le_bytes()).collect()
}

/// Reads [`to_bytes`]; none if it is not of `dims` dimensions.
pub(super) fn from_bytes(bytes: &[u8], dims: usize) -> Option<Vec<f32>> {
    let (numbers, rest) = bytes.as_chunks::<4>();
    (numbers.len() == dims && rest.is_empty()).then(|| numbers.iter().map(|&x| f32::from_le_bytes(x)).collect())
}

/// A query, ready to meet compact and exact rows.
#[derive(Debug)]
pub(super) struct QueryCode {
    /// Filled up with zeros to the stride of a row.
    levels: Vec<i16>,
    scale: f32,
    error: f32,
    /// Of length 1.
    unit: Vec<f64>,
}

impl QueryCode {
    /// From a vector that is finite and not zero.
    pub(super) fn new(vector: &[f32]) -> Self {
        let length = norm(vector);
        let unit: Vec<f64> = vector.iter().map(|&x| f64::from(x) / length).collect();
        let largest = unit.iter().fold(0.0, |max: f64, x| max.max(x.abs()));
        // As fine as an i32 allows for the sum of all products with a row.
        let top = (i32::MAX as usize / (127 * vector.len().max(1))).clamp(1, 32_767);
        let scale = (largest / top as f64) as f32;
        let mut levels = Vec::with_capacity(stride(vector.len()));
        let mut error = 0.0;
        for x in &unit {
            let level = (x / f64::from(scale)).round().clamp(-(top as f64), top as f64);
            error += (x - level * f64::from(scale)).powi(2);
            levels.push(level as i16);
        }
        levels.resize(stride(vector.len()), 0);
        Self { levels, scale, error: (error.sqrt() as f32).next_up(), unit }
    }

    /// What a row is multiplied with.
    pub(super) fn levels(&self) -> &[i16] {
        &self.levels
    }

    /// The products with compact rows, as many as `out` has room for.
    pub(super) fn dots(&self, rows: &[u8], out: &mut [i32]) {
        simd::dots(&self.levels, rows, out);
    }

    /// About the cosine, from a product and the scale of its row.
    pub(super) fn estimate(&self, dot: i32, scale: f32) -> f32 {
        dot as f32 * (scale * self.scale)
    }

    /// How far [`estimate`](Self::estimate) may be off, from the error of its row.
    pub(super) fn margin(&self, error: f32) -> f32 {
        error + self.error * (1.0 + error) + SLACK
    }

    /// The cosine with a vector of [`to_bytes`]; none if the length differs.
    ///
    /// Summed in `f64` in one fixed order, so that equal vectors score equally
    /// on every processor.
    pub(super) fn cosine(&self, bytes: &[u8]) -> Option<f32> {
        const WIDTH: usize = 8;
        let (numbers, rest) = bytes.as_chunks::<4>();
        if numbers.len() != self.unit.len() || !rest.is_empty() {
            return None;
        }
        let (mut dot, mut square) = ([0.0_f64; WIDTH], [0.0_f64; WIDTH]);
        for (q, v) in self.unit.chunks(WIDTH).zip(numbers.chunks(WIDTH)) {
            for (((dot, square), q), v) in dot.iter_mut().zip(&mut square).zip(q).zip(v) {
                let v = f64::from(f32::from_le_bytes(*v));
                *dot += q * v;
                *square += v * v;
            }
        }
        let (dot, square): (f64, f64) = (dot.iter().sum(), square.iter().sum());
        // Adding zero turns a negative zero into the plain one, so that both tie.
        Some((dot / square.sqrt()) as f32 + 0.0)
    }
}

fn norm(vector: &[f32]) -> f64 {
    vector.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn vector(dims: usize) -> impl Strategy<Value = Vec<f32>> {
        let component = prop_oneof![
            8 => -1.0_f32..1.0,
            1 => Just(0.0),
            1 => prop_oneof![Just(1e-38_f32), Just(-3e38), Just(1e-45)],
        ];
        prop::collection::vec(component, dims).prop_filter("not zero", |v| v.iter().any(|x| *x != 0.0))
    }

    proptest! {
        #[test]
        fn the_margin_holds((query, row) in (1_usize..80).prop_flat_map(|dims| (vector(dims), vector(dims)))) {
            let code = QueryCode::new(&query);
            let mut bytes = Vec::new();
            encode(&row, &mut bytes);
            let (scale, error, levels) = decode(&bytes, row.len()).unwrap();
            let mut levels = levels.to_vec();
            levels.resize(stride(row.len()), 0);
            let mut dot = [0];
            code.dots(&levels, &mut dot);
            let exact = code.cosine(&to_bytes(&row)).unwrap();
            let estimate = code.estimate(dot[0], scale);
            let margin = code.margin(error);
            prop_assert!((estimate - exact).abs() <= margin, "{} {} {}", estimate, exact, margin);
        }

        #[test]
        fn exact_vectors_come_back_bit_for_bit(row in vector(9)) {
            let back = from_bytes(&to_bytes(&row), 9).unwrap();
            prop_assert_eq!(back, row);
        }
    }

    #[test]
    fn bytes_of_another_length_are_refused() {
        let mut code = Vec::new();
        encode(&[1.0, 0.0], &mut code);
        assert!(decode(&code, 3).is_none() && decode(&code[..5], 2).is_none());
        assert!(from_bytes(&[0; 7], 1).is_none());
        assert!(QueryCode::new(&[1.0]).cosine(&[0; 8]).is_none());
    }

    #[test]
    fn a_very_long_query_does_not_overflow() {
        let long = vec![1.0; 65_536];
        let code = QueryCode::new(&long);
        let mut bytes = Vec::new();
        encode(&long, &mut bytes);
        let (scale, _, levels) = decode(&bytes, long.len()).unwrap();
        let mut dot = [0];
        code.dots(levels, &mut dot);
        assert!((code.estimate(dot[0], scale) - 1.0).abs() < 1e-3);
    }
}
