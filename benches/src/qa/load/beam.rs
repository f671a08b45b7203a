//! BEAM: a folder of <https://github.com/mohammadtavakoli78/BEAM>, either of one
//! chat (`chats/100K/1`) or of all of a size (`chats/100K`; Tavakoli et al.,
//! 2025).
//!
//! `chat_trunecated.json` (the public name is spelt so) comes before
//! `chat.json`, as in the authors' own code. A batch is a session, its date the
//! first `time_anchor` in it. In the largest size batches are under the name of
//! a plan. Evidence are the `source_chat_ids`, which are nested differently for
//! each kind of question. The mark `->-> 1,2` (or `->-> 1,N/A`) at the end of
//! what the user says is the authors' own numbering, and left out.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use mem0::{Error, ErrorKind, Result, Role};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{bytes, dates, digest, json, text_of};
use crate::qa::{Conversation, Dataset, Question, Session, Turn};

const NAME: &str = "beam";
const CHATS: [&str; 2] = ["chat_trunecated.json", "chat.json"];
const QUESTIONS: &str = "probing_questions/probing_questions.json";

/// Under which of these the right answer is depends on the kind of question.
const ANSWERS: [&str; 6] =
    ["answer", "ideal_answer", "ideal_response", "ideal_summary", "expected_compliance", "rubric"];

#[derive(Deserialize)]
struct Said {
    role: Role,
    content: String,
    id: Value,
    #[serde(default)]
    time_anchor: Option<String>,
}

/// Reads the folder.
///
/// # Errors
/// `NotFound` if there is no chat in it, `PermissionDenied` if it cannot be
/// read, `InvalidInput` if a file has another shape.
pub fn beam(folder: &Path) -> Result<Dataset> {
    let mut hasher = blake3::Hasher::new();
    let mut conversations = Vec::new();
    for (id, folder) in folders(folder)? {
        conversations.push(conversation(id, &folder, &mut hasher)?);
    }
    if conversations.is_empty() {
        return Err(Error::new(ErrorKind::NotFound, "there is no chat.json in this folder, nor in one within it")
            .with_context("path", folder.display()));
    }
    Dataset { name: NAME, digest: digest(&hasher), conversations }.checked()
}

/// The folder itself if it is one of a chat, else those within it, by number.
fn folders(folder: &Path) -> Result<Vec<(String, PathBuf)>> {
    let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let is_chat = |path: &Path| CHATS.iter().any(|chat| path.join(chat).is_file());
    if is_chat(folder) {
        return Ok(vec![(name(folder), folder.to_owned())]);
    }
    let entries = std::fs::read_dir(folder).map_err(|e| {
        Error::new(ErrorKind::NotFound, "the folder cannot be read")
            .with_context("path", folder.display())
            .with_source(e)
    })?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| is_chat(path));
    let mut found: Vec<(String, PathBuf)> = paths.map(|path| (name(&path), path)).collect();
    found.sort_by_key(|(name, _)| (name.parse::<u64>().unwrap_or(u64::MAX), name.clone()));
    Ok(found)
}

fn conversation(id: String, folder: &Path, hasher: &mut blake3::Hasher) -> Result<Conversation> {
    let path = CHATS.iter().map(|chat| folder.join(chat)).find(|path| path.is_file()).unwrap_or_default();
    let chat = bytes(&path)?;
    hasher.update(&chat);
    let mut batches = Vec::new();
    collect_batches(json(&chat, &path, NAME)?, "", &mut batches);
    let mut sessions = Vec::with_capacity(batches.len());
    for (batch, turns) in batches {
        let mut said = Vec::new();
        collect_turns(turns, &mut said)
            .map_err(|()| Error::invalid("a batch that holds no messages").with_context("path", path.display()))?;
        let anchor = said.iter().find_map(|said| said.time_anchor.as_deref());
        let at = anchor.and_then(|text| dates::parse(dates::BEAM, text));
        let turns: Vec<Turn> = said.into_iter().filter_map(turn).collect();
        if !turns.is_empty() {
            sessions.push(Session { id: batch, at, turns });
        }
    }
    let path = folder.join(QUESTIONS);
    let asked = bytes(&path)?;
    hasher.update(&asked);
    let asked: BTreeMap<String, Vec<Map<String, Value>>> = json(&asked, &path, NAME)?;
    let known: HashSet<&str> =
        sessions.iter().flat_map(|session| &session.turns).map(|turn| turn.id.as_str()).collect();
    let mut questions = Vec::new();
    for (category, asked) in asked {
        for asked in asked {
            let text = asked.get("question").and_then(Value::as_str).unwrap_or_default().trim().to_owned();
            if text.is_empty() {
                return Err(Error::invalid("a question without words").with_context("path", path.display()));
            }
            let mut evidence = Vec::new();
            collect_ids(asked.get("source_chat_ids").unwrap_or(&Value::Null), &known, &mut evidence);
            let answerable = category != "abstention";
            let answer = ANSWERS.iter().find_map(|key| text_of(asked.get(*key)?));
            questions.push(Question {
                id: format!("{id}#{}", questions.len()),
                text,
                answer: answer.filter(|_| answerable),
                category: category.clone(),
                evidence,
                answerable,
                asked_at: None,
            });
        }
    }
    Ok(Conversation { id, sessions, questions })
}

/// The batches with a name for each, at whatever depth they are.
fn collect_batches(value: Value, plan: &str, batches: &mut Vec<(String, Value)>) {
    match value {
        Value::Array(items) => items.into_iter().for_each(|item| collect_batches(item, plan, batches)),
        Value::Object(mut object) => match object.remove("turns") {
            Some(turns) => batches.push((format!("{plan}batch {}", batches.len() + 1), turns)),
            None => object.into_iter().for_each(|(name, item)| collect_batches(item, &format!("{name} "), batches)),
        },
        _ => {}
    }
}

/// The messages of a batch, at whatever depth they are.
fn collect_turns(value: Value, said: &mut Vec<Said>) -> Result<(), ()> {
    match value {
        Value::Array(items) => items.into_iter().try_for_each(|item| collect_turns(item, said)),
        item => {
            said.push(serde_json::from_value(item).map_err(|_| ())?);
            Ok(())
        }
    }
}

fn turn(said: Said) -> Option<Turn> {
    let numbering = |mark: &str| mark.chars().all(|c| c.is_ascii_digit() || ", ./NA)".contains(c));
    let text = match said.content.rsplit_once("->->") {
        Some((text, mark)) if numbering(mark) => text.trim_end().to_owned(),
        _ => said.content,
    };
    let id = text_of(&said.id)?;
    (!text.trim().is_empty()).then_some(Turn { id, role: said.role, speaker: None, text })
}

/// Every id in it that is a turn, each once.
fn collect_ids(value: &Value, known: &HashSet<&str>, ids: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect_ids(item, known, ids)),
        Value::Object(object) => object.values().for_each(|item| collect_ids(item, known, ids)),
        item => {
            let id = text_of(item).filter(|id| known.contains(id.as_str()) && !ids.contains(id));
            ids.extend(id);
        }
    }
}
