//! Language models for mem0, one feature for each protocol, and the `rules`
//! policy, which needs none.
//!
//! | feature | providers |
//! |---|---|
//! | `rules` (default) | extraction and reconciliation without a model |
//! | `openai` | OpenAI, Azure and every host of that shape, with presets |
//! | `tokenizer` | counting tokens, [`O200k`] |
//! | `anthropic`, `gemini`, `vertexai`, `aws_bedrock`, `ollama`, `cohere` | the one of that name |
//!
//! ```
//! use mem0_core::{ExtractRequest, Role, Scope, StoredMessage, Timestamp};
//! use mem0_llms::{RulesExtractor, RulesReconciler};
//!
//! let at: Timestamp = "2023-05-25T13:14:00Z".parse()?;
//! let content = "Thanks! My sister Ana moved to Lisbon yesterday.".to_owned();
//! let message = StoredMessage { id: "m1".into(), role: Role::User, name: None, content, at };
//! let request = ExtractRequest::new(Scope::user("ben")?, vec![message], at);
//!
//! let found = RulesExtractor::new().facts(&request);
//! assert_eq!(found.facts[0].text, "My sister Ana moved to Lisbon yesterday (2023-05-24).");
//! assert_eq!(found.dropped[0].text, "Thanks!");
//! # let _ = RulesReconciler::new();
//! # Ok::<(), mem0_core::Error>(())
//! ```
#![forbid(unsafe_code)]

#[cfg(feature = "remote")]
mod shared;

#[cfg(feature = "anthropic")]
pub mod anthropic;
#[cfg(feature = "aws_bedrock")]
pub mod aws_bedrock;
#[cfg(feature = "cohere")]
pub mod cohere;
#[cfg(feature = "gemini")]
pub mod gemini;
#[cfg(feature = "ollama")]
pub mod ollama;
#[cfg(feature = "openai")]
pub mod openai;
#[cfg(feature = "rules")]
pub mod rules;
#[cfg(feature = "tokenizer")]
mod tokens;
#[cfg(feature = "vertexai")]
pub mod vertexai;

#[cfg(feature = "rules")]
pub use rules::{RulesExtractor, RulesReconciler};
#[cfg(feature = "tokenizer")]
pub use tokens::O200k;

/// Adds every model and policy of this build to `registry`.
///
/// ```
/// let mut registry = mem0_core::Registry::new();
/// mem0_llms::register(&mut registry);
/// # #[cfg(feature = "rules")]
/// assert!(registry.policies().any(|name| name == "rules"));
/// ```
pub fn register(registry: &mut mem0_core::Registry) {
    #[cfg(feature = "anthropic")]
    anthropic::register(registry);
    #[cfg(feature = "aws_bedrock")]
    aws_bedrock::register(registry);
    #[cfg(feature = "cohere")]
    cohere::register(registry);
    #[cfg(feature = "gemini")]
    gemini::register(registry);
    #[cfg(feature = "ollama")]
    ollama::register(registry);
    #[cfg(feature = "openai")]
    openai::register(registry);
    #[cfg(feature = "rules")]
    rules::register(registry);
    #[cfg(feature = "vertexai")]
    vertexai::register(registry);
    let _ = registry;
}
