//! Commands about the whole.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use clap_complete::Shell;

/// Remove a user, agent or run for good, with a receipt.
///
/// Memories, every version of them, vectors, kept messages and their traces on
/// disk go; there is no undo. The receipt says what went and that it was
/// checked.
#[derive(Args, Debug)]
pub(crate) struct EraseArgs {
    /// Do not ask
    #[arg(long, short)]
    pub(crate) yes: bool,
}

/// Remove everything of everybody, for good.
#[derive(Args, Debug)]
pub(crate) struct ResetArgs {
    /// Do not ask
    #[arg(long, short)]
    pub(crate) yes: bool,
}

/// Write everything, with history and vectors, as JSON lines.
///
/// Of everybody, unless an id is given on the command line.
#[derive(Args, Debug)]
pub(crate) struct ExportArgs {
    /// Where to; standard output if not given
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Replace the file if it exists
    #[arg(long, requires = "file")]
    pub(crate) force: bool,
}

/// Read what `export` wrote.
///
/// What is there already is skipped, so that it can be repeated. Texts are
/// embedded anew if they come from another model.
#[derive(Args, Debug)]
pub(crate) struct ImportArgs {
    /// Where from; standard input if not given or `-`
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
}

/// Move to another vector store, or to another embedding model.
///
/// With `--to`: every memory is written to that vector store while everything
/// goes on from the old one; the copy is counted and searched; then it is
/// switched to. The configuration has to name it from then on.
///
/// Without: moves to the vector store and the embedder of the configuration,
/// where that was edited and the other commands refuse to open. Texts are
/// embedded anew if the model is another one.
///
/// Can be interrupted and repeated: it goes on where it was.
#[derive(Args, Debug)]
pub(crate) struct ReindexArgs {
    /// The vector store to move to; `mem0 providers` lists them
    #[arg(long, value_name = "PROVIDER")]
    pub(crate) to: Option<String>,
    /// Its own keys, as JSON
    #[arg(long, value_name = "JSON", requires = "to")]
    pub(crate) with: Option<String>,
    /// The collection there; the same name as here if not given
    #[arg(long, value_name = "NAME", requires = "to")]
    pub(crate) collection: Option<String>,
}

/// Take over what the Python library remembers, or this one elsewhere.
///
/// Reads the collection in a vector store and imports its memories with their
/// ids, times, users and metadata; the collection itself is left as it is. What
/// is there already is skipped, so that it can be repeated. Says what was left
/// and why.
#[derive(Args, Debug)]
pub(crate) struct AdoptArgs {
    /// The vector store, as under `vector_store` in a configuration: a file
    /// (also a whole configuration), or JSON, e.g.
    /// `{"provider": "pgvector", "config": {"collection_name": "mem0", …}}`
    #[arg(long, value_name = "FILE|JSON")]
    pub(crate) from: String,
    /// The Python library's history, e.g. `~/.mem0/history.db`, for earlier
    /// versions of the memories
    #[arg(long, value_name = "FILE")]
    pub(crate) history: Option<PathBuf>,
    /// Keep the vectors: only if the configured embedder is the very model that
    /// made them. Otherwise the texts are embedded anew
    #[arg(long)]
    pub(crate) keep_vectors: bool,
    /// Only say what would be done
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Check the ledger, the vector store against it, and the models.
///
/// The configured language model and embedder are asked for a few tokens: is
/// the key there, does the endpoint answer? Each finding says what to do.
/// Ends with code 7 if something is wrong.
#[derive(Args, Debug)]
pub(crate) struct DoctorArgs {
    /// Mend the vector store; the ledger is never changed
    #[arg(long)]
    pub(crate) repair: bool,
    /// Ask neither language model nor embedder: only whether they are
    /// configured as they must be
    #[arg(long)]
    pub(crate) offline: bool,
}

/// Show the configuration.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print what is in use: file and environment over the defaults
    ///
    /// As TOML, which can be kept as a file; as JSON with --json. Secrets are
    /// not shown.
    Show,
}

/// Print completions for a shell.
///
/// For instance, for bash:
/// `mem0 completions bash > ~/.local/share/bash-completion/completions/mem0`
#[derive(Args, Debug)]
pub(crate) struct CompletionsArgs {
    /// Which shell
    #[arg(value_enum)]
    pub(crate) shell: Shell,
}

/// See it work: two weeks of two people, in less than a second.
///
/// Adds a conversation that ships with this program, then searches, updates,
/// shows a history and takes a change back. Works in a temporary folder with
/// the defaults, whatever the configuration says.
#[derive(Args, Debug)]
pub(crate) struct QuickstartArgs {
    /// Keep the memories in this folder, which must be empty or new
    #[arg(long, value_name = "DIR")]
    pub(crate) keep: Option<PathBuf>,
}
