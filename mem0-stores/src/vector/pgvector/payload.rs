//! Payloads as jsonb keeps them.
//!
//! jsonb takes no U+0000, and gives a large whole number back without the
//! fraction that says that it was a float. So the three characters U+0000 to
//! U+0002 are written as four of U+0001 and U+0002, by a code in which no word
//! begins inside another or across two, and whose order is that of the
//! characters: what is equal, contained, or greater stays so. Large floats are
//! written with all their digits and a fraction. Every other payload is in the
//! table as it is.

use std::io;

use mem0_core::filter::Scalar;
use mem0_core::{Error, Payload, Result};
use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter, Serializer};
use serde_json::{Map, Value};

/// The words of U+0000, U+0001 and U+0002.
const WORDS: [&str; 3] = ["\u{1}\u{1}\u{1}\u{2}", "\u{1}\u{1}\u{2}\u{2}", "\u{1}\u{2}\u{2}\u{2}"];

/// From here on the shortest digits of a float need not be its exact value.
const LARGE: f64 = 1e15;

/// The word of a character, if it has one.
fn word(char: char) -> Option<&'static str> {
    WORDS.get(char as usize).copied()
}

/// A text as it is stored.
pub(super) fn encode(text: &str) -> String {
    let mut stored = String::with_capacity(text.len());
    for char in text.chars() {
        match word(char) {
            Some(word) => stored.push_str(word),
            None => stored.push(char),
        }
    }
    stored
}

fn decode(stored: &str) -> Result<String> {
    let mut text = String::with_capacity(stored.len());
    let mut rest = stored;
    while let Some(at) = rest.find(['\u{1}', '\u{2}']) {
        let (plain, coded) = rest.split_at(at);
        text.push_str(plain);
        let found = ('\0'..).zip(WORDS).find_map(|(char, word)| Some((char, coded.strip_prefix(word)?)));
        let (char, after) = found.ok_or_else(|| Error::corrupt("a payload that this adapter did not write"))?;
        text.push(char);
        rest = after;
    }
    text.push_str(rest);
    Ok(text)
}

/// A number's exact decimal digits, with a fraction if it is a float.
pub(super) fn digits(float: f64) -> String {
    if float.abs() >= LARGE && float.fract() == 0.0 { format!("{float:.1}") } else { format!("{float:?}") }
}

struct Stored;

impl Formatter for Stored {
    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        writer.write_all(digits(value).as_bytes())
    }

    fn write_char_escape<W: ?Sized + io::Write>(&mut self, writer: &mut W, escape: CharEscape) -> io::Result<()> {
        match escape {
            CharEscape::AsciiControl(byte) => match word(char::from(byte)) {
                Some(word) => word.bytes().try_for_each(|byte| write!(writer, "\\u{byte:04x}")),
                None => write!(writer, "\\u{byte:04x}"),
            },
            CharEscape::Quote => writer.write_all(b"\\\""),
            CharEscape::ReverseSolidus => writer.write_all(b"\\\\"),
            CharEscape::Solidus => writer.write_all(b"\\/"),
            CharEscape::Backspace => writer.write_all(b"\\b"),
            CharEscape::FormFeed => writer.write_all(b"\\f"),
            CharEscape::LineFeed => writer.write_all(b"\\n"),
            CharEscape::CarriageReturn => writer.write_all(b"\\r"),
            CharEscape::Tab => writer.write_all(b"\\t"),
        }
    }
}

/// JSON text that jsonb takes.
pub(super) fn to_json(value: &impl Serialize) -> Result<String> {
    let unwritable = || Error::invalid("a payload that cannot be written as JSON");
    let mut bytes = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut bytes, Stored)).map_err(|_| unwritable())?;
    String::from_utf8(bytes).map_err(|_| unwritable())
}

/// A value of a filter as JSON text; none for a number that JSON does not have.
pub(super) fn scalar_to_json(value: &Scalar) -> Result<Option<String>> {
    Ok(Some(match value {
        Scalar::Bool(bool) => bool.to_string(),
        Scalar::Int(int) => int.to_string(),
        Scalar::UInt(uint) => uint.to_string(),
        Scalar::Float(float) if !float.is_finite() => return Ok(None),
        Scalar::Float(float) => digits(*float),
        Scalar::Str(text) => to_json(text)?,
    }))
}

/// A payload from the JSON text that jsonb gives.
pub(super) fn from_json(text: &str) -> Result<Payload> {
    let payload: Payload =
        serde_json::from_str(text).map_err(|_| Error::corrupt("a payload that is no JSON object"))?;
    if text.contains("\\u0001") { decode_object(payload) } else { Ok(payload) }
}

fn decode_object(object: Payload) -> Result<Payload> {
    object.into_iter().map(|(key, value)| Ok((decode(&key)?, decode_value(value)?))).collect()
}

fn decode_value(value: Value) -> Result<Value> {
    Ok(match value {
        Value::String(text) => Value::String(decode(&text)?),
        Value::Array(items) => Value::Array(items.into_iter().map(decode_value).collect::<Result<_>>()?),
        Value::Object(object) => Value::Object(decode_object(object)?),
        other => other,
    })
}

/// The times among the texts of each field, in microseconds since 1970, as JSON
/// text; none if there are none. A comparison of times looks at these, so that
/// one reader decides what a time is.
pub(super) fn times(payload: &Payload) -> Result<Option<String>> {
    let mut times = Map::new();
    for (field, value) in payload {
        let items = match value {
            Value::Array(items) => items.as_slice(),
            one => std::slice::from_ref(one),
        };
        let read = |item: &Value| Some(Scalar::from(item.as_str()?).as_time()?.as_micros());
        let found: Vec<Value> = items.iter().filter_map(read).map(Value::from).collect();
        if !found.is_empty() {
            times.insert(field.clone(), found.into());
        }
    }
    if times.is_empty() { Ok(None) } else { to_json(&times).map(Some) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    proptest! {
        #[test]
        fn texts_come_back(text in "[\\x00-\\x04ab]{0,12}") {
            prop_assert_eq!(decode(&encode(&text)).unwrap(), text);
        }

        #[test]
        fn what_is_stored_compares_like_the_text(a in "[\\x00-\\x03b]{0,5}", b in "[\\x00-\\x03b]{0,3}") {
            prop_assert_eq!(encode(&a).cmp(&encode(&b)), a.cmp(&b));
            prop_assert_eq!(encode(&a).contains(&encode(&b)), a.contains(&b));
        }

        #[test]
        fn floats_keep_their_value_and_their_fraction(bits in any::<u64>()) {
            let float = f64::from_bits(bits);
            if float.is_finite() {
                let digits = digits(float);
                prop_assert_eq!(digits.parse::<f64>().unwrap(), float);
                prop_assert!(digits.contains(['.', 'e']));
            }
        }
    }

    #[test]
    fn a_payload_comes_back_and_is_no_secret_code_where_it_need_not_be() {
        let plain = json!({"data": "tab\there \"quoted\" \\ é", "n": [1, 1.0, 0.5, -7], "o": {"k": null}});
        assert_eq!(to_json(&plain).unwrap(), serde_json::to_string(&plain).unwrap());
        let hard = json!({"nul\0": ["\0\u{1}\u{2}", {"\u{2}": "\u{1}"}], "big": 1e17});
        let stored = to_json(&hard).unwrap();
        assert!(!stored.contains("\\u0000") && stored.contains("100000000000000000.0"), "{stored}");
        assert_eq!(Value::Object(from_json(&stored).unwrap()), hard);
        assert!(from_json("[]").is_err());
        assert!(from_json(r#"{"a": "\u0001"}"#).is_err());
    }

    #[test]
    fn times_are_read_from_texts_and_from_lists_of_them() {
        let payload = json!({"a": "1970-01-01T00:00:01Z", "b": ["x", "1970-01-02", 5], "c": "soon", "d": 7});
        let payload = payload.as_object().unwrap();
        assert_eq!(times(payload).unwrap().unwrap(), r#"{"a":[1000000],"b":[86400000000]}"#);
        assert_eq!(times(&Payload::new()).unwrap(), None);
    }
}
