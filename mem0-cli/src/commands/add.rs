//! `add`.

use std::path::{Path, PathBuf};

use mem0::{AddItem, AddOptions, AddResult, DropReason, Event, Message};

use crate::cli::{AddArgs, merged};
use crate::exit::Failure;
use crate::input::{self, Format};
use crate::output::{Out, Results, Table, count};
use crate::progress::Progress;
use crate::session::Session;

/// How many calls of a batch the engine gets at once: enough for one embedding
/// batch, few enough to show progress.
const GROUP: usize = 256;

/// From so many messages on it may take a moment.
const MANY: usize = 50;

pub(super) async fn add(session: &Session, out: &mut Out, args: AddArgs) -> Result<(), Failure> {
    let mut options = AddOptions::default();
    options.infer = !args.no_infer;
    options.kind = args.kind.map(Into::into);
    options.metadata = merged(&args.metadata);
    options.categories = labels(&args.categories);
    options.expires_at = args.expires;
    options.timestamp = args.timestamp;
    options.idempotency_key = args.idempotency_key.clone();
    if let Some(file) = &args.batch {
        return batch(session, out, file, &options).await;
    }
    let messages = said(&args)?;
    let scope = session.needed_scope()?;
    let mem0 = session.open().await?;
    let progress = Progress::new(out.quiet || messages.len() < MANY, None, "Remembering");
    let result = mem0.add(messages, &scope, options).await?;
    drop(progress);
    if out.json {
        return out.json(&result);
    }
    show(out, &result.results)?;
    remarks(out, std::slice::from_ref(&result));
    Ok(())
}

fn said(args: &AddArgs) -> Result<Vec<Message>, Failure> {
    if let Some(json) = &args.messages {
        return input::messages(json, Format::Json);
    }
    // An argument is what somebody wrote, never a file format.
    let dash = args.text.len() == 1 && args.text.first().is_some_and(|word| word == "-");
    if !args.text.is_empty() && !dash {
        return input::messages(&args.text.join(" "), Format::Text);
    }
    let file: PathBuf = match &args.file {
        Some(file) => file.clone(),
        None if !dash && input::nothing_piped() => {
            return Err(Failure::usage("what to remember? There is no text, no file and no input")
                .hint("mem0 add \"I like tea.\" --user ana, or --file FILE, or pipe something in"));
        }
        None => Path::new("-").to_owned(),
    };
    input::messages(&input::read(&file)?, args.format)
}

async fn batch(session: &Session, out: &mut Out, file: &Path, options: &AddOptions) -> Result<(), Failure> {
    let text = input::read(file)?;
    let mut requests = input::add_batch(&text, options, &session.scope_fields())?;
    let mem0 = session.open().await?;
    let mut results: Vec<AddResult> = Vec::with_capacity(requests.len());
    let progress = Progress::new(out.quiet, Some(requests.len() as u64), "Remembering");
    while !requests.is_empty() {
        let rest = requests.split_off(requests.len().min(GROUP));
        let group = std::mem::replace(&mut requests, rest);
        let size = group.len() as u64;
        for result in mem0.add_many(group).await.map_err(|e| after(results.len(), e.into()))? {
            let result = result.map_err(|e| after(results.len(), e.into()))?;
            results.push(result);
        }
        progress.more(size);
    }
    drop(progress);
    if out.json {
        return out.json(&Results { results: &results });
    }
    let items: Vec<AddItem> = results.iter().flat_map(|result| result.results.clone()).collect();
    show(out, &items)?;
    remarks(out, &results);
    Ok(())
}

/// Says how far a batch got.
fn after(done: usize, failure: Failure) -> Failure {
    match failure {
        Failure::Failed { code, kind, message, hint } if done > 0 => {
            let message = format!("{message}; the first {done} lines of the batch are done");
            Failure::Failed { code, kind, message, hint }
        }
        other => other,
    }
}

fn show(out: &mut Out, items: &[AddItem]) -> Result<(), Failure> {
    let mut table = Table::new(&["", "", ""]);
    for item in items {
        let was = item.previous_memory.as_ref().map(|was| format!(" (was: {was})")).unwrap_or_default();
        let who = item.actor_id.as_ref().map(|who| format!("{who}: ")).unwrap_or_default();
        table.row(vec![event(item.event).to_owned(), item.id.to_string(), format!("{who}{}{was}", item.memory)]);
    }
    out.table(&table)
}

fn remarks(out: &mut Out, results: &[AddResult]) {
    let items = || results.iter().flat_map(|result| &result.results);
    let of = |event: Event| items().filter(|item| item.event == event).count();
    let parts: Vec<String> = [
        (Event::Add, "new"),
        (Event::Update, "changed"),
        (Event::Delete, "ended by something newer"),
        (Event::None, "known already"),
    ]
    .into_iter()
    .map(|(event, what)| (of(event), what))
    .filter(|(number, _)| *number > 0)
    .map(|(number, what)| format!("{number} {what}"))
    .collect();
    out.note(if parts.is_empty() { "nothing to remember".to_owned() } else { parts.join(", ") });
    let dropped: Vec<DropReason> = results.iter().flat_map(|r| r.dropped.iter().map(|d| d.reason)).collect();
    if !dropped.is_empty() {
        out.note(format!("left out: {}", reasons(&dropped)));
    }
    if results.iter().any(|result| result.replayed) {
        out.note("the idempotency key was used before: nothing changed now");
    }
    if let [one] = results
        && let Some(txn) = one.txn
    {
        out.note(format!("take it back with: mem0 undo --txn {txn}"));
    }
    out.degraded(results.iter().flat_map(|result| &result.degraded));
}

/// "3 small talk, 1 question".
pub(crate) fn reasons(dropped: &[DropReason]) -> String {
    let mut parts = Vec::new();
    for (reason, one, many) in [
        (DropReason::SmallTalk, "small talk", "small talk"),
        (DropReason::Question, "question", "questions"),
        (DropReason::SystemMessage, "system message", "system messages"),
        (DropReason::ToolOutput, "tool output", "tool outputs"),
        (DropReason::Empty, "empty", "empty"),
    ] {
        let number = dropped.iter().filter(|other| **other == reason).count() as u64;
        if number > 0 {
            parts.push(count(number, one, many));
        }
    }
    parts.join(", ")
}

/// The name of an event as it is in JSON.
pub(super) fn event(event: Event) -> &'static str {
    match event {
        Event::Add => "ADD",
        Event::Update => "UPDATE",
        Event::Delete => "DELETE",
        _ => "NONE",
    }
}

/// Labels as they were typed; `--categories ""` is none.
pub(super) fn labels(typed: &[String]) -> Vec<String> {
    typed.iter().filter(|label| !label.trim().is_empty()).cloned().collect()
}
