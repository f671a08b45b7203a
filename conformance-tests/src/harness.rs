//! What a backend brings so that the suites can run on it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::future::BoxFuture;
use mem0_core::{Embedder, Error, ErrorKind, Finish, Ledger, Llm, Reranker, Result, Speaker, TokenUsage, VectorStore};

use crate::fakes::{FakeServer, Reply};
use crate::proxy::Proxy;

/// Whether a backend is there.
#[derive(Debug)]
pub enum Setup<H> {
    /// It is; the suite runs.
    Ready(H),
    /// It is not, for this reason; the suite shows every case as ignored, and
    /// fails if `MEM0_REQUIRE` names the backend.
    Skip(String),
}

/// A vector store under test.
///
/// A harness is made once for a run and dropped at its end, so it may own a
/// server. Cases run in parallel, each in collections of its own.
#[async_trait]
pub trait VectorHarness: Send + Sync + 'static {
    /// Finds the product, or starts it.
    async fn start() -> Setup<Self>
    where
        Self: Sized;

    /// A fresh handle. All of them see the same data.
    ///
    /// # Errors
    /// If the product cannot be reached.
    async fn connect(&self) -> Result<Arc<dyn VectorStore>>;

    /// Whether the data survives when every handle is gone.
    fn persistent(&self) -> bool {
        true
    }

    /// Tries to connect to a product that is down; `None` if there is no such
    /// thing, as for a store in memory. An error here is as good as a handle
    /// whose every call fails.
    async fn connect_to_nothing(&self) -> Option<Result<Arc<dyn VectorStore>>> {
        None
    }

    /// A handle whose traffic goes through a proxy of its own; `None` for a
    /// store that has no server, or whose driver finds its own way.
    async fn through(&self) -> Option<Result<Through>> {
        None
    }

    /// How long a write may stay unseen where `immediate` is not declared.
    fn patience(&self) -> Duration {
        Duration::from_secs(20)
    }
}

/// A vector store behind a proxy.
#[derive(Debug)]
pub struct Through {
    /// The proxy.
    pub proxy: Proxy,
    /// The store.
    pub store: Arc<dyn VectorStore>,
    /// Whether it speaks HTTP/1.
    pub http: bool,
    /// Whether a scope is in a request as it is, not as its digest.
    pub scope_in_clear: bool,
    /// The round trips of a search, once the connection is there: 1 unless the
    /// product needs more; the harness then says why.
    pub search_trips: usize,
    /// The round trips of a write of a hundred points.
    pub write_trips: usize,
}

impl Through {
    /// A proxy in front of the server of this address, and the store that is
    /// made for the address of the proxy.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn start(
        url: &str,
        default_port: u16,
        store: impl FnOnce(&str) -> Result<Arc<dyn VectorStore>>,
    ) -> Result<Self> {
        let (proxy, url) = Proxy::in_front_of_url(url, default_port)
            .await
            .map_err(|_| Error::new(ErrorKind::Unavailable, "no port for a proxy"))?;
        Ok(Self { proxy, store: store(&url)?, http: false, scope_in_clear: true, search_trips: 1, write_trips: 1 })
    }

    /// It speaks HTTP/1.
    #[must_use]
    pub fn over_http(mut self) -> Self {
        self.http = true;
        self
    }

    /// Requests hold a digest of the scope, and nothing that is different each
    /// time.
    #[must_use]
    pub fn with_scopes_digested(mut self) -> Self {
        self.scope_in_clear = false;
        self
    }

    /// More round trips than one, for a reason that stands beside the call.
    #[must_use]
    pub fn with_trips(mut self, search: usize, write: usize) -> Self {
        (self.search_trips, self.write_trips) = (search, write);
        self
    }
}

/// A ledger under test.
#[async_trait]
pub trait LedgerHarness: Send + Sync + 'static {
    /// Finds the product, or starts it.
    async fn start() -> Setup<Self>
    where
        Self: Sized;

    /// Opens the ledger of this name, empty where there is none yet. Every
    /// call gives a fresh handle on the same data, as another process would
    /// have it.
    ///
    /// # Errors
    /// If the product cannot be reached.
    async fn open(&self, name: &str) -> Result<Arc<dyn Ledger>>;

    /// Removes the ledger of this name, as well as it can.
    async fn remove(&self, name: &str);

    /// Whether the data survives when every handle is gone.
    fn persistent(&self) -> bool {
        true
    }

    /// Everything that is on the disk of this ledger, where that can be read:
    /// what was erased must not be in it.
    async fn bytes_on_disk(&self, name: &str) -> Option<Vec<u8>> {
        let _ = name;
        None
    }
}

/// An embedder under test.
#[async_trait]
pub trait EmbedderHarness: Send + Sync + 'static {
    /// Finds the provider, or starts it.
    async fn start() -> Setup<Self>
    where
        Self: Sized;

    /// A fresh handle on the same model.
    ///
    /// # Errors
    /// If the provider cannot be reached.
    async fn connect(&self) -> Result<Arc<dyn Embedder>>;

    /// More texts than the provider takes in one request.
    fn beyond_one_batch(&self) -> usize {
        300
    }

    /// How many requests were sent so far, where that can be told.
    fn requests(&self) -> Option<u64> {
        None
    }

    /// A fresh fake and a handle whose tries take this long at most, for a
    /// provider behind HTTP: [`quick`] says how its `http` is to be configured.
    async fn remote(&self, timeout: Duration) -> Option<Result<Remote>> {
        let _ = timeout;
        None
    }
}

/// A reranker with a fake server of its own.
pub type OverHttp = (Arc<dyn Reranker>, Arc<FakeServer>);

/// A reranker under test.
#[async_trait]
pub trait RerankerHarness: Send + Sync + 'static {
    /// Finds the provider, or starts it.
    async fn start() -> Setup<Self>
    where
        Self: Sized;

    /// A fresh handle on the same model.
    ///
    /// # Errors
    /// If the provider cannot be reached.
    async fn connect(&self) -> Result<Arc<dyn Reranker>>;

    /// More documents than the provider takes in one request.
    fn beyond_one_batch(&self) -> usize {
        300
    }

    /// Why the model cannot tell an answer from a stranger, if it cannot: one of
    /// pseudo-random numbers.
    fn understands_nothing(&self) -> Option<&'static str> {
        None
    }

    /// A word such that the model says nothing of a document with it; none where
    /// that cannot be brought about.
    fn left_out(&self) -> Option<&'static str> {
        None
    }

    /// What the provider counts for these documents, none of which is blank, in
    /// one call; none where it does not count.
    fn usage(&self, documents: &[&str]) -> Option<TokenUsage> {
        let _ = documents;
        None
    }

    /// A fresh fake and a handle on it whose `http` is configured so, for a
    /// provider behind HTTP.
    async fn over_http(&self, http: serde_json::Value) -> Option<Result<OverHttp>> {
        let _ = http;
        None
    }
}

/// A call to a provider that is as small as can be, again and again.
pub type RemoteCall = Arc<dyn Fn() -> BoxFuture<'static, Result<()>> + Send + Sync>;

/// A provider behind a fake server of its own, for what can go wrong on the
/// way.
pub struct Remote {
    /// The server; it answers rightly unless it is told to fail.
    pub server: Arc<FakeServer>,
    /// One call.
    pub call: RemoteCall,
    /// The key that the handle was given: it must show nowhere.
    pub key: &'static str,
    /// A text that the call sends: it must show in no error.
    pub text: &'static str,
}

/// The `http` of a handle for which much goes wrong: short waits, small
/// answers, [`RETRIES`] repetitions.
#[must_use]
pub fn quick(timeout: Duration) -> serde_json::Value {
    serde_json::json!({
        "timeout_s": timeout.as_secs_f64(),
        "max_answer_bytes": 65_536,
        "retry": {"max_retries": RETRIES, "backoff_s": 0.001, "longest_wait_s": 60.0},
    })
}

/// How often a handle repeats a call at most.
pub const RETRIES: usize = 3;

impl std::fmt::Debug for Remote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Remote").field("server", &self.server).finish_non_exhaustive()
    }
}

/// What a fake model is to answer.
#[derive(Clone, Debug)]
pub struct FakeAnswer {
    /// The answer.
    pub text: String,
    /// Hidden reasoning before it, where the protocol has such a thing.
    pub reasoning: Option<String>,
    /// Why it ends.
    pub finish: Finish,
    /// What it counts, hidden reasoning included.
    pub usage: TokenUsage,
}

impl FakeAnswer {
    /// A complete answer.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        let usage = TokenUsage { input: 11, output: 7 };
        Self { text: text.into(), reasoning: None, finish: Finish::Complete, usage }
    }
}

/// What a fake model was asked, in words that all protocols share.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FakeAsked {
    /// The system prompt, without what the adapter adds to ask for JSON.
    pub system: String,
    /// Speaker, text, URLs of the images.
    pub turns: Vec<(Option<Speaker>, String, Vec<String>)>,
    /// The schema that the protocol carried, wherever it carries one.
    pub schema: Option<serde_json::Value>,
    /// The longest answer.
    pub max_tokens: Option<u64>,
    /// The temperature.
    pub temperature: Option<f64>,
}

/// The far end of a model under test.
pub trait FakeLlm: Send + Sync + 'static {
    /// Every later request is answered so.
    fn answer(&self, answer: FakeAnswer);

    /// What was asked so far.
    fn asked(&self) -> Vec<FakeAsked>;

    /// The server, to make it fail.
    fn server(&self) -> Arc<FakeServer>;
}

/// A provider of language models under test.
#[async_trait]
pub trait LlmHarness: Send + Sync + 'static {
    /// Finds the provider, or starts it.
    async fn start() -> Setup<Self>
    where
        Self: Sized;

    /// A fresh fake and a handle on it that was configured with these keys
    /// beside those that it needs (`max_tokens`, `temperature`, `vision`,
    /// `http`), in the way that an engine does it: through the registry. Its
    /// key is [`FAKE_KEY`], its model one that takes a temperature.
    ///
    /// # Errors
    /// If the handle cannot be made.
    async fn open(&self, config: serde_json::Value) -> Result<(Arc<dyn Llm>, Arc<dyn FakeLlm>)>;

    /// What the protocol answers to input that is too long.
    fn too_long(&self) -> Reply;
}

/// The key that every handle on a fake is given.
pub const FAKE_KEY: &str = "key-0123456789-must-not-show";
