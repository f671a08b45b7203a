//! Commands about work in the background.

use clap::{Args, Subcommand, ValueEnum};
use mem0::{JobCursor, JobId, JobState};

/// Show what waits, is done or failed in the background, oldest first.
///
/// `mem0 add --background` queues jobs. Of everybody, unless an id is given on
/// the command line.
#[derive(Args, Debug)]
pub(crate) struct JobsArgs {
    #[command(flatten)]
    pub(crate) list: JobsListArgs,
    #[command(subcommand)]
    pub(crate) command: Option<JobsCommand>,
}

/// Which jobs to show.
#[derive(Args, Debug, Default)]
pub(crate) struct JobsListArgs {
    /// Only these
    #[arg(long, value_enum)]
    pub(crate) state: Option<State>,
    /// How many at most [default: 100]
    #[arg(long, short = 'k', value_name = "NUMBER")]
    pub(crate) limit: Option<usize>,
    /// Go on after a page: the `next` of its answer
    #[arg(long, value_name = "CURSOR", value_parser = cursor)]
    pub(crate) after: Option<JobCursor>,
}

impl JobsListArgs {
    pub(crate) const fn is_empty(&self) -> bool {
        self.state.is_none() && self.limit.is_none() && self.after.is_none()
    }
}

/// What to do with jobs.
#[derive(Debug, Subcommand)]
pub(crate) enum JobsCommand {
    /// Show one job, with its result
    Show {
        /// Which job
        #[arg(value_parser = job_id)]
        id: JobId,
    },
    /// Take a job back that has not begun
    Cancel {
        /// Which job
        #[arg(value_parser = job_id)]
        id: JobId,
    },
    Work(WorkArgs),
}

/// Do what is queued, until Ctrl-C.
///
/// Several processes may work at once. What is interrupted is done by the next
/// one, after a minute.
#[derive(Args, Debug)]
pub(crate) struct WorkArgs {
    /// End when nothing is left to do
    #[arg(long)]
    pub(crate) once: bool,
    /// How many jobs at once
    #[arg(long, value_name = "NUMBER", default_value_t = 4)]
    pub(crate) concurrency: usize,
}

/// What became of a job.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum State {
    /// It waits
    Queued,
    /// Somebody does it
    Running,
    /// It was done
    Done,
    /// It was given up
    Failed,
    /// It was taken back
    Cancelled,
}

impl From<State> for JobState {
    fn from(state: State) -> Self {
        match state {
            State::Queued => Self::Queued,
            State::Running => Self::Running,
            State::Done => Self::Done,
            State::Failed => Self::Failed,
            State::Cancelled => Self::Cancelled,
        }
    }
}

fn job_id(text: &str) -> Result<JobId, String> {
    text.parse().map_err(|e: mem0::Error| e.message().to_owned())
}

/// A place in the list as it is shown: the time and the id of a job.
pub(crate) fn show_cursor(cursor: &JobCursor) -> String {
    format!("{}/{}", cursor.at, cursor.id)
}

fn cursor(text: &str) -> Result<JobCursor, String> {
    let (at, id) = text.split_once('/').ok_or("not a cursor; pass the `next` of a page as it came")?;
    Ok(JobCursor { at: super::time(at)?, id: job_id(id)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_the_trip() {
        let text = "2025-05-01T09:30:12.000007Z/00000000-0000-0000-0000-000000000007";
        assert_eq!(show_cursor(&cursor(text).unwrap()), text);
        assert!(cursor("7").is_err() && cursor("noon/7").is_err());
    }
}
