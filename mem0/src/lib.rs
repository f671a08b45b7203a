//! The memory layer for AI agents: it turns conversations into facts, keeps
//! them true over time, and finds the right ones again. Embedded by default:
//! no key, no server, no download.
//!
//! ```
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! use mem0::{AddOptions, Scope, SearchOptions};
//!
//! # let folder = tempfile::tempdir()?;
//! let memory = mem0::open(folder.path()).await?;
//! let ana = Scope::user("ana")?;
//! memory.add("I moved to Lisbon and I am allergic to peanuts.", &ana, AddOptions::default()).await?;
//!
//! let found = memory.search("Which city does she live in?", &ana, SearchOptions::default()).await?;
//! for hit in &found.results {
//!     println!("{:.2}  {}", hit.score, hit.memory.content.text);
//! }
//! # assert!(found.results[0].memory.content.text.contains("Lisbon"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! For a prompt, [`Mem0::context`] packs what was found into a block of text
//! under a budget of tokens, and says when it is too little to answer from:
//!
//! ```
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! use mem0::{AddOptions, ContextOptions, Message, Scope};
//!
//! # let folder = tempfile::tempdir()?;
//! let memory = mem0::open(folder.path()).await?;
//! let ana = Scope::user("ana")?;
//! let said = Message::user("I moved to Lisbon.").with_name("Ana").at("2024-05-01".parse()?);
//! memory.add(said, &ana, AddOptions::default()).await?;
//!
//! let options = ContextOptions::default().budget_tokens(200);
//! let context = memory.context("Where did Ana move to?", &ana, options.clone()).await?;
//! assert!(context.text.contains("- [2024-05-01] Ana: I moved to Lisbon."));
//! assert!(context.tokens <= 200 && !context.abstain);
//!
//! let unknown = memory.context("What is the name of her dentist?", &ana, options).await?;
//! println!("abstain: {}", unknown.abstain);
//! # assert!(unknown.confidence < context.confidence);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`Mem0::explain`] says why one memory was found, or why it was not.
//!
//! The calls are on [`Mem0`]. Everything is kept in a ledger, which is the
//! truth; the vector store is a projection of it that may fail, be dropped or
//! be replaced.
//!
//! # Features
//! - `sqlite` (default): the embedded ledger and vector store.
//! - `local` (default): the embedding model that ships inside.
//! - `transformer`: embedding models of the BERT family inside the program,
//!   from a folder.
//! - `tokenizer` (default): budgets in real tokens; without it they are
//!   estimated.
//! - `rules` (default): extraction and reconciliation without an LLM.
//! - `openai`, `anthropic`, `gemini`, `vertexai`, `aws_bedrock`, `ollama`,
//!   `cohere`, `voyage`, `jina`, `huggingface`, `zero_entropy`: language models,
//!   embedders and rerankers of that provider; `rerank`: rerankers that bring no
//!   dependency; `providers` is all of them.
//! - `cross_encoder`: reranking models of the BERT family inside the program,
//!   from a folder.
#![forbid(unsafe_code)]

mod environment;
mod providers;

/// The README's code compiles.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// So does the guide's.
#[cfg(doctest)]
#[doc = include_str!("../../docs/context.md")]
struct ContextGuide;

use std::path::Path;
use std::sync::Arc;

pub use environment::default_data_dir;
pub use mem0_core::*;
#[cfg(feature = "sqlite")]
pub use mem0_stores::python_history;
#[cfg(feature = "supabase")]
pub use mem0_stores::vector::pgvector::SUPABASE_FUNCTIONS;
pub use providers::{Family, ProviderInfo, llm_capabilities, provider, providers};

/// Every provider that this build has.
#[must_use]
pub fn registry() -> Registry {
    let mut registry = Registry::new();
    #[cfg(feature = "_stores")]
    mem0_stores::register(&mut registry);
    #[cfg(any(
        feature = "local",
        feature = "transformer",
        feature = "openai",
        feature = "gemini",
        feature = "vertexai",
        feature = "aws_bedrock",
        feature = "ollama",
        feature = "cohere",
        feature = "voyage",
        feature = "jina",
        feature = "huggingface",
    ))]
    mem0_embedders::register(&mut registry);
    #[cfg(any(
        feature = "rules",
        feature = "openai",
        feature = "anthropic",
        feature = "gemini",
        feature = "vertexai",
        feature = "aws_bedrock",
        feature = "ollama",
        feature = "cohere",
    ))]
    mem0_llms::register(&mut registry);
    #[cfg(any(
        feature = "cohere",
        feature = "voyage",
        feature = "jina",
        feature = "huggingface",
        feature = "zero_entropy",
        feature = "rerank",
        feature = "cross_encoder",
    ))]
    mem0_rerank::register(&mut registry);
    mem0_core::policies::register(&mut registry);
    registry
}

/// Opens (and at the first time creates) a memory in a folder, with the
/// embedded defaults.
///
/// # Errors
/// `PermissionDenied`, `Corrupt` or `Unavailable` if the files cannot be used;
/// `IdentityMismatch` if the folder was filled by another embedding model.
pub async fn open(folder: impl AsRef<Path>) -> Result<Mem0> {
    let mut config = Config::default();
    config.data_dir = Some(folder.as_ref().to_owned());
    from_config(&config).await
}

/// Opens what a configuration describes.
///
/// # Errors
/// `UnknownProvider` for a name that this build does not have, with the feature
/// that would bring it, `Config` for a key that a provider does not know, and
/// those of [`open`].
pub async fn from_config(config: &Config) -> Result<Mem0> {
    builder(config).await?.open().await
}

/// What a configuration describes, ready to be changed before it is opened.
///
/// # Errors
/// As [`from_config`].
pub async fn builder(config: &Config) -> Result<Builder> {
    let (registry, context) = parts(config)?;
    Ok(config.builder(&registry, &context).await?.token_counter(token_counter()))
}

/// What counts tokens in this build: the vocabulary `o200k_base` with the
/// feature `tokenizer`, else an estimate that is rather too high.
///
/// ```
/// let counter = mem0::token_counter();
/// println!("{} tokens by {}", counter.count("Ana lives in Lisbon."), counter.name());
/// # assert_eq!(counter.count("Ana lives in Lisbon."), 5);
/// ```
#[must_use]
pub fn token_counter() -> Arc<dyn TokenCounter> {
    #[cfg(feature = "tokenizer")]
    return Arc::new(mem0_llms::O200k);
    #[cfg(not(feature = "tokenizer"))]
    Arc::new(EstimatedTokens)
}

/// The vector store that a configuration describes, alone: to move there with
/// [`Mem0::reindex`].
///
/// # Errors
/// As [`from_config`].
pub async fn vector_store(config: &Config) -> Result<Arc<dyn VectorStore>> {
    let (registry, context) = parts(config)?;
    config.make_vector_store(&registry, &context).await
}

/// What a configuration is made real with.
fn parts(config: &Config) -> Result<(Registry, BuildContext)> {
    let folder = match &config.data_dir {
        Some(folder) => folder.clone(),
        None => default_data_dir()?,
    };
    let registry = registry();
    providers::check_features(config, &registry)?;
    Ok((registry, BuildContext::new(folder)))
}

/// A collection that another program wrote to a vector store, such as the
/// Python library, to be [adopted](Mem0::adopt). `from` is the section
/// `vector_store` of a configuration; its `collection_name` says which.
///
/// # Errors
/// `UnknownProvider` for a store whose collections cannot be read so, `Config`
/// for a key that it does not know.
pub async fn foreign_collection(from: &Slot) -> Result<Arc<dyn ForeignCollection>> {
    let registry = registry();
    providers::check_feature(Family::VectorStore, &from.provider, &registry)?;
    let context = BuildContext::new(default_data_dir()?);
    registry.make_foreign_collection(&from.provider, from.config.clone(), &context).await
}

/// Reads a configuration from a file (TOML, or JSON) and the environment, as
/// [`Config::layered`] says. Without a file the defaults and the environment.
///
/// # Errors
/// `NotFound` or `PermissionDenied` if the file cannot be read, else `Config`.
pub fn read_config(file: Option<&Path>) -> Result<Config> {
    let text = file.map(environment::read_file).transpose()?;
    Config::layered(text.as_deref(), environment::variables())
}
