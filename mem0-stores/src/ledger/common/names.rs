//! Ranking by names.

use mem0_core::text::{NameRow, Names, name_key};
use mem0_core::{Memory, MemoryId, MentionHits, MentionKind, MentionQuery};

use super::codec::Coded;
use super::top::{Score, Top};

impl Coded for MentionKind {
    const CODES: &'static [(Self, i16)] =
        &[(Self::Name, 0), (Self::Speaker, 1), (Self::Quote, 2), (Self::Quantity, 3), (Self::Tag, 4)];
}

/// The names that are asked for, as they are compared.
pub(in crate::ledger) fn asked(query: &MentionQuery) -> Vec<String> {
    let mut asked: Vec<String> = query.names.iter().map(|name| name_key(name)).filter(|key| !key.is_empty()).collect();
    asked.sort_unstable();
    asked.dedup();
    asked
}

/// The ranking of memories of the past, which no index knows: they are read.
/// Exact, and slower.
#[derive(Default)]
pub(in crate::ledger) struct PastNames {
    seen: Vec<Seen>,
}

struct Seen {
    id: MemoryId,
    version: u64,
    admitted: bool,
    rows: Vec<NameRow>,
}

impl PastNames {
    /// Takes a version that is seen.
    pub(in crate::ledger) fn read(&mut self, memory: &Memory, admits: impl FnOnce(&Memory) -> bool) {
        let rows = NameRow::of(&memory.content);
        let admitted = !rows.is_empty() && admits(memory);
        self.seen.push(Seen { id: memory.id, version: memory.version, admitted, rows });
    }

    /// The best of what was read.
    pub(in crate::ledger) fn rank(self, query: &MentionQuery) -> MentionHits {
        let asked = asked(query);
        let mut names: Names<MemoryId> = Names::default();
        let mut words = Names::<MemoryId>::words(&asked);
        for _ in 0..2 {
            for one in &self.seen {
                for row in one.rows.iter().filter(|row| words.contains(&row.word)) {
                    names.mention(&row.word, &row.longer, one.id);
                }
            }
            words = names.more_words(&asked);
        }
        let weighed = names.weigh(&asked, self.seen.len() as u64);
        let mut top = Top::new(query.limit);
        for one in self.seen.iter().filter(|one| one.admitted) {
            if let Some(weight) = weighed.weights.get(&one.id) {
                top.push((Score(*weight), one.id), one.version);
            }
        }
        let hits = top.into_sorted().map(|((Score(weight), id), version)| (id, version, weight)).collect();
        MentionHits { hits, ceiling: weighed.ceiling }
    }
}
