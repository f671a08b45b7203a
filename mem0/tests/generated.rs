//! The support table of the README and the configuration reference are made
//! from the code. `MEM0_UPDATE=1 cargo test -p mem0 --test generated --features
//! providers` writes them anew; without it a stale one fails.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test stops at the first error"
)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use mem0::{BuildContext, Config, Family, LlmCapabilities, ProviderInfo, Registry, StructuredOutput};
use serde_json::{Value, json};

/// What the conformance run of a vector store rests on, the version that it
/// was on, and the kinds of index that the store can make. A store that is
/// missing here fails the test.
struct Proof {
    provider: &'static str,
    evidence: &'static str,
    version: &'static str,
    indexes: &'static str,
}

const PROOFS: &[Proof] = &[
    Proof { provider: "sqlite", evidence: "real", version: "bundled", indexes: "exact scan, graph (HNSW)" },
    Proof {
        provider: "pgvector",
        evidence: "real",
        version: "PostgreSQL 18.6, pgvector 0.8.6",
        indexes: "exact, HNSW, IVFFlat; halfvec",
    },
    Proof {
        provider: "supabase",
        evidence: "real PostgreSQL behind fakes of the pooler and of PostgREST",
        version: "PostgreSQL 18.6, pgvector 0.8.6",
        indexes: "exact, HNSW, IVFFlat; halfvec",
    },
    Proof {
        provider: "qdrant",
        evidence: "fake",
        version: "by the protocol of 1.16 to 1.19",
        indexes: "exact, HNSW; scalar, product and binary quantisation",
    },
    Proof {
        provider: "redis",
        evidence: "real",
        version: "8.2.3, RediSearch 2.10.5",
        indexes: "FLAT, HNSW; vector sets",
    },
    Proof { provider: "valkey", evidence: "real", version: "8.1.8, RediSearch 2.10.5", indexes: "FLAT, HNSW" },
    Proof { provider: "chroma", evidence: "real", version: "1.5.9", indexes: "HNSW; SPANN not run" },
    Proof { provider: "weaviate", evidence: "real", version: "1.35.2", indexes: "HNSW; flat not run" },
    Proof {
        provider: "cassandra",
        evidence: "real",
        version: "Apache Cassandra 5.0.9, one node",
        indexes: "exact scan, SAI (graph)",
    },
    Proof { provider: "milvus", evidence: "real", version: "2.3.5 standalone", indexes: "HNSW, FLAT, AUTOINDEX" },
    Proof { provider: "elasticsearch", evidence: "real", version: "8.19.21", indexes: "HNSW, int8 HNSW" },
    Proof { provider: "opensearch", evidence: "real", version: "2.19.1", indexes: "HNSW by Lucene; by Faiss not run" },
];

/// What each other provider's conformance run rests on, by family and feature: all
/// names of a feature speak the same protocol. A feature that is missing here
/// fails the test.
const EVIDENCE: &[(Family, Option<&str>, &str)] = &[
    (Family::Ledger, Some("sqlite"), "real, killed and recovered"),
    (Family::Ledger, Some("postgres"), "real (PostgreSQL 18.6), killed and recovered"),
    (Family::Embedder, Some("local"), "real"),
    (Family::Embedder, Some("openai"), FAKE),
    (Family::Embedder, Some("gemini"), FAKE),
    (Family::Embedder, Some("vertexai"), FAKE),
    (Family::Embedder, Some("aws_bedrock"), FAKE),
    (Family::Embedder, Some("cohere"), FAKE),
    (Family::Embedder, Some("voyage"), FAKE),
    (Family::Embedder, Some("jina"), FAKE),
    (Family::Embedder, Some("huggingface"), FAKE),
    (Family::Embedder, Some("ollama"), FAKE),
    (Family::Embedder, Some("transformer"), "real, with a tiny model that the test makes"),
    (Family::Llm, Some("openai"), FAKE),
    (Family::Llm, Some("anthropic"), FAKE),
    (Family::Llm, Some("gemini"), FAKE),
    (Family::Llm, Some("vertexai"), FAKE),
    (Family::Llm, Some("aws_bedrock"), FAKE),
    (Family::Llm, Some("ollama"), FAKE),
    (Family::Llm, Some("cohere"), FAKE),
    (Family::Reranker, Some("cohere"), FAKE),
    (Family::Reranker, Some("jina"), FAKE),
    (Family::Reranker, Some("voyage"), FAKE),
    (Family::Reranker, Some("zero_entropy"), FAKE),
    (Family::Reranker, Some("huggingface"), FAKE),
    (Family::Reranker, Some("rerank"), "real, over a model that is scripted"),
    (Family::Reranker, Some("cross_encoder"), "real, with a tiny model that the test makes"),
    (Family::Policy, Some("rules"), "its own tests"),
    (Family::Policy, None, "its own tests, with a model that is scripted"),
];

/// A fake of the protocol on the wire, made after the provider's documentation.
const FAKE: &str = "fake";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn evidence(provider: &ProviderInfo) -> &'static str {
    let known = EVIDENCE.iter().find(|(family, feature, _)| (*family, *feature) == (provider.family, provider.feature));
    known.unwrap_or_else(|| panic!("{provider:?} has no evidence in this table")).2
}

/// Compares a file with what it should be, or writes it.
fn check(path: &Path, wanted: &str) {
    if std::env::var_os("MEM0_UPDATE").is_some() {
        std::fs::write(path, wanted).unwrap();
        return;
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        found == wanted,
        "{} is stale; run `MEM0_UPDATE=1 cargo test -p mem0 --test generated --features providers`",
        path.display()
    );
}

async fn vector_stores(registry: &Registry) -> String {
    let folder = tempfile::tempdir().unwrap();
    let context = BuildContext::new(folder.path());
    let mut table = String::from(
        "| vector store | filters in the store | words | ordered by version | reads see writes | most per request | \
         indexes | evidence | on |\n|---|---|---|---|---|---|---|---|---|\n",
    );
    for known in mem0::providers().iter().filter(|known| known.family == Family::VectorStore) {
        let store = registry.make_vector_store(known.name, Value::Null, &context).await.unwrap();
        let can = store.capabilities();
        let most = can.max_batch.map_or("any".to_owned(), |n| n.to_string());
        let (words, versioned, immediate) = (yes(can.keyword), yes(can.versioned), yes(can.immediate));
        let (name, filter) = (known.name, can.filter);
        let proof = PROOFS.iter().find(|proof| proof.provider == name);
        let proof = proof.unwrap_or_else(|| panic!("{name} has no proof in this table"));
        let Proof { evidence, version, indexes, .. } = proof;
        writeln!(
            table,
            "| `{name}` | {filter} | {words} | {versioned} | {immediate} | {most} | {indexes} | {evidence} | {version} |"
        )
        .unwrap();
    }
    table
}

fn yes(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

/// What the default model does with a schema, and whether it sees.
fn can_do(can: Option<LlmCapabilities>) -> (&'static str, &'static str) {
    let Some(can) = can else { return ("by the model", "by the model") };
    let shape = match can.structured_output {
        StructuredOutput::Schema => "schema",
        StructuredOutput::Tool => "tool call",
        StructuredOutput::Json => "JSON",
        _ => "prompt",
    };
    (shape, yes(can.vision))
}

async fn language_models(registry: &Registry) -> String {
    let mut table = String::from(
        "| language model | what it is | feature | key from | answers by | sees pictures | evidence |\n\
         |---|---|---|---|---|---|---|\n",
    );
    for known in mem0::providers().iter().filter(|known| known.family == Family::Llm) {
        let (shape, sees) = can_do(mem0::llm_capabilities(registry, known.name).await);
        let (name, note, feature, key) = words(known);
        let evidence = evidence(known);
        writeln!(table, "| `{name}` | {note} | {feature} | {key} | {shape} | {sees} | {evidence} |").unwrap();
    }
    table
}

fn others(family: Family, title: &str) -> String {
    let mut table = format!("| {title} | what it is | feature | key from | evidence |\n|---|---|---|---|---|\n");
    for known in mem0::providers().iter().filter(|known| known.family == family) {
        let (name, note, feature, key) = words(known);
        writeln!(table, "| `{name}` | {note} | {feature} | {key} | {} |", evidence(known)).unwrap();
    }
    table
}

fn words(known: &ProviderInfo) -> (&'static str, &'static str, String, String) {
    let code = |names: &[&str]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ");
    (known.name, known.note, code(known.feature.as_slice()), code(known.needs))
}

#[tokio::test]
async fn the_support_table_is_up_to_date() {
    let registry = mem0::registry();
    // The rows of vector stores and models say what these can do.
    for known in mem0::providers().iter().filter(|known| matches!(known.family, Family::VectorStore | Family::Llm)) {
        assert!(known.is_in(&registry), "{known:?} is not in this build, so its row would be a guess");
    }
    let table = [
        vector_stores(&registry).await,
        others(Family::Ledger, "ledger"),
        others(Family::Embedder, "embedder"),
        language_models(&registry).await,
        others(Family::Reranker, "reranker"),
        others(Family::Policy, "policy"),
    ]
    .join("\n");
    let path = root().join("README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = readme.split_once("<!-- providers:").unwrap();
    let (_, rest) = rest.split_once("-->\n").unwrap();
    let (_, after) = rest.split_once("<!-- /providers -->").unwrap();
    let mark = "made by `MEM0_UPDATE=1 cargo test -p mem0 --test generated --features providers`; do not edit";
    check(&path, &format!("{before}<!-- providers: {mark} -->\n\n{table}\n<!-- /providers -->{after}"));
}

/// The keys of a provider with their defaults.
fn keys<T: serde::Serialize + Default>() -> Value {
    serde_json::to_value(T::default()).unwrap()
}

/// The keys of every remote provider, by its section in the document.
fn remote() -> Vec<(Family, &'static str, Value)> {
    use Family::{Embedder, Llm, Reranker};
    use mem0_embedders as embedders;
    use mem0_llms as llms;
    use mem0_rerank as rerank;
    vec![
        (Llm, "openai", keys::<llms::openai::config::OpenAiConfig>()),
        (Llm, "anthropic", keys::<llms::anthropic::AnthropicConfig>()),
        (Llm, "gemini", keys::<llms::gemini::GeminiConfig>()),
        (Llm, "vertexai", keys::<llms::vertexai::VertexAiConfig>()),
        (Llm, "aws_bedrock", keys::<llms::aws_bedrock::BedrockConfig>()),
        (Llm, "ollama", keys::<llms::ollama::OllamaConfig>()),
        (Llm, "cohere", keys::<llms::cohere::CohereConfig>()),
        (Embedder, "openai", keys::<embedders::openai::OpenAiConfig>()),
        (Embedder, "azure_openai", keys::<embedders::openai::AzureConfig>()),
        (Embedder, "gemini", keys::<embedders::gemini::GeminiConfig>()),
        (Embedder, "vertexai", keys::<embedders::vertexai::VertexAiConfig>()),
        (Embedder, "aws_bedrock", keys::<embedders::aws_bedrock::BedrockConfig>()),
        (Embedder, "cohere", keys::<embedders::cohere::CohereConfig>()),
        (Embedder, "voyage", keys::<embedders::voyage::VoyageConfig>()),
        (Embedder, "jina", keys::<embedders::jina::JinaConfig>()),
        (Embedder, "huggingface", keys::<embedders::huggingface::HuggingFaceConfig>()),
        (Embedder, "ollama", keys::<embedders::ollama::OllamaConfig>()),
        (Reranker, "cohere", keys::<rerank::cohere::CohereConfig>()),
        (Reranker, "jina", keys::<rerank::jina::JinaConfig>()),
        (Reranker, "voyage", keys::<rerank::voyage::VoyageConfig>()),
        (Reranker, "zero_entropy", keys::<rerank::zero_entropy::ZeroEntropyConfig>()),
        (Reranker, "huggingface", keys::<rerank::huggingface::HuggingFaceConfig>()),
    ]
}

/// A line for each key, those with a default with it; what several providers
/// of a family share is said once.
fn provider_keys(family: Family) -> String {
    let tables: Vec<(&str, Value)> =
        remote().into_iter().filter(|(of, _, _)| *of == family).map(|(_, name, keys)| (name, keys)).collect();
    let list = |keys: Vec<(&String, &Value)>| {
        let of = |(key, value): (&String, &Value)| match value {
            Value::Null => format!("`{key}`"),
            Value::Object(_) => format!("`{key}` (a table)"),
            value => format!("`{key}` ({value})"),
        };
        keys.into_iter().map(of).collect::<Vec<_>>().join(", ")
    };
    let shared = |key: &str| tables.iter().all(|(_, keys)| keys.get(key).is_some());
    let pick = |keys: &Value, common: bool| {
        let keys = keys.as_object().unwrap();
        list(keys.iter().filter(|(key, _)| shared(key) == common).collect())
    };
    let mut text = format!("| {family} | keys |\n|---|---|\n| all | {} |\n", pick(&tables[0].1, true));
    for (name, keys) in &tables {
        // Names without keys of their own are read with those of their feature.
        let own = |other: &str| tables.iter().any(|(known, _)| *known == other);
        let same: Vec<String> = mem0::providers()
            .iter()
            .filter(|known| known.family == family)
            .filter(|known| known.name == *name || (known.feature == Some(name) && !own(known.name)))
            .map(|known| format!("`{}`", known.name))
            .collect();
        writeln!(text, "| {} | {} |", same.join(", "), pick(keys, false)).unwrap();
    }
    text
}

#[test]
fn the_configuration_reference_is_up_to_date() {
    let mut config = serde_json::to_value(Config::default()).unwrap();
    config["vector_store"]["config"] = json!(mem0_stores::vector::sqlite::SqliteVectorConfig::default());
    config["ledger"]["config"] = json!(mem0_stores::ledger::sqlite::config::SqliteLedgerConfig::default());
    config["embedder"]["config"] = json!(mem0_embedders::local::LocalConfig::default());
    config["llm"] = json!({"provider": "openai", "config": {"model": "gpt-5-mini"}});
    config["reranker"] = json!({"provider": "llm", "config": mem0_rerank::llm::LlmRerankConfig::default()});
    config["policy"] = json!({"provider": "single_pass", "config": mem0::policies::PolicyConfig::default()});
    // What is documented is accepted.
    Config::from_value(config.clone()).unwrap();
    let text = format!(
        "# Configuration\n\n\
         <!-- made by `MEM0_UPDATE=1 cargo test -p mem0 --test generated --features providers`; do not edit -->\n\n\
         TOML, or JSON if the file starts with `{{`. Every key has a default; an unknown key is refused with the nearest\n\
         name. The Python library's shape (`{{\"vector_store\": {{\"provider\", \"config\"}}, …}}`) is accepted as it is.\n\n\
         Sources, later ones win key by key: the defaults, the file, the environment (`MEM0__EMBEDDER__PROVIDER=local` sets\n\
         `embedder.provider`; a value that is JSON is read as JSON), the code. `MEM0_DIR` names the folder for files where\n\
         `data_dir` is not set; else it is `.mem0` in the home folder.\n\n\
         What each key means is documented on `mem0_core::Config` and on the provider's own configuration type.\n\
         These are all keys with their defaults, and with a language model (none by default, and then the policy is\n\
         `rules`) and a reranker (none by default); null means not set:\n\n\
         ```json\n{}\n```\n\n\
         ## Remote providers\n\n\
         The keys of `llm.config`, `embedder.config` and `reranker.config`. A secret is the text itself, `{{\"env\": \"NAME\"}}` or\n\
         `{{\"file\": \"path\"}}`; where no key is set it is read from the variable that `mem0 providers` names. `http` has\n\
         the timeouts, the retries and the proxy:\n\n\
         ```json\n{}\n```\n\n{}\n{}\n{}",
        serde_json::to_string_pretty(&config).unwrap(),
        serde_json::to_string_pretty(&remote()[0].2["http"]).unwrap(),
        provider_keys(Family::Llm),
        provider_keys(Family::Embedder),
        provider_keys(Family::Reranker),
    );
    check(&root().join("docs/configuration.md"), &text);
}
