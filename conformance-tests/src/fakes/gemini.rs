//! `generateContent`, after "Generating content" and "Troubleshooting" of
//! ai.google.dev (v1beta) and of Vertex AI (v1), which have the same bodies.

use mem0_core::{Finish, Speaker};
use serde_json::{Value, json};

use super::llm::{Read, list, number, object, text, tokens};
use super::{Reply, Seen};
use crate::harness::{FAKE_KEY, FakeAnswer, FakeAsked};

const NULL: Value = Value::Null;

pub(crate) fn refusal(code: u16, status: &str, message: &str) -> Reply {
    Reply::json(code, &json!({"error": {"code": code, "message": message, "status": status}}))
}

/// The Gemini API, with a key.
pub(crate) fn speak(seen: &Seen, answer: &FakeAnswer) -> Result<(FakeAsked, Value), Reply> {
    if seen.header("x-goog-api-key") != Some(FAKE_KEY) {
        let details = json!([{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]);
        let message = "API key not valid. Please pass a valid API key.";
        let error = json!({"code": 400, "message": message, "status": "INVALID_ARGUMENT", "details": details});
        return Err(Reply::json(400, &json!({"error": error})));
    }
    generate(seen, answer, "/v1beta/models/")
}

/// The method itself, whoever was let in.
pub(crate) fn generate(seen: &Seen, answer: &FakeAnswer, place: &str) -> Result<(FakeAsked, Value), Reply> {
    let model = seen.path.strip_prefix(place).and_then(|rest| rest.strip_suffix(":generateContent"));
    let model = model.filter(|model| seen.method == "POST" && !model.contains(['/', '?']));
    let Some(model) = model else { return Err(refusal(404, "NOT_FOUND", "Requested entity was not found.")) };
    let asked = read(&seen.json()).map_err(|e| refusal(400, "INVALID_ARGUMENT", &e))?;
    Ok((asked, reply(model, answer)))
}

fn read(body: &Value) -> Read<FakeAsked> {
    let body = object(body, "body", &["contents", "systemInstruction", "generationConfig"])?;
    let get = |key: &str| body.get(key).unwrap_or(&NULL);
    let mut turns = Vec::new();
    for content in list(get("contents"), "contents")? {
        let speaker = match object(content, "content", &["role", "parts"])?.get("role").and_then(Value::as_str) {
            Some("user") => Speaker::User,
            Some("model") => Speaker::Assistant,
            _ => return Err("Please use a valid role: user, model.".to_owned()),
        };
        let (words, images) = parts(content)?;
        turns.push((Some(speaker), words, images));
    }
    let system = match body.get("systemInstruction") {
        None => String::new(),
        Some(system) => {
            object(system, "systemInstruction", &["role", "parts"])?;
            parts(system)?.0
        }
    };
    const KEYS: &[&str] = &["temperature", "maxOutputTokens", "topP", "topK", "responseMimeType", "responseJsonSchema"];
    let config = object(get("generationConfig"), "generationConfig", KEYS)?;
    let option = |key: &str| config.get(key).unwrap_or(&NULL);
    let schema = config.get("responseJsonSchema").cloned();
    if schema.is_some() && option("responseMimeType") != "application/json" {
        return Err("responseJsonSchema needs responseMimeType application/json".to_owned());
    }
    Ok(FakeAsked {
        system,
        turns,
        schema,
        max_tokens: tokens(option("maxOutputTokens"), "maxOutputTokens")?,
        temperature: number(option("temperature"), "temperature", 0.0..=2.0)?,
    })
}

fn parts(content: &Value) -> Read<(String, Vec<String>)> {
    let (mut words, mut images) = (String::new(), Vec::new());
    for part in list(content.get("parts").unwrap_or(&NULL), "parts")? {
        let part = object(part, "part", &["text", "inlineData"])?;
        match (part.get("text"), part.get("inlineData")) {
            (Some(more), None) if !text(more, "text")?.is_empty() => words.push_str(text(more, "text")?),
            (None, Some(blob)) => {
                let blob = object(blob, "inlineData", &["mimeType", "data"])?;
                let part = |key: &str| text(blob.get(key).unwrap_or(&NULL), key);
                images.push(format!("data:{};base64,{}", part("mimeType")?, part("data")?));
            }
            _ => return Err("oneof field 'data' must have one initialized field".to_owned()),
        }
    }
    Ok((words, images))
}

fn reply(model: &str, answer: &FakeAnswer) -> Value {
    let mut parts = Vec::new();
    // Reasoning is counted apart from the answer.
    let mut thoughts = 0;
    if let Some(reasoning) = &answer.reasoning {
        parts.push(json!({"text": reasoning, "thought": true}));
        thoughts = answer.usage.output / 2;
    }
    if !answer.text.is_empty() {
        parts.push(json!({"text": answer.text, "thoughtSignature": "c2ln"}));
    }
    let finish = match answer.finish {
        Finish::Length => "MAX_TOKENS",
        Finish::Filtered => "SAFETY",
        _ => "STOP",
    };
    let mut candidate = json!({"finishReason": finish, "index": 0});
    if let (Finish::Complete | Finish::Length, Some(candidate)) = (answer.finish, candidate.as_object_mut()) {
        candidate.insert("content".to_owned(), json!({"role": "model", "parts": parts}));
    }
    let usage = answer.usage;
    json!({
        "candidates": [candidate],
        "usageMetadata": {
            "promptTokenCount": usage.input,
            "candidatesTokenCount": usage.output - thoughts,
            "thoughtsTokenCount": thoughts,
            "totalTokenCount": usage.input + usage.output,
        },
        "modelVersion": model,
        "responseId": "r1",
    })
}
