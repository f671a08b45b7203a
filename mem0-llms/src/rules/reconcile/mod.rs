//! What a new fact does to what is known.
//!
//! A fact that is known already becomes `None` by the rules of [`same`], or
//! because it is the same value in the same frame; a
//! later value of a statement of [`frames`] supersedes the earlier one; anything
//! else is added. The conditions of superseding, all of them:
//!
//! 1. The same speaker: name and role are equal on both sides.
//! 2. Both are the same frame and attribute, with another value.
//! 3. The new one is not older: the time it speaks of, or was said at, does not
//!    end before the earlier one began to hold.
//! 4. The earlier one says nothing else, so that nothing else is lost from
//!    sight: one sentence, one clause.
//! 5. The new one is a change, dated or not ("I moved to Lisbon last week"), or
//!    a state without a date ("I live in Lisbon this summer" may pass).
//! 6. The earlier one is a state, not a dated event: "I moved to Rome last year
//!    (2022)" stays true for ever, "I live in Rome" and "I moved to Rome" do
//!    not.

mod doubts;
mod frames;
mod places;
mod same;

use std::cell::OnceCell;
use std::collections::HashMap;

use async_trait::async_trait;
use mem0_core::{
    Action, Candidate, Content, Decision, ExtractRequest, MemoryId, Neighbour, Reconciler, Result, Target, Timestamp,
};

use super::segment::units;
use super::temporal::{TimeExpression, resolve};
use super::words::part;
use frames::{Claim, claim, first_person_words, replaces};
use same::Wording;

/// Decides without an LLM: near-duplicates are known, sure contradictions end
/// the older memory, all else is added.
///
/// ```
/// # mod executor {
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
/// # use executor::block_on;
/// use mem0_core::{Action, Candidate, Content, Decision, Target, Timestamp};
/// use mem0_llms::rules::RulesReconciler;
///
/// let now: Timestamp = "2023-05-25T13:14:00Z".parse()?;
/// let candidates: Vec<_> = ["I live in Rome.", "I'm based in Lisbon now!", "I'm based in Lisbon."]
///     .map(|text| Candidate::new(Content::new(text), Vec::new()))
///     .into();
/// let decisions = RulesReconciler::new().decide(&candidates, now);
///
/// assert_eq!(decisions[0], Decision::add());
/// assert_eq!(decisions[1].ends, [Target::Candidate(0)]);
/// assert_eq!(decisions[2].action, Action::Known(Target::Candidate(1)));
/// # Ok::<(), mem0_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct RulesReconciler;

impl RulesReconciler {
    /// The reconciler; it has no settings.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }

    /// One decision for each candidate, in order. Nothing is awaited and
    /// nothing can fail.
    #[must_use]
    pub fn decide(&self, candidates: &[Candidate], now: Timestamp) -> Vec<Decision> {
        let mut decisions = Vec::with_capacity(candidates.len());
        let mut live: Vec<(usize, Statement<'_>)> = Vec::new();
        let mut ended: Vec<MemoryId> = Vec::new();
        // One memory is near to many candidates.
        let mut stored: HashMap<MemoryId, Statement<'_>> = HashMap::new();
        for Neighbour { memory, .. } in candidates.iter().flat_map(|candidate| &candidate.neighbours) {
            stored.entry(memory.id).or_insert_with(|| Statement::of(&memory.content, memory.valid_from()));
        }
        for (number, candidate) in candidates.iter().enumerate() {
            let new = Statement::of(&candidate.fact, now);
            let open = || decide_one(&new, candidate, &stored, &live, &ended);
            let decision = candidate.decision.clone().unwrap_or_else(open);
            for target in &decision.ends {
                match target {
                    Target::Candidate(target) => live.retain(|(number, _)| number != target),
                    Target::Memory(id) => ended.push(*id),
                }
            }
            if matches!(decision.action, Action::Add) {
                live.push((number, new));
            }
            decisions.push(decision);
        }
        decisions
    }
}

#[async_trait]
impl Reconciler for RulesReconciler {
    fn name(&self) -> &'static str {
        "rules"
    }

    /// What a later value ends need not be near by meaning: its date alone can
    /// bring other memories nearer.
    fn neighbours(&self) -> usize {
        64
    }

    async fn reconcile(&self, candidates: &[Candidate], request: &ExtractRequest) -> Result<Vec<Decision>> {
        Ok(self.decide(candidates, request.now))
    }
}

/// A fact as the rules see it.
#[derive(Debug)]
struct Statement<'a> {
    content: &'a Content,
    wording: Wording,
    /// Since when it holds.
    since: Timestamp,
    /// Costs most of the time, and few neighbours are asked for it.
    details: OnceCell<Details>,
}

/// What a statement says, as far as a frame knows it.
#[derive(Debug)]
struct Details {
    /// The end of the time that it speaks of, where it speaks of one.
    spoken_of: Option<Timestamp>,
    claim: Option<Claim>,
    /// The words of a statement that "no longer" can end.
    words: Option<Vec<String>>,
}

impl Details {
    fn of(text: &str, since: Timestamp) -> Self {
        let times = resolve(text, since);
        let timeless = without(text, &times);
        let is_one = units(&timeless).len() == 1;
        Self {
            spoken_of: times.iter().map(|time| time.interval.end).max(),
            claim: is_one.then(|| claim(&timeless)).flatten().or_else(|| first_claim(&timeless)),
            words: is_one.then(|| first_person_words(&timeless)).flatten(),
        }
    }
}

impl<'a> Statement<'a> {
    fn of(content: &'a Content, since: Timestamp) -> Self {
        let since = content.valid_from.unwrap_or(since);
        Self { content, wording: Wording::of(&content.text), since, details: OnceCell::new() }
    }

    fn details(&self) -> &Details {
        self.details.get_or_init(|| Details::of(&self.content.text, self.since))
    }

    /// Whether it is one statement and nothing beside it.
    fn says_one_thing(&self) -> bool {
        let Details { words, claim, .. } = self.details();
        words.is_some() || matches!(claim, Some(Claim::Value { is_all: true, .. }))
    }

    fn is_dated(&self) -> bool {
        self.details().spoken_of.is_some()
    }

    /// Whether it may speak of a time behind the beginning of the other.
    fn is_not_older_than(&self, other: &Statement<'_>) -> bool {
        self.details().spoken_of.map_or(self.since >= other.since, |end| end > other.since)
    }

    fn same_speaker(&self, other: &Statement<'_>) -> bool {
        self.content.actor == other.content.actor && self.content.role == other.content.role
    }

    /// Who said it is unknown, as of memories from elsewhere.
    fn is_anonymous(&self) -> bool {
        self.content.actor.is_none() && self.content.role.is_none()
    }
}

/// The claim of the first sentence of several: it may end an older memory,
/// but is not all that is said.
fn first_claim(text: &str) -> Option<Claim> {
    let first = units(text).into_iter().next()?;
    match claim(part(text, first.range))? {
        Claim::Value { attribute, value, rule, is_event, .. } => {
            Some(Claim::Value { attribute, value, rule, is_event, is_all: false })
        }
        ended @ Claim::Ended { .. } => Some(ended),
    }
}

/// The text without its expressions of time, so that "I moved to Rome last
/// week" has the value "Rome".
fn without(text: &str, times: &[TimeExpression]) -> String {
    let mut rest = String::with_capacity(text.len());
    let mut copied = 0;
    for time in times {
        rest.push_str(part(text, copied..time.range.start).trim_end());
        copied = time.range.end;
    }
    rest.push_str(part(text, copied..text.len()));
    rest
}

fn decide_one(
    new: &Statement<'_>,
    candidate: &Candidate,
    stored: &HashMap<MemoryId, Statement<'_>>,
    live: &[(usize, Statement<'_>)],
    ended: &[MemoryId],
) -> Decision {
    let neighbours = || {
        let live = candidate.neighbours.iter().filter(|neighbour| !ended.contains(&neighbour.memory.id));
        live.filter_map(|Neighbour { memory, similarity }| {
            Some((Target::Memory(memory.id), stored.get(&memory.id)?, *similarity))
        })
    };
    // What the same call said last is nearest, so it goes first. The
    // similarity of two new facts was not measured.
    let in_call = || live.iter().rev().map(|(number, known)| (Target::Candidate(*number), known, 0.0));
    let all = || in_call().chain(neighbours());

    for (target, known, similarity) in all() {
        if let Some(rule) = is_known(new, known, similarity) {
            return Decision::known(target, format!("known already (rule: {rule})"));
        }
    }
    // One decision ends one memory: of several the newest, which is the one
    // that would otherwise be taken for the current state.
    let newest = all()
        .filter_map(|(target, old, _)| Some((target, old.since, supersedes(new, old)?)))
        .reduce(|best, next| if next.1 > best.1 { next } else { best });
    match newest {
        Some((target, _, reason)) => Decision::supersede(target, reason),
        None => Decision::add(),
    }
}

fn is_known(new: &Statement<'_>, known: &Statement<'_>, similarity: f32) -> Option<&'static str> {
    if let Some(rule) = new.wording.known_by(&known.wording, similarity) {
        // Of a memory without a speaker only the same text is the same.
        let anonymous = rule == "same text" && (known.is_anonymous() || new.is_anonymous());
        return (anonymous || new.same_speaker(known)).then_some(rule);
    }
    // "I live in Rome now" says what "I live in Rome" says.
    let same_value = new.details().claim.is_some()
        && new.says_one_thing()
        && new.details().claim == known.details().claim
        && new.details().words == known.details().words
        && !new.is_dated()
        && !known.is_dated();
    (same_value && new.same_speaker(known)).then_some("same value")
}

/// Why the new statement ends the old one, if that is sure.
fn supersedes(new: &Statement<'_>, old: &Statement<'_>) -> Option<String> {
    let claim = new.details().claim.as_ref()?;
    if !new.same_speaker(old) || !new.is_not_older_than(old) || !old.says_one_thing() || old.is_dated() {
        return None;
    }
    match (claim, old.details().claim.as_ref()) {
        (
            Claim::Value { attribute, value, rule, is_event, .. },
            Some(Claim::Value { attribute: of, value: before, is_all: true, .. }),
        ) => {
            let is_current = *is_event || !new.is_dated();
            (is_current && attribute == of && replaces(rule, value, before))
                .then(|| format!("a later value of the same statement (rule: {rule})"))
        }
        (Claim::Ended { what }, _) => {
            (old.details().words.as_ref()? == what).then(|| "what it says has ended (rule: ended)".to_owned())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
