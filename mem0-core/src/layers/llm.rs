//! The layers around a language model.

use async_trait::async_trait;

use super::stack::Layered;
use crate::error::Result;
use crate::traits::llm::{Llm, LlmCapabilities, LlmRequest, LlmResponse};

#[async_trait]
impl Llm for Layered<dyn Llm> {
    fn provider(&self) -> &'static str {
        self.inner.provider()
    }

    fn model(&self) -> &str {
        self.inner.model()
    }

    fn capabilities(&self) -> LlmCapabilities {
        self.inner.capabilities()
    }

    async fn generate(&self, request: &LlmRequest) -> Result<LlmResponse> {
        self.stack.run("generate", request.turns.len(), || self.inner.generate(request)).await
    }
}
