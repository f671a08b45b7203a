//! Signature Version 4.
//!
//! After "Create a signed AWS API request" of the IAM User Guide: a canonical
//! form of the request is hashed, and the hash is signed with a key that is
//! good for one day, region and service.

use std::fmt::Write as _;

use mem0_core::{Error, Result, Timestamp};
use ring::{digest, hmac};

use super::Credentials;
use crate::request::Request;

/// Headers that something on the way may change.
const UNSIGNED: &[&str] = &["authorization", "user-agent", "connection", "expect", "x-amzn-trace-id"];

/// Signs a request: every header that it has, its whole body, and its address
/// as it will be sent.
///
/// The path is encoded twice, as every service but S3 wants it. A service that
/// also wants the hash of the body in a header (`x-amz-content-sha256`) is
/// given it by the caller; it is then signed like any other header.
///
/// # Errors
/// `Config` for an address that is none.
pub fn sign(
    mut request: Request,
    credentials: &Credentials,
    region: &str,
    service: &str,
    at: Timestamp,
) -> Result<Request> {
    let no_address = || Error::config("the address is not a URL: check `base_url`");
    let address = url::Url::parse(&request.url).map_err(|_| no_address())?;
    let mut host = address.host_str().ok_or_else(no_address)?.to_owned();
    if let Some(port) = address.port() {
        let _ = write!(host, ":{port}");
    }
    // What is signed is what is sent: the parser escapes and tidies.
    request.url = address.to_string();
    let time = at.to_jiff().strftime("%Y%m%dT%H%M%SZ").to_string();
    request = request.with_header("x-amz-date", time.as_str());
    if let Some(token) = &credentials.session_token {
        request = request.with_header("x-amz-security-token", token.expose());
    }
    let mut headers: Vec<(&str, &str)> = request.headers.iter().map(|(name, value)| (&**name, &**value)).collect();
    headers.retain(|(name, _)| !UNSIGNED.contains(name) && *name != "host");
    headers.push(("host", &host));
    let canonical = Canonical {
        method: request.method.as_str(),
        path: address.path(),
        query: address.query().unwrap_or_default(),
        headers,
        body: &request.body,
    };
    let authorization = canonical.authorization(credentials, region, service, &time);
    Ok(request.with_header("authorization", authorization))
}

/// The hash of a body, in hexadecimal, as `x-amz-content-sha256` has it.
#[must_use]
pub fn body_hash(body: &[u8]) -> String {
    hex_hash(body)
}

/// A request as it is on the wire.
struct Canonical<'a> {
    method: &'a str,
    path: &'a str,
    query: &'a str,
    headers: Vec<(&'a str, &'a str)>,
    body: &'a [u8],
}

impl Canonical<'_> {
    fn authorization(mut self, credentials: &Credentials, region: &str, service: &str, time: &str) -> String {
        self.headers.sort_unstable();
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| *name).collect();
        let names = names.join(";");
        let day = time.get(..8).unwrap_or(time);
        let scope = format!("{day}/{region}/{service}/aws4_request");
        let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", hex_hash(self.text(&names).as_bytes()));
        let secret = format!("AWS4{}", credentials.secret_access_key.expose());
        let key = [day, region, service, "aws4_request"]
            .iter()
            .fold(secret.into_bytes(), |key, part| hmac_sha256(&key, part.as_bytes()));
        let signature = hex(&hmac_sha256(&key, to_sign.as_bytes()));
        let id = &credentials.access_key_id;
        format!("AWS4-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders={names}, Signature={signature}")
    }

    fn text(&self, names: &str) -> String {
        let mut text = format!("{}\n{}\n{}\n", self.method, canonical_path(self.path), canonical_query(self.query));
        for (name, value) in &self.headers {
            let words: Vec<&str> = value.split_ascii_whitespace().collect();
            let _ = writeln!(text, "{name}:{}", words.join(" "));
        }
        let _ = write!(text, "\n{names}\n{}", hex_hash(self.body));
        text
    }
}

/// The path as it is sent, tidied and encoded (once more, if it was already).
fn canonical_path(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    let mut out = String::new();
    for part in &parts {
        out.push('/');
        encode(part.as_bytes(), &mut out);
    }
    let folder = ["/", "/.", "/.."].iter().any(|end| path.ends_with(end));
    if folder || parts.is_empty() {
        out.push('/');
    }
    out
}

/// Names and values, encoded exactly once, sorted.
fn canonical_query(query: &str) -> String {
    let encoded = |text: &str| {
        let mut out = String::new();
        encode(&decode(text), &mut out);
        out
    };
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let mut pairs: Vec<(String, String)> = pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (encoded(name), encoded(value))
        })
        .collect();
    pairs.sort_unstable();
    let pairs: Vec<String> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

fn encode(bytes: &[u8], out: &mut String) {
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
            out.push(char::from(*byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

/// Undoes `%XX`; a `+` is a plus.
fn decode(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = match tail {
            [high, low, after @ ..] if *first == b'%' => {
                digit(*high).zip(digit(*low)).map(|(h, l)| (h * 16 + l, after))
            }
            _ => None,
        };
        let (byte, after) = escaped.unwrap_or((*first, tail));
        out.push(byte);
        rest = after;
    }
    out
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

fn hmac_sha256(key: &[u8], text: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text).as_ref().to_vec()
}

fn hex_hash(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Method;
    use mem0_core::Secret;

    const TOKEN: &str = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeo\
                         IYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5\
                         VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9\
                         Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";

    fn credentials() -> Credentials {
        Credentials {
            access_key_id: "AKIDEXAMPLE".to_owned(),
            secret_access_key: Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
            session_token: None,
        }
    }

    fn signature(authorization: &str) -> &str {
        authorization.rsplit('=').next().unwrap()
    }

    /// The vectors of Amazon's own test suite (github.com/awslabs/aws-c-auth,
    /// `tests/aws-signing-test-suite/v4`), those that sign headers: name,
    /// method, path and query as they stand there, headers, body, signature.
    #[test]
    #[rustfmt::skip]
    fn signs_as_amazon_does() {
        const LETTERS: &str = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        let unreserved = format!("/{LETTERS}");
        let unreserved_query = format!("{LETTERS}={LETTERS}");
        let form = [
            ("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
            ("content-length", "13"),
            ("x-amz-content-sha256", "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e"),
        ];
        let trim = [("my-header1", " value1"), ("my-header2", " \"a   b   c\"")];
        let lines = [("my-header1", "value1\n  value2\n     value3")];
        let token = [("x-amz-security-token", TOKEN)];
        type Case<'a> = (&'a str, &'a str, &'a str, &'a str, &'a [(&'a str, &'a str)], &'a str, &'a str);
        let cases: &[Case<'_>] = &[
            ("get-vanilla", "GET", "/", "", &[], "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
            ("post-vanilla", "POST", "/", "", &[], "", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
            ("get-vanilla-empty-query-key", "GET", "/", "Param1=value1", &[], "", "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"),
            ("get-vanilla-query-order-key-case", "GET", "/", "Param2=value2&Param1=value1", &[], "", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
            ("get-vanilla-query-order-encoded", "GET", "/", "Param-3=Value3&Param=Value2&%E1%88%B4=Value1", &[], "", "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac"),
            ("get-vanilla-query-unreserved", "GET", "/", &unreserved_query, &[], "", "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"),
            ("get-vanilla-utf8-query", "GET", "/", "ሴ=bar", &[], "", "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"),
            ("get-utf8", "GET", "/ሴ", "", &[], "", "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"),
            ("get-unreserved", "GET", &unreserved, "", &[], "", "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"),
            ("get-space-normalized", "GET", "/example space/", "", &[], "", "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"),
            ("get-slashes-normalized", "GET", "//example//", "", &[], "", "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"),
            ("get-relative-normalized", "GET", "/example/..", "", &[], "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
            ("get-header-value-trim", "GET", "/", "", &trim, "", "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"),
            ("get-header-value-multiline", "GET", "/", "", &lines, "", "cfd34249e4b1c8d6b91ef74165d41a32e5fab3306300901bb65a51a73575eefd"),
            ("post-x-www-form-urlencoded-parameters", "POST", "/", "", &form, "Param1=value1", "328d1b9eaadca9f5818ef05e8392801e091653bafec24fcab71e7344e7f51422"),
            ("post-sts-header-before", "POST", "/", "", &token, "", "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"),
        ];
        for (name, method, path, query, headers, body, expected) in cases {
            let mut headers = headers.to_vec();
            headers.extend([("host", "example.amazonaws.com"), ("x-amz-date", "20150830T123600Z")]);
            let canonical = Canonical { method, path, query, headers, body: body.as_bytes() };
            let authorization = canonical.authorization(&credentials(), "us-east-1", "service", "20150830T123600Z");
            assert_eq!(signature(&authorization), *expected, "{name}");
        }
    }

    #[test]
    fn a_signed_request_carries_all_it_was_signed_with() {
        let at = "2015-08-30T12:36:00Z".parse().unwrap();
        let request = Request::new(Method::Get, "https://example.amazonaws.com").with_header("User-Agent", "any");
        let signed = sign(request, &credentials(), "us-east-1", "service", at).unwrap();
        assert_eq!(
            signed.header("authorization"),
            Some(
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
                 SignedHeaders=host;x-amz-date, \
                 Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
            )
        );
        assert_eq!(signed.header("x-amz-date"), Some("20150830T123600Z"));
        let with_token = Credentials { session_token: Some(Secret::new(TOKEN)), ..credentials() };
        let request = Request::new(Method::Post, "https://example.amazonaws.com/");
        let signed = sign(request, &with_token, "us-east-1", "service", at).unwrap();
        assert_eq!(signed.header("x-amz-security-token"), Some(TOKEN));
        assert_eq!(
            signature(signed.header("authorization").unwrap()),
            "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"
        );
    }

    /// A path that is escaped on the wire is escaped once more where it is
    /// signed: `:` in the name of a model.
    #[test]
    fn the_path_is_encoded_twice() {
        assert_eq!(canonical_path("/model/a.b-v1%3A0/converse"), "/model/a.b-v1%253A0/converse");
        assert_eq!(canonical_path("/model/a.b-v1:0/converse"), "/model/a.b-v1%3A0/converse");
        assert_eq!(canonical_query("b=%3A+&a"), "a=&b=%3A%2B");
        assert_eq!(decode("%4%41%zz%"), b"%4A%zz%");
    }

    #[test]
    fn another_port_is_part_of_the_host_and_no_address_is_refused() {
        let at = "2015-08-30T12:36:00Z".parse().unwrap();
        let signature = |url: &str| {
            let signed = sign(Request::new(Method::Get, url), &credentials(), "us-east-1", "service", at)?;
            Ok::<_, Error>(signature(signed.header("authorization").unwrap()).to_owned())
        };
        assert_ne!(signature("http://localhost:4566/").unwrap(), signature("http://localhost/").unwrap());
        assert_eq!(signature("http://localhost:80/").unwrap(), signature("http://localhost/").unwrap());
        assert_eq!(signature("nowhere").unwrap_err().kind(), mem0_core::ErrorKind::Config);
    }
}
