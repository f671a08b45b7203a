use mem0_core::{ErrorKind, Purpose, provider_config};
use serde_json::{Value, json};

use super::wire::Jina;
use crate::shared::Protocol as _;
use crate::shared::testing::{kinds, shown, vectors};

fn made(mut config: Value) -> mem0_core::Result<Jina> {
    config["api_key"] = json!("k");
    Jina::new(&provider_config(config)?)
}

fn sent(config: Value, purpose: Purpose) -> String {
    shown(&made(config).unwrap().request(&["a", "é\""], purpose).unwrap())
}

#[test]
fn requests_are_these_bytes() {
    assert_eq!(
        sent(json!({}), Purpose::Store),
        concat!(
            "POST https://api.jina.ai/v1/embeddings\ncontent-type: application/json\nauthorization: Bearer k\n\n",
            r#"{"model":"jina-embeddings-v3","task":"retrieval.passage","normalized":true,"embedding_type":"float","truncate":true,"input":["a","é\""]}"#
        )
    );
    assert_eq!(
        sent(json!({"base_url": "http://h/v1/", "embedding_dims": 256}), Purpose::Query),
        concat!(
            "POST http://h/v1/embeddings\ncontent-type: application/json\nauthorization: Bearer k\n\n",
            r#"{"model":"jina-embeddings-v3","task":"retrieval.query","dimensions":256,"normalized":true,"embedding_type":"float","truncate":true,"input":["a","é\""]}"#
        )
    );
    assert_eq!(
        sent(json!({"model": "jina-embeddings-v2-base-de"}), Purpose::Query),
        concat!(
            "POST https://api.jina.ai/v1/embeddings\ncontent-type: application/json\nauthorization: Bearer k\n\n",
            r#"{"model":"jina-embeddings-v2-base-de","normalized":true,"embedding_type":"float","truncate":true,"input":["a","é\""]}"#
        )
    );
    assert_eq!(
        sent(json!({"model": "jina-code-embeddings-0.5b"}), Purpose::Query),
        concat!(
            "POST https://api.jina.ai/v1/embeddings\ncontent-type: application/json\nauthorization: Bearer k\n\n",
            r#"{"model":"jina-code-embeddings-0.5b","task":"nl2code.query","normalized":true,"embedding_type":"float","truncate":true,"input":["a","é\""]}"#
        )
    );
}

#[test]
fn answers_are_read() {
    let protocol = made(json!({})).unwrap();
    let body = r#"{"model":"m","object":"list","usage":{"total_tokens":2},"data":[{"object":"embedding","index":0,"embedding":[1,0]},{"object":"embedding","index":1,"embedding":[0.5,1]}]}"#;
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
            (402, r#"{"detail":"m"}"#, ErrorKind::QuotaExceeded),
            (403, r#"{"detail":"m"}"#, ErrorKind::PermissionDenied),
            (422, r#"{"detail":"m"}"#, ErrorKind::InvalidInput),
            (429, r#"{"detail":"m"}"#, ErrorKind::RateLimited),
            (500, r#"{"detail":"m"}"#, ErrorKind::Unavailable),
            (503, r#"{"detail":"m"}"#, ErrorKind::Unavailable),
        ],
    );
}

#[test]
fn the_second_generation_has_one_length() {
    let config = |dims| json!({"model": "jina-embeddings-v2-small-en", "embedding_dims": dims});
    assert_eq!(made(config(512)).unwrap().dims(), Some(512));
    assert_eq!(made(config(256)).unwrap_err().kind(), ErrorKind::Config);
}
