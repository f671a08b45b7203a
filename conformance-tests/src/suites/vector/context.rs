//! What a case of the vector suite works with.

use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mem0_core::{
    CollectionSpec, MemoryId, Point, Result, Scope, ScoredPoint, ScrollQuery, Selector, VectorCapabilities,
    VectorCollection, VectorQuery, VectorStore,
};
use uuid::Uuid;

use crate::check::{Stop, Verdict};
use crate::data::points::{DIMS, axis, identity};
use crate::harness::VectorHarness;

/// A store, and names that nobody else uses.
pub struct VectorContext {
    harness: Arc<dyn VectorHarness>,
    store: Arc<dyn VectorStore>,
    case: &'static str,
    names: Mutex<Vec<String>>,
}

impl std::fmt::Debug for VectorContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VectorContext").field("store", &self.store).field("case", &self.case).finish_non_exhaustive()
    }
}

impl VectorContext {
    pub(super) async fn new(harness: &Arc<dyn VectorHarness>, case: &'static str) -> Verdict<Self> {
        let store = harness.connect().await?;
        Ok(Self { harness: Arc::clone(harness), store, case, names: Mutex::default() })
    }

    /// The harness.
    #[must_use]
    pub fn harness(&self) -> &dyn VectorHarness {
        &*self.harness
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &dyn VectorStore {
        &*self.store
    }

    /// What it declares.
    #[must_use]
    pub fn capabilities(&self) -> &VectorCapabilities {
        self.store.capabilities()
    }

    /// The name of a collection that does not exist and is removed afterwards.
    #[must_use]
    pub fn new_name(&self) -> String {
        let rule: String = self.case.chars().take_while(char::is_ascii_alphanumeric).collect();
        let random = Uuid::new_v4().simple().to_string();
        let name = format!("mem0_{rule}_{}", random.get(..16).unwrap_or_default());
        self.remember(&name);
        name
    }

    /// Removes the collection of this name afterwards.
    pub fn remember(&self, name: &str) {
        self.names.lock().unwrap_or_else(PoisonError::into_inner).push(name.to_owned());
    }

    /// A new, empty collection.
    ///
    /// # Errors
    /// `Failed` if the store refuses.
    pub async fn shelf(&self) -> Verdict<Shelf> {
        let spec = CollectionSpec::new(self.new_name(), identity("model", DIMS));
        Ok(self.wrap(self.store.open(&spec).await?))
    }

    /// A collection whose writes are waited for.
    #[must_use]
    pub fn wrap(&self, collection: Arc<dyn VectorCollection>) -> Shelf {
        let patience = (!self.capabilities().immediate).then(|| self.harness.patience());
        let widest = self.capabilities().max_limit.unwrap_or(usize::MAX).min(20_000);
        Shelf { collection, patience, widest }
    }

    pub(super) async fn tidy_up(self) {
        let names = self.names.into_inner().unwrap_or_else(PoisonError::into_inner);
        for name in names {
            // The verdict is reached; what cannot be removed stays.
            let _ = self.store.drop_collection(&name).await;
        }
    }
}

/// A collection. Where the store is not immediate, its `put` and `remove`
/// wait until a search sees what they did.
#[derive(Clone, Debug)]
pub struct Shelf {
    collection: Arc<dyn VectorCollection>,
    patience: Option<Duration>,
    /// The largest limit that is worth asking for.
    widest: usize,
}

impl Deref for Shelf {
    type Target = Arc<dyn VectorCollection>;

    fn deref(&self) -> &Self::Target {
        &self.collection
    }
}

impl Shelf {
    /// Writes points.
    ///
    /// # Errors
    /// Those of `upsert`; `Failed` if they do not become visible.
    pub async fn put(&self, points: &[Point]) -> Verdict {
        self.collection.upsert(points).await?;
        for point in points.first().into_iter().chain(points.last()) {
            self.eventually("a written point does not show in a search", async || {
                let hits = self.nearest(&point.scope, &point.vector, self.widest).await?;
                Ok(hits.iter().any(|hit| hit.id == point.id))
            })
            .await?;
        }
        Ok(())
    }

    /// Deletes points, and says how many went.
    ///
    /// # Errors
    /// Those of `delete`; `Failed` if they do not disappear.
    pub async fn remove(&self, selector: &Selector) -> Verdict<u64> {
        let before = self.collection.count(None, &mem0_core::Filter::All).await?;
        let gone = self.collection.delete(selector).await?;
        self.eventually("a deleted point still counts", async || {
            Ok(self.collection.count(None, &mem0_core::Filter::All).await? <= before.saturating_sub(gone))
        })
        .await?;
        Ok(gone)
    }

    /// One search.
    ///
    /// # Errors
    /// Those of `search`.
    pub async fn nearest(&self, scope: &Scope, vector: &[f32], limit: usize) -> Result<Vec<ScoredPoint>> {
        self.ask(VectorQuery::new(scope.clone(), vector.to_vec(), limit)).await
    }

    /// One search.
    ///
    /// # Errors
    /// Those of `search`; `Internal` if one query has not one answer.
    pub async fn ask(&self, query: VectorQuery) -> Result<Vec<ScoredPoint>> {
        let mut answers = self.collection.search(&[query]).await?;
        match (answers.pop(), answers.is_empty()) {
            (Some(answer), true) => Ok(answer),
            _ => Err(mem0_core::Error::internal("one query, and not one answer")),
        }
    }

    /// Every point, page by page.
    ///
    /// # Errors
    /// `Failed` if the walk does not end or does not go up.
    pub async fn walk(&self, query: ScrollQuery) -> Verdict<Vec<Point>> {
        let mut all: Vec<Point> = Vec::new();
        let mut query = query;
        loop {
            let page = self.collection.scroll(&query).await?;
            crate::check!(page.len() <= query.limit, "scroll of {} gave {} points", query.limit, page.len());
            let last = page.len() < query.limit;
            for point in page {
                let up = query.after.is_none_or(|after| point.id > after);
                crate::check!(up, "scroll goes from {:?} to {}", query.after, point.id);
                query.after = Some(point.id);
                all.push(point);
            }
            if last {
                return Ok(all);
            }
        }
    }

    /// Waits until a search succeeds again: whoever was away may need a while.
    ///
    /// # Errors
    /// The last error, after ten seconds.
    pub async fn recovers(&self, scope: &Scope) -> Verdict {
        const STEP: Duration = Duration::from_millis(50);
        let mut last = None;
        for _ in 0..200 {
            match self.nearest(scope, &axis(0), 1).await {
                Ok(_) => return Ok(()),
                Err(error) => last = Some(error),
            }
            tokio::time::sleep(STEP).await;
        }
        Err(Stop::Failed(format!("the handle does not work again; the last error: {last:?}")))
    }

    async fn eventually(&self, what: &str, seen: impl AsyncFn() -> Result<bool>) -> Verdict {
        if self.patience.is_none() {
            return Ok(());
        }
        self.patiently(async || if seen().await? { Ok(()) } else { Err(Stop::Failed(what.to_owned())) }).await
    }

    /// Looks until it is as it should be, or, where the store is immediate,
    /// once.
    ///
    /// # Errors
    /// The last failure.
    pub async fn patiently(&self, look: impl AsyncFn() -> Verdict) -> Verdict {
        const STEP: Duration = Duration::from_millis(25);
        let mut steps = self.patience.map_or(0, |patience| patience.as_millis() / STEP.as_millis());
        loop {
            match look().await {
                Err(Stop::Failed(_)) if steps > 0 => tokio::time::sleep(STEP).await,
                verdict => return verdict,
            }
            steps -= 1;
        }
    }
}

/// The ids of hits.
pub(super) fn ids(hits: &[ScoredPoint]) -> Vec<MemoryId> {
    hits.iter().map(|hit| hit.id).collect()
}
