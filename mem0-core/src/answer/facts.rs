//! What the JSON of an answer says: facts, and what is to be done with them.

use std::fmt;

use serde_json::{Map, Value};

use super::fields::{field, ids, one, said, same_key, sources, strings};

/// The keys that hold the items of an answer.
const CONTAINERS: [&str; 5] = ["facts", "memory", "memories", "results", "items"];
/// The keys that hold the text of an item. `memory` may be the old text where
/// there is a `new_memory`.
const TEXTS: [&str; 6] = ["text", "new_memory", "fact", "memory", "content", "data"];
const EVENTS: [&str; 3] = ["event", "action", "operation"];
const TARGETS: [&str; 5] = ["target_id", "target", "targets", "memory_id", "id"];
const SOURCES: [&str; 5] = ["sources", "source", "source_ids", "message_ids", "from_messages"];

/// A message that a fact is said to come from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SourceRef {
    /// The number by which the message was shown.
    Number(u64),
    /// Anything else, as the model gave it.
    Id(String),
}

/// What a model wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AnswerEvent {
    /// It is new.
    Add,
    /// It replaces what the target says.
    Update,
    /// The target no longer holds.
    Delete,
    /// Nothing.
    None,
}

impl AnswerEvent {
    fn named(name: &str) -> Option<Self> {
        let events = [
            ("add", Self::Add),
            ("update", Self::Update),
            ("delete", Self::Delete),
            ("none", Self::None),
            ("noop", Self::None),
            ("nochange", Self::None),
        ];
        events.into_iter().find(|(known, _)| same_key(name.trim(), known)).map(|(_, event)| event)
    }
}

/// One item of an answer.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AnswerFact {
    /// What is to be remembered. Empty only where `event` is `Delete` or
    /// `None` and there are `targets`.
    pub text: String,
    /// The messages it comes from.
    pub sources: Vec<SourceRef>,
    /// Whom it is about.
    pub about: Option<String>,
    /// The categories it was put in.
    pub categories: Vec<String>,
    /// The names in it.
    pub entities: Vec<String>,
    /// When it begins to be true, as the model wrote it.
    pub from: Option<String>,
    /// When it ceases to be true, as the model wrote it.
    pub until: Option<String>,
    /// What is to be done, where the model says so.
    pub event: Option<AnswerEvent>,
    /// The ids of the memories it is to be done to, as the model gave them.
    pub targets: Vec<String>,
    /// Why.
    pub reason: Option<String>,
    /// The number of the new fact that this decides on.
    pub fact: Option<u64>,
}

// What is remembered stays out of logs.
impl fmt::Debug for AnswerFact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnswerFact")
            .field("text", &format_args!("{} bytes", self.text.len()))
            .field("sources", &self.sources.len())
            .field("event", &self.event)
            .field("targets", &self.targets.len())
            .field("fact", &self.fact)
            .finish_non_exhaustive()
    }
}

/// An item that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rejected {
    /// Neither a string nor an object.
    NotAnItem,
    /// It has no text, and needs one.
    NoText,
    /// Its event is none that there is.
    UnknownEvent,
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAnItem => "an item is neither a string nor an object",
            Self::NoText => "an item has no \"text\"",
            Self::UnknownEvent => "the event of an item is not one of ADD, UPDATE, DELETE, NONE",
        })
    }
}

/// What an answer says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// The items, in the order of the answer. None: there is nothing to
    /// remember.
    pub facts: Vec<AnswerFact>,
    /// Those that cannot be used.
    pub rejected: Vec<Rejected>,
}

/// Why JSON is no answer.
///
/// It is written for the model to read, and quotes nothing of what it said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Malformed {
    /// A string, a number, a truth value or null.
    NotAnAnswer,
    /// An object with none of the keys that are known.
    UnknownKeys,
    /// There are items, and none can be used; this is why the first cannot.
    NothingUsable(Rejected),
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnAnswer => f.write_str("the answer is not a JSON object with a list under \"facts\""),
            Self::UnknownKeys => f.write_str("the JSON object of the answer has no list under \"facts\""),
            Self::NothingUsable(why) => write!(f, "no item of the answer can be used: {why}"),
        }
    }
}

impl std::error::Error for Malformed {}

/// What the JSON of an answer says.
///
/// The items may be a list, or stand in an object under `facts`, `memory`,
/// `memories`, `results` or `items`, or be the values of an object whose keys
/// are ids; one fact may stand alone. An item is a string or an object. Keys
/// are known by several names each, in any case.
///
/// An empty list, `null` in place of the list, and `{}` (which is what a model
/// that has to answer with an object says when it has nothing to say) mean that
/// there is nothing to remember. So does a string that is blank or `none`, and an
/// item whose event is `NONE` without a text or a target.
///
/// ```
/// use mem0_core::answer::{Malformed, facts};
/// use serde_json::json;
///
/// assert!(facts(&json!({"facts": []}))?.facts.is_empty());
/// assert_eq!(facts(&json!(["Likes tea"]))?.facts[0].text, "Likes tea");
/// assert_eq!(facts(&json!({"status": "ok"})), Err(Malformed::UnknownKeys));
/// # Ok::<_, Malformed>(())
/// ```
///
/// # Errors
/// [`Malformed`], which is not the same as nothing to remember.
pub fn facts(value: &Value) -> Result<Answer, Malformed> {
    let mut answer = Answer::default();
    match value {
        Value::Array(items) => items.iter().for_each(|item| answer.item(item)),
        Value::Object(entries) if entries.is_empty() => {}
        Value::Object(entries) => answer.object(entries)?,
        _ => return Err(Malformed::NotAnAnswer),
    }
    match answer.rejected.first() {
        Some(why) if answer.facts.is_empty() => Err(Malformed::NothingUsable(*why)),
        _ => Ok(answer),
    }
}

impl Answer {
    /// A container, a fact, or facts keyed by ids.
    fn object(&mut self, entries: &Map<String, Value>) -> Result<(), Malformed> {
        let contained: Vec<(&str, &Value)> = CONTAINERS
            .iter()
            .flat_map(|name| entries.iter().filter(|(key, _)| same_key(key, name)).map(|(_, value)| (*name, value)))
            .collect();
        if contained.iter().any(|(_, value)| value.is_array() || value.is_object()) {
            return contained.into_iter().try_for_each(|(_, value)| self.contained(value));
        }
        if is_fact(entries) {
            self.fact(entries, None);
            return Ok(());
        }
        if !contained.is_empty() {
            return contained.into_iter().try_for_each(|(_, value)| self.contained(value));
        }
        if entries.is_empty() || !entries.keys().all(|key| is_id(key)) {
            return Err(Malformed::UnknownKeys);
        }
        for (id, item) in entries {
            match item {
                Value::Object(item) => self.fact(item, Some(id)),
                item => self.item(item),
            }
        }
        Ok(())
    }

    /// What is under a container's key.
    fn contained(&mut self, value: &Value) -> Result<(), Malformed> {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.item(item)),
            Value::Object(entries) if entries.is_empty() => {}
            Value::Object(entries) => self.object(entries)?,
            Value::String(_) => self.item(value),
            Value::Null => {}
            _ => return Err(Malformed::UnknownKeys),
        }
        Ok(())
    }

    fn item(&mut self, item: &Value) {
        match item {
            Value::String(text) => {
                if let Some(text) = said(text) {
                    self.facts.push(AnswerFact { text: text.to_owned(), ..AnswerFact::default() });
                }
            }
            Value::Object(entries) if is_fact(entries) => self.fact(entries, None),
            // An answer within the answer, as in JSON lines.
            Value::Object(entries) => {
                if self.object(entries).is_err() {
                    self.rejected.push(Rejected::NoText);
                }
            }
            _ => self.rejected.push(Rejected::NotAnItem),
        }
    }

    fn fact(&mut self, item: &Map<String, Value>, key: Option<&str>) {
        let event = match field(item, &EVENTS) {
            None => None,
            Some(Value::String(name)) if name.trim().is_empty() => None,
            Some(name) => match name.as_str().and_then(AnswerEvent::named) {
                None => return self.rejected.push(Rejected::UnknownEvent),
                event => event,
            },
        };
        let targets = TARGETS.iter().filter_map(|name| field(item, &[*name])).map(ids).find(|ids| !ids.is_empty());
        let changes = event.is_some_and(|event| event != AnswerEvent::Add);
        // Facts that are only numbered name no memory by it.
        let keyed = key.filter(|_| changes).map(|key| vec![key.trim().to_owned()]);
        let targets = targets.or(keyed).unwrap_or_default();
        let text = text(item).unwrap_or_default().to_owned();
        if text.is_empty() {
            match event {
                Some(AnswerEvent::Delete | AnswerEvent::None) if !targets.is_empty() => {}
                Some(AnswerEvent::None) => return,
                _ => return self.rejected.push(Rejected::NoText),
            }
        }
        self.facts.push(AnswerFact {
            text,
            sources: field(item, &SOURCES).map(sources).unwrap_or_default(),
            about: one(item, &["about", "attributed_to", "subject", "who"]),
            categories: field(item, &["categories", "category"]).map(listed).unwrap_or_default(),
            entities: field(item, &["entities", "entity", "names"]).map(listed).unwrap_or_default(),
            from: one(item, &["valid_from", "event_date", "date", "from"]),
            until: one(item, &["valid_to", "valid_until", "until", "to"]),
            event,
            targets,
            reason: one(item, &["reason"]),
            fact: field(item, &["fact"]).and_then(number),
        });
    }
}

/// Whether an object is an item by itself, usable or not.
fn is_fact(entries: &Map<String, Value>) -> bool {
    text(entries).is_some() || field(entries, &EVENTS).is_some()
}

fn text(item: &Map<String, Value>) -> Option<&str> {
    TEXTS.iter().find_map(|name| match field(item, &[*name])? {
        // `"fact": "2"` is a number where there is another text.
        Value::String(text) if *name == "fact" && number_of(text).is_some() => None,
        Value::String(text) => said(text),
        _ => None,
    })
}

fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| number_of(value.as_str()?))
}

fn number_of(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

/// Strings in a list, or with commas between them.
fn listed(value: &Value) -> Vec<String> {
    let named = strings(value);
    named.iter().flat_map(|names| names.split(',')).filter_map(said).map(str::to_owned).collect()
}

/// Whether a key looks like an id: not a word, but with a digit in it.
fn is_id(key: &str) -> bool {
    key.len() <= 64 && key.contains(|c: char| c.is_ascii_digit()) && !key.trim().contains(char::is_whitespace)
}
