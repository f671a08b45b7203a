//! Events as they were committed, to look at and to replay.

use mem0_core::{Change, Content, LoggedChange, MemoryId, Result, Scope, TxnId};
use tokio_postgres::Row;

use crate::ledger::common::codec::{content_from_json, count, int, rows, sources_from_json, vector_from_bytes};
use crate::ledger::postgres::row::{SCOPE, at, coded, counted, id, opt_key, opt_text, opt_time, scope, time};
use crate::ledger::postgres::scope::{next, one, over};
use crate::ledger::postgres::session::{Attempt, Session};
use crate::ledger::postgres::write::gate;
use crate::shared::postgres::{Client, Step};

/// Events `e` with their memories, scopes, and vectors of the current model.
fn logged(rest: &str) -> String {
    format!(
        "SELECT e.seq, e.txn, e.at, m.id, e.kind, e.version, e.content, v.vector, e.given_ended_at, e.reason,
             e.given_dedup_key, e.given_created_at, e.sources, {SCOPE}
         FROM ledger_events e JOIN ledger_memories m ON m.mem_no = e.mem_no
         JOIN ledger_scopes s ON s.scope_no = e.scope_no
         LEFT JOIN ledger_vectors v ON v.seq = e.vector_seq AND v.identity_no = (SELECT identity_no FROM ledger_state)
         {rest}"
    )
}

/// Every event of a memory, oldest first.
pub(in crate::ledger::postgres) async fn history(client: &Client, id: MemoryId) -> Result<Vec<LoggedChange>> {
    read_all(&one(client, Step::new(logged("WHERE m.id = $1 ORDER BY e.version")).bind(id.as_uuid())).await?)
}

/// Every event of a commit, in order.
pub(in crate::ledger::postgres) async fn transaction(client: &Client, txn: TxnId) -> Result<Vec<LoggedChange>> {
    let txn = uuid::Uuid::from_bytes(*txn.as_bytes());
    read_all(&one(client, Step::new(logged("WHERE e.txn = $1 ORDER BY e.seq")).bind(txn)).await?)
}

/// Waits until nothing is under way, so that no event can come whose number is
/// lower than one that was read.
async fn settled(session: &mut Session, lock: i64, steps: &[Step]) -> Attempt<Vec<Vec<Row>>> {
    let begin = gate(lock, true);
    let answers = session.begin(&begin, steps).await?;
    session.finish(Vec::new()).await?;
    Ok(answers)
}

/// A page of events after number `after`.
pub(in crate::ledger::postgres) async fn log(
    session: &mut Session,
    lock: i64,
    scope: Option<&Scope>,
    after: u64,
    limit: usize,
) -> Attempt<Vec<LoggedChange>> {
    let step = match scope {
        None => Step::new(logged("WHERE e.seq > $1 ORDER BY e.seq LIMIT $2")),
        Some(scope) => {
            // Of each exact scope no more events are needed than are asked for.
            let sql = logged(
                "JOIN (SELECT n.seq FROM s CROSS JOIN LATERAL (
                           SELECT n.seq FROM ledger_events n WHERE n.scope_no = s.scope_no AND n.seq > $6
                           ORDER BY n.seq LIMIT $7) n
                       ORDER BY n.seq LIMIT $7) n ON n.seq = e.seq
                 ORDER BY e.seq",
            );
            over(scope, &sql)
        }
    };
    let answers = settled(session, lock, &[step.bind(int(after)?).bind(rows(limit))]).await?;
    Ok(read_all(&next(&mut answers.into_iter())?)?)
}

/// The number of the newest event.
pub(in crate::ledger::postgres) async fn last_seq(session: &mut Session, lock: i64) -> Attempt<u64> {
    let newest = Step::new(
        "SELECT coalesce(greatest((SELECT max(seq) FROM ledger_events), (SELECT max(seq) FROM ledger_outbox)), 0)",
    );
    let answers = settled(session, lock, &[newest]).await?;
    Ok(next(&mut answers.into_iter())?.first().map_or(Ok(0), |row| counted(row, 0))?)
}

fn read_all(found: &[Row]) -> Result<Vec<LoggedChange>> {
    found.iter().map(read).collect()
}

fn read(row: &Row) -> Result<LoggedChange> {
    let content: Option<Content> = at::<Option<&str>>(row, 6)?.map(content_from_json).transpose()?;
    let vector = match at::<Option<&[u8]>>(row, 7)? {
        Some(bytes) if content.is_some() => {
            let mut vector = Vec::new();
            vector_from_bytes(bytes, &mut vector)?;
            Some(vector)
        }
        _ => None,
    };
    Ok(LoggedChange {
        seq: counted(row, 0)?,
        scope: scope(row, 13)?,
        txn: TxnId::from_uuid(at(row, 1)?),
        at: time(row, 2)?,
        change: Change {
            id: id(row, 3)?,
            kind: coded(row, 4)?,
            base_version: count(at::<i64>(row, 5)? - 1)?,
            content,
            vector,
            terms: Vec::new(),
            ended_at: opt_time(row, 8)?,
            reason: opt_text(row, 9)?,
            sources: sources_from_json(at(row, 12)?)?,
            dedup_key: opt_key(row, 10)?,
            created_at: opt_time(row, 11)?,
        },
    })
}
