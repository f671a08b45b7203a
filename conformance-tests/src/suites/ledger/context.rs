//! What a case of the ledger suite works with.

use std::sync::{Arc, Mutex, PoisonError};

use mem0_core::{Change, Commit, Ledger, MemoryId, Receipt, Result, Scope, View};
use uuid::Uuid;

use crate::check::{Stop, Verdict};
use crate::data::changes::{commit, time};
use crate::harness::LedgerHarness;

/// An empty ledger of its own.
pub struct LedgerContext {
    harness: Arc<dyn LedgerHarness>,
    ledger: Arc<dyn Ledger>,
    name: String,
    others: Mutex<Vec<String>>,
}

impl std::fmt::Debug for LedgerContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LedgerContext").field("ledger", &self.ledger).field("name", &self.name).finish_non_exhaustive()
    }
}

fn new_name() -> String {
    format!("mem0_ledger_{}", Uuid::new_v4().simple())
}

impl LedgerContext {
    pub(super) async fn new(harness: &Arc<dyn LedgerHarness>) -> Verdict<Self> {
        let name = new_name();
        let ledger = harness.open(&name).await?;
        Ok(Self { harness: Arc::clone(harness), ledger, name, others: Mutex::default() })
    }

    /// The harness.
    #[must_use]
    pub fn harness(&self) -> &dyn LedgerHarness {
        &*self.harness
    }

    /// The ledger.
    #[must_use]
    pub fn ledger(&self) -> &dyn Ledger {
        &*self.ledger
    }

    /// The name of the ledger, for the harness.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A second handle on the same data.
    ///
    /// # Errors
    /// If the ledger cannot be opened.
    pub async fn reopen(&self) -> Result<Arc<dyn Ledger>> {
        self.harness.open(&self.name).await
    }

    /// Another empty ledger.
    ///
    /// # Errors
    /// If the ledger cannot be opened.
    pub async fn another(&self) -> Result<Arc<dyn Ledger>> {
        Ok(self.another_named().await?.0)
    }

    /// Another empty ledger, and its name.
    ///
    /// # Errors
    /// If the ledger cannot be opened.
    pub async fn another_named(&self) -> Result<(Arc<dyn Ledger>, String)> {
        let name = new_name();
        self.others.lock().unwrap_or_else(PoisonError::into_inner).push(name.clone());
        Ok((self.harness.open(&name).await?, name))
    }

    /// Commits changes to one scope.
    ///
    /// # Errors
    /// Those of `commit`.
    pub async fn put(&self, scope: &Scope, seconds: i64, changes: Vec<Change>) -> Verdict<Receipt> {
        one(&*self.ledger, commit(scope, seconds, changes)).await
    }

    pub(super) async fn tidy_up(self) {
        drop(self.ledger);
        self.harness.remove(&self.name).await;
        for name in self.others.into_inner().unwrap_or_else(PoisonError::into_inner) {
            self.harness.remove(&name).await;
        }
    }
}

/// One commit, one receipt.
pub(super) async fn one(ledger: &dyn Ledger, commit: Commit) -> Verdict<Receipt> {
    let mut receipts = ledger.commit(vec![commit]).await?;
    match (receipts.pop(), receipts.is_empty()) {
        (Some(receipt), true) => Ok(receipt),
        _ => Err(Stop::Failed("one commit, and not one receipt".to_owned())),
    }
}

/// What is live, long after everything of the suites happened.
pub(super) fn now() -> View {
    View::current(time(1_000_000))
}

/// The texts of memories, or nothing for none.
pub(super) async fn texts(ledger: &dyn Ledger, ids: &[MemoryId], view: &View) -> Result<Vec<Option<String>>> {
    let memories = ledger.get(ids, view).await?;
    Ok(memories.into_iter().map(|memory| memory.map(|memory| memory.content.text)).collect())
}
