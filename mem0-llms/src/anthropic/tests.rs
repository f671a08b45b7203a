use mem0_core::TokenUsage;
use serde_json::{Value, json};

use super::*;
use crate::shared::testing::{
    PIXEL, answered, body, refused, refuses_what_is_no_answer, schema, sent, shaped, shown, talk, wrong,
};

fn handle(more: Value) -> Anthropic {
    let mut config =
        json!({"api_key": "k-1", "anthropic_base_url": "https://a.example/", "model": "claude-sonnet-4-5"});
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Anthropic::new(provider_config(config).unwrap()).unwrap()
}

#[test]
fn a_talk_is_these_bytes() {
    assert_eq!(
        sent(&handle(json!({})).request(&talk()).unwrap()),
        "POST https://a.example/v1/messages\ncontent-type: application/json\nx-api-key: k-1\n\
         anthropic-version: 2023-06-01\n\n\
         {\"model\":\"claude-sonnet-4-5\",\"max_tokens\":8192,\"system\":\"Be terse.\",\"messages\":[\
         {\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"Hi\"}]},\
         {\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"Yes?\"}]},\
         {\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"Was ist „das“?\"}]}],\"temperature\":0.1}"
    );
}

#[test]
fn a_shape_is_a_format_or_a_tool_by_the_model() {
    assert_eq!(body(&handle(json!({"model": "claude-3-haiku-20240307"})), &talk())["max_tokens"], 4096);
    let new = body(&handle(json!({})), &shaped());
    assert_eq!(new["output_config"], json!({"format": {"type": "json_schema", "schema": schema()}}));
    assert_eq!((&new["tools"], &new["max_tokens"]), (&Value::Null, &json!(50)));
    let old = body(&handle(json!({"model": "claude-3-haiku-20240307"})), &shaped());
    assert_eq!(old["tools"][0]["input_schema"], schema());
    assert_eq!(old["tool_choice"], json!({"type": "tool", "name": "note"}));
    assert_eq!(old["output_config"], Value::Null);
    let told = body(&handle(json!({"structured_output": "tool"})), &shaped());
    assert_eq!((&told["output_config"], &told["tools"][0]["name"]), (&Value::Null, &json!("note")));
    let odd = json!({"api_key": "k", "structured_output": "prompt"});
    assert_eq!(Anthropic::new(provider_config(odd).unwrap()).unwrap_err().kind(), ErrorKind::Config);
}

#[test]
fn keywords_that_would_be_refused_are_dropped() {
    let mut request = shaped();
    let limited = json!({"type": "object", "properties": {"n": {"type": "integer", "minimum": 1}}, "required": ["n"],
        "additionalProperties": false});
    request.schema.as_mut().unwrap().schema = limited;
    let sent = body(&handle(json!({})), &request);
    assert_eq!(sent["output_config"]["format"]["schema"]["properties"], json!({"n": {"type": "integer"}}));
}

#[test]
fn temperature_and_top_p_never_go_together() {
    let sampling = |config: Value, temperature: Option<f32>| {
        let mut request = talk();
        request.temperature = temperature;
        let body = body(&handle(config), &request);
        (body["temperature"].as_f64(), body["top_p"].as_f64(), body["top_k"].as_u64())
    };
    assert_eq!(sampling(json!({"top_p": 0.5}), None), (None, Some(0.5), None));
    assert_eq!(sampling(json!({"top_p": 0.5}), Some(0.25)), (Some(0.25), None, None));
    assert_eq!(sampling(json!({"top_p": 0.5, "temperature": 0.75, "top_k": 3}), None), (Some(0.75), None, Some(3)));
    assert_eq!(sampling(json!({}), Some(2.0)), (Some(1.0), None, None));
    let newest = json!({"model": "claude-opus-4-7", "temperature": 0.5, "top_p": 0.5, "top_k": 1});
    assert_eq!(sampling(newest, Some(0.5)), (None, None, None));
}

#[test]
fn images_go_as_bytes_or_by_address() {
    let source = |url: &str| body(&handle(json!({})), &shown(url))["messages"][0]["content"][0]["source"].clone();
    assert_eq!(source(PIXEL), json!({"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}));
    assert_eq!(source("https://x.example/a.png"), json!({"type": "url", "url": "https://x.example/a.png"}));
}

#[test]
fn an_answer_is_read_without_its_thoughts_and_with_what_the_cache_had() {
    let read = |stop: &str| {
        let body = json!({
            "content": [
                {"type": "thinking", "thinking": "hm", "signature": "s"},
                {"type": "text", "text": "It is "}, {"type": "new_kind", "x": 1}, {"type": "text", "text": "fine."},
            ],
            "stop_reason": stop,
            "usage": {"input_tokens": 5, "cache_creation_input_tokens": 20, "cache_read_input_tokens": 300,
                "output_tokens": 7},
        });
        answered(&handle(json!({})), &body.to_string()).unwrap()
    };
    assert_eq!((read("end_turn").text.as_str(), read("end_turn").usage), ("It is fine.", usage(325, 7)));
    for (stop, finish) in [
        ("end_turn", Finish::Complete),
        ("stop_sequence", Finish::Complete),
        ("tool_use", Finish::Complete),
        ("max_tokens", Finish::Length),
        ("model_context_window_exceeded", Finish::Length),
        ("refusal", Finish::Filtered),
    ] {
        assert_eq!(read(stop).finish, finish, "{stop}");
    }
    let called = r#"{"content": [{"type": "text", "text": "I call"}, {"type": "tool_use", "id": "t", "name": "note",
        "input": {"fact": "x"}}], "stop_reason": "tool_use", "usage": {}}"#;
    assert_eq!(answered(&handle(json!({})), called).unwrap().text, r#"{"fact":"x"}"#);
    refuses_what_is_no_answer(&handle(json!({})), &[r#"{"content": "hush", "usage": {}}"#]);
}

fn usage(input: u64, output: u64) -> TokenUsage {
    TokenUsage { input, output }
}

#[test]
fn every_documented_error_has_its_kind() {
    for (status, code, message, kind) in [
        (400, "invalid_request_error", "messages: empty", ErrorKind::InvalidInput),
        (400, "invalid_request_error", "prompt is too long: 2 tokens > 1 maximum", ErrorKind::ContextLength),
        (401, "authentication_error", "invalid x-api-key", ErrorKind::Unauthenticated),
        (402, "billing_error", "pay", ErrorKind::QuotaExceeded),
        (403, "permission_error", "no", ErrorKind::PermissionDenied),
        (404, "not_found_error", "model: x", ErrorKind::NotFound),
        (413, "request_too_large", "too many bytes", ErrorKind::ContextLength),
        (429, "rate_limit_error", "slow", ErrorKind::RateLimited),
        (500, "api_error", "oops", ErrorKind::Unavailable),
        (504, "timeout_error", "late", ErrorKind::Timeout),
        (529, "overloaded_error", "busy", ErrorKind::Unavailable),
    ] {
        let body = json!({"type": "error", "error": {"type": code, "message": message}}).to_string();
        let error = refused(&handle(json!({})), status, &[], &body);
        assert_eq!(error.kind(), kind, "{status} {code}");
    }
}

#[test]
fn a_configuration_of_the_python_library_is_read_and_others_are_refused() {
    let theirs = json!({
        "model": "claude-sonnet-4-5", "temperature": 0.1, "api_key": "k", "max_tokens": 2000, "top_p": null, "top_k": 1,
        "enable_vision": false, "vision_details": "auto", "http_client_proxies": null, "anthropic_base_url": null,
    });
    let read = Anthropic::new(provider_config(theirs).unwrap()).unwrap();
    assert!(!read.capabilities().vision);
    assert_eq!(wrong::<AnthropicConfig>(json!({"modle": "x"})), ErrorKind::Config);
    assert!(!format!("{:?}", handle(json!({"api_key": "hush"}))).contains("hush"));
}
