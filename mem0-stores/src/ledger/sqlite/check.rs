//! Looking for damage: the file's structure, and that every table agrees with
//! the events. Findings name ids, never text.

use std::collections::HashMap;

use mem0_core::text::{self, NameRow, TermId};
use mem0_core::{Content, EventKind, MemoryId, State};
use rusqlite::{Connection, Row};

use super::row::{Col, rows};
use super::scope::ScopeCache;
use crate::ledger::common::fold::{ENOUGH, Event, Fold, Folded};
use crate::shared::sqlite::Attempt;

/// One line per finding.
pub(super) fn check(connection: &Connection) -> Attempt<Vec<String>> {
    let mut findings = structure(connection)?;
    // In a broken file nothing else can be read.
    if findings.is_empty() {
        references(connection, &mut findings)?;
        let counted = memories(connection, &mut findings)?;
        counters(connection, &counted, &mut findings)?;
        strays(connection, &mut findings)?;
    }
    findings.truncate(ENOUGH);
    Ok(findings)
}

/// Whether the file and its indexes are whole.
fn structure(connection: &Connection) -> Attempt<Vec<String>> {
    let mut statement = connection.prepare("PRAGMA integrity_check(100)")?;
    let mut findings: Vec<String> = statement.query_map((), |row| row.get(0))?.collect::<Result<_, _>>()?;
    findings.retain(|line| line != "ok");
    Ok(findings)
}

/// Whether each row that refers to another finds it.
fn references(connection: &Connection, findings: &mut Vec<String>) -> Attempt<()> {
    let mut statement = connection.prepare("PRAGMA foreign_key_check")?;
    let broken = statement.query_map((), |row| {
        let (table, rowid, parent): (String, Option<i64>, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(format!("table {table}: row {} refers to nothing in {parent}", rowid.unwrap_or(0)))
    })?;
    for line in broken.take(ENOUGH) {
        findings.push(line?);
    }
    Ok(())
}

/// A memory as its row has it.
struct Stored {
    mem_no: i64,
    id: MemoryId,
    scope_no: i64,
    nth: i64,
    head: Folded,
    terms: i64,
    postings: i64,
    mentions: i64,
}

/// What a scope has to count: memories ever added, those that are live, their
/// terms, postings and mentions.
#[derive(Default)]
struct Counted {
    added: i64,
    live: i64,
    terms: i64,
    postings: i64,
    mentions: i64,
}

/// Folds the events of each memory and compares.
fn memories(connection: &Connection, findings: &mut Vec<String>) -> Attempt<HashMap<i64, Counted>> {
    let mut counted: HashMap<i64, Counted> = HashMap::new();
    let mut statement = connection.prepare(
        "SELECT mem_no, id, scope_no, version, state, head, vector_seq, created_at, updated_at, expires_at, terms,
             postings, nth, mentions
         FROM ledger_memories ORDER BY mem_no",
    )?;
    let mut found = statement.query(())?;
    while let Some(row) = found.next()? {
        let stored = read_stored(row)?;
        let id = stored.id;
        let counts = counted.entry(stored.scope_no).or_default();
        counts.added += 1;
        if stored.nth != counts.added {
            findings.push(format!("memory {id}: it is number {} of its scope, not {}", stored.nth, counts.added));
        }
        let Some(content) = fold(connection, &stored, findings)? else { continue };
        counts.live += 1;
        counts.terms += stored.terms;
        counts.postings += stored.postings;
        counts.mentions += stored.mentions;
        if !names_agree(connection, &stored, &content)? {
            findings.push(format!("memory {id}: the index of names is not what it says"));
        }
        if !words_agree(connection, &stored, &content.text)? {
            findings.push(format!("memory {id}: the keyword index is not what its text gives"));
        }
        let has_vector: bool = connection
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM ledger_vectors WHERE seq = ?1 AND identity_no =
                     (SELECT value FROM ledger_meta WHERE key = 'identity'))",
            )?
            .query_row([stored.head.vector_seq], |row| row.get(0))?;
        if !has_vector {
            findings.push(format!("memory {id}: it has no vector of the current model"));
        }
    }
    Ok(counted)
}

fn read_stored(row: &Row<'_>) -> rusqlite::Result<Stored> {
    Ok(Stored {
        mem_no: row.get(0)?,
        id: row.get::<_, Col<MemoryId>>(1)?.0,
        scope_no: row.get(2)?,
        head: Folded {
            version: row.get(3)?,
            state: row.get::<_, Col<State>>(4)?.0,
            head: row.get(5)?,
            vector_seq: row.get(6)?,
            created_at: row.get(7)?,
            updated_at: row.get(8)?,
            expires_at: row.get(9)?,
        },
        terms: row.get(10)?,
        postings: row.get(11)?,
        nth: row.get(12)?,
        mentions: row.get(13)?,
    })
}

/// Folds the events of a memory; returns what it says if it is live.
fn fold(connection: &Connection, stored: &Stored, findings: &mut Vec<String>) -> Attempt<Option<Content>> {
    let mut statement = connection.prepare_cached(
        "SELECT e.seq, e.version, e.kind, e.at, e.content, e.vector_seq, e.superseded_at, e.given_created_at,
             c.scope_no
         FROM ledger_events e LEFT JOIN ledger_commits c
             ON c.commit_no = e.commit_no AND e.seq BETWEEN c.first_seq AND c.last_seq
         WHERE e.mem_no = ?1 ORDER BY e.version",
    )?;
    let mut events = statement.query([stored.mem_no])?;
    let mut fold = Fold::new(stored.id, stored.scope_no);
    while let Some(row) = events.next()? {
        let event = Event {
            seq: row.get(0)?,
            version: row.get(1)?,
            kind: row.get::<_, Col<EventKind>>(2)?.0,
            at: row.get(3)?,
            content: row.get_ref(4)?.as_str_or_null().map_err(rusqlite::Error::from)?,
            vector_seq: row.get(5)?,
            superseded_at: row.get(6)?,
            given_created_at: row.get(7)?,
            scope_no: row.get(8)?,
        };
        fold.event(&event, findings);
    }
    Ok(fold.finish(&stored.head, findings))
}

/// Whether the index holds the words of the text.
fn words_agree(connection: &Connection, stored: &Stored, text: &str) -> Attempt<bool> {
    let counted = text::terms(text);
    let len: i64 = counted.iter().map(|(_, tf)| i64::from(*tf)).sum();
    let mut statement = connection.prepare_cached(
        "SELECT count(*) FROM ledger_postings
         WHERE owner_no = (SELECT owner_no FROM ledger_scopes WHERE scope_no = ?1)
             AND term = ?2 AND scope_no = ?1 AND mem_no = ?3 AND tf = ?4 AND len = ?5",
    )?;
    let mut agree = stored.terms == len && stored.postings == rows(counted.len());
    for (TermId(term), tf) in counted {
        let found: i64 = statement.query_row((stored.scope_no, term, stored.mem_no, tf, len), |row| row.get(0))?;
        agree &= found == 1;
    }
    Ok(agree)
}

/// Whether the index holds the names of what it says.
fn names_agree(connection: &Connection, stored: &Stored, content: &Content) -> Attempt<bool> {
    let names = NameRow::of(content);
    let mut statement = connection.prepare_cached(
        "SELECT count(*) FROM ledger_mentions
         WHERE scope_no = ?1 AND word = ?2 AND longer = ?3 AND mem_no = ?4 AND kind = ?5 AND written IS ?6",
    )?;
    let mut agree = stored.mentions == rows(names.len());
    for NameRow { word, longer, kind, written } in names {
        let found: i64 = statement
            .query_row((stored.scope_no, word, longer, stored.mem_no, Col(kind), written), |row| row.get(0))?;
        agree &= found == 1;
    }
    Ok(agree)
}

/// The counters of each scope, and that the index holds nothing else.
fn counters(connection: &Connection, counted: &HashMap<i64, Counted>, findings: &mut Vec<String>) -> Attempt<()> {
    let mut cache = ScopeCache::default();
    let mut statement = connection.prepare(
        "SELECT s.scope_no, s.live, s.terms, s.revision, s.added,
             (SELECT count(*) FROM ledger_commits c WHERE c.scope_no = s.scope_no)
         FROM ledger_scopes s ORDER BY s.scope_no",
    )?;
    let mut found = statement.query(())?;
    let none = Counted::default();
    while let Some(row) = found.next()? {
        let (scope_no, live, terms): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let (revision, added, commits): (i64, i64, i64) = (row.get(3)?, row.get(4)?, row.get(5)?);
        let counted = counted.get(&scope_no).unwrap_or(&none);
        if (live, terms) != (counted.live, counted.terms) {
            let scope = cache.get(connection, scope_no)?;
            findings.push(format!("scope {scope}: it counts {live} live memories, there are {}", counted.live));
        }
        if added != counted.added {
            let scope = cache.get(connection, scope_no)?;
            findings.push(format!("scope {scope}: it counts {added} memories ever, there are {}", counted.added));
        }
        if revision != commits {
            let scope = cache.get(connection, scope_no)?;
            findings.push(format!("scope {scope}: it is at revision {revision} after {commits} commits"));
        }
    }
    let sum = |of: fn(&Counted) -> i64| counted.values().map(of).sum::<i64>();
    for (index, sql, wanted) in [
        ("keyword index", "SELECT count(*) FROM ledger_postings", sum(|counted| counted.postings)),
        ("index of names", "SELECT count(*) FROM ledger_mentions", sum(|counted| counted.mentions)),
    ] {
        let stored: i64 = connection.query_row(sql, (), |row| row.get(0))?;
        if wanted != stored {
            findings.push(format!("the {index} has {stored} rows where the memories have {wanted}"));
        }
    }
    Ok(())
}

/// Rows that nothing leads to.
fn strays(connection: &Connection, findings: &mut Vec<String>) -> Attempt<()> {
    for (what, sql) in [
        (
            "pending rows are not of the latest event of their memory",
            "SELECT count(*) FROM ledger_outbox o WHERE o.scope_no IS NOT NULL AND NOT EXISTS
                 (SELECT 1 FROM ledger_memories m WHERE m.id = o.id AND m.head <= o.seq AND m.version = o.version)",
        ),
        (
            "commits have no event",
            "SELECT count(*) FROM ledger_commits c WHERE NOT EXISTS
                 (SELECT 1 FROM ledger_events e WHERE e.seq BETWEEN c.first_seq AND c.last_seq)",
        ),
        (
            "owners have no scope",
            "SELECT count(*) FROM ledger_owners o WHERE NOT EXISTS
                 (SELECT 1 FROM ledger_scopes s WHERE s.owner_no = o.owner_no)",
        ),
        (
            "jobs do not fit what became of them",
            "SELECT count(*) FROM ledger_jobs
             WHERE (state = 1) <> (lease_owner IS NOT NULL AND lease_until IS NOT NULL)
                 OR (state >= 2 AND payload IS NOT NULL) OR (state NOT IN (2, 3) AND outcome IS NOT NULL)
                 OR NOT (json_valid(coalesce(payload, '0')) AND json_valid(coalesce(outcome, '0')))",
        ),
        (
            "jobs stand in the wrong place of the queue",
            "SELECT count(*) FROM ledger_jobs j WHERE leads <> (state < 2 AND NOT EXISTS
                 (SELECT 1 FROM ledger_jobs e WHERE e.scope_no = j.scope_no AND e.state < 2 AND e.job_no < j.job_no))",
        ),
        ("periods have less than nothing spent", "SELECT count(*) FROM ledger_spending WHERE calls < 0 OR tokens < 0"),
        (
            "events are numbered beyond the last one",
            "SELECT count(*) FROM ledger_events WHERE seq > (SELECT value FROM ledger_meta WHERE key = 'last_seq')",
        ),
    ] {
        let number: i64 = connection.query_row(sql, (), |row| row.get(0))?;
        if number > 0 {
            findings.push(format!("{number} {what}"));
        }
    }
    Ok(())
}
