//! How the fakes of APIs that take JSON look at what they are asked.

use serde_json::Value;

use super::{Reply, Seen};
use crate::harness::FAKE_KEY;

/// How a fake goes on: with a value, or with the refusal that it answers.
pub(crate) type Asked<T> = Result<T, Reply>;

/// The answer, whichever way it went.
pub(crate) fn reply(answer: Asked<Value>) -> Reply {
    answer.map_or_else(|refusal| refusal, |body| Reply::json(200, &body))
}

/// It is a POST of JSON to this path.
pub(crate) fn posted(seen: &Seen, path: &str, refusal: &dyn Fn(u16, &str) -> Reply) -> Asked<Value> {
    if seen.path != path {
        return Err(refusal(404, &format!("no such path; known is {path}")));
    }
    if seen.method != "POST" {
        return Err(refusal(405, "only POST"));
    }
    if seen.header("content-type") != Some("application/json") {
        return Err(refusal(415, "only JSON"));
    }
    match seen.json() {
        body @ Value::Object(_) => Ok(body),
        _ => Err(refusal(400, "the body is not a JSON object")),
    }
}

/// A header has this value.
pub(crate) fn with_header(seen: &Seen, name: &str, due: &str, refused: impl FnOnce() -> Reply) -> Asked<()> {
    if seen.header(name) == Some(due) { Ok(()) } else { Err(refused()) }
}

/// The usual header with the key.
pub(crate) fn with_bearer(seen: &Seen, refused: impl FnOnce() -> Reply) -> Asked<()> {
    with_header(seen, "authorization", &format!("Bearer {FAKE_KEY}"), refused)
}

/// An object has only these fields.
pub(crate) fn only(object: &Value, known: &[&str], refusal: &dyn Fn(u16, &str) -> Reply) -> Asked<()> {
    let unknown = object.as_object().into_iter().flatten().find(|(name, _)| !known.contains(&name.as_str()));
    match unknown {
        Some((name, _)) => Err(refusal(400, &format!("unknown field {name}"))),
        None => Ok(()),
    }
}

/// A field has this value.
pub(crate) fn equal(object: &Value, name: &str, due: &Value, refusal: &dyn Fn(u16, &str) -> Reply) -> Asked<()> {
    if object.get(name) == Some(due) { Ok(()) } else { Err(refusal(400, &format!("{name} must be {due}"))) }
}

/// One to so many texts, none of them empty.
pub(crate) fn texts(list: Option<&Value>, most: usize, refusal: &dyn Fn(u16, &str) -> Reply) -> Asked<Vec<String>> {
    let list: Option<Vec<String>> = list.and_then(|list| serde_json::from_value(list.clone()).ok());
    match list {
        None => Err(refusal(400, "the texts are not a list of strings")),
        Some(list) if list.is_empty() => Err(refusal(400, "there is no text")),
        Some(list) if list.len() > most => Err(refusal(400, &format!("at most {most} texts"))),
        Some(list) if list.iter().any(|text| text.trim().is_empty()) => Err(refusal(400, "a text is empty")),
        Some(list) => Ok(list),
    }
}
