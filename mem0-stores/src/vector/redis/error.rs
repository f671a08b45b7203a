//! What an error of the client or the server means here.

use mem0_core::{Error, ErrorKind};
use redis::{ErrorKind as Client, RedisError, ServerErrorKind as Server};

/// The kind, and what to say. Never what the server said: it can quote parts of
/// a request.
pub(super) fn classify(error: &RedisError) -> Error {
    if error.is_timeout() {
        return Error::new(ErrorKind::Timeout, "the server did not answer in time");
    }
    if error.is_connection_refusal() || error.is_connection_dropped() || error.is_io_error() {
        return Error::new(ErrorKind::Unavailable, "the server cannot be reached");
    }
    let (kind, message) = match error.kind() {
        Client::AuthenticationFailed => (ErrorKind::Unauthenticated, "user or password are refused"),
        Client::InvalidClientConfig => (ErrorKind::Config, "the address or the TLS settings are wrong"),
        Client::Parse | Client::UnexpectedReturnType => {
            (ErrorKind::Internal, "the server's answer has an unknown shape")
        }
        Client::Server(Server::BusyLoading) => (ErrorKind::Unavailable, "the server is loading its data"),
        Client::Server(Server::TryAgain | Server::ClusterDown | Server::MasterDown) => {
            (ErrorKind::Unavailable, "the server asks to try again later")
        }
        Client::Server(Server::ReadOnly) => (ErrorKind::Unavailable, "the server is a replica, which takes no writes"),
        Client::Server(Server::NoPerm) => (ErrorKind::PermissionDenied, "the user may not run a command or see a key"),
        Client::Server(Server::Moved | Server::Ask | Server::CrossSlot) => {
            (ErrorKind::Unsupported, "the server is part of a cluster; give the address of one that is not")
        }
        _ => by_words(error.code().unwrap_or_default(), error.detail().unwrap_or_default()),
    };
    Error::new(kind, message).with_context("code", error.code().unwrap_or("none"))
}

/// Server errors that the client has no kind for: by code, and where that is
/// the general `ERR` or part of the text (scripts, modules), by words.
fn by_words(code: &str, detail: &str) -> (ErrorKind, &'static str) {
    let said = |words: &str| code.eq_ignore_ascii_case(words) || detail.contains(words);
    let table: [(&[&str], ErrorKind, &'static str); 9] = [
        (
            &["DROPPED", "no such index", "Unknown Index name", "Unknown index name"],
            ErrorKind::NotFound,
            "the collection was dropped; open it again",
        ),
        (&["NOAUTH", "WRONGPASS", "NOTPASSED"], ErrorKind::Unauthenticated, "user or password are missing or refused"),
        (&["OOM", "used memory > 'maxmemory'"], ErrorKind::QuotaExceeded, "the server's memory is full"),
        (&["BUSY", "LOADING", "Redis is loading"], ErrorKind::Unavailable, "the server is busy"),
        (&["MISCONF", "NOREPLICAS"], ErrorKind::Unavailable, "the server cannot keep writes at the moment"),
        (&["max number of clients"], ErrorKind::Unavailable, "the server has too many clients"),
        (
            &["unknown command", "Unknown Redis command", "Unknown command", "Unknown argument", "such scorer"],
            ErrorKind::Unsupported,
            "the server has no FT commands as RediSearch has them; use Redis 8, Redis Stack or a server with RediSearch",
        ),
        (
            &["NOVECTORSETS"],
            ErrorKind::Unsupported,
            "the server has no vector sets (VADD, VSIM); use Redis 8, or the mode `search`",
        ),
        (&["Cannot create index on db != 0"], ErrorKind::Config, "RediSearch indexes database 0 only"),
    ];
    let known = table.iter().find(|(words, ..)| words.iter().any(|words| said(words)));
    known.map_or((ErrorKind::Internal, "the server refused a command"), |(_, kind, message)| (*kind, message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use mem0_core::Retry;

    fn said(text: &str) -> RedisError {
        redis::parse_redis_value(format!("-{text}\r\n").as_bytes()).and_then(redis::Value::extract_error).unwrap_err()
    }

    #[test]
    fn every_error_has_its_kind() {
        for (text, kind, retry) in [
            ("NOAUTH Authentication required.", ErrorKind::Unauthenticated, Retry::Never),
            ("WRONGPASS invalid username-password pair", ErrorKind::Unauthenticated, Retry::Never),
            ("NOPERM no permissions to run 'ft.search'", ErrorKind::PermissionDenied, Retry::Never),
            ("LOADING Redis is loading the dataset in memory", ErrorKind::Unavailable, Retry::Safe),
            ("BUSY Redis is busy running a script.", ErrorKind::Unavailable, Retry::Safe),
            ("TRYAGAIN Multiple keys request during rehashing", ErrorKind::Unavailable, Retry::Safe),
            ("MASTERDOWN Link with MASTER is down", ErrorKind::Unavailable, Retry::Safe),
            ("READONLY You can't write against a read only replica.", ErrorKind::Unavailable, Retry::Safe),
            ("MISCONF Redis is configured to save RDB snapshots", ErrorKind::Unavailable, Retry::Safe),
            ("ERR max number of clients reached", ErrorKind::Unavailable, Retry::Safe),
            ("OOM command not allowed when used memory > 'maxmemory'.", ErrorKind::QuotaExceeded, Retry::Never),
            ("ERR unknown command 'FT.SEARCH', with args", ErrorKind::Unsupported, Retry::Never),
            ("ERR Unknown Redis command called from script script: 1", ErrorKind::Unsupported, Retry::Never),
            ("No such scorer BM25STD", ErrorKind::Unsupported, Retry::Never),
            ("NOVECTORSETS the server has no vector sets", ErrorKind::Unsupported, Retry::Never),
            ("MOVED 3999 127.0.0.1:6381", ErrorKind::Unsupported, Retry::Never),
            ("DROPPED the collection was dropped", ErrorKind::NotFound, Retry::Never),
            ("mem0:index: no such index", ErrorKind::NotFound, Retry::Never),
            ("ERR Cannot create index on db != 0", ErrorKind::Config, Retry::Never),
            ("ERR anything else", ErrorKind::Internal, Retry::Never),
        ] {
            let error = classify(&said(text));
            assert_eq!((error.kind(), error.retry()), (kind, retry), "{text}");
        }
    }

    #[test]
    fn io_errors_are_tried_again() {
        for io in [
            std::io::ErrorKind::ConnectionRefused,
            std::io::ErrorKind::ConnectionReset,
            std::io::ErrorKind::BrokenPipe,
            std::io::ErrorKind::UnexpectedEof,
        ] {
            let error = classify(&RedisError::from(std::io::Error::from(io)));
            assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, Retry::Safe), "{io}");
        }
        let slow = classify(&RedisError::from(std::io::Error::from(std::io::ErrorKind::TimedOut)));
        assert_eq!((slow.kind(), slow.retry()), (ErrorKind::Timeout, Retry::Safe));
    }

    #[test]
    fn nothing_that_the_server_quotes_is_kept() {
        let error = classify(&said("ERR unknown command 'AUTH', with args beginning with: 'hidden'"));
        assert!(!format!("{error} {error:?}").contains("hidden"));
    }
}
