use mem0_core::{ErrorKind, Purpose, provider_config};
use mem0_http::{Client, ClientOptions};
use serde_json::{Value, json};

use super::wire::Bedrock;
use crate::shared::Protocol as _;
use crate::shared::testing::{kinds, shown, vectors};

fn made(mut config: Value) -> mem0_core::Result<Bedrock> {
    config["aws_access_key_id"] = json!("AKID");
    config["aws_secret_access_key"] = json!("hush");
    config["aws_region"] = json!("eu-central-1");
    Bedrock::new(&provider_config(config)?)
}

fn sent(config: Value, purpose: Purpose) -> String {
    shown(&made(config).unwrap().request(&["a"], purpose).unwrap())
}

fn post(path: &str, body: &str) -> String {
    format!(
        "POST https://bedrock-runtime.eu-central-1.amazonaws.com/model/{path}/invoke\n\
         content-type: application/json\naccept: application/json\n\n{body}"
    )
}

#[test]
fn requests_are_these_bytes() {
    assert_eq!(sent(json!({}), Purpose::Store), post("amazon.titan-embed-text-v1", r#"{"inputText":"a"}"#));
    assert_eq!(
        sent(json!({"model": "amazon.titan-embed-text-v2:0", "embedding_dims": 256}), Purpose::Query),
        post("amazon.titan-embed-text-v2%3A0", r#"{"inputText":"a","dimensions":256}"#)
    );
    assert_eq!(
        sent(json!({"model": "cohere.embed-multilingual-v3"}), Purpose::Store),
        post("cohere.embed-multilingual-v3", r#"{"texts":["a"],"input_type":"search_document","truncate":"END"}"#)
    );
    assert_eq!(
        sent(json!({"model": "us.cohere.embed-v4:0", "embedding_dims": 512}), Purpose::Query),
        post(
            "us.cohere.embed-v4%3A0",
            r#"{"texts":["a"],"input_type":"search_query","truncate":"RIGHT","output_dimension":512}"#
        )
    );
}

#[tokio::test]
async fn requests_are_signed_or_carry_the_key() {
    let client = Client::new(&ClientOptions::default()).unwrap();
    let authorization = async |protocol: Bedrock| {
        let request = protocol.request(&["a"], Purpose::Store).unwrap();
        let request = protocol.authorize(&client, request).await.unwrap();
        request.header("authorization").unwrap().to_owned()
    };
    let signed = authorization(made(json!({})).unwrap()).await;
    assert!(signed.starts_with("AWS4-HMAC-SHA256 Credential=AKID/"), "{signed}");
    assert!(signed.contains("/eu-central-1/bedrock/aws4_request"), "{signed}");
    let config = json!({"api_key": "k", "aws_region": "eu-central-1"});
    assert_eq!(authorization(Bedrock::new(&provider_config(config).unwrap()).unwrap()).await, "Bearer k");
}

#[test]
fn answers_are_read() {
    let read = |model: &str, body: &str| vectors(&made(json!({"model": model})).unwrap(), body);
    let titan = r#"{"embedding":[1,2],"inputTextTokenCount":1,"embeddingsByType":{"float":[1,2]}}"#;
    assert_eq!(read("amazon.titan-embed-text-v2:0", titan).unwrap(), [[1.0, 2.0]]);
    let plain = r#"{"embeddings":[[1,2]],"id":"x","response_type":"embeddings_floats","texts":["a"]}"#;
    assert_eq!(read("cohere.embed-english-v3", plain).unwrap(), [[1.0, 2.0]]);
    let by_type = r#"{"embeddings":{"float":[[1,2]]},"id":"x","response_type":"embeddings_by_type","texts":["a"]}"#;
    assert_eq!(read("cohere.embed-v4:0", by_type).unwrap(), [[1.0, 2.0]]);
    assert_eq!(read("cohere.embed-v4:0", "[]").unwrap_err().kind(), ErrorKind::BadModelOutput);
}

#[test]
fn documented_errors_have_their_kinds() {
    let too_long = r#"{"message":"400 Bad Request: Too many input tokens. Max input tokens: 8192, request input token count: 9000"}"#;
    kinds(
        &made(json!({})).unwrap(),
        &[
            (400, r#"{"__type":"ValidationException","message":"Malformed input request"}"#, ErrorKind::InvalidInput),
            (400, too_long, ErrorKind::ContextLength),
            (400, r#"{"__type":"ServiceQuotaExceededException"}"#, ErrorKind::QuotaExceeded),
            (403, r#"{"__type":"AccessDeniedException"}"#, ErrorKind::PermissionDenied),
            (403, r#"{"__type":"UnrecognizedClientException"}"#, ErrorKind::Unauthenticated),
            (403, r#"{"__type":"ExpiredTokenException"}"#, ErrorKind::Unauthenticated),
            (403, r#"{"__type":"InvalidSignatureException"}"#, ErrorKind::Unauthenticated),
            (404, r#"{"__type":"ResourceNotFoundException"}"#, ErrorKind::NotFound),
            (408, r#"{"__type":"ModelTimeoutException"}"#, ErrorKind::Timeout),
            (424, r#"{"__type":"ModelErrorException"}"#, ErrorKind::Unavailable),
            (429, r#"{"__type":"ThrottlingException"}"#, ErrorKind::RateLimited),
            (429, r#"{"__type":"ModelNotReadyException"}"#, ErrorKind::Unavailable),
            (500, r#"{"__type":"InternalServerException"}"#, ErrorKind::Unavailable),
            (503, r#"{"__type":"ServiceUnavailableException"}"#, ErrorKind::Unavailable),
        ],
    );
}

#[test]
fn models_of_other_makers_and_lengths_are_refused() {
    for config in [
        json!({"model": "anthropic.claude-3"}),
        json!({"embedding_dims": 256}),
        json!({"model": "cohere.embed-english-v3", "embedding_dims": 256}),
    ] {
        assert_eq!(made(config).unwrap_err().kind(), ErrorKind::Config);
    }
}
