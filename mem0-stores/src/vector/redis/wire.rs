//! Points and hits as the server keeps and sends them.

use std::collections::HashMap;

use mem0_core::{Error, MemoryId, Payload, Point, Result, Scope, ScopeKey, ScoredPoint, TextHit};
use redis::{ScriptInvocation, Value};

use super::keys::Keys;
use super::{mem0ai, terms};
use crate::shared::search::hit;

/// A version as text of one length, so that texts are in the order of versions.
pub(super) fn version(version: u64) -> String {
    format!("{version:020}")
}

/// A vector as the index reads it.
pub(super) fn vector(vector: &[f32]) -> Vec<u8> {
    vector.iter().flat_map(|x| x.to_le_bytes()).collect()
}

/// The arguments of one point in a script that writes.
pub(super) struct Entry {
    id: String,
    version: String,
    vector: Vec<u8>,
    payload: String,
    scope: String,
    terms: String,
    scope_ids: [String; ScopeKey::ALL.len()],
    extra: String,
}

impl Entry {
    /// `extra` is made of the point and its terms.
    pub(super) fn new(point: &Point, extra: impl Fn(&Point, &str) -> Result<String>) -> Result<Self> {
        let unwritable = |e| Error::invalid("a payload that cannot be written as JSON").with_source(e);
        let tags: HashMap<&str, String> = terms::of_scope(&point.scope).collect();
        let terms = terms::of_payload(&point.payload);
        Ok(Self {
            id: point.id.to_string(),
            version: version(point.version),
            vector: vector(&point.vector),
            payload: serde_json::to_string(&point.payload).map_err(unwritable)?,
            scope: serde_json::to_string(&point.scope).map_err(unwritable)?,
            extra: extra(point, &terms)?,
            terms,
            scope_ids: ScopeKey::ALL.map(|key| tags.get(key.as_str()).cloned().unwrap_or_default()),
        })
    }

    /// About how many bytes it is on the wire.
    pub(super) fn size(&self) -> usize {
        let ids: usize = self.scope_ids.iter().map(String::len).sum();
        200 + self.vector.len() + self.payload.len() + self.scope.len() + self.terms.len() + ids + self.extra.len()
    }

    pub(super) fn add_to(&self, call: &mut ScriptInvocation<'_>) {
        call.arg(&self.id).arg(&self.version).arg(&self.vector);
        call.arg(&self.payload).arg(&self.scope).arg(&self.terms).arg(&self.scope_ids).arg(&self.extra);
    }
}

/// What the script that reads answers for one id; with `dims` the vector has to
/// be of that length.
pub(super) fn point(value: &Value, dims: Option<usize>) -> Result<Option<Point>> {
    let ([id, version, vector, payload, scope], theirs) = match array(value)? {
        [] => return Ok(None),
        // Of another's writing if it has an id and no version.
        [Value::Nil, ..] | [_, Value::Nil, ..] => return Ok(None),
        [id, version, vector, payload, scope, theirs @ ..] => ([id, version, vector, payload, scope], theirs),
        _ => return Err(damaged()),
    };
    let vector = bytes(vector)?;
    if dims.is_some_and(|dims| vector.len() != dims * size_of::<f32>()) {
        return Err(damaged());
    }
    let mut payload: Payload = serde_json::from_slice(bytes(payload)?).map_err(|e| damaged().with_source(e))?;
    if !theirs.is_empty() {
        payload = mem0ai::with_changes(payload, |field| bytes(theirs.get(mem0ai::place(field)?)?).ok());
    }
    let scope: Scope = serde_json::from_slice(bytes(scope)?).map_err(|e| damaged().with_source(e))?;
    Ok(Some(Point {
        id: parse(id)?,
        version: parse(version)?,
        scope,
        vector: vector.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect(),
        payload,
    }))
}

/// The hits of one search for vectors in an index.
pub(super) fn near_hits(reply: &Value, keys: &Keys) -> Result<Vec<ScoredPoint>> {
    let [_, rows @ ..] = array(reply)? else { return Err(unexpected()) };
    let mut hits = Vec::with_capacity(rows.len() / 2);
    for row in rows.chunks(2) {
        let [key, fields] = row else { return Err(unexpected()) };
        let (Some(version), Some(distance)) = (field(fields, b"version")?, field::<f64>(fields, b"distance")?) else {
            continue;
        };
        hits.push(hit(keys.id(bytes(key)?).ok_or_else(unexpected)?, version, 1.0 - distance));
    }
    Ok(hits)
}

/// The hits of one search for words in an index.
pub(super) fn text_hits(reply: &Value, keys: &Keys) -> Result<Vec<TextHit>> {
    let [_, rows @ ..] = array(reply)? else { return Err(unexpected()) };
    let mut hits = Vec::with_capacity(rows.len() / 3);
    for row in rows.chunks(3) {
        let [key, score, fields] = row else { return Err(unexpected()) };
        let Some(version) = field(fields, b"version")? else { continue };
        let id = keys.id(bytes(key)?).ok_or_else(unexpected)?;
        hits.push(TextHit { id, version, score: parse::<f32>(score)?.max(f32::MIN_POSITIVE) });
    }
    Ok(hits)
}

/// A field of a found point; none also where the point was deleted while the
/// search ran.
fn field<T: std::str::FromStr>(fields: &Value, name: &[u8]) -> Result<Option<T>> {
    if matches!(fields, Value::Nil) {
        return Ok(None);
    }
    for field in array(fields)?.chunks(2) {
        let [key, value] = field else { return Err(unexpected()) };
        if bytes(key)? == name {
            return parse(value).map(Some);
        }
    }
    Ok(None)
}

/// The ids of an aggregation that loads nothing else.
pub(super) fn aggregated_ids(reply: &Value) -> Result<Vec<MemoryId>> {
    let [_, rows @ ..] = array(reply)? else { return Err(unexpected()) };
    rows.iter().map(|row| array(row)?.get(1).map_or_else(|| Err(unexpected()), parse)).collect()
}

/// The number of points that a search found.
pub(super) fn total(reply: &Value) -> Result<u64> {
    match array(reply)? {
        [Value::Int(total), ..] => u64::try_from(*total).map_err(|_| unexpected()),
        _ => Err(unexpected()),
    }
}

pub(super) fn array(value: &Value) -> Result<&[Value]> {
    if let Value::Array(values) = value { Ok(values) } else { Err(unexpected()) }
}

pub(super) fn parse<T: std::str::FromStr>(value: &Value) -> Result<T> {
    let text = std::str::from_utf8(bytes(value)?).map_err(|_| unexpected())?;
    text.parse().map_err(|_| unexpected())
}

pub(super) fn bytes(value: &Value) -> Result<&[u8]> {
    match value {
        Value::BulkString(bytes) => Ok(bytes),
        Value::SimpleString(text) => Ok(text.as_bytes()),
        _ => Err(unexpected()),
    }
}

pub(super) fn unexpected() -> Error {
    Error::internal("the server's answer has an unknown shape")
}

pub(super) fn damaged() -> Error {
    Error::corrupt("a stored point cannot be read")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(text: &str) -> Value {
        Value::BulkString(text.as_bytes().to_vec())
    }

    proptest! {
        #[test]
        fn texts_are_in_the_order_of_versions(a in any::<u64>(), b in any::<u64>()) {
            prop_assert_eq!(version(a).cmp(&version(b)), a.cmp(&b));
            prop_assert_eq!(parse::<u64>(&text(&version(a))).unwrap(), a);
        }
    }

    fn id(n: u8) -> MemoryId {
        format!("018f3a5c-0000-7000-8000-00000000000{n}").parse().unwrap()
    }

    fn key(keys: &Keys, n: u8) -> Value {
        text(&format!("{}:point:{}", keys.base, id(n)))
    }

    #[test]
    fn hits_are_read() {
        let keys = Keys::new("m".into(), "g".into(), None);
        let row = |n: u8, distance: &str| {
            let fields = [text("distance"), text(distance), text("version"), text(&version(u64::from(n)))];
            [key(&keys, n), Value::Array(fields.to_vec())]
        };
        let rows = [row(2, "0.5"), row(3, "2"), row(4, "-5.96e-08"), row(5, "1")].concat();
        let gone = [key(&keys, 6), Value::Nil];
        let reply = Value::Array(std::iter::once(Value::Int(5)).chain(rows).chain(gone).collect());
        let found = near_hits(&reply, &keys).unwrap();
        let seen: Vec<_> = found.iter().map(|hit| (hit.version, hit.raw, hit.similarity)).collect();
        assert_eq!(seen, [(2, 0.5, 0.5), (3, -1.0, 0.0), (4, 1.0, 1.0), (5, 0.0, 0.0)]);
    }

    #[test]
    fn hits_of_words_are_read() {
        let keys = Keys::new("m".into(), "g".into(), None);
        let fields = Value::Array(vec![text("version"), text(&version(7))]);
        let rows = [Value::Int(2), key(&keys, 1), text("1.5"), fields, key(&keys, 2), text("1"), Value::Nil];
        let due = TextHit { id: id(1), version: 7, score: 1.5 };
        assert_eq!(text_hits(&Value::Array(rows.to_vec()), &keys).unwrap(), [due]);
    }

    #[test]
    fn what_has_another_shape_is_an_error() {
        let keys = Keys::new("m".into(), "g".into(), None);
        for reply in [Value::Nil, Value::Int(1), Value::Array(vec![]), Value::Array(vec![Value::Int(1), text("x")])] {
            assert!(near_hits(&reply, &keys).is_err(), "{reply:?}");
            assert!(text_hits(&reply, &keys).is_err(), "{reply:?}");
        }
        assert!(point(&Value::Array(vec![text("x")]), Some(1)).is_err());
        assert!(total(&Value::Array(vec![text("x")])).is_err());
        assert_eq!(point(&Value::Array(vec![]), Some(1)).unwrap(), None);
    }
}
