//! A memory as a vector store keeps it.
//!
//! The keys are those of the Python library (`data`, `hash`, `created_at`, …)
//! with the caller's metadata flat beside them, so that a collection written
//! by either is readable by both. Filters name these keys.

use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::types::ids::MemoryId;
use crate::types::memory::{Content, Memory, MemoryKind};
use crate::types::message::Role;
use crate::types::scope::{Scope, ScopeFields, ScopeKey};
use crate::types::time::Timestamp;

/// A flat JSON object, as vector stores keep it.
pub type Payload = Map<String, Value>;

/// The keys that a caller's metadata may not use, since the payload uses them
/// itself.
pub const RESERVED_KEYS: [&str; 21] = [
    "data",
    "hash",
    "created_at",
    "updated_at",
    "user_id",
    "agent_id",
    "run_id",
    "app_id",
    "org_id",
    "actor_id",
    "role",
    "attributed_to",
    "kind",
    "memory_type",
    "categories",
    "expires_at",
    "expiration_date",
    "valid_from",
    "valid_to",
    "sources",
    "version",
];

impl Memory {
    /// The payload of this memory: text under `data`, ids, times as RFC 3339,
    /// and the metadata flat beside them.
    #[must_use]
    pub fn to_payload(&self) -> Payload {
        let content = &self.content;
        let mut payload = content.metadata.clone();
        let mut put = |key: &str, value: Value| payload.insert(key.to_owned(), value);
        put("data", content.text.clone().into());
        put("hash", content.hash().into());
        put("created_at", self.created_at.to_string().into());
        put("updated_at", self.updated_at.to_string().into());
        put("version", self.version.into());
        put("kind", content.kind.as_str().into());
        if content.kind == MemoryKind::Procedure {
            put("memory_type", "procedural_memory".into());
        }
        for (key, id) in self.scope.ids() {
            put(key.as_str(), id.into());
        }
        if let Some(actor) = &content.actor {
            put("actor_id", actor.clone().into());
        }
        if let Some(role) = content.role {
            put("role", role.as_str().into());
        }
        match (&content.about, content.role) {
            (Some(about), _) => put("attributed_to", about.clone().into()),
            (None, Some(role @ (Role::User | Role::Assistant))) => put("attributed_to", role.as_str().into()),
            _ => None,
        };
        if !content.categories.is_empty() {
            put("categories", content.categories.clone().into());
        }
        if !content.sources.is_empty() {
            put("sources", content.sources.clone().into());
        }
        let times =
            [("expires_at", content.expires_at), ("valid_from", content.valid_from), ("valid_to", content.valid_to)];
        for (key, time) in times {
            if let Some(time) = time {
                put(key, time.to_string().into());
            }
        }
        if let Some(at) = content.expires_at {
            put("expiration_date", at.date().into());
        }
        payload
    }

    /// Reads a payload that this library or the Python library wrote.
    ///
    /// Missing `version` is 1, missing times are `fallback`, a day in
    /// `expiration_date` ends with that day, and unknown keys are metadata.
    ///
    /// # Errors
    /// `Corrupt` if there is no text, no scope id, or a known key has a value
    /// of the wrong type. The message names the key, never the value.
    pub fn from_payload(id: MemoryId, mut payload: Payload, fallback: Timestamp) -> Result<Self> {
        let text =
            take_text(&mut payload, "data")?.ok_or_else(|| Error::corrupt("payload without text under \"data\""))?;
        let mut ids = ScopeKey::ALL.map(|key| take_text(&mut payload, key.as_str())).into_iter();
        let mut next = || ids.next().transpose().map(Option::flatten);
        let fields =
            ScopeFields { org_id: next()?, app_id: next()?, user_id: next()?, agent_id: next()?, run_id: next()? };
        let scope =
            Scope::from_fields(fields).map_err(|e| Error::corrupt("payload without a usable scope").with_source(e))?;
        let created_at = take_time(&mut payload, "created_at")?.unwrap_or(fallback);
        let updated_at = take_time(&mut payload, "updated_at")?.unwrap_or(created_at);
        let version = match payload.remove("version") {
            Some(v) => v.as_u64().ok_or_else(|| wrong_type("version"))?.max(1),
            None => 1,
        };
        payload.remove("hash");
        let attributed = take_text(&mut payload, "attributed_to")?;
        // The Python library says only whether it is of the user or the assistant.
        let (attributed, about) = match attributed.as_deref() {
            Some("user" | "assistant") => (attributed, None),
            _ => (None, attributed),
        };
        let role = take_text(&mut payload, "role")?.or(attributed.clone()).and_then(|role| match role.as_str() {
            "user" => Some(Role::User),
            "assistant" => Some(Role::Assistant),
            "system" => Some(Role::System),
            "tool" | "function" => Some(Role::Tool),
            _ => None,
        });
        let procedural = take_text(&mut payload, "memory_type")?.as_deref() == Some("procedural_memory");
        let kind = match take_text(&mut payload, "kind")?.as_deref() {
            Some("procedure") => MemoryKind::Procedure,
            Some("episode") => MemoryKind::Episode,
            _ if procedural => MemoryKind::Procedure,
            _ => MemoryKind::Fact,
        };
        let day_end = take_time(&mut payload, "expiration_date")?.map(|day| day.plus_micros(DAY));
        let content = Content {
            text,
            kind,
            actor: take_text(&mut payload, "actor_id")?,
            role,
            about: about.or(attributed.filter(|who| role.is_some_and(|role| role.as_str() != who))),
            categories: take_list(&mut payload, "categories")?,
            sources: take_list(&mut payload, "sources")?,
            expires_at: take_time(&mut payload, "expires_at")?.or(day_end),
            valid_from: take_time(&mut payload, "valid_from")?,
            valid_to: take_time(&mut payload, "valid_to")?,
            metadata: payload,
            // What a model found is in the ledger alone.
            entities: Vec::new(),
        };
        Ok(Self { version, updated_at, ..Self::new(id, scope, content, created_at) })
    }
}

const DAY: i64 = 86_400_000_000;

fn wrong_type(key: &'static str) -> Error {
    Error::corrupt("payload key of the wrong type").with_context("key", key)
}

fn take_text(payload: &mut Payload, key: &'static str) -> Result<Option<String>> {
    match payload.remove(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(wrong_type(key)),
    }
}

fn take_time(payload: &mut Payload, key: &'static str) -> Result<Option<Timestamp>> {
    take_text(payload, key)?.map(|text| text.parse().map_err(|_| wrong_type(key))).transpose()
}

fn take_list(payload: &mut Payload, key: &'static str) -> Result<Vec<String>> {
    match payload.remove(key) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(items)) => items
            .into_iter()
            .map(|item| match item {
                Value::String(text) => Ok(text),
                _ => Err(wrong_type(key)),
            })
            .collect(),
        Some(_) => Err(wrong_type(key)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use uuid::Uuid;

    fn id() -> MemoryId {
        MemoryId::from_uuid(Uuid::from_u128(7))
    }

    #[test]
    fn a_memory_survives_the_trip() {
        let at: Timestamp = "2024-02-03T04:05:06.000007Z".parse().unwrap();
        let mut content = Content::new("Любит чай 🍵");
        content.kind = MemoryKind::Episode;
        content.actor = Some("Ana".into());
        content.role = Some(Role::User);
        content.about = Some("Ben".into());
        content.categories = vec!["food".into()];
        content.sources = vec!["m1".into(), "m2".into()];
        content.expires_at = Some(at.plus_micros(5));
        content.valid_from = Some(at);
        content.metadata.insert("x.y".into(), json!({"a": [1, 2.5, null]}));
        let scope = Scope::user("u").unwrap().with_org("o").unwrap();
        let memory = Memory::new(id(), scope, content, at);
        assert_eq!(Memory::from_payload(id(), memory.to_payload(), at.plus_micros(99)).unwrap(), memory);
    }

    #[test]
    fn reads_what_the_python_library_wrote() {
        let payload = json!({
            "data": "Likes tea", "hash": "x", "created_at": "2026-03-01T10:00:00.000001+00:00",
            "user_id": "u", "attributed_to": "user", "expiration_date": "2026-05-01",
            "text_lemmatized": "like tea", "mood": "good"
        });
        let Value::Object(payload) = payload else { unreachable!() };
        let memory = Memory::from_payload(id(), payload, Timestamp::from_micros(0).unwrap()).unwrap();
        assert_eq!(memory.content.role, Some(Role::User));
        assert_eq!(memory.content.expires_at.unwrap().to_string(), "2026-05-02T00:00:00.000000Z");
        assert_eq!(memory.updated_at, memory.created_at);
        assert_eq!(memory.content.metadata.len(), 2);
    }

    #[test]
    fn damaged_payloads_are_errors_that_name_the_key() {
        for (payload, key) in [
            (json!({"user_id": "u"}), "data"),
            (json!({"data": "x"}), "scope"),
            (json!({"data": "x", "user_id": "u", "version": "two"}), "version"),
            (json!({"data": "x", "user_id": "u", "created_at": "soon"}), "created_at"),
        ] {
            let Value::Object(payload) = payload else { unreachable!() };
            let error = Memory::from_payload(id(), payload, Timestamp::from_micros(0).unwrap()).unwrap_err();
            assert!(error.to_string().contains(key), "{error}");
        }
    }
}
