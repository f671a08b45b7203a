//! `doctor`: does the vector store hold what the ledger says?

use std::collections::HashMap;

use crate::engine::Mem0;
use crate::engine::results::DoctorReport;
use crate::engine::search::dot;
use crate::engine::walk::Walk;
use crate::error::Result;
use crate::traits::ledger::View;
use crate::traits::vector_store::{Point, ScrollQuery, Selector, VectorCollection};
use crate::types::ids::MemoryId;
use crate::types::memory::Memory;

/// How many memories are compared at once.
const BATCH: usize = 512;

/// How many findings of one kind are listed one by one.
const LISTED: usize = 20;

/// What is wrong, by kind.
#[derive(Debug, Default)]
struct Compared {
    missing: Vec<MemoryId>,
    stale: Vec<MemoryId>,
    orphans: Vec<(MemoryId, u64)>,
    checked: u64,
}

impl Mem0 {
    /// Checks the ledger itself, and that the vector store holds exactly its
    /// live memories, each with its latest version, payload and vector.
    ///
    /// With `repair` every memory is projected again and points that belong to
    /// no memory are removed. The ledger itself is never changed.
    ///
    /// Reads everything; other calls may go on, but a change made meanwhile
    /// can show as a finding.
    ///
    /// # Errors
    /// Those of ledger and vector store.
    pub async fn doctor(&self, repair: bool) -> Result<DoctorReport> {
        self.flush().await?;
        let mut report = DoctorReport { findings: self.inner.ledger.check().await?, ..DoctorReport::default() };
        let active = self.active();
        let collection = active.collection().await?;
        let compared = self.compare(&**collection).await?;
        report.checked = compared.checked;
        list(&mut report.findings, "missing in the vector store", compared.missing.iter());
        list(&mut report.findings, "not up to date in the vector store", compared.stale.iter());
        list(
            &mut report.findings,
            "in the vector store but not in the ledger",
            compared.orphans.iter().map(|(id, _)| id),
        );
        let stats = self.inner.ledger.stats(None).await?;
        if stats.pending > 0 {
            report.findings.push(format!("{} memories wait for the vector store", stats.pending));
        }
        if repair {
            report.repaired = self.repair(&**collection, &compared).await?;
        }
        Ok(report)
    }

    /// Removes the points of memories that were erased while they were on the
    /// way to a new place, where their deletion went to the old one.
    pub(super) async fn sweep(&self) -> Result<()> {
        let active = self.active();
        let collection = active.collection().await?;
        let mut compared = Compared::default();
        self.find_orphans(&**collection, &mut compared).await?;
        remove(&**collection, &compared.orphans).await?;
        Ok(())
    }

    async fn repair(&self, collection: &dyn VectorCollection, compared: &Compared) -> Result<u64> {
        let mut repaired = remove(collection, &compared.orphans).await?;
        if !compared.missing.is_empty() || !compared.stale.is_empty() {
            let projection = &self.active().projection;
            self.inner.ledger.set_projection(Some(projection), projection, 0).await?;
            self.flush().await?;
            repaired += (compared.missing.len() + compared.stale.len()) as u64;
        }
        Ok(repaired)
    }

    async fn compare(&self, collection: &dyn VectorCollection) -> Result<Compared> {
        let mut compared = Compared::default();
        let mut walk = Walk::default();
        while let Some(memories) = walk.next(self).await? {
            self.compare_page(collection, memories, &mut compared).await?;
        }
        self.find_orphans(collection, &mut compared).await?;
        Ok(compared)
    }

    async fn compare_page(
        &self,
        collection: &dyn VectorCollection,
        memories: Vec<Memory>,
        compared: &mut Compared,
    ) -> Result<()> {
        let ids: Vec<MemoryId> = memories.iter().map(|memory| memory.id).collect();
        let vectors = self.inner.ledger.vectors(&ids).await?;
        let points = collection.get(None, &ids).await?;
        compared.checked += ids.len() as u64;
        for ((memory, vector), point) in memories.iter().zip(vectors).zip(points) {
            match (point, vector) {
                (None, _) => compared.missing.push(memory.id),
                (Some(point), Some(vector)) if same(memory, &vector, &point) => {}
                (Some(_), _) => compared.stale.push(memory.id),
            }
        }
        Ok(())
    }

    async fn find_orphans(&self, collection: &dyn VectorCollection, compared: &mut Compared) -> Result<()> {
        let view = View { include_expired: true, ..View::current(self.now()) };
        let mut after = None;
        loop {
            let points = collection.scroll(&ScrollQuery::new(None, BATCH).after(after)).await?;
            let Some(last) = points.last() else { return Ok(()) };
            after = Some(last.id);
            let versions: HashMap<MemoryId, u64> = points.iter().map(|p| (p.id, p.version)).collect();
            let ids: Vec<MemoryId> = points.iter().map(|point| point.id).collect();
            let live = self.inner.ledger.get(&ids, &view).await?;
            for (id, memory) in ids.into_iter().zip(live) {
                if memory.is_none() {
                    compared.orphans.push((id, versions.get(&id).copied().unwrap_or(u64::MAX)));
                }
            }
        }
    }
}

async fn remove(collection: &dyn VectorCollection, orphans: &[(MemoryId, u64)]) -> Result<u64> {
    let mut removed = 0;
    for orphans in orphans.chunks(BATCH) {
        removed += collection.delete(&Selector::Ids(orphans.to_vec())).await?;
    }
    Ok(removed)
}

/// Whether the point is the memory. Stores may keep vectors at a lower
/// precision, so these are compared by direction.
fn same(memory: &Memory, vector: &[f32], point: &Point) -> bool {
    point.version == memory.version
        && point.scope == memory.scope
        && point.payload == memory.to_payload()
        && point.vector.len() == vector.len()
        && dot(vector, &point.vector) > 0.99
}

fn list<'a>(findings: &mut Vec<String>, what: &str, ids: impl ExactSizeIterator<Item = &'a MemoryId>) {
    let more = ids.len().saturating_sub(LISTED);
    findings.extend(ids.take(LISTED).map(|id| format!("memory {id} is {what}")));
    if more > 0 {
        findings.push(format!("{more} more memories are {what}"));
    }
}
