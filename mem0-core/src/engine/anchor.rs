//! The time of an event that a question tells the time by.
//!
//! "Where did she live before she moved?" is answered in two steps: find the
//! memory that tells of the move, take its time, and look before that.

use std::collections::{HashMap, HashSet};

use crate::engine::Mem0;
use crate::engine::cost::{Part, timed};
use crate::error::Result;
use crate::text::{self, QueryTerm, TermId};
use crate::time::{Relation, TimeRange, said};
use crate::traits::ledger::{KeywordQuery, View};
use crate::types::ids::MemoryId;
use crate::types::memory::{Memory, MemoryKind};
use crate::types::time::Timestamp;

/// So many memories are looked at from each side.
const LOOKED_AT: usize = 12;

/// A memory tells of the event if it has this share of the phrase's words,
const SHARE: f32 = 0.6;
/// or is this near to it.
const COSINE: f32 = 0.75;

/// Another memory that tells of the event nearly as well makes it unsure,
const MARGIN: f32 = 0.1;
/// if it puts the event at a time so many days from the first.
const APART: i64 = 31;

/// Days around an event that still are its time, for what happened during one
/// of which only a day is known.
const AROUND: i64 = 3;

const DAY: i64 = 24 * 60 * 60 * 1_000_000;

/// A memory that may tell of the event.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Telling {
    memory: MemoryId,
    event: TimeRange,
    /// How well it tells: the share of words and the nearness, 0 to 2.
    score: f32,
}

/// What tells of an event by its words.
#[derive(Debug, Default)]
pub(super) struct Told {
    terms: Vec<QueryTerm>,
    ids: Vec<MemoryId>,
}

impl Mem0 {
    /// What tells by its words of the event that a question tells the time by.
    /// `question`: how it is looked up itself.
    pub(super) async fn told(&self, phrase: Option<&str>, question: &KeywordQuery) -> Result<Told> {
        let Some(phrase) = phrase else { return Ok(Told::default()) };
        let terms = text::query_terms(phrase);
        let query = KeywordQuery { terms: terms.clone(), limit: LOOKED_AT, ..question.clone() };
        let words = timed(Part::Ledger, self.inner.ledger.keyword(&query)).await?;
        Ok(Told { terms, ids: words.hits.iter().map(|(id, ..)| *id).collect() })
    }

    /// The time that lies to the event as the question says, or none if no
    /// memory tells of it, none says when, or several say different times.
    /// `near`: what is nearest to the phrase that tells it, with the cosine.
    pub(super) async fn anchored(
        &self,
        relation: Relation,
        Told { terms, ids }: Told,
        near: Vec<(Memory, f32)>,
        view: &View,
    ) -> Result<Option<TimeRange>> {
        let near = near.into_iter().take(LOOKED_AT);
        let mut found: HashMap<MemoryId, (Memory, f32)> =
            near.map(|(memory, cosine)| (memory.id, (memory, cosine))).collect();
        let ids: Vec<MemoryId> = ids.into_iter().filter(|id| !found.contains_key(id)).collect();
        if !ids.is_empty() {
            let more = timed(Part::Ledger, self.inner.ledger.get(&ids, view)).await?;
            found.extend(more.into_iter().flatten().map(|memory| (memory.id, (memory, 0.0))));
        }
        let telling = found.values().filter_map(|(memory, cosine)| telling(memory, *cosine, &terms)).collect();
        Ok(best(telling).and_then(|best| relation.to(widened(best.event, relation))))
    }
}

/// Whether a memory tells of an event of these terms, and when that was.
fn telling(memory: &Memory, cosine: f32, terms: &[QueryTerm]) -> Option<Telling> {
    let own: HashSet<TermId> = text::terms(&memory.content.text).into_iter().map(|(term, _)| term).collect();
    let shared = terms.iter().filter(|term| term.ids().any(|term| own.contains(&term))).count();
    let share = if terms.is_empty() { 0.0 } else { shared as f32 / terms.len() as f32 };
    if share < SHARE && cosine < COSINE {
        return None;
    }
    Some(Telling { memory: memory.id, event: event(memory)?, score: share + cosine.clamp(0.0, 1.0) })
}

/// When what a memory tells happened: the time that it speaks of, if it is one;
/// else since when it holds, if that was stated, to its end where it has one.
fn event(memory: &Memory) -> Option<TimeRange> {
    let begun = memory.content.valid_from?;
    let is_said = memory.content.kind == MemoryKind::Episode;
    let spoken = said(&memory.content.text, if is_said { begun } else { memory.updated_at });
    if let [one] = spoken.as_slice() {
        return Some(*one).filter(|one| one.from.is_some() && one.to.is_some());
    }
    let day = begun.day();
    memory
        .valid_to()
        .filter(|_| !is_said)
        .and_then(|to| TimeRange::between(begun, to))
        .or_else(|| TimeRange::between(day, day.plus_micros(DAY)))
}

/// The memory that tells best, unless one that tells nearly as well puts the
/// event elsewhere.
fn best(mut telling: Vec<Telling>) -> Option<Telling> {
    telling.sort_unstable_by(|a, b| b.score.total_cmp(&a.score).then(a.memory.cmp(&b.memory)));
    let (best, others) = telling.split_first()?;
    let from = |range: &TimeRange| range.from.map_or(0, Timestamp::as_micros);
    let apart = |other: &Telling| (from(&other.event) - from(&best.event)).abs() > APART * DAY;
    let doubted = others.iter().take_while(|other| best.score - other.score < MARGIN).any(apart);
    (!doubted).then_some(*best)
}

/// What happened during something of which only the day is known happened
/// around that day.
fn widened(event: TimeRange, relation: Relation) -> TimeRange {
    match (relation, event.from, event.to) {
        (Relation::During, Some(from), Some(to)) if to.as_micros() - from.as_micros() <= DAY => {
            TimeRange { from: Some(from.plus_micros(-AROUND * DAY)), to: Some(to.plus_micros(AROUND * DAY)) }
        }
        _ => event,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::engine::AddOptions;
    use crate::filter::Filter;
    use crate::reference::{HashEmbedder, ManualClock, MemoryLedger, MemoryVectorStore};
    use crate::text::Bm25;
    use crate::time::asked;
    use crate::traits::embedder::Purpose;
    use crate::types::scope::Scope;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// What the anchor of a question comes to, among turns with the days on
    /// which they were said.
    async fn found(turns: &[(&str, &str)], question: &str) -> Option<(Option<String>, Option<String>)> {
        let now = at("2024-01-10T12:00:00Z");
        let mem0 = Mem0::builder(
            Arc::new(MemoryLedger::new()),
            Arc::new(MemoryVectorStore::new()),
            Arc::new(HashEmbedder::new(64)),
        )
        .clock(Arc::new(ManualClock::new(now)))
        .open()
        .await
        .unwrap();
        let scope = Scope::user("ana").unwrap();
        for (day, text) in turns {
            mem0.add(*text, &scope, AddOptions::as_said().timestamp(at(day))).await.unwrap();
        }
        let anchor = asked(question, now).anchor.unwrap();
        let phrase = question.get(anchor.phrase).unwrap();
        let vector = mem0.embed(&[phrase], Purpose::Query).await.unwrap().remove(0);
        let view = View::current(now);
        let (filter, bm25) = (Filter::All, Bm25::default());
        let near = mem0.nearest(&scope, vec![vector], LOOKED_AT, &filter, &view).await.unwrap().hits.remove(0);
        let question = KeywordQuery { scope, terms: Vec::new(), filter, view, limit: 1, bm25 };
        let told = mem0.told(Some(phrase), &question).await.unwrap();
        let found = mem0.anchored(anchor.relation, told, near, &view).await.unwrap();
        found.map(|range| (range.from.map(Timestamp::date), range.to.map(Timestamp::date)))
    }

    const TURNS: &[(&str, &str)] = &[
        ("2023-03-02T09:00:00Z", "I like tea in the morning."),
        ("2023-05-08T09:00:00Z", "I moved to Rome last week."),
        ("2023-07-01T09:00:00Z", "Tom and Lisa's wedding was yesterday."),
        ("2023-09-01T09:00:00Z", "I run every day."),
    ];

    fn day(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[tokio::test]
    async fn the_event_gives_the_time() {
        for (question, expected) in [
            ("What did I do before I moved to Rome?", (None, day("2023-05-01"))),
            ("What did I do after I moved to Rome?", (day("2023-05-08"), None)),
            ("What did I do since I moved to Rome?", (day("2023-05-01"), None)),
            ("What did I do after the wedding of Tom and Lisa?", (day("2023-07-01"), None)),
            ("What did I eat during the wedding of Tom and Lisa?", (day("2023-06-27"), day("2023-07-04"))),
        ] {
            assert_eq!(found(TURNS, question).await, Some(expected), "{question}");
        }
    }

    #[tokio::test]
    async fn what_nobody_told_or_several_told_otherwise_gives_none() {
        assert_eq!(found(TURNS, "What did I do before I broke my leg?").await, None);
        let twice = [TURNS, &[("2021-02-01T09:00:00Z", "I moved to Rome yesterday.")]].concat();
        assert_eq!(found(&twice, "What did I do before I moved to Rome?").await, None);
    }

    #[tokio::test]
    async fn a_fact_without_a_time_of_its_own_is_no_event() {
        let memory = |content| Memory {
            id: MemoryId::from_uuid(uuid::Uuid::from_u128(1)),
            scope: Scope::user("ana").unwrap(),
            version: 1,
            content,
            created_at: at("2024-01-01"),
            updated_at: at("2024-01-01"),
            superseded_at: None,
            ended_at: None,
        };
        let mut content = crate::types::memory::Content::new("Ana moved to Rome");
        assert_eq!(event(&memory(content.clone())), None);
        content.valid_from = Some(at("2023-05-08T10:00:00Z"));
        assert_eq!(event(&memory(content.clone())), TimeRange::between(at("2023-05-08"), at("2023-05-09")));
        content.valid_to = Some(at("2023-06-01"));
        assert_eq!(event(&memory(content)), TimeRange::between(at("2023-05-08T10:00:00Z"), at("2023-06-01")));
    }
}
