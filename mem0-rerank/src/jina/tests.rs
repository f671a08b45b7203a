use mem0_core::{ErrorKind, TokenUsage, provider_config};
use serde_json::{Value, json};

use super::wire::Jina;
use crate::shared::testing::{judged, kinds, sent, unreadable};

fn made(mut config: Value) -> Jina {
    config["api_key"] = json!("k");
    Jina::new(&provider_config(config).unwrap()).unwrap()
}

#[test]
fn requests_are_these_bytes() {
    assert_eq!(
        sent(&made(json!({"top_k": 3}))),
        concat!(
            "POST https://api.jina.ai/v1/rerank\ncontent-type: application/json\nauthorization: Bearer k\n\n",
            r#"{"model":"jina-reranker-v2-base-multilingual","query":"q\n","documents":["a","é\""],"return_documents":false}"#
        )
    );
    assert_eq!(
        sent(&made(json!({"base_url": "http://h/v1/", "model": "m"}))),
        concat!(
            "POST http://h/v1/rerank\ncontent-type: application/json\nauthorization: Bearer k\n\n",
            r#"{"model":"m","query":"q\n","documents":["a","é\""],"return_documents":false}"#
        )
    );
}

#[test]
fn answers_are_read() {
    let protocol = made(json!({}));
    let body = r#"{"model":"m","usage":{"total_tokens":815},"results":[{"index":2,"relevance_score":0.87,
        "document":{"text":"c"}},{"index":0,"relevance_score":0.25},{"index":1,"relevance_score":-0.03}]}"#;
    let said = judged(&protocol, body).unwrap();
    assert_eq!((said.scores, said.unscored), (vec![0.25, 0.0, 0.87], vec![]));
    assert_eq!(said.usage, TokenUsage { input: 815, output: 0 });
    unreadable(&protocol, &["", "{}", "[]", r#"{"results":[{"index":-1,"relevance_score":1}]}"#]);
}

#[test]
fn documented_errors_have_their_kinds() {
    let body = r#"{"detail":"m"}"#;
    kinds(
        &made(json!({})),
        &[
            (400, body, ErrorKind::InvalidInput),
            (401, body, ErrorKind::Unauthenticated),
            (402, body, ErrorKind::QuotaExceeded),
            (403, body, ErrorKind::PermissionDenied),
            (404, body, ErrorKind::NotFound),
            (422, r#"{"detail":[{"loc":["body"],"msg":"m","type":"missing"}]}"#, ErrorKind::InvalidInput),
            (429, body, ErrorKind::RateLimited),
            (500, body, ErrorKind::Unavailable),
            (503, body, ErrorKind::Unavailable),
        ],
    );
}
