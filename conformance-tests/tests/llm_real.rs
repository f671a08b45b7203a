//! A real model behind a server of OpenAI's shape:
//! `MEM0_TEST_OPENAI_COMPATIBLE_URL` says where (up to `/chat/completions`),
//! `…_MODEL` which, `…_KEY` with which key, `…_STRUCTURED` how it is brought to
//! answer in a shape (`schema`, `tool`, `json` or `prompt`). Without an address
//! both tests are shown as skipped.
//!
//! The model has to be able to read: SmolLM2-135M-Instruct (Q4_1) behind the
//! server of llama.cpp keeps to the schema and still answers that Ana is a city.

use std::process::ExitCode;
use std::sync::Arc;

use conformance_tests::server_url;
use conformance_tests::settings::{is_required, server_setting};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use mem0_core::policies::{self, PolicyConfig};
use mem0_core::reference::{HashEmbedder, MemoryLedger, MemoryVectorStore};
use mem0_core::{
    AddOptions, BuildContext, Finish, Llm, LlmRequest, Mem0, OutputSchema, Registry, Scope, SearchOptions,
};
use serde_json::{Value, json};

const NAME: &str = "openai_compatible";

fn main() -> ExitCode {
    let trials = vec![
        trial("a_real_model_answers_in_a_shape", |llm| Box::pin(ask(llm))),
        trial("a_real_model_remembers", |llm| Box::pin(remember(llm))),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

type Outcome = std::pin::Pin<Box<dyn Future<Output = Result<(), Failed>>>>;

fn trial(name: &str, test: fn(Arc<dyn Llm>) -> Outcome) -> Trial {
    Trial::ignorable_test(name, move || match server_url(NAME) {
        Some(url) => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async { test(model(&url).await?).await })?;
            Ok(Completion::Completed)
        }
        None if is_required(NAME) => Err(format!("MEM0_REQUIRE names {NAME}, but there is no address").into()),
        None => Ok(Completion::ignored_with("set MEM0_TEST_OPENAI_COMPATIBLE_URL and …_MODEL")),
    })
}

async fn model(url: &str) -> Result<Arc<dyn Llm>, Failed> {
    let mut config = json!({"base_url": url, "max_tokens": 1024, "temperature": 0.0});
    for (key, what) in [("model", "MODEL"), ("api_key", "KEY"), ("structured_output", "STRUCTURED")] {
        if let (Some(config), Some(value)) = (config.as_object_mut(), server_setting(NAME, what)) {
            config.insert(key.to_owned(), value.into());
        }
    }
    let mut registry = Registry::new();
    mem0_llms::register(&mut registry);
    registry.make_llm(NAME, config, &BuildContext::new(".")).await.map_err(shown)
}

fn shown(error: mem0_core::Error) -> Failed {
    format!("{error:?}").into()
}

async fn ask(llm: Arc<dyn Llm>) -> Result<(), Failed> {
    let schema = json!({
        "type": "object",
        "properties": {"city": {"type": "string"}, "letters": {"type": "integer"}},
        "required": ["city", "letters"],
        "additionalProperties": false,
    });
    let request = LlmRequest::new(
        "You answer in JSON.",
        "Ana lives in Lisbon. Which city is it, and how many letters has its name?",
    );
    let response = llm.generate(&request.with_schema(OutputSchema::new("city", schema))).await.map_err(shown)?;
    let answer: Value = serde_json::from_str(response.text.trim())?;
    let city = answer.get("city").and_then(Value::as_str).unwrap_or_default();
    if response.finish != Finish::Complete || !city.contains("Lisbon") || response.usage.output == 0 {
        return Err(
            format!("the answer is {answer}, it ended by {:?} and cost {:?}", response.finish, response.usage).into()
        );
    }
    Ok(())
}

/// From a message to a memory that is found, by the default policy.
async fn remember(llm: Arc<dyn Llm>) -> Result<(), Failed> {
    let (extractor, reconciler) = policies::single_pass(llm, PolicyConfig::default()).map_err(shown)?;
    let (ledger, store) = (Arc::new(MemoryLedger::new()), Arc::new(MemoryVectorStore::new()));
    let mem0 = Mem0::builder(ledger, store, Arc::new(HashEmbedder::new(256)))
        .policy(extractor, reconciler)
        .open()
        .await
        .map_err(shown)?;
    let ana = Scope::user("ana").map_err(shown)?;
    let said = "My name is Ana, I live in Lisbon, and I am allergic to peanuts.";
    let added = mem0.add(said, &ana, AddOptions::default()).await.map_err(shown)?;
    let found = mem0.search("Ana lives in Lisbon", &ana, SearchOptions::default()).await.map_err(shown)?;
    if !found.results.iter().any(|hit| hit.memory.content.text.contains("Lisbon")) {
        return Err(format!("nothing about Lisbon was remembered: {:?}, {:?}", added.results, added.dropped).into());
    }
    Ok(())
}
