//! What `add` and the batch forms read.

use std::io::{self, IsTerminal, Read};
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use clap::ValueEnum;
use mem0::{
    AddOptions, AddRequest, Error, Image, MemoryId, MemoryKind, Message, Metadata, Role, Scope, ScopeFields, Timestamp,
    UpdateOptions, UpdateRequest,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::exit::Failure;
use crate::session;

/// More than this is not read: the engine would refuse it.
const MAX_BYTES: u64 = 1 << 30;

/// A larger picture is refused by the providers.
const MAX_IMAGE: u64 = 20_000_000;

/// How to read a file or standard input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Messages as JSON or JSON lines if it looks like that, else text
    Auto,
    /// One text
    Text,
    /// A JSON array of messages, `{"messages": […]}`, or one message
    Json,
    /// One message a line, as JSON
    Jsonl,
}

/// The text of a file, or of standard input for `-`.
pub(crate) fn read(path: &Path) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let read = if path == Path::new("-") {
        io::stdin().take(MAX_BYTES + 1).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes))
    };
    let name = path.display();
    read.map_err(|e| Failure::usage(format!("{name} cannot be read: {e}")))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Failure::usage(format!("{name} is larger than {MAX_BYTES} bytes; split it")));
    }
    let text = String::from_utf8(bytes).map_err(|e| {
        let at = e.utf8_error().valid_up_to();
        Failure::usage(format!("{name} is not UTF-8 text (byte {at})")).hint("convert it, for instance with `iconv`")
    })?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// A picture from an address or a file.
pub(crate) fn image(place: &str) -> Result<Image, Failure> {
    if ["https://", "http://", "data:"].iter().any(|scheme| place.starts_with(scheme)) {
        return Ok(Image::new(place)?);
    }
    let mut bytes = Vec::new();
    std::fs::File::open(place)
        .and_then(|file| file.take(MAX_IMAGE + 1).read_to_end(&mut bytes))
        .map_err(|e| Failure::usage(format!("{place} cannot be read: {e}")))?;
    if bytes.len() as u64 > MAX_IMAGE {
        return Err(
            Failure::usage(format!("{place} is larger than {MAX_IMAGE} bytes")).hint("make the picture smaller")
        );
    }
    let media =
        media_type(&bytes).ok_or_else(|| Failure::usage(format!("{place} is no picture in PNG, JPEG, GIF or WebP")))?;
    Ok(Image::new(format!("data:{media};base64,{}", BASE64_STANDARD.encode(&bytes)))?)
}

/// By the first bytes: a file may have any name.
fn media_type(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}

/// The text of an argument that may be `-`, or of standard input where there
/// is no argument and something is piped in.
pub(crate) fn argument(words: &[String]) -> Result<Option<String>, Failure> {
    match words {
        [] => Ok(None),
        [dash] if dash == "-" => read(Path::new("-")).map(Some),
        words => Ok(Some(words.join(" "))),
    }
}

/// Whether somebody would have to type what is read.
pub(crate) fn nothing_piped() -> bool {
    io::stdin().is_terminal()
}

/// The messages of a text.
pub(crate) fn messages(text: &str, format: Format) -> Result<Vec<Message>, Failure> {
    match format {
        Format::Text => Ok(plain(text)),
        Format::Json => json(serde_json::from_str(text).map_err(|e| not_json(&e))?),
        Format::Jsonl => lines(text)?.into_iter().map(|(line, value)| message(value, "line", line)).collect(),
        Format::Auto => detect(text),
    }
}

fn plain(text: &str) -> Vec<Message> {
    vec![Message::user(text.trim_end_matches(['\n', '\r']))]
}

fn detect(text: &str) -> Result<Vec<Message>, Failure> {
    let start = text.trim_start();
    if !start.starts_with(['{', '[']) {
        return Ok(plain(text));
    }
    if let Ok(value) = serde_json::from_str::<Value>(text) {
        return json(value);
    }
    // Several objects, one a line. A text may start with a brace too, so the
    // first line decides.
    let first = start.lines().next().unwrap_or_default();
    if start.starts_with('{') && serde_json::from_str::<Value>(first).is_ok() {
        return messages(text, Format::Jsonl);
    }
    Ok(plain(text))
}

fn json(value: Value) -> Result<Vec<Message>, Failure> {
    let list = match value {
        Value::Array(list) => list,
        Value::Object(mut object) if object.contains_key("messages") => {
            let Some(Value::Array(list)) = object.remove("messages") else {
                return Err(Failure::usage("`messages` is not a list"));
            };
            if let Some(key) = object.keys().next() {
                return Err(Failure::usage(format!("unknown key \"{key}\" beside `messages`")));
            }
            list
        }
        one => vec![one],
    };
    list.into_iter().zip(1..).map(|(value, number)| message(value, "message", number)).collect()
}

/// The values of JSON lines, with the number of each line.
fn lines(text: &str) -> Result<Vec<(usize, Value)>, Failure> {
    text.lines()
        .zip(1..)
        .filter(|(line, _)| !line.trim().is_empty())
        .map(|(line, number)| {
            let value = serde_json::from_str(line);
            value.map(|value| (number, value)).map_err(|_| Failure::usage(format!("line {number} is not JSON")))
        })
        .collect()
}

fn not_json(e: &serde_json::Error) -> Failure {
    Failure::usage(format!("not JSON: line {}, column {}", e.line(), e.column()))
}

fn message(value: Value, unit: &str, number: usize) -> Result<Message, Failure> {
    let problem = problem(&value);
    // Chats are full of messages without a text; one that was written for this
    // program and has none is a mistake.
    let empty = value.as_object().is_some_and(|object| SAYING.iter().all(|key| !object.contains_key(*key)));
    let read = if empty { None } else { serde_json::from_value(value).ok() };
    read.ok_or_else(|| {
        Failure::usage(format!("{unit} {number}: {}", problem.as_deref().unwrap_or("not a message")))
            .hint("a message is a text or {\"role\", \"content\", \"name\", \"id\", \"timestamp\"}; --format text stores the input as it is")
    })
}

/// A message has at least one of these.
const SAYING: [&str; 3] = ["content", "images", "tool_calls"];

/// What is wrong with a message, without its text.
fn problem(value: &Value) -> Option<String> {
    let Value::Object(object) = value else { return Some("neither a text nor an object".into()) };
    let known = ["role", "name", "id", "timestamp", "tool_call_id"];
    if let Some(key) = object.keys().find(|key| ![&known[..], &SAYING].concat().contains(&key.as_str())) {
        return Some(format!("unknown key \"{key}\""));
    }
    match object.get("content") {
        None if !object.contains_key("images") => return Some("there is no `content`".into()),
        Some(content) if !content.is_string() && !content.is_array() => {
            return Some("`content` is neither a text nor a list of texts and pictures".into());
        }
        _ => {}
    }
    if object.get("role").is_some_and(|role| serde_json::from_value::<Role>(role.clone()).is_err()) {
        return Some("`role` is none of user, assistant, system and tool".into());
    }
    if object.get("timestamp").is_some_and(|at| serde_json::from_value::<Option<Timestamp>>(at.clone()).is_err()) {
        return Some("`timestamp` is not a time such as 2025-05-01T09:30:00Z".into());
    }
    Some("a value of the wrong type".into())
}

/// One line of `add --batch`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct AddLine {
    #[serde(alias = "memory", alias = "content")]
    text: Option<String>,
    messages: Option<Vec<Message>>,
    user_id: Option<String>,
    agent_id: Option<String>,
    run_id: Option<String>,
    app_id: Option<String>,
    org_id: Option<String>,
    infer: Option<bool>,
    kind: Option<MemoryKind>,
    metadata: Metadata,
    categories: Vec<String>,
    #[serde(alias = "expires")]
    expires_at: Option<Timestamp>,
    timestamp: Option<Timestamp>,
    idempotency_key: Option<String>,
    policy: Option<String>,
    #[serde(alias = "prompt")]
    instructions: Option<String>,
}

/// The calls of `add --batch`, with the number of each line. What a line does
/// not say comes from `options` and, if it names nobody, from `whose`.
pub(crate) fn add_batch(
    text: &str,
    options: &AddOptions,
    whose: &ScopeFields,
) -> Result<Vec<(usize, AddRequest)>, Failure> {
    batch(text)?
        .into_iter()
        .map(|(number, value)| {
            let line = match value {
                Value::String(text) => AddLine { text: Some(text), ..AddLine::default() },
                value => typed::<AddLine>(value, number)?,
            };
            let request = add_request(line, options, whose)
                .map_err(|failure| failure.reword(|reason| format!("line {number}: {reason}")))?;
            Ok((number, request))
        })
        .collect()
}

fn add_request(line: AddLine, base: &AddOptions, whose: &ScopeFields) -> Result<AddRequest, Failure> {
    let input = match (line.text, line.messages) {
        (Some(text), None) => vec![Message::user(text)],
        (None, Some(messages)) => messages,
        _ => return Err(Failure::usage("one of `text` and `messages` is needed")),
    };
    let AddLine { user_id, agent_id, run_id, app_id, org_id, .. } = line;
    let own = ScopeFields { org_id, app_id, user_id, agent_id, run_id };
    let fields = if own == ScopeFields::default() { whose.clone() } else { own };
    let scope: Scope = session::needed(session::scope(fields)?)?;
    let mut options = base.clone();
    options.infer = line.infer.unwrap_or(base.infer);
    options.kind = line.kind.or(base.kind);
    options.metadata.extend(line.metadata);
    options.categories.extend(line.categories);
    options.expires_at = line.expires_at.or(base.expires_at);
    options.timestamp = line.timestamp.or(base.timestamp);
    options.idempotency_key = line.idempotency_key;
    options.policy = line.policy.or(options.policy);
    options.instructions = line.instructions.or(options.instructions);
    Ok(AddRequest::new(input, scope, options))
}

/// One line of `update --batch`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct UpdateLine {
    #[serde(alias = "memory_id")]
    id: MemoryId,
    #[serde(default, alias = "memory")]
    text: Option<String>,
    #[serde(default)]
    metadata: Option<Metadata>,
    #[serde(default)]
    categories: Option<Vec<String>>,
    #[serde(default, alias = "expires", deserialize_with = "present")]
    expires_at: Option<Option<Timestamp>>,
    #[serde(default)]
    valid_from: Option<Timestamp>,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    expected_version: Option<u64>,
}

/// A key that is there, if only as null.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Timestamp>>, D::Error> {
    Option::<Timestamp>::deserialize(deserializer).map(Some)
}

/// The changes of `update --batch`.
pub(crate) fn update_batch(text: &str, scope: Option<&Scope>) -> Result<Vec<UpdateRequest>, Failure> {
    batch(text)?
        .into_iter()
        .map(|(number, value)| {
            let line: UpdateLine = typed(value, number)?;
            let mut options = UpdateOptions::default();
            options.scope = scope.cloned();
            options.text = line.text;
            options.metadata = line.metadata;
            options.categories = line.categories;
            options.expires_at = line.expires_at;
            options.valid_from = line.valid_from;
            options.reason = line.reason;
            options.expected_version = line.expected_version;
            Ok(UpdateRequest::new(line.id, options))
        })
        .collect()
}

/// The values of a batch: JSON lines, or one JSON array.
fn batch(text: &str) -> Result<Vec<(usize, Value)>, Failure> {
    let values = match serde_json::from_str(text) {
        Ok(Value::Array(list)) => (1..).zip(list).collect(),
        _ => lines(text)?,
    };
    if values.is_empty() { Err(Failure::usage("the batch is empty")) } else { Ok(values) }
}

fn typed<T: DeserializeOwned>(value: Value, number: usize) -> Result<T, Failure> {
    serde_json::from_value(value).map_err(|e| {
        // Messages about values would quote them.
        let message = e.to_string();
        let of_keys = ["unknown field", "missing field", "duplicate field"];
        let message = if of_keys.iter().any(|start| message.starts_with(start)) {
            message
        } else {
            "a value of the wrong type".to_owned()
        };
        Failure::usage(format!("line {number}: {message}"))
    })
}

/// Ids from arguments and, for `-`, from standard input: separated by white
/// space.
pub(crate) fn ids(words: &[String]) -> Result<Vec<MemoryId>, Failure> {
    let mut ids = Vec::new();
    for word in words {
        let text = if word == "-" { read(Path::new("-"))? } else { word.clone() };
        for id in text.split_whitespace() {
            ids.push(id.parse().map_err(|e: Error| Failure::from(e).hint("`mem0 list` shows ids"))?);
        }
    }
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        messages(text, Format::Auto).unwrap().into_iter().map(|message| message.content).collect()
    }

    fn refused(text: &str) -> String {
        match messages(text, Format::Auto) {
            Err(Failure::Failed { code: 2, message, .. }) => message,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn forms_are_told_apart() {
        assert_eq!(texts("I like tea.\n"), ["I like tea."]);
        assert_eq!(texts("[note] buy milk"), ["[note] buy milk"]);
        assert_eq!(texts("{so it was}\nand more"), ["{so it was}\nand more"]);
        assert_eq!(texts(r#"["a", {"content": "b"}]"#), ["a", "b"]);
        assert_eq!(texts(r#"{"messages": [{"role": "assistant", "content": "a"}]}"#), ["a"]);
        assert_eq!(texts("{\"content\": \"a\"}\n\n{\"content\": \"b\"}\n"), ["a", "b"]);
        assert_eq!(texts("{\n  \"content\": \"a\"\n}"), ["a"]);
        assert_eq!(messages("[\"a\"]", Format::Text).unwrap()[0].content, "[\"a\"]");
    }

    #[test]
    fn mistakes_are_named() {
        for (text, want) in [
            (r#"[1]"#, "message 1: neither a text nor an object"),
            (r#"["a", {"rule": "user"}]"#, "message 2: unknown key \"rule\""),
            (r#"[{"role": "user"}]"#, "there is no `content`"),
            (r#"[{"content": "a", "role": "boss"}]"#, "`role` is none of"),
            (r#"[{"content": "a", "timestamp": "noon"}]"#, "`timestamp` is not a time"),
            (r#"{"messages": "a"}"#, "`messages` is not a list"),
            ("{\"content\": \"a\"}\nb", "line 2 is not JSON"),
        ] {
            let message = refused(text);
            assert!(message.contains(want), "{message}");
        }
    }

    #[test]
    fn a_batch_line_wins_over_the_options() {
        let mut options = AddOptions::default().categories(["x"]);
        options.infer = false;
        let whose = ScopeFields { user_id: Some("ana".into()), ..ScopeFields::default() };
        let text = "{\"text\": \"a\", \"infer\": true, \"categories\": [\"y\"]}\n{\"memory\": \"b\", \"agent_id\": \"bot\"}\n\"c\"";
        let batch = add_batch(text, &options, &whose).unwrap();
        assert_eq!(batch.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [1, 2, 3]);
        let batch: Vec<AddRequest> = batch.into_iter().map(|(_, request)| request).collect();
        assert!(batch[0].options.infer && !batch[1].options.infer);
        assert_eq!(batch[0].options.categories, ["x", "y"]);
        assert_eq!(batch[0].scope, Scope::user("ana").unwrap());
        assert_eq!(batch[1].scope, Scope::agent("bot").unwrap());
        assert_eq!(batch[2].input.messages()[0].content, "c");
        assert!(add_batch("{\"text\": \"a\", \"txt\": 1}", &options, &whose).is_err());
        assert!(add_batch("{\"infer\": true}", &options, &whose).is_err());
    }

    #[test]
    fn a_batch_line_chooses_its_policy() {
        let options = AddOptions::default().policy("rules").instructions("all");
        let whose = ScopeFields { user_id: Some("ana".into()), ..ScopeFields::default() };
        let text = "{\"text\": \"a\", \"policy\": \"additive\", \"instructions\": \"food\"}\n\"b\"";
        let batch = add_batch(text, &options, &whose).unwrap();
        let said = |at: usize| {
            let (_, request): &(usize, AddRequest) = &batch[at];
            (request.options.policy.as_deref(), request.options.instructions.as_deref())
        };
        assert_eq!(said(0), (Some("additive"), Some("food")));
        assert_eq!(said(1), (Some("rules"), Some("all")));
    }

    #[test]
    fn pictures_are_told_by_their_first_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("picture.txt");
        let read = |bytes: &[u8]| {
            std::fs::write(&file, bytes).unwrap();
            image(file.to_str().unwrap()).map(|image| image.data().map(|(media, _)| media.to_owned()))
        };
        for (bytes, want) in [
            (&b"\x89PNG\r\n\x1a\n"[..], "image/png"),
            (b"\xff\xd8\xff\xe0", "image/jpeg"),
            (b"GIF89a", "image/gif"),
            (b"RIFF\x01\x02\x03\x04WEBPVP8 ", "image/webp"),
        ] {
            assert_eq!(read(bytes).unwrap().as_deref(), Some(want));
        }
        for bytes in [&b""[..], b"GIF", b"RIFF\x01\x02\x03\x04WAVE", b"<svg/>"] {
            assert!(matches!(read(bytes), Err(Failure::Failed { code: 2, .. })), "{bytes:?}");
        }
        assert!(matches!(read(&vec![0xff; 20_000_001]), Err(Failure::Failed { code: 2, .. })));
        assert_eq!(image("https://example.org/a.png").unwrap().url(), "https://example.org/a.png");
        assert!(image("no such file").is_err());
    }

    #[test]
    fn null_clears_an_expiry() {
        let id = "00000000-0000-0000-0000-000000000007";
        let text = format!("{{\"id\": \"{id}\", \"expires_at\": null}}\n{{\"id\": \"{id}\", \"text\": \"a\"}}");
        let batch = update_batch(&text, None).unwrap();
        assert_eq!((batch[0].options.expires_at, batch[1].options.expires_at), (Some(None), None));
    }
}
