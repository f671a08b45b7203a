//! Collections that this adapter did not make, or made under another model.
//!
//! The Python library keeps a memory as a hash `mem0:COLLECTION:ID` with the text
//! under `memory`, whole seconds under `created_at` and `updated_at`, the scope
//! beside them, and the rest as JSON under `metadata`; on Redis and Valkey alike.
//! Ours are read by their keys, whatever the identity beside them; where they are in
//! the library's layout, with all that it has no field for.

use std::collections::HashMap;
use std::fmt;

use async_trait::async_trait;
use mem0_core::{Error, ForeignCollection, ForeignPage, ForeignPoint, Payload, Result};
use redis::Pipeline;
use serde_json::Value;

use super::config::RedisVectorConfig;
use super::connection::Connection;
use super::mem0ai;

/// A collection to read: the one that `collection_name` names.
pub struct ForeignKeys {
    name: &'static str,
    connection: Connection,
    collection: String,
}

/// Both layouts are walked, one after the other; a place is one of them and the
/// server's own place in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    Python,
    Ours,
}

type Fields = HashMap<String, Vec<u8>>;

impl ForeignKeys {
    /// In Redis; connects when it is first used.
    ///
    /// # Errors
    /// `Config` if a setting is wrong.
    pub fn redis(config: RedisVectorConfig) -> Result<Self> {
        Self::new("redis", config)
    }

    /// In Valkey.
    ///
    /// # Errors
    /// As [`redis`](Self::redis).
    pub fn valkey(config: RedisVectorConfig) -> Result<Self> {
        Self::new("valkey", config)
    }

    fn new(name: &'static str, config: RedisVectorConfig) -> Result<Self> {
        let made = config.check().and_then(|()| Connection::new(&config));
        let connection = made.map_err(|error| error.with_provider(name))?;
        Ok(Self { name, connection, collection: config.collection_name })
    }

    async fn page(&self, from: Option<&str>, limit: usize) -> Result<ForeignPage> {
        let (layout, cursor) = place(from.unwrap_or("python 0"))?;
        let collection = &self.collection;
        let pattern = match layout {
            Layout::Python => format!("mem0:{collection}:*"),
            Layout::Ours => format!("mem0:{{{collection}}}:*:point:*"),
        };
        let mut scan = Pipeline::new();
        scan.cmd("SCAN").arg(cursor).arg("MATCH").arg(pattern).arg("COUNT").arg(limit.max(1));
        let [(next, keys)]: [(u64, Vec<String>); 1] = self.connection.run(&scan).await?;
        let ids = keys.iter().map(|key| key.rsplit(':').next().unwrap_or_default().to_owned());
        let ids: Vec<String> = ids.collect();
        let mut read = Pipeline::new();
        for key in &keys {
            read.cmd("HGETALL").arg(key);
        }
        let hashes: Vec<Fields> = if keys.is_empty() { Vec::new() } else { self.connection.run(&read).await? };
        let of = match layout {
            Layout::Python => of_python,
            Layout::Ours => ours,
        };
        // A hash that went away meanwhile is empty.
        let points = ids.into_iter().zip(hashes).filter(|(_, fields)| !fields.is_empty());
        let points = points.map(|(id, fields)| of(id, fields)).collect();
        let next = match (layout, next) {
            (Layout::Python, 0) => Some("ours 0".to_owned()),
            (Layout::Ours, 0) => None,
            (Layout::Python, next) => Some(format!("python {next}")),
            (Layout::Ours, next) => Some(format!("ours {next}")),
        };
        Ok(ForeignPage { points, next })
    }
}

fn place(text: &str) -> Result<(Layout, u64)> {
    let read = || {
        let (layout, cursor) = text.split_once(' ')?;
        let layout = [("python", Layout::Python), ("ours", Layout::Ours)].into_iter().find(|(name, _)| *name == layout);
        Some((layout?.1, cursor.parse().ok()?))
    };
    read().ok_or_else(|| Error::invalid("no place of a walk through this collection"))
}

fn text(fields: &Fields, name: &str) -> Option<String> {
    String::from_utf8(fields.get(name)?.clone()).ok()
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

fn of_python(id: String, fields: Fields) -> ForeignPoint {
    let vector = fields.get("embedding").map(|bytes| floats(bytes));
    if let Some(payload) = fields.get(&mem0ai::named("payload")).and_then(|json| serde_json::from_slice(json).ok()) {
        let payload = mem0ai::with_changes(payload, |field| fields.get(field).map(Vec::as_slice));
        return ForeignPoint { id, vector, payload };
    }
    let metadata = text(&fields, "metadata").and_then(|json| serde_json::from_str::<Payload>(&json).ok());
    let mut payload = metadata.unwrap_or_default();
    let copied = [("memory", "data"), ("hash", "hash")].into_iter();
    for (field, key) in copied.chain(["user_id", "agent_id", "run_id"].map(|name| (name, name))) {
        if let Some(text) = text(&fields, field) {
            payload.insert(key.to_owned(), text.into());
        }
    }
    for name in ["created_at", "updated_at"] {
        if let Some((_, time)) = text(&fields, name).and_then(|seconds| mem0ai::time(&seconds)) {
            payload.insert(name.to_owned(), Value::String(time.to_string()));
        }
    }
    ForeignPoint { id, vector, payload }
}

fn ours(id: String, fields: Fields) -> ForeignPoint {
    let payload = fields.get("payload").and_then(|json| serde_json::from_slice(json).ok()).unwrap_or_default();
    ForeignPoint { id, vector: fields.get("vector").map(|bytes| floats(bytes)), payload }
}

#[async_trait]
impl ForeignCollection for ForeignKeys {
    fn name(&self) -> &'static str {
        self.name
    }

    async fn read(&self, from: Option<&str>, limit: usize) -> Result<ForeignPage> {
        let page = self.page(from, limit).await;
        page.map_err(|error| error.with_operation("adopt").with_provider(self.name))
    }
}

// The connection shows the password.
impl fmt::Debug for ForeignKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForeignKeys")
            .field("name", &self.name)
            .field("collection", &self.collection)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_memory_of_the_python_library() {
        let fields = [
            ("memory_id", "7"),
            ("memory", "Likes tea"),
            ("hash", "h"),
            ("user_id", "ana"),
            ("created_at", "1700000000"),
            ("updated_at", "0"),
            ("metadata", r#"{"mood": "good", "role": "user"}"#),
        ];
        let mut fields: Fields = fields.map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec())).into();
        fields.insert("embedding".to_owned(), [1.0_f32, -2.0].iter().flat_map(|x| x.to_le_bytes()).collect());
        let point = of_python("7".to_owned(), fields);
        assert_eq!(point.vector, Some(vec![1.0, -2.0]));
        let payload = serde_json::json!({
            "data": "Likes tea", "hash": "h", "user_id": "ana", "created_at": "2023-11-14T22:13:20.000000Z",
            "mood": "good", "role": "user",
        });
        assert_eq!(Value::Object(point.payload), payload);
    }

    #[test]
    fn places_are_read_back() {
        assert_eq!(place("python 12").unwrap(), (Layout::Python, 12));
        assert_eq!(place("ours 0").unwrap(), (Layout::Ours, 0));
        assert!(place("x 0").is_err() && place("ours").is_err() && place("").is_err());
    }
}
