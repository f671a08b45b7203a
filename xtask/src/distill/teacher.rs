//! The teacher: a BERT encoder with mean pooling.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use anyhow::{Context as _, Result};
use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::bert::{BertModel, Config};

use super::encoder::Encoder;
use super::rows;

/// Word pieces of a sentence that are read, in the fit as in the teacher.
pub(crate) const MAX_TOKENS: usize = 126;

/// Tokens of one batch: small enough for the second-level cache.
const BATCH_TOKENS: usize = 2_048;

pub(crate) struct Teacher {
    model: BertModel,
    dims: usize,
}

impl Teacher {
    pub(crate) fn open(folder: &Path) -> Result<Self> {
        let config = std::fs::read(folder.join("config.json")).context("config.json")?;
        let config: Config = serde_json::from_slice(&config)?;
        let weights = std::fs::read(folder.join("model.safetensors")).context("model.safetensors")?;
        let weights = VarBuilder::from_buffered_safetensors(weights, DType::F32, &Device::Cpu)?;
        let model = BertModel::load(weights, &config)?;
        Ok(Self { model, dims: config.hidden_size })
    }

    pub(crate) fn dims(&self) -> usize {
        self.dims
    }

    /// One vector per text (given as rows), one after the other; with length 1
    /// if `unit`.
    ///
    /// A batch holds texts of one length, so nothing is padded. Which texts
    /// share a batch depends on the texts alone, not on the number of
    /// threads: the answer is repeatable.
    pub(crate) fn embed(&self, encoder: &Encoder, texts: &[Vec<u32>], unit: bool) -> Result<Vec<f32>> {
        let mut order: Vec<usize> = (0..texts.len()).collect();
        order.sort_by_key(|&i| texts[i].len());
        let batches: Vec<&[usize]> = order
            .chunk_by(|&a, &b| texts[a].len() == texts[b].len())
            .flat_map(|same| same.chunks((BATCH_TOKENS / (texts[same[0]].len() + 2)).max(1)))
            .collect();

        let out = Mutex::new(vec![0f32; texts.len() * self.dims]);
        let next = AtomicUsize::new(0);
        let start = Instant::now();
        let work = || -> Result<()> {
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(batch) = batches.get(at) else {
                    return Ok(());
                };
                let mut vectors = self.batch(encoder, texts, batch)?;
                if unit {
                    rows::normalize(&mut vectors, self.dims);
                }
                let mut out = out.lock().expect("no worker panics while it holds this");
                for (&text, vector) in batch.iter().zip(vectors.chunks_exact(self.dims)) {
                    out[text * self.dims..][..self.dims].copy_from_slice(vector);
                }
                drop(out);
                if at % 500 == 499 {
                    let seconds = start.elapsed().as_secs();
                    eprintln!("  batch {} of {}, {seconds} s", at + 1, batches.len());
                }
            }
        };
        thread::scope(|scope| {
            let workers = thread::available_parallelism().map_or(1, usize::from);
            let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
            workers.into_iter().try_for_each(|w| w.join().expect("a worker panicked"))
        })?;
        Ok(out.into_inner().expect("no worker panics while it holds this"))
    }

    fn batch(&self, encoder: &Encoder, texts: &[Vec<u32>], batch: &[usize]) -> Result<Vec<f32>> {
        let ids: Vec<u32> = batch.iter().flat_map(|&i| encoder.teacher_ids(&texts[i])).collect();
        let ids = Tensor::from_vec(ids.clone(), (batch.len(), ids.len() / batch.len()), &Device::Cpu)?;
        let hidden = self.model.forward(&ids, &ids.zeros_like()?, None)?;
        Ok(hidden.mean(1)?.flatten_all()?.to_vec1()?)
    }
}
