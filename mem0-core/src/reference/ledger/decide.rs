//! What a call of `commit` will write, decided before anything is written.
//!
//! [`Draft`] lies over the tables: it sees them with what the commits decided
//! so far will do to them. An error leaves the tables as they are, so a call is
//! whole or not at all.

use std::collections::BTreeMap;

use super::super::cosine;
use super::fold::state_after;
use super::state::{Call, DedupKey, Standing, Tables};
use crate::error::{Error, ErrorKind, Result};
use crate::traits::embedder::EmbedderIdentity;
use crate::traits::ledger::{Change, Commit, LoggedChange, Outcome, Receipt, State};
use crate::types::ids::MemoryId;
use crate::types::memory::EventKind;
use crate::types::scope::Scope;

/// Why a memory that has expired is superseded when its text comes again.
const EXPIRED: &str = "expired";

/// What becomes of one commit.
pub(super) struct Decided {
    pub(super) receipt: Receipt,
    /// What is to be written; none if the idempotency key was used before.
    pub(super) write: Option<(Commit, Vec<LoggedChange>)>,
}

pub(super) struct Draft<'a> {
    tables: &'a Tables,
    last_seq: u64,
    identity: Option<EmbedderIdentity>,
    heads: BTreeMap<MemoryId, Standing>,
    keys: BTreeMap<(Scope, DedupKey), Option<MemoryId>>,
    revisions: BTreeMap<Scope, u64>,
    calls: BTreeMap<(Scope, String), Call>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(tables: &'a Tables) -> Self {
        Self {
            tables,
            last_seq: tables.last_seq,
            identity: None,
            heads: BTreeMap::new(),
            keys: BTreeMap::new(),
            revisions: BTreeMap::new(),
            calls: BTreeMap::new(),
        }
    }

    pub(super) fn decide(&mut self, mut commit: Commit) -> Result<Decided> {
        if let Some(receipt) = self.used_before(&commit)? {
            return Ok(Decided { receipt, write: None });
        }
        let current = self.identity.as_ref().or(self.tables.identity.as_deref());
        if let Some(current) = current.filter(|current| **current != commit.identity) {
            return Err(Error::new(ErrorKind::IdentityMismatch, "the ledger's vectors are of another model")
                .with_context("expected", current)
                .with_context("got", &commit.identity));
        }
        let revision = self.revision(&commit.scope);
        if commit.expected_revision.is_some_and(|expected| expected != revision) {
            return Err(Error::new(ErrorKind::Conflict, "the scope has changed; read it again and plan anew")
                .with_context("revision", revision));
        }
        let mut events = Vec::new();
        let mut outcomes = Vec::new();
        for change in std::mem::take(&mut commit.changes) {
            let id = change.id;
            let outcome = self.change(&commit, change, &mut events).map_err(|e| e.with_context("id", id))?;
            outcomes.push(outcome);
        }
        if !events.is_empty() {
            self.identity = Some(commit.identity.clone());
        }
        let revision = revision + u64::from(!events.is_empty());
        self.revisions.insert(commit.scope.clone(), revision);
        if let Some(used) = &commit.idempotency {
            let call = Call { used: used.clone(), txn: commit.txn, outcomes: outcomes.clone() };
            self.calls.insert((commit.scope.clone(), used.key.clone()), call);
        }
        let receipt = Receipt { revision, txn: commit.txn, outcomes, replayed: false };
        // The changes went into the events, each with its vector and terms.
        Ok(Decided { receipt, write: Some((commit, events)) })
    }

    fn used_before(&self, commit: &Commit) -> Result<Option<Receipt>> {
        let Some(asked) = &commit.idempotency else { return Ok(None) };
        let drafted = self.calls.get(&(commit.scope.clone(), asked.key.clone()));
        let stored = || self.tables.scopes.get(&commit.scope)?.calls.get(&asked.key);
        let Some(call) = drafted.or_else(stored) else { return Ok(None) };
        if call.used.digest != asked.digest {
            return Err(Error::new(ErrorKind::AlreadyExists, "the idempotency key was used for another input"));
        }
        Ok(Some(Receipt {
            revision: self.revision(&commit.scope),
            txn: call.txn,
            outcomes: call.outcomes.clone(),
            replayed: true,
        }))
    }

    fn change(&mut self, commit: &Commit, mut change: Change, events: &mut Vec<LoggedChange>) -> Result<Outcome> {
        check_shape(&change)?;
        if let Some(vector) = &change.vector {
            cosine::check(vector, commit.identity.dims)?;
        }
        self.check_base(&commit.scope, &change)?;
        // What has expired makes room; a live holder stays the only one: an
        // addition says the same, anything else goes on without the key.
        if let Some(holder) = self.holder_of_key(&commit.scope, &change) {
            if self.head(holder).is_some_and(|head| head.expires_at.is_some_and(|end| end <= commit.at)) {
                let ended = self.supersede(holder);
                events.push(self.write(commit, ended));
            } else if change.kind == EventKind::Add {
                return Ok(Outcome::Existing { id: holder });
            } else {
                change.dedup_key = None;
            }
        }
        let (id, version) = (change.id, change.base_version + 1);
        events.push(self.write(commit, change));
        Ok(Outcome::Applied { id, version, seq: self.last_seq })
    }

    fn check_base(&self, scope: &Scope, change: &Change) -> Result<()> {
        let head = self.head(change.id);
        let version = match (change.kind, head) {
            (EventKind::Add, None) => 0,
            (EventKind::Add, Some(_)) => {
                return Err(Error::new(ErrorKind::AlreadyExists, "a memory with this id exists"));
            }
            // Whether the id exists elsewhere is nobody's business here.
            (_, head) => head.filter(|head| head.scope == *scope).ok_or_else(unknown)?.version,
        };
        if version != change.base_version {
            return Err(Error::new(ErrorKind::Conflict, "the memory has changed; read it again and plan anew")
                .with_context("version", version));
        }
        if let (Some(content), None, Some(head)) = (&change.content, &change.vector, head)
            && *content.text != *head.text
        {
            return Err(Error::invalid("a new text needs its vector"));
        }
        Ok(())
    }

    /// Who has the key that the memory would get.
    fn holder_of_key(&self, scope: &Scope, change: &Change) -> Option<MemoryId> {
        let key = change.dedup_key.filter(|_| state_after(change) == State::Live)?;
        let slot = (scope.clone(), key);
        let holder = match self.keys.get(&slot) {
            Some(drafted) => *drafted,
            None => self.tables.keys.get(&slot).copied(),
        };
        holder.filter(|holder| *holder != change.id)
    }

    fn supersede(&self, id: MemoryId) -> Change {
        Change {
            id,
            kind: EventKind::Supersede,
            base_version: self.head(id).map_or(0, |head| head.version),
            content: None,
            vector: None,
            terms: Vec::new(),
            ended_at: None,
            reason: Some(EXPIRED.to_owned()),
            sources: Vec::new(),
            dedup_key: None,
            created_at: None,
        }
    }

    /// Makes the change an event, and the draft know of it.
    fn write(&mut self, commit: &Commit, change: Change) -> LoggedChange {
        self.last_seq += 1;
        let id = change.id;
        let event =
            LoggedChange { seq: self.last_seq, scope: commit.scope.clone(), txn: commit.txn, at: commit.at, change };
        let before = self.head(id).cloned();
        let after = Standing::after(before.as_ref(), &event);
        if let Some(key) = before.and_then(|head| head.key) {
            self.keys.insert((commit.scope.clone(), key), None);
        }
        if let Some(key) = after.key {
            self.keys.insert((commit.scope.clone(), key), Some(id));
        }
        self.heads.insert(id, after);
        event
    }

    fn head(&self, id: MemoryId) -> Option<&Standing> {
        self.heads.get(&id).or_else(|| self.tables.memories.get(&id).map(|record| &record.standing))
    }

    fn revision(&self, scope: &Scope) -> u64 {
        let stored = || self.tables.scopes.get(scope).map(|scope| scope.revision);
        self.revisions.get(scope).copied().or_else(stored).unwrap_or(0)
    }
}

/// Whether the kind of change can carry what it carries.
fn check_shape(change: &Change) -> Result<()> {
    let problem = match (change.kind, &change.content, &change.vector) {
        (EventKind::Add | EventKind::Update, None, _) => "an addition or an update needs content",
        (EventKind::Add, Some(_), None) => "an addition needs a vector",
        (EventKind::Delete | EventKind::Supersede, Some(_), _) => "what ends a memory has no content",
        (_, None, Some(_)) => "a vector needs the content that it belongs to",
        (_, None, None) if !change.terms.is_empty() => "terms need the content that they belong to",
        _ => return Ok(()),
    };
    Err(Error::invalid(problem))
}

fn unknown() -> Error {
    Error::not_found("no such memory in this scope")
}
