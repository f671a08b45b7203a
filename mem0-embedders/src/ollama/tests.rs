use mem0_core::{ErrorKind, Purpose, provider_config};
use serde_json::{Value, json};

use super::wire::Ollama;
use crate::shared::Protocol as _;
use crate::shared::testing::{kinds, shown, vectors};

fn made(config: Value) -> mem0_core::Result<Ollama> {
    Ollama::new(&provider_config(config)?)
}

fn sent(config: Value, purpose: Purpose) -> String {
    shown(&made(config).unwrap().request(&["a", "é\""], purpose).unwrap())
}

#[test]
fn requests_are_these_bytes() {
    assert_eq!(
        sent(json!({}), Purpose::Store),
        concat!(
            "POST http://localhost:11434/api/embed\ncontent-type: application/json\n\n",
            r#"{"model":"nomic-embed-text","input":["a","é\""],"truncate":true}"#
        )
    );
    assert_eq!(
        sent(
            json!({"ollama_base_url": "http://h/", "embedding_dims": 256, "model": "x", "api_key": "k"}),
            Purpose::Query
        ),
        concat!(
            "POST http://h/api/embed\ncontent-type: application/json\nauthorization: Bearer k\n\n",
            r#"{"model":"x","input":["a","é\""],"truncate":true,"dimensions":256}"#
        )
    );
}

#[test]
fn answers_are_read() {
    let protocol = made(json!({})).unwrap();
    let body =
        r#"{"model":"m","embeddings":[[1,0],[0.5,1]],"total_duration":1,"load_duration":1,"prompt_eval_count":2}"#;
    assert_eq!(vectors(&protocol, body).unwrap(), [[1.0, 0.0], [0.5, 1.0]]);
    for bad in ["", "{}", r#"{"embedding":[1]}"#] {
        assert_eq!(vectors(&protocol, bad).unwrap_err().kind(), ErrorKind::BadModelOutput, "{bad}");
    }
}

#[test]
fn documented_errors_have_their_kinds() {
    kinds(
        &made(json!({})).unwrap(),
        &[
            (400, r#"{"error":"invalid input type"}"#, ErrorKind::InvalidInput),
            (400, r#"{"error":"the input length exceeds the context length"}"#, ErrorKind::ContextLength),
            (404, r#"{"error":"model \"x\" not found, try pulling it first"}"#, ErrorKind::NotFound),
            (429, "", ErrorKind::RateLimited),
            (500, r#"{"error":"llama runner process has terminated"}"#, ErrorKind::Unavailable),
            (502, "", ErrorKind::Unavailable),
        ],
    );
}

#[test]
fn a_model_that_is_not_there_is_not_pulled_but_named() {
    let protocol = made(json!({"model": "bge-m3"})).unwrap();
    assert_eq!(protocol.advice(ErrorKind::NotFound).as_deref(), Some("ollama pull bge-m3"));
    assert_eq!((protocol.dims(), made(json!({"model": "all-minilm:33m"})).unwrap().dims()), (Some(1_024), None));
}
