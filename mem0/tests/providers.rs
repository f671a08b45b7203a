//! The table of providers says what the registry has.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test stops at the first error"
)]

use std::collections::BTreeSet;
use std::path::Path;

use mem0::{Config, Family, Registry};
use serde_json::json;

fn listed(family: Family) -> BTreeSet<&'static str> {
    mem0::providers().iter().filter(|known| known.family == family).map(|known| known.name).collect()
}

/// Providers that take long to compile are not in every build.
fn is_left_out(feature: Option<&str>) -> bool {
    feature == Some("transformer") && !cfg!(feature = "transformer")
        || feature == Some("cross_encoder") && !cfg!(feature = "cross_encoder")
}

#[test]
fn the_table_and_the_registry_have_the_same_providers() {
    let registry = mem0::registry();
    for family in Family::ALL {
        let built: BTreeSet<&str> = family.names(&registry).into_iter().collect();
        let left_out = |name: &&str| {
            let known = mem0::providers().iter().find(|known| known.family == family && known.name == *name);
            known.is_some_and(|known| is_left_out(known.feature))
        };
        let expected: BTreeSet<&str> = listed(family).into_iter().filter(|name| !left_out(name)).collect();
        assert_eq!(expected, built, "{family}");
    }
}

#[test]
fn every_feature_is_one_of_the_crate() {
    let manifest = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    for known in mem0::providers() {
        let Some(feature) = known.feature else { continue };
        assert!(manifest.lines().any(|line| line.starts_with(&format!("{feature} = ["))), "{known:?}");
    }
}

#[tokio::test]
async fn what_a_model_can_do_is_known_without_a_key() {
    let registry = mem0::registry();
    for name in ["openai", "groq", "anthropic", "gemini", "ollama", "cohere"] {
        assert!(mem0::llm_capabilities(&registry, name).await.is_some(), "{name}");
    }
    assert!(mem0::llm_capabilities(&registry, "nobody").await.is_none());
    assert!(mem0::llm_capabilities(&Registry::new(), "openai").await.is_none());
}

#[tokio::test]
async fn a_name_that_nobody_knows_gets_the_nearest() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config::from_value(json!({
        "data_dir": folder.path(), "llm": {"provider": "opnai"},
    }));
    let error = mem0::builder(&config.unwrap()).await.expect_err("there is no such provider");
    assert!(error.to_string().contains("did you mean \"openai\"?"), "{error}");
}
