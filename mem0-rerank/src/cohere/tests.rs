use mem0_core::{ErrorKind, TokenUsage, provider_config};
use serde_json::{Value, json};

use super::wire::Cohere;
use crate::shared::testing::{judged, kinds, sent, unreadable};

fn made(mut config: Value) -> Cohere {
    config["api_key"] = json!("k");
    Cohere::new(&provider_config(config).unwrap()).unwrap()
}

#[test]
fn requests_are_these_bytes() {
    assert_eq!(
        sent(&made(json!({}))),
        concat!(
            "POST https://api.cohere.com/v2/rerank\ncontent-type: application/json\nauthorization: Bearer k\n\n",
            r#"{"model":"rerank-v3.5","query":"q\n","documents":["a","é\""]}"#
        )
    );
    let python = json!({"base_url": "http://h/", "model": "m", "max_tokens_per_doc": 512, "top_k": 5,
        "return_documents": false, "max_chunks_per_doc": null});
    assert_eq!(
        sent(&made(python)),
        concat!(
            "POST http://h/v2/rerank\ncontent-type: application/json\nauthorization: Bearer k\n\n",
            r#"{"model":"m","query":"q\n","documents":["a","é\""],"max_tokens_per_doc":512}"#
        )
    );
}

#[test]
fn answers_are_read() {
    let protocol = made(json!({}));
    let body = r#"{"results":[{"index":2,"relevance_score":0.99},{"index":0,"relevance_score":0.32},
        {"index":1,"relevance_score":0}],"id":"x","meta":{"api_version":{"version":"2"},
        "billed_units":{"search_units":1},"tokens":{"input_tokens":7.0,"output_tokens":1.0}}}"#;
    let said = judged(&protocol, body).unwrap();
    assert_eq!((said.scores, said.unscored), (vec![0.32, 0.0, 0.99], vec![]));
    assert_eq!(said.usage, TokenUsage { input: 7, output: 1 });
    // Without `meta`, and without a word on some documents.
    let said = judged(&protocol, r#"{"results":[{"index":1,"relevance_score":0.5}],"id":"x"}"#).unwrap();
    assert_eq!((said.scores, said.unscored), (vec![0.0, 0.5, 0.0], vec![0, 2]));
    let beyond = r#"{"results":[{"index":3,"relevance_score":0.5}]}"#;
    let twice = r#"{"results":[{"index":1,"relevance_score":0.5},{"index":1,"relevance_score":0.4}]}"#;
    let null = r#"{"results":[{"index":1,"relevance_score":null}]}"#;
    unreadable(&protocol, &["", "{}", "[]", beyond, twice, null]);
}

#[test]
fn documented_errors_have_their_kinds() {
    let body = r#"{"id":"x","message":"m"}"#;
    kinds(
        &made(json!({})),
        &[
            (400, body, ErrorKind::InvalidInput),
            (401, body, ErrorKind::Unauthenticated),
            (402, body, ErrorKind::QuotaExceeded),
            (403, body, ErrorKind::PermissionDenied),
            (404, body, ErrorKind::NotFound),
            (422, body, ErrorKind::InvalidInput),
            (429, body, ErrorKind::RateLimited),
            (498, body, ErrorKind::InvalidInput),
            (499, body, ErrorKind::Unavailable),
            (500, body, ErrorKind::Unavailable),
            (501, body, ErrorKind::Unsupported),
            (503, body, ErrorKind::Unavailable),
            (504, body, ErrorKind::Timeout),
        ],
    );
}
