//! The command that measures.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Measure what is found, and what models make of it, on a public dataset.
///
/// Remembers the conversations of a file that you have, asks its questions, and
/// says how much of the evidence was found, at what price in tokens and time.
/// With a language model configured (or named by --llm) it also has the
/// questions answered and the answers judged, which costs tokens: three calls a
/// question.
///
/// Uses the configured embedder, vector store and models, but none of your
/// memories: files are in a temporary folder or that of --resume, servers get a
/// collection of its own.
#[derive(Args, Debug)]
pub(crate) struct BenchArgs {
    /// Which dataset
    #[arg(value_enum)]
    pub(crate) dataset: Dataset,
    /// The public file; for `beam` the folder of one chat, or of many
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// What becomes a memory
    #[arg(long, value_enum, default_value_t = Mode::Said)]
    pub(crate) mode: Mode,
    /// By which policy a language model extracts; if not given the configured
    /// one, else `single_pass`
    #[arg(long, value_name = "NAME")]
    pub(crate) policy: Option<String>,
    /// How many memories a search returns; 10 or more
    #[arg(long, short = 'k', value_name = "NUMBER", default_value_t = 50)]
    pub(crate) limit: usize,
    /// The lowest score of a memory; that of `mem0 search` if not given
    #[arg(long, value_name = "SCORE")]
    pub(crate) threshold: Option<f32>,
    /// Only these conversations, by their ids
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub(crate) conversations: Vec<String>,
    /// Only questions of these categories, e.g. `1,4`
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) categories: Vec<String>,
    /// Ask no model, also if one is configured
    #[arg(long, conflicts_with_all = ["context", "judge"])]
    pub(crate) retrieval_only: bool,
    /// With how many memories a model answers
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    pub(crate) context: usize,
    /// Another language model to judge, e.g. `anthropic/claude-sonnet-4-5`
    #[arg(long, value_name = "PROVIDER/MODEL")]
    pub(crate) judge: Option<String>,
    /// How many questions are answered side by side
    #[arg(long, value_name = "NUMBER", default_value_t = 4)]
    pub(crate) concurrency: usize,
    /// Keep the run in this folder, and go on with what is there
    #[arg(long, value_name = "DIR")]
    pub(crate) resume: Option<PathBuf>,
    /// Write the report there as JSON, beside what is printed
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// For what is drawn at random: the interval
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(crate) seed: u64,
}

/// A public dataset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Dataset {
    /// `locomo10.json`
    Locomo,
    /// `longmemeval_s.json`, `_m` or `_oracle`
    Longmemeval,
    /// A folder of `chats`
    Beam,
}

/// What becomes a memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// Every turn as it was said
    Said,
    /// What the rules extract, without a model
    Rules,
    /// What a language model extracts
    Llm,
}
