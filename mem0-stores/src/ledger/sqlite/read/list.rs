//! Pages of memories, in order.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use mem0_core::{ListQuery, Memory, MemoryId, OrderBy, Page};
use rusqlite::Connection;

use super::{Reader, ScopeRow};
use crate::ledger::common::order::{Order, Place, START};
use crate::ledger::common::top::Top;
use crate::ledger::sqlite::row::{Col, rows};
use crate::shared::sqlite::Attempt;

/// A page of memories.
pub(in crate::ledger::sqlite) fn list(connection: &Connection, query: &ListQuery) -> Attempt<Page<Memory>> {
    let (mut reader, covered) = Reader::within(connection, &query.scope, &query.filter, &query.view)?;
    if query.limit == 0 {
        return Ok(Page { items: Vec::new(), next: None });
    }
    let order = Order::of(query);
    let after = order.after(query);
    // One more than asked for tells whether there is a next page.
    let wanted = query.limit.saturating_add(1);
    let items = if query.view.is_past() {
        past(&mut reader, &covered, order, after, wanted)?
    } else {
        current(&mut reader, &covered, order, after, wanted)?
    };
    Ok(order.page(items, query.limit))
}

/// The places of a scope after one, in this order.
const fn places(order: Order) -> &'static str {
    match (order.by, order.descending) {
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
    let start = after.unwrap_or(START);
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
            let mut statement = connection.prepare_cached(places(order))?;
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
        let place = order.place(&memory);
        if after.is_none_or(|after| place > after) && top.wants(&place) && reader.admits(&memory) {
            top.push(place, memory);
        }
        Ok(())
    })?;
    Ok(top.into_sorted().map(|(_, memory)| memory).collect())
}
