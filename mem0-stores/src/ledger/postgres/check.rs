//! Looking for damage: that every table agrees with the events. Findings name
//! ids, never text.

use std::collections::{BTreeMap, HashMap};

use mem0_core::text::{self, NameRow, TermId};
use mem0_core::{Content, MemoryId, Result};
use tokio_postgres::Row;

use super::row::{SCOPE, at, coded, id, scope};
use super::scope::next;
use super::session::{Attempt, Session};
use crate::ledger::common::codec::rows;
use crate::ledger::common::fold::{ENOUGH, Event, Fold, Folded};
use crate::shared::postgres::{Step, refusal, send};

/// One line per finding. All of it is read, a scope at a time, as it was at one
/// moment.
pub(super) async fn check(session: &mut Session) -> Attempt<Vec<String>> {
    let mut findings = Vec::new();
    let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 0";
    let scopes = Step::new(format!(
        "SELECT scope_no, owner_no, revision, events, live, deleted, superseded, terms, {SCOPE}
         FROM ledger_scopes s ORDER BY key"
    ));
    let mut steps = vec![scopes];
    steps.extend(STRAYS.iter().map(|(_, sql)| Step::new(*sql)));
    let mut answers = session.begin(begin, &steps).await?.into_iter();
    let scopes = next(&mut answers)?;
    for (what, _) in STRAYS {
        let number: i64 = next(&mut answers)?.first().map_or(Ok(0), |row| at(row, 0))?;
        if number > 0 {
            findings.push(format!("{number} {what}"));
        }
    }
    for row in &scopes {
        one(session, row, &mut findings).await?;
        if findings.len() >= ENOUGH {
            break;
        }
    }
    session.finish(Vec::new()).await?;
    findings.truncate(ENOUGH);
    Ok(findings)
}

/// A memory as its row has it.
struct Stored {
    id: MemoryId,
    head: Folded,
    terms: i64,
    postings: i64,
    has_vector: bool,
    nth: i64,
}

/// The words of each memory in the index: term, count, length.
type Index = HashMap<i64, Vec<(i64, i32, i32)>>;

/// The names of each memory in the index.
type Named = HashMap<i64, Vec<NameRow>>;

/// Holds a scope against its memories, and those against their events.
async fn one(session: &Session, row: &Row, findings: &mut Vec<String>) -> Attempt<()> {
    let scope_no: i64 = at(row, 0)?;
    let steps = [
        Step::new(
            "SELECT m.mem_no, m.id, m.version, m.state, m.head, m.vector_seq, m.created_at, m.updated_at, m.expires_at,
                 m.terms, m.postings, EXISTS (SELECT 1 FROM ledger_vectors v WHERE v.seq = m.vector_seq
                     AND v.identity_no = (SELECT identity_no FROM ledger_state)), m.nth
             FROM ledger_memories m WHERE m.scope_no = $1",
        )
        .bind(scope_no),
        Step::new(
            "SELECT e.mem_no, e.seq, e.version, e.kind, e.at, e.content, e.vector_seq, e.superseded_at,
                 e.given_created_at, e.scope_no
             FROM ledger_memories m JOIN ledger_events e ON e.mem_no = m.mem_no
             WHERE m.scope_no = $1 ORDER BY e.mem_no, e.version",
        )
        .bind(scope_no),
        Step::new("SELECT mem_no, term, tf, len FROM ledger_postings WHERE owner_no = $2 AND scope_no = $1")
            .bind(scope_no)
            .bind(at::<i64>(row, 1)?),
        Step::new("SELECT mem_no, word, longer, kind, written FROM ledger_mentions WHERE scope_no = $1").bind(scope_no),
    ];
    let answers = send(session.client()?, &steps).await.map_err(|e| refusal(&e))?;
    let mut answers = answers.into_iter();
    let mut stored = BTreeMap::new();
    for row in next(&mut answers)? {
        stored.insert(at::<i64>(&row, 0)?, read_stored(&row)?);
    }
    // By the number of the first event, which is the order of addition.
    for (memory, nth) in stored.values().zip(1_i64..) {
        if memory.nth != nth {
            findings.push(format!("memory {}: it is number {} of its scope, not {nth}", memory.id, memory.nth));
        }
    }
    let events = next(&mut answers)?;
    let mut index = Index::new();
    for row in next(&mut answers)? {
        index.entry(at(&row, 0)?).or_default().push((at(&row, 1)?, at(&row, 2)?, at(&row, 3)?));
    }
    let mut named = Named::new();
    for row in next(&mut answers)? {
        let name = NameRow { word: at(&row, 1)?, longer: at(&row, 2)?, kind: coded(&row, 3)?, written: at(&row, 4)? };
        named.entry(at(&row, 0)?).or_default().push(name);
    }
    let contents = fold(scope_no, &stored, &events, findings)?;
    let mut terms = 0;
    for (mem_no, content) in &contents {
        let Some(memory) = stored.get(mem_no) else { continue };
        terms += memory.terms;
        let mut names = named.remove(mem_no).unwrap_or_default();
        names.sort_unstable();
        if names != NameRow::of(content) {
            findings.push(format!("memory {}: the index of names is not what it says", memory.id));
        }
        if !words_agree(memory, &content.text, index.remove(mem_no).unwrap_or_default()) {
            findings.push(format!("memory {}: the keyword index is not what its text gives", memory.id));
        }
        if !memory.has_vector {
            findings.push(format!("memory {}: it has no vector of the current model", memory.id));
        }
    }
    if !index.is_empty() {
        findings.push(format!("the keyword index has words of {} memories that are not live", index.len()));
    }
    if !named.is_empty() {
        findings.push(format!("the index of names has rows of {} memories that are not live", named.len()));
    }
    let state = |wanted| rows(stored.values().filter(|memory| memory.head.state == wanted).count());
    let counted = [
        ("live memories", at(row, 4)?, state(mem0_core::State::Live)),
        ("deleted memories", at(row, 5)?, state(mem0_core::State::Deleted)),
        ("superseded memories", at(row, 6)?, state(mem0_core::State::Superseded)),
        ("events", at(row, 3)?, rows(events.len())),
        ("terms", at::<i64>(row, 7)?, terms),
    ];
    for (what, says, is) in counted.into_iter().filter(|(_, says, is)| says != is) {
        findings.push(format!("scope {}: it counts {says} {what}, there are {is}", scope(row, 8)?));
    }
    let revision: i64 = at(row, 2)?;
    if !(0..=rows(events.len())).contains(&revision) || (revision == 0) != events.is_empty() {
        let many = events.len();
        findings.push(format!("scope {}: it is at revision {revision} after {many} events", scope(row, 8)?));
    }
    Ok(())
}

fn read_stored(row: &Row) -> Result<Stored> {
    Ok(Stored {
        id: id(row, 1)?,
        head: Folded {
            version: at(row, 2)?,
            state: coded(row, 3)?,
            head: at(row, 4)?,
            vector_seq: at(row, 5)?,
            created_at: at(row, 6)?,
            updated_at: at(row, 7)?,
            expires_at: at(row, 8)?,
        },
        terms: at(row, 9)?,
        postings: at(row, 10)?,
        has_vector: at(row, 11)?,
        nth: at(row, 12)?,
    })
}

/// Folds the events of each memory; returns what those say that are live.
fn fold(
    scope_no: i64,
    stored: &BTreeMap<i64, Stored>,
    events: &[Row],
    findings: &mut Vec<String>,
) -> Result<Vec<(i64, Content)>> {
    let mut folds: BTreeMap<i64, Fold> =
        stored.iter().map(|(mem_no, memory)| (*mem_no, Fold::new(memory.id, scope_no))).collect();
    for row in events {
        let event = Event {
            seq: at(row, 1)?,
            version: at(row, 2)?,
            kind: coded(row, 3)?,
            at: at(row, 4)?,
            content: at(row, 5)?,
            vector_seq: at(row, 6)?,
            superseded_at: at(row, 7)?,
            given_created_at: at(row, 8)?,
            scope_no: at(row, 9)?,
        };
        if let Some(fold) = folds.get_mut(&at::<i64>(row, 0)?) {
            fold.event(&event, findings);
        }
    }
    let finish = |(mem_no, fold): (i64, Fold)| {
        let memory = stored.get(&mem_no)?;
        fold.finish(&memory.head, findings).map(|content| (mem_no, content))
    };
    Ok(folds.into_iter().filter_map(finish).collect())
}

/// Whether the index holds the words of the text.
fn words_agree(stored: &Stored, text: &str, mut index: Vec<(i64, i32, i32)>) -> bool {
    let counted = text::terms(text);
    let len: i64 = counted.iter().map(|(_, tf)| i64::from(*tf)).sum();
    let mut due: Vec<(i64, i64, i64)> = counted.iter().map(|(TermId(term), tf)| (*term, i64::from(*tf), len)).collect();
    due.sort_unstable();
    index.sort_unstable();
    let is = index.into_iter().map(|(term, tf, len)| (term, i64::from(tf), i64::from(len)));
    stored.terms == len && stored.postings == rows(due.len()) && due.into_iter().eq(is)
}

/// Rows that nothing leads to.
const STRAYS: &[(&str, &str)] = &[
    (
        "pending rows are not of the latest event of their memory",
        "SELECT count(*) FROM ledger_outbox o WHERE o.scope_no IS NOT NULL AND NOT EXISTS
             (SELECT 1 FROM ledger_memories m WHERE m.id = o.id AND m.head <= o.seq AND m.version = o.version)",
    ),
    (
        "events refer to no memory",
        "SELECT count(*) FROM ledger_events e WHERE NOT EXISTS
             (SELECT 1 FROM ledger_memories m WHERE m.mem_no = e.mem_no)",
    ),
    (
        "memories refer to no scope",
        "SELECT count(*) FROM ledger_memories m WHERE NOT EXISTS
             (SELECT 1 FROM ledger_scopes s WHERE s.scope_no = m.scope_no)",
    ),
    (
        "vectors refer to no event",
        "SELECT count(*) FROM ledger_vectors v WHERE NOT EXISTS (SELECT 1 FROM ledger_events e WHERE e.seq = v.seq)",
    ),
    (
        "rows of the keyword index refer to no memory",
        "SELECT count(*) FROM ledger_postings p WHERE NOT EXISTS
             (SELECT 1 FROM ledger_memories m WHERE m.mem_no = p.mem_no)",
    ),
    (
        "rows of the index of names refer to no memory",
        "SELECT count(*) FROM ledger_mentions n WHERE NOT EXISTS
             (SELECT 1 FROM ledger_memories m WHERE m.mem_no = n.mem_no AND m.scope_no = n.scope_no)",
    ),
    (
        "messages, keys, jobs or periods refer to no scope",
        "SELECT count(*) FROM (SELECT scope_no FROM ledger_messages UNION ALL SELECT scope_no FROM ledger_idempotency
             UNION ALL SELECT scope_no FROM ledger_jobs UNION ALL SELECT scope_no FROM ledger_spending) r
         WHERE NOT EXISTS (SELECT 1 FROM ledger_scopes s WHERE s.scope_no = r.scope_no)",
    ),
    (
        "jobs do not fit what became of them",
        "SELECT count(*) FROM ledger_jobs
         WHERE (state = 1) <> (lease_owner IS NOT NULL AND lease_until IS NOT NULL)
             OR (state >= 2 AND payload IS NOT NULL) OR (state NOT IN (2, 3) AND outcome IS NOT NULL)",
    ),
    (
        "jobs stand in the wrong place of the queue",
        "SELECT count(*) FROM ledger_jobs j WHERE leads <> (state < 2 AND NOT EXISTS
             (SELECT 1 FROM ledger_jobs e WHERE e.scope_no = j.scope_no AND e.state < 2 AND e.job_no < j.job_no))",
    ),
    ("periods have less than nothing spent", "SELECT count(*) FROM ledger_spending WHERE calls < 0 OR tokens < 0"),
];
