//! Numbers and times as three small integers that are in the same order.
//!
//! The server compares numbers as 64-bit floats, and what it keeps of a payload
//! may lose the last bit of one. Each of these integers is below 2^32, so
//! nothing is lost, and together they tell any two numbers apart: two hold the
//! greatest float that is not greater, as bits in the order of numbers, and the
//! third what an integer has beyond it.

use mem0_core::filter::Scalar;

use crate::shared::terms;

/// In the order in which they are compared.
pub(super) type Key = [u32; 3];

/// A value that has an order, with the name under which a field's values of
/// that kind are kept; times and numbers of one field do not mix.
pub(super) fn entry(field: &str, value: &Scalar) -> Option<(String, Key)> {
    if let Some(time) = value.as_time() {
        return Some((terms::digest("time", field, &[]), integer(time.as_micros().into())));
    }
    let key = match value {
        Scalar::Int(int) => integer((*int).into()),
        Scalar::UInt(int) => integer((*int).into()),
        Scalar::Float(float) if !float.is_nan() => with_rest(*float, 0),
        Scalar::Float(_) | Scalar::Bool(_) | Scalar::Str(_) => return None,
    };
    Some((terms::digest("number", field, &[]), key))
}

fn integer(int: i128) -> Key {
    #[allow(clippy::cast_precision_loss, reason = "what is lost is the rest")]
    let nearest = int as f64;
    #[allow(clippy::cast_possible_truncation, reason = "a whole number below 2^65")]
    let floor = if nearest as i128 > int { nearest.next_down() } else { nearest };
    #[allow(clippy::cast_possible_truncation, reason = "a whole number below 2^65")]
    let rest = int - floor as i128;
    with_rest(floor, u32::try_from(rest).unwrap_or(u32::MAX))
}

fn with_rest(floor: f64, rest: u32) -> Key {
    const SIGN: u64 = 1 << 63;
    // Adding zero makes -0 the same as 0.
    let bits = (floor + 0.0).to_bits();
    let ordered = if bits & SIGN == 0 { bits | SIGN } else { !bits };
    #[allow(clippy::cast_possible_truncation, reason = "the two halves")]
    let (high, low) = ((ordered >> 32) as u32, ordered as u32);
    [high, low, rest]
}

/// The two halves of a version.
pub(super) fn halves(version: u64) -> [u32; 2] {
    #[allow(clippy::cast_possible_truncation, reason = "the two halves")]
    let (high, low) = ((version >> 32) as u32, version as u32);
    [high, low]
}

/// The version of two halves.
pub(super) fn whole(high: u32, low: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

#[cfg(test)]
mod tests {
    use super::*;
    use mem0_core::{Filter, Payload};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn numbers() -> impl Strategy<Value = Value> {
        let near = prop::sample::select(vec![0_i64, 1 << 53, -(1 << 53), i64::MAX, i64::MIN, 1 << 60]);
        prop_oneof![
            any::<i64>().prop_map(|n| json!(n)),
            any::<u64>().prop_map(|n| json!(n)),
            (near, -3_i64..=3).prop_map(|(n, more)| json!(n.saturating_add(more))),
            any::<f64>().prop_filter_map("finite", |n| n.is_finite().then(|| json!(n))),
            (-1_000_i64..1_000).prop_map(|n| json!(n as f64 / 8.0)),
            Just(json!(u64::MAX)),
            Just(json!(-0.0)),
            Just(json!(9_007_199_254_740_992.0)),
            Just(json!(18_446_744_073_709_551_616.0)),
        ]
    }

    fn scalar(value: &Value) -> Scalar {
        let payload = Payload::from_iter([("k".to_owned(), value.clone())]);
        terms::scalars(&payload).next().unwrap().1
    }

    fn key(value: &Value) -> Key {
        entry("k", &scalar(value)).unwrap().1
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn keys_are_in_the_order_of_numbers(a in numbers(), b in numbers()) {
            let row = json!({"k": a});
            let b_scalar = scalar(&b);
            prop_assert_eq!(key(&a) > key(&b), Filter::gt("k", b_scalar.clone()).matches(&row));
            prop_assert_eq!(key(&a) == key(&b), Filter::eq("k", b_scalar).matches(&row));
        }

        #[test]
        fn times_are_in_their_order(a in any::<i64>(), b in any::<i64>()) {
            let [a, b] = [a, b].map(|t| mem0_core::Timestamp::from_micros_clamped(t / 30));
            let [x, y] = [a, b].map(|t| entry("k", &Scalar::from(t)).unwrap());
            prop_assert_eq!(x.1.cmp(&y.1), a.cmp(&b));
            prop_assert_eq!(x.0, y.0);
        }

        #[test]
        fn versions_survive(version in any::<u64>()) {
            let [high, low] = halves(version);
            prop_assert_eq!(whole(high, low), version);
        }
    }

    #[test]
    fn what_has_no_order_has_no_key() {
        for value in [Scalar::Bool(true), Scalar::from("Oslo"), Scalar::Float(f64::NAN)] {
            assert!(entry("k", &value).is_none());
        }
        let names =
            [entry("k", &Scalar::from(1)), entry("k", &Scalar::from("2024-01-01")), entry("j", &Scalar::from(1))];
        let names: std::collections::BTreeSet<_> = names.into_iter().map(|entry| entry.unwrap().0).collect();
        assert_eq!(names.len(), 3);
    }
}
