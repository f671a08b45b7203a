//! From the file into a partition: everything, or what has changed since.

use std::collections::HashMap;
use std::sync::Arc;

use mem0_core::{Error, MemoryId};
use rusqlite::Connection;
use serde_json::Value;

use super::columns::{Column, project};
use super::partition::{Partition, Row, Seen};
use super::schema;
use super::scopes::ScopeRow;
use crate::shared::sqlite::Attempt;

/// With more changes than this the rows are looked up through a map.
const FEW: i64 = 256;

/// Brings a partition to the state of its scope.
pub(super) fn catch_up(connection: &Connection, partition: &mut Partition, scope: &ScopeRow) -> Attempt<()> {
    let now = Seen { changes: scope.changes, epoch: scope.epoch };
    let before = partition.seen.take();
    match before {
        Some(seen) if seen == now => {}
        Some(seen) if seen.epoch == now.epoch && now.changes - seen.changes <= partition.rows().len() as i64 => {
            apply_changes(connection, partition, seen, now, scope.points)?;
        }
        _ => {
            partition.reset(usize::try_from(scope.points).unwrap_or(0));
            read_block(connection, partition, 0, usize::MAX)?;
        }
    }
    partition.seen = Some(now);
    Ok(())
}

/// Adds up to `limit` rows whose numbers are greater than `after`, and returns
/// the last number if there may be more.
pub(super) fn read_block(
    connection: &Connection,
    partition: &mut Partition,
    after: i64,
    limit: usize,
) -> Attempt<Option<i64>> {
    let mut statement = connection.prepare_cached(
        "SELECT no, id, version, code FROM vec_points
         WHERE no BETWEEN ?1 AND ?2 AND code IS NOT NULL ORDER BY no LIMIT ?3",
    )?;
    let (first, last) = schema::row_range(partition.scope(), after);
    let mut rows = statement.query([first, last, i64::try_from(limit).unwrap_or(i64::MAX)])?;
    let (mut count, mut at) = (0, after);
    while let Some(row) = rows.next()? {
        let entry = read_row(row)?;
        let code = row.get_ref(3)?.as_blob().map_err(|_| damaged())?;
        partition.push(entry, code).ok_or_else(damaged)?;
        (count, at) = (count + 1, i64::from(entry.local));
    }
    Ok((count == limit).then_some(at))
}

fn apply_changes(
    connection: &Connection,
    partition: &mut Partition,
    seen: Seen,
    now: Seen,
    points: i64,
) -> Attempt<()> {
    let mut statement = connection
        .prepare_cached("SELECT no, id, version, code FROM vec_points WHERE no BETWEEN ?1 AND ?2 ORDER BY no")?;
    let (first, last) = schema::row_range(partition.scope(), seen.changes);
    let names = partition.column_names();
    let changes = now.changes - seen.changes;
    let mut finder = Finder::new(partition, changes, points);
    let mut rows = statement.query([first, last])?;
    while let Some(row) = rows.next()? {
        let entry = read_row(row)?;
        let slot = finder.find(partition, entry.id);
        let code = row.get_ref(3)?.as_blob_or_null().map_err(|_| damaged())?;
        match (slot, code) {
            (None, None) => continue,
            (Some(slot), None) => {
                partition.remove(slot);
                finder.removed(partition, entry.id, slot);
                continue;
            }
            (Some(slot), Some(code)) => partition.replace(slot, entry, code).ok_or_else(damaged)?,
            (None, Some(code)) => {
                partition.push(entry, code).ok_or_else(damaged)?;
                finder.added(entry.id, partition.rows().len() - 1);
            }
        }
        if !names.is_empty() {
            let values = read_fields(connection, row.get(0)?, &names)?;
            for (column, value) in partition.columns_mut().zip(values) {
                match slot {
                    Some(slot) => column.set(slot, value),
                    None => column.push(value),
                }
            }
        }
    }
    partition.drop_worn_columns();
    Ok(())
}

/// Reads the columns of these fields that the partition does not have yet.
pub(super) fn add_columns(connection: &Connection, partition: &mut Partition, names: &[Arc<str>]) -> Attempt<()> {
    let missing = partition.lacks(names);
    if missing.is_empty() {
        return Ok(());
    }
    let mut order: Vec<(u32, usize)> =
        partition.rows().iter().enumerate().map(|(slot, row)| (row.local, slot)).collect();
    order.sort_unstable();
    let (Some((first, _)), Some((last, _))) = (order.first(), order.last()) else {
        partition.add_columns(missing.into_iter().map(|name| (name, Column::default())));
        return Ok(());
    };
    let range = [first, last].map(|local| schema::row_no(partition.scope(), *local));
    let mut columns: Vec<Column> = missing.iter().map(|_| Column::missing(order.len())).collect();
    let mut statement =
        connection.prepare_cached("SELECT no, payload FROM vec_data WHERE no BETWEEN ?1 AND ?2 ORDER BY no")?;
    let mut rows = statement.query(range)?;
    for (local, slot) in &order {
        // The file holds exactly the rows of the partition, in this order.
        let Some(row) = rows.next()?.filter(|row| row.get(0).is_ok_and(|no: i64| schema::local(no) == *local)) else {
            return Err(damaged().into());
        };
        let payload = row.get_ref(1)?.as_str().map_err(|_| damaged())?;
        let values = project(payload, &missing).map_err(|e| damaged().with_source(e))?;
        for (column, value) in columns.iter_mut().zip(values) {
            column.set(*slot, value);
        }
    }
    partition.make_room(missing.len(), names);
    partition.add_columns(missing.into_iter().zip(columns));
    Ok(())
}

fn read_fields(connection: &Connection, no: i64, names: &[Arc<str>]) -> Attempt<Vec<Option<Value>>> {
    let mut statement = connection.prepare_cached("SELECT payload FROM vec_data WHERE no = ?1")?;
    let mut rows = statement.query([no])?;
    let row = rows.next()?.ok_or_else(damaged)?;
    let payload = row.get_ref(0)?.as_str().map_err(|_| damaged())?;
    Ok(project(payload, names).map_err(|e| damaged().with_source(e))?)
}

fn read_row(row: &rusqlite::Row<'_>) -> Attempt<Row> {
    let version: i64 = row.get(2)?;
    Ok(Row { id: schema::read_id(row, 1)?, version: version.cast_unsigned(), local: schema::local(row.get(0)?) })
}

pub(super) fn damaged() -> Error {
    Error::corrupt("a row of the vector store is damaged; fill the collection again from the ledger")
}

/// Where the row of an id is.
enum Finder {
    /// No row has changed: all that was written since is new.
    New,
    /// Looked for from the end, since new rows change most.
    Walk,
    Map(HashMap<MemoryId, usize>),
}

impl Finder {
    /// `points` is how many rows there are after the changes.
    fn new(partition: &Partition, changes: i64, points: i64) -> Self {
        if points == partition.rows().len() as i64 + changes {
            return Self::New;
        }
        if changes <= FEW {
            return Self::Walk;
        }
        Self::Map(partition.rows().iter().enumerate().map(|(slot, row)| (row.id, slot)).collect())
    }

    fn find(&self, partition: &Partition, id: MemoryId) -> Option<usize> {
        match self {
            Self::New => None,
            Self::Walk => partition.rows().iter().rposition(|row| row.id == id),
            Self::Map(slots) => slots.get(&id).copied(),
        }
    }

    fn added(&mut self, id: MemoryId, slot: usize) {
        if let Self::Map(slots) = self {
            slots.insert(id, slot);
        }
    }

    /// The row of `id` went, and the last one took its place at `slot`.
    fn removed(&mut self, partition: &Partition, id: MemoryId, slot: usize) {
        if let Self::Map(slots) = self {
            slots.remove(&id);
            if let Some(moved) = partition.rows().get(slot) {
                slots.insert(moved.id, slot);
            }
        }
    }
}
