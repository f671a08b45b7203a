//! Facts that are known in the same words.

use async_trait::async_trait;
use unicode_segmentation::UnicodeSegmentation as _;

use super::config::PolicyConfig;
use crate::error::Result;
use crate::traits::extract::{Action, Candidate, Decision, ExtractRequest, Neighbour, Reconciler, Target};
use crate::types::memory::{Content, Memory};

/// Knows a fact that a memory states already, and adds every other one.
///
/// Two statements are the same if they are about the same one and their words
/// are the same in the same order, whatever the case, the spaces and the marks
/// between them; and, where that is configured, if their embeddings are nearly
/// equal.
///
/// The memories are those that the extractor was shown, which are near to the
/// messages that the facts come from. Only who asks for nearly equal embeddings,
/// or shows the extractor nothing, pays for a search around each fact as well.
#[derive(Debug)]
pub(super) struct NearDuplicates {
    similarity: Option<f32>,
    neighbours: usize,
}

impl NearDuplicates {
    pub(super) fn new(config: &PolicyConfig) -> Result<Self> {
        config.check()?;
        let similarity = config.duplicate_similarity;
        let searches = similarity.is_some() || config.neighbours == Some(0);
        Ok(Self { similarity, neighbours: if searches { 5 } else { 0 } })
    }
}

fn same_words(a: &str, b: &str) -> bool {
    fn letters(text: &str) -> impl Iterator<Item = char> {
        text.unicode_words().flat_map(str::chars).flat_map(char::to_lowercase)
    }
    // Statements of marks and pictures alone have no words to compare.
    letters(a).next().is_some() && letters(a).eq(letters(b))
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

    fn neighbours(&self) -> usize {
        self.neighbours
    }

    async fn reconcile(&self, candidates: &[Candidate], request: &ExtractRequest) -> Result<Vec<Decision>> {
        let mut decisions: Vec<Decision> = Vec::with_capacity(candidates.len());
        let mut ended: Vec<Target> = Vec::new();
        for Candidate { decision, .. } in candidates {
            ended.extend(decision.iter().flat_map(|decision| decision.ends.iter().copied()));
        }
        for (index, candidate) in candidates.iter().enumerate() {
            let decision = match &candidate.decision {
                Some(decided) => decided.clone(),
                None => {
                    let earlier = candidates.get(..index).unwrap_or_default();
                    self.decide(earlier, &decisions, candidate, &request.neighbours, &ended)
                }
            };
            decisions.push(decision);
        }
        Ok(decisions)
    }
}

impl NearDuplicates {
    fn decide(
        &self,
        earlier: &[Candidate],
        decisions: &[Decision],
        new: &Candidate,
        shown: &[Neighbour],
        ended: &[Target],
    ) -> Decision {
        let in_call = earlier.iter().zip(decisions).enumerate().find(|(index, (known, decision))| {
            matches!(decision.action, Action::Add)
                && !ended.contains(&Target::Candidate(*index))
                && same_subject(&known.fact, &new.fact)
                && same_words(&known.fact.text, &new.fact.text)
        });
        if let Some((index, _)) = in_call {
            return Decision::known(Target::Candidate(index), "said twice in the same call");
        }
        let says = |memory: &Memory, alike: bool| {
            !ended.contains(&Target::Memory(memory.id))
                && same_subject(&memory.content, &new.fact)
                && (alike || same_words(&memory.content.text, &new.fact.text))
        };
        // How near those that were shown are is said of the messages.
        let alike = |neighbour: &Neighbour| self.similarity.is_some_and(|least| neighbour.similarity >= least);
        let around = new.neighbours.iter().map(|near| (near, alike(near)));
        let mut known = around.chain(shown.iter().map(|near| (near, false)));
        match known.find(|(near, alike)| says(&near.memory, *alike)) {
            Some((near, _)) => Decision::known(Target::Memory(near.memory.id), "known already"),
            None => Decision::add(),
        }
    }
}
