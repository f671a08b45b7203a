//! How a case says what is wrong.

use mem0_core::{Error, ErrorKind};

/// Why a case did not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The rule does not hold; the text says what was seen and what was due.
    Failed(String),
    /// The rule does not apply to this backend; the text says why.
    Skipped(String),
}

/// What a case ends with.
pub type Verdict<T = ()> = Result<T, Stop>;

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(format!("an error that was not due: {error:?}"))
    }
}

/// Ends the case as failed unless the condition holds.
#[macro_export]
macro_rules! check {
    ($holds:expr, $($message:tt)+) => {{
        let holds: bool = $holds;
        if !holds {
            return Err($crate::Stop::Failed(format!($($message)+)));
        }
    }};
}

/// Ends the case as failed unless both are equal.
#[macro_export]
macro_rules! check_eq {
    ($seen:expr, $due:expr, $($message:tt)+) => {
        match (&$seen, &$due) {
            (seen, due) => {
                if *seen != *due {
                    let what = format!($($message)+);
                    return Err($crate::Stop::Failed($crate::check::difference(&what, seen, due)));
                }
            }
        }
    };
}

/// Ends the case: the rule does not apply here.
#[macro_export]
macro_rules! skip {
    ($($reason:tt)+) => {
        return Err($crate::Stop::Skipped(format!($($reason)+)))
    };
}

/// One text about two values, short enough to read.
pub fn difference(what: &str, seen: &dyn std::fmt::Debug, due: &dyn std::fmt::Debug) -> String {
    format!("{what}\n     seen: {}\n      due: {}", shorten(seen), shorten(due))
}

fn shorten(value: &dyn std::fmt::Debug) -> String {
    const LONGEST: usize = 1_200;
    let text = format!("{value:?}");
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}… ({} bytes)", text.get(..end).unwrap_or_default(), text.len()),
        None => text,
    }
}

/// Ends the case as failed unless the call was refused with one of `kinds`.
///
/// # Errors
/// `Failed`.
pub fn refused<T>(result: Result<T, Error>, kinds: &[ErrorKind], what: &str) -> Verdict {
    match result {
        Ok(_) => Err(Stop::Failed(format!("{what} succeeded; due was an error of kind {kinds:?}"))),
        Err(error) if kinds.contains(&error.kind()) => Ok(()),
        Err(error) => {
            Err(Stop::Failed(format!("{what} was refused with {:?}; due was {kinds:?}: {error}", error.kind())))
        }
    }
}
