//! Export and import, without loss: history, vectors, times and messages.

use std::collections::BTreeSet;
use std::io::{BufRead, Write};

use serde::{Deserialize, Serialize};

use crate::engine::Mem0;
use crate::engine::results::Transferred;
use crate::error::{Error, ErrorKind, Result};
use crate::text;
use crate::traits::embedder::{EmbedderIdentity, Purpose};
use crate::traits::ledger::{Commit, Head, LoggedChange, PendingQuery, StoredMessage, View};
use crate::types::ids::MemoryId;
use crate::types::memory::Memory;
use crate::types::scope::Scope;
use crate::types::time::Timestamp;

/// The version of the format. A file of a newer one is refused.
const FORMAT: u32 = 1;

/// How many events are read or written at once.
const BATCH: usize = 512;

/// One line of an export.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Line {
    /// The first line.
    Mem0Export { format: u32, identity: EmbedderIdentity, exported_at: Timestamp },
    /// One change of one memory, in the order of the ledger.
    Event(Box<LoggedChange>),
    /// One message that was kept.
    Message { scope: Scope, message: StoredMessage },
}

impl Mem0 {
    /// Writes everything that the scope covers (everything there is without
    /// one) as JSON lines: a header, each event with its vector, each kept
    /// message. Jobs and what was spent stay: they belong to this ledger.
    ///
    /// Writes to `out` block; run it where that does no harm.
    ///
    /// # Errors
    /// Those of the ledger; `Unavailable` if `out` cannot be written.
    pub async fn export(&self, scope: Option<&Scope>, out: &mut (dyn Write + Send)) -> Result<Transferred> {
        let mut done = Transferred::default();
        let identity = self.active().projection.identity.clone();
        write_line(out, &Line::Mem0Export { format: FORMAT, identity, exported_at: self.now() })?;
        let mut after = 0;
        loop {
            let events = self.inner.ledger.log(scope, after, BATCH).await?;
            let Some(last) = events.last() else { break };
            after = last.seq;
            for event in events {
                write_line(out, &Line::Event(Box::new(event)))?;
                done.events += 1;
            }
        }
        let mut after: Option<Scope> = None;
        loop {
            let scopes = self.inner.ledger.scopes(scope, after.as_ref(), BATCH).await?;
            let Some(last) = scopes.last() else { break };
            after = Some(last.scope.clone());
            for info in scopes {
                for message in self.inner.ledger.messages(&info.scope, usize::MAX).await? {
                    write_line(out, &Line::Message { scope: info.scope.clone(), message })?;
                    done.messages += 1;
                }
            }
        }
        out.flush().map_err(cannot_write)?;
        Ok(done)
    }

    /// Reads what [`Mem0::export`] wrote. Events that are there already are
    /// skipped, so that an import that was interrupted can be repeated. Texts
    /// are embedded anew if they come from another model.
    ///
    /// # Errors
    /// `InvalidInput` for a line that cannot be read, with its number;
    /// `Unsupported` for a newer format; `Conflict` if a memory exists with
    /// another history; those of ledger and embedder. What was read before
    /// stays.
    pub async fn import(&self, input: &mut (dyn BufRead + Send)) -> Result<Transferred> {
        let mut done = Transferred::default();
        let mut same_model = false;
        let mut events: Vec<LoggedChange> = Vec::new();
        let mut messages: Vec<(Scope, StoredMessage)> = Vec::new();
        let mut ids: BTreeSet<MemoryId> = BTreeSet::new();
        let mut buffer = String::new();
        for number in 1_u64.. {
            buffer.clear();
            let read = input.read_line(&mut buffer).map_err(|e| cannot_read(e, number))?;
            if read == 0 {
                break;
            }
            if buffer.trim().is_empty() {
                continue;
            }
            let line = serde_json::from_str(&buffer)
                .map_err(|e| Error::invalid("not a line of an export").with_context("line", number).with_source(e))?;
            match (number, line) {
                (1, Line::Mem0Export { format, identity, .. }) => {
                    if format > FORMAT {
                        let newer = "the export was written by a newer version; upgrade mem0";
                        return Err(Error::new(ErrorKind::Unsupported, newer));
                    }
                    same_model = identity == self.active().projection.identity;
                }
                (1, _) | (_, Line::Mem0Export { .. }) => {
                    return Err(
                        Error::invalid("an export starts with exactly one header line").with_context("line", number)
                    );
                }
                (_, Line::Event(event)) => {
                    ids.insert(event.change.id);
                    events.push(*event);
                }
                (_, Line::Message { scope, message }) => messages.push((scope, message)),
            }
            if events.len() >= BATCH {
                self.import_events(std::mem::take(&mut events), same_model, &mut done).await?;
            }
            if messages.len() >= BATCH {
                self.import_messages(std::mem::take(&mut messages), &mut done).await?;
            }
        }
        self.import_events(events, same_model, &mut done).await?;
        self.import_messages(messages, &mut done).await?;
        self.flush().await?;
        self.bring_back(ids).await?;
        Ok(done)
    }

    /// A vector store remembers how new the deletion of an erased memory was,
    /// and ignores an older version that is imported again. Such memories get
    /// a new version with the same content.
    pub(super) async fn bring_back(&self, ids: BTreeSet<MemoryId>) -> Result<()> {
        let view = View { include_expired: true, ..View::current(self.now()) };
        let ids: Vec<MemoryId> = ids.into_iter().collect();
        for ids in ids.chunks(BATCH) {
            let mut ids = ids.to_vec();
            // The deletion was one version newer than the memory: one new version
            // or two are enough. More would be for `doctor` to say.
            for _ in 0..3 {
                if ids.is_empty() {
                    break;
                }
                let active = self.active();
                // A store that is down gets them when it is back.
                let Ok(collection) = active.collection().await else { return Ok(()) };
                let Ok(points) = collection.get(None, &ids).await else { return Ok(()) };
                let waiting = PendingQuery { limit: usize::MAX, ..PendingQuery::default() };
                let waiting: BTreeSet<MemoryId> =
                    self.inner.ledger.pending(&waiting).await?.into_iter().map(|pending| pending.id).collect();
                let memories = self.inner.ledger.get(&ids, &view).await?;
                let refused: Vec<Memory> = memories
                    .into_iter()
                    .zip(points)
                    .filter_map(|(memory, point)| {
                        let memory = memory?;
                        let there = point.is_some_and(|point| point.version >= memory.version);
                        (!there && !waiting.contains(&memory.id)).then_some(memory)
                    })
                    .collect();
                ids = refused.iter().map(|memory| memory.id).collect();
                self.touch(refused).await?;
            }
        }
        Ok(())
    }

    async fn import_events(&self, events: Vec<LoggedChange>, same_model: bool, done: &mut Transferred) -> Result<()> {
        let mut ids: Vec<MemoryId> = events.iter().map(|event| event.change.id).collect();
        ids.sort_unstable();
        ids.dedup();
        let heads = self.inner.ledger.heads(&ids).await?;
        let known =
            |id: MemoryId| -> Option<&Head> { heads.get(ids.binary_search(&id).ok()?).and_then(Option::as_ref) };
        let mut new = Vec::with_capacity(events.len());
        for event in events {
            match known(event.change.id) {
                Some(head) if head.scope != event.scope => {
                    return Err(Error::new(ErrorKind::Conflict, "a memory with this id belongs to another scope")
                        .with_context("id", event.change.id));
                }
                Some(head) if event.change.base_version < head.version => done.skipped += 1,
                _ => new.push(event),
            }
        }
        if !same_model {
            self.embed_events(&mut new, done).await?;
        }
        let mut commits: Vec<Commit> = Vec::new();
        for LoggedChange { scope, txn, at, mut change, .. } in new {
            done.events += 1;
            change.terms = change.content.as_ref().map(|content| text::terms(&content.text)).unwrap_or_default();
            match commits.last_mut() {
                Some(last) if last.txn == txn && last.scope == scope => last.changes.push(change),
                _ => commits.push(Commit { changes: vec![change], ..self.empty_commit(scope, at, txn) }),
            }
        }
        if !commits.is_empty() {
            self.inner.ledger.commit(commits).await?;
        }
        Ok(())
    }

    /// The vectors of another model are of no use here.
    async fn embed_events(&self, events: &mut [LoggedChange], done: &mut Transferred) -> Result<()> {
        let texts: Vec<&str> = events
            .iter()
            .filter(|event| event.change.vector.is_some())
            .filter_map(|event| Some(event.change.content.as_ref()?.text.as_str()))
            .collect();
        done.embedded += texts.len() as u64;
        let mut vectors = self.embed(&texts, Purpose::Store).await?.into_iter();
        for event in events.iter_mut().filter(|e| e.change.vector.is_some() && e.change.content.is_some()) {
            event.change.vector = vectors.next();
        }
        Ok(())
    }

    async fn import_messages(&self, messages: Vec<(Scope, StoredMessage)>, done: &mut Transferred) -> Result<()> {
        let now = self.now();
        let mut commits: Vec<Commit> = Vec::new();
        for (scope, message) in messages {
            done.messages += 1;
            match commits.last_mut() {
                Some(last) if last.scope == scope => last.messages.push(message),
                _ => {
                    let txn = self.inner.clock.txn_id();
                    commits.push(Commit { messages: vec![message], ..self.empty_commit(scope, now, txn) });
                }
            }
        }
        if !commits.is_empty() {
            self.inner.ledger.commit(commits).await?;
        }
        Ok(())
    }
}

fn write_line(out: &mut (dyn Write + Send), line: &Line) -> Result<()> {
    let json = serde_json::to_string(line)
        .map_err(|e| Error::internal("a line of the export could not be written as JSON").with_source(e))?;
    writeln!(out, "{json}").map_err(cannot_write)
}

fn cannot_write(e: std::io::Error) -> Error {
    Error::new(ErrorKind::Unavailable, "the export could not be written").with_source(e)
}

fn cannot_read(e: std::io::Error, line: u64) -> Error {
    Error::invalid("the import could not be read; it is UTF-8 text, one JSON object a line")
        .with_context("line", line)
        .with_source(e)
}
