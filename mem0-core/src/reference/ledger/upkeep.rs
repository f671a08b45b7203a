//! Counting, erasing, checking.

use std::collections::BTreeMap;

use super::fold::Load;
use super::state::{Record, Tables, Waiting};
use crate::traits::ledger::{Erased, LedgerStats, ScopeInfo, State};
use crate::types::ids::MemoryId;
use crate::types::scope::Scope;

impl Tables {
    pub(super) fn scope_infos(&self, covering: Option<&Scope>, after: Option<&Scope>, limit: usize) -> Vec<ScopeInfo> {
        let after = after.map(Scope::key);
        let by_key: BTreeMap<String, _> =
            self.covered(covering).map(|(scope, record)| (scope.key(), (scope, record))).collect();
        by_key
            .into_iter()
            .filter(|(key, _)| after.as_ref().is_none_or(|after| key > after))
            .take(limit)
            .map(|(_, (scope, record))| ScopeInfo {
                scope: scope.clone(),
                revision: record.revision,
                memories: record.members.iter().filter(|id| self.is_live(**id)).count() as u64,
            })
            .collect()
    }

    fn is_live(&self, id: MemoryId) -> bool {
        self.memories.get(&id).is_some_and(|record| record.standing.state == State::Live)
    }

    pub(super) fn stats(&self, scope: Option<&Scope>) -> LedgerStats {
        let mut stats = LedgerStats::default();
        for (_, record) in self.covered(scope) {
            stats.scopes += 1;
            stats.messages += record.messages.len() as u64;
        }
        for (_, record) in self.records(scope) {
            stats.events += record.events.len() as u64;
            match record.standing.state {
                State::Live => stats.memories += 1,
                State::Deleted => stats.deleted += 1,
                State::Superseded => stats.superseded += 1,
            }
        }
        let covered = |waiting: &&Waiting| scope.is_none_or(|scope| scope.covers(&waiting.scope));
        stats.pending = self.waiting.values().filter(covered).count() as u64;
        stats
    }

    pub(super) fn erase(&mut self, scope: &Scope) -> Erased {
        let mut erased = Erased::default();
        let gone: Vec<Scope> = self.covered(Some(scope)).map(|(scope, _)| scope.clone()).collect();
        for scope in gone {
            let Some(record) = self.scopes.remove(&scope) else { continue };
            erased.messages += record.messages.len() as u64;
            erased.idempotency_keys += record.calls.len() as u64;
            erased.spending += record.spending.len() as u64;
            erased.jobs += self.jobs.remove(|job| job.scope == scope);
            for id in record.members {
                self.erase_memory(id, &mut erased);
            }
        }
        erased
    }

    fn erase_memory(&mut self, id: MemoryId, erased: &mut Erased) {
        let Some(record) = self.memories.remove(&id) else { return };
        self.uses.remove(&id);
        for seq in &record.events {
            self.log.remove(seq);
        }
        erased.memories += 1;
        erased.events += record.events.len() as u64;
        for row in &record.rows {
            erased.vectors += row.vectors.len() as u64;
            erased.postings += row.terms.len() as u64;
            erased.mentions += row.names.len() as u64;
        }
        let Record { standing, .. } = record;
        if let Some(key) = standing.key {
            self.keys.remove(&(standing.scope.clone(), key));
        }
        let waiting = self.waiting.remove(&id);
        if standing.state != State::Live && waiting.is_none() {
            return; // The vector store has deleted it already.
        }
        // A number and a version of its own, so that neither a late mark nor a
        // late write of what was live can undo the deletion.
        self.last_seq += 1;
        let deletion = Waiting {
            scope: standing.scope,
            seq: self.last_seq,
            version: standing.version + 1,
            attempts: 0,
            not_before: None,
            claim: waiting.and_then(|waiting| waiting.claim),
        };
        self.waiting.insert(id, deletion);
    }

    pub(super) fn check(&self) -> Vec<String> {
        let mut findings = Vec::new();
        let mut events = 0;
        for (id, record) in &self.memories {
            events += record.events.len();
            if self.folded(*id, record).as_ref() != Some(record) {
                findings.push(format!("memory {id}: folding its events gives another state"));
            }
            if self.place(*id).is_none() {
                findings.push(format!("memory {id}: its scope does not list it in its place"));
            }
            if record.standing.key.is_some_and(|key| self.keys.get(&(record.standing.scope.clone(), key)) != Some(id)) {
                findings.push(format!("memory {id}: its dedup key is not indexed"));
            }
            if record.live().is_some_and(|row| self.vector(record, row).is_none()) {
                findings.push(format!("memory {id}: no vector of the projection's model"));
            }
        }
        let keyed = self.memories.values().filter(|record| record.standing.key.is_some()).count();
        if keyed != self.keys.len() {
            findings.push("the index of dedup keys has entries of no live memory".to_owned());
        }
        if events != self.log.len() {
            findings.push("the log has events of no known memory".to_owned());
        }
        findings.extend(self.check_jobs());
        findings
    }

    /// The record anew from its events. Vectors and terms are in no event, so
    /// they are taken from the rows.
    fn folded(&self, id: MemoryId, record: &Record) -> Option<Record> {
        let mut folded = None;
        for seq in &record.events {
            let event = self.log.get(seq).filter(|event| event.change.id == id)?;
            let row = record.row(event.change.base_version + 1);
            let load = row.map(|row| Load { terms: row.terms.clone(), vector: row.vectors.first().cloned() });
            folded = Some(Record::after(folded, event, load.unwrap_or_default()));
        }
        let mut folded = folded?;
        for (new, old) in folded.rows.iter_mut().zip(&record.rows) {
            new.vectors.clone_from(&old.vectors);
        }
        Some(folded)
    }
}
