//! Commits: whole or not at all.

mod change;
pub(super) mod erase;
pub(super) mod mentions;
pub(super) mod postings;

use mem0_core::{Commit, Error, ErrorKind, Idempotency, Outcome, Receipt, StoredMessage, TxnId};
use rusqlite::{Connection, OptionalExtension as _};

use self::postings::Buffer;
use super::identity;
use super::row::{Col, count};
use super::scope::{self, ScopeRow};
use crate::ledger::common::change::check_revision;
use crate::shared::sqlite::Attempt;

/// Writes commits, within a transaction.
pub(super) fn commit(connection: &Connection, commits: &[Commit]) -> Attempt<Vec<Receipt>> {
    fail::fail_point!("ledger::commit::inside");
    let mut writer = Writer { connection, seq: last_seq(connection)?, scope: None, words: Buffer::default() };
    let receipts = commits.iter().map(|commit| writer.commit(commit)).collect::<Attempt<Vec<_>>>()?;
    writer.words.flush(connection)?;
    set_last_seq(connection, writer.seq)?;
    Ok(receipts)
}

/// The number of the newest event.
pub(super) fn last_seq(connection: &Connection) -> rusqlite::Result<i64> {
    connection.prepare_cached("SELECT value FROM ledger_meta WHERE key = 'last_seq'")?.query_row((), |row| row.get(0))
}

pub(super) fn set_last_seq(connection: &Connection, seq: i64) -> rusqlite::Result<()> {
    connection.prepare_cached("UPDATE ledger_meta SET value = ?1 WHERE key = 'last_seq'")?.execute([seq])?;
    Ok(())
}

/// A transaction under way.
struct Writer<'c> {
    connection: &'c Connection,
    /// The number of the newest event.
    seq: i64,
    /// The scope of the commit before this one, as it now stands: batches of
    /// commits mostly stay in one scope.
    scope: Option<ScopeRow>,
    /// The part of the keyword index that is written at the end.
    words: Buffer,
}

/// What the changes of one commit share.
struct Context<'a> {
    commit: &'a Commit,
    commit_no: i64,
    identity_no: i64,
}

impl Writer<'_> {
    fn commit(&mut self, commit: &Commit) -> Attempt<Receipt> {
        let mut known = match self.scope.take() {
            Some(row) if row.scope == commit.scope => Some(row),
            _ => scope::find(self.connection, &commit.scope)?,
        };
        if let (Some(row), Some(idempotency)) = (&known, &commit.idempotency)
            && let Some((txn, outcomes)) = self.replayed(row, idempotency)?
        {
            let revision = count(row.revision)?;
            self.scope = known;
            return Ok(Receipt { revision, txn, outcomes, replayed: true });
        }

        let identity_no = identity::require(self.connection, &commit.identity, !commit.changes.is_empty())?;
        let revision = known.as_ref().map_or(0, |row| row.revision);
        check_revision(commit.expected_revision, revision)?;
        if commit.forget_messages
            && let Some(row) = &known
        {
            self.connection.prepare_cached("DELETE FROM ledger_messages WHERE scope_no = ?1")?.execute([row.no])?;
        }
        let nothing = commit.changes.is_empty() && commit.messages.is_empty() && commit.idempotency.is_none();
        if nothing {
            self.scope = known;
            return Ok(Receipt { revision: count(revision)?, txn: commit.txn, outcomes: Vec::new(), replayed: false });
        }

        let mut row = match known.take() {
            Some(row) => row,
            None => scope::find_or_create(self.connection, &commit.scope)?,
        };
        self.keep_messages(&row, &commit.messages)?;
        let outcomes = self.changes(&mut row, commit, identity_no)?;
        if let Some(idempotency) = &commit.idempotency {
            self.remember(&row, idempotency, commit.txn, &outcomes)?;
        }
        let revision = count(row.revision)?;
        self.scope = Some(row);
        Ok(Receipt { revision, txn: commit.txn, outcomes, replayed: false })
    }

    /// Applies the changes and moves the scope's revision if any is applied.
    fn changes(&mut self, row: &mut ScopeRow, commit: &Commit, identity_no: i64) -> Attempt<Vec<Outcome>> {
        if commit.changes.is_empty() {
            return Ok(Vec::new());
        }
        let first = self.seq + 1;
        let commit_no = self
            .connection
            .prepare_cached(
                "INSERT INTO ledger_commits (txn, scope_no, first_seq, last_seq) VALUES (?1, ?2, ?3, ?3 - 1)",
            )?
            .insert((Col(commit.txn), row.no, first))?;
        let context = Context { commit, commit_no, identity_no };
        let outcomes =
            commit.changes.iter().map(|change| self.change(row, &context, change)).collect::<Attempt<Vec<_>>>()?;
        if self.seq < first {
            self.connection.prepare_cached("DELETE FROM ledger_commits WHERE commit_no = ?1")?.execute([commit_no])?;
            return Ok(outcomes);
        }
        self.connection
            .prepare_cached("UPDATE ledger_commits SET last_seq = ?2 WHERE commit_no = ?1")?
            .execute((commit_no, self.seq))?;
        row.revision += 1;
        self.connection
            .prepare_cached(
                "UPDATE ledger_scopes SET revision = ?2, added = ?3, live = ?4, terms = ?5 WHERE scope_no = ?1",
            )?
            .execute((row.no, row.revision, row.added, row.live, row.terms))?;
        Ok(outcomes)
    }

    fn keep_messages(&self, row: &ScopeRow, messages: &[StoredMessage]) -> Attempt<()> {
        let mut insert = self.connection.prepare_cached(
            "INSERT INTO ledger_messages (scope_no, message_id, role, name, content, at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (scope_no, message_id) DO NOTHING",
        )?;
        for StoredMessage { id, role, name, content, at } in messages {
            insert.execute((row.no, id, Col(*role), name, content, Col(*at)))?;
        }
        Ok(())
    }

    /// What the key did when it was used first.
    fn replayed(&self, row: &ScopeRow, idempotency: &Idempotency) -> Attempt<Option<(TxnId, Vec<Outcome>)>> {
        let first: Option<([u8; 32], Col<TxnId>, String)> = self
            .connection
            .prepare_cached("SELECT digest, txn, outcomes FROM ledger_idempotency WHERE scope_no = ?1 AND key = ?2")?
            .query_row((row.no, &idempotency.key), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        let Some((digest, txn, outcomes)) = first else { return Ok(None) };
        if digest != idempotency.digest {
            let used = "the idempotency key was used for another input; use a new key";
            return Err(Error::new(ErrorKind::AlreadyExists, used).into());
        }
        let outcomes = serde_json::from_str(&outcomes)
            .map_err(|e| Error::corrupt("the outcomes of an idempotency key cannot be read").with_source(e))?;
        Ok(Some((txn.0, outcomes)))
    }

    fn remember(&self, row: &ScopeRow, idempotency: &Idempotency, txn: TxnId, outcomes: &[Outcome]) -> Attempt<()> {
        let outcomes =
            serde_json::to_string(outcomes).map_err(|e| Error::internal("outcomes are not JSON").with_source(e))?;
        self.connection
            .prepare_cached(
                "INSERT INTO ledger_idempotency (scope_no, key, digest, txn, outcomes) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute((row.no, &idempotency.key, &idempotency.digest[..], Col(txn), outcomes))?;
        Ok(())
    }
}
