//! What a call costs, and what it may cost.
//!
//! A call of the engine runs with a meter of its own, which everything that
//! costs reports to: found through the task, so that an extractor or a
//! reconciler need not hand it on.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tracing::Instrument as _;
use tracing::field::Empty;

use crate::error::{Error, ErrorKind, Result};
use crate::traits::embedder::{Embedder, EmbedderIdentity, Purpose};
use crate::traits::job::{Spend, SpendOutcome};
use crate::traits::ledger::Ledger;
use crate::traits::llm::{Finish, Llm, LlmCapabilities, LlmRequest, LlmResponse, TokenUsage};
use crate::types::scope::Scope;
use crate::types::time::Timestamp;

/// What a call cost. Times are in milliseconds and overlap where things ran
/// side by side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Cost {
    /// Calls of the language model, a repair included; not those that a retry
    /// repeated.
    pub llm_calls: u32,
    /// Tokens that the model read.
    pub input_tokens: u64,
    /// Tokens that the model wrote.
    pub output_tokens: u64,
    /// Batches that were embedded.
    pub embed_calls: u32,
    /// Texts that were embedded.
    pub embedded_texts: u64,
    /// Calls of the reranker.
    pub rerank_calls: u32,
    /// Tokens of the reranker, read and written, where it counts them. Those of
    /// one that asks a language model are among the model's, too.
    pub rerank_tokens: u64,
    /// Calls of the vector store.
    pub store_calls: u32,
    /// Calls of the ledger.
    pub ledger_calls: u32,
    /// Time in the model.
    pub llm_ms: f64,
    /// Time in the embedder.
    pub embed_ms: f64,
    /// Time in the reranker.
    pub rerank_ms: f64,
    /// Time in the vector store.
    pub store_ms: f64,
    /// Time in the ledger.
    pub ledger_ms: f64,
}

impl std::ops::Add for Cost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            llm_calls: self.llm_calls + other.llm_calls,
            input_tokens: self.input_tokens + other.input_tokens,
            output_tokens: self.output_tokens + other.output_tokens,
            embed_calls: self.embed_calls + other.embed_calls,
            embedded_texts: self.embedded_texts + other.embedded_texts,
            rerank_calls: self.rerank_calls + other.rerank_calls,
            rerank_tokens: self.rerank_tokens + other.rerank_tokens,
            store_calls: self.store_calls + other.store_calls,
            ledger_calls: self.ledger_calls + other.ledger_calls,
            llm_ms: self.llm_ms + other.llm_ms,
            embed_ms: self.embed_ms + other.embed_ms,
            rerank_ms: self.rerank_ms + other.rerank_ms,
            store_ms: self.store_ms + other.store_ms,
            ledger_ms: self.ledger_ms + other.ledger_ms,
        }
    }
}

/// A limit on what a language model may be asked. None is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SpendLimit {
    /// Calls of the model.
    pub llm_calls: Option<u64>,
    /// Tokens, read and written.
    pub tokens: Option<u64>,
}

impl SpendLimit {
    fn spend(self) -> Option<Spend> {
        let limited = self.llm_calls.is_some() || self.tokens.is_some();
        limited
            .then(|| Spend { calls: self.llm_calls.unwrap_or(Spend::MAX), tokens: self.tokens.unwrap_or(Spend::MAX) })
    }
}

/// What may be spent on language models. Checked before each call: with what
/// was spent so far and a cautious estimate of what the call reads (a token
/// for every three bytes) and may write, where the request limits that.
/// Beyond it the call is refused with `QuotaExceeded`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Budget {
    /// For one call of the engine.
    pub per_call: SpendLimit,
    /// For one exact scope in one day (UTC), whatever process spends it.
    pub per_scope_and_day: SpendLimit,
}

/// What a call spends its time in.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part {
    Store,
    Ledger,
    Reranker,
}

/// The account of one call.
pub(crate) struct Meter {
    cost: Mutex<Cost>,
    limit: Option<Spend>,
    account: Option<Account>,
    /// Whether spans may hold what is asked and answered.
    trace_text: bool,
}

/// Where a scope's spending is kept.
struct Account {
    ledger: Arc<dyn Ledger>,
    scope: Scope,
    day: Timestamp,
    limit: Spend,
}

tokio::task_local! {
    static METER: Arc<Meter>;
}

impl Meter {
    pub(crate) fn new(
        budget: &Budget,
        trace_text: bool,
        ledger: &Arc<dyn Ledger>,
        scope: &Scope,
        now: Timestamp,
    ) -> Arc<Self> {
        let account = budget.per_scope_and_day.spend().map(|limit| Account {
            ledger: Arc::clone(ledger),
            scope: scope.clone(),
            day: now.day(),
            limit,
        });
        Arc::new(Self { cost: Mutex::default(), limit: budget.per_call.spend(), account, trace_text })
    }

    /// An account for a call that asks no model.
    fn free() -> Arc<Self> {
        Arc::new(Self { cost: Mutex::default(), limit: None, account: None, trace_text: false })
    }

    /// Runs `work` on this account.
    pub(crate) async fn run<T>(self: &Arc<Self>, work: impl Future<Output = T>) -> T {
        METER.scope(Arc::clone(self), work).await
    }

    pub(crate) fn cost(&self) -> Cost {
        *self.lock()
    }

    pub(crate) fn embedded(&self, texts: usize, took: Duration) {
        let mut cost = self.lock();
        cost.embed_calls += 1;
        cost.embedded_texts += texts as u64;
        cost.embed_ms += millis(took);
    }

    fn lock(&self) -> MutexGuard<'_, Cost> {
        self.cost.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets aside what a request will cost, or refuses it.
    async fn reserve(&self, estimate: Spend) -> Result<()> {
        let cost = self.cost();
        if let Some(limit) = self.limit {
            let calls = u64::from(cost.llm_calls) + estimate.calls;
            let tokens = (cost.input_tokens + cost.output_tokens).saturating_add(estimate.tokens);
            if calls > limit.calls || tokens > limit.tokens {
                return Err(over("budget.per_call", calls, tokens, limit));
            }
        }
        let Some(Account { ledger, scope, day, limit }) = &self.account else { return Ok(()) };
        match ledger.spend(scope, *day, estimate, Some(*limit)).await? {
            SpendOutcome::Granted { .. } => Ok(()),
            SpendOutcome::Refused { total } => {
                let (calls, tokens) = (total.calls + estimate.calls, total.tokens.saturating_add(estimate.tokens));
                Err(over("budget.per_scope_and_day", calls, tokens, *limit))
            }
        }
    }

    /// Puts what it really cost in the place of what was set aside.
    async fn settle(&self, estimate: Spend, answer: &Result<LlmResponse>, took: Duration) -> Result<()> {
        let usage = answer.as_ref().map(|answer| answer.usage).unwrap_or_default();
        {
            let mut cost = self.lock();
            cost.llm_calls += 1;
            cost.input_tokens += usage.input;
            cost.output_tokens += usage.output;
            cost.llm_ms += millis(took);
        }
        let Some(Account { ledger, scope, day, .. }) = &self.account else { return Ok(()) };
        // Some hosts do not count: the estimate then stands.
        let tokens = match (answer, usage.input.saturating_add(usage.output)) {
            (Ok(_), 0) => estimate.tokens,
            (_, tokens) => tokens,
        };
        if tokens > estimate.tokens {
            let more = Spend { calls: 0, tokens: tokens - estimate.tokens };
            ledger.spend(scope, *day, more, None).await?;
        } else if tokens < estimate.tokens {
            ledger.refund(scope, *day, Spend { calls: 0, tokens: estimate.tokens - tokens }).await?;
        }
        Ok(())
    }
}

fn over(key: &'static str, calls: u64, tokens: u64, limit: Spend) -> Error {
    let most = |most: u64| if most == Spend::MAX { "any".to_owned() } else { most.to_string() };
    Error::new(ErrorKind::QuotaExceeded, format!("the language model is not asked: it would go beyond `{key}`"))
        .with_context("llm_calls", calls)
        .with_context("tokens", tokens)
        .with_context("most_llm_calls", most(limit.calls))
        .with_context("most_tokens", most(limit.tokens))
}

impl fmt::Debug for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meter").field("cost", &self.cost()).finish_non_exhaustive()
    }
}

fn millis(took: Duration) -> f64 {
    // Three decimals: a microsecond.
    (took.as_secs_f64() * 1_000_000.0).round() / 1_000.0
}

/// Runs a call of a backend on the account of the task.
pub(crate) async fn timed<T>(part: Part, work: impl Future<Output = T>) -> T {
    let began = Instant::now();
    let done = work.await;
    let took = millis(began.elapsed());
    // Outside a call of the engine nobody counts.
    let _ = METER.try_with(|meter| {
        let mut cost = meter.lock();
        match part {
            Part::Store => {
                cost.store_calls += 1;
                cost.store_ms += took;
            }
            Part::Ledger => {
                cost.ledger_calls += 1;
                cost.ledger_ms += took;
            }
            Part::Reranker => {
                cost.rerank_calls += 1;
                cost.rerank_ms += took;
            }
        }
    });
    done
}

/// Runs a call that asks no model, and says what it cost.
pub(crate) async fn counted<T>(work: impl Future<Output = Result<T>>) -> Result<(T, Cost)> {
    let meter = Meter::free();
    let done = meter.run(work).await?;
    Ok((done, meter.cost()))
}

/// Notes an embedding on the account of the task.
pub(crate) fn note_embedding(texts: usize, took: Duration) {
    let _ = METER.try_with(|meter| meter.embedded(texts, took));
}

/// Notes what a reranker counted on the account of the task.
pub(crate) fn note_rerank(usage: TokenUsage) {
    let _ = METER.try_with(|meter| meter.lock().rerank_tokens += usage.input.saturating_add(usage.output));
}

/// An embedder whose calls are counted.
#[derive(Debug)]
struct Counted(Arc<dyn Embedder>);

/// The same embedder on the account of whoever asks it.
pub(crate) fn counted_embedder(embedder: Arc<dyn Embedder>) -> Arc<dyn Embedder> {
    Arc::new(Counted(embedder))
}

#[async_trait]
impl Embedder for Counted {
    fn identity(&self) -> &EmbedderIdentity {
        self.0.identity()
    }

    async fn embed(&self, texts: &[&str], purpose: Purpose) -> Result<Vec<Vec<f32>>> {
        let began = Instant::now();
        let vectors = self.0.embed(texts, purpose).await;
        note_embedding(texts.len(), began.elapsed());
        vectors
    }
}

/// A model whose calls are counted, kept within the budget and traced.
pub(crate) struct Metered(Arc<dyn Llm>);

impl fmt::Debug for Metered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The same model on the account of whoever asks it.
pub(crate) fn metered(llm: Arc<dyn Llm>) -> Arc<dyn Llm> {
    Arc::new(Metered(llm))
}

#[async_trait]
impl Llm for Metered {
    fn provider(&self) -> &'static str {
        self.0.provider()
    }

    fn model(&self) -> &str {
        self.0.model()
    }

    fn capabilities(&self) -> LlmCapabilities {
        self.0.capabilities()
    }

    async fn generate(&self, request: &LlmRequest) -> Result<LlmResponse> {
        let meter = METER.try_with(Arc::clone).ok();
        let estimate = Spend {
            calls: 1,
            tokens: (request.bytes() as u64).div_ceil(3) + u64::from(request.max_tokens.unwrap_or(0)),
        };
        if let Some(meter) = &meter {
            meter.reserve(estimate).await?;
        }
        let began = Instant::now();
        let trace_text = meter.as_ref().is_some_and(|meter| meter.trace_text);
        let answer = self.traced(request, trace_text).await;
        if let Some(meter) = &meter {
            meter.settle(estimate, &answer, began.elapsed()).await?;
        }
        answer
    }
}

impl Metered {
    /// One span with the names of OpenTelemetry's conventions for generative
    /// AI (semantic conventions 1.37). No text, unless it was asked for.
    async fn traced(&self, request: &LlmRequest, trace_text: bool) -> Result<LlmResponse> {
        let span = tracing::info_span!(
            "chat",
            otel.name = format!("chat {}", self.0.model()),
            otel.kind = "client",
            gen_ai.operation.name = "chat",
            gen_ai.provider.name = self.0.provider(),
            gen_ai.request.model = self.0.model(),
            gen_ai.output.type = if request.schema.is_some() { "json" } else { "text" },
            gen_ai.usage.input_tokens = Empty,
            gen_ai.usage.output_tokens = Empty,
            gen_ai.response.finish_reasons = Empty,
            gen_ai.system_instructions = Empty,
            gen_ai.input.messages = Empty,
            gen_ai.output.messages = Empty,
            error.type = Empty,
        );
        if trace_text {
            span.record("gen_ai.system_instructions", request.system.as_str());
            let turns = request.turns.iter().map(|turn| turn.text.as_str()).collect::<Vec<_>>();
            span.record("gen_ai.input.messages", turns.join("\n\n"));
        }
        let answer = self.0.generate(request).instrument(span.clone()).await;
        match &answer {
            Ok(answer) => {
                span.record("gen_ai.usage.input_tokens", answer.usage.input);
                span.record("gen_ai.usage.output_tokens", answer.usage.output);
                let finish = match answer.finish {
                    Finish::Complete => "stop",
                    Finish::Length => "length",
                    Finish::Filtered => "content_filter",
                };
                span.record("gen_ai.response.finish_reasons", finish);
                if trace_text {
                    span.record("gen_ai.output.messages", answer.text.as_str());
                }
            }
            Err(error) => {
                span.record("error.type", error.kind().as_str());
            }
        }
        answer
    }
}
