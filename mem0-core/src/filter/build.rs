//! Building a filter in code, and showing one without its values.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Not;

use super::{CompareOp, Filter, FilterOp, Scalar};

macro_rules! compare {
    ($($name:ident $op:ident $doc:literal;)*) => {$(
        #[doc = $doc]
        #[must_use]
        pub fn $name(field: impl Into<String>, value: impl Into<Scalar>) -> Self {
            Self::Compare { field: field.into(), op: CompareOp::$op, value: value.into() }
        }
    )*};
}

impl Filter {
    compare! {
        eq Eq "The field equals `value`.";
        ne Ne "The field does not equal `value`, or is missing.";
        gt Gt "The field is greater than `value`.";
        gte Gte "The field is greater than `value` or equal.";
        lt Lt "The field is less than `value`.";
        lte Lte "The field is less than `value` or equal.";
    }

    /// The field equals one of `values`.
    #[must_use]
    pub fn is_in<V: Into<Scalar>>(field: impl Into<String>, values: impl IntoIterator<Item = V>) -> Self {
        Self::In { field: field.into(), values: values.into_iter().map(Into::into).collect() }
    }

    /// The field equals none of `values`, or is missing.
    #[must_use]
    pub fn not_in<V: Into<Scalar>>(field: impl Into<String>, values: impl IntoIterator<Item = V>) -> Self {
        Self::NotIn { field: field.into(), values: values.into_iter().map(Into::into).collect() }
    }

    /// The field contains `text`, letter for letter.
    #[must_use]
    pub fn contains(field: impl Into<String>, text: impl Into<String>) -> Self {
        Self::Contains { field: field.into(), text: text.into(), ignore_case: false }
    }

    /// The field contains `text` in upper or lower case.
    #[must_use]
    pub fn icontains(field: impl Into<String>, text: impl Into<String>) -> Self {
        Self::Contains { field: field.into(), text: text.into(), ignore_case: true }
    }

    /// The field is present and not null.
    #[must_use]
    pub fn exists(field: impl Into<String>) -> Self {
        Self::Exists { field: field.into() }
    }

    /// The field is missing or null.
    #[must_use]
    pub fn is_null(field: impl Into<String>) -> Self {
        Self::IsNull { field: field.into() }
    }

    /// Both. Stays flat: a loop of `and` makes one list, not a tower.
    ///
    /// ```
    /// use mem0_core::filter::Filter;
    ///
    /// let both = Filter::All.and(Filter::eq("a", 1)).and(Filter::eq("b", 2));
    /// assert_eq!(both, Filter::all_of([Filter::eq("a", 1), Filter::eq("b", 2)]));
    /// ```
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::all_of([self, other])
    }

    /// One or both. Stays flat like [`and`](Self::and).
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self::any_of([self, other])
    }

    /// Every one of `members`; of none, [`Filter::All`].
    #[must_use]
    pub fn all_of(members: impl IntoIterator<Item = Self>) -> Self {
        let mut flat = Vec::new();
        for member in members {
            match member {
                Self::All => {}
                // Keeps the list of a long chain instead of copying it each time.
                Self::And(inner) if flat.is_empty() => flat = inner,
                Self::And(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        unwrap_single(flat, Self::And, Self::All)
    }

    /// One or more of `members`; of none, [`Filter::Nothing`].
    #[must_use]
    pub fn any_of(members: impl IntoIterator<Item = Self>) -> Self {
        let mut flat = Vec::new();
        for member in members {
            match member {
                Self::Nothing => {}
                // Keeps the list of a long chain instead of copying it each time.
                Self::Or(inner) if flat.is_empty() => flat = inner,
                Self::Or(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        unwrap_single(flat, Self::Or, Self::Nothing)
    }

    /// Whether this is [`Filter::All`].
    #[must_use]
    pub fn is_all(&self) -> bool {
        matches!(self, Self::All)
    }

    /// The names of the fields it looks at.
    #[must_use]
    pub fn fields(&self) -> BTreeSet<&str> {
        let mut fields = BTreeSet::new();
        self.visit_leaves(&mut |leaf| fields.extend(leaf.field()));
        fields
    }

    /// The field of a condition; `None` for the nodes that join conditions.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::All | Self::Nothing | Self::And(_) | Self::Or(_) | Self::Not(_) => None,
            Self::Compare { field, .. }
            | Self::In { field, .. }
            | Self::NotIn { field, .. }
            | Self::Contains { field, .. }
            | Self::Exists { field }
            | Self::IsNull { field } => Some(field),
        }
    }

    /// The operator of a condition; `None` for the nodes that join conditions.
    #[must_use]
    pub fn op(&self) -> Option<FilterOp> {
        Some(match self {
            Self::All | Self::Nothing | Self::And(_) | Self::Or(_) | Self::Not(_) => return None,
            Self::Compare { op, .. } => FilterOp::from(*op),
            Self::In { .. } => FilterOp::In,
            Self::NotIn { .. } => FilterOp::NotIn,
            Self::Contains { ignore_case: false, .. } => FilterOp::Contains,
            Self::Contains { ignore_case: true, .. } => FilterOp::IContains,
            Self::Exists { .. } => FilterOp::Exists,
            Self::IsNull { .. } => FilterOp::IsNull,
        })
    }

    fn visit_leaves<'a>(&'a self, see: &mut impl FnMut(&'a Self)) {
        match self {
            Self::And(members) | Self::Or(members) => {
                for member in members {
                    member.visit_leaves(see);
                }
            }
            Self::Not(inner) => inner.visit_leaves(see),
            leaf => see(leaf),
        }
    }
}

fn unwrap_single(mut members: Vec<Filter>, join: fn(Vec<Filter>) -> Filter, empty: Filter) -> Filter {
    match members.len() {
        0 => empty,
        1 => members.pop().unwrap_or(empty),
        _ => join(members),
    }
}

/// The complement: `!filter`.
impl Not for Filter {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::All => Self::Nothing,
            Self::Nothing => Self::All,
            Self::Not(inner) => *inner,
            other => Self::Not(Box::new(other)),
        }
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (field, op) = match self {
            Self::All => return f.write_str("all"),
            Self::Nothing => return f.write_str("nothing"),
            Self::And(members) => return join(f, members, "AND"),
            Self::Or(members) => return join(f, members, "OR"),
            Self::Not(inner) => return write!(f, "NOT {inner}"),
            leaf => (leaf.field().unwrap_or_default(), leaf.op().map_or("", FilterOp::as_str)),
        };
        write!(f, "{} {op}", field.escape_debug())?;
        match self {
            Self::Compare { value, .. } => write!(f, " {value:?}"),
            Self::In { values, .. } | Self::NotIn { values, .. } => {
                write!(f, " <{} values>", values.len())
            }
            Self::Contains { .. } => f.write_str(" <text>"),
            _ => Ok(()),
        }
    }
}

fn join(f: &mut fmt::Formatter<'_>, members: &[Filter], word: &str) -> fmt::Result {
    f.write_str("(")?;
    for (position, member) in members.iter().enumerate() {
        if position > 0 {
            write!(f, " {word} ")?;
        }
        write!(f, "{member}")?;
    }
    f.write_str(")")
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Filter({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_of_and_or_and_not_stays_flat() {
        let mut all = Filter::All;
        let mut any = Filter::Nothing;
        let mut not = Filter::eq("k", 1);
        for i in 0..100_000 {
            all = all.and(Filter::eq("k", i));
            any = any.or(Filter::eq("k", i));
            not = !not;
        }
        assert!(matches!(&all, Filter::And(members) if members.len() == 100_000));
        assert!(matches!(&any, Filter::Or(members) if members.len() == 100_000));
        assert_eq!(not, Filter::eq("k", 1));
    }

    #[test]
    fn nothing_shows_a_value() {
        let filter = Filter::eq("name", "Ada Lovelace")
            .and(Filter::is_in("city", ["London", "Paris"]))
            .and(!Filter::icontains("note\n", "secret"))
            .and(Filter::gt("age", 36).or(Filter::exists("x")))
            .and(Filter::eq("f", 1.5).or(Filter::eq("b", true)));
        let shown = format!("{filter:?} {filter} {:?} {:?}", filter.compile(), Scalar::from("Ada"));
        for secret in ["Ada", "London", "secret", "36", "1.5", "true"] {
            assert!(!shown.contains(secret), "{shown}");
        }
        assert_eq!(
            filter.to_string(),
            "(name eq <text> AND city in <2 values> AND NOT note\\n icontains <text> AND \
             (age gt <int> OR x exists) AND (f eq <float> OR b eq <bool>))"
        );
    }

    #[test]
    fn fields_are_listed_once() {
        let filter = Filter::eq("b", 1).and(!Filter::exists("a").or(Filter::gt("b", 2)));
        assert_eq!(filter.fields().into_iter().collect::<Vec<_>>(), ["a", "b"]);
    }
}
