//! Moving to another vector store: while it is in use, with interruptions, and
//! onto a store that loses what it is given.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops at the first error")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use mem0_core::reference::{HashEmbedder, MemoryLedger, MemoryVectorStore};
use mem0_core::*;

/// What the new place does to the points that it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Habit {
    /// It takes so many and is then down, until the next handle.
    TakesOnly(u64),
    /// It forgets each seventh.
    ForgetsSome,
    /// It keeps them under vectors that are not theirs.
    MixesUpVectors,
}

#[derive(Debug)]
struct Odd {
    inner: Arc<MemoryVectorStore>,
    habit: Habit,
    taken: Arc<AtomicU64>,
}

#[derive(Debug)]
struct OddCollection {
    inner: Arc<dyn VectorCollection>,
    habit: Habit,
    taken: Arc<AtomicU64>,
}

#[async_trait]
impl VectorStore for Odd {
    fn name(&self) -> &'static str {
        "odd"
    }
    fn capabilities(&self) -> &VectorCapabilities {
        self.inner.capabilities()
    }
    async fn open(&self, spec: &CollectionSpec) -> Result<Arc<dyn VectorCollection>> {
        let inner = self.inner.open(spec).await?;
        Ok(Arc::new(OddCollection { inner, habit: self.habit, taken: Arc::clone(&self.taken) }))
    }
    async fn drop_collection(&self, name: &str) -> Result<()> {
        self.inner.drop_collection(name).await
    }
}

#[async_trait]
impl VectorCollection for OddCollection {
    fn spec(&self) -> &CollectionSpec {
        self.inner.spec()
    }
    async fn upsert(&self, points: &[Point]) -> Result<()> {
        let mut points = points.to_vec();
        let before = self.taken.fetch_add(points.len() as u64, Ordering::SeqCst);
        match self.habit {
            Habit::TakesOnly(most) if before >= most => return Err(Error::new(ErrorKind::Unavailable, "full")),
            Habit::TakesOnly(_) => {}
            Habit::ForgetsSome => {
                let mut n = 0;
                points.retain(|_| {
                    n += 1;
                    n % 7 != 0
                });
            }
            Habit::MixesUpVectors => {
                let mut vectors: Vec<_> = points.iter().map(|point| point.vector.clone()).collect();
                vectors.rotate_left(1);
                points.iter_mut().zip(vectors).for_each(|(point, vector)| point.vector = vector);
            }
        }
        self.inner.upsert(&points).await
    }
    async fn get(&self, scope: Option<&Scope>, ids: &[MemoryId]) -> Result<Vec<Option<Point>>> {
        self.inner.get(scope, ids).await
    }
    async fn search(&self, queries: &[VectorQuery]) -> Result<Vec<Vec<ScoredPoint>>> {
        self.inner.search(queries).await
    }
    async fn scroll(&self, query: &ScrollQuery) -> Result<Vec<Point>> {
        self.inner.scroll(query).await
    }
    async fn count(&self, scope: Option<&Scope>, filter: &Filter) -> Result<u64> {
        self.inner.count(scope, filter).await
    }
    async fn delete(&self, selector: &Selector) -> Result<u64> {
        self.inner.delete(selector).await
    }
}

fn user(n: usize) -> Scope {
    Scope::user(format!("user-{n}")).unwrap()
}

async fn remember(mem0: &Mem0, scope: &Scope, text: &str) -> MemoryId {
    mem0.add(text, scope, AddOptions::as_said()).await.unwrap().results[0].id
}

/// An engine with 50 memories of each of 20 users.
async fn filled() -> Mem0 {
    let builder = Mem0::builder(
        Arc::new(MemoryLedger::new()),
        Arc::new(MemoryVectorStore::new()),
        Arc::new(HashEmbedder::new(64)),
    );
    let mem0 = builder.open().await.unwrap();
    for n in 0..1_000 {
        remember(&mem0, &user(n % 20), &format!("note number {n} about subject {}", n * 7_919 % 1_009)).await;
    }
    mem0
}

fn odd(inner: &Arc<MemoryVectorStore>, habit: Habit) -> ReindexTarget {
    ReindexTarget::default().store(Arc::new(Odd { inner: Arc::clone(inner), habit, taken: Arc::default() }))
}

#[tokio::test]
async fn what_is_written_during_a_move_arrives_and_reads_go_on() {
    let mem0 = filled().await;
    let place = Arc::new(MemoryVectorStore::new());
    let (seen, told) = (Arc::new(AtomicU64::new(0)), Arc::new(tokio::sync::Notify::new()));
    let (writer, progress) = (mem0.clone(), (Arc::clone(&seen), Arc::clone(&told)));
    // While the copy is under way: an update, a deletion, an addition, an
    // erasure of a whole scope, and a search.
    let meddle = tokio::spawn(async move {
        told.notified().await;
        let all = writer.get_all(&user(3), ListOptions::default()).await.unwrap().results;
        writer.update(all[0].id, UpdateOptions::text("changed on the way")).await.unwrap();
        writer.delete(all[1].id, None).await.unwrap();
        remember(&writer, &user(3), "added on the way").await;
        writer.erase(&user(4)).await.unwrap();
        let found = writer.search("note about subject", &user(5), SearchOptions::default()).await.unwrap();
        assert!(!found.results.is_empty() && found.degraded.is_empty());
    });
    let target = ReindexTarget::default().store(Arc::clone(&place) as _).collection("other");
    let done = mem0
        .reindex(target, move |done| {
            progress.0.store(done.points, Ordering::SeqCst);
            progress.1.notify_one();
        })
        .await
        .unwrap();
    meddle.await.unwrap();
    assert!(done.points >= 1_000 - 50 && done.sampled >= 50, "{done:?}");
    assert!(seen.load(Ordering::SeqCst) > 0);
    let report = mem0.doctor(false).await.unwrap();
    assert!(report.is_healthy(), "{report:?}");
    assert_eq!(mem0.stats(None).await.unwrap().points, Some(950));
    let found = mem0.search("changed on the way", &user(3), SearchOptions::default().limit(1)).await.unwrap();
    assert_eq!(found.results[0].memory.content.text, "changed on the way");
}

#[tokio::test]
async fn an_interrupted_move_goes_on_where_it_was() {
    let mem0 = filled().await;
    let place = Arc::new(MemoryVectorStore::new());
    let stopped = mem0.reindex(odd(&place, Habit::TakesOnly(400)), |_| ()).await.unwrap_err();
    assert_eq!(stopped.kind(), ErrorKind::Unavailable);
    // Nothing was switched.
    assert!(mem0.doctor(false).await.unwrap().is_healthy());
    let done = mem0.reindex(odd(&place, Habit::TakesOnly(u64::MAX)), |_| ()).await.unwrap();
    assert!(done.points <= 600 && done.counted == 1_000, "{done:?}");
    assert!(mem0.doctor(false).await.unwrap().is_healthy());
}

#[tokio::test]
async fn a_copy_that_is_not_good_is_not_switched_to() {
    let mem0 = filled().await;
    for habit in [Habit::ForgetsSome, Habit::MixesUpVectors] {
        let refused = mem0.reindex(odd(&Arc::default(), habit), |_| ()).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Corrupt, "{habit:?}");
        let stats = mem0.stats(None).await.unwrap();
        assert_eq!((stats.vector_store, stats.points), ("memory", Some(1_000)));
    }
}

#[tokio::test]
async fn another_model_for_another_place_than_the_first_try() {
    let mem0 = filled().await;
    let model = || ReindexTarget::default().embedder(Arc::new(HashEmbedder::new(32))).collection("other");
    let (first, second) = (Arc::new(MemoryVectorStore::new()), Arc::new(MemoryVectorStore::new()));
    let habit = Habit::TakesOnly(500);
    let stopped = mem0.reindex(model().store(odd(&first, habit).store.unwrap()), |_| ()).await;
    assert_eq!(stopped.unwrap_err().kind(), ErrorKind::Unavailable);
    let done = mem0.reindex(model().store(Arc::clone(&second) as _), |_| ()).await.unwrap();
    assert!(done.embedded < 1_000 && done.counted == 1_000, "{done:?}");
    assert!(mem0.doctor(false).await.unwrap().is_healthy());
}
