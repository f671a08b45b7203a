use mem0_core::{ErrorKind, TokenUsage, provider_config};
use serde_json::{Value, json};

use super::wire::HuggingFace;
use crate::shared::Protocol as _;
use crate::shared::testing::{judged, kinds, sent, unreadable};

fn made(config: Value) -> mem0_core::Result<HuggingFace> {
    HuggingFace::new(&provider_config(config)?)
}

fn server() -> HuggingFace {
    made(json!({"base_url": "http://h:8080"})).unwrap()
}

#[test]
fn requests_are_these_bytes() {
    let body = r#"{"query":"q\n","texts":["a","é\""],"raw_scores":false,"return_text":false,"truncate":true}"#;
    let head = "POST http://h:8080/rerank\ncontent-type: application/json\n";
    assert_eq!(sent(&server()), format!("{head}\n{body}"));
    let keyed = json!({"huggingface_base_url": "http://h:8080/v1/", "api_key": "k"});
    assert_eq!(sent(&made(keyed).unwrap()), format!("{head}authorization: Bearer k\n\n{body}"));
}

#[test]
fn the_server_is_needed_and_its_batch_is_kept() {
    let python = json!({"model": "BAAI/bge-reranker-base", "device": "cpu", "batch_size": 8, "max_length": 512,
        "normalize": true, "top_k": 5});
    let error = made(python.clone()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.message().contains("base_url") && error.message().contains("cross_encoder"), "{error}");
    let mut with_server = python;
    with_server["base_url"] = json!("http://h");
    let protocol = made(with_server).unwrap();
    assert_eq!((protocol.limits().documents.texts, protocol.model()), (8, "BAAI/bge-reranker-base"));
    assert_eq!(made(json!({"base_url": "http://h", "batch_size": 0})).unwrap_err().kind(), ErrorKind::Config);
}

#[test]
fn answers_are_read() {
    let protocol = server();
    let body = r#"[{"index":1,"score":0.9975},{"index":0,"score":0.5},{"index":2,"score":1e-6}]"#;
    let said = judged(&protocol, body).unwrap();
    assert_eq!((said.scores, said.unscored, said.usage), (vec![0.5, 0.9975, 1e-6], vec![], TokenUsage::default()));
    unreadable(&protocol, &["", "{}", r#"[{"index":1}]"#, "[[]]", r#"{"error":"m"}"#]);
}

#[test]
fn documented_errors_have_their_kinds() {
    kinds(
        &server(),
        &[
            (400, r#"{"error":"`texts` cannot be empty","error_type":"Empty"}"#, ErrorKind::InvalidInput),
            (401, "Unauthorized", ErrorKind::Unauthenticated),
            (404, "Not Found", ErrorKind::NotFound),
            (
                413,
                r#"{"error":"batch size 33 > maximum allowed batch size 32","error_type":"Validation"}"#,
                ErrorKind::InvalidInput,
            ),
            (422, r#"{"error":"Tokenization error","error_type":"Tokenizer"}"#, ErrorKind::InvalidInput),
            (424, r#"{"error":"Inference failed","error_type":"Backend"}"#, ErrorKind::Unavailable),
            (429, r#"{"error":"Model is overloaded","error_type":"Overloaded"}"#, ErrorKind::RateLimited),
            (503, r#"{"error":"unhealthy","error_type":"Unhealthy"}"#, ErrorKind::Unavailable),
        ],
    );
}
