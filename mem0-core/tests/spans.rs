//! What traces show of a model: names, counts, and no text unless it was asked
//! for. A process of its own, since call sites remember who listens.
#![allow(clippy::unwrap_used, reason = "a test stops at the first error")]

use std::fmt;
use std::sync::{Arc, Mutex};

use mem0_core::policies::{self, PolicyConfig};
use mem0_core::reference::{HashEmbedder, MemoryLedger, MemoryVectorStore, ScriptedLlm};
use mem0_core::{AddOptions, Error, ErrorKind, LlmResponse, Mem0, Scope};
use tracing::field::{Field, Visit};
use tracing::span;

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

async fn seen(trace_text: bool) -> String {
    let recorder = Recorder::default();
    let _guard = tracing::subscriber::set_default(recorder.clone());
    let answers = Mutex::new(vec![
        Err(Error::new(ErrorKind::RateLimited, "wait")),
        Ok(LlmResponse::new(r#"{"facts": ["Ana drinks oolong."]}"#).with_usage(321, 45)),
    ]);
    let llm = Arc::new(ScriptedLlm::answering(move |_| answers.lock().unwrap().pop().unwrap()));
    let (extractor, reconciler) = policies::single_pass(llm, PolicyConfig::default()).unwrap();
    let (ledger, store) = (Arc::new(MemoryLedger::new()), Arc::new(MemoryVectorStore::new()));
    let mem0 = Mem0::builder(ledger, store, Arc::new(HashEmbedder::new(32)))
        .policy(extractor, reconciler)
        .trace_text(trace_text)
        .open()
        .await
        .unwrap();
    let ana = Scope::user("ana").unwrap();
    mem0.add("I like oolong.", &ana, AddOptions::default()).await.unwrap();
    mem0.add("I like oolong still.", &ana, AddOptions::default()).await.unwrap_err();
    let seen = recorder.0.lock().unwrap();
    seen.clone()
}

#[tokio::test]
async fn a_span_has_the_names_of_the_convention_and_text_only_on_request() {
    let plain = seen(false).await;
    for part in [
        r#"gen_ai.operation.name="chat""#,
        r#"gen_ai.provider.name="scripted""#,
        r#"gen_ai.request.model="script""#,
        "gen_ai.usage.input_tokens=321",
        "gen_ai.usage.output_tokens=45",
        r#"gen_ai.response.finish_reasons="stop""#,
        r#"error.type="rate_limited""#,
    ] {
        assert!(plain.contains(part), "{part} is not in {plain}");
    }
    assert!(!plain.contains("oolong") && !plain.contains("long-term memory"), "{plain}");
    let open = seen(true).await;
    for part in ["gen_ai.system_instructions", "gen_ai.input.messages", "gen_ai.output.messages", "oolong"] {
        assert!(open.contains(part), "{part} is not shown");
    }
}
