//! Who and what memories name.

use std::collections::BTreeSet;

use super::read::Conditions;
use super::state::{Row, Tables};
use crate::text::{Entity, MentionKind, NameRow, Names, name_key};
use crate::traits::ledger::{EntityQuery, MentionHits, MentionQuery};
use crate::types::ids::MemoryId;
use crate::types::scope::Scope;

impl Tables {
    pub(super) fn entities(&self, query: &EntityQuery) -> Vec<Entity> {
        let mut names: Names<MemoryId> = Names::default();
        for (id, record) in self.records(Some(&query.scope)) {
            if let Some(row) = record.live() {
                row.names.iter().for_each(|name| names.add(name, id));
            }
        }
        names.entities(query.prefix.as_deref().map(name_key).as_deref(), query.limit)
    }

    pub(super) fn speakers(&self, scope: &Scope, names: &[String]) -> Vec<String> {
        let asked: BTreeSet<String> = names.iter().map(|name| name_key(name)).collect();
        let rows = self.records(Some(scope)).filter_map(|(_, record)| record.live()).flat_map(|row| &row.names);
        let speakers = rows.filter(|row| row.kind == MentionKind::Speaker && asked.contains(&row.word));
        let keys: BTreeSet<&str> = speakers.map(NameRow::key).collect();
        keys.into_iter().map(str::to_owned).collect()
    }

    pub(super) fn mentioned(&self, query: &MentionQuery) -> MentionHits {
        let mut counted = query.view;
        counted.include_expired |= !counted.is_past();
        let corpus: Vec<&Row> = self.seen(&query.scope, &counted).map(|(_, row)| row).collect();
        let asked: Vec<String> = query.names.iter().map(|name| name_key(name)).collect();
        let mut names: Names<MemoryId> = Names::default();
        read(&corpus, &Names::<MemoryId>::words(&asked), &mut names);
        let more = names.more_words(&asked);
        read(&corpus, &more, &mut names);
        let weighed = names.weigh(&asked, corpus.len() as u64);
        let filter = Conditions::new(&query.filter);
        let mut hits: Vec<(MemoryId, u64, f32)> = self
            .seen(&query.scope, &query.view)
            .filter_map(|(_, row)| Some((&row.memory, *weighed.weights.get(&row.memory.id)?)))
            .filter(|(memory, _)| filter.met_by(memory))
            .map(|(memory, weight)| (memory.id, memory.version, weight))
            .collect();
        hits.sort_by(|a, b| b.2.total_cmp(&a.2).then(a.0.cmp(&b.0)));
        hits.truncate(query.limit);
        MentionHits { hits, ceiling: weighed.ceiling }
    }
}

/// The rows of these words.
fn read(corpus: &[&Row], words: &BTreeSet<String>, names: &mut Names<MemoryId>) {
    for row in corpus {
        for name in row.names.iter().filter(|name| words.contains(&name.word)) {
            names.mention(&name.word, &name.longer, row.memory.id);
        }
    }
}
