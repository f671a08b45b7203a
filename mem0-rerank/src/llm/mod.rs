//! The `llm` provider, also called `llm_reranker`: a language model that is
//! shown all documents in one call.
//!
//! The model is the engine's own (the section `llm` of the configuration), or
//! another one under `reranker.config.llm`. It is asked for a score from 0 to 1
//! for each document, which stands under a short number; the answer is forced
//! into a schema where the provider can do that and read tolerantly where it
//! cannot. An answer that cannot be read is repaired once. A document that the
//! model leaves out has the score 0 and is in `unscored`; a number that it was
//! not shown is left out.
//!
//! Within a search its calls and tokens are counted, and kept within the budget.

mod config;
mod read;

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use mem0_core::policies::ask;
use mem0_core::{
    Error, Llm, LlmCapabilities, LlmRequest, LlmResponse, OutputSchema, Registry, Reranked, Reranker, Result,
    TokenUsage, provider_config,
};
use serde_json::{Value, json};

pub use config::LlmRerankConfig;

/// The name that configurations use for this provider.
pub const PROVIDER: &str = "llm";

/// The Python library's name for it.
pub const ALIAS: &str = "llm_reranker";

const PROMPT: &str = include_str!("prompt.md");

/// Adds the `llm` provider, under its other name too.
pub fn register(registry: &mut Registry) {
    for name in [PROVIDER, ALIAS] {
        registry.reranker(name, |config, context| async move {
            let config: LlmRerankConfig = provider_config(config)?;
            let made = async { LlmReranker::new(context.llm_of(config.slot()?.as_ref()).await?, &config) };
            let made = made.await.map_err(|e: Error| e.with_provider(PROVIDER).with_operation("open"))?;
            Ok(Arc::new(made) as Arc<dyn Reranker>)
        });
    }
}

/// The reranker of the `llm` provider.
#[derive(Debug)]
pub struct LlmReranker {
    llm: Arc<dyn Llm>,
    system: String,
    max_chars: usize,
}

impl LlmReranker {
    /// A reranker that asks this model; what of the configuration says which
    /// model to ask is not looked at.
    ///
    /// # Errors
    /// `Config` if nothing of a document would be shown.
    pub fn new(llm: Arc<dyn Llm>, config: &LlmRerankConfig) -> Result<Self> {
        if config.max_chars == 0 {
            return Err(Error::config("max_chars must be at least 1"));
        }
        let system = match config.told() {
            told if told.is_empty() => PROMPT.to_owned(),
            // The shape of the answer comes last.
            told => PROMPT.replacen("\nAnswer with", &format!("\n{told}\n\nAnswer with"), 1),
        };
        Ok(Self { llm, system, max_chars: config.max_chars })
    }

    fn request(&self, query: &str, documents: &[&str]) -> LlmRequest {
        let cut = |text: &str| text.chars().take(self.max_chars).collect::<String>();
        let mut lines = vec!["Question:".to_owned(), json!(cut(query)).to_string(), "Notes:".to_owned()];
        let notes = documents.iter().enumerate();
        lines.extend(notes.map(|(place, text)| json!({"number": place + 1, "text": cut(text)}).to_string()));
        LlmRequest::new(self.system.clone(), lines.join("\n")).with_schema(OutputSchema::new("scores", schema()))
    }
}

/// Without limits on numbers: not every provider takes those.
fn schema() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["scores"],
        "properties": {"scores": {"type": "array", "items": {
            "type": "object",
            "additionalProperties": false,
            "required": ["number", "score"],
            "properties": {"number": {"type": "integer"}, "score": {"type": "number"}},
        }}},
    })
}

#[async_trait]
impl Reranker for LlmReranker {
    fn name(&self) -> &'static str {
        PROVIDER
    }

    fn model(&self) -> &str {
        self.llm.model()
    }

    async fn rerank(&self, query: &str, documents: &[&str]) -> Result<Reranked> {
        // There is nothing to judge by, or nothing to judge.
        if query.trim().is_empty() || documents.iter().all(|text| text.trim().is_empty()) {
            return Ok(Reranked::new(vec![0.0; documents.len()]));
        }
        let tally = Tally { llm: Arc::clone(&self.llm), usage: Mutex::default() };
        let request = self.request(query, documents);
        let said = ask(&tally, request, |answer| read::scores(answer, documents.len())).await;
        let said = said.map_err(|error| error.with_operation("rerank"))?;
        Ok(Reranked::of(documents.len(), said)?.with_usage(tally.usage()))
    }
}

/// A model whose tokens are counted: those of a repair, too.
#[derive(Debug)]
struct Tally {
    llm: Arc<dyn Llm>,
    usage: Mutex<TokenUsage>,
}

impl Tally {
    fn usage(&self) -> TokenUsage {
        *self.usage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Llm for Tally {
    fn provider(&self) -> &'static str {
        self.llm.provider()
    }

    fn model(&self) -> &str {
        self.llm.model()
    }

    fn capabilities(&self) -> LlmCapabilities {
        self.llm.capabilities()
    }

    async fn generate(&self, request: &LlmRequest) -> Result<LlmResponse> {
        let answer = self.llm.generate(request).await?;
        *self.usage.lock().unwrap_or_else(PoisonError::into_inner) += answer.usage;
        Ok(answer)
    }
}
