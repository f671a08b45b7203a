//! What the fakes of language models share: what they are to answer, what they
//! were asked, and how they refuse.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::{FakeServer, Reply, Seen};
use crate::harness::{FakeAnswer, FakeAsked, FakeLlm};

/// From a request to what was asked and the reply to it; or another reply, for
/// what is refused or is no question.
pub(crate) type Speaks = dyn Fn(&Seen, &FakeAnswer) -> Result<(FakeAsked, Value), Reply> + Send + Sync;

/// A model behind a protocol.
pub(crate) struct Fake {
    server: Arc<FakeServer>,
    desk: Arc<Desk>,
}

struct Desk {
    answer: Mutex<FakeAnswer>,
    asked: Mutex<Vec<FakeAsked>>,
}

impl Fake {
    pub(crate) async fn start(speaks: Box<Speaks>) -> io::Result<Self> {
        let desk = Arc::new(Desk { answer: Mutex::new(FakeAnswer::new("")), asked: Mutex::default() });
        let ours = Arc::clone(&desk);
        let answer = move |seen: &Seen| {
            let answer = lock(&ours.answer).clone();
            match speaks(seen, &answer) {
                Ok((asked, body)) => {
                    lock(&ours.asked).push(asked);
                    Reply::json(200, &body)
                }
                Err(reply) => reply,
            }
        };
        Ok(Self { server: Arc::new(FakeServer::start(answer).await?), desk })
    }

    pub(crate) fn url(&self) -> String {
        self.server.url()
    }
}

impl FakeLlm for Fake {
    fn answer(&self, answer: FakeAnswer) {
        *lock(&self.desk.answer) = answer;
    }

    fn asked(&self) -> Vec<FakeAsked> {
        lock(&self.desk.asked).clone()
    }

    fn server(&self) -> Arc<FakeServer> {
        Arc::clone(&self.server)
    }
}

fn lock<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads a JSON body strictly: each step says what is wrong.
pub(crate) type Read<T> = Result<T, String>;

/// The object under `what`, which must have no keys but these.
pub(crate) fn object<'a>(value: &'a Value, what: &str, keys: &[&str]) -> Read<&'a serde_json::Map<String, Value>> {
    let object = value.as_object().ok_or_else(|| format!("{what} must be an object"))?;
    match object.keys().find(|key| !keys.contains(&key.as_str())) {
        Some(key) => Err(format!("{what}.{key}: unknown field")),
        None => Ok(object),
    }
}

pub(crate) fn list<'a>(value: &'a Value, what: &str) -> Read<&'a [Value]> {
    value.as_array().map(Vec::as_slice).ok_or_else(|| format!("{what} must be a list"))
}

pub(crate) fn text<'a>(value: &'a Value, what: &str) -> Read<&'a str> {
    value.as_str().ok_or_else(|| format!("{what} must be a text"))
}

/// A number in this range, where there is one.
pub(crate) fn number(value: &Value, what: &str, range: std::ops::RangeInclusive<f64>) -> Read<Option<f64>> {
    match (value, value.as_f64()) {
        (Value::Null, _) => Ok(None),
        (_, Some(number)) if range.contains(&number) => Ok(Some(number)),
        _ => Err(format!("{what} must be a number from {} to {}", range.start(), range.end())),
    }
}

/// A positive whole number, where there is one.
pub(crate) fn tokens(value: &Value, what: &str) -> Read<Option<u64>> {
    match (value, value.as_u64()) {
        (Value::Null, _) => Ok(None),
        (_, Some(number)) if number > 0 => Ok(Some(number)),
        _ => Err(format!("{what} must be a positive whole number")),
    }
}

/// Whether every object of the schema says that it has no other properties, and
/// requires all that it has.
pub(crate) fn closed(schema: &Value) -> bool {
    let open = schema.get("properties").is_some() && schema.get("additionalProperties") != Some(&Value::Bool(false));
    let inner = match schema {
        Value::Object(object) => object.values().all(closed),
        Value::Array(list) => list.iter().all(closed),
        _ => true,
    };
    inner && !open
}
