//! Reads that the ledger answers alone.

use crate::engine::cost::{self, Part, timed};
use crate::engine::options::{ListOptions, When};
use crate::engine::results::{HistoryEntry, ListResult, Stats};
use crate::engine::{Mem0, validate};
use crate::error::{Error, Result};
use crate::filter::Filter;
use crate::text::Entity;
use crate::traits::ledger::{EntityQuery, Head, ListQuery, ScopeInfo, StoredMessage};
use crate::types::ids::MemoryId;
use crate::types::memory::Memory;
use crate::types::scope::Scope;

impl Mem0 {
    /// One memory, or none if it does not exist, was deleted, or does not
    /// belong to what `scope` covers. Expired memories are returned.
    ///
    /// Without a scope any id is read: pass one wherever ids come from a user.
    ///
    /// # Errors
    /// Those of the ledger.
    pub async fn get(&self, id: MemoryId, scope: Option<&Scope>) -> Result<Option<Memory>> {
        self.get_when(id, scope, When::with_expired()).await
    }

    /// One memory at another moment.
    ///
    /// # Errors
    /// Those of the ledger.
    pub async fn get_when(&self, id: MemoryId, scope: Option<&Scope>, when: When) -> Result<Option<Memory>> {
        let found = self.inner.ledger.get(&[id], &when.view(self.now())).await?.pop().flatten();
        Ok(found.filter(|memory| scope.is_none_or(|scope| scope.covers(&memory.scope))))
    }

    /// A page of the memories that the scope covers, newest first by default.
    ///
    /// # Errors
    /// `InvalidInput` for a bad filter or limit (before any I/O); those of the
    /// ledger.
    pub async fn get_all(&self, scope: &Scope, options: ListOptions) -> Result<ListResult> {
        self.inner.limits.page(options.limit)?;
        validate::filter(&options.filter)?;
        let query = ListQuery {
            filter: options.filter,
            order: options.order,
            descending: options.descending,
            after: options.after,
            ..ListQuery::new(scope.clone(), options.when.view(self.now()), options.limit)
        };
        let (page, cost) = cost::counted(timed(Part::Ledger, self.inner.ledger.list(&query))).await?;
        Ok(ListResult { results: page.items, next: page.next, cost })
    }

    /// How many memories the scope covers and the filter matches, exactly.
    ///
    /// # Errors
    /// `InvalidInput` for a bad filter; those of the ledger.
    pub async fn count(&self, scope: &Scope, filter: &Filter, when: When) -> Result<u64> {
        validate::filter(filter)?;
        self.inner.ledger.count(scope, filter, &when.view(self.now())).await
    }

    /// Everything that happened to a memory, oldest first; also after it was
    /// deleted.
    ///
    /// # Errors
    /// `NotFound` if there never was such a memory in what `scope` covers;
    /// those of the ledger.
    pub async fn history(&self, id: MemoryId, scope: Option<&Scope>) -> Result<Vec<HistoryEntry>> {
        self.head(id, scope).await?;
        Ok(HistoryEntry::from_log(&self.inner.ledger.history(id).await?))
    }

    /// The newest messages that were said in exactly this scope, oldest first.
    ///
    /// # Errors
    /// Those of the ledger.
    pub async fn messages(&self, scope: &Scope, limit: usize) -> Result<Vec<StoredMessage>> {
        self.inner.limits.page(limit)?;
        self.inner.ledger.messages(scope, limit).await
    }

    /// Who and what the memories that the scope covers name, those first that
    /// most mention. A name that stands for another is among its aliases.
    /// `prefix`: only those of whom a name begins so.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use mem0_core::reference::{HashEmbedder, MemoryLedger, MemoryVectorStore};
    /// use mem0_core::{AddOptions, Mem0, Scope};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> mem0_core::Result<()> {
    /// let store = Arc::new(MemoryVectorStore::new());
    /// let embedder = Arc::new(HashEmbedder::default());
    /// let mem0 = Mem0::builder(Arc::new(MemoryLedger::new()), store, embedder).open().await?;
    /// let ana = Scope::user("ana")?;
    /// for text in ["Ana met Caroline Smith", "Ana thinks that Caroline sings well"] {
    ///     mem0.add(text, &ana, AddOptions::default()).await?;
    /// }
    /// let found = mem0.entities(&ana, Some("car"), 10).await?;
    /// assert_eq!((found[0].name.as_str(), found[0].mentions), ("Caroline Smith", 2));
    /// assert_eq!(found[0].aliases, ["Caroline"]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `InvalidInput` for a bad limit; those of the ledger.
    pub async fn entities(&self, scope: &Scope, prefix: Option<&str>, limit: usize) -> Result<Vec<Entity>> {
        self.inner.limits.page(limit)?;
        let mut query = EntityQuery::new(scope.clone(), limit);
        query.prefix = prefix.map(str::to_owned);
        self.inner.ledger.entities(&query).await
    }

    /// The exact scopes with memories that `covering` covers (all where there
    /// is none), in the order of their keys.
    ///
    /// # Errors
    /// Those of the ledger.
    pub async fn scopes(
        &self,
        covering: Option<&Scope>,
        after: Option<&Scope>,
        limit: usize,
    ) -> Result<Vec<ScopeInfo>> {
        self.inner.limits.page(limit)?;
        self.inner.ledger.scopes(covering, after, limit).await
    }

    /// Counts of the whole, or of what the scope covers.
    ///
    /// # Errors
    /// Those of the ledger.
    pub async fn stats(&self, scope: Option<&Scope>) -> Result<Stats> {
        let active = self.active();
        let ledger = self.inner.ledger.stats(scope).await?;
        let points = match active.collection().await {
            Ok(collection) => collection.count(scope, &Filter::All).await.ok(),
            Err(_) => None,
        };
        Ok(Stats {
            ledger,
            points,
            ledger_provider: self.inner.ledger.name(),
            vector_store: active.store.name(),
            embedder: active.projection.identity.clone(),
        })
    }

    /// Where a memory stands, in any state.
    pub(super) async fn head(&self, id: MemoryId, scope: Option<&Scope>) -> Result<Head> {
        let head = self.inner.ledger.heads(&[id]).await?.pop().flatten();
        head.filter(|head| scope.is_none_or(|scope| scope.covers(&head.scope)))
            .ok_or_else(|| Error::not_found("no such memory in this scope").with_context("id", id))
    }
}
