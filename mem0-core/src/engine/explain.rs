//! `explain`: why a memory was found, or why it was not.

use std::fmt;

use serde::Serialize;

use crate::engine::cost::{self, Cost, Part, timed};
use crate::engine::fuse::Signals;
use crate::engine::options::{SearchOptions, When};
use crate::engine::results::{Breakdown, Degraded, Hit};
use crate::engine::{Mem0, validate};
use crate::error::Result;
use crate::filter::Filter;
use crate::traits::ledger::State;
use crate::types::ids::MemoryId;
use crate::types::memory::Memory;
use crate::types::scope::Scope;
use crate::types::time::Timestamp;

/// Why a memory was found, or why it was not.
#[derive(Clone, PartialEq, Serialize)]
#[serde(tag = "why", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Why {
    /// It is among the hits.
    Found {
        /// Its place, from 1.
        rank: usize,
    },
    /// The scope covers no memory of this id. Whether there is one elsewhere is
    /// not said.
    NotInScope,
    /// The caller has deleted it.
    Deleted,
    /// Something newer has ended it.
    Superseded {
        /// When.
        at: Option<Timestamp>,
        /// The reason that the ledger has.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Its time is up.
    Expired {
        /// Since when.
        at: Option<Timestamp>,
    },
    /// It was not true, or not known, at the moment that was asked for.
    NotThen,
    /// The filter leaves it out.
    Filtered {
        /// The conditions that it does not meet, in the grammar of filters.
        conditions: Vec<String>,
    },
    /// Its score is below the threshold.
    BelowThreshold {
        /// The threshold.
        #[serde(serialize_with = "crate::types::decimal::write")]
        threshold: f32,
        /// Its place without a threshold, from 1.
        rank: usize,
    },
    /// Better hits fill the limit.
    BeyondLimit {
        /// The limit.
        limit: usize,
        /// Its place without a limit, from 1.
        rank: usize,
    },
    /// Neither its words nor its similarity brought it among the candidates
    /// that are ranked.
    NotACandidate {
        /// Its place by similarity alone, from 1; none if that is too far back
        /// to be told.
        by_similarity: Option<usize>,
    },
}

// The reason and the conditions may quote what is remembered.
impl fmt::Debug for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Found { rank } => write!(f, "Found({rank})"),
            Self::NotInScope => f.write_str("NotInScope"),
            Self::Deleted => f.write_str("Deleted"),
            Self::Superseded { at, .. } => write!(f, "Superseded({at:?})"),
            Self::Expired { at } => write!(f, "Expired({at:?})"),
            Self::NotThen => f.write_str("NotThen"),
            Self::Filtered { conditions } => write!(f, "Filtered({} conditions)", conditions.len()),
            Self::BelowThreshold { threshold, rank } => write!(f, "BelowThreshold({threshold}, {rank})"),
            Self::BeyondLimit { limit, rank } => write!(f, "BeyondLimit({limit}, {rank})"),
            Self::NotACandidate { by_similarity } => write!(f, "NotACandidate({by_similarity:?})"),
        }
    }
}

/// What [`Mem0::explain`] says of one memory.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Explanation {
    /// The memory.
    pub id: MemoryId,
    /// Why it was found or not.
    #[serde(flatten)]
    pub why: Why,
    /// Its score, where it has one.
    #[serde(serialize_with = "crate::types::decimal::write_option", skip_serializing_if = "Option::is_none")]
    pub score: Option<f32>,
    /// The parts of its score.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breakdown: Option<Breakdown>,
    /// The same in words.
    pub explanation: String,
    /// What it cost.
    pub cost: Cost,
    /// What is not as it should be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub degraded: Vec<Degraded>,
}

impl Explanation {
    fn new(id: MemoryId, why: Why, hit: Option<&Hit>) -> Self {
        let (score, breakdown) = (hit.map(|hit| hit.score), hit.and_then(|hit| hit.breakdown));
        let explanation = in_words(&why, score, breakdown.as_ref());
        Self { id, why, score, breakdown, explanation, cost: Cost::default(), degraded: Vec::new() }
    }
}

impl Breakdown {
    /// What brought anything to the score, or took from it, in words.
    #[must_use]
    pub fn in_words(&self) -> String {
        let parts = Signals::NAMES.iter().zip(self.parts.to_array()).filter(|(_, part)| part.abs() >= 0.005);
        parts.map(|(name, part)| format!("{} {part:+.2}", name.replace('_', " "))).collect::<Vec<_>>().join(", ")
    }
}

fn in_words(why: &Why, score: Option<f32>, breakdown: Option<&Breakdown>) -> String {
    let reason = match why {
        Why::Found { rank } => format!("found as number {rank}"),
        Why::NotInScope => "no such memory in this scope".to_owned(),
        Why::Deleted => "it was deleted".to_owned(),
        Why::Superseded { at, reason } => {
            let at = at.map(|at| format!(" on {}", at.date())).unwrap_or_default();
            let reason = reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
            format!("something newer ended it{at}{reason}")
        }
        Why::Expired { at } => {
            format!("it has expired{}", at.map(|at| format!(" on {}", at.date())).unwrap_or_default())
        }
        Why::NotThen => "it was not true, or not known, at that moment".to_owned(),
        Why::Filtered { conditions } => format!("the filter leaves it out: {}", conditions.join(", ")),
        Why::BelowThreshold { threshold, rank } => {
            format!("its score is below the threshold of {threshold}; without one it would be number {rank}")
        }
        Why::BeyondLimit { limit, rank } => format!("it is number {rank}, and only {limit} were asked for"),
        Why::NotACandidate { by_similarity: Some(rank) } => {
            format!("not among the candidates: by meaning alone it is number {rank}")
        }
        Why::NotACandidate { by_similarity: None } => {
            "not among the candidates: others share more with the question, in meaning and in words".to_owned()
        }
    };
    let score = score.map(|score| format!("; score {score:.2}")).unwrap_or_default();
    let parts = breakdown.map(|parts| format!(" ({})", parts.in_words())).unwrap_or_default();
    format!("{reason}{score}{parts}")
}

impl Mem0 {
    /// Says why a memory is among the hits of a search, or why it is not.
    ///
    /// An id that the scope does not cover is answered like one that does not
    /// exist.
    ///
    /// Costs up to two searches, one of them for as many hits as may be asked
    /// for at once.
    ///
    /// # Errors
    /// As [`search`](Self::search).
    ///
    /// # Cancel safety
    /// Nothing is held.
    pub async fn explain(
        &self,
        query: &str,
        scope: &Scope,
        id: MemoryId,
        options: SearchOptions,
    ) -> Result<Explanation> {
        // As the search would refuse it, whatever becomes of the memory.
        self.inner.limits.query(query)?;
        self.inner.limits.page(options.limit)?;
        validate::threshold(options.threshold)?;
        validate::filter(&options.filter)?;
        self.check_rerank(&options)?;
        let (hidden, cost) = cost::counted(self.hidden(scope, id, &options)).await?;
        if let Some(why) = hidden {
            return Ok(Explanation { cost, ..Explanation::new(id, why, None) });
        }
        let options = options.explain();
        let place = |hits: &[Hit]| hits.iter().position(|hit| hit.memory.id == id);
        let asked = self.looked_up(query, scope, &options).await?;
        let cost = cost + asked.cost;
        if let Some(place) = place(&asked.results) {
            let hit = asked.results.get(place);
            let explanation = Explanation::new(id, Why::Found { rank: place + 1 }, hit);
            return Ok(Explanation { cost, degraded: asked.degraded, ..explanation });
        }
        let (limit, threshold) = (options.limit, options.threshold);
        let options = options.limit(self.inner.limits.page).threshold(0.0);
        let all = self.looked_up(query, scope, &options).await?;
        let explanation = match place(&all.results).and_then(|place| Some((place, all.results.get(place)?))) {
            None => Explanation::new(id, Why::NotACandidate { by_similarity: None }, None),
            Some((place, hit)) => Explanation::new(id, why_not(place, hit, &all.results, limit, threshold), Some(hit)),
        };
        Ok(Explanation { cost: cost + all.cost, degraded: all.degraded, ..explanation })
    }

    /// Why a search cannot see the memory at all, whatever its score.
    async fn hidden(&self, scope: &Scope, id: MemoryId, options: &SearchOptions) -> Result<Option<Why>> {
        let ledger = &self.inner.ledger;
        let head = timed(Part::Ledger, ledger.heads(&[id])).await?.pop().flatten();
        let Some(head) = head.filter(|head| scope.covers(&head.scope)) else { return Ok(Some(Why::NotInScope)) };
        let view = options.when.view(self.now());
        let read = async |when: When| -> Result<Option<Memory>> {
            Ok(timed(Part::Ledger, ledger.get(&[id], &when.view(view.now))).await?.pop().flatten())
        };
        if let Some(memory) = read(options.when).await? {
            let missed = unmet(&options.filter, &memory);
            return Ok((!missed.is_empty()).then_some(Why::Filtered { conditions: missed }));
        }
        if let Some(memory) = read(options.when.and_expired()).await? {
            return Ok(Some(Why::Expired { at: memory.content.expires_at }));
        }
        if view.is_past() {
            return Ok(Some(Why::NotThen));
        }
        Ok(Some(match head.state {
            State::Superseded => {
                let last = timed(Part::Ledger, ledger.history(id)).await?.pop();
                Why::Superseded {
                    at: last.as_ref().map(|last| last.at),
                    reason: last.and_then(|last| last.change.reason),
                }
            }
            _ => Why::Deleted,
        }))
    }
}

/// Why a hit of a search without limits is none of the search that was asked
/// for.
fn why_not(place: usize, hit: &Hit, all: &[Hit], limit: usize, threshold: f32) -> Why {
    let rank = place + 1;
    if hit.score < threshold {
        return Why::BelowThreshold { threshold, rank };
    }
    if rank > limit {
        return Why::BeyondLimit { limit, rank };
    }
    // By its score it belongs to them: so it was not looked at.
    let similarity = |hit: &Hit| hit.breakdown.map_or(0.0, |why| why.signals.semantic);
    let nearer = all.iter().filter(|other| similarity(other) > similarity(hit)).count();
    Why::NotACandidate { by_similarity: Some(nearer + 1) }
}

/// The conditions that a memory does not meet: those members of the outermost
/// AND that fail, each in the grammar of filters.
fn unmet(filter: &Filter, memory: &Memory) -> Vec<String> {
    if memory.matches(filter) {
        return Vec::new();
    }
    if let Filter::And(members) = filter {
        return members.iter().flat_map(|member| unmet(member, memory)).collect();
    }
    vec![filter.to_json().map_or_else(|_| filter.to_string(), |json| json.to_string())]
}
