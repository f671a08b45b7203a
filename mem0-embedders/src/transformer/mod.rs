//! The `transformer` provider: a model of the BERT family (all-MiniLM,
//! bge-small, e5-small, multilingual-e5 and the like) inside the program, from
//! a folder. No server and no native library, and no download: there is no code
//! for one here.
//!
//! # The folder
//! As sentence-transformers and Hugging Face lay it out:
//!
//! | file | |
//! |---|---|
//! | `config.json` | needed; `model_type` bert, roberta, xlm-roberta or camembert |
//! | `tokenizer.json` | needed |
//! | `model.safetensors` | needed; f32, f16 or bf16, computed in f32 |
//! | `modules.json`, `1_Pooling/config.json` | mean or cls; without them the mean |
//! | `sentence_bert_config.json`, `tokenizer_config.json` | the longest text, in tokens |
//! | `config_sentence_transformers.json` | the prompts before questions and stored texts |
//!
//! Any way to get the files will do, for instance
//!
//! ```text
//! pip install huggingface_hub
//! hf download sentence-transformers/all-MiniLM-L6-v2 --exclude "onnx/*" "openvino/*" --local-dir all-MiniLM-L6-v2
//! ```
//!
//! and then the folder is all that the configuration needs:
//!
//! ```toml
//! [embedder]
//! provider = "transformer"
//! config = { path = "/models/all-MiniLM-L6-v2" }
//! ```
//!
//! The bge models want a prefix that their folder does not name:
//! `query_prefix = "Represent this sentence for searching relevant passages: "`;
//! the e5 models want `query_prefix = "query: "` and `document_prefix =
//! "passage: "`.
//!
//! # What a text becomes
//! A text is cut at the model's longest one, embedded, pooled and scaled to
//! length 1. Texts are packed, never padded, so a text has one vector whatever
//! is embedded beside it. The work is done on threads of the embedder's own;
//! when a future of `embed` is dropped, what is being computed for it (one
//! batch per thread) is finished and forgotten.
//!
//! The identity covers weights, tokenizer, architecture, pooling and the prefix
//! of stored texts, so a collection that was filled with others is refused.

mod bert;
mod config;
mod folder;
mod tokens;
mod workers;

use std::collections::VecDeque;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use async_trait::async_trait;
use candle_core::{DType, Device};
use candle_nn::VarBuilder;
use mem0_core::{Embedder, EmbedderIdentity, Error, ErrorKind, Purpose, Registry, Result, provider_config};

pub use config::TransformerConfig;

use bert::Bert;
use folder::Folder;
use tokens::Tokens;
use workers::Workers;

/// The name that configurations use for this provider.
pub const PROVIDER: &str = "transformer";

/// The names that other implementations have for a model in the process. Their
/// configurations name a model of a hub; here it needs a folder too.
pub const ALIASES: [&str; 2] = ["fastembed", "sentence_transformers"];

/// Texts that become tokens at once: some milliseconds of work.
const TEXTS_PER_TURN: usize = 256;

const MAX_THREADS: usize = 256;

/// Adds the `transformer` provider, under its other names too. A relative
/// `path` is below the data folder.
pub fn register(registry: &mut Registry) {
    for name in [PROVIDER].into_iter().chain(ALIASES) {
        registry.embedder(name, |config, context| async move {
            let mut config: TransformerConfig = provider_config(config)?;
            config.path = config.path.map(|path| context.path(&path));
            Ok(Arc::new(TransformerEmbedder::open(&config).await?) as Arc<dyn Embedder>)
        });
    }
}

/// The embedder of the `transformer` provider.
pub struct TransformerEmbedder {
    model: Arc<Model>,
    workers: Workers,
    identity: EmbedderIdentity,
    batch_tokens: usize,
}

struct Model {
    tokens: Tokens,
    bert: Bert,
    query_prefix: String,
    document_prefix: String,
}

impl TransformerEmbedder {
    /// Reads the folder and tries the model once. Takes some tenths of a
    /// second, on a thread of the embedder.
    ///
    /// # Errors
    /// `Config` for settings that make no sense, a missing file or a model of
    /// another kind; `Corrupt` for damaged files. Both name the file.
    pub async fn open(config: &TransformerConfig) -> Result<Self> {
        let Some(path) = config.path.clone() else {
            let message = "a transformer model needs `path`, a folder with config.json, tokenizer.json and \
                           model.safetensors; nothing is downloaded";
            let error = Error::config(message).with_provider(PROVIDER).with_operation("open");
            return Err(match &config.model {
                Some(model) => error.with_context("model", model),
                None => error,
            });
        };
        let threads = config.threads.unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from));
        if !(1..=MAX_THREADS).contains(&threads) || config.batch_tokens == 0 {
            let message = "threads must be 1 to 256, and batch_tokens 1 at least";
            return Err(Error::config(message).with_provider(PROVIDER).with_operation("open"));
        }
        let workers = Workers::start(threads)?;
        let (settings, name) = (config.clone(), label(config, &path));
        let place = path.display().to_string();
        let (model, identity) = workers
            .run(move || load(&path, &settings, name))
            .await
            .map_err(|error| error.with_context("folder", place))?;
        match config.embedding_dims {
            Some(dims) if dims != identity.dims => Err(Error::config("embedding_dims is not what the model has")
                .with_provider(PROVIDER)
                .with_operation("open")
                .with_context("embedding_dims", dims)
                .with_context("model_dims", identity.dims)),
            _ => Ok(Self { model: Arc::new(model), workers, identity, batch_tokens: config.batch_tokens }),
        }
    }

    /// Texts that together have about `batch_tokens` tokens, fewer where that
    /// gives every thread something to do.
    fn batches(&self, texts: Vec<Vec<u32>>) -> Vec<Vec<Vec<u32>>> {
        let all: usize = texts.iter().map(Vec::len).sum();
        let most = self.batch_tokens.min(all.div_ceil(self.workers.threads()));
        let (mut batches, mut batch, mut tokens) = (Vec::new(), Vec::new(), 0);
        for text in texts {
            if tokens > 0 && tokens + text.len() > most {
                batches.push(std::mem::take(&mut batch));
                tokens = 0;
            }
            tokens += text.len();
            batch.push(text);
        }
        batches.push(batch);
        batches
    }
}

impl fmt::Debug for TransformerEmbedder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransformerEmbedder").field("identity", &self.identity).finish_non_exhaustive()
    }
}

#[async_trait]
impl Embedder for TransformerEmbedder {
    fn identity(&self) -> &EmbedderIdentity {
        &self.identity
    }

    async fn embed(&self, texts: &[&str], purpose: Purpose) -> Result<Vec<Vec<f32>>> {
        let prefix = if purpose == Purpose::Query { &self.model.query_prefix } else { &self.model.document_prefix };
        let mut vectors = Vec::with_capacity(texts.len());
        for texts in texts.chunks(TEXTS_PER_TURN) {
            let texts: Vec<String> = texts.iter().map(|text| self.model.tokens.cut(prefix, text)).collect();
            let model = Arc::clone(&self.model);
            let tokens = self.workers.run(move || texts.iter().map(|text| model.tokens.of(text)).collect()).await?;
            // One batch per thread is under way, so that others who ask
            // meanwhile need not wait for all that is asked here.
            let mut running = VecDeque::with_capacity(self.workers.threads());
            for batch in self.batches(tokens) {
                if running.len() == self.workers.threads()
                    && let Some(oldest) = running.pop_front()
                {
                    vectors.extend(oldest.await?);
                }
                let model = Arc::clone(&self.model);
                running.push_back(Box::pin(self.workers.run(move || model.vectors(&batch))));
            }
            for job in running {
                vectors.extend(job.await?);
            }
        }
        Ok(vectors)
    }
}

impl Model {
    /// One vector of length 1 per text.
    fn vectors(&self, texts: &[Vec<u32>]) -> Result<Vec<Vec<f32>>> {
        let mut vectors = self
            .bert
            .vectors(texts)
            .map_err(|error| failed(ErrorKind::Corrupt, "the model cannot be computed; get its files again", error))?;
        for vector in &mut vectors {
            let length = vector.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
            if !length.is_finite() || length < 1e-12 {
                let message = "the model gives no direction; get its files again";
                return Err(Error::corrupt(message).with_provider(PROVIDER));
            }
            vector.iter_mut().for_each(|x| *x = (f64::from(*x) / length) as f32);
        }
        Ok(vectors)
    }
}

/// The configured name, else the folder's.
fn label(config: &TransformerConfig, path: &Path) -> String {
    let folder = || path.file_name().map_or_else(|| "model".to_owned(), |name| name.to_string_lossy().into_owned());
    config.model.clone().filter(|name| !name.is_empty()).unwrap_or_else(folder)
}

fn load(path: &Path, config: &TransformerConfig, name: String) -> Result<(Model, EmbedderIdentity)> {
    let mut folder = Folder::read(path, config)?;
    let tokens = Tokens::open(&folder)?;
    let digest = folder.digest()?;
    let weights = std::mem::take(&mut folder.weights);
    let bert = VarBuilder::from_buffered_safetensors(weights, DType::F32, &Device::Cpu)
        .and_then(|weights| Bert::load(&folder.recipe, weights))
        .map_err(|error| {
            let message = "the weights are damaged, or not those that config.json describes; get both files again";
            folder.corrupt("model.safetensors", message, error)
        })?;
    let identity =
        EmbedderIdentity { model: format!("{PROVIDER}/{name}"), dims: folder.recipe.architecture.hidden_size, digest };
    let model =
        Model { tokens, bert, query_prefix: folder.query_prefix, document_prefix: folder.recipe.document_prefix };
    // Damage that no check of the files finds mostly shows at the first text.
    let first = model.tokens.of("")?;
    model.vectors(&[first]).map_err(|error| error.with_operation("open").with_context("file", path.display()))?;
    Ok((model, identity))
}

fn failed(
    kind: ErrorKind,
    message: &'static str,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> Error {
    Error::new(kind, message).with_provider(PROVIDER).with_source(source)
}
