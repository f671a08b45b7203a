//! What the model is shown: every line of it is JSON, so that no text can
//! reach beyond its place.

use serde_json::{Value, json};

use crate::traits::extract::{ExtractRequest, Neighbour};
use crate::traits::ledger::StoredMessage;
use crate::types::message::Role;
use crate::types::time::Timestamp;

/// A time with its weekday, which models are bad at working out.
fn when(at: Timestamp) -> String {
    at.to_jiff().strftime("%Y-%m-%d %H:%M UTC (%A)").to_string()
}

fn line(fields: Vec<(&str, Option<Value>)>) -> String {
    let object: serde_json::Map<String, Value> =
        fields.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect();
    Value::Object(object).to_string()
}

fn message_line(number: Option<usize>, message: &StoredMessage) -> String {
    line(vec![
        ("n", number.map(Value::from)),
        ("time", Some(when(message.at).into())),
        ("role", Some(message.role.as_str().into())),
        ("name", message.name.clone().map(Value::from)),
        ("text", Some(message.content.clone().into())),
    ])
}

/// Everything that a model needs to find the facts of a call.
pub(super) fn conversation(request: &ExtractRequest, with_neighbours: bool) -> String {
    let mut lines = vec![format!("Today is {}.", when(request.now)), "DATA".to_owned()];
    if with_neighbours {
        lines.push("Known memories:".to_owned());
        lines.extend(request.neighbours.iter().enumerate().map(|(index, neighbour)| memory_line(index, neighbour)));
    }
    let said = request.recent.iter().filter(|m| matches!(m.role, Role::User | Role::Assistant));
    let recent: Vec<String> = said.map(|message| message_line(None, message)).collect();
    if !recent.is_empty() {
        lines.push("Earlier messages:".to_owned());
        lines.extend(recent);
    }
    lines.push("New messages:".to_owned());
    lines.extend(request.messages.iter().enumerate().map(|(index, message)| message_line(Some(index + 1), message)));
    lines.join("\n")
}

/// A known memory under a short number instead of its id.
pub(super) fn memory_line(index: usize, neighbour: &Neighbour) -> String {
    let content = &neighbour.memory.content;
    line(vec![
        ("id", Some((index + 1).into())),
        ("text", Some(content.text.clone().into())),
        ("about", content.about.clone().or(content.actor.clone()).map(Value::from)),
        ("since", Some(neighbour.memory.valid_from().date().into())),
    ])
}

/// A new fact under its number.
pub(super) fn fact_line(index: usize, content: &crate::types::memory::Content) -> String {
    let fact = json!({"fact": index + 1, "text": content.text, "about": content.about, "since":
        content.valid_from.map(Timestamp::date)});
    fact.to_string()
}
