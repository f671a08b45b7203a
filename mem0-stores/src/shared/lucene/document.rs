//! Points as documents.

use mem0_core::{Error, MemoryId, Payload, Point, Result, Scope, ScopeFields, ScopeKey};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::answer::Hit;
use super::query::{TERMS, terms_of};
use super::server::{Layout, Server};

/// The field of the words of a memory.
pub(super) const TEXT: &str = "data";

/// What is read of a document where the whole point is wanted.
pub(super) fn source(layout: Layout) -> Value {
    let vector = layout.vector_is_field.then_some(layout.vector);
    let excludes: Vec<_> = [TERMS, TEXT].into_iter().chain(vector).collect();
    json!({"excludes": excludes})
}

/// The mapping of the fields, and what the index says of itself.
pub(super) fn mapping(server: &dyn Server, vector: Value, about: Value) -> Value {
    let mut fields = Map::from_iter([
        ("id".to_owned(), json!({"type": "keyword"})),
        (TERMS.to_owned(), json!({"type": "keyword"})),
        (TEXT.to_owned(), json!({"type": "text", "analyzer": server.options().analyzer})),
        (server.layout().payload.to_owned(), json!({"type": "object", "enabled": false})),
        (server.layout().vector.to_owned(), vector),
    ]);
    for key in ScopeKey::ALL {
        fields.insert(key.as_str().to_owned(), json!({"type": "keyword"}));
    }
    json!({"dynamic": false, "_meta": {"mem0": about}, "properties": fields})
}

/// A point as it is sent.
pub(super) struct Document<'p> {
    pub(super) point: &'p Point,
    pub(super) layout: Layout,
}

// By hand, since the names of two fields are the product's, and since a
// `serde_json::Value` would write more digits of a number than it has.
impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let point = self.point;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", &point.id)?;
        for (key, id) in point.scope.ids() {
            map.serialize_entry(key.as_str(), id)?;
        }
        map.serialize_entry(TERMS, &terms_of(&point.payload))?;
        if let Some(text @ Value::String(_)) = point.payload.get("data") {
            map.serialize_entry(TEXT, text)?;
        }
        map.serialize_entry(self.layout.payload, &point.payload)?;
        map.serialize_entry(self.layout.vector, &point.vector)?;
        map.end()
    }
}

/// What a deletion leaves.
#[derive(Serialize)]
pub(super) struct Deleted {
    deleted: bool,
}

impl Deleted {
    pub(super) const NOTE: Self = Self { deleted: true };
}

/// A point as it was read.
pub(super) fn point(hit: Hit, layout: Layout, dims: usize) -> Result<Point> {
    let (id, version) = (hit.id()?, hit.version()?);
    let Hit { source, mut fields, .. } = hit;
    let mut source = source.ok_or_else(damaged)?;
    let scope = scope(&mut source)?;
    let Some(Value::Object(payload)) = source.remove(layout.payload) else { return Err(damaged()) };
    let vector = fields.remove(layout.vector).or_else(|| source.remove(layout.vector)).ok_or_else(damaged)?;
    let vector: Vec<f32> = serde_json::from_value(vector).map_err(|_| damaged())?;
    if vector.len() != dims {
        return Err(damaged());
    }
    let payload: Payload = payload;
    Ok(Point { id, version, scope, vector, payload })
}

fn scope(source: &mut Map<String, Value>) -> Result<Scope> {
    let mut take = |key: ScopeKey| match source.remove(key.as_str()) {
        None => Ok(None),
        Some(Value::String(id)) => Ok(Some(id)),
        Some(_) => Err(damaged()),
    };
    let fields = ScopeFields {
        org_id: take(ScopeKey::OrgId)?,
        app_id: take(ScopeKey::AppId)?,
        user_id: take(ScopeKey::UserId)?,
        agent_id: take(ScopeKey::AgentId)?,
        run_id: take(ScopeKey::RunId)?,
    };
    Scope::from_fields(fields).map_err(|_| damaged())
}

/// A version as the server takes it.
pub(super) fn version(id: MemoryId, version: u64) -> Result<i64> {
    i64::try_from(version).map_err(|_| Error::invalid("a version is at most 2^63 - 1").with_context("id", id))
}

fn damaged() -> Error {
    Error::corrupt("a stored point cannot be read")
}
