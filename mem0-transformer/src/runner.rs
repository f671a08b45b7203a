//! A model at work: texts become tokens, tokens become batches, and a few of
//! these are computed at a time.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::thread;

use mem0_core::{Error, Result};

use crate::tokens::Encoded;
use crate::workers::Workers;

/// Texts that become tokens at once: some milliseconds of work.
pub const TEXTS_PER_TURN: usize = 256;

const MAX_THREADS: usize = 256;

/// How a model works.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Whose errors these are.
    pub provider: &'static str,
    /// Threads, 1 to 256; one for each core where nothing is said.
    pub threads: Option<usize>,
    /// Tokens that are worked on at once; at least 1.
    pub batch_tokens: usize,
}

/// A model with threads of its own.
pub struct Runner<M> {
    model: Arc<M>,
    workers: Workers,
    batch_tokens: usize,
}

impl<M: Send + Sync + 'static> Runner<M> {
    /// Loads a model on one of its threads.
    ///
    /// # Errors
    /// `Config` for settings out of range; those of `load`.
    pub async fn open(settings: Settings, load: impl FnOnce() -> Result<M> + Send + 'static) -> Result<Self> {
        let Settings { provider, threads, batch_tokens } = settings;
        let threads = threads.unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from));
        if !(1..=MAX_THREADS).contains(&threads) || batch_tokens == 0 {
            let message = "threads must be 1 to 256, and batch_tokens 1 at least";
            return Err(Error::config(message).with_provider(provider).with_operation("open"));
        }
        let workers = Workers::start(threads, provider)?;
        let model = Arc::new(workers.run(load).await?);
        Ok(Self { model, workers, batch_tokens })
    }

    /// The model.
    pub fn model(&self) -> &M {
        &self.model
    }

    /// What the model makes of each text, in order. Callers with many bring
    /// [`TEXTS_PER_TURN`] at a time.
    ///
    /// # Errors
    /// Those of the two functions.
    ///
    /// # Cancel safety
    /// What is being computed (one batch per thread) is finished and forgotten.
    pub async fn run<J, T>(
        &self,
        texts: Vec<J>,
        encode: fn(&M, &J) -> Result<Encoded>,
        compute: fn(&M, &[Encoded]) -> Result<Vec<T>>,
    ) -> Result<Vec<T>>
    where
        J: Send + 'static,
        T: Send + 'static,
    {
        let mut made = Vec::with_capacity(texts.len());
        let model = Arc::clone(&self.model);
        let tokens = self.workers.run(move || texts.iter().map(|text| encode(&model, text)).collect()).await?;
        // One batch per thread is under way, so that others who ask meanwhile
        // need not wait for all that is asked here.
        let mut running = VecDeque::with_capacity(self.workers.threads());
        for batch in self.batches(tokens) {
            if running.len() == self.workers.threads()
                && let Some(oldest) = running.pop_front()
            {
                made.extend(oldest.await?);
            }
            let model = Arc::clone(&self.model);
            running.push_back(Box::pin(self.workers.run(move || compute(&model, &batch))));
        }
        for job in running {
            made.extend(job.await?);
        }
        Ok(made)
    }

    /// Texts that together have about `batch_tokens` tokens, fewer where that
    /// gives every thread something to do.
    fn batches(&self, texts: Vec<Encoded>) -> Vec<Vec<Encoded>> {
        let all: usize = texts.iter().map(Encoded::len).sum();
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

impl<M> fmt::Debug for Runner<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runner").field("batch_tokens", &self.batch_tokens).finish_non_exhaustive()
    }
}
