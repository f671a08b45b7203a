//! The variables that the providers document.

/// The value of a variable that is no secret (a region, a project, an
/// address); none if it is unset or empty.
#[must_use]
pub fn variable(name: &str) -> Option<String> {
    #[allow(clippy::disallowed_methods, reason = "read by the name that its provider documents")]
    let value = std::env::var(name).ok()?;
    (!value.is_empty()).then_some(value)
}
