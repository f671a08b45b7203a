//! Two weeks of two people: what the library does, in less than a second.

mod report;

use std::path::{Path, PathBuf};
use std::time::Instant;

use mem0::{
    AddItem, AddOptions, ChangeResult, Config, DropReason, Error, ErrorKind, Event, HistoryEntry, Hit, Mem0, Message,
    Scope, SearchOptions, Timestamp, UpdateOptions, When,
};
use serde::Serialize;

use crate::cli::QuickstartArgs;
use crate::exit::Failure;
use crate::output::Out;

/// The conversation, written for this program.
const CONVERSATION: &str = include_str!("conversation.json");

/// Whose memory it is.
pub(super) const USER: &str = "leila";

/// What is asked about the present.
const QUESTIONS: [&str; 5] = [
    "Where does Leila live now?",
    "What is she allergic to?",
    "What kind of dog is Pixel?",
    "When is the wedding of Tom's sister?",
    "Wer hat ein Cello verkauft?",
];

/// What is asked about the past, and when that was.
const PAST: (&str, &str) = ("Where did Leila live?", "2025-05-01T12:00:00Z");

/// What is changed.
const CHANGE: (&str, &str) =
    ("Pixel's appointment at the vet", "Pixel has an appointment at the vet on 21 May at half past two.");

/// How many answers are shown.
const SHOWN: usize = 2;

/// Answers below this score are left out, so that the page stays short.
const SURE: f32 = 0.2;

/// Everything that happened, in order.
#[derive(Debug, Serialize)]
pub(super) struct Story {
    pub(super) messages: usize,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    /// What was done with each fact.
    pub(super) facts: Vec<AddItem>,
    /// Why parts were left out.
    pub(super) dropped: Vec<DropReason>,
    pub(super) remember_ms: u64,
    pub(super) answers: Vec<Answer>,
    pub(super) past: Answer,
    pub(super) change: Change,
    pub(super) total_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) kept_in: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
pub(super) struct Answer {
    pub(super) question: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) as_of: Option<Timestamp>,
    pub(super) micros: u64,
    pub(super) results: Vec<Hit>,
}

#[derive(Debug, Serialize)]
pub(super) struct Change {
    pub(super) before: String,
    pub(super) after: String,
    pub(super) update: ChangeResult,
    pub(super) undo: ChangeResult,
    pub(super) undone: String,
    pub(super) history: Vec<HistoryEntry>,
}

pub(crate) async fn run(out: &mut Out, args: QuickstartArgs) -> Result<(), Failure> {
    let start = Instant::now();
    let temporary;
    let folder: &Path = match &args.keep {
        Some(folder) => {
            empty(folder)?;
            folder
        }
        None => {
            temporary = tempfile::tempdir()?;
            temporary.path()
        }
    };
    let mut config = Config::default();
    config.data_dir = Some(folder.to_owned());
    let mem0 = mem0::from_config(&config).await?;
    let mut story = tell(&mem0).await?;
    story.kept_in = args.keep.clone();
    story.total_ms = millis(start);
    if out.json { out.json(&story) } else { report::print(out, &story) }
}

async fn tell(mem0: &Mem0) -> Result<Story, Failure> {
    let messages: Vec<Message> = serde_json::from_str(CONVERSATION)
        .map_err(|e| Error::internal("the shipped conversation cannot be read").with_source(e))?;
    let leila = Scope::user(USER)?;
    let count = messages.len();
    let times = || messages.iter().filter_map(|message| message.timestamp);
    let (Some(from), Some(to)) = (times().min(), times().max()) else {
        return Err(Error::internal("the shipped conversation has no times").into());
    };

    let start = Instant::now();
    let mut facts = Vec::new();
    let mut dropped = Vec::new();
    for day in days(messages) {
        let result = mem0.add(day, &leila, AddOptions::default()).await?;
        facts.extend(result.results);
        dropped.extend(result.dropped.iter().map(|part| part.reason));
    }
    let remember_ms = millis(start);

    let mut answers = Vec::new();
    for question in QUESTIONS {
        answers.push(ask(mem0, &leila, question, None).await?);
    }
    let past = ask(mem0, &leila, PAST.0, Some(PAST.1.parse()?)).await?;
    let change = change(mem0, &leila).await?;
    Ok(Story {
        messages: count,
        from,
        to,
        facts,
        dropped,
        remember_ms,
        answers,
        past,
        change,
        total_ms: 0,
        kept_in: None,
    })
}

async fn ask(mem0: &Mem0, scope: &Scope, question: &'static str, as_of: Option<Timestamp>) -> Result<Answer, Failure> {
    let start = Instant::now();
    let when = as_of.map(When::as_of).unwrap_or_default();
    let options = SearchOptions::default().limit(SHOWN).threshold(SURE).when(when);
    let found = mem0.search(question, scope, options).await?;
    let micros = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
    Ok(Answer { question, as_of, micros, results: found.results })
}

async fn change(mem0: &Mem0, scope: &Scope) -> Result<Change, Failure> {
    let (question, text) = CHANGE;
    let found = mem0.search(question, scope, SearchOptions::default().limit(1)).await?;
    let Some(hit) = found.results.first() else {
        return Err(Error::internal("the shipped conversation does not answer its own question").into());
    };
    let id = hit.memory.id;
    let options = UpdateOptions::text(text).in_scope(scope.clone()).reason("the vet called");
    let update = mem0.update(id, options).await?;
    let undo = mem0.undo(id, Some(scope)).await?;
    let undone = mem0.get(id, Some(scope)).await?.map(|memory| memory.content.text).unwrap_or_default();
    let history = mem0.history(id, Some(scope)).await?;
    Ok(Change { before: hit.memory.content.text.clone(), after: text.to_owned(), update, undo, undone, history })
}

/// One conversation a day, as an application would add them.
fn days(messages: Vec<Message>) -> Vec<Vec<Message>> {
    let day = |message: &Message| message.timestamp.map(Timestamp::date);
    let mut days: Vec<Vec<Message>> = Vec::new();
    for message in messages {
        match days.last_mut() {
            Some(last) if last.last().map(day) == Some(day(&message)) => last.push(message),
            _ => days.push(vec![message]),
        }
    }
    days
}

/// Somebody's own memories must not be mixed with the conversation.
fn empty(folder: &Path) -> Result<(), Failure> {
    match std::fs::read_dir(folder) {
        Ok(mut entries) => match entries.next() {
            None => Ok(()),
            Some(_) => Err(Failure::from(
                Error::new(ErrorKind::AlreadyExists, "the folder is not empty").with_context("path", folder.display()),
            )
            .hint("name a new folder")),
        },
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(e) => Err(Failure::usage(format!("{} cannot be used: {e}", folder.display()))),
    }
}

fn millis(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// How many facts ended like this.
pub(super) fn of(facts: &[AddItem], event: Event) -> usize {
    facts.iter().filter(|fact| fact.event == event).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_conversation_is_two_weeks_of_two_people() {
        let messages: Vec<Message> = serde_json::from_str(CONVERSATION).unwrap();
        assert!((60..=80).contains(&messages.len()), "{}", messages.len());
        let mut names: Vec<&str> = messages.iter().map(|message| message.name.as_deref().unwrap()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names, ["Leila", "Tom"]);
        let times: Vec<Timestamp> = messages.iter().map(|message| message.timestamp.unwrap()).collect();
        assert!(times.is_sorted());
        assert_eq!(days(messages).len(), 13);
    }
}
