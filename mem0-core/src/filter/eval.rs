//! The reference evaluator: the definition of what a filter means.

use std::cmp::Ordering;
use std::fmt;

use super::scalar::{Num, read_time};
use super::{CompareOp, FieldRef, Fields, Filter, Scalar};
use crate::types::time::Timestamp;

impl Filter {
    /// Whether the record meets the filter. For many records,
    /// [`compile`](Self::compile) once.
    ///
    /// ```
    /// use mem0_core::filter::Filter;
    /// use serde_json::json;
    ///
    /// let filter = Filter::gte("when", "2023-05-08");
    /// assert!(filter.matches(&json!({"when": "2023-05-08T02:00:00+02:00"})));
    /// assert!(!filter.matches(&json!({"when": "yesterday"})));
    /// ```
    #[must_use]
    pub fn matches<F: Fields + ?Sized>(&self, record: &F) -> bool {
        self.compile().matches(record)
    }

    /// Prepares the filter for many records: times are read, lists sorted and
    /// texts lower-cased once.
    #[must_use]
    pub fn compile(&self) -> CompiledFilter {
        CompiledFilter { root: Node::of(self) }
    }
}

/// A [`Filter`] that is ready to look at many records. Plain comparisons do not
/// allocate.
///
/// ```
/// use mem0_core::filter::Filter;
/// use serde_json::json;
///
/// let rows = [json!({"n": 1}), json!({"n": 2}), json!({"n": 3})];
/// let filter = Filter::gt("n", 1).compile();
/// assert_eq!(rows.iter().filter(|row| filter.matches(*row)).count(), 2);
/// ```
#[derive(Clone)]
pub struct CompiledFilter {
    root: Node,
}

impl CompiledFilter {
    /// Whether the record meets the filter.
    #[must_use]
    pub fn matches<F: Fields + ?Sized>(&self, record: &F) -> bool {
        self.root.matches(record)
    }
}

impl fmt::Debug for CompiledFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CompiledFilter").finish_non_exhaustive()
    }
}

#[derive(Clone)]
enum Node {
    Const(bool),
    Every(Vec<Node>),
    Some(Vec<Node>),
    Not(Box<Node>),
    Test { field: Box<str>, test: Test, negate: bool },
}

impl Node {
    fn of(filter: &Filter) -> Self {
        let test = |field: &str, test, negate| Self::Test { field: field.into(), test, negate };
        match filter {
            Filter::All => Self::Const(true),
            Filter::Nothing => Self::Const(false),
            Filter::And(members) => Self::Every(members.iter().map(Self::of).collect()),
            Filter::Or(members) => Self::Some(members.iter().map(Self::of).collect()),
            Filter::Not(inner) => Self::Not(Box::new(Self::of(inner))),
            Filter::Compare { field, op, value } => test(field, Test::compare(*op, value), *op == CompareOp::Ne),
            Filter::In { field, values } => test(field, Test::OneOf(Set::of(values)), false),
            Filter::NotIn { field, values } => test(field, Test::OneOf(Set::of(values)), true),
            Filter::Contains { field, text, ignore_case: false } => {
                test(field, Test::Contains(text.as_str().into()), false)
            }
            Filter::Contains { field, text, ignore_case: true } => {
                test(field, Test::ContainsFolded(fold(text).into()), false)
            }
            Filter::Exists { field } => test(field, Test::Exists, false),
            Filter::IsNull { field } => test(field, Test::Exists, true),
        }
    }

    fn matches<F: Fields + ?Sized>(&self, record: &F) -> bool {
        match self {
            Self::Const(value) => *value,
            Self::Every(members) => members.iter().all(|member| member.matches(record)),
            Self::Some(members) => members.iter().any(|member| member.matches(record)),
            Self::Not(inner) => !inner.matches(record),
            Self::Test { field, test, negate } => test.holds(record.field(field)) != *negate,
        }
    }
}

/// A positive condition; it never holds for a missing field.
#[derive(Clone)]
enum Test {
    Exists,
    Never,
    IsBool(bool),
    IsNum(Num),
    IsText(Box<str>),
    OrderNum(CompareOp, Num),
    OrderText(CompareOp, Box<str>),
    OrderTime(CompareOp, Timestamp),
    OneOf(Set),
    Contains(Box<str>),
    ContainsFolded(Box<str>),
}

impl Test {
    /// For `ne` the test of `eq`.
    fn compare(op: CompareOp, value: &Scalar) -> Self {
        match value {
            Scalar::Bool(_) if op.is_order() => Self::Never,
            Scalar::Bool(bool) => Self::IsBool(*bool),
            Scalar::Str(text) if !op.is_order() => Self::IsText(text.as_str().into()),
            Scalar::Str(text) => match read_time(text) {
                Some(time) => Self::OrderTime(op, time),
                None => Self::OrderText(op, text.as_str().into()),
            },
            number => match Num::of(number) {
                Some(num) if op.is_order() => Self::OrderNum(op, num),
                Some(num) => Self::IsNum(num),
                None => Self::Never,
            },
        }
    }

    fn holds(&self, value: FieldRef<'_>) -> bool {
        match (self, value) {
            (_, FieldRef::Missing | FieldRef::Null) => false,
            (Self::Exists, _) => true,
            (_, FieldRef::List(items)) => items.iter().any(|item| self.holds_for_one(item.into())),
            (_, FieldRef::Texts(items)) => items.iter().any(|item| self.holds_for_one(FieldRef::Str(item))),
            (_, one) => self.holds_for_one(one),
        }
    }

    fn holds_for_one(&self, value: FieldRef<'_>) -> bool {
        match value {
            FieldRef::Bool(bool) => match self {
                Self::IsBool(wanted) => bool == *wanted,
                Self::OneOf(set) => set.has_bool(bool),
                _ => false,
            },
            FieldRef::Int(int) => self.holds_for_num(Num::Int(int.into())),
            FieldRef::UInt(uint) => self.holds_for_num(Num::Int(uint.into())),
            FieldRef::Float(float) => Num::float(float).is_some_and(|num| self.holds_for_num(num)),
            FieldRef::Str(text) => self.holds_for_text(text),
            FieldRef::Time(time) => match self {
                Self::OrderTime(op, wanted) => op.accepts(time.cmp(wanted)),
                _ => self.holds_for_text(&time.to_string()),
            },
            FieldRef::Missing | FieldRef::Null | FieldRef::List(_) | FieldRef::Texts(_) | FieldRef::Object => false,
        }
    }

    fn holds_for_num(&self, num: Num) -> bool {
        match self {
            Self::IsNum(wanted) => num.compare(*wanted).is_eq(),
            Self::OrderNum(op, wanted) => op.accepts(num.compare(*wanted)),
            Self::OneOf(set) => set.has_num(num),
            _ => false,
        }
    }

    fn holds_for_text(&self, text: &str) -> bool {
        match self {
            Self::IsText(wanted) => text == &**wanted,
            Self::OrderText(op, wanted) => op.accepts(text.cmp(wanted)),
            Self::OrderTime(op, wanted) => read_time(text).is_some_and(|time| op.accepts(time.cmp(wanted))),
            Self::OneOf(set) => set.has_text(text),
            Self::Contains(part) => text.contains(&**part),
            Self::ContainsFolded(part) => fold(text).contains(&**part),
            _ => false,
        }
    }
}

impl CompareOp {
    const fn accepts(self, order: Ordering) -> bool {
        match self {
            Self::Eq => order.is_eq(),
            Self::Ne => order.is_ne(),
            Self::Gt => order.is_gt(),
            Self::Gte => order.is_ge(),
            Self::Lt => order.is_lt(),
            Self::Lte => order.is_le(),
        }
    }
}

/// Lower-cases each character on its own, so that a part of a text folds to a
/// part of the folded text.
fn fold(text: &str) -> String {
    if text.is_ascii() { text.to_ascii_lowercase() } else { text.chars().flat_map(char::to_lowercase).collect() }
}

/// The values of `in`, sorted.
#[derive(Clone)]
struct Set {
    bools: [bool; 2],
    nums: Box<[Num]>,
    texts: Box<[Box<str>]>,
}

impl Set {
    fn of(values: &[Scalar]) -> Self {
        let has = |wanted| values.contains(&Scalar::Bool(wanted));
        let mut nums: Box<[Num]> = values.iter().filter_map(Num::of).collect();
        nums.sort_unstable_by(|a, b| a.compare(*b));
        let mut texts: Box<[Box<str>]> = values
            .iter()
            .filter_map(|value| match value {
                Scalar::Str(text) => Some(text.as_str().into()),
                _ => None,
            })
            .collect();
        texts.sort_unstable();
        Self { bools: [has(false), has(true)], nums, texts }
    }

    fn has_bool(&self, value: bool) -> bool {
        let [no, yes] = self.bools;
        if value { yes } else { no }
    }

    fn has_num(&self, value: Num) -> bool {
        self.nums.binary_search_by(|num| num.compare(value)).is_ok()
    }

    fn has_text(&self, value: &str) -> bool {
        self.texts.binary_search_by(|text| (**text).cmp(value)).is_ok()
    }
}
