//! What the server's refusals mean here.

use mem0_core::{Error, ErrorKind};

/// An error of the driver. What the server says in words is left out: it quotes
/// statements and values.
#[cold]
pub(crate) fn refusal(error: &tokio_postgres::Error) -> Error {
    match error.code() {
        Some(code) => of_code(code.code()),
        None => {
            let unreachable = Error::new(ErrorKind::Unavailable, "PostgreSQL cannot be reached, or hung up");
            match std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<std::io::Error>()) {
                Some(cause) => unreachable.with_context("cause", cause.kind()),
                None => unreachable,
            }
        }
    }
}

/// Whether a table, a column, a schema or a type is not there.
#[cfg(feature = "pgvector")]
pub(crate) fn is_missing(error: &tokio_postgres::Error) -> bool {
    use tokio_postgres::error::SqlState;
    let missing = [
        SqlState::UNDEFINED_TABLE,
        SqlState::UNDEFINED_COLUMN,
        SqlState::INVALID_SCHEMA_NAME,
        SqlState::UNDEFINED_OBJECT,
    ];
    error.code().is_some_and(|code| missing.contains(code))
}

/// By the appendix "PostgreSQL Error Codes": two letters are the class.
pub(crate) fn of_code(code: &str) -> Error {
    use ErrorKind::*;
    let (kind, message) = match code {
        "28P01" | "28000" => (Unauthenticated, "PostgreSQL refuses the user or the password"),
        "42501" => (PermissionDenied, "the user may not do this in PostgreSQL"),
        "25006" => (PermissionDenied, "this PostgreSQL is read-only"),
        "53100" => (QuotaExceeded, "the disk of PostgreSQL is full"),
        "53400" => (QuotaExceeded, "a limit of PostgreSQL's configuration is reached"),
        "57014" => (Timeout, "PostgreSQL gave up after the time limit for a statement"),
        "55P03" => (Timeout, "PostgreSQL did not get a lock in time"),
        "40001" | "40P01" => (Conflict, "another transaction came in between"),
        "42P01" => (NotFound, "the collection was dropped; open it again"),
        "3D000" => (Config, "there is no such database in PostgreSQL"),
        "3F000" => (Config, "there is no such schema in PostgreSQL"),
        "54000" | "54001" | "54011" | "54023" => (InvalidInput, "more than PostgreSQL takes in one statement"),
        "0A000" => (Unsupported, "PostgreSQL does not support this"),
        "58P01" => (Unsupported, "the extension is not installed on the server of PostgreSQL"),
        "XX001" | "XX002" => (Corrupt, "PostgreSQL finds its data damaged"),
        _ => match code.get(..2).unwrap_or_default() {
            "08" | "53" | "57" | "58" => (Unavailable, "PostgreSQL cannot answer now"),
            "22" | "23" => (InvalidInput, "PostgreSQL does not take a value"),
            _ => (Internal, "PostgreSQL refuses a statement"),
        },
    };
    Error::new(kind, message).with_context("sqlstate", code)
}

#[cfg(test)]
mod tests {
    use mem0_core::Retry;

    use super::*;

    #[test]
    fn each_code_has_its_kind_and_says_whether_trying_again_helps() {
        use ErrorKind::*;
        for (code, kind, retry) in [
            ("28P01", Unauthenticated, Retry::Never),
            ("28000", Unauthenticated, Retry::Never),
            ("42501", PermissionDenied, Retry::Never),
            ("25006", PermissionDenied, Retry::Never),
            ("53100", QuotaExceeded, Retry::Never),
            ("53300", Unavailable, Retry::Safe),
            ("53200", Unavailable, Retry::Safe),
            ("57014", Timeout, Retry::Safe),
            ("55P03", Timeout, Retry::Safe),
            ("57P01", Unavailable, Retry::Safe),
            ("57P03", Unavailable, Retry::Safe),
            ("08006", Unavailable, Retry::Safe),
            ("40001", Conflict, Retry::Safe),
            ("40P01", Conflict, Retry::Safe),
            ("42P01", NotFound, Retry::Never),
            ("3D000", Config, Retry::Never),
            ("0A000", Unsupported, Retry::Never),
            ("58P01", Unsupported, Retry::Never),
            ("54001", InvalidInput, Retry::Never),
            ("22P05", InvalidInput, Retry::Never),
            ("XX001", Corrupt, Retry::Never),
            ("42601", Internal, Retry::Never),
            ("", Internal, Retry::Never),
        ] {
            let error = of_code(code);
            assert_eq!((error.kind(), error.retry()), (kind, retry), "{code}");
        }
    }
}
