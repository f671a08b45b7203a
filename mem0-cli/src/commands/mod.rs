//! One function per command.

mod add;
mod adopt;
#[cfg(feature = "bench")]
mod bench;
mod change;
mod context;
mod doctor;
mod jobs;
mod manage;
mod providers;
mod read;
mod reindex;
mod transfer;

pub(crate) use add::reasons;

use std::ffi::OsString;
use std::io::{self, BufRead, IsTerminal, Write};
use std::process::ExitCode;

use clap::{ArgMatches, CommandFactory, FromArgMatches};
use serde_json::json;

use crate::cli::{Cli, Command, ConfigCommand};
use crate::exit::{self, Failure};
use crate::output::Out;
use crate::quickstart;
use crate::session::Session;

/// The whole program.
pub(crate) fn run(arguments: Vec<OsString>) -> ExitCode {
    // Needed before the command line is understood, for its own errors.
    let json = arguments.iter().any(|argument| argument == "--json");
    let command = Cli::command().after_help(exit::help());
    let parsed = command.try_get_matches_from(arguments).and_then(|matches| {
        let cli = Cli::from_arg_matches(&matches)?;
        Ok((cli, matches))
    });
    match parsed {
        Ok((cli, matches)) => start(cli, &matches),
        Err(e) if e.use_stderr() && json => {
            let text = e.to_string();
            let message = text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
            Failure::usage(message).report(true)
        }
        Err(e) => {
            // Help goes to standard output, mistakes to standard error.
            let _ = e.print();
            ExitCode::from(if e.use_stderr() { exit::USAGE } else { exit::OK })
        }
    }
}

fn start(cli: Cli, matches: &ArgMatches) -> ExitCode {
    let json = cli.globals.json;
    let mut out = Out::new(json, cli.globals.quiet);
    let session = Session::new(cli.globals, matches);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let done = match runtime {
        Ok(runtime) => runtime.block_on(Box::pin(dispatch(cli.command, &session, &mut out))),
        Err(e) => Err(e.into()),
    };
    match done.and_then(|code| out.finish().map(|()| code)) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            // What was found before the failure is still an answer.
            let _ = out.finish();
            failure.report(json)
        }
    }
}

async fn dispatch(command: Command, session: &Session, out: &mut Out) -> Result<u8, Failure> {
    match command {
        Command::Add(args) => add::add(session, out, *args).await?,
        Command::Search(args) => read::search(session, out, args).await?,
        Command::Context(args) => context::context(session, out, args).await?,
        Command::Explain(args) => context::explain(session, out, args).await?,
        Command::List(args) => read::list(session, out, args).await?,
        Command::Get(args) => read::get(session, out, args).await?,
        Command::Update(args) => change::update(session, out, *args).await?,
        Command::Delete(args) => change::delete(session, out, args).await?,
        Command::DeleteAll(args) => change::delete_all(session, out, args).await?,
        Command::History(args) => read::history(session, out, args).await?,
        Command::Undo(args) => change::undo(session, out, args).await?,
        Command::Messages(args) => read::messages(session, out, args).await?,
        Command::Entities(args) => read::entities(session, out, args).await?,
        Command::Jobs(args) => jobs::jobs(session, out, args).await?,
        Command::Scopes(args) => read::scopes(session, out, args).await?,
        Command::Erase(args) => change::erase(session, out, args).await?,
        Command::Reset(args) => change::reset(session, out, args).await?,
        Command::Export(args) => transfer::export(session, out, args).await?,
        Command::Import(args) => transfer::import(session, out, args).await?,
        Command::Reindex(args) => reindex::reindex(session, out, args).await?,
        Command::Adopt(args) => adopt::adopt(session, out, args).await?,
        Command::Stats => manage::stats(session, out).await?,
        Command::Doctor(args) => return doctor::doctor(session, out, args).await,
        #[cfg(feature = "bench")]
        Command::Bench(args) => bench::bench(session, out, *args).await?,
        Command::Providers => providers::providers(out).await?,
        Command::Config(ConfigCommand::Show) => manage::config(session, out)?,
        Command::Completions(args) => manage::completions(out, &args)?,
        Command::Quickstart(args) => quickstart::run(out, args).await?,
    }
    Ok(exit::OK)
}

/// Asks before something goes. Without a terminal there is nobody to ask, so
/// it is refused.
fn confirm(yes: bool, what: &str) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return Err(Failure::usage(format!("refused without a terminal to ask on: {what}"))
            .hint("add --yes if that is what you want"));
    }
    write!(io::stderr(), "{what}? [y/N] ")?;
    io::stderr().flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    let yes = ["y", "yes"].contains(&answer.trim().to_lowercase().as_str());
    if yes { Ok(()) } else { Err(Failure::cancelled()) }
}

/// `{"deleted": …}`, for calls that only count.
fn deleted(count: u64) -> serde_json::Value {
    json!({ "deleted": count })
}
