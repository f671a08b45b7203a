use mem0_core::{ErrorKind, Purpose, provider_config};
use serde_json::{Value, json};

use super::wire::VertexAi;
use crate::shared::Protocol as _;
use crate::shared::testing::{kinds, shown, vectors};

fn made(mut config: Value) -> mem0_core::Result<VertexAi> {
    for (key, value) in [("access_token", "t"), ("project", "p"), ("location", "europe-west4")] {
        config.as_object_mut().unwrap().entry(key).or_insert(json!(value));
    }
    VertexAi::new(&provider_config(config)?)
}

fn sent(config: Value, purpose: Purpose) -> String {
    shown(&made(config).unwrap().request(&["a"], purpose).unwrap())
}

#[test]
fn requests_are_these_bytes() {
    assert_eq!(
        sent(json!({}), Purpose::Store),
        "POST https://europe-west4-aiplatform.googleapis.com/v1/projects/p/locations/europe-west4/publishers/google/\
         models/gemini-embedding-001:predict\ncontent-type: application/json\n\n\
         {\"instances\":[{\"task_type\":\"RETRIEVAL_DOCUMENT\",\"content\":\"a\"}],\
         \"parameters\":{\"autoTruncate\":true,\"outputDimensionality\":256}}"
    );
    let own = json!({
        "model": "text-embedding-005", "embedding_dims": 768, "location": "global",
        "memory_search_embedding_type": "QUESTION_ANSWERING", "memory_update_embedding_type": "RETRIEVAL_DOCUMENT",
    });
    assert_eq!(
        sent(own, Purpose::Query),
        "POST https://aiplatform.googleapis.com/v1/projects/p/locations/global/publishers/google/\
         models/text-embedding-005:predict\ncontent-type: application/json\n\n\
         {\"instances\":[{\"task_type\":\"QUESTION_ANSWERING\",\"content\":\"a\"}],\
         \"parameters\":{\"autoTruncate\":true}}"
    );
}

#[test]
fn answers_are_read() {
    let protocol = made(json!({})).unwrap();
    let body = r#"{"predictions":[{"embeddings":{"values":[1,2],"statistics":{"truncated":false,"token_count":1}}}],
        "metadata":{"billableCharacterCount":1}}"#;
    assert_eq!(vectors(&protocol, body).unwrap(), [[1.0, 2.0]]);
    assert_eq!(vectors(&protocol, "{}").unwrap_err().kind(), ErrorKind::BadModelOutput);
}

#[test]
fn only_some_models_take_many_texts() {
    assert_eq!(made(json!({})).unwrap().limits().texts, 1);
    assert_eq!(made(json!({"model": "text-embedding-005"})).unwrap().limits().texts, 250);
}

#[test]
fn documented_errors_have_their_kinds() {
    kinds(
        &made(json!({})).unwrap(),
        &[
            (400, r#"{"error":{"code":400,"status":"INVALID_ARGUMENT"}}"#, ErrorKind::InvalidInput),
            (401, r#"{"error":{"code":401,"status":"UNAUTHENTICATED"}}"#, ErrorKind::Unauthenticated),
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
fn configurations_that_cannot_work_are_refused() {
    for (config, words) in [
        (json!({"api_key": "k"}), "takes no `api_key`"),
        (json!({"memory_update_embedding_type": "CLUSTERING"}), "memory_update_embedding_type"),
        (json!({"memory_add_embedding_type": "NONSENSE"}), "wrong type"),
        (json!({"vertex_credentials_json": "/none", "access_token": null}), "credentials"),
    ] {
        let error = made(config).unwrap_err();
        assert!(error.kind() == ErrorKind::Config && error.to_string().contains(words), "{error}");
    }
}
