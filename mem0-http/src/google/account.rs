//! A service account: who asks for a token, and the claim that proves it.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use mem0_core::{Error, Result, Secret, Timestamp};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::json;

/// What the token may be used for; what the account may do is decided by its
/// roles.
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

/// The longest that Google lets a claim live.
const LIFETIME_S: i64 = 3_600;

/// A service account in a configuration: the JSON that the Cloud console
/// gives, or the path of its file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Account {
    /// A file with that JSON.
    File(PathBuf),
    /// The JSON itself.
    Inline(Box<ServiceAccount>),
}

impl Account {
    /// The account, read and with a key that can sign.
    pub(super) fn read(self) -> Result<ServiceAccount> {
        let account = match self {
            Self::Inline(account) => *account,
            Self::File(path) => {
                let wrong = |reason: String| {
                    Error::config("the file of the Google credentials is not the JSON of a service account")
                        .with_context("file", path.display())
                        .with_source(reason)
                };
                let text = std::fs::read_to_string(&path).map_err(|e| wrong(e.kind().to_string()))?;
                // What serde says may quote the key.
                serde_json::from_str(&text).map_err(|e| wrong(format!("line {}, column {}", e.line(), e.column())))?
            }
        };
        account.key_pair()?;
        Ok(account)
    }
}

/// The fields of that JSON that are needed; the others are not looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ServiceAccount {
    /// Who asks.
    pub client_email: String,
    /// Signs; PKCS #8 in PEM. Never travels.
    #[serde(deserialize_with = "pem")]
    pub private_key: Secret,
    /// Which of the account's keys it is.
    #[serde(default)]
    pub private_key_id: Option<String>,
    /// Where the claim is exchanged.
    pub token_uri: String,
    /// The project that the account belongs to.
    #[serde(default)]
    pub project_id: Option<String>,
}

/// A [`Secret`] of several lines: it is not sent, so it need not fit a header.
fn pem<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Secret, D::Error> {
    String::deserialize(deserializer).map(Secret::new)
}

impl ServiceAccount {
    fn key_pair(&self) -> Result<RsaKeyPair> {
        let wrong = || Error::config("`private_key` of the Google credentials is not an RSA key in PKCS #8");
        let base64: String = self.private_key.expose().lines().filter(|line| !line.starts_with("-----")).collect();
        let der = STANDARD.decode(base64.trim()).map_err(|_| wrong())?;
        RsaKeyPair::from_pkcs8(&der).map_err(|_| wrong())
    }

    /// The signed claim, a JSON Web Token.
    pub(super) fn assertion(&self, now: Timestamp) -> Result<String> {
        let issued = now.as_micros().div_euclid(1_000_000);
        let mut header = json!({"alg": "RS256", "typ": "JWT"});
        if let (Some(id), Some(header)) = (&self.private_key_id, header.as_object_mut()) {
            header.insert("kid".to_owned(), json!(id));
        }
        let claims = json!({
            "iss": self.client_email,
            "scope": SCOPE,
            "aud": self.token_uri,
            "iat": issued,
            "exp": issued + LIFETIME_S,
        });
        let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(&header), part(&claims));
        let key = self.key_pair()?;
        let mut signature = vec![0; key.public().modulus_len()];
        key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature)
            .map_err(|_| Error::internal("the claim for a Google token could not be signed"))?;
        Ok(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}
