//! Remembering a conversation through the ordinary API.

use std::collections::HashMap;
use std::time::Instant;

use mem0::{AddOptions, Cost, ErrorKind, Event, Hit, Mem0, MemoryId, Message, Result, Scope, Timestamp};
use serde::{Deserialize, Serialize};

use super::run::Options;
use super::{Conversation, Session, Turn};

/// Between two turns, so that their order is kept.
const SECOND: i64 = 1_000_000;

/// A session that was remembered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionDone {
    /// Of which conversation.
    pub conversation: String,
    /// Which one.
    pub session: String,
    /// How long it took; none if an earlier run had done it and did not get to
    /// say so.
    pub ms: Option<f64>,
    /// Turns that were given.
    pub turns: usize,
    /// New memories.
    pub memories: usize,
    /// Whether what a language model made of it could not be read, so that
    /// nothing of it was remembered. What that cost is not known.
    #[serde(default)]
    pub unreadable: bool,
    /// Memories that were known, with the turns that said them again: a memory
    /// cites only those that it was made of.
    pub again: Vec<(MemoryId, Vec<String>)>,
    /// Calls of a language model.
    pub llm_calls: u32,
    /// Tokens that it read.
    pub input_tokens: u64,
    /// Tokens that it wrote.
    pub output_tokens: u64,
}

/// Whose memories those of a conversation are.
///
/// # Errors
/// `InvalidInput` if the conversation's id cannot be that of a user.
pub(super) fn scope(dataset: &str, conversation: &Conversation) -> Result<Scope> {
    Scope::user(format!("{dataset}/{}", conversation.id))
}

/// The messages of each session, in order: a turn is at the session's time plus
/// one second for each turn before it. A session without a time follows the one
/// before.
pub(super) fn messages(conversation: &Conversation) -> Vec<(&Session, Vec<Message>)> {
    let mut clock: Option<Timestamp> = None;
    conversation
        .sessions
        .iter()
        .map(|session| {
            clock = session.at.or(clock);
            let messages = session.turns.iter().map(|turn| message(turn, &mut clock)).collect();
            (session, messages)
        })
        .collect()
}

fn message(turn: &Turn, clock: &mut Option<Timestamp>) -> Message {
    let mut message = Message::new(turn.role, turn.text.as_str()).with_id(turn.id.as_str());
    message.name.clone_from(&turn.speaker);
    message.timestamp = *clock;
    *clock = clock.map(|at| at.plus_micros(SECOND));
    message
}

/// Remembers one session in one call. Doing it again does nothing. A model whose
/// answer cannot be read has remembered nothing, which is a result: it would do
/// the same the next time.
///
/// # Errors
/// All others of the memory.
pub(super) async fn remember(
    memory: &Mem0,
    scope: &Scope,
    conversation: &str,
    (session, messages): (&Session, Vec<Message>),
    options: &Options,
) -> Result<SessionDone> {
    let how = match options.policy() {
        Some(policy) => AddOptions::default().policy(policy),
        None => AddOptions::as_said(),
    };
    let began = Instant::now();
    let added = memory.add(messages, scope, how.idempotency_key(session.id.as_str())).await;
    let ms = began.elapsed().as_secs_f64() * 1e3;
    let done = SessionDone {
        conversation: conversation.to_owned(),
        session: session.id.clone(),
        ms: Some(ms),
        turns: session.turns.len(),
        ..SessionDone::default()
    };
    let added = match added {
        Err(error) if error.kind() == ErrorKind::BadModelOutput => return Ok(SessionDone { unreadable: true, ..done }),
        other => other?,
    };
    let of = |event: Event| added.results.iter().filter(move |item| item.event == event);
    let Cost { llm_calls, input_tokens, output_tokens, .. } = added.cost;
    Ok(SessionDone {
        ms: (!added.replayed).then_some(ms),
        memories: of(Event::Add).count(),
        again: of(Event::None).map(|item| (item.id, item.sources.clone())).collect(),
        llm_calls,
        input_tokens,
        output_tokens,
        ..done
    })
}

/// Which turns a memory stands for.
#[derive(Debug, Default)]
pub(super) struct Credits<'a>(HashMap<MemoryId, Vec<&'a str>>);

impl<'a> Credits<'a> {
    pub(super) fn new(sessions: impl IntoIterator<Item = &'a SessionDone>) -> Self {
        let mut credits: HashMap<MemoryId, Vec<&str>> = HashMap::new();
        for (id, turns) in sessions.into_iter().flat_map(|session| &session.again) {
            credits.entry(*id).or_default().extend(turns.iter().map(String::as_str));
        }
        Self(credits)
    }

    /// At which rank each evidence turn was found first.
    pub(super) fn ranks(&self, hits: &[Hit], evidence: &[String]) -> Vec<Option<usize>> {
        let mut first: HashMap<&str, usize> = HashMap::new();
        for (rank, hit) in (1..).zip(hits) {
            let cited = hit.memory.content.sources.iter().map(String::as_str);
            let again = self.0.get(&hit.memory.id).into_iter().flatten().copied();
            for turn in cited.chain(again) {
                first.entry(turn).or_insert(rank);
            }
        }
        evidence.iter().map(|turn| first.get(turn.as_str()).copied()).collect()
    }
}
