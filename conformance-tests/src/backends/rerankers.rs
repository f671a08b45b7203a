//! The rerankers: the remote ones each over the fake of its protocol, `llm` over
//! a model that is scripted, `mmr` over the embedder without a model.

use std::marker::PhantomData;
use std::sync::Arc;

use async_trait::async_trait;
use mem0_core::reference::{HashEmbedder, ScriptedLlm};
use mem0_core::{BuildContext, Error, LlmRequest, LlmResponse, Registry, Reranker, Result, TokenUsage};
use serde_json::{Value, json};

use crate::fakes::FakeServer;
use crate::fakes::rerank::{LEFT_OUT, RerankFake, relevance};
use crate::harness::{OverHttp, RerankerHarness, Setup};

/// A handle in the way that an engine makes it: through the registry.
async fn made(provider: &str, config: Value, context: &BuildContext) -> Result<Arc<dyn Reranker>> {
    let mut registry = Registry::new();
    mem0_rerank::register(&mut registry);
    registry.make_reranker(provider, config, context).await
}

/// A provider of mem0-rerank with the fake `F` at its far end.
pub struct RemoteReranker<F> {
    server: Arc<FakeServer>,
    fake: PhantomData<fn() -> F>,
}

impl<F> std::fmt::Debug for RemoteReranker<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RemoteReranker").field("server", &self.server).finish()
    }
}

async fn serve<F: RerankFake>() -> std::io::Result<Arc<FakeServer>> {
    Ok(Arc::new(FakeServer::start(F::answer).await?))
}

async fn open<F: RerankFake>(server: &FakeServer, http: Value) -> Result<Arc<dyn Reranker>> {
    let mut config = F::config(&server.url());
    if let Some(config) = config.as_object_mut() {
        config.insert("http".to_owned(), http);
    }
    made(F::PROVIDER, config, &BuildContext::new(".")).await
}

#[async_trait]
impl<F: RerankFake> RerankerHarness for RemoteReranker<F> {
    async fn start() -> Setup<Self> {
        match serve::<F>().await {
            Ok(server) => Setup::Ready(Self { server, fake: PhantomData }),
            Err(error) => Setup::Skip(format!("no port for the fake: {error}")),
        }
    }

    async fn connect(&self) -> Result<Arc<dyn Reranker>> {
        open::<F>(&self.server, json!({})).await
    }

    fn beyond_one_batch(&self) -> usize {
        F::BEYOND_ONE_BATCH
    }

    fn left_out(&self) -> Option<&'static str> {
        Some(LEFT_OUT)
    }

    fn usage(&self, documents: &[&str]) -> Option<TokenUsage> {
        F::usage(documents)
    }

    async fn over_http(&self, http: Value) -> Option<Result<OverHttp>> {
        let fresh = async {
            let server = serve::<F>().await.map_err(|e| Error::internal("no port for the fake").with_source(e))?;
            Ok((open::<F>(&server, http).await?, server))
        };
        Some(fresh.await)
    }
}

/// `llm`, over a model that judges by shared words.
#[derive(Debug)]
pub struct LlmRerankerHarness;

/// What the model counts for a call.
const COUNTED: TokenUsage = TokenUsage { input: 11, output: 7 };

/// Reads the question and the notes as they were asked, one JSON value on each
/// line, and leaves out some.
fn judge(request: &LlmRequest) -> LlmResponse {
    let lines = request.turns.first().map_or("", |turn| &turn.text).lines();
    let values: Vec<Value> = lines.filter_map(|line| serde_json::from_str(line).ok()).collect();
    let query = values.first().and_then(Value::as_str).unwrap_or_default();
    let notes = values.iter().filter_map(|note| Some((note.get("number")?, note.get("text")?.as_str()?)));
    let scores: Vec<Value> = notes
        .filter(|(_, text)| !text.contains(LEFT_OUT))
        .map(|(number, text)| json!({"number": number, "score": relevance(query, text)}))
        .collect();
    LlmResponse::new(json!({ "scores": scores }).to_string()).with_usage(COUNTED.input, COUNTED.output)
}

#[async_trait]
impl RerankerHarness for LlmRerankerHarness {
    async fn start() -> Setup<Self> {
        Setup::Ready(Self)
    }

    async fn connect(&self) -> Result<Arc<dyn Reranker>> {
        let llm = Arc::new(ScriptedLlm::answering(|request| Ok(judge(request))));
        made("llm", Value::Null, &BuildContext::new(".").with_llm(Some(llm))).await
    }

    fn left_out(&self) -> Option<&'static str> {
        Some(LEFT_OUT)
    }

    fn usage(&self, _: &[&str]) -> Option<TokenUsage> {
        Some(COUNTED)
    }
}

/// `mmr`, by vectors.
#[derive(Debug)]
pub struct MmrHarness;

#[async_trait]
impl RerankerHarness for MmrHarness {
    async fn start() -> Setup<Self> {
        Setup::Ready(Self)
    }

    async fn connect(&self) -> Result<Arc<dyn Reranker>> {
        let context = BuildContext::new(".").with_embedder(Arc::new(HashEmbedder::default()));
        made("mmr", Value::Null, &context).await
    }
}

/// `mmr`, by words.
#[derive(Debug)]
pub struct MmrWordsHarness;

#[async_trait]
impl RerankerHarness for MmrWordsHarness {
    async fn start() -> Setup<Self> {
        Setup::Ready(Self)
    }

    async fn connect(&self) -> Result<Arc<dyn Reranker>> {
        made("mmr", json!({"by": "words"}), &BuildContext::new(".")).await
    }
}
