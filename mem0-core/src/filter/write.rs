//! Writing the JSON grammar.

use serde::ser::{Error as _, Serialize, SerializeMap, Serializer};
use serde_json::Value;

use super::{Filter, FilterOp, Limits, Scalar};
use crate::error::{Error, Result};

impl Filter {
    /// Writes the JSON grammar, values included. Reading it back gives a filter
    /// that means the same.
    ///
    /// ```
    /// use mem0_core::filter::Filter;
    /// use serde_json::json;
    ///
    /// let filter = Filter::gte("n", 5).and(!Filter::eq("s", "*"));
    /// assert_eq!(filter.to_json()?, json!({"AND": [{"n": {"gte": 5}}, {"NOT": [{"s": {"eq": "*"}}]}]}));
    /// # Ok::<(), mem0_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `InvalidInput` for a filter that [`check`](Self::check) refuses for its
    /// depth, names or values. Its width does not matter here.
    pub fn to_json(&self) -> Result<Value> {
        self.check(&unlimited_width())?;
        serde_json::to_value(Unchecked(self)).map_err(|e| Error::invalid("filter cannot be written").with_source(e))
    }
}

fn unlimited_width() -> Limits {
    Limits { depth: Limits::MAX_DEPTH, conditions: usize::MAX, values: usize::MAX, bytes: usize::MAX }
}

/// As [`Filter::to_json`].
impl Serialize for Filter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.check(&unlimited_width()).map_err(S::Error::custom)?;
        Unchecked(self).serialize(serializer)
    }
}

impl Serialize for Scalar {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Bool(bool) => serializer.serialize_bool(*bool),
            Self::Int(int) => serializer.serialize_i64(*int),
            Self::UInt(uint) => serializer.serialize_u64(*uint),
            Self::Float(float) if float.is_finite() => serializer.serialize_f64(*float),
            Self::Float(_) => Err(S::Error::custom("not a finite number")),
            Self::Str(text) => serializer.serialize_str(text),
        }
    }
}

/// A filter that was checked from its root.
struct Unchecked<'a>(&'a Filter);

impl Serialize for Unchecked<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        const NOTHING: [Unchecked<'static>; 1] = [Unchecked(&Filter::All)];
        match self.0 {
            Filter::All => serializer.serialize_map(Some(0))?.end(),
            Filter::And(members) if members.is_empty() => serializer.serialize_map(Some(0))?.end(),
            Filter::Nothing => entry(serializer, "NOT", &NOTHING),
            Filter::Or(members) if members.is_empty() => entry(serializer, "NOT", &NOTHING),
            Filter::And(members) => entry(serializer, "AND", &Members(members)),
            Filter::Or(members) => entry(serializer, "OR", &Members(members)),
            Filter::Not(inner) => entry(serializer, "NOT", &[Unchecked(inner)]),
            leaf => entry(serializer, leaf.field().unwrap_or_default(), &Operand(leaf)),
        }
    }
}

struct Members<'a>(&'a [Filter]);

impl Serialize for Members<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(Unchecked))
    }
}

/// The operator of a condition and what it takes.
struct Operand<'a>(&'a Filter);

impl Serialize for Operand<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let op = self.0.op().map_or("", FilterOp::as_str);
        match self.0 {
            Filter::Compare { value, .. } => entry(serializer, op, value),
            Filter::In { values, .. } | Filter::NotIn { values, .. } => entry(serializer, op, values),
            Filter::Contains { text, .. } => entry(serializer, op, text),
            _ => entry(serializer, op, &true),
        }
    }
}

fn entry<S: Serializer, T: Serialize + ?Sized>(serializer: S, key: &str, value: &T) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(1))?;
    map.serialize_entry(key, value)?;
    map.end()
}
