//! How large a filter may be, and what its fields may be called.

use super::{CompareOp, Filter, FilterOp, RESERVED_SCOPE_KEYS, Scalar};
use crate::error::{Error, Result};

/// The largest accepted filter. Every filter from outside is held against it
/// before anything walks through the tree.
///
/// ```
/// use mem0_core::filter::{Filter, Limits};
///
/// let mut limits = Limits::default();
/// limits.conditions = 1;
/// assert!(Filter::eq("a", 1).check(&limits).is_ok());
/// assert!(Filter::eq("a", 1).and(Filter::eq("b", 2)).check(&limits).is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Nested AND, OR and NOT, the condition itself included. Above
    /// [`Limits::MAX_DEPTH`] it counts as that.
    pub depth: usize,
    /// Conditions in the whole tree.
    pub conditions: usize,
    /// Values in one `in` or `nin`.
    pub values: usize,
    /// Bytes of the JSON text; of a tree, of its names and values.
    pub bytes: usize,
}

impl Limits {
    /// The depth that every function of this module can walk on a small stack.
    pub const MAX_DEPTH: usize = 64;
    /// The longest name of a field in bytes.
    pub const MAX_FIELD_BYTES: usize = 256;

    /// How deep the JSON of an accepted filter can be: two levels for each
    /// AND, OR and NOT, and three for the condition.
    pub(super) fn json_depth(&self) -> usize {
        self.depth.min(Self::MAX_DEPTH) * 2 + 4
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 16, conditions: 512, values: 1_024, bytes: 64 * 1_024 }
    }
}

impl Filter {
    /// Holds a filter against limits and the rules for names and values. The
    /// JSON functions do this already; call it on a filter that a caller built.
    ///
    /// ```
    /// use mem0_core::filter::{Filter, Limits};
    ///
    /// let error = Filter::eq("user_id", "ada").check(&Limits::default()).unwrap_err();
    /// assert_eq!(error.message(), "user_id: scope ids go in the scope, not the filter");
    /// ```
    ///
    /// # Errors
    /// `InvalidInput` if the tree is too large, a field's name is not allowed,
    /// a number is not finite, or a bool is to be ordered.
    pub fn check(&self, limits: &Limits) -> Result<()> {
        let mut used = Used::default();
        used.add(self, limits, limits.depth.min(Limits::MAX_DEPTH))
    }
}

#[derive(Default)]
struct Used {
    conditions: usize,
    bytes: usize,
}

impl Used {
    fn add(&mut self, filter: &Filter, limits: &Limits, depth_left: usize) -> Result<()> {
        let Some(depth_left) = depth_left.checked_sub(1) else {
            return Err(too_deep(limits));
        };
        match filter {
            Filter::And(members) | Filter::Or(members) if !members.is_empty() => {
                return members.iter().try_for_each(|member| self.add(member, limits, depth_left));
            }
            Filter::Not(inner) => return self.add(inner, limits, depth_left),
            _ => {}
        }
        self.conditions += 1;
        if self.conditions > limits.conditions {
            return Err(Error::invalid(format!("filter has more than {} conditions", limits.conditions)));
        }
        if let (Some(field), Some(op)) = (filter.field(), filter.op()) {
            check_field(field)?;
            self.bytes += field.len();
            match filter {
                Filter::Compare { op: compare, value, .. } => {
                    check_value(field, *compare, value)?;
                    self.bytes += size(value);
                }
                Filter::In { values, .. } | Filter::NotIn { values, .. } => {
                    check_list(field, op, values.len(), limits)?;
                    for value in values {
                        check_value(field, CompareOp::Eq, value)?;
                        self.bytes += size(value);
                    }
                }
                Filter::Contains { text, .. } => self.bytes += text.len(),
                _ => {}
            }
        }
        if self.bytes > limits.bytes { Err(too_large(limits)) } else { Ok(()) }
    }
}

const fn size(value: &Scalar) -> usize {
    match value {
        Scalar::Str(text) => text.len(),
        _ => size_of::<u64>(),
    }
}

pub(super) fn too_deep(limits: &Limits) -> Error {
    Error::invalid(format!("filter is nested more than {} deep", limits.depth.min(Limits::MAX_DEPTH)))
}

pub(super) fn too_large(limits: &Limits) -> Error {
    Error::invalid(format!("filter is larger than {} bytes", limits.bytes))
}

pub(super) fn check_list(field: &str, op: FilterOp, len: usize, limits: &Limits) -> Result<()> {
    if len <= limits.values {
        return Ok(());
    }
    let field = shorten(field);
    Err(Error::invalid(format!("{field}: {op} has {len} values, more than {}", limits.values)))
}

pub(super) fn check_value(field: &str, op: CompareOp, value: &Scalar) -> Result<()> {
    let problem = match value {
        Scalar::Float(float) if !float.is_finite() => "takes finite numbers only",
        Scalar::Bool(_) if op.is_order() => "takes a number or a text, not a bool",
        _ => return Ok(()),
    };
    Err(Error::invalid(format!("{}: {op} {problem}", shorten(field))))
}

/// Whether a filter may name this field.
pub(super) fn check_field(name: &str) -> Result<()> {
    let problem = if name.is_empty() {
        "a field's name is empty"
    } else if name.len() > Limits::MAX_FIELD_BYTES {
        "a field's name is at most 256 bytes long"
    } else if name.contains(char::is_control) {
        "a field's name has no control characters"
    } else if RESERVED_SCOPE_KEYS.contains(&name) {
        "scope ids go in the scope, not the filter"
    } else if name.starts_with('$') || matches!(name, "AND" | "OR" | "NOT") {
        "the name belongs to the filter grammar"
    } else {
        return Ok(());
    };
    Err(Error::invalid(format!("{}: {problem}", shorten(name))))
}

/// A name as it may stand in an error: one line and not long.
pub(super) fn shorten(name: &str) -> String {
    let mut chars = name.chars();
    let mut short: String = chars.by_ref().take(64).flat_map(char::escape_debug).collect();
    if chars.next().is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(filter: &Filter) -> String {
        filter.check(&Limits::default()).unwrap_err().message().to_owned()
    }

    fn tower(height: usize) -> Filter {
        (1..height).fold(Filter::eq("k", 1), |inner, _| Filter::Not(Box::new(inner)))
    }

    #[test]
    fn the_limits_are_where_they_say() {
        let limits = Limits::default();
        let wide = |n: i64| Filter::all_of((0..n).map(|i| Filter::eq("k", i)));
        let list = |n: i64| Filter::is_in("k", 0..n);
        let text = |n: usize| Filter::contains("k", "x".repeat(n));
        for (fits, not) in [
            (tower(16), tower(17)),
            (wide(512), wide(513)),
            (list(1_024), list(1_025)),
            (text(65_535), text(65_536)),
            (Filter::eq("k".repeat(256), 1), Filter::eq("k".repeat(257), 1)),
        ] {
            assert!(fits.check(&limits).is_ok(), "{fits}");
            refused(&not);
        }
        assert_eq!(refused(&tower(17)), "filter is nested more than 16 deep");
        assert_eq!(refused(&list(1_025)), "k: in has 1025 values, more than 1024");
    }

    #[test]
    fn nodes_without_conditions_count_too() {
        for empty in [Filter::All, Filter::Nothing, Filter::And(vec![]), Filter::Or(vec![])] {
            refused(&Filter::Or(vec![empty; 513]));
        }
    }

    #[test]
    fn no_setting_makes_the_stack_overflow() {
        let limits = Limits { depth: usize::MAX, ..Limits::default() };
        assert!(tower(64).check(&limits).is_ok());
        assert!(tower(65).check(&limits).is_err());
    }

    #[test]
    fn names_and_values_that_are_refused() {
        for name in ["", "a\nb", "a\0", "AND", "OR", "NOT", "$ne", "$and", "user_id", "org_id"] {
            refused(&Filter::exists(name));
        }
        for name in ["and", "Or", "a.b", "a\"b", "{x}", "a|b", "ne$", "eq", "*", "ключ", " "] {
            Filter::exists(name).check(&Limits::default()).unwrap();
        }
        assert_eq!(refused(&Filter::gt("k", f64::NAN)), "k: gt takes finite numbers only");
        assert_eq!(refused(&Filter::is_in("k", [f64::INFINITY])), "k: eq takes finite numbers only");
        assert_eq!(refused(&Filter::lt("k", true)), "k: lt takes a number or a text, not a bool");
        assert!(refused(&Filter::exists("x".repeat(9_000))).len() < 200);
    }
}
