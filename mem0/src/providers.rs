//! What this project has providers for, whatever this build has of it.

use std::fmt;

use mem0_core::{BuildContext, Config, Error, ErrorKind, LlmCapabilities, Registry, Result};
use serde_json::json;

/// What a provider provides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Family {
    /// Where vectors are found by nearness.
    VectorStore,
    /// Where the truth is kept.
    Ledger,
    /// What makes vectors of texts.
    Embedder,
    /// What is asked for facts.
    Llm,
    /// What looks again at the best hits of a search.
    Reranker,
    /// How facts are extracted and reconciled.
    Policy,
}

impl Family {
    /// Every family.
    pub const ALL: [Self; 6] =
        [Self::VectorStore, Self::Ledger, Self::Embedder, Self::Llm, Self::Reranker, Self::Policy];

    /// Its key in a configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::VectorStore => "vector_store",
            Self::Ledger => "ledger",
            Self::Embedder => "embedder",
            Self::Llm => "llm",
            Self::Reranker => "reranker",
            Self::Policy => "policy",
        }
    }

    /// The names that a registry has of it, sorted.
    pub fn names(self, registry: &Registry) -> Vec<&'static str> {
        match self {
            Self::VectorStore => registry.vector_stores().collect(),
            Self::Ledger => registry.ledgers().collect(),
            Self::Embedder => registry.embedders().collect(),
            Self::Llm => registry.llms().collect(),
            Self::Reranker => registry.rerankers().collect(),
            Self::Policy => registry.policies().collect(),
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A provider that this project has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProviderInfo {
    /// What it provides.
    pub family: Family,
    /// Its name in a configuration.
    pub name: &'static str,
    /// The feature of this crate that brings it; none if every build has it.
    pub feature: Option<&'static str>,
    /// The variables that its key is read from where the configuration has
    /// none: one of them, and not needed where there are none.
    pub needs: &'static [&'static str],
    /// A word on what it is.
    pub note: &'static str,
}

impl ProviderInfo {
    /// Whether a registry has it.
    #[must_use]
    pub fn is_in(&self, registry: &Registry) -> bool {
        self.family.names(registry).contains(&self.name)
    }
}

const fn info(
    family: Family,
    name: &'static str,
    feature: Option<&'static str>,
    needs: &'static [&'static str],
    note: &'static str,
) -> ProviderInfo {
    ProviderInfo { family, name, feature, needs, note }
}

/// Every provider of the project, by family. What of it this build has is in
/// [`registry`](fn@crate::registry).
///
/// ```
/// let openai = mem0::providers().iter().find(|provider| provider.name == "openai").unwrap();
/// assert_eq!((openai.feature, openai.needs), (Some("openai"), &["OPENAI_API_KEY"][..]));
/// ```
#[must_use]
pub fn providers() -> &'static [ProviderInfo] {
    use Family::{Embedder, Ledger, Llm, Policy, Reranker, VectorStore};
    const GOOGLE: &[&str] = &["GOOGLE_API_KEY", "GEMINI_API_KEY"];
    const VERTEX: &[&str] = &["GOOGLE_APPLICATION_CREDENTIALS"];
    const AWS: &[&str] = &["AWS_ACCESS_KEY_ID", "AWS_PROFILE"];
    const COHERE: &[&str] = &["COHERE_API_KEY", "CO_API_KEY"];
    const HF: &[&str] = &["HF_TOKEN"];
    const OPENAI: Option<&str> = Some("openai");
    const TRANSFORMER: Option<&str> = Some("transformer");
    const CROSS_ENCODER: Option<&str> = Some("cross_encoder");
    const RERANK: Option<&str> = Some("rerank");
    const ZERO: &[&str] = &["ZERO_ENTROPY_API_KEY", "ZEROENTROPY_API_KEY"];
    static PROVIDERS: &[ProviderInfo] = &[
        info(VectorStore, "sqlite", Some("sqlite"), &[], "embedded: one file"),
        info(VectorStore, "pgvector", Some("pgvector"), &[], "PostgreSQL with the extension pgvector"),
        info(VectorStore, "supabase", Some("supabase"), &[], "Supabase, as PostgreSQL or over HTTPS"),
        info(VectorStore, "qdrant", Some("qdrant"), &[], "Qdrant, a server or its cloud"),
        info(VectorStore, "redis", Some("redis"), &[], "Redis with RediSearch, or Redis 8 with vector sets"),
        info(VectorStore, "valkey", Some("redis"), &[], "Valkey with RediSearch"),
        info(VectorStore, "chroma", Some("chroma"), &[], "Chroma, a server or Chroma Cloud"),
        info(VectorStore, "weaviate", Some("weaviate"), &[], "Weaviate, a server or Weaviate Cloud"),
        info(VectorStore, "cassandra", Some("cassandra"), &[], "Apache Cassandra 5"),
        info(VectorStore, "milvus", Some("milvus"), &[], "Milvus and Zilliz Cloud"),
        info(VectorStore, "elasticsearch", Some("elasticsearch"), &[], "Elasticsearch"),
        info(VectorStore, "opensearch", Some("opensearch"), &[], "OpenSearch, also Amazon's service"),
        info(Ledger, "sqlite", Some("sqlite"), &[], "embedded: one file"),
        info(Ledger, "postgres", Some("postgres"), &[], "PostgreSQL: several servers share it"),
        info(Embedder, "local", Some("local"), &[], "embedded: the model ships inside"),
        info(Embedder, "openai", OPENAI, &["OPENAI_API_KEY"], "OpenAI"),
        info(Embedder, "azure_openai", OPENAI, &["EMBEDDING_AZURE_OPENAI_API_KEY"], "Azure OpenAI"),
        info(Embedder, "together", OPENAI, &["TOGETHER_API_KEY"], "Together AI"),
        info(Embedder, "mistral", OPENAI, &["MISTRAL_API_KEY"], "Mistral AI"),
        info(Embedder, "lmstudio", OPENAI, &[], "LM Studio on this machine"),
        info(Embedder, "openai_compatible", OPENAI, &[], "any server of OpenAI's shape: `base_url`, `model`"),
        info(Embedder, "gemini", Some("gemini"), &["GOOGLE_API_KEY"], "Google's Gemini API"),
        info(Embedder, "google", Some("gemini"), &["GOOGLE_API_KEY"], "another name of gemini"),
        info(Embedder, "vertexai", Some("vertexai"), VERTEX, "Google's Vertex AI"),
        info(Embedder, "aws_bedrock", Some("aws_bedrock"), AWS, "Amazon Bedrock"),
        info(Embedder, "cohere", Some("cohere"), &["COHERE_API_KEY"], "Cohere"),
        info(Embedder, "voyage", Some("voyage"), &["VOYAGE_API_KEY"], "Voyage AI"),
        info(Embedder, "jina", Some("jina"), &["JINA_API_KEY"], "Jina AI"),
        info(Embedder, "huggingface", Some("huggingface"), HF, "Hugging Face, hosted or a server of your own"),
        info(Embedder, "ollama", Some("ollama"), &[], "Ollama on this machine"),
        info(Embedder, "transformer", TRANSFORMER, &[], "embedded: a model of the BERT family from a folder"),
        info(Embedder, "fastembed", TRANSFORMER, &[], "another name of transformer"),
        info(Embedder, "sentence_transformers", TRANSFORMER, &[], "another name of transformer"),
        info(Llm, "openai", OPENAI, &["OPENAI_API_KEY"], "OpenAI"),
        info(Llm, "openai_structured", OPENAI, &["OPENAI_API_KEY"], "another name of openai"),
        info(Llm, "azure_openai", OPENAI, &["LLM_AZURE_OPENAI_API_KEY"], "Azure OpenAI"),
        info(Llm, "azure_openai_structured", OPENAI, &["LLM_AZURE_OPENAI_API_KEY"], "another name of azure_openai"),
        info(Llm, "groq", OPENAI, &["GROQ_API_KEY"], "Groq"),
        info(Llm, "together", OPENAI, &["TOGETHER_API_KEY"], "Together AI"),
        info(Llm, "deepseek", OPENAI, &["DEEPSEEK_API_KEY"], "DeepSeek"),
        info(Llm, "xai", OPENAI, &["XAI_API_KEY"], "xAI"),
        info(Llm, "minimax", OPENAI, &["MINIMAX_API_KEY"], "MiniMax"),
        info(Llm, "sarvam", OPENAI, &["SARVAM_API_KEY"], "Sarvam AI"),
        info(Llm, "mistral", OPENAI, &["MISTRAL_API_KEY"], "Mistral AI"),
        info(Llm, "openrouter", OPENAI, &["OPENROUTER_API_KEY"], "OpenRouter"),
        info(Llm, "vllm", OPENAI, &[], "a vLLM server of your own"),
        info(Llm, "lmstudio", OPENAI, &[], "LM Studio on this machine"),
        info(Llm, "litellm", OPENAI, &[], "a LiteLLM proxy of your own"),
        info(Llm, "llama_cpp", OPENAI, &[], "a llama.cpp server of your own"),
        info(Llm, "openai_compatible", OPENAI, &[], "any server of OpenAI's shape: `base_url`, `model`"),
        info(Llm, "anthropic", Some("anthropic"), &["ANTHROPIC_API_KEY"], "Anthropic"),
        info(Llm, "gemini", Some("gemini"), GOOGLE, "Google's Gemini API"),
        info(Llm, "google", Some("gemini"), GOOGLE, "another name of gemini"),
        info(Llm, "vertexai", Some("vertexai"), VERTEX, "Google's Vertex AI"),
        info(Llm, "aws_bedrock", Some("aws_bedrock"), AWS, "Amazon Bedrock"),
        info(Llm, "ollama", Some("ollama"), &[], "Ollama on this machine"),
        info(Llm, "cohere", Some("cohere"), COHERE, "Cohere"),
        info(Reranker, "cohere", Some("cohere"), COHERE, "Cohere"),
        info(Reranker, "jina", Some("jina"), &["JINA_API_KEY"], "Jina AI"),
        info(Reranker, "voyage", Some("voyage"), &["VOYAGE_API_KEY"], "Voyage AI"),
        info(Reranker, "zero_entropy", Some("zero_entropy"), ZERO, "ZeroEntropy"),
        info(Reranker, "huggingface", Some("huggingface"), &[], "a Text Embeddings Inference server: `base_url`"),
        info(Reranker, "llm", RERANK, &[], "a language model, one call for all hits"),
        info(Reranker, "llm_reranker", RERANK, &[], "another name of llm"),
        info(Reranker, "mmr", RERANK, &[], "diversity: hits that say the same come later"),
        info(Reranker, "cross_encoder", CROSS_ENCODER, &[], "embedded: a cross-encoder from a folder"),
        info(Reranker, "sentence_transformer", CROSS_ENCODER, &[], "another name of cross_encoder"),
        info(Policy, "rules", Some("rules"), &[], "rules; no language model"),
        info(Policy, "single_pass", None, &[], "one call that sees what is known; the default with a language model"),
        info(Policy, "two_phase", None, &[], "one call for the facts, one for what to do with them"),
        info(Policy, "additive", None, &[], "one call; only adds"),
    ];
    PROVIDERS
}

/// The provider of that family and name.
#[must_use]
pub fn provider(family: Family, name: &str) -> Option<&'static ProviderInfo> {
    providers().iter().find(|known| known.family == family && known.name == name)
}

/// What the default model of a provider can do, as far as that can be known
/// without a key: none where the model has to be configured first, or this
/// build does not have the provider. No I/O.
pub async fn llm_capabilities(registry: &Registry, name: &str) -> Option<LlmCapabilities> {
    let context = BuildContext::new("");
    // Nothing is sent, so the key need not be one.
    for config in [json!({}), json!({"api_key": "none"}), json!({"aws_region": "us-east-1"})] {
        if let Ok(llm) = registry.make_llm(name, config, &context).await {
            return Some(llm.capabilities());
        }
    }
    None
}

/// Names the feature of a provider that this build could have.
///
/// # Errors
/// `UnknownProvider` for the first provider of the configuration that the
/// project has and the registry has not.
pub(crate) fn check_features(config: &Config, registry: &Registry) -> Result<()> {
    let slots = [
        (Family::VectorStore, Some(&config.vector_store)),
        (Family::Ledger, Some(&config.ledger)),
        (Family::Embedder, Some(&config.embedder)),
        (Family::Llm, config.llm.as_ref()),
        (Family::Reranker, config.reranker.as_ref()),
        (Family::Policy, config.policy.as_ref()),
    ];
    for (family, slot) in slots {
        if let Some(slot) = slot {
            check_feature(family, &slot.provider, registry)?;
        }
    }
    Ok(())
}

/// The same for one provider.
///
/// # Errors
/// `UnknownProvider`.
pub(crate) fn check_feature(family: Family, name: &str, registry: &Registry) -> Result<()> {
    let Some(known) = provider(family, name) else { return Ok(()) };
    match known.feature {
        Some(feature) if !known.is_in(registry) => Err(Error::new(
            ErrorKind::UnknownProvider,
            format!("{family} \"{name}\" is not in this build: add the feature \"{feature}\" of `mem0`"),
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mem0_core::Slot;

    #[test]
    fn no_provider_is_listed_twice_and_each_has_a_word() {
        for known in providers() {
            let same = |other: &&ProviderInfo| (other.family, other.name) == (known.family, known.name);
            assert_eq!(providers().iter().filter(same).count(), 1, "{known:?}");
            assert!(!known.note.is_empty(), "{known:?}");
        }
    }

    #[test]
    fn a_feature_that_is_off_is_named() {
        let mut config = Config::default();
        let empty = Registry::new();
        let refused = |config: &Config| check_features(config, &empty).unwrap_err().to_string();
        assert!(refused(&config).contains("the feature \"sqlite\""));
        for family in Family::ALL {
            let slot = |name: &str| Slot::new(name);
            config.vector_store = slot("x");
            config.ledger = slot("x");
            config.embedder = slot("x");
            config.llm = Some(slot("x"));
            config.reranker = Some(slot("x"));
            config.policy = Some(slot("x"));
            assert!(check_features(&config, &empty).is_ok(), "what nobody knows is left to the registry");
            for known in providers().iter().filter(|known| known.family == family) {
                match family {
                    Family::VectorStore => config.vector_store = slot(known.name),
                    Family::Ledger => config.ledger = slot(known.name),
                    Family::Embedder => config.embedder = slot(known.name),
                    Family::Llm => config.llm = Some(slot(known.name)),
                    Family::Reranker => config.reranker = Some(slot(known.name)),
                    Family::Policy => config.policy = Some(slot(known.name)),
                }
                match known.feature {
                    Some(feature) => {
                        let error = refused(&config);
                        assert!(error.contains(feature) && error.contains(family.as_str()), "{error}");
                    }
                    None => assert!(check_features(&config, &empty).is_ok()),
                }
            }
        }
    }
}
