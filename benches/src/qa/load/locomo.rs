//! LOCOMO: `locomo10.json` of <https://github.com/snap-research/locomo>, ten
//! conversations of two people over months (Maharana et al., ACL 2024).
//!
//! Sessions are the keys `session_<n>`; there are more dates than sessions. A
//! picture stands as its caption. The annotators' search words for it (`query`)
//! and everything that a model made of the conversation are never read.
//!
//! Some evidence is malformed: several ids in one text, `D:11:26`, `D30:05`, a
//! lone `D`, ids that do not exist, one id twice. Repaired by one rule: every
//! `D<n>:<n>` in it, with or without a colon after the D, leading zeros
//! dropped, each once, and only those that exist.

use std::collections::HashSet;
use std::path::Path;

use mem0::{Error, Result, Role};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{bytes, dates, digest, json, text_of};
use crate::qa::{Conversation, Dataset, Question, Session, Turn};

const NAME: &str = "locomo";

/// The dataset's numbers with what they mean; in its own paper's results the
/// names of 1, 3 and 4 are mixed up.
const CATEGORIES: [&str; 5] = ["1 multi-hop", "2 temporal", "3 open-domain", "4 single-hop", "5 adversarial"];

#[derive(Deserialize)]
struct Sample {
    sample_id: String,
    conversation: Map<String, Value>,
    qa: Vec<Asked>,
}

#[derive(Deserialize)]
struct Asked {
    question: String,
    #[serde(default)]
    answer: Value,
    #[serde(default)]
    evidence: Vec<String>,
    category: usize,
}

#[derive(Deserialize)]
struct Said {
    speaker: String,
    dia_id: String,
    text: String,
    #[serde(default)]
    blip_caption: Option<String>,
}

/// Reads the file.
///
/// # Errors
/// `NotFound` or `PermissionDenied` if it cannot be read, `InvalidInput` if it
/// has another shape.
pub fn locomo(path: &Path) -> Result<Dataset> {
    let bytes = bytes(path)?;
    let samples: Vec<Sample> = json(&bytes, path, NAME)?;
    let conversations = samples.into_iter().map(conversation).collect::<Result<_>>()?;
    Dataset { name: NAME, digest: digest(blake3::Hasher::new().update(&bytes)), conversations }.checked()
}

fn conversation(sample: Sample) -> Result<Conversation> {
    let Sample { sample_id, conversation, qa } = sample;
    let mut numbers: Vec<u32> =
        conversation.keys().filter_map(|key| key.strip_prefix("session_")?.parse().ok()).collect();
    numbers.sort_unstable();
    let bad = |what: &'static str| Error::invalid(what).with_context("conversation", &sample_id);
    let mut sessions = Vec::with_capacity(numbers.len());
    for number in numbers {
        let id = format!("session_{number}");
        let turns = conversation.get(&id).cloned().unwrap_or_default();
        let said: Vec<Said> = serde_json::from_value(turns).map_err(|_| bad("a session that is no list of turns"))?;
        let at = conversation.get(&format!("{id}_date_time")).and_then(Value::as_str);
        let at = at.map(|text| dates::parse(dates::LOCOMO, text).ok_or_else(|| bad("a date that cannot be read")));
        let turns: Vec<Turn> = said.into_iter().filter_map(turn).collect();
        if !turns.is_empty() {
            sessions.push(Session { id, at: at.transpose()?, turns });
        }
    }
    let turns = || sessions.iter().flat_map(|session| &session.turns);
    let known: HashSet<&str> = turns().map(|turn| turn.id.as_str()).collect();
    let questions = qa
        .into_iter()
        .enumerate()
        .map(|(index, asked)| {
            let category = asked.category.checked_sub(1).and_then(|index| CATEGORIES.get(index));
            let category = *category.ok_or_else(|| bad("a category that is not 1 to 5"))?;
            // Of the fifth kind the answer, if any, is that of another question.
            let answerable = asked.category != 5;
            Ok(Question {
                id: format!("{sample_id}#{index}"),
                text: asked.question,
                answer: text_of(&asked.answer).filter(|_| answerable),
                category: category.to_owned(),
                evidence: repaired(&asked.evidence, &known),
                answerable,
                asked_at: None,
            })
        })
        .collect::<Result<_>>()?;
    Ok(Conversation { id: sample_id, sessions, questions })
}

fn turn(said: Said) -> Option<Turn> {
    let Said { speaker, dia_id, text, blip_caption } = said;
    let text = match blip_caption.filter(|caption| !caption.trim().is_empty()) {
        Some(caption) => format!("{text} [shares {caption}]"),
        None => text,
    };
    let said = !text.trim().is_empty();
    said.then_some(Turn { id: dia_id, role: Role::User, speaker: Some(speaker), text })
}

/// The turns that an evidence list means.
fn repaired(evidence: &[String], known: &HashSet<&str>) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for id in evidence.iter().flat_map(|text| dialog_ids(text)) {
        if known.contains(id.as_str()) && !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids
}

/// Every `D<n>:<n>` (also `D:<n>:<n>`), leading zeros dropped.
fn dialog_ids(text: &str) -> impl Iterator<Item = String> {
    text.split('D').skip(1).filter_map(|part| {
        let (session, rest) = part.strip_prefix(':').unwrap_or(part).split_once(':')?;
        let turn = rest.split(|c: char| !c.is_ascii_digit()).next()?;
        Some(format!("D{}:{}", session.parse::<u32>().ok()?, turn.parse::<u32>().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_in_what_annotators_wrote() {
        for (text, want) in [
            ("D8:6", vec!["D8:6"]),
            ("D8:6; D9:17", vec!["D8:6", "D9:17"]),
            ("D1:2 D3:4 D5:6", vec!["D1:2", "D3:4", "D5:6"]),
            ("D:11:26", vec!["D11:26"]),
            ("D30:05", vec!["D30:5"]),
            ("D", vec![]),
            ("", vec![]),
            ("D7", vec![]),
            ("D7:", vec![]),
        ] {
            assert_eq!(dialog_ids(text).collect::<Vec<_>>(), want, "{text}");
        }
    }
}
