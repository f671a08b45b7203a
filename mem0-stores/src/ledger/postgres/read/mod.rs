//! Reads: each sees one moment, and takes one round trip or few.

mod keyword;
mod list;
mod log;
mod names;
mod nearest;
mod place;

use futures::{Stream, TryStreamExt as _};
use mem0_core::filter::CompiledFilter;
use mem0_core::{Error, Filter, Head, Memory, MemoryId, Result, Scope, View};
use std::collections::HashMap;
use std::pin::pin;
use tokio_postgres::Row;
use uuid::Uuid;

use super::row::{SCOPE, Version, at, coded, counted, id, scope, time, version, version_columns};
use super::scope::{one, over};
use crate::ledger::common::codec::{count, vector_from_bytes};
use crate::shared::postgres::{Client, Step, refusal};

pub(super) use keyword::keyword;
pub(super) use list::list;
pub(super) use log::{history, last_seq, log, transaction};
pub(super) use names::{entities, mentioned, speakers};
pub(super) use nearest::nearest;
pub(super) use place::{around, places};

/// Reads of several statements that see one moment.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// What a read lets through.
struct Wanted {
    view: View,
    filter: Option<CompiledFilter>,
}

impl Wanted {
    fn new(filter: &Filter, view: &View) -> Self {
        Self { view: *view, filter: (!filter.is_all()).then(|| filter.compile()) }
    }

    /// Whether the view sees a version.
    fn sees(&self, version: &Version) -> bool {
        self.view.sees(&version.memory, version.state)
    }

    /// Whether the filter lets a memory through.
    fn admits(&self, memory: &Memory) -> bool {
        self.filter.as_ref().is_none_or(|filter| filter.matches(&memory.fields()))
    }
}

/// The rows of a statement, as they come.
async fn stream(client: &Client, step: &Step) -> Result<impl Stream<Item = Result<Row>> + use<>> {
    let statement = client.prepare_cached(step.sql()).await.map_err(|e| refusal(&e))?;
    let rows = client.query_raw(&statement, step.values()).await.map_err(|e| refusal(&e))?;
    Ok(rows.map_err(|e| refusal(&e)))
}

/// Every version that the view sees of what the scope covers, one of each
/// memory, with what else the row holds.
async fn each(
    client: &Client,
    scope: &Scope,
    wanted: &Wanted,
    more: &str,
    join: &str,
    bind: impl FnOnce(Step) -> Step,
    mut f: impl FnMut(Version, &Row) -> Result<()>,
) -> Result<()> {
    let columns = version_columns();
    let sql = if wanted.view.is_past() {
        // The latest of those that fit is the one to see.
        format!(
            "SELECT {columns}{more} FROM s JOIN ledger_memories m ON m.scope_no = s.scope_no
             JOIN ledger_events e ON e.mem_no = m.mem_no AND e.content IS NOT NULL {join}
             ORDER BY m.mem_no, e.version DESC"
        )
    } else {
        format!(
            "SELECT {columns}{more} FROM s JOIN ledger_memories m ON m.scope_no = s.scope_no AND m.state = 0
             JOIN ledger_events e ON e.mem_no = m.mem_no AND e.version = m.version {join}"
        )
    };
    let step = bind(over(scope, &sql));
    let mut rows = pin!(stream(client, &step).await?);
    let mut seen = None;
    while let Some(row) = rows.try_next().await? {
        if seen.is_some() && seen == Some(at::<i64>(&row, 8)?) {
            continue;
        }
        let version = version(&row)?;
        if wanted.sees(&version) {
            seen = Some(version.mem_no);
            f(version, &row)?;
        }
    }
    Ok(())
}

fn uuids(ids: &[MemoryId]) -> Vec<Uuid> {
    ids.iter().map(|id| id.as_uuid()).collect()
}

/// What was found for each id, in the order of the ids.
fn in_order<T: Clone>(ids: &[MemoryId], found: &HashMap<MemoryId, T>) -> Vec<Option<T>> {
    ids.iter().map(|id| found.get(id).cloned()).collect()
}

/// These memories as the view sees them.
pub(super) async fn get(client: &Client, ids: &[MemoryId], view: &View) -> Result<Vec<Option<Memory>>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let columns = version_columns();
    let which = if view.is_past() {
        "e.content IS NOT NULL WHERE m.id = ANY($1) ORDER BY m.mem_no, e.version DESC"
    } else {
        "e.version = m.version WHERE m.id = ANY($1) AND m.state = 0"
    };
    let sql = format!(
        "SELECT {columns} FROM ledger_memories m JOIN ledger_scopes s ON s.scope_no = m.scope_no
         JOIN ledger_events e ON e.mem_no = m.mem_no AND {which}"
    );
    let mut found = HashMap::with_capacity(ids.len());
    for row in one(client, Step::new(sql).bind(uuids(ids))).await? {
        let Version { memory, state, .. } = version(&row)?;
        if view.sees(&memory, state) {
            found.entry(memory.id).or_insert(memory);
        }
    }
    Ok(in_order(ids, &found))
}

/// Where these memories stand.
pub(super) async fn heads(client: &Client, ids: &[MemoryId]) -> Result<Vec<Option<Head>>> {
    let sql = format!(
        "SELECT m.id, m.version, m.state, m.created_at, {SCOPE} FROM ledger_memories m
         JOIN ledger_scopes s ON s.scope_no = m.scope_no WHERE m.id = ANY($1)"
    );
    let mut found = HashMap::with_capacity(ids.len());
    for row in one(client, Step::new(sql).bind(uuids(ids))).await? {
        let head = Head {
            id: id(&row, 0)?,
            scope: scope(&row, 4)?,
            version: counted(&row, 1)?,
            state: coded(&row, 2)?,
            created_at: time(&row, 3)?,
        };
        found.insert(head.id, head);
    }
    Ok(in_order(ids, &found))
}

/// How many memories there are.
pub(super) async fn count_all(client: &Client, scope: &Scope, filter: &Filter, view: &View) -> Result<u64> {
    let wanted = Wanted::new(filter, view);
    if wanted.filter.is_some() || view.is_past() {
        let mut total = 0;
        let add = |version: Version, _: &Row| {
            total += u64::from(wanted.admits(&version.memory));
            Ok(())
        };
        each(client, scope, &wanted, "", "", |step| step, add).await?;
        return Ok(total);
    }
    let expired = over(
        scope,
        "SELECT coalesce(sum(s.live), 0)::bigint, CASE WHEN $7 THEN 0 ELSE (SELECT count(*) FROM s JOIN ledger_memories m
             ON m.scope_no = s.scope_no AND m.state = 0 AND m.expires_at IS NOT NULL AND m.expires_at <= $6) END
         FROM s",
    );
    let found = one(client, expired.bind(view.now.as_micros()).bind(view.include_expired)).await?;
    let row = found.first().ok_or_else(|| Error::internal("a sum without a row"))?;
    count(at::<i64>(row, 0)? - at::<i64>(row, 1)?)
}

/// The vectors of the current model for the latest versions of live memories.
pub(super) async fn vectors(client: &Client, ids: &[MemoryId]) -> Result<Vec<Option<Vec<f32>>>> {
    let step = Step::new(
        "SELECT m.id, v.vector FROM ledger_memories m JOIN ledger_vectors v ON v.seq = m.vector_seq
             AND v.identity_no = (SELECT identity_no FROM ledger_state)
         WHERE m.id = ANY($1) AND m.state = 0",
    );
    let mut found = HashMap::with_capacity(ids.len());
    for row in one(client, step.bind(uuids(ids))).await? {
        let mut vector = Vec::new();
        vector_from_bytes(at(&row, 1)?, &mut vector)?;
        found.insert(id(&row, 0)?, vector);
    }
    Ok(in_order(ids, &found))
}
