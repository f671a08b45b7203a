//! What the reference ledger holds.
//!
//! The log is the truth. [`Record`] is what folding a memory's events gives,
//! kept so that a read need not fold; [`super::fold`] does the folding, and
//! `check` folds anew and compares.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::jobs::Jobs;
use crate::text::{NameRow, QueryTerm, TermId};
use crate::traits::embedder::EmbedderIdentity;
use crate::traits::job::Spend;
use crate::traits::ledger::{
    Claim, Head, Idempotency, LoggedChange, Outcome, Projection, State, StoredMessage, Use, View,
};
use crate::types::ids::{MemoryId, TxnId};
use crate::types::memory::Memory;
use crate::types::scope::Scope;
use crate::types::time::Timestamp;

pub(super) type DedupKey = [u8; 16];

/// Everything.
#[derive(Default)]
pub(super) struct Tables {
    /// Every event, without vector and terms: those are in the records.
    pub(super) log: BTreeMap<u64, LoggedChange>,
    /// The highest number that was ever given out.
    pub(super) last_seq: u64,
    pub(super) memories: BTreeMap<MemoryId, Record>,
    pub(super) scopes: BTreeMap<Scope, ScopeRecord>,
    /// Which live memory has the key, expired or not.
    pub(super) keys: BTreeMap<(Scope, DedupKey), MemoryId>,
    pub(super) waiting: BTreeMap<MemoryId, Waiting>,
    pub(super) jobs: Jobs,
    /// Of the memories that were ever recalled.
    pub(super) uses: BTreeMap<MemoryId, Use>,
    pub(super) projection: Option<Projection>,
    /// The model whose vectors count: the projection's, or until there is one,
    /// that of the first change.
    pub(super) identity: Option<Arc<EmbedderIdentity>>,
}

/// What belongs to one exact scope beside its memories' records.
#[derive(Default)]
pub(super) struct ScopeRecord {
    pub(super) revision: u64,
    /// In the order in which they were added.
    pub(super) members: Vec<MemoryId>,
    /// By time, then arrival.
    pub(super) messages: BTreeMap<(Timestamp, u64), StoredMessage>,
    pub(super) message_ids: BTreeSet<String>,
    pub(super) arrivals: u64,
    /// By idempotency key.
    pub(super) calls: BTreeMap<String, Call>,
    /// By the beginning of the period.
    pub(super) spending: BTreeMap<Timestamp, Spend>,
}

/// What became of a call that carried an idempotency key.
#[derive(Clone)]
pub(super) struct Call {
    pub(super) used: Idempotency,
    pub(super) txn: TxnId,
    pub(super) outcomes: Vec<Outcome>,
}

/// One memory.
#[derive(Clone, PartialEq)]
pub(super) struct Record {
    pub(super) standing: Standing,
    /// The numbers of its events, oldest first.
    pub(super) events: Vec<u64>,
    /// The versions that say something, oldest first. Deletions do not.
    pub(super) rows: Vec<Row>,
}

/// Where a memory stands after its last event.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Standing {
    pub(super) scope: Scope,
    pub(super) version: u64,
    pub(super) state: State,
    pub(super) created_at: Timestamp,
    /// None unless it is live.
    pub(super) key: Option<DedupKey>,
    pub(super) expires_at: Option<Timestamp>,
    /// What it said last, also after it was deleted.
    pub(super) text: Arc<str>,
}

/// A version with content.
#[derive(Clone, PartialEq)]
pub(super) struct Row {
    pub(super) memory: Memory,
    pub(super) terms: Vec<(TermId, u32)>,
    /// The names that it mentions.
    pub(super) names: Vec<NameRow>,
    /// The index of the row whose vector holds here: this one, or an earlier
    /// one with the same text.
    pub(super) vector_row: usize,
    /// The vector of the text by model; empty where an earlier row's holds.
    pub(super) vectors: Vec<(Arc<EmbedderIdentity>, Vec<f32>)>,
}

/// A memory whose latest change the vector store may not have. It outlives the
/// record: an erased memory must still be deleted over there.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub(super) scope: Scope,
    pub(super) seq: u64,
    pub(super) version: u64,
    pub(super) attempts: u32,
    pub(super) not_before: Option<Timestamp>,
    pub(super) claim: Option<Claim>,
}

impl Tables {
    /// The scopes that `covering` covers; all where there is none.
    pub(super) fn covered(&self, covering: Option<&Scope>) -> impl Iterator<Item = (&Scope, &ScopeRecord)> {
        self.scopes.iter().filter(move |(scope, _)| covering.is_none_or(|covering| covering.covers(scope)))
    }

    /// The records of what the scope covers.
    pub(super) fn records(&self, covering: Option<&Scope>) -> impl Iterator<Item = (MemoryId, &Record)> {
        self.covered(covering)
            .flat_map(|(_, scope)| scope.members.iter().filter_map(|id| Some((*id, self.memories.get(id)?))))
    }

    /// The vector of the row's text by the current model.
    pub(super) fn vector<'a>(&self, record: &'a Record, row: &Row) -> Option<&'a [f32]> {
        let vectors = &record.rows.get(row.vector_row)?.vectors;
        let (_, vector) = vectors.iter().find(|(made_by, _)| Some(made_by) == self.identity.as_ref())?;
        Some(vector)
    }
}

impl Record {
    /// The version that the view sees; the latest, where it sees several.
    pub(super) fn seen(&self, view: &View) -> Option<&Row> {
        self.rows.iter().rev().find(|row| view.sees(&row.memory, self.standing.state))
    }

    /// What it says now; none if it is not live.
    pub(super) fn live(&self) -> Option<&Row> {
        self.rows.last().filter(|_| self.standing.state == State::Live)
    }

    /// The row of this version, if that version says something.
    pub(super) fn row(&self, version: u64) -> Option<&Row> {
        let index = self.rows.binary_search_by_key(&version, |row| row.memory.version).ok()?;
        self.rows.get(index)
    }

    pub(super) fn head(&self, id: MemoryId) -> Head {
        let Standing { scope, version, state, created_at, .. } = &self.standing;
        Head { id, scope: scope.clone(), version: *version, state: *state, created_at: *created_at }
    }
}

impl Row {
    /// How many terms the text has.
    pub(super) fn len(&self) -> u32 {
        self.terms.iter().map(|(_, count)| count).sum()
    }

    /// How often the text has this word.
    pub(super) fn count(&self, word: &QueryTerm) -> u32 {
        let of = |term| self.terms.iter().filter(|(t, _)| *t == term).map(|(_, count)| count).sum();
        word.ids().map(of).max().unwrap_or(0)
    }
}
