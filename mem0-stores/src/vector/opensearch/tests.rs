//! Settings, and requests byte by byte.

use mem0_core::{ErrorKind, Timestamp};
use mem0_http::Method;
use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::shared::lucene::Content;
use crate::shared::lucene::tests::{a_dropped_collection_is_not_found, conversation};

#[derive(Debug)]
struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        "2026-11-23T12:00:00Z".parse().unwrap()
    }

    fn uuid(&self) -> Uuid {
        Uuid::nil()
    }
}

fn read(value: Value) -> Result<OpenSearch> {
    OpenSearch::new(&mem0_core::provider_config(value)?, Arc::new(Noon))
}

fn header(config: Value, name: &str) -> Option<String> {
    let body = br#"{"query":{}}"#.as_slice();
    let call =
        Call { method: Method::Post, path: "/notes.g1/_count".to_owned(), body: Some((Content::Json, body.into())) };
    let request = read(config).unwrap().request(call).unwrap();
    assert_eq!(request.header("content-type"), Some("application/json"));
    request.header(name).map(str::to_owned)
}

#[tokio::test]
async fn requests_look_like_this() {
    let faiss = read(json!({"engine": "faiss", "number_of_shards": 2, "number_of_replicas": 0})).unwrap();
    insta::assert_snapshot!(conversation(faiss, read(json!({"refresh": "none", "candidates": 8})).unwrap()).await);
}

#[tokio::test]
async fn what_was_dropped_is_not_found() {
    a_dropped_collection_is_not_found(read(json!({})).unwrap()).await;
}

#[test]
fn the_python_librarys_keys_are_read() {
    let config = json!({
        "collection_name": "mem0", "host": "search.example.com", "port": 443, "user": "ada", "password": "hush",
        "api_key": null, "embedding_model_dims": 1536, "verify_certs": true, "use_ssl": true, "auto_refresh": true,
        "pool_maxsize": 20,
    });
    let server = read(config).unwrap();
    assert_eq!(server.base, "https://search.example.com");
    assert_eq!(server.options.refresh, Refresh::Immediate);
    assert_eq!(read(json!({"auto_refresh": false})).unwrap().options.refresh, Refresh::None);
    assert_eq!(read(json!({"auto_refresh": false, "refresh": "wait_for"})).unwrap().options.refresh, Refresh::WaitFor);
}

#[test]
fn requests_bear_what_lets_them_in() {
    assert_eq!(header(json!({}), "authorization"), None);
    let basic = header(json!({"user": "Aladdin", "password": "open sesame"}), "authorization");
    assert_eq!(basic.as_deref(), Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
    assert_eq!(header(json!({"api_key": "a2V5"}), "authorization").as_deref(), Some("ApiKey a2V5"));
}

#[test]
fn requests_are_signed_for_the_service() {
    let config = |service: &str| {
        json!({
            "url": "https://search.example.com", "aws_service": service, "aws_region": "eu-west-1",
            "aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "hush",
        })
    };
    // The signature itself is the signer's to test.
    let signed = |service: &str| {
        let value = header(config(service), "authorization").unwrap();
        value.split(" Signature=").next().unwrap().to_owned()
    };
    let before = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261123/eu-west-1";
    assert_eq!(signed("es"), format!("{before}/es/aws4_request, SignedHeaders=content-type;host;x-amz-date,"));
    assert_eq!(
        signed("aoss"),
        format!("{before}/aoss/aws4_request, SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date,")
    );
    // Of `{"query":{}}`, by sha256sum.
    let hash = "be9b522cceff9db8d9564fbb87b3ae6b2968b4cacecbfc3831f96ba31cd7a7e6";
    assert_eq!(header(config("aoss"), "x-amz-content-sha256").as_deref(), Some(hash));
    assert_eq!(read(config("aoss")).unwrap().options.refresh, Refresh::None);
}

#[test]
fn what_is_wrong_is_refused() {
    for wrong in [
        json!({"hots": "h"}),
        json!({"engine": "nmslib"}),
        json!({"url": "nowhere"}),
        json!({"url": "http://u:hush@h"}),
        json!({"user": "u"}),
        json!({"password": "hush"}),
        json!({"user": "u", "password": "hush", "api_key": "hush"}),
        json!({"api_key": "hush", "aws_service": "es"}),
        json!({"aws_service": "ec2"}),
        json!({"aws_service": "es", "aws_access_key_id": "hush"}),
        json!({"aws_service": "aoss", "refresh": "immediate"}),
        json!({"use_ssl": true, "verify_certs": false}),
        json!({"m": 1}),
        json!({"ef_construction": 5_000}),
        json!({"candidates": 0}),
        json!({"number_of_shards": 0}),
        json!({"analyzer": ""}),
        json!({"http": {"timeout_s": 0}}),
    ] {
        let error = read(wrong.clone()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{wrong}");
        assert!(!format!("{error} {error:?}").contains("hush"), "{error:?}");
    }
    // Without TLS there is nothing to verify.
    assert!(read(json!({"verify_certs": false})).is_ok());
}

#[test]
fn secrets_do_not_show() {
    let value = json!({"user": "u", "password": "hush", "aws_secret_access_key": "hush", "aws_session_token": "hush"});
    let config: OpenSearchConfig = serde_json::from_value(value).unwrap();
    let server = OpenSearch::new(&config, Arc::new(Noon)).unwrap();
    assert!(!format!("{config:?} {server:?} {}", serde_json::to_string(&config).unwrap()).contains("hush"));
}
