//! Progress of long work: on standard error, and only if that is a terminal.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A bar, a spinner, or nothing.
#[derive(Debug)]
pub(crate) struct Progress(Option<ProgressBar>);

impl Progress {
    /// A bar up to `total`, or a spinner where the end is not known.
    pub(crate) fn new(quiet: bool, total: Option<u64>, what: &'static str) -> Self {
        if quiet || !io::stderr().is_terminal() {
            return Self(None);
        }
        let (bar, template) = match total {
            Some(total) => (ProgressBar::new(total), "{msg} {bar:30} {human_pos}/{human_len} {eta}"),
            None => (ProgressBar::new_spinner(), "{msg} {spinner} {elapsed}"),
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(what);
        bar.enable_steady_tick(Duration::from_millis(120));
        Self(Some(bar))
    }

    /// So much more is done.
    pub(crate) fn more(&self, count: u64) {
        if let Self(Some(bar)) = self {
            bar.inc(count);
        }
    }

    /// So much is done in all.
    pub(crate) fn reached(&self, position: u64) {
        if let Self(Some(bar)) = self {
            bar.set_position(position);
        }
    }

    /// So much of one of several stages is done.
    #[cfg(feature = "bench")]
    pub(crate) fn stage(&self, what: &'static str, position: u64, total: u64) {
        if let Self(Some(bar)) = self {
            bar.set_message(what);
            bar.set_length(total);
            bar.set_position(position);
        }
    }

    /// A writer that counts lines.
    pub(crate) fn lines<W: Write>(&self, inner: W) -> Lines<'_, W> {
        Lines { inner, progress: self }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Self(Some(bar)) = self {
            bar.finish_and_clear();
        }
    }
}

/// Counts the lines that go through.
#[derive(Debug)]
pub(crate) struct Lines<'a, W> {
    inner: W,
    progress: &'a Progress,
}

impl<W: Write> Write for Lines<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        let lines = bytes.iter().take(written).filter(|byte| **byte == b'\n').count();
        self.progress.more(lines as u64);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
