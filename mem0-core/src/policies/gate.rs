//! What of a model's answer may become a memory.

use std::collections::HashSet;

use super::config::PolicyConfig;
use crate::answer::{AnswerEvent, AnswerFact, SourceRef};
use crate::text::name_key;
use crate::traits::extract::{Action, Decision, DropReason, Dropped, ExtractRequest, Extraction, Neighbour, Target};
use crate::types::ids::MemoryId;
use crate::types::memory::{Content, Memory};
use crate::types::message::Role;
use crate::types::time::Timestamp;

/// The longest text of a fact, in bytes. A model that writes more has copied
/// the conversation.
const LONGEST: usize = 8_192;

/// The most names of one fact.
const MOST_ENTITIES: usize = 32;

/// Turns the items of an answer into facts with their sources, and drops with
/// a reason what does not hold.
pub(super) struct Gate<'a> {
    config: &'a PolicyConfig,
    request: &'a ExtractRequest,
    extraction: Extraction,
    /// What an earlier item has changed or ended.
    touched: HashSet<MemoryId>,
}

impl<'a> Gate<'a> {
    pub(super) fn new(config: &'a PolicyConfig, request: &'a ExtractRequest) -> Self {
        Self { config, request, extraction: Extraction::default(), touched: HashSet::new() }
    }

    /// What held.
    pub(super) fn finish(self) -> Extraction {
        self.extraction
    }

    /// Reports items that could not be read.
    pub(super) fn unreadable(&mut self, count: usize) {
        for _ in 0..count {
            self.drop(String::new(), String::new(), DropReason::BadItem);
        }
    }

    /// A fact on which nothing is decided.
    pub(super) fn fact(&mut self, item: AnswerFact) {
        if let Some(content) = self.content(item) {
            self.keep(content, None);
        }
    }

    /// A fact with what it does to the memories that were shown.
    pub(super) fn decided(&mut self, item: AnswerFact) {
        let event = item.event.unwrap_or(AnswerEvent::Add);
        let shown: Vec<&Neighbour> = item.targets.iter().filter_map(|id| self.shown(id)).collect();
        let unknown = shown.len() < item.targets.len();
        let reason = item.reason.clone();
        if item.text.trim().is_empty() {
            return self.without_text(event, &shown, unknown, reason);
        }
        let Some(content) = self.content(item) else { return };
        // Of what an earlier item changed nobody knows what it says now.
        let free: Vec<&Neighbour> = shown.into_iter().filter(|n| !self.touched.contains(&n.memory.id)).collect();
        let decision = match (event, free.first()) {
            (AnswerEvent::Update, Some(target)) => {
                self.touched.insert(target.memory.id);
                let merged = merge(&target.memory, &content);
                let action = Action::Update { target: Target::Memory(target.memory.id), content: Box::new(merged) };
                Some(Decision { action, ends: Vec::new(), reason })
            }
            (AnswerEvent::Delete, Some(_)) => {
                self.touched.extend(free.iter().map(|target| target.memory.id));
                let ends = free.iter().map(|target| Target::Memory(target.memory.id)).collect();
                Some(Decision { action: Action::Add, ends, reason })
            }
            (AnswerEvent::None, Some(target)) => {
                let action = Action::Known(Target::Memory(target.memory.id));
                Some(Decision { action, ends: Vec::new(), reason })
            }
            (AnswerEvent::Update | AnswerEvent::Delete, None) if unknown => {
                Some(Decision::add().because("kept as new: the model named a memory that it was not shown"))
            }
            _ => None,
        };
        self.keep(content, decision);
    }

    /// Somebody asked to forget, or the item says nothing.
    fn without_text(&mut self, event: AnswerEvent, shown: &[&Neighbour], unknown: bool, reason: Option<String>) {
        let free = shown.iter().map(|target| target.memory.id).filter(|id| !self.touched.contains(id));
        let ends: Vec<MemoryId> = free.collect();
        if event == AnswerEvent::Delete && !ends.is_empty() {
            self.touched.extend(ends.iter().copied());
            let ends = ends.into_iter().map(Target::Memory).collect();
            let decision = Decision { action: Action::Retract, ends, reason };
            let sources = self.request.messages.iter().map(|message| message.id.clone()).collect();
            return self.keep(Content { sources, ..Content::default() }, Some(decision));
        }
        // A memory that stays as it is, named without its text, is no news.
        if event != AnswerEvent::None || unknown {
            let reason = if unknown { DropReason::UnknownMemory } else { DropReason::BadItem };
            self.drop(String::new(), String::new(), reason);
        }
    }

    fn keep(&mut self, content: Content, decision: Option<Decision>) {
        self.extraction.facts.push(content);
        self.extraction.decisions.push(decision);
    }

    fn drop(&mut self, source: String, text: String, reason: DropReason) {
        self.extraction.dropped.push(Dropped { source, text, reason });
    }

    /// The memory that was shown under a short number.
    fn shown(&self, number: &str) -> Option<&'a Neighbour> {
        let number: usize = number.parse().ok()?;
        self.request.neighbours.get(number.checked_sub(1)?)
    }

    fn content(&mut self, item: AnswerFact) -> Option<Content> {
        let text = item.text.trim().to_owned();
        let sources = self.sources(&item.sources);
        let Some(first) = sources.first().copied() else {
            self.drop(String::new(), text, DropReason::NoSource);
            return None;
        };
        let messages = || sources.iter().filter_map(|index| self.request.messages.get(*index));
        let said = self.request.messages.get(first)?;
        if text.is_empty() || text.len() > LONGEST {
            let source = said.id.clone();
            self.drop(source, String::new(), DropReason::BadItem);
            return None;
        }
        let about = item.about.map(|about| about.trim().to_owned()).filter(|about| {
            let speaker = said.name.is_none() && about.eq_ignore_ascii_case(said.role.as_str());
            !about.is_empty() && about.len() <= 256 && !speaker
        });
        let known = |name: &String| self.config.categories.iter().any(|category| category.name == *name);
        let last_said = messages().map(|message| message.at).max();
        Some(Content {
            entities: if self.config.entities { named(item.entities, &text) } else { Vec::new() },
            text,
            actor: said.name.clone(),
            role: Some(said.role),
            about,
            categories: item.categories.into_iter().filter(known).collect(),
            valid_from: item.from.as_deref().and_then(date).or(last_said),
            valid_to: item.until.as_deref().and_then(date),
            sources: messages().map(|message| message.id.clone()).collect(),
            ..Content::default()
        })
    }

    /// The messages that a fact cites, as their places in the request. A fact
    /// that cites none comes from the only message there is, if that is so.
    fn sources(&self, cited: &[SourceRef]) -> Vec<usize> {
        let messages = &self.request.messages;
        let mut sources: Vec<usize> = cited
            .iter()
            .filter_map(|source| match source {
                SourceRef::Number(number) => usize::try_from(*number).ok()?.checked_sub(1),
                SourceRef::Id(id) => messages.iter().position(|message| message.id == *id),
            })
            .filter(|index| *index < messages.len())
            .collect();
        sources.sort_unstable();
        sources.dedup();
        if sources.is_empty() && cited.is_empty() {
            let mut users = messages.iter().enumerate().filter(|(_, message)| message.role == Role::User);
            if let (Some((only, _)), None) = (users.next(), users.next()) {
                sources.push(only);
            }
        }
        sources
    }
}

/// Those of a model's names that a text has, each once. Whatever else the model
/// lists was not said.
fn named(names: Vec<String>, text: &str) -> Vec<String> {
    let text = name_key(text);
    let mut known = HashSet::new();
    let mut is_said = |name: &String| {
        let key = name_key(name);
        !key.is_empty() && text.contains(&key) && known.insert(key)
    };
    names.into_iter().map(|name| name.trim().to_owned()).filter(|name| is_said(name)).take(MOST_ENTITIES).collect()
}

/// What a memory says from now on: the new text, with what the old version has
/// and the new fact does not.
pub(super) fn merge(old: &Memory, new: &Content) -> Content {
    let mut merged = old.content.clone();
    merged.text.clone_from(&new.text);
    merged.about = new.about.clone().or(merged.about);
    merged.valid_from = new.valid_from.or(merged.valid_from);
    merged.valid_to = new.valid_to;
    let union = |into: &mut Vec<String>, from: &[String]| {
        for item in from {
            if !into.contains(item) {
                into.push(item.clone());
            }
        }
    };
    union(&mut merged.sources, &new.sources);
    union(&mut merged.categories, &new.categories);
    union(&mut merged.entities, &new.entities);
    merged.entities = named(merged.entities, &merged.text);
    merged.categories.sort_unstable();
    merged
}

/// A date as exactly as a model knows it: `2023`, `2023-05`, `2023-05-04`, or a
/// time.
pub(super) fn date(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let whole = match (text.len(), digits) {
        (4, 4) => format!("{text}-01-01"),
        (7, 6) => format!("{text}-01"),
        _ => text.to_owned(),
    };
    whole.parse().ok()
}
