//! Reads: by id, in order, by words, by nearness, and of the log itself.

use super::super::cosine::{check, cosine, scored};
use super::state::{Record, Row, Tables};
use crate::error::{Error, Result};
use crate::filter::{CompiledFilter, Filter};
use crate::text::{QueryTerm, distinct};
use crate::traits::ledger::{
    Cursor, Held, KeywordHits, KeywordQuery, ListQuery, LoggedChange, NearestQuery, OrderBy, Page, View,
};
use crate::traits::vector_store::ScoredPoint;
use crate::types::ids::{MemoryId, TxnId};
use crate::types::memory::Memory;
use crate::types::scope::Scope;
use crate::types::time::Timestamp;

impl Tables {
    pub(super) fn get(&self, id: MemoryId, view: &View) -> Option<Memory> {
        Some(self.memories.get(&id)?.seen(view)?.memory.clone())
    }

    pub(super) fn list(&self, query: &ListQuery) -> Page<Memory> {
        let place = |memory: &Memory| (time(memory, query.order), memory.id);
        let filter = Conditions::new(&query.filter);
        let mut found: Vec<&Memory> = self
            .seen(&query.scope, &query.view)
            .map(|(_, row)| &row.memory)
            .filter(|memory| filter.met_by(memory))
            .collect();
        found.sort_by_key(|memory| place(memory));
        if query.descending {
            found.reverse();
        }
        if let Some(after) = query.after {
            let after = (after.at, after.id);
            found.retain(|memory| if query.descending { place(memory) < after } else { place(memory) > after });
        }
        let more = found.len() > query.limit;
        found.truncate(query.limit);
        let last = found.last().filter(|_| more).map(|memory| place(memory));
        Page { items: found.into_iter().cloned().collect(), next: last.map(|(at, id)| Cursor { at, id }) }
    }

    pub(super) fn count(&self, scope: &Scope, filter: &Filter, view: &View) -> u64 {
        let filter = Conditions::new(filter);
        self.seen(scope, view).filter(|(_, row)| filter.met_by(&row.memory)).count() as u64
    }

    pub(super) fn keyword(&self, query: &KeywordQuery) -> KeywordHits {
        // The texts that count for the statistics: whether one has expired
        // changes what is found, not what is rare.
        let all = View { include_expired: true, ..query.view };
        let corpus: Vec<&Row> = self.seen(&query.scope, &all).map(|(_, row)| row).collect();
        let texts = corpus.len() as u64;
        let length: u64 = corpus.iter().map(|row| u64::from(row.len())).sum();
        let average = if texts == 0 { 0.0 } else { length as f32 / texts as f32 };
        let weights: Vec<(QueryTerm, f32)> = distinct(query.terms.clone())
            .into_iter()
            .map(|word| {
                let with = corpus.iter().filter(|row| row.count(&word) > 0).count() as u64;
                (word, query.bm25.idf(texts, with))
            })
            .collect();
        let filter = Conditions::new(&query.filter);
        let mut found: Vec<((MemoryId, u64, f32), Held)> = self
            .seen(&query.scope, &query.view)
            .filter(|(_, row)| weights.iter().any(|(word, _)| row.count(word) > 0))
            .filter(|(_, row)| filter.met_by(&row.memory))
            .map(|(_, row)| {
                let score =
                    |(word, idf): &(QueryTerm, f32)| query.bm25.score(*idf, row.count(word), row.len(), average);
                let mut held = Held::default();
                let places = (0..).zip(&weights).filter(|(_, (word, _))| row.count(word) > 0);
                places.for_each(|(place, _)| held.add(place));
                ((row.memory.id, row.memory.version, weights.iter().map(score).sum()), held)
            })
            .collect();
        found.sort_by(|((a, _, x), _), ((b, _, y), _)| y.total_cmp(x).then(a.cmp(b)));
        found.truncate(query.limit);
        let (hits, held) = found.into_iter().unzip();
        let weights: Vec<f32> = weights.iter().map(|(_, idf)| query.bm25.ceiling(*idf)).collect();
        KeywordHits { hits, ceiling: weights.iter().fold(0.0, |sum, weight| sum + weight), weights, held }
    }

    pub(super) fn nearest(&self, query: &NearestQuery) -> Result<Vec<ScoredPoint>> {
        let Some(identity) = &self.identity else { return Ok(Vec::new()) };
        check(&query.vector, identity.dims)?;
        let filter = Conditions::new(&query.filter);
        let mut hits = Vec::new();
        for (record, row) in self.seen(&query.scope, &query.view).filter(|(_, row)| filter.met_by(&row.memory)) {
            let vector = self.vector(record, row).ok_or_else(no_vector)?;
            hits.push(scored(row.memory.id, row.memory.version, cosine(&query.vector, vector)));
        }
        hits.sort_by(|a, b| b.raw.total_cmp(&a.raw).then(a.id.cmp(&b.id)));
        hits.truncate(query.limit);
        Ok(hits)
    }

    pub(super) fn history(&self, id: MemoryId) -> Vec<LoggedChange> {
        let events = self.memories.get(&id).map(|record| record.events.as_slice()).unwrap_or_default();
        events.iter().filter_map(|seq| Some(self.with_vector(self.log.get(seq)?))).collect()
    }

    pub(super) fn transaction(&self, txn: TxnId) -> Vec<LoggedChange> {
        self.log.values().filter(|event| event.txn == txn).map(|event| self.with_vector(event)).collect()
    }

    pub(super) fn page_of_log(&self, scope: Option<&Scope>, after: u64, limit: usize) -> Vec<LoggedChange> {
        let rest = self.log.range(after.saturating_add(1)..).map(|(_, event)| event);
        let covered = rest.filter(|event| scope.is_none_or(|scope| scope.covers(&event.scope)));
        covered.take(limit).map(|event| self.with_vector(event)).collect()
    }

    /// What the view sees of what the scope covers, by exact scope and id.
    pub(super) fn seen(&self, scope: &Scope, view: &View) -> impl Iterator<Item = (&Record, &Row)> {
        self.records(Some(scope)).filter_map(move |(_, record)| Some((record, record.seen(view)?)))
    }

    fn with_vector(&self, event: &LoggedChange) -> LoggedChange {
        let mut event = event.clone();
        let version = event.change.base_version + 1;
        let record = self.memories.get(&event.change.id);
        let vector = record.and_then(|record| self.vector(record, record.row(version)?));
        event.change.vector = vector.map(<[f32]>::to_vec);
        event
    }
}

pub(super) fn no_vector() -> Error {
    Error::corrupt("a version has no vector of the projection's model")
}

fn time(memory: &Memory, order: OrderBy) -> Timestamp {
    match order {
        OrderBy::CreatedAt => memory.created_at,
        OrderBy::UpdatedAt => memory.updated_at,
    }
}

/// A filter on memories, which makes no payload where there is no condition.
pub(super) struct Conditions(Option<CompiledFilter>);

impl Conditions {
    pub(super) fn new(filter: &Filter) -> Self {
        Self((*filter != Filter::All).then(|| filter.compile()))
    }

    pub(super) fn met_by(&self, memory: &Memory) -> bool {
        self.0.as_ref().is_none_or(|filter| filter.matches(&memory.to_payload()))
    }
}
