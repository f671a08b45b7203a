//! The inner loop: products of one query with many compact rows.
//!
//! The query has 16 bits a component and the rows 8, so a product of two pairs
//! fits the processor's 16-bit multiply-and-add, and the query's own rounding
//! hardly counts. This is the only module with `unsafe` code.
#![allow(unsafe_code)]

/// Rows and queries are filled up with zeros to a multiple of this.
pub(super) const LANES: usize = 32;

/// Writes the product of `query` with each row of `rows` into `out`.
///
/// `query` is as long as a row, a multiple of [`LANES`]; each row is so many
/// bytes, one `i8` each. Only as many products are written as there are whole
/// rows and room in `out`. The sum of each product's absolute terms must fit an
/// `i32`.
pub(super) fn dots(query: &[i16], rows: &[u8], out: &mut [i32]) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2, which is all that the function asks for.
        unsafe { dots_avx2(query, rows, out) };
        return;
    }
    dots_portable(query, rows, out);
}

/// The definition of [`dots`]; the compiler makes vector code of it too.
pub(super) fn dots_portable(query: &[i16], rows: &[u8], out: &mut [i32]) {
    for (row, out) in rows.chunks_exact(query.len().max(1)).zip(out) {
        *out = query.iter().zip(row).map(|(&q, &r)| i32::from(q) * i32::from(r.cast_signed())).sum();
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn dots_avx2(query: &[i16], rows: &[u8], out: &mut [i32]) {
    use std::arch::x86_64::{
        __m128i, __m256i, _mm_add_epi32, _mm_cvtsi128_si32, _mm_loadu_si128, _mm_shuffle_epi32, _mm256_add_epi32,
        _mm256_castsi256_si128, _mm256_cvtepi8_epi16, _mm256_extracti128_si256, _mm256_loadu_si256, _mm256_madd_epi16,
        _mm256_setzero_si256,
    };
    for (row, out) in rows.chunks_exact(query.len().max(1)).zip(out) {
        // Two sums, so that one addition need not wait for the other.
        let (mut even, mut odd) = (_mm256_setzero_si256(), _mm256_setzero_si256());
        let mut at = 0;
        // Counted by hand: iterators are not always inlined into a function
        // that has processor features of its own.
        while at + LANES <= row.len() {
            // SAFETY: `row` and `query` are equally long and `at + 32` is not
            // beyond that, so 32 numbers of each lie there; the loads need no
            // alignment.
            let (q0, q1, r0, r1) = unsafe {
                let (q, r) = (query.as_ptr().add(at), row.as_ptr().add(at));
                (
                    _mm256_loadu_si256(q.cast::<__m256i>()),
                    _mm256_loadu_si256(q.add(16).cast::<__m256i>()),
                    _mm_loadu_si128(r.cast::<__m128i>()),
                    _mm_loadu_si128(r.add(16).cast::<__m128i>()),
                )
            };
            even = _mm256_add_epi32(even, _mm256_madd_epi16(q0, _mm256_cvtepi8_epi16(r0)));
            odd = _mm256_add_epi32(odd, _mm256_madd_epi16(q1, _mm256_cvtepi8_epi16(r1)));
            at += LANES;
        }
        let eight = _mm256_add_epi32(even, odd);
        let four = _mm_add_epi32(_mm256_castsi256_si128(eight), _mm256_extracti128_si256::<1>(eight));
        let two = _mm_add_epi32(four, _mm_shuffle_epi32::<0b00_00_11_10>(four));
        let one = _mm_add_epi32(two, _mm_shuffle_epi32::<0b00_00_00_01>(two));
        *out = _mm_cvtsi128_si32(one);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_processor_gets_the_same_products(
            (stride, query, rows) in (1_usize..9).prop_flat_map(|blocks| {
                let stride = blocks * LANES;
                let query = prop::collection::vec(-32_767_i16..=32_767, stride);
                (Just(stride), query, prop::collection::vec(any::<u8>(), 0..stride * 7))
            }),
            room in 0_usize..8,
        ) {
            let whole = (rows.len() / stride).min(room);
            let (mut fast, mut plain) = (vec![7; room], vec![7; room]);
            dots(&query, &rows, &mut fast);
            dots_portable(&query, &rows, &mut plain);
            prop_assert_eq!(&fast, &plain);
            prop_assert!(fast[whole..].iter().all(|&untouched| untouched == 7));
        }
    }

    #[test]
    fn the_largest_numbers_do_not_overflow() {
        let (query, row) = (vec![-32_767_i16; 256], vec![(-127_i8).cast_unsigned(); 256]);
        let mut out = [0];
        dots(&query, &row, &mut out);
        assert_eq!(out, [32_767 * 127 * 256]);
    }
}
