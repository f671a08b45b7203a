//! One change: one event, and what it makes of its memory.

use mem0_core::text::NameRow;
use mem0_core::{Change, Content, EventKind, MemoryId, Outcome, State, Timestamp};
use rusqlite::OptionalExtension as _;

use super::postings::Words;
use super::{Context, Writer, mentions};
use crate::ledger::common::change::{check_base, ended_at, expired, no_vector, state_after};
use crate::ledger::sqlite::row::{
    Col, content_from_json, content_to_json, count, rows, sources_to_json, vector_to_bytes,
};
use crate::ledger::sqlite::scope::ScopeRow;
use crate::shared::sqlite::Attempt;

/// Where a memory stands before a change.
struct Standing {
    mem_no: i64,
    scope_no: i64,
    version: i64,
    state: State,
    vector_seq: i64,
    dedup_key: Option<[u8; 16]>,
    terms: i64,
    postings: i64,
    mentions: i64,
    /// The latest version that says something.
    latest: Content,
    latest_version: i64,
    latest_at: Timestamp,
}

/// A live memory that has a dedup key.
struct Holder {
    id: MemoryId,
    version: i64,
    expired: bool,
}

impl Writer<'_> {
    /// Applies one change, unless the scope has that memory already.
    pub(super) fn change(&mut self, scope: &mut ScopeRow, context: &Context<'_>, change: &Change) -> Attempt<Outcome> {
        let before = self.standing(change.id)?;
        check_base(change, before.as_ref().map(|before| (before.scope_no == scope.no, before.version)))?;

        let same_text = match (&before, &change.content) {
            (Some(before), Some(content)) => before.latest.text == content.text,
            _ => false,
        };
        // A key belongs to the text; it stays with it.
        let kept = before.as_ref().filter(|_| same_text).and_then(|before| before.dedup_key);
        let mut dedup_key = change.dedup_key.or(kept).filter(|_| change.content.is_some());
        if let Some(holder) = self.holder(scope, context, dedup_key, change.id)? {
            if holder.expired {
                self.end_expired(scope, context, &holder)?;
            } else if change.kind == EventKind::Add {
                return Ok(Outcome::Existing { id: holder.id });
            } else {
                dedup_key = None;
            }
        }
        self.append(scope, context, change, before.as_ref(), same_text, dedup_key)
    }

    /// Writes the event and brings everything that depends on it up to date.
    fn append(
        &mut self,
        scope: &mut ScopeRow,
        context: &Context<'_>,
        change: &Change,
        before: Option<&Standing>,
        same_text: bool,
        dedup_key: Option<[u8; 16]>,
    ) -> Attempt<Outcome> {
        let at = context.commit.at;
        let seq = self.seq + 1;
        let version = before.map_or(1, |before| before.version + 1);
        let state = state_after(change);
        let vector_seq = self.vector_seq(context, change, before, same_text, seq)?;

        // Words of a text that stays live and stays the same stay as they are.
        let was_live = before.is_some_and(|before| before.state == State::Live);
        let now_live = state == State::Live;
        let keep_words = was_live && now_live && same_text;
        let words = match (&change.content, before) {
            (Some(_), Some(before)) if keep_words => Words::Stored { terms: before.terms, postings: before.postings },
            (Some(content), _) => Words::of(change, content),
            (None, _) => Words::Stored { terms: 0, postings: 0 },
        };
        let keep_names = match (before, &change.content) {
            (Some(before), Some(content)) => was_live && NameRow::stay(&before.latest, content),
            _ => false,
        };
        let names = change.content.as_ref().filter(|_| !keep_names).map(NameRow::of).unwrap_or_default();
        let mentions = if keep_names { before.map_or(0, |before| before.mentions) } else { rows(names.len()) };
        if let Some(before) = before.filter(|_| was_live) {
            scope.live -= 1;
            scope.terms -= before.terms;
            if !keep_words {
                self.words.remove(self.connection, scope, before.mem_no, &before.latest.text, before.postings)?;
            }
            if !keep_names {
                mentions::remove(self.connection, scope.no, before.mem_no, &before.latest, before.mentions)?;
            }
        }
        scope.added += i64::from(before.is_none());
        let mem_no =
            self.put_memory(context, change, before, scope, seq, state, vector_seq, dedup_key, &words, mentions)?;
        if now_live {
            scope.live += 1;
            scope.terms += words.terms();
            self.words.insert(self.connection, scope, mem_no, &words)?;
            mentions::insert(self.connection, scope.no, mem_no, &names)?;
        }

        if let Some(before) = before.filter(|before| before.latest_version == before.version) {
            self.connection
                .prepare_cached(
                    "UPDATE ledger_events SET superseded_at = ?3, ended_at = ?4 WHERE mem_no = ?1 AND version = ?2",
                )?
                .execute((
                    mem_no,
                    before.version,
                    Col(at),
                    Col(ended_at(&before.latest, before.latest_at, change, at)),
                ))?;
        }
        let content = change.content.as_ref().map(content_to_json).transpose()?;
        self.connection
            .prepare_cached(
                "INSERT INTO ledger_events (seq, mem_no, version, kind, commit_no, at, content, vector_seq,
                     given_ended_at, given_created_at, given_dedup_key, reason, sources)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            )?
            .execute((
                seq,
                mem_no,
                version,
                Col(change.kind),
                context.commit_no,
                Col(at),
                content,
                vector_seq,
                change.ended_at.map(Col),
                change.created_at.map(Col),
                change.dedup_key,
                &change.reason,
                sources_to_json(&change.sources)?,
            ))?;
        if let Some(vector) = change.vector.as_ref().filter(|_| vector_seq == seq) {
            self.connection
                .prepare_cached("INSERT INTO ledger_vectors (seq, identity_no, vector) VALUES (?1, ?2, ?3)")?
                .execute((seq, context.identity_no, vector_to_bytes(vector)))?;
        }
        self.queue(scope, context, change.id, seq, version)?;
        self.seq = seq;
        Ok(Outcome::Applied { id: change.id, version: count(version)?, seq: count(seq)? })
    }

    fn standing(&self, id: MemoryId) -> Attempt<Option<Standing>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT m.mem_no, m.scope_no, m.version, m.state, m.vector_seq, m.dedup_key, m.terms, m.postings,
                 e.content, e.version, e.at, m.mentions
             FROM ledger_memories m JOIN ledger_events e ON e.mem_no = m.mem_no AND e.content IS NOT NULL
             WHERE m.id = ?1 ORDER BY e.version DESC LIMIT 1",
        )?;
        let mut found = statement.query([Col(id)])?;
        let Some(row) = found.next()? else { return Ok(None) };
        Ok(Some(Standing {
            mem_no: row.get(0)?,
            scope_no: row.get(1)?,
            version: row.get(2)?,
            state: row.get::<_, Col<State>>(3)?.0,
            vector_seq: row.get(4)?,
            dedup_key: row.get(5)?,
            terms: row.get(6)?,
            postings: row.get(7)?,
            latest: content_from_json(row.get_ref(8)?.as_str().map_err(rusqlite::Error::from)?)?,
            latest_version: row.get(9)?,
            latest_at: row.get::<_, Col<Timestamp>>(10)?.0,
            mentions: row.get(11)?,
        }))
    }

    /// The other live memory of the scope that has this key.
    fn holder(
        &self,
        scope: &ScopeRow,
        context: &Context<'_>,
        key: Option<[u8; 16]>,
        but: MemoryId,
    ) -> Attempt<Option<Holder>> {
        let Some(key) = key else { return Ok(None) };
        let now = context.commit.at.as_micros();
        Ok(self
            .connection
            .prepare_cached(
                "SELECT id, version, expires_at FROM ledger_memories
                 WHERE scope_no = ?1 AND dedup_key = ?2 AND state = 0 AND id <> ?3",
            )?
            .query_row((scope.no, key, Col(but)), |row| {
                let expired = row.get::<_, Option<i64>>(2)?.is_some_and(|end| end <= now);
                Ok(Holder { id: row.get::<_, Col<MemoryId>>(0)?.0, version: row.get(1)?, expired })
            })
            .optional()?)
    }

    /// A memory that has expired makes room for its successor.
    fn end_expired(&mut self, scope: &mut ScopeRow, context: &Context<'_>, holder: &Holder) -> Attempt<()> {
        self.change(scope, context, &expired(holder.id, count(holder.version)?)).map(|_| ())
    }

    /// The event whose vector is that of the text: this one if it brings
    /// another, else the one that brought it.
    fn vector_seq(
        &self,
        context: &Context<'_>,
        change: &Change,
        before: Option<&Standing>,
        same_text: bool,
        seq: i64,
    ) -> Attempt<i64> {
        match (before, &change.content, &change.vector) {
            (Some(before), None, _) => Ok(before.vector_seq),
            (Some(before), Some(_), None) if same_text => Ok(before.vector_seq),
            (Some(before), Some(_), Some(vector)) if same_text => {
                let stored: Option<Vec<u8>> = self
                    .connection
                    .prepare_cached("SELECT vector FROM ledger_vectors WHERE seq = ?1 AND identity_no = ?2")?
                    .query_row((before.vector_seq, context.identity_no), |row| row.get(0))
                    .optional()?;
                let same = stored.is_some_and(|stored| stored == vector_to_bytes(vector));
                Ok(if same { before.vector_seq } else { seq })
            }
            (_, _, Some(_)) => Ok(seq),
            (Some(before), Some(content), None) if change.kind == EventKind::Undo => {
                let earlier = self.vector_of_text(before.mem_no, &content.text)?;
                earlier.ok_or_else(|| no_vector(change).into())
            }
            _ => Err(no_vector(change).into()),
        }
    }

    /// The vector of an earlier version with this text.
    fn vector_of_text(&self, mem_no: i64, text: &str) -> Attempt<Option<i64>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT vector_seq, content FROM ledger_events
             WHERE mem_no = ?1 AND content IS NOT NULL ORDER BY version DESC",
        )?;
        let mut versions = statement.query([mem_no])?;
        while let Some(row) = versions.next()? {
            let content = content_from_json(row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?)?;
            if content.text == text {
                return Ok(Some(row.get(0)?));
            }
        }
        Ok(None)
    }

    #[allow(clippy::too_many_arguments, reason = "the columns of one row")]
    fn put_memory(
        &self,
        context: &Context<'_>,
        change: &Change,
        before: Option<&Standing>,
        scope: &ScopeRow,
        seq: i64,
        state: State,
        vector_seq: i64,
        dedup_key: Option<[u8; 16]>,
        words: &Words<'_>,
        mentions: i64,
    ) -> Attempt<i64> {
        let at = context.commit.at;
        let content = change.content.as_ref();
        let expires_at = content.and_then(|content| content.expires_at).map(Col);
        let Some(before) = before else {
            let created_at = change.created_at.unwrap_or(at);
            let mem_no = self
                .connection
                .prepare_cached(
                    "INSERT INTO ledger_memories (id, scope_no, version, state, head, vector_seq, dedup_key,
                         created_at, updated_at, expires_at, terms, postings, nth, mentions)
                     VALUES (?1, ?2, 1, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
                )?
                .insert((
                    Col(change.id),
                    scope.no,
                    Col(state),
                    seq,
                    vector_seq,
                    dedup_key,
                    Col(created_at),
                    Col(at),
                    expires_at,
                    words.terms(),
                    words.postings(),
                    scope.added,
                    mentions,
                ))?;
            return Ok(mem_no);
        };
        // What has ended keeps its key, in case it is brought back.
        let dedup_key = if content.is_some() { dedup_key } else { before.dedup_key };
        self.connection
            .prepare_cached(
                "UPDATE ledger_memories SET version = version + 1, state = ?2, head = ?3, vector_seq = ?4,
                     dedup_key = ?5, updated_at = ?6, expires_at = ?7, terms = ?8, postings = ?9,
                     mentions = ?10
                 WHERE mem_no = ?1",
            )?
            .execute((
                before.mem_no,
                Col(state),
                seq,
                vector_seq,
                dedup_key,
                Col(at),
                expires_at,
                words.terms(),
                words.postings(),
                mentions,
            ))?;
        Ok(before.mem_no)
    }

    /// Makes the memory pending. A claim that somebody else still holds stays.
    fn queue(&self, scope: &ScopeRow, context: &Context<'_>, id: MemoryId, seq: i64, version: i64) -> Attempt<()> {
        let claim = context.commit.claim.as_ref();
        self.connection
            .prepare_cached(
                "INSERT INTO ledger_outbox (seq, id, scope_no, version, claim_owner, claim_until)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, scope_no = excluded.scope_no, scope = NULL,
                     version = excluded.version, attempts = 0, not_before = NULL,
                     claim_owner = iif(claim_until > ?7 AND claim_owner IS NOT excluded.claim_owner,
                         claim_owner, excluded.claim_owner),
                     claim_until = iif(claim_until > ?7 AND claim_owner IS NOT excluded.claim_owner,
                         claim_until, excluded.claim_until)",
            )?
            .execute((
                seq,
                Col(id),
                scope.no,
                version,
                claim.map(|claim| &claim.owner),
                claim.map(|claim| Col(claim.until)),
                Col(context.commit.at),
            ))?;
        Ok(())
    }
}
