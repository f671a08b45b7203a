//! Single values, and how two of them compare.

use std::cmp::Ordering;
use std::fmt;

use crate::types::time::Timestamp;

/// One value of a filter. Null is not among them: it is
/// [`Filter::IsNull`](super::Filter::IsNull).
///
/// `Debug` shows the type only.
///
/// ```
/// use mem0_core::filter::Scalar;
///
/// assert_eq!(Scalar::from(7_u64), Scalar::Int(7));
/// assert_eq!(format!("{:?}", Scalar::from("Ada")), "<text>");
/// ```
#[derive(Clone, PartialEq)]
pub enum Scalar {
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A whole number above `i64::MAX`.
    UInt(u64),
    /// A finite number.
    Float(f64),
    /// A text, or a time written as one.
    Str(String),
}

/// What kind of value a condition compares with; a backend declares for each
/// operator which kinds it answers by the [rules](super).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ValueKind {
    /// True or false.
    Bool,
    /// A whole number that a 64-bit float holds exactly (below 2^53).
    Int,
    /// A whole number of 2^53 and above, positive or negative.
    BigInt,
    /// A number with a fraction.
    Float,
    /// A text. Equality of times is equality of texts, so also their kind
    /// there.
    Text,
    /// A text that reads as a time, in an ordering comparison.
    Time,
}

impl ValueKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [Self::Bool, Self::Int, Self::BigInt, Self::Float, Self::Text, Self::Time];
}

/// From here on not every whole number is a 64-bit float.
const BIG: f64 = 9_007_199_254_740_992.0;

impl Scalar {
    /// The kind for equality. A time is a text here; see
    /// [`order_kind`](Self::order_kind).
    #[must_use]
    pub fn kind(&self) -> ValueKind {
        let big = match self {
            Self::Bool(_) => return ValueKind::Bool,
            Self::Str(_) => return ValueKind::Text,
            Self::Int(int) => int.unsigned_abs() >= 1 << 53,
            Self::UInt(uint) => *uint >= 1 << 53,
            Self::Float(float) if float.abs() < BIG && float.fract() != 0.0 => {
                return ValueKind::Float;
            }
            Self::Float(float) => float.is_nan() || float.abs() >= BIG,
        };
        if big { ValueKind::BigInt } else { ValueKind::Int }
    }

    /// The kind for `gt`, `gte`, `lt` and `lte`.
    ///
    /// ```
    /// use mem0_core::filter::{Scalar, ValueKind};
    ///
    /// let day = Scalar::from("2023-05-08");
    /// assert_eq!((day.kind(), day.order_kind()), (ValueKind::Text, ValueKind::Time));
    /// ```
    #[must_use]
    pub fn order_kind(&self) -> ValueKind {
        if self.as_time().is_some() { ValueKind::Time } else { self.kind() }
    }

    /// The time that a text reads as. An ordering comparison with such a value
    /// compares times.
    #[must_use]
    pub fn as_time(&self) -> Option<Timestamp> {
        match self {
            Self::Str(text) => read_time(text),
            _ => None,
        }
    }

    /// The same value in its simplest form: whole numbers as integers.
    pub(super) fn canonical(&self) -> Self {
        match *self {
            Self::UInt(uint) => Self::from(uint),
            // The bounds are powers of two, so both are exact as floats.
            #[allow(clippy::cast_possible_truncation, reason = "whole and in range")]
            Self::Float(float)
                if float.fract() == 0.0
                    && (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&float) =>
            {
                Self::Int(float as i64)
            }
            _ => self.clone(),
        }
    }

    /// A fixed order of all values, for sorting only.
    pub(super) fn sort_order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (Self::Int(a), Self::Int(b)) => a.cmp(b),
            (Self::UInt(a), Self::UInt(b)) => a.cmp(b),
            (Self::Float(a), Self::Float(b)) => a.total_cmp(b),
            (Self::Str(a), Self::Str(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }

    const fn rank(&self) -> u8 {
        match self {
            Self::Bool(_) => 0,
            Self::Int(_) => 1,
            Self::UInt(_) => 2,
            Self::Float(_) => 3,
            Self::Str(_) => 4,
        }
    }
}

impl fmt::Debug for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bool(_) => "<bool>",
            Self::Int(_) | Self::UInt(_) => "<int>",
            Self::Float(_) => "<float>",
            Self::Str(_) => "<text>",
        })
    }
}

macro_rules! from_scalar {
    ($($from:ty => $to:expr;)*) => {$(
        impl From<$from> for Scalar {
            fn from(value: $from) -> Self {
                $to(value)
            }
        }
    )*};
}

from_scalar! {
    bool => Scalar::Bool;
    i64 => Scalar::Int;
    i32 => |value| Scalar::Int(i64::from(value));
    u32 => |value| Scalar::Int(i64::from(value));
    u64 => |value| i64::try_from(value).map_or(Scalar::UInt(value), Scalar::Int);
    f64 => Scalar::Float;
    &str => |value: &str| Scalar::Str(value.to_owned());
    &String => |value: &String| Scalar::Str(value.clone());
    String => Scalar::Str;
    Timestamp => |value: Timestamp| Scalar::Str(value.to_string());
}

/// A number that can be compared exactly with every other.
#[derive(Clone, Copy)]
pub(super) enum Num {
    Int(i128),
    Float(f64),
}

impl Num {
    /// The number of a value, if it is one; NaN is none.
    pub(super) fn of(value: &Scalar) -> Option<Self> {
        match *value {
            Scalar::Int(int) => Some(Self::Int(int.into())),
            Scalar::UInt(uint) => Some(Self::Int(uint.into())),
            Scalar::Float(float) => Self::float(float),
            Scalar::Bool(_) | Scalar::Str(_) => None,
        }
    }

    /// `None` for NaN.
    pub(super) fn float(float: f64) -> Option<Self> {
        (!float.is_nan()).then_some(Self::Float(float))
    }

    /// By mathematical value.
    pub(super) fn compare(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => a.cmp(&b),
            // Neither is NaN.
            (Self::Float(a), Self::Float(b)) => a.partial_cmp(&b).unwrap_or(Ordering::Equal),
            (Self::Int(a), Self::Float(b)) => int_to_float(a, b),
            (Self::Float(a), Self::Int(b)) => int_to_float(b, a).reverse(),
        }
    }
}

/// Compares a 64-bit integer with a float without rounding either.
fn int_to_float(int: i128, float: f64) -> Ordering {
    // A cast saturates, so what lies outside the integers stays outside; the
    // fraction decides between equal whole parts.
    #[allow(clippy::cast_possible_truncation, reason = "the fraction is compared apart")]
    let whole = float as i128;
    int.cmp(&whole).then_with(|| 0.0_f64.partial_cmp(&float.fract()).unwrap_or(Ordering::Equal))
}

/// Reads a time, refusing most other texts at their first character.
pub(super) fn read_time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let plausible = text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '+' | '-'));
    if plausible { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_compare_by_exact_value() {
        let two53 = 1_i64 << 53;
        let ordered = [
            Scalar::Float(f64::NEG_INFINITY),
            Scalar::Float(-1e300),
            Scalar::Int(i64::MIN),
            Scalar::Float(-1.5),
            Scalar::Int(-1),
            Scalar::Float(-0.5),
            Scalar::Int(0),
            Scalar::Float(0.5),
            Scalar::Int(1),
            Scalar::Float(1.5),
            Scalar::Int(two53 - 1),
            Scalar::Float(two53 as f64),
            Scalar::Int(two53 + 1),
            Scalar::Int(i64::MAX),
            Scalar::Float(9_223_372_036_854_775_808.0),
            Scalar::UInt((1 << 63) + 1),
            Scalar::UInt(u64::MAX),
            Scalar::Float(18_446_744_073_709_551_616.0),
            Scalar::Float(f64::INFINITY),
        ];
        let nums: Vec<Num> = ordered.iter().map(|value| Num::of(value).unwrap()).collect();
        for (i, a) in nums.iter().enumerate() {
            for (j, b) in nums.iter().enumerate() {
                assert_eq!(a.compare(*b), i.cmp(&j), "{i} {j}");
            }
        }
        assert_eq!(Num::Float(-0.0).compare(Num::Int(0)), Ordering::Equal);
        assert!(Num::float(f64::NAN).is_none());
    }

    #[test]
    fn kinds() {
        use ValueKind::*;
        let big = 1_i64 << 53;
        for (value, kind) in [
            (Scalar::Bool(true), Bool),
            (Scalar::Int(big - 1), Int),
            (Scalar::Int(1 - big), Int),
            (Scalar::Int(big), BigInt),
            (Scalar::Int(i64::MIN), BigInt),
            (Scalar::UInt(u64::MAX), BigInt),
            (Scalar::Float(1.0), Int),
            (Scalar::Float(1.5), Float),
            (Scalar::Float(1e300), BigInt),
            (Scalar::from("2023-05-08"), Text),
        ] {
            assert_eq!(value.kind(), kind);
        }
        assert_eq!(Scalar::from("2023-05-08").order_kind(), Time);
        assert_eq!(Scalar::from("May").order_kind(), Text);
        assert_eq!(Scalar::from(Timestamp::from_micros(0).unwrap()).order_kind(), Time);
    }

    proptest! {
        #[test]
        fn the_simplest_form_is_the_same_number(bits in any::<u64>(), int in any::<i64>()) {
            for value in [Scalar::UInt(bits), Scalar::Float(f64::from_bits(bits)), Scalar::Float(int as f64)] {
                let Some(num) = Num::of(&value) else { continue };
                prop_assert_eq!(num.compare(Num::of(&value.canonical()).unwrap()), Ordering::Equal);
            }
        }

        #[test]
        fn the_short_cut_refuses_no_time(text in "[ +\\-0-9:TZ.t\u{2003}]{0,24}", micros in any::<i64>()) {
            let time = Timestamp::from_micros_clamped(micros).to_string();
            for text in [text, time] {
                prop_assert_eq!(read_time(&text), text.parse().ok());
            }
        }
    }
}
