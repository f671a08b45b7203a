//! What the tests of all providers need.

use mem0_core::{Error, ErrorKind};
use mem0_http::{Request, Response, check_status};

use super::Protocol;

/// Everything of a request that goes over the wire, as text.
pub(crate) fn shown(request: &Request) -> String {
    let headers: String = request.headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
    let body = String::from_utf8(request.body.to_vec()).unwrap();
    format!("{} {}\n{headers}\n{body}", request.method.as_str(), request.url)
}

/// The error of an answer.
pub(crate) fn refused(protocol: &impl Protocol, status: u16, body: &str) -> Error {
    let response = Response::new(status, Vec::new(), body.to_owned());
    check_status(&response, |refusal| protocol.refine(refusal)).unwrap_err()
}

/// Each answer has the kind beside it.
pub(crate) fn kinds(protocol: &impl Protocol, table: &[(u16, &str, ErrorKind)]) {
    for (status, body, kind) in table {
        assert_eq!(refused(protocol, *status, body).kind(), *kind, "{status} {body}");
    }
}

/// The vectors of an answer.
pub(crate) fn vectors(protocol: &impl Protocol, body: &str) -> Result<Vec<Vec<f32>>, Error> {
    protocol.response(&Response::new(200, Vec::new(), body.to_owned()))
}
