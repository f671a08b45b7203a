//! A point as the server keeps it.
//!
//! The payload stands there as it is, so that the Python library and Qdrant's own
//! console can read it, with the ids of the scope in their usual places. Beside
//! it is one object of ours, [`HELPER`]: the version, the terms and ordered
//! values that filters ask for, and what the server would not give back as it
//! was.
//!
//! The server keeps a payload as JSON and reads it with a parser that can miss
//! the last bit of a float, its protocol has no integers above `i64::MAX`, and
//! neither nests without end. Such values are kept as text in [`HELPER`] too,
//! and that text counts.

use std::collections::HashMap;

use mem0_core::{Error, MemoryId, Payload, Point, Result, Scope, ScopeFields, ScopeKey};
use qdrant_client::qdrant::value::Kind;
use qdrant_client::qdrant::{
    ListValue, NamedVectors, PointStruct, RetrievedPoint, Struct, Value, Vector, Vectors, VectorsOutput, vector_output,
};
use serde_json::Value as Json;
use uuid::Uuid;

use super::order;
use super::words::Words;
use crate::shared::terms;

/// The key of the object that holds what is ours.
pub(super) const HELPER: &str = "_mem0";

/// The terms that a point has, and the one of a deleted point.
pub(super) const TERMS: &str = "_mem0.terms";
pub(super) const DELETED: &str = "deleted";

/// The two halves of the version.
pub(super) const HIGH: &str = "_mem0.high";
pub(super) const LOW: &str = "_mem0.low";

/// A list of objects, one for each value that has an order: the name under
/// which it is asked for and its [key](order::Key).
pub(super) const ORDER: &str = "_mem0.order";
pub(super) const NAME: &str = "name";
pub(super) const PARTS: [&str; 3] = ["high", "low", "rest"];

/// The dense vector has no name and the words have this one, as the Python
/// library has it.
pub(super) const DENSE: &str = "";
pub(super) const WORDS: &str = "bm25";

/// How deep a value may be nested to be kept as it is.
const DEEP: usize = 16;

type Fields = HashMap<String, Value>;

/// A point to be written, and about how many bytes it takes.
pub(super) fn point(point: &Point, with_words: bool) -> Result<(PointStruct, usize)> {
    let mut vectors = NamedVectors::default().add_vector(DENSE, Vector::new_dense(point.vector.clone()));
    let words = if with_words { Words::of_payload(&point.payload) } else { Words::default() };
    let size = 200 + 4 * point.vector.len() + 8 * words.indices.len();
    if !words.is_empty() {
        vectors = vectors.add_vector(WORDS, Vector::new_sparse(words.indices, words.weights));
    }
    let payload = payload(point)?;
    let size = size + payload.iter().map(|(key, value)| key.len() + weight(value)).sum::<usize>();
    let written = PointStruct { id: Some(id(point.id)), vectors: Some(Vectors::from(vectors)), payload };
    Ok((written, size))
}

/// What is left of a deleted point: its version, so that an earlier write that
/// comes late is seen to be one.
pub(super) fn tombstone(id: MemoryId, version: u64) -> PointStruct {
    let [high, low] = order::halves(version);
    let terms = list([Kind::StringValue(DELETED.to_owned())]);
    let helper = object([("high", int(high)), ("low", int(low)), ("terms", terms)]);
    PointStruct {
        id: Some(self::id(id)),
        vectors: Some(Vectors::from(NamedVectors::default())),
        payload: HashMap::from([(HELPER.to_owned(), helper)]),
    }
}

/// The id as the server has it.
pub(super) fn id(id: MemoryId) -> qdrant_client::qdrant::PointId {
    id.to_string().into()
}

fn payload(point: &Point) -> Result<Fields> {
    let mut kept = Payload::new();
    let mut absent = Vec::new();
    let mut fields: Fields = HashMap::new();
    for (key, value) in &point.payload {
        let ours = key == HELPER || ScopeKey::ALL.iter().any(|scope| scope.as_str() == key);
        let deep = depth(value) > DEEP;
        if !ours && !deep {
            fields.insert(key.clone(), native(value));
        }
        if ours || deep || !survives(value) {
            kept.insert(key.clone(), value.clone());
        }
    }
    let entries = terms::scalars(&point.payload).filter_map(|(field, scalar)| order::entry(field, &scalar));
    let ordered: Vec<Value> = entries
        .map(|(name, key)| {
            let parts = PARTS.into_iter().zip(key.map(int));
            object(std::iter::once((NAME, Value::from(name))).chain(parts))
        })
        .collect();
    for (key, id) in point.scope.ids() {
        let key = key.as_str();
        match point.payload.get(key) {
            Some(Json::String(text)) if text == id => drop(kept.remove(key)),
            Some(_) => {}
            None => absent.push(Kind::StringValue(key.to_owned())),
        }
        fields.insert(key.to_owned(), Value::from(id));
    }
    let [high, low] = order::halves(point.version);
    let terms = list(terms::of_payload(&point.payload).into_iter().map(Kind::StringValue));
    let mut helper = vec![("high", int(high)), ("low", int(low)), ("terms", terms)];
    if !ordered.is_empty() {
        helper.push(("order", Value { kind: Some(Kind::ListValue(ListValue { values: ordered })) }));
    }
    if !kept.is_empty() {
        let unwritable = |e| Error::invalid("a payload that cannot be written as JSON").with_source(e);
        helper.push(("kept", Value::from(serde_json::to_string(&kept).map_err(unwritable)?)));
    }
    if !absent.is_empty() {
        helper.push(("absent", list(absent)));
    }
    fields.insert(HELPER.to_owned(), object(helper));
    Ok(fields)
}

/// A point that the server gave back.
pub(super) fn read(retrieved: RetrievedPoint, dims: usize) -> Result<Point> {
    let id = memory_id(retrieved.id.as_ref())?;
    let vector = retrieved.vectors.and_then(dense).filter(|vector| vector.len() == dims).ok_or_else(damaged)?;
    let version = version(&retrieved.payload)?;
    let mut fields = retrieved.payload;
    let helper = fields.remove(HELPER).map(json).transpose()?;
    let mut payload: Payload = fields.into_iter().map(|(key, value)| Ok((key, json(value)?))).collect::<Result<_>>()?;
    let mut scope = ScopeFields::default();
    for (key, place) in [
        ("org_id", &mut scope.org_id),
        ("app_id", &mut scope.app_id),
        ("user_id", &mut scope.user_id),
        ("agent_id", &mut scope.agent_id),
        ("run_id", &mut scope.run_id),
    ] {
        match payload.get(key) {
            Some(Json::String(id)) => *place = Some(id.clone()),
            Some(Json::Null) | None => {}
            Some(_) => return Err(damaged()),
        }
    }
    let scope = Scope::from_fields(scope).map_err(|e| damaged().with_source(e))?;
    if let Some(helper) = helper {
        for key in helper.get("absent").and_then(Json::as_array).into_iter().flatten() {
            payload.remove(key.as_str().ok_or_else(damaged)?);
        }
        if let Some(kept) = helper.get("kept") {
            let kept: Payload =
                serde_json::from_str(kept.as_str().ok_or_else(damaged)?).map_err(|e| damaged().with_source(e))?;
            payload.extend(kept);
        }
    }
    Ok(Point { id, version, scope, vector, payload })
}

/// A payload with all that is known, the ids of the scope included, whoever
/// wrote it.
pub(super) fn everything(mut fields: Fields) -> Result<Payload> {
    let helper = fields.remove(HELPER).map(json).transpose()?;
    let mut payload: Payload = fields.into_iter().map(|(key, value)| Ok((key, json(value)?))).collect::<Result<_>>()?;
    if let Some(kept) = helper.as_ref().and_then(|helper| helper.get("kept")).and_then(Json::as_str) {
        let kept: Payload = serde_json::from_str(kept).map_err(|e| damaged().with_source(e))?;
        let is_scope = |key: &str| ScopeKey::ALL.iter().any(|scope| scope.as_str() == key);
        payload.extend(kept.into_iter().filter(|(key, _)| !is_scope(key)));
    }
    Ok(payload)
}

/// The version of a point; of one that another program wrote, what its payload
/// says, else 1.
pub(super) fn version(payload: &Fields) -> Result<u64> {
    let number = |value: Option<&Value>| match value.and_then(|value| value.kind.as_ref()) {
        Some(Kind::IntegerValue(int)) => Some(*int),
        _ => None,
    };
    let Some(helper) = payload.get(HELPER) else {
        return Ok(number(payload.get("version")).and_then(|int| u64::try_from(int).ok()).unwrap_or(1));
    };
    let Some(Kind::StructValue(helper)) = &helper.kind else { return Err(damaged()) };
    let half = |name| number(helper.fields.get(name)).and_then(|int| u32::try_from(int).ok());
    Ok(order::whole(half("high").ok_or_else(damaged)?, half("low").ok_or_else(damaged)?))
}

/// The id of a memory; whatever wrote an integer was not this library.
pub(super) fn memory_id(id: Option<&qdrant_client::qdrant::PointId>) -> Result<MemoryId> {
    use qdrant_client::qdrant::point_id::PointIdOptions;
    match id.and_then(|id| id.point_id_options.as_ref()) {
        Some(PointIdOptions::Uuid(text)) => {
            Ok(MemoryId::from_uuid(Uuid::parse_str(text).map_err(|e| damaged().with_source(e))?))
        }
        _ => Err(Error::corrupt("a point's id is not a UUID, so it is no memory")),
    }
}

/// The vector without a name.
pub(super) fn dense(vectors: VectorsOutput) -> Option<Vec<f32>> {
    match vectors.get_vector_by_name(DENSE)? {
        vector_output::Vector::Dense(dense) => Some(dense.data),
        _ => None,
    }
}

/// How many levels of lists and objects there are.
fn depth(value: &Json) -> usize {
    match value {
        Json::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Json::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// Whether the server gives a value back as it was.
fn survives(value: &Json) -> bool {
    match value {
        Json::Number(number) => number.is_i64(),
        Json::Array(items) => items.iter().all(survives),
        Json::Object(fields) => fields.values().all(survives),
        Json::Null | Json::Bool(_) | Json::String(_) => true,
    }
}

fn native(value: &Json) -> Value {
    let kind = match value {
        Json::Null => Kind::NullValue(0),
        Json::Bool(bool) => Kind::BoolValue(*bool),
        Json::Number(number) => match number.as_i64() {
            Some(int) => Kind::IntegerValue(int),
            None => Kind::DoubleValue(number.as_f64().unwrap_or_default()),
        },
        Json::String(text) => Kind::StringValue(text.clone()),
        Json::Array(items) => Kind::ListValue(ListValue { values: items.iter().map(native).collect() }),
        Json::Object(fields) => Kind::StructValue(Struct {
            fields: fields.iter().map(|(key, value)| (key.clone(), native(value))).collect(),
        }),
    };
    Value { kind: Some(kind) }
}

fn json(value: Value) -> Result<Json> {
    Ok(match value.kind {
        None | Some(Kind::NullValue(_)) => Json::Null,
        Some(Kind::BoolValue(bool)) => bool.into(),
        Some(Kind::IntegerValue(int)) => int.into(),
        Some(Kind::DoubleValue(float)) => serde_json::Number::from_f64(float).ok_or_else(damaged)?.into(),
        Some(Kind::StringValue(text)) => text.into(),
        Some(Kind::ListValue(list)) => list.values.into_iter().map(json).collect::<Result<Vec<_>>>()?.into(),
        Some(Kind::StructValue(object)) => {
            let fields = object.fields.into_iter().map(|(key, value)| Ok((key, json(value)?)));
            Json::Object(fields.collect::<Result<_>>()?)
        }
    })
}

fn int(number: u32) -> Value {
    Value::from(i64::from(number))
}

fn list(kinds: impl IntoIterator<Item = Kind>) -> Value {
    let values = kinds.into_iter().map(|kind| Value { kind: Some(kind) }).collect();
    Value { kind: Some(Kind::ListValue(ListValue { values })) }
}

fn object<'a>(fields: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    let fields = fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    Value { kind: Some(Kind::StructValue(Struct { fields })) }
}

/// About how many bytes a value takes.
fn weight(value: &Value) -> usize {
    match &value.kind {
        Some(Kind::StringValue(text)) => 4 + text.len(),
        Some(Kind::ListValue(list)) => 4 + list.values.iter().map(weight).sum::<usize>(),
        Some(Kind::StructValue(object)) => {
            4 + object.fields.iter().map(|(key, value)| 8 + key.len() + weight(value)).sum::<usize>()
        }
        _ => 12,
    }
}

fn damaged() -> Error {
    Error::corrupt("a stored point cannot be read")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn point_of(scope: Scope, payload: Json) -> Point {
        let Json::Object(payload) = payload else { unreachable!() };
        Point { id: MemoryId::from_uuid(Uuid::from_u128(7)), version: 3, scope, vector: vec![1.0, 0.0], payload }
    }

    /// What the server would give back: it has no floats that are exact.
    fn back(point: &Point) -> RetrievedPoint {
        fn round(value: &mut Value) {
            match &mut value.kind {
                Some(Kind::DoubleValue(float)) => *float = float.next_up(),
                Some(Kind::ListValue(list)) => list.values.iter_mut().for_each(round),
                Some(Kind::StructValue(object)) => object.fields.values_mut().for_each(round),
                _ => {}
            }
        }
        let (mut written, _) = super::point(point, true).unwrap();
        written.payload.values_mut().for_each(round);
        let vector = qdrant_client::qdrant::VectorOutput {
            vector: Some(vector_output::Vector::Dense(qdrant_client::qdrant::DenseVector {
                data: point.vector.clone(),
            })),
            ..Default::default()
        };
        let vectors = qdrant_client::qdrant::vectors_output::VectorsOptions::Vector(vector);
        RetrievedPoint {
            id: written.id,
            payload: written.payload,
            vectors: Some(VectorsOutput { vectors_options: Some(vectors) }),
            ..Default::default()
        }
    }

    fn any_json() -> impl Strategy<Value = Json> {
        let scalar = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::from),
            any::<i64>().prop_map(Json::from),
            any::<u64>().prop_map(Json::from),
            any::<f64>().prop_filter_map("finite", |n| n.is_finite().then(|| json!(n))),
            "\\PC{0,6}".prop_map(Json::from),
        ];
        scalar.prop_recursive(24, 40, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Json::from),
                prop::collection::btree_map("[a-c_.]{0,2}", inner, 0..3).prop_map(|map| json!(map)),
            ]
        })
    }

    fn any_payload() -> impl Strategy<Value = Payload> {
        let key = prop_oneof![
            "[a-c.\\[\\]\"_]{0,3}",
            prop::sample::select(vec!["user_id", "run_id", "_mem0", "data", "version"]).prop_map(str::to_owned),
        ];
        prop::collection::btree_map(key, any_json(), 0..5).prop_map(Payload::from_iter)
    }

    proptest! {
        #[test]
        fn a_point_comes_back_equal(payload in any_payload(), version in any::<u64>(), run in any::<bool>()) {
            let scope = Scope::user("u").unwrap();
            let scope = if run { scope.with_run("r").unwrap() } else { scope };
            let mut point = point_of(scope, json!({}));
            (point.payload, point.version) = (payload, version);
            prop_assert_eq!(read(back(&point), 2).unwrap(), point);
        }

        #[test]
        fn no_payload_can_pretend_another_scope(payload in any_payload()) {
            let mut point = point_of(Scope::agent("a").unwrap(), json!({}));
            point.payload = payload;
            let (written, _) = super::point(&point, true).unwrap();
            for key in ScopeKey::ALL {
                let stored = written.payload.get(key.as_str()).cloned();
                prop_assert_eq!(stored, point.scope.get(key).map(Value::from));
            }
        }
    }

    #[test]
    fn what_others_read_is_where_they_look() {
        let payload = json!({"data": "Likes tea", "hash": "h", "user_id": "u", "price": 2.5, "tags": ["a", 1]});
        let (written, _) = super::point(&point_of(Scope::user("u").unwrap(), payload), true).unwrap();
        let mut shown: Vec<_> = written.payload.iter().filter(|(key, _)| *key != HELPER).collect();
        shown.sort_by_key(|(key, _)| *key);
        let shown: Vec<_> =
            shown.into_iter().map(|(key, value)| format!("{key}={}", json(value.clone()).unwrap())).collect();
        assert_eq!(shown, ["data=\"Likes tea\"", "hash=\"h\"", "price=2.5", "tags=[\"a\",1]", "user_id=\"u\""]);
    }

    #[test]
    fn what_the_python_library_wrote_is_read() {
        let payload =
            json!({"data": "Likes tea", "hash": "h", "user_id": "u", "created_at": "2026-03-01T10:00:00+00:00"});
        let mut retrieved = back(&point_of(Scope::user("u").unwrap(), payload.clone()));
        retrieved.payload.remove(HELPER);
        let point = read(retrieved, 2).unwrap();
        assert_eq!((point.version, Json::Object(point.payload)), (1, payload));
    }

    #[test]
    fn what_is_damaged_is_an_error() {
        let whole = || back(&point_of(Scope::user("u").unwrap(), json!({"a": 0.1})));
        let damages: [fn(&mut RetrievedPoint); 5] = [
            |point| point.id = Some(7.into()),
            |point| point.vectors = None,
            |point| drop(point.payload.insert(HELPER.to_owned(), Value::from("x"))),
            |point| drop(point.payload.remove("user_id")),
            |point| drop(point.payload.insert("user_id".to_owned(), Value::from(1))),
        ];
        for damage in damages {
            let mut point = whole();
            damage(&mut point);
            assert_eq!(read(point, 2).unwrap_err().kind(), mem0_core::ErrorKind::Corrupt);
        }
        assert!(read(whole(), 3).is_err());
    }

    #[test]
    fn a_deleted_point_keeps_its_version_and_nothing_else() {
        let tombstone = tombstone(MemoryId::from_uuid(Uuid::from_u128(7)), 1 << 40 | 5);
        assert_eq!(version(&tombstone.payload).unwrap(), 1 << 40 | 5);
        assert_eq!(tombstone.payload.len(), 1);
    }
}
