//! Pages of memories, in order.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use mem0_core::{Cursor, ListQuery, Memory, MemoryId, OrderBy, Page, Timestamp};
use rusqlite::Connection;

use super::top::Top;
use super::{Reader, ScopeRow};
use crate::ledger::sqlite::row::{Col, rows};
use crate::shared::sqlite::Attempt;

/// A place in ascending order: time, then id.
type Place = (i64, [u8; 16]);

/// A page of memories.
pub(in crate::ledger::sqlite) fn list(connection: &Connection, query: &ListQuery) -> Attempt<Page<Memory>> {
    let (mut reader, covered) = Reader::within(connection, &query.scope, &query.filter, &query.view)?;
    if query.limit == 0 {
        return Ok(Page { items: Vec::new(), next: None });
    }
    let order = Order { by: query.order, descending: query.descending };
    let after = query.after.map(|cursor| order.turn((cursor.at.as_micros(), *cursor.id.as_bytes())));
    // One more than asked for tells whether there is a next page.
    let wanted = query.limit.saturating_add(1);
    let mut items = if query.view.is_past() {
        past(&mut reader, &covered, order, after, wanted)?
    } else {
        current(&mut reader, &covered, order, after, wanted)?
    };
    let more = items.len() == wanted;
    items.truncate(query.limit);
    let last = items.last().filter(|_| more);
    let next = last.map(|memory| Cursor { at: order.time(memory), id: memory.id });
    Ok(Page { items, next })
}

/// The order of a list.
#[derive(Clone, Copy)]
struct Order {
    by: OrderBy,
    descending: bool,
}

impl Order {
    fn time(self, memory: &Memory) -> Timestamp {
        match self.by {
            OrderBy::UpdatedAt => memory.updated_at,
            _ => memory.created_at,
        }
    }

    /// A place such that ascending is the order of this list; its own inverse.
    fn turn(self, (at, id): Place) -> Place {
        if self.descending { (!at, id.map(|byte| !byte)) } else { (at, id) }
    }

    /// The places of a scope after one, in this order.
    const fn sql(self) -> &'static str {
        match (self.by, self.descending) {
            (OrderBy::UpdatedAt, false) => {
                "SELECT updated_at, id, mem_no FROM ledger_memories WHERE scope_no = ?1 AND state = 0
                 AND (updated_at, id) > (?2, ?3) ORDER BY updated_at, id LIMIT ?4"
            }
            (OrderBy::UpdatedAt, true) => {
                "SELECT updated_at, id, mem_no FROM ledger_memories WHERE scope_no = ?1 AND state = 0
                 AND (updated_at, id) < (?2, ?3) ORDER BY updated_at DESC, id DESC LIMIT ?4"
            }
            (_, false) => {
                "SELECT created_at, id, mem_no FROM ledger_memories WHERE scope_no = ?1 AND state = 0
                 AND (created_at, id) > (?2, ?3) ORDER BY created_at, id LIMIT ?4"
            }
            (_, true) => {
                "SELECT created_at, id, mem_no FROM ledger_memories WHERE scope_no = ?1 AND state = 0
                 AND (created_at, id) < (?2, ?3) ORDER BY created_at DESC, id DESC LIMIT ?4"
            }
        }
    }
}

/// The exact scopes are each in order in an index, and are merged: a page
/// costs what is on it, not what is in the scopes.
fn current(
    reader: &mut Reader<'_>,
    scopes: &[ScopeRow],
    order: Order,
    after: Option<Place>,
    wanted: usize,
) -> Attempt<Vec<Memory>> {
    let connection = reader.connection;
    let start = after.unwrap_or((i64::MIN, [0; 16]));
    let chunk = wanted.clamp(1, 256);
    let mut streams: Vec<Stream> =
        scopes.iter().map(|scope| Stream { scope_no: scope.no, last: start, ready: VecDeque::new() }).collect();
    let mut merge = BinaryHeap::new();
    for (i, stream) in streams.iter_mut().enumerate() {
        merge.extend(stream.next(connection, order, chunk)?.map(|(place, mem_no)| Reverse((place, i, mem_no))));
    }
    let mut items = Vec::new();
    while items.len() < wanted
        && let Some(Reverse((_, i, mem_no))) = merge.pop()
    {
        if let Some(version) = reader.admitted(mem_no)? {
            items.push(version.memory);
        }
        if let Some(stream) = streams.get_mut(i) {
            merge.extend(stream.next(connection, order, chunk)?.map(|(place, mem_no)| Reverse((place, i, mem_no))));
        }
    }
    Ok(items)
}

/// The live memories of one exact scope, read ahead in chunks.
struct Stream {
    scope_no: i64,
    last: Place,
    ready: VecDeque<(Place, i64)>,
}

impl Stream {
    fn next(&mut self, connection: &Connection, order: Order, chunk: usize) -> Attempt<Option<(Place, i64)>> {
        if self.ready.is_empty() {
            let (at, id) = order.turn(self.last);
            let mut statement = connection.prepare_cached(order.sql())?;
            let mut found = statement.query((self.scope_no, at, id, rows(chunk)))?;
            while let Some(row) = found.next()? {
                let id = row.get::<_, Col<MemoryId>>(1)?.0;
                self.ready.push_back((order.turn((row.get(0)?, *id.as_bytes())), row.get(2)?));
            }
        }
        let next = self.ready.pop_front();
        if let Some((place, _)) = next {
            self.last = place;
        }
        Ok(next)
    }
}

/// No index knows what was visible then, so every memory is looked at.
fn past(
    reader: &mut Reader<'_>,
    scopes: &[ScopeRow],
    order: Order,
    after: Option<Place>,
    wanted: usize,
) -> Attempt<Vec<Memory>> {
    let mut top = Top::new(wanted);
    reader.each(scopes, |reader, mem_no| {
        let Some(version) = reader.visible(mem_no)? else { return Ok(()) };
        let memory = version.memory;
        let place = order.turn((order.time(&memory).as_micros(), *memory.id.as_bytes()));
        if after.is_none_or(|after| place > after) && top.wants(&place) && reader.admits(&memory) {
            top.push(place, memory);
        }
        Ok(())
    })?;
    Ok(top.into_sorted().map(|(_, memory)| memory).collect())
}
