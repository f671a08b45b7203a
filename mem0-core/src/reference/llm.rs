//! A model that answers what it was told to answer.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::error::{Error, ErrorKind, Result};
use crate::traits::llm::{Llm, LlmCapabilities, LlmRequest, LlmResponse, StructuredOutput, check_llm_request};

type Answer = dyn Fn(&LlmRequest) -> Result<LlmResponse> + Send + Sync;

/// A model for tests: answers from a script or by a function, and keeps every
/// request that it got.
///
/// ```
/// use mem0_core::reference::ScriptedLlm;
/// use mem0_core::{Llm, LlmRequest};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> mem0_core::Result<()> {
/// let llm = ScriptedLlm::new(["yes", "no"]);
/// assert_eq!(llm.generate(&LlmRequest::new("", "Is it?")).await?.text, "yes");
/// assert_eq!(llm.requests()[0].turns[0].text, "Is it?");
/// # Ok(())
/// # }
/// ```
pub struct ScriptedLlm {
    answer: Arc<Answer>,
    capabilities: LlmCapabilities,
    requests: Mutex<Vec<LlmRequest>>,
}

impl ScriptedLlm {
    /// Answers with these texts, in order; then every call is an error.
    pub fn new<I: IntoIterator<Item: Into<String>>>(answers: I) -> Self {
        let script: VecDeque<String> = answers.into_iter().map(Into::into).collect();
        let script = Mutex::new(script);
        Self::answering(move |_| {
            let next = script.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            next.map(LlmResponse::new).ok_or_else(|| Error::new(ErrorKind::Internal, "the script has ended"))
        })
    }

    /// Answers by a function of the request.
    pub fn answering(answer: impl Fn(&LlmRequest) -> Result<LlmResponse> + Send + Sync + 'static) -> Self {
        let capabilities = LlmCapabilities::new(StructuredOutput::Schema).with_vision(true);
        Self { answer: Arc::new(answer), capabilities, requests: Mutex::default() }
    }

    /// Another ability than schemas and images.
    #[must_use]
    pub fn with_capabilities(mut self, capabilities: LlmCapabilities) -> Self {
        self.capabilities = capabilities;
        self
    }

    /// Everything that was asked so far.
    pub fn requests(&self) -> Vec<LlmRequest> {
        self.kept().clone()
    }

    fn kept(&self) -> MutexGuard<'_, Vec<LlmRequest>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for ScriptedLlm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptedLlm").field("capabilities", &self.capabilities).finish_non_exhaustive()
    }
}

#[async_trait]
impl Llm for ScriptedLlm {
    fn provider(&self) -> &'static str {
        "scripted"
    }

    fn model(&self) -> &str {
        "script"
    }

    fn capabilities(&self) -> LlmCapabilities {
        self.capabilities
    }

    async fn generate(&self, request: &LlmRequest) -> Result<LlmResponse> {
        check_llm_request(request, self.capabilities)?;
        self.kept().push(request.clone());
        (self.answer)(request)
    }
}
