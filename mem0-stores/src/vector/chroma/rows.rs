//! A point as Chroma keeps it.
//!
//! The document is the payload whole, as JSON. The metadata has its texts,
//! numbers and bools flat under their own names, which is all that the Python
//! library writes and reads, the ids of the scope, and the fields here, whose
//! names begin with `mem0:`.

use mem0_core::{Error, MemoryId, Payload, Point, Result, Scope, ScopeKey};
use serde_json::{Value, json};

use crate::shared::http::damaged;
use crate::shared::terms;

/// What our own fields begin with.
const OURS: &str = "mem0:";

/// Which layout a row has: it is there on what this library wrote.
pub(super) const LAYOUT: &str = "mem0:layout";
pub(super) const LAYOUT_NUMBER: i64 = 1;

/// The version of the memory.
pub(super) const VERSION: &str = "mem0:version";

/// What the field begins with that has what can be asked of the payload; each
/// collection has another one. A server leaves the lists of a collection that is
/// dropped behind, and they turn up in records of another collection (1.5.9).
pub(super) const TERMS: &str = "mem0:terms";

/// Whether the terms are in the document.
pub(super) const LONG: &str = "mem0:long";

/// More terms than this are.
const FEW: usize = 4_000;

/// The first half of the id, as a number that is in the order of ids.
pub(super) const PLACE: &str = "mem0:place";

/// What the Python library changes with every update.
const CHANGES: [&str; 3] = ["data", "hash", "updated_at"];

/// The first half of an id as a number that is in the order of ids.
pub(super) fn place(id: MemoryId) -> i64 {
    let (high, _) = id.as_uuid().as_u64_pair();
    (high ^ (1 << 63)).cast_signed()
}

/// A version as Chroma counts.
pub(super) fn version(version: u64) -> Result<i64> {
    i64::try_from(version).map_err(|_| Error::invalid("a version is less than 2^63"))
}

/// Whether Chroma takes it as the name of a field, and it is none of ours.
pub(super) fn can_be_key(name: &str) -> bool {
    !name.is_empty() && !name.starts_with(['#', '$']) && !name.starts_with("chroma:") && !name.starts_with(OURS)
}

/// Whether Chroma can hold it as it is.
fn is_flat(name: &str, value: &Value) -> bool {
    let plain = match value {
        Value::Bool(_) | Value::String(_) => true,
        Value::Number(number) => number.is_i64() || number.is_f64(),
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    };
    plain && can_be_key(name)
}

/// A point on its way to the server.
#[derive(Debug)]
pub(super) struct Row<'a> {
    pub(super) point: &'a Point,
    pub(super) document: String,
    /// None if they are in the document.
    terms: Option<Value>,
    version: i64,
}

impl<'a> Row<'a> {
    pub(super) fn new(point: &'a Point) -> Result<Self> {
        let unwritable = |e| Error::invalid("a payload that cannot be written as JSON").with_source(e);
        let mut document = serde_json::to_string(&point.payload).map_err(unwritable)?;
        let terms = terms::of_payload(&point.payload);
        let few = terms.len() <= FEW;
        if !few {
            terms.iter().for_each(|term| document.extend(["\n", term]));
            document.push('\n');
        }
        // An empty list would not be kept.
        let terms = few.then(|| if terms.is_empty() { json!(["none"]) } else { json!(terms) });
        Ok(Self { point, document, terms, version: version(point.version)? })
    }

    /// The metadata, with the terms in the field of that name. Chroma keeps fields that a write does not name, so those
    /// that were there `before` and are no more are named as null.
    pub(super) fn metadata(&self, terms: &str, before: Option<&Payload>) -> Payload {
        let gone = before.into_iter().flat_map(Payload::keys).map(|key| (key.clone(), Value::Null));
        let flat = self.point.payload.iter().filter(|(key, value)| is_flat(key, value));
        let mut metadata: Payload = gone.chain(flat.map(|(key, value)| (key.clone(), value.clone()))).collect();
        for key in ScopeKey::ALL {
            metadata.insert(key.as_str().to_owned(), self.point.scope.get(key).into());
        }
        for (key, value) in [
            (LAYOUT, json!(LAYOUT_NUMBER)),
            (VERSION, json!(self.version)),
            (PLACE, json!(place(self.point.id))),
            (LONG, if self.terms.is_none() { json!(true) } else { Value::Null }),
            (terms, self.terms.clone().unwrap_or(Value::Null)),
        ] {
            metadata.insert(key.to_owned(), value);
        }
        metadata
    }
}

/// Whether this library wrote the row.
fn is_ours(metadata: &Payload) -> Result<bool> {
    match metadata.get(LAYOUT) {
        None => Ok(false),
        Some(number) if number.as_i64() == Some(LAYOUT_NUMBER) => Ok(true),
        Some(_) => Err(Error::corrupt("a point was written by another version of this library")),
    }
}

/// The version of a row; of one that others wrote, what its payload says.
pub(super) fn version_of(metadata: &Payload) -> Result<u64> {
    let key = if is_ours(metadata)? { VERSION } else { "version" };
    match metadata.get(key).map(Value::as_u64) {
        Some(Some(version)) => Ok(version),
        None if key != VERSION => Ok(1),
        _ => Err(damaged()),
    }
}

/// The id of a row.
pub(super) fn id_of(text: &str) -> Result<MemoryId> {
    text.parse().map_err(|_| Error::corrupt("the collection holds a record whose id is no UUID"))
}

fn scope_of(metadata: &Payload) -> Result<Scope> {
    let ids = ScopeKey::ALL.into_iter().filter_map(|key| metadata.get_key_value(key.as_str()));
    let ids: Payload = ids.map(|(key, id)| (key.clone(), id.clone())).collect();
    let scope = serde_json::from_value(Value::Object(ids));
    scope.map_err(|e| Error::corrupt("a record without a usable scope").with_source(e))
}

/// A point from its row.
pub(super) fn point(id: MemoryId, metadata: Payload, document: Option<&str>, vector: Vec<f32>) -> Result<Point> {
    let (version, scope) = (version_of(&metadata)?, scope_of(&metadata)?);
    Ok(Point { id, version, scope, vector, payload: payload(metadata, document)? })
}

/// The payload of a row.
pub(super) fn payload(metadata: Payload, document: Option<&str>) -> Result<Payload> {
    if !is_ours(&metadata)? {
        // Ours would be those of a record that is no more.
        return Ok(metadata.into_iter().filter(|(key, _)| !key.starts_with(OURS)).collect());
    }
    let json = document.and_then(|document| document.lines().next()).ok_or_else(damaged)?;
    let whole = serde_json::from_str(json).map_err(|e| damaged().with_source(e))?;
    Ok(with_changes(whole, metadata))
}

/// The payload, with what others changed since it was written: they know the
/// flat fields only.
fn with_changes(mut whole: Payload, metadata: Payload) -> Payload {
    let as_written = |key: &str| whole.get(key).filter(|value| is_flat(key, value)) == metadata.get(key);
    if !CHANGES.into_iter().all(as_written) {
        whole.extend(metadata.into_iter().filter(|(key, value)| is_flat(key, value)));
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn one(payload: Value) -> Point {
        let Value::Object(payload) = payload else { unreachable!() };
        let scope = Scope::user("alice").unwrap();
        Point { id: MemoryId::from_uuid(Uuid::from_u128(7)), version: 3, scope, vector: vec![1.0], payload }
    }

    fn kept(point: &Point, before: Option<&Payload>) -> Payload {
        let mut row = Row::new(point).unwrap().metadata(TERMS, before);
        row.retain(|_, value| !value.is_null());
        row
    }

    #[test]
    fn a_row_is_flat_and_comes_back_whole() {
        let whole = one(json!({
            "data": "likes tea", "user_id": "alice", "n": 1, "half": 0.5, "yes": true, "big": u64::MAX, "nothing": null,
            "list": ["a"], "map": {"a": 1}, "": 1, "$set": 2, "#document": 3, "chroma:x": 4, "mem0:terms": 5
        }));
        let row = kept(&whole, None);
        let flat: Vec<_> = row.keys().map(String::as_str).collect();
        let ours = [LAYOUT, PLACE, TERMS, VERSION];
        assert_eq!(flat, [&["data", "half"], &ours[..], &["n", "user_id", "yes"]].concat());
        let back = point(whole.id, row, Some(&document(&whole)), vec![1.0]).unwrap();
        assert_eq!(back, whole);
    }

    fn document(point: &Point) -> String {
        Row::new(point).unwrap().document
    }

    #[test]
    fn many_terms_are_in_the_document() {
        let ids: Vec<_> = (0..FEW).map(|n| format!("line\n{n}")).collect();
        let long = one(json!({"data": "x", "sources": ids}));
        let (row, text) = (kept(&long, None), document(&long));
        assert_eq!((row.get(LONG), row.get(TERMS)), (Some(&json!(true)), None));
        assert!(terms::of_payload(&long.payload).iter().all(|term| text.contains(&format!("\n{term}\n"))));
        assert_eq!(point(long.id, row, Some(&text), vec![1.0]).unwrap().payload.get("sources"), Some(&json!(ids)));
    }

    #[test]
    fn fields_that_went_are_named() {
        let (old, new) = (one(json!({"data": "a", "color": "red"})), one(json!({"data": "b"})));
        let row = Row::new(&new).unwrap().metadata(TERMS, Some(&kept(&old, None)));
        assert_eq!((&row["color"], &row["data"], &row["agent_id"]), (&Value::Null, &json!("b"), &Value::Null));
    }

    #[test]
    fn what_the_python_library_wrote_is_read() {
        let row =
            json!({"data": "likes tea", "hash": "h", "user_id": "alice", "created_at": "2026-01-01T00:00:00+00:00"});
        let Value::Object(row) = row else { unreachable!() };
        let read = point(MemoryId::from_uuid(Uuid::nil()), row.clone(), None, vec![1.0]).unwrap();
        assert_eq!((read.version, read.scope, read.payload), (1, Scope::user("alice").unwrap(), row.clone()));
        // What a collection left behind that was dropped.
        let stale = row.clone().into_iter().chain([("mem0:terms:1".to_owned(), json!(["x"]))]).collect();
        assert_eq!(point(MemoryId::from_uuid(Uuid::nil()), stale, None, vec![1.0]).unwrap().payload, row);
    }

    #[test]
    fn what_the_python_library_changed_counts() {
        let old = one(json!({"data": "likes tea", "hash": "1", "mood": "good", "list": ["a"]}));
        let mut row = kept(&old, None);
        row.extend([("data".to_owned(), json!("likes coffee")), ("hash".to_owned(), json!("2"))]);
        let read = point(old.id, row, Some(&document(&old)), vec![1.0]).unwrap();
        let due = json!({
            "data": "likes coffee", "hash": "2", "mood": "good", "list": ["a"], "user_id": "alice"
        });
        assert_eq!(Value::Object(read.payload), due);
    }

    #[test]
    fn damaged_rows_are_errors() {
        let whole = one(json!({"data": "x"}));
        let with = |key: &str, value: Value| {
            let mut row = kept(&whole, None);
            row.insert(key.to_owned(), value);
            row
        };
        for row in [with(LAYOUT, json!(2)), with(VERSION, json!("x")), with("user_id", json!(7))] {
            assert!(point(whole.id, row, Some("{}"), vec![1.0]).is_err());
        }
        assert!(point(whole.id, kept(&whole, None), None, vec![1.0]).is_err());
        assert!(id_of("doc-1").is_err());
    }

    proptest! {
        #[test]
        fn places_are_in_the_order_of_ids(a in any::<u128>(), b in any::<u128>()) {
            let (a, b) = (MemoryId::from_uuid(Uuid::from_u128(a)), MemoryId::from_uuid(Uuid::from_u128(b)));
            prop_assert!((a <= b) == (place(a) <= place(b)) || place(a) == place(b));
        }
    }
}
