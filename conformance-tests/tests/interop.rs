//! Collections are exchanged with the Python library: what it wrote is adopted,
//! searched, updated and listed here, and what was written here is read and
//! changed there. `conformance-tests/interop/run.sh` brings the library.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test stops at the first error")]

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;

use async_trait::async_trait;
use conformance_tests::server_url;
use conformance_tests::settings::{is_required, server_setting};
use libtest_mimic::{Arguments, Trial};
use mem0_core::reference::MemoryLedger;
use mem0_core::{
    AddOptions, AdoptOptions, BuildContext, Embedder, EmbedderIdentity, ListOptions, Mem0, MemoryId, Message, Purpose,
    Registry, Result, Role, Scope, SearchOptions, Timestamp, UpdateOptions,
};
use mem0_stores::python_history;
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

const DIMS: usize = 64;

/// The embedder of `interop/reference.py`.
#[derive(Debug)]
struct Words(EmbedderIdentity);

impl Words {
    fn new() -> Self {
        Self(EmbedderIdentity { model: "interop/words".into(), dims: DIMS, digest: String::new() })
    }
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
    })
}

fn words(text: &str) -> Vec<f32> {
    let mut vector = vec![0.0_f32; DIMS];
    for word in text.to_lowercase().split_whitespace() {
        vector[crc32(word.as_bytes()) as usize % DIMS] += 1.0;
    }
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    vector.iter().map(|x| x / length).collect()
}

#[async_trait]
impl Embedder for Words {
    fn identity(&self) -> &EmbedderIdentity {
        &self.0
    }

    async fn embed(&self, texts: &[&str], _: Purpose) -> Result<Vec<Vec<f32>>> {
        Ok(texts.iter().map(|text| words(text)).collect())
    }
}

/// A vector store that both sides know.
struct Store {
    provider: &'static str,
    /// The keys that say where it is, which are the same on both sides.
    place: Value,
    /// How finely the Python library keeps times there, in microseconds.
    tick: i64,
}

impl Store {
    fn find(provider: &'static str) -> Option<Self> {
        let url = server_url(provider)?;
        let (place, tick) = match provider {
            "redis" => (json!({"redis_url": url}), 1_000_000),
            "chroma" => {
                let (host, port) = url.trim_start_matches("http://").trim_end_matches('/').split_once(':')?;
                (json!({"host": host, "port": port.parse::<u16>().ok()?}), 1)
            }
            _ => (json!({"connection_string": url}), 1),
        };
        Some(Self { provider, place, tick })
    }

    fn config(&self, more: &Value) -> Value {
        let mut config = self.place.as_object().unwrap().clone();
        config.extend(more.as_object().unwrap().clone());
        config.into()
    }
}

struct World {
    python: PathBuf,
    store: Store,
    folder: TempDir,
    registry: Registry,
    context: BuildContext,
}

impl World {
    fn new(python: PathBuf, store: Store) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut registry = Registry::new();
        mem0_stores::register(&mut registry);
        let context = BuildContext::new(folder.path());
        Self { python, store, folder, registry, context }
    }

    fn history(&self) -> PathBuf {
        self.folder.path().join("history.db")
    }

    /// What the calls return in Python, on a collection of this name.
    fn reference(&self, collection: &str, calls: &Value) -> Vec<Value> {
        let mut keys = json!({"collection_name": collection});
        if self.store.provider != "chroma" {
            keys["embedding_model_dims"] = json!(DIMS);
        }
        let task = json!({
            "vector_store": {"provider": self.store.provider, "config": self.store.config(&keys)},
            "history": self.history(), "calls": calls,
        });
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("interop/reference.py");
        let mut child = Command::new(&self.python)
            .arg(script)
            .env("MEM0_DIR", self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(task.to_string().as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let results: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
        assert!(
            results.iter().all(|result| result.get("raised").is_none()),
            "{results:?} {}",
            String::from_utf8_lossy(&output.stderr)
        );
        results
    }

    async fn memory(&self, collection: &str) -> Mem0 {
        // On Redis the library reads its own layout only.
        let layout = if self.store.provider == "redis" { json!({"layout": "mem0ai"}) } else { json!({}) };
        let config = self.store.config(&layout);
        let store = self.registry.make_vector_store(self.store.provider, config, &self.context).await.unwrap();
        let embedder = Arc::new(Words::new());
        let builder = Mem0::builder(Arc::new(MemoryLedger::new()), store, embedder);
        builder.collection(collection).open().await.unwrap()
    }
}

fn unique() -> String {
    format!("interop_{}", Uuid::new_v4().simple())
}

fn added(result: &Value) -> String {
    result["results"][0]["id"].as_str().unwrap().to_owned()
}

fn said(text: &str, user: &str) -> Value {
    let message = json!([{"role": "user", "content": text, "name": "Ana"}]);
    json!(["add", {"messages": message, "user_id": user, "agent_id": "helper", "infer": false,
        "metadata": {"mood": "good", "n": 3, "tags": {"a": [1, null]}}}])
}

async fn what_python_wrote_is_adopted(world: World) {
    let collection = unique();
    // Chroma's metadata holds no nested values, so there they are left out.
    let flat = |mut call: Value| {
        if world.store.provider == "chroma" {
            call[1]["metadata"].as_object_mut().unwrap().remove("tags");
        }
        call
    };
    let texts = ["likes green tea", "lives in Lisbon", "has two cats", "plays the cello", "was deleted"];
    let mut calls: Vec<Value> = texts.iter().map(|text| flat(said(text, "ana"))).collect();
    calls.push(flat(said("likes green tea", "ben")));
    calls.extend([
        json!(["update", {"memory_id": "$1", "text": "lives in Porto"}]),
        json!(["update", {"memory_id": "$1", "text": "lives in Faro"}]),
        json!(["delete", {"memory_id": "$4"}]),
        json!(["get_all", {"filters": {"user_id": "ana"}, "top_k": 100}]),
    ]);
    let results = world.reference(&collection, &json!(calls));
    let ids: Vec<String> = results[..6].iter().map(added).collect();
    let there = results[9]["results"].as_array().unwrap().clone();
    assert_eq!(there.len(), 4);

    let mem0 = world.memory(&format!("{collection}_ours")).await;
    let config = world.store.config(&json!({"collection_name": collection}));
    let from = world.registry.make_foreign_collection(world.store.provider, config, &world.context).await.unwrap();
    let history = python_history(world.history()).unwrap();
    let options = AdoptOptions::default().history(history).keep_vectors(true);
    let dry = mem0.adopt(&*from, options.clone().dry_run(true)).await.unwrap();
    assert_eq!((dry.memories, dry.events), (5, 7), "{dry:?}");
    let done = mem0.adopt(&*from, options.clone()).await.unwrap();
    assert_eq!((done.read, done.memories, done.events), (5, 5, 7), "{done:?}");
    // The two earlier texts of one memory; the deleted one has an entry of its
    // adding and one of its end, and nobody knows whose it was.
    assert_eq!((done.embedded, done.history_left, done.skipped.len()), (2, 2, 0), "{done:?}");

    let helper = Scope::user("ana").unwrap().with_agent("helper").unwrap();
    for item in &there {
        let id: MemoryId = item["id"].as_str().unwrap().parse().unwrap();
        let memory = mem0.get(id, None).await.unwrap().unwrap();
        assert_eq!((memory.content.text.as_str(), &memory.scope), (item["memory"].as_str().unwrap(), &helper));
        let created: Timestamp = item["created_at"].as_str().unwrap().parse().unwrap();
        assert_eq!(memory.created_at, created, "as finely as the library says it there");
        assert_eq!((memory.content.actor.as_deref(), memory.content.role), (Some("Ana"), Some(Role::User)));
        assert_eq!(Value::Object(memory.content.metadata.clone()), item["metadata"]);
    }
    let moved: MemoryId = ids[1].parse().unwrap();
    let history = mem0.history(moved, None).await.unwrap();
    let told: Vec<_> = history.iter().map(|entry| entry.new_memory.as_deref().unwrap()).collect();
    assert_eq!(told, ["lives in Lisbon", "lives in Porto", "lives in Faro"]);
    assert!(history[0].updated_at.as_micros() - history[0].created_at.as_micros() < world.store.tick);

    let found = mem0.search("green tea", &helper, SearchOptions::default()).await.unwrap();
    assert_eq!(found.results[0].memory.id.to_string(), ids[0]);
    mem0.update(moved, UpdateOptions::text("lives in Braga")).await.unwrap();
    let found = mem0.search("who lives in Braga", &helper, SearchOptions::default()).await.unwrap();
    assert_eq!((found.results[0].memory.id, found.results[0].memory.version), (moved, 4));
    let listed = mem0.get_all(&Scope::user("ana").unwrap(), ListOptions::default()).await.unwrap();
    assert_eq!(listed.results.len(), 4);
    let again = mem0.adopt(&*from, options).await.unwrap();
    assert_eq!((again.memories, again.already), (0, 5), "{again:?}");
    assert!(mem0.doctor(false).await.unwrap().findings.is_empty());
    // The library's own collection is as it was.
    let calls: Vec<Value> = there.iter().map(|item| json!(["get", {"memory_id": item["id"]}])).collect();
    for (before, mut after) in there.iter().zip(world.reference(&collection, &json!(calls))) {
        after.as_object_mut().unwrap().remove("score");
        assert_eq!(before, &after);
    }
}

async fn what_we_wrote_is_read_and_changed_in_python(world: World) {
    let collection = unique();
    let mem0 = world.memory(&collection).await;
    let ana = Scope::user("ana").unwrap().with_agent("helper").unwrap();
    let mut ids: BTreeMap<String, String> = BTreeMap::new();
    for text in ["likes green tea", "lives in Lisbon", "has two cats", "was deleted"] {
        let metadata = json!({"mood": "good", "n": 3}).as_object().unwrap().clone();
        let options = AddOptions::default().infer(false).metadata(metadata);
        let done = mem0.add(vec![Message::user(text)], &ana, options).await.unwrap();
        ids.insert(text.to_owned(), done.results[0].id.to_string());
    }
    mem0.add("likes coffee", &Scope::user("ben").unwrap(), AddOptions::default().infer(false)).await.unwrap();
    mem0.delete(ids["was deleted"].parse().unwrap(), None).await.unwrap();
    // On Redis the library filters by the ids of a scope and by nothing else.
    let mut tea = json!({"query": "green tea", "filters": {"user_id": "ana"}});
    if world.store.provider != "redis" {
        tea["filters"]["mood"] = json!("good");
    }
    let results = world.reference(
        &collection,
        &json!([
            ["get_all", {"filters": {"user_id": "ana"}, "top_k": 100}],
            ["search", tea],
            ["get", {"memory_id": ids["has two cats"]}],
            ["update", {"memory_id": ids["has two cats"], "text": "has three cats"}],
            ["search", {"query": "three cats", "filters": {"agent_id": "helper"}}],
            ["delete", {"memory_id": ids["lives in Lisbon"]}],
            ["get_all", {"filters": {"user_id": "ana"}, "top_k": 100}],
        ]),
    );
    let texts = |result: &Value| -> Vec<String> {
        let mut texts: Vec<String> =
            result["results"].as_array().unwrap().iter().map(|item| item["memory"].as_str().unwrap().into()).collect();
        texts.sort_unstable();
        texts
    };
    assert_eq!(texts(&results[0]), ["has two cats", "likes green tea", "lives in Lisbon"]);
    let best = &results[1]["results"][0];
    assert_eq!(
        (best["id"].as_str(), best["memory"].as_str()),
        (Some(&*ids["likes green tea"]), Some("likes green tea"))
    );
    assert_eq!(
        (&best["metadata"]["mood"], &best["metadata"]["n"], &best["role"]),
        (&json!("good"), &json!(3), &json!("user"))
    );
    let memory = mem0.get(ids["has two cats"].parse().unwrap(), None).await.unwrap().unwrap();
    let created: Timestamp = results[2]["created_at"].as_str().unwrap().parse().unwrap();
    assert_eq!(results[2]["memory"], json!("has two cats"));
    let late = memory.created_at.as_micros() - created.as_micros();
    assert!((0..world.store.tick).contains(&late), "as finely as the library reads it there: {late}");
    assert_eq!(results[4]["results"][0]["memory"], json!("has three cats"));
    assert_eq!(texts(&results[6]), ["has three cats", "likes green tea"]);
    // What was changed and deleted there is seen, and taken back from our ledger.
    let findings = mem0.doctor(true).await.unwrap().findings;
    assert_eq!(findings.len(), 2, "{findings:?}");
    for (text, found) in [("has two cats", "not up to date"), ("lives in Lisbon", "missing")] {
        assert!(findings.iter().any(|line| line.contains(&ids[text]) && line.contains(found)), "{findings:?}");
    }
    assert!(mem0.doctor(false).await.unwrap().is_healthy());
    let results = world.reference(
        &collection,
        &json!([
            ["get_all", {"filters": {"user_id": "ana"}, "top_k": 100}],
            ["add", {"messages": "plays the cello", "user_id": "ana", "agent_id": "helper", "infer": false}],
        ]),
    );
    assert_eq!(texts(&results[0]), ["has two cats", "likes green tea", "lives in Lisbon"]);
    // What was added there can be adopted, into the collection where it is.
    let config = world.store.config(&json!({"collection_name": collection}));
    let from = world.registry.make_foreign_collection(world.store.provider, config, &world.context).await.unwrap();
    let adopted = mem0.adopt(&*from, AdoptOptions::default()).await.unwrap();
    assert_eq!((adopted.memories, adopted.already, adopted.skipped.len()), (1, 4, 0), "{adopted:?}");
    let found = mem0.search("the cello", &ana, SearchOptions::default()).await.unwrap();
    assert_eq!(found.results[0].memory.id.to_string(), added(&results[1]));
    assert!(mem0.doctor(false).await.unwrap().is_healthy());
}

fn trial<F: Future<Output = ()>>(
    provider: &'static str,
    name: &str,
    case: impl FnOnce(World) -> F + Send + 'static,
) -> Trial {
    let name = format!("{provider}_{name}");
    let python = server_setting("reference", "PYTHON").map(PathBuf::from);
    let missing = match (python, Store::find(provider)) {
        (Some(python), Some(store)) => {
            return Trial::test(name, move || {
                let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
                runtime.block_on(case(World::new(python, store)));
                Ok(())
            });
        }
        (None, _) => "the Python library is not there: conformance-tests/interop/run.sh brings it".to_owned(),
        (_, None) => format!("set MEM0_TEST_{}_URL", provider.to_uppercase()),
    };
    if is_required("interop") {
        return Trial::test(name, move || Err(missing.into()));
    }
    Trial::test(format!("{name} ({missing})"), || Ok(())).with_ignored_flag(true)
}

fn main() -> ExitCode {
    let stores = server_setting("reference", "STORES").unwrap_or_else(|| "pgvector redis chroma".to_owned());
    let mut trials = Vec::new();
    for provider in ["pgvector", "redis", "chroma"].into_iter().filter(|name| stores.contains(name)) {
        trials.push(trial(provider, "python_writes_we_adopt", what_python_wrote_is_adopted));
        trials.push(trial(provider, "we_write_python_reads", what_we_wrote_is_read_and_changed_in_python));
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
