//! A point as an object of Weaviate.
//!
//! The payload is kept whole as JSON text. Beside it are the properties that the
//! Python library reads, and what can be asked for: terms and the version.

use mem0_core::{Error, MemoryId, Payload, Point, Result, Scope, ScopeKey};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::config::Tokenization;
use crate::shared::http::damaged;
use crate::shared::terms;
pub(super) use crate::shared::terms::EVERY;

/// What can be asked of the scope and the payload.
pub(super) const TERMS: &str = "mem0_terms";

/// The term of an id of a scope; it is of another kind than those of payloads.
pub(super) fn of_scope(key: ScopeKey, id: &str) -> String {
    terms::digest("scope", key.as_str(), id.as_bytes())
}

/// The version of the memory.
pub(super) const VERSION: &str = "mem0_version";

/// The text of the memory, where words are looked for.
pub(super) const TEXT: &str = "data";

/// What the Python library reads, beside the text.
const PLAIN: [&str; 6] = ["hash", "created_at", "updated_at", "user_id", "agent_id", "run_id"];

/// Beyond this not every number comes back.
const MAX_VERSION: u64 = 1 << 53;

/// The properties of a collection.
pub(super) fn properties(tokenization: Tokenization) -> Vec<Value> {
    let kept =
        |name: &str| json!({"name": name, "dataType": ["text"], "indexFilterable": false, "indexSearchable": false});
    let mut properties = vec![
        // Of the ways to cut a text only this one keeps a term as it is.
        json!({"name": TERMS, "dataType": ["text[]"], "tokenization": "field", "indexFilterable": true,
            "indexSearchable": false}),
        json!({"name": VERSION, "dataType": ["int"], "indexFilterable": true, "indexRangeFilters": true}),
        kept("mem0_payload"),
        kept("mem0_scope"),
        json!({"name": TEXT, "dataType": ["text"], "tokenization": tokenization, "indexFilterable": false,
            "indexSearchable": true}),
    ];
    properties.extend(PLAIN.map(kept));
    properties
}

/// An object that is to be written.
#[derive(Debug, Serialize)]
pub(super) struct Object<'a> {
    class: &'a str,
    id: MemoryId,
    vector: &'a [f32],
    properties: Map<String, Value>,
}

fn text(value: &impl Serialize) -> Result<Value> {
    let text = serde_json::to_string(value);
    text.map(Value::String).map_err(|e| Error::invalid("a payload that cannot be written as JSON").with_source(e))
}

/// A version as the server counts.
pub(super) fn version(version: u64) -> Result<i64> {
    let small = (version < MAX_VERSION).then(|| i64::try_from(version).ok()).flatten();
    small.ok_or_else(|| Error::invalid("a version is less than 2^53"))
}

impl<'a> Object<'a> {
    pub(super) fn new(class: &'a str, point: &'a Point) -> Result<Self> {
        let mut terms = terms::of_payload(&point.payload);
        terms.insert(EVERY.to_owned());
        terms.extend(point.scope.ids().map(|(key, id)| of_scope(key, id)));
        let mut properties: Map<String, Value> = [
            (TERMS, json!(terms)),
            (VERSION, json!(version(point.version)?)),
            ("mem0_payload", text(&point.payload)?),
            ("mem0_scope", text(&point.scope)?),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .collect();
        for name in PLAIN.into_iter().chain([TEXT]) {
            if let Some(text) = point.payload.get(name).filter(|value| value.is_string()) {
                properties.insert(name.to_owned(), text.clone());
            }
        }
        Ok(Self { class, id: point.id, vector: &point.vector, properties })
    }

    pub(super) fn id(&self) -> MemoryId {
        self.id
    }

    /// About how many bytes it is on the wire.
    pub(super) fn size(&self) -> usize {
        let text = |value: &Value| match value {
            Value::String(text) => text.len(),
            Value::Array(items) => 36 * items.len(),
            _ => 8,
        };
        200 + 12 * self.vector.len() + self.properties.values().map(text).sum::<usize>()
    }
}

/// What is read of a whole object.
pub(super) const WHOLE: &str = "mem0_version mem0_payload mem0_scope _additional{id vector}";

/// A whole object.
#[derive(Debug, Deserialize)]
pub(super) struct Whole {
    mem0_version: u64,
    mem0_payload: String,
    mem0_scope: String,
    #[serde(rename = "_additional")]
    more: WholeMore,
}

#[derive(Debug, Deserialize)]
struct WholeMore {
    id: MemoryId,
    vector: Vec<f32>,
}

impl Whole {
    pub(super) fn point(self) -> Result<Point> {
        let payload: Payload = serde_json::from_str(&self.mem0_payload).map_err(|e| damaged().with_source(e))?;
        let scope: Scope = serde_json::from_str(&self.mem0_scope).map_err(|e| damaged().with_source(e))?;
        Ok(Point { id: self.more.id, version: self.mem0_version, scope, vector: self.more.vector, payload })
    }
}

/// What is read of an object that is near.
pub(super) const NEAR: &str = "mem0_version _additional{id distance}";

/// An object that is near.
#[derive(Debug, Deserialize)]
pub(super) struct Near {
    pub(super) mem0_version: u64,
    #[serde(rename = "_additional")]
    pub(super) more: NearMore,
}

#[derive(Debug, Deserialize)]
pub(super) struct NearMore {
    pub(super) id: MemoryId,
    pub(super) distance: f64,
}

/// What is read of an object that has a word.
pub(super) const WORDED: &str = "mem0_version _additional{id score}";

/// An object that has a word.
#[derive(Debug, Deserialize)]
pub(super) struct Worded {
    pub(super) mem0_version: u64,
    #[serde(rename = "_additional")]
    pub(super) more: WordedMore,
}

#[derive(Debug, Deserialize)]
pub(super) struct WordedMore {
    pub(super) id: MemoryId,
    pub(super) score: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn an_object_has_what_others_read_and_comes_back_whole() {
        let payload = json!({"data": "likes tea", "hash": "h", "user_id": "u", "n": [1, {"a": null}], "run_id": 7});
        let Value::Object(payload) = payload else { unreachable!() };
        let (id, scope) = (MemoryId::from_uuid(Uuid::from_u128(7)), Scope::user("u").unwrap());
        let point = Point { id, version: 3, scope, vector: vec![0.6, 0.8], payload };
        let object = Object::new("Mem0", &point).unwrap();
        let names: Vec<_> = object.properties.keys().map(String::as_str).collect();
        assert_eq!(names, ["data", "hash", "mem0_payload", "mem0_scope", TERMS, VERSION, "user_id"]);
        let mut back = object.properties.clone();
        back.insert("_additional".to_owned(), json!({"id": id, "vector": [0.6, 0.8]}));
        let whole: Whole = serde_json::from_value(Value::Object(back)).unwrap();
        assert_eq!(whole.point().unwrap(), point);
        assert!(Object::new("Mem0", &Point { version: 1 << 53, ..point }).is_err());
    }
}
