//! Where memories stand in the order of their scopes, and what is around them.

use super::state::{Record, ScopeRecord, Tables};
use crate::traits::ledger::{Around, Place, View};
use crate::types::ids::MemoryId;
use crate::types::memory::Memory;

impl Tables {
    pub(super) fn place(&self, id: MemoryId) -> Option<Place> {
        let (scope, index) = self.standing(id)?;
        // The number of its first event, which no other scope ever has.
        let number = self.first_event(*scope.members.first()?)?;
        Some(Place { scope: number, nth: index as u64 + 1 })
    }

    pub(super) fn around(&self, of: &Around, view: &View) -> Vec<(i64, Memory)> {
        let Some((scope, index)) = self.standing(of.id) else { return Vec::new() };
        let first = index.saturating_sub(of.before);
        let last = index.saturating_add(of.after);
        let neighbours = scope.members.iter().enumerate().take(last.saturating_add(1)).skip(first);
        neighbours
            .filter(|(place, _)| *place != index)
            .filter_map(|(place, id)| {
                let offset = i64::try_from(place).ok()? - i64::try_from(index).ok()?;
                Some((offset, self.get(*id, view)?))
            })
            .collect()
    }

    /// The scope of a memory, and its index among the members.
    fn standing(&self, id: MemoryId) -> Option<(&ScopeRecord, usize)> {
        let record = self.memories.get(&id)?;
        let scope = self.scopes.get(&record.standing.scope)?;
        // They are in the order of their first events.
        let index = scope.members.binary_search_by_key(&record.events.first().copied(), |id| self.first_event(*id));
        Some((scope, index.ok()?))
    }

    fn first_event(&self, id: MemoryId) -> Option<u64> {
        self.memories.get(&id).and_then(|record: &Record| record.events.first().copied())
    }
}
