//! What an error of the connection or the server means here.

use mem0_core::{Error, ErrorKind};
use tonic::Code;

use super::proto::Status;

/// No such collection, by the server's code and by the older one.
const COLLECTION_NOT_FOUND: i32 = 100;
const OLD_COLLECTION_NOT_EXISTS: i32 = 4;

/// Of a call that did not reach the service, or that it did not answer. The
/// server's words are left out: they can quote parts of a request.
pub(super) fn of_transport(status: &tonic::Status) -> Error {
    let (kind, message) = match status.code() {
        Code::Unauthenticated => (ErrorKind::Unauthenticated, "token or password are missing or refused"),
        Code::PermissionDenied => (ErrorKind::PermissionDenied, "the user may not do this"),
        Code::DeadlineExceeded | Code::Cancelled => (ErrorKind::Timeout, "the server did not answer in time"),
        Code::ResourceExhausted => (ErrorKind::RateLimited, "the server asks to slow down"),
        Code::Unimplemented => {
            (ErrorKind::Unsupported, "the server does not know the call; it takes Milvus 2.3 or later")
        }
        Code::Unavailable | Code::Unknown | Code::Aborted => (ErrorKind::Unavailable, "the server cannot be reached"),
        _ => (ErrorKind::Internal, "the server failed"),
    };
    Error::new(kind, message).with_context("grpc", i32::from(status.code()))
}

/// Whether a collection is not there.
pub(super) fn is_missing(status: &Status) -> bool {
    status.code == COLLECTION_NOT_FOUND || (status.code == 0 && status.error_code == OLD_COLLECTION_NOT_EXISTS)
}

/// Of an answer that says that the call failed; none if it succeeded.
pub(super) fn of_status(status: &Status) -> Option<Error> {
    if status.code == 0 && status.error_code == 0 {
        return None;
    }
    let (kind, message) = match status.code {
        _ if is_missing(status) => (ErrorKind::NotFound, "the collection was dropped; open it again"),
        1 | 2 | 11 => (ErrorKind::Unavailable, "the server is not ready"),
        3 | 7 => (ErrorKind::QuotaExceeded, "the server's memory or disk is full"),
        4 | 8 => (ErrorKind::RateLimited, "the server asks to slow down"),
        9 => (ErrorKind::QuotaExceeded, "the server refuses writes, since a quota is used up"),
        10 => (ErrorKind::Unsupported, "the server does not have this"),
        101 | 103 | 106 => (ErrorKind::Unavailable, "the collection is not in memory yet"),
        102 => (ErrorKind::QuotaExceeded, "the server takes no more collections"),
        800 => (ErrorKind::Config, "there is no database of this db_name"),
        1100..=1199 => (ErrorKind::InvalidInput, "the server refused a value"),
        1400 => (ErrorKind::Unauthenticated, "token or password are missing or refused"),
        1401 => (ErrorKind::PermissionDenied, "the user may not do this"),
        0 => of_old(status.error_code),
        _ => (ErrorKind::Internal, "the server failed"),
    };
    let code = if status.code == 0 { status.error_code } else { status.code };
    Some(Error::new(kind, message).with_context("code", code))
}

/// The numbers that servers before 2.3 give.
fn of_old(code: i32) -> (ErrorKind, &'static str) {
    match code {
        3 => (ErrorKind::PermissionDenied, "the user may not do this"),
        5 => (ErrorKind::InvalidInput, "the server refused a value"),
        49 => (ErrorKind::RateLimited, "the server asks to slow down"),
        53 | 54 => (ErrorKind::QuotaExceeded, "the server's memory or disk is full"),
        45 | 46 | 55 | 56 => (ErrorKind::Unavailable, "the server is not ready"),
        _ => (ErrorKind::Internal, "the server failed"),
    }
}

/// An answer that no server gives.
pub(super) fn unexpected() -> Error {
    Error::internal("the server's answer has an unknown shape")
}

#[cfg(test)]
mod tests {
    use mem0_core::Retry;

    use super::*;

    #[test]
    fn every_status_has_its_kind() {
        for (code, old, kind, retry) in [
            (100, 1, ErrorKind::NotFound, Retry::Never),
            (0, 4, ErrorKind::NotFound, Retry::Never),
            (2, 1, ErrorKind::Unavailable, Retry::Safe),
            (101, 1, ErrorKind::Unavailable, Retry::Safe),
            (8, 49, ErrorKind::RateLimited, Retry::Safe),
            (0, 49, ErrorKind::RateLimited, Retry::Safe),
            (3, 1, ErrorKind::QuotaExceeded, Retry::Never),
            (9, 48, ErrorKind::QuotaExceeded, Retry::Never),
            (800, 1, ErrorKind::Config, Retry::Never),
            (1_100, 5, ErrorKind::InvalidInput, Retry::Never),
            (1_400, 3, ErrorKind::Unauthenticated, Retry::Never),
            (1_401, 3, ErrorKind::PermissionDenied, Retry::Never),
            (65_535, 1, ErrorKind::Internal, Retry::Never),
        ] {
            let status = Status { error_code: old, reason: "hidden".into(), code };
            let error = of_status(&status).unwrap();
            assert_eq!((error.kind(), error.retry()), (kind, retry), "{code} {old}");
            assert!(!format!("{error:?}").contains("hidden"));
        }
        assert!(of_status(&Status::default()).is_none());
    }

    #[test]
    fn what_breaks_on_the_way_has_its_kind() {
        for (code, kind) in [
            (Code::Unavailable, ErrorKind::Unavailable),
            (Code::DeadlineExceeded, ErrorKind::Timeout),
            (Code::Cancelled, ErrorKind::Timeout),
            (Code::Unauthenticated, ErrorKind::Unauthenticated),
            (Code::PermissionDenied, ErrorKind::PermissionDenied),
            (Code::ResourceExhausted, ErrorKind::RateLimited),
            (Code::Unimplemented, ErrorKind::Unsupported),
            (Code::Internal, ErrorKind::Internal),
        ] {
            let error = of_transport(&tonic::Status::new(code, "hidden"));
            assert_eq!(error.kind(), kind, "{code:?}");
            assert!(!format!("{error:?}").contains("hidden"));
        }
    }
}
