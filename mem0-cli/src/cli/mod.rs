//! The command line as clap reads it. The comments are the help.

#[cfg(feature = "bench")]
mod bench;
mod jobs;
mod manage;
mod read;
mod write;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use mem0::{MemoryId, Metadata, ScopeFields, Timestamp};

#[cfg(feature = "bench")]
pub(crate) use bench::{BenchArgs, Dataset, Mode};
pub(crate) use jobs::{JobsArgs, JobsCommand, JobsListArgs, WorkArgs, show_cursor};
pub(crate) use manage::{
    AdoptArgs, CompletionsArgs, ConfigCommand, DoctorArgs, EraseArgs, ExportArgs, ImportArgs, QuickstartArgs,
    ReindexArgs, ResetArgs,
};
pub(crate) use read::{
    ContextArgs, EntitiesArgs, ExplainArgs, GetArgs, HistoryArgs, ListArgs, MessagesArgs, ScopesArgs, SearchArgs,
    WhichArgs,
};
pub(crate) use write::{AddArgs, DeleteAllArgs, DeleteArgs, Expiry, UndoArgs, UpdateArgs};

/// The memory layer for AI agents: remembers what was said, keeps it true over
/// time, and finds it again. No key, no server, no download.
///
/// Start with `mem0 quickstart`, then:
///
///   mem0 add "I moved to Lisbon." --user ana
///   mem0 search "Where does she live?" --user ana
#[derive(Debug, Parser)]
#[command(name = "mem0", version, verbatim_doc_comment, arg_required_else_help = true, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command understands.
#[derive(Args, Debug)]
pub(crate) struct Globals {
    /// Configuration file, TOML or JSON. Variables such as
    /// MEM0__EMBEDDER__PROVIDER win over it
    #[arg(long, value_name = "FILE", global = true, env = "MEM0_CONFIG", help_heading = "Global options")]
    pub(crate) config: Option<PathBuf>,
    /// Folder for the data. Wins over the configuration; where neither names
    /// one it is MEM0_DIR, else `.mem0` in the home folder
    #[arg(long, value_name = "DIR", global = true, help_heading = "Global options")]
    pub(crate) data_dir: Option<PathBuf>,
    /// The language model to ask, e.g. `openai/gpt-5-mini`, in place of the
    /// configured one; a provider alone is its default model
    #[arg(long, value_name = "PROVIDER/MODEL", global = true, help_heading = "Global options")]
    pub(crate) llm: Option<String>,
    /// Print one JSON object; errors are JSON on standard error
    #[arg(long, global = true, help_heading = "Global options")]
    pub(crate) json: bool,
    /// Print results and errors only: no remarks, warnings or progress
    #[arg(long, short, global = true, help_heading = "Global options")]
    pub(crate) quiet: bool,
    #[command(flatten)]
    pub(crate) scope: ScopeArgs,
}

/// Whose memory. Any id on the command line switches off all ids of the
/// environment.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct ScopeArgs {
    /// The person that the memories are about
    #[arg(
        long,
        short,
        visible_alias = "user-id",
        value_name = "ID",
        global = true,
        env = "MEM0_USER_ID",
        help_heading = "Whose memory"
    )]
    pub(crate) user: Option<String>,
    /// The agent that learnt them
    #[arg(
        long,
        visible_alias = "agent-id",
        value_name = "ID",
        global = true,
        env = "MEM0_AGENT_ID",
        help_heading = "Whose memory"
    )]
    pub(crate) agent: Option<String>,
    /// The run (session) that they come from
    #[arg(
        long,
        visible_alias = "run-id",
        value_name = "ID",
        global = true,
        env = "MEM0_RUN_ID",
        help_heading = "Whose memory"
    )]
    pub(crate) run: Option<String>,
    /// The application
    #[arg(
        long,
        visible_alias = "app-id",
        value_name = "ID",
        global = true,
        env = "MEM0_APP_ID",
        help_heading = "Whose memory"
    )]
    pub(crate) app: Option<String>,
    /// The tenant that runs the application
    #[arg(
        long,
        visible_alias = "org-id",
        value_name = "ID",
        global = true,
        env = "MEM0_ORG_ID",
        help_heading = "Whose memory"
    )]
    pub(crate) org: Option<String>,
}

impl ScopeArgs {
    /// The arguments' names, as clap knows them.
    pub(crate) const NAMES: [&'static str; 5] = ["user", "agent", "run", "app", "org"];

    pub(crate) fn fields(&self) -> ScopeFields {
        ScopeFields {
            org_id: self.org.clone(),
            app_id: self.app.clone(),
            user_id: self.user.clone(),
            agent_id: self.agent.clone(),
            run_id: self.run.clone(),
        }
    }

    /// Keeps the ids whose argument passes.
    pub(crate) fn keep(&self, pass: impl Fn(&str, &str) -> bool) -> Self {
        let pick = |name: &str, id: &Option<String>| id.clone().filter(|id| pass(name, id));
        Self {
            user: pick("user", &self.user),
            agent: pick("agent", &self.agent),
            run: pick("run", &self.run),
            app: pick("app", &self.app),
            org: pick("org", &self.org),
        }
    }
}

/// What to do. Where a command has arguments, their type has the help.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Add(Box<AddArgs>),
    Search(SearchArgs),
    Context(ContextArgs),
    Explain(ExplainArgs),
    #[command(visible_alias = "get-all", alias = "ls")]
    List(ListArgs),
    Get(GetArgs),
    Update(Box<UpdateArgs>),
    Delete(DeleteArgs),
    DeleteAll(DeleteAllArgs),
    History(HistoryArgs),
    Undo(UndoArgs),
    Messages(MessagesArgs),
    Entities(EntitiesArgs),
    Jobs(JobsArgs),
    Scopes(ScopesArgs),
    Erase(EraseArgs),
    Reset(ResetArgs),
    Export(ExportArgs),
    Import(ImportArgs),
    Reindex(ReindexArgs),
    Adopt(AdoptArgs),
    /// Show counts
    ///
    /// Of everybody, unless an id is given on the command line.
    Stats,
    Doctor(DoctorArgs),
    #[cfg(feature = "bench")]
    Bench(Box<BenchArgs>),
    /// Show the providers: what this build has, what a feature would add
    ///
    /// With what each needs. A key is read from the named variable where the
    /// configuration has none.
    Providers,
    /// Show the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    Completions(CompletionsArgs),
    Quickstart(QuickstartArgs),
}

/// Metadata as one JSON object or as `key=value`.
pub(crate) fn metadata(text: &str) -> Result<Metadata, String> {
    if text.trim_start().starts_with('{') {
        return serde_json::from_str(text).map_err(|_| "not a JSON object".to_owned());
    }
    let (key, value) = text.split_once('=').ok_or("write a JSON object or key=value")?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| value.into());
    Ok(Metadata::from_iter([(key.to_owned(), value)]))
}

/// Several `--metadata`, the later over the earlier.
pub(crate) fn merged(parts: &[Metadata]) -> Metadata {
    parts.iter().flatten().map(|(key, value)| (key.clone(), value.clone())).collect()
}

pub(crate) fn time(text: &str) -> Result<Timestamp, String> {
    text.parse().map_err(|e: mem0::Error| e.message().to_owned())
}

pub(crate) fn memory_id(text: &str) -> Result<MemoryId, String> {
    text.parse().map_err(|e: mem0::Error| e.message().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn metadata_is_json_or_a_pair() {
        let read = |text| serde_json::Value::Object(metadata(text).unwrap());
        assert_eq!(read(r#"{"a": [1]}"#), serde_json::json!({"a": [1]}));
        assert_eq!(read("a=1"), serde_json::json!({"a": 1}));
        assert_eq!(read("a=b=c"), serde_json::json!({"a": "b=c"}));
        assert!(metadata("a").is_err() && metadata("{a}").is_err());
    }
}
