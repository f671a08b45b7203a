//! What waits for the vector store, and where the ledger is projected to.

use std::sync::Arc;

use super::super::cosine::check;
use super::read::no_vector;
use super::state::{Tables, Waiting};
use crate::error::{Error, ErrorKind, Result};
use crate::traits::embedder::EmbedderIdentity;
use crate::traits::ledger::{LoggedChange, Pending, PendingQuery, Projection};
use crate::types::ids::MemoryId;
use crate::types::time::Timestamp;

impl Tables {
    pub(super) fn pending(&mut self, query: &PendingQuery) -> Result<Vec<Pending>> {
        if query.claim.is_some() && query.due.is_none() {
            return Err(Error::invalid("a claim on what is pending needs a time (`due`)"));
        }
        let owner = query.claim.as_ref().map(|claim| claim.owner.as_str());
        let mut due: Vec<(u64, MemoryId)> = self
            .waiting
            .iter()
            .filter(|(_, waiting)| query.scope.as_ref().is_none_or(|scope| scope.covers(&waiting.scope)))
            .filter(|(_, waiting)| query.due.is_none_or(|now| waiting.is_due(now, owner)))
            .map(|(id, waiting)| (waiting.seq, *id))
            .collect();
        due.sort_unstable();
        due.truncate(query.limit);
        let found = due.iter().map(|(_, id)| self.pending_one(*id)).collect::<Result<_>>()?;
        if let Some(claim) = &query.claim {
            for (_, id) in &due {
                if let Some(waiting) = self.waiting.get_mut(id) {
                    waiting.claim = Some(claim.clone());
                }
            }
        }
        Ok(found)
    }

    fn pending_one(&self, id: MemoryId) -> Result<Pending> {
        let Waiting { scope, seq, version, attempts, .. } =
            self.waiting.get(&id).ok_or_else(|| Error::internal("a pending memory vanished"))?;
        // An erased memory has no record and is to be deleted.
        let live = self.memories.get(&id).and_then(|record| Some((record, record.live()?)));
        let head = match live {
            Some((record, row)) => {
                let vector = self.vector(record, row).ok_or_else(no_vector)?;
                Some((row.memory.clone(), vector.to_vec()))
            }
            None => None,
        };
        Ok(Pending { id, scope: scope.clone(), seq: *seq, version: *version, attempts: *attempts, head })
    }

    pub(super) fn mark_projected(&mut self, done: &[(MemoryId, u64)]) {
        for (id, seq) in done {
            if self.waiting.get(id).is_some_and(|waiting| waiting.seq <= *seq) {
                self.waiting.remove(id);
            }
        }
    }

    pub(super) fn mark_failed(&mut self, failed: &[(MemoryId, u64)], not_before: Timestamp) {
        for (id, seq) in failed {
            if let Some(waiting) = self.waiting.get_mut(id).filter(|waiting| waiting.seq <= *seq) {
                waiting.attempts = waiting.attempts.saturating_add(1);
                waiting.not_before = Some(not_before);
                waiting.claim = None;
            }
        }
    }

    pub(super) fn set_projection(&mut self, expected: Option<&Projection>, new: &Projection, since: u64) -> Result<()> {
        if self.projection.as_ref() != expected {
            return Err(Error::new(ErrorKind::Conflict, "the ledger is projected to another place meanwhile"));
        }
        if !self.missing_vectors(&new.identity, 1).is_empty() {
            return Err(Error::new(ErrorKind::Conflict, "a version has no vector of the new model yet"));
        }
        self.projection = Some(new.clone());
        self.identity = Some(Arc::new(new.identity.clone()));
        let mut moved: Vec<(u64, MemoryId)> =
            self.memories.iter().filter_map(|(id, record)| Some((*record.events.last()?, *id))).collect();
        moved.retain(|(seq, _)| *seq > since);
        moved.sort_unstable();
        for (_, id) in moved {
            let Some(record) = self.memories.get(&id) else { continue };
            // A number of its own, so that a late mark for the old place does
            // not count for the new one.
            self.last_seq += 1;
            let waiting = Waiting {
                scope: record.standing.scope.clone(),
                seq: self.last_seq,
                version: record.standing.version,
                attempts: 0,
                not_before: None,
                claim: None,
            };
            self.waiting.insert(id, waiting);
        }
        Ok(())
    }

    pub(super) fn missing_vectors(&self, identity: &EmbedderIdentity, limit: usize) -> Vec<(MemoryId, u64, String)> {
        // A row without a vector of its own has the text of the row that has it.
        let content = |event: &LoggedChange| {
            let record = self.memories.get(&event.change.id)?;
            let row = record.row(event.change.base_version + 1)?;
            let own = record.rows.get(row.vector_row)?.memory.version == row.memory.version;
            let missing = own && row.vectors.iter().all(|(made_by, _)| **made_by != *identity);
            missing.then(|| (row.memory.id, row.memory.version, row.memory.content.text.clone()))
        };
        self.log.values().filter_map(content).take(limit).collect()
    }

    pub(super) fn put_vectors(
        &mut self,
        identity: &EmbedderIdentity,
        vectors: &[(MemoryId, u64, Vec<f32>)],
    ) -> Result<()> {
        for (id, _, vector) in vectors {
            check(vector, identity.dims).map_err(|e| e.with_context("id", id))?;
        }
        let identity = Arc::new(identity.clone());
        for (id, version, vector) in vectors {
            // What was erased since it was asked for is left out.
            let Some(record) = self.memories.get_mut(id) else { continue };
            let Some(owner) = record.row(*version).map(|row| row.vector_row) else { continue };
            if let Some(owner) = record.rows.get_mut(owner)
                && owner.vectors.iter().all(|(made_by, _)| *made_by != identity)
            {
                owner.vectors.push((identity.clone(), vector.clone()));
            }
        }
        Ok(())
    }
}

impl Waiting {
    /// Whether this owner may try it now.
    fn is_due(&self, now: Timestamp, owner: Option<&str>) -> bool {
        let put_off = self.not_before.is_some_and(|at| at > now);
        let taken = self.claim.as_ref().is_some_and(|claim| claim.until > now && Some(claim.owner.as_str()) != owner);
        !put_off && !taken
    }
}
