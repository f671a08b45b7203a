//! JSON as it was written: a map that keeps every entry, also when a key comes
//! twice. Read within limits of depth and size.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::Scalar;
use super::limits::{Limits, too_deep, too_large};
use crate::error::{Error, Result};

pub(super) enum Raw {
    Null,
    Scalar(Scalar),
    List(Vec<Raw>),
    Map(Vec<(String, Raw)>),
}

impl Raw {
    pub(super) fn from_str(text: &str, limits: &Limits) -> Result<Self> {
        if text.len() > limits.bytes {
            return Err(too_large(limits));
        }
        let bytes = Cell::new(limits.bytes);
        let seed = Seed::new(limits, &bytes);
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let raw = seed.deserialize(&mut deserializer);
        // These messages hold positions, not content.
        raw.and_then(|raw| deserializer.end().map(|()| raw)).map_err(|e| Error::invalid(format!("filter: {e}")))
    }

    pub(super) fn from_value(value: &Value, limits: &Limits) -> Result<Self> {
        let bytes = Cell::new(limits.bytes);
        Self::read(value, &Seed::new(limits, &bytes))
    }

    fn read(value: &Value, budget: &Seed<'_>) -> Result<Self> {
        Ok(match value {
            Value::Null => Self::Null,
            Value::Bool(bool) => Self::Scalar(Scalar::Bool(*bool)),
            Value::Number(number) => {
                budget.take(size_of::<u64>())?;
                Self::Scalar(match (number.as_i64(), number.as_u64()) {
                    (Some(int), _) => Scalar::Int(int),
                    (None, Some(uint)) => Scalar::UInt(uint),
                    (None, None) => Scalar::Float(number.as_f64().unwrap_or(f64::NAN)),
                })
            }
            Value::String(text) => {
                budget.take(text.len())?;
                Self::Scalar(Scalar::Str(text.clone()))
            }
            Value::Array(items) => {
                let inner = budget.enter()?;
                let items = items.iter().map(|item| {
                    inner.take(1)?;
                    Self::read(item, &inner)
                });
                Self::List(items.collect::<Result<_>>()?)
            }
            Value::Object(entries) => {
                let inner = budget.enter()?;
                let entries = entries.iter().map(|(key, value)| {
                    inner.take(1 + key.len())?;
                    Ok((key.clone(), Self::read(value, &inner)?))
                });
                Self::Map(entries.collect::<Result<_>>()?)
            }
        })
    }
}

/// Reads a [`Raw`] from any self-describing format.
pub(super) struct Seed<'a> {
    limits: &'a Limits,
    depth: usize,
    bytes: &'a Cell<usize>,
}

impl<'a> Seed<'a> {
    pub(super) fn new(limits: &'a Limits, bytes: &'a Cell<usize>) -> Self {
        Self { limits, depth: limits.json_depth(), bytes }
    }

    fn take(&self, bytes: usize) -> Result<()> {
        let left = self.bytes.get().checked_sub(bytes).ok_or_else(|| too_large(self.limits))?;
        self.bytes.set(left);
        Ok(())
    }

    fn enter(&self) -> Result<Self> {
        let depth = self.depth.checked_sub(1).ok_or_else(|| too_deep(self.limits))?;
        Ok(Self { depth, ..*self })
    }
}

/// The message alone: the caller says that it is the filter.
fn refuse<E: serde::de::Error>(error: Error) -> E {
    E::custom(error.message())
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Raw;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a filter")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Scalar(Scalar::Bool(value)))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Raw, E> {
        self.take(size_of::<u64>()).map_err(refuse)?;
        Ok(Raw::Scalar(Scalar::Int(value)))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Raw, E> {
        self.take(size_of::<u64>()).map_err(refuse)?;
        Ok(Raw::Scalar(Scalar::from(value)))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Raw, E> {
        self.take(size_of::<u64>()).map_err(refuse)?;
        Ok(Raw::Scalar(Scalar::Float(value)))
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Raw, E> {
        self.take(value.len()).map_err(refuse)?;
        Ok(Raw::Scalar(Scalar::from(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Raw, A::Error> {
        let inner = self.enter().map_err(refuse)?;
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(Seed { ..inner })? {
            inner.take(1).map_err(refuse)?;
            items.push(item);
        }
        Ok(Raw::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Raw, A::Error> {
        let inner = self.enter().map_err(refuse)?;
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            inner.take(1 + key.len()).map_err(refuse)?;
            entries.push((key, map.next_value_seed(Seed { ..inner })?));
        }
        Ok(Raw::Map(entries))
    }
}
