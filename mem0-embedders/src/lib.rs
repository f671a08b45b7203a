//! Embedders for mem0, with a static model that ships inside.
//!
//! | feature | providers | what it needs |
//! |---|---|---|
//! | `local` (default) | `local` | nothing: no key, no server, no download |
//! | `openai` | `openai`, `azure_openai`, `together`, `mistral`, `lmstudio`, `openai_compatible` | a key, or a server of that shape |
//! | `gemini` | `gemini`, `google` | a key |
//! | `vertexai` | `vertexai` | a Google Cloud project |
//! | `aws_bedrock` | `aws_bedrock` | an AWS account |
//! | `cohere` | `cohere` | a key |
//! | `voyage` | `voyage` | a key |
//! | `jina` | `jina` | a key |
//! | `huggingface` | `huggingface` | a Text Embeddings Inference server, or a token |
//! | `ollama` | `ollama` | an Ollama server |
//!
//! What is said of one remote provider holds for all: texts are split into
//! requests that it takes, a few of which run at a time; a text beyond the
//! model's window is cut; a text without anything but white space is not sent
//! and has a vector of its own; every vector has length 1.
#![forbid(unsafe_code)]

#[cfg(feature = "remote")]
mod shared;

#[cfg(feature = "aws_bedrock")]
pub mod aws_bedrock;
#[cfg(feature = "cohere")]
pub mod cohere;
#[cfg(feature = "gemini")]
pub mod gemini;
#[cfg(feature = "huggingface")]
pub mod huggingface;
#[cfg(feature = "jina")]
pub mod jina;
#[cfg(feature = "local")]
pub mod local;
#[cfg(feature = "ollama")]
pub mod ollama;
#[cfg(feature = "openai")]
pub mod openai;
#[cfg(feature = "vertexai")]
pub mod vertexai;
#[cfg(feature = "voyage")]
pub mod voyage;

/// Adds every embedder of this build to `registry`.
///
/// ```
/// let mut registry = mem0_core::Registry::new();
/// mem0_embedders::register(&mut registry);
/// # #[cfg(feature = "local")]
/// assert!(registry.embedders().any(|name| name == "local"));
/// ```
pub fn register(registry: &mut mem0_core::Registry) {
    #[cfg(feature = "aws_bedrock")]
    aws_bedrock::register(registry);
    #[cfg(feature = "cohere")]
    cohere::register(registry);
    #[cfg(feature = "gemini")]
    gemini::register(registry);
    #[cfg(feature = "huggingface")]
    huggingface::register(registry);
    #[cfg(feature = "jina")]
    jina::register(registry);
    #[cfg(feature = "local")]
    local::register(registry);
    #[cfg(feature = "ollama")]
    ollama::register(registry);
    #[cfg(feature = "openai")]
    openai::register(registry);
    #[cfg(feature = "vertexai")]
    vertexai::register(registry);
    #[cfg(feature = "voyage")]
    voyage::register(registry);
    let _ = registry;
}
