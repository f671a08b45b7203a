//! The layout of the Python library, which it and we can share.
//!
//! A point is its hash `mem0:COLLECTION:ID` (`mem0/vector_stores/redis.py` of
//! `mem0ai` 2.2.1, and `valkey.py` likewise): `memory_id`, `hash`, `memory` for
//! the text, `embedding`, `metadata` as JSON for what has no field of its own,
//! `created_at` and `updated_at` in whole seconds, and the ids of the scope as
//! they are. Beside them stand ours as `mem0_…`: version, payload, scope and the
//! terms that are searched. The library sets its own fields and leaves the
//! others, so a point keeps its version and scope when it is changed there; what
//! was changed is seen by comparing its fields with those of our payload.

use mem0_core::{Error, Payload, Point, Result, ScopeKey, Timestamp};
use serde_json::{Map, Value};

/// The layout's name, in the identity of a collection.
pub(super) const NAME: &str = "mem0ai";

/// What all keys of the library begin with.
pub(super) const PREFIX: &str = "mem0";

/// The fields that it may change, as the script that reads has them.
const FIELDS: [&str; 5] = ["memory", "hash", "metadata", "created_at", "updated_at"];

/// The keys of a payload that are not in the metadata.
const APART: [&str; 7] = ["data", "hash", "created_at", "updated_at", "user_id", "agent_id", "run_id"];

/// What the keys of a collection's points begin with.
pub(super) fn points(collection: &str) -> String {
    format!("{PREFIX}:{collection}:")
}

/// How a field of ours is called in this layout.
pub(super) fn named(field: &str) -> String {
    match field {
        "id" => "memory_id".to_owned(),
        "vector" => "embedding".to_owned(),
        _ => format!("mem0_{field}"),
    }
}

/// Seconds as the library cuts them off; 0, which it reads as 1970, for none.
fn seconds(payload: &Payload, key: &str) -> i64 {
    let time = payload.get(key).and_then(Value::as_str).and_then(|text| text.parse::<Timestamp>().ok());
    time.map_or(0, |time| time.as_micros() / 1_000_000)
}

fn metadata(payload: &Payload) -> Payload {
    let flat = payload.iter().filter(|(key, _)| !APART.contains(&key.as_str()));
    flat.map(|(key, value)| (key.clone(), value.clone())).collect()
}

fn text<'a>(payload: &'a Payload, key: &str) -> &'a str {
    payload.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The rest of a point for the script that writes: its words, and the fields of
/// the library, all of which it expects.
pub(super) fn rest(point: &Point, words: String) -> Result<String> {
    let payload = &point.payload;
    let unwritable = |e| Error::invalid("a payload that cannot be written as JSON").with_source(e);
    let mut rest = Map::new();
    rest.insert(named("words"), words.into());
    rest.insert("memory".to_owned(), text(payload, "data").into());
    rest.insert("hash".to_owned(), text(payload, "hash").into());
    rest.insert("metadata".to_owned(), serde_json::to_string(&metadata(payload)).map_err(unwritable)?.into());
    rest.insert("created_at".to_owned(), seconds(payload, "created_at").to_string().into());
    if payload.contains_key("updated_at") {
        rest.insert("updated_at".to_owned(), seconds(payload, "updated_at").to_string().into());
    }
    for key in [ScopeKey::UserId, ScopeKey::AgentId, ScopeKey::RunId] {
        if let Some(id) = point.scope.get(key) {
            rest.insert(key.as_str().to_owned(), id.into());
        }
    }
    serde_json::to_string(&rest).map_err(unwritable)
}

/// The payload as we wrote it, with what the library changed since; `stored` says
/// what one of its fields holds now.
pub(super) fn with_changes<'a>(mut payload: Payload, stored: impl Fn(&str) -> Option<&'a [u8]>) -> Payload {
    let now = |field: &str| std::str::from_utf8(stored(field)?).ok();
    let changed = now("metadata").and_then(|json| serde_json::from_str::<Payload>(json).ok());
    if let Some(changed) = changed.filter(|changed| *changed != metadata(&payload)) {
        payload.retain(|key, _| APART.contains(&key.as_str()));
        payload.extend(changed.into_iter().filter(|(key, _)| !APART.contains(&key.as_str())));
    }
    for (field, key) in [("memory", "data"), ("hash", "hash")] {
        if let Some(changed) = now(field).filter(|changed| *changed != text(&payload, key)) {
            payload.insert(key.to_owned(), changed.into());
        }
    }
    for key in ["created_at", "updated_at"] {
        let changed = now(key).and_then(time).filter(|(second, _)| *second != seconds(&payload, key));
        if let Some((_, time)) = changed {
            payload.insert(key.to_owned(), time.to_string().into());
        }
    }
    payload
}

/// Whole seconds, and as a time; 0 stands for none.
pub(super) fn time(text: &str) -> Option<(i64, Timestamp)> {
    let second: i64 = text.parse().ok().filter(|second| *second != 0)?;
    Some((second, Timestamp::from_micros(second.checked_mul(1_000_000)?).ok()?))
}

/// The place of a field among those that the script reads.
pub(super) fn place(field: &str) -> Option<usize> {
    FIELDS.iter().position(|name| *name == field)
}

#[cfg(test)]
mod tests {
    use super::*;
    use mem0_core::Scope;
    use proptest::prelude::*;
    use serde_json::json;

    fn payload(value: Value) -> Payload {
        let Value::Object(payload) = value else { unreachable!() };
        payload
    }

    fn fields(payload: &Payload) -> Payload {
        let scope = Scope::user("Ana, a-b").unwrap_or(Scope::user("Ana").unwrap());
        let id = "018f3a5c-0000-7000-8000-000000000001".parse().unwrap();
        let point = Point { id, version: 1, scope, vector: vec![1.0], payload: payload.clone() };
        serde_json::from_str(&rest(&point, "x1".to_owned()).unwrap()).unwrap()
    }

    fn read(payload: &Payload, fields: &Payload) -> Payload {
        with_changes(payload.clone(), |field| fields.get(field)?.as_str().map(str::as_bytes))
    }

    fn written() -> Payload {
        payload(json!({
            "data": "Likes tea", "hash": "h", "user_id": "Ana", "created_at": "2023-11-14T22:13:20.123456Z",
            "updated_at": "2023-11-14T22:13:20.123456Z", "version": 1, "mood": "good", "tags": {"a": [1, null]},
        }))
    }

    #[test]
    fn the_fields_are_those_of_the_library() {
        let mut fields = fields(&written());
        let metadata: Value = serde_json::from_str(fields.remove("metadata").unwrap().as_str().unwrap()).unwrap();
        assert_eq!(metadata, json!({"version": 1, "mood": "good", "tags": {"a": [1, null]}}));
        let due = json!({
            "memory": "Likes tea", "hash": "h", "created_at": "1700000000", "updated_at": "1700000000",
            "user_id": "Ana", "mem0_words": "x1",
        });
        assert_eq!(Value::Object(fields), due);
    }

    #[test]
    fn what_the_library_changed_is_seen_and_nothing_else() {
        let mut stored = fields(&written());
        stored.insert("memory".to_owned(), "Likes coffee".into());
        stored.insert("updated_at".to_owned(), "1700000060".into());
        stored.insert("metadata".to_owned(), r#"{"version": 1, "mood": "bad", "data": "no"}"#.into());
        let due = payload(json!({
            "data": "Likes coffee", "hash": "h", "user_id": "Ana", "created_at": "2023-11-14T22:13:20.123456Z",
            "updated_at": "2023-11-14T22:14:20.000000Z", "version": 1, "mood": "bad",
        }));
        assert_eq!(read(&written(), &stored), due);
    }

    #[test]
    fn fields_that_are_damaged_change_nothing() {
        let stored = payload(json!({"metadata": "no JSON", "created_at": "soon", "updated_at": "0"}));
        assert_eq!(read(&written(), &stored), written());
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_filter_map("finite", |x| serde_json::Number::from_f64(x).map(Value::from)),
            ".{0,6}".prop_map(Value::from),
            Just(json!("2023-11-14T23:13:20.5+01:00")),
        ];
        leaf.prop_recursive(2, 8, 3, |inner| prop::collection::vec(inner, 0..3).prop_map(Value::from))
    }

    fn key() -> impl Strategy<Value = String> {
        prop_oneof![prop::sample::select(APART.as_slice()).prop_map(str::to_owned), "[a-z]{1,3}", ".{0,3}"]
    }

    proptest! {
        #[test]
        fn what_nobody_changed_is_read_as_it_was_written(payload in prop::collection::btree_map(key(), value(), 0..6)) {
            // As it is stored: a payload is read from JSON.
            let json = serde_json::to_string(&payload).unwrap();
            let payload: Payload = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(read(&payload, &fields(&payload)), payload);
        }
    }
}
