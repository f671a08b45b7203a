//! A fake of Chat Completions (OpenAI's API reference, as of 2026) and of the
//! habits of the hosts of its shape.

use std::sync::{Arc, Mutex, PoisonError};

use mem0_core::{Error, Finish, Result, Speaker};
use serde_json::{Map, Value, json};

use super::{FakeServer, Reply, Seen};
use crate::harness::{FAKE_KEY, FakeAnswer, FakeAsked, FakeLlm};

/// How a host differs from the others.
#[derive(Clone, Copy, Debug)]
pub struct Dialect {
    /// Path and query of its one operation.
    pub path: &'static str,
    /// The header that carries the key, and what stands before it there.
    pub key: (&'static str, &'static str),
    /// The types of `response_format` that it takes.
    pub formats: &'static [&'static str],
    /// Fields that it takes beside OpenAI's own.
    pub fields: &'static [&'static str],
    /// Whether thoughts stand in the answer, in `<think>` tags, and not in a
    /// field of their own.
    pub thinks_aloud: bool,
    /// Whether thoughts count only in the total.
    pub total_only: bool,
}

/// OpenAI's own.
pub const OPENAI: Dialect = Dialect {
    path: "/v1/chat/completions",
    key: ("authorization", "Bearer "),
    formats: &["text", "json_object", "json_schema"],
    fields: &[],
    thinks_aloud: false,
    total_only: false,
};

/// The fields of a request.
const FIELDS: &[&str] = &[
    "messages",
    "model",
    "store",
    "reasoning_effort",
    "metadata",
    "frequency_penalty",
    "logit_bias",
    "logprobs",
    "top_logprobs",
    "max_tokens",
    "max_completion_tokens",
    "n",
    "modalities",
    "prediction",
    "presence_penalty",
    "response_format",
    "seed",
    "service_tier",
    "stop",
    "stream",
    "temperature",
    "top_p",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "user",
    "safety_identifier",
    "prompt_cache_key",
    "verbosity",
];

/// How the sentence begins by which the adapter asks for JSON.
const ASK: &str = "Answer with one JSON object and with nothing else";

/// A system prompt without what the adapter adds to ask for JSON.
pub(crate) fn own_words(system: &str) -> &str {
    system.split_once(ASK).map_or(system, |(own, _)| own.strip_suffix("\n\n").unwrap_or(own))
}

/// A host with one model.
#[derive(Debug)]
pub struct FakeOpenAi {
    server: Arc<FakeServer>,
    answer: Arc<Mutex<FakeAnswer>>,
}

impl FakeOpenAi {
    /// Starts it.
    ///
    /// # Errors
    /// If no port can be had.
    pub async fn start(dialect: Dialect) -> Result<Self> {
        let answer = Arc::new(Mutex::new(FakeAnswer::new("")));
        let told = Arc::clone(&answer);
        let server = FakeServer::start(move |seen| {
            let answer = told.lock().unwrap_or_else(PoisonError::into_inner).clone();
            reply(dialect, seen, &answer).unwrap_or_else(|refusal| refusal)
        });
        let server = server.await.map_err(|e| Error::internal("the fake has no port").with_source(e))?;
        Ok(Self { server: Arc::new(server), answer })
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }
}

impl FakeLlm for FakeOpenAi {
    fn answer(&self, answer: FakeAnswer) {
        *self.answer.lock().unwrap_or_else(PoisonError::into_inner) = answer;
    }

    fn asked(&self) -> Vec<FakeAsked> {
        self.server.seen().iter().map(asked).collect()
    }

    fn server(&self) -> Arc<FakeServer> {
        Arc::clone(&self.server)
    }
}

/// The error of the API, as its documentation shows it.
#[must_use]
pub fn error(status: u16, code: &str, message: &str) -> Reply {
    let error = json!({"message": message, "type": "invalid_request_error", "param": null, "code": code});
    Reply::json(status, &json!({"error": error}))
}

/// What is answered to input that is too long.
#[must_use]
pub fn too_long() -> Reply {
    let message = "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.";
    error(400, "context_length_exceeded", message)
}

fn invalid(code: &str, message: impl std::fmt::Display) -> Reply {
    error(400, code, &message.to_string())
}

fn due(holds: bool, code: &str, message: impl std::fmt::Display) -> Result<(), Reply> {
    if holds { Ok(()) } else { Err(invalid(code, message)) }
}

fn reply(dialect: Dialect, seen: &Seen, answer: &FakeAnswer) -> Result<Reply, Reply> {
    if seen.method != "POST" || seen.path != dialect.path {
        return Err(error(404, "unknown_url", "Unknown request URL"));
    }
    let (header, before) = dialect.key;
    if seen.header(header) != Some(&format!("{before}{FAKE_KEY}")) {
        return Err(error(401, "invalid_api_key", "Incorrect API key provided"));
    }
    due(seen.header("content-type") == Some("application/json"), "invalid_type", "the body must be JSON")?;
    let body = seen.json();
    let Value::Object(fields) = &body else { return Err(invalid("invalid_type", "the body must be an object")) };
    for name in fields.keys() {
        let known = FIELDS.contains(&name.as_str()) || dialect.fields.contains(&name.as_str());
        due(known, "unknown_parameter", format_args!("Unknown parameter: '{name}'"))?;
    }
    sampling(fields)?;
    messages(&body)?;
    format(dialect, &body)?;
    tools(&body)?;
    Ok(completion(dialect, &body, answer))
}

fn sampling(fields: &Map<String, Value>) -> Result<(), Reply> {
    let model = fields.get("model").and_then(Value::as_str).unwrap_or_default();
    due(!model.is_empty(), "missing_required_parameter", "Missing required parameter: 'model'")?;
    let reasons = ["o1", "o3", "o4", "gpt-5"].iter().any(|family| model.starts_with(family));
    let limit = |name: &str, most: f64| match fields.get(name) {
        None => Ok(()),
        Some(value) => {
            due(!reasons, "unsupported_value", format_args!("'{name}' is not supported with this model"))?;
            let within = value.as_f64().is_some_and(|number| (0.0..=most).contains(&number));
            due(within, "decimal_out_of_range", format_args!("'{name}' is out of range"))
        }
    };
    limit("temperature", 2.0)?;
    limit("top_p", 1.0)?;
    let both = fields.contains_key("max_tokens") && fields.contains_key("max_completion_tokens");
    due(!both, "invalid_value", "max_tokens and max_completion_tokens exclude each other")?;
    let old = fields.contains_key("max_tokens") && reasons;
    due(!old, "unsupported_parameter", "use 'max_completion_tokens' with this model")?;
    for name in ["max_tokens", "max_completion_tokens", "n"] {
        let positive = fields.get(name).is_none_or(|value| value.as_u64().is_some_and(|number| number > 0));
        due(positive, "integer_below_min_value", format_args!("'{name}' must be at least 1"))?;
    }
    Ok(())
}

fn items<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn messages(body: &Value) -> Result<(), Reply> {
    due(items(body, "messages").next().is_some(), "empty_array", "'messages' must not be empty")?;
    for message in items(body, "messages") {
        let role = text(message, "role");
        let known = ["system", "developer", "user", "assistant"].contains(&role);
        due(known, "invalid_value", format_args!("Invalid role: '{role}'"))?;
        let extra =
            message.as_object().is_none_or(|m| m.keys().any(|key| !["role", "content", "name"].contains(&&**key)));
        due(!extra, "unknown_parameter", "a message has a field that is not known")?;
        match message.get("content") {
            Some(Value::String(_)) => {}
            Some(Value::Array(parts)) => {
                due(!parts.is_empty(), "empty_array", "a content must not be empty")?;
                parts.iter().try_for_each(|part| self::part(role, part))?;
            }
            _ => return Err(invalid("invalid_type", "a content is a string or a list of parts")),
        }
    }
    Ok(())
}

fn part(role: &str, part: &Value) -> Result<(), Reply> {
    match text(part, "type") {
        "text" => due(part.get("text").is_some_and(Value::is_string), "invalid_type", "a text part has a text"),
        "image_url" => {
            due(role == "user", "invalid_value", "only the user shows images")?;
            let image = part.get("image_url").unwrap_or(&Value::Null);
            let url = text(image, "url");
            let known = ["https://", "http://", "data:image/"].iter().any(|scheme| url.starts_with(scheme));
            due(known, "invalid_image_url", "an image has an address")?;
            let detail = image
                .get("detail")
                .is_none_or(|detail| ["auto", "low", "high"].contains(&detail.as_str().unwrap_or("")));
            due(detail, "invalid_value", "the detail of an image is auto, low or high")
        }
        other => Err(invalid("invalid_value", format_args!("Invalid type of a part: '{other}'"))),
    }
}

fn format(dialect: Dialect, body: &Value) -> Result<(), Reply> {
    let Some(format) = body.get("response_format") else { return Ok(()) };
    let kind = text(format, "type");
    let taken = dialect.formats.contains(&kind);
    due(taken, "invalid_value", format_args!("This model does not support response format '{kind}'"))?;
    if kind == "json_object" {
        let words = body.get("messages").map(Value::to_string).unwrap_or_default().to_lowercase();
        due(words.contains("json"), "invalid_value", "'messages' must contain the word 'json'")?;
    }
    if kind == "json_schema" {
        let schema = format.get("json_schema").unwrap_or(&Value::Null);
        name(text(schema, "name"))?;
        let shape = schema.get("schema").unwrap_or(&Value::Null);
        due(shape.is_object(), "invalid_value", "a schema is an object")?;
        if schema.get("strict") == Some(&json!(true)) {
            strict(shape)?;
        }
    }
    Ok(())
}

fn name(name: &str) -> Result<(), Reply> {
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
    due(plain && (1..=64).contains(&name.len()), "invalid_value", "a name has letters, digits, _ and - only")
}

/// Structured Outputs: every object lists all its properties as required, and
/// allows no others.
fn strict(schema: &Value) -> Result<(), Reply> {
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        let closed = schema.get("additionalProperties") == Some(&json!(false));
        due(closed, "invalid_schema", "'additionalProperties' is required to be false")?;
        let required: Vec<&str> = items(schema, "required").filter_map(Value::as_str).collect();
        let all = properties.keys().all(|key| required.contains(&key.as_str())) && required.len() == properties.len();
        due(all, "invalid_schema", "'required' must include every key in properties")?;
        properties.values().try_for_each(strict)?;
    }
    schema.get("items").map_or(Ok(()), strict)
}

fn tools(body: &Value) -> Result<(), Reply> {
    let names: Vec<&str> =
        items(body, "tools").map(|tool| text(tool.get("function").unwrap_or(tool), "name")).collect();
    for tool in items(body, "tools") {
        due(text(tool, "type") == "function", "invalid_value", "a tool is a function")?;
        let function = tool.get("function").unwrap_or(&Value::Null);
        name(text(function, "name"))?;
        if function.get("strict") == Some(&json!(true)) {
            strict(function.get("parameters").unwrap_or(&Value::Null))?;
        }
    }
    match body.get("tool_choice") {
        None => Ok(()),
        Some(Value::String(mode)) => {
            due(["none", "auto", "required"].contains(&mode.as_str()), "invalid_value", "no such tool choice")
        }
        Some(choice) => {
            let chosen = text(choice.get("function").unwrap_or(&Value::Null), "name");
            due(names.contains(&chosen), "invalid_value", "the tool that is chosen is none of the tools")
        }
    }
}

fn completion(dialect: Dialect, body: &Value, answer: &FakeAnswer) -> Reply {
    let reason = match answer.finish {
        Finish::Complete => "stop",
        Finish::Length => "length",
        _ => "content_filter",
    };
    let mut message = json!({"role": "assistant", "content": answer.text, "refusal": null});
    if let Some(thoughts) = &answer.reasoning {
        match dialect.thinks_aloud {
            true => set(&mut message, "content", json!(format!("<think>\n{thoughts}\n</think>\n\n{}", answer.text))),
            false => set(&mut message, "reasoning_content", json!(thoughts)),
        }
    }
    if body.get("tool_choice").is_some_and(Value::is_object) && !answer.text.is_empty() {
        let tool = items(body, "tools").next().and_then(|tool| tool.get("function")).unwrap_or(&Value::Null);
        let function = json!({"name": text(tool, "name"), "arguments": answer.text});
        set(&mut message, "content", Value::Null);
        set(&mut message, "tool_calls", json!([{"id": "call_1", "type": "function", "function": function}]));
    }
    let count = body.get("n").and_then(Value::as_u64).unwrap_or(1);
    let choices: Vec<Value> = (0..count)
        .map(|index| json!({"index": index, "message": message, "logprobs": null, "finish_reason": reason}))
        .collect();
    let (input, output) = (answer.usage.input, answer.usage.output);
    let thoughts = if answer.reasoning.is_some() { output / 2 } else { 0 };
    let written = if dialect.total_only { output - thoughts } else { output };
    Reply::json(
        200,
        &json!({
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1_700_000_000,
            "model": text(body, "model"),
            "choices": choices,
            "usage": {
                "prompt_tokens": input,
                "completion_tokens": written,
                "total_tokens": input + output,
                "completion_tokens_details": {"reasoning_tokens": thoughts},
            },
        }),
    )
}

fn set(message: &mut Value, key: &str, value: Value) {
    if let Some(fields) = message.as_object_mut() {
        fields.insert(key.to_owned(), value);
    }
}

fn asked(seen: &Seen) -> FakeAsked {
    let body = seen.json();
    let mut asked = FakeAsked {
        max_tokens: body.get("max_completion_tokens").or(body.get("max_tokens")).and_then(Value::as_u64),
        temperature: body.get("temperature").and_then(Value::as_f64),
        ..FakeAsked::default()
    };
    let format = body.pointer("/response_format/json_schema/schema");
    asked.schema = format.or(body.pointer("/tools/0/function/parameters")).cloned();
    for message in items(&body, "messages") {
        let content = message.get("content").unwrap_or(&Value::Null);
        let mut words = content.as_str().unwrap_or_default().to_owned();
        words.extend(items(message, "content").map(|part| text(part, "text")));
        let images = items(message, "content").filter_map(|part| part.pointer("/image_url/url")?.as_str());
        let speaker = match text(message, "role") {
            "user" => Some(Speaker::User),
            "assistant" => Some(Speaker::Assistant),
            _ => {
                asked.system.push_str(own_words(&words));
                continue;
            }
        };
        let images = images.map(str::to_owned).collect();
        asked.turns.push((speaker, words, images));
    }
    asked
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(change: impl FnOnce(&mut Value)) -> Result<Reply, Reply> {
        let mut body = json!({"model": "gpt-4o", "messages": [{"role": "user", "content": "Say json."}]});
        change(&mut body);
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let seen = Seen {
            method: "POST".to_owned(),
            path: OPENAI.path.to_owned(),
            headers: vec![
                header("authorization", &format!("Bearer {FAKE_KEY}")),
                header("content-type", "application/json"),
            ],
            body: body.to_string().into(),
        };
        reply(OPENAI, &seen, &FakeAnswer::new("Fine."))
    }

    #[test]
    fn what_the_reference_allows_is_answered() {
        for (key, value) in [
            ("temperature", json!(2.0)),
            ("max_completion_tokens", json!(1)),
            ("n", json!(3)),
            ("response_format", json!({"type": "json_object"})),
        ] {
            let reply = asks(|body| body[key] = value).unwrap();
            let body: Value = serde_json::from_slice(&reply.body).unwrap();
            assert_eq!(body["choices"].as_array().unwrap().len(), if key == "n" { 3 } else { 1 });
        }
    }

    #[test]
    fn what_the_reference_does_not_allow_is_refused() {
        let open = json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]});
        let loose = json!({"type": "json_schema", "json_schema": {"name": "a", "schema": open, "strict": true}});
        let unnamed = json!({"type": "json_schema", "json_schema": {"name": "a b", "schema": {"type": "object"}}});
        let image = |role: &str, url: &str| json!([{"role": role, "content": [{"type": "image_url", "image_url": {"url": url}}]}]);
        for (key, value) in [
            ("top_k", json!(1)),
            ("model", json!("")),
            ("temperature", json!(2.1)),
            ("max_tokens", json!(0)),
            ("messages", json!([])),
            ("messages", json!([{"role": "ai", "content": "json"}])),
            ("messages", json!([{"role": "user", "content": null}])),
            ("messages", json!([{"role": "user", "content": "json", "speaker": "ana"}])),
            ("messages", image("assistant", "https://example.com/a.png")),
            ("messages", image("user", "file:///etc/passwd")),
            ("response_format", json!({"type": "xml"})),
            ("response_format", loose),
            ("response_format", unnamed),
            ("tools", json!([{"type": "function", "function": {"name": "a b"}}])),
            ("tool_choice", json!({"type": "function", "function": {"name": "none"}})),
        ] {
            let refused = asks(|body| body[key] = value.clone());
            assert_eq!(refused.map_err(|reply| reply.status).unwrap_err(), 400, "{key}: {value}");
        }
        let unasked = asks(|body| {
            body["messages"][0]["content"] = json!("Hi");
            body["response_format"] = json!({"type": "json_object"});
        });
        assert_eq!(unasked.unwrap_err().status, 400);
        for (key, value) in [("temperature", json!(0.1)), ("max_tokens", json!(9))] {
            let reasons = asks(|body| {
                body["model"] = json!("o3-mini");
                body[key] = value;
            });
            assert_eq!(reasons.unwrap_err().status, 400, "{key}");
        }
    }
}
