//! From messages to facts, sentence by sentence.

use async_trait::async_trait;
use mem0_core::{
    Content, DropReason, Dropped, ExtractRequest, Extraction, Extractor, Result, Role, StoredMessage, Timestamp,
};

use super::answer::{is_short_answer, open_question};
use super::depend::{MAX_JOINED, MAX_SENTENCES, needs_predecessor};
use super::language::{Language, guess};
use super::question::{is_question, states};
use super::segment::{UnitKind, units};
use super::smalltalk::{Participants, is_small_talk};
use super::temporal::{TimeExpression, annotate_as};
use super::words::{part, words};

/// Extracts facts without an LLM: keeps what was said, sentence by sentence.
///
/// ```
/// # use futures_executor_free::block_on;
/// # mod futures_executor_free {
/// #     pub fn block_on<F: std::future::Future>(future: F) -> F::Output {
/// #         let mut future = std::pin::pin!(future);
/// #         let mut context = std::task::Context::from_waker(std::task::Waker::noop());
/// #         loop {
/// #             if let std::task::Poll::Ready(out) = future.as_mut().poll(&mut context) {
/// #                 return out;
/// #             }
/// #         }
/// #     }
/// # }
/// use mem0_core::{DropReason, ExtractRequest, Extractor, Role, Scope, StoredMessage, Timestamp};
/// use mem0_llms::rules::RulesExtractor;
///
/// let at: Timestamp = "2023-05-25T13:14:00Z".parse()?;
/// let message = StoredMessage {
///     id: "m1".into(),
///     role: Role::User,
///     name: Some("Ana".into()),
///     content: "Hi! I moved to Lisbon last week. It was exhausting. How are you?".into(),
///     at,
/// };
/// let request = ExtractRequest::new(Scope::user("ana")?, vec![message], at);
/// let found = block_on(RulesExtractor::new().extract(&request))?;
///
/// assert_eq!(found.facts.len(), 1);
/// assert_eq!(found.facts[0].text, "I moved to Lisbon last week (week of 2023-05-15). It was exhausting.");
/// assert_eq!(found.facts[0].actor.as_deref(), Some("Ana"));
/// assert_eq!(found.facts[0].valid_from, Some("2023-05-15".parse()?));
/// let dropped: Vec<_> = found.dropped.iter().map(|d| (d.text.as_str(), d.reason)).collect();
/// assert_eq!(dropped, [("Hi!", DropReason::SmallTalk), ("How are you?", DropReason::Question)]);
/// # Ok::<(), mem0_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct RulesExtractor;

impl RulesExtractor {
    /// The extractor; it has no settings.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }

    /// The facts of the messages. Nothing is awaited and nothing can fail.
    #[must_use]
    pub fn facts(&self, request: &ExtractRequest) -> Extraction {
        let everybody = request.recent.iter().chain(&request.messages);
        let participants = Participants::new(everybody.filter_map(|message| message.name.as_deref()));
        let mut extraction = Extraction::default();
        let mut before = request.recent.iter().rfind(|message| is_said(message));
        for message in &request.messages {
            match message.role {
                Role::System => drop_whole(&mut extraction, message, DropReason::SystemMessage),
                Role::Tool => drop_whole(&mut extraction, message, DropReason::ToolOutput),
                _ if message.content.trim().is_empty() => drop_whole(&mut extraction, message, DropReason::Empty),
                _ => {
                    let question = before
                        .filter(|before| is_somebody_else(before, message))
                        .and_then(|before| Some((before, open_question(before, &participants)?)));
                    read(&mut extraction, message, question, &participants);
                    before = Some(message);
                }
            }
        }
        extraction
    }
}

/// Whether two messages are surely of two speakers: where one of them has no
/// name, a speaker of the same role may be the same one.
fn is_somebody_else(a: &StoredMessage, b: &StoredMessage) -> bool {
    let named_apart = a.name.is_some() && b.name.is_some() && a.name != b.name;
    a.role != b.role || named_apart
}

#[async_trait]
impl Extractor for RulesExtractor {
    fn name(&self) -> &'static str {
        "rules"
    }

    async fn extract(&self, request: &ExtractRequest) -> Result<Extraction> {
        Ok(self.facts(request))
    }
}

/// Whether a message is somebody's own words.
fn is_said(message: &StoredMessage) -> bool {
    !matches!(message.role, Role::System | Role::Tool) && !message.content.trim().is_empty()
}

fn drop_whole(extraction: &mut Extraction, message: &StoredMessage, reason: DropReason) {
    extraction.dropped.push(Dropped { source: message.id.clone(), text: message.content.clone(), reason });
}

/// A fact while its sentences are collected.
struct Draft {
    text: String,
    /// Where its last sentence ends in the message.
    end: usize,
    sentences: usize,
    /// Whether sentences may be joined and times resolved in it.
    is_prose: bool,
    /// The message of the question that it answers.
    asked_in: Option<String>,
}

/// Reads one message.
fn read(
    extraction: &mut Extraction,
    message: &StoredMessage,
    question: Option<(&StoredMessage, &str)>,
    participants: &Participants,
) {
    let text = message.content.as_str();
    let language = guess(&words(text));
    let mut drafts: Vec<Draft> = Vec::new();
    for (number, unit) in units(text).into_iter().enumerate() {
        let sentence = part(text, unit.range.clone());
        let prose = unit.kind == UnitKind::Sentence;
        if number == 0
            && prose
            && let Some((asked, question)) = question
            && is_short_answer(sentence, participants)
        {
            // The question has its own "last week".
            let asking = annotate_as(question, asked.at, language).text;
            let answered = format!("{asking} — {sentence}");
            take_back(extraction, asked, question);
            let asked_in = Some(asked.id.clone());
            drafts.push(Draft { text: answered, end: unit.range.end, sentences: 2, is_prose: true, asked_in });
            continue;
        }
        if prose && let Some(reason) = dropped(sentence, drafts.is_empty(), participants) {
            let text = sentence.to_owned();
            extraction.dropped.push(Dropped { source: message.id.clone(), text, reason });
            continue;
        }
        match drafts.last_mut() {
            Some(draft) if prose && joins(draft, sentence) => {
                // White space between neighbours stays as it was written.
                let gap = part(text, draft.end..unit.range.start);
                draft.text.push_str(if gap.trim().is_empty() { gap } else { " " });
                draft.text.push_str(sentence);
                draft.sentences += 1;
                draft.end = unit.range.end;
            }
            _ => drafts.push(Draft {
                text: sentence.to_owned(),
                end: unit.range.end,
                sentences: 1,
                is_prose: unit.kind != UnitKind::Code,
                asked_in: None,
            }),
        }
    }
    extraction.facts.extend(drafts.into_iter().map(|draft| fact(draft, message, language)));
}

/// Why a sentence is dropped, if it is. `first`: nothing of the message was
/// kept before it, so that "That's great!" is about what somebody else said.
fn dropped(sentence: &str, first: bool, participants: &Participants) -> Option<DropReason> {
    if is_small_talk(sentence, participants, first) {
        // "Really?" is asked, not talked.
        return Some(if is_question(sentence) { DropReason::Question } else { DropReason::SmallTalk });
    }
    (is_question(sentence) && states(sentence, participants).is_none()).then_some(DropReason::Question)
}

fn joins(draft: &Draft, sentence: &str) -> bool {
    draft.is_prose
        && draft.sentences < MAX_SENTENCES
        && draft.text.len() + sentence.len() < MAX_JOINED
        && needs_predecessor(sentence)
}

/// A question that was answered is in a fact now, not dropped.
fn take_back(extraction: &mut Extraction, asked: &StoredMessage, question: &str) {
    let at = extraction.dropped.iter().rposition(|dropped| dropped.source == asked.id && dropped.text == question);
    if let Some(at) = at {
        extraction.dropped.remove(at);
    }
}

fn fact(draft: Draft, message: &StoredMessage, language: Option<Language>) -> Content {
    let (text, since) = if draft.is_prose {
        let annotated = annotate_as(&draft.text, message.at, language);
        let since = event_time(&annotated.expressions, message.at);
        (annotated.text, since)
    } else {
        (draft.text, message.at)
    };
    let mut content = Content::new(text);
    content.actor.clone_from(&message.name);
    content.role = Some(message.role);
    content.valid_from = Some(since);
    content.sources = draft.asked_in.into_iter().chain([message.id.clone()]).collect();
    content
}

/// Since when a fact holds: the start of the time that it speaks of, if it
/// speaks of one, and the time at which it was said otherwise. Of several
/// times the most exact one counts if it lies within all others, else none is
/// sure. A plan holds since it was told, not only since the day it is for.
fn event_time(expressions: &[TimeExpression], said: Timestamp) -> Timestamp {
    let times = || expressions.iter().filter(|expression| !expression.is_end).map(|expression| expression.interval);
    let finest = times().min_by_key(|time| time.end.as_micros().saturating_sub(time.start.as_micros()));
    match finest {
        Some(finest) if times().all(|time| time.covers(&finest)) => finest.start.min(said),
        _ => said,
    }
}

#[cfg(test)]
mod tests;
