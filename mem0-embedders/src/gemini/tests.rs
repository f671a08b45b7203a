use mem0_core::{ErrorKind, Purpose, provider_config};
use serde_json::{Value, json};

use super::wire::Gemini;
use crate::shared::Protocol as _;
use crate::shared::testing::{kinds, shown, vectors};

fn made(mut config: Value) -> mem0_core::Result<Gemini> {
    config["api_key"] = json!("k");
    Gemini::new(&provider_config(config)?)
}

fn sent(config: Value, purpose: Purpose) -> String {
    shown(&made(config).unwrap().request(&["a", "é\""], purpose).unwrap())
}

#[test]
fn requests_are_these_bytes() {
    assert_eq!(
        sent(json!({}), Purpose::Store),
        concat!(
            "POST https://generativelanguage.googleapis.com/v1beta/models/gemini-embedding-001:batchEmbedContents\ncontent-type: application/json\nx-goog-api-key: k\n\n",
            r#"{"requests":[{"model":"models/gemini-embedding-001","content":{"parts":[{"text":"a"}]},"taskType":"RETRIEVAL_DOCUMENT","outputDimensionality":768},{"model":"models/gemini-embedding-001","content":{"parts":[{"text":"é\""}]},"taskType":"RETRIEVAL_DOCUMENT","outputDimensionality":768}]}"#
        )
    );
    assert_eq!(
        sent(json!({"model": "models/text-embedding-004", "base_url": "http://h/"}), Purpose::Query),
        concat!(
            "POST http://h/v1beta/models/text-embedding-004:batchEmbedContents\ncontent-type: application/json\nx-goog-api-key: k\n\n",
            r#"{"requests":[{"model":"models/text-embedding-004","content":{"parts":[{"text":"a"}]},"taskType":"RETRIEVAL_QUERY"},{"model":"models/text-embedding-004","content":{"parts":[{"text":"é\""}]},"taskType":"RETRIEVAL_QUERY"}]}"#
        )
    );
    assert_eq!(
        sent(json!({"model": "gemini-embedding-2-preview", "output_dimensionality": 3072}), Purpose::Query),
        concat!(
            "POST https://generativelanguage.googleapis.com/v1beta/models/gemini-embedding-2-preview:batchEmbedContents\ncontent-type: application/json\nx-goog-api-key: k\n\n",
            r#"{"requests":[{"model":"models/gemini-embedding-2-preview","content":{"parts":[{"text":"a"}]}},{"model":"models/gemini-embedding-2-preview","content":{"parts":[{"text":"é\""}]}}]}"#
        )
    );
}

#[test]
fn answers_are_read() {
    let protocol = made(json!({})).unwrap();
    let body = r#"{"embeddings":[{"values":[1,0]},{"values":[0.5,1]}]}"#;
    assert_eq!(vectors(&protocol, body).unwrap(), [[1.0, 0.0], [0.5, 1.0]]);
    for bad in ["", "{}", r#"{"embedding":{"values":[1]}}"#] {
        assert_eq!(vectors(&protocol, bad).unwrap_err().kind(), ErrorKind::BadModelOutput, "{bad}");
    }
}

#[test]
fn documented_errors_have_their_kinds() {
    kinds(
        &made(json!({})).unwrap(),
        &[
            (400, r#"{"error":{"code":400,"status":"INVALID_ARGUMENT"}}"#, ErrorKind::InvalidInput),
            (
                400,
                r#"{"error":{"code":400,"status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"}]}}"#,
                ErrorKind::Unauthenticated,
            ),
            (400, r#"{"error":{"code":400,"status":"FAILED_PRECONDITION"}}"#, ErrorKind::PermissionDenied),
            (403, r#"{"error":{"code":403,"status":"PERMISSION_DENIED"}}"#, ErrorKind::PermissionDenied),
            (404, r#"{"error":{"code":404,"status":"NOT_FOUND"}}"#, ErrorKind::NotFound),
            (429, r#"{"error":{"code":429,"status":"RESOURCE_EXHAUSTED"}}"#, ErrorKind::RateLimited),
            (500, r#"{"error":{"code":500,"status":"INTERNAL"}}"#, ErrorKind::Unavailable),
            (503, r#"{"error":{"code":503,"status":"UNAVAILABLE"}}"#, ErrorKind::Unavailable),
            (504, r#"{"error":{"code":504,"status":"DEADLINE_EXCEEDED"}}"#, ErrorKind::Timeout),
        ],
    );
}

#[test]
fn lengths_are_known_or_asked_for() {
    let dims = |config| made(config).map(|protocol| protocol.dims());
    assert_eq!(dims(json!({})).unwrap(), Some(768));
    assert_eq!(dims(json!({"embedding_dims": 64, "output_dimensionality": 65})).unwrap(), Some(64));
    assert_eq!(dims(json!({"model": "new-model"})).unwrap(), None);
    assert_eq!(dims(json!({"model": "embedding-001", "embedding_dims": 64})).unwrap_err().kind(), ErrorKind::Config);
}
