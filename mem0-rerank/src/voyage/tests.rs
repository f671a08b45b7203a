use mem0_core::{ErrorKind, TokenUsage, provider_config};
use serde_json::{Value, json};

use super::wire::Voyage;
use crate::shared::Protocol as _;
use crate::shared::testing::{judged, kinds, sent, unreadable};

fn made(mut config: Value) -> Voyage {
    config["api_key"] = json!("k");
    Voyage::new(&provider_config(config).unwrap()).unwrap()
}

#[test]
fn requests_are_these_bytes() {
    assert_eq!(
        sent(&made(json!({}))),
        concat!(
            "POST https://api.voyageai.com/v1/rerank\ncontent-type: application/json\nauthorization: Bearer k\n\n",
            r#"{"query":"q\n","documents":["a","é\""],"model":"rerank-2.5","truncation":true}"#
        )
    );
    assert_eq!(
        sent(&made(json!({"base_url": "http://h/v1/", "model": "rerank-2-lite"}))),
        concat!(
            "POST http://h/v1/rerank\ncontent-type: application/json\nauthorization: Bearer k\n\n",
            r#"{"query":"q\n","documents":["a","é\""],"model":"rerank-2-lite","truncation":true}"#
        )
    );
}

#[test]
fn a_request_stays_below_all_tokens() {
    let limits = made(json!({})).limits();
    assert!(limits.query_tokens * limits.documents.texts + limits.documents.request_tokens <= 600_000);
}

#[test]
fn answers_are_read() {
    let protocol = made(json!({}));
    let body = r#"{"object":"list","data":[{"relevance_score":0.4375,"index":0},{"relevance_score":0.421875,
        "index":1},{"relevance_score":0.25,"index":2}],"model":"rerank-2.5","usage":{"total_tokens":26}}"#;
    let said = judged(&protocol, body).unwrap();
    assert_eq!((said.scores, said.unscored), (vec![0.4375, 0.421_875, 0.25], vec![]));
    assert_eq!(said.usage, TokenUsage { input: 26, output: 0 });
    unreadable(&protocol, &["", "{}", r#"{"results":[]}"#, r#"{"data":[{"index":0}]}"#]);
}

#[test]
fn documented_errors_have_their_kinds() {
    let body = r#"{"detail":"m"}"#;
    kinds(
        &made(json!({})),
        &[
            (400, body, ErrorKind::InvalidInput),
            (401, body, ErrorKind::Unauthenticated),
            (403, body, ErrorKind::PermissionDenied),
            (429, body, ErrorKind::RateLimited),
            (500, body, ErrorKind::Unavailable),
            (502, body, ErrorKind::Unavailable),
            (503, body, ErrorKind::Unavailable),
            (504, body, ErrorKind::Timeout),
        ],
    );
}
