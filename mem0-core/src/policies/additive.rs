//! One call: new facts, and nothing that is known changes.

use std::sync::Arc;

use async_trait::async_trait;

use super::ask::ask_for_facts;
use super::config::PolicyConfig;
use super::gate::Gate;
use super::{ROUNDS, data, schema};
use crate::error::Result;
use crate::prompts;
use crate::traits::extract::{ExtractRequest, Extraction, Extractor};
use crate::traits::llm::{Llm, LlmRequest};

/// Extracts what is not known yet.
#[derive(Debug)]
pub(super) struct Additive {
    llm: Arc<dyn Llm>,
    config: PolicyConfig,
}

impl Additive {
    pub(super) fn new(llm: Arc<dyn Llm>, config: PolicyConfig) -> Result<Self> {
        config.check()?;
        Ok(Self { llm, config })
    }
}

#[async_trait]
impl Extractor for Additive {
    fn name(&self) -> &'static str {
        "additive"
    }

    fn asks_model(&self) -> bool {
        true
    }

    fn neighbours(&self) -> usize {
        self.config.neighbours.unwrap_or(20)
    }

    fn rounds(&self) -> u32 {
        ROUNDS
    }

    async fn extract(&self, request: &ExtractRequest) -> Result<Extraction> {
        let asked = extraction(&self.config, prompts::ADDITIVE, request, true);
        let answer = ask_for_facts(&*self.llm, asked).await?;
        let mut gate = Gate::new(&self.config, request);
        gate.unreadable(answer.rejected.len());
        for item in answer.facts {
            gate.fact(item);
        }
        Ok(gate.finish())
    }
}

/// The question for facts on which nothing is decided: by our prompt, or by
/// that of the configuration with our frame below it.
pub(super) fn extraction(
    config: &PolicyConfig,
    template: &str,
    request: &ExtractRequest,
    with_neighbours: bool,
) -> LlmRequest {
    let instructions = request.instructions.as_deref();
    let system = match &config.extraction_prompt {
        None => config.system(template, instructions),
        Some(own) => {
            let frame = config
                .system(&format!("{{{{categories}}}}\n{{{{custom}}}}\n\n{}", prompts::OUTPUT_FRAME), instructions);
            format!("{own}\n\n{frame}")
        }
    };
    let mut asked =
        LlmRequest::new(system, data::conversation(request, with_neighbours)).with_schema(schema::facts(config, false));
    asked.max_tokens = config.max_tokens;
    asked
}
