//! All that a commit depends on, read in one round trip under the scopes' locks.

use std::collections::{HashMap, HashSet};

use mem0_core::{Commit, Content, EmbedderIdentity, EventKind, MemoryId, Outcome, Scope, State, Timestamp, TxnId};
use tokio_postgres::Row;
use uuid::Uuid;

use super::{BLOCK, gate};
use crate::ledger::common::change::state_after;
use crate::ledger::common::codec::content_from_json;
use crate::ledger::postgres::identity;
use crate::ledger::postgres::row::{at, coded, id, opt_key, time};
use crate::ledger::postgres::scope::{self, ScopeRow, next};
use crate::ledger::postgres::session::{Attempt, Session};
use crate::shared::postgres::Step;

/// A key of deduplication, in its scope.
pub(super) type Slot = (i64, [u8; 16]);

/// Where a memory stands.
#[derive(Clone, Debug)]
pub(super) struct Standing {
    pub(super) mem_no: i64,
    pub(super) scope_no: i64,
    pub(super) version: i64,
    pub(super) state: State,
    pub(super) vector_seq: i64,
    pub(super) dedup_key: Option<[u8; 16]>,
    pub(super) expires_at: Option<i64>,
    pub(super) created_at: i64,
    pub(super) terms: i64,
    pub(super) postings: i64,
    /// The latest version that says something.
    pub(super) latest: Content,
    pub(super) latest_version: i64,
    pub(super) latest_at: Timestamp,
}

/// What a used idempotency key did.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) digest: Vec<u8>,
    pub(super) txn: TxnId,
    pub(super) outcomes: Vec<Outcome>,
}

/// What the tables say.
#[derive(Default)]
pub(super) struct Loaded {
    /// By the keys of the scopes.
    pub(super) scopes: HashMap<Vec<u8>, ScopeRow>,
    /// The model whose vectors are current.
    pub(super) identity: Option<EmbedderIdentity>,
    /// By scope and key.
    pub(super) calls: HashMap<(i64, Vec<u8>), Call>,
    pub(super) standings: HashMap<MemoryId, Standing>,
    /// The vectors of memories that a change may leave as they are.
    pub(super) vectors: HashMap<i64, Vec<u8>>,
    /// Earlier texts with the events of their vectors, latest first.
    pub(super) texts: HashMap<i64, Vec<(String, i64)>>,
    /// The beginnings of blocks of numbers.
    pub(super) blocks: Vec<i64>,
}

/// Whether a commit leaves no trace in its scope.
pub(super) fn is_nothing(commit: &Commit) -> bool {
    commit.changes.is_empty() && commit.messages.is_empty() && commit.idempotency.is_none()
}

const STANDING: &str = "m.id, m.mem_no, m.scope_no, m.version, m.state, m.vector_seq, m.dedup_key, m.expires_at, \
                        m.created_at, m.terms, m.postings, e.content, e.version, e.at \
                        FROM ledger_memories m CROSS JOIN LATERAL (SELECT content, version, at FROM ledger_events e \
                        WHERE e.mem_no = m.mem_no AND content IS NOT NULL ORDER BY version DESC LIMIT 1) e";

/// What is asked beside the scopes.
struct Questions {
    steps: Vec<Step>,
    calls: bool,
    changes: bool,
    vectors: bool,
    texts: bool,
}

/// Begins the transaction, locks and reads.
pub(super) async fn load(session: &Session, lock: i64, alone: bool, commits: &[Commit]) -> Attempt<Loaded> {
    let Questions { mut steps, calls, changes, vectors, texts } = questions(commits);
    let keys: HashSet<Vec<u8>> = commits.iter().map(|commit| scope::key(&commit.scope)).collect();
    let traces: Vec<&Scope> = commits.iter().filter(|one| !is_nothing(one)).map(|one| &one.scope).collect();
    let mut first = vec![scope::ensure(traces), scope::lock(keys.into_iter().collect()), identity::current_step()];
    first.append(&mut steps);
    let answers = session.begin(&gate(lock, alone), &first).await?;
    let mut answers = answers.into_iter();
    let mut loaded = Loaded::default();
    next(&mut answers)?;
    for row in next(&mut answers)? {
        let (key, scope) = scope::locked(&row)?;
        loaded.scopes.insert(key, scope);
    }
    loaded.identity = identity::current(&next(&mut answers)?)?.map(|(_, identity)| identity);
    if calls {
        for row in next(&mut answers)? {
            loaded.calls.insert((at(&row, 0)?, at(&row, 1)?), call(&row)?);
        }
    }
    if changes {
        for rows in [next(&mut answers)?, next(&mut answers)?] {
            for row in rows {
                loaded.standings.insert(id(&row, 0)?, standing(&row)?);
            }
        }
        for row in next(&mut answers)? {
            loaded.blocks.push(at::<i64>(&row, 0)? * BLOCK);
        }
    }
    if vectors {
        for row in next(&mut answers)? {
            loaded.vectors.insert(at(&row, 0)?, at(&row, 1)?);
        }
    }
    if texts {
        for row in next(&mut answers)? {
            let text = content_from_json(at(&row, 2)?)?.text;
            loaded.texts.entry(at(&row, 0)?).or_default().push((text, at(&row, 1)?));
        }
    }
    Ok(loaded)
}

fn questions(commits: &[Commit]) -> Questions {
    let changes = || commits.iter().flat_map(|commit| &commit.changes);
    let ids = |wanted: &dyn Fn(&mem0_core::Change) -> bool| -> Vec<Uuid> {
        changes().filter(|change| wanted(change)).map(|change| change.id.as_uuid()).collect()
    };
    let mut asked = Questions { steps: Vec::new(), calls: false, changes: false, vectors: false, texts: false };
    let used: Vec<_> = commits.iter().filter_map(|one| Some((one, one.idempotency.as_ref()?))).collect();
    if !used.is_empty() {
        asked.calls = true;
        let scopes: Vec<Vec<u8>> = used.iter().map(|(commit, _)| scope::key(&commit.scope)).collect();
        let keys: Vec<Vec<u8>> = used.iter().map(|(_, idempotency)| idempotency.key.clone().into_bytes()).collect();
        asked.steps.push(
            Step::new(
                "SELECT i.scope_no, i.key, i.digest, i.txn, i.outcomes FROM unnest($1::bytea[], $2::bytea[]) u (scope, key)
                 JOIN ledger_scopes s ON s.key = u.scope
                 JOIN ledger_idempotency i ON i.scope_no = s.scope_no AND i.key = u.key",
            )
            .bind(scopes)
            .bind(keys),
        );
    }
    let all = ids(&|_| true);
    if all.is_empty() {
        return asked;
    }
    asked.changes = true;
    let number = i64::try_from(all.len()).unwrap_or(i64::MAX / 4);
    asked.steps.push(Step::new(format!("SELECT {STANDING} WHERE m.id = ANY($1)")).bind(all.clone()));
    asked.steps.push(holders(commits, all));
    // Each change may have to end what has expired.
    asked.steps.push(
        Step::new("SELECT nextval('ledger_numbers') FROM generate_series(1, $1::bigint)")
            .bind((2 * number - 1) / BLOCK + 1),
    );
    let kept = ids(&|change| change.kind != EventKind::Add && change.content.is_some() && change.vector.is_some());
    if !kept.is_empty() {
        asked.vectors = true;
        asked.steps.push(
            Step::new(
                "SELECT v.seq, v.vector FROM ledger_memories m JOIN ledger_vectors v ON v.seq = m.vector_seq
                     AND v.identity_no = (SELECT identity_no FROM ledger_state)
                 WHERE m.id = ANY($1)",
            )
            .bind(kept),
        );
    }
    let undone =
        ids(&|change| change.kind == EventKind::Undo && state_after(change) == State::Live && change.vector.is_none());
    if !undone.is_empty() {
        asked.texts = true;
        asked.steps.push(
            Step::new(
                "SELECT m.mem_no, e.vector_seq, e.content FROM ledger_memories m
                 JOIN ledger_events e ON e.mem_no = m.mem_no AND e.content IS NOT NULL
                 WHERE m.id = ANY($1) ORDER BY m.mem_no, e.version DESC",
            )
            .bind(undone),
        );
    }
    asked
}

/// The live memories that have a key which a change brings, or which a memory
/// had before it ended and gets again when it is brought back.
fn holders(commits: &[Commit], all: Vec<Uuid>) -> Step {
    let (mut scopes, mut keys) = (Vec::new(), Vec::new());
    for commit in commits {
        for key in commit.changes.iter().filter_map(|change| change.dedup_key) {
            scopes.push(scope::key(&commit.scope));
            keys.push(key.to_vec());
        }
    }
    Step::new(format!(
        "SELECT {STANDING} WHERE m.mem_no IN (
             SELECT h.mem_no FROM unnest($1::bytea[], $2::bytea[]) u (scope, key)
             JOIN ledger_scopes s ON s.key = u.scope
             JOIN ledger_memories h ON h.scope_no = s.scope_no AND h.dedup_key = u.key AND h.state = 0
             UNION
             SELECT h.mem_no FROM ledger_memories b
             JOIN ledger_memories h ON h.scope_no = b.scope_no AND h.dedup_key = b.dedup_key AND h.state = 0
             WHERE b.id = ANY($3) AND b.state <> 0)"
    ))
    .bind(scopes)
    .bind(keys)
    .bind(all)
}

fn standing(row: &Row) -> mem0_core::Result<Standing> {
    Ok(Standing {
        mem_no: at(row, 1)?,
        scope_no: at(row, 2)?,
        version: at(row, 3)?,
        state: coded(row, 4)?,
        vector_seq: at(row, 5)?,
        dedup_key: opt_key(row, 6)?,
        expires_at: at(row, 7)?,
        created_at: at(row, 8)?,
        terms: at(row, 9)?,
        postings: at(row, 10)?,
        latest: content_from_json(at(row, 11)?)?,
        latest_version: at(row, 12)?,
        latest_at: time(row, 13)?,
    })
}

fn call(row: &Row) -> mem0_core::Result<Call> {
    let bad = |e| mem0_core::Error::corrupt("the outcomes of an idempotency key cannot be read").with_source(e);
    Ok(Call {
        digest: at(row, 2)?,
        txn: TxnId::from_uuid(at(row, 3)?),
        outcomes: serde_json::from_str(at(row, 4)?).map_err(bad)?,
    })
}
