use mem0_core::TokenUsage;
use serde_json::{Value, json};

use super::*;
use crate::shared::testing::{
    PIXEL, answered, body, refused, refuses_what_is_no_answer, schema, sent, shaped, shown, talk, wrong,
};

fn handle(more: Value) -> Cohere {
    let mut config = json!({"api_key": "k-1"});
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Cohere::new(provider_config(config).unwrap()).unwrap()
}

#[test]
fn a_talk_is_these_bytes() {
    assert_eq!(
        sent(&handle(json!({})).request(&talk()).unwrap()),
        "POST https://api.cohere.com/v2/chat\ncontent-type: application/json\nauthorization: Bearer k-1\n\n\
         {\"model\":\"command-a-03-2025\",\"messages\":[{\"role\":\"system\",\"content\":\"Be terse.\"},\
         {\"role\":\"user\",\"content\":\"Hi\"},{\"role\":\"assistant\",\"content\":\"Yes?\"},\
         {\"role\":\"user\",\"content\":\"Was ist „das“?\"}],\"stream\":false,\"temperature\":0.1}"
    );
}

#[test]
fn shape_sampling_and_images_are_handed_on() {
    let sent = body(&handle(json!({"top_p": 0.5, "top_k": 4, "temperature": 2.0})), &shaped());
    assert_eq!(sent["response_format"], json!({"type": "json_object", "json_schema": schema()}));
    assert_eq!((&sent["p"], &sent["k"], &sent["temperature"]), (&json!(0.5), &json!(4), &json!(1.0)));
    let shows = body(&handle(json!({"vision_details": "low"})), &shown(PIXEL));
    assert_eq!(
        shows["messages"][0]["content"],
        json!([{"type": "text", "text": "Look"}, {"type": "image_url", "image_url": {"url": PIXEL, "detail": "low"}}])
    );
    assert!(handle(json!({"model": "command-a-vision-07-2025"})).capabilities().vision);
    assert!(!handle(json!({})).capabilities().vision);
}

#[test]
fn an_answer_is_read_without_its_thoughts() {
    let read = |finish: &str| {
        let body = json!({
            "id": "1", "finish_reason": finish,
            "message": {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "Fine."},
            ]},
            "usage": {"billed_units": {"input_tokens": 1.0, "output_tokens": 2.0},
                "tokens": {"input_tokens": 5.0, "output_tokens": 7.0}},
        });
        answered(&handle(json!({})), &body.to_string())
    };
    let complete = read("COMPLETE").unwrap();
    assert_eq!((complete.text.as_str(), complete.usage), ("Fine.", TokenUsage { input: 5, output: 7 }));
    for (finish, due) in [
        ("COMPLETE", Finish::Complete),
        ("STOP_SEQUENCE", Finish::Complete),
        ("MAX_TOKENS", Finish::Length),
        ("ERROR_TOXIC", Finish::Filtered),
    ] {
        assert_eq!(read(finish).unwrap().finish, due, "{finish}");
    }
    assert_eq!(read("ERROR").unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(read("TIMEOUT").unwrap_err().kind(), ErrorKind::Timeout);
    let billed = r#"{"finish_reason": "COMPLETE", "message": {"content": null},
        "usage": {"billed_units": {"input_tokens": 3, "output_tokens": 4}}}"#;
    assert_eq!(answered(&handle(json!({})), billed).unwrap().usage, TokenUsage { input: 3, output: 4 });
    refuses_what_is_no_answer(&handle(json!({})), &[r#"{"message": {"content": "hush"}}"#]);
}

#[test]
fn every_documented_error_has_its_kind() {
    for (status, message, kind) in [
        (400, "invalid request", ErrorKind::InvalidInput),
        (400, "too many tokens: total number of tokens in the prompt cannot exceed 4081", ErrorKind::ContextLength),
        (401, "invalid api token", ErrorKind::Unauthenticated),
        (402, "max monthly limit", ErrorKind::QuotaExceeded),
        (404, "model not found", ErrorKind::NotFound),
        (429, "slow", ErrorKind::RateLimited),
        (498, "blocked", ErrorKind::PermissionDenied),
        (500, "oops", ErrorKind::Unavailable),
        (503, "busy", ErrorKind::Unavailable),
        (504, "late", ErrorKind::Timeout),
    ] {
        let error = refused(&handle(json!({})), status, &[], &json!({"message": message}).to_string());
        assert_eq!(error.kind(), kind, "{status} {message}");
    }
}

#[test]
fn unknown_keys_are_refused() {
    assert_eq!(wrong::<CohereConfig>(json!({"modle": "x"})), ErrorKind::Config);
}
