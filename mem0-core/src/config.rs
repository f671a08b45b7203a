//! The configuration: from a file, from the environment, or built in code.

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::engine::rerank::POOL;
use crate::engine::{Budget, Builder, Decay, Fusion, Limits, Mem0};
use crate::error::{Error, Result};
use crate::layers::{CallLimits, LayerOptions, layered, layered_reranker};
use crate::policies;
use crate::registry::{BuildContext, Registry, explain};
use crate::traits::reranker::Reranker;
use crate::traits::vector_store::VectorStore;

/// A provider with its own configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Slot {
    /// Which one; see the names in [`Registry`].
    pub provider: String,
    /// Its own keys. Unknown ones are refused when it is made.
    #[serde(default)]
    pub config: Value,
}

impl Slot {
    /// A provider with its defaults.
    #[must_use]
    pub fn new(provider: impl Into<String>) -> Self {
        Self { provider: provider.into(), config: Value::Null }
    }

    /// With its own keys.
    #[must_use]
    pub fn with_config(mut self, config: Value) -> Self {
        self.config = config;
        self
    }
}

/// How a search uses the reranker.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RerankConfig {
    /// How many of the best hits it is shown where a call does not say; 50 by
    /// default.
    pub pool: usize,
    /// How long it may take of the time of a search, repetitions included, in
    /// seconds; 10 by default, 0 for no limit. Then the hits stay in the order
    /// in which they were found.
    pub timeout_s: f64,
}

impl Default for RerankConfig {
    fn default() -> Self {
        Self { pool: POOL, timeout_s: 10.0 }
    }
}

impl RerankConfig {
    /// The time limit alone: what is worth repeating the reranker knows itself.
    fn layers(&self) -> Result<LayerOptions> {
        CallLimits { timeout_s: self.timeout_s, max_retries: 0, ..CallLimits::default() }.layers()
    }
}

/// What an engine is made of.
///
/// Reads TOML and JSON, and accepts the Python library's shape as it is:
/// `{"vector_store": {"provider", "config"}, "embedder": {…},
/// "history_db_path": …}`. Later sources win key by key: defaults, file,
/// environment, code. Unknown keys are refused with the nearest name.
///
/// ```
/// use mem0_core::Config;
///
/// let config = Config::from_toml("collection = 'notes'\n[vector_store]\nprovider = 'sqlite'")?;
/// assert_eq!(config.collection, "notes");
/// let error = Config::from_toml("[vektor_store]\nprovider = 'sqlite'").unwrap_err();
/// assert!(error.to_string().contains("did you mean \"vector_store\"?"));
/// # Ok::<(), mem0_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// Where vectors are found by nearness; `sqlite` by default.
    pub vector_store: Slot,
    /// Limits for each call to the vector store.
    pub vector_store_calls: CallLimits,
    /// What makes vectors of texts; `local` by default.
    pub embedder: Slot,
    /// Where the truth is kept; `sqlite` by default.
    pub ledger: Slot,
    /// The language model that policies, procedures and pictures ask; none by
    /// default.
    pub llm: Option<Slot>,
    /// What looks again at the best hits of a search; none by default.
    pub reranker: Option<Slot>,
    /// How a search uses it.
    pub rerank: RerankConfig,
    /// How facts are extracted and reconciled; with a language model
    /// `single_pass` by default, else `rules`. The other policies can be chosen
    /// in each call; those that ask a model share this configuration.
    pub policy: Option<Slot>,
    /// What may be spent on the language model.
    pub budget: Budget,
    /// Whether spans may hold what the model is asked and answers; off by
    /// default.
    pub trace_text: bool,
    /// The collection in the vector store; `mem0` by default.
    pub collection: String,
    /// How similarity and words make one score.
    pub fusion: Fusion,
    /// How the score of a memory falls with its age; not at all by default.
    pub decay: Decay,
    /// Limits on input.
    pub limits: Limits,
    /// The folder for files; relative paths of the providers are below it.
    /// The application decides the default.
    pub data_dir: Option<PathBuf>,
    /// The Python library's name for the path of the SQLite ledger.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history_db_path: Option<PathBuf>,
    /// The Python library's name for `policy.config.instructions`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_instructions: Option<String>,
    /// The Python library's name for `policy.config.extraction_prompt`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_fact_extraction_prompt: Option<String>,
    /// The Python library's name for `policy.config.update_prompt`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_update_memory_prompt: Option<String>,
    /// The Python library's version label; accepted and without effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            vector_store: Slot::new("sqlite"),
            vector_store_calls: CallLimits::default(),
            embedder: Slot::new("local"),
            ledger: Slot::new("sqlite"),
            llm: None,
            reranker: None,
            rerank: RerankConfig::default(),
            policy: None,
            budget: Budget::default(),
            trace_text: false,
            collection: "mem0".to_owned(),
            fusion: Fusion::default(),
            decay: Decay::default(),
            limits: Limits::default(),
            data_dir: None,
            history_db_path: None,
            custom_instructions: None,
            custom_fact_extraction_prompt: None,
            custom_update_memory_prompt: None,
            version: None,
        }
    }
}

/// The prefix of environment variables; `__` separates levels.
const ENV_PREFIX: &str = "MEM0__";

impl Config {
    /// Reads TOML.
    ///
    /// # Errors
    /// `Config` that names the key or the line, never a value.
    pub fn from_toml(text: &str) -> Result<Self> {
        Self::from_value(toml_value(text)?)
    }

    /// Reads JSON.
    ///
    /// # Errors
    /// As [`Config::from_toml`].
    pub fn from_json(text: &str) -> Result<Self> {
        Self::from_value(json_value(text)?)
    }

    /// Reads a JSON value.
    ///
    /// # Errors
    /// As [`Config::from_toml`].
    pub fn from_value(value: Value) -> Result<Self> {
        let config: Self = serde_json::from_value(value).map_err(|e| explain(&e.to_string()))?;
        if config.collection.is_empty() {
            return Err(Error::config("collection is empty"));
        }
        Ok(config)
    }

    /// Reads a file's text (TOML, or JSON if it starts with `{`) and lays
    /// environment variables over it: `MEM0__EMBEDDER__PROVIDER=local` sets
    /// `embedder.provider`. A value that is JSON (a number, `true`, a list) is
    /// read as that, anything else as text. Variables without the prefix are
    /// not looked at.
    ///
    /// ```
    /// use mem0_core::Config;
    ///
    /// let env = [("MEM0__COLLECTION", "work"), ("MEM0__LIMITS__BATCH", "5"), ("PATH", "/bin")];
    /// let config = Config::layered(Some("collection = 'notes'"), env)?;
    /// assert_eq!((config.collection.as_str(), config.limits.batch), ("work", 5));
    /// # Ok::<(), mem0_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Config::from_toml`].
    pub fn layered<K: AsRef<str>, V: AsRef<str>>(
        file: Option<&str>,
        env: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self> {
        let mut value = match file {
            Some(text) if text.trim_start().starts_with('{') => json_value(text)?,
            Some(text) => toml_value(text)?,
            None => Value::Object(Map::new()),
        };
        for (key, text) in env {
            if let Some(path) = key.as_ref().strip_prefix(ENV_PREFIX) {
                let text = text.as_ref();
                let leaf = serde_json::from_str(text).unwrap_or_else(|_| text.into());
                set(&mut value, path.split("__"), leaf).ok_or_else(|| {
                    Error::config("an environment variable does not fit the file").with_context("key", key.as_ref())
                })?;
            }
        }
        Self::from_value(value)
    }

    /// Makes the parts from the registry, ready to be changed or opened.
    ///
    /// # Errors
    /// `UnknownProvider`, `Config`, and those of the parts.
    pub async fn builder(&self, registry: &Registry, context: &BuildContext) -> Result<Builder> {
        let ledger = self.ledger_config()?;
        let ledger = registry.make_ledger(&self.ledger.provider, ledger, context).await?;
        let store = self.make_vector_store(registry, context).await?;
        let embedder = &self.embedder;
        let embedder = registry.make_embedder(&embedder.provider, embedder.config.clone(), context).await?;
        let llm = match &self.llm {
            Some(llm) => Some(registry.make_llm(&llm.provider, llm.config.clone(), context).await?),
            None => None,
        };
        let context = context.clone().with_llm(llm.clone()).with_embedder(Arc::clone(&embedder));
        let mut builder = Mem0::builder(ledger, store, embedder)
            .fusion(self.fusion)
            .decay(self.decay.clone())
            .limits(self.limits.clone())
            .collection(self.collection.clone())
            .budget(self.budget)
            .trace_text(self.trace_text);
        if let Some(reranker) = self.make_reranker(registry, &context).await? {
            builder = builder.reranker(reranker).rerank_pool(self.rerank.pool);
        }
        for Slot { provider, config } in self.policies(registry)? {
            let (extractor, reconciler) = registry.make_policy(&provider, config, &context).await?;
            builder = builder.policy(extractor, reconciler);
        }
        if let Some(llm) = llm {
            builder = builder.llm(llm);
        }
        Ok(builder)
    }

    /// Makes the vector store alone, for instance to move there.
    ///
    /// # Errors
    /// As [`Config::builder`].
    pub async fn make_vector_store(&self, registry: &Registry, context: &BuildContext) -> Result<Arc<dyn VectorStore>> {
        let calls = self.vector_store_calls.layers()?;
        let Slot { provider, config } = &self.vector_store;
        Ok(layered(registry.make_vector_store(provider, config.clone(), context).await?, &calls))
    }

    /// Makes the reranker alone, if there is one. The context has the embedder
    /// and the language model that it may want.
    ///
    /// # Errors
    /// As [`Config::builder`].
    pub async fn make_reranker(
        &self,
        registry: &Registry,
        context: &BuildContext,
    ) -> Result<Option<Arc<dyn Reranker>>> {
        let Some(Slot { provider, config }) = &self.reranker else { return Ok(None) };
        let context = context.clone().with_registry(registry.clone());
        let reranker = registry.make_reranker(provider, config.clone(), &context).await?;
        Ok(Some(layered_reranker(reranker, &self.rerank.layers()?)))
    }

    /// The engine's own policy first, then the others that this build has and
    /// that can work.
    fn policies(&self, registry: &Registry) -> Result<Vec<Slot>> {
        let asks = |name: &str| policies::NAMES.contains(&name);
        let default = if self.llm.is_some() { "single_pass" } else { "rules" };
        let own = self.policy.clone().unwrap_or_else(|| Slot::new(default));
        // The configuration of those that ask a model is one.
        let mut shared = Slot::new("");
        if asks(&own.provider) {
            shared.config = own.config.clone();
        }
        for (key, alias, value) in [
            ("instructions", "custom_instructions", &self.custom_instructions),
            ("extraction_prompt", "custom_fact_extraction_prompt", &self.custom_fact_extraction_prompt),
            ("update_prompt", "custom_update_memory_prompt", &self.custom_update_memory_prompt),
        ] {
            let Some(value) = value else { continue };
            if shared.config.is_null() {
                shared.config = Value::Object(Map::new());
            }
            let map = shared.config.as_object_mut().ok_or_else(|| Error::config("policy.config is not a table"))?;
            if !map.contains_key(alias) {
                map.entry(key).or_insert_with(|| value.as_str().into());
            }
        }
        let mut slots = Vec::new();
        let others = registry.policies().filter(|name| *name != own.provider).map(str::to_owned);
        let names: Vec<String> = std::iter::once(own.provider.clone()).chain(others).collect();
        for name in &names {
            if asks(name) {
                if self.llm.is_some() || *name == own.provider {
                    slots.push(Slot { provider: name.clone(), ..shared.clone() });
                }
            } else if *name == own.provider {
                slots.push(own.clone());
            } else {
                slots.push(Slot::new(name.as_str()));
            }
        }
        Ok(slots)
    }

    /// The ledger's own keys, with the Python library's path where it is used.
    fn ledger_config(&self) -> Result<Value> {
        let mut config = self.ledger.config.clone();
        if let Some(path) = &self.history_db_path {
            if config.is_null() {
                config = Value::Object(Map::new());
            }
            let path = path.to_str().ok_or_else(|| Error::config("history_db_path is not UTF-8"))?;
            let map = config.as_object_mut().ok_or_else(|| Error::config("ledger.config is not a table"))?;
            map.entry("path").or_insert_with(|| path.into());
        }
        Ok(config)
    }
}

/// Environment names are written in capitals, keys in lower case.
fn set<'a>(value: &mut Value, mut path: impl Iterator<Item = &'a str>, leaf: Value) -> Option<()> {
    match path.next() {
        None => *value = leaf,
        Some(key) => {
            if value.is_null() {
                *value = Value::Object(Map::new());
            }
            let child = value.as_object_mut()?.entry(key.to_lowercase()).or_insert(Value::Null);
            set(child, path, leaf)?;
        }
    }
    Some(())
}

fn json_value(text: &str) -> Result<Value> {
    serde_json::from_str(text).map_err(|e| Error::config(format!("not JSON: line {}, column {}", e.line(), e.column())))
}

fn toml_value(text: &str) -> Result<Value> {
    toml::from_str(text).map_err(|e| {
        let line = e.span().and_then(|span| text.get(..span.start)).map_or(0, |before| before.lines().count());
        Error::config(format!("not TOML: near line {}", line.max(1)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn accepts_the_python_shape() {
        let config = Config::from_value(json!({
            "vector_store": {"provider": "qdrant", "config": {"host": "localhost", "port": 6333}},
            "embedder": {"provider": "openai", "config": {"model": "text-embedding-3-small"}},
            "history_db_path": "/data/history.db",
            "version": "v1.1"
        }))
        .unwrap();
        assert_eq!(config.vector_store.provider, "qdrant");
        assert_eq!(config.ledger_config().unwrap(), json!({"path": "/data/history.db"}));
    }

    #[test]
    fn later_sources_win_key_by_key() {
        let file = "[limits]\nbatch = 7\nmessages = 8\n[embedder]\nprovider = 'local'";
        let env = [("MEM0__LIMITS__BATCH", "9"), ("MEM0__EMBEDDER__CONFIG__MODEL", "x"), ("OTHER", "1")];
        let config = Config::layered(Some(file), env).unwrap();
        assert_eq!((config.limits.batch, config.limits.messages), (9, 8));
        assert_eq!(config.embedder.config, json!({"model": "x"}));
    }

    #[test]
    fn errors_name_the_key_and_never_the_value() {
        for (text, want) in [
            ("colection = 'x'", "did you mean \"collection\"?"),
            ("[embedder]\nprovidr = 'x'", "did you mean \"provider\"?"),
            ("[limits]\nbatch = 'sk-secret'", "wrong type"),
            ("collection = ", "line 1"),
        ] {
            let error = Config::from_toml(text).unwrap_err().to_string();
            assert!(error.contains(want), "{error}");
            assert!(!error.contains("sk-secret"), "{error}");
        }
        assert!(Config::layered(None, [("MEM0__COLLECTION__X__Y", "1")]).is_err());
    }
}
