//! What the evaluator needs to know about a record.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::types::time::Timestamp;

/// A record whose fields a filter can look at. A store implements it on its own
/// rows and needs no JSON for it.
///
/// ```
/// use mem0_core::filter::{FieldRef, Fields, Filter};
///
/// struct Row {
///     color: String,
///     tags: Vec<String>,
/// }
///
/// impl Fields for Row {
///     fn field(&self, name: &str) -> FieldRef<'_> {
///         match name {
///             "color" => FieldRef::Str(&self.color),
///             "tags" => FieldRef::Texts(&self.tags),
///             _ => FieldRef::Missing,
///         }
///     }
/// }
///
/// let row = Row { color: "red".into(), tags: vec!["a".into(), "b".into()] };
/// assert!(Filter::eq("color", "red").and(Filter::eq("tags", "b")).matches(&row));
/// ```
pub trait Fields {
    /// What the field of that exact name holds. A dot in a name is a dot.
    fn field(&self, name: &str) -> FieldRef<'_>;
}

/// What a field holds, borrowed from the record.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum FieldRef<'a> {
    /// There is no such field.
    Missing,
    /// The same to every filter as [`FieldRef::Missing`].
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A whole number; the same as [`FieldRef::Int`] where both can hold it.
    UInt(u64),
    /// A number; NaN meets nothing but `exists`.
    Float(f64),
    /// A text.
    Str(&'a str),
    /// The same as the text of this time, only faster to compare.
    Time(Timestamp),
    /// A list of JSON values.
    List(&'a [Value]),
    /// A list of texts.
    Texts(&'a [String]),
    /// An object.
    Object,
}

impl<'a> From<&'a Value> for FieldRef<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(bool) => Self::Bool(*bool),
            Value::Number(number) => {
                if let Some(int) = number.as_i64() {
                    Self::Int(int)
                } else if let Some(uint) = number.as_u64() {
                    Self::UInt(uint)
                } else {
                    Self::Float(number.as_f64().unwrap_or(f64::NAN))
                }
            }
            Value::String(text) => Self::Str(text),
            Value::Array(items) => Self::List(items),
            Value::Object(_) => Self::Object,
        }
    }
}

impl Fields for Map<String, Value> {
    fn field(&self, name: &str) -> FieldRef<'_> {
        self.get(name).map_or(FieldRef::Missing, FieldRef::from)
    }
}

impl Fields for BTreeMap<String, Value> {
    fn field(&self, name: &str) -> FieldRef<'_> {
        self.get(name).map_or(FieldRef::Missing, FieldRef::from)
    }
}

/// An object has its keys as fields, any other value has none.
impl Fields for Value {
    fn field(&self, name: &str) -> FieldRef<'_> {
        self.get(name).map_or(FieldRef::Missing, FieldRef::from)
    }
}

impl<F: Fields + ?Sized> Fields for &F {
    fn field(&self, name: &str) -> FieldRef<'_> {
        (**self).field(name)
    }
}
