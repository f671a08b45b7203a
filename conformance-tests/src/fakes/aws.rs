//! Signature Version 4 as a service of Amazon checks it: signed again with the
//! same secret, and compared.

use mem0_core::Timestamp;
use mem0_http::aws::{Credentials, sign};
use mem0_http::{Method, Request, Secret};
use serde_json::json;

use super::{Reply, Seen};
use crate::harness::FAKE_KEY;

pub(crate) const ACCESS_KEY_ID: &str = "AKIDEXAMPLE";
pub(crate) const REGION: &str = "eu-west-1";

/// An error as Amazon's JSON services write it.
pub(crate) fn refusal(status: u16, kind: &str, message: &str) -> Reply {
    let header = format!("{kind}:http://internal.amazon.com/coral/com.amazon.bedrock/");
    Reply::json(status, &json!({"message": message})).with_header("x-amzn-errortype", &header)
}

/// Refuses what is not signed as it should be for this service.
pub(crate) fn check(seen: &Seen, service: &str) -> Result<(), Reply> {
    let wrong = || refusal(403, "InvalidSignatureException", "The request signature we calculated does not match");
    let given = seen
        .header("authorization")
        .ok_or_else(|| refusal(403, "MissingAuthenticationTokenException", "Missing Authentication Token"))?;
    let due = resigned(seen, given, service).ok_or_else(wrong)?;
    if due == given { Ok(()) } else { Err(wrong()) }
}

fn resigned(seen: &Seen, given: &str, service: &str) -> Option<String> {
    let names = given.split("SignedHeaders=").nth(1)?.split(',').next()?;
    let mut names: Vec<&str> = names.split(';').collect();
    // Signing adds these two by itself; without them nothing is bound to this
    // server and time.
    for own in ["host", "x-amz-date"] {
        names.remove(names.iter().position(|name| *name == own)?);
    }
    let method = match seen.method.as_str() {
        "POST" => Method::Post,
        "GET" => Method::Get,
        "PUT" => Method::Put,
        "DELETE" => Method::Delete,
        _ => return None,
    };
    let mut request = Request::new(method, format!("http://{}{}", seen.header("host")?, seen.path));
    request.body = seen.body.clone();
    for name in names {
        request = request.with_header(name, seen.header(name)?);
    }
    let date = seen.header("x-amz-date")?;
    let part = |range: std::ops::Range<usize>| date.get(range);
    let at = format!(
        "{}-{}-{}T{}:{}:{}Z",
        part(0..4)?,
        part(4..6)?,
        part(6..8)?,
        part(9..11)?,
        part(11..13)?,
        part(13..15)?
    );
    let at: Timestamp = at.parse().ok()?;
    let credentials = Credentials {
        access_key_id: ACCESS_KEY_ID.to_owned(),
        secret_access_key: Secret::new(FAKE_KEY),
        session_token: None,
    };
    let signed = sign(request, &credentials, REGION, service, at).ok()?;
    signed.header("authorization").map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen() -> Seen {
        let credentials = Credentials {
            access_key_id: ACCESS_KEY_ID.to_owned(),
            secret_access_key: Secret::new(FAKE_KEY),
            session_token: None,
        };
        let request = Request::post_json("http://127.0.0.1:1/model/a%3A0/converse?x=1", &json!({"a": 1})).unwrap();
        let signed = sign(request, &credentials, REGION, "bedrock", "2026-01-02T03:04:05Z".parse().unwrap()).unwrap();
        let mut headers = signed.headers;
        headers.push(("host".to_owned(), "127.0.0.1:1".to_owned()));
        Seen { method: "POST".to_owned(), path: "/model/a%3A0/converse?x=1".to_owned(), headers, body: signed.body }
    }

    #[test]
    fn only_what_was_signed_is_let_in() {
        assert!(check(&seen(), "bedrock").is_ok());
        type Change = fn(&mut Seen);
        let changes: [Change; 6] = [
            |seen| seen.body = "{}".into(),
            |seen| seen.path = "/model/b/converse?x=1".to_owned(),
            |seen| seen.path = "/model/a%3A0/converse?x=2".to_owned(),
            |seen| seen.method = "PUT".to_owned(),
            |seen| seen.headers.retain(|(name, _)| name != "authorization"),
            |seen| seen.headers.iter_mut().for_each(|(_, value)| *value = value.replace("20260102", "20260103")),
        ];
        for (number, change) in changes.into_iter().enumerate() {
            let mut changed = seen();
            change(&mut changed);
            assert_eq!(check(&changed, "bedrock").unwrap_err().status, 403, "change {number}");
        }
        assert!(check(&seen(), "s3").is_err());
    }
}
