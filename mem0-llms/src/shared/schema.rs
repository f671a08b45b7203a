//! JSON Schema for providers that know a part of it.

use serde_json::{Map, Value};

/// The schema with only these keywords; names of properties are no keywords.
pub(crate) fn keep(schema: &Value, known: &[&str]) -> Value {
    let Value::Object(schema) = schema else { return schema.clone() };
    let mut kept = Map::new();
    for (key, value) in schema.iter().filter(|(key, _)| known.contains(&key.as_str())) {
        let value = match (key.as_str(), value) {
            ("properties" | "$defs", Value::Object(named)) => {
                Value::Object(named.iter().map(|(name, inner)| (name.clone(), keep(inner, known))).collect())
            }
            ("items" | "additionalProperties", inner) => keep(inner, known),
            ("anyOf" | "oneOf" | "allOf" | "prefixItems", Value::Array(inner)) => {
                Value::Array(inner.iter().map(|one| keep(one, known)).collect())
            }
            (_, value) => value.clone(),
        };
        kept.insert(key.clone(), value);
    }
    Value::Object(kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_keywords_are_dropped() {
        let schema = json!({
            "type": "object", "minProperties": 1,
            "properties": {
                "pattern": {"type": "string", "pattern": "^a"},
                "list": {"type": "array", "items": {"anyOf": [{"type": "string", "minLength": 1}, {"type": "null"}]}},
            },
            "required": ["pattern", "list"], "additionalProperties": false,
        });
        let known = ["type", "properties", "items", "anyOf", "required", "additionalProperties"];
        let expected = json!({
            "type": "object",
            "properties": {
                "pattern": {"type": "string"},
                "list": {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "null"}]}},
            },
            "required": ["pattern", "list"], "additionalProperties": false,
        });
        assert_eq!(keep(&schema, &known), expected);
    }
}
