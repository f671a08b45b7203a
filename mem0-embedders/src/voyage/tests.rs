use mem0_core::{ErrorKind, Purpose, provider_config};
use serde_json::{Value, json};

use super::wire::Voyage;
use crate::shared::Protocol as _;
use crate::shared::testing::{kinds, shown, vectors};

fn made(mut config: Value) -> mem0_core::Result<Voyage> {
    config["api_key"] = json!("k");
    Voyage::new(&provider_config(config)?)
}

fn sent(config: Value, purpose: Purpose) -> String {
    shown(&made(config).unwrap().request(&["a", "é\""], purpose).unwrap())
}

#[test]
fn requests_are_these_bytes() {
    assert_eq!(
        sent(json!({}), Purpose::Store),
        concat!(
            "POST https://api.voyageai.com/v1/embeddings\ncontent-type: application/json\nauthorization: Bearer k\n\n",
            r#"{"input":["a","é\""],"model":"voyage-4","input_type":"document","truncation":true}"#
        )
    );
    assert_eq!(
        sent(json!({"base_url": "http://h/v1/", "embedding_dims": 256, "model": "voyage-3-large"}), Purpose::Query),
        concat!(
            "POST http://h/v1/embeddings\ncontent-type: application/json\nauthorization: Bearer k\n\n",
            r#"{"input":["a","é\""],"model":"voyage-3-large","input_type":"query","truncation":true,"output_dimension":256}"#
        )
    );
}

#[test]
fn answers_are_read() {
    let protocol = made(json!({})).unwrap();
    let body = r#"{"object":"list","data":[{"object":"embedding","embedding":[0.5,1],"index":1},{"object":"embedding","embedding":[1,0],"index":0}],"model":"voyage-4","usage":{"total_tokens":2}}"#;
    assert_eq!(vectors(&protocol, body).unwrap(), [[1.0, 0.0], [0.5, 1.0]]);
    for bad in ["", "{}", r#"{"data":[{"index":1,"embedding":[1]}]}"#] {
        assert_eq!(vectors(&protocol, bad).unwrap_err().kind(), ErrorKind::BadModelOutput, "{bad}");
    }
}

#[test]
fn documented_errors_have_their_kinds() {
    kinds(
        &made(json!({})).unwrap(),
        &[
            (400, r#"{"detail":"m"}"#, ErrorKind::InvalidInput),
            (401, r#"{"detail":"m"}"#, ErrorKind::Unauthenticated),
            (403, r#"{"detail":"m"}"#, ErrorKind::PermissionDenied),
            (429, r#"{"detail":"m"}"#, ErrorKind::RateLimited),
            (500, r#"{"detail":"m"}"#, ErrorKind::Unavailable),
            (502, r#"{"detail":"m"}"#, ErrorKind::Unavailable),
            (503, r#"{"detail":"m"}"#, ErrorKind::Unavailable),
            (504, r#"{"detail":"m"}"#, ErrorKind::Timeout),
        ],
    );
}

#[test]
fn limits_and_lengths_are_those_of_the_model() {
    let limit = |model: &str| made(json!({"model": model})).unwrap().limits().request_tokens;
    assert_eq!((limit("voyage-4-lite"), limit("voyage-4"), limit("voyage-4-large")), (1_000_000, 320_000, 120_000));
    assert_eq!(made(json!({"model": "voyage-3-lite"})).unwrap().dims(), Some(512));
    assert!(made(json!({"model": "voyage-law-2", "embedding_dims": 256})).is_err());
}
