//! What the fakes of all embedding APIs share.

use mem0_core::reference::HashEmbedder;
use serde_json::{Value, json};

use super::{Reply, Seen};
use crate::harness::FAKE_KEY;

/// The far end of an embedder: an API as its vendor documents it.
pub trait EmbedFake: Send + Sync + 'static {
    /// The name of the provider in a configuration.
    const PROVIDER: &'static str;
    /// More texts than one request takes.
    const BEYOND_ONE_BATCH: usize;

    /// What it answers.
    fn answer(seen: &Seen) -> Reply;

    /// The configuration of a handle on the server at `url`, but for `http`.
    fn config(url: &str) -> Value;
}

/// How a fake goes on: with a value, or with the refusal that it answers.
pub(crate) type Asked<T> = Result<T, Reply>;

/// The vector of a text, as the model behind the API would make it; with a
/// length of 1 only if the API promises that.
pub(crate) fn vector(text: &str, dims: usize, normalised: bool) -> Vec<f32> {
    let length = if normalised { 1.0 } else { 7.5 };
    HashEmbedder::new(dims).vector(text).into_iter().map(|x| x * length).collect()
}

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

/// The dimensions that are asked for, else the model's own.
pub(crate) fn dims(object: &Value, name: &str, own: usize, refusal: &dyn Fn(u16, &str) -> Reply) -> Asked<usize> {
    match object.get(name) {
        None => Ok(own),
        Some(asked) => match asked.as_u64().and_then(|n| usize::try_from(n).ok()) {
            Some(n) if (1..=own).contains(&n) => Ok(n),
            _ => Err(refusal(400, &format!("{name} must be from 1 to {own}"))),
        },
    }
}

/// No text has more tokens than the window; a token is at most one byte, and in
/// these suites at least one for every four.
pub(crate) fn short(texts: &[String], window: usize, refused: impl FnOnce() -> Reply) -> Asked<()> {
    if texts.iter().all(|text| text.len() / 4 <= window) { Ok(()) } else { Err(refused()) }
}

/// OpenAI's shape, last text first: the order of the list means nothing.
pub(crate) fn indexed(texts: &[String], dims: usize, normalised: bool) -> Value {
    let item = |(index, text): (usize, &String)| json!({"object": "embedding", "index": index, "embedding": vector(text, dims, normalised)});
    let data: Vec<Value> = texts.iter().enumerate().rev().map(item).collect();
    json!({"object": "list", "data": data, "model": "fake"})
}
