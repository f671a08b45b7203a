//! A reranker behind HTTP: what differs is a [`Protocol`], the rest is the
//! same.
//!
//! A call is cut into requests that the provider takes. Each of them has its
//! own retries, so that one that fails does not repeat the others; a few run
//! at a time, and all of them share one retry budget.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use mem0_core::layers::layered_reranker;
use mem0_core::{Error, ErrorKind, Reranked, Reranker, Result};
use mem0_http::{Client, Refusal, Request, Response, TextLimits, check_status};

/// Requests of one call that are under way at a time.
const AT_A_TIME: usize = 4;

/// What a provider takes at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Tokens of a question.
    pub(crate) query_tokens: usize,
    /// The documents of a request.
    pub(crate) documents: TextLimits,
}

/// How one provider is spoken to: pure functions, tested on exact bytes.
pub(crate) trait Protocol: fmt::Debug + Send + Sync + 'static {
    fn provider(&self) -> &'static str;

    fn model(&self) -> &str;

    fn limits(&self) -> Limits;

    /// What is sent. There is at least one document, and nothing is blank.
    fn request(&self, query: &str, documents: &[&str]) -> Result<Request>;

    /// What the provider's documentation says of a refusal beyond its status.
    fn refine(&self, refusal: &Refusal) -> Option<ErrorKind> {
        let _ = refusal;
        None
    }

    /// The scores of so many documents, when it is a success.
    fn response(&self, response: &Response, documents: usize) -> Result<Reranked>;
}

/// The reranker behind a protocol.
///
/// # Errors
/// Those of the protocol; `Config` for options that make no client.
pub(crate) fn remote(
    provider: &'static str,
    protocol: Result<impl Protocol>,
    client: Result<Client>,
) -> Result<Arc<dyn Reranker>> {
    let opened = || {
        let (protocol, client) = (protocol?, client?);
        let limits = protocol.limits();
        let layers = client.layers().clone();
        let one = layered_reranker(Arc::new(One { protocol: Arc::new(protocol), client }), &layers);
        Ok(Arc::new(Remote { one, limits }) as Arc<dyn Reranker>)
    };
    opened().map_err(|e: Error| e.with_provider(provider).with_operation("open"))
}

/// One request.
#[derive(Debug)]
struct One {
    protocol: Arc<dyn Protocol>,
    client: Client,
}

#[async_trait]
impl Reranker for One {
    fn name(&self) -> &'static str {
        self.protocol.provider()
    }

    fn model(&self) -> &str {
        self.protocol.model()
    }

    async fn rerank(&self, query: &str, documents: &[&str]) -> Result<Reranked> {
        let answer = async {
            let response = self.client.send(self.protocol.request(query, documents)?).await?;
            check_status(&response, |refusal| self.protocol.refine(refusal))?;
            let judged = self.protocol.response(&response, documents.len())?;
            if judged.unscored.len() == documents.len() {
                return Err(Error::new(ErrorKind::BadModelOutput, "the provider says nothing of any document"));
            }
            Ok(judged)
        };
        answer.await.map_err(|error: Error| error.with_provider(self.protocol.provider()))
    }
}

#[derive(Debug)]
struct Remote {
    one: Arc<dyn Reranker>,
    limits: Limits,
}

fn is_blank(text: &str) -> bool {
    text.chars().all(char::is_whitespace)
}

/// The part of a text that fits, of its first words: white space that fills the
/// whole window is no reason to send nothing.
fn cut<'a>(limits: &TextLimits, text: &'a str) -> &'a str {
    let cut = limits.cut(text);
    if is_blank(cut) { limits.cut(text.trim_start()) } else { cut }
}

#[async_trait]
impl Reranker for Remote {
    fn name(&self) -> &'static str {
        self.one.name()
    }

    fn model(&self) -> &str {
        self.one.model()
    }

    async fn rerank(&self, query: &str, documents: &[&str]) -> Result<Reranked> {
        let nothing = Reranked::new(vec![0.0; documents.len()]);
        if is_blank(query) {
            return Ok(nothing);
        }
        let question = TextLimits { text_tokens: self.limits.query_tokens, ..TextLimits::texts(1) };
        let query = cut(&question, query);
        let sent = || documents.iter().enumerate().filter(|(_, text)| !is_blank(text));
        let texts: Vec<&str> = sent().map(|(_, text)| cut(&self.limits.documents, text)).collect();
        let requests = self.limits.documents.split(&texts).into_iter().map(|batch| self.one.rerank(query, batch));
        // Collected first: the stream would else hold a closure over lifetimes.
        let requests: Vec<_> = requests.collect();
        let answers: Vec<Reranked> = stream::iter(requests).buffered(AT_A_TIME).try_collect().await?;
        let mut whole = nothing;
        let mut places = sent().map(|(place, _)| place);
        for answer in answers {
            whole.usage += answer.usage;
            for (index, score) in answer.scores.into_iter().enumerate() {
                let lost = || Error::internal("a document lost its score");
                let place = places.next().ok_or_else(lost)?;
                if answer.unscored.binary_search(&index).is_ok() {
                    whole.unscored.push(place);
                }
                *whole.scores.get_mut(place).ok_or_else(lost)? = score;
            }
        }
        Ok(whole)
    }
}

#[cfg(test)]
mod tests;
