//! Answers that are text: the procedure that an agent's run becomes.

use serde_json::Value;

use super::marks::{self, Tag};
use super::syntax;

/// The text of an answer, without what the model put around it.
///
/// Reasoning is left out, and so is a fence around the whole. A procedure that
/// came as JSON becomes lines: a list is numbered. `None` if nothing is left.
///
/// ```
/// use mem0_core::answer::prose;
///
/// let text = prose("<think>hm</think>\n```json\n[\"Log in\", {\"step\": 2, \"action\": \"Export\"}]\n```");
/// assert_eq!(text.as_deref(), Some("1. Log in\n2. Export"));
/// assert_eq!(prose("```\n\n```"), None);
/// ```
#[must_use]
pub fn prose(text: &str) -> Option<String> {
    let text = without_reasoning(text.trim_start_matches('\u{feff}'));
    let text = unfenced(text.trim()).trim();
    let lines = match listed(text) {
        Some(value) => lines(&value),
        None => text.to_owned(),
    };
    (!lines.trim().is_empty()).then_some(lines)
}

/// Without what is between reasoning tags. Reasoning that does not end is left
/// out only if it comes first: later, the tag is something that is spoken of.
fn without_reasoning(text: &str) -> String {
    let mut kept = String::new();
    let mut at = 0;
    while let Some((tag, start, end)) = marks::next_tag(text, at) {
        let before = text.get(at..start).unwrap_or_default();
        match tag {
            Tag::Open => {
                let Some(closed) = marks::reasoning_end(text, end) else {
                    if kept.trim().is_empty() && before.trim().is_empty() {
                        return String::new();
                    }
                    break;
                };
                kept.push_str(before);
                at = closed;
            }
            Tag::Close => {
                let rest = text.get(end..).unwrap_or_default();
                let line = before.rsplit('\n').next().unwrap_or_default();
                let alone = line.trim().is_empty() || rest.trim_start_matches([' ', '\t', '\r']).starts_with('\n');
                if rest.trim().is_empty() {
                    kept.push_str(before);
                } else if alone {
                    // Begun before the answer: all of it so far was reasoning.
                    kept.clear();
                } else {
                    kept.push_str(text.get(at..end).unwrap_or_default());
                }
                at = end;
            }
        }
    }
    kept.push_str(text.get(at..).unwrap_or_default());
    kept
}

/// The inside of a fence that is around the whole text.
fn unfenced(text: &str) -> &str {
    let Some((first, inside)) = marks::fence_at(text, 0).and(text.split_once('\n')) else {
        return text;
    };
    let mark = first.get(..3).unwrap_or_default();
    let mut depth = 1;
    let mut at = 0;
    for line in inside.split_inclusive('\n') {
        if line.trim_start().starts_with(mark) {
            let bare = line.trim().trim_start_matches(|c| mark.contains(c)).is_empty();
            depth = if bare { depth - 1 } else { depth + 1 };
        }
        if depth == 0 {
            let rest = inside.get(at + line.len()..).unwrap_or_default();
            let around = inside.get(..at).unwrap_or_default();
            return if rest.trim().is_empty() { around } else { text };
        }
        at += line.len();
    }
    // A fence that was left open.
    inside
}

/// The value of a text that is nothing but a JSON list or object.
fn listed(text: &str) -> Option<Value> {
    if !text.starts_with(['[', '{']) {
        return None;
    }
    let (value, end) = syntax::value_at(text, 0).ok()?;
    text.get(end..)?.trim().is_empty().then_some(value)
}

fn lines(value: &Value) -> String {
    match value {
        Value::Array(items) => numbered(items),
        Value::Object(entries) => {
            let lines = entries.iter().filter_map(|(key, value)| {
                let text = lines(value);
                match value {
                    _ if text.is_empty() => None,
                    _ if entries.len() == 1 => Some(text),
                    Value::Array(_) | Value::Object(_) => Some(format!("{key}:\n{text}")),
                    _ => Some(format!("{key}: {text}")),
                }
            });
            lines.collect::<Vec<_>>().join("\n")
        }
        value => flat(value),
    }
}

fn numbered(items: &[Value]) -> String {
    let steps = items.iter().map(flat).filter(|step| !step.is_empty());
    let lines = steps.enumerate().map(|(index, step)| format!("{}. {}", index + 1, unnumbered(&step)));
    lines.collect::<Vec<_>>().join("\n")
}

/// A value in one line. The number that a step gives itself is left out.
fn flat(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.trim().to_owned(),
        Value::Array(items) => items.iter().map(flat).filter(|item| !item.is_empty()).collect::<Vec<_>>().join(", "),
        Value::Object(entries) => {
            let own = |key: &str| ["step", "number", "index", "id"].iter().any(|name| key.eq_ignore_ascii_case(name));
            let fields = entries.iter().filter(|(key, value)| !(value.is_number() && own(key)));
            let said: Vec<_> =
                fields.map(|(key, value)| (key, flat(value))).filter(|(_, text)| !text.is_empty()).collect();
            match said.as_slice() {
                [(_, only)] => only.clone(),
                said => said.iter().map(|(key, text)| format!("{key}: {text}")).collect::<Vec<_>>().join("; "),
            }
        }
        scalar => scalar.to_string(),
    }
}

/// A step without the number or the bullet that it came with.
fn unnumbered(step: &str) -> &str {
    let text = step.trim_start_matches(|c: char| c.is_ascii_digit());
    let text = match text.strip_prefix(['.', ')']) {
        Some(text) if text.len() + 1 < step.len() => text,
        _ => step.strip_prefix(['-', '*', '•']).unwrap_or(step),
    };
    if text.starts_with(' ') { text.trim_start() } else { step }
}
