//! From status codes to errors, once for all providers.

use std::time::Duration;

use mem0_core::{Error, ErrorKind, Result};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::request::Response;

/// A response that is no success, and what its body says about it.
///
/// The provider's own words are never repeated, since they can quote a key or
/// what was sent; only short machine-readable codes are.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// The status code.
    pub status: u16,
    /// `error.code`, `error.type`, `error.status`, `type`, `code` or `__type` of
    /// a JSON body, and the `reason` of Google's details, those that are there,
    /// as they are spelt.
    pub codes: Vec<String>,
    /// Whether the provider's words, in small letters, hold one of the phrases
    /// by which providers without a code say that the input is too long.
    pub too_long: bool,
    /// How long it asks to wait.
    pub retry_after: Option<Duration>,
}

/// By these words the providers say that the input is too long, where they
/// give no code for it.
const TOO_LONG: &[&str] = &[
    "context length",
    "context_length",
    "context window",
    "available context size",
    "maximum context",
    "too many tokens",
    "prompt is too long",
    "input is too long",
    "token count exceeds",
    "exceeds the maximum number of tokens",
    "input token count",
];

impl Refusal {
    fn of(response: &Response) -> Self {
        let body: Value = serde_json::from_slice(&response.body).unwrap_or(Value::Null);
        // Some APIs of Google answer with a list of one.
        let body = body.get(0).unwrap_or(&body);
        let error = body.get("error").unwrap_or(body);
        let places = [error, body]
            .into_iter()
            .flat_map(|object| ["code", "type", "status", "__type"].into_iter().filter_map(move |key| object.get(key)));
        let details = || error.get("details").and_then(Value::as_array).into_iter().flatten();
        let mut codes: Vec<String> = places
            .chain(error.is_string().then_some(error))
            .chain(details().filter_map(|detail| detail.get("reason")))
            .filter_map(Value::as_str)
            .filter(|code| is_code(code))
            .map(str::to_owned)
            .collect();
        // Amazon puts it in a header, with an address after a colon.
        let amazon = response.header("x-amzn-errortype").and_then(|value| value.split(':').next());
        codes.extend(amazon.filter(|code| is_code(code)).map(str::to_owned));
        codes.dedup();
        let words = String::from_utf8_lossy(&response.body).to_lowercase();
        Self {
            status: response.status,
            codes,
            too_long: TOO_LONG.iter().any(|phrase| words.contains(phrase)),
            // Google puts it into the body, as in "34s" or "0.5s".
            retry_after: retry_after(response).or_else(|| details().find_map(|d| seconds(d.get("retryDelay")?))),
        }
    }

    /// Whether the body has this code.
    #[must_use]
    pub fn has(&self, code: &str) -> bool {
        self.codes.iter().any(|known| known.eq_ignore_ascii_case(code))
    }

    /// What the status means where the provider's documentation says nothing
    /// else.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self.status {
            400 | 413 | 422 if self.too_long => ErrorKind::ContextLength,
            400 | 405 | 413 | 415 | 422 => ErrorKind::InvalidInput,
            401 => ErrorKind::Unauthenticated,
            402 => ErrorKind::QuotaExceeded,
            403 => ErrorKind::PermissionDenied,
            404 | 410 => ErrorKind::NotFound,
            408 | 504 => ErrorKind::Timeout,
            409 => ErrorKind::Conflict,
            429 if self.has("insufficient_quota") => ErrorKind::QuotaExceeded,
            429 => ErrorKind::RateLimited,
            300..=399 => ErrorKind::Config,
            _ => ErrorKind::Unavailable,
        }
    }

    /// The error of this kind, with status, codes and the wait.
    #[must_use]
    pub fn into_error(self, kind: ErrorKind) -> Error {
        let message = match kind {
            ErrorKind::ContextLength => "the input is longer than the model takes",
            ErrorKind::InvalidInput => "the provider refuses the request",
            ErrorKind::Unauthenticated => "the provider refuses the key",
            ErrorKind::PermissionDenied => "the key may not do this",
            ErrorKind::QuotaExceeded => "the quota is used up",
            ErrorKind::NotFound => "the provider knows no such model or address: check `model` and `base_url`",
            ErrorKind::Timeout => "the provider took too long",
            ErrorKind::RateLimited => "the provider asks to slow down",
            ErrorKind::Config => "the address answers with a redirect: check `base_url`",
            _ => "the provider cannot answer now",
        };
        let mut error = Error::new(kind, message).with_context("status", self.status);
        if !self.codes.is_empty() {
            error = error.with_context("code", self.codes.join(" "));
        }
        match self.retry_after {
            Some(after) => error.with_retry_after(after),
            None => error,
        }
    }
}

/// A machine-readable word: nothing that could quote a text or a key. Long
/// words with digits in them are keys more often than codes.
fn is_code(text: &str) -> bool {
    let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.#:".contains(&b));
    let like_a_key = text.starts_with("sk-") || (text.len() >= 16 && text.bytes().any(|b| b.is_ascii_digit()));
    plain && (1..=64).contains(&text.len()) && !like_a_key
}

/// `retry-after-ms`, or `retry-after` in seconds. The form with a date is rare
/// and needs the provider's clock to agree with ours; it counts as not said.
fn retry_after(response: &Response) -> Option<Duration> {
    let number = |name: &str| response.header(name)?.trim().parse::<f64>().ok().filter(|n| *n >= 0.0);
    let seconds = number("retry-after-ms").map(|ms| ms / 1_000.0).or_else(|| number("retry-after"))?;
    Duration::try_from_secs_f64(seconds).ok()
}

fn seconds(text: &Value) -> Option<Duration> {
    Duration::try_from_secs_f64(text.as_str()?.strip_suffix('s')?.parse().ok()?).ok()
}

/// Whether the response is a success (2xx).
///
/// `refine` may name another kind for what the provider's documentation says
/// of a status or a code; none leaves the usual one.
///
/// # Errors
/// The one that the status stands for.
pub fn check_status(response: &Response, refine: impl FnOnce(&Refusal) -> Option<ErrorKind>) -> Result<()> {
    if (200..300).contains(&response.status) {
        return Ok(());
    }
    let refusal = Refusal::of(response);
    let kind = refine(&refusal).unwrap_or_else(|| refusal.kind());
    Err(refusal.into_error(kind))
}

/// Reads a body.
///
/// # Errors
/// `BadModelOutput` with the place where the JSON ends to be what it should be,
/// never with the text.
pub fn parse_json<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    serde_json::from_slice(body).map_err(|e| {
        Error::new(ErrorKind::BadModelOutput, "the provider's answer is not what its documentation says")
            .with_context("bytes", body.len())
            .with_context("line", e.line())
            .with_context("column", e.column())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(status: u16, headers: &[(&str, &str)], body: &str) -> Error {
        let headers = headers.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        check_status(&Response::new(status, headers, body.to_owned()), |_| None).unwrap_err()
    }

    #[test]
    fn each_status_has_its_kind() {
        for (status, kind) in [
            (400, ErrorKind::InvalidInput),
            (401, ErrorKind::Unauthenticated),
            (402, ErrorKind::QuotaExceeded),
            (403, ErrorKind::PermissionDenied),
            (404, ErrorKind::NotFound),
            (408, ErrorKind::Timeout),
            (429, ErrorKind::RateLimited),
            (302, ErrorKind::Config),
            (500, ErrorKind::Unavailable),
            (503, ErrorKind::Unavailable),
            (504, ErrorKind::Timeout),
            (529, ErrorKind::Unavailable),
        ] {
            assert_eq!(error(status, &[], "").kind(), kind, "{status}");
        }
    }

    #[test]
    fn codes_are_shown_and_words_are_not() {
        let body = r#"{"error": {"message": "hush: my secret diary", "type": "invalid_request_error", "code": "x y"}}"#;
        let shown = format!("{:?}", error(400, &[], body));
        assert!(
            shown.contains("invalid_request_error") && !shown.contains("hush") && !shown.contains("x y"),
            "{shown}"
        );
    }

    #[test]
    fn an_input_that_is_too_long_is_its_own_kind() {
        let body = r#"{"error": {"message": "This model's maximum context length is 8192 tokens"}}"#;
        assert_eq!(error(400, &[], body).kind(), ErrorKind::ContextLength);
    }

    #[test]
    fn the_details_of_google_are_read() {
        let body = r#"{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "details": [
            {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "RATE_LIMIT_EXCEEDED"},
            {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.5s"}]}}"#;
        let error = error(429, &[], body);
        assert_eq!(error.retry_after(), Some(Duration::from_millis(34_500)));
        assert!(error.to_string().contains("RESOURCE_EXHAUSTED RATE_LIMIT_EXCEEDED"), "{error}");
    }

    #[test]
    fn the_wait_is_kept() {
        let after = |name, value| error(429, &[(name, value)], "").retry_after();
        assert_eq!(after("retry-after", "7"), Some(Duration::from_secs(7)));
        assert_eq!(after("retry-after-ms", "250"), Some(Duration::from_millis(250)));
        for odd in ["soon", "-1", "NaN", "1e300", "Wed, 21 Oct 2015 07:28:00 GMT"] {
            assert_eq!(after("retry-after", odd), None, "{odd}");
        }
    }
}
