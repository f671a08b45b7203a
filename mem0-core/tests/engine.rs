//! The engine over the reference stores: what every operation promises.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops at the first error")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use mem0_core::reference::{HashEmbedder, ManualClock, MemoryLedger, MemoryVectorStore};
use mem0_core::*;
use serde_json::json;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn ana() -> Scope {
    Scope::user("ana").unwrap()
}

struct World {
    mem0: Mem0,
    clock: Arc<ManualClock>,
    down: Arc<AtomicBool>,
    ledger: Arc<MemoryLedger>,
}

async fn world_with(store: MemoryVectorStore) -> World {
    let clock = Arc::new(ManualClock::new(at("2024-05-01T12:00:00Z")));
    let down = Arc::new(AtomicBool::new(false));
    let ledger = Arc::new(MemoryLedger::new());
    let store = Arc::new(Switch { inner: Arc::new(store), down: Arc::clone(&down) });
    let mem0 = Mem0::builder(Arc::clone(&ledger) as _, store, Arc::new(HashEmbedder::new(64)))
        .clock(Arc::clone(&clock) as _)
        .open()
        .await
        .unwrap();
    World { mem0, clock, down, ledger }
}

async fn world() -> World {
    world_with(MemoryVectorStore::new()).await
}

/// A vector store that can be switched off.
#[derive(Debug)]
struct Switch {
    inner: Arc<dyn VectorStore>,
    down: Arc<AtomicBool>,
}

#[derive(Debug)]
struct SwitchCollection {
    inner: Arc<dyn VectorCollection>,
    down: Arc<AtomicBool>,
}

fn up(down: &AtomicBool) -> Result<()> {
    if down.load(Ordering::SeqCst) { Err(Error::new(ErrorKind::Unavailable, "switched off")) } else { Ok(()) }
}

#[async_trait]
impl VectorStore for Switch {
    fn name(&self) -> &'static str {
        self.inner.name()
    }
    fn capabilities(&self) -> &VectorCapabilities {
        self.inner.capabilities()
    }
    async fn open(&self, spec: &CollectionSpec) -> Result<Arc<dyn VectorCollection>> {
        up(&self.down)?;
        let inner = self.inner.open(spec).await?;
        Ok(Arc::new(SwitchCollection { inner, down: Arc::clone(&self.down) }))
    }
    async fn drop_collection(&self, name: &str) -> Result<()> {
        up(&self.down)?;
        self.inner.drop_collection(name).await
    }
}

#[async_trait]
impl VectorCollection for SwitchCollection {
    fn spec(&self) -> &CollectionSpec {
        self.inner.spec()
    }
    async fn upsert(&self, points: &[Point]) -> Result<()> {
        up(&self.down)?;
        self.inner.upsert(points).await
    }
    async fn get(&self, scope: Option<&Scope>, ids: &[MemoryId]) -> Result<Vec<Option<Point>>> {
        up(&self.down)?;
        self.inner.get(scope, ids).await
    }
    async fn search(&self, queries: &[VectorQuery]) -> Result<Vec<Vec<ScoredPoint>>> {
        up(&self.down)?;
        self.inner.search(queries).await
    }
    async fn search_text(&self, queries: &[TextQuery]) -> Result<Vec<Vec<TextHit>>> {
        up(&self.down)?;
        self.inner.search_text(queries).await
    }
    async fn scroll(&self, query: &ScrollQuery) -> Result<Vec<Point>> {
        up(&self.down)?;
        self.inner.scroll(query).await
    }
    async fn count(&self, scope: Option<&Scope>, filter: &Filter) -> Result<u64> {
        up(&self.down)?;
        self.inner.count(scope, filter).await
    }
    async fn delete(&self, selector: &Selector) -> Result<u64> {
        up(&self.down)?;
        self.inner.delete(selector).await
    }
}

async fn remember(mem0: &Mem0, text: &str) -> MemoryId {
    let result = mem0.add(text, &ana(), AddOptions::as_said()).await.unwrap();
    assert_eq!(result.results[0].event, Event::Add);
    result.results[0].id
}

async fn texts(mem0: &Mem0, when: When) -> Vec<String> {
    let page = mem0.get_all(&ana(), ListOptions::default().ascending().when(when)).await.unwrap();
    page.results.into_iter().map(|memory| memory.content.text).collect()
}

async fn found(mem0: &Mem0, query: &str, options: SearchOptions) -> Vec<String> {
    let result = mem0.search(query, &ana(), options.threshold(0.0)).await.unwrap();
    result.results.into_iter().map(|hit| hit.memory.content.text).collect()
}

#[tokio::test]
async fn as_said_keeps_speaker_time_and_source_and_knows_repeats() {
    let World { mem0, .. } = world().await;
    let talk = vec![
        Message::new(Role::System, "Be kind."),
        Message::user("I love green tea.").with_name("Ana").with_id("m1").at(at("2024-04-30T10:00:00Z")),
        Message::assistant("Noted!"),
    ];
    let first = mem0.add(talk.clone(), &ana(), AddOptions::as_said()).await.unwrap();
    assert_eq!(first.results.len(), 2);
    assert_eq!(first.dropped[0].reason, DropReason::SystemMessage);
    let memory = mem0.get(first.results[0].id, Some(&ana())).await.unwrap().unwrap();
    assert_eq!(memory.content.actor.as_deref(), Some("Ana"));
    assert_eq!(memory.content.sources, ["m1"]);
    assert_eq!(memory.content.valid_from, Some(at("2024-04-30T10:00:00Z")));
    assert_eq!(memory.content.kind, MemoryKind::Episode);

    let again = mem0.add(talk, &ana(), AddOptions::as_said()).await.unwrap();
    assert!(again.results.iter().all(|item| item.event == Event::None) && again.txn.is_none());
    assert_eq!(again.results[0].id, first.results[0].id);
    assert_eq!(mem0.count(&ana(), &Filter::All, When::default()).await.unwrap(), 2);
    // Another scope is another owner.
    let other = mem0.add("Noted!", &ana().with_run("7").unwrap(), AddOptions::as_said()).await.unwrap();
    assert_eq!(other.results[0].event, Event::Add);
}

#[tokio::test]
async fn bad_input_is_refused_before_any_io() {
    let World { mem0, down, .. } = world().await;
    down.store(true, Ordering::SeqCst);
    let long = "x".repeat(65_537);
    let reserved = json!({"user_id": "eve"}).as_object().unwrap().clone();
    for (input, options) in [
        (AddInput::from(""), AddOptions::as_said()),
        (AddInput::from(" \n"), AddOptions::default()),
        (AddInput::from(Vec::new()), AddOptions::default()),
        (AddInput::from(long), AddOptions::as_said()),
        (AddInput::from("x"), AddOptions::as_said().metadata(reserved)),
        (AddInput::from("x"), AddOptions::as_said().categories([""])),
        (AddInput::from("x"), AddOptions::as_said().idempotency_key("")),
        (AddInput::from("x"), AddOptions::procedure()),
    ] {
        let error = mem0.add(input, &ana(), options).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    }
    for options in [
        SearchOptions::default().threshold(f32::NAN),
        SearchOptions::default().threshold(1.1),
        SearchOptions::default().limit(10_001),
        SearchOptions::default().filter(Filter::eq("user_id", "eve")),
    ] {
        assert_eq!(mem0.search("x", &ana(), options).await.unwrap_err().kind(), ErrorKind::InvalidInput);
    }
    assert_eq!(mem0.search(" ", &ana(), SearchOptions::default()).await.unwrap_err().kind(), ErrorKind::InvalidInput);
    let unknown: MemoryId = "00000000-0000-7000-8000-000000000001".parse().unwrap();
    for error in [
        mem0.update(unknown, UpdateOptions::text("x")).await.unwrap_err(),
        mem0.delete(unknown, None).await.unwrap_err(),
        mem0.history(unknown, None).await.unwrap_err(),
        mem0.undo(unknown, None).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    }
    let nothing = mem0.update(unknown, UpdateOptions::default()).await.unwrap_err();
    assert_eq!(nothing.kind(), ErrorKind::InvalidInput);
}

#[tokio::test]
async fn search_finds_by_words_alone_and_explains_itself() {
    let World { mem0, .. } = world().await;
    remember(&mem0, "The flight to Lisbon leaves on Friday").await;
    remember(&mem0, "My sister plays the violin").await;
    let options = SearchOptions::default().explain();
    let hits = mem0.search("violin", &ana(), options).await.unwrap().results;
    assert_eq!(hits[0].memory.content.text, "My sister plays the violin");
    let why = hits[0].breakdown.unwrap();
    assert!(why.signals.keyword > 0.3);
    assert!((why.parts.to_array().iter().sum::<f32>() - hits[0].score).abs() < 1e-5);
    assert!(mem0.search("violin", &ana(), SearchOptions::default().limit(0)).await.unwrap().results.is_empty());
    let stranger = Scope::user("eve").unwrap();
    assert!(
        mem0.search("violin", &stranger, SearchOptions::default().threshold(0.0)).await.unwrap().results.is_empty()
    );
}

#[tokio::test]
async fn filters_mean_the_same_on_a_store_that_knows_none() {
    let weak = MemoryVectorStore::new().with_filter_capabilities(FilterCapabilities::NONE);
    for store in [MemoryVectorStore::new(), weak, MemoryVectorStore::unversioned()] {
        let World { mem0, .. } = world_with(store).await;
        for n in 0..200 {
            let metadata = json!({"n": n}).as_object().unwrap().clone();
            let options = AddOptions::as_said().metadata(metadata);
            mem0.add(format!("note about tea number {n}"), &ana(), options).await.unwrap();
        }
        let filter = Filter::gte("n", 195_i64).and(!Filter::eq("n", 197_i64));
        let options = SearchOptions::default().filter(filter.clone()).limit(3);
        let hits = found(&mem0, "tea", options).await;
        assert_eq!(hits.len(), 3);
        let all = found(&mem0, "tea", SearchOptions::default().filter(filter.clone()).limit(100)).await;
        assert_eq!(all.len(), 4);
        assert_eq!(mem0.count(&ana(), &filter, When::default()).await.unwrap(), 4);
    }
}

#[tokio::test]
async fn what_is_said_again_names_the_messages_that_said_it() {
    let mem0 = world().await.mem0;
    let said = |id: &str| Message::user("I like tea.").with_name("Ana").with_id(id);
    for options in [AddOptions::default(), AddOptions::as_said()] {
        let first = mem0.add(said("m1"), &ana(), options.clone()).await.unwrap().results.remove(0);
        let again = mem0.add(said("m2"), &ana(), options).await.unwrap().results.remove(0);
        assert_eq!((first.event, first.sources), (Event::Add, vec!["m1".to_owned()]));
        assert_eq!((again.id, again.event, again.sources), (first.id, Event::None, vec!["m2".to_owned()]));
    }
}

#[tokio::test]
async fn updates_keep_history_and_undo_brings_back() {
    let World { mem0, clock, .. } = world().await;
    let id = remember(&mem0, "I live in Porto").await;
    clock.advance(Duration::from_secs(60));
    let patch = json!({"city": {"name": "Lisbon"}}).as_object().unwrap().clone();
    let changed = mem0.update(id, UpdateOptions::text("I live in Lisbon").with_metadata(patch)).await.unwrap();
    assert_eq!((changed.event, changed.version), (Event::Update, 2));
    assert_eq!(found(&mem0, "live Lisbon", SearchOptions::default()).await, ["I live in Lisbon"]);
    let same = mem0.update(id, UpdateOptions::text("I live in Lisbon")).await.unwrap();
    assert_eq!((same.event, same.version), (Event::None, 2));
    clock.advance(Duration::from_secs(60));
    let gone = json!({"city": {"name": null, "code": 1}}).as_object().unwrap().clone();
    mem0.update(id, UpdateOptions::metadata(gone)).await.unwrap();
    assert_eq!(
        mem0.get(id, None).await.unwrap().unwrap().content.metadata,
        *json!({"city": {"code": 1}}).as_object().unwrap()
    );
    mem0.undo(id, Some(&ana())).await.unwrap();
    clock.advance(Duration::from_secs(60));
    mem0.delete(id, Some(&ana())).await.unwrap();
    assert!(mem0.get(id, None).await.unwrap().is_none());
    assert!(found(&mem0, "live Lisbon", SearchOptions::default()).await.is_empty());
    mem0.undo(id, None).await.unwrap();
    assert_eq!(found(&mem0, "live Lisbon", SearchOptions::default()).await, ["I live in Lisbon"]);
    let history = mem0.history(id, Some(&ana())).await.unwrap();
    let events: Vec<EventKind> = history.iter().map(|entry| entry.event).collect();
    use EventKind::{Add, Delete, Undo, Update};
    assert_eq!(events, [Add, Update, Update, Undo, Delete, Undo]);
    assert_eq!(history[1].old_memory.as_deref(), Some("I live in Porto"));
    assert!(history[4].is_deleted && history[4].new_memory.is_none());
    let stale = UpdateOptions::text("x").if_version(1);
    assert_eq!(mem0.update(id, stale).await.unwrap_err().kind(), ErrorKind::Conflict);
    assert!(mem0.doctor(false).await.unwrap().is_healthy());
}

#[tokio::test]
async fn a_commit_is_taken_back_whole_or_not_at_all() {
    let World { mem0, .. } = world().await;
    let two = vec![Message::user("one thing"), Message::user("another thing")];
    let first = mem0.add(two.clone(), &ana(), AddOptions::as_said()).await.unwrap();
    let txn = first.txn.unwrap();
    mem0.update(first.results[0].id, UpdateOptions::text("changed")).await.unwrap();
    assert_eq!(mem0.undo_commit(txn, None).await.unwrap_err().kind(), ErrorKind::Conflict);
    mem0.undo(first.results[0].id, None).await.unwrap();
    // The undo is a change of its own, so the first commit is not the last.
    assert_eq!(mem0.undo_commit(txn, None).await.unwrap_err().kind(), ErrorKind::Conflict);
    let scope = Scope::user("bob").unwrap();
    let second = mem0.add(two, &scope, AddOptions::as_said()).await.unwrap();
    assert_eq!(mem0.undo_commit(second.txn.unwrap(), Some(&ana())).await.unwrap_err().kind(), ErrorKind::NotFound);
    let undone = mem0.undo_commit(second.txn.unwrap(), Some(&scope)).await.unwrap();
    assert!(undone.iter().all(|change| change.event == Event::Delete));
    assert_eq!(mem0.count(&scope, &Filter::All, When::default()).await.unwrap(), 0);
}

#[tokio::test]
async fn both_clocks_can_be_turned_back() {
    let World { mem0, clock, .. } = world().await;
    let porto = AddOptions::as_said().timestamp(at("2020-01-01"));
    let id = mem0.add("I live in Porto", &ana(), porto).await.unwrap().results[0].id;
    clock.set(at("2024-06-01"));
    let moved = UpdateOptions::text("I live in Lisbon").valid_from(at("2022-03-01"));
    mem0.update(id, moved).await.unwrap();
    for (when, want) in [
        (When::default(), vec!["I live in Lisbon"]),
        (When::as_of(at("2019-01-01")), vec![]),
        (When::as_of(at("2021-01-01")), vec!["I live in Porto"]),
        (When::as_of(at("2023-01-01")), vec!["I live in Lisbon"]),
        (When::known_at(at("2024-04-01")), vec![]),
        (When::known_at(at("2024-05-15")), vec!["I live in Porto"]),
    ] {
        assert_eq!(texts(&mem0, when).await, want, "{when:?}");
        assert_eq!(found(&mem0, "Where do I live?", SearchOptions::default().when(when)).await, want, "{when:?}");
    }
    clock.set(at("2024-07-01"));
    mem0.delete(id, None).await.unwrap();
    assert!(texts(&mem0, When::as_of(at("2021-01-01"))).await.is_empty());
    assert_eq!(texts(&mem0, When::known_at(at("2024-06-15"))).await, ["I live in Lisbon"]);
}

#[tokio::test]
async fn expired_memories_hide_and_do_not_block() {
    let World { mem0, clock, .. } = world().await;
    let soon = AddOptions::as_said().expires_at(at("2024-05-01T13:00:00Z"));
    mem0.add("The code is 4711", &ana(), soon.clone()).await.unwrap();
    assert_eq!(found(&mem0, "code", SearchOptions::default()).await.len(), 1);
    clock.set(at("2024-05-01T13:00:00Z"));
    assert!(found(&mem0, "code", SearchOptions::default()).await.is_empty());
    assert!(texts(&mem0, When::default()).await.is_empty());
    assert_eq!(texts(&mem0, When::with_expired()).await, ["The code is 4711"]);
    assert_eq!(found(&mem0, "code", SearchOptions::default().when(When::with_expired())).await.len(), 1);
    let again = mem0.add("The code is 4711", &ana(), AddOptions::as_said()).await.unwrap();
    assert_eq!(again.results[0].event, Event::Add);
    assert_eq!(found(&mem0, "code", SearchOptions::default()).await.len(), 1);
}

#[tokio::test]
async fn a_vector_store_that_is_down_loses_nothing() {
    let World { mem0, clock, down, .. } = world().await;
    let old = remember(&mem0, "I have a dog named Rex").await;
    down.store(true, Ordering::SeqCst);
    let added = mem0.add("I have a cat named Tom", &ana(), AddOptions::as_said()).await.unwrap();
    assert_eq!(added.degraded, [Degraded::VectorStoreDown]);
    mem0.update(old, UpdateOptions::text("I have a dog named Max")).await.unwrap();
    let result = mem0.search("dog named", &ana(), SearchOptions::default()).await.unwrap();
    assert_eq!(result.degraded, [Degraded::VectorStoreDown]);
    assert_eq!(result.results[0].memory.content.text, "I have a dog named Max");
    assert_eq!(mem0.stats(None).await.unwrap().ledger.pending, 2);
    down.store(false, Ordering::SeqCst);
    // Before the pause is over the answer is the store's, corrected by what is pending.
    let result = mem0.search("dog named", &ana(), SearchOptions::default()).await.unwrap();
    assert!(result.degraded.is_empty());
    assert_eq!(result.results[0].memory.content.text, "I have a dog named Max");
    assert_eq!(result.results.len(), 2);
    clock.advance(Duration::from_secs(120));
    assert_eq!(mem0.flush().await.unwrap().projected, 2);
    assert!(mem0.doctor(false).await.unwrap().is_healthy());
}

#[tokio::test]
async fn an_engine_opens_while_the_store_is_down_and_recovers_when_it_is_up() {
    let ledger = Arc::new(MemoryLedger::new());
    let down = Arc::new(AtomicBool::new(true));
    let store = Arc::new(Switch { inner: Arc::new(MemoryVectorStore::new()), down: Arc::clone(&down) });
    let open = || Mem0::builder(Arc::clone(&ledger) as _, Arc::clone(&store) as _, Arc::new(HashEmbedder::new(32)));
    let mem0 = open().open().await.unwrap();
    remember(&mem0, "written in the dark").await;
    drop(mem0);
    down.store(false, Ordering::SeqCst);
    let later = Arc::new(ManualClock::new(at("2100-01-01")));
    let mem0 = open().clock(later).open().await.unwrap();
    assert_eq!(mem0.stats(None).await.unwrap().ledger.pending, 0);
    assert_eq!(mem0.stats(None).await.unwrap().points, Some(1));
}

#[tokio::test]
async fn delete_all_counts_and_erase_leaves_nothing() {
    let World { mem0, ledger, .. } = world().await;
    let requests = (0..2_500).map(|n| AddRequest::new(format!("note {n}"), ana(), AddOptions::as_said())).collect();
    mem0.add_many(requests).await.unwrap();
    let bob = Scope::user("bob").unwrap();
    mem0.add("bob's note", &bob, AddOptions::as_said()).await.unwrap();
    let some = Filter::icontains("data", "note 24");
    assert_eq!(mem0.delete_all(&ana(), &some).await.unwrap().deleted, 111);
    assert!(!mem0.messages(&ana(), 1).await.unwrap().is_empty());
    assert_eq!(mem0.delete_all(&ana(), &Filter::All).await.unwrap().deleted, 2_389);
    assert!(mem0.messages(&ana(), 1).await.unwrap().is_empty());
    assert_eq!(mem0.count(&bob, &Filter::All, When::default()).await.unwrap(), 1);
    let receipt = mem0.erase(&ana()).await.unwrap();
    assert!(receipt.verified);
    assert_eq!(receipt.ledger.memories, 2_500);
    assert!(ledger.log(Some(&ana()), 0, 10).await.unwrap().is_empty());
    assert_eq!(mem0.reset().await.unwrap(), 1);
    assert_eq!(mem0.stats(None).await.unwrap().ledger.events, 0);
    remember(&mem0, "after the reset").await;
    assert_eq!(found(&mem0, "reset", SearchOptions::default()).await.len(), 1);
}

#[tokio::test]
async fn a_repeated_key_changes_nothing() {
    let World { mem0, .. } = world().await;
    let options = AddOptions::as_said().idempotency_key("call-1");
    let first = mem0.add("one", &ana(), options.clone()).await.unwrap();
    mem0.delete(first.results[0].id, None).await.unwrap();
    let again = mem0.add("one", &ana(), options.clone()).await.unwrap();
    assert!(again.replayed);
    assert_eq!(again.results[0].id, first.results[0].id);
    assert!(texts(&mem0, When::default()).await.is_empty());
    assert_eq!(mem0.add("two", &ana(), options).await.unwrap_err().kind(), ErrorKind::AlreadyExists);
}

#[tokio::test]
async fn an_export_is_the_same_memory_elsewhere() {
    let World { mem0, clock, .. } = world().await;
    let id = remember(&mem0, "I live in Porto").await;
    clock.advance(Duration::from_secs(3600));
    mem0.update(id, UpdateOptions::text("I live in Lisbon")).await.unwrap();
    let gone = remember(&mem0, "a secret").await;
    mem0.delete(gone, None).await.unwrap();
    let mut file = Vec::new();
    let written = mem0.export(None, &mut file).await.unwrap();
    assert_eq!((written.events, written.messages), (4, 2));

    let World { mem0: copy, .. } = world().await;
    let read = copy.import(&mut file.as_slice()).await.unwrap();
    assert_eq!((read.events, read.messages, read.embedded), (4, 2, 0));
    assert_eq!(copy.history(id, None).await.unwrap(), mem0.history(id, None).await.unwrap());
    assert_eq!(copy.get(id, None).await.unwrap(), mem0.get(id, None).await.unwrap());
    let past = When::known_at(at("2024-05-01T12:30:00Z"));
    assert_eq!(texts(&copy, past).await, texts(&mem0, past).await);
    assert!(copy.doctor(false).await.unwrap().is_healthy());
    let again = copy.import(&mut file.as_slice()).await.unwrap();
    assert_eq!((again.events, again.skipped), (0, 4));
    // What was erased can be imported again, whatever the vector store remembers.
    copy.erase(&ana()).await.unwrap();
    assert_eq!(copy.import(&mut file.as_slice()).await.unwrap().events, 4);
    assert_eq!(found(&copy, "live Lisbon", SearchOptions::default()).await, ["I live in Lisbon"]);
    assert!(copy.doctor(false).await.unwrap().is_healthy());
    for bad in [
        "",
        "{}",
        "not json",
        r#"{"type":"mem0_export","format":99,"identity":{"model":"x","dims":1},"exported_at":"2024-01-01"}"#,
    ] {
        let outcome = copy.import(&mut bad.as_bytes()).await;
        assert!(bad.is_empty() || outcome.is_err(), "{bad}");
    }
}

#[tokio::test]
async fn another_model_is_refused_until_everything_has_moved() {
    let ledger = Arc::new(MemoryLedger::new());
    let store: Arc<dyn VectorStore> = Arc::new(MemoryVectorStore::new());
    let open = |dims| Mem0::builder(Arc::clone(&ledger) as _, Arc::clone(&store), Arc::new(HashEmbedder::new(dims)));
    let mem0 = open(32).open().await.unwrap();
    let id = remember(&mem0, "I live in Porto").await;
    mem0.update(id, UpdateOptions::text("I live in Lisbon")).await.unwrap();
    let refused = open(64).collection("mem0_64").open().await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::IdentityMismatch);
    assert!(refused.to_string().contains("reindex"), "{refused}");

    let target = ReindexTarget::default().embedder(Arc::new(HashEmbedder::new(64))).collection("mem0_64");
    let done = mem0.reindex(target, |_| ()).await.unwrap();
    assert_eq!((done.embedded, done.points), (2, 1));
    assert_eq!(found(&mem0, "where do I live", SearchOptions::default()).await, ["I live in Lisbon"]);
    remember(&mem0, "after the move").await;
    assert!(mem0.doctor(false).await.unwrap().is_healthy());
    assert_eq!(open(32).open().await.unwrap_err().kind(), ErrorKind::IdentityMismatch);
    let back = open(32).collection("mem0_back").move_projection(true).open().await.unwrap();
    assert_eq!(found(&back, "where do I live", SearchOptions::default().limit(1)).await, ["I live in Lisbon"]);
    let late = mem0.add("too late", &ana(), AddOptions::as_said()).await.unwrap_err();
    assert_eq!(late.kind(), ErrorKind::IdentityMismatch);
}

#[tokio::test]
async fn doctor_finds_and_mends_what_does_not_agree() {
    let ledger = Arc::new(MemoryLedger::new());
    let store = Arc::new(MemoryVectorStore::new());
    let embedder = Arc::new(HashEmbedder::new(32));
    let mem0 = Mem0::builder(ledger, Arc::clone(&store) as _, Arc::clone(&embedder) as _).open().await.unwrap();
    let lost = remember(&mem0, "lost").await;
    remember(&mem0, "kept").await;
    let collection = store.open(&CollectionSpec::new("mem0", embedder.identity().clone())).await.unwrap();
    let stray = Point {
        id: "00000000-0000-7000-8000-000000000009".parse().unwrap(),
        version: 1,
        scope: ana(),
        vector: embedder.vector("stray"),
        payload: Payload::new(),
    };
    collection.upsert(&[stray]).await.unwrap();
    collection.delete(&Selector::Ids(vec![(lost, 1)])).await.unwrap();
    assert_eq!(mem0.doctor(false).await.unwrap().findings.len(), 2);
    let report = mem0.doctor(true).await.unwrap();
    assert_eq!((report.findings.len(), report.repaired), (2, 2));
    assert!(mem0.doctor(false).await.unwrap().is_healthy());
    assert_eq!(mem0.stats(None).await.unwrap().points, Some(2));
}

#[tokio::test]
async fn procedures_belong_to_an_agent() {
    let World { mem0, .. } = world().await;
    let bot = Scope::agent("bot").unwrap();
    let steps = vec![Message::user("Open the ticket"), Message::assistant("Ask for the order number")];
    let result = mem0.add(steps, &bot, AddOptions::procedure()).await.unwrap();
    assert_eq!(result.results.len(), 1);
    let memory = mem0.get(result.results[0].id, None).await.unwrap().unwrap();
    assert_eq!(memory.content.kind, MemoryKind::Procedure);
    assert_eq!(memory.content.text, "Open the ticket\nAsk for the order number");
    assert_eq!(memory.content.sources.len(), 2);
}

#[tokio::test]
async fn results_have_the_shape_of_the_reference() {
    let World { mem0, .. } = world().await;
    let metadata = json!({"mood": "good"}).as_object().unwrap().clone();
    let added = mem0.add("I love tea", &ana(), AddOptions::as_said().metadata(metadata)).await.unwrap();
    let json = serde_json::to_value(&added).unwrap();
    assert_eq!(json["results"][0]["event"], "ADD");
    assert_eq!(json["results"][0]["memory"], "I love tea");
    let hits =
        serde_json::to_value(mem0.search("tea", &ana(), SearchOptions::default().explain()).await.unwrap()).unwrap();
    let hit = &hits["results"][0];
    assert_eq!((&hit["user_id"], &hit["metadata"]["mood"]), (&json!("ana"), &json!("good")));
    assert!(hit["score"].as_f64().unwrap() > 0.1 && hit["score_details"]["signals"]["semantic"].is_number());
    assert_eq!(hit["hash"].as_str().unwrap().len(), 32);
    let all = serde_json::to_value(mem0.get_all(&ana(), ListOptions::default()).await.unwrap()).unwrap();
    assert!(all["results"][0]["score"].is_null() && all["results"][0]["id"].is_string());
}
