use mem0_core::{ErrorKind, Purpose, provider_config};
use serde_json::{Value, json};

use super::wire::HuggingFace;
use crate::shared::Protocol as _;
use crate::shared::testing::{kinds, shown, vectors};

fn made(mut config: Value) -> mem0_core::Result<HuggingFace> {
    config["api_key"] = json!("k");
    HuggingFace::new(&provider_config(config)?)
}

fn sent(config: Value, purpose: Purpose) -> String {
    shown(&made(config).unwrap().request(&["a", "é\""], purpose).unwrap())
}

#[test]
fn requests_are_these_bytes() {
    assert_eq!(
        sent(json!({}), Purpose::Store),
        concat!(
            "POST https://router.huggingface.co/hf-inference/models/sentence-transformers/multi-qa-MiniLM-L6-cos-v1/pipeline/feature-extraction\ncontent-type: application/json\nauthorization: Bearer k\n\n",
            r#"{"inputs":["a","é\""],"normalize":true,"truncate":true}"#
        )
    );
    assert_eq!(
        sent(json!({"huggingface_base_url": "http://h:8080/v1/"}), Purpose::Query),
        concat!(
            "POST http://h:8080/embed\ncontent-type: application/json\nauthorization: Bearer k\n\n",
            r#"{"inputs":["a","é\""],"normalize":true,"truncate":true}"#
        )
    );
}

#[test]
fn answers_are_read() {
    let protocol = made(json!({})).unwrap();
    let body = r#"[[1,0],[0.5,1]]"#;
    assert_eq!(vectors(&protocol, body).unwrap(), [[1.0, 0.0], [0.5, 1.0]]);
    for bad in ["", "{}", "[1]", "[[[1]]]"] {
        assert_eq!(vectors(&protocol, bad).unwrap_err().kind(), ErrorKind::BadModelOutput, "{bad}");
    }
}

#[test]
fn documented_errors_have_their_kinds() {
    kinds(
        &made(json!({})).unwrap(),
        &[
            (401, r#"{"error":"Invalid username or password."}"#, ErrorKind::Unauthenticated),
            (404, "Not Found", ErrorKind::NotFound),
            (
                413,
                r#"{"error":"batch size 33 > maximum allowed batch size 32","error_type":"Validation"}"#,
                ErrorKind::InvalidInput,
            ),
            (422, r#"{"error":"Tokenization error","error_type":"Tokenizer"}"#, ErrorKind::InvalidInput),
            (424, r#"{"error":"Inference failed","error_type":"Backend"}"#, ErrorKind::Unavailable),
            (429, r#"{"error":"Model is overloaded","error_type":"Overloaded"}"#, ErrorKind::RateLimited),
            (503, r#"{"error":"Model x is currently loading","estimated_time":20.0}"#, ErrorKind::Unavailable),
        ],
    );
}

#[test]
fn a_server_of_ones_own_needs_no_key_and_is_asked_for_its_length() {
    let config = json!({"huggingface_base_url": "http://h", "model_kwargs": {"device": "cpu"}});
    let protocol = HuggingFace::new(&provider_config(config).unwrap()).unwrap();
    assert_eq!((protocol.dims(), protocol.model()), (None, "tei"));
    assert!(!shown(&protocol.request(&["a"], Purpose::Store).unwrap()).contains("authorization"));
    assert_eq!(made(json!({})).unwrap().dims(), Some(384));
}
