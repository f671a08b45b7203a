//! `add`.

use std::path::{Path, PathBuf};

use mem0::{AddItem, AddOptions, AddRequest, AddResult, DropReason, Error, Event, JobId, Message, Role};
use serde::Serialize;
use serde_json::{Value, json};

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
    options.policy = args.policy.clone();
    options.instructions = args.instructions.clone();
    options.images = args.images.into();
    options.timeout = args.timeout;
    options.dry_run = args.dry_run;
    if let Some(file) = &args.batch {
        let requests = input::add_batch(&input::read(file)?, &options, &session.scope_fields())?;
        return if args.background {
            queue(session, out, requests.into_iter().map(|(_, request)| request).collect()).await
        } else {
            batch(session, out, requests).await
        };
    }
    let messages = said(&args)?;
    let scope = session.needed_scope()?;
    if args.background {
        return queue(session, out, vec![AddRequest::new(messages, scope, options)]).await;
    }
    let mem0 = session.open().await?;
    // A model takes its time.
    let quick = messages.len() < MANY && session.config()?.llm.is_none();
    let progress = Progress::new(out.quiet || quick, None, "Remembering");
    let result = mem0.add(messages, &scope, options).await?;
    drop(progress);
    if out.json {
        return out.json(&result);
    }
    let mut table = Table::new(&["", "", ""]);
    show(&mut table, &result);
    out.table(&table)?;
    remarks(out, std::slice::from_ref(&result));
    Ok(())
}

fn said(args: &AddArgs) -> Result<Vec<Message>, Failure> {
    let images = args.image.iter().map(|place| input::image(place)).collect::<Result<Vec<_>, _>>()?;
    // Pictures need no words.
    let only_images = !images.is_empty() && args.text.is_empty() && args.file.is_none() && args.messages.is_none();
    let mut messages = if only_images { Vec::new() } else { words(args)? };
    if !images.is_empty() {
        // What is shown belongs to what the person said last.
        match messages.iter_mut().rev().find(|message| message.role == Role::User) {
            Some(last) => last.images.extend(images),
            None => messages.push(images.into_iter().fold(Message::user(""), Message::with_image)),
        }
    }
    Ok(messages)
}

fn words(args: &AddArgs) -> Result<Vec<Message>, Failure> {
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

/// What became of one line of a batch, as JSON.
#[derive(Serialize)]
#[serde(untagged)]
enum Line<'a> {
    Done(&'a AddResult),
    Failed { line: usize, error: Value },
}

async fn batch(session: &Session, out: &mut Out, mut requests: Vec<(usize, AddRequest)>) -> Result<(), Failure> {
    let mem0 = session.open().await?;
    let mut done: Vec<(usize, Result<AddResult, Error>)> = Vec::with_capacity(requests.len());
    // What ends the batch as a whole, for instance an embedder that is down.
    let mut end = None;
    let progress = Progress::new(out.quiet, Some(requests.len() as u64), "Remembering");
    while !requests.is_empty() && end.is_none() {
        let rest = requests.split_off(requests.len().min(GROUP));
        let (numbers, group): (Vec<usize>, Vec<AddRequest>) =
            std::mem::replace(&mut requests, rest).into_iter().unzip();
        let size = group.len() as u64;
        match mem0.add_many(group).await {
            Ok(results) => done.extend(numbers.into_iter().zip(results)),
            Err(e) => end = Some(after(done.len(), e.into())),
        }
        progress.more(size);
    }
    drop(progress);
    let results: Vec<AddResult> = done.iter().filter_map(|(_, result)| result.as_ref().ok().cloned()).collect();
    if out.json {
        let lines: Vec<Line<'_>> = done.iter().map(|(line, result)| as_json(*line, result)).collect();
        out.json(&Results { results: &lines })?;
    } else {
        let mut table = Table::new(&["", "", ""]);
        for (line, result) in &done {
            match result {
                Ok(result) => show(&mut table, result),
                Err(e) => table.row(vec!["FAILED".to_owned(), format!("line {line}"), e.to_string()]),
            }
        }
        out.table(&table)?;
        remarks(out, &results);
    }
    let failed = done.len() - results.len();
    let first = done.into_iter().find_map(|(line, result)| result.err().map(|e| (line, Failure::from(e))));
    match (end, first) {
        (Some(end), _) => Err(end),
        (None, Some((line, failure))) => Err(failure.reword(|reason| match failed {
            1 => format!("line {line} failed: {reason}"),
            _ => format!("{failed} lines failed; the first is line {line}: {reason}"),
        })),
        (None, None) => Ok(()),
    }
}

fn as_json(line: usize, result: &Result<AddResult, Error>) -> Line<'_> {
    match result {
        Ok(result) => Line::Done(result),
        Err(e) => Line::Failed { line, error: json!({"kind": e.kind().as_str(), "message": e.to_string()}) },
    }
}

/// Says how far a batch got.
fn after(done: usize, failure: Failure) -> Failure {
    match done {
        0 => failure,
        _ => failure.reword(|reason| format!("{reason}; the first {done} lines of the batch were worked on")),
    }
}

/// Leaves the work to `mem0 jobs work`.
async fn queue(session: &Session, out: &mut Out, mut requests: Vec<AddRequest>) -> Result<(), Failure> {
    let mem0 = session.open().await?;
    let mut jobs: Vec<JobId> = Vec::with_capacity(requests.len());
    while !requests.is_empty() {
        let rest = requests.split_off(requests.len().min(GROUP));
        let group = std::mem::replace(&mut requests, rest);
        let queued = mem0.enqueue(group).await;
        jobs.extend(queued.map_err(|e| match jobs.len() {
            0 => Failure::from(e),
            some => Failure::from(e).reword(|reason| format!("{reason}; the first {some} lines were queued")),
        })?);
    }
    if out.json {
        return out.json(&json!({ "jobs": jobs }));
    }
    for job in &jobs {
        out.line(job)?;
    }
    out.note(format!("{} queued; `mem0 jobs work` does them", count(jobs.len() as u64, "job", "jobs")));
    Ok(())
}

fn show(table: &mut Table, result: &AddResult) {
    for item in &result.results {
        let AddItem { id, memory, .. } = item;
        let was = item.previous_memory.as_ref().map(|was| format!(" (was: {was})")).unwrap_or_default();
        let who = item.actor_id.as_ref().map(|who| format!("{who}: ")).unwrap_or_default();
        let event = event(item.event);
        let event = if result.dry_run { format!("would {event}") } else { event.to_owned() };
        table.row(vec![event, id.to_string(), format!("{who}{memory}{was}")]);
    }
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
    let planned = results.iter().any(|result| result.dry_run);
    out.note(match (parts.is_empty(), planned) {
        (true, _) => "nothing to remember".to_owned(),
        (false, false) => parts.join(", "),
        (false, true) => format!("would be {}; nothing was stored", parts.join(", ")),
    });
    let dropped: Vec<DropReason> = results.iter().flat_map(|r| r.dropped.iter().map(|d| d.reason)).collect();
    if !dropped.is_empty() {
        out.note(format!("left out: {}", reasons(&dropped)));
    }
    let calls: u64 = results.iter().map(|result| u64::from(result.cost.llm_calls)).sum();
    if calls > 0 {
        let read: u64 = results.iter().map(|result| result.cost.input_tokens).sum();
        let written: u64 = results.iter().map(|result| result.cost.output_tokens).sum();
        let calls = count(calls, "call", "calls");
        out.note(format!("{calls} of the language model: {read} tokens read, {written} written"));
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
        (DropReason::Recalled, "part recalled from memory", "parts recalled from memory"),
        (DropReason::Image, "picture", "pictures"),
        (DropReason::NoSource, "fact without a source", "facts without a source"),
        (DropReason::UnknownMemory, "decision about an unknown memory", "decisions about unknown memories"),
        (DropReason::BadItem, "item that cannot be read", "items that cannot be read"),
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
