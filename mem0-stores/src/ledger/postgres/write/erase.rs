//! Erasing: nothing of a scope stays in any table.

use std::collections::BTreeSet;
use std::time::Duration;

use mem0_core::{Erased, Error, Result, Scope};
use tokio_postgres::Row;

use super::gate;
use crate::ledger::postgres::config::AfterErase;
use crate::ledger::postgres::row::{SCOPE, at, counted, scope};
use crate::ledger::postgres::scope::{next, over};
use crate::ledger::postgres::session::{Attempt, Session};
use crate::shared::postgres::{Step, refusal};

/// Every table that has something of a scope in it.
const TABLES: &str = "ledger_uses, ledger_outbox, ledger_postings, ledger_mentions, ledger_vectors, ledger_events, ledger_memories, \
                      ledger_messages, ledger_idempotency, ledger_jobs, ledger_spending, ledger_scopes";

/// The vector store has the live memories, and those that are pending anyhow.
/// Their deletion is newer than anything that is under way. `$2` has the scopes
/// as JSON.
const QUEUE: &str = "INSERT INTO ledger_outbox (seq, id, scope, version)
     SELECT nextval('ledger_numbers') * 1024, m.id, m.json, m.version + 1
     FROM (SELECT m.mem_no, m.id, m.version, u.json FROM unnest($1::bigint[], $2::text[]) AS u (scope_no, json)
         JOIN ledger_memories m ON m.scope_no = u.scope_no
         WHERE m.state = 0 OR EXISTS (SELECT 1 FROM ledger_outbox o WHERE o.id = m.id)
         ORDER BY m.mem_no) m
     ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, scope_no = NULL, scope = excluded.scope,
         version = excluded.version, attempts = 0, not_before = NULL";

/// What goes with the scopes `$1`, in this order, and is counted.
const DELETIONS: [&str; 7] = [
    "DELETE FROM ledger_postings p USING ledger_scopes s
         WHERE s.scope_no = ANY($1) AND p.owner_no = s.owner_no AND p.scope_no = s.scope_no RETURNING 1",
    "DELETE FROM ledger_vectors v USING ledger_events e
         WHERE e.scope_no = ANY($1) AND v.seq = e.seq RETURNING 1",
    "DELETE FROM ledger_events WHERE scope_no = ANY($1) RETURNING 1",
    "DELETE FROM ledger_memories WHERE scope_no = ANY($1) RETURNING 1",
    "DELETE FROM ledger_messages WHERE scope_no = ANY($1) RETURNING 1",
    "DELETE FROM ledger_idempotency WHERE scope_no = ANY($1) RETURNING 1",
    "DELETE FROM ledger_jobs WHERE scope_no = ANY($1) RETURNING 1",
];

/// The exact scopes, locked.
struct Covered {
    numbers: Vec<i64>,
    json: Vec<String>,
}

fn covered(found: &[Row]) -> Result<Covered> {
    let json = |row: &Row| {
        serde_json::to_string(&scope(row, 1)?).map_err(|e| Error::internal("a scope is not JSON").with_source(e))
    };
    Ok(Covered {
        numbers: found.iter().map(|row| at(row, 0)).collect::<Result<_>>()?,
        json: found.iter().map(json).collect::<Result<_>>()?,
    })
}

/// Removes what the scope covers.
pub(in crate::ledger::postgres) async fn erase(session: &mut Session, lock: i64, scope: &Scope) -> Attempt<Erased> {
    // The lock waits for whoever is about to change a scope.
    let lock_all = over(
        scope,
        &format!(
            "SELECT s.scope_no, {SCOPE} FROM ledger_scopes s WHERE s.scope_no IN (SELECT scope_no FROM s)
             ORDER BY s.key FOR UPDATE"
        ),
    );
    // However much there is, it goes.
    let begin = format!("{}; SET LOCAL statement_timeout = 0", gate(lock, false));
    let found = next(&mut session.begin(&begin, &[lock_all]).await?.into_iter())?;
    let Covered { numbers, json } = covered(&found)?;
    let mut steps = vec![Step::new(QUEUE).bind(numbers.clone()).bind(json)];
    let counting = |sql: &str| format!("WITH gone AS ({sql}) SELECT count(*) FROM gone");
    steps.extend(DELETIONS.map(|sql| Step::new(counting(sql)).bind(numbers.clone())));
    for table in ["ledger_spending", "ledger_mentions"] {
        let sql = format!("DELETE FROM {table} WHERE scope_no = ANY($1) RETURNING 1");
        steps.push(Step::new(counting(&sql)).bind(numbers.clone()));
    }
    steps.push(Step::new("DELETE FROM ledger_scopes WHERE scope_no = ANY($1)").bind(numbers));
    let answers = session.finish(steps).await?;
    let mut counts = answers.iter().skip(1).filter_map(|rows| rows.first()).map(|row| counted(row, 0));
    let mut count = || counts.next().unwrap_or(Ok(0));
    Ok(Erased {
        postings: count()?,
        vectors: count()?,
        events: count()?,
        memories: count()?,
        messages: count()?,
        idempotency_keys: count()?,
        jobs: count()?,
        spending: count()?,
        mentions: count()?,
    })
}

/// Removes everything, the files of the tables included.
pub(in crate::ledger::postgres) async fn reset(session: &mut Session, lock: i64) -> Attempt<Erased> {
    let begin = format!("{}; SET LOCAL statement_timeout = 0; LOCK TABLE {TABLES}", gate(lock, true));
    let counts = Step::new(
        "SELECT (SELECT count(*) FROM ledger_postings), (SELECT count(*) FROM ledger_vectors),
             (SELECT count(*) FROM ledger_events), (SELECT count(*) FROM ledger_memories),
             (SELECT count(*) FROM ledger_messages), (SELECT count(*) FROM ledger_idempotency),
             (SELECT count(*) FROM ledger_jobs), (SELECT count(*) FROM ledger_spending),
             (SELECT count(*) FROM ledger_mentions)",
    );
    let scopes = Step::new(format!("SELECT s.scope_no, {SCOPE} FROM ledger_scopes s"));
    let mut answers = session.begin(&begin, &[counts, scopes]).await?.into_iter();
    let counts = next(&mut answers)?;
    let Covered { numbers, json } = covered(&next(&mut answers)?)?;
    let count = |column| counts.first().map_or(Ok(0), |row| counted(row, column));
    let erased = Erased {
        postings: count(0)?,
        vectors: count(1)?,
        events: count(2)?,
        memories: count(3)?,
        messages: count(4)?,
        idempotency_keys: count(5)?,
        jobs: count(6)?,
        spending: count(7)?,
        mentions: count(8)?,
    };
    let client = session.client()?;
    let queue = client.prepare_cached(QUEUE).await?;
    client.query(&queue, &[&numbers, &json]).await?;
    // What waits for the vector store stays, and has no scope any more.
    client
        .batch_execute(&format!(
            "CREATE TEMPORARY TABLE kept ON COMMIT DROP AS SELECT seq, id, scope, version FROM ledger_outbox;
             TRUNCATE {TABLES};
             INSERT INTO ledger_outbox (seq, id, scope, version) SELECT seq, id, scope, version FROM kept;
             COMMIT"
        ))
        .await?;
    session.done();
    Ok(erased)
}

/// The transactions of others in this database. Of those whose state may be
/// seen, only such that hold on to old rows.
const OTHERS: &str = "SELECT l.virtualtransaction FROM pg_locks l JOIN pg_stat_activity a USING (pid)
     WHERE l.locktype = 'virtualxid' AND l.granted AND a.datname = current_database() AND a.pid <> pg_backend_pid()
         AND (a.state IS NULL OR a.backend_xmin IS NOT NULL OR a.backend_xid IS NOT NULL)";

/// How long to wait between two looks at [`OTHERS`].
const PAUSE: Duration = Duration::from_millis(20);

/// Does what was asked for with what deleted rows left behind, outside of any
/// transaction. Waits for older transactions at most `patience`.
pub(in crate::ledger::postgres) async fn clean(session: &Session, after: AfterErase, patience: Duration) -> Result<()> {
    let how = match after {
        AfterErase::Nothing => return Ok(()),
        AfterErase::Vacuum => "",
        AfterErase::Rewrite => "(FULL)",
    };
    match tokio::time::timeout(patience, older_have_ended(session)).await {
        Ok(ended) => ended?,
        Err(_) => {
            tracing::warn!("transactions older than an erasure are under way; what they may see stays on the disk");
        }
    }
    // It takes as long as it takes. The session is not handed back: its time
    // limit is another one now.
    for statement in ["SET statement_timeout = 0", &format!("VACUUM {how} {TABLES}")] {
        session.client()?.batch_execute(statement).await.map_err(|e| refusal(&e))?;
    }
    Ok(())
}

/// Waits for all who may still see what was deleted: vacuum leaves them their
/// rows. Who begins now sees as far back as the oldest that writes, so those
/// that were there before, and then those that began beside them.
async fn older_have_ended(session: &Session) -> Result<()> {
    for _ in 0..2 {
        let mut older = others(session).await?;
        while !older.is_empty() {
            tokio::time::sleep(PAUSE).await;
            let under_way = others(session).await?;
            older.retain(|transaction| under_way.contains(transaction));
        }
    }
    Ok(())
}

async fn others(session: &Session) -> Result<BTreeSet<String>> {
    let rows = session.client()?.query(OTHERS, &[]).await.map_err(|e| refusal(&e))?;
    rows.iter().map(|row| at(row, 0)).collect()
}
