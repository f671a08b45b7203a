//! Converse of Amazon Bedrock, after its API reference, version 2023-09-30.

use mem0_core::{Finish, Speaker};
use serde_json::{Value, json};

use super::llm::{Read, list, number, object, text, tokens};
use super::openai::own_words;
use super::{Reply, Seen, aws};
use crate::harness::{FakeAnswer, FakeAsked};

const NULL: Value = Value::Null;

pub(crate) fn speak(seen: &Seen, answer: &FakeAnswer, model: &str) -> Result<(FakeAsked, Value), Reply> {
    aws::check(seen, "bedrock")?;
    let due = format!("/model/{}/converse", model.replace(':', "%3A"));
    if (seen.method.as_str(), seen.path.as_str()) != ("POST", due.as_str()) {
        return Err(aws::refusal(404, "ResourceNotFoundException", "Could not resolve the foundation model"));
    }
    let asked = read(&seen.json()).map_err(|e| aws::refusal(400, "ValidationException", &e))?;
    Ok((asked, reply(&seen.json(), answer)))
}

fn read(body: &Value) -> Read<FakeAsked> {
    const KEYS: &[&str] =
        &["messages", "system", "inferenceConfig", "toolConfig", "guardrailConfig", "additionalModelRequestFields"];
    let body = object(body, "body", KEYS)?;
    let get = |key: &str| body.get(key).unwrap_or(&NULL);
    let mut turns = Vec::new();
    for message in list(get("messages"), "messages")? {
        let message = object(message, "message", &["role", "content"])?;
        let speaker = match message.get("role").and_then(Value::as_str) {
            Some("user") => Speaker::User,
            Some("assistant") => Speaker::Assistant,
            _ => return Err("messages.role must be user or assistant".to_owned()),
        };
        let (words, images) = blocks(message.get("content").unwrap_or(&NULL))?;
        turns.push((Some(speaker), words, images));
    }
    let system = body.get("system").map(blocks).transpose()?.unwrap_or_default().0;
    let system = own_words(&system).to_owned();
    let config = object(get("inferenceConfig"), "inferenceConfig", &["maxTokens", "temperature", "topP"])?;
    let option = |key: &str| config.get(key).unwrap_or(&NULL);
    Ok(FakeAsked {
        system,
        turns,
        schema: body.get("toolConfig").map(tool).transpose()?,
        max_tokens: tokens(option("maxTokens"), "maxTokens")?,
        temperature: number(option("temperature"), "temperature", 0.0..=1.0)?,
    })
}

fn blocks(content: &Value) -> Read<(String, Vec<String>)> {
    let (mut words, mut images) = (String::new(), Vec::new());
    for block in list(content, "content")? {
        let block = object(block, "block", &["text", "image"])?;
        match (block.get("text"), block.get("image")) {
            (Some(more), None) if !text(more, "text")?.is_empty() => words.push_str(text(more, "text")?),
            (None, Some(image)) => {
                let image = object(image, "image", &["format", "source"])?;
                let format = text(image.get("format").unwrap_or(&NULL), "format")?;
                if !["png", "jpeg", "gif", "webp"].contains(&format) {
                    return Err("image.format must be one of [png, jpeg, gif, webp]".to_owned());
                }
                let source = object(image.get("source").unwrap_or(&NULL), "source", &["bytes"])?;
                let bytes = text(source.get("bytes").unwrap_or(&NULL), "bytes")?;
                images.push(format!("data:image/{format};base64,{bytes}"));
            }
            _ => return Err("a content block must have one member, which is not blank".to_owned()),
        }
    }
    Ok((words, images))
}

fn tool(config: &Value) -> Read<Value> {
    let config = object(config, "toolConfig", &["tools", "toolChoice"])?;
    let tool = list(config.get("tools").unwrap_or(&NULL), "tools")?.first().unwrap_or(&NULL);
    let spec = object(tool, "tool", &["toolSpec"])?.get("toolSpec").unwrap_or(&NULL);
    let spec = object(spec, "toolSpec", &["name", "description", "inputSchema"])?;
    let name = spec.get("name").unwrap_or(&NULL);
    if config.get("toolChoice") != Some(&json!({"tool": {"name": text(name, "name")?}})) {
        return Err("toolChoice must name the tool".to_owned());
    }
    let schema = object(spec.get("inputSchema").unwrap_or(&NULL), "inputSchema", &["json"])?;
    schema.get("json").cloned().ok_or_else(|| "inputSchema.json is required".to_owned())
}

fn reply(asked: &Value, answer: &FakeAnswer) -> Value {
    let mut content = Vec::new();
    if let Some(reasoning) = &answer.reasoning {
        let text = json!({"text": reasoning, "signature": "c2ln"});
        content.push(json!({"reasoningContent": {"reasoningText": text}}));
    }
    let called = asked.get("toolConfig").is_some().then(|| serde_json::from_str::<Value>(&answer.text).ok()).flatten();
    match &called {
        Some(input) => content.push(json!({"toolUse": {"toolUseId": "t1", "name": "x", "input": input}})),
        None => content.push(json!({"text": answer.text})),
    }
    let stop_reason = match answer.finish {
        Finish::Length => "max_tokens",
        Finish::Filtered => "guardrail_intervened",
        _ if called.is_some() => "tool_use",
        _ => "end_turn",
    };
    let usage = answer.usage;
    let read = usage.input / 4;
    json!({
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": stop_reason,
        "usage": {
            "inputTokens": usage.input - read,
            "cacheReadInputTokens": read,
            "outputTokens": usage.output,
            "totalTokens": usage.input + usage.output,
        },
        "metrics": {"latencyMs": 1},
    })
}
