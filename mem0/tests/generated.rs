//! The support table of the README and the configuration reference are made
//! from the code. `MEM0_UPDATE=1 cargo test -p mem0 --test generated` writes
//! them anew; without it a stale one fails.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test stops at the first error"
)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use mem0::filter::FilterCapabilities;
use mem0::{BuildContext, Config};
use serde_json::{Value, json};

/// What each provider's conformance run rests on. A provider that is missing
/// here fails the test.
const EVIDENCE: &[(&str, &str)] = &[
    ("vector_store redis", "real"),
    ("vector_store sqlite", "real"),
    ("vector_store valkey", "real"),
    ("ledger sqlite", "real, killed and recovered"),
    ("embedder local", "real"),
    ("policy rules", "its own tests"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn evidence(provider: &str) -> &'static str {
    let known = EVIDENCE.iter().find(|(name, _)| *name == provider);
    known.unwrap_or_else(|| panic!("{provider} has no evidence in this table")).1
}

/// Compares a file with what it should be, or writes it.
fn check(path: &Path, wanted: &str) {
    if std::env::var_os("MEM0_UPDATE").is_some() {
        std::fs::write(path, wanted).unwrap();
        return;
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert!(found == wanted, "{} is stale; run `MEM0_UPDATE=1 cargo test -p mem0 --test generated`", path.display());
}

#[tokio::test]
async fn the_support_table_is_up_to_date() {
    let registry = mem0::registry();
    let folder = tempfile::tempdir().unwrap();
    let context = BuildContext::new(folder.path());
    let mut table = String::from(
        "| kind | provider | filters in the store | writes ordered by version | reads see writes | most per request | \
         evidence |\n|---|---|---|---|---|---|---|\n",
    );
    for name in registry.vector_stores() {
        let store = registry.make_vector_store(name, Value::Null, &context).await.unwrap();
        let can = store.capabilities();
        let filters = if can.filter == FilterCapabilities::ALL { "all" } else { "some" };
        let yes = |yes| if yes { "yes" } else { "no" };
        let most = can.max_batch.map_or("any".to_owned(), |n| n.to_string());
        let (versioned, immediate) = (yes(can.versioned), yes(can.immediate));
        let evidence = evidence(&format!("vector_store {name}"));
        writeln!(table, "| vector store | `{name}` | {filters} | {versioned} | {immediate} | {most} | {evidence} |")
            .unwrap();
    }
    for (kind, key, names) in [
        ("ledger", "ledger", registry.ledgers().collect::<Vec<_>>()),
        ("embedder", "embedder", registry.embedders().collect()),
        ("policy", "policy", registry.policies().collect()),
    ] {
        for name in names {
            let evidence = evidence(&format!("{key} {name}"));
            writeln!(table, "| {kind} | `{name}` | | | | | {evidence} |").unwrap();
        }
    }
    let path = root().join("README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = readme.split_once("<!-- providers:").unwrap();
    let (mark, rest) = rest.split_once("-->\n").unwrap();
    let (_, after) = rest.split_once("<!-- /providers -->").unwrap();
    check(&path, &format!("{before}<!-- providers:{mark}-->\n\n{table}\n<!-- /providers -->{after}"));
}

#[test]
fn the_configuration_reference_is_up_to_date() {
    let mut config = serde_json::to_value(Config::default()).unwrap();
    config["vector_store"]["config"] = json!(mem0_stores::vector::sqlite::SqliteVectorConfig::default());
    config["ledger"]["config"] = json!(mem0_stores::ledger::sqlite::config::SqliteLedgerConfig::default());
    config["embedder"]["config"] = json!(mem0_embedders::local::LocalConfig::default());
    config["policy"]["config"] = json!({});
    // What is documented is accepted.
    Config::from_value(config.clone()).unwrap();
    let text = format!(
        "# Configuration\n\n\
         <!-- made by `MEM0_UPDATE=1 cargo test -p mem0 --test generated`; do not edit -->\n\n\
         TOML, or JSON if the file starts with `{{`. Every key has a default; an unknown key is refused with the nearest\n\
         name. The Python library's shape (`{{\"vector_store\": {{\"provider\", \"config\"}}, …}}`) is accepted as it is.\n\n\
         Sources, later ones win key by key: the defaults, the file, the environment (`MEM0__EMBEDDER__PROVIDER=local` sets\n\
         `embedder.provider`; a value that is JSON is read as JSON), the code. `MEM0_DIR` names the folder for files where\n\
         `data_dir` is not set; else it is `.mem0` in the home folder.\n\n\
         What each key means is documented on `mem0_core::Config` and on the provider's own configuration type.\n\
         These are all keys with their defaults; null means not set:\n\n\
         ```json\n{}\n```\n",
        serde_json::to_string_pretty(&config).unwrap()
    );
    check(&root().join("docs/configuration.md"), &text);
}
