//! Writing what was decided. Nothing here can fail.

use std::sync::Arc;

use super::decide::{Decided, Draft};
use super::fold::Load;
use super::state::{Call, Record, ScopeRecord, Tables, Waiting};
use crate::error::Result;
use crate::text;
use crate::traits::embedder::EmbedderIdentity;
use crate::traits::ledger::{Claim, Commit, LoggedChange, Receipt, StoredMessage};

impl Tables {
    pub(super) fn commit(&mut self, commits: Vec<Commit>) -> Result<Vec<Receipt>> {
        let mut draft = Draft::new(self);
        let decided = commits.into_iter().map(|commit| draft.decide(commit)).collect::<Result<Vec<_>>>()?;
        Ok(decided.into_iter().map(|decided| self.write(decided)).collect())
    }

    fn write(&mut self, decided: Decided) -> Receipt {
        let Decided { receipt, write } = decided;
        let Some((commit, events)) = write else { return receipt };
        if let Some(scope) = self.scopes.get_mut(&commit.scope).filter(|_| commit.forget_messages) {
            scope.messages.clear();
            scope.message_ids.clear();
        }
        if events.is_empty() && commit.messages.is_empty() && commit.idempotency.is_none() {
            return receipt; // A scope in which nothing happened stays unknown.
        }
        let scope = self.scopes.entry(commit.scope).or_default();
        scope.revision = receipt.revision;
        for message in commit.messages {
            scope.keep(message);
        }
        if let Some(used) = commit.idempotency {
            let call = Call { txn: receipt.txn, outcomes: receipt.outcomes.clone(), used };
            scope.calls.insert(call.used.key.clone(), call);
        }
        if events.is_empty() {
            return receipt;
        }
        let identity = self.identity.get_or_insert_with(|| Arc::new(commit.identity)).clone();
        for event in events {
            self.append(event, &identity, commit.claim.as_ref());
        }
        receipt
    }

    fn append(&mut self, mut event: LoggedChange, identity: &Arc<EmbedderIdentity>, claim: Option<&Claim>) {
        let id = event.change.id;
        let terms = std::mem::take(&mut event.change.terms);
        let load = Load {
            // An event of the log has no terms when it is replayed.
            terms: match &event.change.content {
                Some(content) if terms.is_empty() => text::terms(&content.text),
                _ => terms,
            },
            vector: event.change.vector.take().map(|vector| (identity.clone(), vector)),
        };
        let before = self.memories.remove(&id);
        if before.is_none() {
            self.scopes.entry(event.scope.clone()).or_default().members.push(id);
        }
        let freed = before.as_ref().and_then(|record| record.standing.key);
        let record = Record::after(before, &event, load);
        if let Some(key) = freed {
            self.keys.remove(&(event.scope.clone(), key));
        }
        if let Some(key) = record.standing.key {
            self.keys.insert((event.scope.clone(), key), id);
        }
        self.wait(&event, record.standing.version, claim);
        self.memories.insert(id, record);
        self.last_seq = event.seq;
        self.log.insert(event.seq, event);
    }

    fn wait(&mut self, event: &LoggedChange, version: u64, claim: Option<&Claim>) {
        // Somebody may be writing an earlier version to the store right now;
        // their claim stands until it ends.
        let held = self.waiting.remove(&event.change.id).and_then(|waiting| waiting.claim);
        let held = held.filter(|held| held.until > event.at && claim.is_none_or(|claim| claim.owner != held.owner));
        let waiting = Waiting {
            scope: event.scope.clone(),
            seq: event.seq,
            version,
            attempts: 0,
            not_before: None,
            claim: held.or_else(|| claim.cloned()),
        };
        self.waiting.insert(event.change.id, waiting);
    }
}

impl ScopeRecord {
    fn keep(&mut self, message: StoredMessage) {
        if self.message_ids.insert(message.id.clone()) {
            self.arrivals += 1;
            self.messages.insert((message.at, self.arrivals), message);
        }
    }
}
