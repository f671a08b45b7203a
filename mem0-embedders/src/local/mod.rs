//! The `local` provider: a static model inside the program. No key, no
//! server, no download, no native library.
//!
//! A static model has one vector per word piece and reads a text as the mean
//! of its pieces. That loses word order, and wins four orders of magnitude of
//! speed over the model it was distilled from; `MODEL.md` beside this file
//! says what it costs in retrieval quality, and how the shipped file is made.
//!
//! ```
//! use mem0_core::{Embedder, Purpose};
//! use mem0_embedders::local::LocalEmbedder;
//!
//! # fn block_on<F: Future>(f: F) -> F::Output {
//! #     let mut f = std::pin::pin!(f);
//! #     let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
//! #     loop {
//! #         if let std::task::Poll::Ready(out) = f.as_mut().poll(&mut cx) { return out; }
//! #     }
//! # }
//! # block_on(async {
//! let embedder = LocalEmbedder::shipped()?;
//! let vectors = embedder.embed(&["She loves hiking"], Purpose::Store).await?;
//! assert_eq!(vectors[0].len(), 256);
//! assert_eq!(embedder.identity().model, "local/minilm-static-256");
//! # Ok::<(), mem0_core::Error>(())
//! # }).unwrap();
//! ```

mod config;
mod hashed;
mod model;
mod tokenizer;
mod unicode;
mod vocab;

#[cfg(test)]
mod tests;

use std::fmt::Write as _;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use async_trait::async_trait;
use mem0_core::{Embedder, EmbedderIdentity, Error, ErrorKind, Purpose, Registry, Result, provider_config};

pub use config::{LocalConfig, SHIPPED_MODEL};
pub use model::{MAX_TOKENS, ModelError, StaticModel};

/// The name that configurations use for this provider.
pub const PROVIDER: &str = "local";

/// Texts between two moments at which other tasks of the thread may run: a
/// few milliseconds of work.
const TEXTS_PER_TURN: usize = 256;

/// Adds the `local` provider. A relative `model_path` is below the data folder.
pub fn register(registry: &mut Registry) {
    registry.embedder(PROVIDER, |config, context| async move {
        let mut config: LocalConfig = provider_config(config)?;
        config.model_path = config.model_path.map(|path| context.path(&path));
        Ok(Arc::new(LocalEmbedder::from_config(&config)?) as Arc<dyn Embedder>)
    });
}

/// The embedder of the `local` provider.
///
/// The purpose is ignored: the model reads questions and stored texts alike.
#[derive(Debug)]
pub struct LocalEmbedder {
    model: StaticModel,
    identity: EmbedderIdentity,
}

impl LocalEmbedder {
    /// With the model that ships inside the crate: some milliseconds, no I/O.
    ///
    /// # Errors
    /// `Corrupt`, which a whole build never answers.
    pub fn shipped() -> Result<Self> {
        let model = StaticModel::shipped().map_err(corrupt)?;
        Ok(Self::with_model(SHIPPED_MODEL, model))
    }

    /// From a configuration. Reads the file of `model_path`, if there is one.
    ///
    /// # Errors
    /// `Config` for an unknown model name, a file that cannot be read or
    /// dimensions that the model does not have; `Corrupt` for a file that is
    /// not a whole model.
    pub fn from_config(config: &LocalConfig) -> Result<Self> {
        let embedder = match &config.model_path {
            Some(path) => {
                let bytes = std::fs::read(path).map_err(|error| {
                    failed(ErrorKind::Config, "model_path cannot be read")
                        .with_context("model_path", path.display().to_string())
                        .with_source(error)
                })?;
                let model = StaticModel::from_bytes(bytes)
                    .map_err(|error| corrupt(error).with_context("model_path", path.display().to_string()))?;
                Self::with_model(&config.model, model)
            }
            None if config.model == SHIPPED_MODEL => Self::shipped()?,
            None => {
                return Err(failed(ErrorKind::Config, "unknown model; another needs a model_path")
                    .with_context("model", config.model.clone())
                    .with_context("known", SHIPPED_MODEL));
            }
        };
        match config.embedding_dims {
            Some(dims) if dims != embedder.identity.dims => {
                Err(failed(ErrorKind::Config, "embedding_dims is not what the model has")
                    .with_context("embedding_dims", dims.to_string())
                    .with_context("model_dims", embedder.identity.dims.to_string()))
            }
            _ => Ok(embedder),
        }
    }

    /// With a model of one's own, under a name of one's own.
    #[must_use]
    pub fn with_model(name: &str, model: StaticModel) -> Self {
        let mut digest = String::with_capacity(64);
        for byte in model.digest() {
            // Writing to a String cannot fail.
            let _ = write!(digest, "{byte:02x}");
        }
        let identity = EmbedderIdentity { model: format!("{PROVIDER}/{name}"), dims: model.dims(), digest };
        Self { model, identity }
    }

    /// The model, for callers that want vectors without a future.
    #[must_use]
    pub fn model(&self) -> &StaticModel {
        &self.model
    }
}

#[async_trait]
impl Embedder for LocalEmbedder {
    fn identity(&self) -> &EmbedderIdentity {
        &self.identity
    }

    async fn embed(&self, texts: &[&str], _purpose: Purpose) -> Result<Vec<Vec<f32>>> {
        let mut vectors = Vec::with_capacity(texts.len());
        for (turn, texts) in texts.chunks(TEXTS_PER_TURN).enumerate() {
            if turn > 0 {
                let_others_run().await;
            }
            vectors.extend(texts.iter().map(|text| self.model.embed(text)));
        }
        Ok(vectors)
    }
}

/// Gives the thread back once; written out because this crate knows no
/// runtime.
async fn let_others_run() {
    let mut waited = false;
    poll_fn(|cx| {
        if waited {
            return Poll::Ready(());
        }
        waited = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

fn failed(kind: ErrorKind, message: &'static str) -> Error {
    Error::new(kind, message).with_provider(PROVIDER).with_operation("open")
}

fn corrupt(error: ModelError) -> Error {
    failed(ErrorKind::Corrupt, "the model is damaged").with_source(error)
}
