use mem0_core::{Finish, TokenUsage};
use serde_json::{Value, json};

use super::*;
use crate::shared::testing::{
    PIXEL, answered, body, refused, refuses_what_is_no_answer, schema, sent, shaped, shown, talk, wrong,
};

fn handle(more: Value) -> Gemini {
    let mut config = json!({"api_key": "k-1", "model": "gemini-2.0-flash"});
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Gemini::new(provider_config(config).unwrap()).unwrap()
}

#[test]
fn a_talk_is_these_bytes_and_the_key_is_not_in_the_address() {
    assert_eq!(
        sent(&handle(json!({})).request(&talk()).unwrap()),
        "POST https://generativelanguage.googleapis.com/v1beta/models/gemini-2.0-flash:generateContent\n\
         content-type: application/json\nx-goog-api-key: k-1\n\n\
         {\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"Hi\"}]},\
         {\"role\":\"model\",\"parts\":[{\"text\":\"Yes?\"}]},\
         {\"role\":\"user\",\"parts\":[{\"text\":\"Was ist „das“?\"}]}],\
         \"systemInstruction\":{\"parts\":[{\"text\":\"Be terse.\"}]},\
         \"generationConfig\":{\"temperature\":0.1}}"
    );
    let elsewhere = handle(json!({"base_url": "http://x:1/", "model": "models/gemini-x"}));
    assert_eq!(elsewhere.request(&talk()).unwrap().url, "http://x:1/v1beta/models/gemini-x:generateContent");
}

#[test]
fn a_shape_keeps_what_gemini_knows() {
    let mut request = shaped();
    let mut more = schema();
    more["properties"]["fact"] = json!({"type": ["string", "null"], "minLength": 1, "enum": ["a"]});
    request.schema.as_mut().unwrap().schema = more;
    let config = body(&handle(json!({"top_p": 0.5, "top_k": 2})), &request)["generationConfig"].clone();
    let mut due = schema();
    due["properties"]["fact"] = json!({"type": ["string", "null"], "enum": ["a"]});
    assert_eq!(config["responseJsonSchema"], due);
    assert_eq!(config["responseMimeType"], "application/json");
    assert_eq!((&config["maxOutputTokens"], &config["topP"], &config["topK"]), (&json!(50), &json!(0.5), &json!(2)));
}

#[test]
fn a_temperature_is_not_made_up_for_newer_models() {
    let temperature = |config| body(&handle(config), &talk())["generationConfig"]["temperature"].clone();
    assert_eq!(temperature(json!({"model": "gemini-3.5-flash"})), Value::Null);
    assert_eq!(temperature(json!({"model": "gemini-3.5-flash", "temperature": 0.5})), json!(0.5));
}

#[test]
fn images_go_as_bytes_only() {
    let parts = body(&handle(json!({})), &shown(PIXEL))["contents"][0]["parts"].clone();
    assert_eq!(parts, json!([{"text": "Look"}, {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}}]));
    let error = handle(json!({})).request(&shown("https://x.example/a.png")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[test]
fn an_answer_is_read_without_its_thoughts_which_are_counted() {
    let read = |finish: &str| {
        let body = json!({
            "candidates": [{"content": {"role": "model", "parts": [
                {"text": "hm", "thought": true}, {"text": "It is "}, {"text": "fine."},
            ]}, "finishReason": finish}],
            "usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 7, "thoughtsTokenCount": 30,
                "totalTokenCount": 42},
        });
        answered(&handle(json!({})), &body.to_string()).unwrap()
    };
    assert_eq!(read("STOP").text, "It is fine.");
    assert_eq!(read("STOP").usage, TokenUsage { input: 5, output: 37 });
    for (finish, due) in [
        ("STOP", Finish::Complete),
        ("MAX_TOKENS", Finish::Length),
        ("SAFETY", Finish::Filtered),
        ("RECITATION", Finish::Filtered),
        ("BLOCKLIST", Finish::Filtered),
        ("PROHIBITED_CONTENT", Finish::Filtered),
        ("SPII", Finish::Filtered),
    ] {
        assert_eq!(read(finish).finish, due, "{finish}");
    }
    let blocked = r#"{"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 5}}"#;
    let blocked = answered(&handle(json!({})), blocked).unwrap();
    assert_eq!((blocked.finish, blocked.usage.input), (Finish::Filtered, 5));
    refuses_what_is_no_answer(&handle(json!({})), &[r#"{"candidates": []}"#, r#"{"candidates": "hush"}"#]);
}

#[test]
fn every_documented_error_has_its_kind() {
    for (code, status, message, kind) in [
        (400, "INVALID_ARGUMENT", "malformed", ErrorKind::InvalidInput),
        (400, "INVALID_ARGUMENT", "The input token count (2) exceeds the maximum", ErrorKind::ContextLength),
        (400, "FAILED_PRECONDITION", "enable billing", ErrorKind::QuotaExceeded),
        (401, "UNAUTHENTICATED", "no", ErrorKind::Unauthenticated),
        (403, "PERMISSION_DENIED", "no", ErrorKind::PermissionDenied),
        (404, "NOT_FOUND", "models/x is not found", ErrorKind::NotFound),
        (429, "RESOURCE_EXHAUSTED", "slow", ErrorKind::RateLimited),
        (500, "INTERNAL", "oops", ErrorKind::Unavailable),
        (503, "UNAVAILABLE", "overloaded", ErrorKind::Unavailable),
        (504, "DEADLINE_EXCEEDED", "late", ErrorKind::Timeout),
    ] {
        let body = json!({"error": {"code": code, "message": message, "status": status}}).to_string();
        assert_eq!(refused(&handle(json!({})), code, &[], &body).kind(), kind, "{code} {status}");
    }
    let key = r#"{"error": {"code": 400, "message": "API key not valid", "status": "INVALID_ARGUMENT", "details": [
        {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]}}"#;
    assert_eq!(refused(&handle(json!({})), 400, &[], key).kind(), ErrorKind::Unauthenticated);
}

#[test]
fn unknown_keys_are_refused() {
    assert_eq!(wrong::<GeminiConfig>(json!({"modle": "x"})), ErrorKind::Config);
}
