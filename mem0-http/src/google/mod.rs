//! Access tokens for Google Cloud.
//!
//! After "Using OAuth 2.0 for Server to Server Applications" of Google's
//! identity documentation: a service account signs a claim with its own key
//! and exchanges it at its `token_uri` for a token of about an hour.

mod account;

use std::sync::Arc;

use mem0_core::{Clock, Error, ErrorKind, Result, Secret, Timestamp};
use serde::Deserialize;
use tokio::sync::Mutex;

pub use account::{Account, ServiceAccount};

use crate::client::Client;
use crate::env::variable;
use crate::request::{Method, Request};
use crate::status::{check_status, parse_json};

/// A token is renewed this long before it ends.
const MARGIN_S: i64 = 300;

/// Gives the token of each request. Callers share one, so that a token is
/// fetched once.
#[derive(Debug)]
pub struct TokenSource {
    kind: Kind,
    clock: Arc<dyn Clock>,
    cached: Mutex<Option<Cached>>,
}

#[derive(Debug)]
enum Kind {
    Fixed(Secret),
    Account(Box<ServiceAccount>),
}

#[derive(Debug)]
struct Cached {
    token: Secret,
    renew_at: Timestamp,
}

impl TokenSource {
    /// The configured access token, as it is; else the configured account;
    /// else the account in the file that `GOOGLE_APPLICATION_CREDENTIALS`
    /// names.
    ///
    /// # Errors
    /// `Unauthenticated` if there is none of them; `Config` for an account that
    /// is none.
    pub fn find(token: Option<&Secret>, account: Option<&Account>, clock: Arc<dyn Clock>) -> Result<Self> {
        let from_env = || variable("GOOGLE_APPLICATION_CREDENTIALS").map(|path| Account::File(path.into()));
        let kind = match (token, account.cloned().or_else(from_env)) {
            (Some(token), _) => Kind::Fixed(token.clone()),
            (None, Some(account)) => Kind::Account(Box::new(account.read()?)),
            (None, None) => {
                let message = "there are no Google credentials: set `credentials` to the JSON of a service account or \
                               its file, `access_token`, or the variable GOOGLE_APPLICATION_CREDENTIALS";
                return Err(Error::new(ErrorKind::Unauthenticated, message));
            }
        };
        Ok(Self { kind, clock, cached: Mutex::new(None) })
    }

    /// The project that the account belongs to, where it says so.
    #[must_use]
    pub fn project_id(&self) -> Option<&str> {
        match &self.kind {
            Kind::Fixed(_) => None,
            Kind::Account(account) => account.project_id.as_deref(),
        }
    }

    /// A token that is good for some minutes. Whoever comes while one is being
    /// fetched waits for that one.
    ///
    /// # Errors
    /// `Unauthenticated` if the account is refused; those of [`Client::send`].
    ///
    /// # Cancel safety
    /// Dropping the future ends the fetch; the next caller starts another.
    pub async fn token(&self, client: &Client) -> Result<Secret> {
        let account = match &self.kind {
            Kind::Fixed(token) => return Ok(token.clone()),
            Kind::Account(account) => account,
        };
        let mut cached = self.cached.lock().await;
        let now = self.clock.now();
        if let Some(known) = cached.as_ref().filter(|known| now < known.renew_at) {
            return Ok(known.token.clone());
        }
        let fresh = exchange(account, now, client).await?;
        let token = fresh.token.clone();
        *cached = Some(fresh);
        Ok(token)
    }
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: i64,
}

async fn exchange(account: &ServiceAccount, now: Timestamp, client: &Client) -> Result<Cached> {
    let response = client.send(exchange_request(account, now)?).await?;
    // With these codes (of OAuth 2.0, status 400) the account is not let in.
    let closed = ["invalid_grant", "invalid_client", "unauthorized_client"];
    check_status(&response, |refusal| {
        closed.iter().any(|code| refusal.has(code)).then_some(ErrorKind::Unauthenticated)
    })?;
    let granted: Granted = parse_json(&response.body)?;
    let seconds = granted.expires_in.clamp(0, 86_400) - MARGIN_S;
    Ok(Cached { token: Secret::new(granted.access_token), renew_at: now.plus_micros(seconds * 1_000_000) })
}

fn exchange_request(account: &ServiceAccount, now: Timestamp) -> Result<Request> {
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer")
        .append_pair("assertion", &account.assertion(now)?)
        .finish();
    let mut request = Request::new(Method::Post, account.token_uri.as_str());
    request.body = form.into();
    Ok(request.with_header("content-type", "application/x-www-form-urlencoded"))
}

#[cfg(test)]
mod tests;
