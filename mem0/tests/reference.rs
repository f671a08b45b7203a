//! A configuration that the Python library takes starts unchanged: every
//! provider with the keys that its documentation names (mem0 2.x and the
//! classic 0.1). Nothing is sent.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test stops at the first error")]

use mem0::{Config, Family, Registry};
use serde_json::{Map, Value, json};

/// What every language model of the reference takes.
fn llm_keys() -> Value {
    json!({
        "model": "some-model", "temperature": 0.2, "api_key": "none", "max_tokens": 1500, "top_p": 0.3, "top_k": 2,
        "enable_vision": true, "vision_details": "high", "http_client_proxies": null,
    })
}

/// What each of them takes beside that; `api_key` null where it has none.
fn llms() -> Vec<(&'static str, Value)> {
    let azure = json!({
        "azure_deployment": "deployed", "api_version": "2024-10-21", "azure_endpoint": "https://x.openai.azure.com",
        "api_key": "none", "default_headers": {"X-Of": "ours"},
    });
    vec![
        (
            "openai",
            json!({"openai_base_url": "http://localhost:1/v1", "store": false, "reasoning_effort": "low",
            "is_reasoning_model": true, "models": ["a", "b"], "route": "fallback", "site_url": "http://s",
            "app_name": "a", "openrouter_base_url": "http://localhost:1/v1"}),
        ),
        ("openai_structured", json!({"openai_base_url": "http://localhost:1/v1"})),
        ("azure_openai", json!({"azure_kwargs": azure.clone(), "api_key": null})),
        ("azure_openai_structured", json!({"azure_kwargs": azure, "api_key": null})),
        ("groq", json!({})),
        ("together", json!({})),
        ("deepseek", json!({"deepseek_base_url": "http://localhost:1"})),
        ("xai", json!({"xai_base_url": "http://localhost:1/v1"})),
        ("minimax", json!({"minimax_base_url": "http://localhost:1/v1"})),
        (
            "sarvam",
            json!({"model": {"name": "sarvam-30b", "temperature": 0.1}, "sarvam_base_url": "http://localhost:1"}),
        ),
        ("mistral", json!({})),
        ("openrouter", json!({})),
        ("vllm", json!({"vllm_base_url": "http://localhost:1/v1"})),
        (
            "lmstudio",
            json!({"lmstudio_base_url": "http://localhost:1/v1",
            "lmstudio_response_format": {"type": "json_object"}}),
        ),
        ("litellm", json!({})),
        ("llama_cpp", json!({})),
        ("openai_compatible", json!({"base_url": "http://localhost:1/v1"})),
        ("anthropic", json!({"anthropic_base_url": "http://localhost:1", "top_p": null})),
        ("gemini", json!({})),
        ("google", json!({})),
        ("vertexai", json!({"api_key": null, "project": "p", "location": "l", "access_token": "none"})),
        (
            "aws_bedrock",
            json!({"model": "anthropic.claude-3-5-sonnet-20240620-v1:0", "api_key": null,
            "aws_access_key_id": "none", "aws_secret_access_key": "none", "aws_region": "us-west-2",
            "model_kwargs": {"a": 1}, "provider_override": "anthropic"}),
        ),
        ("ollama", json!({"ollama_base_url": "http://localhost:1"})),
        ("cohere", json!({})),
    ]
}

/// The embedders, each with all that it takes. A model that is known, or
/// dimensions, so that nobody need be asked.
fn embedders() -> Vec<(&'static str, Value)> {
    vec![
        ("local", json!({})),
        (
            "openai",
            json!({"model": "text-embedding-3-small", "api_key": "none", "embedding_dims": 1536,
            "openai_base_url": "http://localhost:1/v1", "http_client_proxies": null}),
        ),
        (
            "azure_openai",
            json!({"model": "text-embedding-3-large", "embedding_dims": 1024, "azure_kwargs": {
            "azure_deployment": "deployed", "api_version": "2024-10-21", "api_key": "none",
            "azure_endpoint": "https://x.openai.azure.com", "default_headers": {"X-Of": "ours"}}}),
        ),
        ("together", json!({"api_key": "none", "embedding_dims": 1024})),
        ("mistral", json!({"api_key": "none"})),
        ("lmstudio", json!({"lmstudio_base_url": "http://localhost:1/v1", "embedding_dims": 768})),
        ("openai_compatible", json!({"model": "m", "base_url": "http://localhost:1/v1", "embedding_dims": 8})),
        (
            "gemini",
            json!({"model": "models/gemini-embedding-001", "api_key": "none", "embedding_dims": 768,
            "output_dimensionality": 768}),
        ),
        ("google", json!({"model": "gemini-embedding-001", "api_key": "none"})),
        (
            "vertexai",
            json!({"model": "gemini-embedding-001", "embedding_dims": 256, "access_token": "none",
            "google_project_id": "p", "memory_add_embedding_type": "RETRIEVAL_DOCUMENT",
            "memory_update_embedding_type": "RETRIEVAL_DOCUMENT", "memory_search_embedding_type": "RETRIEVAL_QUERY"}),
        ),
        (
            "aws_bedrock",
            json!({"model": "amazon.titan-embed-text-v1", "embedding_dims": 1536,
            "aws_access_key_id": "none", "aws_secret_access_key": "none", "aws_region": "us-west-2"}),
        ),
        ("cohere", json!({"api_key": "none"})),
        ("voyage", json!({"api_key": "none"})),
        ("jina", json!({"api_key": "none"})),
        (
            "huggingface",
            json!({"model": "multi-qa-MiniLM-L6-cos-v1", "embedding_dims": 384,
            "huggingface_base_url": "http://localhost:1", "model_kwargs": {"trust_remote_code": true}}),
        ),
        (
            "ollama",
            json!({"model": "nomic-embed-text", "embedding_dims": 768,
            "ollama_base_url": "http://localhost:1"}),
        ),
    ]
}

fn over(base: Value, more: &Value) -> Value {
    let mut all: Map<String, Value> = base.as_object().unwrap().clone();
    for (key, value) in more.as_object().unwrap() {
        match value {
            Value::Null => all.remove(key),
            value => all.insert(key.clone(), value.clone()),
        };
    }
    all.into()
}

/// Reads it as a file, and makes every part of it.
async fn starts(mut config: Value) {
    let folder = tempfile::tempdir().unwrap();
    let label = format!("{} with {}", config["llm"]["provider"], config["embedder"]["provider"]);
    config["history_db_path"] = json!(folder.path().join("history.db"));
    let mut read = Config::from_json(&config.to_string()).unwrap_or_else(|e| panic!("{label}: {e}"));
    read.data_dir = Some(folder.path().to_owned());
    if let Err(e) = mem0::builder(&read).await {
        panic!("{label}: {e}");
    }
}

fn same_names(family: Family, table: &[(&'static str, Value)]) {
    let mut names: Vec<&str> = table.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    let registry: Registry = mem0::registry();
    assert_eq!(names, family.names(&registry), "{family}: every provider has a line here");
}

#[tokio::test]
async fn every_language_model_starts_from_the_reference_shape() {
    same_names(Family::Llm, &llms());
    for (provider, own) in llms() {
        starts(json!({
            "llm": {"provider": provider, "config": over(llm_keys(), &own)},
            "embedder": {"provider": "local", "config": {}},
            "version": "v1.1",
        }))
        .await;
    }
}

#[tokio::test]
async fn every_embedder_starts_from_the_reference_shape() {
    same_names(Family::Embedder, &embedders());
    for (provider, config) in embedders() {
        starts(json!({
            "llm": {"provider": "openai", "config": {"model": "gpt-5-mini", "api_key": "none"}},
            "embedder": {"provider": provider, "config": config},
            "version": "v1.1",
        }))
        .await;
    }
}

#[tokio::test]
async fn the_prompts_of_the_reference_are_taken() {
    for key in ["custom_instructions", "custom_fact_extraction_prompt", "custom_update_memory_prompt"] {
        for policy in [None, Some("additive"), Some("two_phase"), Some("single_pass"), Some("rules")] {
            let mut config = json!({
                "llm": {"provider": "openai", "config": {"model": "gpt-4.1-nano-2025-04-14", "api_key": "none"}},
                "embedder": {"provider": "openai", "config": {"model": "text-embedding-3-small", "api_key": "none"}},
                "version": "v1.1",
            });
            config[key] = "Only what is about food.".into();
            if let Some(policy) = policy {
                config["policy"] = json!({"provider": policy});
            }
            starts(config).await;
        }
    }
}

#[tokio::test]
async fn a_key_that_no_provider_has_is_refused_by_its_name() {
    for (provider, own) in llms() {
        let mut config = over(llm_keys(), &own);
        config["modle"] = "x".into();
        let context = mem0::BuildContext::new("");
        let made = mem0::registry().make_llm(provider, config, &context).await;
        let error = made.unwrap_err().to_string();
        assert!(error.contains("modle"), "{provider}: {error}");
    }
}
