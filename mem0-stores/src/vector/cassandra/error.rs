//! What an error of the driver or the server means here.

use mem0_core::{Error, ErrorKind};
use scylla::errors::{
    ConnectionError, ConnectionPoolError, ConnectionSetupRequestErrorKind, DbError, ExecutionError, MetadataError,
    NewSessionError, PrepareError, RequestAttemptError, SchemaAgreementError,
};

/// The kind, and what to say. Never what the server said: it can quote parts of
/// a request.
pub(super) fn of_execution(error: &ExecutionError) -> Error {
    match error {
        ExecutionError::BadQuery(_) => Error::internal("a request could not be written"),
        ExecutionError::EmptyPlan => Error::config("there is no node in local_datacenter"),
        ExecutionError::PrepareError(error) => of_prepare(error),
        ExecutionError::ConnectionPoolError(error) => of_pool(error),
        ExecutionError::LastAttemptError(error) => of_attempt(error),
        ExecutionError::RequestTimeout(_) => timeout(),
        ExecutionError::SchemaAgreementError(SchemaAgreementError::Timeout(_)) => {
            Error::new(ErrorKind::Unavailable, "the nodes do not agree on the tables")
        }
        ExecutionError::MetadataError(error) => of_metadata(error),
        _ => down(),
    }
}

pub(super) fn of_prepare(error: &PrepareError) -> Error {
    match error {
        PrepareError::ConnectionPoolError(error) => of_pool(error),
        PrepareError::AllAttemptsFailed { first_attempt } => of_attempt(first_attempt),
        _ => Error::internal("the nodes prepare a statement differently"),
    }
}

/// Of connecting for the first time.
pub(super) fn of_session(error: &NewSessionError) -> Error {
    match error {
        NewSessionError::FailedToResolveAnyHostname(_) => {
            Error::new(ErrorKind::Unavailable, "none of contact_points is a known host")
        }
        NewSessionError::MetadataError(error) => of_metadata(error),
        _ => Error::config("the settings of the connection do not fit together"),
    }
}

fn of_metadata(error: &MetadataError) -> Error {
    match error {
        MetadataError::ConnectionPoolError(error) => of_pool(error),
        _ => down(),
    }
}

fn of_pool(error: &ConnectionPoolError) -> Error {
    match error {
        ConnectionPoolError::Broken { last_connection_error: error } => of_connection(error),
        _ => down(),
    }
}

fn of_connection(error: &ConnectionError) -> Error {
    match error {
        ConnectionError::ConnectTimeout => timeout(),
        ConnectionError::ConnectionSetupRequestError(error) => match error.get_error() {
            ConnectionSetupRequestErrorKind::DbError(error, message) => of_server(error, message),
            ConnectionSetupRequestErrorKind::MissingAuthentication => {
                Error::new(ErrorKind::Unauthenticated, "the server asks for username and password")
            }
            _ => down(),
        },
        _ => down(),
    }
}

fn of_attempt(error: &RequestAttemptError) -> Error {
    match error {
        RequestAttemptError::DbError(error, message) => of_server(error, message),
        RequestAttemptError::BrokenConnectionError(_) | RequestAttemptError::UnableToAllocStreamId => down(),
        RequestAttemptError::SerializationError(_) | RequestAttemptError::CqlRequestSerialization(_) => {
            Error::internal("a request could not be written")
        }
        _ => unexpected(),
    }
}

fn of_server(error: &DbError, message: &str) -> Error {
    let (kind, said) = match error {
        DbError::AuthenticationError => (ErrorKind::Unauthenticated, "username or password are refused"),
        DbError::Unauthorized => (ErrorKind::PermissionDenied, "the user may not do this in the keyspace"),
        DbError::Unavailable { .. } => (ErrorKind::Unavailable, "too few nodes are up"),
        DbError::Overloaded | DbError::IsBootstrapping => (ErrorKind::Unavailable, "the node is busy"),
        DbError::RateLimitReached { .. } => (ErrorKind::RateLimited, "the server asks to slow down"),
        DbError::ReadTimeout { .. } | DbError::WriteTimeout { .. } => {
            (ErrorKind::Timeout, "the nodes did not answer in time")
        }
        DbError::ReadFailure { .. } => (ErrorKind::Unavailable, "a node failed to read"),
        DbError::WriteFailure { .. } => (ErrorKind::Unavailable, "a node failed to write"),
        DbError::Invalid if is_gone(message) => (ErrorKind::NotFound, "the collection was dropped; open it again"),
        DbError::Invalid | DbError::SyntaxError | DbError::ConfigError => by_words(message),
        DbError::AlreadyExists { .. } => (ErrorKind::AlreadyExists, "the table is there already"),
        _ => (ErrorKind::Internal, "the server failed"),
    };
    Error::new(kind, said)
}

fn is_gone(message: &str) -> bool {
    // Of statements, and of statements that were prepared before.
    ["unconfigured table", "does not exist", "No keyspace"].iter().any(|words| message.contains(words))
}

fn by_words(message: &str) -> (ErrorKind, &'static str) {
    let said = |words: &[&str]| words.iter().any(|words| message.contains(words));
    if said(&["vector", "StorageAttachedIndex", "no viable alternative"]) {
        (ErrorKind::Unsupported, "the server has no vector search by storage-attached indexes: Cassandra 5 has")
    } else if said(&["datacenter", "replication"]) {
        (ErrorKind::Config, "the server refuses the replication of the keyspace")
    } else {
        (ErrorKind::Internal, "the server refused a statement")
    }
}

fn timeout() -> Error {
    Error::new(ErrorKind::Timeout, "the server did not answer in time")
}

fn down() -> Error {
    Error::new(ErrorKind::Unavailable, "the cluster cannot be reached")
}

/// An answer that no server gives.
pub(super) fn unexpected() -> Error {
    Error::internal("the server's answer has an unknown shape")
}

#[cfg(test)]
mod tests {
    use mem0_core::Retry;
    use scylla::errors::WriteType;
    use scylla::frame::types::Consistency;

    use super::*;

    #[test]
    fn every_error_has_its_kind() {
        let (consistency, received, required, numfailures) = (Consistency::One, 0, 1, 1);
        let write_type = WriteType::UnloggedBatch;
        for (error, message, kind, retry) in [
            (DbError::AuthenticationError, "", ErrorKind::Unauthenticated, Retry::Never),
            (DbError::Unauthorized, "", ErrorKind::PermissionDenied, Retry::Never),
            (DbError::Overloaded, "", ErrorKind::Unavailable, Retry::Safe),
            (DbError::IsBootstrapping, "", ErrorKind::Unavailable, Retry::Safe),
            (DbError::Unavailable { consistency, required, alive: 0 }, "", ErrorKind::Unavailable, Retry::Safe),
            (
                DbError::ReadTimeout { consistency, received, required, data_present: false },
                "",
                ErrorKind::Timeout,
                Retry::Safe,
            ),
            (
                DbError::WriteFailure { consistency, received, required, numfailures, write_type },
                "",
                ErrorKind::Unavailable,
                Retry::Safe,
            ),
            (DbError::Invalid, "unconfigured table mem0_a", ErrorKind::NotFound, Retry::Never),
            (DbError::Invalid, "anything else", ErrorKind::Internal, Retry::Never),
            (DbError::SyntaxError, "no viable alternative at input 'ANN'", ErrorKind::Unsupported, Retry::Never),
            (DbError::ConfigError, "Unrecognized strategy option {x} for replication", ErrorKind::Config, Retry::Never),
            (DbError::ServerError, "", ErrorKind::Internal, Retry::Never),
        ] {
            let error = of_server(&error, message);
            assert_eq!((error.kind(), error.retry()), (kind, retry), "{error}");
        }
    }

    #[test]
    fn what_breaks_on_the_way_is_tried_again() {
        let refused = || ConnectionError::from(std::io::Error::from(std::io::ErrorKind::ConnectionRefused));
        let pool = |error| ConnectionPoolError::Broken { last_connection_error: error };
        for (error, kind) in [
            (of_pool(&pool(refused())), ErrorKind::Unavailable),
            (of_pool(&pool(ConnectionError::ConnectTimeout)), ErrorKind::Timeout),
            (of_session(&NewSessionError::MetadataError(pool(refused()).into())), ErrorKind::Unavailable),
            (of_session(&NewSessionError::FailedToResolveAnyHostname(vec![])), ErrorKind::Unavailable),
            (of_execution(&ExecutionError::RequestTimeout(std::time::Duration::from_secs(1))), ErrorKind::Timeout),
        ] {
            assert_eq!((error.kind(), error.retry()), (kind, Retry::Safe), "{error}");
        }
        assert_eq!(of_execution(&ExecutionError::EmptyPlan).kind(), ErrorKind::Config);
    }

    #[test]
    fn nothing_that_the_server_quotes_is_kept() {
        let error = of_server(&DbError::Invalid, "Invalid value hidden");
        assert!(!format!("{error} {error:?}").contains("hidden"));
    }
}
