//! Rerankers for mem0: a second look at the best of what a search found.
//!
//! | feature | providers | what it needs |
//! |---|---|---|
//! | `cohere` | `cohere` | a key |
//! | `jina` | `jina` | a key |
//! | `voyage` | `voyage` | a key |
//! | `zero_entropy` | `zero_entropy` | a key |
//! | `huggingface` | `huggingface` | a Text Embeddings Inference server |
//! | `llm` | `llm`, `llm_reranker` | a language model; one call for all documents |
//! | `cross_encoder` | `cross_encoder`, `sentence_transformer` | the folder of a cross-encoder of the BERT family |
//! | `mmr` | `mmr` | nothing: it makes the hits differ, and knows no better what answers a question |
//!
//! None of them is in a default build, and none is used unless it is configured.
//! Each says how its scores come to lie in 0 to 1.
//!
//! What is said of one remote provider holds for all: documents are split into
//! requests that it takes, a few of which run at a time; what is beyond the
//! model's window is cut; a document without anything but white space is not
//! sent and has the score 0, and so has every document if the question is blank.
#![forbid(unsafe_code)]

#[cfg(feature = "remote")]
mod shared;

#[cfg(feature = "cohere")]
pub mod cohere;
#[cfg(feature = "cross_encoder")]
pub mod cross_encoder;
#[cfg(feature = "huggingface")]
pub mod huggingface;
#[cfg(feature = "jina")]
pub mod jina;
#[cfg(feature = "llm")]
pub mod llm;
#[cfg(feature = "mmr")]
pub mod mmr;
#[cfg(feature = "voyage")]
pub mod voyage;
#[cfg(feature = "zero_entropy")]
pub mod zero_entropy;

/// Adds every reranker of this build to `registry`.
///
/// ```
/// let mut registry = mem0_core::Registry::new();
/// mem0_rerank::register(&mut registry);
/// # #[cfg(feature = "mmr")]
/// assert!(registry.rerankers().any(|name| name == "mmr"));
/// ```
pub fn register(registry: &mut mem0_core::Registry) {
    #[cfg(feature = "cohere")]
    cohere::register(registry);
    #[cfg(feature = "cross_encoder")]
    cross_encoder::register(registry);
    #[cfg(feature = "huggingface")]
    huggingface::register(registry);
    #[cfg(feature = "jina")]
    jina::register(registry);
    #[cfg(feature = "llm")]
    llm::register(registry);
    #[cfg(feature = "mmr")]
    mmr::register(registry);
    #[cfg(feature = "voyage")]
    voyage::register(registry);
    #[cfg(feature = "zero_entropy")]
    zero_entropy::register(registry);
    let _ = registry;
}
