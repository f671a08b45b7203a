//! The variables that the providers document.

use mem0_core::Secret;

/// The value of a variable that is no secret (a region, a project, an
/// address); none if it is unset or empty.
#[must_use]
pub fn variable(name: &str) -> Option<String> {
    #[allow(clippy::disallowed_methods, reason = "read by the name that its provider documents")]
    let value = std::env::var(name).ok()?;
    (!value.is_empty()).then_some(value)
}

/// Where to send to: what is configured, else the provider's own variable,
/// else the default. Without a slash at the end.
#[must_use]
pub fn base_url(configured: Option<&str>, from: Option<&str>, default: &str) -> String {
    let from_env = || from.and_then(variable);
    let url = configured.map(str::to_owned).or_else(from_env).unwrap_or_else(|| default.to_owned());
    url.trim().trim_end_matches('/').to_owned()
}

/// The configured key, else that of the first variable that is set.
#[must_use]
pub fn key(configured: Option<&Secret>, variables: &[&'static str]) -> Option<Secret> {
    configured.cloned().or_else(|| variables.iter().find_map(|name| Secret::from_env(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_has_no_slash_at_its_end() {
        assert_eq!(base_url(Some("http://h/v1/"), None, "x"), "http://h/v1");
        assert_eq!(base_url(None, Some("MEM0_NOT_SET"), "http://d"), "http://d");
    }
}
