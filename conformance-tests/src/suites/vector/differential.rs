//! Random operations on the store and on the reference store side by side.

use std::sync::Arc;

use mem0_core::reference::MemoryVectorStore;
use mem0_core::{
    CollectionSpec, Filter, MemoryId, Point, Scope, ScoredPoint, ScrollQuery, Selector, VectorCollection, VectorQuery,
    VectorStore,
};

use super::{Shelf, VectorContext};
use crate::check::Verdict;
use crate::check_eq;
use crate::data::filters::Pool;
use crate::data::points::{DIMS, grid, id, identity, later, point};
use crate::random::Rng;
use crate::settings;
use crate::shrink::run_and_shrink;
use crate::suite::cases;

cases! { VectorContext:
    0 all_random_operations_agree_with_the_reference,
}

#[derive(Clone, Debug)]
enum Step {
    Upsert(Vec<Point>),
    Delete(Selector),
    Search(Vec<VectorQuery>),
    Scroll(ScrollQuery),
    Count(Option<Scope>, Filter),
    Get(Option<Scope>, Vec<MemoryId>),
}

struct Plan {
    rng: Rng,
    pool: Arc<Pool>,
    first: Scope,
    scopes: Vec<Scope>,
    filters: mem0_core::FilterCapabilities,
    versioned: bool,
    /// Counts the versions that were given out.
    versions: u64,
    /// Counts the deletions of scopes. Afterwards ids are new ones, since a
    /// store need not remember what such a deletion took.
    era: u64,
}

impl Plan {
    fn filter(&mut self) -> Filter {
        if self.rng.one_in(2) {
            return Filter::All;
        }
        let plan = self.pool.filter(&mut self.rng, 2).plan(&self.filters);
        if plan.is_exact() { plan.pushed } else { Filter::All }
    }

    fn scope(&mut self) -> Scope {
        self.rng.pick(&self.scopes).unwrap_or(&self.first).clone()
    }

    fn maybe_scope(&mut self) -> Option<Scope> {
        (!self.rng.one_in(4)).then(|| self.scope())
    }

    /// Whose memory it is follows from the id, as in life.
    fn id(&mut self) -> (MemoryId, usize) {
        let n = self.rng.below(24);
        (id(self.era * 1_000 + n as u64), n)
    }

    fn version(&mut self) -> u64 {
        // Sometimes late, and distinct from every other one.
        self.versions += 1;
        let late = if self.versioned && self.rng.one_in(4) { self.rng.below(20) as u64 } else { 0 };
        (100 + self.versions - late) * 1_000 + self.versions
    }

    fn point(&mut self) -> Option<Point> {
        let (id, n) = self.id();
        let scope = self.scopes.get(n % self.scopes.len())?;
        let base = point(id, scope, grid(self.rng.below(14)), self.pool.row(&mut self.rng).into());
        let value = base.payload.clone().into();
        Some(later(&base, self.version(), base.vector.clone(), value))
    }

    fn step(&mut self) -> Step {
        match self.rng.below(12) {
            0..=3 => Step::Upsert((0..self.rng.below(6)).filter_map(|_| self.point()).collect()),
            4 => Step::Delete(Selector::Ids((0..self.rng.below(4)).map(|_| (self.id().0, self.version())).collect())),
            5 if self.rng.one_in(3) => {
                self.era += 1;
                Step::Delete(Selector::Scope(self.scope()))
            }
            5..=7 => Step::Search(
                (0..=self.rng.below(3))
                    .map(|_| {
                        let (scope, vector) = (self.scope(), grid(self.rng.below(14)));
                        VectorQuery::new(scope, vector, self.rng.below(12)).with_filter(self.filter())
                    })
                    .collect(),
            ),
            8 | 9 => {
                let after = self.rng.one_in(2).then(|| self.id().0);
                let query = ScrollQuery::new(self.maybe_scope(), 1 + self.rng.below(9)).after(after);
                Step::Scroll(query.with_filter(self.filter()))
            }
            10 => Step::Count(self.maybe_scope(), self.filter()),
            _ => Step::Get(self.maybe_scope(), (0..self.rng.below(6)).map(|_| self.id().0).collect()),
        }
    }
}

/// What matters of hits: the numbers within what the rules allow.
fn rounded(answers: Vec<Vec<ScoredPoint>>) -> Vec<Vec<(MemoryId, u64, i32)>> {
    #[allow(clippy::cast_possible_truncation, reason = "lies in 0..1")]
    let round = |hit: ScoredPoint| (hit.id, hit.version, (hit.similarity * 100.0).round() as i32);
    answers.into_iter().map(|hits| hits.into_iter().map(round).collect()).collect()
}

async fn take(shelf: &Shelf, due: &Arc<dyn VectorCollection>, number: usize, step: &Step) -> Verdict {
    if let Step::Upsert(_) | Step::Delete(_) = step {
        return once(shelf, due, number, step).await;
    }
    shelf.patiently(async || once(shelf, due, number, step).await).await
}

async fn once(shelf: &Shelf, due: &Arc<dyn VectorCollection>, number: usize, step: &Step) -> Verdict {
    match step {
        Step::Upsert(points) => {
            due.upsert(points).await?;
            shelf.upsert(points).await?;
        }
        Step::Delete(selector) => {
            let gone = due.delete(selector).await?;
            check_eq!(shelf.delete(selector).await?, gone, "step {number}: points that went");
        }
        Step::Search(queries) => {
            let due = rounded(due.search(queries).await?);
            check_eq!(rounded(shelf.search(queries).await?), due, "step {number}: search");
        }
        Step::Scroll(query) => {
            check_eq!(shelf.scroll(query).await?, due.scroll(query).await?, "step {number}: scroll");
        }
        Step::Count(scope, filter) => {
            let due = due.count(scope.as_ref(), filter).await?;
            check_eq!(shelf.count(scope.as_ref(), filter).await?, due, "step {number}: count");
        }
        Step::Get(scope, ids) => {
            let due = due.get(scope.as_ref(), ids).await?;
            check_eq!(shelf.get(scope.as_ref(), ids).await?, due, "step {number}: get");
        }
    }
    Ok(())
}

async fn run(context: &VectorContext, steps: Vec<Step>) -> Verdict {
    let shelf = context.shelf().await?;
    let capabilities = context.capabilities();
    let reference = if capabilities.versioned { MemoryVectorStore::new() } else { MemoryVectorStore::unversioned() };
    let due = reference.open(&CollectionSpec::new("due", identity("model", DIMS))).await?;
    for (number, step) in steps.iter().enumerate() {
        take(&shelf, &due, number, step).await?;
    }
    let last = [Step::Scroll(ScrollQuery::new(None, 1_000)), Step::Count(None, Filter::All)];
    for step in &last {
        take(&shelf, &due, steps.len(), step).await?;
    }
    Ok(())
}

async fn all_random_operations_agree_with_the_reference(context: &VectorContext) -> Verdict {
    let alice = || Scope::user("alice");
    let scopes =
        vec![alice()?, Scope::user("bob")?, alice()?.with_run("1")?, Scope::agent("alice")?, Scope::user("alic")?];
    let pool = Arc::new(Pool::new());
    for round in 0..settings::random_cases(20) {
        let mut plan = Plan {
            rng: settings::rng(round),
            pool: Arc::clone(&pool),
            first: Scope::user("alice")?,
            scopes: scopes.clone(),
            filters: context.capabilities().filter,
            versioned: context.capabilities().versioned,
            versions: 0,
            era: 0,
        };
        let steps: Vec<_> = (0..80).map(|_| plan.step()).collect();
        let origin = format!("seed {}, round {round}", settings::seed());
        run_and_shrink(&origin, steps, |steps| Box::pin(run(context, steps))).await?;
    }
    Ok(())
}
