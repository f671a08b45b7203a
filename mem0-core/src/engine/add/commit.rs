//! From a plan to a commit, and from its receipt to the result.

use crate::engine::Mem0;
use crate::engine::plan::Planned;
use crate::engine::results::{AddItem, AddResult, Degraded};
use crate::error::Result;
use crate::traits::extract::Dropped;
use crate::traits::ledger::{Commit, Idempotency, Outcome, Pending, Receipt, StoredMessage, View};
use crate::types::ids::MemoryId;
use crate::types::memory::{Content, Event, EventKind, Memory};
use crate::types::message::Role;
use crate::types::scope::Scope;
use crate::types::time::Timestamp;

impl Mem0 {
    pub(super) fn commit_of(
        &self,
        scope: Scope,
        at: Timestamp,
        expected_revision: Option<u64>,
        planned: &[Planned],
        messages: Vec<StoredMessage>,
        idempotency: Option<Idempotency>,
    ) -> Commit {
        Commit {
            scope,
            txn: self.inner.clock.txn_id(),
            at,
            identity: self.active().projection.identity.clone(),
            expected_revision,
            changes: planned.iter().filter_map(|p| p.change.clone()).collect(),
            messages,
            forget_messages: false,
            idempotency,
            claim: self.claim(at),
        }
    }

    /// What of the plan the vector store has to see.
    pub(in crate::engine) async fn pending_of(
        &self,
        planned: &[Planned],
        receipt: &Receipt,
        scope: &Scope,
        at: Timestamp,
        pending: &mut Vec<Pending>,
    ) -> Result<()> {
        if receipt.replayed {
            return Ok(());
        }
        let changes = planned.iter().filter_map(|p| Some((p.change.as_ref()?, p.base.as_ref())));
        for ((change, base), outcome) in changes.zip(&receipt.outcomes) {
            let Outcome::Applied { id, version, seq } = *outcome else { continue };
            let head = match &change.content {
                None => None,
                Some(content) => {
                    let vector = match &change.vector {
                        Some(vector) => Some(vector.clone()),
                        None => self.inner.ledger.vectors(&[id]).await?.pop().flatten(),
                    };
                    let created_at = base.map_or(change.created_at.unwrap_or(at), |base| base.created_at);
                    let memory = Memory {
                        version,
                        updated_at: at,
                        ..Memory::new(id, scope.clone(), content.clone(), created_at)
                    };
                    // Gone already: a later change of another process won.
                    let Some(vector) = vector else { continue };
                    Some((memory, vector))
                }
            };
            pending.push(Pending { id, scope: scope.clone(), seq, version, attempts: 0, head });
        }
        Ok(())
    }

    pub(super) async fn add_result(
        &self,
        planned: Vec<Planned>,
        dropped: Vec<Dropped>,
        receipt: Receipt,
        degraded: Option<Degraded>,
    ) -> Result<AddResult> {
        let degraded: Vec<Degraded> = degraded.into_iter().collect();
        if receipt.replayed {
            let results = self.replayed(&receipt).await?;
            return Ok(AddResult {
                results,
                dropped,
                txn: Some(receipt.txn),
                replayed: true,
                degraded,
                ..AddResult::default()
            });
        }
        let mut outcomes = receipt.outcomes.iter();
        let mut changed = false;
        let mut results = Vec::with_capacity(planned.len());
        for Planned { change, base, id, event, content, reason } in planned {
            let (id, event) = match change.and_then(|_| outcomes.next()) {
                Some(Outcome::Existing { id }) => (*id, Event::None),
                Some(Outcome::Applied { id, .. }) => {
                    changed = true;
                    (*id, event)
                }
                None => (id, event),
            };
            let previous_memory = base.filter(|_| event == Event::Update).map(|base| base.content.text);
            results.push(add_item(id, event, content, previous_memory, reason));
        }
        let txn = changed.then_some(receipt.txn);
        Ok(AddResult { results, dropped, txn, degraded, ..AddResult::default() })
    }

    /// What a plan would do.
    pub(super) fn dry_result(planned: Vec<Planned>, dropped: Vec<Dropped>) -> AddResult {
        let results = planned.into_iter().map(|Planned { base, id, event, content, reason, .. }| {
            let previous = base.filter(|_| event == Event::Update).map(|base| base.content.text);
            add_item(id, event, content, previous, reason)
        });
        AddResult { results: results.collect(), dropped, dry_run: true, ..AddResult::default() }
    }

    /// The items of the call that used the idempotency key first.
    async fn replayed(&self, receipt: &Receipt) -> Result<Vec<AddItem>> {
        let log = self.inner.ledger.transaction(receipt.txn).await?;
        let mut results: Vec<AddItem> = log
            .into_iter()
            .filter_map(|logged| {
                let event = match logged.change.kind {
                    EventKind::Add => Event::Add,
                    EventKind::Update | EventKind::Undo => Event::Update,
                    EventKind::Delete | EventKind::Supersede => Event::Delete,
                };
                Some(add_item(logged.change.id, event, logged.change.content?, None, logged.change.reason))
            })
            .collect();
        let known: Vec<MemoryId> = receipt
            .outcomes
            .iter()
            .filter_map(|outcome| match outcome {
                Outcome::Existing { id } => Some(*id),
                Outcome::Applied { .. } => None,
            })
            .collect();
        let memories = self.inner.ledger.get(&known, &View::current(self.now())).await?;
        // Which messages said it again is no longer known.
        let again = |known: Memory| (known.id, Content { sources: Vec::new(), ..known.content });
        let again = memories.into_iter().flatten().map(again);
        results.extend(again.map(|(id, content)| add_item(id, Event::None, content, None, None)));
        Ok(results)
    }
}

fn add_item(
    id: MemoryId,
    event: Event,
    content: Content,
    previous_memory: Option<String>,
    reason: Option<String>,
) -> AddItem {
    let Content { text, actor, role, sources, .. } = content;
    AddItem { id, memory: text, event, previous_memory, actor_id: actor, role: role.map(Role::as_str), reason, sources }
}
