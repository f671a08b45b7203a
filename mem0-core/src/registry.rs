//! Providers by name.

use std::any::Any;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::config::Slot;
use crate::engine::cost::{counted_embedder, metered};
use crate::error::{Error, ErrorKind, Result};
use crate::traits::embedder::Embedder;
use crate::traits::extract::{Extractor, Reconciler};
use crate::traits::foreign::ForeignCollection;
use crate::traits::ledger::Ledger;
use crate::traits::llm::Llm;
use crate::traits::reranker::Reranker;
use crate::traits::vector_store::VectorStore;

/// The two halves of a policy.
pub type Policy = (Arc<dyn Extractor>, Arc<dyn Reconciler>);

type Made<T> = Pin<Box<dyn Future<Output = Result<T>> + Send>>;
type Factory<T> = Arc<dyn Fn(Value, BuildContext) -> Made<T> + Send + Sync>;

/// What the factories of one engine share.
#[derive(Clone)]
pub struct BuildContext {
    data_dir: PathBuf,
    llm: Option<Arc<dyn Llm>>,
    embedder: Option<Arc<dyn Embedder>>,
    registry: Option<Registry>,
    shared: Arc<Mutex<HashMap<String, Arc<dyn Any + Send + Sync>>>>,
}

impl BuildContext {
    /// Relative paths of a configuration are below `data_dir`.
    #[must_use]
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self { data_dir: data_dir.into(), llm: None, embedder: None, registry: None, shared: Arc::default() }
    }

    /// With the language model that the engine is configured with.
    #[must_use]
    pub fn with_llm(mut self, llm: Option<Arc<dyn Llm>>) -> Self {
        self.llm = llm;
        self
    }

    /// The language model that the engine is configured with.
    ///
    /// # Errors
    /// `Config` if there is none.
    pub fn llm(&self) -> Result<Arc<dyn Llm>> {
        let llm = self.llm.as_ref().map(Arc::clone);
        llm.ok_or_else(|| Error::config("this policy asks a language model: configure one under `llm`"))
    }

    /// With the embedder that the engine is configured with.
    #[must_use]
    pub fn with_embedder(mut self, embedder: Arc<dyn Embedder>) -> Self {
        self.embedder = Some(embedder);
        self
    }

    /// The embedder that the engine is configured with. Within a call of the
    /// engine what it does is counted.
    ///
    /// # Errors
    /// `Config` if there is none.
    pub fn embedder(&self) -> Result<Arc<dyn Embedder>> {
        let embedder = self.embedder.as_ref().map(Arc::clone);
        embedder.map(counted_embedder).ok_or_else(|| Error::config("this needs the embedder of an engine"))
    }

    /// With the providers that the factories may ask for parts of their own.
    #[must_use]
    pub fn with_registry(mut self, registry: Registry) -> Self {
        self.registry = Some(registry);
        self
    }

    /// The model of this slot, else the one that the engine is configured with.
    /// Within a call of the engine what it is asked is counted, and kept within
    /// the budget.
    ///
    /// # Errors
    /// `Config` if there is none; those of [`Registry::make_llm`].
    pub async fn llm_of(&self, slot: Option<&Slot>) -> Result<Arc<dyn Llm>> {
        let Some(Slot { provider, config }) = slot else {
            let llm = self.llm.as_ref().map(Arc::clone);
            let none = || Error::config("this asks a language model: configure one under `llm`");
            return llm.map(metered).ok_or_else(none);
        };
        let registry = self.registry.as_ref();
        let registry = registry.ok_or_else(|| Error::config("a language model of its own needs the providers"))?;
        Ok(metered(registry.make_llm(provider, config.clone(), self).await?))
    }

    /// The folder for files.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// A configured path, below the data folder if it is relative.
    #[must_use]
    pub fn path(&self, path: &Path) -> PathBuf {
        self.data_dir.join(path)
    }

    /// The value that another factory of this engine made under `key`, or a
    /// new one: so that, for instance, a ledger and a vector store on one file
    /// share its connections.
    ///
    /// # Errors
    /// Those of `make`; `Internal` if the value under `key` is of another
    /// type.
    pub fn shared<T: Clone + Send + Sync + 'static>(&self, key: &str, make: impl FnOnce() -> Result<T>) -> Result<T> {
        let typed = |value: &Arc<dyn Any + Send + Sync>| {
            let value = value.downcast_ref::<T>().cloned();
            value.ok_or_else(|| Error::internal("a shared value of another type"))
        };
        if let Some(value) = self.lock().get(key) {
            return typed(value);
        }
        // Not under the lock: making a value may need another shared one.
        let value = make()?;
        let mut shared = self.lock();
        typed(shared.entry(key.to_owned()).or_insert_with(|| Arc::new(value)))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<dyn Any + Send + Sync>>> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for BuildContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BuildContext").field("data_dir", &self.data_dir).finish_non_exhaustive()
    }
}

/// The providers that an application was built with, by family and name.
///
/// A value, not a global: adapters add themselves by plain functions, and an
/// application may add its own.
///
/// ```
/// use std::sync::Arc;
///
/// use mem0_core::{BuildContext, Registry, VectorStore, reference::MemoryVectorStore};
///
/// let mut registry = Registry::new();
/// registry.vector_store("memory", |_config, _context| async {
///     Ok(Arc::new(MemoryVectorStore::new()) as Arc<dyn VectorStore>)
/// });
/// assert_eq!(registry.vector_stores().collect::<Vec<_>>(), ["memory"]);
/// ```
#[derive(Clone, Default)]
pub struct Registry {
    vector_stores: Family<Arc<dyn VectorStore>>,
    foreign: Family<Arc<dyn ForeignCollection>>,
    ledgers: Family<Arc<dyn Ledger>>,
    embedders: Family<Arc<dyn Embedder>>,
    llms: Family<Arc<dyn Llm>>,
    rerankers: Family<Arc<dyn Reranker>>,
    policies: Family<Policy>,
}

impl Registry {
    /// A registry that knows nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a vector store, or replaces the one of that name.
    pub fn vector_store<F, M>(&mut self, name: &'static str, make: M)
    where
        M: Fn(Value, BuildContext) -> F + Send + Sync + 'static,
        F: Future<Output = Result<Arc<dyn VectorStore>>> + Send + 'static,
    {
        self.vector_stores.insert(name, make);
    }

    /// Adds a reader of what other programs wrote to a vector store, which takes
    /// the configuration of that store, or replaces the one of that name.
    pub fn foreign_collection<F, M>(&mut self, name: &'static str, make: M)
    where
        M: Fn(Value, BuildContext) -> F + Send + Sync + 'static,
        F: Future<Output = Result<Arc<dyn ForeignCollection>>> + Send + 'static,
    {
        self.foreign.insert(name, make);
    }

    /// Adds a ledger, or replaces the one of that name.
    pub fn ledger<F, M>(&mut self, name: &'static str, make: M)
    where
        M: Fn(Value, BuildContext) -> F + Send + Sync + 'static,
        F: Future<Output = Result<Arc<dyn Ledger>>> + Send + 'static,
    {
        self.ledgers.insert(name, make);
    }

    /// Adds an embedder, or replaces the one of that name.
    pub fn embedder<F, M>(&mut self, name: &'static str, make: M)
    where
        M: Fn(Value, BuildContext) -> F + Send + Sync + 'static,
        F: Future<Output = Result<Arc<dyn Embedder>>> + Send + 'static,
    {
        self.embedders.insert(name, make);
    }

    /// Adds a language model, or replaces the one of that name.
    pub fn llm<F, M>(&mut self, name: &'static str, make: M)
    where
        M: Fn(Value, BuildContext) -> F + Send + Sync + 'static,
        F: Future<Output = Result<Arc<dyn Llm>>> + Send + 'static,
    {
        self.llms.insert(name, make);
    }

    /// Adds a reranker, or replaces the one of that name.
    pub fn reranker<F, M>(&mut self, name: &'static str, make: M)
    where
        M: Fn(Value, BuildContext) -> F + Send + Sync + 'static,
        F: Future<Output = Result<Arc<dyn Reranker>>> + Send + 'static,
    {
        self.rerankers.insert(name, make);
    }

    /// Adds a policy, or replaces the one of that name.
    pub fn policy<F, M>(&mut self, name: &'static str, make: M)
    where
        M: Fn(Value, BuildContext) -> F + Send + Sync + 'static,
        F: Future<Output = Result<Policy>> + Send + 'static,
    {
        self.policies.insert(name, make);
    }

    /// The names of the vector stores, sorted.
    pub fn vector_stores(&self) -> impl Iterator<Item = &'static str> {
        self.vector_stores.0.keys().copied()
    }

    /// The names of the vector stores whose collections can be
    /// [adopted](crate::Mem0::adopt), sorted.
    pub fn foreign_collections(&self) -> impl Iterator<Item = &'static str> {
        self.foreign.0.keys().copied()
    }

    /// The names of the ledgers, sorted.
    pub fn ledgers(&self) -> impl Iterator<Item = &'static str> {
        self.ledgers.0.keys().copied()
    }

    /// The names of the embedders, sorted.
    pub fn embedders(&self) -> impl Iterator<Item = &'static str> {
        self.embedders.0.keys().copied()
    }

    /// The names of the providers of language models, sorted.
    pub fn llms(&self) -> impl Iterator<Item = &'static str> {
        self.llms.0.keys().copied()
    }

    /// The names of the rerankers, sorted.
    pub fn rerankers(&self) -> impl Iterator<Item = &'static str> {
        self.rerankers.0.keys().copied()
    }

    /// The names of the policies, sorted.
    pub fn policies(&self) -> impl Iterator<Item = &'static str> {
        self.policies.0.keys().copied()
    }

    /// Makes the vector store `provider` from its own configuration.
    ///
    /// # Errors
    /// `UnknownProvider` with the nearest name; those of the factory.
    pub async fn make_vector_store(
        &self,
        provider: &str,
        config: Value,
        context: &BuildContext,
    ) -> Result<Arc<dyn VectorStore>> {
        self.vector_stores.make("vector_store", provider, config, context).await
    }

    /// Makes the reader of a collection that another program wrote to the vector
    /// store `provider`, from the configuration of that store; its
    /// `collection_name` says which.
    ///
    /// # Errors
    /// As [`Registry::make_vector_store`].
    pub async fn make_foreign_collection(
        &self,
        provider: &str,
        config: Value,
        context: &BuildContext,
    ) -> Result<Arc<dyn ForeignCollection>> {
        self.foreign.make("collection to adopt", provider, config, context).await
    }

    /// Makes the ledger `provider`.
    ///
    /// # Errors
    /// As [`Registry::make_vector_store`].
    pub async fn make_ledger(&self, provider: &str, config: Value, context: &BuildContext) -> Result<Arc<dyn Ledger>> {
        self.ledgers.make("ledger", provider, config, context).await
    }

    /// Makes the embedder `provider`.
    ///
    /// # Errors
    /// As [`Registry::make_vector_store`].
    pub async fn make_embedder(
        &self,
        provider: &str,
        config: Value,
        context: &BuildContext,
    ) -> Result<Arc<dyn Embedder>> {
        self.embedders.make("embedder", provider, config, context).await
    }

    /// Makes the language model `provider`.
    ///
    /// # Errors
    /// As [`Registry::make_vector_store`].
    pub async fn make_llm(&self, provider: &str, config: Value, context: &BuildContext) -> Result<Arc<dyn Llm>> {
        self.llms.make("llm", provider, config, context).await
    }

    /// Makes the reranker `provider`.
    ///
    /// # Errors
    /// As [`Registry::make_vector_store`].
    pub async fn make_reranker(
        &self,
        provider: &str,
        config: Value,
        context: &BuildContext,
    ) -> Result<Arc<dyn Reranker>> {
        self.rerankers.make("reranker", provider, config, context).await
    }

    /// Makes the policy `provider`.
    ///
    /// # Errors
    /// As [`Registry::make_vector_store`].
    pub async fn make_policy(&self, provider: &str, config: Value, context: &BuildContext) -> Result<Policy> {
        self.policies.make("policy", provider, config, context).await
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry")
            .field("vector_stores", &self.vector_stores.0.keys())
            .field("foreign_collections", &self.foreign.0.keys())
            .field("ledgers", &self.ledgers.0.keys())
            .field("embedders", &self.embedders.0.keys())
            .field("llms", &self.llms.0.keys())
            .field("rerankers", &self.rerankers.0.keys())
            .field("policies", &self.policies.0.keys())
            .finish()
    }
}

#[derive(Clone)]
struct Family<T>(BTreeMap<&'static str, Factory<T>>);

impl<T> Default for Family<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T> Family<T> {
    fn insert<F, M>(&mut self, name: &'static str, make: M)
    where
        M: Fn(Value, BuildContext) -> F + Send + Sync + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        self.0.insert(name, Arc::new(move |config, context| Box::pin(make(config, context))));
    }

    async fn make(&self, family: &'static str, name: &str, config: Value, context: &BuildContext) -> Result<T> {
        let Some(factory) = self.0.get(name) else {
            let known = self.0.keys().copied();
            let list = known.clone().collect::<Vec<_>>().join(", ");
            let hint = nearest(name, known).map(|near| format!("; did you mean \"{near}\"?")).unwrap_or_default();
            return Err(Error::new(
                ErrorKind::UnknownProvider,
                format!("{family} \"{name}\" is not built in; built in are: {list}{hint}"),
            ));
        };
        factory(config, context.clone()).await.map_err(|e| e.with_context("family", family))
    }
}

/// The known name that was probably meant.
#[must_use]
pub fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(similarity, _)| *similarity > 0.75)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

/// Reads an adapter's own configuration; null is all defaults. Unknown keys
/// are refused with the nearest name.
///
/// # Errors
/// `Config` that names the key, never its value.
pub fn provider_config<T: DeserializeOwned + Default>(config: Value) -> Result<T> {
    match config {
        Value::Null => Ok(T::default()),
        config => serde_json::from_value(config).map_err(|e| explain(&e.to_string())),
    }
}

/// Makes serde's message about an unknown key one with a hint. Messages about
/// values are replaced, since they can quote a secret.
pub(crate) fn explain(message: &str) -> Error {
    let Some(rest) = message.strip_prefix("unknown field `") else {
        let shape = ["missing field", "duplicate field"].iter().any(|known| message.starts_with(known));
        if shape {
            return Error::config(message.to_owned());
        }
        let expected = message.rsplit_once("expected ").map(|(_, what)| format!(": expected {what}"));
        return Error::config(format!("a value of the wrong type{}", expected.unwrap_or_default()));
    };
    let mut quoted = rest.split('`').step_by(2);
    let key = quoted.next().unwrap_or_default();
    let known: Vec<&str> = rest.split('`').skip(2).step_by(2).collect();
    let hint = nearest(key, known.iter().copied()).map(|n| format!("; did you mean \"{n}\"?")).unwrap_or_default();
    Error::config(format!("unknown key \"{key}\"; known are: {}{hint}", known.join(", ")))
}
