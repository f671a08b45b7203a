//! The one error type of the project.
//!
//! An [`Error`] is one word wide and says what a caller can act on: its
//! [`kind`](Error::kind), whether trying again may help
//! ([`retry`](Error::retry)), which operation failed and where. It never holds
//! a secret and never holds the text of a memory.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

/// The result of every fallible call of this project.
pub type Result<T, E = Error> = std::result::Result<T, E>;

type Source = Box<dyn std::error::Error + Send + Sync + 'static>;

/// What went wrong, in terms of what the caller can do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An argument is wrong; the message says which and what is accepted.
    InvalidInput,
    /// The configuration is wrong; the message names the key.
    Config,
    /// A provider name that no registered adapter answers to.
    UnknownProvider,
    /// The call is not supported by this backend.
    Unsupported,
    /// The memory, job or collection does not exist in this scope.
    NotFound,
    /// Something with that identity exists already.
    AlreadyExists,
    /// Somebody else changed the scope meanwhile; read again and retry.
    Conflict,
    /// A vector's length is not the collection's.
    DimensionMismatch,
    /// The collection was written with another embedding model.
    IdentityMismatch,
    /// Credentials are missing or refused.
    Unauthenticated,
    /// The credentials do not allow this, or a file is read-only.
    PermissionDenied,
    /// The backend asks to slow down.
    RateLimited,
    /// A quota or the disk is full.
    QuotaExceeded,
    /// The input does not fit the model's context.
    ContextLength,
    /// The model's answer could not be understood.
    BadModelOutput,
    /// The call took longer than its limit.
    Timeout,
    /// The backend cannot be reached or is busy.
    Unavailable,
    /// Stored data is damaged, or was written by a newer version.
    Corrupt,
    /// A defect of this library.
    Internal,
}

impl ErrorKind {
    /// The stable snake_case name, for logs and machine-readable output.
    ///
    /// ```
    /// assert_eq!(mem0_core::ErrorKind::NotFound.as_str(), "not_found");
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidInput => "invalid_input",
            Self::Config => "config",
            Self::UnknownProvider => "unknown_provider",
            Self::Unsupported => "unsupported",
            Self::NotFound => "not_found",
            Self::AlreadyExists => "already_exists",
            Self::Conflict => "conflict",
            Self::DimensionMismatch => "dimension_mismatch",
            Self::IdentityMismatch => "identity_mismatch",
            Self::Unauthenticated => "unauthenticated",
            Self::PermissionDenied => "permission_denied",
            Self::RateLimited => "rate_limited",
            Self::QuotaExceeded => "quota_exceeded",
            Self::ContextLength => "context_length",
            Self::BadModelOutput => "bad_model_output",
            Self::Timeout => "timeout",
            Self::Unavailable => "unavailable",
            Self::Corrupt => "corrupt",
            Self::Internal => "internal",
        }
    }

    /// Whether a call that failed this way may succeed if it is repeated.
    const fn default_retry(self) -> Retry {
        match self {
            Self::RateLimited | Self::Timeout | Self::Unavailable | Self::Conflict => Retry::Safe,
            _ => Retry::Never,
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether repeating the call can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Retry {
    /// The same call will fail the same way.
    Never,
    /// The same call may succeed later and repeating it does no harm.
    Safe,
    /// It was repeated already, as often as allowed.
    Exhausted,
}

/// The error of every operation of this project: one word wide.
///
/// `Display` is one line, lower case, fit for a log. `Debug` adds the chain of
/// sources.
///
/// ```
/// use mem0_core::{Error, ErrorKind, Retry};
///
/// let error = Error::new(ErrorKind::Unavailable, "connection refused")
///     .with_operation("search")
///     .with_provider("qdrant")
///     .with_context("collection", "mem0");
/// assert_eq!(error.kind(), ErrorKind::Unavailable);
/// assert_eq!(error.retry(), Retry::Safe);
/// assert_eq!(
///     error.to_string(),
///     "unavailable: connection refused (search, qdrant, collection=mem0)"
/// );
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    retry: Retry,
    message: Cow<'static, str>,
    operation: Option<&'static str>,
    provider: Option<&'static str>,
    context: Vec<(&'static str, String)>,
    retry_after: Option<Duration>,
    source: Option<Source>,
}

impl Error {
    /// An error of `kind` whose message says what happened and what to do.
    #[must_use]
    #[cold]
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            kind,
            retry: kind.default_retry(),
            message: message.into(),
            operation: None,
            provider: None,
            context: Vec::new(),
            retry_after: None,
            source: None,
        }))
    }

    /// Short for [`ErrorKind::InvalidInput`].
    #[must_use]
    #[cold]
    pub fn invalid(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::InvalidInput, message)
    }

    /// Short for [`ErrorKind::Config`].
    #[must_use]
    #[cold]
    pub fn config(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Config, message)
    }

    /// Short for [`ErrorKind::NotFound`].
    #[must_use]
    #[cold]
    pub fn not_found(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::NotFound, message)
    }

    /// Short for [`ErrorKind::Corrupt`].
    #[must_use]
    #[cold]
    pub fn corrupt(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Corrupt, message)
    }

    /// Short for [`ErrorKind::Internal`].
    #[must_use]
    #[cold]
    pub fn internal(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Internal, message)
    }

    /// Names the operation; the outermost name wins.
    #[must_use]
    pub fn with_operation(mut self, operation: &'static str) -> Self {
        self.0.operation = Some(operation);
        self
    }

    /// Names the adapter that failed; the innermost name stays.
    #[must_use]
    pub fn with_provider(mut self, provider: &'static str) -> Self {
        self.0.provider.get_or_insert(provider);
        self
    }

    /// Adds a fact that helps to find the cause. Never a secret, never the
    /// text of a memory.
    #[must_use]
    pub fn with_context(mut self, key: &'static str, value: impl ToString) -> Self {
        self.0.context.push((key, value.to_string()));
        self
    }

    /// Keeps the error that caused this one.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Source>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Says whether repeating helps, where the kind's default is wrong.
    #[must_use]
    pub fn with_retry(mut self, retry: Retry) -> Self {
        self.0.retry = retry;
        self
    }

    /// How long the backend asked to wait.
    #[must_use]
    pub fn with_retry_after(mut self, after: Duration) -> Self {
        self.0.retry_after = Some(after);
        self
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether repeating the call can help.
    #[must_use]
    pub fn retry(&self) -> Retry {
        self.0.retry
    }

    /// How long the backend asked to wait before the next try, if it said so.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The message without kind, operation and context.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The operation that failed, if named.
    #[must_use]
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation
    }

    /// The adapter that failed, if any.
    #[must_use]
    pub fn provider(&self) -> Option<&'static str> {
        self.0.provider
    }

    /// The facts that were added on the way up, innermost first.
    #[must_use]
    pub fn context(&self) -> &[(&'static str, String)] {
        &self.0.context
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.kind, self.0.message)?;
        let facts = self
            .0
            .operation
            .into_iter()
            .chain(self.0.provider)
            .map(str::to_owned)
            .chain(self.0.context.iter().map(|(k, v)| format!("{k}={v}")))
            .collect::<Vec<_>>();
        if !facts.is_empty() {
            write!(f, " ({})", facts.join(", "))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        let mut source = std::error::Error::source(self);
        while let Some(cause) = source {
            write!(f, "\n  caused by: {cause}")?;
            source = cause.source();
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_one_word_wide() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
    }

    #[test]
    fn the_innermost_provider_and_the_outermost_operation_win() {
        let error = Error::invalid("no")
            .with_provider("inner")
            .with_operation("upsert")
            .with_provider("outer")
            .with_operation("add");
        assert_eq!(error.provider(), Some("inner"));
        assert_eq!(error.operation(), Some("add"));
    }

    #[test]
    fn debug_prints_the_chain() {
        let inner = Error::new(ErrorKind::Timeout, "slow");
        let outer = Error::new(ErrorKind::Unavailable, "gone").with_source(inner);
        assert!(format!("{outer:?}").contains("caused by: timeout: slow"));
    }
}
