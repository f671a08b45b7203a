//! `jobs`.

use mem0::{Clock as _, ErrorKind, JobId, JobQuery, JobState, JobStatus, SystemClock, Timestamp, WorkerOptions};
use serde_json::{Value, json};

use crate::cli::{JobsArgs, JobsCommand, JobsListArgs, WorkArgs, show_cursor};
use crate::exit::Failure;
use crate::output::{Out, Table, count, minute};
use crate::session::Session;

/// How many a list shows where nobody says.
const PAGE: usize = 100;

pub(super) async fn jobs(session: &Session, out: &mut Out, args: JobsArgs) -> Result<(), Failure> {
    if args.command.is_some() && !args.list.is_empty() {
        return Err(Failure::usage("--state, --limit and --after are of the list"));
    }
    match args.command {
        None => list(session, out, args.list).await,
        Some(JobsCommand::Show { id }) => show(session, out, id).await,
        Some(JobsCommand::Cancel { id }) => cancel(session, out, id).await,
        Some(JobsCommand::Work(args)) => work(session, out, args).await,
    }
}

async fn list(session: &Session, out: &mut Out, args: JobsListArgs) -> Result<(), Failure> {
    let query = JobQuery {
        scope: session.given_scope()?,
        state: args.state.map(Into::into),
        limit: args.limit.unwrap_or(PAGE),
        after: args.after,
    };
    let mem0 = session.open().await?;
    let page = mem0.jobs(&query).await?;
    let next = page.next.as_ref().map(show_cursor);
    if out.json {
        let mut answer = json!({ "results": page.results });
        if let Some(next) = next {
            answer["next"] = next.into();
        }
        return out.json(&answer);
    }
    if page.results.is_empty() {
        out.note("no jobs");
        return Ok(());
    }
    let now = SystemClock.now();
    let mut table = Table::new(&["ID", "STATE", "WHOSE", "ATTEMPTS", "AGE", "ERROR"]);
    for job in &page.results {
        table.row(vec![
            job.id.to_string(),
            job.state.to_string(),
            job.scope.to_string(),
            job.attempts.to_string(),
            age(job.created_at, now),
            reason(job).unwrap_or_default().to_owned(),
        ]);
    }
    out.table(&table)?;
    if let Some(next) = next {
        out.note(format!("there are more: --after {next}"));
    }
    Ok(())
}

async fn show(session: &Session, out: &mut Out, id: JobId) -> Result<(), Failure> {
    let mem0 = session.open().await?;
    let job = mem0.job(id).await.map_err(of_jobs)?;
    if out.json {
        return out.json(&job);
    }
    let mut fields = vec![
        ("id", job.id.to_string()),
        ("state", job.state.to_string()),
        ("whose", job.scope.to_string()),
        ("attempts", job.attempts.to_string()),
        ("queued", minute(job.created_at)),
        ("changed", minute(job.updated_at)),
    ];
    fields.extend(reason(&job).map(|reason| ("error", reason.to_owned())));
    for item in job.result.iter().filter_map(|result| result.get("results")?.as_array()).flatten() {
        let part = |key: &str| item.get(key).and_then(Value::as_str).unwrap_or_default();
        fields.push(("result", format!("{} {} {}", part("event"), part("id"), part("memory"))));
    }
    out.fields(&fields)
}

async fn cancel(session: &Session, out: &mut Out, id: JobId) -> Result<(), Failure> {
    let mem0 = session.open().await?;
    let cancelled = mem0.cancel_job(id).await?;
    // Why not? There may be no such job, which is another error.
    let job = mem0.job(id).await.map_err(of_jobs)?;
    if !cancelled && job.state != JobState::Cancelled {
        let text = format!("the job is {}: only what is queued can be taken back", job.state);
        return Err(mem0::Error::new(ErrorKind::Conflict, text).with_context("job", id).into());
    }
    if out.json { out.json(&job) } else { out.line(format!("{id} cancelled")) }
}

async fn work(session: &Session, out: &mut Out, args: WorkArgs) -> Result<(), Failure> {
    let mem0 = session.open().await?;
    let mut options = WorkerOptions::default();
    options.concurrency = args.concurrency;
    if !args.once {
        out.note("working; Ctrl-C ends it");
    }
    let mut ended = 0;
    tokio::select! {
        stopped = tokio::signal::ctrl_c() => {
            stopped?;
            out.note("stopped; what had begun is done by the next worker, after a minute");
        }
        done = async {
            if args.once {
                ended = mem0.work_off(&options).await?;
                return Ok(());
            }
            mem0.work(&options).await
        } => done?,
    }
    if !args.once {
        return if out.json { out.json(&json!({})) } else { Ok(()) };
    }
    let left = [JobState::Queued, JobState::Running];
    let mut waiting = 0;
    for state in left {
        let query = JobQuery { state: Some(state), limit: PAGE, ..JobQuery::default() };
        waiting += mem0.jobs(&query).await?.results.len();
    }
    if out.json {
        return out.json(&json!({"ended": ended, "left": waiting}));
    }
    out.line(format!("{} ended", count(ended, "job", "jobs")))?;
    if waiting > 0 {
        let more = if waiting >= PAGE { "or more " } else { "" };
        out.note(format!("{waiting} {more}left: tried again later, or done by somebody else"));
    }
    Ok(())
}

fn of_jobs(e: mem0::Error) -> Failure {
    let hint = (e.kind() == ErrorKind::NotFound).then_some("`mem0 jobs` lists them; ended ones are kept for 7 days");
    let failure = Failure::from(e);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

fn reason(job: &JobStatus) -> Option<&str> {
    job.error.as_ref()?.get("message")?.as_str()
}

/// "12 s", "3 min", "5 h", "2 d".
fn age(since: Timestamp, now: Timestamp) -> String {
    let seconds = now.as_micros().saturating_sub(since.as_micros()).max(0) / 1_000_000;
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_short() {
        let at = |seconds: i64| Timestamp::from_micros_clamped(seconds * 1_000_000);
        for (seconds, want) in [
            (-5, "0 s"),
            (0, "0 s"),
            (119, "119 s"),
            (120, "2 min"),
            (7_199, "119 min"),
            (7_200, "2 h"),
            (172_800, "2 d"),
        ] {
            assert_eq!(age(at(0), at(seconds)), want);
        }
    }
}
