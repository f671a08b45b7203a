//! What is done, kept while a run goes on, so that it can be resumed.
//!
//! A folder holds `settings.json` (what the run is), `sessions.jsonl` and
//! `questions.jsonl` (one line for each that is done) and, by the side of
//! these, the memories themselves.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind as Io, Write};
use std::path::{Path, PathBuf};

use mem0::{Error, ErrorKind, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Record, SessionDone};

/// What of a run is done.
#[derive(Debug, Default)]
pub struct Journal {
    folder: Option<PathBuf>,
    sessions: HashMap<(String, String), SessionDone>,
    questions: HashMap<String, Record>,
    files: Option<(File, File)>,
}

impl Journal {
    /// A journal that nobody reads again.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// The journal in a folder, which is made if there is none.
    ///
    /// # Errors
    /// `PermissionDenied` or `Unavailable` if the folder cannot be used,
    /// `Corrupt` if it holds something else.
    pub fn open(folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder).map_err(|e| unusable(folder, e))?;
        let (sessions, session_file) = lines::<SessionDone>(&folder.join("sessions.jsonl"))?;
        let (questions, question_file) = lines::<Record>(&folder.join("questions.jsonl"))?;
        let of = |done: SessionDone| ((done.conversation.clone(), done.session.clone()), done);
        Ok(Self {
            folder: Some(folder.to_owned()),
            sessions: sessions.into_iter().map(of).collect(),
            questions: questions.into_iter().map(|record| (record.id.clone(), record)).collect(),
            files: Some((session_file, question_file)),
        })
    }

    /// Says what the run is. A run that is resumed must be the same.
    ///
    /// # Errors
    /// `InvalidInput` that names what differs; as [`Journal::open`].
    pub(super) fn settle(&self, settings: &Value) -> Result<()> {
        let Some(path) = self.folder.as_ref().map(|folder| folder.join("settings.json")) else { return Ok(()) };
        let kept: Value = match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|_| corrupt(&path))?,
            Err(e) if e.kind() == Io::NotFound => {
                return std::fs::write(&path, settings.to_string()).map_err(|e| unusable(&path, e));
            }
            Err(e) => return Err(unusable(&path, e)),
        };
        let keys = [&kept, settings].into_iter().filter_map(Value::as_object).flat_map(|object| object.keys());
        let mut differ: Vec<&str> = keys.filter(|key| kept.get(key) != settings.get(key)).map(String::as_str).collect();
        differ.sort_unstable();
        differ.dedup();
        if differ.is_empty() {
            return Ok(());
        }
        Err(Error::invalid("the folder holds another run: go on with the same settings, or name a new folder")
            .with_context("differs", differ.join(", "))
            .with_context("path", path.display()))
    }

    pub(super) fn session(&self, conversation: &str, session: &str) -> Option<&SessionDone> {
        self.sessions.get(&(conversation.to_owned(), session.to_owned()))
    }

    pub(super) fn question(&self, id: &str) -> Option<&Record> {
        self.questions.get(id)
    }

    pub(super) fn session_done(&mut self, done: SessionDone) -> Result<()> {
        if let Some((file, _)) = &mut self.files {
            append(file, &done)?;
        }
        self.sessions.insert((done.conversation.clone(), done.session.clone()), done);
        Ok(())
    }

    pub(super) fn question_done(&mut self, record: Record) -> Result<()> {
        if let Some((_, file)) = &mut self.files {
            append(file, &record)?;
        }
        self.questions.insert(record.id.clone(), record);
        Ok(())
    }
}

/// The whole lines of a file, which is then open for more. A line that was
/// being written when the run was killed is cut off.
fn lines<T: DeserializeOwned>(path: &Path) -> Result<(Vec<T>, File)> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) if e.kind() == Io::NotFound => String::new(),
        Err(e) => return Err(unusable(path, e)),
    };
    let whole = text.rfind('\n').map_or(0, |end| end + 1);
    let kept = text.get(..whole).unwrap_or_default();
    let read = kept.lines().map(|line| serde_json::from_str(line).map_err(|_| corrupt(path)));
    let read = read.collect::<Result<Vec<T>>>()?;
    let file = OpenOptions::new().create(true).append(true).open(path).map_err(|e| unusable(path, e))?;
    file.set_len(whole as u64).map_err(|e| unusable(path, e))?;
    Ok((read, file))
}

fn append(file: &mut File, line: &impl Serialize) -> Result<()> {
    let mut text = serde_json::to_string(line).map_err(|e| Error::internal("a line that is no JSON").with_source(e))?;
    text.push('\n');
    file.write_all(text.as_bytes()).map_err(|e| unusable(Path::new("the journal"), e))
}

fn unusable(path: &Path, e: std::io::Error) -> Error {
    let kind = if e.kind() == Io::PermissionDenied { ErrorKind::PermissionDenied } else { ErrorKind::Unavailable };
    Error::new(kind, "the journal of the run cannot be used").with_context("path", path.display()).with_source(e)
}

fn corrupt(path: &Path) -> Error {
    Error::corrupt("the journal of the run cannot be read; name a new folder").with_context("path", path.display())
}
