//! The engine over a provider that fails: whatever goes wrong on the wire ends
//! in a typed error, and memory is as before.
#![cfg(feature = "llms")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops at the first error")]

use std::sync::Arc;
use std::time::Duration;

use conformance_tests::LlmHarness;
use conformance_tests::backends::OpenAiHarness;
use conformance_tests::fakes::{Fault, Reply};
use conformance_tests::harness::{FAKE_KEY, FakeAnswer, quick};
use mem0_core::policies::{self, PolicyConfig};
use mem0_core::reference::{HashEmbedder, MemoryLedger, MemoryVectorStore};
use mem0_core::{AddOptions, ErrorKind, ListOptions, Mem0, Scope};
use serde_json::json;

const SECRET: &str = "My diary is under the bed.";

fn reply(status: u16, code: &str) -> Reply {
    // Providers quote what they were sent.
    Reply::json(status, &json!({"error": {"message": format!("{SECRET} {FAKE_KEY}"), "code": code}}))
}

#[tokio::test]
async fn a_failing_provider_changes_nothing() {
    let ana = Scope::user("ana").unwrap();
    let faults: [(Fault, ErrorKind); 12] = [
        (Fault::Hang, ErrorKind::Timeout),
        (Fault::Slow(Duration::from_secs(30)), ErrorKind::Timeout),
        (Fault::Close, ErrorKind::Unavailable),
        (Fault::Truncate, ErrorKind::Unavailable),
        (Fault::Endless, ErrorKind::BadModelOutput),
        (Fault::Garbage("<html>It works!</html>"), ErrorKind::BadModelOutput),
        (Fault::Garbage("{}"), ErrorKind::BadModelOutput),
        (Fault::Reply(reply(401, "invalid_api_key")), ErrorKind::Unauthenticated),
        (Fault::Reply(reply(429, "rate_limit_exceeded")), ErrorKind::RateLimited),
        (Fault::Reply(reply(429, "insufficient_quota")), ErrorKind::QuotaExceeded),
        (Fault::Reply(reply(400, "context_length_exceeded")), ErrorKind::ContextLength),
        (Fault::Reply(reply(503, "overloaded")), ErrorKind::Unavailable),
    ];
    let harness = OpenAiHarness;
    for policy in policies::NAMES {
        for (fault, kind) in &faults {
            let http = quick(Duration::from_millis(300));
            let (llm, fake) = harness.open(json!({"http": http})).await.unwrap();
            let make = match policy {
                "two_phase" => policies::two_phase,
                "additive" => policies::additive,
                _ => policies::single_pass,
            };
            let (extractor, reconciler) = make(llm, PolicyConfig::default()).unwrap();
            let ledger = Arc::new(MemoryLedger::new());
            let store = Arc::new(MemoryVectorStore::new());
            let mem0 = Mem0::builder(ledger, store, Arc::new(HashEmbedder::new(32)))
                .policy(extractor, reconciler)
                .open()
                .await
                .unwrap();
            mem0.add("Ana lives in Rome.", &ana, AddOptions::as_said()).await.unwrap();
            let before = mem0.get_all(&ana, ListOptions::default()).await.unwrap().results;
            fake.server().fail_always(Some(fault.clone()));
            let error = mem0.add(SECRET, &ana, AddOptions::default()).await.unwrap_err();
            assert_eq!(error.kind(), *kind, "{policy}, {fault:?}: {error}");
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("diary") && !shown.contains(FAKE_KEY), "{shown}");
            assert_eq!(mem0.get_all(&ana, ListOptions::default()).await.unwrap().results, before);
            assert!(mem0.doctor(false).await.unwrap().is_healthy());

            // Once the provider is well again, so is the memory.
            fake.server().fail_always(None);
            fake.answer(FakeAnswer::new(json!({"facts": [{"text": "Ana writes.", "sources": [1]}]}).to_string()));
            let added = mem0.add(SECRET, &ana, AddOptions::default()).await.unwrap();
            assert_eq!(added.results[0].memory, "Ana writes.");
        }
    }
}
