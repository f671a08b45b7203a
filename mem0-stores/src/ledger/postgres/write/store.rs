//! Writing what was decided: a statement for each table.

use mem0_core::Result;
use uuid::Uuid;

use super::draft::{Ending, Event, NamedRow, Touched, Wave, Words, Written};
use super::load::Call;
use crate::ledger::common::codec::{content_to_json, sources_to_json};
use crate::ledger::postgres::identity;
use crate::ledger::postgres::row::code;
use crate::ledger::postgres::scope::ScopeRow;
use crate::shared::postgres::Step;

/// The most rows of one statement, so that no message becomes too long.
const CHUNK: usize = 20_000;

/// The statements, in the order in which they have to run.
pub(super) fn steps(written: Written) -> Result<Vec<Step>> {
    let mut steps = Vec::new();
    let Written {
        identity,
        forgotten,
        messages,
        calls,
        scopes,
        touched,
        events,
        endings,
        vectors,
        gone,
        come,
        unnamed,
        named,
        waves,
    } = written;
    if let Some(identity) = &identity {
        steps.push(identity::create(identity));
        steps.push(identity::make_current(identity));
    }
    if !forgotten.is_empty() {
        steps.push(Step::new("DELETE FROM ledger_messages WHERE scope_no = ANY($1)").bind(forgotten));
    }
    if !messages.is_empty() {
        steps.push(keep_messages(&messages));
    }
    if !endings.is_empty() {
        steps.push(end(&endings));
    }
    memories(&touched, &mut steps)?;
    for chunk in events.chunks(CHUNK) {
        steps.push(append(chunk)?);
    }
    let mut vectors = vectors.into_iter().peekable();
    while vectors.peek().is_some() {
        let (seqs, bytes): (Vec<i64>, Vec<Vec<u8>>) = vectors.by_ref().take(CHUNK / 10).unzip();
        steps.push(
            Step::new(
                "INSERT INTO ledger_vectors (seq, identity_no, vector)
                 SELECT u.seq, s.identity_no, u.vector
                 FROM unnest($1::bigint[], $2::bytea[]) AS u (seq, vector), ledger_state s",
            )
            .bind(seqs)
            .bind(bytes),
        );
    }
    if !gone.is_empty() {
        steps.push(remove_words(&gone));
    }
    insert_words(&come, &mut steps);
    if !unnamed.is_empty() {
        steps.push(Step::new("DELETE FROM ledger_mentions WHERE mem_no = ANY($1)").bind(unnamed));
    }
    insert_names(&named, &mut steps)?;
    steps.extend(waves.iter().map(queue));
    if !calls.is_empty() {
        steps.push(remember(&calls)?);
    }
    if !scopes.is_empty() {
        steps.push(update_scopes(&scopes));
    }
    Ok(steps)
}

/// One column of some rows.
fn column<T, V>(rows: &[T], value: impl Fn(&T) -> V) -> Vec<V> {
    rows.iter().map(value).collect()
}

fn keep_messages(messages: &[(i64, mem0_core::StoredMessage)]) -> Step {
    // Of several with one id in a statement the first stays as well.
    Step::new(
        "INSERT INTO ledger_messages (scope_no, message_id, role, name, content, at)
         SELECT u.scope_no, u.message_id, u.role, u.name, u.content, u.at
         FROM unnest($1::bigint[], $2::bytea[], $3::text[], $4::bytea[], $5::bytea[], $6::bigint[])
             WITH ORDINALITY AS u (scope_no, message_id, role, name, content, at, place)
         ORDER BY u.place ON CONFLICT (scope_no, message_id) DO NOTHING",
    )
    .bind(column(messages, |(scope_no, _)| *scope_no))
    .bind(column(messages, |(_, message)| message.id.clone().into_bytes()))
    .bind(column(messages, |(_, message)| message.role.as_str()))
    .bind(column(messages, |(_, message)| message.name.clone().map(String::into_bytes)))
    .bind(column(messages, |(_, message)| message.content.clone().into_bytes()))
    .bind(column(messages, |(_, message)| message.at.as_micros()))
}

fn end(endings: &[Ending]) -> Step {
    Step::new(
        "UPDATE ledger_events e SET superseded_at = u.superseded_at, ended_at = u.ended_at
         FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])
             AS u (mem_no, version, superseded_at, ended_at)
         WHERE e.mem_no = u.mem_no AND e.version = u.version",
    )
    .bind(column(endings, |ending| ending.mem_no))
    .bind(column(endings, |ending| ending.version))
    .bind(column(endings, |ending| ending.superseded_at))
    .bind(column(endings, |ending| ending.ended_at))
}

/// Updates the memories that were there, then inserts the new ones: those may
/// get the keys of the others.
fn memories(touched: &[Touched], steps: &mut Vec<Step>) -> Result<()> {
    let (known, new): (Vec<&Touched>, Vec<&Touched>) = touched.iter().partition(|one| one.was.is_some());
    let freed: Vec<i64> = known
        .iter()
        .filter(|one| {
            let was = one.indexed().and_then(|was| was.dedup_key);
            was.is_some() && was != one.now.dedup_key.filter(|_| one.now.state == mem0_core::State::Live)
        })
        .map(|one| one.now.mem_no)
        .collect();
    if freed.len() > 1 || (freed.len() == 1 && known.len() > 1) {
        // Within one statement the order of rows is anybody's guess.
        steps.push(Step::new("UPDATE ledger_memories SET dedup_key = NULL WHERE mem_no = ANY($1)").bind(freed));
    }
    for chunk in known.chunks(CHUNK) {
        steps.push(columns(
            Step::new(
                "UPDATE ledger_memories m SET version = u.version, state = u.state, head = u.head,
                     vector_seq = u.vector_seq, dedup_key = u.dedup_key, updated_at = u.updated_at,
                     expires_at = u.expires_at, terms = u.terms, postings = u.postings
                 FROM unnest($1::bigint[], $2::bigint[], $3::smallint[], $4::bigint[], $5::bigint[], $6::bytea[],
                         $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[])
                     AS u (mem_no, version, state, head, vector_seq, dedup_key, updated_at, expires_at, terms, postings)
                 WHERE m.mem_no = u.mem_no",
            ),
            chunk,
        )?);
    }
    for chunk in new.chunks(CHUNK) {
        let step = columns(
            Step::new(
                "INSERT INTO ledger_memories (mem_no, version, state, head, vector_seq, dedup_key, updated_at, expires_at,
                     terms, postings, id, scope_no, created_at, nth)
                 SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::smallint[], $4::bigint[], $5::bigint[],
                     $6::bytea[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::uuid[], $12::bigint[],
                     $13::bigint[], $14::bigint[])",
            ),
            chunk,
        )?;
        steps.push(
            step.bind(column(chunk, |one| one.id.as_uuid()))
                .bind(column(chunk, |one| one.now.scope_no))
                .bind(column(chunk, |one| one.now.created_at))
                .bind(column(chunk, |one| one.nth)),
        );
    }
    Ok(())
}

fn columns(step: Step, touched: &[&Touched]) -> Result<Step> {
    let states = touched.iter().map(|one| code(one.now.state)).collect::<Result<Vec<i16>>>()?;
    Ok(step
        .bind(column(touched, |one| one.now.mem_no))
        .bind(column(touched, |one| one.now.version))
        .bind(states)
        .bind(column(touched, |one| one.head))
        .bind(column(touched, |one| one.now.vector_seq))
        .bind(column(touched, |one| one.now.dedup_key.map(|key| key.to_vec())))
        .bind(column(touched, |one| one.updated_at))
        .bind(column(touched, |one| one.now.expires_at))
        .bind(column(touched, |one| one.now.terms))
        .bind(column(touched, |one| one.now.postings)))
}

fn append(events: &[Event]) -> Result<Step> {
    let kinds = events.iter().map(|event| code(event.change.kind)).collect::<Result<Vec<i16>>>()?;
    let sources = events.iter().map(|event| sources_to_json(&event.change.sources)).collect::<Result<Vec<_>>>()?;
    let contents = events
        .iter()
        .map(|event| event.change.content.as_ref().map(content_to_json).transpose())
        .collect::<Result<Vec<_>>>()?;
    let micros = |time: Option<mem0_core::Timestamp>| time.map(mem0_core::Timestamp::as_micros);
    Ok(Step::new(
        "INSERT INTO ledger_events (seq, mem_no, version, scope_no, vector_seq, at, superseded_at, ended_at,
             given_ended_at, given_created_at, txn, kind, given_dedup_key, reason, sources, content)
         SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[],
             $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::uuid[], $12::smallint[], $13::bytea[],
             $14::bytea[], $15::text[], $16::text[])",
    )
    .bind(column(events, |event| event.seq))
    .bind(column(events, |event| event.mem_no))
    .bind(column(events, |event| event.version))
    .bind(column(events, |event| event.scope_no))
    .bind(column(events, |event| event.vector_seq))
    .bind(column(events, |event| event.at))
    .bind(column(events, |event| event.end.map(|(superseded_at, _)| superseded_at)))
    .bind(column(events, |event| event.end.map(|(_, ended_at)| ended_at)))
    .bind(column(events, |event| micros(event.change.ended_at)))
    .bind(column(events, |event| micros(event.change.created_at)))
    .bind(column(events, |event| Uuid::from_bytes(*event.txn.as_bytes())))
    .bind(kinds)
    .bind(column(events, |event| event.change.dedup_key.map(|key| key.to_vec())))
    .bind(column(events, |event| event.change.reason.clone().map(String::into_bytes)))
    .bind(sources)
    .bind(contents))
}

/// Removes the words of texts that are live no more. They are found through the
/// text; where that does not find them all (they were counted by another
/// version, or given by the caller), the owner's whole index is searched.
fn remove_words(gone: &[Words]) -> Step {
    let mut flat = Flat::default();
    gone.iter().for_each(|words| flat.push(words));
    Step::new(
        "WITH found AS (
             DELETE FROM ledger_postings p USING unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])
                 AS u (owner_no, term, scope_no, mem_no)
             WHERE p.owner_no = u.owner_no AND p.term = u.term AND p.scope_no = u.scope_no AND p.mem_no = u.mem_no
             RETURNING p.mem_no),
         short AS MATERIALIZED (
             SELECT u.* FROM unnest($5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[])
                 AS u (owner_no, scope_no, mem_no, postings)
             WHERE u.postings <> (SELECT count(*) FROM found f WHERE f.mem_no = u.mem_no))
         DELETE FROM ledger_postings p USING short
         WHERE p.owner_no = short.owner_no AND p.scope_no = short.scope_no AND p.mem_no = short.mem_no",
    )
    .bind(flat.owners)
    .bind(flat.terms)
    .bind(flat.scopes)
    .bind(flat.memories)
    .bind(column(gone, |words| words.owner))
    .bind(column(gone, |words| words.scope_no))
    .bind(column(gone, |words| words.mem_no))
    .bind(column(gone, |words| words.length))
}

/// Rows of the keyword index.
#[derive(Default)]
struct Flat {
    owners: Vec<i64>,
    terms: Vec<i64>,
    scopes: Vec<i64>,
    memories: Vec<i64>,
    counts: Vec<i32>,
    lengths: Vec<i32>,
}

impl Flat {
    fn push(&mut self, words: &Words) {
        for (term, tf) in &words.terms {
            self.owners.push(words.owner);
            self.terms.push(term.0);
            self.scopes.push(words.scope_no);
            self.memories.push(words.mem_no);
            self.counts.push(i32::try_from(*tf).unwrap_or(i32::MAX));
            self.lengths.push(i32::try_from(words.length).unwrap_or(i32::MAX));
        }
    }
}

fn insert_words(come: &[Words], steps: &mut Vec<Step>) {
    let mut rest = come.iter().peekable();
    while rest.peek().is_some() {
        let mut flat = Flat::default();
        while flat.terms.len() < CHUNK
            && let Some(words) = rest.next()
        {
            flat.push(words);
        }
        steps.push(
            Step::new(
                "INSERT INTO ledger_postings (owner_no, term, scope_no, mem_no, tf, len)
                 SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::integer[],
                     $6::integer[]) AS u (owner_no, term, scope_no, mem_no, tf, len)
                 ORDER BY owner_no, term, scope_no, mem_no",
            )
            .bind(flat.owners)
            .bind(flat.terms)
            .bind(flat.scopes)
            .bind(flat.memories)
            .bind(flat.counts)
            .bind(flat.lengths),
        );
    }
}

/// Adds names to their index.
pub(in crate::ledger::postgres) fn insert_names(named: &[NamedRow], steps: &mut Vec<Step>) -> Result<()> {
    for chunk in named.chunks(CHUNK) {
        let kinds = chunk.iter().map(|row| code(row.name.kind)).collect::<Result<Vec<i16>>>()?;
        steps.push(
            Step::new(
                "INSERT INTO ledger_mentions (scope_no, mem_no, kind, word, longer, written)
                 SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::smallint[], $4::text[], $5::text[], $6::text[])",
            )
            .bind(column(chunk, |row| row.scope_no))
            .bind(column(chunk, |row| row.mem_no))
            .bind(kinds)
            .bind(column(chunk, |row| row.name.word.clone()))
            .bind(column(chunk, |row| row.name.longer.clone()))
            .bind(column(chunk, |row| row.name.written.clone())),
        );
    }
    Ok(())
}

/// Makes memories pending. A claim that somebody else still holds stays.
fn queue(wave: &Wave) -> Step {
    let queued = &wave.queued;
    Step::new(
        "INSERT INTO ledger_outbox AS o (seq, id, scope_no, version, claim_owner, claim_until)
         SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::bigint[], $4::bigint[], $5::bytea[], $6::bigint[])
             AS u (seq, id, scope_no, version, claim_owner, claim_until) ORDER BY u.id
         ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, scope_no = excluded.scope_no, scope = NULL,
             version = excluded.version, attempts = 0, not_before = NULL,
             claim_owner = CASE WHEN o.claim_until > $7
                 AND o.claim_owner IS DISTINCT FROM excluded.claim_owner
                 THEN o.claim_owner ELSE excluded.claim_owner END,
             claim_until = CASE WHEN o.claim_until > $7
                 AND o.claim_owner IS DISTINCT FROM excluded.claim_owner
                 THEN o.claim_until ELSE excluded.claim_until END",
    )
    .bind(column(queued, |one| one.seq))
    .bind(column(queued, |one| one.id.as_uuid()))
    .bind(column(queued, |one| one.scope_no))
    .bind(column(queued, |one| one.version))
    .bind(column(queued, |one| one.claim.as_ref().map(|claim| claim.owner.clone().into_bytes())))
    .bind(column(queued, |one| one.claim.as_ref().map(|claim| claim.until.as_micros())))
    .bind(wave.at)
}

fn remember(calls: &[(i64, Vec<u8>, Call)]) -> Result<Step> {
    let json = |e| mem0_core::Error::internal("outcomes are not JSON").with_source(e);
    let outcomes = calls
        .iter()
        .map(|(_, _, call)| serde_json::to_string(&call.outcomes).map_err(json))
        .collect::<Result<Vec<String>>>()?;
    Ok(Step::new(
        "INSERT INTO ledger_idempotency (scope_no, key, digest, txn, outcomes)
         SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bytea[], $4::uuid[], $5::text[])",
    )
    .bind(column(calls, |(scope_no, _, _)| *scope_no))
    .bind(column(calls, |(_, key, _)| key.clone()))
    .bind(column(calls, |(_, _, call)| call.digest.clone()))
    .bind(column(calls, |(_, _, call)| Uuid::from_bytes(*call.txn.as_bytes())))
    .bind(outcomes))
}

fn update_scopes(scopes: &[ScopeRow]) -> Step {
    Step::new(
        "UPDATE ledger_scopes s SET revision = u.revision, events = u.events, live = u.live, deleted = u.deleted,
             superseded = u.superseded, terms = u.terms
         FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[])
             AS u (scope_no, revision, events, live, deleted, superseded, terms)
         WHERE s.scope_no = u.scope_no",
    )
    .bind(column(scopes, |row| row.no))
    .bind(column(scopes, |row| row.revision))
    .bind(column(scopes, |row| row.events))
    .bind(column(scopes, |row| row.live))
    .bind(column(scopes, |row| row.deleted))
    .bind(column(scopes, |row| row.superseded))
    .bind(column(scopes, |row| row.terms))
}
