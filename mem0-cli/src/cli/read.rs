//! Commands that only read.

use clap::{Args, ValueEnum};
use mem0::{ContextOptions, Cursor, ListOptions, MemoryId, OrderBy, SearchOptions, Timestamp, When};

/// Which moment to look at.
#[derive(Args, Debug)]
pub(crate) struct WhenArgs {
    /// What was true at this time
    #[arg(long, value_name = "TIME", value_parser = super::time)]
    pub(crate) as_of: Option<Timestamp>,
    /// What was known at this time
    #[arg(long, value_name = "TIME", value_parser = super::time)]
    pub(crate) known_at: Option<Timestamp>,
    /// Expired memories too
    #[arg(long)]
    pub(crate) show_expired: bool,
}

impl WhenArgs {
    pub(crate) fn when(&self) -> When {
        let mut when = When::default();
        when.as_of = self.as_of;
        when.known_at = self.known_at;
        when.include_expired = self.show_expired;
        when
    }
}

/// Which memories a search may find.
#[derive(Args, Debug)]
pub(crate) struct WhichArgs {
    /// Leave out what scores lower; 0 to 1
    #[arg(long, value_name = "SCORE", default_value_t = SearchOptions::default().threshold)]
    pub(crate) threshold: f32,
    /// Only memories that match, as JSON
    #[arg(long, value_name = "JSON")]
    pub(crate) filter: Option<String>,
    #[command(flatten)]
    pub(crate) when: WhenArgs,
}

/// Find the memories that answer a question.
///
/// A filter is JSON: `{"category": "travel"}`, `{"price": {"gte": 5, "lt": 10}}`,
/// `{"AND": […]}`, `{"OR": […]}`, `{"NOT": […]}`. It may name the scope too:
/// `{"user_id": "ana", "topic": "maths"}`.
#[derive(Args, Debug)]
pub(crate) struct SearchArgs {
    /// The question
    #[arg(required = true, value_name = "QUESTION")]
    pub(crate) query: Vec<String>,
    /// How many at most
    #[arg(long, short = 'k', visible_alias = "top-k", value_name = "NUMBER",
          default_value_t = SearchOptions::default().limit)]
    pub(crate) limit: usize,
    #[command(flatten)]
    pub(crate) which: WhichArgs,
    /// Say why each memory came
    #[arg(long)]
    pub(crate) explain: bool,
    /// Let the configured reranker look again at the best; it does so by default
    #[arg(long, overrides_with = "no_rerank")]
    pub(crate) rerank: bool,
    /// Do without the reranker
    #[arg(long, overrides_with = "rerank")]
    pub(crate) no_rerank: bool,
    /// How many of the best the reranker is shown
    #[arg(long, value_name = "NUMBER")]
    pub(crate) rerank_pool: Option<usize>,
    /// Bring along so many messages from before and after each
    #[arg(long, value_name = "MESSAGES", default_value_t = 0)]
    pub(crate) context_window: usize,
}

/// Pack what answers a question into one block for a prompt.
///
/// One line for each fact, with its date; the newest truth first. Says on
/// standard error (with --json in `abstain`) when it is too little to answer
/// from.
#[derive(Args, Debug)]
pub(crate) struct ContextArgs {
    /// The question
    #[arg(required = true, value_name = "QUESTION")]
    pub(crate) query: Vec<String>,
    /// How many tokens at most
    #[arg(long, short = 'b', visible_alias = "budget-tokens", value_name = "TOKENS",
          default_value_t = ContextOptions::default().budget_tokens)]
    pub(crate) budget: usize,
    /// How many messages before and after come along with each memory
    #[arg(long, value_name = "MESSAGES", default_value_t = 0)]
    pub(crate) window: usize,
    /// Say where each memory comes from
    #[arg(long)]
    pub(crate) provenance: bool,
    /// How many memories at most
    #[arg(long, short = 'k', visible_alias = "top-k", value_name = "NUMBER",
          default_value_t = ContextOptions::default().search.limit)]
    pub(crate) limit: usize,
    #[command(flatten)]
    pub(crate) which: WhichArgs,
}

/// Say why a memory is found by a question, or why it is not.
///
/// The options are those of the search that is asked about. An id that the
/// scope does not cover is answered like one that does not exist.
#[derive(Args, Debug)]
pub(crate) struct ExplainArgs {
    /// The question
    #[arg(value_name = "QUESTION")]
    pub(crate) query: String,
    /// The memory
    #[arg(value_name = "ID", value_parser = super::memory_id)]
    pub(crate) id: MemoryId,
    /// How many hits at most
    #[arg(long, short = 'k', visible_alias = "top-k", value_name = "NUMBER",
          default_value_t = SearchOptions::default().limit)]
    pub(crate) limit: usize,
    #[command(flatten)]
    pub(crate) which: WhichArgs,
}

/// Show memories page by page, newest first.
#[derive(Args, Debug)]
pub(crate) struct ListArgs {
    /// How many at most
    #[arg(long, short = 'k', visible_alias = "page-size", value_name = "NUMBER",
          default_value_t = ListOptions::default().limit)]
    pub(crate) limit: usize,
    /// Go on after a page: the `next` of its answer
    #[arg(long, value_name = "CURSOR", value_parser = cursor)]
    pub(crate) after: Option<Cursor>,
    /// Every page
    #[arg(long, conflicts_with = "after")]
    pub(crate) all: bool,
    /// Only memories that match, as JSON
    #[arg(long, value_name = "JSON")]
    pub(crate) filter: Option<String>,
    /// By which time
    #[arg(long, value_enum, default_value_t = Order::Created)]
    pub(crate) order: Order,
    /// Oldest first
    #[arg(long)]
    pub(crate) ascending: bool,
    /// Only say how many there are
    #[arg(long, conflicts_with_all = ["after", "all"])]
    pub(crate) count: bool,
    #[command(flatten)]
    pub(crate) when: WhenArgs,
}

/// The order of a list.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Order {
    /// When it was first stored
    #[value(alias = "created_at")]
    Created,
    /// When it was last changed
    #[value(alias = "updated_at")]
    Updated,
}

impl From<Order> for OrderBy {
    fn from(order: Order) -> Self {
        match order {
            Order::Created => Self::CreatedAt,
            Order::Updated => Self::UpdatedAt,
        }
    }
}

/// Show one memory.
#[derive(Args, Debug)]
pub(crate) struct GetArgs {
    /// Which memory
    #[arg(value_parser = super::memory_id)]
    pub(crate) id: MemoryId,
    /// As it was true at this time
    #[arg(long, value_name = "TIME", value_parser = super::time)]
    pub(crate) as_of: Option<Timestamp>,
    /// As it was known at this time
    #[arg(long, value_name = "TIME", value_parser = super::time)]
    pub(crate) known_at: Option<Timestamp>,
}

/// Show everything that happened to a memory, oldest first; also after it was
/// deleted.
#[derive(Args, Debug)]
pub(crate) struct HistoryArgs {
    /// Which memory
    #[arg(value_parser = super::memory_id)]
    pub(crate) id: MemoryId,
}

/// Show the messages that are kept of a conversation, oldest first.
///
/// Of exactly this scope: those of a run are not those of its user.
#[derive(Args, Debug)]
pub(crate) struct MessagesArgs {
    /// How many of the newest
    #[arg(long, short = 'k', value_name = "NUMBER", default_value_t = 20)]
    pub(crate) limit: usize,
}

/// Show who and what the memories name.
#[derive(Args, Debug)]
pub(crate) struct EntitiesArgs {
    /// Only those of whom a name begins so
    pub(crate) prefix: Option<String>,
    /// How many at most
    #[arg(long, short = 'k', value_name = "NUMBER", default_value_t = 50)]
    pub(crate) limit: usize,
}

/// Show who has memories.
///
/// Everybody, unless an id is given on the command line.
#[derive(Args, Debug)]
pub(crate) struct ScopesArgs {
    /// How many at most
    #[arg(long, short = 'k', value_name = "NUMBER", default_value_t = 1_000)]
    pub(crate) limit: usize,
}

fn cursor(text: &str) -> Result<Cursor, String> {
    text.parse().map_err(|e: mem0::Error| e.message().to_owned())
}
