//! Anthropic's Messages API, after "Messages", "Structured outputs" and
//! "Errors" of platform.claude.com/docs, version 2023-06-01.

use mem0_core::{Finish, Speaker};
use serde_json::{Value, json};

use super::llm::{Read, closed, list, number, object, text, tokens};
use super::{Reply, Seen};
use crate::harness::{FAKE_KEY, FakeAnswer, FakeAsked};

const NULL: Value = Value::Null;

pub(crate) fn refusal(status: u16, kind: &str, message: &str) -> Reply {
    Reply::json(status, &json!({"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}))
}

pub(crate) fn speak(seen: &Seen, answer: &FakeAnswer) -> Result<(FakeAsked, Value), Reply> {
    if (seen.method.as_str(), seen.path.as_str()) != ("POST", "/v1/messages") {
        return Err(refusal(404, "not_found_error", "Not found"));
    }
    if seen.header("x-api-key") != Some(FAKE_KEY) {
        return Err(refusal(401, "authentication_error", "invalid x-api-key"));
    }
    if seen.header("anthropic-version") != Some("2023-06-01") {
        return Err(refusal(400, "invalid_request_error", "anthropic-version: header is required"));
    }
    if seen.header("content-type") != Some("application/json") {
        return Err(refusal(400, "invalid_request_error", "content-type must be application/json"));
    }
    let asked = read(&seen.json()).map_err(|e| refusal(400, "invalid_request_error", &e))?;
    let body = reply(&seen.json(), answer);
    Ok((asked, body))
}

fn read(body: &Value) -> Read<FakeAsked> {
    const KEYS: &[&str] = &[
        "model",
        "max_tokens",
        "system",
        "messages",
        "temperature",
        "top_p",
        "top_k",
        "output_config",
        "tools",
        "tool_choice",
    ];
    let body = object(body, "body", KEYS)?;
    let get = |key: &str| body.get(key).unwrap_or(&NULL);
    text(get("model"), "model")?;
    let max_tokens = tokens(get("max_tokens"), "max_tokens")?.ok_or("max_tokens: Field required")?;
    let temperature = number(get("temperature"), "temperature", 0.0..=1.0)?;
    if temperature.is_some() && body.contains_key("top_p") {
        return Err("`temperature` and `top_p` cannot both be specified for this model".to_owned());
    }
    let mut turns = Vec::new();
    for message in list(get("messages"), "messages")? {
        turns.push(turn(message)?);
    }
    let schema = match (body.get("output_config"), body.get("tools")) {
        (Some(config), _) => {
            let format = object(config, "output_config", &["format"])?.get("format").unwrap_or(&NULL);
            let format = object(format, "output_config.format", &["type", "schema"])?;
            if format.get("type") != Some(&json!("json_schema")) {
                return Err("output_config.format.type must be json_schema".to_owned());
            }
            let schema = format.get("schema").ok_or("output_config.format.schema: Field required")?;
            if !closed(schema) {
                return Err("For 'object' type, 'additionalProperties' must be explicitly set to false".to_owned());
            }
            Some(schema.clone())
        }
        (None, Some(tools)) => {
            let tool = list(tools, "tools")?.first().unwrap_or(&NULL);
            let tool = object(tool, "tool", &["name", "description", "input_schema"])?;
            let due = json!({"type": "tool", "name": tool.get("name")});
            if body.get("tool_choice") != Some(&due) {
                return Err("tool_choice must name the tool".to_owned());
            }
            tool.get("input_schema").cloned()
        }
        (None, None) => None,
    };
    let system = body.get("system").map(|system| text(system, "system")).transpose()?.unwrap_or_default();
    Ok(FakeAsked { system: system.to_owned(), turns, schema, max_tokens: Some(max_tokens), temperature })
}

fn turn(message: &Value) -> Read<(Option<Speaker>, String, Vec<String>)> {
    let message = object(message, "message", &["role", "content"])?;
    let speaker = match message.get("role").and_then(Value::as_str) {
        Some("user") => Speaker::User,
        Some("assistant") => Speaker::Assistant,
        _ => return Err("messages: Unexpected role".to_owned()),
    };
    let (mut words, mut images) = (String::new(), Vec::new());
    for block in list(message.get("content").unwrap_or(&NULL), "content")? {
        match block.get("type").and_then(Value::as_str) {
            Some("text") => {
                let block = object(block, "text block", &["type", "text"])?;
                let more = text(block.get("text").unwrap_or(&NULL), "text")?;
                if more.trim().is_empty() {
                    return Err("messages: text content blocks must contain non-whitespace text".to_owned());
                }
                words.push_str(more);
            }
            Some("image") => {
                let block = object(block, "image block", &["type", "source"])?;
                images.push(source(block.get("source").unwrap_or(&NULL))?);
            }
            _ => return Err("messages: unknown content block".to_owned()),
        }
    }
    Ok((Some(speaker), words, images))
}

fn source(source: &Value) -> Read<String> {
    let part = |key: &str| text(source.get(key).unwrap_or(&NULL), key);
    match part("type")? {
        "url" => {
            object(source, "source", &["type", "url"])?;
            part("url").map(str::to_owned)
        }
        "base64" => {
            object(source, "source", &["type", "media_type", "data"])?;
            Ok(format!("data:{};base64,{}", part("media_type")?, part("data")?))
        }
        other => Err(format!("source.type {other} is unknown")),
    }
}

fn reply(asked: &Value, answer: &FakeAnswer) -> Value {
    let mut content = Vec::new();
    if let Some(reasoning) = &answer.reasoning {
        content.push(json!({"type": "thinking", "thinking": reasoning, "signature": "c2ln"}));
        content.push(json!({"type": "redacted_thinking", "data": "ZGF0YQ=="}));
    }
    let called = asked.get("tools").is_some().then(|| serde_json::from_str::<Value>(&answer.text).ok()).flatten();
    match &called {
        Some(input) => content.push(json!({"type": "tool_use", "id": "toolu_1", "name": "x", "input": input})),
        // A long answer may come in several blocks.
        None if !answer.text.is_empty() => {
            let half = answer.text.char_indices().nth(answer.text.chars().count() / 2).map_or(0, |(at, _)| at);
            let (first, second) = answer.text.split_at(half);
            let parts = [first, second].into_iter().filter(|part| !part.is_empty());
            content.extend(parts.map(|part| json!({"type": "text", "text": part})));
        }
        None => {}
    }
    let stop_reason = match answer.finish {
        Finish::Length => "max_tokens",
        Finish::Filtered => "refusal",
        _ if called.is_some() => "tool_use",
        _ => "end_turn",
    };
    // What a cache had is counted apart.
    let (read, written) = (answer.usage.input / 4, answer.usage.input / 3);
    json!({
        "id": "msg_1", "type": "message", "role": "assistant", "model": asked.get("model"), "content": content,
        "stop_reason": stop_reason, "stop_sequence": null,
        "usage": {
            "input_tokens": answer.usage.input - read - written,
            "cache_read_input_tokens": read,
            "cache_creation_input_tokens": written,
            "output_tokens": answer.usage.output,
            "service_tier": "standard",
        },
    })
}
