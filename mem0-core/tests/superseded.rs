//! What was superseded never stands beside its successor, whichever moment a
//! read looks at: so it cannot outrank it either.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops at the first error")]

use std::sync::Arc;

use mem0_core::policies::{self, PolicyConfig};
use mem0_core::reference::{HashEmbedder, ManualClock, MemoryLedger, MemoryVectorStore, ScriptedLlm};
use mem0_core::*;
use serde_json::{Value, json};

const PORTO: &str = "Ana lives in Porto.";
const LISBON: &str = "Ana lives in Lisbon, as she told everybody who asked.";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn ana() -> Scope {
    Scope::user("ana").unwrap()
}

/// The number under which the memory was shown to the model.
fn shown(request: &LlmRequest) -> Value {
    let line = request.turns[0].text.lines().find(|line| line.contains("\"id\":") && line.contains("Porto")).unwrap();
    serde_json::from_str::<Value>(line).unwrap()["id"].clone()
}

/// Porto is told on 10 May 2024, true since then or as stated; Lisbon a month
/// later.
async fn moved(porto_since: Option<&'static str>, lisbon_since: Option<&'static str>) -> Mem0 {
    let llm = Arc::new(ScriptedLlm::answering(move |request| {
        let mut fact = if request.turns[0].text.contains("moved") {
            json!({"text": LISBON, "sources": [1], "event": "DELETE", "targets": [shown(request)], "reason": "moved"})
        } else {
            json!({"text": PORTO, "sources": [1], "event": "ADD", "targets": []})
        };
        let since = if fact["text"] == PORTO { porto_since } else { lisbon_since };
        fact["valid_from"] = json!(since);
        Ok(LlmResponse::new(json!({ "facts": [fact] }).to_string()))
    }));
    let clock = Arc::new(ManualClock::new(at("2024-05-10T12:00:00Z")));
    let (extractor, reconciler) = policies::single_pass(Arc::clone(&llm) as _, PolicyConfig::default()).unwrap();
    let mem0 = Mem0::builder(
        Arc::new(MemoryLedger::new()),
        Arc::new(MemoryVectorStore::new()),
        Arc::new(HashEmbedder::new(64)),
    )
    .clock(Arc::clone(&clock) as _)
    .llm(Arc::clone(&llm) as _)
    .policy(extractor, reconciler)
    .open()
    .await
    .unwrap();
    mem0.add("I live in Porto.", &ana(), AddOptions::default()).await.unwrap();
    clock.set(at("2024-06-10T12:00:00Z"));
    let second = mem0.add("I moved to Lisbon.", &ana(), AddOptions::default()).await.unwrap();
    assert!(second.results.iter().any(|item| item.event == Event::Delete), "{:?}", second.results.len());
    clock.set(at("2024-07-01T12:00:00Z"));
    mem0
}

/// What shows at a moment, by a list and by a search that asks for the old one.
async fn seen(mem0: &Mem0, when: When) -> Vec<String> {
    let options = ListOptions::default().when(when);
    let listed = mem0.get_all(&ana(), options).await.unwrap().results;
    let mut found: Vec<_> = mem0
        .search(PORTO, &ana(), SearchOptions::default().when(when))
        .await
        .unwrap()
        .results
        .into_iter()
        .map(|hit| hit.memory)
        .collect();
    found.sort_unstable_by_key(|memory| memory.id);
    let mut sorted = listed.clone();
    sorted.sort_unstable_by_key(|memory| memory.id);
    assert_eq!(found, sorted, "search and list at {when:?}");
    for memory in &listed {
        assert_eq!(mem0.get_when(memory.id, Some(&ana()), when).await.unwrap().as_ref(), Some(memory));
    }
    listed.into_iter().map(|memory| memory.content.text).collect()
}

/// Before everything, between the times that occur, and after them.
const MOMENTS: &[&str] = &[
    "2020-06-01",
    "2022-06-01",
    "2023-06-01",
    "2024-05-10T12:00:01Z",
    "2024-05-25",
    "2024-06-10T12:00:01Z",
    "2024-06-20",
];

#[tokio::test]
async fn a_superseded_fact_never_shows_beside_its_successor() {
    let sinces = [None, Some("2021-01-01"), Some("2023-01-01"), Some("2024-05-20"), Some("2024-06-20")];
    for porto in sinces.iter().take(3) {
        for lisbon in sinces {
            let mem0 = moved(*porto, lisbon).await;
            let case = format!("Porto since {porto:?}, Lisbon since {lisbon:?}");
            assert_eq!(seen(&mem0, When::default()).await, [LISBON], "{case}");
            for as_of in MOMENTS.iter().map(Some).chain([None]) {
                for known_at in MOMENTS.iter().map(Some).chain([None]) {
                    let mut when = When::default();
                    when.as_of = as_of.map(|time| at(time));
                    when.known_at = known_at.map(|time| at(time));
                    let seen = seen(&mem0, when).await;
                    assert!(seen.len() <= 1, "{case}: both at {when:?}");
                }
            }
        }
    }
}

#[tokio::test]
async fn what_was_true_and_what_was_known_are_told_apart() {
    let mem0 = moved(Some("2021-01-01"), Some("2023-01-01")).await;
    for (when, expected) in [
        (When::as_of(at("2020-06-01")), vec![]),
        (When::as_of(at("2022-06-01")), vec![PORTO]),
        (When::as_of(at("2023-06-01")), vec![LISBON]),
        (When::known_at(at("2024-05-25")), vec![PORTO]),
        (When::known_at(at("2024-06-20")), vec![LISBON]),
    ] {
        assert_eq!(seen(&mem0, when).await, expected, "{when:?}");
    }
    // It turned out that it had been Lisbon all the time.
    let mem0 = moved(Some("2023-01-01"), Some("2021-01-01")).await;
    for (when, expected) in [
        (When::as_of(at("2022-06-01")), vec![LISBON]),
        (When::as_of(at("2024-05-25")), vec![LISBON]),
        (When::known_at(at("2024-05-25")), vec![PORTO]),
    ] {
        assert_eq!(seen(&mem0, when).await, expected, "{when:?}");
    }
}
