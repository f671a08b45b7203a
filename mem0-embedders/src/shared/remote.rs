//! An embedder behind HTTP: what differs is a [`Protocol`], the rest is the
//! same.
//!
//! A call is cut into requests that the provider takes. Each of them has its
//! own retries, so that one that fails does not repeat the others; a few run
//! at a time, and all of them share one retry budget.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use futures::future::BoxFuture;
use futures::{FutureExt as _, StreamExt as _, TryStreamExt as _, stream};
use mem0_core::layers::layered_embedder;
use mem0_core::{Embedder, EmbedderIdentity, Error, ErrorKind, Purpose, Result};
use mem0_http::{Client, Refusal, Request, Response, check_status};

use super::Limits;
use super::config::Common;
use super::vector::{checked, stand_in};

/// Requests of one call that are under way at a time.
const AT_A_TIME: usize = 4;

/// A text of this many bytes fits every model; one that is refused as too long
/// nevertheless is not cut further.
const SHORTEST: usize = 64;

/// How one provider is spoken to: pure functions, tested on exact bytes.
#[async_trait]
pub(crate) trait Protocol: fmt::Debug + Send + Sync + 'static {
    fn provider(&self) -> &'static str;

    fn model(&self) -> &str;

    /// The length of the vectors, where it is known without asking.
    fn dims(&self) -> Option<usize>;

    fn limits(&self) -> Limits;

    /// What is sent. There is at least one text, and none is blank.
    fn request(&self, texts: &[&str], purpose: Purpose) -> Result<Request>;

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

    /// What to do about an error, where the provider knows more than its
    /// message says.
    fn advice(&self, kind: ErrorKind) -> Option<String> {
        let _ = kind;
        None
    }

    /// The vectors in the order of the texts, when it is a success.
    fn response(&self, response: &Response) -> Result<Vec<Vec<f32>>>;
}

/// The embedder behind a protocol. Where nobody knows the length of its
/// vectors, one small request finds out.
///
/// # Errors
/// Those of the protocol; `Config` for options that make no client; those of
/// that request.
pub(crate) async fn remote(
    provider: &'static str,
    protocol: Result<impl Protocol>,
    common: Common,
) -> Result<Arc<dyn Embedder>> {
    let opened = async { open(Arc::new(protocol?), common).await };
    opened.await.map_err(|e: Error| e.with_provider(provider).with_operation("open"))
}

async fn open(protocol: Arc<dyn Protocol>, common: Common) -> Result<Arc<dyn Embedder>> {
    let client = common.client()?;
    let one = |dims: Option<usize>| {
        let model = format!("{}/{}", protocol.provider(), protocol.model());
        let identity = EmbedderIdentity { model, dims: dims.unwrap_or(0), digest: String::new() };
        let one = One { protocol: Arc::clone(&protocol), client: client.clone(), identity, dims };
        layered_embedder(Arc::new(one), client.layers())
    };
    let dims = match protocol.dims() {
        Some(dims) => dims,
        None => one(None).embed(&["dimensions"], Purpose::Store).await?.first().map_or(0, Vec::len),
    };
    let limits = protocol.limits();
    let Common { document_prefix, query_prefix, .. } = common;
    Ok(Arc::new(Remote { one: one(Some(dims)), limits, document_prefix, query_prefix }))
}

/// One request.
#[derive(Debug)]
struct One {
    protocol: Arc<dyn Protocol>,
    client: Client,
    identity: EmbedderIdentity,
    /// None until it is known.
    dims: Option<usize>,
}

#[async_trait]
impl Embedder for One {
    fn identity(&self) -> &EmbedderIdentity {
        &self.identity
    }

    async fn embed(&self, texts: &[&str], purpose: Purpose) -> Result<Vec<Vec<f32>>> {
        let answer = async {
            let request = self.protocol.request(texts, purpose)?;
            let ready = self.protocol.authorize(&self.client, request).await?;
            let response = self.client.send(ready).await?;
            check_status(&response, |refusal| self.protocol.refine(refusal))?;
            checked(self.protocol.response(&response)?, texts.len(), self.dims)
        };
        answer.await.map_err(|error: Error| {
            let error = error.with_provider(self.protocol.provider());
            match self.protocol.advice(error.kind()) {
                Some(advice) => error.with_context("try", advice),
                None => error,
            }
        })
    }
}

#[derive(Debug)]
struct Remote {
    one: Arc<dyn Embedder>,
    limits: Limits,
    document_prefix: String,
    query_prefix: String,
}

impl Remote {
    /// What is sent for a text: with the prefix, cut to the window; nothing
    /// for a blank text.
    fn prepared(&self, text: &str, purpose: Purpose) -> Option<String> {
        if text.chars().all(char::is_whitespace) {
            return None;
        }
        let prefix = if purpose == Purpose::Query { &self.query_prefix } else { &self.document_prefix };
        let cut = self.limits.cut(text);
        // White space that fills the whole window is no reason to send nothing.
        let cut = if cut.trim().is_empty() { self.limits.cut(text.trim_start()) } else { cut };
        let whole = format!("{prefix}{cut}");
        Some(if prefix.is_empty() { whole } else { self.limits.cut(&whole).to_owned() })
    }

    /// The vectors of texts that are too long for a model whose window nobody
    /// told us, too: those that fit get the vectors of their whole, the others
    /// are cut in half until they do.
    fn fitting<'a>(&'a self, texts: &'a [&'a str], purpose: Purpose) -> BoxFuture<'a, Result<Vec<Vec<f32>>>> {
        async move {
            let error = match self.one.embed(texts, purpose).await {
                Err(error) if error.kind() == ErrorKind::ContextLength => error,
                answer => return answer,
            };
            if let [text] = texts {
                let half = text.get(..text.floor_char_boundary(text.len() / 2)).unwrap_or_default();
                if text.len() <= SHORTEST || half.trim().is_empty() {
                    return Err(error);
                }
                return self.fitting(&[half], purpose).await;
            }
            let (left, right) = texts.split_at(texts.len() / 2);
            let mut vectors = self.fitting(left, purpose).await?;
            vectors.extend(self.fitting(right, purpose).await?);
            Ok(vectors)
        }
        .boxed()
    }
}

#[async_trait]
impl Embedder for Remote {
    fn identity(&self) -> &EmbedderIdentity {
        self.one.identity()
    }

    async fn embed(&self, texts: &[&str], purpose: Purpose) -> Result<Vec<Vec<f32>>> {
        let prepared: Vec<Option<String>> = texts.iter().map(|text| self.prepared(text, purpose)).collect();
        let sent: Vec<&str> = prepared.iter().flatten().map(String::as_str).collect();
        let requests: Vec<_> = self.limits.split(&sent).into_iter().map(|batch| self.fitting(batch, purpose)).collect();
        let answers: Vec<Vec<Vec<f32>>> = stream::iter(requests).buffered(AT_A_TIME).try_collect().await?;
        let mut answers = answers.into_iter().flatten();
        let vectors = prepared.iter().map(|sent| match sent {
            Some(_) => answers.next().ok_or_else(|| Error::internal("a text lost its vector")),
            None => Ok(stand_in(self.identity().dims)),
        });
        vectors.collect()
    }
}

#[cfg(test)]
mod tests;
