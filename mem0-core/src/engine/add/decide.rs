//! Facts against what the scope knows: planned on a revision of the scope, and
//! planned again if others changed it before the commit.

use std::collections::HashMap;
use std::time::Duration;

use super::RECENT;
use super::prepare::{Prepared, Work, within};
use crate::engine::Mem0;
use crate::engine::cost::{Part, timed};
use crate::engine::plan::Planner;
use crate::engine::project::OVERLAY;
use crate::engine::results::AddResult;
use crate::error::{Error, ErrorKind, Result};
use crate::filter::Filter;
use crate::traits::embedder::Purpose;
use crate::traits::extract::{Action, Candidate, Decision, ExtractRequest, Extraction, Neighbour};
use crate::traits::ledger::{Pending, View};
use crate::types::ids::MemoryId;
use crate::types::scope::{Scope, ScopeKey};
use crate::types::time::Timestamp;

/// How often a plan is made anew because others changed the scope meanwhile.
/// Each round somebody got through, so this many writers can contend.
const REPLANS: u32 = 64;

/// The vector of each text.
pub(super) type Vectors = HashMap<String, Vec<f32>>;

/// What was seen when something was decided: it holds as long as these stay
/// the nearest, at these versions.
type Seen = Vec<(MemoryId, u64)>;

/// What a plan looks at: a scope as it stood when the plan was begun.
struct Moment<'a> {
    scope: &'a Scope,
    /// What the vector store did not have yet.
    pending: &'a [Pending],
    now: Timestamp,
}

/// Facts, and what was known when a model found them.
struct Found {
    seen: Seen,
    extraction: Extraction,
    /// Vectors of facts that no batch before has embedded.
    vectors: Vectors,
}

/// Decisions, and what was known when they were made.
struct Decided {
    seen: Vec<Seen>,
    decisions: Vec<Decision>,
    /// Vectors of texts that only the decisions brought.
    vectors: Vectors,
}

fn versions(neighbours: &[Neighbour]) -> Seen {
    neighbours.iter().map(|neighbour| (neighbour.memory.id, neighbour.memory.version)).collect()
}

impl Mem0 {
    /// Reconciles one call and commits it.
    ///
    /// A model is asked again only if what it has seen has changed, and so
    /// often at most as it allows; else what it said stands and only the commit
    /// is tried again.
    pub(super) async fn add_reconciled(
        &self,
        prepared: Prepared,
        vectors: &Vectors,
        questions: &Vectors,
    ) -> Result<AddResult> {
        let Prepared { scope, meter, deadline, messages, dropped, idempotency, dry_run, common, work } = prepared;
        let (policy, mut request, mut found) = match work {
            Work::Direct(_) => return Err(Error::internal("facts that are not to be reconciled")),
            Work::Extracted(policy, request, extraction) => {
                let found = Found { seen: Seen::new(), extraction, vectors: Vectors::new() };
                (policy, request, Some(found))
            }
            Work::Asked(policy, request) => (policy, request, None),
        };
        let (extractor, reconciler) = &policy;
        let mut decided: Option<Decided> = None;
        let (mut extractions, mut reconciliations) = (0_u32, 0_u32);
        for round in 0..=REPLANS {
            let now = self.now();
            request.now = now;
            // What was said before is shown to a model that was not asked yet.
            let recent = if found.is_none() { RECENT } else { 0 };
            let standing = timed(Part::Ledger, self.inner.ledger.standing(&scope, recent, OVERLAY + 1)).await?;
            let pending = self.bring(&scope, standing.pending).await?;
            let moment = Moment { scope: &scope, pending: &pending, now };
            if extractor.neighbours() > 0 {
                if found.is_none() {
                    request.recent = standing.recent;
                }
                request.neighbours = self.around(&moment, &request, extractor.neighbours(), questions).await?;
                let seen = versions(&request.neighbours);
                if found.as_ref().is_none_or(|found| found.seen != seen) {
                    extractions += 1;
                    if extractions > extractor.rounds() {
                        break;
                    }
                    let mut extraction = within(deadline, extractor.extract(&request)).await?;
                    common.apply(&mut extraction);
                    let texts = new_texts(&extraction, vectors);
                    let vectors = within(deadline, self.embed_texts(texts, Purpose::Store)).await?;
                    found = Some(Found { seen, extraction, vectors });
                    decided = None;
                }
            }
            let Some(found) = &found else { return Err(Error::internal("nothing was extracted")) };
            let known = [vectors, &found.vectors];
            let candidates = self.candidates(&moment, &found.extraction, known, reconciler.neighbours()).await?;
            let seen: Vec<Seen> = candidates.iter().map(|candidate| versions(&candidate.neighbours)).collect();
            if decided.as_ref().is_none_or(|decided| decided.seen != seen) {
                reconciliations += 1;
                if reconciliations > reconciler.rounds() {
                    break;
                }
                let mut decisions = within(deadline, reconciler.reconcile(&candidates, &request)).await?;
                common.apply_to_updates(&mut decisions);
                let texts = decided_texts(&decisions, known);
                let vectors = within(deadline, self.embed_texts(texts, Purpose::Store)).await?;
                decided = Some(Decided { seen, decisions, vectors });
            }
            let Some(decided) = &decided else { return Err(Error::internal("nothing was decided")) };
            let vectors = [vectors, &found.vectors, &decided.vectors];
            let planner = Planner::new(&scope, now, &*self.inner.clock, vectors).showing(&request.neighbours);
            let planned = planner.plan(&candidates, decided.decisions.clone())?;
            let all_dropped = || dropped.iter().chain(&found.extraction.dropped).cloned().collect();
            if dry_run {
                return Ok(AddResult { cost: meter.cost(), ..Self::dry_result(planned, all_dropped()) });
            }
            // A plan that changes nothing is right whatever happened since.
            let expected = planned.iter().any(|p| p.change.is_some()).then_some(standing.revision);
            let commit = self.commit_of(scope.clone(), now, expected, &planned, messages.clone(), idempotency.clone());
            fail::fail_point!("engine::add::before_commit");
            let receipt = match timed(Part::Ledger, self.inner.ledger.commit(vec![commit])).await {
                Err(e) if e.kind() == ErrorKind::Conflict && round < REPLANS => {
                    tracing::debug!(round, "the scope changed while the plan was made; planning again");
                    tokio::time::sleep(self.pause(round)).await;
                    continue;
                }
                other => other?.pop().ok_or_else(|| Error::internal("no receipt for a commit"))?,
            };
            fail::fail_point!("engine::add::committed");
            let mut pending = Vec::new();
            self.pending_of(&planned, &receipt, &scope, now, &mut pending).await?;
            let degraded = self.project_committed(pending).await;
            let result = self.add_result(planned, all_dropped(), receipt, degraded).await?;
            return Ok(AddResult { cost: meter.cost(), ..result });
        }
        Err(Error::new(
            ErrorKind::Conflict,
            "others change this scope all the time, and what was decided does not hold by then; try again later",
        ))
    }

    /// A random wait, so that contending writers do not meet again: up to
    /// 1 ms, growing to 32 ms.
    fn pause(&self, round: u32) -> Duration {
        let ceiling = 1_000_u64 << round.min(5);
        let (_, random) = self.inner.clock.uuid().as_u64_pair();
        Duration::from_micros(random % ceiling)
    }

    /// What is near to the new messages: the nearest of each first, then the
    /// second of each, so that no message goes without.
    async fn around(
        &self,
        moment: &Moment<'_>,
        request: &ExtractRequest,
        limit: usize,
        questions: &Vectors,
    ) -> Result<Vec<Neighbour>> {
        let texts = request.messages.iter().map(|message| message.content.as_str());
        let questions: Vec<Vec<f32>> = texts.filter_map(|text| questions.get(text).cloned()).collect();
        let near = self.near(moment, questions, limit).await?;
        let ranks = near.iter().map(Vec::len).max().unwrap_or(0);
        let mut around: Vec<Neighbour> = Vec::new();
        for rank in 0..ranks {
            for neighbour in near.iter().filter_map(|near| near.get(rank)) {
                let known = around.iter().any(|known| known.memory.id == neighbour.memory.id);
                if !known && around.len() < limit {
                    around.push(neighbour.clone());
                }
            }
        }
        Ok(around)
    }

    /// Each fact with the nearest memories of the exact scope.
    async fn candidates(
        &self,
        moment: &Moment<'_>,
        extraction: &Extraction,
        vectors: [&Vectors; 2],
        neighbours: usize,
    ) -> Result<Vec<Candidate>> {
        // What is decided needs no neighbours.
        let undecided = |index: usize| extraction.decisions.get(index).is_none_or(Option::is_none);
        let open = |index: usize| neighbours > 0 && undecided(index);
        let facts = || extraction.facts.iter().enumerate();
        let questions: Vec<Vec<f32>> =
            facts().filter(|(index, _)| open(*index)).filter_map(|(_, fact)| vector_of(&fact.text, vectors)).collect();
        let mut near = self.near(moment, questions, neighbours).await?.into_iter();
        Ok(facts()
            .map(|(index, fact)| Candidate {
                fact: fact.clone(),
                neighbours: if open(index) { near.next().unwrap_or_default() } else { Vec::new() },
                decision: extraction.decisions.get(index).cloned().flatten(),
            })
            .collect())
    }

    /// The memories of the exact scope that are nearest to each vector.
    async fn near(&self, moment: &Moment<'_>, questions: Vec<Vec<f32>>, limit: usize) -> Result<Vec<Vec<Neighbour>>> {
        if questions.is_empty() {
            return Ok(Vec::new());
        }
        let Moment { scope, pending, now } = *moment;
        // A read covers wider scopes; a memory of exactly this scope has none
        // of the other ids.
        let exact = ScopeKey::ALL.into_iter().filter(|key| scope.get(*key).is_none());
        let exact = Filter::all_of(exact.map(|key| Filter::is_null(key.as_str())));
        let found = self.nearest_over(pending, scope, questions, limit, &exact, &View::current(now)).await?;
        let neighbour = |(memory, cosine): (_, f32)| Neighbour { memory, similarity: cosine.clamp(0.0, 1.0) };
        Ok(found.hits.into_iter().map(|near| near.into_iter().map(neighbour).collect()).collect())
    }
}

fn vector_of(text: &str, vectors: [&Vectors; 2]) -> Option<Vec<f32>> {
    vectors.iter().find_map(|vectors| vectors.get(text)).cloned()
}

/// The texts of an extraction that no batch before has embedded. A retraction
/// has none.
fn new_texts<'a>(extraction: &'a Extraction, vectors: &'a Vectors) -> impl Iterator<Item = &'a str> {
    let facts = extraction.facts.iter().map(|fact| fact.text.as_str());
    let updated = extraction.decisions.iter().flatten().filter_map(updated_text);
    facts.chain(updated).filter(|text| !text.is_empty() && !vectors.contains_key(*text))
}

/// The texts that only the decisions brought.
fn decided_texts<'a>(decisions: &'a [Decision], vectors: [&'a Vectors; 2]) -> impl Iterator<Item = &'a str> {
    let updated = decisions.iter().filter_map(updated_text);
    updated.filter(move |text| !vectors.iter().any(|vectors| vectors.contains_key(*text)))
}

fn updated_text(decision: &Decision) -> Option<&str> {
    match &decision.action {
        Action::Update { content, .. } => Some(&content.text),
        _ => None,
    }
}
