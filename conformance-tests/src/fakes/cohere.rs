//! Cohere's Chat API, after docs.cohere.com, version 2.

use mem0_core::{Finish, Speaker};
use serde_json::{Value, json};

use super::llm::{Read, list, number, object, text, tokens};
use super::{Reply, Seen};
use crate::harness::{FAKE_KEY, FakeAnswer, FakeAsked};

const NULL: Value = Value::Null;

pub(crate) fn refusal(status: u16, message: &str) -> Reply {
    Reply::json(status, &json!({"id": "1", "message": message}))
}

pub(crate) fn speak(seen: &Seen, answer: &FakeAnswer) -> Result<(FakeAsked, Value), Reply> {
    if seen.header("authorization") != Some(&*format!("Bearer {FAKE_KEY}")) {
        return Err(refusal(401, "invalid api token"));
    }
    if (seen.method.as_str(), seen.path.as_str()) != ("POST", "/v2/chat") {
        return Err(refusal(404, "not found"));
    }
    let asked = read(&seen.json()).map_err(|e| refusal(400, &format!("invalid request: {e}")))?;
    Ok((asked, reply(answer)))
}

fn read(body: &Value) -> Read<FakeAsked> {
    const KEYS: &[&str] = &["model", "messages", "stream", "max_tokens", "temperature", "p", "k", "response_format"];
    let body = object(body, "body", KEYS)?;
    let get = |key: &str| body.get(key).unwrap_or(&NULL);
    text(get("model"), "model")?;
    if get("stream") != &json!(false) {
        return Err("this fake does not stream".to_owned());
    }
    let (mut system, mut turns) = (String::new(), Vec::new());
    for message in list(get("messages"), "messages")? {
        let message = object(message, "message", &["role", "content"])?;
        let (words, images) = content(message.get("content").unwrap_or(&NULL))?;
        let speaker = match message.get("role").and_then(Value::as_str) {
            Some("system") if turns.is_empty() && system.is_empty() => {
                system = words;
                continue;
            }
            Some("user") => Speaker::User,
            Some("assistant") => Speaker::Assistant,
            _ => return Err("invalid role, or a system turn that is not the first".to_owned()),
        };
        turns.push((Some(speaker), words, images));
    }
    let schema = match body.get("response_format") {
        None => None,
        Some(format) => {
            let format = object(format, "response_format", &["type", "json_schema"])?;
            if format.get("type") != Some(&json!("json_object")) {
                return Err("response_format.type must be json_object".to_owned());
            }
            format.get("json_schema").cloned()
        }
    };
    Ok(FakeAsked {
        system,
        turns,
        schema,
        max_tokens: tokens(get("max_tokens"), "max_tokens")?,
        temperature: number(get("temperature"), "temperature", 0.0..=1.0)?,
    })
}

fn content(content: &Value) -> Read<(String, Vec<String>)> {
    if let Some(words) = content.as_str() {
        return Ok((words.to_owned(), Vec::new()));
    }
    let (mut words, mut images) = (String::new(), Vec::new());
    for part in list(content, "content")? {
        match part.get("type").and_then(Value::as_str) {
            Some("text") => {
                let part = object(part, "part", &["type", "text"])?;
                words.push_str(text(part.get("text").unwrap_or(&NULL), "text")?);
            }
            Some("image_url") => {
                let part = object(part, "part", &["type", "image_url"])?;
                let image = object(part.get("image_url").unwrap_or(&NULL), "image_url", &["url", "detail"])?;
                images.push(text(image.get("url").unwrap_or(&NULL), "url")?.to_owned());
            }
            _ => return Err("unknown content".to_owned()),
        }
    }
    Ok((words, images))
}

fn reply(answer: &FakeAnswer) -> Value {
    let mut content = Vec::new();
    if let Some(reasoning) = &answer.reasoning {
        content.push(json!({"type": "thinking", "thinking": reasoning}));
    }
    if !answer.text.is_empty() {
        content.push(json!({"type": "text", "text": answer.text}));
    }
    let finish = match answer.finish {
        Finish::Length => "MAX_TOKENS",
        Finish::Filtered => "ERROR_TOXIC",
        _ => "COMPLETE",
    };
    let content = if content.is_empty() { NULL } else { Value::Array(content) };
    // What is paid for is less than what was read.
    let (input, output) = (answer.usage.input, answer.usage.output);
    json!({
        "id": "c1",
        "finish_reason": finish,
        "message": {"role": "assistant", "content": content},
        "usage": {
            "billed_units": {"input_tokens": input / 2, "output_tokens": output / 2},
            "tokens": {"input_tokens": input, "output_tokens": output},
        },
    })
}
