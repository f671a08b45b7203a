//! The layers together, on tokio's paused time: it moves by itself when nothing
//! else can go on.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use tokio::time::Instant;
use tracing::field::{Field, Visit};
use tracing::span;

use super::*;
use crate::error::{Error, ErrorKind, Result, Retry};
use crate::filter::Filter;
use crate::reference::{HashEmbedder, MemoryVectorStore};
use crate::traits::embedder::{EmbedderIdentity, Purpose};
use crate::traits::vector_store::{
    CollectionSpec, Point, ScoredPoint, ScrollQuery, Selector, TextHit, TextQuery, VectorCapabilities,
    VectorCollection, VectorQuery,
};
use crate::types::ids::MemoryId;
use crate::types::payload::Payload;
use crate::types::scope::Scope;

const SECOND: Duration = Duration::from_secs(1);

/// What the next call does.
enum Act {
    Fail(Error),
    Hang,
}

/// Plays its acts, and answers once they are over.
#[derive(Debug, Default)]
struct Actor {
    acts: Mutex<VecDeque<Act>>,
    calls: AtomicUsize,
    running: AtomicUsize,
    most: AtomicUsize,
    /// How long an answer takes.
    takes: Duration,
    embedder: HashEmbedder,
}

impl fmt::Debug for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Act")
    }
}

struct Running<'a>(&'a AtomicUsize);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl Embedder for Actor {
    fn identity(&self) -> &EmbedderIdentity {
        self.embedder.identity()
    }

    async fn embed(&self, texts: &[&str], purpose: Purpose) -> Result<Vec<Vec<f32>>> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let now = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        let _running = Running(&self.running);
        let act = self.acts.lock().unwrap().pop_front();
        match act {
            Some(Act::Fail(error)) => return Err(error),
            Some(Act::Hang) => std::future::pending().await,
            None => tokio::time::sleep(self.takes).await,
        }
        self.embedder.embed(texts, purpose).await
    }
}

fn down() -> Error {
    Error::new(ErrorKind::Unavailable, "connection refused by the tea house")
}

fn failing(times: usize) -> Vec<Act> {
    (0..times).map(|_| Act::Fail(down())).collect()
}

fn options() -> LayerOptions {
    LayerOptions { seed: Some(1), timeout: Some(SECOND), ..LayerOptions::default() }
}

struct Stage {
    actor: Arc<Actor>,
    embedder: Arc<dyn Embedder>,
    began: Instant,
}

impl Stage {
    fn new(acts: Vec<Act>, options: &LayerOptions) -> Self {
        Self::with(Actor { acts: Mutex::new(acts.into()), ..Actor::default() }, options)
    }

    fn with(actor: Actor, options: &LayerOptions) -> Self {
        let actor = Arc::new(actor);
        Self { embedder: layered_embedder(actor.clone(), options), actor, began: Instant::now() }
    }

    async fn call(&self) -> Result<()> {
        self.embedder.embed(&["green tea"], Purpose::Store).await.map(|_| ())
    }

    fn calls(&self) -> usize {
        self.actor.calls.load(Ordering::SeqCst)
    }
}

#[tokio::test(start_paused = true)]
async fn what_may_help_is_tried_again() {
    let stage = Stage::new(failing(3), &options());
    stage.call().await.unwrap();
    assert_eq!(stage.calls(), 4);
    let longest = Duration::from_millis(100 + 200 + 400 + 10);
    assert!(stage.began.elapsed() > Duration::ZERO && stage.began.elapsed() < longest);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_help_is_not_tried_again() {
    for error in [Error::invalid("no"), down().with_retry(Retry::Never), down().with_retry(Retry::Exhausted)] {
        let retry = error.retry();
        let stage = Stage::new(vec![Act::Fail(error)], &options());
        assert_eq!(stage.call().await.unwrap_err().retry(), retry);
        assert_eq!((stage.calls(), stage.began.elapsed()), (1, Duration::ZERO));
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_failure_says_that_it_was_the_last() {
    let stage = Stage::new(failing(9), &options());
    let error = stage.call().await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, Retry::Exhausted));
    assert_eq!(error.context(), [("tries", "4".to_owned())]);
    assert_eq!(stage.calls(), 4);

    // Where nothing may be repeated, whoever is outside may still do it.
    let stage = Stage::new(failing(1), &LayerOptions { max_retries: 0, ..options() });
    assert_eq!(stage.call().await.unwrap_err().retry(), Retry::Safe);
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_waits_the_same() {
    let mut waits = Vec::new();
    for seed in [5, 5, 6] {
        let stage = Stage::new(failing(3), &LayerOptions { seed: Some(seed), ..options() });
        stage.call().await.unwrap();
        waits.push(stage.began.elapsed());
    }
    assert_eq!(waits[0], waits[1]);
    assert_ne!(waits[0], waits[2]);
}

#[tokio::test(start_paused = true)]
async fn a_backend_says_how_long_to_wait() {
    let busy = |seconds| Act::Fail(Error::new(ErrorKind::RateLimited, "slow down").with_retry_after(SECOND * seconds));
    let stage = Stage::new(vec![busy(20)], &options());
    stage.call().await.unwrap();
    let waited = stage.began.elapsed();
    assert!(waited >= SECOND * 20 && waited < SECOND * 21, "{waited:?}");

    let stage = Stage::new(vec![busy(3_600)], &options());
    let error = stage.call().await.unwrap_err();
    assert_eq!((error.retry(), error.retry_after()), (Retry::Exhausted, Some(SECOND * 3_600)));
    assert_eq!(stage.began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_is_down_is_not_flooded() {
    let stage = Stage::new(failing(200), &LayerOptions { retry_budget: 5, ..options() });
    for _ in 0..100 {
        stage.call().await.unwrap_err();
    }
    assert_eq!(stage.calls(), 105);
    // It comes back, and so does the budget.
    stage.actor.acts.lock().unwrap().clear();
    for _ in 0..10 {
        stage.call().await.unwrap();
    }
    stage.actor.acts.lock().unwrap().extend(failing(1));
    stage.call().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn each_try_has_its_own_time() {
    let stage = Stage::new(vec![Act::Hang, Act::Hang], &options());
    stage.call().await.unwrap();
    assert_eq!(stage.calls(), 3);
    assert!(stage.began.elapsed() >= SECOND * 2);

    let stage = Stage::new(vec![Act::Hang, Act::Hang], &LayerOptions { max_retries: 1, ..options() });
    let error = stage.call().await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Timeout, Retry::Exhausted));
    assert_eq!(error.to_string(), "timeout: no answer in time (embed, backend=hash, limit=1s, tries=2)");
    assert_eq!(stage.actor.running.load(Ordering::SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn so_many_calls_run_at_a_time() {
    let actor = Actor { takes: Duration::from_millis(500), ..Actor::default() };
    let stage = Stage::with(actor, &LayerOptions { concurrency: Some(3), ..options() });
    let calls = futures::future::join_all((0..9).map(|_| stage.call())).await;
    assert!(calls.into_iter().all(|call| call.is_ok()));
    assert_eq!(stage.actor.most.load(Ordering::SeqCst), 3);
    // The wait for a place does not count as the time of a try.
    assert_eq!(stage.began.elapsed(), Duration::from_millis(1_500));
}

#[tokio::test(start_paused = true)]
async fn a_dropped_call_gives_its_place_back() {
    let stage = Stage::new(vec![Act::Hang], &LayerOptions { concurrency: Some(0), timeout: None, ..options() });
    assert!(tokio::time::timeout(SECOND, stage.call()).await.is_err());
    assert_eq!(stage.actor.running.load(Ordering::SeqCst), 0);
    stage.call().await.unwrap();
}

/// A store each of whose calls fails the first time.
#[derive(Debug)]
struct Moody<T: ?Sized> {
    calls: Arc<Mutex<BTreeMap<&'static str, usize>>>,
    inner: Arc<T>,
}

impl<T: ?Sized> Moody<T> {
    fn once(&self, operation: &'static str) -> Result<()> {
        let mut calls = self.calls.lock().unwrap();
        let count = calls.entry(operation).or_default();
        *count += 1;
        if *count == 1 { Err(down()) } else { Ok(()) }
    }
}

#[async_trait]
impl VectorStore for Moody<dyn VectorStore> {
    fn name(&self) -> &'static str {
        "moody"
    }
    fn capabilities(&self) -> &VectorCapabilities {
        self.inner.capabilities()
    }
    async fn open(&self, spec: &CollectionSpec) -> Result<Arc<dyn VectorCollection>> {
        self.once("open")?;
        Ok(Arc::new(Moody { calls: self.calls.clone(), inner: self.inner.open(spec).await? }))
    }
    async fn drop_collection(&self, name: &str) -> Result<()> {
        self.once("drop_collection")?;
        self.inner.drop_collection(name).await
    }
}

#[async_trait]
impl VectorCollection for Moody<dyn VectorCollection> {
    fn spec(&self) -> &CollectionSpec {
        self.inner.spec()
    }
    async fn upsert(&self, points: &[Point]) -> Result<()> {
        self.once("upsert")?;
        self.inner.upsert(points).await
    }
    async fn get(&self, scope: Option<&Scope>, ids: &[MemoryId]) -> Result<Vec<Option<Point>>> {
        self.once("get")?;
        self.inner.get(scope, ids).await
    }
    async fn search(&self, queries: &[VectorQuery]) -> Result<Vec<Vec<ScoredPoint>>> {
        self.once("search")?;
        self.inner.search(queries).await
    }
    async fn search_text(&self, queries: &[TextQuery]) -> Result<Vec<Vec<TextHit>>> {
        self.once("search_text")?;
        self.inner.search_text(queries).await
    }
    async fn scroll(&self, query: &ScrollQuery) -> Result<Vec<Point>> {
        self.once("scroll")?;
        self.inner.scroll(query).await
    }
    async fn count(&self, scope: Option<&Scope>, filter: &Filter) -> Result<u64> {
        self.once("count")?;
        self.inner.count(scope, filter).await
    }
    async fn delete(&self, selector: &Selector) -> Result<u64> {
        self.once("delete")?;
        self.inner.delete(selector).await
    }
}

#[tokio::test(start_paused = true)]
async fn every_operation_of_a_store_goes_through_the_layers() {
    let calls = Arc::new(Mutex::new(BTreeMap::new()));
    let inner: Arc<dyn VectorStore> = Arc::new(MemoryVectorStore::unversioned());
    let store = layered(Arc::new(Moody { calls: calls.clone(), inner }), &options());
    assert_eq!(store.name(), "moody");
    assert!(!store.capabilities().versioned);
    let embedder = HashEmbedder::default();
    let spec = CollectionSpec::new("c", embedder.identity().clone());
    let collection = store.open(&spec).await.unwrap();
    assert_eq!(collection.spec(), &spec);

    let scope = Scope::user("ana").unwrap();
    let vector = embedder.vector("tea");
    let mut payload = Payload::new();
    payload.insert("n".into(), json!(1));
    let id = MemoryId::from_uuid(uuid::Uuid::from_u128(1));
    let point = Point { id, version: 1, scope: scope.clone(), vector: vector.clone(), payload };
    collection.upsert(std::slice::from_ref(&point)).await.unwrap();
    assert_eq!(collection.get(None, &[id]).await.unwrap(), [Some(point.clone())]);
    let query = VectorQuery::new(scope.clone(), vector, 5).with_filter(Filter::eq("n", 1));
    assert_eq!(collection.search(&[query]).await.unwrap()[0][0].id, id);
    assert_eq!(collection.scroll(&ScrollQuery::new(None, 5)).await.unwrap(), [point]);
    assert_eq!(collection.count(Some(&scope), &Filter::eq("n", 2)).await.unwrap(), 0);
    assert_eq!(collection.delete(&Selector::Scope(scope)).await.unwrap(), 1);
    store.drop_collection("c").await.unwrap();
    let calls = calls.lock().unwrap();
    assert_eq!(calls.len(), 8);
    assert!(calls.values().all(|count| *count == 2), "{calls:?}");
}

/// Writes down every field of every span and event.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<String>>);

impl Visit for Recorder {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        use std::fmt::Write as _;
        write!(self.0.lock().unwrap(), "{}={value:?} ", field.name()).unwrap();
    }
}

impl tracing::Subscriber for Recorder {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, span: &span::Attributes<'_>) -> span::Id {
        span.record(&mut self.clone());
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        values.record(&mut self.clone());
    }
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut self.clone());
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

/// Everything that one failed and one good call show.
async fn seen() -> String {
    let recorder = Recorder::default();
    let _guard = tracing::subscriber::set_default(recorder.clone());
    // The other tests' threads use the same call sites, and one that was first
    // used a moment ago may not know of this recorder yet.
    tracing::callsite::rebuild_interest_cache();
    let acts = vec![Act::Fail(down()), Act::Hang, Act::Fail(Error::invalid("bad green tea"))];
    let stage = Stage::new(acts, &LayerOptions { backoff_base: Duration::ZERO, ..options() });
    stage.call().await.unwrap_err();
    stage.call().await.unwrap();
    let seen = recorder.0.lock().unwrap();
    seen.clone()
}

#[tokio::test(start_paused = true)]
async fn what_is_seen_of_a_call_is_not_its_content() {
    let _call_sites_are_in_use = seen().await;
    let seen = seen().await;
    for part in [
        r#"operation="embed" provider="hash" items=1"#,
        r#"error="unavailable" tries=1 wait_ms=0"#,
        r#"error="timeout" tries=2"#,
        r#"duration_ms=1000 error="invalid_input""#,
        "found=1",
    ] {
        assert!(seen.contains(part), "{part} is not in {seen}");
    }
    assert!(!seen.contains("tea"), "{seen}");
}
