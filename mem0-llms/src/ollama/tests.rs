use mem0_core::TokenUsage;
use serde_json::{Value, json};

use super::*;
use crate::shared::testing::{
    PIXEL, answered, body, refused, refuses_what_is_no_answer, schema, sent, shaped, shown, talk, wrong,
};

fn handle(more: Value) -> Ollama {
    let mut config = json!({"ollama_base_url": "http://x:11434/", "model": "qwen3:8b"});
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Ollama::new(provider_config(config).unwrap())
}

#[test]
fn a_talk_is_these_bytes() {
    assert_eq!(
        sent(&handle(json!({})).request(&talk()).unwrap()),
        "POST http://x:11434/api/chat\ncontent-type: application/json\n\n\
         {\"model\":\"qwen3:8b\",\"messages\":[{\"role\":\"system\",\"content\":\"Be terse.\"},\
         {\"role\":\"user\",\"content\":\"Hi\"},{\"role\":\"assistant\",\"content\":\"Yes?\"},\
         {\"role\":\"user\",\"content\":\"Was ist „das“?\"}],\"stream\":false,\"think\":false,\"truncate\":false,\
         \"options\":{\"temperature\":0.1,\"num_predict\":8192}}"
    );
    let keyed = handle(json!({"api_key": "k-1"})).request(&talk()).unwrap();
    assert_eq!(keyed.header("authorization"), Some("Bearer k-1"));
}

#[test]
fn shape_options_and_images_are_handed_on() {
    let more = json!({"options": {"num_ctx": 16384}, "keep_alive": "10m", "top_p": 0.5, "top_k": 4});
    let sent = body(&handle(more), &shaped());
    assert_eq!(sent["format"], schema());
    assert_eq!(sent["keep_alive"], "10m");
    let options = &sent["options"];
    assert_eq!((&options["num_ctx"], &options["num_predict"]), (&json!(16384), &json!(50)));
    assert_eq!((&options["top_p"], &options["top_k"]), (&json!(0.5), &json!(4)));
    let shows = body(&handle(json!({})), &shown(PIXEL));
    assert_eq!(shows["messages"][0], json!({"role": "user", "content": "Look", "images": ["iVBORw0KGgo="]}));
    let error = handle(json!({})).request(&shown("https://x.example/a.png")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[test]
fn an_address_is_read_as_ollama_reads_it() {
    for (host, expected) in [
        ("localhost", "http://localhost:11434"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("0.0.0.0:8080", "http://127.0.0.1:8080"),
        (":8080", "http://127.0.0.1:8080"),
        ("box:1234", "http://box:1234"),
        ("https://box.example/ollama/", "https://box.example/ollama"),
    ] {
        assert_eq!(address(host), expected, "{host}");
    }
}

#[test]
fn an_answer_is_read_without_its_thoughts() {
    let read = |reason: Value| {
        let body = json!({
            "model": "m", "message": {"role": "assistant", "content": "Fine.", "thinking": "hm"}, "done": true,
            "done_reason": reason, "prompt_eval_count": 5, "eval_count": 7,
        });
        answered(&handle(json!({})), &body.to_string()).unwrap()
    };
    assert_eq!((read(json!("stop")).text.as_str(), read(json!("stop")).finish), ("Fine.", Finish::Complete));
    assert_eq!(read(json!("stop")).usage, TokenUsage { input: 5, output: 7 });
    assert_eq!(read(json!("length")).finish, Finish::Length);
    assert_eq!(read(Value::Null).finish, Finish::Complete);
    refuses_what_is_no_answer(&handle(json!({})), &[r#"{"message": "hush"}"#]);
}

#[test]
fn every_documented_error_has_its_kind() {
    for (status, message, kind) in [
        (400, "invalid options", ErrorKind::InvalidInput),
        (400, "request (8889 tokens) exceeds the available context size (4096 tokens)", ErrorKind::ContextLength),
        (404, "model 'qwen3:8b' not found", ErrorKind::NotFound),
        (429, "too many requests", ErrorKind::RateLimited),
        (500, "llama runner process has terminated", ErrorKind::Unavailable),
        (502, "cloud model cannot be reached", ErrorKind::Unavailable),
        (503, "server busy, please try again.  maximum pending requests exceeded", ErrorKind::Unavailable),
    ] {
        let error = refused(&handle(json!({})), status, &[], &json!({"error": message}).to_string());
        assert_eq!(error.kind(), kind, "{status} {message}");
        if status == 404 {
            assert!(error.to_string().contains("ollama pull") && error.to_string().contains("qwen3:8b"), "{error}");
        }
    }
}

#[test]
fn unknown_keys_are_refused() {
    assert_eq!(wrong::<OllamaConfig>(json!({"ollama_url": "x"})), ErrorKind::Config);
}
