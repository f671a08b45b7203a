//! The `cross_encoder` provider: a model of the BERT family that reads question
//! and document together (ms-marco-MiniLM, bge-reranker and the like) inside the
//! program, from a folder. No server and no native library, and no download:
//! there is no code for one here.
//!
//! # The folder
//! As sentence-transformers and Hugging Face lay it out:
//!
//! | file | |
//! |---|---|
//! | `config.json` | needed; `model_type` bert, roberta, xlm-roberta or camembert, with one label |
//! | `tokenizer.json` | needed |
//! | `model.safetensors` | needed; f32, f16 or bf16, computed in f32 |
//! | `tokenizer_config.json` | the longest pair, in tokens |
//!
//! Any way to get the files will do, for instance
//!
//! ```text
//! pip install huggingface_hub
//! hf download cross-encoder/ms-marco-MiniLM-L6-v2 --exclude "onnx/*" "openvino/*" --local-dir ms-marco-MiniLM-L6-v2
//! ```
//!
//! and then the folder is all that the configuration needs:
//!
//! ```toml
//! [reranker]
//! provider = "cross_encoder"
//! config = { path = "/models/ms-marco-MiniLM-L6-v2" }
//! ```
//!
//! # What a pair becomes
//! The model gives one number, which the logistic function maps to 0 to 1: also
//! that of models whose own files ask for the bare number. Of a pair that is too
//! long the longer text loses more. Pairs are packed, never padded, so a document
//! has one score whatever stands beside it. The work is done on threads of the
//! reranker's own; when a future of `rerank` is dropped, what is being computed
//! for it (one batch per thread) is finished and forgotten.

mod config;
mod head;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use mem0_core::{Error, ErrorKind, Registry, Reranked, Reranker, Result, provider_config};
use mem0_transformer::candle_core::{self, IndexOp as _};
use mem0_transformer::{Bert, Encoded, Folder, Runner, Settings, TEXTS_PER_TURN, Tokens, label};

pub use config::CrossEncoderConfig;

use head::Head;

/// The name that configurations use for this provider.
pub const PROVIDER: &str = "cross_encoder";

/// The Python library's name for a cross-encoder in the process. Its
/// configuration names a model of a hub; here it needs a folder too.
pub const ALIAS: &str = "sentence_transformer";

/// Adds the `cross_encoder` provider, under its other name too. A relative
/// `path` is below the data folder.
pub fn register(registry: &mut Registry) {
    for name in [PROVIDER, ALIAS] {
        registry.reranker(name, |config, context| async move {
            let mut config: CrossEncoderConfig = provider_config(config)?;
            config.path = config.path.map(|path| context.path(&path));
            Ok(Arc::new(CrossEncoder::open(&config).await?) as Arc<dyn Reranker>)
        });
    }
}

/// The reranker of the `cross_encoder` provider.
pub struct CrossEncoder(Runner<Model>);

struct Model {
    name: String,
    tokens: Tokens,
    bert: Bert,
    head: Head,
}

/// What is read together.
struct Pair {
    query: Arc<str>,
    text: String,
}

impl CrossEncoder {
    /// Reads the folder and tries the model once. Takes some tenths of a
    /// second, on a thread of the reranker.
    ///
    /// # Errors
    /// `Config` for settings that make no sense, a missing file or a model of
    /// another kind; `Corrupt` for damaged files. Both name the file.
    pub async fn open(config: &CrossEncoderConfig) -> Result<Self> {
        let Some(path) = config.path.clone() else {
            let message = "a cross-encoder needs `path`, a folder with config.json, tokenizer.json and \
                           model.safetensors; nothing is downloaded";
            let error = Error::config(message).with_provider(PROVIDER).with_operation("open");
            return Err(match &config.model {
                Some(model) => error.with_context("model", model),
                None => error,
            });
        };
        let settings = Settings { provider: PROVIDER, threads: config.threads, batch_tokens: config.batch_tokens };
        let (place, own) = (path.display().to_string(), config.clone());
        let runner = Runner::open(settings, move || Model::load(&path, &own));
        Ok(Self(runner.await.map_err(|error| error.with_context("folder", place))?))
    }
}

impl fmt::Debug for CrossEncoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CrossEncoder").field("model", &self.model()).finish_non_exhaustive()
    }
}

#[async_trait]
impl Reranker for CrossEncoder {
    fn name(&self) -> &'static str {
        PROVIDER
    }

    fn model(&self) -> &str {
        &self.0.model().name
    }

    async fn rerank(&self, query: &str, documents: &[&str]) -> Result<Reranked> {
        let tokens = &self.0.model().tokens;
        let query: Arc<str> = tokens.cut(query).into();
        let mut scores = Vec::with_capacity(documents.len());
        for texts in documents.chunks(TEXTS_PER_TURN) {
            let pairs = texts.iter().map(|text| Pair { query: Arc::clone(&query), text: tokens.cut(text).to_owned() });
            let encode = |model: &Model, pair: &Pair| model.tokens.of_pair(&pair.query, &pair.text);
            scores.extend(self.0.run(pairs.collect(), encode, Model::scores).await?);
        }
        Reranked::of(documents.len(), scores.into_iter().enumerate())
    }
}

impl Model {
    fn load(path: &Path, config: &CrossEncoderConfig) -> Result<Self> {
        let mut folder = Folder::read(path, PROVIDER)?;
        head::check(&folder)?;
        folder.max_tokens = config.max_length.map_or(folder.max_tokens, |most| most.min(folder.max_tokens));
        let tokens = Tokens::open(&folder, true)?;
        let loaded = folder.load(|architecture, weights| {
            let head = Head::load(architecture, &weights)?;
            Ok((Bert::load(architecture, weights)?, head))
        })?;
        let (bert, Some(head)) = loaded else {
            let message = "the weights have no classifier, so this is no cross-encoder";
            return Err(folder.error(ErrorKind::Config, "model.safetensors", message));
        };
        let model = Self { name: label(config.model.as_deref(), path), tokens, bert, head };
        // Damage that no check of the files finds mostly shows at the first pair.
        let first = model.tokens.of_pair("", "")?;
        model.scores(&[first]).map_err(|error| error.with_operation("open").with_context("file", path.display()))?;
        Ok(model)
    }

    /// One score for each pair.
    fn scores(&self, pairs: &[Encoded]) -> Result<Vec<f32>> {
        let logits = || -> candle_core::Result<Vec<f32>> {
            self.head.forward(&self.bert.states(pairs)?.first()?)?.i((.., 0))?.to_vec1()
        };
        let logits = logits().map_err(|error| {
            Error::new(ErrorKind::Corrupt, "the model cannot be computed; get its files again")
                .with_provider(PROVIDER)
                .with_source(error)
        })?;
        if logits.iter().any(|logit| logit.is_nan()) {
            let message = "the model gives no number; get its files again";
            return Err(Error::corrupt(message).with_provider(PROVIDER));
        }
        Ok(logits.into_iter().map(|logit| 1.0 / (1.0 + (-logit).exp())).collect())
    }
}
