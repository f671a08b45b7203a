//! A server that speaks JSON over HTTP.

#[cfg(feature = "chroma")]
use std::fmt::Write as _;

use mem0_core::{Error, ErrorKind, Result, Secret};
use mem0_http::{Client, ClientOptions, Method, Refusal, Request, Response, check_status};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Where the server is, and what every request says.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    client: Client,
    base: String,
    headers: Vec<(String, Secret)>,
    refine: fn(&Refusal) -> Option<ErrorKind>,
}

impl Server {
    /// A server at `base`; `refine` is what its documentation says of a refusal
    /// beyond the status.
    pub(crate) fn new(
        options: &ClientOptions,
        base: &str,
        headers: Vec<(String, Secret)>,
        refine: fn(&Refusal) -> Option<ErrorKind>,
    ) -> Result<Self> {
        let base = base.trim().trim_end_matches('/').to_owned();
        if !(base.starts_with("http://") || base.starts_with("https://")) {
            return Err(Error::config("the address of the server begins with http:// or https://"));
        }
        Ok(Self { client: Client::new(options)?, base, headers, refine })
    }

    /// A request without a body.
    pub(crate) fn request(&self, method: Method, path: &str) -> Request {
        let request = Request::new(method, format!("{}{path}", self.base));
        self.headers.iter().fold(request, |request, (name, value)| request.with_header(name, value.expose()))
    }

    /// A request with a JSON body.
    pub(crate) fn json(&self, method: Method, path: &str, body: &impl Serialize) -> Result<Request> {
        self.request(method, path).with_json(body)
    }

    /// Sends a request; whatever is no success is an error.
    pub(crate) async fn send(&self, request: Request) -> Result<Response> {
        let response = self.client.send(request).await.map_err(in_words_of_a_store)?;
        check_status(&response, self.refine).map_err(in_words_of_a_store)?;
        Ok(response)
    }

    /// The same, and reads the answer.
    pub(crate) async fn ask<T: DeserializeOwned>(&self, request: Request) -> Result<T> {
        read(&self.send(request).await?)
    }

    /// The same for what may not be there.
    pub(crate) async fn find<T: DeserializeOwned>(&self, request: Request) -> Result<Option<T>> {
        match self.ask(request).await {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            answer => answer.map(Some),
        }
    }
}

/// Reads an answer.
pub(crate) fn read<T: DeserializeOwned>(response: &Response) -> Result<T> {
    serde_json::from_slice(&response.body).map_err(|e| {
        let (line, column) = (e.line(), e.column());
        unexpected().with_context("line", line).with_context("column", column)
    })
}

/// An answer that is none of those that the documentation has.
pub(crate) fn unexpected() -> Error {
    Error::internal("the server's answer has an unknown shape")
}

/// What is stored and cannot be read.
pub(crate) fn damaged() -> Error {
    Error::corrupt("a stored point cannot be read")
}

/// The same error; for kinds whose usual message speaks of models, one that
/// speaks of collections.
fn in_words_of_a_store(error: Error) -> Error {
    let message = match error.kind() {
        ErrorKind::NotFound => "the collection was dropped, or the address is wrong; open it again",
        ErrorKind::Unavailable => "the server cannot be reached or cannot answer now",
        ErrorKind::InvalidInput | ErrorKind::ContextLength => "the server refuses the request",
        ErrorKind::Timeout => "the server did not answer in time",
        ErrorKind::BadModelOutput => "the answer is longer than `http.max_answer_bytes`",
        _ => return error,
    };
    let kind = match error.kind() {
        ErrorKind::ContextLength => ErrorKind::InvalidInput,
        ErrorKind::BadModelOutput => ErrorKind::Config,
        kind => kind,
    };
    let mut told = Error::new(kind, message);
    for (key, value) in error.context() {
        told = told.with_context(key, value);
    }
    if let Some(after) = error.retry_after() {
        told = told.with_retry_after(after);
    }
    told.with_source(error)
}

/// A text as one segment of a path.
#[cfg(feature = "chroma")]
pub(crate) fn segment(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    // A dot or two alone would be another folder.
    if encoded.bytes().all(|byte| byte == b'.') { encoded.replace('.', "%2E") } else { encoded }
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// Everything of a request that goes over the wire, as text.
    pub(crate) fn shown(request: &Request) -> String {
        let headers: String = request.headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
        let body = String::from_utf8(request.body.to_vec()).unwrap();
        format!("{} {}\n{headers}\n{body}", request.method.as_str(), request.url)
    }

    /// The error of an answer.
    pub(crate) fn refused(refine: fn(&Refusal) -> Option<ErrorKind>, status: u16, body: &str) -> Error {
        let response = Response::new(status, Vec::new(), body.to_owned());
        in_words_of_a_store(check_status(&response, refine).unwrap_err())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "chroma")]
    #[test]
    fn a_segment_stays_one() {
        for (text, encoded) in [("a-b_c.d~1", "a-b_c.d~1"), ("a/b?c#d%", "a%2Fb%3Fc%23d%25"), ("..", "%2E%2E")] {
            assert_eq!(segment(text), encoded);
        }
        assert_eq!(segment("é "), "%C3%A9%20");
    }

    #[test]
    fn errors_speak_of_collections_and_keep_what_they_know() {
        let none = |_: &Refusal| None;
        let error = testing::refused(none, 404, r#"{"error":"NotFoundError","message":"hush"}"#);
        assert!(error.to_string().contains("open it again") && error.to_string().contains("status=404"), "{error}");
        assert!(!format!("{error:?}").contains("hush"));
        assert_eq!(testing::refused(none, 400, "prompt is too long").kind(), ErrorKind::InvalidInput);
    }
}
