//! A model behind HTTP: what differs is a [`Protocol`], the call is the same.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use mem0_core::layers::layered_llm;
use mem0_core::{Error, ErrorKind, Finish, Llm, LlmCapabilities, LlmRequest, LlmResponse, Result, check_llm_request};
use mem0_http::{Client, Refusal, Request, Response, check_status};

/// How one provider is spoken to: pure functions, tested on exact bytes.
#[async_trait]
pub(crate) trait Protocol: fmt::Debug + Send + Sync + 'static {
    fn provider(&self) -> &'static str;

    fn model(&self) -> &str;

    fn capabilities(&self) -> LlmCapabilities;

    /// What is sent. Checked already by `check_llm_request`.
    fn request(&self, request: &LlmRequest) -> Result<Request>;

    /// Adds what can only be known when it is sent: a signature, a token.
    async fn authorize(&self, client: &Client, request: Request) -> Result<Request> {
        let _ = client;
        Ok(request)
    }

    /// What the provider's documentation says of a refusal beyond its status.
    fn refine(&self, refusal: &Refusal) -> Option<ErrorKind> {
        let _ = refusal;
        None
    }

    /// Adds to a refusal what helps with this provider.
    fn refusal(&self, error: Error) -> Error {
        error
    }

    /// Whether a refusal means that the provider would not answer this: then
    /// it is an answer that was withheld, not an error.
    fn withholds(&self, refusal: &Refusal) -> bool {
        let _ = refusal;
        false
    }

    /// What came back, when it is a success.
    fn response(&self, response: &Response) -> Result<LlmResponse>;
}

#[derive(Debug)]
struct Remote<P> {
    protocol: P,
    client: Client,
}

/// The model behind a protocol, with retries that honour the provider's wait
/// and share one budget. The client has the time limit of one try.
pub(crate) fn remote(protocol: impl Protocol, client: Client) -> Arc<dyn Llm> {
    let layers = client.layers().clone();
    layered_llm(Arc::new(Remote { protocol, client }), &layers)
}

#[async_trait]
impl<P: Protocol> Llm for Remote<P> {
    fn provider(&self) -> &'static str {
        self.protocol.provider()
    }

    fn model(&self) -> &str {
        self.protocol.model()
    }

    fn capabilities(&self) -> LlmCapabilities {
        self.protocol.capabilities()
    }

    async fn generate(&self, request: &LlmRequest) -> Result<LlmResponse> {
        let answer = async {
            check_llm_request(request, self.protocol.capabilities())?;
            let ready = self.protocol.authorize(&self.client, self.protocol.request(request)?).await?;
            let response = self.client.send(ready).await?;
            let mut withheld = false;
            let checked = check_status(&response, |refusal| {
                withheld = self.protocol.withholds(refusal);
                self.protocol.refine(refusal)
            });
            if withheld {
                return Ok(LlmResponse::default().with_finish(Finish::Filtered));
            }
            checked.map_err(|e| self.protocol.refusal(e))?;
            self.protocol.response(&response)
        };
        answer.await.map_err(|e| e.with_provider(self.protocol.provider()))
    }
}
