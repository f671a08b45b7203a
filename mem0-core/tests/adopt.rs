//! Taking over what another program wrote, over the reference stores.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops at the first error")]

use std::sync::Arc;

use async_trait::async_trait;
use mem0_core::reference::{HashEmbedder, MemoryLedger, MemoryVectorStore};
use mem0_core::*;
use serde_json::{Value, json};

const DIMS: usize = 64;

/// Pages of three, however many are asked for, the last point of each page
/// again at the beginning of the next.
#[derive(Debug)]
struct Elsewhere(Vec<ForeignPoint>);

#[async_trait]
impl ForeignCollection for Elsewhere {
    fn name(&self) -> &'static str {
        "elsewhere"
    }

    async fn read(&self, from: Option<&str>, _limit: usize) -> Result<ForeignPage> {
        let from: usize = from.map_or(0, |from| from.parse().unwrap());
        let to = (from + 3).min(self.0.len());
        let points = self.0[from.saturating_sub(1)..to].to_vec();
        Ok(ForeignPage { points, next: (to < self.0.len()).then(|| to.to_string()) })
    }
}

fn id(n: u8) -> String {
    format!("00000000-0000-4000-8000-0000000000{n:02}")
}

fn memory_id(n: u8) -> MemoryId {
    id(n).parse().unwrap()
}

fn point(id: &str, payload: Value) -> ForeignPoint {
    let Value::Object(payload) = payload else { unreachable!() };
    ForeignPoint { id: id.to_owned(), vector: Some(vec![2.0; DIMS]), payload }
}

fn said(n: u8, text: &str) -> ForeignPoint {
    point(
        &id(n),
        json!({
            "data": text, "hash": "x", "user_id": "ana", "agent_id": "helper", "mood": "good",
            "created_at": "2024-05-01T10:00:00.000005+00:00", "updated_at": "2024-05-03T10:00:00+02:00",
            "text_lemmatized": "y", "role": "user",
        }),
    )
}

fn event(n: u8, name: &str, old: Option<&str>, new: Option<&str>, at: &str) -> ForeignEvent {
    let mut event = ForeignEvent::new(id(n), name);
    event.old_text = old.map(str::to_owned);
    event.new_text = new.map(str::to_owned);
    event.at = Some(at.parse().unwrap());
    event
}

async fn memory() -> Mem0 {
    let (ledger, store) = (Arc::new(MemoryLedger::new()), Arc::new(MemoryVectorStore::new()));
    Mem0::builder(ledger, store, Arc::new(HashEmbedder::new(DIMS))).open().await.unwrap()
}

async fn history(mem0: &Mem0, n: u8) -> Vec<(String, String, String)> {
    let entries = mem0.history(memory_id(n), None).await.unwrap();
    let shown = |entry: Value| {
        let text = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
        (text("event"), text("new_memory"), text("updated_at"))
    };
    entries.iter().map(|entry| shown(serde_json::to_value(entry).unwrap())).collect()
}

#[tokio::test]
async fn ids_times_scopes_and_metadata_are_kept() {
    let mem0 = memory().await;
    let elsewhere = Elsewhere((0..10).map(|n| said(n, &format!("Fact number {n}"))).collect());
    let done = mem0.adopt(&elsewhere, AdoptOptions::default()).await.unwrap();
    assert_eq!((done.read, done.memories, done.events, done.embedded), (10, 10, 10, 10), "{done:?}");
    let kept = mem0.get(memory_id(7), None).await.unwrap().unwrap();
    assert_eq!(kept.content.text, "Fact number 7");
    assert_eq!(kept.scope, Scope::user("ana").unwrap().with_agent("helper").unwrap());
    assert_eq!(kept.created_at.to_string(), "2024-05-01T10:00:00.000005Z");
    assert_eq!(kept.updated_at.to_string(), "2024-05-03T08:00:00.000000Z");
    assert_eq!((kept.content.metadata.len(), &kept.content.metadata["mood"]), (1, &json!("good")));
    let found = mem0.search("Fact number 7", &kept.scope, SearchOptions::default()).await.unwrap();
    assert_eq!(found.results[0].memory.id, memory_id(7));
    assert!(mem0.doctor(false).await.unwrap().findings.is_empty());
}

#[tokio::test]
async fn it_can_be_repeated_and_goes_on_where_it_was_interrupted() {
    let mem0 = memory().await;
    let all: Vec<_> = (0..10).map(|n| said(n, &format!("Fact number {n}"))).collect();
    mem0.adopt(&Elsewhere(all[..4].to_vec()), AdoptOptions::default()).await.unwrap();
    mem0.update(memory_id(2), UpdateOptions::text("Fact number two")).await.unwrap();
    let done = mem0.adopt(&Elsewhere(all.clone()), AdoptOptions::default()).await.unwrap();
    assert_eq!((done.read, done.memories, done.already), (10, 6, 4));
    assert_eq!(mem0.get(memory_id(2), None).await.unwrap().unwrap().content.text, "Fact number two");
    let again = mem0.adopt(&Elsewhere(all), AdoptOptions::default()).await.unwrap();
    assert_eq!((again.memories, again.events, again.embedded, again.already), (0, 0, 0, 10));
}

#[tokio::test]
async fn earlier_versions_come_from_the_history() {
    let mem0 = memory().await;
    let events = vec![
        event(1, "ADD", None, Some("Likes tea"), "2024-05-01T10:00:00.000005Z"),
        event(1, "UPDATE", Some("Likes tea"), Some("Likes green tea"), "2024-05-02T00:00:00Z"),
        event(1, "UPDATE", Some("Likes green tea"), Some("Likes black tea"), "2024-05-03T08:00:00Z"),
        // An entry that was lost, a time that lies beyond the last change, and a
        // deletion that did not happen.
        event(2, "UPDATE", Some("Has a cat"), Some("Has two cats"), "2030-01-01T00:00:00Z"),
        event(2, "DELETE", Some("Has two cats"), None, "2024-05-02T00:00:00Z"),
        event(9, "ADD", None, Some("Of somebody"), "2024-05-02T00:00:00Z"),
    ];
    let elsewhere = Elsewhere(vec![said(1, "Likes black tea"), said(2, "Has three cats")]);
    let done = mem0.adopt(&elsewhere, AdoptOptions::default().history(events)).await.unwrap();
    assert_eq!((done.memories, done.events, done.history_left), (2, 6, 1), "{done:?}");
    let texts = |entries: &[(String, String, String)]| -> Vec<String> {
        entries.iter().map(|(event, text, _)| format!("{event} {text}")).collect()
    };
    let first = history(&mem0, 1).await;
    assert_eq!(texts(&first), ["ADD Likes tea", "UPDATE Likes green tea", "UPDATE Likes black tea"]);
    let second = history(&mem0, 2).await;
    assert_eq!(texts(&second), ["ADD Has a cat", "UPDATE Has two cats", "UPDATE Has three cats"]);
    let kept = mem0.get(memory_id(1), None).await.unwrap().unwrap();
    assert_eq!((kept.version, kept.content.metadata.len()), (3, 1));
    assert_eq!(kept.created_at.to_string(), "2024-05-01T10:00:00.000005Z");
    assert!(mem0.doctor(false).await.unwrap().findings.is_empty());
}

#[tokio::test]
async fn what_is_no_memory_is_skipped_and_named_with_its_reason() {
    let mem0 = memory().await;
    let elsewhere = Elsewhere(vec![
        point("42", json!({"data": "x", "user_id": "u"})),
        point(&id(1), json!({"data": "secret words"})),
        point(&id(2), json!({"user_id": "u"})),
        point(&id(3), json!({"data": " ", "user_id": "u"})),
        point(&id(4), json!({"data": "x", "user_id": "u", "created_at": "soon"})),
        said(5, "The same"),
        said(6, "The same"),
        point(
            &id(7),
            json!({"data": "Of the other library", "userId": "x", "user_id": "u",
            "createdAt": "2024-05-01", "textLemmatized": "z"}),
        ),
    ]);
    let done = mem0.adopt(&elsewhere, AdoptOptions::default()).await.unwrap();
    assert_eq!((done.read, done.memories), (8, 2), "{done:?}");
    let reasons: Vec<_> = done.skipped.iter().map(|skipped| (skipped.id.as_str(), skipped.reason.as_str())).collect();
    for (id, part) in [
        ("42".to_owned(), "UUID"),
        (id(1), "scope"),
        (id(2), "data"),
        (id(3), "empty"),
        (id(4), "created_at"),
        (id(6), "says the same"),
    ] {
        let (_, reason) = reasons.iter().find(|(skipped, _)| *skipped == id).unwrap_or_else(|| panic!("{id}"));
        assert!(reason.contains(part) && !reason.contains("secret words"), "{reason}");
    }
    assert_eq!(reasons.len(), 6);
    let kept = mem0.get(memory_id(7), None).await.unwrap().unwrap();
    assert_eq!(kept.created_at.to_string(), "2024-05-01T00:00:00.000000Z");
}

#[tokio::test]
async fn a_dry_run_writes_nothing() {
    let mem0 = memory().await;
    let elsewhere = Elsewhere((0..5).map(|n| said(n, &format!("Fact number {n}"))).collect());
    let done = mem0.adopt(&elsewhere, AdoptOptions::default().dry_run(true)).await.unwrap();
    assert_eq!((done.dry_run, done.memories, done.events, done.embedded), (true, 5, 5, 0));
    assert_eq!(mem0.stats(None).await.unwrap().ledger.events, 0);
}

#[tokio::test]
async fn vectors_are_kept_only_if_they_fit() {
    let mem0 = memory().await;
    let mut odd = said(1, "No direction");
    odd.vector = Some(vec![0.0; DIMS]);
    let keep = || AdoptOptions::default().keep_vectors(true);
    let done = mem0.adopt(&Elsewhere(vec![said(0, "Kept"), odd]), keep()).await.unwrap();
    assert_eq!((done.memories, done.embedded), (2, 1));
    let mut short = said(3, "Short");
    short.vector = Some(vec![1.0]);
    let error = mem0.adopt(&Elsewhere(vec![short]), keep()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DimensionMismatch);
}
