//! Configurations of the Python library, as they are in its documentation,
//! make the embedder that they name. Nothing is asked over the network.

use mem0_core::{BuildContext, Embedder, Registry, Result};
use serde_json::{Value, json};
use std::sync::Arc;

async fn make(provider: &str, config: Value) -> Result<Arc<dyn Embedder>> {
    let mut registry = Registry::new();
    mem0_embedders::register(&mut registry);
    registry.make_embedder(provider, config, &BuildContext::new(".")).await
}

#[tokio::test]
async fn configurations_of_the_reference_are_read() {
    let azure = json!({
        "api_key": "k", "azure_deployment": "d", "azure_endpoint": "https://x.openai.azure.com", "api_version": "2024-02-01",
        "default_headers": {"x-team": "memory"},
    });
    let proxies = json!({"http://": "http://proxy:3128", "https://": "http://proxy:3128"});
    let table = [
        ("openai", json!({"api_key": "k"}), "openai/text-embedding-3-small", 1_536),
        (
            "openai",
            json!({
                "model": "text-embedding-3-large", "embedding_dims": 1_536, "api_key": "k",
                "openai_base_url": "http://localhost:1/v1", "http_client_proxies": proxies,
            }),
            "openai/text-embedding-3-large",
            1_536,
        ),
        (
            "azure_openai",
            json!({"model": "text-embedding-3-large", "azure_kwargs": azure, "http_client_proxies": "http://proxy:3128"}),
            "azure_openai/text-embedding-3-large",
            3_072,
        ),
        ("together", json!({"api_key": "k"}), "together/intfloat/multilingual-e5-large-instruct", 1_024),
        (
            "lmstudio",
            json!({"model": "m", "embedding_dims": 768, "lmstudio_base_url": "http://localhost:1234/v1"}),
            "lmstudio/m",
            768,
        ),
        ("gemini", json!({"model": "models/gemini-embedding-001", "api_key": "k"}), "gemini/gemini-embedding-001", 768),
        ("google", json!({"api_key": "k", "output_dimensionality": 256}), "gemini/gemini-embedding-001", 256),
        (
            "vertexai",
            json!({
                "model": "text-embedding-005", "memory_add_embedding_type": "RETRIEVAL_DOCUMENT",
                "memory_update_embedding_type": "RETRIEVAL_DOCUMENT", "memory_search_embedding_type": "RETRIEVAL_QUERY",
                "access_token": "t", "project_id": "p",
            }),
            "vertexai/text-embedding-005",
            256,
        ),
        (
            "aws_bedrock",
            json!({
                "model": "amazon.titan-embed-text-v2:0", "aws_region": "us-east-1", "aws_access_key_id": "a",
                "aws_secret_access_key": "s",
            }),
            "aws_bedrock/amazon.titan-embed-text-v2:0",
            1_024,
        ),
        (
            "huggingface",
            json!({"huggingface_base_url": "http://localhost:3000/v1", "embedding_dims": 384, "model_kwargs": {"device": "cpu"}}),
            "huggingface/tei",
            384,
        ),
        (
            "huggingface",
            json!({"model": "multi-qa-MiniLM-L6-cos-v1", "api_key": "k"}),
            "huggingface/sentence-transformers/multi-qa-MiniLM-L6-cos-v1",
            384,
        ),
        (
            "ollama",
            json!({"model": "nomic-embed-text:latest", "embedding_dims": 768, "ollama_base_url": "http://localhost:11434"}),
            "ollama/nomic-embed-text:latest",
            768,
        ),
    ];
    for (provider, config, model, dims) in table {
        let embedder = make(provider, config).await.unwrap();
        let identity = embedder.identity();
        assert_eq!((identity.model.as_str(), identity.dims), (model, dims));
    }
}

#[tokio::test]
async fn keys_that_nobody_knows_are_refused_with_a_hint() {
    let names = names_of_all();
    assert!(names.len() > 13, "{names:?}");
    for provider in names.into_iter().filter(|name| *name != "local") {
        let error = make(provider, json!({"embeding_dims": 3})).await.unwrap_err().to_string();
        assert!(error.contains("did you mean \"embedding_dims\"?"), "{provider}: {error}");
        let error = make(provider, json!({"http": {"timeout": "hush"}})).await.unwrap_err().to_string();
        assert!(!error.contains("hush"), "{provider}: {error}");
    }
}

fn names_of_all() -> Vec<&'static str> {
    let mut registry = Registry::new();
    mem0_embedders::register(&mut registry);
    registry.embedders().collect()
}
