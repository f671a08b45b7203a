//! Moving house: another vector store, another model, or both.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use crate::engine::add::embed_checked;
use crate::engine::results::Reindexed;
use crate::engine::walk::Walk;
use crate::engine::{Active, Mem0};
use crate::error::{Error, ErrorKind, Result};
use crate::filter::Filter;
use crate::traits::embedder::{Embedder, Purpose};
use crate::traits::ledger::{Projection, View};
use crate::traits::vector_store::{Point, VectorCollection, VectorQuery, VectorStore};
use crate::types::ids::MemoryId;
use crate::types::memory::Memory;

/// How many texts are embedded, and how many points written, at once.
const BATCH: usize = 512;

/// How often the switch is tried when writes come in between.
const ROUNDS: u32 = 100;

/// How many memories are searched for in the copy at most, and among how many
/// nearest each has to be.
const SAMPLES: usize = 100;
const NEAREST: usize = 10;

/// How often a store that shows writes late is looked at, and how long after.
const LOOKS: u32 = 100;
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// Where to move to. What is not set stays.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Target {
    /// Another vector store.
    pub store: Option<Arc<dyn VectorStore>>,
    /// Another embedder.
    pub embedder: Option<Arc<dyn Embedder>>,
    /// Another collection.
    pub collection: Option<String>,
}

impl Target {
    /// To another vector store.
    #[must_use]
    pub fn store(mut self, store: Arc<dyn VectorStore>) -> Self {
        self.store = Some(store);
        self
    }

    /// To another embedder.
    #[must_use]
    pub fn embedder(mut self, embedder: Arc<dyn Embedder>) -> Self {
        self.embedder = Some(embedder);
        self
    }

    /// To another collection.
    #[must_use]
    pub fn collection(mut self, name: impl Into<String>) -> Self {
        self.collection = Some(name.into());
        self
    }
}

impl Mem0 {
    /// Moves the vectors to another store, another model, or both, while this
    /// engine goes on serving from the old place.
    ///
    /// First every memory is written to the new place, by the new model if it
    /// is another one; then the copy is verified; then the ledger and this
    /// engine switch at once; then what was changed meanwhile follows, as after
    /// any write. `progress` is told how far it is.
    ///
    /// The copy is good if the new place counts as many points as the ledger
    /// has memories, give or take what was written meanwhile, and if
    /// memories taken from all over it, a hundred at most, are found there by
    /// their own vectors, within their scopes. If not, nothing is switched.
    ///
    /// Other processes that use the old model or store get an
    /// `IdentityMismatch` or `Config` error afterwards, until they are
    /// configured like this one; so does an `add` of this process that was
    /// under way at the switch, and it can be repeated. The old collection is
    /// left as it is. Another model needs another collection name where the
    /// store stays.
    ///
    /// # Errors
    /// `InvalidInput` if nothing would change; `Conflict` if writes came in
    /// all the time; `Corrupt` if the copy is not good; those of ledger,
    /// embedder and store.
    ///
    /// # Cancel safety
    /// Dropping the future before the switch leaves the old place in use, and
    /// calling again goes on with what is there already. After the switch the
    /// rest is written by later calls.
    pub async fn reindex(&self, target: Target, progress: impl Fn(Reindexed) + Send + Sync) -> Result<Reindexed> {
        let old = self.active();
        let Target { store, embedder, collection } = target;
        let new = Active::new(
            store.unwrap_or_else(|| Arc::clone(&old.store)),
            embedder.unwrap_or_else(|| Arc::clone(&old.embedder)),
            collection.as_deref().unwrap_or(&old.projection.collection),
        );
        if new.projection == old.projection && Arc::ptr_eq(&new.store, &old.store) {
            return Err(Error::invalid("nothing to move: give another vector store, embedder or collection"));
        }
        self.move_to(Arc::new(new), &old.projection, &progress).await
    }

    /// Copies, verifies and switches.
    pub(super) async fn move_to(
        &self,
        new: Arc<Active>,
        old: &Projection,
        progress: &(dyn Fn(Reindexed) + Send + Sync),
    ) -> Result<Reindexed> {
        // Refuses a wrong collection before hours of embedding.
        let collection = Arc::clone(new.collection().await?);
        let mut copy = Copy { collection, samples: Samples::default(), done: Reindexed::default(), progress };
        // What changes from here on is written again after the switch.
        let mut since = self.inner.ledger.last_seq().await?;
        let same_model = new.projection.identity == old.identity;
        if same_model {
            self.copy(&mut copy).await?;
        }
        for round in 0..ROUNDS {
            self.embed_missing(&new, &mut copy).await?;
            if round == 0 {
                if self.is_whole(&new, &mut copy, since).await? {
                    copy.find_samples(new.store.capabilities().immediate).await?;
                } else if same_model {
                    return Err(Error::corrupt(
                        "the copy has fewer points than there are memories; nothing was switched",
                    )
                    .with_operation("reindex")
                    .with_context("points", copy.done.counted));
                } else {
                    // An earlier move embedded them for yet another place: all
                    // is written after the switch.
                    since = 0;
                }
            }
            match self.inner.ledger.set_projection(Some(old), &new.projection, since).await {
                Ok(()) => {
                    self.swap(new);
                    self.follow_up(&mut copy).await?;
                    return Ok(copy.done);
                }
                // Something was written meanwhile: embed that too.
                Err(e) if e.kind() == ErrorKind::Conflict && self.still(old).await? => {}
                Err(e) => return Err(e),
            }
        }
        Err(Error::new(ErrorKind::Conflict, "memories are written faster than they can be embedded"))
    }

    async fn still(&self, old: &Projection) -> Result<bool> {
        Ok(self.inner.ledger.projection().await?.as_ref() == Some(old))
    }

    /// Writes what the new place does not have yet, with the vectors of the
    /// ledger.
    async fn copy(&self, copy: &mut Copy<'_>) -> Result<()> {
        let mut walk = Walk::default();
        while let Some(memories) = walk.next(self).await? {
            let ids: Vec<MemoryId> = memories.iter().map(|memory| memory.id).collect();
            let there = copy.collection.get(None, &ids).await?;
            let vectors = self.inner.ledger.vectors(&ids).await?;
            let mut points = Vec::with_capacity(memories.len());
            for ((memory, vector), there) in memories.iter().zip(vectors).zip(there) {
                // One that is gone since the page was read is not missed.
                let Some(vector) = vector else { continue };
                let point = point(memory, vector);
                copy.samples.offer(&point);
                if there.is_none_or(|there| there.version < memory.version) {
                    points.push(point);
                }
            }
            copy.write(&points).await?;
        }
        Ok(())
    }

    /// Embeds what has no vector of the new model, writes the live memories of
    /// it, and only then notes the vectors: what has one has been written.
    async fn embed_missing(&self, new: &Active, copy: &mut Copy<'_>) -> Result<()> {
        let identity = &new.projection.identity;
        let view = View { include_expired: true, ..View::current(self.now()) };
        loop {
            let missing = self.inner.ledger.missing_vectors(identity, BATCH).await?;
            if missing.is_empty() {
                return Ok(());
            }
            let texts: Vec<&str> = missing.iter().map(|(_, _, text)| text.as_str()).collect();
            let vectors = embed_checked(&*new.embedder, &texts, Purpose::Store).await?;
            let rows: Vec<_> =
                missing.iter().zip(vectors).map(|((id, version, _), vector)| (*id, *version, vector)).collect();
            let ids: Vec<MemoryId> = rows.iter().map(|(id, _, _)| *id).collect();
            let live = self.inner.ledger.get(&ids, &view).await?;
            let live = rows.iter().zip(live).filter_map(|((_, version, vector), memory)| {
                memory.filter(|memory| memory.version == *version).map(|memory| point(&memory, vector.clone()))
            });
            let points: Vec<Point> = live.collect();
            points.iter().for_each(|point| copy.samples.offer(point));
            copy.write(&points).await?;
            self.inner.ledger.put_vectors(identity, &rows).await?;
            copy.done.embedded += rows.len() as u64;
            (copy.progress)(copy.done);
        }
    }

    /// Whether the new place has as many points as there are memories. What
    /// was written since may be missing; what was erased since may still be
    /// there.
    async fn is_whole(&self, new: &Active, copy: &mut Copy<'_>, since: u64) -> Result<bool> {
        for _ in 0..LOOKS {
            copy.done.counted = copy.collection.count(None, &Filter::All).await?;
            let memories = self.inner.ledger.stats(None).await?.memories;
            let missing = usize::try_from(memories.saturating_sub(copy.done.counted)).unwrap_or(usize::MAX);
            // Numbers of events may have gaps, so the events are counted.
            if missing == 0 || self.inner.ledger.log(None, since, missing).await?.len() >= missing {
                return Ok(true);
            }
            if new.store.capabilities().immediate {
                break;
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Ok(false)
    }

    /// Writes what was changed during the copy, and removes what was erased.
    async fn follow_up(&self, copy: &mut Copy<'_>) -> Result<()> {
        loop {
            let due = self.due(None, BATCH).await?;
            let count = due.len() as u64;
            if due.is_empty() {
                self.sweep().await?;
                copy.done.counted = copy.collection.count(None, &Filter::All).await?;
                return Ok(());
            }
            if self.project(due).await.is_some() {
                return Ok(());
            }
            copy.done.points += count;
            (copy.progress)(copy.done);
        }
    }

    pub(super) fn swap(&self, new: Arc<Active>) {
        *self.inner.active.write().unwrap_or_else(PoisonError::into_inner) = new;
    }
}

/// A copy that is under way.
struct Copy<'a> {
    collection: Arc<dyn VectorCollection>,
    samples: Samples,
    done: Reindexed,
    progress: &'a (dyn Fn(Reindexed) + Send + Sync),
}

impl Copy<'_> {
    async fn write(&mut self, points: &[Point]) -> Result<()> {
        if !points.is_empty() {
            self.collection.upsert(points).await?;
            self.done.points += points.len() as u64;
            (self.progress)(self.done);
        }
        Ok(())
    }

    /// Looks for the samples, all in one search. Each has to be among the
    /// nearest to its own vector, unless so many others are as near.
    async fn find_samples(&mut self, immediate: bool) -> Result<()> {
        let mut left = std::mem::take(&mut self.samples.kept);
        self.done.sampled = left.len() as u64;
        let mut looks = if immediate { 1 } else { LOOKS };
        while !left.is_empty() {
            let queries: Vec<VectorQuery> = left.iter().map(|(_, query)| query.clone()).collect();
            let mut answers = self.collection.search(&queries).await?.into_iter();
            left.retain(|(id, _)| {
                let hits = answers.next().unwrap_or_default();
                let alike = hits.len() == NEAREST && hits.iter().all(|hit| hit.raw > 0.99);
                !alike && !hits.iter().any(|hit| hit.id == *id && hit.raw > 0.98)
            });
            looks -= 1;
            match left.first() {
                Some((id, _)) if looks == 0 => {
                    return Err(Error::corrupt(
                        "the copy does not find a memory by its own vector; nothing was switched",
                    )
                    .with_operation("reindex")
                    .with_context("id", id));
                }
                Some(_) => tokio::time::sleep(LOOK_AGAIN).await,
                None => {}
            }
        }
        Ok(())
    }
}

/// Memories from all over the copy, each with the search that has to find it.
#[derive(Default)]
struct Samples {
    kept: Vec<(MemoryId, VectorQuery)>,
    offered: usize,
    /// Of so many points each first one is kept.
    every: usize,
}

impl Samples {
    fn offer(&mut self, point: &Point) {
        let every = self.every.max(1);
        if self.offered.is_multiple_of(every) {
            let query = VectorQuery::new(point.scope.clone(), point.vector.clone(), NEAREST);
            self.kept.push((point.id, query));
            if self.kept.len() > SAMPLES {
                // Every other goes, and from now on half as many come.
                let mut place = 0;
                self.kept.retain(|_| {
                    place += 1;
                    place % 2 == 1
                });
                self.every = every * 2;
            }
        }
        self.offered += 1;
    }
}

fn point(memory: &Memory, vector: Vec<f32>) -> Point {
    Point { id: memory.id, version: memory.version, scope: memory.scope.clone(), vector, payload: memory.to_payload() }
}
