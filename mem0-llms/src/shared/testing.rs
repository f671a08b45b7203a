//! What the tests of the adapters share.

use mem0_core::{Error, ErrorKind, Image, LlmRequest, LlmResponse, OutputSchema, Result, Turn};
use mem0_http::{Request, Response, check_status};
use serde_json::{Value, json};

use super::Protocol;

pub(crate) const PIXEL: &str = "data:image/png;base64,iVBORw0KGgo=";

/// Two turns of the user and one of the model between them.
pub(crate) fn talk() -> LlmRequest {
    let mut request = LlmRequest::new("Be terse.", "Hi");
    request.turns.extend([Turn::assistant("Yes?"), Turn::user("Was ist „das“?")]);
    request
}

/// One with an image.
pub(crate) fn shown(url: &str) -> LlmRequest {
    let mut request = LlmRequest::default();
    request.turns = vec![Turn::user("Look").with_images(vec![Image::new(url).unwrap()])];
    request
}

pub(crate) fn schema() -> Value {
    json!({
        "type": "object", "properties": {"fact": {"type": "string"}}, "required": ["fact"],
        "additionalProperties": false,
    })
}

/// One whose answer has a shape.
pub(crate) fn shaped() -> LlmRequest {
    LlmRequest::new("Be terse.", "Hi").with_schema(OutputSchema::new("note", schema())).with_max_tokens(50)
}

/// Verb, address and headers, one a line, then the body.
pub(crate) fn sent(request: &Request) -> String {
    let headers: String = request.headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
    let body = String::from_utf8(request.body.to_vec()).unwrap();
    format!("{} {}\n{headers}\n{body}", request.method.as_str(), request.url)
}

/// The body only.
pub(crate) fn body(protocol: &impl Protocol, request: &LlmRequest) -> Value {
    serde_json::from_slice(&protocol.request(request).unwrap().body).unwrap()
}

/// The error that a refusal becomes.
pub(crate) fn refused(protocol: &impl Protocol, status: u16, headers: &[(&str, &str)], body: &str) -> Error {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let response = Response::new(status, headers, body.to_owned());
    let error = check_status(&response, |refusal| protocol.refine(refusal)).unwrap_err();
    protocol.refusal(error)
}

pub(crate) fn answered(protocol: &impl Protocol, body: &str) -> Result<LlmResponse> {
    protocol.response(&Response::new(200, Vec::new(), body.to_owned()))
}

/// Whether every one of these bodies is no answer.
pub(crate) fn refuses_what_is_no_answer(protocol: &impl Protocol, more: &[&str]) {
    for body in ["", "{}", "[]", "null", "{", r#"{"error": {"message": "hush"}}"#].iter().chain(more) {
        let error = answered(protocol, body).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadModelOutput, "{body}");
        assert!(!format!("{error:?}").contains("hush"), "{error:?}");
    }
}

/// Reads a configuration that must be refused.
pub(crate) fn wrong<T: serde::de::DeserializeOwned + Default>(config: Value) -> ErrorKind {
    mem0_core::provider_config::<T>(config).map(|_| ()).unwrap_err().kind()
}
