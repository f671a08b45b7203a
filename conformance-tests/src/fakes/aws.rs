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
