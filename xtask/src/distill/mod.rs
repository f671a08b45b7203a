//! A static model from a sentence-transformer.
//!
//! 1. Every word piece goes through the teacher alone; its vector is the mean
//!    over `[CLS] piece [SEP]`.
//! 2. The vectors are centred and cut to their principal components.
//! 3. Each is weighted by how rare the piece is, as if the vocabulary were in
//!    Zipf's order (smooth inverse frequency).
//! 4. With a corpus: the rows are fitted so that a sentence's summed rows
//!    point where the teacher's own vector of the sentence points.
//! 5. Rows become `i8` with a scale each.

mod encoder;
mod file;
mod fit;
mod rows;
mod teacher;

// The runtime's own tokeniser, so that the rows are fitted to the very tokens
// that they will be summed over. Taken by path: the crate it lives in
// includes the file that this program makes.
#[path = "../../../mem0-embedders/src/local/tokenizer.rs"]
mod tokenizer;
#[path = "../../../mem0-embedders/src/local/unicode.rs"]
mod unicode;
#[path = "../../../mem0-embedders/src/local/vocab.rs"]
#[allow(dead_code, reason = "the runtime asks for more")]
mod vocab;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};

use encoder::Encoder;
use teacher::Teacher;

/// What `cargo xtask distill` is told.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Folder with model.safetensors, config.json and vocab.txt (or
    /// tokenizer.json).
    #[arg(long)]
    model: PathBuf,
    /// Text to fit the rows to, one sentence a line.
    #[arg(long)]
    corpus: Option<PathBuf>,
    /// Where to write the model.
    #[arg(long)]
    out: PathBuf,
    /// Numbers in each vector.
    #[arg(long, default_value_t = 256)]
    dims: usize,
    /// `a` of the frequency weight a / (a + p).
    #[arg(long, default_value_t = 1e-4)]
    sif: f64,
    /// Passes over the corpus.
    #[arg(long, default_value_t = fit::EPOCHS)]
    epochs: usize,
    /// Step size at the start of the fit.
    #[arg(long, default_value_t = fit::RATE)]
    rate: f32,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    for name in ["model.safetensors", "config.json", "vocab.txt", "tokenizer.json"] {
        report_hash(&options.model.join(name));
    }
    let encoder = Encoder::open(&options.model)?;
    let teacher = Teacher::open(&options.model)?;
    println!("teacher: {} dimensions, {} usable pieces", teacher.dims(), encoder.pieces().len());

    let alone: Vec<Vec<u32>> = encoder.rows().map(|id| vec![id]).collect();
    let raw = teacher.embed(&encoder, &alone, false)?;
    ensure!(options.dims <= teacher.dims(), "the teacher has fewer dimensions");
    let space = rows::Space::fit(&raw, teacher.dims(), options.dims);
    let mut rows = space.project(&raw);
    rows::weigh(&mut rows, options.dims, encoder.first_id(), encoder.vocab_size(), options.sif);

    if let Some(path) = &options.corpus {
        report_hash(path);
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let sentences: Vec<Vec<u32>> = text
            .lines()
            .map(|line| encoder.tokens(line, teacher::MAX_TOKENS))
            .filter(|tokens| !tokens.is_empty())
            .collect();
        println!("corpus: {} sentences", sentences.len());
        let mut targets = space.project_centred(&teacher.embed(&encoder, &sentences, true)?);
        rows::normalize(&mut targets, options.dims);
        fit::run(&mut rows, options.dims, &sentences, &targets, options.epochs, options.rate);
    }
    file::write(&options.out, encoder.pieces(), &rows, options.dims)
}

fn report_hash(path: &std::path::Path) {
    if let Ok(bytes) = fs::read(path) {
        println!("blake3 {} {}", blake3::hash(&bytes), path.display());
    }
}
