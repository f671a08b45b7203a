//! What a backend's own filter language can do.

use std::fmt;

use super::{FilterOp, ValueKind};

/// A set of [`ValueKind`]s.
///
/// ```
/// use mem0_core::filter::{Kinds, ValueKind};
///
/// let kinds = Kinds::TEXT.and(Kinds::BOOL);
/// assert!(kinds.contains(ValueKind::Text) && !kinds.contains(ValueKind::Time));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Kinds(u8);

impl Kinds {
    /// No kind.
    pub const NONE: Self = Self(0);
    /// Every kind.
    pub const ALL: Self = Self(0b11_1111);
    /// [`ValueKind::Bool`].
    pub const BOOL: Self = Self::of(ValueKind::Bool);
    /// [`ValueKind::Int`].
    pub const INT: Self = Self::of(ValueKind::Int);
    /// [`ValueKind::BigInt`].
    pub const BIG_INT: Self = Self::of(ValueKind::BigInt);
    /// [`ValueKind::Float`].
    pub const FLOAT: Self = Self::of(ValueKind::Float);
    /// [`ValueKind::Text`].
    pub const TEXT: Self = Self::of(ValueKind::Text);
    /// [`ValueKind::Time`].
    pub const TIME: Self = Self::of(ValueKind::Time);
    /// The numbers that a backend compares exactly if it keeps numbers as
    /// 64-bit floats.
    pub const FLOAT64: Self = Self::INT.and(Self::FLOAT);

    /// The set of one kind.
    #[must_use]
    pub const fn of(kind: ValueKind) -> Self {
        Self(1 << kind as u8)
    }

    /// The kinds of both sets.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the kind is in the set.
    #[must_use]
    pub const fn contains(self, kind: ValueKind) -> bool {
        self.0 & Self::of(kind).0 != 0
    }
}

impl fmt::Debug for Kinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(ValueKind::ALL.into_iter().filter(|kind| self.contains(*kind))).finish()
    }
}

/// What of a filter a backend can answer itself, by the [rules](super).
///
/// An operator is declared for the kinds of values whose answer is **exact** or
/// a **superset** (never misses a match, may bring more; such a condition is
/// pushed and looked at again here). Exact means by every rule: also on missing
/// fields, other types and lists. What is not declared stays here; less is
/// always correct.
///
/// ```
/// use mem0_core::filter::{FilterCapabilities, FilterOp::*, Kinds};
///
/// const CAPABILITIES: FilterCapabilities = FilterCapabilities::NONE
///     .exact(&[Eq, In], Kinds::TEXT.and(Kinds::BOOL).and(Kinds::FLOAT64))
///     .exact(&[Gt, Gte, Lt, Lte], Kinds::FLOAT64)
///     .superset(&[Contains], Kinds::TEXT)
///     .exact(&[Exists], Kinds::ALL)
///     .with_or(true)
///     .with_not(true)
///     .max_values(100);
/// # assert_ne!(CAPABILITIES, FilterCapabilities::ALL);
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct FilterCapabilities {
    exact: Ops,
    superset: Ops,
    and: bool,
    or: bool,
    not: bool,
    max_conditions: usize,
    max_values: usize,
}

/// How a backend answers a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Answer {
    Superset,
    Exact,
}

impl FilterCapabilities {
    /// Nothing is pushed. Already knows AND, since most backends do.
    pub const NONE: Self = Self {
        exact: Ops(0),
        superset: Ops(0),
        and: true,
        or: false,
        not: false,
        max_conditions: usize::MAX,
        max_values: usize::MAX,
    };

    /// Everything is pushed.
    pub const ALL: Self = Self::NONE.exact(&FilterOp::ALL, Kinds::ALL).with_or(true).with_not(true);

    /// These operators are answered exactly for values of these kinds. `exists`
    /// and `is_null` take no value and come with any kind.
    #[must_use]
    pub const fn exact(mut self, ops: &[FilterOp], kinds: Kinds) -> Self {
        self.exact = self.exact.with(ops, kinds);
        self
    }

    /// These operators bring every match for values of these kinds, and may
    /// bring more.
    #[must_use]
    pub const fn superset(mut self, ops: &[FilterOp], kinds: Kinds) -> Self {
        self.superset = self.superset.with(ops, kinds);
        self
    }

    /// Whether conditions can be joined with AND; otherwise one is pushed.
    #[must_use]
    pub const fn with_and(mut self, and: bool) -> Self {
        self.and = and;
        self
    }

    /// Whether conditions can be joined with OR, with AND inside it.
    #[must_use]
    pub const fn with_or(mut self, or: bool) -> Self {
        self.or = or;
        self
    }

    /// Whether an exact condition can stand under NOT, with the exact
    /// complement as its answer: a row without the field is in it.
    #[must_use]
    pub const fn with_not(mut self, not: bool) -> Self {
        self.not = not;
        self
    }

    /// The most conditions of one filter.
    #[must_use]
    pub const fn max_conditions(mut self, max: usize) -> Self {
        self.max_conditions = max;
        self
    }

    /// The most values of one `in` or `nin`.
    #[must_use]
    pub const fn max_values(mut self, max: usize) -> Self {
        self.max_values = max;
        self
    }

    pub(super) const fn has_and(&self) -> bool {
        self.and
    }

    pub(super) const fn has_or(&self) -> bool {
        self.or
    }

    pub(super) const fn has_not(&self) -> bool {
        self.not
    }

    pub(super) const fn condition_limit(&self) -> usize {
        self.max_conditions
    }

    pub(super) const fn value_limit(&self) -> usize {
        self.max_values
    }

    /// How the operator is answered for one value; for the ones without a value,
    /// `kind` is `None`.
    pub(super) fn answer(&self, op: FilterOp, kind: Option<ValueKind>) -> Option<Answer> {
        if self.exact.has(op, kind) {
            Some(Answer::Exact)
        } else if self.superset.has(op, kind) {
            Some(Answer::Superset)
        } else {
            None
        }
    }
}

impl fmt::Debug for FilterCapabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FilterCapabilities")
            .field("exact", &self.exact)
            .field("superset", &self.superset)
            .field("and", &self.and)
            .field("or", &self.or)
            .field("not", &self.not)
            .field("max_conditions", &self.max_conditions)
            .field("max_values", &self.max_values)
            .finish()
    }
}

/// Which operators are answered, in a few words: `all`, `all but contains,
/// icontains`, `eq, in; some values only, no OR`.
impl fmt::Display for FilterCapabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let answered = |op: &FilterOp| self.exact.has(*op, None) || self.superset.has(*op, None);
        let names = |ops: &[FilterOp]| ops.iter().map(|op| op.as_str()).collect::<Vec<_>>().join(", ");
        let (has, lacks): (Vec<FilterOp>, Vec<FilterOp>) = FilterOp::ALL.into_iter().partition(answered);
        match (has.len(), lacks.len()) {
            (0, _) => return f.write_str("none"),
            (_, 0) => f.write_str("all")?,
            (has_len, lacks_len) if has_len > lacks_len => write!(f, "all but {}", names(&lacks))?,
            _ => f.write_str(&names(&has))?,
        }
        // For `exists` and `is_null` any kind will do.
        let valued = |op: &FilterOp| !matches!(op, FilterOp::Exists | FilterOp::IsNull);
        let whole = has.iter().filter(|op| valued(op)).all(|op| self.exact.kinds(*op) == Kinds::ALL);
        let words = [(whole, "some values only"), (self.or, "no OR"), (self.not, "no NOT")];
        let missing: Vec<&str> = words.into_iter().filter(|(can, _)| !can).map(|(_, word)| word).collect();
        if missing.is_empty() { Ok(()) } else { write!(f, "; {}", missing.join(", ")) }
    }
}

/// Eight bits of [`Kinds`] for each operator.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Ops(u128);

impl Ops {
    const fn with(mut self, mut ops: &[FilterOp], kinds: Kinds) -> Self {
        while let Some((op, rest)) = ops.split_first() {
            self.0 |= (kinds.0 as u128) << (*op as u32 * 8);
            ops = rest;
        }
        self
    }

    const fn kinds(self, op: FilterOp) -> Kinds {
        Kinds((self.0 >> (op as u32 * 8)) as u8 & Kinds::ALL.0)
    }

    fn has(self, op: FilterOp, kind: Option<ValueKind>) -> bool {
        let kinds = self.kinds(op);
        kind.map_or(kinds != Kinds::NONE, |kind| kinds.contains(kind))
    }
}

impl fmt::Debug for Ops {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let declared = FilterOp::ALL.into_iter().filter(|op| self.kinds(*op) != Kinds::NONE);
        f.debug_map().entries(declared.map(|op| (op.as_str(), self.kinds(op)))).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_say_what_is_answered() {
        let some = FilterCapabilities::NONE.exact(&[FilterOp::Eq, FilterOp::In], Kinds::TEXT);
        let most = FilterCapabilities::ALL.exact;
        let contains = [FilterOp::Contains, FilterOp::IContains];
        let without = Ops(contains.iter().fold(most.0, |ops, op| ops & !(0xff << (*op as u32 * 8))));
        for (capabilities, words) in [
            (FilterCapabilities::ALL, "all"),
            (FilterCapabilities::NONE, "none"),
            (some, "eq, in; some values only, no OR, no NOT"),
            (some.with_or(true), "eq, in; some values only, no NOT"),
            (FilterCapabilities { exact: without, ..FilterCapabilities::ALL }, "all but contains, icontains"),
        ] {
            assert_eq!(capabilities.to_string(), words);
        }
    }
}
