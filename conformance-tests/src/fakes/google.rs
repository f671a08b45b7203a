//! A service account of Google Cloud and the endpoint where it gets its tokens,
//! after "Using OAuth 2.0 for Server to Server Applications".

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use serde_json::{Value, json};

use super::{Reply, Seen};
use crate::harness::FAKE_KEY;

/// Made for these tests; nobody lets it in anywhere.
const KEY: &str = include_str!("google_key.pem");
const EMAIL: &str = "mem0@my-project.iam.gserviceaccount.com";
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

/// The JSON of the account, with its token endpoint on a server of ours.
pub(crate) fn account(server: &str) -> Value {
    json!({
        "type": "service_account",
        "project_id": "my-project",
        "private_key_id": "k1",
        "private_key": KEY,
        "client_email": EMAIL,
        "client_id": "1",
        "token_uri": format!("{server}/token"),
    })
}

/// What is answered to a request for a token; none for any other request. The
/// token is [`FAKE_KEY`].
pub(crate) fn token(seen: &Seen) -> Option<Reply> {
    if seen.path != "/token" {
        return None;
    }
    let refused = json!({"error": "invalid_grant", "error_description": "Invalid JWT Signature."});
    let granted = json!({"access_token": FAKE_KEY, "expires_in": 3599, "token_type": "Bearer"});
    Some(match assertion(seen) {
        Some(claims) if allowed(seen, &claims) => Reply::json(200, &granted),
        _ => Reply::json(400, &refused),
    })
}

fn allowed(seen: &Seen, claims: &Value) -> bool {
    let lives = claims.get("exp").and_then(Value::as_i64).zip(claims.get("iat").and_then(Value::as_i64));
    let audience = format!("http://{}/token", seen.header("host").unwrap_or_default());
    claims.get("iss") == Some(&json!(EMAIL))
        && claims.get("scope") == Some(&json!(SCOPE))
        && claims.get("aud") == Some(&json!(audience))
        && lives.is_some_and(|(end, start)| (1..=3_600).contains(&(end - start)))
}

/// The claims, if they are signed by the account's key.
fn assertion(seen: &Seen) -> Option<Value> {
    let form = seen.header("content-type") == Some("application/x-www-form-urlencoded") && seen.method == "POST";
    let body = std::str::from_utf8(&seen.body).ok().filter(|_| form)?;
    let rest = body.strip_prefix("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=")?;
    let (signed, signature) = rest.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
    if header != json!({"alg": "RS256", "typ": "JWT", "kid": "k1"}) {
        return None;
    }
    let lines: String = KEY.lines().filter(|line| !line.starts_with('-')).collect();
    let key = RsaKeyPair::from_pkcs8(&STANDARD.decode(lines).ok()?).ok()?;
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.public_key().as_ref());
    public.verify(signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).ok()?).ok()?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
}

/// Whether a request carries the token.
pub(crate) fn is_let_in(seen: &Seen) -> bool {
    seen.header("authorization") == Some(&*format!("Bearer {FAKE_KEY}"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use mem0_core::{ErrorKind, Result, SystemClock};
    use mem0_http::google::{Account, TokenSource};
    use mem0_http::{Client, ClientOptions, Secret};

    use super::*;
    use crate::fakes::FakeServer;

    /// Asks for a token with a changed account.
    async fn ask(change: impl FnOnce(&mut Value)) -> Result<Secret> {
        let server = FakeServer::start(|seen| token(seen).unwrap_or(Reply::json(404, &Value::Null))).await.unwrap();
        let mut account = account(&server.url());
        change(&mut account);
        let account: Account = serde_json::from_value(account).unwrap();
        let source = TokenSource::find(None, Some(&account), Arc::new(SystemClock)).unwrap();
        source.token(&Client::new(&ClientOptions::default()).unwrap()).await
    }

    #[tokio::test]
    async fn only_the_account_with_its_own_key_is_let_in() {
        assert_eq!(ask(|_| {}).await.unwrap().expose(), FAKE_KEY);
        let stolen = include_str!("../../../mem0-http/src/google/test_key.pem");
        let kind = |answer: Result<Secret>| answer.unwrap_err().kind();
        assert_eq!(kind(ask(|account| account["private_key"] = json!(stolen)).await), ErrorKind::Unauthenticated);
        assert_eq!(kind(ask(|account| account["client_email"] = json!("a@b")).await), ErrorKind::Unauthenticated);
        assert_eq!(kind(ask(|account| account["private_key_id"] = json!("k2")).await), ErrorKind::Unauthenticated);
    }
}
