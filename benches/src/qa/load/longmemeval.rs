//! LongMemEval: `longmemeval_s.json`, `_m` or `_oracle`, also the cleaned ones
//! (<https://github.com/xiaowu0162/LongMemEval>, Wu et al., ICLR 2025).
//!
//! Each of the 500 questions has a history of its own, which is a conversation
//! here. Evidence are the turns with `has_answer`. A question whose id ends
//! with `_abs` has no answer.

use std::path::Path;

use mem0::{Error, Result, Role};
use serde::Deserialize;
use serde_json::Value;

use super::{bytes, dates, digest, json, text_of};
use crate::qa::{Conversation, Dataset, Question, Session, Turn};

const NAME: &str = "longmemeval";

#[derive(Deserialize)]
struct Entry {
    question_id: String,
    question_type: String,
    question: String,
    #[serde(default)]
    answer: Value,
    #[serde(default)]
    question_date: Option<String>,
    haystack_dates: Vec<String>,
    haystack_sessions: Vec<Vec<Said>>,
}

#[derive(Deserialize)]
struct Said {
    role: Role,
    content: String,
    #[serde(default)]
    has_answer: Option<bool>,
}

/// Reads the file.
///
/// # Errors
/// `NotFound` or `PermissionDenied` if it cannot be read, `InvalidInput` if it
/// has another shape.
pub fn longmemeval(path: &Path) -> Result<Dataset> {
    let bytes = bytes(path)?;
    let entries: Vec<Entry> = json(&bytes, path, NAME)?;
    let conversations = entries.into_iter().map(conversation).collect::<Result<_>>()?;
    Dataset { name: NAME, digest: digest(blake3::Hasher::new().update(&bytes)), conversations }.checked()
}

fn conversation(entry: Entry) -> Result<Conversation> {
    let id = entry.question_id;
    let bad = |what: &'static str| Error::invalid(what).with_context("question", &id);
    if entry.haystack_dates.len() != entry.haystack_sessions.len() {
        return Err(bad("not one date for each session"));
    }
    let time = |text: &str| dates::parse(dates::LONGMEMEVAL, text).ok_or_else(|| bad("a date that cannot be read"));
    let mut sessions = Vec::with_capacity(entry.haystack_sessions.len());
    let mut evidence = Vec::new();
    for (number, (said, date)) in entry.haystack_sessions.into_iter().zip(&entry.haystack_dates).enumerate() {
        let mut turns = Vec::with_capacity(said.len());
        for (index, Said { role, content, has_answer }) in said.into_iter().enumerate() {
            if content.trim().is_empty() {
                continue;
            }
            let id = format!("{number}:{index}");
            if has_answer == Some(true) {
                evidence.push(id.clone());
            }
            turns.push(Turn { id, role, speaker: None, text: content });
        }
        if !turns.is_empty() {
            // The file's own ids may come twice.
            sessions.push(Session { id: number.to_string(), at: Some(time(date)?), turns });
        }
    }
    // The sessions of the oracle file are in no order.
    sessions.sort_by_key(|session| session.at);
    let answerable = !id.ends_with("_abs");
    let question = Question {
        id: id.clone(),
        text: entry.question,
        answer: text_of(&entry.answer).filter(|_| answerable),
        category: if answerable { entry.question_type } else { "abstention".to_owned() },
        evidence,
        answerable,
        asked_at: entry.question_date.as_deref().map(time).transpose()?,
    };
    Ok(Conversation { id, sessions, questions: vec![question] })
}
