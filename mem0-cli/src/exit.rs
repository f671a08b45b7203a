//! What the process says when it ends.

use std::error::Error as _;
use std::fmt::Write as _;
use std::io;
use std::process::ExitCode;

use mem0::{Error, ErrorKind};
use serde_json::json;

/// Done.
pub(crate) const OK: u8 = 0;
/// Anything that no other code says.
pub(crate) const OTHER: u8 = 1;
/// The call or its input is wrong.
pub(crate) const USAGE: u8 = 2;
/// `doctor` found something.
pub(crate) const FINDINGS: u8 = 7;

/// Every exit code, what it means, and the errors that end in it.
const TABLE: [(u8, &str, &[ErrorKind]); 8] = [
    (OK, "done", &[]),
    (
        OTHER,
        "any other failure",
        &[ErrorKind::Internal, ErrorKind::Unsupported, ErrorKind::BadModelOutput, ErrorKind::RateLimited],
    ),
    (USAGE, "wrong usage or input", &[ErrorKind::InvalidInput, ErrorKind::ContextLength]),
    (3, "not found", &[ErrorKind::NotFound]),
    (4, "conflict: it exists already, or was changed meanwhile", &[ErrorKind::Conflict, ErrorKind::AlreadyExists]),
    (
        5,
        "configuration: a wrong key, an unknown provider, missing credentials, another model",
        &[
            ErrorKind::Config,
            ErrorKind::UnknownProvider,
            ErrorKind::Unauthenticated,
            ErrorKind::IdentityMismatch,
            ErrorKind::DimensionMismatch,
        ],
    ),
    (
        6,
        "storage: unavailable, locked, damaged, not permitted, full",
        &[
            ErrorKind::Unavailable,
            ErrorKind::Timeout,
            ErrorKind::Corrupt,
            ErrorKind::PermissionDenied,
            ErrorKind::QuotaExceeded,
        ],
    ),
    (FINDINGS, "`mem0 doctor` found problems", &[]),
];

/// The exit code of an error.
pub(crate) fn code(kind: ErrorKind) -> u8 {
    TABLE.iter().find(|(_, _, kinds)| kinds.contains(&kind)).map_or(OTHER, |(code, _, _)| *code)
}

/// The codes as the help shows them.
pub(crate) fn help() -> String {
    let mut help = String::from("Exit codes:\n");
    for (code, meaning, _) in TABLE {
        let _ = writeln!(help, "  {code}  {meaning}");
    }
    help
}

/// Why a command did not do what it was asked to.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Nobody reads the output any more. That is how `mem0 list | head` ends.
    Pipe,
    /// Everything else.
    Failed { code: u8, kind: &'static str, message: String, hint: Option<String> },
}

impl Failure {
    /// The call is wrong.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        let kind = ErrorKind::InvalidInput.as_str();
        Self::Failed { code: USAGE, kind, message: message.into(), hint: None }
    }

    /// The person said no.
    pub(crate) fn cancelled() -> Self {
        Self::Failed { code: OTHER, kind: "cancelled", message: "cancelled; nothing was changed".into(), hint: None }
    }

    /// With a word on what to do.
    pub(crate) fn hint(mut self, text: impl Into<String>) -> Self {
        if let Self::Failed { hint, .. } = &mut self {
            *hint = Some(text.into());
        }
        self
    }

    /// The same in other words.
    pub(crate) fn reword(mut self, words: impl FnOnce(&str) -> String) -> Self {
        if let Self::Failed { message, .. } = &mut self {
            *message = words(message);
        }
        self
    }

    /// Says it on standard error and gives the exit code.
    pub(crate) fn report(&self, as_json: bool) -> ExitCode {
        let Self::Failed { code, kind, message, hint } = self else { return ExitCode::from(OK) };
        let text = if as_json {
            json!({"error": {"kind": kind, "message": message}}).to_string()
        } else {
            let hint = hint.as_ref().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
            format!("error: {message}{hint}")
        };
        // There is nobody left to tell if this fails.
        let _ = io::Write::write_fmt(&mut io::stderr(), format_args!("{text}\n"));
        ExitCode::from(*code)
    }
}

impl From<io::Error> for Failure {
    fn from(e: io::Error) -> Self {
        if e.kind() == io::ErrorKind::BrokenPipe {
            return Self::Pipe;
        }
        Self::Failed { code: OTHER, kind: "io", message: format!("the output cannot be written: {e}"), hint: None }
    }
}

impl From<Error> for Failure {
    fn from(e: Error) -> Self {
        let mut source = e.source();
        while let Some(cause) = source {
            if cause.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe) {
                return Self::Pipe;
            }
            source = cause.source();
        }
        let facts: Vec<String> = e
            .provider()
            .map(|provider| format!("provider={provider}"))
            .into_iter()
            .chain(e.context().iter().map(|(key, value)| format!("{key}={value}")))
            .collect();
        let facts = if facts.is_empty() { String::new() } else { format!(" ({})", facts.join(", ")) };
        Self::Failed {
            code: code(e.kind()),
            kind: e.kind().as_str(),
            message: format!("{}{facts}", e.message()),
            hint: hint(e.kind()).map(str::to_owned),
        }
    }
}

fn hint(kind: ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::NotFound => "`mem0 list` shows the ids of a user; those of another user are not found",
        ErrorKind::Conflict => "look at it again with `mem0 get` or `mem0 history`, then repeat the call",
        ErrorKind::AlreadyExists => "take another idempotency key for other input",
        ErrorKind::Config | ErrorKind::UnknownProvider => {
            "`mem0 config show` prints the configuration in use, `mem0 providers` what this build has"
        }
        ErrorKind::Corrupt => "keep a copy of the data folder, then run `mem0 doctor`",
        ErrorKind::PermissionDenied => "check who may write to the data folder, or name another with --data-dir",
        ErrorKind::QuotaExceeded => "make room on the disk; nothing was written",
        ErrorKind::Unavailable => "it may not be running, or be busy; try again",
        ErrorKind::Timeout => "it may be busy, or need a longer `timeout_s` in the configuration; try again",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_has_its_code() {
        for (kind, want) in [
            (ErrorKind::Internal, 1),
            (ErrorKind::Unsupported, 1),
            (ErrorKind::BadModelOutput, 1),
            (ErrorKind::RateLimited, 1),
            (ErrorKind::InvalidInput, 2),
            (ErrorKind::ContextLength, 2),
            (ErrorKind::NotFound, 3),
            (ErrorKind::Conflict, 4),
            (ErrorKind::AlreadyExists, 4),
            (ErrorKind::Config, 5),
            (ErrorKind::UnknownProvider, 5),
            (ErrorKind::Unauthenticated, 5),
            (ErrorKind::IdentityMismatch, 5),
            (ErrorKind::DimensionMismatch, 5),
            (ErrorKind::Unavailable, 6),
            (ErrorKind::Timeout, 6),
            (ErrorKind::Corrupt, 6),
            (ErrorKind::PermissionDenied, 6),
            (ErrorKind::QuotaExceeded, 6),
        ] {
            assert_eq!(code(kind), want, "{kind}");
        }
    }

    #[test]
    fn no_error_has_two_codes() {
        let all: Vec<ErrorKind> = TABLE.iter().flat_map(|(_, _, kinds)| kinds.iter().copied()).collect();
        for kind in &all {
            assert_eq!(all.iter().filter(|other| *other == kind).count(), 1, "{kind}");
        }
    }

    #[test]
    fn the_readme_has_the_table() {
        let readme = include_str!("../README.md");
        for (code, meaning, _) in TABLE {
            assert!(readme.contains(&format!("| {code} | {meaning} |")), "{code} {meaning}");
        }
    }

    #[test]
    fn a_closed_pipe_is_no_error() {
        let pipe = || io::Error::from(io::ErrorKind::BrokenPipe);
        assert!(matches!(Failure::from(pipe()), Failure::Pipe));
        let wrapped = Error::new(ErrorKind::Unavailable, "the export could not be written").with_source(pipe());
        assert!(matches!(Failure::from(wrapped), Failure::Pipe));
        assert!(matches!(Failure::from(Error::invalid("no")), Failure::Failed { code: 2, .. }));
    }
}
