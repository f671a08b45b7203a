//! Ollama's `/api/chat`, after docs.ollama.com.

use mem0_core::{Finish, Speaker};
use serde_json::{Value, json};

use super::llm::{Read, list, number, object, text, tokens};
use super::{Reply, Seen};
use crate::harness::{FAKE_KEY, FakeAnswer, FakeAsked};

const NULL: Value = Value::Null;

pub(crate) const MODEL: &str = "llama3.1:8b";

pub(crate) fn refusal(status: u16, message: &str) -> Reply {
    Reply::json(status, &json!({"error": message}))
}

/// Ollama itself asks for no key; the gateway before this one does.
pub(crate) fn speak(seen: &Seen, answer: &FakeAnswer) -> Result<(FakeAsked, Value), Reply> {
    if seen.header("authorization") != Some(&*format!("Bearer {FAKE_KEY}")) {
        return Err(refusal(401, "unauthorized"));
    }
    if (seen.method.as_str(), seen.path.as_str()) != ("POST", "/api/chat") {
        return Err(refusal(404, "404 page not found"));
    }
    let body = seen.json();
    if body.get("model") != Some(&json!(MODEL)) {
        return Err(refusal(404, "model 'x' not found"));
    }
    let asked = read(&body).map_err(|e| refusal(400, &e))?;
    Ok((asked, reply(&body, answer)))
}

fn read(body: &Value) -> Read<FakeAsked> {
    const KEYS: &[&str] = &["model", "messages", "stream", "think", "truncate", "options", "format", "keep_alive"];
    let body = object(body, "body", KEYS)?;
    if body.get("stream") != Some(&json!(false)) {
        return Err("this fake does not stream".to_owned());
    }
    let (mut system, mut turns) = (String::new(), Vec::new());
    for message in list(body.get("messages").unwrap_or(&NULL), "messages")? {
        let message = object(message, "message", &["role", "content", "images"])?;
        let words = text(message.get("content").unwrap_or(&NULL), "content")?.to_owned();
        let speaker = match message.get("role").and_then(Value::as_str) {
            Some("system") if turns.is_empty() && system.is_empty() => {
                system = words;
                continue;
            }
            Some("user") => Speaker::User,
            Some("assistant") => Speaker::Assistant,
            _ => return Err("invalid role".to_owned()),
        };
        let images = message.get("images").map_or(Ok(&[] as &[Value]), |images| list(images, "images"))?;
        let images = images.iter().map(image).collect::<Read<_>>()?;
        turns.push((Some(speaker), words, images));
    }
    const OPTIONS: &[&str] = &["temperature", "num_predict", "top_p", "top_k", "num_ctx", "seed"];
    let options = object(body.get("options").unwrap_or(&NULL), "options", OPTIONS)?;
    let option = |key: &str| options.get(key).unwrap_or(&NULL);
    Ok(FakeAsked {
        system,
        turns,
        schema: body.get("format").cloned(),
        max_tokens: tokens(option("num_predict"), "num_predict")?,
        temperature: number(option("temperature"), "temperature", 0.0..=2.0)?,
    })
}

/// What kind of picture it is stands in its first bytes only.
fn image(image: &Value) -> Read<String> {
    let data = text(image, "image")?;
    let kind = [("iVBORw0KGgo", "png"), ("/9j/", "jpeg")].into_iter().find(|(start, _)| data.starts_with(start));
    let (_, kind) = kind.ok_or("illegal base64 data, or no picture")?;
    Ok(format!("data:image/{kind};base64,{data}"))
}

fn reply(asked: &Value, answer: &FakeAnswer) -> Value {
    let mut message = json!({"role": "assistant", "content": answer.text});
    if let (Some(reasoning), Some(message)) = (&answer.reasoning, message.as_object_mut()) {
        message.insert("thinking".to_owned(), json!(reasoning));
    }
    let reason = if answer.finish == Finish::Length { "length" } else { "stop" };
    json!({
        "model": asked.get("model"),
        "created_at": "2026-01-01T00:00:00.000000Z",
        "message": message,
        "done": true,
        "done_reason": reason,
        "total_duration": 1,
        "prompt_eval_count": answer.usage.input,
        "eval_count": answer.usage.output,
    })
}
