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

mod config;
mod recipe;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use mem0_core::{Embedder, EmbedderIdentity, Error, ErrorKind, Purpose, Registry, Result, provider_config};
use mem0_transformer::{Bert, Encoded, Folder, Runner, Settings, TEXTS_PER_TURN, Tokens, label};

pub use config::TransformerConfig;

use recipe::{Pooling, Recipe};

/// The name that configurations use for this provider.
pub const PROVIDER: &str = "transformer";

/// The names that other implementations have for a model in the process. Their
/// configurations name a model of a hub; here it needs a folder too.
pub const ALIASES: [&str; 2] = ["fastembed", "sentence_transformers"];

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
pub struct TransformerEmbedder(Runner<Model>);

struct Model {
    tokens: Tokens,
    bert: Bert,
    pooling: Pooling,
    identity: EmbedderIdentity,
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
        let settings = Settings { provider: PROVIDER, threads: config.threads, batch_tokens: config.batch_tokens };
        let (place, own) = (path.display().to_string(), config.clone());
        let runner = Runner::open(settings, move || Model::load(&path, &own));
        let runner = runner.await.map_err(|error| error.with_context("folder", place))?;
        let dims = runner.model().identity.dims;
        match config.embedding_dims {
            Some(wanted) if wanted != dims => Err(Error::config("embedding_dims is not what the model has")
                .with_provider(PROVIDER)
                .with_operation("open")
                .with_context("embedding_dims", wanted)
                .with_context("model_dims", dims)),
            _ => Ok(Self(runner)),
        }
    }
}

impl fmt::Debug for TransformerEmbedder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransformerEmbedder").field("identity", self.identity()).finish_non_exhaustive()
    }
}

#[async_trait]
impl Embedder for TransformerEmbedder {
    fn identity(&self) -> &EmbedderIdentity {
        &self.0.model().identity
    }

    async fn embed(&self, texts: &[&str], purpose: Purpose) -> Result<Vec<Vec<f32>>> {
        let model = self.0.model();
        let prefix = if purpose == Purpose::Query { &model.query_prefix } else { &model.document_prefix };
        let mut vectors = Vec::with_capacity(texts.len());
        for texts in texts.chunks(TEXTS_PER_TURN) {
            let texts: Vec<String> = texts.iter().map(|text| format!("{prefix}{}", model.tokens.cut(text))).collect();
            vectors.extend(self.0.run(texts, |model, text| model.tokens.of(text), Model::vectors).await?);
        }
        Ok(vectors)
    }
}

impl Model {
    fn load(path: &Path, config: &TransformerConfig) -> Result<Self> {
        let mut folder = Folder::read(path, PROVIDER)?;
        let (recipe, query_prefix) = Recipe::read(&folder, config)?;
        let tokens = Tokens::open(&folder, false)?;
        let digest = recipe.digest(&folder)?;
        let bert = folder.load(Bert::load)?;
        let model = format!("{PROVIDER}/{}", label(config.model.as_deref(), path));
        let identity = EmbedderIdentity { model, dims: folder.architecture.hidden_size(), digest };
        let Recipe { pooling, document_prefix, .. } = recipe;
        let model = Self { tokens, bert, pooling, identity, query_prefix, document_prefix };
        // Damage that no check of the files finds mostly shows at the first text.
        let first = model.tokens.of("")?;
        model.vectors(&[first]).map_err(|error| error.with_operation("open").with_context("file", path.display()))?;
        Ok(model)
    }

    /// One vector of length 1 per text.
    fn vectors(&self, texts: &[Encoded]) -> Result<Vec<Vec<f32>>> {
        let pooled = self.bert.states(texts).and_then(|states| match self.pooling {
            Pooling::Cls => states.first()?.to_vec2(),
            Pooling::Mean => states.mean()?.to_vec2(),
        });
        let mut vectors = pooled.map_err(|error| {
            Error::new(ErrorKind::Corrupt, "the model cannot be computed; get its files again")
                .with_provider(PROVIDER)
                .with_source(error)
        })?;
        for vector in &mut vectors {
            let length = vector.iter().map(|x: &f32| f64::from(*x).powi(2)).sum::<f64>().sqrt();
            if !length.is_finite() || length < 1e-12 {
                let message = "the model gives no direction; get its files again";
                return Err(Error::corrupt(message).with_provider(PROVIDER));
            }
            vector.iter_mut().for_each(|x| *x = (f64::from(*x) / length) as f32);
        }
        Ok(vectors)
    }
}
