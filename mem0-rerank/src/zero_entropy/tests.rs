use mem0_core::{ErrorKind, TokenUsage, provider_config};
use serde_json::{Value, json};

use super::wire::ZeroEntropy;
use crate::shared::Protocol as _;
use crate::shared::testing::{judged, kinds, sent, unreadable};

fn made(mut config: Value) -> ZeroEntropy {
    config["api_key"] = json!("k");
    ZeroEntropy::new(&provider_config(config).unwrap()).unwrap()
}

#[test]
fn requests_are_these_bytes() {
    assert_eq!(
        sent(&made(json!({"top_k": 5}))),
        concat!(
            "POST https://api.zeroentropy.dev/v1/models/rerank\ncontent-type: application/json\n",
            "authorization: Bearer k\n\n",
            r#"{"model":"zerank-1","query":"q\n","documents":["a","é\""]}"#
        )
    );
    assert_eq!(
        sent(&made(json!({"base_url": "http://h/v1/", "model": "zerank-2", "latency": "fast"}))),
        concat!(
            "POST http://h/v1/models/rerank\ncontent-type: application/json\nauthorization: Bearer k\n\n",
            r#"{"model":"zerank-2","query":"q\n","documents":["a","é\""],"latency":"fast"}"#
        )
    );
    let odd = provider_config(json!({"api_key": "k", "latency": "soon"})).unwrap();
    assert_eq!(ZeroEntropy::new(&odd).unwrap_err().kind(), ErrorKind::Config);
}

#[test]
fn a_request_stays_below_all_bytes() {
    let limits = made(json!({})).limits();
    let bytes = limits.documents.texts * (150 + 2 * limits.query_tokens) + 2 * limits.documents.request_tokens;
    assert!(bytes <= 5_000_000, "{bytes}");
}

#[test]
fn answers_are_read() {
    let protocol = made(json!({}));
    let body = r#"{"results":[{"index":1,"relevance_score":0.75},{"index":2,"relevance_score":0.5},
        {"index":0,"relevance_score":0.0}],"total_bytes":456,"total_tokens":99,"actual_latency_mode":"fast",
        "e2e_latency":0.1,"inference_latency":0.05}"#;
    let said = judged(&protocol, body).unwrap();
    assert_eq!((said.scores, said.unscored), (vec![0.0, 0.75, 0.5], vec![]));
    assert_eq!(said.usage, TokenUsage { input: 99, output: 0 });
    // As the documentation had it before it counted.
    assert_eq!(judged(&protocol, r#"{"results":[]}"#).unwrap().unscored, [0, 1, 2]);
    unreadable(&protocol, &["", "{}", r#"{"results":{}}"#]);
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
            (404, body, ErrorKind::NotFound),
            (422, body, ErrorKind::InvalidInput),
            (429, body, ErrorKind::RateLimited),
            (500, body, ErrorKind::Unavailable),
        ],
    );
}
