//! What an error of the client or the server means here.

use std::time::Duration;

use mem0_core::{Error, ErrorKind};
use qdrant_client::QdrantError;
use tonic::{Code, Status};

/// The mark that the server puts on an error for want of memory or disk, which
/// has the same code as one for too many requests.
const FULL: &str = "qdrant-insufficient-storage";

/// The kind, and what to say. Never what the server said: it can quote parts of
/// a request.
pub(super) fn classify(error: &QdrantError) -> Error {
    match error {
        QdrantError::ResourceExhaustedError { retry_after_seconds, .. } => {
            Error::new(ErrorKind::RateLimited, "the server asks to slow down")
                .with_retry_after(Duration::from_secs(*retry_after_seconds))
        }
        QdrantError::ResponseError { status } => of_status(status),
        QdrantError::InvalidUri(_) => Error::config("the address is no URL"),
        QdrantError::Io(_) => Error::new(ErrorKind::Unavailable, "the server cannot be reached"),
        _ => Error::internal("the client cannot write a request or read its answer"),
    }
}

fn of_status(status: &Status) -> Error {
    let said = |words: &str| status.message().contains(words);
    let (kind, message) = match status.code() {
        Code::Unauthenticated => (ErrorKind::Unauthenticated, "the API key is missing or refused"),
        Code::PermissionDenied => (ErrorKind::PermissionDenied, "the API key does not allow this"),
        Code::NotFound => (ErrorKind::NotFound, "the collection was dropped; open it again"),
        Code::AlreadyExists => (ErrorKind::AlreadyExists, "something of that name exists already"),
        Code::DeadlineExceeded => timeout(),
        // A limit on this side ends as a cancellation.
        Code::Cancelled if said("Timeout expired") => timeout(),
        Code::ResourceExhausted if status.metadata().contains_key(FULL) => {
            (ErrorKind::QuotaExceeded, "the server's memory or disk is full")
        }
        Code::ResourceExhausted => (ErrorKind::RateLimited, "the server asks to slow down"),
        Code::Unavailable | Code::Aborted | Code::Cancelled => unreachable(),
        // The client cannot connect, or the connection broke.
        Code::Internal | Code::Unknown if BROKEN.iter().any(|words| said(words)) => unreachable(),
        Code::Internal if said("No space left") || said("Out of memory") => {
            (ErrorKind::QuotaExceeded, "the server's memory or disk is full")
        }
        Code::FailedPrecondition => (ErrorKind::Unavailable, "the server or the collection is locked"),
        Code::Unimplemented => (ErrorKind::Unsupported, "the server does not know this call; Qdrant 1.16 is needed"),
        Code::OutOfRange => (ErrorKind::InvalidInput, "a request or an answer is larger than is allowed"),
        Code::DataLoss => (ErrorKind::Corrupt, "the server's data are damaged"),
        Code::InvalidArgument if STRICT.iter().any(|words| said(words)) => {
            (ErrorKind::Unsupported, "the collection's strict mode forbids this request")
        }
        Code::InvalidArgument => (ErrorKind::Internal, "the server refused a request as malformed"),
        _ => (ErrorKind::Internal, "the server failed"),
    };
    Error::new(kind, message).with_context("code", format!("{:?}", status.code()))
}

/// What the client and its transport say when there is no connection.
const BROKEN: [&str; 5] =
    ["Failed to connect", "transport error", "h2 protocol error", "connection error", "broken pipe"];

/// How the server's messages about its strict mode begin.
const STRICT: [&str; 7] = [
    "Index required but not found",
    "Limit exceeded",
    "Exact search disabled",
    "Filter condition limit reached",
    "Condition size limit reached",
    "Max ",
    "strict mode",
];

const fn timeout() -> (ErrorKind, &'static str) {
    (ErrorKind::Timeout, "the server did not answer in time")
}

const fn unreachable() -> (ErrorKind, &'static str) {
    (ErrorKind::Unavailable, "the server cannot be reached or is busy")
}

#[cfg(test)]
mod tests {
    use super::*;
    use mem0_core::Retry;

    fn classified(code: Code, message: &str) -> Error {
        classify(&QdrantError::from(Status::new(code, message)))
    }

    #[test]
    fn every_error_has_its_kind() {
        for (code, message, kind, retry) in [
            (Code::Unauthenticated, "Must provide an API key", ErrorKind::Unauthenticated, Retry::Never),
            (Code::PermissionDenied, "Forbidden", ErrorKind::PermissionDenied, Retry::Never),
            (Code::NotFound, "Not found: Collection `c` doesn't exist!", ErrorKind::NotFound, Retry::Never),
            (Code::AlreadyExists, "Collection `c` already exists!", ErrorKind::AlreadyExists, Retry::Never),
            (Code::DeadlineExceeded, "Timeout", ErrorKind::Timeout, Retry::Safe),
            (Code::Cancelled, "Timeout expired", ErrorKind::Timeout, Retry::Safe),
            (Code::Cancelled, "operation was canceled", ErrorKind::Unavailable, Retry::Safe),
            (Code::Unavailable, "error trying to connect", ErrorKind::Unavailable, Retry::Safe),
            (Code::Aborted, "", ErrorKind::Unavailable, Retry::Safe),
            (Code::Internal, "Failed to connect to http://h:6334/: ..", ErrorKind::Unavailable, Retry::Safe),
            (Code::Unknown, "transport error", ErrorKind::Unavailable, Retry::Safe),
            (Code::Internal, "h2 protocol error: error reading a body", ErrorKind::Unavailable, Retry::Safe),
            (Code::Internal, "No space left on device: WAL buffer", ErrorKind::QuotaExceeded, Retry::Never),
            (Code::ResourceExhausted, "Rate limiting exceeded", ErrorKind::RateLimited, Retry::Safe),
            (Code::FailedPrecondition, "Write operations are forbidden", ErrorKind::Unavailable, Retry::Safe),
            (Code::Unimplemented, "", ErrorKind::Unsupported, Retry::Never),
            (Code::OutOfRange, "Error, decoded message length too large", ErrorKind::InvalidInput, Retry::Never),
            (Code::DataLoss, "", ErrorKind::Corrupt, Retry::Never),
            (Code::InvalidArgument, "Index required but not found for \"x\"", ErrorKind::Unsupported, Retry::Never),
            (Code::InvalidArgument, "Limit exceeded 9 > 8 for \"limit\"", ErrorKind::Unsupported, Retry::Never),
            (Code::InvalidArgument, "Expected some vectors", ErrorKind::Internal, Retry::Never),
            (Code::Internal, "Service internal error: x", ErrorKind::Internal, Retry::Never),
        ] {
            let error = classified(code, message);
            assert_eq!((error.kind(), error.retry()), (kind, retry), "{code:?} {message}");
        }
    }

    #[test]
    fn how_long_to_wait_is_what_the_server_says() {
        let mut status = Status::new(Code::ResourceExhausted, "Rate limiting exceeded");
        status.metadata_mut().insert("retry-after", tonic::metadata::MetadataValue::from_static("7"));
        let error = classify(&QdrantError::from(status));
        assert_eq!((error.kind(), error.retry_after()), (ErrorKind::RateLimited, Some(Duration::from_secs(7))));
    }

    #[test]
    fn a_full_server_is_told_from_a_busy_one() {
        let mut status = Status::new(Code::ResourceExhausted, "memory");
        status.metadata_mut().insert(FULL, tonic::metadata::MetadataValue::from_static("1"));
        let error = classify(&QdrantError::from(status));
        assert_eq!((error.kind(), error.retry()), (ErrorKind::QuotaExceeded, Retry::Never));
    }

    #[test]
    fn nothing_that_the_server_quotes_is_kept() {
        for code in [Code::InvalidArgument, Code::Internal, Code::Unknown, Code::NotFound] {
            let error = classified(code, "Malformed API key or token: hidden");
            assert!(!format!("{error} {error:?}").contains("hidden"));
        }
    }
}
