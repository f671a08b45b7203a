//! Two calls, as in the paper (arXiv 2504.19413): the facts, then what each
//! does to the memories near to it.

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;

use super::additive::extraction;
use super::ask::ask_for_facts;
use super::config::PolicyConfig;
use super::gate::{Gate, merge};
use super::{ROUNDS, data, schema};
use crate::answer::{AnswerEvent, AnswerFact};
use crate::error::Result;
use crate::prompts;
use crate::traits::extract::{
    Action, Candidate, Decision, ExtractRequest, Extraction, Extractor, Neighbour, Reconciler, Target,
};
use crate::traits::llm::{Llm, LlmRequest};
use crate::types::ids::MemoryId;
use crate::types::memory::Content;
use crate::types::message::Role;
use crate::types::scope::ScopeKey;

/// The first call.
#[derive(Debug)]
pub(super) struct Extract {
    llm: Arc<dyn Llm>,
    config: PolicyConfig,
}

impl Extract {
    pub(super) fn new(llm: Arc<dyn Llm>, config: PolicyConfig) -> Result<Self> {
        config.check()?;
        Ok(Self { llm, config })
    }
}

#[async_trait]
impl Extractor for Extract {
    fn name(&self) -> &'static str {
        "two_phase"
    }

    fn asks_model(&self) -> bool {
        true
    }

    async fn extract(&self, request: &ExtractRequest) -> Result<Extraction> {
        // The memory of an agent is what the agent said.
        let spoke = request.messages.iter().any(|message| message.role == Role::Assistant);
        let of_agent = request.scope.get(ScopeKey::AgentId).is_some() && spoke;
        let template = if of_agent { prompts::TWO_PHASE_AGENT } else { prompts::TWO_PHASE_USER };
        let asked = extraction(&self.config, template, request, false);
        let answer = ask_for_facts(&*self.llm, asked).await?;
        let mut gate = Gate::new(&self.config, request);
        gate.unreadable(answer.rejected.len());
        for item in answer.facts {
            gate.fact(item);
        }
        Ok(gate.finish())
    }
}

/// The second call.
#[derive(Debug)]
pub(super) struct Update {
    llm: Arc<dyn Llm>,
    prompt: String,
    neighbours: usize,
    max_tokens: Option<u32>,
}

impl Update {
    pub(super) fn new(llm: Arc<dyn Llm>, config: &PolicyConfig) -> Result<Self> {
        config.check()?;
        let own = config.update_prompt.as_deref().unwrap_or(prompts::TWO_PHASE_UPDATE);
        let prompt = format!("{}\n\n{}", own.trim(), prompts::TWO_PHASE_UPDATE_FRAME);
        Ok(Self { llm, prompt, neighbours: config.neighbours.unwrap_or(5), max_tokens: config.max_tokens })
    }

    pub(super) fn request(&self, candidates: &[Candidate], shown: &[&Neighbour]) -> LlmRequest {
        let mut lines = vec!["DATA".to_owned(), "Memories:".to_owned()];
        lines.extend(shown.iter().enumerate().map(|(index, neighbour)| data::memory_line(index, neighbour)));
        lines.push("New facts:".to_owned());
        lines.extend(candidates.iter().enumerate().map(|(index, candidate)| data::fact_line(index, &candidate.fact)));
        let mut asked = LlmRequest::new(self.prompt.clone(), lines.join("\n")).with_schema(schema::changes());
        asked.max_tokens = self.max_tokens;
        asked
    }
}

#[async_trait]
impl Reconciler for Update {
    fn name(&self) -> &'static str {
        "two_phase"
    }

    fn neighbours(&self) -> usize {
        self.neighbours
    }

    fn rounds(&self) -> u32 {
        ROUNDS
    }

    async fn reconcile(&self, candidates: &[Candidate], _request: &ExtractRequest) -> Result<Vec<Decision>> {
        // Each once, under the number of its first place.
        let mut shown: Vec<&Neighbour> = Vec::new();
        for neighbour in candidates.iter().flat_map(|candidate| &candidate.neighbours) {
            if !shown.iter().any(|known| known.memory.id == neighbour.memory.id) {
                shown.push(neighbour);
            }
        }
        // Without anything near there is nothing to decide.
        if shown.is_empty() {
            return Ok(candidates.iter().map(|_| Decision::add()).collect());
        }
        let answer = ask_for_facts(&*self.llm, self.request(candidates, &shown)).await?;
        Ok(Decisions::new(candidates, &shown).read(answer.facts))
    }
}

/// The items of the second answer, brought under the facts that they are about.
struct Decisions<'a> {
    candidates: &'a [Candidate],
    shown: &'a [&'a Neighbour],
    decisions: Vec<Option<Decision>>,
    /// What an earlier item has changed or ended: one change each.
    touched: HashSet<MemoryId>,
}

impl<'a> Decisions<'a> {
    fn new(candidates: &'a [Candidate], shown: &'a [&'a Neighbour]) -> Self {
        Self { candidates, shown, decisions: vec![None; candidates.len()], touched: HashSet::new() }
    }

    fn read(mut self, items: Vec<AnswerFact>) -> Vec<Decision> {
        for item in items {
            let targets: Vec<&Neighbour> = item.targets.iter().filter_map(|id| self.shown(id)).collect();
            let Some(index) = self.fact_of(&item, targets.first().copied()) else { continue };
            self.apply(index, &item, &targets);
        }
        // A fact that the model forgot is not lost.
        self.decisions.into_iter().map(|decision| decision.unwrap_or_else(Decision::add)).collect()
    }

    fn apply(&mut self, index: usize, item: &AnswerFact, targets: &[&Neighbour]) {
        let Some(fact) = self.candidates.get(index).map(|candidate| &candidate.fact) else { return };
        let free = targets.iter().find(|target| !self.touched.contains(&target.memory.id)).copied();
        let current = self.decisions.get(index).cloned().flatten();
        let undecided = current.as_ref().is_none_or(|decision| decision.action == Action::Add);
        let mut decision = current.unwrap_or_else(Decision::add);
        decision.reason = item.reason.clone().or(decision.reason);
        match (item.event.unwrap_or(AnswerEvent::Add), free) {
            (AnswerEvent::Update, Some(target)) if undecided => {
                self.touched.insert(target.memory.id);
                let text = item.text.trim();
                let new =
                    Content { text: if text.is_empty() { fact.text.clone() } else { text.to_owned() }, ..fact.clone() };
                let content = merge(&target.memory, &new);
                decision.action =
                    Action::Update { target: Target::Memory(target.memory.id), content: Box::new(content) };
            }
            (AnswerEvent::Delete, Some(target)) => {
                self.touched.insert(target.memory.id);
                decision.ends.push(Target::Memory(target.memory.id));
            }
            // A fact that ends something is not known.
            (AnswerEvent::None, Some(target)) if undecided && decision.ends.is_empty() => {
                decision.action = Action::Known(Target::Memory(target.memory.id));
            }
            (AnswerEvent::Update | AnswerEvent::Delete, None) if targets.is_empty() && undecided => {
                decision.reason = Some("kept as new: the model named a memory that it was not shown".to_owned());
            }
            _ => {}
        }
        if let Some(place) = self.decisions.get_mut(index) {
            *place = Some(decision);
        }
    }

    fn shown(&self, number: &str) -> Option<&'a Neighbour> {
        let number: usize = number.parse().ok()?;
        self.shown.get(number.checked_sub(1)?).copied()
    }

    /// The fact that an item is about: the one that it names; else the one with
    /// its text; else the one that is nearest to its memory.
    fn fact_of(&self, item: &AnswerFact, target: Option<&Neighbour>) -> Option<usize> {
        if let Some(number) = item.fact {
            let index = usize::try_from(number).ok()?.checked_sub(1)?;
            return (index < self.candidates.len()).then_some(index);
        }
        let text = item.text.trim();
        let by_text = self.candidates.iter().position(|candidate| candidate.fact.text == text);
        if by_text.is_some() {
            return by_text;
        }
        let id = target?.memory.id;
        let near = self.candidates.iter().enumerate().filter_map(|(index, candidate)| {
            let neighbour = candidate.neighbours.iter().find(|neighbour| neighbour.memory.id == id)?;
            Some((index, neighbour.similarity))
        });
        near.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(index, _)| index)
    }
}
