//! One call: the facts together with what they change.

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

/// Extracts facts and decides on them, knowing what is near to the messages.
#[derive(Debug)]
pub(super) struct SinglePass {
    llm: Arc<dyn Llm>,
    config: PolicyConfig,
}

impl SinglePass {
    pub(super) fn new(llm: Arc<dyn Llm>, config: PolicyConfig) -> Result<Self> {
        config.check()?;
        Ok(Self { llm, config })
    }

    pub(super) fn request(&self, request: &ExtractRequest) -> LlmRequest {
        let system = self.config.system(prompts::SINGLE_PASS, request.instructions.as_deref());
        let mut asked =
            LlmRequest::new(system, data::conversation(request, true)).with_schema(schema::facts(&self.config, true));
        asked.max_tokens = self.config.max_tokens;
        asked
    }
}

#[async_trait]
impl Extractor for SinglePass {
    fn name(&self) -> &'static str {
        "single_pass"
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
        let answer = ask_for_facts(&*self.llm, self.request(request)).await?;
        let mut gate = Gate::new(&self.config, request);
        gate.unreadable(answer.rejected.len());
        for item in answer.facts {
            gate.decided(item);
        }
        Ok(gate.finish())
    }
}
