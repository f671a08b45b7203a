//! The shapes of the answers, as JSON Schema for the strictest provider.

use serde_json::{Map, Value, json};

use super::config::PolicyConfig;
use crate::traits::llm::OutputSchema;

const EVENTS: [&str; 4] = ["ADD", "UPDATE", "DELETE", "NONE"];

fn object(properties: Map<String, Value>) -> Value {
    let required: Vec<&String> = properties.keys().collect();
    json!({"type": "object", "required": required, "properties": properties, "additionalProperties": false})
}

fn list_of(name: &'static str, key: &str, item: Map<String, Value>) -> OutputSchema {
    let mut top = Map::new();
    top.insert(key.to_owned(), json!({"type": "array", "items": object(item)}));
    OutputSchema::new(name, object(top))
}

/// Facts, and with `decided` what each does to the known memories.
pub(super) fn facts(config: &PolicyConfig, decided: bool) -> OutputSchema {
    let mut item = Map::new();
    let mut put = |key: &str, schema: Value| item.insert(key.to_owned(), schema);
    put("text", json!({"type": "string"}));
    put("sources", json!({"type": "array", "items": {"type": "integer"}}));
    for key in ["about", "from", "until"] {
        put(key, json!({"type": ["string", "null"]}));
    }
    if !config.categories.is_empty() {
        let names: Vec<&String> = config.categories.iter().map(|category| &category.name).collect();
        put("categories", json!({"type": "array", "items": {"type": "string", "enum": names}}));
    }
    if config.entities {
        put("entities", json!({"type": "array", "items": {"type": "string"}}));
    }
    if decided {
        put("event", json!({"type": "string", "enum": EVENTS}));
        put("targets", json!({"type": "array", "items": {"type": "integer"}}));
        put("reason", json!({"type": ["string", "null"]}));
    }
    list_of("facts", "facts", item)
}

/// What each fact does to the memories.
pub(super) fn changes() -> OutputSchema {
    let mut item = Map::new();
    let mut put = |key: &str, schema: Value| item.insert(key.to_owned(), schema);
    put("fact", json!({"type": "integer"}));
    put("event", json!({"type": "string", "enum": EVENTS}));
    put("id", json!({"type": ["integer", "null"]}));
    put("text", json!({"type": ["string", "null"]}));
    put("reason", json!({"type": ["string", "null"]}));
    list_of("changes", "memory", item)
}

/// One description for each picture.
pub(super) fn descriptions() -> OutputSchema {
    let mut top = Map::new();
    top.insert("descriptions".to_owned(), json!({"type": "array", "items": {"type": "string"}}));
    OutputSchema::new("descriptions", object(top))
}
