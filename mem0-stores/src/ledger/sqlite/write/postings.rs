//! The keyword index of live memories.

use std::borrow::Cow;

use mem0_core::text::{self, TermId};
use mem0_core::{Change, Content};
use rusqlite::Connection;

use crate::ledger::common::change::{counted, length};
use crate::ledger::common::words::recounted;
use crate::ledger::sqlite::row::{content_from_json, rows};
use crate::ledger::sqlite::scope::ScopeRow;
use crate::shared::sqlite::Attempt;

/// The words of a text.
pub(super) enum Words<'a> {
    /// They are to be written.
    New { counted: Cow<'a, [(TermId, u32)]>, terms: i64 },
    /// They are as the memory's row has counted them.
    Stored { terms: i64, postings: i64 },
}

impl<'a> Words<'a> {
    /// The words that a change brings.
    pub(super) fn of(change: &'a Change, content: &Content) -> Self {
        let counted = counted(change, content);
        let terms = length(&counted);
        Self::New { counted, terms }
    }

    /// How many there are.
    pub(super) const fn terms(&self) -> i64 {
        match self {
            Self::New { terms, .. } | Self::Stored { terms, .. } => *terms,
        }
    }

    /// How many of them are distinct.
    pub(super) fn postings(&self) -> i64 {
        match self {
            Self::New { counted, .. } => rows(counted.len()),
            Self::Stored { postings, .. } => *postings,
        }
    }
}

/// Rows of the index that are still to be written: sorted, a large commit
/// touches each page once and not in turn.
#[derive(Default)]
pub(super) struct Buffer(Vec<Posting>);

/// Owner, term, scope, memory, count, length.
type Posting = (i64, i64, i64, i64, u32, i64);

/// Rows to keep before they are written; about 5 MB.
const FULL: usize = 100_000;

impl Buffer {
    /// Adds the words of a text that became live.
    pub(super) fn insert(
        &mut self,
        connection: &Connection,
        scope: &ScopeRow,
        mem_no: i64,
        words: &Words<'_>,
    ) -> Attempt<()> {
        let Words::New { counted, terms } = words else { return Ok(()) };
        self.0.extend(counted.iter().map(|(TermId(term), tf)| (scope.owner, *term, scope.no, mem_no, *tf, *terms)));
        if self.0.len() >= FULL { self.flush(connection) } else { Ok(()) }
    }

    /// Writes what is still to be written.
    pub(super) fn flush(&mut self, connection: &Connection) -> Attempt<()> {
        self.0.sort_unstable();
        let mut statement = connection.prepare_cached(
            "INSERT INTO ledger_postings (owner_no, term, scope_no, mem_no, tf, len) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT DO UPDATE SET tf = tf + excluded.tf",
        )?;
        for posting in self.0.drain(..) {
            statement.execute(posting)?;
        }
        Ok(())
    }

    /// Removes the words of a text that is live no more. They are found through
    /// the text; where that does not find them all (they were counted by another
    /// version, or given by the caller), the whole index of the owner is searched.
    pub(super) fn remove(
        &mut self,
        connection: &Connection,
        scope: &ScopeRow,
        mem_no: i64,
        text: &str,
        stored: i64,
    ) -> Attempt<()> {
        self.flush(connection)?;
        let mut statement = connection.prepare_cached(
            "DELETE FROM ledger_postings WHERE owner_no = ?1 AND term = ?2 AND scope_no = ?3 AND mem_no = ?4",
        )?;
        let mut removed = 0;
        for (TermId(term), _) in text::terms(text) {
            removed += statement.execute((scope.owner, term, scope.no, mem_no))?;
        }
        if rows(removed) != stored {
            connection
                .prepare_cached("DELETE FROM ledger_postings WHERE owner_no = ?1 AND scope_no = ?2 AND mem_no = ?3")?
                .execute((scope.owner, scope.no, mem_no))?;
        }
        Ok(())
    }
}

/// Adds the terms that texts did not have when they were written: the stems of
/// other languages. A text keeps every term that it had.
pub(in crate::ledger::sqlite) fn backfill(connection: &Connection) -> Attempt<()> {
    let mut live = connection.prepare(
        "SELECT s.owner_no, m.scope_no, m.mem_no, e.content, m.terms, m.postings FROM ledger_memories m
         JOIN ledger_events e ON e.seq = m.head JOIN ledger_scopes s ON s.scope_no = m.scope_no
         WHERE m.state = 0 AND e.content IS NOT NULL ORDER BY m.mem_no",
    )?;
    let mut insert = connection.prepare(
        "INSERT INTO ledger_postings (owner_no, term, scope_no, mem_no, tf, len) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT DO UPDATE SET tf = excluded.tf, len = excluded.len",
    )?;
    let mut memory = connection.prepare("UPDATE ledger_memories SET terms = ?2, postings = ?3 WHERE mem_no = ?1")?;
    let mut scope = connection.prepare("UPDATE ledger_scopes SET terms = terms + ?2 WHERE scope_no = ?1")?;
    let mut found = live.query(())?;
    while let Some(row) = found.next()? {
        let (owner, scope_no, mem_no): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let content = content_from_json(row.get_ref(3)?.as_str().map_err(rusqlite::Error::from)?)?;
        let (terms, postings): (i64, i64) = (row.get(4)?, row.get(5)?);
        let Some((counted, due)) = recounted(&content.text, terms, postings) else { continue };
        for (TermId(term), tf) in &counted {
            insert.execute((owner, term, scope_no, mem_no, tf, due))?;
        }
        memory.execute((mem_no, due, rows(counted.len())))?;
        scope.execute((scope_no, due - terms))?;
    }
    Ok(())
}
