//! How often memories were recalled.

use std::collections::BTreeSet;

use super::state::Tables;
use crate::traits::ledger::Use;
use crate::types::ids::MemoryId;
use crate::types::time::Timestamp;

impl Tables {
    pub(super) fn note_uses(&mut self, ids: &[MemoryId], at: Timestamp) {
        for id in ids.iter().collect::<BTreeSet<_>>() {
            if self.memories.contains_key(id) {
                let used = self.uses.entry(*id).or_insert(Use { count: 0, last: at });
                *used = Use { count: used.count + 1, last: used.last.max(at) };
            }
        }
    }
}
