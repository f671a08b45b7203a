//! Ids and payloads as the fake keeps them.

use std::collections::HashMap;

use q::point_id::PointIdOptions;
use q::value::Kind;
use qdrant_client::qdrant as q;
use serde_json::{Map, Value};
use tonic::Status;
use uuid::Uuid;

/// An id: numbers come before UUIDs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum PointKey {
    Number(u64),
    Uuid(Uuid),
}

impl PointKey {
    pub(super) fn of(id: Option<&q::PointId>) -> Result<Self, Status> {
        match id.and_then(|id| id.point_id_options.as_ref()) {
            Some(PointIdOptions::Num(number)) => Ok(Self::Number(*number)),
            Some(PointIdOptions::Uuid(text)) => {
                Self::parse(text).ok_or_else(|| Status::invalid_argument(format!("Unable to parse UUID: {text}")))
            }
            None => Err(Status::invalid_argument("Empty ID is not allowed")),
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        Uuid::parse_str(text).ok().map(Self::Uuid)
    }

    pub(super) fn native(self) -> q::PointId {
        match self {
            Self::Number(number) => number.into(),
            Self::Uuid(uuid) => uuid.to_string().into(),
        }
    }
}

pub(super) fn object(fields: HashMap<String, q::Value>) -> Result<Map<String, Value>, Status> {
    fields.into_iter().map(|(key, value)| Ok((key, json(value)?))).collect()
}

pub(super) fn json(value: q::Value) -> Result<Value, Status> {
    Ok(match value.kind {
        None | Some(Kind::NullValue(_)) => Value::Null,
        Some(Kind::BoolValue(bool)) => bool.into(),
        Some(Kind::IntegerValue(int)) => int.into(),
        Some(Kind::DoubleValue(float)) => {
            let number = serde_json::Number::from_f64(float);
            number.ok_or_else(|| Status::invalid_argument("cannot convert to json number"))?.into()
        }
        Some(Kind::StringValue(text)) => text.into(),
        Some(Kind::ListValue(list)) => list.values.into_iter().map(json).collect::<Result<Vec<_>, _>>()?.into(),
        Some(Kind::StructValue(fields)) => Value::Object(object(fields.fields)?),
    })
}

pub(super) fn native(object: Map<String, Value>) -> HashMap<String, q::Value> {
    object.into_iter().map(|(key, value)| (key, value_of(value))).collect()
}

fn value_of(value: Value) -> q::Value {
    let kind = match value {
        Value::Null => Kind::NullValue(0),
        Value::Bool(bool) => Kind::BoolValue(bool),
        Value::Number(number) => match number.as_i64() {
            Some(int) => Kind::IntegerValue(int),
            None => Kind::DoubleValue(number.as_f64().unwrap_or_default()),
        },
        Value::String(text) => Kind::StringValue(text),
        Value::Array(items) => Kind::ListValue(q::ListValue { values: items.into_iter().map(value_of).collect() }),
        Value::Object(object) => Kind::StructValue(q::Struct { fields: native(object) }),
    };
    q::Value { kind: Some(kind) }
}
