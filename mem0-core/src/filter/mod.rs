//! Conditions on the metadata of a memory: the tree, its JSON grammar, the
//! reference evaluator and the planner that splits a filter between a backend
//! and this library.
//!
//! # The rules
//!
//! Every backend answers these rules; where it cannot, the planner keeps the
//! condition here. [`Filter::matches`] is their definition.
//!
//! 1. **Two values.** A condition holds or it does not. NOT is the exact
//!    complement, whatever the field holds.
//! 2. **Null is missing.** `exists` holds if the field is present and not null;
//!    `is_null` is its complement; `eq null` is `is_null`, `ne null` is
//!    `exists`. An empty text, an empty list and an object are present.
//! 3. **A missing field** meets no positive condition (eq, gt, gte, lt, lte,
//!    in, contains, icontains) and meets `ne`, `nin` and every NOT of a positive
//!    condition.
//! 4. **ne is NOT eq, nin is NOT in.** The NOT of `gt` is not `lte`: a missing
//!    field meets the first and not the second.
//! 5. **Types never mix.** A bool is not a number, a number is not a text,
//!    `""` is a value. A condition on another type does not hold; it is never
//!    an error.
//! 6. **Numbers compare by exact value** across integers and floats: `1` equals
//!    `1.0`, and 2^53 + 1 differs from 2^53.
//! 7. **Text is equal** if its code points are. Times get no exception: to ask
//!    for one instant however it is written, use `gte` and `lte` together.
//! 8. **Text is ordered** by code point, unless the value in the filter reads as
//!    a [`Timestamp`](crate::Timestamp): then the times are compared, and a
//!    field that does not read as a time does not match. Bools have no order.
//! 9. **A list** meets a positive condition if one of its elements does, so it
//!    meets `ne` and `nin` if no element is equal. Two
//!    conditions may be met by two elements. Lists and objects inside a list
//!    meet nothing. **An object** meets no positive condition but `exists`.
//! 10. **contains** looks for literal text; `% _ * ? \` mean themselves.
//!     **icontains** does so after each character is lower-cased on its own.
//!     An empty text is contained in every text.
//! 11. **A field's name** is 1 to 256 bytes without control characters. Dots mean
//!     themselves: there are no paths. `AND`, `OR`, `NOT` and names that start
//!     with `$` belong to the grammar.
//! 12. **Scope ids** ([`RESERVED_SCOPE_KEYS`]) are refused: who a memory belongs
//!     to is a separate argument, which no filter can widen.
//!
//! # The JSON grammar
//!
//! | JSON | means |
//! |---|---|
//! | `{}` | everything |
//! | `{"k": 1}` | eq |
//! | `{"k": null}` | is_null |
//! | `{"k": "*"}` | exists (inside an operator or a list, `"*"` is a plain star) |
//! | `{"k": [1, 2]}` | in; a null in the list means is_null; `[]` matches nothing |
//! | `{"k": {"gte": 5, "lt": 10}}` | all of them |
//! | `{"a": 1, "b": 2}` | both; a key that is written twice counts twice |
//! | `{"AND": [..]}` | all of them; an empty list is everything |
//! | `{"OR": [..]}` | one or more; at least one member |
//! | `{"NOT": [..]}` | **none** of them; at least one member |
//!
//! `AND` and `NOT` also take a single object. `$and`, `$or` and `$not` are read
//! as well; `and` is an ordinary field. Operators: `eq ne gt gte lt lte in nin
//! contains icontains exists is_null`, the last two with `true` or `false`. An
//! unknown operator is an error.
//!
//! ```
//! use mem0_core::filter::Filter;
//! use serde_json::json;
//!
//! let filter = Filter::from_json(&json!({
//!     "category": "travel",
//!     "price": {"gte": 5, "lt": 10},
//!     "NOT": [{"status": "archived"}],
//! }))?;
//! let row = json!({"category": ["travel", "food"], "price": 7.5});
//! assert!(filter.matches(&row));
//! # Ok::<(), mem0_core::Error>(())
//! ```

mod build;
mod capabilities;
mod eval;
mod fields;
mod json;
mod limits;
mod normal;
mod plan;
mod raw;
mod scalar;
#[cfg(test)]
mod tests;
mod write;

use std::fmt;

pub use capabilities::{FilterCapabilities, Kinds};
pub use eval::CompiledFilter;
pub use fields::{FieldRef, Fields};
pub use limits::Limits;
pub use plan::Plan;
pub use scalar::{Scalar, ValueKind};

/// The keys that say who a memory belongs to. No filter may name them.
pub const RESERVED_SCOPE_KEYS: [&str; 5] = ["user_id", "agent_id", "run_id", "app_id", "org_id"];

/// A condition on the metadata of a memory. The [module](self) has the rules.
///
/// `Debug` and `Display` show fields, operators and the type of each value, not
/// the values: those are user data and must not reach a log. [`to_json`] shows
/// everything.
///
/// Whoever takes a filter from outside calls [`check`] before anything else;
/// the JSON functions and `Deserialize` have done so already.
///
/// ```
/// use mem0_core::filter::Filter;
///
/// let filter = Filter::gt("price", 5).and(!Filter::eq("city", "Oslo"));
/// assert_eq!(filter.to_string(), "(price gt <int> AND NOT city eq <text>)");
/// ```
///
/// [`to_json`]: Filter::to_json
/// [`check`]: Filter::check
#[derive(Clone, Default, PartialEq)]
#[non_exhaustive]
pub enum Filter {
    /// Matches every record.
    #[default]
    All,
    /// Matches no record.
    Nothing,
    /// Matches if every member does; without members, everything.
    And(Vec<Filter>),
    /// Matches if one member or more does; without members, nothing.
    Or(Vec<Filter>),
    /// Matches if the inner filter does not.
    Not(Box<Filter>),
    /// Compares the field with one value.
    Compare {
        /// The metadata key.
        field: String,
        /// The comparison.
        op: CompareOp,
        /// What the field is compared with.
        value: Scalar,
    },
    /// The field equals one of the values; of none, never.
    In {
        /// The metadata key.
        field: String,
        /// The accepted values.
        values: Vec<Scalar>,
    },
    /// The complement of [`Filter::In`].
    NotIn {
        /// The metadata key.
        field: String,
        /// The refused values.
        values: Vec<Scalar>,
    },
    /// The field is a text that contains `text`.
    Contains {
        /// The metadata key.
        field: String,
        /// The literal text to look for.
        text: String,
        /// Whether to lower-case both sides first.
        ignore_case: bool,
    },
    /// The field is present and not null.
    Exists {
        /// The metadata key.
        field: String,
    },
    /// The field is missing or null.
    IsNull {
        /// The metadata key.
        field: String,
    },
}

/// How [`Filter::Compare`] compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CompareOp {
    /// Equal.
    Eq,
    /// Not equal; also when the field is missing.
    Ne,
    /// Greater than, or later than.
    Gt,
    /// Greater or equal.
    Gte,
    /// Less than, or earlier than.
    Lt,
    /// Less or equal.
    Lte,
}

impl CompareOp {
    /// The name of the grammar.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        FilterOp::of_compare(self).as_str()
    }

    /// Whether this is `gt`, `gte`, `lt` or `lte`.
    #[must_use]
    pub const fn is_order(self) -> bool {
        !matches!(self, Self::Eq | Self::Ne)
    }
}

/// One operator of the grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FilterOp {
    /// Equal to a value.
    Eq,
    /// Not equal to a value.
    Ne,
    /// Greater than.
    Gt,
    /// Greater or equal.
    Gte,
    /// Less than.
    Lt,
    /// Less or equal.
    Lte,
    /// One of a list.
    In,
    /// None of a list.
    NotIn,
    /// Contains a text.
    Contains,
    /// Contains a text in upper or lower case.
    IContains,
    /// Present and not null.
    Exists,
    /// Missing or null.
    IsNull,
}

impl FilterOp {
    /// Every operator.
    pub const ALL: [Self; 12] = [
        Self::Eq,
        Self::Ne,
        Self::Gt,
        Self::Gte,
        Self::Lt,
        Self::Lte,
        Self::In,
        Self::NotIn,
        Self::Contains,
        Self::IContains,
        Self::Exists,
        Self::IsNull,
    ];

    /// The name of the grammar.
    ///
    /// ```
    /// assert_eq!(mem0_core::filter::FilterOp::NotIn.as_str(), "nin");
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Ne => "ne",
            Self::Gt => "gt",
            Self::Gte => "gte",
            Self::Lt => "lt",
            Self::Lte => "lte",
            Self::In => "in",
            Self::NotIn => "nin",
            Self::Contains => "contains",
            Self::IContains => "icontains",
            Self::Exists => "exists",
            Self::IsNull => "is_null",
        }
    }

    const fn of_compare(op: CompareOp) -> Self {
        match op {
            CompareOp::Eq => Self::Eq,
            CompareOp::Ne => Self::Ne,
            CompareOp::Gt => Self::Gt,
            CompareOp::Gte => Self::Gte,
            CompareOp::Lt => Self::Lt,
            CompareOp::Lte => Self::Lte,
        }
    }
}

impl From<CompareOp> for FilterOp {
    fn from(op: CompareOp) -> Self {
        Self::of_compare(op)
    }
}

impl fmt::Display for FilterOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for CompareOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
