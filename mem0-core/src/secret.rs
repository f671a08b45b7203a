//! Keys and passwords.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize, Serializer};

use crate::error::{Error, ErrorKind, Result};

/// A key or password: shown nowhere, written as `"***"`.
///
/// In a configuration it is the text itself, or where to find it:
/// `{"env": "MY_KEY"}` or `{"file": "/run/secrets/key"}` (a trailing newline
/// is cut).
///
/// ```
/// use mem0_core::Secret;
///
/// let key: Secret = serde_json::from_str(r#""sk-123""#)?;
/// assert_eq!(format!("{key:?}"), "Secret(***)");
/// assert_eq!(serde_json::to_string(&key)?, r#""***""#);
/// assert_eq!(key.expose(), "sk-123");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Source")]
pub struct Secret(String);

#[derive(Deserialize)]
#[serde(untagged)]
enum Source {
    Text(String),
    Env { env: String },
    File { file: PathBuf },
}

impl Secret {
    /// The text itself.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The value of an environment variable; none if it is unset or empty.
    #[must_use]
    pub fn from_env(name: &str) -> Option<Self> {
        #[allow(clippy::disallowed_methods, reason = "keys are read by the name that their provider documents")]
        let value = std::env::var(name).ok()?;
        (!value.is_empty()).then_some(Self(value))
    }

    /// The configured key, else that of the provider's own variable.
    ///
    /// # Errors
    /// `Unauthenticated` that names the key and the variable.
    pub fn required(configured: Option<&Self>, env: &'static str) -> Result<Self> {
        let missing =
            || Error::new(ErrorKind::Unauthenticated, format!("there is no key: set `api_key` or the variable {env}"));
        configured.cloned().or_else(|| Self::from_env(env)).ok_or_else(missing)
    }

    /// The text, for the one place that sends it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str("***")
    }
}

impl TryFrom<Source> for Secret {
    type Error = String;

    fn try_from(source: Source) -> std::result::Result<Self, String> {
        let secret = match source {
            Source::Text(text) => Self(text),
            Source::Env { env } => {
                Self::from_env(&env).ok_or_else(|| format!("expected the variable {env} to be set"))?
            }
            Source::File { file } => {
                let text = std::fs::read_to_string(&file);
                let text = text.map_err(|e| format!("expected a readable file {}: {}", file.display(), e.kind()))?;
                Self(text.trim_end_matches(['\r', '\n']).to_owned())
            }
        };
        // A key travels in a header; what cannot be one is refused here, not
        // by a panic or by a request that is split in two.
        let sendable = !secret.0.is_empty() && secret.0.bytes().all(|b| (0x20..0x7f).contains(&b));
        sendable.then_some(secret).ok_or_else(|| "expected a key of visible ASCII characters".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_found_where_it_is_said_to_be() {
        let file = std::env::temp_dir().join(format!("mem0-secret-{}", std::process::id()));
        std::fs::write(&file, "from file\n").unwrap();
        let read = serde_json::from_value::<Secret>(serde_json::json!({"file": file})).unwrap();
        std::fs::remove_file(&file).unwrap();
        assert_eq!(read.expose(), "from file");
        let path = serde_json::from_str::<Secret>(r#"{"env": "PATH"}"#).unwrap();
        assert!(!path.expose().is_empty());
    }

    #[test]
    fn what_cannot_be_sent_is_refused_without_showing_it() {
        for bad in [r#""""#, r#""hush\r\nX: y""#, r#""hüsh""#, r#"{"env": "MEM0_NOT_SET"}"#, r#"{"file": "/hush/no"}"#]
        {
            assert!(serde_json::from_str::<Secret>(bad).is_err(), "{bad}");
        }
        let error = serde_json::from_str::<Secret>(r#""hush\n""#).unwrap_err();
        assert!(!error.to_string().contains("hush"));
    }
}
