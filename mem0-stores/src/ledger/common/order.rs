//! The order of lists.

use mem0_core::{Cursor, ListQuery, Memory, OrderBy, Page, Timestamp};

/// A place in ascending order: time, then id.
pub(in crate::ledger) type Place = (i64, [u8; 16]);

/// The place before every other.
pub(in crate::ledger) const START: Place = (i64::MIN, [0; 16]);

/// The order of a list.
#[derive(Clone, Copy)]
pub(in crate::ledger) struct Order {
    pub(in crate::ledger) by: OrderBy,
    pub(in crate::ledger) descending: bool,
}

impl Order {
    pub(in crate::ledger) const fn of(query: &ListQuery) -> Self {
        Self { by: query.order, descending: query.descending }
    }

    fn time(self, memory: &Memory) -> Timestamp {
        match self.by {
            OrderBy::UpdatedAt => memory.updated_at,
            _ => memory.created_at,
        }
    }

    /// Where a memory stands in this order.
    pub(in crate::ledger) fn place(self, memory: &Memory) -> Place {
        self.turn((self.time(memory).as_micros(), *memory.id.as_bytes()))
    }

    /// The place that a list goes on after, in this order.
    pub(in crate::ledger) fn after(self, query: &ListQuery) -> Option<Place> {
        query.after.map(|cursor| self.turn((cursor.at.as_micros(), *cursor.id.as_bytes())))
    }

    /// A place such that ascending is the order of this list; its own inverse.
    pub(in crate::ledger) fn turn(self, (at, id): Place) -> Place {
        if self.descending { (!at, id.map(|byte| !byte)) } else { (at, id) }
    }

    /// The page of what was read, of which one more was wanted than asked for.
    pub(in crate::ledger) fn page(self, mut items: Vec<Memory>, limit: usize) -> Page<Memory> {
        let more = items.len() > limit;
        items.truncate(limit);
        let last = items.last().filter(|_| more);
        let next = last.map(|memory: &Memory| Cursor { at: self.time(memory), id: memory.id });
        Page { items, next }
    }
}
