//! Facts that are known in the same words.

use async_trait::async_trait;
use unicode_segmentation::UnicodeSegmentation as _;

use super::config::PolicyConfig;
use crate::error::Result;
use crate::traits::extract::{Action, Candidate, Decision, ExtractRequest, Reconciler, Target};
use crate::types::memory::Content;

/// Knows a fact that a memory states already, and adds every other one.
///
/// Two statements are the same if they are about the same one and their words
/// are the same in the same order, whatever the case, the spaces and the marks
/// between them; and, where that is configured, if their embeddings are nearly
/// equal.
#[derive(Debug)]
pub(super) struct NearDuplicates {
    similarity: Option<f32>,
}

impl NearDuplicates {
    pub(super) fn new(config: &PolicyConfig) -> Result<Self> {
        config.check()?;
        Ok(Self { similarity: config.duplicate_similarity })
    }
}

fn same_words(a: &str, b: &str) -> bool {
    let words = |text: &str| text.unicode_words().flat_map(str::chars).flat_map(char::to_lowercase).collect::<String>();
    let (a, b) = (words(a), words(b));
    // Statements of marks and pictures alone have no words to compare.
    !a.is_empty() && a == b
}

fn same_subject(a: &Content, b: &Content) -> bool {
    let subject = |content: &Content| content.about.clone().or_else(|| content.actor.clone());
    let (a, b) = (subject(a), subject(b));
    a == b || a.is_none() || b.is_none()
}

#[async_trait]
impl Reconciler for NearDuplicates {
    fn name(&self) -> &'static str {
        "near_duplicates"
    }

    async fn reconcile(&self, candidates: &[Candidate], _request: &ExtractRequest) -> Result<Vec<Decision>> {
        let mut decisions: Vec<Decision> = Vec::with_capacity(candidates.len());
        let mut ended: Vec<Target> = Vec::new();
        for Candidate { decision, .. } in candidates {
            ended.extend(decision.iter().flat_map(|decision| decision.ends.iter().copied()));
        }
        for (index, candidate) in candidates.iter().enumerate() {
            let decision = match &candidate.decision {
                Some(decided) => decided.clone(),
                None => self.decide(candidates.get(..index).unwrap_or_default(), &decisions, candidate, &ended),
            };
            decisions.push(decision);
        }
        Ok(decisions)
    }
}

impl NearDuplicates {
    fn decide(&self, earlier: &[Candidate], decisions: &[Decision], new: &Candidate, ended: &[Target]) -> Decision {
        let in_call = earlier.iter().zip(decisions).enumerate().find(|(index, (known, decision))| {
            matches!(decision.action, Action::Add)
                && !ended.contains(&Target::Candidate(*index))
                && same_subject(&known.fact, &new.fact)
                && same_words(&known.fact.text, &new.fact.text)
        });
        if let Some((index, _)) = in_call {
            return Decision::known(Target::Candidate(index), "said twice in the same call");
        }
        let known = new.neighbours.iter().find(|neighbour| {
            let content = &neighbour.memory.content;
            let alike = self.similarity.is_some_and(|least| neighbour.similarity >= least);
            !ended.contains(&Target::Memory(neighbour.memory.id))
                && same_subject(content, &new.fact)
                && (alike || same_words(&content.text, &new.fact.text))
        });
        match known {
            Some(neighbour) => Decision::known(Target::Memory(neighbour.memory.id), "known already"),
            None => Decision::add(),
        }
    }
}
