//! The fields of one item, under whatever key and in whatever shape.

use serde_json::{Map, Value};

use super::facts::SourceRef;

/// The value under the first of the names that is there. Upper and lower case,
/// `_`, `-` and blanks make no difference: `sourceIds` is `source_ids`.
pub(super) fn field<'a>(item: &'a Map<String, Value>, names: &[&str]) -> Option<&'a Value> {
    names.iter().find_map(|name| item.iter().find(|(key, value)| !value.is_null() && same_key(key, name))).map(|e| e.1)
}

pub(super) fn same_key(key: &str, name: &str) -> bool {
    letters(key).eq(letters(name))
}

fn letters(key: &str) -> impl Iterator<Item = char> + '_ {
    key.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).map(|c| c.to_ascii_lowercase())
}

/// What a string says, unless it says nothing.
pub(super) fn said(text: &str) -> Option<&str> {
    let text = text.trim();
    let nothing = text.is_empty() || ["null", "none"].iter().any(|word| text.eq_ignore_ascii_case(word));
    (!nothing).then_some(text)
}

/// One string of a string, a number, or a list of them.
pub(super) fn one(item: &Map<String, Value>, names: &[&str]) -> Option<String> {
    let all = strings(field(item, names)?);
    (!all.is_empty()).then(|| all.join(", "))
}

/// The strings of a string, a number, or a list of them.
pub(super) fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => said(text).map(str::to_owned).into_iter().collect(),
        Value::Number(number) => vec![whole(number)],
        Value::Array(items) => items.iter().filter(|item| !item.is_array()).flat_map(strings).collect(),
        _ => Vec::new(),
    }
}

/// `2.0` is how some models write 2.
fn whole(number: &serde_json::Number) -> String {
    let text = number.to_string();
    text.strip_suffix(".0").unwrap_or(&text).to_owned()
}

/// Ids as text: `3`, `"3"`, `"[3]"`, `"3, 4"`, `[3, "4"]`, `{"id": 3}`.
pub(super) fn ids(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().filter(|item| !item.is_array()).flat_map(ids).collect(),
        Value::Object(entries) => field(entries, &["id"]).filter(|id| !id.is_object()).map(ids).unwrap_or_default(),
        value => strings(value).iter().flat_map(|text| split(text)).collect(),
    }
}

fn split(text: &str) -> Vec<String> {
    let parts = text.split([',', ';', '[', ']']).map(|part| part.trim_matches(['"', '\'', '`', '#', ' ']));
    parts.filter_map(said).map(str::to_owned).collect()
}

/// Sources: a number is one that was shown, also as `m3` or `message 3`.
pub(super) fn sources(value: &Value) -> Vec<SourceRef> {
    ids(value).into_iter().map(source).collect()
}

fn source(id: String) -> SourceRef {
    let digits = ["message", "msg", "m"]
        .iter()
        .find_map(|prefix| {
            let (head, tail) = id.split_at_checked(prefix.len())?;
            head.eq_ignore_ascii_case(prefix).then_some(tail)
        })
        .unwrap_or(&id)
        .trim_start_matches(['_', '-', ' ', '#']);
    let number = if digits.starts_with('+') || id.starts_with('-') { None } else { digits.parse().ok() };
    number.map_or(SourceRef::Id(id), SourceRef::Number)
}
