//! Commands that change memories.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use mem0::{ImageHandling, MemoryId, MemoryKind, Metadata, Timestamp, TxnId};

use crate::input::Format;

/// Remember a text, a conversation, or a file of either.
///
/// Without a text and without --file it reads standard input. A file or
/// standard input may be a JSON array of messages, `{"messages": […]}`, JSON
/// lines of messages, or plain text. A message is a text or
/// `{"role", "content", "name", "id", "timestamp"}`, of which only `content`
/// is required.
///
/// Facts are extracted and compared with what is known. Each line of the
/// answer says what happened: ADD (new), UPDATE (changed), DELETE (ended by a
/// newer fact) or NONE (known already).
///
/// Without a language model rules do that. With one (`--llm`, or `llm` in the
/// configuration) `--policy` chooses how it is asked: `single_pass` (the
/// default), `two_phase` or `additive`; `mem0 providers` lists them.
#[derive(Args, Debug)]
pub(crate) struct AddArgs {
    /// What to remember; `-` reads standard input
    #[arg(value_name = "TEXT")]
    pub(crate) text: Vec<String>,
    /// Read a file; `-` is standard input
    #[arg(long, short, value_name = "FILE", conflicts_with = "text")]
    pub(crate) file: Option<PathBuf>,
    /// Messages as JSON
    #[arg(long, value_name = "JSON", conflicts_with_all = ["text", "file"])]
    pub(crate) messages: Option<String>,
    /// Many calls at once: JSON lines with `text` or `messages`, and
    /// optionally `user_id`, `agent_id`, `run_id`, `app_id`, `org_id`, `infer`,
    /// `kind`, `metadata`, `categories`, `expires_at`, `timestamp`,
    /// `idempotency_key`, `policy`, `instructions`; what a line does not say
    /// comes from the options here. A line that fails is shown with its reason,
    /// and the others are done
    #[arg(long, value_name = "FILE", conflicts_with_all = ["text", "file", "messages", "idempotency_key", "image"])]
    pub(crate) batch: Option<PathBuf>,
    /// How to read a file or standard input
    #[arg(long, value_enum, default_value_t = Format::Auto)]
    pub(crate) format: Format,
    /// Store each message as it was said, without extracting facts
    #[arg(long)]
    pub(crate) no_infer: bool,
    /// What kind of memory; a procedure stores the whole input as one and
    /// needs --agent
    #[arg(long, value_enum)]
    pub(crate) kind: Option<Kind>,
    /// Key-value pairs: `key=value` or a JSON object; may be repeated
    #[arg(long, short, value_name = "PAIRS", value_parser = super::metadata)]
    pub(crate) metadata: Vec<Metadata>,
    /// Labels, separated by commas; may be repeated
    #[arg(long, alias = "category", value_name = "NAMES", value_delimiter = ',')]
    pub(crate) categories: Vec<String>,
    /// From this time on it no longer shows, e.g. 2030-01-31
    #[arg(long, value_name = "TIME", value_parser = super::time)]
    pub(crate) expires: Option<Timestamp>,
    /// When it was said, for messages without a time of their own
    #[arg(long, value_name = "TIME", value_parser = super::time)]
    pub(crate) timestamp: Option<Timestamp>,
    /// The same call with the same key does nothing the second time
    #[arg(long, value_name = "KEY")]
    pub(crate) idempotency_key: Option<String>,
    /// How facts are extracted and reconciled, in place of the configured way
    #[arg(long, value_name = "NAME")]
    pub(crate) policy: Option<String>,
    /// What to look for, in words for the language model
    #[arg(long, value_name = "TEXT")]
    pub(crate) instructions: Option<String>,
    /// A picture to remember: a file (PNG, JPEG, GIF or WebP, up to 20 MB) or
    /// an address; may be repeated
    #[arg(long, value_name = "FILE|URL")]
    pub(crate) image: Vec<String>,
    /// What to do with pictures
    #[arg(long, value_enum, default_value_t = Pictures::Describe)]
    pub(crate) images: Pictures,
    /// Give up after so many seconds
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) timeout: Option<Duration>,
    /// Say what would happen, and store nothing
    #[arg(long, conflicts_with = "background")]
    pub(crate) dry_run: bool,
    /// Only queue it, and print the jobs; `mem0 jobs work` does them
    #[arg(long)]
    pub(crate) background: bool,
}

/// What to do with pictures.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Pictures {
    /// A language model that sees describes them
    Describe,
    /// Leave them out
    Skip,
}

impl From<Pictures> for ImageHandling {
    fn from(pictures: Pictures) -> Self {
        match pictures {
            Pictures::Describe => Self::Describe,
            Pictures::Skip => Self::Skip,
        }
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let wait = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    wait.filter(|wait| !wait.is_zero()).ok_or_else(|| "not a number of seconds above zero".to_owned())
}

/// What kind of memory.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Kind {
    /// A fact
    Fact,
    /// How an agent does something
    Procedure,
    /// Something as it was said
    Episode,
}

impl From<Kind> for MemoryKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Fact => Self::Fact,
            Kind::Procedure => Self::Procedure,
            Kind::Episode => Self::Episode,
        }
    }
}

/// Change a memory; the version before stays in its history.
///
/// What is not named stays as it is.
#[derive(Args, Debug)]
pub(crate) struct UpdateArgs {
    /// Which memory
    #[arg(value_parser = super::memory_id, required_unless_present = "batch")]
    pub(crate) id: Option<MemoryId>,
    /// The new text; `-` reads standard input
    #[arg(value_name = "TEXT")]
    pub(crate) text: Vec<String>,
    /// Merge metadata: `key=value` or a JSON object; null removes a key
    #[arg(long, short, value_name = "PAIRS", value_parser = super::metadata)]
    pub(crate) metadata: Vec<Metadata>,
    /// The new labels, in place of all
    #[arg(long, alias = "category", value_name = "NAMES", value_delimiter = ',')]
    pub(crate) categories: Vec<String>,
    /// Remove all labels
    #[arg(long, conflicts_with = "categories")]
    pub(crate) no_categories: bool,
    /// The new expiry: a time, or `never`
    #[arg(long, value_name = "TIME")]
    pub(crate) expires: Option<Expiry>,
    /// Since when the new content is true; now, if not given
    #[arg(long, value_name = "TIME", value_parser = super::time)]
    pub(crate) valid_from: Option<Timestamp>,
    /// Why, for the history
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// Only if the memory still has this version
    #[arg(long, value_name = "NUMBER")]
    pub(crate) if_version: Option<u64>,
    /// Many updates at once, all or none: JSON lines with `id` and what to
    /// change (`text`, `metadata`, `categories`, `expires_at`, `valid_from`,
    /// `reason`, `expected_version`); `-` is standard input
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = [
            "id", "text", "metadata", "categories", "no_categories", "expires", "valid_from", "reason", "if_version"
        ]
    )]
    pub(crate) batch: Option<PathBuf>,
}

/// When a memory expires.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Expiry {
    /// At this time.
    At(Timestamp),
    /// It does not.
    Never,
}

impl std::str::FromStr for Expiry {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.eq_ignore_ascii_case("never") { Ok(Self::Never) } else { super::time(text).map(Self::At) }
    }
}

/// Remove memories by their ids, all or none; `undo` brings them back.
#[derive(Args, Debug)]
pub(crate) struct DeleteArgs {
    /// Which memories; `-` reads ids from standard input
    #[arg(required = true, value_name = "ID")]
    pub(crate) ids: Vec<String>,
}

/// Remove every memory of a user, agent or run.
///
/// The scope is required. Histories stay until `erase`.
#[derive(Args, Debug)]
pub(crate) struct DeleteAllArgs {
    /// Only memories that match, as JSON
    #[arg(long, value_name = "JSON")]
    pub(crate) filter: Option<String>,
    /// Count, and remove nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Do not ask
    #[arg(long, short)]
    pub(crate) yes: bool,
}

/// Take the last change of a memory, or a whole commit, back.
///
/// What was undone stays in the history, and undo takes an undo back too.
#[derive(Args, Debug)]
pub(crate) struct UndoArgs {
    /// Which memory
    #[arg(value_parser = super::memory_id, required_unless_present = "txn")]
    pub(crate) id: Option<MemoryId>,
    /// Everything that one call did; `add` prints it, `history` shows it
    #[arg(long, value_name = "COMMIT", conflicts_with = "id", value_parser = txn_id)]
    pub(crate) txn: Option<TxnId>,
}

fn txn_id(text: &str) -> Result<TxnId, String> {
    text.parse().map_err(|e: mem0::Error| e.message().to_owned())
}
