use mem0_core::{ErrorKind, Purpose, provider_config};
use serde_json::{Value, json};

use super::wire::Cohere;
use crate::shared::Protocol as _;
use crate::shared::testing::{kinds, shown, vectors};

fn made(mut config: Value) -> mem0_core::Result<Cohere> {
    config["api_key"] = json!("k");
    Cohere::new(&provider_config(config)?)
}

fn sent(config: Value, purpose: Purpose) -> String {
    shown(&made(config).unwrap().request(&["a", "é\""], purpose).unwrap())
}

#[test]
fn requests_are_these_bytes() {
    assert_eq!(
        sent(json!({}), Purpose::Store),
        concat!(
            "POST https://api.cohere.com/v2/embed\ncontent-type: application/json\nauthorization: Bearer k\n\n",
            r#"{"model":"embed-v4.0","texts":["a","é\""],"input_type":"search_document","embedding_types":["float"],"truncate":"END"}"#
        )
    );
    assert_eq!(
        sent(json!({"base_url": "http://h/", "embedding_dims": 256}), Purpose::Query),
        concat!(
            "POST http://h/v2/embed\ncontent-type: application/json\nauthorization: Bearer k\n\n",
            r#"{"model":"embed-v4.0","texts":["a","é\""],"input_type":"search_query","embedding_types":["float"],"truncate":"END","output_dimension":256}"#
        )
    );
}

#[test]
fn answers_are_read() {
    let protocol = made(json!({})).unwrap();
    let body =
        r#"{"id":"x","embeddings":{"float":[[1,0],[0.5,1]]},"texts":["a","b"],"meta":{"api_version":{"version":"2"}}}"#;
    assert_eq!(vectors(&protocol, body).unwrap(), [[1.0, 0.0], [0.5, 1.0]]);
    for bad in ["", "{}", r#"{"embeddings":[[1]]}"#] {
        assert_eq!(vectors(&protocol, bad).unwrap_err().kind(), ErrorKind::BadModelOutput, "{bad}");
    }
}

#[test]
fn documented_errors_have_their_kinds() {
    kinds(
        &made(json!({})).unwrap(),
        &[
            (400, r#"{"id":"x","message":"m"}"#, ErrorKind::InvalidInput),
            (401, r#"{"id":"x","message":"m"}"#, ErrorKind::Unauthenticated),
            (402, r#"{"id":"x","message":"m"}"#, ErrorKind::QuotaExceeded),
            (403, r#"{"id":"x","message":"m"}"#, ErrorKind::PermissionDenied),
            (404, r#"{"id":"x","message":"m"}"#, ErrorKind::NotFound),
            (422, r#"{"id":"x","message":"m"}"#, ErrorKind::InvalidInput),
            (429, r#"{"id":"x","message":"m"}"#, ErrorKind::RateLimited),
            (498, r#"{"id":"x","message":"m"}"#, ErrorKind::InvalidInput),
            (499, r#"{"id":"x","message":"m"}"#, ErrorKind::Unavailable),
            (500, r#"{"id":"x","message":"m"}"#, ErrorKind::Unavailable),
            (501, r#"{"id":"x","message":"m"}"#, ErrorKind::Unsupported),
            (503, r#"{"id":"x","message":"m"}"#, ErrorKind::Unavailable),
            (504, r#"{"id":"x","message":"m"}"#, ErrorKind::Timeout),
        ],
    );
}

#[test]
fn the_third_generation_has_one_length() {
    let config = |dims| json!({"model": "embed-english-light-v3.0", "embedding_dims": dims});
    assert_eq!(made(config(384)).unwrap().dims(), Some(384));
    assert_eq!(made(config(256)).unwrap_err().kind(), ErrorKind::Config);
}
