//! What the tests of all providers need.

use mem0_core::{Error, ErrorKind, Reranked};
use mem0_http::{Request, Response, check_status};

use super::Protocol;

/// Everything of a request that goes over the wire, as text.
pub(crate) fn shown(request: &Request) -> String {
    let headers: String = request.headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
    let body = String::from_utf8(request.body.to_vec()).unwrap();
    format!("{} {}\n{headers}\n{body}", request.method.as_str(), request.url)
}

/// What is sent for two documents.
pub(crate) fn sent(protocol: &impl Protocol) -> String {
    shown(&protocol.request("q\n", &["a", "é\""]).unwrap())
}

/// Each answer has the kind beside it.
pub(crate) fn kinds(protocol: &impl Protocol, table: &[(u16, &str, ErrorKind)]) {
    for (status, body, kind) in table {
        let response = Response::new(*status, Vec::new(), (*body).to_owned());
        let error = check_status(&response, |refusal| protocol.refine(refusal)).unwrap_err();
        assert_eq!(error.kind(), *kind, "{status} {body}");
    }
}

/// What an answer says of three documents.
pub(crate) fn judged(protocol: &impl Protocol, body: &str) -> Result<Reranked, Error> {
    protocol.response(&Response::new(200, Vec::new(), body.to_owned()), 3)
}

/// None of these bodies is an answer.
pub(crate) fn unreadable(protocol: &impl Protocol, bodies: &[&str]) {
    for body in bodies {
        assert_eq!(judged(protocol, body).unwrap_err().kind(), ErrorKind::BadModelOutput, "{body}");
    }
}
